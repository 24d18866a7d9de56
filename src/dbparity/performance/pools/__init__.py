"""What becomes of a pool of connections when too many want one, or are disturbed."""
