"""The types of a source are those that its values need, where declared ones promise nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, make_url

from dbparity.backends.base import load_backend
from dbparity.errors import RowsUnreadable
from dbparity.snapshots import Column, Family, Snapshot, Table, Type
from dbparity.transfer.actual import actual, remarks
from dbparity.wires import Selection
from tests.support.rows import fields

if TYPE_CHECKING:
    from pathlib import Path

DAY, MOMENT = "2024-02-29", "2024-02-29 23:59:59.999999"


def looked_at(path: Path, *statements: str) -> tuple[Snapshot, Snapshot]:
    """The schema of a new database as it is declared, and by its values."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    backend = load_backend("sqlite")
    url = make_url(f"sqlite:///{path}")
    engine = create_engine(url)
    with engine.connect() as connected:
        declared = backend.snapshot(connected)
    engine.dispose()
    with closing(backend.reader(url)) as reader:
        return declared, actual(reader, declared)


def column_of(path: Path, declared: str, *values: str) -> tuple[Column, Column]:
    """A column with these literals, before and after."""
    given = ", ".join(f"({value})" for value in values)
    schemas = looked_at(path, f"CREATE TABLE t (a {declared})", f"INSERT INTO t VALUES {given}")
    one, other = (schema.tables[0].columns[0] for schema in schemas)
    return one, other


AS_DECLARED = [
    ("INTEGER", "9223372036854775807", "-9223372036854775808", "NULL"),
    ("TINYINT", "-128", "127"),
    ("SMALLINT UNSIGNED", "65535", "0"),
    ("BIGINT UNSIGNED", "9223372036854775807"),
    ("BOOLEAN", "0", "1", "NULL"),
    ("REAL", "1.5", "1"),
    ("DECIMAL(5,2)", "-999.99", "0.1", "7", "NULL"),
    ("DECIMAL(5)", "-99999", "7"),
    ("NUMERIC", "1e300", "1.5", "7"),
    ("VARCHAR(3)", "'ééé'", "''"),
    ("TEXT", f"'{'x' * 300}'"),
    ("BLOB", "x'00'"),
    ("VARBINARY(2)", "x'0001'"),
    ("DATE", f"'{DAY}'", "'0001-01-01'", "'9999-12-31'", "NULL"),
    ("TIME", "'23:59:59.999999'", "'00:00:00'", "'12:30'"),
    ("DATETIME", f"'{MOMENT}'", f"'{DAY}'", f"'{DAY}T12:30'", f"'{DAY} 12:30:59'"),
    ("TIMESTAMP WITH TIME ZONE", f"'{DAY} 12:00:00+02:00'", f"'{MOMENT}'", f"'{MOMENT}Z'"),
    ("JSON", "'{\"a\": 1}'", "1", "1.5", "'null'", "NULL"),
    ("UUID", "'0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f'"),
    ("INTERVAL", "'P1D'"),
    ("", "'a'", "NULL"),
    # Of several sorts: a preflight names the cells.
    ("INTEGER", "1", "'a'"),
    ("DATETIME", f"'{MOMENT}'", "1700000000"),
    ("TEXT", "'a'", "x'00'"),
    ("VARCHAR(1)", "NULL"),
]


@pytest.mark.parametrize("case", AS_DECLARED, ids=lambda case: " ".join(case)[:40])
def test_what_holds_its_values_stays_as_declared(tmp_path: Path, case: tuple[str, ...]) -> None:
    declared, found = column_of(tmp_path / "db", *case)
    assert found == declared


OTHERS = [
    ("TINYINT", "200", Type("", Family.INTEGER, bits=64)),
    ("INT UNSIGNED", "-1", Type("", Family.INTEGER, bits=64)),
    ("BOOLEAN", "2", Type("", Family.INTEGER, bits=64)),
    ("DATETIME", "1700000000", Type("", Family.INTEGER, bits=64)),
    ("", "1", Type("", Family.INTEGER, bits=64)),
    ("NUMERIC", str(2**53 + 1), Type("", Family.INTEGER, bits=64)),
    ("DECIMAL(3,1)", "100", Type("", Family.DECIMAL)),
    ("DECIMAL(10,2)", "0.1 + 0.2", Type("", Family.DECIMAL)),
    ("DATE", "2460000.5", Type("", Family.FLOAT, bits=64)),
    ("INTEGER", "1.5), (1", Type("", Family.FLOAT, bits=64)),
    ("INTEGER", f"1.5), ({2**53 + 1}", Type("", Family.DECIMAL)),
    ("BLOB", "'a'", Type("", Family.TEXT)),
    ("INTEGER", "'12a'", Type("", Family.TEXT)),
    ("VARCHAR(3)", "'abcd'", Type("", Family.TEXT)),
    ("DATE", "'2024-02-30'", Type("", Family.TEXT)),
    ("DATE", "'0000-00-00'", Type("", Family.TEXT)),
    ("DATETIME", f"'{DAY} 24:00:00'", Type("", Family.TEXT)),
    ("DATETIME", f"'{MOMENT}9'", Type("", Family.TEXT)),
    ("DATETIME", "'now'", Type("", Family.TEXT)),
    ("DATETIME", f"'{DAY} 12:00:00+02:00'), ('{DAY}'", Type("", Family.TEXT)),
    ("TIME", "'838:59:59'", Type("", Family.TEXT)),
    ("TIME", "'24:00:00'", Type("", Family.TEXT)),
    ("JSON", "'{'", Type("", Family.TEXT)),
    ("UUID", "'x'", Type("", Family.TEXT)),
    ("DATE", f"'{MOMENT}'", Type("", Family.DATETIME, fraction=6)),
    ("DATETIME(3)", f"'{MOMENT}'", Type("", Family.DATETIME, fraction=6)),
    ("DATETIME", f"'{DAY}T12:00:00Z'", Type("", Family.DATETIME, fraction=6, zone=True)),
    ("TEXT", "x'00'", Type("", Family.BINARY)),
    ("VARBINARY(1)", "x'0000'", Type("", Family.BINARY)),
]


@pytest.mark.parametrize(("declared", "value", "needed"), OTHERS)
def test_what_does_not_hold_its_values_becomes_what_they_are(
    tmp_path: Path, declared: str, value: str, needed: Type
) -> None:
    _, found = column_of(tmp_path / "db", declared, value)
    kind = found.type
    assert (kind.native, kind.enforced) == (declared, False)
    told = (kind.family, kind.bits, kind.signed, kind.length, kind.precision)
    assert told == (needed.family, needed.bits, needed.signed, needed.length, needed.precision)
    assert (kind.fraction, kind.zone) == (needed.fraction, needed.zone)
    assert (kind.collation is not None) == (kind.family is Family.TEXT)


def test_the_collation_of_a_longer_text_stays(tmp_path: Path) -> None:
    declared, found = column_of(tmp_path / "db", "VARCHAR(1) COLLATE NOCASE", "'ab'")
    assert found.type.collation == declared.type.collation


def test_strict_tables_virtual_ones_and_a_thousand_columns_are_looked_at(tmp_path: Path) -> None:
    many = ", ".join(f"c{place} INTEGER" for place in range(1000))
    texts = ", ".join("'a'" * 1 for _ in range(1000))
    declared, found = looked_at(
        tmp_path / "db",
        f"CREATE TABLE many ({many})",
        f"INSERT INTO many VALUES ({texts})",
        "CREATE TABLE strict (a INT, b ANY) STRICT",
        "INSERT INTO strict VALUES (1, 2)",
        "CREATE TABLE sure (a INT) STRICT",
        "CREATE VIRTUAL TABLE papers USING fts5(title)",
        "INSERT INTO papers VALUES ('x')",
    )
    tables = {table.name: table for table in found.tables}
    assert {each.type.family for each in tables["many"].columns} == {Family.TEXT}
    assert [each.type.family for each in tables["strict"].columns] == [
        Family.INTEGER,
        Family.INTEGER,
    ]
    for name in ("sure", "papers"):
        assert tables[name] == declared.table(name)


def test_each_change_is_told(tmp_path: Path) -> None:
    declared, found = looked_at(
        tmp_path / "db",
        "CREATE TABLE t (a DATETIME, b VARCHAR(1), c DATETIME, d TEXT)",
        f"INSERT INTO t VALUES (1, 'long', '{DAY}T12:00Z', 'x')",
    )
    told = [(str(each.place), each.promise, each.answer) for each in remarks(declared, found)]
    assert told == [
        ("t.a", "DATETIME", "it is planned as integer"),
        ("t.b", "VARCHAR(1)", "it is planned as text beyond what was declared"),
        ("t.c", "DATETIME", "it is planned as datetime with an offset"),
    ]


def test_a_table_that_is_gone_is_told(tmp_path: Path) -> None:
    looked_at(tmp_path / "db")
    gone = Table("gone", (Column("a", Type("INTEGER", Family.INTEGER, enforced=False)),))
    with (
        closing(load_backend("sqlite").reader(make_url(f"sqlite:///{tmp_path / 'db'}"))) as reader,
        pytest.raises(RowsUnreadable, match="gone could not be read"),
    ):
        actual(reader, Snapshot("", "sqlite", "3", (gone,)))


def test_values_of_any_sort_of_a_table_that_is_gone_are_told(tmp_path: Path) -> None:
    declared, _ = looked_at(tmp_path / "db", "CREATE TABLE t (a INTEGER)")
    selected = replace(Selection("t", fields(declared.tables[0], declared.tables[0])), table="gone")
    with (
        closing(load_backend("sqlite").reader(make_url(f"sqlite:///{tmp_path / 'db'}"))) as reader,
        pytest.raises(RowsUnreadable, match="gone could not be read"),
    ):
        list(reader.preserved(selected))


@pytest.mark.parametrize("late", ["1700000000", "x'00'", "'2024-02-30'", "1.5"])
@pytest.mark.parametrize("count", [500, 40_000])  # a batch, and more
def test_one_value_among_many_is_found(tmp_path: Path, late: str, count: int) -> None:
    declared, found = looked_at(
        tmp_path / "db",
        "CREATE TABLE t (a DATETIME, b DECIMAL(9,2))",
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
        f"INSERT INTO t SELECT '{DAY}', 1.25 FROM n",
        f"INSERT INTO t VALUES ({late}, 1.255)",
    )
    kinds = [column.type.family for column in found.tables[0].columns]
    told = Family.TEXT if late.startswith("'") else Family.DATETIME  # several sorts stay
    assert kinds == [told, Family.DECIMAL]
    assert found.tables[0].columns[1].type.precision is None
    assert declared.tables[0].columns[1].type.precision == 9
