"""Columns on the target: types that hold every value, defaults, numbers, generated columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.backends.homes.base import known
from dbparity.schema.aspects.limits import limits
from dbparity.schema.differences import Meaning
from dbparity.schema.terms import NOW, NULL
from dbparity.snapshots import Check, Collation, Computed, Family
from dbparity.transfer import wording
from dbparity.transfer.moves import CURE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.drafts import Remark
    from dbparity.schema.terms import Term
    from dbparity.snapshots import Column, Type
    from dbparity.transfer.moves import Work

_APPLICATION = "let the application set it"
_MOMENTS = frozenset({Family.DATE, Family.TIME, Family.DATETIME})
_OWN = frozenset({Family.OTHER, Family.ARRAY, Family.INTERVAL})
_TOLD = {"case_sensitive": "case", "accent_sensitive": "accents", "pads": "spaces at the end"}


def types(work: Work) -> Iterator[Remark]:
    """The type of each column, and what it cannot hold."""
    made, checks = [], []
    for column in work.table.columns:
        if column.hidden and not work.move.hides_data:
            away = work.gap("column", "hidden", "a virtual table computes it", column.name)
            yield away.omitted("it holds no data")
            continue
        kind = work.move.kinds[work.table.name, column.name]
        kept = work.move.home.keep(kind, work.use(column.name))
        plain = replace(column, type=kept.type, default=None, computed=None)
        made.append(_bare(plain))
        if kept.obstacle:
            gap = work.gap("type", column.type.native, kept.obstacle, column.name)
            yield gap.emulated(kept.answer)
        if kept.listed:
            checks.append(_listing(work, column))
    collated = tuple(_collated(work, column) for column in made)
    keyed = frozenset(column.name for column in collated if work.use(column.name).keyed)
    columns = work.move.home.settled(collated, keyed)
    work.made = replace(work.made, columns=columns, checks=tuple(checks))
    for column in columns:
        yield from _limits(work, column)
        yield from _compared(work, column)


def _bare(column: Column) -> Column:
    return replace(column, automatic=False, always=False, hidden=False, on_update=None)


def _listing(work: Work, column: Column) -> Check:
    home = work.move.home
    values = ", ".join(map(home.text, column.type.values))
    name = work.move.names.fresh(f"{work.table.name}_{column.name}_check", "check")
    return Check(name, f"{home.name(column.name)} IN ({values})")


def _collated(work: Work, column: Column) -> Column:
    kind = column.type
    home = work.move.home
    if kind.family is not Family.TEXT and (kind.family is not Family.ENUM or home.strict):
        return column
    wanted = known(_own(work, column.name))
    collation = home.collation(wanted, keyed=work.use(column.name).keyed)
    if kind.fixed and home.fixed_pads:
        collation = replace(collation, pads=True)
    return replace(column, type=replace(kind, collation=collation))


def _own(work: Work, name: str) -> Collation | None:
    column = work.table.column(name)
    return column.type.collation if column is not None else None


def _limits(work: Work, column: Column) -> Iterator[Remark]:
    source = _source(work, column)
    if source.family is Family.BOOLEAN:
        return
    for limit in limits(source, column.type):
        if limit.meaning is Meaning.NARROWER and not _is_instant(source, column.type):
            says = f"{column.type.native} {limit.says}"
            yield work.gap("type", f"it {limit.other}", says, column.name).refused(CURE)


def _source(work: Work, column: Column) -> Type:
    return next(each.type for each in work.table.columns if each.name == column.name)


def _is_instant(source: Type, kept: Type) -> bool:
    """Whether only the offset is dropped, which was told already."""
    return source.zone and not kept.zone and kept.family is Family.DATETIME


def _compared(work: Work, column: Column) -> Iterator[Remark]:
    """Texts that are one on one side only."""
    given = _own(work, column.name)
    kept = column.type.collation
    if given is None or kept is None:
        return
    wanted = known(given)
    unlike = [said for name, said in _TOLD.items() if getattr(wanted, name) != getattr(kept, name)]
    if unlike:
        obstacle = f"{kept.name or 'the collation there'} tells {' and '.join(unlike)} otherwise"
        gap = work.gap("collation", given.name, obstacle, column.name)
        if work.use(column.name).keyed:
            yield gap.refused("dbparity looks for keys that collide before it writes anything")
        else:
            yield gap.delegated("comparisons in queries have to fold texts themselves")


def defaults(work: Work) -> Iterator[Remark]:
    """What an INSERT may leave out, and what an UPDATE sets."""
    columns = []
    for made in work.made.columns:
        column = _original(work, made)
        kept = made
        if column.default is not None:
            term = work.read(column.default)
            default = _default(work, made, term)
            kept = replace(kept, default=default)
            if default is None and term != NULL:
                gap = work.gap("default", column.default, _no_words(work), column.name)
                yield gap.delegated(_APPLICATION)
        if column.on_update is not None:
            moment = work.move.home.now(made.type)
            kept = replace(kept, on_update=moment if work.move.home.updates else None)
            if not work.move.home.updates:
                said = f"ON UPDATE {column.on_update}"
                obstacle = f"{work.move.title} sets nothing at an update"
                gap = work.gap("default", said, obstacle, column.name)
                yield gap.delegated(_APPLICATION)
        columns.append(kept)
    work.made = replace(work.made, columns=tuple(columns))


def _original(work: Work, made: Column) -> Column:
    return next(column for column in work.table.columns if column.name == made.name)


def _no_words(work: Work) -> str:
    return f"{work.move.title} may mean something else by it"


def _default(work: Work, column: Column, term: Term) -> str | None:
    home, family = work.move.home, column.type.family
    own = _original(work, column).type.family in _OWN and not work.use(column.name).native
    if term == NULL or own:
        return None
    found = wording.literal(term, family, home)
    if found is not None:
        return f"({found})" if home.part_bytes(column.type) == 0 else found
    if term == NOW:
        return home.now(column.type) if family in _MOMENTS else None
    if term.op == "currentdate" and family is Family.DATE:
        return home.now(column.type)
    if term.op == "uuid":
        return home.uuid() or None if family in {Family.UUID, Family.TEXT} else None
    expression = None if term.columns else wording.spelled(term, work.words)
    return None if expression is None else f"({expression})"


def numbering(work: Work) -> Iterator[Remark]:
    """What the database numbers."""
    wanted = {column.name: column for column in work.table.columns if column.automatic}
    marked = [replace(each, automatic=each.name in wanted) for each in work.made.columns]
    candidate = replace(work.made, columns=tuple(marked))
    columns = []
    for column in candidate.columns:
        able = column.automatic and work.move.home.numbers(column, candidate)
        always = able and wanted[column.name].always
        strict = always and work.move.home.strict
        columns.append(replace(column, automatic=able, always=strict))
        if column.automatic and not able:
            gap = work.gap("numbering", "the database does", _cannot_number(work), column.name)
            yield gap.delegated("let the application number them")
        elif always and not strict:
            obstacle = f"{work.move.title} takes a number that is given"
            yield work.gap("numbering", "GENERATED ALWAYS", obstacle, column.name).delegated(
                "let the application give none"
            )
    work.made = replace(work.made, columns=tuple(columns))


def _cannot_number(work: Work) -> str:
    return f"{work.move.title} numbers no such column"


def generated(work: Work) -> Iterator[Remark]:
    """Generated columns whose expression all products read alike; others keep their values."""
    home = work.move.home
    columns = []
    for made in work.made.columns:
        column = _original(work, made)
        kept = made
        if column.computed is not None:
            expression = _computed(work, made, column.computed.expression)
            if expression is None:
                said = column.computed.expression
                yield work.gap("generated column", said, _no_words(work), column.name).refused(
                    "its values are kept, and the application has to set it"
                )
            else:
                stored = column.computed.stored or not home.virtual
                kept = replace(
                    made,
                    computed=Computed(expression, stored),
                    nullable=made.nullable or not home.fills_generated,
                )
        columns.append(kept)
    work.made = replace(work.made, columns=tuple(columns))


def _computed(work: Work, column: Column, text: str) -> str | None:
    home, term = work.move.home, work.read(text)
    made_of = {each.name.lower() for each in work.table.columns if each.computed is not None}
    if term.columns & made_of and not home.nested:
        return None
    if home.strict and _is_mixed(column, term):
        return None
    return work.spelled(text)


def _is_mixed(column: Column, term: Term) -> bool:
    return wording.is_condition(term) != (column.type.family is Family.BOOLEAN)


def hidden(work: Work) -> Iterator[Remark]:
    """Columns that SELECT * leaves out, and comments."""
    home = work.move.home
    names = [column.name for column in work.table.columns if column.hidden]
    shown = [column.name for column in work.made.columns if column.name in names]
    if shown and not home.hidden_data:
        gap = work.gap("columns", f"hidden: {', '.join(shown)}", f"{work.move.title} hides none")
        yield gap.omitted("SELECT * returns them")
    commented = [column.name for column in work.made.columns if column.comment]
    silent = not work.move.features.comments
    if silent and (commented or work.table.comment):
        gap = work.gap("comments", ", ".join(commented) or "the table", "there are none")
        yield gap.omitted("the same rows are accepted and returned")
    columns = tuple(
        replace(
            column,
            hidden=column.name in names and home.hidden_data,
            comment="" if silent else column.comment,
        )
        for column in work.made.columns
    )
    comment = "" if silent else work.table.comment
    work.made = replace(work.made, columns=columns, comment=comment)
