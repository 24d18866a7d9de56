"""Compare targets with each other: how their times relate, and what they ask of the database."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dbparity.performance.comparing import noted, ordered, verdict_of
from dbparity.performance.fingerprints import NO_LOOP
from dbparity.performance.verdicts import Comparison, Verdict
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.performance.measure import Counts
    from dbparity.performance.options import BenchOptions
    from dbparity.performance.records import Key, Record, Records

DRIFT, COUNTS, LITERAL = "drift", "counts", "literal"
_DECLARE = "[tool.dbparity.bench.ratios]"
_RATIO = "profile it on both backends; if it is meant, store a new baseline, or declare it in "
_RATIO += _DECLARE
_QUERIES = (
    "look for a query in a loop; if the change is meant, store a new baseline; if the backend "
)
_QUERIES += "needs it, declare it in [tool.dbparity.bench.uneven]"


def drift(
    head: Records, base: Records | None, options: BenchOptions, *, strict: bool = False
) -> list[Comparison]:
    """How many times as long as on the reference backend, against that ratio in ``base``.

    Where ``base`` does not have it, against the declared one. A machine changes a ratio less than
    a time, so only other software or data make it advisory, unless ``strict``.
    """
    pattern = Target.parse(options.reference)
    references = defaultdict(list)
    others = []
    for record in head.records:
        if Target.parse(record.target).matches(pattern):
            references[record.benchmark].append(record)
        else:
            others.append(record)
    stored = base.by_key if base else {}
    found = []
    for record in others:
        reference = _reference(record, references[record.benchmark])
        if reference is None:
            reason = f"{options.reference} was not measured: add --target {options.reference}"
            found.append(_incomparable(record, DRIFT, reason))
        else:
            wanted = _stored_ratio(record, reference, stored) or _declared(record, options)
            found.append(_drifted(record, reference, wanted, options, strict=strict))
    return ordered(found)


def counts(head: Records, base: Records | None, options: BenchOptions) -> list[Comparison]:
    """What each call asks of the database: the same on all targets, and the same as in ``base``.

    What is declared to be uneven is compared with ``base`` alone. No clock has a part in it, so
    it neither is noisy nor knows a limit.
    """
    even = defaultdict(list)
    for record in head.records:
        if record.counts is not None and not _is_uneven(record, options):
            even[record.benchmark].append(record)
    usual = {benchmark: _usual(peers) for benchmark, peers in even.items() if len(peers) > 1}
    stored = base.by_key if base else {}
    found = []
    for record in head.records:
        wanted = {"the baseline": _counts_then(record, stored.get(record.key))}
        if not _is_uneven(record, options):
            wanted["most targets"] = usual.get(record.benchmark)
        known = {where: counts for where, counts in wanted.items() if counts is not None}
        found.append(_counted(record, known))
    return ordered(found)


def literal_parity(
    head: Records, options: BenchOptions, *, asked: bool = False
) -> list[Comparison]:
    """The slowest target's time against the fastest's, in each declared group, or among all.

    Advisory unless ``asked`` for: even drivers of one backend are further apart than that.
    """
    groups = options.groups or (head.targets,)
    found = []
    for group in groups:
        by_benchmark = defaultdict(list)
        for record in head.matching(group).records:
            by_benchmark[record.benchmark].append(record)
        several = (peers for peers in by_benchmark.values() if len(peers) > 1)
        found += [_spread(peers, options, advisory=not asked) for peers in several]
    return ordered(found)


@dataclass(frozen=True)
class _Wanted:
    """A ratio that is to hold, how far apart alike ones may be, and what was otherwise then."""

    ratio: float
    floor: float = 1
    differing: Mapping[str, str] = field(default_factory=dict)


def _drifted(
    record: Record,
    reference: Record,
    wanted: _Wanted | None,
    options: BenchOptions,
    *,
    strict: bool,
) -> Comparison:
    if wanted is None:
        reason = f"no baseline has both, and {_DECLARE} does not say its ratio"
        return _incomparable(record, DRIFT, reason)
    now = record.best / reference.best
    floor = max(wanted.floor, _floor(record, reference))
    limit = options.limit_of(record.benchmark)
    differing = {} if strict else wanted.differing
    verdict = verdict_of(now / wanted.ratio, limit, floor)
    beside = reference.target
    told = f"{now:.2f} times as long as on {beside}, where it was {wanted.ratio:.2f} times"
    return Comparison(
        record.benchmark,
        record.target,
        DRIFT,
        verdict,
        now / wanted.ratio,
        1 + limit,
        noise=(1 / floor, floor),
        reason="; ".join(filter(None, [noted(differing), "" if verdict is Verdict.PASS else told])),
        expected=f"{wanted.ratio:.2f} times {beside}",
        found=f"{now:.2f} times",
        advice=_RATIO,
        advisory=bool(differing),
    )


def _reference(record: Record, candidates: Sequence[Record]) -> Record | None:
    """The same on the reference backend; with an event loop, if the record's driver has one."""
    has_loop = record.fingerprint.loop != NO_LOOP

    def suits(each: Record) -> tuple[bool, str]:
        return (each.fingerprint.loop != NO_LOOP) != has_loop, each.target

    return min(candidates, key=suits, default=None)


def _stored_ratio(
    record: Record, reference: Record, stored: Mapping[Key, Record]
) -> _Wanted | None:
    before, beside = stored.get(record.key), stored.get(reference.key)
    if before is None or beside is None:
        return None
    differing = before.fingerprint.differences(record.fingerprint, machine=False)
    return _Wanted(before.best / beside.best, _floor(before, beside), differing)


def _declared(record: Record, options: BenchOptions) -> _Wanted | None:
    fitting = _fitting(record, options.ratios)
    return _Wanted(fitting[-1]) if fitting else None


def _fitting(record: Record, declared: Mapping[str, Mapping[str, float]]) -> list[float]:
    """What is declared of a record, by patterns of targets and of ids; the last counts."""
    target = Target.parse(record.target)
    return [
        value
        for pattern, values in declared.items()
        if target.matches(Target.parse(pattern))
        for id_, value in values.items()
        if fnmatchcase(record.benchmark, id_)
    ]


def _incomparable(record: Record, rule: str, reason: str) -> Comparison:
    return Comparison(record.benchmark, record.target, rule, Verdict.INCOMPARABLE, reason=reason)


def _floor(*records: Record) -> float:
    """How far apart the quotient of alike times may be."""
    floor = 1.0
    for record in records:
        floor *= record.noise or 1
    return floor


def _is_uneven(record: Record, options: BenchOptions) -> bool:
    declared = {target: dict.fromkeys(ids, 1.0) for target, ids in options.uneven.items()}
    return bool(_fitting(record, declared))


def _counts_then(record: Record, before: Record | None) -> Counts | None:
    """What was asked when there were the same rows."""
    if before is None or before.fingerprint.data != record.fingerprint.data:
        return None
    return before.counts


def _counted(record: Record, wanted: Mapping[str, Counts]) -> Comparison:
    if record.counts is None or not wanted:
        reason = "there is nothing that its counts could be equal to: name a --baseline"
        return _incomparable(record, COUNTS, reason)
    changes = {where: counts.changes_to(record.counts) for where, counts in wanted.items()}
    where = next(filter(changes.get, changes), next(iter(wanted)))
    changed = changes[where]
    return Comparison(
        record.benchmark,
        record.target,
        COUNTS,
        Verdict.FAIL if changed else Verdict.PASS,
        reason=f"a call asks otherwise than {where}: {', '.join(changed)}" if changed else "",
        expected=str(wanted[where]),
        found=str(record.counts),
        advice=_QUERIES,
    )


def _usual(peers: Sequence[Record]) -> Counts | None:
    """What most of them ask; of two that are as frequent, the less."""
    known = Counter(each.counts for each in peers if each.counts is not None)
    return min(known, key=lambda each: (-known[each], tuple(each.items().values())))


def _spread(peers: Sequence[Record], options: BenchOptions, *, advisory: bool) -> Comparison:
    fastest = min(peers, key=lambda each: (each.best, each.target))
    slowest = max(peers, key=lambda each: (each.best, each.target))
    ratio = slowest.best / fastest.best
    limit = options.limit_of(fastest.benchmark)
    verdict = verdict_of(ratio, limit)
    uneven = f"{ratio:.2f} times as long as on {fastest.target}"
    return Comparison(
        fastest.benchmark,
        slowest.target,
        LITERAL,
        verdict,
        ratio,
        1 + limit,
        reason="" if verdict is Verdict.PASS else uneven,
        expected=f"{fastest.best * 1000:.3f} ms on {fastest.target}",
        found=f"{slowest.best * 1000:.3f} ms",
        advice="drivers differ: declare which targets are to be alike in [tool.dbparity.bench] "
        "groups, or go by --parity drift",
        advisory=advisory,
    )
