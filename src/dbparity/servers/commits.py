"""How a commit ended, where its answer may be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from dbparity.results import Outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection


def commit(connection: Connection) -> Outcome:
    """Commit, and tell whether it has happened: passed, or unknown.

    It is unknown where the connection was lost before the answer came. Whoever repeats the work
    then may do it twice: have it write a key that nothing else writes, and look for that key
    through another connection. On an asynchronous connection, await ``run_sync(commit)``.

    A transaction in which a statement has failed on PostgreSQL is rolled back by a commit, and
    nobody says so: let the statement's error end it.

    Raises:
        DBAPIError: the server has answered that it does not commit; nothing of it is kept.
    """
    try:
        connection.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            return Outcome.UNKNOWN
        # SQLite leaves the transaction open, with its locks, and SQLAlchemy takes it for ended.
        connection.connection.rollback()
        raise
    except OSError:  # a driver's own bound on how long it waits
        return Outcome.UNKNOWN
    return Outcome.PASSED
