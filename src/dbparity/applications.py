"""Applications: the user's metadata, migrations and rows."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, MetaData

from dbparity.errors import ApplicationError

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

RowFactory = Callable[[int], Mapping[str, object]]
Configure = Callable[[Engine], None]
Prepare = Callable[[Engine], Callable[[], object]]
Seed = Callable[[Connection], object]


@dataclass(frozen=True, eq=False)
class Application:
    """An application under check.

    Attributes:
        name: how it was named, such as ``shop.models:Base.metadata``.
        metadata: its tables.
        alembic: the path of its alembic.ini, if it has migrations.
        factories: by table name, a function of a row's number (from 0) that returns the values
            which dbparity's own row cannot have.
        configure: called with every engine that dbparity makes, to attach what the application
            attaches to its own engines.
        irreversible: the revisions that are not meant to be rolled back.
        alembic_x: arguments of Alembic's ``-x`` by which env.py is told its database; ``{url}``
            stands for the URL.
        alembic_environment: environment variables, likewise.
        workloads: by name, what it does: functions of an engine on a database with rows, that
            return the operation to be repeated.
        seed: inserts the rows that workloads run on, through a connection.
        requirements: by a workload's name, pattern of it, or kind, what it must reach:
            milliseconds by quantile, such as ``p95``.
    """

    name: str
    metadata: MetaData
    alembic: Path | None = None
    factories: Mapping[str, RowFactory] = field(default_factory=dict)
    configure: Configure | None = None
    irreversible: tuple[str, ...] = ()
    alembic_x: tuple[str, ...] = ()
    alembic_environment: Mapping[str, str] = field(default_factory=dict)
    workloads: Mapping[str, Prepare] = field(default_factory=dict)
    seed: Seed | None = None
    requirements: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def load_application(  # noqa: PLR0913  # each is a setting of its own
    metadata: str,
    *,
    pythonpath: Sequence[Path] = (),
    alembic: Path | None = None,
    factory: str = "",
    configure: str = "",
    workloads: str = "",
    seed: str = "",
) -> Application:
    """Import an application.

    Args:
        metadata: ``package.module:attribute`` of its `MetaData`; the attribute may be dotted.
        pythonpath: folders to import from, before those of the interpreter.
        alembic: the path of its alembic.ini.
        factory: ``package.module:attribute`` of a mapping of table names to row factories.
        configure: ``package.module:attribute`` of a function that takes an `Engine`.
        workloads: ``package.module:attribute`` of a mapping of names to workloads.
        seed: ``package.module:attribute`` of a function that takes a `Connection`.

    Raises:
        ApplicationError: one of them is not there, or is something else.
    """
    for folder in reversed([str(path) for path in pythonpath]):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    found = _load(metadata, MetaData, "a MetaData", "Base.metadata")
    if not found.tables:
        cure = "import the modules that define its tables where it is defined"
        raise ApplicationError(metadata, "the MetaData has no tables", cure)
    if alembic is not None and not alembic.is_file():
        cure = "give the path of the application's alembic.ini"
        raise ApplicationError(str(alembic), "no such file", cure)
    factories = _load(factory, Mapping, "a mapping of table names", "factories") if factory else {}
    _know_tables(factory, factories, found)
    hook = _load(configure, Callable, "a function", "configure") if configure else None
    doing = _load(workloads, Mapping, "a mapping of names", "workloads") if workloads else {}
    for name, prepare in doing.items():
        if not callable(prepare):
            cure = "write a function of an engine that returns the operation"
            raise ApplicationError(workloads, f"{name!r} is no function", cure)
    sow = _load(seed, Callable, "a function", "seed") if seed else None
    return Application(metadata, found, alembic, factories, hook, workloads=dict(doing), seed=sow)


def load_function(path: str, example: str) -> Callable[..., Any]:
    """Import a function of the application by its ``package.module:attribute``.

    Raises:
        ApplicationError: it is not there, or is something else.
    """
    found: Callable[..., Any] = _load(path, Callable, "a function", example)
    return found


def _load(path: str, kind: Any, description: str, example: str) -> Any:  # noqa: ANN401
    module_name, _, attributes = path.partition(":")
    cure = f"write package.module:attribute, such as shop.models:{example}"
    if not module_name or not attributes:
        raise ApplicationError(path, "not of the form package.module:attribute", cure)
    value: Any = _import(path, module_name)
    for attribute in attributes.split("."):
        if not hasattr(value, attribute):
            raise ApplicationError(path, f"{value!r} has no attribute {attribute!r}", cure)
        value = getattr(value, attribute)
    if not isinstance(value, kind):
        reason = f"it is of type {type(value).__name__}, not {description}"
        raise ApplicationError(path, reason, cure)
    return value


def _import(path: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as cause:  # the module is the user's: it may raise anything
        reason = f"module {name!r} cannot be imported ({type(cause).__name__}: {cause})"
        cure = "install the application here, or name its folder in [tool.dbparity] pythonpath"
        raise ApplicationError(path, reason, cure) from cause


def _know_tables(path: str, factories: Mapping[str, RowFactory], metadata: MetaData) -> None:
    unknown = sorted(set(factories) - set(metadata.tables))
    if unknown:
        cure = f"the tables are: {', '.join(sorted(metadata.tables))}"
        raise ApplicationError(path, f"no such table: {', '.join(unknown)}", cure)
