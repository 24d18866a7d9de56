"""A report that has one of everything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dbparity.results import (
    Finding,
    Observation,
    Outcome,
    Place,
    Report,
    Result,
    Severity,
    Skipped,
    TargetState,
)

NO_SERVER = (
    "url: no URL is configured (set DBPARITY_URL_MYSQL_9); "
    "container: no Docker engine answers (start Docker); "
    "native: mysqld is neither on PATH nor in Debian's places (install the server)"
)


@pytest.fixture
def report() -> Report:
    accepted = Finding(
        code="ORPHAN-ACCEPTED",
        severity=Severity.WRONG,
        message="a row that references nothing in sessions was accepted",
        place=Place("messages", "session_id", "1"),
        expected="refused by the foreign key",
        actual="inserted with 42",
        recommendation="recreate the constraint",
        targets=("sqlite+pysqlite",),
    )
    lost = Finding(
        code="ROWS-LOST",
        severity=Severity.LOST,
        message="3 rows are gone",
        targets=("sqlite+pysqlite",),
    )
    diverging = Finding(
        code="DIVERGES-UNIQUE",
        severity=Severity.WRONG,
        message="the targets do not agree on users.name",
        place=Place("users", "name"),
        expected="refused on sqlite+pysqlite",
        actual="accepted on postgresql+psycopg@17, postgresql+asyncpg@17",
        recommendation="give the column a collation",
        targets=("postgresql+psycopg@17", "postgresql+asyncpg@17"),
    )
    note = Finding("HINT", Severity.NOTE, "worth knowing", targets=("postgresql+asyncpg@17",))
    return Report(
        application="shop.models:Base.metadata",
        started=datetime(2025, 5, 17, 12, 30, tzinfo=UTC),
        seconds=12.345,
        targets=(
            TargetState("sqlite+pysqlite", "file", "3.46.1"),
            TargetState("postgresql+psycopg@17", "container", "17.5"),
            TargetState("postgresql+asyncpg@17", "container", "17.5"),
            TargetState("mysql+pymysql@9", missing=NO_SERVER),
            TargetState("mysql+asyncmy@9", missing=NO_SERVER),
        ),
        results=(
            Result(
                "sqlite+pysqlite",
                "integrity",
                "foreign_keys",
                Outcome.FAILED,
                1.5,
                verified=2,
                findings=(accepted, lost),
                skipped=(Skipped("no row could be made", Place("tags", "owner")),),
                evidence="Traceback (most recent call last): ...",
            ),
            Result(
                "sqlite+pysqlite",
                "transactions",
                "row_locks",
                Outcome.SKIPPED,
                skipped=(Skipped("SQLite lacks row_locks"),),
            ),
            Result(
                "postgresql+psycopg@17",
                "integrity",
                "foreign_keys",
                Outcome.PASSED,
                0.25,
                verified=34,
                observations=(Observation("users.name", "accepted", Place("users", "name")),),
                skipped=(Skipped("no row could be made", Place("tags", "owner")),),
            ),
            Result(
                "postgresql+asyncpg@17",
                "integrity",
                "foreign_keys",
                Outcome.PASSED,
                0.25,
                verified=34,
                findings=(note,),
            ),
            Result(
                "postgresql+asyncpg@17",
                "transactions",
                "row_locks",
                Outcome.UNKNOWN,
                skipped=(Skipped("the answer to a commit was lost"),),
            ),
            Result("", "integrity", "unique", Outcome.FAILED, verified=8, findings=(diverging,)),
        ),
    )
