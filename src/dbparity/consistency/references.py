"""References between stores: which record belongs to which row, and what both must tell alike."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING

from dbparity.errors import SettingsInvalid
from dbparity.stores.base import Records
from dbparity.stores.patterns import KeyPattern

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dbparity.consistency.options import Declared
    from dbparity.stores.base import Key, Record, Store

    _Getter = Callable[[tuple[object, ...]], tuple[object, ...]]


@dataclass(frozen=True)
class Pair:
    """A column of the source and a field of the target that say the same."""

    column: str
    field: str


@dataclass(frozen=True)
class Reference:
    """Rows of one store, and the records of another that belong to them.

    Attributes:
        source, target: names of stores.
        rows: of the source, with the columns that lead to the record and those that tell.
        records: of the target.
        link: the column by which a record finds its row, and a row its record; the key if "".
        version, digest, tenant: what both tell; None where they do not.
        nullable: whether the link may be NULL.
        required, owned, ttl, rebuild, rebuild_from: see `Declared`.
    """

    name: str
    source: str
    rows: Records
    target: str
    records: Records
    link: str = ""
    version: Pair | None = None
    digest: Pair | None = None
    tenant: Pair | None = None
    required: bool = False
    owned: bool = True
    ttl: float = 0
    rebuild: str = ""
    rebuild_from: tuple[str, ...] = ()
    nullable: bool = True

    @cached_property
    def pattern(self) -> KeyPattern | None:
        """Of the records' keys, if they are texts made of columns."""
        pattern = KeyPattern(self.records.name)
        return pattern if pattern.names else None

    @cached_property
    def owners(self) -> Records:
        """The rows, by what records tell of them."""
        return replace(self.rows, key=self.link)

    def address(self, row: Record) -> str:
        """The key of the record that belongs to a row; "" for a row that refers to none."""
        if self.pattern is None:
            found = self._leading(row.values)[0] if self.link else row.key
            return "" if found is None else str(found)
        values = self._leading(row.values)
        return "" if None in values or "" in values else self.pattern.template % values

    def agree(self, row: Record, record: Record) -> bool:
        """Whether they are alike at first sight; those that are not may still agree."""
        left = record.seconds_left
        in_time = not self.ttl or (left is not None and left <= self.ttl)
        return (
            in_time and not record.problem and self._ours(row.values) == self._theirs(record.values)
        )

    @cached_property
    def _leading(self) -> _Getter:
        """The columns that lead to the record."""
        return _getter(self.rows, self.pattern.names if self.pattern else (self.link,))

    @cached_property
    def _ours(self) -> _Getter:
        return _getter(self.rows, tuple(pair.column for pair in self.pairs))

    @cached_property
    def _theirs(self) -> _Getter:
        return _getter(self.records, tuple(pair.field for pair in self.pairs))

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All that both tell."""
        return tuple(pair for pair in (self.version, self.digest, self.tenant) if pair)

    def owner(self, address: Key) -> Key:
        """What a record's key tells of the row that it belongs to."""
        return address if self.pattern is None else self._owner(str(address)) or ""

    @cached_property
    def _owner(self) -> Callable[[str], str | None]:
        return KeyPattern(self.records.name).read(self.link)

    def told(self, row: Record, column: str) -> object:
        """What a row has in a column."""
        return row.values[self.rows.fields.index(column)]

    def both(self, pair: Pair, row: Record, record: Record) -> tuple[object, object]:
        """What each of them tells."""
        return self.told(row, pair.column), record.values[self.records.fields.index(pair.field)]


def _getter(records: Records, names: tuple[str, ...]) -> _Getter:
    """What reads ``names`` from the values of a record: a hundred nanoseconds count here."""
    places = [records.fields.index(name) for name in names]
    if len(places) == 1:
        place = places[0]
        return lambda values: (values[place],)
    return itemgetter(*places) if places else lambda _: ()


def read(declared: Declared, stores: Mapping[str, Store]) -> Reference:
    """The reference that is declared, between ``stores`` by name.

    Raises:
        SettingsInvalid: a store that is not declared, or a text that cannot be read.
    """
    where = f"reference {declared.name or declared.target}"
    source, table = _split(declared.source, f"{where}: source", stores)
    target, name = _split(declared.target, f"{where}: target", stores)
    told = [_pair(text) for text in (declared.version, declared.digest, declared.tenant)]
    holes = KeyPattern(name).names
    if stores[target].expires and not holes:
        cure = f"write where the row's key stands: {declared.target}:{{id}}"
        raise SettingsInvalid(f"{where}: target", "the pattern of keys has no key", cure)
    if declared.key and holes and declared.key not in holes:
        cure = f"name one of: {', '.join(holes)}"
        raise SettingsInvalid(f"{where}: key", f"{declared.key} is not in the pattern", cure)
    if declared.ttl and not stores[target].expires:
        cure = "leave ttl out"
        raise SettingsInvalid(f"{where}: ttl", f"nothing expires in {target}", cure)
    link = declared.key or (holes[-1] if holes else "")
    columns = [*(pair.column for pair in told if pair), *holes, *([link] if link else [])]
    fields = tuple(dict.fromkeys(pair.field for pair in told if pair))
    return Reference(
        declared.name or f"{declared.source} -> {declared.target}",
        source,
        Records(table, "", tuple(dict.fromkeys(columns))),
        target,
        Records(name, "", fields, declared.form),
        link,
        version=told[0],
        digest=told[1],
        tenant=told[2],
        required=declared.required,
        owned=declared.owned,
        ttl=declared.ttl,
        rebuild=declared.rebuild,
        rebuild_from=declared.rebuild_from,
    )


def _split(text: str, where: str, stores: Mapping[str, Store]) -> tuple[str, str]:
    store, _, rest = text.partition(".")
    if not rest:
        raise SettingsInvalid(where, f"{text!r} names no store", "write store.table")
    if store not in stores:
        known = ", ".join(sorted(stores)) or "none"
        cure = f"declare it in [tool.dbparity.stores]; there are: {known}"
        raise SettingsInvalid(where, f"no store {store!r}", cure)
    return store, rest


def _pair(text: str) -> Pair | None:
    column, _, field = text.partition("=")
    return Pair(column, field or column) if column else None
