"""Databases with what moves badly: values, names and tables, in the words of each product.

A case is a column: its type, and its values as SQL, each with the products, or servers, that may
not take it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PG, MY, LITE = "postgresql", "mysql mariadb", "sqlite"
ALL = f"{PG} {MY} {LITE}"
OLD = "mariadb@10"  # whose zero has no sign
_LONG = 70_000
_TWICE = """'{"a": 1, "a": 2}'"""


@dataclass(frozen=True)
class Odd:
    """A column of a type, and its values, each with those that refuse it."""

    native: str
    values: tuple[tuple[str, str], ...]


def odd(native: str, *values: str | tuple[str, str]) -> Odd:
    """A value that all targets take is told alone."""
    return Odd(native, tuple((each, "") if isinstance(each, str) else each for each in values))


SQLITE = (
    odd("TEXT", ("'a' || char(0) || 'b'", PG)),
    odd("TEXT", ("CAST(x'ff61' AS TEXT)", ALL), ("CAST(x'eda080' AS TEXT)", ALL), "'ok'"),
    odd("TEXT", f"printf('%.{_LONG}c', 'x')", "'a  '", "''", "char(128512)"),
    odd("INTEGER", "9223372036854775807", "-9223372036854775808", "0", "-1"),
    odd("INTEGER", "'abc'", "'12x'"),
    odd("INTEGER", "1", ("'x'", ALL), ("x'00'", ALL), ("1.5", ALL)),
    odd("VARCHAR(3)", "5", "'longer'"),
    odd("TEXT", "x'00ff'"),
    odd("TEXT", "'a'", ("x'ff'", ALL)),
    odd("BLOB", "'a text'", "''"),
    odd("BOOLEAN", "2", "1"),
    odd("REAL", ("9e999", MY), ("-9e999", MY), "5e-324", "1.7976931348623157e308", "0.1"),
    odd("", ("-0.0", OLD), "0.5"),
    odd("NUMERIC", "1e300", "0.1", "7"),
    odd("NUMERIC", "9007199254740993"),
    odd("DECIMAL(10,2)", "0.1 + 0.2", "12345678.9"),
    odd("DATE", "'0000-00-00'", "'2024-02-31'"),
    odd("DATE", "'2024-02-29'", "'0001-01-01'", "'9999-12-31'"),
    odd("DATETIME", "'12024-01-01 00:00:00'", "'now'"),
    odd("DATETIME", "1700000000", "0"),
    odd("DATETIME", "2460000.5"),
    odd("DATETIME", "'2024-01-01T00:00:00+02:00'", "'2024-07-01 12:00:00.5Z'"),
    odd("DATETIME", "'2024-01-01 00:00:00.123456'", "'2024-01-01'", "'2024-01-01T12:00'"),
    odd("TIME", "'838:59:59'", "'-01:00:00'", "'24:00:00'"),
    odd("TIME", "'23:59:59.999999'", "'00:00'"),
    odd("JSON", """'{"b": 1, "a": [1.50, null, "é"]}'""", "1", "1.5", "'null'"),
    odd("JSON", (_TWICE, "mysql"), ("'[1e400]'", "mysql"), "'[1]'"),
    odd("JSON", "'{'", "'NaN'"),
    odd("UUID", "'0189F7EA-ae2c-7809-8aeb-b819cf5e9e7f'"),
    odd("UUID", "'x'"),
)

POSTGRESQL = (
    odd("smallint", "-32768"),
    odd("bigint", "9223372036854775807", "0"),
    odd("real", "0.1", "'3.4028235e38'", ("'NaN'", ALL), ("'Infinity'", MY)),
    odd(
        "double precision", "5e-324", ("'NaN'", ALL), ("'-Infinity'", MY), ("'-0'", f"{LITE} {OLD}")
    ),
    odd("numeric", ("0.1234567890123456789012345678901", MY), ("'NaN'", MY), ("'Infinity'", MY)),
    odd("numeric(65,30)", "-99999999999999999999999999999999999.123456789012345678901234567891"),
    odd("numeric(100,50)", ("1e49", MY), ("0.1e-45", MY), "1.5"),
    odd("boolean", "true", "false"),
    odd("text", f"repeat('é', {_LONG})", "'a  '", "''", "'NULL'", r"E'\\N\n'", "chr(128512)"),
    odd("varchar(5)", "'a  '", "'ééééé'"),
    odd("char(5)", "'a'"),
    odd("bytea", r"'\x00ff'", "''", f"decode(repeat('00', {_LONG}), 'hex')"),
    odd("date", "'0001-01-01'", "'9999-12-31'", ("'infinity'", MY), ("'0044-03-15 BC'", MY)),
    odd("date", ("'12024-01-01'", MY)),
    odd("time", "'23:59:59.999999'", "'24:00:00'"),
    odd("timetz", "'12:00:00.5+05:30'"),
    odd("timestamp", "'2024-01-01 00:00:00.123456'", ("'-infinity'", MY), ("'0044-03-15 BC'", MY)),
    odd("timestamp", ("'294276-12-31 23:59:59.999999'", MY)),
    odd("timestamptz", "'2024-03-31 02:30:00+02'", "'1901-01-01 00:00:00Z'"),
    odd("interval", "'1 mon 2 days -03:00:00.5'", "'-1 year 25 hours'"),
    odd("integer[]", "'{1,NULL,3}'", "'{}'", "'{{1,2},{3,4}}'"),
    odd("text[]", r"""ARRAY['a"b', NULL, 'NULL', '', E'\\', 'x,y']"""),
    odd("json", (_TWICE, "mysql"), ("'[1e400]'", "mysql"), """'{"b": 1.50, "a": "é"}'""", "'null'"),
    odd("jsonb", """'{"b": 1.5, "a": [1]}'""", "'[1e40]'", "'[12345678901234567890]'"),
    odd("jsonb", ("'[0.12345678901234567890123]'", "mysql")),
    odd("uuid", "'0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f'"),
    odd("bit(10)", "B'1000000101'"),
    odd("bit varying", "B'001'", "''"),
    odd("inet", "'::1/64'"),
    odd("money", "'-12.34'"),
    odd("int4range", "'[1,5)'"),
    odd("xml", "'<a>x</a>'"),
    odd("tsvector", "'it''s:1 b'"),
)
_MYSQL = (
    odd("bigint unsigned", "18446744073709551615", "0"),
    odd("tinyint", "-128"),
    odd("boolean", ("2", PG), "1"),
    odd("decimal(65,30)", "-99999999999999999999999999999999999.123456789012345678901234567891"),
    odd("float", "0.1", "16777217"),
    odd("double", "5e-324", "1.7976931348623157e308"),
    odd("longtext", f"repeat('é', {_LONG})", "'a  '", "''", ("'a\\0b'", PG), "'😀'"),
    odd("varchar(5)", "'a  '", "'ééééé'"),
    odd("char(5)", "'a'"),
    odd("longblob", "x'00ff'", "''"),
    odd("binary(4)", "x'00ff'"),
    odd("date", ("'0000-00-00'", PG), ("'2024-02-31'", PG), "'0001-01-01'", "'9999-12-31'"),
    odd("datetime(6)", ("'0000-00-00'", PG), ("'2024-00-00'", PG), "'2024-01-01 00:00:00.123456'"),
    odd("timestamp(6) NULL", "'2024-03-31 02:30:00'", ("'0000-00-00'", PG)),
    odd("time(6)", ("'-838:59:58.999999'", PG), ("'24:00:01'", PG), "'23:59:59.999999'"),
    odd("year", "'0000'", "2155"),
    odd("bit(10)", "b'1000000101'"),
    odd("bit(64)", "b'1'"),
    odd("set('x','y','z')", "'z,x'", "''"),
    odd("enum('a','','it''s')", "''", "'it''s'"),
    odd("int unsigned zerofill", "5"),
    odd("point", "ST_GeomFromText('POINT(0.1 2)')"),
    odd("varchar(9) CHARACTER SET latin1", "'é'"),
)
MYSQL = (*_MYSQL, odd("json", """'{"b": 1.0, "a": [1, 18446744073709551615]}'"""))
MARIADB = (
    *_MYSQL,
    odd("json", (_TWICE, "mysql"), ("'[1e400]'", "mysql"), "'[1]'"),
    odd("uuid", "'0189f7ea-ae2c-7809-8aeb-b819cf5e9e7f'"),
    odd("inet6", "'::1'"),
)
VALUES = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MARIADB}


@dataclass(frozen=True)
class Cell:
    """A value of the table `odd`, in a row of its own."""

    id: int
    column: str
    literal: str
    refused: frozenset[str]


def cells(backend: str) -> Iterator[Cell]:
    """All values of a product."""
    number = 0
    for place, each in enumerate(VALUES[backend]):
        for literal, refused in each.values:
            number += 1
            yield Cell(number, f"c{place:02}", literal, frozenset(refused.split()))


def odd_table(backend: str) -> Iterator[str]:
    """What makes the table, with a row for each value."""
    listed = ", ".join(f"c{place:02} {each.native}" for place, each in enumerate(VALUES[backend]))
    yield f"CREATE TABLE odd (id INTEGER NOT NULL PRIMARY KEY, {listed})"
    for cell in cells(backend):
        yield f"INSERT INTO odd (id, {cell.column}) VALUES ({cell.id}, {cell.literal})"
