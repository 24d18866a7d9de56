"""Several databases, one application: a gateway, and a database of its own for each agent."""
