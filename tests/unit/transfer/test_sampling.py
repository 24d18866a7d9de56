"""A sample is of about as many rows as were asked for, and the same each time."""

from __future__ import annotations

from contextlib import closing

import pytest

from dbparity.transfer.comparing import WHOLE, Range
from dbparity.transfer.ends import end
from dbparity.transfer.sampling import Sample
from tests.support.sides import Make, make, way_between

__all__ = ["make"]

TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"
TOTAL = 1_050
ROWS = (
    f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {TOTAL}) "
    "INSERT INTO t SELECT i, 'x' FROM n"
)


@pytest.fixture
def url(make: Make) -> str:
    return make("left", TABLE, ROWS)


def ranges(url: str, sample: Sample) -> tuple[Range, ...]:
    side = end(url)
    with closing(side.reader()) as reader:
        return sample.ranges(way_between(side, side), reader, TOTAL)


def test_a_sample_of_all_rows_is_the_table(url: str) -> None:
    assert ranges(url, Sample(TOTAL)) == (WHOLE,)


@pytest.mark.parametrize(("rows", "blocks"), [(1, 1), (50, 1), (100, 1), (250, 3), (1_000, 10)])
def test_it_is_of_ranges_of_a_hundred_rows(url: str, rows: int, blocks: int) -> None:
    assert len(ranges(url, Sample(rows))) == blocks


def test_a_range_begins_behind_a_row_and_ends_with_one(url: str) -> None:
    for after, until in ranges(url, Sample(1_000)):
        first = after[0] if after else 0
        assert isinstance(first, int)
        assert first % 100 == 0
        assert until in {(first + 100,), ()}


def test_a_seed_chooses_the_same_rows_each_time(url: str) -> None:
    assert ranges(url, Sample(300, 1)) == ranges(url, Sample(300, 1))
    assert len({ranges(url, Sample(300, seed)) for seed in range(5)}) == 5


def test_every_row_is_in_the_sample_of_some_seed(url: str) -> None:
    assert len({each for seed in range(60) for each in ranges(url, Sample(100, seed))}) == 11
