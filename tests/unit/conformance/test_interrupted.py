from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.conformance.interrupted import interrupted
from dbparity.results import Outcome, Severity
from tests.support.migrations import SYNC
from tests.support.performing import found, reasons
from tests.support.scripts import MAKE_CHILDREN, Script, but, family, reviewed, write_scripts

if TYPE_CHECKING:
    from pathlib import Path

TWO = Script(
    "1",
    None,
    'op.create_table("one", sa.Column("id", sa.Integer()))\n'
    'op.create_table("two", sa.Column("id", sa.Integer()))',
)
# As an application does that wants real transactions of SQLite.
TRANSACTIONAL = """
    from alembic import context
    from sqlalchemy import NullPool, engine_from_config, event
    {configure}
    section = context.config.get_section(context.config.config_ini_section)
    engine = engine_from_config(section, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def connected(connection, _):
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begun(connection):
        connection.exec_driver_sql("BEGIN")

    with engine.connect() as connection:
        migrate(connection)
"""


def test_half_of_an_upgrade_is_named_with_its_repair(tmp_path: Path) -> None:
    result = reviewed(interrupted, tmp_path, write_scripts(tmp_path, [TWO]))

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("INTERRUPTED-HALF-WAY", Severity.NOTE)
    assert "after statement 1: CREATE TABLE one" in finding.message
    assert "the table one is there" in finding.actual
    assert "already exists" in finding.actual
    assert "drop the table one" in finding.recommendation
    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_an_upgrade_in_a_transaction_is_undone(tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, [TWO], TRANSACTIONAL, options=", transactional_ddl=True")

    result = reviewed(interrupted, tmp_path, ini)

    assert (result.findings, result.verified) == ((), 1)


def test_half_of_an_upgrade_that_was_to_be_undone_fails_a_run(tmp_path: Path) -> None:
    ini = write_scripts(tmp_path, [TWO], SYNC, options=", transactional_ddl=True")

    result = reviewed(interrupted, tmp_path, ini)

    assert [finding.severity for finding in result.findings] == [Severity.DEGRADED]


def test_an_upgrade_that_can_be_run_again_is_clean(tmp_path: Path) -> None:
    again = (
        'op.execute("CREATE TABLE IF NOT EXISTS one (id INTEGER)")\n'
        'op.execute("CREATE TABLE IF NOT EXISTS two (id INTEGER)")'
    )

    result = reviewed(interrupted, tmp_path, write_scripts(tmp_path, [Script("1", None, again)]))

    assert (result.findings, result.verified) == ((), 1)


def test_an_upgrade_that_comes_to_something_else_when_it_is_run_again_is_found(
    tmp_path: Path,
) -> None:
    other = (
        'name = "two" if sa.inspect(op.get_bind()).has_table("one") else "one"\n'
        'op.create_table(name, sa.Column("id", sa.Integer()))'
    )

    result = reviewed(interrupted, tmp_path, write_scripts(tmp_path, [Script("1", None, other)]))

    assert found(result) == [("INTERRUPTED-HALF-WAY", "")]
    assert "run again: the table two is there" in result.findings[0].actual


def test_rows_that_hinder_the_second_run_are_told(tmp_path: Path) -> None:
    make = 'op.create_table("one", sa.Column("id", sa.Integer(), primary_key=True))'
    commit = 'op.execute("INSERT INTO one VALUES (1)")\nop.execute("COMMIT")\n'
    fill = Script("2", "1", commit + 'op.execute("UPDATE one SET id = 1")')

    result = reviewed(
        interrupted, tmp_path, write_scripts(tmp_path, [Script("1", None, make), fill])
    )

    told = [each for each in result.findings if "revision 2 " in each.message]
    assert [each.actual.partition(";")[0] for each in told] == ["rows have changed"]
    assert "restore the rows from a backup" in told[0].recommendation


def test_what_is_gone_is_to_be_restored(tmp_path: Path) -> None:
    drop = 'op.drop_table("one")\nop.drop_table("two")'

    result = reviewed(interrupted, tmp_path, write_scripts(tmp_path, [TWO, Script("2", "1", drop)]))

    told = [each for each in result.findings if "revision 2 " in each.message]
    assert "the table one is not there" in told[0].actual
    assert "restore what was before: the table one is not there" in told[0].recommendation


def test_a_revision_that_cannot_be_applied_ends_the_walk(tmp_path: Path) -> None:
    scripts = family(_2=but(MAKE_CHILDREN, upgrade='op.execute("DROP TABLE nowhere")'))

    result = reviewed(interrupted, tmp_path, write_scripts(tmp_path, scripts))

    assert reasons(result) == [
        "revision 2 (Step 2.) cannot be applied: see what `round_trip` finds"
    ]


def test_a_revision_that_does_nothing_has_no_middle(tmp_path: Path) -> None:
    result = reviewed(interrupted, tmp_path, write_scripts(tmp_path, [Script("1", None)]))

    assert result.outcome is Outcome.SKIPPED


def test_an_upgrade_that_another_process_cannot_run_is_left_out(tmp_path: Path) -> None:
    here = "import sys\nassert 'pytest' in sys.modules, 'elsewhere'\n"
    ini = write_scripts(tmp_path, [but(TWO, upgrade=here + TWO.upgrade)])

    result = reviewed(interrupted, tmp_path, ini)

    assert reasons(result) == [
        "revision 1 (Step 1.) did not run in a process of its own: AssertionError: elsewhere"
    ]
