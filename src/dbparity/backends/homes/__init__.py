"""How each backend keeps a schema that comes from another product."""
