"""The contract that every backend keeps.

    class TestDuckDB(BackendContract):
        target = "duckdb"

All that a backend claims is tried on a live server. A claim that does not hold fails, and so
does an ability that is not claimed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

import pytest
from sqlalchemy import (
    URL,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    NullPool,
    String,
    Table,
    column,
    literal_column,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex

from dbparity.backends.attempts import impatient, made, perform, refused, table_of
from dbparity.backends.base import Refusal, load_backend
from dbparity.backends.probes import PROBES
from dbparity.servers.administration import InFolder, OnServer
from dbparity.servers.database import configure
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import run_of, runs
from dbparity.targets import version_tuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine, Executable

    from dbparity import snapshots
    from dbparity.servers.administration import Administration
    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot

T = TypeVar("T")

_RULES = MetaData()
_PARENT = Table(
    "parent",
    _RULES,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", String(3), nullable=False, unique=True),
    Column("amount", Integer),
    CheckConstraint(column("amount") > 0, name="positive"),
)
_CHILD = table_of(
    Column("parent", Integer, ForeignKey("parent.id", ondelete="RESTRICT")),
    name="child",
    metadata=_RULES,
)
_ROW = {"id": 1, "name": "abc"}
_VIOLATIONS: dict[Refusal, tuple[Executable, ...]] = {
    Refusal.UNIQUE: (
        _PARENT.insert().values(id=1, name="abd"),
        _PARENT.insert().values(id=2, name="abc"),
    ),
    Refusal.FOREIGN_KEY: (_CHILD.insert().values(id=2, parent=2), _PARENT.delete()),
    Refusal.NOT_NULL: (_PARENT.insert().values(id=2, name=None), _PARENT.insert().values(id=2)),
    Refusal.CHECK: (_PARENT.insert().values(id=2, name="abd", amount=0),),
    Refusal.TOO_LONG: (_PARENT.insert().values(id=2, name="abcd"),),
    # As a literal, since some drivers refuse to send it.
    Refusal.OUT_OF_RANGE: (
        _PARENT.insert().values(id=2, name="abd", amount=literal_column(str(2**31))),
    ),
}

_NUMBERS = MetaData()
_NUMBERED = Table("numbered", _NUMBERS, Column("id", Integer, primary_key=True))
_REFERRING = Table(
    "referring",
    _NUMBERS,
    Column("id", Integer, primary_key=True),
    Column("numbered", Integer, ForeignKey("numbered.id")),
)

_ROWS = "an insert"
_CHANGES = (
    "ALTER TABLE changing ADD COLUMN w INTEGER",
    "ALTER TABLE changing ALTER COLUMN w SET DEFAULT 1",
    "CREATE VIEW changed AS SELECT id FROM changing",
    "DROP VIEW changed",
    "ALTER TABLE changing DROP COLUMN w",
)


class BackendContract:
    """Subclass it, and name the `target` that the backend is tried on.

    Attributes:
        target: such as ``duckdb`` or ``oracle+oracledb@23``. Without a driver, the backend's
            first is taken: have a class for each, or override the fixture `database`.
    """

    target: ClassVar[str]

    @pytest.fixture(scope="class")
    @classmethod
    def environment(cls) -> Iterator[DatabaseTestEnvironment]:
        """The server; override it to say where it comes from."""
        with DatabaseTestEnvironment([cls.target]) as environment:
            yield environment

    @pytest.fixture
    def database(self, environment: DatabaseTestEnvironment) -> Iterator[Database]:
        """An empty database, dropped after the test."""
        target, *_ = environment.targets or environment.missing
        with environment.lease(target) as database:
            yield database

    @pytest.mark.parametrize("feature", PROBES)
    def test_feature_is_as_claimed(self, feature: str, database: Database) -> None:
        """Every field of `Features` says what the live server does."""
        able = database.run(lambda database: PROBES[feature](database.engine, database.backend))
        claimed = getattr(database.features, feature)
        claim, fact = ("claimed", "cannot") if claimed else ("denied", "can")
        _require(
            able == claimed,
            f"{_name(database)}: {feature} is {claim}, but the server {fact} do it; "
            f"let {type(database.backend).__name__}.features() say {feature}={able} "
            "for this version",
        )

    def test_backend_is_found_by_its_name(self, database: Database) -> None:
        """Its entry point and SQLAlchemy's dialect have the backend's name."""
        backend = database.backend
        _require(
            type(load_backend(backend.name)) is type(backend),
            f"the entry point {backend.name!r} of dbparity.backends is not {type(backend)}",
        )
        _require(
            database.engine.dialect.name == backend.name,
            f"SQLAlchemy calls it {database.engine.dialect.name!r}, dbparity {backend.name!r}",
        )

    def test_drivers_are_known_to_sqlalchemy(self, database: Database) -> None:
        """Every driver has a dialect, which is asynchronous if the driver is."""
        for driver in database.backend.drivers:
            dialect = URL.create(f"{database.backend.name}+{driver.name}").get_dialect()
            _require(
                dialect.is_async == driver.is_async,
                f"driver {driver.name!r}: is_async is not {dialect.is_async}",
            )

    def test_server_version_begins_with_numbers(self, database: Database) -> None:
        """`Backend.server_version` can be compared."""
        version = database.run(_with_connection(database.backend.server_version))
        _require(version_tuple(version), f"server_version() says {version!r}")

    @pytest.mark.parametrize("reason", _VIOLATIONS)
    def test_refusal_has_its_reason(self, reason: Refusal, database: Database) -> None:
        """`Backend.refusal` names the rule that a statement broke, where it is enforced."""
        told = database.run(lambda database: _refusals(database, _VIOLATIONS[reason]))
        _skip_unless(told, f"{database.backend.title} refuses nothing as {reason}")
        for words, found in told.items():
            _require(found is reason, f"refusal() says {found}, not {reason}, for: {words}")

    def test_conflict_is_told_from_other_refusals(self, database: Database) -> None:
        """`Backend.refusal` tells a locked row: what to do is to try again."""
        words, found = database.run(_conflict)
        _require(found is Refusal.CONFLICT, f"refusal() says {found}, not conflict, for: {words}")

    def test_plan_has_the_servers_words(self, database: Database) -> None:
        """`Backend.explain` answers, for a person to read."""

        def explain(database: Database) -> str:
            with made(database.engine, _PARENT), database.engine.connect() as connection:
                return database.backend.explain(connection, select(_PARENT)).text

        _require(database.run(explain), "explain() has no text")

    def test_snapshot_tells_tables_columns_and_keys(self, database: Database) -> None:
        """`Backend.catalogue` reads what was made, the second time as the first."""

        def read(database: Database) -> list[Snapshot]:
            with made(database.engine, _PARENT), database.engine.connect() as connection:
                return [database.backend.snapshot(connection) for _ in range(2)]

        first, second = database.run(read)
        _require(first == second, "snapshot() differs from one call to the next")
        keys = [(("parent",), "parent", ("id",))] if database.features.enforces_foreign_keys else []
        expected = [
            ("child", (("id", "integer"), ("parent", "integer")), ("id",), [], keys),
            (
                "parent",
                (("id", "integer"), ("name", "text"), ("amount", "integer")),
                ("id",),
                [("name",)],
                [],
            ),
        ]
        told = [_told(table) for table in first.tables]
        _require(told == expected, f"snapshot() tells {told}, not {expected}")

    def test_settings_are_volatile(self, database: Database) -> None:
        """A server that dbparity starts does not wait for a disk."""
        _skip_unless(_started(database), "dbparity did not start the server: it is somebody's own")
        settings = database.run(_with_connection(database.backend.volatile))
        for name, (wanted, actual) in settings.items():
            _require(actual == wanted, f"{name} is {actual!r}, and {wanted!r} in volatile()")

    def test_database_is_made_listed_and_dropped(self, database: Database) -> None:
        """Another database can be made, used, found and dropped."""
        administration, name = _neighbour(database)
        administration.create(name)
        try:
            _work(database, administration, name, _RULES.create_all)
            _require(name in administration.names(), "databases() lacks one that was made")
        finally:
            administration.drop(name)
        _require(name not in administration.names(), "databases() has one that was dropped")

    def test_database_is_dropped_under_a_connection(self, database: Database) -> None:
        """`Backend.drop_database` does not wait for a transaction that somebody left open."""
        _skip_unless(database.backend.service, "a database is a file")
        administration, name = _neighbour(database)
        administration.create(name)
        bridge = database.bridge
        engine = bridge.engine(administration.url(bridge.driver, name), poolclass=NullPool)
        connection = bridge.run(engine.connect)
        bridge.run(_RULES.create_all, connection)
        bridge.run(connection.execute, _PARENT.insert().values(_ROW))
        try:
            administration.drop(name)
        finally:
            bridge.run(connection.invalidate)
            bridge.run(connection.close)
        _require(name not in administration.names(), "databases() has one that was dropped")

    def test_template_is_cloned_in_every_way(self, database: Database) -> None:
        """Each of `Backend.clones` gives a database with the rows of the sealed one."""
        _skip_unless(database.backend.clones, f"{database.backend.title} clones nothing")
        administration, template = _neighbour(database)
        administration.create(template)
        try:
            _work(database, administration, template, _fill)
            administration.seal(template)
            for way in database.backend.clones:
                rows = _cloned_rows(database, administration, template, way)
                _require(rows == [tuple(_ROW.values())], f"{way}: the clone has {rows}")
        finally:
            administration.drop(template)

    def test_template_lets_nobody_in(self, database: Database) -> None:
        """`Backend.seal` keeps a template from being changed, or held open, by a test."""
        backend = database.backend
        _skip_unless(backend.service and backend.clones, "templates are not on a server")
        administration, template = _neighbour(database)
        administration.create(template)
        try:
            administration.seal(template)
            with pytest.raises(DBAPIError):
                _work(database, administration, template, _fill)
        finally:
            administration.drop(template)

    def test_clear_empties_tables_and_restarts_their_numbers(self, database: Database) -> None:
        """After `Backend.clear` a row is numbered 1, and constraints hold."""
        _skip_unless(database.backend.clears, f"{database.backend.title} does not clear")
        numbers, orphan = database.run(_clear)
        _require(numbers == [1], f"clear() leaves the numbers {numbers} after one insert")
        _require(orphan is not None, "clear() leaves foreign keys switched off")

    def test_fingerprint_changes_with_the_schema_alone(self, database: Database) -> None:
        """`Backend.fingerprint` tells every change of the schema, and no change of rows."""
        _skip_unless(database.backend.clears, f"{database.backend.title} does not clear")
        for change, before, after in database.run(_fingerprints):
            rows = change == _ROWS
            _require((before == after) is rows, f"fingerprint() after {change}: {before}, {after}")


def _require(holds: object, message: str) -> None:
    if not holds:
        pytest.fail(message, pytrace=False)


def _skip_unless(able: object, reason: str) -> None:
    if not able:
        pytest.skip(reason)


def _started(database: Database) -> bool:
    """Whether dbparity started the server: which others it uses is on record."""
    run = runs().get(run_of(database.url.database or "") or "")
    attached = map(make_url, run.attached if run else ())
    return _address(database.url) not in map(_address, attached)


def _address(url: URL) -> tuple[object, ...]:
    return url.host, url.port, url.query


def _name(database: Database) -> str:
    return f"{database.backend.title} {'.'.join(map(str, database.version))}"


def _told(table: snapshots.Table) -> tuple[object, ...]:
    """Names, families of types, the primary key, what is unique, and foreign keys."""
    made_unique = [
        tuple(part.column for part in index.parts) for index in table.indexes if index.unique
    ]
    return (
        table.name,
        tuple((column.name, str(column.type.family)) for column in table.columns),
        table.primary_key and table.primary_key.columns,
        [key.columns for key in table.uniques] + made_unique,
        [(key.columns, key.table, key.referred) for key in table.foreign_keys],
    )


def _with_connection(work: Callable[[Connection], T]) -> Callable[[Database], T]:
    def connected(database: Database) -> T:
        with database.engine.connect() as connection:
            return work(connection)

    return connected


def _refusals(database: Database, statements: tuple[Executable, ...]) -> dict[str, Refusal]:
    """What the backend says of each statement that is refused, by the server's words."""
    engine, told = database.engine, {}
    with made(engine, _PARENT, _ROW):
        perform(engine, _CHILD.insert().values(id=1, parent=1))
        for statement in statements:
            error = refused(perform, engine, statement)
            if isinstance(error, DBAPIError):
                told[str(error)] = database.backend.refusal(error)
    return told


def _conflict(database: Database) -> tuple[str, Refusal | None]:
    engine, backend = database.engine, database.backend
    update = _PARENT.update().values(amount=1)
    with (
        made(engine, _PARENT, _ROW),
        impatient(engine, backend) as first,
        impatient(engine, backend) as second,
    ):
        first.execute(update)
        error = refused(second.execute, update)
        return str(error), backend.refusal(error) if isinstance(error, DBAPIError) else None


def _neighbour(database: Database) -> tuple[Administration, str]:
    """Who makes databases beside ``database``, and a name as the run's other databases have."""
    backend, url, bridge = database.backend, database.url, database.bridge
    if backend.service is not None:
        return OnServer(backend, url, bridge), f"{url.database}000001"
    path = Path(url.database or "")
    return InFolder(backend, url.set(database=str(path.parent)), bridge), f"{path.stem}000001"


def _work(
    database: Database, administration: Administration, name: str, work: Callable[[Engine], T]
) -> T:
    bridge = database.bridge
    engine = bridge.engine(administration.url(bridge.driver, name), poolclass=NullPool)
    configure(engine, database.backend, None)
    return bridge.run(work, engine)


def _fill(engine: Engine) -> None:
    _RULES.create_all(engine)
    perform(engine, _PARENT.insert().values(_ROW))


def _cloned_rows(
    database: Database, administration: Administration, template: str, way: str
) -> list[tuple[object, ...]]:
    name = f"{template}1"
    administration.clone(template, name, way)

    def read(engine: Engine) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(_PARENT.c.id, _PARENT.c.name))]

    try:
        return _work(database, administration, name, read)
    finally:
        administration.drop(name)


def _clear(database: Database) -> tuple[list[int], Exception | None]:
    """The numbers of rows after clearing and one insert, and the refusal of an orphan."""
    engine = database.engine
    with made(engine, _NUMBERED, {"id": 7}):
        perform(engine, _NUMBERED.insert(), _NUMBERED.insert(), _REFERRING.insert())
        perform(engine, _REFERRING.insert().values(numbered=7))
        with engine.begin() as connection:
            database.backend.clear(connection, _NUMBERS.sorted_tables)
        perform(engine, _NUMBERED.insert())
        with engine.connect() as connection:
            numbers = list(connection.scalars(select(_NUMBERED.c.id)))
        return numbers, refused(perform, engine, _REFERRING.insert().values(numbered=7))


def _fingerprints(database: Database) -> list[tuple[str, str, str]]:
    """Each change that is not refused, with the fingerprint before it and after it."""
    engine = database.engine
    changing = table_of(Column("v", Integer), name="changing")

    def look() -> str:
        with engine.connect() as connection:
            return database.backend.fingerprint(connection)

    with made(engine, changing):
        changes: dict[str, Executable] = {
            _ROWS: changing.insert().values(id=1, v=1),
            "CREATE INDEX": CreateIndex(Index("changing_v", changing.c.v)),
            **{words: text(words) for words in _CHANGES},
        }
        seen = []
        for words, change in changes.items():
            before = look()
            if refused(perform, engine, change) is None:
                seen.append((words, before, look()))
    return seen
