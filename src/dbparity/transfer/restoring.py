"""Rows of an archive, put back into the tables that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.errors import ArchiveInvalid, RowsUnguarded, TargetUnfit
from dbparity.targets import version_tuple
from dbparity.transfer.archive import selections
from dbparity.transfer.order import ordered
from dbparity.wires import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Engine

    from dbparity.backends.base import Backend
    from dbparity.snapshots import Snapshot, Table
    from dbparity.transfer.archive import Archive
    from dbparity.wires import Selection


def restore(archive: Archive, backend: Backend, engine: Engine) -> None:
    """Have the tables of an archive hold its rows and no others, with triggers at rest.

    All of it is one transaction. Where DDL cannot be a part of one, triggers are dropped before it
    and made again behind it, whether it succeeded or not. ``engine`` is one of `Backend.writer`.

    Raises:
        ArchiveInvalid: it is of another product, or not whole; nothing has changed.
        TargetUnfit: tables or columns are missing; nothing has changed.
        RowsUnguarded: tables refer to each other where foreign keys cannot rest.
        CellsRefused, RowsRefused: the tables do not take the rows any more; nothing has changed.
    """
    with engine.connect() as connection:
        found = backend.snapshot(connection)
        url = engine.url.render_as_string(hide_password=True)
        fitting = [*_fitting(archive, found, url)]
        kept = {table.name: (selection, table) for selection, table in fitting}
        order = ordered([table for _, table in fitting])
        if order.circles and not backend.at_rest(connection).foreign_keys:
            raise RowsUnguarded(url, order.circles[0])
        triggers = backend.silence(connection, order.tables)
        made = [statement for each in triggers.make for statement in each]
        _run(connection, triggers.drop)
        try:
            for name in reversed(order.tables):
                _run(connection, [f"DELETE FROM {backend.quote(name)}"])
            for name in order.tables:
                fields = _written(*kept[name])
                backend.loader(connection).restore(name, fields, archive.batches(name))
        except BaseException:
            connection.rollback()
            if not backend.features(version_tuple(found.version)).transactional_ddl:
                _run(connection, made)
            raise
        _run(connection, made)
        backend.count_from(connection, archive.manifest.counters)
        connection.commit()


def _fitting(archive: Archive, found: Snapshot, url: str) -> Iterator[tuple[Selection, Table]]:
    """What is put back, and the table that it is put into."""
    own = archive.manifest.snapshot
    if own.backend != found.backend:
        said = f"it has rows of {own.backend}, and {url} is {found.backend}"
        raise ArchiveInvalid(str(archive.path), said, "migrate from the archive instead")
    reasons = []
    for selection in selections(own):
        table = found.table(selection.table)
        if table is None:
            reasons.append(f"it has no table {selection.table}")
            continue
        names = [field.column.name for field in selection.fields]
        lacking = [name for name in names if table.column(name) is None]
        reasons += [f"{table.name} has no column {name}" for name in lacking]
        yield selection, table
    if reasons:
        raise TargetUnfit(url, reasons)


def _written(selection: Selection, table: Table) -> list[Field]:
    """The columns as they are now, but for those that are generated."""
    wires = {field.column.name: field.wire for field in selection.fields}
    return [
        Field(column, wires[column.name])
        for column in table.columns
        if column.name in wires and column.computed is None
    ]


def _run(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.execution_options(no_parameters=True).exec_driver_sql(statement)
