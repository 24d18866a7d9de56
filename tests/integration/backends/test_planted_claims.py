"""Backends with one mistake each: the contract finds it and says what to do."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from dbparity.testing import BackendContract

CONTRACT = """
from dataclasses import replace

import pytest
from sqlalchemy import make_url, text

from dbparity.backends.base import Driver, Plan, Refusal
from dbparity.backends.sqlite import SQLite
from dbparity.servers.ledger import Owner, Run
from dbparity.servers.server import Server
from dbparity.testing import BackendContract


class Planted(SQLite):
{mistake}


class TestPlanted(BackendContract):
    @pytest.fixture
    def database(self, tmp_path):
        run = Run("00000000", Owner.current(), str(tmp_path))
        url = make_url(f"sqlite:///{{tmp_path}}")
        server = Server(Planted(), SQLite.drivers[:1], url, run)
        with server.lease("pysqlite") as database:
            yield database
        server.close()
"""

MISTAKES = {
    "claims a feature that it lacks": (
        """
        def features(self, version):
            return replace(super().features(version), sequences=True)
        """,
        "test_feature_is_as_claimed[sequences]",
        (
            "*sequences is claimed, but the server cannot do it; "
            "let Planted.features() say sequences=False*"
        ),
    ),
    "denies a feature that it has": (
        """
        def features(self, version):
            return replace(super().features(version), partial_indexes=False)
        """,
        "test_feature_is_as_claimed[partial_indexes]",
        (
            "*partial_indexes is denied, but the server can do it; "
            "let Planted.features() say partial_indexes=True*"
        ),
    ),
    "leaves out what an application attaches": (
        """
        def prepare(self, engine):
            pass
        """,
        "test_feature_is_as_claimed[enforces_foreign_keys]",
        "*enforces_foreign_keys is claimed, but the server cannot do it*",
    ),
    "finds no index in a plan": (
        """
        def explain(self, connection, statement):
            return Plan(frozenset(), super().explain(connection, statement).text)
        """,
        "test_feature_is_as_claimed[explains_indexes]",
        "*explains_indexes is claimed, but the server cannot do it*",
    ),
    "finds an index in every plan": (
        """
        def explain(self, connection, statement):
            return Plan(frozenset({"ix_item_v"}), "all use it")
        """,
        "test_feature_is_as_claimed[explains_indexes]",
        "*explains_indexes is claimed, but the server cannot do it*",
    ),
    "explains nothing": (
        """
        def explain(self, connection, statement):
            return Plan(frozenset(), "")
        """,
        "test_plan_has_the_servers_words",
        "*explain() has no text*",
    ),
    "is not what its entry point names": (
        "title = 'Planted'",
        "test_backend_is_found_by_its_name",
        "*the entry point 'sqlite' of dbparity.backends is not <class '*Planted'>*",
    ),
    "takes a synchronous driver for an asynchronous one": (
        'drivers = (Driver("pysqlite", "sqlite3", "all", is_async=True),)',
        "test_drivers_are_known_to_sqlalchemy",
        "*driver 'pysqlite': is_async is not False*",
    ),
    "has a version that cannot be compared": (
        """
        def server_version(self, connection):
            return "three"
        """,
        "test_server_version_begins_with_numbers",
        "*server_version() says 'three'*",
    ),
    "takes every refusal for a check": (
        """
        def refusal(self, error):
            return Refusal.CHECK
        """,
        "test_refusal_has_its_reason[unique]",
        "*refusal() says check, not unique, for: *UNIQUE constraint failed*",
    ),
    "does not tell a lock": (
        """
        def refusal(self, error):
            return Refusal.OTHER
        """,
        "test_conflict_is_told_from_other_refusals",
        "*refusal() says other, not conflict, for: *database is locked*",
    ),
    "waits for a disk": (
        """
        def volatile(self, connection):
            return {"synchronous": ("0", "2")}
        """,
        "test_settings_are_volatile",
        "*synchronous is '2', and '0' in volatile()*",
    ),
    "clears no numbers": (
        """
        clears = True
        def clear(self, connection, tables):
            pass
        """,
        "test_clear_empties_tables_and_restarts_their_numbers",
        "*clear() leaves the numbers * after one insert*",
    ),
    "has a fingerprint that never changes": (
        """
        clears = True
        def fingerprint(self, connection):
            return "same"
        """,
        "test_fingerprint_changes_with_the_schema_alone",
        "*fingerprint() after CREATE INDEX: same, same*",
    ),
    "has a fingerprint that changes with a row": (
        """
        clears = True
        def fingerprint(self, connection):
            return str(connection.scalar(text("SELECT count(*) FROM changing")))
        """,
        "test_fingerprint_changes_with_the_schema_alone",
        "*fingerprint() after an insert: 0, 1*",
    ),
}


@pytest.mark.parametrize(("mistake", "item", "message"), MISTAKES.values(), ids=MISTAKES)
def test_contract_finds_a_backend_that(
    mistake: str, item: str, message: str, pytester: pytest.Pytester
) -> None:
    assert hasattr(BackendContract, item.partition("[")[0])
    path = pytester.makepyfile(CONTRACT.format(mistake=indent(dedent(mistake), "    ")))
    node = f"{path.name}::TestPlanted::{item}"
    result = pytester.runpytest_inprocess("-p", "no:dbparity", "-p", "no:asyncio", node)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])
