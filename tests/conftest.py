"""Fixtures of dbparity's own tests, on top of its own plugin."""

from __future__ import annotations

import gc
import sys
import weakref
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from coverage import Coverage
from greenlet import getcurrent  # type: ignore[import-untyped]
from redis import Redis

from dbparity.servers.database import Database
from tests.support.serving import serving_valkey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

    from dbparity.applications import Application
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.targets import Target

Lease = Callable[..., AbstractContextManager[Database]]


class _Dictionary(weakref.WeakKeyDictionary[Any, Any]):
    """A plain one for coverage's tracer, which keeps in it what it knows of each greenlet.

    A look into the real one is Python code, at each call and each return; and where a thread has
    ended, greenlet lets go of keys in a pending call, whose callback CPython 3.11 may never leave
    while it is traced. By their ids greenlets are found without either.
    """

    def __new__(cls, *_: Any) -> Any:  # noqa: ANN401  # no instance, for coverage
        if sys._getframe(1).f_globals["__name__"] == "coverage.collector":
            return {}
        return super().__new__(cls)


def _trace_by_id() -> None:
    """Have the tracers of this process tell greenlets by their ids."""
    measuring = Coverage.current()
    if measuring is not None and measuring._collector is not None:
        weakref.WeakKeyDictionary = _Dictionary  # type: ignore[misc,assignment]
        measuring._collector.concur_id_func = lambda: id(getcurrent())
        measuring.stop()
        measuring.start()


_trace_by_id()

pytest_plugins = ["pytester"]


@pytest.fixture
def lease(database_environment: DatabaseTestEnvironment, target: Target) -> Lease:
    """Lease a database on the target for any application, or an empty one."""

    def leased(
        application: Application | None = None, *, empty: bool = False
    ) -> AbstractContextManager[Database]:
        return database_environment.lease(target, application, empty=empty)

    return leased


@pytest.fixture(scope="session")
def valkey_server(pytestconfig: pytest.Config) -> Iterator[URL]:
    """A Valkey server for this process."""
    with serving_valkey(pytestconfig) as url:
        yield url


@pytest.fixture
def valkey(valkey_server: URL) -> str:
    """The URL of a Valkey server that holds nothing."""
    url = valkey_server.render_as_string(hide_password=False)
    with Redis.from_url(url) as client:
        client.flushall()
    return url


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was collected, which stays to the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Save what coverage has measured: pytest-xdist kills a worker that is slow to end."""
    measuring = Coverage.current()
    if measuring is not None:
        measuring.save()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what is marked ``any_driver`` through one driver of each server, chosen by its name.

    What is marked ``any_version`` runs through each driver on one server of its product, likewise;
    what is marked ``any_server`` on one target of each product, chosen by its file; what is marked
    ``any_target`` on a single one. All have
    their share, and the suite takes half of the time. What is slow comes first, lest one worker
    waits for it in the end.
    """
    groups: dict[tuple[str, str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        callspec = getattr(item, "callspec", None)
        target = callspec.params.get("target") if callspec is not None else None
        if target is None:
            continue
        name = item.nodeid.replace(str(target), "*")
        if item.get_closest_marker("any_target"):
            groups[name, "", name].append(item)
        elif item.get_closest_marker("any_server"):
            groups[name, target.backend, str(item.path.name)].append(item)
        elif item.get_closest_marker("any_driver"):
            groups[name, target.server, name].append(item)
        elif item.get_closest_marker("any_version"):
            groups[name, f"{target.backend}+{target.driver}", name].append(item)
    left_out = {
        item
        for (_, _, choice), alike in groups.items()
        for item in alike
        if item is not alike[crc32(choice.encode()) % len(alike)]
    }
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
