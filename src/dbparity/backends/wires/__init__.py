"""How each product reads and loads rows as Arrow batches, exactly."""
