"""Prove that one SQLAlchemy application behaves the same on every database it supports."""
