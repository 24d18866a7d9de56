"""A draft: a copy of the model that is bent until a backend can express it, and what is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, TypeDecorator
from sqlalchemy.engine.mock import MockConnection
from sqlalchemy.schema import CreateIndex

from dbparity.models import copied
from dbparity.results import Place  # noqa: TC001  # msgspec asks for it, to write a remark

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ClauseElement, Column, Constraint, Dialect, Index, Table
    from sqlalchemy.types import TypeEngine

    from dbparity.backends.base import Backend, Features

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


class Handling(StrEnum):
    """What becomes of a promise of the model that a backend has no words for."""

    EMULATED = "emulated"  # by other means, with the same rows accepted and returned
    OMITTED = "left out"  # with the same rows accepted and returned
    DELEGATED = "left to the application"
    REFUSED = "refused"  # the DDL comes near, but accepts or returns other rows


@dataclass(frozen=True)
class Remark:
    """One promise of the model that the DDL of a backend does not keep in the model's words.

    Attributes:
        handling: what became of it.
        place: the table, and the column where it is one column's.
        subject: the object, such as ``index ux_active``.
        promise: what the model says.
        obstacle: what the backend cannot.
        answer: how it was emulated, what leaving it out means, or the cure of a refusal.
    """

    handling: Handling
    place: Place
    subject: str
    promise: str
    obstacle: str
    answer: str

    def __str__(self) -> str:
        """Spell all of it in one line."""
        where = f"{self.place}: " if self.place.table else ""
        said = f"{self.promise}; {self.obstacle}; {self.handling}: {self.answer}"
        return f"{where}{self.subject}: {said}"


@dataclass(frozen=True)
class Gap:
    """A promise of the model, and why the backend cannot keep it as it is said."""

    place: Place
    subject: str
    promise: str
    obstacle: str

    def emulated(self, how: str) -> Remark:
        """It is kept by other means."""
        return self._remark(Handling.EMULATED, how)

    def omitted(self, why: str) -> Remark:
        """It is left out, and no row depends on it."""
        return self._remark(Handling.OMITTED, why)

    def delegated(self, what: str) -> Remark:
        """The application has to do something for it."""
        return self._remark(Handling.DELEGATED, what)

    def refused(self, cure: str) -> Remark:
        """It is not kept."""
        return self._remark(Handling.REFUSED, cure)

    def _remark(self, handling: Handling, answer: str) -> Remark:
        return Remark(handling, self.place, self.subject, self.promise, self.obstacle, answer)


@dataclass(frozen=True, eq=False)
class Draft:
    """A copy of a MetaData, the backend that it is for, and the backend's version."""

    metadata: MetaData
    backend: Backend
    version: tuple[int, ...]

    @cached_property
    def dialect(self) -> Dialect:
        """The backend's dialect, not connected."""
        return self.backend.dialect(self.version)

    @cached_property
    def features(self) -> Features:
        """What the backend can do."""
        return self.backend.features(self.version)

    @property
    def title(self) -> str:
        """What the backend is called in a remark."""
        return self.backend.title

    def connection(self, execute: Callable[..., None]) -> MockConnection:
        """A connection to nowhere, whose statements go to ``execute``."""
        return MockConnection(self.dialect, execute)

    def spelled(self, element: ClauseElement) -> str:
        """``element`` as the backend's DDL spells it."""
        options = {"literal_binds": True, "include_table": False}
        return str(element.compile(dialect=self.dialect, compile_kwargs=options))

    def type_of(self, column: Column[Any]) -> TypeEngine[Any]:
        """The type that the column has on this backend."""
        kind = column.type.dialect_impl(self.dialect)
        return kind.impl_instance if isinstance(kind, TypeDecorator) else kind

    def parts(self, table: Table) -> list[Constraint | Index]:
        """The constraints and indexes that the table has on this backend."""
        return [*self.indexes(table), *self.constraints(table)]

    def indexes(self, table: Table) -> list[Index]:
        """The indexes that the table has on this backend, by name."""
        nowhere = self.connection(lambda *_: None)
        created = (
            index
            for index in table.indexes
            # Whether ddl_if keeps it away.
            if CreateIndex(index)._should_execute(index, nowhere)  # type: ignore[no-untyped-call]  # noqa: SLF001
        )
        return sorted(created, key=lambda index: str(index.name))

    def constraints(self, table: Table) -> list[Constraint]:
        """The constraints that the table has on this backend, in the order of the model."""
        # Whether ddl_if, or a type that needs no check here, keeps it away.
        compiler = self.dialect.ddl_compiler(self.dialect, None)  # type: ignore[arg-type]
        return [
            constraint
            for constraint in table._sorted_constraints  # noqa: SLF001
            if constraint._should_create_for_compiler(compiler)  # noqa: SLF001
        ]


def drafted(metadata: MetaData, backend: Backend, version: tuple[int, ...]) -> Draft:
    """A copy of ``metadata`` that can be changed."""
    return Draft(copied(metadata), backend, version)


def called(item: Constraint | Index) -> str:
    """Such as ``foreign key fk_child_parent``, or by its columns where it has no name."""
    words = _CAPITAL.sub(" ", type(item).__name__).lower().replace("key constraint", "key")
    columns = ", ".join(column.name for column in getattr(item, "columns", ()))
    over = columns or getattr(item, "sqltext", "")
    return f"{words} {item.name or f'({over})'}"
