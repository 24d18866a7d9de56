"""Rows of a SQL database as keyed records, on any backend that has an asynchronous driver."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import MetaData, NullPool, Table, and_, insert, inspect, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchTableError
from sqlalchemy.ext.asyncio import create_async_engine

from dbparity.backends.base import load_backend, url_for
from dbparity.errors import DriverMissing, RecordsUnusable, StoreInvalid, StoreUnreachable
from dbparity.stores.base import PAGE, Greeting, Key, Record, Records, Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence

    from sqlalchemy import URL, Column, ColumnElement, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from dbparity.backends.base import Backend, Driver

_AT_ONCE = 5_000  # keys in one statement
_READ: dict[type, Callable[[str], object]] = {int: int, UUID: UUID}


class SqlStore(Store):
    """The tables of one database."""

    extra: ClassVar[str] = "all"
    ordered: ClassVar[bool] = True
    expires: ClassVar[bool] = False

    def __init__(self, url: str, metadata: MetaData | None = None) -> None:
        """Be the database at ``url``; tables of ``metadata`` need not be reflected.

        Raises:
            StoreInvalid: the URL cannot be read, or no driver is asynchronous.
            DriverMissing: the driver's package is not installed.
        """
        super().__init__(url)
        self._url, self._backend = _read(url)
        self._known = metadata if metadata is not None else MetaData()
        self._tables: dict[str, Table] = {}
        driver = _asynchronous(self._url, self._backend)
        where = url_for(self._url, self._backend, driver, self._url.database or "")
        arguments = self._backend.connect_arguments(driver)
        # Parameters may be somebody's secrets; errors show them otherwise.
        self._engine = create_async_engine(
            where, hide_parameters=True, connect_args=arguments, pool_size=2, max_overflow=2
        )
        self._alone = create_async_engine(where, poolclass=NullPool, connect_args=arguments)
        for engine in (self._engine, self._alone):
            self._backend.prepare(engine.sync_engine)

    @property
    def address(self) -> str:
        """The URL without its password."""
        return self._url.render_as_string(hide_password=True)

    async def greet(self) -> Greeting:
        """Ask for the version and the part that the server plays."""
        async with self._connected(self._alone) as connection:
            return await connection.run_sync(self._greeting)

    async def check(self, records: Records) -> None:
        """Raise `RecordsUnusable` unless there is such a table with such columns."""
        async with self._connected(self._engine) as connection:
            table = await self._table(connection, records)
        self._key(table, records)
        for name in records.fields:
            self._column(table, name)

    async def scan(self, records: Records, size: int = PAGE) -> AsyncIterator[Sequence[Record]]:
        """Pages in the order of the key, each a statement of its own, so no transaction stays."""
        async with self._connected(self._engine) as connection:
            table = await self._table(connection, records)
        key = self._key(table, records)
        named = self._select(table, key, records).where(key.is_not(None))
        wanted = named.order_by(key).limit(size)
        last: object = None
        while True:
            page = wanted if last is None else wanted.where(key > last)
            async with self._connected(self._engine) as connection:
                rows = (await connection.execute(page)).all()
            if rows:
                yield [Record(_spelled(row[0]), tuple(row[1:])) for row in rows]
                last = rows[-1][0]
            if len(rows) < size:
                return

    async def fetch(self, records: Records, keys: Collection[Key]) -> dict[Key, Record]:
        """Those rows."""
        async with self._connected(self._engine) as connection:
            table = await self._table(connection, records)
            key = self._key(table, records)
            bound = [value for value in (_bound(key, each) for each in keys) if value is not None]
            wanted = self._select(table, key, records).where(self._backend.among(key, "keys"))
            found = {}
            for start in range(0, len(bound), _AT_ONCE):
                some = {"keys": bound[start : start + _AT_ONCE]}
                for row in (await connection.execute(wanted, some)).all():
                    spelled = _spelled(row[0])
                    found[spelled] = Record(spelled, tuple(row[1:]))
        return found

    async def write(self, records: Records, new: Sequence[Record]) -> None:
        """Update the rows, or insert those that are not there, in one transaction."""
        async with self._connected(self._engine) as connection:
            table = await self._table(connection, records)
            key = self._key(table, records)
            for record in new:
                values = dict(zip(records.fields, record.values, strict=True))
                bound = _bound(key, record.key)
                changed = await connection.execute(update(table).where(key == bound).values(values))
                if not changed.rowcount:
                    await connection.execute(insert(table).values({**values, key.name: bound}))
            await connection.commit()

    async def delete(self, records: Records, old: Sequence[Record]) -> int:
        """Delete each row whose fields are as they were read."""
        count = 0
        async with self._connected(self._engine) as connection:
            table = await self._table(connection, records)
            key = self._key(table, records)
            for record in old:
                same = [
                    self._column(table, name).is_not_distinct_from(value)
                    for name, value in zip(records.fields, record.values, strict=True)
                ]
                statement = table.delete().where(and_(key == _bound(key, record.key), *same))
                count += (await connection.execute(statement)).rowcount
            await connection.commit()
        return count

    async def foreign_keys(self) -> list[tuple[str, str, str, str, bool]]:
        """Those of one column: table and column, those referred to, and whether NULL may be."""
        async with self._connected(self._engine) as connection:
            return sorted(await connection.run_sync(lambda sync: list(_foreign_keys(sync))))

    async def close(self) -> None:
        """Dispose of the engines."""
        await self._engine.dispose()
        await self._alone.dispose()

    def _greeting(self, connection: Connection) -> Greeting:
        backend = self._backend.behind(connection)
        part = backend.part(connection)
        return Greeting(
            backend.server_version(connection), part.read_only, part.role, part.lag, part.facts
        )

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection, whose failures name the store."""
        self._check_file()
        with self._told():
            connection = await engine.connect()
        try:
            with self._told():
                yield connection
        finally:
            await connection.close()

    def _check_file(self) -> None:
        """A file that is asked for must not be made by asking."""
        if self._backend.service is None and not Path(self._url.database or "").is_file():
            cure = "correct the path; a fourth slash begins an absolute one"
            raise StoreUnreachable(self.address, "no such file", cure)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, OSError) as error:
            cause = getattr(error, "orig", None) or error
            cure = "check that it runs, and what this login may do"
            raise StoreUnreachable(self.address, cause, cure) from error

    async def _table(self, connection: AsyncConnection, records: Records) -> Table:
        if records.name not in self._tables:
            self._tables[records.name] = await connection.run_sync(self._reflected, records.name)
        return self._tables[records.name]

    def _reflected(self, connection: Connection, name: str) -> Table:
        if name in self._known.tables:
            return self._known.tables[name]
        try:
            return Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
        except NoSuchTableError:
            known = ", ".join(sorted(inspect(connection).get_table_names())) or "none"
            cure = f"name one of its tables: {known}"
            raise RecordsUnusable(self.address, name, "there is no such table", cure) from None

    def _key(self, table: Table, records: Records) -> Column[Any]:
        if records.key:
            return self._column(table, records.key)
        keys = list(table.primary_key.columns)
        if len(keys) != 1:
            reason = "its primary key has several columns" if keys else "it has no primary key"
            cure = "name one column that is unique as key"
            raise RecordsUnusable(self.address, table.name, reason, cure)
        return keys[0]

    def _column(self, table: Table, name: str) -> Column[Any]:
        if name not in table.columns:
            cure = f"name one of its columns: {', '.join(table.columns.keys())}"
            where = f"{table.name}.{name}"
            raise RecordsUnusable(self.address, where, "there is no such column", cure)
        return table.columns[name]

    def _select(self, table: Table, key: ColumnElement[Any], records: Records) -> Any:  # noqa: ANN401  # a Select of whatever is asked for
        return select(key, *(self._column(table, name) for name in records.fields))


def _foreign_keys(connection: Connection) -> Iterator[tuple[str, str, str, str, bool]]:
    inspector = inspect(connection)
    columns = inspector.get_multi_columns()
    for (schema, table), keys in inspector.get_multi_foreign_keys().items():
        nullable = {each["name"]: each["nullable"] for each in columns[schema, table]}
        for key in keys:
            ours, theirs = key["constrained_columns"], key["referred_columns"]
            if len(ours) == 1:
                yield table, ours[0], key["referred_table"], theirs[0], nullable[ours[0]]


def _read(text: str) -> tuple[URL, Backend]:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Its text would show the password.
        cure = "write backend://user:password@host:port/database, or sqlite:///file.db"
        raise StoreInvalid(text.partition(":")[0], "the URL cannot be read", cure) from None
    return url, load_backend(url.get_backend_name())


def _asynchronous(url: URL, backend: Backend) -> Driver:
    """The driver that the URL names, or the first that is there, if it is asynchronous."""
    named = url.drivername.partition("+")[2]
    able = [driver for driver in backend.drivers if driver.is_async]
    chosen = [driver for driver in able if driver.name == named] or [
        *(driver for driver in able if driver.installed),
        *able,
    ]
    if not chosen:
        cure = "stores are read by asynchronous drivers"
        raise StoreInvalid(url.drivername, f"{backend.title} has none", cure)
    if not chosen[0].installed:
        raise DriverMissing(backend.name, chosen[0].module, chosen[0].extra)
    return chosen[0]


def _spelled(value: object) -> Key:
    return value if isinstance(value, int | str) else str(value)


def _bound(column: Column[Any], key: Key) -> object | None:
    """The key as the column takes it; None for one that it can never hold."""
    read = _READ.get(column.type.python_type, str)
    try:
        return read(str(key))
    except ValueError:
        return None
