from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from dbparity.errors import ApplicationError, DatabaseUnreachable, SourceInvalid
from dbparity.results import Outcome, Result, Severity
from dbparity.schema.sources import Around
from dbparity.schema.status import glance, migrations, see, status
from dbparity.servers.base import ServerOptions
from dbparity.servers.environment import DatabaseTestEnvironment
from tests.support.migrations import SYNC
from tests.support.performing import found
from tests.support.scripts import ADD_NOTE, MAKE_CHILDREN, Script, but, family, write_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dbparity.results import Finding

Asked = Callable[..., tuple[Result, ...]]

CHILDREN = (
    "CREATE TABLE children (id INTEGER NOT NULL PRIMARY KEY, parent_id INTEGER, "
    "CONSTRAINT fk_parent FOREIGN KEY(parent_id) REFERENCES parents (id) ON DELETE CASCADE)"
)
MAKE = (
    "CREATE TABLE parents (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL)",
    CHILDREN,
    "CREATE INDEX ix_children_parent ON children (parent_id)",
)
NOTE = "ALTER TABLE parents ADD COLUMN note VARCHAR(80)"
VERSIONS = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
AT_2 = (*MAKE, VERSIONS, "INSERT INTO alembic_version VALUES ('2')")
AT_3 = (*MAKE, NOTE, VERSIONS, "INSERT INTO alembic_version VALUES ('3')")


@pytest.fixture(scope="module")
def around() -> Iterator[Around]:
    with DatabaseTestEnvironment(["sqlite"], ServerOptions(providers=("file",))) as environment:
        yield Around(environment)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., str]:
    """Make a database by statements; return its URL."""

    def made(*statements: str) -> str:
        url = f"sqlite:///{tmp_path}/live.db"
        engine = create_engine(url)
        with engine.begin() as connection:
            for statement in ("PRAGMA user_version = 1", *statements):
                connection.exec_driver_sql(statement)
        engine.dispose()
        return url

    return made


@pytest.fixture
def asked(tmp_path: Path, make: Callable[..., str], around: Around) -> Asked:
    """The status of a database made by statements, in the history of ``scripts``."""

    def ask(
        *statements: str, scripts: Sequence[Script] = family(), env: str = SYNC, **options: str
    ) -> tuple[Result, ...]:
        ini = str(write_scripts(tmp_path, scripts, env, **options))
        return status(see(make(*statements), migrations(ini, (), {}, ())), around)

    return ask


def first(result: Result) -> Finding:
    return result.findings[0]


def outcomes(results: tuple[Result, ...]) -> list[Outcome]:
    return [result.outcome for result in results]


def test_a_database_at_the_head_with_its_schema_passes(asked: Asked) -> None:
    results = asked(*AT_3)
    assert outcomes(results) == [Outcome.PASSED, Outcome.PASSED]
    assert [(each.target, each.category, each.check) for each in results] == [
        ("sqlite", "revisions", "version"),
        ("sqlite", "revisions", "schema"),
    ]


def test_the_version_table_is_the_one_that_env_names(asked: Asked) -> None:
    own = [statement.replace("alembic_version", "history") for statement in AT_3]
    assert outcomes(asked(*own, options=", version_table='history'")) == [Outcome.PASSED] * 2


def test_a_missing_version_table_is_found_and_the_likely_revision_named(asked: Asked) -> None:
    version, schema = asked(*MAKE)
    assert found(version) == [("VERSION-TABLE-MISSING", "")]
    assert "2 other tables" in first(version).actual
    assert schema.outcome is Outcome.SKIPPED
    assert (first(schema).code, first(schema).severity) == ("SCHEMA-AT", Severity.NOTE)
    assert "alembic stamp --purge 2" in first(schema).recommendation


def test_an_empty_version_table_is_found_where_there_are_tables(asked: Asked) -> None:
    version, schema = asked(*MAKE, VERSIONS)
    assert found(version) == [("VERSION-TABLE-EMPTY", "")]
    assert "no row" in first(version).actual
    assert schema.outcome is Outcome.SKIPPED


def test_tables_of_no_revision_are_like_none(asked: Asked) -> None:
    _, schema = asked(MAKE[0].replace("name", "title"))
    assert schema.outcome is Outcome.SKIPPED
    assert schema.findings == ()
    assert "names no revision" in schema.reason


def test_an_empty_database_has_all_revisions_before_it(asked: Asked) -> None:
    version, schema = asked()
    assert found(version) == [("REVISIONS-PENDING", "")]
    assert first(version).message == "none of 3 revisions has been run"
    assert first(version).actual.startswith("at base; to come: 1 (Step 1.), 2 (Step 2.), 3")
    assert schema.outcome is Outcome.PASSED


def test_a_database_that_is_behind_is_told_by_which_revisions(asked: Asked) -> None:
    version, schema = asked(*AT_2)
    assert found(version) == [("REVISIONS-PENDING", "")]
    assert first(version).severity is Severity.DEGRADED
    assert first(version).message == "it is 1 revision behind"
    assert first(version).actual == "at 2; to come: 3 (Step 3.)"
    assert schema.outcome is Outcome.PASSED


def test_of_very_many_pending_revisions_the_first_are_told(asked: Asked) -> None:
    more = [Script(str(number), str(number - 1)) for number in range(4, 31)]
    version, _ = asked(*AT_2, scripts=(*family(), *more))
    assert first(version).message == "it is 28 revisions behind"
    assert first(version).actual.endswith("22 (Step 22.), and 8 more")


def test_a_revision_that_no_file_has_is_found(asked: Asked) -> None:
    version, schema = asked(*AT_3, "UPDATE alembic_version SET version_num = 'abc'")
    assert found(version) == [("REVISION-UNKNOWN", "")]
    assert first(version).actual == "abc"
    assert "ahead of this code" in first(version).recommendation
    assert "alembic stamp --purge 3" in first(schema).recommendation


def test_a_revision_and_one_before_it_are_found(asked: Asked) -> None:
    version, schema = asked(*AT_3, "INSERT INTO alembic_version VALUES ('2')")
    assert found(version) == [("VERSION-DOUBLED", "")]
    assert (first(version).actual, schema.outcome) == ("2, 3", Outcome.PASSED)
    assert "likely of 2" in first(version).recommendation


def test_several_heads_are_found(asked: Asked) -> None:
    branch = but(ADD_NOTE, revision="4", upgrade="pass")
    version, schema = asked(*AT_3, scripts=(*family(), branch))
    assert found(version) == [("HEADS-NOT-ONE", ""), ("REVISIONS-PENDING", "")]
    assert first(version).actual == "3, 4"
    assert schema.outcome is Outcome.PASSED


def test_a_database_at_all_of_several_branches_has_their_schema(asked: Asked) -> None:
    scripts = (family()[0], but(MAKE_CHILDREN, label="a"), but(ADD_NOTE, down="1", label="b"))
    results = asked(*AT_3, "INSERT INTO alembic_version VALUES ('2')", scripts=scripts)
    assert outcomes(results) == [Outcome.PASSED, Outcome.PASSED]


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        ("DROP INDEX ix_children_parent", "children"),
        ("ALTER TABLE parents ADD COLUMN stray INTEGER", "parents.stray"),
        ("DROP TABLE children", "children"),
    ],
    ids=["index", "column", "table"],
)
def test_a_schema_that_is_not_that_of_its_revision_is_found(
    asked: Asked, plant: str, place: str
) -> None:
    version, schema = asked(*AT_3, plant)
    assert version.outcome is Outcome.PASSED
    assert schema.outcome is Outcome.FAILED
    assert place in {str(finding.place) for finding in schema.findings}


def test_a_missing_column_is_found_and_the_revision_that_has_none(asked: Asked) -> None:
    _, schema = asked(*AT_2, "UPDATE alembic_version SET version_num = '3'")
    assert first(schema).code == "VERSION-WRONG"
    assert first(schema).actual == "the schema of 2"
    assert "parents.note" in {str(finding.place) for finding in schema.findings}


def test_where_no_scratch_database_can_be_had_the_schema_is_skipped(
    tmp_path: Path, make: Callable[..., str]
) -> None:
    seen = see(make(*AT_3), migrations(str(write_scripts(tmp_path)), (), {}, ()))
    with DatabaseTestEnvironment([seen.target], ServerOptions(providers=("url",))) as nothing:
        version, schema = status(seen, Around(nothing))

    assert version.outcome is Outcome.PASSED
    assert schema.outcome is Outcome.SKIPPED
    assert "its schema could not be compared: " in schema.reason


def test_an_upgrade_that_fails_in_the_scratch_database_is_one_error(asked: Asked) -> None:
    broken = but(ADD_NOTE, upgrade='op.drop_table("nothing")')
    with pytest.raises(SourceInvalid, match=r"revision:3: the upgrade fails \(OperationalError"):
        asked(*AT_3, scripts=family(_3=broken))


def test_a_later_revision_that_fails_does_not_keep_from_an_answer(asked: Asked) -> None:
    broken = but(ADD_NOTE, upgrade='op.drop_table("nothing")')
    version, schema = asked(*MAKE, scripts=family(_3=broken))
    assert found(version) == [("VERSION-TABLE-MISSING", "")]
    assert (schema.outcome, schema.findings) == (Outcome.SKIPPED, ())


WRITES = """
    from alembic import context
    from sqlalchemy import create_engine
    {configure}
    given = context.config.attributes["connection"]
    given.exec_driver_sql("CREATE TABLE mine (id INTEGER)")
    migrate(given)
"""


def test_an_env_that_writes_is_kept_from_it(asked: Asked, tmp_path: Path) -> None:
    with pytest.raises(ApplicationError, match=r"env\.py cannot be run .*readonly"):
        asked(*AT_3, env=WRITES)
    engine = create_engine(f"sqlite:///{tmp_path}/live.db")
    with engine.connect() as connection:
        assert not connection.exec_driver_sql(
            "SELECT 1 FROM sqlite_master WHERE name = 'mine'"
        ).all()
    engine.dispose()


ELSEWHERE = """
    from alembic import context
    from sqlalchemy import create_engine
    {configure}
    migrate(create_engine("sqlite:///elsewhere.db").connect())
"""


def test_an_env_that_leads_elsewhere_is_told_as_ever(asked: Asked) -> None:
    with pytest.raises(ApplicationError, match="connects to another database"):
        asked(*AT_3, env=ELSEWHERE)


def test_an_ini_that_is_not_there_is_said() -> None:
    with pytest.raises(ApplicationError, match=r"no\.ini: no such file; give the path"):
        migrations("no.ini", (), {}, ())


def test_what_is_no_url_is_said(tmp_path: Path) -> None:
    application = migrations(str(write_scripts(tmp_path)), (), {}, ())
    with pytest.raises(SourceInvalid, match=r"schema\.json: it is no URL"):
        see("schema.json", application)


def test_a_database_that_does_not_answer_is_one_error(tmp_path: Path) -> None:
    application = migrations(str(write_scripts(tmp_path)), (), {}, ())
    with pytest.raises(DatabaseUnreachable, match="127"):
        see("mysql+pymysql://me:secret@127.0.0.1:1/shop", application)


def test_a_glance_asks_for_the_version_alone(tmp_path: Path, make: Callable[..., str]) -> None:
    ini = str(write_scripts(tmp_path))
    told = glance(make(*AT_2), ini, pythonpath=[str(tmp_path / "more")])

    assert told["outcome"] == "failed"
    assert [finding["code"] for finding in told["findings"]] == ["REVISIONS-PENDING"]
    assert "dbparity revisions status" in told["skipped"][0]["reason"]
