"""What a health check says of real servers that hang, refuse, reset, or are frozen."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis
from sqlalchemy import URL, create_engine, make_url, text

from dbparity.errors import ServerUnavailable
from dbparity.servers.faults import BOTH, CALM, FaultProxy, Trouble
from dbparity.servers.ledger import Run
from dbparity.servers.valkey import valkey as serve_valkey
from dbparity.stores.health import DatabaseHealthChecker, State
from dbparity.stores.options import HealthOptions
from tests.support.mortal import mortal
from tests.support.serving import containers, lacking, options_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dbparity.servers.database import Database
    from dbparity.stores.health import Health
    from tests.conftest import Lease
    from tests.support.mortal import Mortal

LIMIT = 2.0
OPTIONS = HealthOptions(limit=LIMIT, slow=LIMIT)


def spelled(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def states(health: Health) -> dict[str, State]:
    return {store.name: store.state for store in health.stores}


def asked_in_time(checker: DatabaseHealthChecker) -> Health:
    health = checker.check()
    assert health.seconds < LIMIT * 1.5  # by far less, where nobody else has the processors
    return health


@contextmanager
def refusing(proxy: FaultProxy) -> Iterator[None]:
    proxy.refuse()
    yield
    proxy.accept()


@contextmanager
def troubled(proxy: FaultProxy, trouble: Trouble) -> Iterator[None]:
    proxy.trouble = trouble
    yield
    proxy.trouble = CALM
    proxy.reset()


@contextmanager
def behind(url: URL) -> Iterator[FaultProxy]:
    assert url.host is not None
    assert url.port is not None
    with FaultProxy(url.host, url.port) as proxy:
        yield proxy


FAULT: dict[str, Callable[[FaultProxy], Any]] = {
    "refuses": refusing,
    "resets": lambda proxy: troubled(proxy, Trouble(cut_after=1)),
    "hangs": lambda proxy: troubled(proxy, Trouble(hold=BOTH)),
}
# A cache that hangs is below: each takes as long as the limit.
FAULTS = [
    ("main", "refuses"),
    ("main", "resets"),
    ("main", "hangs"),
    ("cache", "refuses"),
    ("cache", "resets"),
]


@pytest.mark.server
@pytest.mark.any_server
class TestFaults:
    @pytest.fixture
    def database(self, lease: Lease) -> Iterator[Database]:
        with lease(empty=True) as leased:
            if leased.backend.service is None:
                pytest.skip("there is no network to a file")
            yield leased

    def test_each_fault_is_told_within_the_limit_and_others_are_healthy(
        self, database: Database, valkey: str
    ) -> None:
        cache = make_url(valkey)
        with behind(database.url) as to_main, behind(cache) as to_cache:
            stores = {
                "main": spelled(to_main.through(database.url)),
                "cache": spelled(to_cache.through(cache)),
                "locked": spelled(database.url.set(password="hunter2")),
            }
            proxies = {"main": to_main, "cache": to_cache}
            told = {}
            with DatabaseHealthChecker(stores, OPTIONS) as checker:
                healthy = asked_in_time(checker)
                for name, fault in FAULTS:
                    with FAULT[fault](proxies[name]):
                        told[f"{name} {fault}"] = states(asked_in_time(checker))
                again = asked_in_time(checker)

        well = {**dict.fromkeys(stores, State.HEALTHY), "locked": State.DOWN}
        assert states(healthy) == states(again) == well
        assert told == {f"{name} {fault}": {**well, name: State.DOWN} for name, fault in FAULTS}
        greeted = {store.name: store.greeting for store in healthy.stores}
        assert greeted["main"] is not None
        assert greeted["main"].version.startswith(str(database.version[0]))
        assert greeted["cache"] is not None
        assert greeted["cache"].role == "primary"
        assert "hunter2" not in repr(healthy)


@pytest.fixture(scope="module")
def server(pytestconfig: pytest.Config) -> Iterator[Mortal]:
    with mortal(pytestconfig, "postgresql@17") as made:
        yield made


@contextmanager
def frozen(container: Any) -> Iterator[None]:  # noqa: ANN401  # Docker's, untyped
    container.kill(signal="SIGSTOP")
    try:
        yield
    finally:
        container.kill(signal="SIGCONT")


@pytest.mark.server
def test_a_frozen_server_is_down_though_its_sessions_answer(server: Mortal) -> None:
    engine, other = create_engine(server.url), server.make("failed_over")
    pool = create_engine(other, pool_size=1, max_overflow=0)
    stores = {"main": spelled(server.url), "failed_over": spelled(other)}
    with (
        DatabaseHealthChecker(stores, OPTIONS, pools={"failed_over": pool}) as checker,
        engine.connect() as before,
        pool.connect(),
    ):
        before.execute(text("ALTER DATABASE failed_over SET default_transaction_read_only = on"))
        before.commit()
        degraded = asked_in_time(checker)
        with frozen(server.container):
            assert before.scalar(text("SELECT 1")) == 1
            down = asked_in_time(checker)
        again = asked_in_time(checker)
    engine.dispose()
    pool.dispose()

    assert states(degraded) == {"main": State.HEALTHY, "failed_over": State.DEGRADED}
    codes = [finding.code for finding in degraded.report.findings]
    assert codes == ["health.pool-exhausted", "health.read-only"]
    assert states(down) == {"main": State.DOWN, "failed_over": State.DOWN}
    assert down.report.findings[0].actual == f"no answer within {LIMIT:g} s"
    assert states(again) == states(degraded)


def test_a_frozen_cache_is_down_and_back_when_it_goes_on(
    pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    vectors, run = tmp_path / "vectors.db", Run.begin()
    vectors.mkdir()  # as milvus-lite begins
    try:
        with serve_valkey(run, options_of(pytestconfig, "container")) as url:
            (container,) = containers(run.id)
            stores = {"cache": spelled(url), "vectors": f"milvus:///{vectors}"}
            with (
                DatabaseHealthChecker(stores, OPTIONS) as checker,
                Redis.from_url(spelled(url)) as client,
            ):
                assert client.ping()
                with frozen(container):
                    down = asked_in_time(checker)
                again = asked_in_time(checker)
    except ServerUnavailable as error:
        lacking(pytestconfig, str(error))
    finally:
        run.end()

    assert states(down) == {"cache": State.DOWN, "vectors": State.HEALTHY}
    assert again.state is State.HEALTHY
