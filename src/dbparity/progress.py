"""Telling what happens while it happens.

Rooms call these methods; a door passes a subclass that prints. Here they do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbparity.results import Result


class Progress:
    """What a run tells. Methods may be called from several threads at once."""

    def server_starting(self, server: str, provider: str) -> None:
        """A provider begins to start a server."""

    def server_ready(self, server: str, provider: str, seconds: float) -> None:
        """A login to a server succeeded."""

    def server_missing(self, server: str, reason: str) -> None:
        """No provider could give a server."""

    def checking(self, target: str, check: str, number: int, total: int) -> None:
        """A check begins on a target; it is the ``number``-th of ``total`` there."""

    def checked(self, result: Result) -> None:
        """A check ended."""

    def table_begins(self, work: str, table: str, rows: int) -> None:
        """Work on the ``rows`` of a table begins; 0 if nobody knows how many there are.

        ``work`` is copy, verify and the like.
        """

    def rows_done(self, work: str, table: str, rows: int) -> None:
        """So many of them are done, since the table began."""

    def table_done(self, work: str, table: str, rows: int, seconds: float) -> None:
        """All of them are."""

    def measuring(self, work: str, done: int, total: int) -> None:
        """Of so many parts of a measurement so many are done."""

    def interrupted(self) -> None:
        """The run is to end, as soon as the checks that have begun have ended."""
