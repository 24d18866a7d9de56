"""Compare times with those of a baseline: directly, or by pytest-benchmark's own rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbparity.performance.verdicts import Comparison, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbparity.performance.options import BenchOptions
    from dbparity.performance.records import Record, Records

BASELINE, MEAN = "baseline", "mean"
MEAN_LIMIT = 0.10
# By how much stored runs of one machine were apart where nobody chose their CPU.
UNKNOWN_NOISE = 1.10
# Measured on 20 pairs of equal runs: docs/benchmarks.md.
MEAN_FALSE_ALARMS = "false alarms: 20.8 % of benchmarks, 40-45 % of suites of 6"
_PROFILE = "see the difference at its cause before you go by this rule: --paired measures anew"


def baseline(
    head: Records,
    base: Records,
    options: BenchOptions,
    *,
    strict: bool = False,
    allow_missing: bool = False,
) -> list[Comparison]:
    """Each benchmark's shortest call and CPU time against those of ``base``.

    What exceeds the limit by less than alike launches were apart, or `UNKNOWN_NOISE` where there
    was but one, is inconclusive. Where the two were not measured with the same fingerprint, it is
    advisory, unless ``strict``.
    """
    stored = base.by_key
    judged = [
        _direct(record, stored[key], options, strict=strict)
        for key, record in head.by_key.items()
        if key in stored
    ]
    return ordered([*judged, *unpaired(head, base, allow_missing=allow_missing)])


def unpaired(head: Records, base: Records, *, allow_missing: bool = False) -> list[Comparison]:
    """What only one side has: missing where it is ``base``, and not judged where it is ``head``."""
    there, here = base.by_key, head.by_key
    gone = [
        Comparison(
            record.benchmark,
            record.target,
            BASELINE,
            Verdict.INCOMPARABLE if allow_missing else Verdict.MISSING,
            reason="the baseline has it, and it was not measured",
            expected=_spelled(record.best),
        )
        for key, record in there.items()
        if key not in here
    ]
    new = [
        Comparison(
            record.benchmark,
            record.target,
            BASELINE,
            Verdict.INCOMPARABLE,
            reason="it is new: the baseline does not have it",
            found=_spelled(record.best),
        )
        for key, record in here.items()
        if key not in there
    ]
    return ordered([*gone, *new])


def literal(head: Records, base: Records, *, allow_missing: bool = False) -> list[Comparison]:
    """pytest-benchmark's ``mean:10%``, by full names; one that is gone does not pass, though."""
    found = []
    for name, mean in base.means.items():
        if name not in head.means:
            verdict = Verdict.INCOMPARABLE if allow_missing else Verdict.MISSING
            reason = "the baseline has it, and it was not measured"
            found.append(Comparison(name, "", MEAN, verdict, reason=reason))
            continue
        ratio = head.means[name] / mean
        verdict = verdict_of(ratio, MEAN_LIMIT)
        failed = f"its mean is {ratio:.2f} times the baseline's ({MEAN_FALSE_ALARMS})"
        found.append(
            Comparison(
                name,
                "",
                MEAN,
                verdict,
                ratio,
                1 + MEAN_LIMIT,
                reason=failed if verdict is Verdict.FAIL else "",
                expected=_spelled(mean),
                found=_spelled(head.means[name]),
                advice=_PROFILE,
            )
        )
    return ordered(found)


def verdict_of(ratio: float, limit: float, floor: float = 1) -> Verdict:
    """Whether a ratio is within the limit, above it, or too close to it for that much noise."""
    if ratio <= 1 + limit:
        return Verdict.PASS
    return Verdict.FAIL if ratio > (1 + limit) * floor else Verdict.INCONCLUSIVE


def ordered(comparisons: list[Comparison]) -> list[Comparison]:
    """In an order that does not depend on that of the files."""
    return sorted(comparisons, key=lambda each: (each.benchmark, each.target))


def otherwise(head: Records, base: Records) -> tuple[str, ...]:
    """What was not alike when the two were measured, such as ``python 3.11.4 → 3.12.1``."""
    stored = base.by_key
    told = (
        f"{name} {change}"
        for key, record in head.by_key.items()
        if key in stored
        for name, change in stored[key].fingerprint.differences(record.fingerprint).items()
    )
    return tuple(dict.fromkeys(told))


def noted(differing: Mapping[str, str]) -> str:
    """That a comparison is advisory, and why; "" if it is not."""
    return f"advisory (not alike: {', '.join(differing)})" if differing else ""


def _direct(head: Record, base: Record, options: BenchOptions, *, strict: bool) -> Comparison:
    differing = {} if strict else base.fingerprint.differences(head.fingerprint)
    ratios = {"shortest call": head.best / base.best}
    if head.cpu is not None and base.cpu is not None:
        ratios["CPU time"] = head.cpu / base.cpu
    floor = max(filter(None, (head.noise, base.noise)), default=UNKNOWN_NOISE)
    limit = options.limit_of(head.benchmark)
    ratio = max(ratios.values())
    verdict = verdict_of(ratio, limit, floor)
    told = ", ".join(f"{name} {found:.2f} times the baseline's" for name, found in ratios.items())
    return Comparison(
        head.benchmark,
        head.target,
        BASELINE,
        verdict,
        ratio,
        1 + limit,
        launches=tuple(launch.best / base.best for launch in head.launches),
        noise=(1 / floor, floor),
        reason="; ".join(filter(None, [noted(differing), *_trouble(verdict, told, floor)])),
        expected=_spelled(base.best, base.cpu),
        found=_spelled(head.best, head.cpu),
        advisory=bool(differing),
    )


def _trouble(verdict: Verdict, told: str, floor: float) -> list[str]:
    """Why it did not simply pass, if it did not."""
    if verdict is Verdict.PASS:
        return []
    alike = [f"launches alike were up to {floor:.2f} times apart"]
    return [told, *(alike if verdict is Verdict.INCONCLUSIVE else [])]


def _spelled(seconds: float, cpu: float | None = None) -> str:
    """A time for people: ``1.234 ms``."""
    told = f"{seconds * 1000:.3f} ms"
    return f"{told}, CPU {cpu * 1000:.3f} ms" if cpu is not None else told
