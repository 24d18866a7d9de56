from __future__ import annotations

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine

from dbparity.errors import SettingsInvalid
from dbparity.results import Finding, Outcome, Result, Severity
from dbparity.stores.base import address
from dbparity.stores.checking import Call
from dbparity.stores.health import DatabaseHealthChecker, Health, State, StoreHealth
from dbparity.stores.options import HealthOptions
from dbparity.stores.pools import Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "hunter2"
LIMIT = 1.5


@contextmanager
def silent() -> Iterator[int]:
    """A port where connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a SQLite database."""
    url = f"sqlite:///{tmp_path_factory.mktemp('health')}/shop.db"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER)")
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def health(file: str) -> Iterator[Health]:
    """Stores of which each has something else, and how long it took to ask them."""
    with silent() as port:
        stores = {
            "main": file,
            "busy": file,
            "late": file,
            "gone": f"{file}.gone",
            "cache": f"redis://:{SECRET}@127.0.0.1:1/0",
            "silent": f"redis://:{SECRET}@127.0.0.1:{port}/0",
            "odd": f"nosuch://me:{SECRET}@host/",
        }
        questions = {
            "main": Call("tests.support.questions:fine", {}),
            "busy": Call("tests.support.questions:broken", {"secret": SECRET}),
            "late": Call("tests.support.calls:nap", {"seconds": 30}),
            "silent": Call("tests.support.questions:fine", {}),
            "odd": Call("tests.support.questions:fine", {}),
        }
        checker = DatabaseHealthChecker(
            stores,
            HealthOptions(limit=LIMIT, optional=("cache", "gone")),
            pools={"main": lambda: Pool(1, limit=2), "busy": lambda: Pool(2, limit=2)},
            questions=questions,
        )
        with checker:
            yield checker.check()


def of(health: Health, name: str) -> StoreHealth:
    (found,) = (store for store in health.stores if store.name == name)
    return found


def test_the_limit_is_kept_whoever_is_silent(health: Health) -> None:
    assert LIMIT <= health.seconds < LIMIT + 1


def test_every_store_has_its_state(health: Health) -> None:
    assert {store.name: store.state for store in health.stores} == {
        "main": State.HEALTHY,
        "busy": State.DEGRADED,
        "late": State.HEALTHY,
        "gone": State.DOWN,
        "cache": State.DOWN,
        "silent": State.DOWN,
        "odd": State.UNKNOWN,
    }
    assert health.state is State.DOWN


def test_a_healthy_store_has_its_version_latency_and_pool(health: Health) -> None:
    main = of(health, "main")
    assert main.greeting is not None
    assert main.greeting.version[0] == "3"
    assert main.seconds is not None
    assert 0 < main.seconds < LIMIT
    assert main.pool == Pool(1, limit=2)
    assert main.result.verified == 4
    assert main.result.evidence == f"{main.address}: {main.greeting.version}"


def test_an_exhausted_pool_degrades_a_store_that_answers(health: Health) -> None:
    assert [finding.code for finding in of(health, "busy").result.findings] == [
        "health.pool-exhausted"
    ]


def test_a_store_that_is_down_says_why(health: Health) -> None:
    told = {name: of(health, name).result.findings[0] for name in ("gone", "cache", "silent")}
    assert "no such file" in told["gone"].actual
    assert "connect" in told["cache"].actual.lower()
    assert told["silent"].actual == f"no answer within {LIMIT:g} s"
    assert {name: finding.severity for name, finding in told.items()} == {
        "gone": Severity.DEGRADED,
        "cache": Severity.DEGRADED,
        "silent": Severity.WRONG,
    }


def test_what_could_not_be_asked_is_unknown_and_has_no_finding(health: Health) -> None:
    odd = of(health, "odd").result
    assert odd.outcome is Outcome.UNKNOWN
    assert odd.findings == ()
    assert "no store has such URLs" in odd.reason


def test_what_else_was_asked_is_told_beside(health: Health) -> None:
    told = {result.target: (result.outcome, result.reason) for result in health.further}
    assert told == {
        "main": (Outcome.PASSED, ""),
        "busy": (Outcome.UNKNOWN, "RuntimeError: no login with ***"),
        "late": (Outcome.UNKNOWN, f"no answer within {LIMIT:g} s"),
        "silent": (Outcome.SKIPPED, "silent is down"),
        "odd": (Outcome.SKIPPED, "odd is unknown"),
    }


def test_no_password_is_told_anywhere(health: Health) -> None:
    assert SECRET not in repr(health)


def test_the_report_has_a_result_for_each_store(health: Health) -> None:
    report = health.report
    assert report.application == "7 stores"
    assert report.counts == {"passed": 3, "failed": 4, "skipped": 2, "unknown": 3}
    assert report.fails(Severity.DEGRADED)


@pytest.fixture(scope="module")
def checker(file: str) -> Iterator[DatabaseHealthChecker]:
    """One whose checks take half a second."""
    with silent() as port:
        stores = {"main": file, "silent": f"redis://127.0.0.1:{port}/0"}
        with DatabaseHealthChecker(stores, HealthOptions(limit=0.5)) as made:
            yield made


def test_who_asks_while_others_do_gets_the_same_answer(checker: DatabaseHealthChecker) -> None:
    with ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        found = list(pool.map(lambda _: checker.check(), range(4)))
        seconds = time.monotonic() - began
    later = checker.check()

    assert len({id(health) for health in found}) == 1
    assert later is not found[0]
    assert seconds < 1.5


async def test_a_coroutine_can_ask_and_the_loop_goes_on(checker: DatabaseHealthChecker) -> None:
    asking = asyncio.create_task(checker.acheck())
    turns = 0
    while not asking.done():
        await asyncio.sleep(0.01)
        turns += 1

    assert asking.result().state is State.DOWN
    assert turns > 10


async def test_a_context_may_be_entered_by_a_coroutine(file: str) -> None:
    async with DatabaseHealthChecker({"main": file}) as checker:
        assert (await checker.acheck()).state is State.HEALTHY


def test_what_is_not_ready_is_not_called_down(file: str) -> None:
    checker = DatabaseHealthChecker({"main": file}, HealthOptions(limit=0.001))
    found = checker.check()
    checker.close()

    assert found.state is State.UNKNOWN
    assert "not ready within 0.001 s; let it be ready before" in found.stores[0].result.reason


def test_an_error_of_a_pool_s_function_is_told_to_whoever_asked(file: str) -> None:
    def broken() -> Pool:
        raise LookupError

    options = HealthOptions(limit=0.001)
    checker = DatabaseHealthChecker({"main": file}, options, pools={"main": broken})
    for _ in range(2):
        with pytest.raises(LookupError):
            checker.check()
    checker.close()


@pytest.mark.parametrize(
    ("stores", "options", "words"),
    [
        ({}, HealthOptions(), "no store is named; give it a name and a URL"),
        ({"My DB": "sqlite://"}, HealthOptions(), "'My DB': no name of a store; name it by small"),
        ({"a": "sqlite://"}, HealthOptions(optional=("b",)), "'b': there is no such store; the"),
        ({"a": "sqlite://"}, HealthOptions(read_only=("b",)), "'b': there is no such store"),
    ],
)
def test_names_that_cannot_be_used_are_refused(
    stores: dict[str, str], options: HealthOptions, words: str
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        DatabaseHealthChecker(stores, options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p/w#@h@host:5432/db?password=x", "postgresql://u:***@host:5432/db"),
        ("redis://:pw@host/0", "redis://:***@host/0"),
        ("mysql://u@host/db", "mysql://u@host/db"),
        ("sqlite:////tmp/a@b.db", "sqlite:////tmp/a@b.db"),
        ("something:else", "something"),
    ],
)
def test_an_address_has_neither_password_nor_parameters(url: str, shown: str) -> None:
    assert address(url) == shown


HEALTHY = StoreHealth(
    name="a",
    address="sqlite://",
    state=State.HEALTHY,
    required=True,
    seconds=0.1,
    greeting=None,
    pool=None,
    result=Result("a", "health", "answers", Outcome.PASSED),
)


@pytest.mark.parametrize(
    ("states", "optional", "whole"),
    [
        ([State.HEALTHY, State.HEALTHY], [], State.HEALTHY),
        ([State.HEALTHY, State.DEGRADED], [], State.DEGRADED),
        ([State.DEGRADED, State.DOWN], [], State.DOWN),
        ([State.UNKNOWN, State.DOWN], [], State.DOWN),
        ([State.UNKNOWN, State.DEGRADED], [], State.UNKNOWN),
        ([State.HEALTHY, State.DOWN], [1], State.DEGRADED),
        ([State.HEALTHY, State.UNKNOWN], [1], State.DEGRADED),
    ],
)
def test_all_are_as_the_worst_of_those_that_are_required(
    states: list[State], optional: list[int], whole: State
) -> None:
    stores = tuple(
        replace(HEALTHY, state=state, required=number not in optional)
        for number, state in enumerate(states)
    )
    assert Health(datetime.now(UTC), 0.1, stores).state is whole
    assert Health(datetime.now(UTC), 0.1, stores[:1]).report.application == "1 store"


def test_what_was_found_besides_degrades_all() -> None:
    finding = Finding("REVISIONS-PENDING", Severity.DEGRADED, "behind")
    further = Result("a", "revisions", "version", Outcome.FAILED, findings=(finding,))
    assert Health(datetime.now(UTC), 0.1, (HEALTHY,), (further,)).state is State.DEGRADED
