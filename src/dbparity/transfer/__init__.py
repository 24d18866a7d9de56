"""Rows moved from one database to another, and proven to have arrived."""
