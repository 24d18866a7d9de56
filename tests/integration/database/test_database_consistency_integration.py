"""A database, a cache and an index of vectors, held against each other on real servers."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from milvus_lite.server_manager import server_manager_instance
from msgspec.structs import replace as changed
from sqlalchemy import update

from dbparity.consistency.foreign import foreign_keys
from dbparity.consistency.judging import Kind
from dbparity.consistency.reconciling import Reconciled, Reconciler
from dbparity.consistency.references import read
from dbparity.consistency.repair import Repair, Way
from dbparity.consistency.validator import DatabaseConsistencyValidator
from dbparity.errors import SettingsInvalid
from dbparity.results import Outcome
from dbparity.servers.faults import CALM, FaultProxy, Trouble
from dbparity.servers.faults import Way as Direction
from dbparity.stores.base import open_store
from document_search.models import Document
from document_search.vectors import create
from tests.support.library import (
    APPLICATION,
    CACHED,
    PLANTS,
    VECTORS,
    Library,
    Wrong,
    missing_vector,
    options,
    orphaned_key,
    orphaned_vector,
    stale_key,
    stale_vector,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dbparity.consistency.options import ConsistencyOptions, Declared
    from dbparity.consistency.validator import Confirmed
    from dbparity.results import Report
    from dbparity.servers.database import Database
    from tests.support.library import Plant

pytestmark = pytest.mark.any_server
COUNT = 40


@pytest.fixture(scope="session")
def empty_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("index") / "vectors.db"
    create(str(path))
    server_manager_instance.release_server(str(path))
    return path


@pytest.fixture
def library(
    lease: Callable[..., AbstractContextManager[Database]],
    valkey: str,
    empty_index: Path,
    tmp_path: Path,
) -> Iterator[Library]:
    vectors = tmp_path / "vectors.db"
    shutil.copytree(empty_index, vectors)
    with (
        lease(APPLICATION) as database,
        contextlib.closing(Library(database, valkey, vectors)) as library,
    ):
        yield library


async def reconciled(library: Library, grace: float = 0.05) -> dict[str, Reconciled]:
    """Every reference of the example, without asking first who is there."""
    chosen = options(grace)
    async with contextlib.AsyncExitStack() as stack:
        stores = {
            name: await stack.enter_async_context(open_store(url))
            for name, url in library.urls.items()
        }
        references = [read(each, stores) for each in chosen.references]
        references += await foreign_keys("database", stores["database"])
        return {
            each.name: await Reconciler(
                each, stores[each.source], stores[each.target], chosen
            ).run()
            for each in references
        }


def wrongs(found: dict[str, Reconciled]) -> set[Wrong]:
    return {
        Wrong(name, kind, sighting.address)
        for name, result in found.items()
        for sighting in result.confirmed
        for kind in sighting.kinds
    }


def told(report: Report) -> set[tuple[str, str]]:
    return {(finding.code, finding.place.key) for finding in report.findings}


def confirmed(found: list[Confirmed]) -> set[Wrong]:
    return {
        Wrong(each.reference.name, kind, sighting.address)
        for each in found
        for sighting in each.sightings
        for kind in sighting.kinds
    }


async def test_stores_that_agree_are_told_so(library: Library) -> None:
    library.fill(COUNT)
    report = await DatabaseConsistencyValidator(library.urls, options()).validate()
    assert report.findings == ()
    assert {result.outcome for result in report.results} == {Outcome.PASSED}
    assert [result.check for result in report.results][:2] == [CACHED, VECTORS]
    read_through = {m.subject: m.value for m in report.results[1].measurements}
    assert read_through == {"rows": COUNT, "records": COUNT, "looked at again": 0}


@pytest.mark.any_target
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
async def test_what_is_planted_is_found_and_nothing_else(library: Library, plant: Plant) -> None:
    library.fill(COUNT)
    expected = plant(library, 7)
    assert wrongs(await reconciled(library)) == {expected}


async def test_what_is_not_cached_is_no_difference(library: Library) -> None:
    library.fill(COUNT)
    library.redis.flushall()
    assert wrongs(await reconciled(library)) == set()


async def test_a_row_without_a_reference_refers_to_nothing(library: Library) -> None:
    library.fill(COUNT)
    library.execute(update(Document).values(author_id=None))
    assert wrongs(await reconciled(library)) == set()


@pytest.mark.any_target
async def test_findings_say_where_what_and_what_to_do(library: Library) -> None:
    library.fill(COUNT)
    expected = stale_key(library, 7)
    report = await DatabaseConsistencyValidator(library.urls, options()).validate()
    (finding,) = report.findings
    assert finding.code == "consistency.stale"
    assert (finding.place.key, finding.place.column) == (expected.address, "version")
    assert (finding.expected, finding.actual) == ("2", "0")
    assert "commit" in finding.recommendation


@pytest.mark.any_target
async def test_a_difference_that_goes_away_within_the_grace_is_none(library: Library) -> None:
    library.fill(COUNT)
    stale_key(library, 7)
    looking = asyncio.create_task(reconciled(library, grace=1))
    library.put(7)
    found = await looking
    assert wrongs(found) == set()


@pytest.mark.any_target
async def test_a_cache_that_is_down_is_told_and_the_rest_is_checked(library: Library) -> None:
    library.fill(COUNT)
    expected = missing_vector(library, 7)
    with FaultProxy("127.0.0.1", 9) as proxy:
        proxy.refuse()
        urls = {**library.urls, "cache": f"redis://127.0.0.1:{proxy.port}/0"}
        report = await DatabaseConsistencyValidator(urls, options()).validate()
    outcomes = {result.check: result.outcome for result in report.results}
    assert outcomes.pop(CACHED) is Outcome.SKIPPED
    assert "cache is down" in next(r.reason for r in report.results if r.check == CACHED)
    assert outcomes.pop(VECTORS) is Outcome.FAILED
    assert told(report) == {("consistency.dangling", expected.address)}
    assert set(outcomes.values()) == {Outcome.PASSED}


@pytest.mark.any_target
async def test_a_cache_that_falls_silent_on_the_way_leaves_it_unknown(library: Library) -> None:
    library.fill(COUNT)
    url = library.urls["cache"]
    port = int(url.rpartition(":")[2].partition("/")[0])
    hasty = replace(options(), patience=0.3)
    with FaultProxy("127.0.0.1", port) as proxy:
        urls = {**library.urls, "cache": url.replace(f":{port}/", f":{proxy.port}/")}
        validator = DatabaseConsistencyValidator(urls, hasty, only=[CACHED])

        def silent(*_: object) -> None:
            proxy.trouble = Trouble(hold=frozenset(Direction))

        validator.progress.table_begins = silent  # type: ignore[assignment,method-assign]
        report = await validator.validate()
        proxy.trouble = CALM
    (result,) = report.results
    assert result.outcome is Outcome.UNKNOWN
    assert "no answer in 0.3 s" in result.reason


@pytest.mark.any_target
async def test_repair_leaves_nothing_to_be_found(library: Library) -> None:
    library.fill(COUNT)
    expected = {plant(library, number) for number, plant in enumerate(PLANTS, 5)}
    validator = DatabaseConsistencyValidator(library.urls, options())
    await validator.validate()
    assert confirmed(validator.confirmed) == expected
    repair = Repair(library.urls, validator.confirmed, options())
    assert len(repair.doable) == len(expected)
    done = await repair.run()
    assert (done.done, done.changed) == (len(expected), 0)
    assert wrongs(await reconciled(library)) == set()


@pytest.mark.any_target
async def test_repair_leaves_alone_what_has_changed_since(library: Library) -> None:
    library.fill(COUNT)
    stale_key(library, 7)
    orphaned_key(library, 8)
    orphaned_vector(library, 9)
    validator = DatabaseConsistencyValidator(library.urls, options())
    await validator.validate()
    repair = Repair(library.urls, validator.confirmed, options())
    library.put(7, body="written by somebody else meanwhile")
    done = await repair.run()
    assert (done.done, done.changed) == (2, 1)
    assert library.redis.exists("doc:t3:7")


@pytest.mark.any_target
async def test_a_vector_that_cannot_be_made_again_is_left_with_its_reason(
    library: Library,
) -> None:
    library.fill(COUNT)
    stale_vector(library, 7)
    plain = replace(options(), references=_without_rebuild(options()))
    validator = DatabaseConsistencyValidator(library.urls, plain)
    await validator.validate()
    repair = Repair(library.urls, validator.confirmed, plain)
    assert [step.way for step in repair.steps] == [Way.NONE]
    assert "needs a rebuild function" in str(repair.steps[0])
    assert (await repair.run()).done == 0


@pytest.mark.any_target
@pytest.mark.untraced
async def test_a_writer_of_a_thousand_records_a_second_is_no_difference(library: Library) -> None:
    library.fill(2_000)
    ended, changes, wanted = threading.Event(), list[int](), 1_000

    def write() -> None:
        chance, began = random.Random(1), time.monotonic()
        while not ended.is_set():
            numbers = chance.sample(range(1, 2_001), 20)
            version = len(changes) + 10
            changed = update(Document).where(Document.id.in_(numbers))
            library.execute(changed.values(version=version))
            for number in numbers:
                library.put(number, version=version)
            changes.extend(numbers)
            ended.wait(max(began + len(changes) / wanted - time.monotonic(), 0))

    found = list[Reconciled]()
    kept_pace = 0  # runs beside which as many records were changed, however busy the machine is
    writer = threading.Thread(target=write)
    writer.start()
    try:
        chosen = options(grace=0.5)
        async with (
            open_store(library.urls["database"]) as database,
            open_store(library.urls["cache"]) as cache,
        ):
            stores = {"database": database, "cache": cache, "vectors": cache}
            reference = read(chosen.references[0], stores)
            while kept_pace < 5:
                before, began = len(changes), time.monotonic()
                found.append(await Reconciler(reference, database, cache, chosen).run())
                rate = (len(changes) - before) / (time.monotonic() - began)
                kept_pace += rate > 0.9 * wanted
    finally:
        ended.set()
        writer.join()
    assert [result.confirmed for result in found if result.confirmed] == []
    assert sum(result.seen for result in found)


def _without_rebuild(chosen: ConsistencyOptions) -> tuple[Declared, ...]:
    return tuple(changed(each, rebuild="", rebuild_from=()) for each in chosen.references)


@pytest.mark.any_target
@pytest.mark.slow
@pytest.mark.untraced
async def test_every_kind_at_random_places_of_many_records_is_found_and_repaired(
    library: Library,
) -> None:
    count, times = 34_000, 5
    library.fill(count)  # three records of each document
    places = random.Random(11).sample(range(1, count + 1), len(PLANTS) * times)
    expected = {plant(library, places.pop()) for plant in PLANTS for _ in range(times)}
    validator = DatabaseConsistencyValidator(library.urls, options())
    report = await validator.validate()
    assert confirmed(validator.confirmed) == expected
    assert {finding.code for finding in report.findings} == {f"consistency.{kind}" for kind in Kind}
    await Repair(library.urls, validator.confirmed, options()).run()
    again = await validator.validate()
    assert {result.outcome for result in again.results} == {Outcome.PASSED}


@pytest.mark.any_target
async def test_foreign_keys_of_a_database_that_is_down_are_told(library: Library) -> None:
    urls = {**library.urls, "database": "sqlite:///there/is/none.db"}
    report = await DatabaseConsistencyValidator(urls, options()).validate()
    assert {result.outcome for result in report.results} == {Outcome.SKIPPED}
    assert "foreign keys of database" in {result.check for result in report.results}


@pytest.mark.any_target
async def test_foreign_keys_of_what_has_none_are_refused(library: Library) -> None:
    chosen = replace(options(), references=(), foreign_keys=("cache",))
    with pytest.raises(SettingsInvalid, match="foreign-keys: cache has none; name SQL databases"):
        await DatabaseConsistencyValidator(library.urls, chosen).validate()
