"""What a backend states of how it keeps the columns and rules of another product."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from dbparity.snapshots import Collation, Family

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.sql.compiler import IdentifierPreparer

    from dbparity.snapshots import Column, ForeignKey, Index, Key, Part, Table, Type

BINARY = Collation("", case_sensitive=True, accent_sensitive=True, pads=False)
_BINARY_NAMES = frozenset({"BINARY", "C", "POSIX"})


@dataclass(frozen=True)
class Use:
    """What a column is used for, as far as its type depends on it.

    Attributes:
        keyed: it is compared in a key, or refers to one.
        bytes: how much of a key it may fill, where keys are bounded.
        numbered: the database numbers it, or it refers to such a column.
        primary: it is the whole primary key.
        automatic: the database numbers it.
        native: it comes from a product that has the same types of its own.
    """

    keyed: bool = False
    bytes: int = 0
    numbered: bool = False
    primary: bool = False
    automatic: bool = False
    native: bool = False


@dataclass(frozen=True)
class Kept:
    """The type that a backend keeps a column in.

    Attributes:
        type: as the backend's catalogue will tell it.
        listed: whether the values of the column's enum have to be listed in a check.
        obstacle: what the backend has not, where another type stands in.
        answer: what stands in.
    """

    type: Type
    listed: bool = False
    obstacle: str = ""
    answer: str = ""


class Home(ABC):
    """How a backend of one version keeps what was designed for another product.

    Its DDL is made of tables whose types, defaults and expressions are already its own.
    """

    longest_name: ClassVar[int] = 10**6
    counts_bytes: ClassVar[bool] = False  # in names
    unnamable: ClassVar[str] = r"\0"  # what a name cannot have in it, as a pattern
    most_columns: ClassVar[int] = 2_000
    folds_tables: ClassVar[bool] = False  # tables are one if their names differ in case only
    folds_columns: ClassVar[bool] = True
    one_namespace: ClassVar[bool] = True  # for the indexes of all tables, and the tables
    adds_keys: ClassVar[bool] = True  # foreign keys can be added to a table
    empty_tables: ClassVar[bool] = False  # a table may have no columns
    strict: ClassVar[bool] = False  # numbers, texts and conditions are not taken for each other
    null_keys: ClassVar[bool] = False  # a primary key can be NULL
    virtual: ClassVar[bool] = True  # generated columns need not be stored
    fills_generated: ClassVar[bool] = True  # they can be NOT NULL
    hidden_data: ClassVar[bool] = False  # hidden columns hold data of their own
    fixed_pads: ClassVar[bool] = False  # in a CHAR spaces at the end do not count, collation or not
    updates: ClassVar[bool] = False  # ON UPDATE CURRENT_TIMESTAMP
    checks_beside_actions: ClassVar[bool] = True  # of foreign keys, on the same column
    included_columns: ClassVar[bool] = False
    equal_nulls: ClassVar[bool] = False  # UNIQUE NULLS NOT DISTINCT
    nested: ClassVar[bool] = True  # a generated column may be made of others
    actions: ClassVar[frozenset[str]] = frozenset(
        {"NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"}
    )
    key_bytes: ClassVar[int] = 0  # how long a key can be; 0: no limit that matters
    functions: ClassVar[Mapping[str, str]] = {
        "abs": "abs",
        "coalesce": "coalesce",
        "length": "length",
        "lower": "lower",
        "nullif": "nullif",
        "octets": "octet_length",
        "trim": "trim",
        "upper": "upper",
    }

    def __init__(self, preparer: IdentifierPreparer, version: tuple[int, ...]) -> None:
        """Spell identifiers by ``preparer``, for a server of ``version``."""
        self.preparer, self.version = preparer, version

    @abstractmethod
    def keep(self, kind: Type, use: Use) -> Kept:
        """The type that holds every value of ``kind``, or comes nearest."""

    @abstractmethod
    def collation(self, wanted: Collation, *, keyed: bool) -> Collation:
        """The collation that compares as ``wanted``, or comes nearest."""

    @abstractmethod
    def now(self, kind: Type) -> str:
        """The moment of the statement, as the default of a column."""

    @abstractmethod
    def uuid(self) -> str:
        """A new UUID as a default; "" where there is none."""

    def settled(self, columns: Sequence[Column], keyed: frozenset[str]) -> tuple[Column, ...]:  # noqa: ARG002
        """``columns``, with types that fit into a row together."""
        return tuple(columns)

    def fits_row(self, columns: Sequence[Column]) -> bool:
        """Whether a table can have all these columns, of types that it has."""
        return len(columns) <= self.most_columns

    def numbers(self, column: Column, table: Table) -> bool:  # noqa: ARG002
        """Whether the database can number ``column``."""
        return True

    def part_bytes(self, kind: Type) -> int:  # noqa: ARG002
        """How much of a key a column fills; 0 where it has no end."""
        return 1

    def name(self, name: str) -> str:
        """An identifier, quoted."""
        return self.preparer.quote_identifier(name)

    def text(self, value: str) -> str:
        """A literal."""
        return "'" + value.replace("'", "''") + "'"

    def boolean(self, value: bool) -> str:  # noqa: FBT001
        """A literal."""
        return str(value).upper()

    def concatenated(self, parts: Sequence[tuple[str, Family | None]]) -> str:
        """Texts put together; NULL if one is."""
        return " || ".join(part for part, _ in parts)

    def prelude(self, tables: Sequence[Table]) -> Iterator[str]:  # noqa: ARG002
        """What the tables need to be there."""
        yield from ()

    def create(self, table: Table) -> Iterator[str]:
        """What makes a table, without what `complete` adds after the load."""
        parts = [self.column(column, table) for column in table.columns]
        key = table.primary_key
        if key is not None and not self.is_rowid(table):
            parts.append(self.primary(key))
        parts += [self.unique(unique) for unique in table.uniques]
        parts += [f"{self.named(each.name)}CHECK ({each.expression})" for each in table.checks]
        if not self.adds_keys:
            parts += [self.reference(each) for each in table.foreign_keys]
        yield f"CREATE TABLE {self.name(table.name)} ({', '.join(parts)}){self.ending(table)}"

    def complete(self, table: Table) -> Iterator[str]:
        """What is added to a table after its load, but for foreign keys."""
        for index in table.indexes:
            yield self.index(index, table)
        yield from self.number(table)

    def number(self, table: Table) -> Iterator[str]:  # noqa: ARG002
        """What lets the database number rows behind those that were loaded, if it does not yet."""
        yield from ()

    def refer(self, table: Table) -> Iterator[str]:
        """The foreign keys that are added after all loads."""
        if self.adds_keys:
            for key in table.foreign_keys:
                yield f"ALTER TABLE {self.name(table.name)} ADD {self.reference(key)}"

    def demolish(self, tables: Sequence[Table]) -> Iterator[str]:
        """What removes tables that were made, or some of them, while foreign keys rest."""
        for table in tables:
            yield f"DROP TABLE IF EXISTS {self.name(table.name)}"

    def column(self, column: Column, table: Table) -> str:
        """A column in a CREATE TABLE."""
        words = [self.name(column.name), self.native(column.type), *self.collated(column.type)]
        if column.computed is not None:
            kept = "STORED" if column.computed.stored else "VIRTUAL"
            words.append(f"GENERATED ALWAYS AS ({column.computed.expression}) {kept}")
        if not column.nullable:
            words.append("NOT NULL")
        if column.default is not None:
            words.append(f"DEFAULT {column.default}")
        return " ".join([*words, *self.details(column, table)])

    def native(self, kind: Type) -> str:
        """A type in a CREATE TABLE."""
        return kind.native

    def collated(self, kind: Type) -> Iterator[str]:
        """The COLLATE clause."""
        if kind.collation is not None and kind.collation.name:
            yield f"COLLATE {self.name(kind.collation.name)}"

    def details(self, column: Column, table: Table) -> Iterator[str]:  # noqa: ARG002
        """What else is said of a column."""
        yield from ()

    def ending(self, table: Table) -> str:  # noqa: ARG002
        """What ends a CREATE TABLE."""
        return ""

    def is_rowid(self, table: Table) -> bool:  # noqa: ARG002
        """Whether the primary key is told with its column."""
        return False

    def primary(self, key: Key) -> str:
        """A primary key."""
        return f"{self.named(key.name)}PRIMARY KEY ({self.names(key.columns)})"

    def unique(self, key: Key) -> str:
        """A unique constraint."""
        nulls = "" if key.nulls_distinct else "NULLS NOT DISTINCT "
        return f"{self.named(key.name)}UNIQUE {nulls}({self.names(key.columns)}){deferral(key)}"

    def reference(self, key: ForeignKey) -> str:
        """A foreign key."""
        return (
            f"{self.named(key.name)}FOREIGN KEY ({self.names(key.columns)}) "
            f"REFERENCES {self.name(key.table)} ({self.names(key.referred)})"
            f"{' MATCH FULL' if key.full else ''}"
            f" ON DELETE {key.on_delete} ON UPDATE {key.on_update}{deferral(key)}"
        )

    def index(self, index: Index, table: Table) -> str:
        """An index."""
        unique = "UNIQUE " if index.unique else ""
        parts = ", ".join(map(self.part, index.parts))
        included = f" INCLUDE ({self.names(index.included)})" if index.included else ""
        nulls = "" if index.nulls_distinct else " NULLS NOT DISTINCT"
        where = f" WHERE {index.predicate}" if index.predicate else ""
        name = f"{self.name(index.name)} ON {self.name(table.name)}"
        return f"CREATE {unique}INDEX {name} ({parts}){included}{nulls}{where}"

    def part(self, part: Part) -> str:
        """A part of an index."""
        words = self.name(part.column) if part.column else f"({part.expression})"
        words += f"({part.prefix})" if part.prefix else ""
        words += f" COLLATE {self.name(part.collation)}" if part.collation else ""
        return words + (" DESC" if part.descending else "")

    def named(self, name: str) -> str:
        """The beginning of a constraint."""
        return f"CONSTRAINT {self.name(name)} " if name else ""

    def names(self, names: Sequence[str]) -> str:
        """Identifiers, quoted."""
        return ", ".join(map(self.name, names))


def deferral(key: Key | ForeignKey) -> str:
    """The end of a constraint that can wait for the end of the transaction."""
    if not key.deferrable:
        return ""
    return f" DEFERRABLE INITIALLY {'DEFERRED' if key.deferred else 'IMMEDIATE'}"


def is_binary(collation: Collation) -> bool:
    """Whether texts are ordered by their code points."""
    return collation.name in _BINARY_NAMES or collation.name.endswith("_bin")


def known(collation: Collation | None) -> Collation:
    """``collation``, with what is not known of it taken for a binary one's."""
    if collation is None:
        return BINARY
    return replace(
        collation,
        case_sensitive=collation.case_sensitive is not False,
        accent_sensitive=collation.accent_sensitive is not False,
        pads=bool(collation.pads),
    )


def spelled(name: str, kind: Type, *details: int | None) -> Type:
    """``kind`` under another native name, such as varchar(20)."""
    given = ",".join(str(detail) for detail in details if detail is not None)
    return replace(kind, native=f"{name}({given})" if given else name, enforced=True)


def digits(kind: Type) -> tuple[int, int] | None:
    """Precision and scale of a decimal, the scale not below zero; None where it has no end."""
    if kind.precision is None:
        return None
    scale = kind.scale or 0
    return (kind.precision - scale, 0) if scale < 0 else (max(kind.precision, scale), scale)
