"""The policies around every request, such as retries and rate limits."""
