"""Chats with agents: a gateway that is migrated, and a database of its own for each agent."""
