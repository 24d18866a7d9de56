"""A context shared by several agents: sessions, messages, memory, tokens and an audit trail."""
