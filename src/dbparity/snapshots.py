"""What a database's schema is made of, frozen, and its JSON.

Backends read a `Snapshot` from a live database in a fixed number of statements. Types and
collations are semantic: they say what a column holds, refuses and tells apart, whatever the
product calls it. Expressions, defaults and definitions are kept as the database spells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from dbparity.errors import SnapshotInvalid

FORMAT = 1  # of the JSON; raised when an older reader would misunderstand it


class Family(StrEnum):
    """What sort of values a type holds."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    TEXT = "text"
    BINARY = "binary"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INTERVAL = "interval"
    JSON = "json"
    UUID = "uuid"
    ENUM = "enum"
    ARRAY = "array"
    OTHER = "other"  # known by its native name only


class Unit(StrEnum):
    """What a length counts."""

    CHARACTERS = "characters"
    BYTES = "bytes"


@dataclass(frozen=True)
class Collation:
    """How texts are compared; None where the database does not tell.

    ``pads`` says that trailing spaces do not count: ``'a' = 'a '``.
    """

    name: str
    case_sensitive: bool | None = None
    accent_sensitive: bool | None = None
    pads: bool | None = None


@dataclass(frozen=True)
class Type:
    """What a column holds.

    Attributes:
        native: as the database spells it, such as ``character varying(20)``.
        family: the sort of its values.
        enforced: whether the database refuses other values; SQLite's declared types refuse none.
        length: of a text or binary, in ``unit``; None where unbounded.
        unit: what ``length`` counts.
        fixed: whether texts are padded to the length, as CHAR's are.
        bits: of an integer or float; None where the database does not fix it.
        signed: whether it holds numbers below zero.
        precision: decimal digits of a decimal in all; None where unbounded.
        scale: decimal digits of a decimal behind the point.
        fraction: decimal digits of a second that a time, datetime or interval keeps.
        zone: whether a time or datetime is an instant, told with an offset.
        collation: of a text.
        values: of an enum, in its order.
        element: of an array.
    """

    native: str
    family: Family
    enforced: bool = True
    length: int | None = None
    unit: Unit = Unit.CHARACTERS
    fixed: bool = False
    bits: int | None = None
    signed: bool = True
    precision: int | None = None
    scale: int | None = None
    fraction: int | None = None
    zone: bool = False
    collation: Collation | None = None
    values: tuple[str, ...] = ()
    element: Type | None = None


@dataclass(frozen=True)
class Computed:
    """The expression that a generated column is made by."""

    expression: str
    stored: bool


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        default: the server's default expression, as the database spells it; None without one,
            and None for what numbers rows.
        automatic: numbered by the database: identity, serial, AUTO_INCREMENT, rowid.
        always: numbered by the database even where a value is given: GENERATED ALWAYS.
        hidden: left out of ``SELECT *``.
        on_update: what MySQL sets it to at each update.
    """

    name: str
    type: Type
    nullable: bool = True
    default: str | None = None
    automatic: bool = False
    always: bool = False
    computed: Computed | None = None
    hidden: bool = False
    on_update: str | None = None
    comment: str = ""


@dataclass(frozen=True)
class Key:
    """A primary key, or a unique constraint."""

    name: str
    columns: tuple[str, ...]
    nulls_distinct: bool = True
    deferrable: bool = False
    deferred: bool = False


@dataclass(frozen=True)
class Part:
    """One part of an index: a column, or else an expression as the database spells it.

    ``prefix`` is the length to which MySQL cuts the column; ``operators`` an operator class that
    is not the type's default.
    """

    column: str = ""
    expression: str = ""
    descending: bool = False
    prefix: int | None = None
    collation: str = ""
    operators: str = ""


@dataclass(frozen=True)
class Index:
    """An index, other than those behind primary keys and unique constraints.

    Attributes:
        predicate: of a partial index, as the database spells it.
        method: such as ``btree``, ``gin``, ``fulltext``.
        included: columns that are carried along, and not compared.
        serves_key: whether it is not unique and begins with the columns of a foreign key, which
            MySQL and MariaDB insist on: they make such an index if nobody did.
    """

    name: str
    parts: tuple[Part, ...]
    unique: bool = False
    predicate: str = ""
    method: str = "btree"
    included: tuple[str, ...] = ()
    nulls_distinct: bool = True
    serves_key: bool = False


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key; the actions are spelled as in SQL, ``NO ACTION`` where none was named.

    ``full`` says MATCH FULL: a key that is NULL in part is refused.
    """

    name: str
    columns: tuple[str, ...]
    table: str
    referred: tuple[str, ...]
    on_delete: str = "NO ACTION"
    on_update: str = "NO ACTION"
    deferrable: bool = False
    deferred: bool = False
    enforced: bool = True
    full: bool = False


@dataclass(frozen=True)
class Check:
    """A check constraint."""

    name: str
    expression: str
    enforced: bool = True


@dataclass(frozen=True)
class Trigger:
    """A trigger: ``timing`` and ``events`` in capitals, such as BEFORE and INSERT."""

    name: str
    timing: str
    events: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class View:
    """A view, by the query that the database keeps."""

    name: str
    definition: str
    materialized: bool = False
    triggers: tuple[Trigger, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table; columns in their order, everything else sorted by name."""

    name: str
    columns: tuple[Column, ...]
    primary_key: Key | None = None
    uniques: tuple[Key, ...] = ()
    indexes: tuple[Index, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    comment: str = ""

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Snapshot:
    """The schema of one database: tables and views sorted by name.

    Attributes:
        source: what was read, without a password; "" of a scratch database.
        backend: its backend's name.
        version: its server's.
    """

    source: str
    backend: str
    version: str
    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    format: int = FORMAT

    def table(self, name: str) -> Table | None:
        """The table of that name, if there is one."""
        return next((table for table in self.tables if table.name == name), None)

    def to_json(self) -> str:
        """Everything, indented; `from_json` gives an equal snapshot back."""
        return msgspec.json.format(msgspec.json.encode(self)).decode() + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Snapshot:
        """Read what `to_json` wrote; raise `SnapshotInvalid` for anything else."""
        try:
            snapshot = msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:  # validation errors too
            raise SnapshotInvalid(str(error)) from error
        if snapshot.format != FORMAT:
            raise SnapshotInvalid(f"it is of format {snapshot.format}, not {FORMAT}")
        return snapshot
