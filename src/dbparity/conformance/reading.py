"""What is read back, against what was written."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import TypeDecorator, select

from dbparity import values
from dbparity.conformance.population import place
from dbparity.results import Finding, Place, Severity
from dbparity.values import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Column, ColumnElement, Connection, Dialect, Table

_SHOWN = 500  # characters of a value in a finding
_ZONE = (
    "the time zone is not kept: store UTC, and let a TypeDecorator attach it again when it reads"
)
_FRACTION = (
    "fractions of a second are not kept: give the type a precision where it has none by default, "
    "such as DateTime().with_variant(mysql.DATETIME(fsp=6), 'mysql', 'mariadb')"
)
_SINGLE = "Float may be of single precision: use Double"
_SCALE = "give Numeric a precision and a scale: without, some backends keep whole numbers only"
_DECIMAL = "this backend keeps Numeric as a float: store whole numbers of the smallest unit"
_PADDING = "spaces at the end are padding in CHAR: use String, or keep them out"
_LENGTH = "the column is too short on this backend: give its type a length, or a larger type"
_OTHER = "choose a type that keeps the value on every backend, or convert it in a TypeDecorator"


@dataclass(frozen=True)
class Cell:
    """A value that was read back as another one."""

    column: str
    row: Mapping[str, object]
    actual: object

    @property
    def expected(self) -> object:
        """What was written."""
        return self.row[self.column]


def shown(value: object) -> str:
    """``value`` spelled canonically, cut where it is long."""
    spelled = canonical(value)
    cut = f"{spelled[:_SHOWN]}… ({len(spelled)} characters)"
    return spelled if len(spelled) <= _SHOWN else cut


def read(
    connection: Connection, table: Table, *conditions: ColumnElement[bool]
) -> list[dict[str, Any]]:
    """The rows of ``table`` for which all ``conditions`` are true."""
    keys = [column.key for column in table.columns]
    found = connection.execute(select(table).where(*conditions))
    return [dict(zip(keys, row, strict=True)) for row in found]


def paired(
    table: Table, written: Iterable[Mapping[str, object]], found: Iterable[Mapping[str, object]]
) -> Iterator[tuple[Mapping[str, object], Mapping[str, object]]]:
    """Each row of ``written`` with that of ``found`` that has its key, or else is most like it."""
    left = [(_key(table, row), values.row(row).items(), row) for row in found]
    keys = [key for key, _, _ in left]
    for row in sorted(written, key=lambda row: _key(table, row) not in keys):
        key, spelled = _key(table, row), values.row(row).items()
        best = max(left, key=lambda other: (other[0] == key, len(spelled & other[1])))
        left.remove(best)
        yield row, best[2]


def _key(table: Table, row: Mapping[str, object]) -> list[str]:
    return [canonical(row.get(column.key)) for column in table.primary_key.columns]


def changed_cells(
    dialect: Dialect, table: Table, written: Mapping[str, object], found: Mapping[str, object]
) -> Iterator[Cell]:
    """The values of ``written`` that are others in ``found``."""
    for key, value in written.items():
        by_type = returned(table.columns[key], dialect, value)
        if canonical(found[key]) not in {canonical(value), canonical(by_type)}:
            yield Cell(key, written, found[key])


def returned(column: Column[Any], dialect: Dialect, value: object) -> object:
    """What a type of the application gives back for ``value`` on its own, on every database."""
    type_ = column.type.dialect_impl(dialect)
    if isinstance(type_, TypeDecorator):
        for convert in (type_.process_bind_param, type_.process_result_value):
            # Most define one of the two; and what they do is up to the application.
            with suppress(Exception):
                value = convert(value, dialect)
    return value


def miscounted(done: str, table: Table, expected: int, actual: int) -> Finding:
    """The number of rows after something was ``done`` is not the expected one."""
    return Finding(
        code="ROWS-MISCOUNTED",
        severity=Severity.LOST,
        message=f"rows that were {done} are not as many as they should be",
        place=Place(table.key),
        expected=str(expected),
        actual=str(actual),
        recommendation="look for triggers, rules, and keys that do not read back as written",
    )


def value_changed(table: Table, cells: Iterable[Cell]) -> Iterator[Finding]:
    """One finding for each column, with its worst cell for evidence."""
    by_column: dict[str, list[Cell]] = {}
    for cell in cells:
        by_column.setdefault(cell.column, []).append(cell)
    for column, changed in by_column.items():
        worst = min(changed, key=lambda cell: severity(cell.expected, cell.actual).rank)
        yield Finding(
            code="VALUE-CHANGED",
            severity=severity(worst.expected, worst.actual),
            message=f"{table.columns[column].type!r} does not give back what was written",
            place=place(table, column, worst.row),
            expected=shown(worst.expected),
            actual=shown(worst.actual),
            recommendation=cure(worst.expected, worst.actual),
        )


def severity(expected: object, actual: object) -> Severity:
    """Lost, unless the same is there in another form."""
    match expected, actual:
        case (datetime(), datetime()) if expected.tzinfo and not actual.tzinfo:
            kept = expected.astimezone(UTC).replace(tzinfo=None) == actual
        case (str(), str()):
            kept = expected.rstrip() == actual.rstrip()
        case _:
            kept = str(expected) == str(actual)
    return Severity.WRONG if kept else Severity.LOST


def cure(expected: object, actual: object) -> str:  # noqa: PLR0911  # one line for each type
    """What to do about a type that does not keep its values."""
    match expected, actual:
        case (datetime() | time(), datetime() | time()) if expected.tzinfo and not actual.tzinfo:
            return _ZONE
        case (datetime() | time() | timedelta(), _):
            return _FRACTION
        case (float(), float()):
            return _SINGLE
        case (Decimal(), Decimal() | int()):
            return _SCALE if actual == int(actual) else _DECIMAL
        case (str(), str()) if expected.rstrip() == actual.rstrip():
            return _PADDING
        case (str() | bytes(), str() | bytes()) if len(actual) < len(expected):
            return _LENGTH
    return _OTHER
