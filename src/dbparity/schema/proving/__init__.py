"""Showing a difference: the same rows are tried on both sides, and both answers kept."""
