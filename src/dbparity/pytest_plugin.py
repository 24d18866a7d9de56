"""The pytest plugin: a user's own tests on every target, and the checks as test items.

Options select the targets; the fixtures ``target``, ``database``, ``migrated_database``,
``engine``, ``async_engine`` and ``connection`` are parametrized over them, and so are those of
several databases: see `dbparity.pytest_fleet`. With ``--dbparity`` the
checks of the configured application are collected too: conformance, schema parity, revisions. The
summary ends with what passes on one target and fails on another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dbparity import pytest_fleet, pytest_parity
from dbparity.conformance.base import on, perform
from dbparity.errors import DbparityError
from dbparity.pytest_state import STATE, State, driver_of, each_of
from dbparity.results import Outcome, Result
from dbparity.servers.ledger import Run
from dbparity.targets import Target
from dbparity.tester import load_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from dbparity.conformance.base import Check
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.snapshots import Snapshot

_ASYNC, _SYNC = {"async_engine", "gateway_with_persistence"}, {"engine", "connection"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("dbparity", "dbparity: one application on every database")
    group.addoption(
        "--dbparity-target",
        action="append",
        default=[],
        metavar="TARGET",
        help="run on this target, such as sqlite, postgresql@17 or mysql+asyncmy; repeat it for "
        "more (default: [tool.dbparity] targets, or all backends)",
    )
    group.addoption(
        "--dbparity",
        action="store_true",
        help="also collect the conformance checks of the application in [tool.dbparity]",
    )
    group.addoption(
        "--dbparity-reuse",
        action="store_true",
        help="leave the servers running for the next run, and use those that were left",
    )
    group.addoption(
        "--dbparity-require",
        action="store_true",
        help="fail where a target is missing, instead of skipping its tests",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Read the settings, and add the fixtures that need pytest-asyncio if it is there."""
    try:
        state = State(config)
    except DbparityError as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[STATE] = state
    config.add_cleanup(state.close)
    config.pluginmanager.register(pytest_parity.Parity(), "dbparity-parity")
    config.pluginmanager.register(pytest_fleet, "dbparity-fleet")
    if config.pluginmanager.hasplugin("asyncio"):
        from dbparity import pytest_async  # noqa: PLC0415  # only where its decorator exists

        config.pluginmanager.register(pytest_async, "dbparity-async")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401  # xdist's
    """Let the workers of pytest-xdist make what they make in the name of one run."""
    state = node.config.stash[STATE]
    if state.run is None:
        state.run = Run.begin()
    node.workerinput["dbparity_run"] = state.run.id


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize what asks for a target over those that its other fixtures can use."""
    if _asks_for_target(metafunc):
        wanted = set(metafunc.fixturenames)
        targets = [
            target
            for target in metafunc.config.stash[STATE].targets
            if (not wanted & _SYNC or not driver_of(target).is_async)
            and (not wanted & _ASYNC or driver_of(target).is_async)
        ]
        metafunc.parametrize("target", targets, ids=str, indirect=True, scope="session")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks, if they are asked for."""
    if config.getoption("dbparity"):
        state = config.stash[STATE]
        try:
            state.settings.application()
        except DbparityError as error:
            raise pytest.UsageError(str(error)) from error
        checks = load_checks()
        items.extend(
            CheckItem.from_parent(
                session,
                name=f"{check.category}::{check.name}[{target}]",
                target=target,
                check=check,
            )
            for target in state.targets
            for check in on(target, state.targets, checks, state.lease)
            if not check.alone  # beside other tests it would measure them
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note the targets that the selected tests use."""
    state, used = session.config.stash[STATE], dict.fromkeys(_targets_of(session.items))
    if any("fleet" in getattr(item, "fixturenames", ()) for item in session.items):
        elsewhere = map(Target.parse, state.settings.fleet.targets)
        used |= dict.fromkeys(target for chosen in elsewhere for target in each_of(chosen))
    state.used = list(used)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Mark a test with its target, for the parity table."""
    target = _target_of(item)
    if target is not None:
        item.user_properties.append(("dbparity_target", str(target)))


def _asks_for_target(metafunc: pytest.Metafunc) -> bool:
    """Whether it uses this plugin's fixture: neither a parameter nor a fixture of its own."""
    given = any("target" in call.params for call in metafunc._calls)  # noqa: SLF001  # not public
    fixtures = metafunc._arg2fixturedefs.get("target", ())  # noqa: SLF001
    return not given and any(last.func.__module__ == __name__ for last in fixtures[-1:])


def _targets_of(items: list[pytest.Item]) -> Iterator[Target]:
    yield from filter(None, map(_target_of, items))


def _target_of(item: pytest.Item) -> Target | None:
    if isinstance(item, CheckItem):
        return item.target
    callspec = getattr(item, "callspec", None)
    target = callspec.params.get("target") if callspec is not None else None
    return target if isinstance(target, Target) else None


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The target that the test runs on; the tests are repeated for every chosen one."""
    chosen: Target = request.config.stash[STATE].find(request.param)
    return chosen


@pytest.fixture(scope="session")
def database_environment(request: pytest.FixtureRequest) -> DatabaseTestEnvironment:
    """The running servers, to lease further databases from."""
    return request.config.stash[STATE].environment


@pytest.fixture
def database(request: pytest.FixtureRequest, target: Target) -> Iterator[Database]:
    """A fresh database on ``target``, with the configured application's schema, if there is one."""
    with request.config.stash[STATE].lease(target) as leased:
        yield leased


@pytest.fixture
def migrated_database(request: pytest.FixtureRequest, target: Target) -> Iterator[Database]:
    """A fresh database on ``target`` that the application's own migrations made."""
    from dbparity.schema.revisions import upgrade  # noqa: PLC0415  # Alembic is slow to import

    state = request.config.stash[STATE]
    if state.settings.alembic is None:
        pytest.skip("no migrations are configured: [tool.dbparity] alembic")
    with state.lease(target, empty=True) as leased:
        leased.run(upgrade)
        yield leased


@pytest.fixture(scope="session")
def schema_of() -> Callable[[Database], Snapshot]:
    """A function that reads the schema of a database; `diff` compares two of them."""
    return lambda database: database.run(type(database).snapshot)


@pytest.fixture
def engine(database: Database) -> Engine:
    """An `Engine` on ``database``; tests that use it run on the sync drivers."""
    return database.engine


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection to ``database``; what is not committed is rolled back."""
    with engine.connect() as opened:
        yield opened


class CheckItem(pytest.Item):
    """One conformance check on one target."""

    def __init__(self, *, target: Target, check: Check, **options: Any) -> None:  # noqa: ANN401
        """Run ``check`` on ``target``."""
        super().__init__(**options)
        self.target, self.check = target, check

    def runtest(self) -> None:
        """Perform the check on a fresh database."""
        with self.config.stash[STATE].lease(self.target, empty=self.check.empty) as database:
            result = perform(self.check, database)
        self.user_properties.append(("dbparity_result", pytest_parity.pack(result)))
        if result.outcome is Outcome.SKIPPED:
            pytest.skip(result.reason)
        if result.outcome is Outcome.FAILED:
            raise CheckFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401
        """The findings, without a traceback of dbparity's own."""
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item is said to be."""
        return self.path, None, self.name


class CheckFailed(Exception):
    """A check that found something."""

    def __init__(self, result: Result) -> None:
        """Show every finding of ``result``."""
        lines = [pytest_parity.describe(finding) for finding in result.findings]
        super().__init__("\n".join([*lines, result.evidence]).strip())
