"""How SQLite keeps another product's schema: by declared types whose affinity changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from dbparity.backends.catalogues.sqlite_types import column_type
from dbparity.backends.homes.base import Home, Kept, Use, digits
from dbparity.snapshots import Collation, Family, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dbparity.snapshots import Column, Table

_EXACT_DIGITS = 15  # of a decimal that is kept as a float
_INTEGERS = {8: "TINYINT", 16: "SMALLINT", 24: "MEDIUMINT", 32: "INT", 64: "BIGINT"}
_BITS = 64


class SQLiteHome(Home):
    """SQLite: a declared type refuses nothing, and a numeric affinity rewrites texts."""

    folds_tables: ClassVar[bool] = True
    adds_keys: ClassVar[bool] = False
    null_keys: ClassVar[bool] = True
    functions: ClassVar[Mapping[str, str]] = {
        **{name: spelled for name, spelled in Home.functions.items() if name != "octets"},
        "json_valid": "json_valid",
        "typeof": "typeof",
    }

    def keep(self, kind: Type, use: Use) -> Kept:
        """A text where an affinity would change the value."""
        keep = _KEPT.get(kind.family)
        return keep(kind, use) if keep is not None else _named(kind, "TEXT")

    def collation(self, wanted: Collation, *, keyed: bool) -> Collation:  # noqa: ARG002
        """NOCASE and RTRIM, of which a column has one."""
        if not wanted.case_sensitive:
            return Collation("NOCASE", case_sensitive=False, accent_sensitive=True, pads=False)
        if wanted.pads:
            return Collation("RTRIM", case_sensitive=True, accent_sensitive=True, pads=True)
        return Collation("BINARY", case_sensitive=True, accent_sensitive=True, pads=False)

    def now(self, kind: Type) -> str:
        """With microseconds where the column has a time of day, as other products have them."""
        if kind.family is Family.DATE:
            return "CURRENT_DATE"
        return "CURRENT_TIME" if kind.family is Family.TIME else "CURRENT_TIMESTAMP"

    def uuid(self) -> str:
        """There is none."""
        return ""

    def numbers(self, column: Column, table: Table) -> bool:
        """The rowid alone."""
        key = table.primary_key
        return key is not None and key.columns == (column.name,) and is_integer(column)

    def is_rowid(self, table: Table) -> bool:
        """An INTEGER PRIMARY KEY."""
        return any(column.automatic for column in table.columns)

    def collated(self, kind: Type) -> Iterator[str]:
        """Its own collation goes without saying."""
        if kind.collation is not None and kind.collation.name != "BINARY":
            yield from super().collated(kind)

    def column(self, column: Column, table: Table) -> str:
        """The rowid with its key, so that it is one whatever else is said."""
        words = super().column(column, table)
        return f"{words} PRIMARY KEY" if column.automatic else words


def is_integer(column: Column) -> bool:
    """Whether it can be a rowid."""
    return column.type.native == "INTEGER"


def _declared(name: str) -> Kept:
    return Kept(column_type(name))


def _named(kind: Type, name: str) -> Kept:
    title = kind.family if kind.family is not Family.OTHER else (kind.native or "untyped")
    return Kept(
        column_type(name), obstacle=f"SQLite has no {title} type", answer="it is kept as text"
    )


def _integer(kind: Type, use: Use) -> Kept:
    if use.automatic and use.primary:
        return _declared("INTEGER")
    if kind.bits == _BITS and not kind.signed and not use.numbered:
        return _text(kind, "SQLite's integers end at 2^63-1, and it rounds those beyond")
    name = _INTEGERS.get(kind.bits or 0, "INT" if use.primary else "INTEGER")
    wide = kind.bits == _BITS
    return _declared(name if kind.signed or wide else f"{name} UNSIGNED")


def _text(kind: Type, obstacle: str) -> Kept:  # noqa: ARG001  # as all rules
    return Kept(column_type("TEXT"), obstacle=obstacle, answer="it is kept as text")


def _decimal(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    given = digits(kind)
    if given is None and not kind.enforced:
        return _declared("NUMERIC")
    if given is None or given[0] > _EXACT_DIGITS:
        return _text(kind, f"SQLite keeps decimals as floats, {_EXACT_DIGITS} digits of them")
    return _declared(f"DECIMAL({given[0]},{given[1]})")


def _string(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    if kind.length is None or kind.unit != "characters":
        return _declared("TEXT")
    return _declared(f"{'CHAR' if kind.fixed else 'VARCHAR'}({kind.length})")


def _time(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return _named(replace(kind, native="timetz"), "TEXT") if kind.zone else _declared("TIME")


def _moment(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return _declared("TIMESTAMP WITH TIME ZONE" if kind.zone else "DATETIME")


def _enum(kind: Type, use: Use) -> Kept:  # noqa: ARG001
    return replace(_named(kind, "TEXT"), listed=True, answer="a check lists its values")


def _always(name: str) -> Callable[[Type, Use], Kept]:
    return lambda _kind, _use: _declared(name)


_KEPT: Mapping[Family, Callable[[Type, Use], Kept]] = {
    Family.BOOLEAN: _always("BOOLEAN"),
    Family.INTEGER: _integer,
    Family.DECIMAL: _decimal,
    Family.FLOAT: _always("REAL"),
    Family.TEXT: _string,
    Family.BINARY: _always("BLOB"),
    Family.DATE: _always("DATE"),
    Family.TIME: _time,
    Family.DATETIME: _moment,
    Family.JSON: _always("JSON TEXT"),  # JSON alone has a numeric affinity
    Family.UUID: _always("CHAR(36)"),  # so has UUID
    Family.ENUM: _enum,
}
