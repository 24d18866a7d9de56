"""The pytest plugin: a user's own tests on every target, and the checks as test items.

Options select the targets; the fixtures ``target``, ``database``, ``migrated_database``,
``engine``, ``async_engine`` and ``connection`` are parametrized over them. With ``--dbparity`` the
checks of the configured application are collected too: conformance, schema parity, revisions. The
summary ends with what passes on one target and fails on another.
"""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from dbparity import pytest_parity
from dbparity.backends.base import Driver, load_backend
from dbparity.conformance.base import on, perform
from dbparity.errors import DbparityError, ServerUnavailable
from dbparity.results import Outcome, Result
from dbparity.servers import reaper
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.servers.ledger import Run, runs
from dbparity.settings import Settings
from dbparity.targets import Target
from dbparity.tester import load_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from dbparity.applications import Application
    from dbparity.conformance.base import Check
    from dbparity.servers.database import Database
    from dbparity.snapshots import Snapshot

_STATE = pytest.StashKey["State"]()
_ASYNC, _SYNC = {"async_engine"}, {"engine", "connection"}


class State:
    """What the plugin knows of one pytest process."""

    def __init__(self, config: pytest.Config) -> None:
        """Read the settings of the project that ``config`` is of."""
        self.config = config
        chosen = config.getoption("dbparity_target")
        settings = Settings.load(config.rootpath).with_options(
            targets=tuple(map(Target.parse, chosen)),
            reuse=config.getoption("dbparity_reuse"),
            require=config.getoption("dbparity_require"),
        )
        self.settings = settings
        # Every chosen one, with its driver named; "" for a version that was left open.
        self.targets = tuple(target for chosen in settings.targets for target in _each(chosen))
        self.used: list[Target] = []
        self.run: Run | None = None

    @cached_property
    def application(self) -> Application | None:
        """The configured application, if one is."""
        return self.settings.application() if self.settings.metadata else None

    @cached_property
    def environment(self) -> DatabaseTestEnvironment:
        """The servers of the targets that the selected tests use, started at the first need."""
        environment = DatabaseTestEnvironment(self.used, self.settings.server_options)
        worker = getattr(self.config, "workerinput", None)
        if worker is None:
            return environment.start()
        run = runs()[worker["dbparity_run"]]
        # Whichever worker comes first starts the servers for all; the controller ends them.
        shared = Path(run.folder) / "shared.json"
        with FileLock(f"{shared}.lock", mode=0o600):
            if not shared.exists():
                environment.start(run)
                shared.touch(mode=0o600)
                shared.write_text(json.dumps(environment.share()))
                return environment
        return environment.join(json.loads(shared.read_text()), run)

    def lease(self, target: Target, *, empty: bool = False) -> Any:  # noqa: ANN401  # a context
        """A fresh database on ``target``, or a skip with the reason why it is missing."""
        found = self.find(target)
        return self.environment.lease(found, self.application, empty=empty)

    def find(self, target: Target) -> Target:
        """The running target that ``target`` stands for."""
        for running in self.environment.targets:
            if running.matches(target):
                return running
        reason = str(ServerUnavailable(str(target), [self.environment.missing[target]]))
        if self.settings.require:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    def close(self) -> None:
        """Stop what runs."""
        if "environment" in vars(self):
            self.environment.stop()
        if self.run is not None:
            reaper.end(self.run, self.settings.server_options)


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
    config.stash[_STATE] = state
    config.add_cleanup(state.close)
    config.pluginmanager.register(pytest_parity.Parity(), "dbparity-parity")
    if config.pluginmanager.hasplugin("asyncio"):
        from dbparity import pytest_async  # noqa: PLC0415  # only where its decorator exists

        config.pluginmanager.register(pytest_async, "dbparity-async")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401  # xdist's
    """Let the workers of pytest-xdist make what they make in the name of one run."""
    state = node.config.stash[_STATE]
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
            for target in metafunc.config.stash[_STATE].targets
            if (not wanted & _SYNC or not _driver(target).is_async)
            and (not wanted & _ASYNC or _driver(target).is_async)
        ]
        metafunc.parametrize("target", targets, ids=str, indirect=True, scope="session")


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks, if they are asked for."""
    if config.getoption("dbparity"):
        state = config.stash[_STATE]
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
    used = dict.fromkeys(filter(None, map(_target_of, session.items)))
    session.config.stash[_STATE].used = list(used)


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


def _target_of(item: pytest.Item) -> Target | None:
    if isinstance(item, CheckItem):
        return item.target
    callspec = getattr(item, "callspec", None)
    target = callspec.params.get("target") if callspec is not None else None
    return target if isinstance(target, Target) else None


def _each(chosen: Target) -> Iterator[Target]:
    """The targets that a chosen one stands for; raise `TargetUnknown` if it is none."""
    backend = load_backend(chosen.backend)
    for driver in (backend.driver(chosen.driver),) if chosen.driver else backend.drivers:
        yield Target(chosen.backend, driver.name, chosen.version)


def _driver(target: Target) -> Driver:
    return load_backend(target.backend).driver(target.driver)


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The target that the test runs on; the tests are repeated for every chosen one."""
    chosen: Target = request.config.stash[_STATE].find(request.param)
    return chosen


@pytest.fixture(scope="session")
def database_environment(request: pytest.FixtureRequest) -> DatabaseTestEnvironment:
    """The running servers, to lease further databases from."""
    return request.config.stash[_STATE].environment


@pytest.fixture
def database(request: pytest.FixtureRequest, target: Target) -> Iterator[Database]:
    """A fresh database on ``target``, with the configured application's schema, if there is one."""
    with request.config.stash[_STATE].lease(target) as leased:
        yield leased


@pytest.fixture
def migrated_database(request: pytest.FixtureRequest, target: Target) -> Iterator[Database]:
    """A fresh database on ``target`` that the application's own migrations made."""
    from dbparity.schema.revisions import upgrade  # noqa: PLC0415  # Alembic is slow to import

    state = request.config.stash[_STATE]
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
        with self.config.stash[_STATE].lease(self.target, empty=self.check.empty) as database:
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
