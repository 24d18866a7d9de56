"""What the values of a SQLite table are: its declared types hold nobody to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dbparity.backends.catalogues.sqlite_types import collation
from dbparity.snapshots import Family, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dbparity.snapshots import Column, Table

    Ask = Callable[[str], Sequence[Any]]
    Quote = Callable[[str], str]

_EXACT = 2**53  # floats hold every integer up to here
_BITS = 64
_SECOND_DIGITS = 6
_SECONDS, _CLOCK = 19, 8  # characters of a moment, of a time, without a fraction
_MOST_COLUMNS = 100  # in a query that asks for several facts of each
_SORTS = {
    Family.BOOLEAN: "integer",
    Family.INTEGER: "integer",
    Family.FLOAT: "float",
    Family.DECIMAL: "float",
    Family.BINARY: "blob",
}
_TEMPORAL = frozenset({Family.DATE, Family.DATETIME})


def either(conditions: Sequence[str]) -> str:
    """Whether one of them holds: as a tree, since SQLite bounds how deep expressions may be."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({either(conditions[:half])} OR {either(conditions[half:])})"


def loose(table: Table) -> list[Column]:
    """The columns that nobody holds to their types."""
    return [each for each in table.columns if not (each.type.enforced or each.hidden)]


def actual(asking: Asking, table: Table, doubtful: Sequence[Column]) -> Table:
    """``table`` with the types that hold its values, of which some columns are in doubt.

    A column whose values are of several sorts stays as it is declared.
    """
    others = asking.unlike(doubtful, asking.fits) if doubtful else []
    found = dict(asking.needed(others))
    columns = tuple(replace(each, type=found.get(each.name, each.type)) for each in table.columns)
    return replace(table, columns=columns)


@dataclass(frozen=True)
class Asking:
    """Asks about the values of a table; ``ask`` runs a query that has one row."""

    ask: Ask
    quote: Quote
    table: str

    def fits(self, column: Column) -> str:
        """The condition under which a value is as declared; NULL for NULL."""
        return _FITS.get(column.type.family, _is_text)(self.quote(column.name), column.type)

    def unlike(self, columns: Sequence[Column], condition: Callable[[Column], str]) -> list[Column]:
        """Those with a value of which the condition does not hold."""
        source = self.quote(self.table)
        unfit = [f"NOT ({condition(each)})" for each in columns]
        if not self.ask(f"SELECT EXISTS (SELECT 1 FROM {source} WHERE {either(unfit)})")[0]:
            return []
        maxima = ", ".join(f"max({each})" for each in unfit)
        told = self.ask(f"SELECT {maxima} FROM {source}")
        return [column for column, is_so in zip(columns, told, strict=True) if is_so]

    def needed(self, columns: Sequence[Column]) -> Iterator[tuple[str, Type]]:
        """The type that each of these needs."""
        for start in range(0, len(columns), _MOST_COLUMNS):
            part = columns[start : start + _MOST_COLUMNS]
            asked = ", ".join(", ".join(_facts(self.quote(each.name))) for each in part)
            told = self.ask(f"SELECT {asked} FROM {self.quote(self.table)}")
            width = len(told) // len(part)
            for place, column in enumerate(part):
                facts = _Facts(*told[place * width : (place + 1) * width])
                yield column.name, _needed(column.type, facts)


@dataclass(frozen=True)
class _Facts:
    """What there is in a column; of NULLs alone, nothing is known."""

    integer: int | None
    real: int | None
    text: int | None
    blob: int | None
    low: int | None
    high: int | None
    moments: int | None
    offsets: int | None

    @property
    def classes(self) -> frozenset[str]:
        """The storage classes of the values."""
        return frozenset(
            name for name in ("integer", "real", "text", "blob") if getattr(self, name)
        )

    @property
    def exact(self) -> bool:
        """Whether floats hold all the integers."""
        return (self.low or 0) >= -_EXACT and (self.high or 0) <= _EXACT


def _facts(name: str) -> Iterator[str]:
    sort = f"typeof({name})"
    for each in ("integer", "real", "text", "blob"):
        yield f"max({sort} = '{each}')"
    for bound in ("min", "max"):
        yield f"{bound}(CASE {sort} WHEN 'integer' THEN {name} END)"
    yield f"min({_moment(name, _SECOND_DIGITS)})"
    yield f"min({_with_offset(name)})"


def _needed(kind: Type, facts: _Facts) -> Type:
    if facts.classes == {"integer"}:
        return _of_integers(kind, facts)
    if facts.classes == {"text"}:
        return _of_texts(kind, facts)
    if facts.classes == {"blob"}:
        return _other(kind, Family.BINARY)
    if facts.classes <= {"integer", "real"}:
        inexact = kind.family is Family.DECIMAL or not facts.exact
        return _other(kind, Family.DECIMAL) if inexact else _other(kind, Family.FLOAT, bits=_BITS)
    return kind


def _of_integers(kind: Type, facts: _Facts) -> Type:
    if kind.family is Family.DECIMAL and facts.exact:
        return replace(kind, precision=None, scale=None)
    return _other(kind, Family.INTEGER, bits=_BITS)


def _of_texts(kind: Type, facts: _Facts) -> Type:
    if kind.family in _TEMPORAL and (facts.moments or facts.offsets):
        zone = not facts.moments
        return _other(kind, Family.DATETIME, fraction=_SECOND_DIGITS, zone=zone)
    return _other(kind, Family.TEXT, collation=kind.collation or collation("BINARY"))


def _other(kind: Type, family: Family, **details: Any) -> Type:  # noqa: ANN401
    """Of that family; the native name stays, since SQLite goes by it."""
    return Type(kind.native, family, enforced=False, **details)


def sort(kind: Type) -> str:
    """As what values are kept, where they are as declared; "" where that may be several."""
    return "" if kind.family is Family.JSON else _SORTS.get(kind.family, "text")


def is_of_sort(name: str, kind: Type) -> str:
    """The condition under which a value is a number, or else a text."""
    return is_float(name) if sort(kind) == "float" else _is(name, "text")


def _is(name: str, *sorts: str) -> str:
    return f"typeof({name}) IN ({', '.join(map(repr, (*sorts, 'null')))})"


def _is_text(name: str, kind: Type) -> str:  # noqa: ARG001
    return _is(name, "text")


def _is_boolean(name: str, kind: Type) -> str:  # noqa: ARG001
    return f"{_is(name, 'integer')} AND {name} IN (0, 1)"


def _is_integer(name: str, kind: Type) -> str:
    bits = kind.bits or _BITS
    if bits == _BITS:
        return _is(name, "integer") + ("" if kind.signed else f" AND {name} >= 0")
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if kind.signed else (0, 2**bits - 1)
    return f"{_is(name, 'integer')} AND {name} BETWEEN {low} AND {high}"


def is_float(name: str) -> str:
    """Whether a float holds a value, or it is NULL."""
    whole = f"typeof({name}) = 'integer' AND {name} BETWEEN -{_EXACT} AND {_EXACT}"
    return f"({_is(name, 'real')} OR {whole})"


def _is_decimal(name: str, kind: Type) -> str:
    if kind.precision is None:
        return is_float(name)
    scale = kind.scale or 0
    most = f"1e{kind.precision - scale}"
    digits = f"round({name}, {scale}) = {name} AND {name} < {most} AND {name} > -{most}"
    return f"{is_float(name)} AND {digits}"


def _is_sized(sort: str) -> Callable[[str, Type], str]:
    def fits(name: str, kind: Type) -> str:
        size = "" if kind.length is None else f" AND length({name}) <= {kind.length}"
        return _is(name, sort) + size

    return fits


def _is_date(name: str, kind: Type) -> str:  # noqa: ARG001
    return f"{_is(name, 'text')} AND {_day(name)} = {name} AND substr({name}, 1, 4) > '0000'"


def _day(name: str) -> str:
    """NULL where there is none; the 31st of February becomes another one."""
    return f"date({name}, '+0 days')"


def _is_time(name: str, kind: Type) -> str:
    size = f"length({name}) <= {_CLOCK + _behind(kind.fraction or 0)}"
    clock = f"time({name}) = substr({name} || ':00', 1, {_CLOCK}) AND substr({name}, 1, 2) < '24'"
    return f"{_is(name, 'text')} AND {clock} AND {size} AND {_plain(name, _CLOCK + 1)}"


def _is_moment(name: str, kind: Type) -> str:
    plain = _moment(name, kind.fraction or 0)
    return f"({plain} OR {_with_offset(name)})" if kind.zone else plain


def _moment(name: str, fraction: int) -> str:
    size = f"length({name}) <= {_SECONDS + _behind(fraction)}"
    return f"{_is(name, 'text')} AND {_begins(name)} AND {size} AND {_plain(name, _SECONDS + 1)}"


def _begins(name: str) -> str:
    """Whether a text begins with a day that there is, and goes on with a time.

    A time that is rounded may become the next day's, so this asks more of few.
    """
    day = f"substr({name}, 1, 10)"
    clock = f"date({name}) IS NOT NULL AND substr({name}, 12, 2) < '24'"
    sure = f"({_day(name)} = {day} OR ({_day(day)} = {day} AND {clock}))"
    return f"{sure} AND substr({name}, 1, 4) > '0000'"


def _with_offset(name: str) -> str:
    size = f"length({name}) BETWEEN 17 AND 32"
    ending = f"{name} GLOB '*:*[0-9]Z' OR {name} GLOB '*:*[0-9][-+][0-9][0-9]:[0-9][0-9]'"
    return f"{_is(name, 'text')} AND {_begins(name)} AND {size} AND ({ending})"


def _plain(name: str, place: int) -> str:
    """Whether nothing is behind the seconds, at ``place``, but a fraction."""
    return f"substr({name}, {place}, 1) IN ('', '.') AND substr({name}, -1) BETWEEN '0' AND '9'"


def _behind(fraction: int) -> int:
    return fraction + 1 if fraction else 0


def _is_json(name: str, kind: Type) -> str:  # noqa: ARG001
    return f"{_is(name, 'integer', 'real', 'text')} AND ({name} IS NULL OR json_valid({name}))"


def _is_uuid(name: str, kind: Type) -> str:  # noqa: ARG001
    digits = f"length(replace({name}, '-', '')) = 32 AND {name} NOT GLOB '*[^-0-9a-fA-F]*'"
    return f"{_is(name, 'text')} AND {digits}"


_FITS: Mapping[Family, Callable[[str, Type], str]] = {
    Family.BOOLEAN: _is_boolean,
    Family.INTEGER: _is_integer,
    Family.FLOAT: lambda name, _kind: is_float(name),
    Family.DECIMAL: _is_decimal,
    Family.TEXT: _is_sized("text"),
    Family.BINARY: _is_sized("blob"),
    Family.DATE: _is_date,
    Family.TIME: _is_time,
    Family.DATETIME: _is_moment,
    Family.JSON: _is_json,
    Family.UUID: _is_uuid,
}
