"""Check constraints on the target, and what a table has that is not carried over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dbparity.schema.aspects.base import Side
from dbparity.schema.aspects.implications import is_typed
from dbparity.schema.terms import conjuncts
from dbparity.snapshots import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dbparity.schema.drafts import Remark
    from dbparity.schema.terms import Term
    from dbparity.transfer.moves import Work

_IDLE = frozenset({"NO ACTION", "RESTRICT"})


def checks(work: Work) -> Iterator[Remark]:
    """The checks that all products read alike, and that no type sees to."""
    for check in work.table.checks:
        gap = work.gap(f"check {check.name}", check.expression, _obstacle(work, check))
        term = work.read(check.expression)
        expression = work.condition(check.expression)
        if not check.enforced:
            yield gap.omitted("it is not enforced, and the same rows are accepted")
        elif _goes_without_saying(work, term):
            yield gap.omitted("the type of the column sees to it")
        elif expression is None or _stands_in_the_way(work, term):
            yield gap.refused("the target takes rows that the source refuses")
        else:
            _add(work, check, expression)


def _obstacle(work: Work, check: Check) -> str:
    return f"{work.move.title} has no such check" if check.enforced else "nobody keeps it"


def _goes_without_saying(work: Work, term: Term) -> bool:
    move = work.move
    columns = frozenset(column.name.lower() for column in work.made.columns)
    side = Side(work.made, move.features, "right", work.scope, columns)
    return all(is_typed(each, side) for each in conjuncts(term))


def _stands_in_the_way(work: Work, term: Term) -> bool:
    """Whether a foreign key may change what is checked, where that is not allowed."""
    if work.move.home.checks_beside_actions:
        return False
    acting = (
        key
        for key in work.made.foreign_keys
        if not _IDLE.issuperset({key.on_delete, key.on_update})
    )
    return any(name.lower() in term.columns for key in acting for name in key.columns)


def _add(work: Work, check: Check, expression: str) -> None:
    wanted = check.name or "_".join([work.table.name, *sorted(work.read(check.expression).columns)])
    ending = "" if check.name else "_check"
    name = work.move.names.fresh(wanted + ending, "check", work.table.name)
    work.made = replace(work.made, checks=(*work.made.checks, Check(name, expression)))


def left_behind(work: Work) -> Iterator[Remark]:
    """Triggers: what they do was done to the rows that are copied."""
    for trigger in work.table.triggers:
        said = f"{trigger.timing} {' OR '.join(trigger.events)}"
        gap = work.gap(f"trigger {trigger.name}", said, "each product has a language of its own")
        yield gap.delegated("create it on the target after the load")
