from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbparity.performance.measure import Counts
from dbparity.performance.options import BenchOptions
from dbparity.performance.parity import counts, drift, literal_parity
from dbparity.performance.records import Record, Records
from dbparity.performance.verdicts import Comparison, Verdict
from tests.support.records import ONE, fingerprint, record, records, verdicts

OPTIONS = BenchOptions()
PG, MYSQL = "postgresql+psycopg@17", "mysql+pymysql@9"
MANY = Counts(statements=51, rows=1, checkouts=1)


def two(best: float, **more: Any) -> Records:  # noqa: ANN401  # those of Record
    """A second on SQLite, and ``best`` seconds on PostgreSQL."""
    return records(record(best=1), record(target=PG, best=best, **more))


def only(comparisons: list[Comparison]) -> Comparison:
    (comparison,) = comparisons
    return comparison


def test_ratio_that_grew_beyond_the_limit_fails_with_both_ratios() -> None:
    found = only(drift(two(3), two(2), OPTIONS))
    assert (found.target, found.verdict, found.ratio) == (PG, Verdict.FAIL, 1.5)
    assert found.reason == "3.00 times as long as on sqlite+pysqlite, where it was 2.00 times"
    assert (found.expected, found.found) == ("2.00 times sqlite+pysqlite", "3.00 times")


def test_machine_that_is_twice_as_fast_is_no_drift() -> None:
    other = fingerprint(node="beta", processor="Faster", cpus=64)
    head = records(
        record(best=0.5, fingerprint=other), record(target=PG, best=1, fingerprint=other)
    )
    found = only(drift(head, two(2), OPTIONS))
    assert (found.verdict, found.ratio, found.advisory) == (Verdict.PASS, 1, False)
    assert not found.reason


def test_drift_under_other_versions_is_advisory_unless_strict() -> None:
    head = two(3, fingerprint=fingerprint(driver_version="9"))
    advised = only(drift(head, two(2), OPTIONS))
    assert (advised.verdict, advised.advisory) == (Verdict.FAIL, True)
    assert advised.reason.startswith("advisory (not alike: driver version); 3.00 times")
    assert not only(drift(head, two(2), OPTIONS, strict=True)).advisory


def test_drift_that_noise_of_both_sides_explains_is_inconclusive() -> None:
    base = records(record(best=1, noise=1.2), record(target=PG, best=2, noise=1.2))
    found = only(drift(two(3), base, OPTIONS))
    assert (found.verdict, found.noise) == (Verdict.INCONCLUSIVE, (1 / 1.44, 1.44))


def test_declared_ratio_holds_where_no_baseline_has_one() -> None:
    options = BenchOptions(ratios={"postgresql": {"select.*": 2}, "mysql": {"select.*": 9}})
    assert only(drift(two(2.1), None, options)).verdict is Verdict.PASS
    assert only(drift(two(2.3), None, options)).verdict is Verdict.FAIL


def test_stored_ratio_comes_before_the_declared_one() -> None:
    options = BenchOptions(ratios={PG: {"select.user": 9}})
    assert only(drift(two(3), two(2), options)).verdict is Verdict.FAIL


def test_ratio_that_nobody_knows_is_incomparable_with_the_cure() -> None:
    found = only(drift(two(3), records(record()), OPTIONS))
    assert found.verdict is Verdict.INCOMPARABLE
    assert "[tool.dbparity.bench.ratios] does not say its ratio" in found.reason


def test_reference_that_was_not_measured_is_incomparable_with_the_cure() -> None:
    found = only(drift(records(record(target=PG)), None, OPTIONS))
    assert found.verdict is Verdict.INCOMPARABLE
    assert found.reason == "sqlite was not measured: add --target sqlite"


def test_driver_with_a_loop_is_beside_a_reference_with_a_loop() -> None:
    looped = fingerprint(loop="uvloop.Loop")
    pair = [
        record(best=1),
        record(target="sqlite+aiosqlite", best=2, fingerprint=looped),
        record(target="postgresql+asyncpg@17", best=4, fingerprint=looped),
        record(target=PG, best=4),
    ]
    options = BenchOptions(ratios={"postgresql": {"*": 1}})
    found = {each.target: each.found for each in drift(records(*pair), None, options)}
    assert found == {"postgresql+asyncpg@17": "2.00 times", PG: "4.00 times"}


def test_reference_can_be_another_backend() -> None:
    found = drift(two(2), two(2), BenchOptions(reference="postgresql"))
    assert verdicts(found) == [("select.user", "sqlite+pysqlite", "pass")]


def three(*asked: Counts | None) -> Records:
    targets = ("sqlite+pysqlite", PG, MYSQL)
    return records(*(record(target=t, counts=c) for t, c in zip(targets, asked, strict=False)))


def test_equal_counts_on_all_targets_pass() -> None:
    assert {each.verdict for each in counts(three(ONE, ONE, ONE), None, OPTIONS)} == {Verdict.PASS}


def test_target_that_asks_more_than_most_fails() -> None:
    found = counts(three(ONE, ONE, MANY), None, OPTIONS)
    assert verdicts(found) == [
        ("select.user", MYSQL, "fail"),
        ("select.user", PG, "pass"),
        ("select.user", "sqlite+pysqlite", "pass"),
    ]
    assert found[0].reason == "a call asks otherwise than most targets: statements 1 → 51"


def test_of_two_targets_the_one_that_asks_more_fails() -> None:
    found = counts(three(MANY, ONE), None, OPTIONS)
    assert verdicts(found) == [
        ("select.user", PG, "pass"),
        ("select.user", "sqlite+pysqlite", "fail"),
    ]


def test_n_plus_one_on_all_targets_fails_against_the_baseline() -> None:
    found = counts(three(MANY, MANY), three(ONE, ONE), OPTIONS)
    assert {each.verdict for each in found} == {Verdict.FAIL}
    assert found[0].reason == "a call asks otherwise than the baseline: statements 1 → 51"
    assert (found[0].expected, found[0].found) == (str(ONE), str(MANY))


def test_one_target_is_equal_to_its_baseline() -> None:
    assert only(counts(three(ONE), three(ONE), OPTIONS)).verdict is Verdict.PASS


def test_target_that_asks_what_it_asked_before_is_still_to_ask_what_others_do() -> None:
    found = counts(three(ONE, ONE, MANY), three(ONE, ONE, MANY), OPTIONS)
    assert verdicts(found)[0] == ("select.user", MYSQL, "fail")


UNEVEN = BenchOptions(uneven={"mysql": ("select.*",)})


def test_declared_target_may_ask_otherwise_than_others() -> None:
    found = counts(three(ONE, ONE, MANY), None, UNEVEN)
    assert verdicts(found) == [
        ("select.user", MYSQL, "incomparable"),
        ("select.user", PG, "pass"),
        ("select.user", "sqlite+pysqlite", "pass"),
    ]


def test_declared_target_has_no_voice_in_what_others_ask() -> None:
    both = BenchOptions(uneven={"mysql": ("*",), "postgresql": ("*",)})
    found = counts(three(ONE, MANY, MANY), None, both)
    assert {each.verdict for each in found} == {Verdict.INCOMPARABLE}


def test_declared_target_asks_what_it_asked_before() -> None:
    head, base = three(ONE, ONE, MANY), three(ONE, ONE, ONE)
    assert verdicts(counts(head, head, UNEVEN))[0] == ("select.user", MYSQL, "pass")
    assert verdicts(counts(head, base, UNEVEN))[0] == ("select.user", MYSQL, "fail")


def test_one_target_without_a_baseline_has_nothing_to_be_equal_to() -> None:
    found = only(counts(three(ONE), None, OPTIONS))
    assert found.verdict is Verdict.INCOMPARABLE
    assert found.reason.endswith("name a --baseline")


def test_counts_that_were_not_recorded_are_incomparable() -> None:
    assert {each.verdict for each in counts(three(None, None), three(ONE), OPTIONS)} == {
        Verdict.INCOMPARABLE
    }


def test_counts_on_other_rows_are_not_compared() -> None:
    base = records(record(counts=MANY, fingerprint=fingerprint(data="9,000 rows in 1 tables")))
    assert only(counts(three(ONE), base, OPTIONS)).verdict is Verdict.INCOMPARABLE


def test_baseline_without_counts_is_none() -> None:
    assert only(counts(three(ONE), three(None), OPTIONS)).verdict is Verdict.INCOMPARABLE


@given(st.permutations([*three(ONE, MANY, MANY).records, record("connect", PG, counts=None)]))
def test_order_does_not_matter(found: list[Record]) -> None:
    ordered = sorted(found, key=lambda each: each.target)
    assert counts(Records.of(found), None, OPTIONS) == counts(Records.of(ordered), None, OPTIONS)


def test_literal_parity_is_that_of_the_slowest_to_the_fastest() -> None:
    found = only(literal_parity(two(3), OPTIONS, asked=True))
    assert (found.target, found.verdict, found.ratio) == (PG, Verdict.FAIL, 3)
    assert (found.reason, found.advisory) == ("3.00 times as long as on sqlite+pysqlite", False)


def test_literal_parity_only_advises_unless_it_is_asked_for() -> None:
    assert only(literal_parity(two(3), OPTIONS)).advisory


def test_literal_parity_within_the_limit_passes() -> None:
    found = only(literal_parity(two(1.09), OPTIONS, asked=True))
    assert (found.verdict, found.reason) == (Verdict.PASS, "")


def test_literal_parity_holds_within_each_declared_group() -> None:
    head = records(
        record(best=1), record(target=PG, best=5), record(target="postgresql+asyncpg@17", best=5)
    )
    options = BenchOptions(groups=(("postgresql",), ("sqlite", "mysql")))
    assert verdicts(literal_parity(head, options, asked=True)) == [("select.user", PG, "pass")]


@pytest.mark.parametrize("entropy", range(3))
def test_thousand_benchmarks_on_four_targets_are_all_judged(entropy: int) -> None:
    chance = random.Random(entropy)
    targets = ("sqlite+pysqlite", PG, MYSQL, "mariadb+pymysql@11")
    head = Records.of(
        record(f"b{n}", t, chance.uniform(1, 2)) for n in range(1000) for t in targets
    )
    assert len(drift(head, head, OPTIONS)) == 3000
    assert len(counts(head, head, OPTIONS)) == 4000
