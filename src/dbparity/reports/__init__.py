"""What a `Report` is written as: each module renders it to text; files are the doors' matter.

A further one is a function ``(Report) -> str`` in the entry point group ``dbparity.reports``.
"""
