from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Uuid
from sqlalchemy.types import NullType

from dbparity.conformance.rows_survive import rows_survive
from dbparity.results import Outcome
from tests.support.migrations import SHARED_OR_ELSEWHERE
from tests.support.performing import found, reasons
from tests.support.scripts import (
    ADD_NOTE,
    FAMILY,
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


def counts(result: object) -> list[float]:
    return [each.value for each in result.measurements if each.unit == "rows"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("driver", ["pysqlite", "aiosqlite"])
def test_rows_of_every_table_survive(tmp_path: Path, driver: str) -> None:
    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path), driver)

    assert (result.findings, result.verified, result.skipped) == ((), 3, ())
    assert counts(result) == [0, 3, 6]


def test_a_revision_that_cannot_be_applied_ends_the_walk(tmp_path: Path) -> None:
    scripts = family(_2=but(MAKE_CHILDREN, upgrade='op.execute("DROP TABLE nowhere")'))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert result.findings == ()
    assert reasons(result) == [
        "revision 2 (Step 2.) cannot be applied: see what `round_trip` finds"
    ]


def test_a_revision_that_cannot_be_rolled_back_is_left_out(tmp_path: Path) -> None:
    scripts = family(_2=but(MAKE_CHILDREN, downgrade="raise NotImplementedError"))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert (result.findings, result.verified) == ((), 2)
    assert reasons(result) == [
        "revision 2 (Step 2.) cannot be rolled back: see what `round_trip` finds"
    ]
    assert counts(result) == [0, 6]


def test_rows_of_the_migrations_are_kept_and_others_refer_to_them(tmp_path: Path) -> None:
    seeded = but(
        MAKE_PARENTS,
        upgrade=MAKE_PARENTS.upgrade + "\nop.execute(\"INSERT INTO parents VALUES (7, 'first')\")",
    )

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, family(_1=seeded)))

    assert (result.findings, result.verified, result.skipped) == ((), 3, ())
    assert counts(result) == [0, 1, 4]


def test_rows_that_a_migration_derives_do_not_hinder_the_next(tmp_path: Path) -> None:
    derive = (
        'op.create_table("names", sa.Column("id", sa.Integer(), primary_key=True),\n'
        '    sa.Column("parent_id", sa.Integer(), sa.ForeignKey("parents.id")))\n'
        'op.execute("INSERT INTO names (parent_id) SELECT id FROM parents")'
    )
    scripts = (
        *FAMILY,
        Script("4", "3", derive, 'op.drop_table("names")'),
        Script("5", "4", 'op.create_index("ix", "names", ["parent_id"])', 'op.drop_index("ix")'),
    )

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert (result.findings, result.verified, result.skipped) == ((), 5, ())
    assert counts(result) == [0, 3, 6, 6, 9]


def test_rows_that_cannot_be_cleared_away_are_left_for_a_new_database(tmp_path: Path) -> None:
    stamp = (
        'op.create_table("kept", sa.Column("id", sa.Integer(), primary_key=True))\n'
        'op.execute("INSERT INTO kept VALUES (1)")'
    )
    change = 'op.execute("UPDATE kept SET id = (SELECT 1 + count(*) FROM parents)")'
    back = 'op.execute("UPDATE kept SET id = 1")'
    scripts = (
        MAKE_PARENTS,
        Script("2", "1", stamp, 'op.drop_table("kept")'),
        Script("3", "2", change, back),
        Script("4", "3"),
    )

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert (result.findings, result.verified) == ((), 4)
    assert counts(result) == [0, 3, 4, 4]


def test_what_an_upgrade_loses_the_second_time_is_found(tmp_path: Path) -> None:
    once = (
        f"{ADD_NOTE.upgrade}\n"
        'again = op.get_bind().exec_driver_sql("PRAGMA user_version").scalar()\n'
        'op.execute("UPDATE parents SET note = \'" + ("no" if again else "yes") + "\'")'
    )
    back = f'{ADD_NOTE.downgrade}\nop.execute("PRAGMA user_version = 1")'
    scripts = family(_3=but(ADD_NOTE, upgrade=once, downgrade=back))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    ((code, place),) = found(result)
    assert (code, place.partition("[")[0]) == ("VALUES-LOST", "parents.note")
    assert "up again" in result.findings[0].message


def test_an_upgrade_that_rows_hinder_the_second_time_is_found(tmp_path: Path) -> None:
    again = (
        f"{ADD_NOTE.upgrade}\n"
        "bind = op.get_bind()\n"
        'if bind.exec_driver_sql("PRAGMA user_version").scalar():\n'
        '    assert not bind.exec_driver_sql("SELECT count(*) FROM parents").scalar()\n'
    )
    back = f'{ADD_NOTE.downgrade}\nop.execute("PRAGMA user_version = 1")'
    scripts = family(_3=but(ADD_NOTE, upgrade=again, downgrade=back))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("UPGRADE-REFUSES-ROWS", "")]
    assert "again" in result.findings[0].message


def test_a_declared_revision_goes_up_with_rows_all_the_same(tmp_path: Path) -> None:
    scripts = family(_3=but(ADD_NOTE, upgrade='op.execute("DELETE FROM children")'))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts), irreversible=("3",))

    assert (result.findings, result.verified) == ((), 2)
    assert reasons(result) == ["revision 3 (Step 3.) is declared irreversible"]


def test_a_table_that_no_rows_can_be_made_for_is_left_out_with_the_reason(tmp_path: Path) -> None:
    odd = (
        'op.execute("CREATE TABLE odd (id INTEGER PRIMARY KEY, x INTEGER NOT NULL CHECK (x <> x))")'
    )
    scripts = (*FAMILY, Script("4", "3", odd, 'op.drop_table("odd")'), Script("5", "4"))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert [(part.place.table, result.outcome) for part in result.skipped] == [
        ("odd", Outcome.PASSED)
    ]
    assert result.reason.startswith("no rows could be made for it: RowsUnsatisfiable")


def test_a_column_of_an_unknown_type_is_left_empty(tmp_path: Path) -> None:
    odd = 'op.execute("CREATE TABLE odd (id INTEGER PRIMARY KEY, x, y JSON)")'
    scripts = (Script("1", None, odd, 'op.drop_table("odd")'), Script("2", "1"))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert (result.skipped, counts(result)) == ((), [0, 3])


def test_rows_are_as_the_model_s_types_and_factories_write_them(tmp_path: Path) -> None:
    metadata = MetaData()
    Table(
        "parents",
        metadata,
        Column("id", Uuid(native_uuid=False), primary_key=True),
        Column("size", BigInteger),
        Column("odd", NullType),
        Column("later", Integer),
    )
    make = (
        'op.execute("CREATE TABLE parents (id CHAR(32) NOT NULL PRIMARY KEY, size INTEGER, odd)")'
    )
    check = (
        "import uuid\n"
        'for key, size in op.get_bind().exec_driver_sql("SELECT id, size FROM parents"):\n'
        "    assert uuid.UUID(key) and size >= 40"
    )
    scripts = (Script("1", None, make, 'op.drop_table("parents")'), Script("2", "1", check))

    result = reviewed(
        rows_survive,
        tmp_path,
        write_scripts(tmp_path, scripts),
        metadata=metadata,
        factories={"parents": lambda index: {"size": 40 + index, "later": index}},
    )

    assert (result.findings, result.skipped, counts(result)) == ((), (), [0, 3])


def test_rows_that_refer_to_their_own_table_follow_the_server_s_numbers(tmp_path: Path) -> None:
    tree = (
        'op.create_table("nodes", sa.Column("id", sa.Integer(), primary_key=True),\n'
        '    sa.Column("parent_id", sa.Integer(), sa.ForeignKey("nodes.id")),\n'
        "    sqlite_autoincrement=True)"
    )
    scripts = (
        Script("1", None, tree, 'op.drop_table("nodes")'),
        Script("2", "1"),
        Script("3", "2"),
    )
    ini = write_scripts(tmp_path, scripts, SHARED_OR_ELSEWHERE, url="sqlite:///never.db")

    result = reviewed(rows_survive, tmp_path, ini)

    assert (result.findings, result.skipped, counts(result)) == ((), (), [0, 3, 3])


def test_an_upgrade_that_rows_hinder_is_found(tmp_path: Path) -> None:
    hindered = (
        f"{ADD_NOTE.upgrade}\n"
        'assert not op.get_bind().exec_driver_sql("SELECT count(*) FROM parents").scalar()\n'
    )
    scripts = family(_3=but(ADD_NOTE, upgrade=hindered))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("UPGRADE-REFUSES-ROWS", "")]
    assert "cannot be applied where there are rows" in result.findings[0].message


def test_a_way_back_that_rows_hinder_is_found(tmp_path: Path) -> None:
    hindered = (
        f"{ADD_NOTE.downgrade}\n"
        'assert not op.get_bind().exec_driver_sql("SELECT count(*) FROM parents").scalar()\n'
    )
    scripts = family(_3=but(ADD_NOTE, downgrade=hindered))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert found(result) == [("ROLLBACK-REFUSES-ROWS", "")]


def test_what_a_way_back_loses_is_found(tmp_path: Path) -> None:
    losing = f'{ADD_NOTE.downgrade}\nop.execute("DELETE FROM children")'
    scripts = family(_3=but(ADD_NOTE, downgrade=losing))

    result = reviewed(rows_survive, tmp_path, write_scripts(tmp_path, scripts))

    assert {code for code, _ in found(result)} == {"ROWS-LOST"}
