"""A MetaData's DDL for any backend, with what it cannot express said, emulated or refused."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from sqlalchemy import Constraint, Index, Table
from sqlalchemy.exc import CompileError, SAWarning, SQLAlchemyError
from sqlalchemy.schema import CreateIndex

from dbparity.errors import SchemaRefused
from dbparity.results import Place
from dbparity.schema.drafts import Draft, Gap, Handling, Remark, called, drafted
from dbparity.schema.rules import RULES, sequences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import MetaData
    from sqlalchemy.schema import ExecutableDDLElement

    from dbparity.backends.base import Backend


@dataclass(frozen=True)
class Ddl:
    """What makes a model's tables on a backend.

    Attributes:
        title: the backend's.
        statements: in their order; foreign keys in a circle come last.
        remarks: what the backend cannot express as the model says it.
    """

    title: str
    statements: tuple[str, ...]
    remarks: tuple[Remark, ...] = ()

    @property
    def refused(self) -> tuple[Remark, ...]:
        """Promises that the statements do not keep."""
        return tuple(remark for remark in self.remarks if remark.handling is Handling.REFUSED)

    @property
    def script(self) -> str:
        """The statements, each ended by a semicolon, for a file or a database's own shell."""
        return "".join(f"{statement.rstrip(';')};\n\n" for statement in self.statements)


def ddl(metadata: MetaData, backend: Backend, version: tuple[int, ...]) -> Ddl:
    """The DDL of ``metadata`` for ``backend`` of ``version``; neither is changed or connected to.

    Remarks that are refused say where the statements are not what the model says: whoever runs
    them anyway gets the nearest thing.

    Raises:
        SchemaRefused: the model contradicts itself, whatever the backend.
    """
    draft = drafted(metadata, backend, version)
    remarks = [
        remark
        for table in sorted(draft.metadata.tables.values(), key=lambda table: table.key)
        for rule in RULES
        for remark in rule(draft, table)
    ]
    compiled = _Compiled(draft)
    try:
        draft.metadata.create_all(draft.connection(compiled.add), checkfirst=False)
    except SQLAlchemyError as error:
        cure = "let every foreign key lead to a column of this MetaData"
        raise SchemaRefused(backend.title, "the schema", error, cure) from error
    beside = (*sequences(draft), *_enforcement(draft))
    return Ddl(backend.title, compiled.statements, (*remarks, *compiled.remarks, *beside))


class _Compiled:
    """Statements in the order of `MetaData.create_all`, and what could not be compiled."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._statements: list[tuple[bool, str]] = []
        self.remarks: list[Remark] = []

    def add(self, element: ExecutableDDLElement, *_: object) -> None:
        """Compile a statement."""
        place, subject = _about(element)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", SAWarning)
            try:
                statement = str(element.compile(dialect=self._draft.dialect)).strip()
                self._statements.append((isinstance(element, CreateIndex), statement))
            except CompileError as error:
                gap = Gap(place, subject, "a part of the model", str(error))
                cure = "give it a variant that this backend has: with_variant, or ddl_if"
                self.remarks.append(gap.refused(cure))
        for warning in caught:
            gap = Gap(place, subject, "a part of the model", str(warning.message))
            self.remarks.append(gap.emulated("as SQLAlchemy warns"))

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements; indexes, which a table has as a set, by their names."""
        groups = groupby(self._statements, itemgetter(0))
        ordered = (sorted(group) if are_indexes else group for are_indexes, group in groups)
        return tuple(statement for group in ordered for _, statement in group)


def _about(element: ExecutableDDLElement) -> tuple[Place, str]:
    item = getattr(element, "element", None)
    if isinstance(item, Table):
        return Place(item.key), "table"
    if isinstance(item, Index | Constraint):
        return Place(str(item.table)), called(item)
    return Place(), type(element).__name__


def _enforcement(draft: Draft) -> Iterator[Remark]:
    """Foreign keys that are enforced if each connection asks for it."""
    has_keys = any(table.foreign_key_constraints for table in draft.metadata.tables.values())
    if has_keys and draft.backend.enforces_by:
        obstacle = f"{draft.title} ignores them by default"
        gap = Gap(Place(), "foreign keys", "enforced", obstacle)
        yield gap.delegated(f"each connection executes {draft.backend.enforces_by}")
