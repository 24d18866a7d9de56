from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, create_engine, inspect

from dbparity.applications import Application
from dbparity.schema.envpy import Door
from dbparity.schema.history import History
from dbparity.schema.killing import Death, executioner, serve, upgrade
from tests.support.databases import sqlite_database
from tests.support.migrations import ASYNC, SYNC
from tests.support.scripts import MAKE_PARENTS, Script, but, write_scripts

if TYPE_CHECKING:
    from pathlib import Path

TWO = Script(
    "1",
    None,
    'op.create_table("one", sa.Column("id", sa.Integer()))\n'
    'op.create_table("two", sa.Column("id", sa.Integer()))',
)


class Killed(Exception):
    """Instead of the death of the process."""


def die() -> None:
    raise Killed


def order(ini: Path, url: str, statement: int = 1) -> str:
    facts: dict[str, Any] = {"ini": str(ini), "x": [], "environment": {}, "urls": [url]}
    return json.dumps({**facts, "revision": "1", "statement": statement})


def tables(url: str) -> list[str]:
    engine = create_engine(url)
    try:
        return sorted(inspect(engine).get_table_names())
    finally:
        engine.dispose()


@pytest.mark.parametrize("statement", [1, 2])
def test_an_upgrade_is_killed_after_the_statement(tmp_path: Path, statement: int) -> None:
    url = f"sqlite:///{tmp_path / 'victim.db'}"

    with pytest.raises(Killed):
        upgrade(order(write_scripts(tmp_path, [TWO]), url, statement), die)

    assert tables(url) == ["alembic_version", "one", "two"][: 1 + statement]


def test_an_env_that_refuses_the_first_url_gets_the_second(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'victim.db'}"
    told = json.loads(order(write_scripts(tmp_path, [TWO], ASYNC), url, 3))
    told["urls"].append(url.replace("sqlite", "sqlite+aiosqlite"))

    upgrade(json.dumps(told), die)

    assert tables(url) == ["alembic_version", "one", "two"]


def test_an_upgrade_with_fewer_statements_ends_by_itself(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'victim.db'}"

    upgrade(order(write_scripts(tmp_path, [TWO]), url, 3), die)

    assert tables(url) == ["alembic_version", "one", "two"]


@pytest.mark.parametrize("env", [SYNC, ASYNC], ids=["sync", "async"])
@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_a_process_is_killed_in_the_middle(tmp_path: Path, driver: str, env: str) -> None:
    ini = write_scripts(tmp_path, [TWO], env)
    app = Application("tests:two", MetaData(), ini)
    (revision,) = History.of(Door(ini)).revisions
    with (
        sqlite_database(tmp_path, app, driver, MetaData()) as database,
        executioner(tmp_path) as killer,
    ):
        death = database.run(lambda each: killer.kill(each, revision, 1))

        assert death == Death(killed=True, words="")
        assert tables(f"sqlite:///{database.url.database}") == ["alembic_version", "one"]


def test_a_process_that_cannot_upgrade_says_why(tmp_path: Path) -> None:
    ini = write_scripts(
        tmp_path, [but(MAKE_PARENTS, upgrade="print('hello')\nraise SystemExit(3)")]
    )
    app = Application("tests:two", MetaData(), ini)
    (revision,) = History.of(Door(ini)).revisions
    with (
        sqlite_database(tmp_path, app, schema=MetaData()) as database,
        executioner(tmp_path) as killer,
    ):
        assert killer.kill(database, revision, 1) == Death(killed=False, words="SystemExit: 3")


def test_several_orders_are_carried_out_and_answered(tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, [TWO])
    urls = [f"sqlite:///{tmp_path / name}" for name in ("a.db", "b.db")]
    answers = io.StringIO()

    serve(io.StringIO("".join(f"{order(ini, url, 9)}\n" for url in urls)), answers)

    ended = {"killed": False, "words": "it ended before the statement"}
    assert [json.loads(line) for line in answers.getvalue().splitlines()] == [ended, ended]
    assert tables(urls[1]) == ["alembic_version", "one", "two"]
