from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
)
from sqlalchemy.types import NullType, UserDefinedType

from dbparity.conformance import revisions
from dbparity.conformance.model_at_head import model_at_head
from dbparity.conformance.offline_sql import offline_sql
from dbparity.conformance.revisions import heads
from dbparity.conformance.round_trip import round_trip
from dbparity.results import Outcome, Severity
from tests.support.ledgers import pairs
from tests.support.migrations import ELSEWHERE, SYNC, write_migrations
from tests.support.performing import found, reasons
from tests.support.scripts import (
    ADD_NOTE,
    MAKE_CHILDREN,
    MAKE_PARENTS,
    Script,
    but,
    family,
    reviewed,
    write_scripts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.conformance.base import Check

EACH = pytest.mark.parametrize("check", revisions.CHECKS, ids=lambda check: check.name)
WALKING = pytest.mark.parametrize("check", revisions.CHECKS[1:], ids=lambda check: check.name)


def test_all_checks_of_the_category_are_offered() -> None:
    assert [check.name for check in revisions.CHECKS] == [
        "heads",
        "round_trip",
        "model_at_head",
        "rows_survive",
        "offline_sql",
        "interrupted",
    ]
    assert all(check.empty for check in revisions.CHECKS)


@EACH
def test_an_application_without_migrations_is_left_out(check: Check, tmp_path: Path) -> None:
    result = reviewed(check, tmp_path, None)

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "the application has no migrations"


@WALKING
def test_what_cannot_be_run_is_left_to_the_check_of_heads(check: Check, tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, [but(MAKE_PARENTS, down="nowhere")])

    result = reviewed(check, tmp_path, ini)

    assert result.outcome is Outcome.SKIPPED
    assert "see what `heads` finds" in result.reason


@WALKING
def test_no_revisions_are_nothing_to_check(check: Check, tmp_path: Path) -> None:
    result = reviewed(check, tmp_path, write_scripts(tmp_path, ()))

    assert result.reason == "there are no revisions"


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_a_history_with_one_head_is_clean(tmp_path: Path, driver: str) -> None:
    result = reviewed(heads, tmp_path, write_scripts(tmp_path), driver)

    assert (result.findings, result.verified) == ((), 2)


def test_two_heads_are_named(tmp_path: Path) -> None:
    scripts = [MAKE_PARENTS, Script("2a", "1"), Script("2b", "1")]

    result = reviewed(heads, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("HEADS-NOT-ONE", "")]
    assert "2a, 2b" in result.findings[0].actual


def test_heads_of_branches_that_have_names_are_meant(tmp_path: Path) -> None:
    scripts = [but(MAKE_PARENTS, label="a"), but(MAKE_CHILDREN, down=None, needs="a", label="b")]

    result = reviewed(heads, tmp_path, write_scripts(tmp_path, scripts))

    assert result.findings == ()


def test_migrations_without_a_revision_have_no_head(tmp_path: Path) -> None:
    result = reviewed(heads, tmp_path, write_scripts(tmp_path, ()))

    assert "no revisions" in result.findings[0].actual


def test_a_missing_revision_is_named_with_the_file_that_follows_it(tmp_path: Path) -> None:
    scripts = [MAKE_PARENTS, but(MAKE_CHILDREN, down="lost")]

    result = reviewed(heads, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("REVISION-MISSING", "")]
    assert result.findings[0].actual.startswith("lost: ")
    assert "1_2.py" in result.findings[0].actual


def test_a_revision_that_is_there_twice_is_named(tmp_path: Path) -> None:
    scripts = [MAKE_PARENTS, but(MAKE_CHILDREN, revision="1", down=None)]

    result = reviewed(heads, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("REVISION-TWICE", "")]


def test_a_circle_is_named(tmp_path: Path) -> None:
    scripts = [MAKE_PARENTS, but(MAKE_CHILDREN, down="3"), but(ADD_NOTE, down="2")]

    result = reviewed(heads, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("REVISIONS-CIRCULAR", "")]
    assert result.findings[0].actual == "2, 3: they follow each other"


def test_two_branches_of_one_name_are_no_history(tmp_path: Path) -> None:
    scripts = [but(MAKE_PARENTS, label="a"), but(MAKE_CHILDREN, down=None, label="a")]

    result = reviewed(heads, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("REVISION-BROKEN", "")]
    assert "Branch name 'a'" in result.findings[0].actual


@pytest.mark.parametrize(
    ("broken", "line"),
    [("def upgrade(:", 2), ("import sys\nsys.nothing", 3)],
    ids=["syntax", "run"],
)
def test_a_file_that_cannot_be_imported_is_named_with_its_line(
    tmp_path: Path, broken: str, line: int
) -> None:
    ini = write_scripts(tmp_path)
    path = tmp_path / "migrations" / "versions" / "1_2.py"
    path.write_text(f"revision = '2'\n{broken}\n")

    result = reviewed(heads, tmp_path, ini)

    assert found(result) == [("REVISION-BROKEN", "")]
    assert f"1_2.py:{line}" in result.findings[0].actual


@pytest.mark.parametrize("statement", ["raise LookupError('no settings')", "raise SystemExit(3)"])
def test_an_env_that_fails_is_named_with_its_line(tmp_path: Path, statement: str) -> None:
    ini = write_scripts(tmp_path, env=f"\n    {statement}\n")

    result = reviewed(heads, tmp_path, ini)

    assert found(result) == [("ENV-BROKEN", "")]
    assert "env.py:2" in result.findings[0].actual


def test_an_env_that_leads_elsewhere_is_a_finding(tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, env=ELSEWHERE, url=f"sqlite:///{tmp_path / 'precious.db'}")

    result = reviewed(heads, tmp_path, ini)

    assert found(result) == [("ENV-ELSEWHERE", "")]
    assert "connects to another database" in result.findings[0].actual
    assert not (tmp_path / "precious.db").exists()


def test_an_ini_without_a_folder_is_a_finding(tmp_path: Path) -> None:
    ini = tmp_path / "alembic.ini"
    ini.write_text("[alembic]\n")

    result = reviewed(heads, tmp_path, ini)

    assert found(result) == [("ALEMBIC-BROKEN", "")]
    assert "script_location" in result.findings[0].actual


def test_an_irreversible_revision_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    result = reviewed(heads, tmp_path, write_scripts(tmp_path), irreversible=("2", "9"))

    assert found(result) == [("DECLARATION-UNKNOWN", "")]
    assert result.findings[0].actual.startswith("9: ")


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_revisions_that_undo_themselves_are_clean(tmp_path: Path, driver: str) -> None:
    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path), driver)

    assert (result.findings, result.verified) == ((), 6)


def test_every_step_is_measured(tmp_path: Path) -> None:
    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path))

    told = {(each.subject, each.unit): each.value for each in result.measurements}
    assert told["2 up", "s"] > 0
    assert told["2 up", "statements"] == 2
    assert told["2 down", "statements"] == 1
    assert told["2 schema", "tables"] == 2
    assert told["3 schema", "columns"] == 5


BRANCHES = (
    MAKE_PARENTS,
    Script("2a", "1", 'op.create_index("ix_a", "parents", ["name"])', 'op.drop_index("ix_a")'),
    Script("2b", "1", 'op.create_table("b", sa.Column("x", sa.Integer()))', 'op.drop_table("b")'),
    Script("3", ("2a", "2b"), 'op.create_index("ix_b", "b", ["x"])', 'op.drop_index("ix_b")'),
)


def test_branches_that_are_merged_are_walked(tmp_path: Path) -> None:
    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, BRANCHES))

    assert (result.findings, result.verified) == ((), 8)


def test_branches_in_several_folders_wait_for_what_they_depend_on(tmp_path: Path) -> None:
    scripts = (
        but(MAKE_CHILDREN, revision="a", down=None, needs="z", label="young"),
        but(MAKE_PARENTS, revision="z", label="old", folder="old"),
        but(ADD_NOTE, revision="zz", down="z", folder="old"),
    )
    ini = write_scripts(tmp_path, scripts)
    locations = "path_separator = os\nversion_locations = migrations/versions:migrations/old"
    ini.write_text(ini.read_text().replace("[alembic]", f"[alembic]\n{locations}"))

    result = reviewed(round_trip, tmp_path, ini)

    assert (result.findings, result.verified) == ((), 6)


def test_a_revision_that_cannot_be_applied_ends_the_walk(tmp_path: Path) -> None:
    scripts = family(_2=but(MAKE_CHILDREN, upgrade='op.execute("DROP TABLE nowhere")'))

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("UPGRADE-FAILED", "")]
    assert "no such table: nowhere" in result.findings[0].actual
    assert reasons(result) == ["1 revisions come after one that fails"]


def test_a_last_revision_that_cannot_be_applied_has_none_after_it(tmp_path: Path) -> None:
    scripts = family(_3=but(ADD_NOTE, upgrade='op.execute("DROP TABLE nowhere")'))

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert (found(result), reasons(result)) == ([("UPGRADE-FAILED", "")], [])


@pytest.mark.parametrize(
    ("downgrade", "reason"),
    [
        ("raise NotImplementedError", "NotImplementedError"),
        (None, "has no attribute 'downgrade'"),
        ("pass", "its downgrade changes nothing"),
    ],
    ids=["raises", "absent", "empty"],
)
def test_an_irreversible_revision_is_found_and_the_walk_goes_on(
    tmp_path: Path, downgrade: str | None, reason: str
) -> None:
    scripts = family(_2=but(MAKE_CHILDREN, downgrade=downgrade))

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("IRREVERSIBLE", "")]
    assert reason in result.findings[0].actual
    assert '["2"]' in result.findings[0].recommendation
    assert result.verified == 4


def test_a_declared_one_is_not_rolled_back(tmp_path: Path) -> None:
    scripts = family(_2=but(MAKE_CHILDREN, downgrade="raise NotImplementedError"))

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts), irreversible=("2",))

    assert (result.findings, result.verified) == ((), 4)
    assert reasons(result) == ["revision 2 (Step 2.) is declared irreversible"]


def test_what_an_upgrade_forgets_the_second_time_is_found(tmp_path: Path) -> None:
    scripts = (
        MAKE_PARENTS,
        Script(
            "2",
            "1",
            'version = op.get_bind().exec_driver_sql("PRAGMA user_version").scalar()\n'
            'op.create_table("x" if version else "y", sa.Column("id", sa.Integer()))',
            'op.drop_table("y")\nop.execute("PRAGMA user_version = 1")',
        ),
    )

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert {code for code, _ in found(result)} == {"UPGRADE-DIFFERS"}


def test_what_deserves_a_note_only_does_not_end_the_trip(tmp_path: Path) -> None:
    change = (
        'with op.batch_alter_table("parents") as batch:\n'
        '    batch.alter_column("name", type_=sa.String({}), existing_nullable=False)'
    )
    scripts = (MAKE_PARENTS, Script("2", "1", change.format(60), change.format(50)))

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert [(each.code, each.severity) for each in result.findings] == [
        ("ROLLBACK-DIFFERS", Severity.NOTE)
    ]
    assert (result.outcome, result.verified) == (Outcome.PASSED, 4)


def test_an_upgrade_that_fails_the_second_time_is_found(tmp_path: Path) -> None:
    scripts = (
        MAKE_PARENTS,
        Script(
            "2",
            "1",
            'version = op.get_bind().exec_driver_sql("PRAGMA user_version").scalar()\n'
            'op.create_table("parents" if version else "y", sa.Column("id", sa.Integer()))',
            'op.drop_table("y")\nop.execute("PRAGMA user_version = 1")',
        ),
    )

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("UPGRADE-UNREPEATABLE", "")]
    assert "already exists" in result.findings[0].actual


def test_a_version_table_of_its_own_schema_is_left_in_the_snapshot_s_peace(tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, options=", version_table='history', version_table_schema='main'")

    result = reviewed(round_trip, tmp_path, ini)

    assert "VERSION-WRONG" not in {code for code, _ in found(result)}


def test_an_env_that_names_another_version_table_each_time_is_found(tmp_path: Path) -> None:
    another = ", version_table=f'version_{__import__(\"time\").time_ns()}'"

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, options=another))

    assert ("VERSION-TABLE-MISSING", "") in found(result)


def test_a_revision_that_says_that_it_is_another_is_found(tmp_path: Path) -> None:
    saying = f"{ADD_NOTE.upgrade}\nop.execute(\"INSERT INTO alembic_version VALUES ('1')\")"
    scripts = family(_3=but(ADD_NOTE, upgrade=saying))

    result = reviewed(round_trip, tmp_path, write_scripts(tmp_path, scripts))

    assert ("VERSION-WRONG", "") in found(result)


def test_migrations_that_make_the_model_s_schema_are_clean(tmp_path: Path) -> None:
    result = reviewed(model_at_head, tmp_path, write_migrations(tmp_path, SYNC), metadata=pairs())

    assert (result.findings, result.verified) == ((), 1)


def test_a_model_that_is_ahead_of_its_migrations_has_drifted(tmp_path: Path) -> None:
    metadata = pairs()
    metadata.tables["pairs"].append_column(Column("c", Integer))

    result = reviewed(model_at_head, tmp_path, write_migrations(tmp_path, SYNC), metadata=metadata)

    assert found(result) == [("SCHEMA-DRIFT", "pairs.c")]
    assert result.findings[0].actual == "the column is missing"


def test_a_check_that_the_migrations_forget_has_drifted(tmp_path: Path) -> None:
    metadata = pairs()
    metadata.tables["pairs"].append_constraint(CheckConstraint("a > b", name="ordered"))

    result = reviewed(model_at_head, tmp_path, write_migrations(tmp_path, SYNC), metadata=metadata)

    assert found(result) == [("SCHEMA-DRIFT", "pairs")]
    assert "check constraint ordered" in result.findings[0].actual


class Fancy(UserDefinedType[str]):
    """A type that SQLite does not give back, so that Alembic takes it for another."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "FANCY"


def test_what_alembic_misreads_in_the_model_s_own_schema_is_no_drift(tmp_path: Path) -> None:
    create = 'op.execute("CREATE TABLE pairs (a INTEGER NOT NULL PRIMARY KEY, b FANCY)")'
    ini = write_migrations(tmp_path, SYNC, [("1", None, create)])
    metadata = MetaData()
    Table("pairs", metadata, Column("a", Integer, primary_key=True), Column("b", Fancy))

    result = reviewed(model_at_head, tmp_path, ini, metadata=metadata)

    assert (result.findings, result.verified) == ((), 1)


def test_a_model_that_the_backend_refuses_is_compared_all_the_same(tmp_path: Path) -> None:
    metadata = pairs()
    Table("odd", metadata, Column("id", Integer, primary_key=True), Column("x", NullType()))

    result = reviewed(model_at_head, tmp_path, write_migrations(tmp_path, SYNC), metadata=metadata)

    assert found(result) == [("SCHEMA-DRIFT", "odd")]


def test_a_migration_that_fails_is_named_with_its_error(tmp_path: Path) -> None:
    ini = write_migrations(tmp_path, SYNC, [("1", None, 'op.execute("DROP TABLE nowhere")')])

    result = reviewed(model_at_head, tmp_path, ini, metadata=pairs())

    assert found(result) == [("MIGRATION-FAILED", "")]
    assert "no such table: nowhere" in result.findings[0].actual


def test_tables_in_a_cycle_are_compared(tmp_path: Path) -> None:
    metadata = pairs()
    Table(
        "a",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("b_id", ForeignKey("b.id", name="fk_b", use_alter=True)),
    )
    Table(
        "b",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a_id", ForeignKey("a.id", name="fk_a")),
    )

    result = reviewed(model_at_head, tmp_path, write_migrations(tmp_path, SYNC), metadata=metadata)

    assert {place for code, place in found(result) if code == "SCHEMA-DRIFT"} == {"a", "b"}


OFFLINE = """
    from alembic import context
    from sqlalchemy import NullPool, engine_from_config
    {configure}
    if context.is_offline_mode():
        url = context.config.get_main_option("sqlalchemy.url")
        context.configure(url=url, literal_binds=True)
        with context.begin_transaction():
            context.run_migrations()
    else:
        section = context.config.get_section(context.config.config_ini_section)
        with engine_from_config(section, poolclass=NullPool).connect() as connection:
            migrate(connection)
"""


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_sql_that_can_be_written_is_clean(tmp_path: Path, driver: str) -> None:
    result = reviewed(offline_sql, tmp_path, write_scripts(tmp_path, env=OFFLINE), driver)

    assert (result.findings, result.verified) == ((), 6)


def test_sql_of_branches_can_be_written(tmp_path: Path) -> None:
    result = reviewed(offline_sql, tmp_path, write_scripts(tmp_path, BRANCHES, OFFLINE))

    assert (result.findings, result.verified) == ((), 8)


def test_a_revision_that_reads_rows_cannot_be_written(tmp_path: Path) -> None:
    reading = 'rows = op.get_bind().execute(sa.text("SELECT 1")).all()'
    ini = write_scripts(tmp_path, family(_2=Script("2", "1", reading, reading)), OFFLINE)

    result = reviewed(offline_sql, tmp_path, ini)

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("OFFLINE-FAILED", Severity.DEGRADED)
    assert finding.message == "no SQL can be written for 2 up, 2 down"
    assert result.verified == 4


def test_a_refusal_is_no_failure(tmp_path: Path) -> None:
    refusing = 'from alembic.util import CommandError\nraise CommandError("it reads rows")'
    ini = write_scripts(tmp_path, family(_2=but(MAKE_CHILDREN, upgrade=refusing)), OFFLINE)

    result = reviewed(offline_sql, tmp_path, ini)

    assert result.findings == ()
    assert reasons(result) == ["no SQL is written for 2 up: CommandError: it reads rows"]


@pytest.mark.parametrize("downgrade", [None, "raise NotImplementedError"])
def test_there_is_no_sql_for_a_way_back_that_is_not(tmp_path: Path, downgrade: str | None) -> None:
    ini = write_scripts(tmp_path, family(_2=but(MAKE_CHILDREN, downgrade=downgrade)), OFFLINE)

    result = reviewed(offline_sql, tmp_path, ini)

    assert (result.findings, result.verified) == ((), 5)
