"""What is wrong with a desk: from errors to findings."""
