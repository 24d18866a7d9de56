"""What the store raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


class StoreError(Exception):
    """The store refused to do something."""


class SessionNotFoundError(StoreError):
    """There is no session of that id."""

    def __init__(self, session_id: UUID) -> None:
        """Name the session."""
        super().__init__(f"no session {session_id}")
        self.session_id = session_id


class TokenActiveError(StoreError):
    """The session has an active token of that name; it must be revoked first."""

    def __init__(self, session_id: UUID, name: str) -> None:
        """Name the token."""
        super().__init__(f"session {session_id} has an active token {name!r}: revoke it first")
        self.session_id = session_id
        self.name = name
