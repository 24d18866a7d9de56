"""Do the targets agree where the model promises nothing: observations, compared."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dbparity import plugins
from dbparity.results import Finding, Observation, Outcome, Place, Result, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What each target answered to one question: a subject at its place.
Answers = dict[str, Observation]
Questions = dict[tuple[str, Place], Answers]


def compare(results: Sequence[Result]) -> tuple[Result, ...]:
    """One result for each check that observed something, with a finding for each difference.

    Only those targets are compared that were asked the same question: where there are no two of
    them, the result is skipped.
    """
    asked: dict[tuple[str, str], Questions] = defaultdict(lambda: defaultdict(dict))
    for result in results:
        for observation in result.observations:
            question = observation.subject, observation.place
            asked[result.category, result.check][question][result.target] = observation
    return tuple(_judged(*place, questions) for place, questions in asked.items())


def _judged(category: str, check: str, questions: Questions) -> Result:
    comparable = [answers for answers in questions.values() if len(answers) > 1]
    if not comparable:
        nothing = Skipped("no two targets answered the same question")
        return Result("", category, check, Outcome.SKIPPED, skipped=(nothing,))
    judged = [tuple(_divergences(check, answers)) for answers in comparable]
    findings = tuple(finding for found in judged for finding in found)
    failed = any(finding.severity is not Severity.NOTE for finding in findings)
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    agreed = sum(not found for found in judged)
    return Result("", category, check, outcome, verified=agreed, findings=findings)


def _divergences(check: str, answers: Answers) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for target, observation in answers.items():
        groups[observation.value].append(target)
    (comparison,) = {observation.comparison for observation in answers.values()}
    if len(groups) > 1 and comparison:
        yield from plugins.load("comparisons", comparison)(groups)
    elif len(groups) > 1:
        yield _divergence(check, answers, groups)


def _divergence(check: str, answers: Answers, groups: dict[str, list[str]]) -> Finding:
    """What most targets say is expected of the others; the fewest are named last."""
    most, *others = sorted(groups.items(), key=lambda group: -len(group[1]))
    worst = min(answers.values(), key=lambda observation: observation.severity.rank)
    return Finding(
        code=f"DIVERGES-{check.upper().replace('_', '-')}",
        severity=worst.severity,
        message=f"the targets do not agree on {worst.subject}",
        place=worst.place,
        expected=_say([most]),
        actual=_say(others),
        recommendation=worst.recommendation,
        targets=tuple(target for _, targets in others for target in targets),
    )


def _say(groups: Iterable[tuple[str, list[str]]]) -> str:
    return "; ".join(f"{value} on {', '.join(targets)}" for value, targets in groups)
