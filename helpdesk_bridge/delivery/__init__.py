"""A write done once: what is remembered of it, and how to find out what became of it."""
