"""What a server said when it refused a statement."""

from __future__ import annotations

import re

_CLASS = re.compile(r"<class '[^']*'>: ")  # asyncpg's, before its message


def said(error: BaseException | None) -> str:
    """The first line of an error, the driver's own where SQLAlchemy has wrapped it."""
    text = str(getattr(error, "orig", None) or error) or type(error).__name__
    return _CLASS.sub("", text.splitlines()[0])
