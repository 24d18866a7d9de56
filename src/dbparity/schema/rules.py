"""What SQLAlchemy drops or bends without a word where a dialect has none for it.

Each rule looks at one table of a draft, says what the backend cannot express, and changes the
draft into what comes nearest. What SQLAlchemy or the server refuses by itself needs no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    DDL,
    CheckConstraint,
    DefaultClause,
    Enum,
    ForeignKeyConstraint,
    Sequence,
    String,
    Table,
    TextClause,
    event,
    type_coerce,
)
from sqlalchemy.sql.elements import conv

from dbparity.models import parts
from dbparity.results import Place
from dbparity.schema.drafts import Draft, Gap, Remark, called
from dbparity.schema.index_rules import SAME_ROWS, expression_indexes, partial_indexes

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement, Column, Constraint, Identity, Index
    from sqlalchemy.sql.base import DialectKWArgs

_NO_OPTION = "do without it, or keep it from this backend with ddl_if"
Rule = Callable[[Draft, Table], Iterator[Remark]]


def schemas(draft: Draft, table: Table) -> Iterator[Remark]:  # noqa: ARG001  # as all rules
    """A schema's name: on MySQL it would be another database, on SQLite an attached one."""
    if table.schema is not None:
        gap = Gap(
            Place(table.key),
            "table",
            f"it is in the schema {table.schema!r}",
            "an application has one database, and one schema in it",
        )
        yield gap.refused("let the engine translate it: schema_translate_map")


def conditions(draft: Draft, table: Table) -> Iterator[Remark]:
    """What a ddl_if keeps away, unless a namesake takes its place."""
    created = draft.parts(table)
    names = {item.name for item in created} - {None}
    kept_away = [i for i in parts(table) if i._ddl_if is not None and i not in created]  # noqa: SLF001
    for item in sorted(kept_away, key=called):
        if item.name not in names:
            gap = Gap(Place(table.key), called(item), "it has a ddl_if", f"not for {draft.title}")
            yield gap.omitted("as the model says")


def texts(draft: Draft, table: Table) -> Iterator[Remark]:
    """SQL that somebody wrote for another dialect, and that means something else in this one."""
    names = {column.name for column in table.columns}
    for place, subject, element in _texts(draft, table):
        if isinstance(element, TextClause):
            reading = draft.backend.misread(element.text, names)
            if reading:
                gap = Gap(place, subject, element.text, f"on {draft.title} {reading}")
                yield gap.refused(
                    "write it with SQLAlchemy's constructs, or for each dialect with ddl_if"
                )


def _texts(draft: Draft, table: Table) -> Iterator[tuple[Place, str, ClauseElement]]:
    for constraint in draft.constraints(table):
        if isinstance(constraint, CheckConstraint):
            yield Place(table.key), called(constraint), constraint.sqltext
    for column in table.columns:
        place, default = Place(table.key, column.name), column.server_default
        if column.computed is not None:
            yield place, "generated column", column.computed.sqltext
        elif isinstance(default, DefaultClause) and not isinstance(default.arg, str):
            yield place, "default", default.arg


def enums(draft: Draft, table: Table) -> Iterator[Remark]:
    """An Enum where there is no such type is a text that takes anything."""
    for column in table.columns:
        kind = draft.type_of(column)
        if (
            isinstance(kind, Enum)
            and kind.native_enum
            and not kind.create_constraint
            and not draft.dialect.supports_native_enum
        ):
            check = type_coerce(column, String()).in_(kind.enums)
            # The name stands, whatever the naming convention.
            table.append_constraint(CheckConstraint(check, conv(f"ck_{table.name}_{column.name}")))
            gap = Gap(
                Place(table.key, column.name),
                "Enum",
                f"one of {', '.join(kind.enums)}",
                f"{draft.title} has no enumerated type",
            )
            yield gap.emulated("with a check constraint")


def numbers(draft: Draft, table: Table) -> Iterator[Remark]:
    """What numbers the rows where there is neither IDENTITY nor a sequence."""
    for column in table.columns:
        if column.identity is not None and not draft.dialect.supports_identity_columns:
            yield from _numbered(draft, table, column, column.identity, "Identity")
        elif isinstance(column.default, Sequence) and not draft.dialect.supports_sequences:
            yield from _numbered(draft, table, column, column.default, "Sequence")


def sequences(draft: Draft) -> Iterator[Remark]:
    """Sequences that no column has, where there are none."""
    for sequence in draft.metadata._sequences.values():  # noqa: SLF001
        if sequence.column is None and not draft.dialect.supports_sequences:
            gap = Gap(
                Place(),
                f"sequence {sequence.name}",
                "numbers",
                f"{draft.title} has no sequences",
            )
            yield gap.refused("let the application number")


def _numbered(
    draft: Draft, table: Table, column: Column[Any], options: Identity | Sequence, promise: str
) -> Iterator[Remark]:
    def gap(what: str, obstacle: str) -> Gap:
        return Gap(Place(table.key, column.name), promise, what, f"{draft.title} {obstacle}")

    if column is not table.autoincrement_column:
        away = gap("numbers the rows", "numbers an integer primary key only")
        yield away.refused("let the application number them")
        return
    if getattr(options, "always", False):
        yield gap("always=True", "takes a number that is given").refused("leave always=True out")
    for name in ("increment", "minvalue", "maxvalue", "cycle"):
        value = getattr(options, name)
        if value is not None and value is not False and (name, value) != ("increment", 1):
            lost = gap(f"{name}={value}", "counts by one, as far as the type goes")
            yield lost.refused(f"leave {name} out")
    if options.start not in {None, 1}:
        yield _started(draft, table, options.start, gap(f"start={options.start}", "starts at 1"))


def _started(draft: Draft, table: Table, start: int, gap: Gap) -> Remark:
    name = draft.dialect.identifier_preparer.format_table(table)
    statement = draft.backend.numbering(name, start)
    if not statement:
        return gap.refused("leave start out")
    event.listen(table, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
    return gap.emulated(statement)


def deferrals(draft: Draft, table: Table) -> Iterator[Remark]:
    """A constraint that is checked at the commit, where it can only be checked at once."""
    for constraint in draft.constraints(table):
        is_key = isinstance(constraint, ForeignKeyConstraint)
        able = (
            draft.features.deferrable_foreign_keys
            if is_key
            else draft.features.deferrable_unique_constraints
        )
        if constraint.deferrable and not able:
            initially = f" initially {constraint.initially}" if constraint.initially else ""
            constraint.deferrable = constraint.initially = None
            gap = Gap(
                Place(table.key),
                called(constraint),
                f"deferrable{initially}",
                f"{draft.title} checks it with each statement",
            )
            yield gap.refused("take deferrable away, and write rows in an order that suits")


def matches(draft: Draft, table: Table) -> Iterator[Remark]:
    """MATCH FULL, where a key that is NULL in part refers to nothing."""
    for key in table.foreign_key_constraints:
        if (key.match or "").upper() == "FULL" and not draft.features.full_match_foreign_keys:
            key.match = None
            gap = Gap(
                Place(table.key),
                called(key),
                "MATCH FULL",
                f"{draft.title} takes a key that is NULL in part",
            )
            if len(key.columns) == 1 or not any(column.nullable for column in key.columns):
                yield gap.omitted(f"no key can be NULL in part: {SAME_ROWS}")
            else:
                yield gap.refused("add a check that all columns are NULL or none is")


def comments(draft: Draft, table: Table) -> Iterator[Remark]:
    """Comments, where the dialect keeps none, or none on constraints."""
    commented = []
    if not draft.dialect.supports_comments:
        commented += ["the table"] * bool(table.comment)
        commented += [column.name for column in table.columns if column.comment]
    if not draft.dialect.supports_constraint_comments:
        commented += [called(item) for item in draft.constraints(table) if item.comment]
    if commented:
        words = f"on {', '.join(commented)}"
        gap = Gap(Place(table.key), "comments", words, f"{draft.title} keeps no such comments")
        yield gap.omitted(SAME_ROWS)


def options(draft: Draft, table: Table) -> Iterator[Remark]:
    """What is said to another dialect only; of tables, what changes the rows they take."""
    for item in draft.parts(table):
        for name, gap in _foreign(draft, table, called(item), item):
            if _decides(name) or _tells_nulls(item, name):
                yield gap.refused(_NO_OPTION)
            else:
                yield gap.omitted(f"{SAME_ROWS}; storage and plans may differ")
    carriers: list[tuple[str, DialectKWArgs]] = [("table", table)]
    carriers += [(f"column {column.name}", column) for column in table.columns]
    for subject, part in carriers:
        for name, gap in _foreign(draft, table, subject, part):
            if _decides(name):
                yield gap.refused(_NO_OPTION)


def _foreign(
    draft: Draft, table: Table, subject: str, item: DialectKWArgs
) -> Iterator[tuple[str, Gap]]:
    """The options for other dialects."""
    for option, value in item.dialect_kwargs.items():
        dialect, _, name = option.partition("_")
        if dialect != draft.dialect.name and name != "where" and value:
            said, obstacle = f"{option}={value!r}", f"{draft.title} has no such option"
            yield name, Gap(Place(table.key), subject, said, obstacle)


def _decides(option: str) -> bool:
    """Whether rows depend on it."""
    return option == "inherits" or option.startswith("on_conflict")


def _tells_nulls(item: Constraint | Index, option: str) -> bool:
    """Whether two NULLs are to be equal, and there can be two."""
    columns: Iterable[Column[Any]] = getattr(item, "columns", ())
    return option == "nulls_not_distinct" and any(column.nullable for column in columns)


RULES: tuple[Rule, ...] = (
    schemas,
    conditions,
    texts,
    enums,
    numbers,
    deferrals,
    matches,
    comments,
    options,
    partial_indexes,
    expression_indexes,
)
