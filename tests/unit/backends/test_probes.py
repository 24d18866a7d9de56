from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from dbparity.backends.base import Features
from dbparity.backends.probes import PROBES
from dbparity.backends.sqlite import SQLite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine
    from sqlalchemy.engine import ExceptionContext


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Engine]:
    """SQLite as an application finds it that attaches nothing."""
    engine = create_engine(f"sqlite:///{tmp_path}/probe.sqlite")
    yield engine
    engine.dispose()


@pytest.fixture
def engine(bare: Engine) -> Engine:
    """SQLite with what `SQLite.prepare` attaches."""
    SQLite().prepare(bare)
    return bare


def test_every_feature_has_a_probe_of_its_name() -> None:
    assert list(PROBES) == [feature.name for feature in fields(Features)]
    assert all(name == probe.__name__ for name, probe in PROBES.items())


@pytest.mark.parametrize("feature", PROBES)
def test_probe_leaves_nothing_behind(feature: str, engine: Engine) -> None:
    PROBES[feature](engine, SQLite())
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []


@pytest.mark.parametrize("feature", ["enforces_foreign_keys", "transactional_ddl"])
def test_probe_finds_out_that_a_setting_is_missing(feature: str, bare: Engine) -> None:
    assert PROBES[feature](bare, SQLite()) is False


def test_probe_finds_out_that_checks_are_switched_off(engine: Engine) -> None:
    def ignore_checks(connection: object, _: object) -> None:
        connection.execute("PRAGMA ignore_check_constraints = ON")  # type: ignore[attr-defined]

    event.listen(engine, "connect", ignore_checks)
    assert PROBES["enforces_checks"](engine, SQLite()) is False


@pytest.mark.parametrize("feature", ["insert_returning", "transactional_ddl", "case_sensitive"])
def test_what_fails_before_the_statement_in_question_is_no_answer(
    feature: str, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE item (other INTEGER)"))
    with pytest.raises(OperationalError, match="table item already exists"):
        PROBES[feature](engine, SQLite())


def test_lost_connection_is_no_answer(engine: Engine) -> None:
    def lose(context: ExceptionContext) -> None:
        context.is_disconnect = True

    event.listen(engine, "handle_error", lose)
    with pytest.raises(DBAPIError) as lost:
        PROBES["sequences"](engine, SQLite())
    assert lost.value.connection_invalidated
