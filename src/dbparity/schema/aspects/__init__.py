"""One module for each aspect of two tables that are compared."""
