"""What is wrong with a desk: the requests that find out, and what their errors mean."""
