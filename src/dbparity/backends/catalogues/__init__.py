"""How each product's catalogue is read into a snapshot's tables and views."""
