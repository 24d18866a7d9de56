from __future__ import annotations

import random  # noqa: TC003  # hypothesis may read the annotations
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dbparity.performance.comparing import (
    UNKNOWN_NOISE,
    baseline,
    literal,
    otherwise,
    unpaired,
    verdict_of,
)
from dbparity.performance.options import BenchOptions
from dbparity.performance.records import Launch, Record, Records
from dbparity.performance.verdicts import Comparison, Verdict
from tests.support.records import fingerprint, record, records, verdicts

OPTIONS = BenchOptions()
IDS = ("connect", "list.users", "select.user")
TARGETS = ("sqlite+pysqlite", "postgresql+asyncpg@17", "mysql+pymysql@9")

times = st.floats(1e-6, 10)
several = st.dictionaries(
    st.tuples(st.sampled_from(IDS), st.sampled_from(TARGETS)), times, min_size=1
).map(lambda found: Records.of(record(*key, best=best) for key, best in found.items()))


def only(head: Record, base: Record, options: BenchOptions = OPTIONS) -> Comparison:
    (comparison,) = baseline(records(head), records(base), options)
    return comparison


@given(several)
def test_what_is_compared_with_itself_passes(found: Records) -> None:
    assert {each.verdict for each in baseline(found, found, OPTIONS)} == {Verdict.PASS}


@given(times, st.floats(1, 3), st.floats(1, 2), st.floats(0.01, 0.5))
def test_slower_by_more_than_limit_and_noise_together_fails(
    best: float, slower: float, noise: float, limit: float
) -> None:
    assume(abs(slower / ((1 + limit) * noise) - 1) > 1e-6)
    assume(abs(slower / (1 + limit) - 1) > 1e-6)
    found = only(
        record(best=best * slower), record(best=best, noise=noise), BenchOptions(limit=limit)
    )
    if slower <= 1 + limit:
        assert found.verdict is Verdict.PASS
    elif slower > (1 + limit) * noise:
        assert found.verdict is Verdict.FAIL
    else:
        assert found.verdict is Verdict.INCONCLUSIVE


@given(several, several, st.randoms())
def test_order_of_the_files_does_not_matter(
    head: Records, base: Records, shuffling: random.Random
) -> None:
    def shuffled(found: Records) -> Records:
        return Records.of(shuffling.sample(found.records, len(found.records)))

    assert baseline(shuffled(head), shuffled(base), OPTIONS) == baseline(head, base, OPTIONS)


@given(several, several)
def test_every_benchmark_of_either_side_is_told_once(head: Records, base: Records) -> None:
    told = [(each.benchmark, each.target) for each in baseline(head, base, OPTIONS)]
    assert sorted(told) == sorted(
        {(each.benchmark, each.target) for each in (*head.records, *base.records)}
    )


def test_slower_call_is_told_with_both_times() -> None:
    found = only(record(best=0.003, cpu=0.001), record(best=0.001))
    assert found.reason == (
        "shortest call 3.00 times the baseline's, CPU time 1.00 times the baseline's"
    )
    assert (found.expected, found.found) == ("1.000 ms, CPU 1.000 ms", "3.000 ms, CPU 1.000 ms")


def test_more_cpu_time_fails_though_the_shortest_call_is_alike() -> None:
    found = only(record(cpu=0.0012), record(cpu=0.001))
    assert found.verdict is Verdict.FAIL
    assert found.ratio == pytest.approx(1.2)


@pytest.mark.parametrize(("here", "there"), [(None, 0.1), (0.1, None), (None, None)])
def test_cpu_time_that_is_not_known_is_not_judged(here: float | None, there: float | None) -> None:
    found = only(record(cpu=here), record(cpu=there))
    assert (found.verdict, found.ratio) == (Verdict.PASS, 1)


def test_what_noise_explains_is_inconclusive() -> None:
    found = only(record(best=0.0012), record(noise=1.2))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.endswith("; launches alike were up to 1.20 times apart")
    assert found.noise == (1 / 1.2, 1.2)


def test_noise_of_the_head_counts_too() -> None:
    assert only(record(best=0.0012, noise=1.3), record()).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("slower", "verdict"), [(1.15, "inconclusive"), (1.25, "fail")])
def test_one_launch_is_taken_to_be_as_noisy_as_such_are(slower: float, verdict: str) -> None:
    found = only(record(best=slower, noise=None), record(best=1, noise=None))
    assert found.verdict == verdict
    assert found.noise == (1 / UNKNOWN_NOISE, UNKNOWN_NOISE)


def test_limit_of_one_benchmark_is_its_own() -> None:
    options = BenchOptions(limits={"select.*": 0.5})
    assert only(record(best=0.0014), record(), options).verdict is Verdict.PASS
    slower = only(record("connect", best=0.0014), record("connect"), options)
    assert (slower.verdict, slower.limit) == (Verdict.FAIL, 1.1)


def test_launches_are_shown_as_ratios() -> None:
    found = only(record(launches=(Launch(0.001), Launch(0.002))), record())
    assert found.launches == (1, 2)


OTHER = fingerprint(node="beta", python="CPython 3.13.0")


def test_other_fingerprint_makes_it_advisory_and_says_why() -> None:
    head, base = records(record(best=1, fingerprint=OTHER)), records()
    (found,) = baseline(head, base, OPTIONS)
    assert (found.verdict, found.advisory) == (Verdict.FAIL, True)
    assert found.reason.startswith("advisory (not alike: node, python); shortest call 1000.00")
    assert otherwise(head, base) == ("node alpha → beta", "python CPython 3.11.7 → CPython 3.13.0")


def test_advisory_is_told_of_what_passes_too() -> None:
    (found,) = baseline(records(record(fingerprint=OTHER)), records(), OPTIONS)
    assert (found.verdict, found.reason) == (Verdict.PASS, "advisory (not alike: node, python)")


def test_strictly_another_fingerprint_is_judged() -> None:
    head = records(record(best=1, fingerprint=OTHER))
    (found,) = baseline(head, records(), OPTIONS, strict=True)
    assert (found.verdict, found.advisory) == (Verdict.FAIL, False)


def test_what_only_one_side_has_was_not_measured_otherwise() -> None:
    assert otherwise(records(record("connect", fingerprint=OTHER)), records()) == ()


def test_minor_version_of_a_server_is_joined_and_makes_it_advisory() -> None:
    older, newer = (fingerprint(server_version=f"8.{n}") for n in (0, 4))
    found = only(
        record(target="mysql+pymysql@8.4", fingerprint=newer),
        record(target="mysql+pymysql@8.0", fingerprint=older),
    )
    assert (found.target, found.advisory) == ("mysql+pymysql@8.4", True)


def test_renamed_benchmark_is_missing_and_its_new_name_is_not_judged() -> None:
    found = baseline(records(record("new")), records(record("old")), OPTIONS)
    assert verdicts(found) == [
        ("new", "sqlite+pysqlite", "incomparable"),
        ("old", "sqlite+pysqlite", "missing"),
    ]
    assert [each.reason for each in found] == [
        "it is new: the baseline does not have it",
        "the baseline has it, and it was not measured",
    ]


def test_benchmark_that_may_be_missing_is_incomparable() -> None:
    found = unpaired(records(record("a")), records(record("a"), record("b")), allow_missing=True)
    assert verdicts(found) == [("b", "sqlite+pysqlite", "incomparable")]


def test_verdict_at_the_limit_itself_is_pass() -> None:
    assert verdict_of(1.5, 0.5, 1.1) is Verdict.PASS


def test_literal_rule_goes_by_the_mean_alone() -> None:
    slow, odd = record(best=0.0012), record("connect", best=0.001)
    base = records(record(best=0.001), record("connect", best=0.001))
    head = Records.of([slow, replace(odd, best=5)])
    found = {each.benchmark: each for each in literal(head, base)}
    failed = found["dbparity::select.user[sqlite+pysqlite]"]
    assert (failed.verdict, failed.limit) == (Verdict.FAIL, 1.1)
    assert "20.8 % of benchmarks, 40-45 % of suites of 6" in failed.reason
    assert found["dbparity::connect[sqlite+pysqlite]"].verdict is Verdict.PASS


@pytest.mark.parametrize(("allowed", "verdict"), [(True, "incomparable"), (False, "missing")])
def test_literal_rule_misses_what_is_gone(allowed: bool, verdict: str) -> None:  # noqa: FBT001
    (found,) = literal(records(record("a")), records(record("b")), allow_missing=allowed)
    assert found.verdict == verdict
