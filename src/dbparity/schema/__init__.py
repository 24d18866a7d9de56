"""What a database's schema is, and how it came to be."""
