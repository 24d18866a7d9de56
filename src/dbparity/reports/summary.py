"""What a report says to people, whatever it is printed on: a matrix, groups of findings, words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dbparity import plugins
from dbparity.results import Outcome, Severity, Side, worst
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dbparity.results import Finding, Place, Report, Result

AGREEMENT, MISSING = "all targets agree", "missing"
_EVIDENCE = 300  # characters of a value that are shown
_CELLS = 3  # of a column that are shown each with its own value
_NO_URL = "no URL is configured"


@dataclass(frozen=True)
class Cell:
    """What the checks of one category came to on one target; no outcome if none ran."""

    outcome: Outcome | None = None
    verified: int = 0
    findings: int = 0

    def __str__(self) -> str:
        """Spell ``ok 34``, ``3 findings``, ``skipped``, ``unknown``, or a dash."""
        if self.outcome is None:
            return "–"  # noqa: RUF001  # a dash, as tables have it
        if self.outcome is Outcome.PASSED:
            return f"ok {self.verified}" if self.verified else "ok"
        return count(self.findings, "finding") if self.findings else str(self.outcome)


@dataclass(frozen=True)
class Row:
    """One target, or several that are missing for the same reason, across all categories."""

    name: str
    version: str
    provider: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """Targets by categories; the last row may be the comparison of all targets."""

    categories: tuple[str, ...]
    rows: tuple[Row, ...]

    def columns(self, some: slice) -> Matrix:
        """The same of ``some`` categories."""
        rows = (replace(row, cells=row.cells[some]) for row in self.rows)
        return Matrix(self.categories[some], tuple(rows))


@dataclass(frozen=True)
class Told:
    """What was found with the same evidence, however differently each target put it.

    ``headlines`` are messages with their places; ``found`` has what was found and on which
    targets, where that is not the same on all: else ""; ``sides`` and ``proof`` are of the first.
    Of many cells of a column the evidence is that of the first, and ``more`` counts the others'.
    """

    headlines: tuple[tuple[str, str], ...]
    expected: str
    found: tuple[tuple[str, str], ...]
    sides: tuple[Side, ...] = ()
    proof: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Group:
    """Findings of one kind, advised once."""

    severity: Severity
    code: str
    targets: str
    recommendation: str
    told: tuple[Told, ...]


@dataclass(frozen=True)
class Absence:
    """Targets that are missing for the same reasons; each reason by the provider that has it."""

    targets: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Skip:
    """What could not be checked on some targets, and why; without places the ``whole`` check."""

    check: str
    whole: bool
    places: str
    targets: str
    reason: str


def matrix(report: Report) -> Matrix:
    """Every target that ran, then those that are missing, then what they all agree on."""
    categories = tuple(dict.fromkeys(result.category for result in report.results))
    found: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in report.results:
        found[result.target, result.category].append(result)

    def cells(target: str) -> tuple[Cell, ...]:
        return tuple(_cell(found[target, category]) for category in categories)

    rows = [
        Row(state.target, state.version, state.provider, cells(state.target))
        for state in report.targets
        if not state.missing
    ]
    rows += [
        Row(absence.targets, MISSING, "", tuple(Cell() for _ in categories))
        for absence in absences(report)
    ]
    if any(result.target == "" for result in report.results):
        rows.append(Row(AGREEMENT, "", "", cells("")))
    return Matrix(categories, tuple(rows))


def groups(report: Report) -> tuple[Group, ...]:
    """All findings, worst first."""
    known = [state.target for state in report.targets if not state.missing]
    same: dict[Finding, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        same[replace(finding, actual="", targets=())].append(finding)
    kinds: dict[tuple[Severity, str, str, str], list[list[Finding]]] = defaultdict(list)
    for alike, findings in same.items():
        targets = dict.fromkeys(target for finding in findings for target in finding.targets)
        where = abbreviated(list(targets), known)
        kinds[alike.severity, alike.code, where, alike.recommendation].append(findings)
    return tuple(Group(*kind, _told(found, known)) for kind, found in kinds.items())


def absences(report: Report) -> tuple[Absence, ...]:
    """The missing targets, those with the same reasons together.

    That no URL is configured is left out where other reasons are: it is so for most.
    """
    known = [state.target for state in report.targets]
    gathered: dict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for state in report.missing:
        reasons = tuple(_reasons(state.missing))
        telling = tuple(reason for reason in reasons if not reason[1].startswith(_NO_URL))
        gathered[telling or reasons].append(state.target)
    return tuple(
        Absence(", ".join(shortest(targets, known)), reasons)
        for reasons, targets in gathered.items()
    )


def skips(report: Report) -> tuple[Skip, ...]:
    """Checks of which nothing could run, then parts of others, by their reason."""
    known = [state.target for state in report.targets if not state.missing]
    gathered: dict[tuple[bool, str, str], list[tuple[str, str]]] = defaultdict(list)
    for result in (result for result in report.results if result.target):
        for part in result.skipped:
            whole = result.outcome is Outcome.SKIPPED
            check = f"{result.category}.{result.check}"
            gathered[not whole, check, part.reason].append((str(part.place), result.target))
    return tuple(
        Skip(
            check,
            not part,
            line(", ".join(dict.fromkeys(place for place, _ in where if place))),
            abbreviated(list(dict.fromkeys(target for _, target in where)), known),
            reason,
        )
        for (part, check, reason), where in sorted(gathered.items(), key=lambda item: item[0][:2])
    )


def abbreviated(targets: Sequence[str], known: Iterable[str]) -> str:
    """``targets`` in few words: ``all 14 targets``, or the shortest names for them."""
    everything = set(known)
    if len(everything) > 1 and everything == set(targets):
        return f"{_all(len(everything))} targets"
    return ", ".join(shortest(targets, everything))


def shortest(targets: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names of ``targets``, where a backend, server or driver stands for all its ``known``."""
    left, everything = dict.fromkeys(targets), [Target.parse(name) for name in known]
    names = []
    while left:
        target = Target.parse(next(iter(left)))
        choices = {target: {str(target)}}
        for pattern in _patterns(target):
            covered = {str(each) for each in everything if each.matches(pattern)}
            if len(covered) > 1 and left.keys() >= covered:
                choices[pattern] = covered
        # Of two that stand for the same, the first says more.
        best = max(choices, key=lambda pattern: len(choices[pattern]))
        names.append(str(best))
        left = {name: None for name in left if name not in choices[best]}
    return names


def evidence(text: str, known: Sequence[str]) -> str:
    """``text`` as one readable line: targets abbreviated, control characters spelled, shortened."""
    if not known:
        return line(text)
    name = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    listed = re.compile(rf"(?:{name})(?:, (?:{name}))+(?![\w+@.])")
    return line(listed.sub(lambda found: abbreviated(found[0].split(", "), known), text))


def line(text: str, limit: int = _EVIDENCE) -> str:
    """``text`` as one printable line of at most ``limit`` characters."""
    flat = " ".join(text.split())
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in flat)
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def counts(report: Report) -> str:
    """How many checks ended how, how many claims were verified, and how long it took."""
    counted = ", ".join(f"{number} {name}" for name, number in report.counts.items() if number)
    verified = sum(result.verified for result in report.results)
    ran = [result for result in report.results if result.outcome is not Outcome.SKIPPED]
    parts = sum(len(result.skipped) for result in ran)
    rate = report.success_rate
    return " · ".join(
        [
            f"{count(len(report.results), 'check')}: {counted or 'none ran'}",
            *([f"{count(verified, 'claim')} verified"] if verified else []),
            *([f"{count(parts, 'part')} skipped"] if parts else []),
            *([f"success rate {_percent(rate)}"] if rate is not None else []),
            f"{report.seconds:.1f} s",
        ]
    )


def verdict(report: Report) -> str:
    """What it all comes to, in one sentence."""
    if report.success_rate is None:
        return "No check ran."
    notes = sum(finding.severity is Severity.NOTE for finding in report.findings)
    if len(report.findings) > notes:
        counted = Counter(finding.severity for finding in report.findings)
        each = ", ".join(f"{number:,} {severity}" for severity, number in counted.items())
        return f"{count(len(report.findings), 'finding')}: {each}."
    if unknown := report.counts[Outcome.UNKNOWN]:
        return f"How {count(unknown, 'check')} ended is unknown."
    left_out = f"; {len(report.missing)} could not be checked" if report.missing else ""
    left_out += f"; {count(notes, 'note')}" if notes else ""
    return f"{report.claim or _claim(report)}{left_out}."


def _claim(report: Report) -> str:
    """What it is that holds."""
    ran = [state.target for state in report.targets if not state.missing]
    if not any(result.target for result in report.results):
        return "Both sides mean the same"
    if len(ran) == 1:
        return f"{ran[0]} does what the model promises; nothing to compare it with"
    return f"The application behaves alike on {_all(len(ran))} targets"


def count(number: int, noun: str) -> str:
    """``1 finding``, ``2,000 findings``."""
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


def _all(number: int) -> str:
    return f"all {number}" if number > 2 else "both"  # noqa: PLR2004


def _cell(results: Sequence[Result]) -> Cell:
    if not results:
        return Cell()
    findings = [f for r in results for f in r.findings if f.severity is not Severity.NOTE]
    verified = sum(result.verified for result in results)
    return Cell(worst(result.outcome for result in results), verified, len(findings))


def _told(found: Iterable[Sequence[Finding]], known: Sequence[str]) -> tuple[Told, ...]:
    """Findings of one kind, each with its variants by target, by their evidence."""
    columns: dict[tuple[str, Place], dict[Told, list[Place]]] = defaultdict(dict)
    for variants in found:
        place = variants[0].place
        cells = columns[line(variants[0].message), replace(place, key="")]
        cells.setdefault(_evidence(variants, known), []).append(place)
    places: dict[Told, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for (message, column), cells in columns.items():
        keys = [place.key for at in cells.values() for place in at]
        if column.column and all(keys) and len(cells) > _CELLS:
            told = replace(next(iter(cells)), more=len(cells) - 1)
            places[told][message].append(f"{column}[{'], ['.join(keys)}]")
        else:
            for told, at in cells.items():
                places[told][message] += map(str, at)
    return tuple(
        replace(told, headlines=tuple((line("; ".join(at), 1000), m) for m, at in messages.items()))
        for told, messages in places.items()
    )


def _evidence(variants: Sequence[Finding], known: Sequence[str]) -> Told:
    """What is told of a finding and its variants, without its message and place."""
    first, several = variants[0], len(variants) > 1
    found = tuple(
        (evidence(each.actual, known), abbreviated(each.targets, known) if several else "")
        for each in variants
    )
    # The place names the column already, and many differ in their names alone; where none
    # differs, it is what was expected and found that does.
    name = Side("name", first.place.column, first.place.column)
    sides = tuple(side for side in first.sides if side != name)
    if all(side.expected == side.found for side in sides):
        sides = ()
    proof = tuple(line(part, 1000) for part in first.proof.splitlines())
    return Told((), evidence(first.expected, known), found, sides, proof)


def _patterns(target: Target) -> tuple[Target, ...]:
    """What may stand for a target and others, the widest last."""
    return (
        Target.parse(target.server),
        Target(target.backend, target.driver),
        Target(target.backend),
    )


def _reasons(missing: str) -> Iterator[tuple[str, str]]:
    """Each provider's reason; the provider is "" for what concerns none of them."""
    names = "|".join(map(re.escape, plugins.names("providers")))
    parts = re.split(rf"(?:^|; )({names}): ", missing)
    if parts[0]:
        yield "", parts[0]
    yield from zip(parts[1::2], parts[2::2], strict=True)


def _percent(rate: float) -> str:
    """Never rounded up to 100 %: one failure among thousands is one."""
    return f"{int(rate * 1000) / 10:g} %"
