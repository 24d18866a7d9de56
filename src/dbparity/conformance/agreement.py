"""Do the targets agree where the model promises nothing: observations, compared."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dbparity import plugins
from dbparity.results import Finding, Observation, Outcome, Result, Severity, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What each target answered to one question.
Answers = dict[str, Observation]


def compare(results: Sequence[Result]) -> tuple[Result, ...]:
    """One result for each check that observed something, with a finding for each difference.

    Only those targets are compared that were asked the same question: where there are no two of
    them, the result is skipped.
    """
    asked: dict[tuple[str, str], dict[str, Answers]] = defaultdict(lambda: defaultdict(dict))
    for result in results:
        for observation in result.observations:
            answers = asked[result.category, result.check][observation.subject]
            answers[result.target] = observation
    return tuple(_judged(*place, questions) for place, questions in asked.items())


def _judged(category: str, check: str, questions: dict[str, Answers]) -> Result:
    comparable = {name: answers for name, answers in questions.items() if len(answers) > 1}
    if not comparable:
        nothing = Skipped("no two targets answered the same question")
        return Result("", category, check, Outcome.SKIPPED, skipped=(nothing,))
    judged = [tuple(_divergences(check, *question)) for question in comparable.items()]
    findings = tuple(finding for found in judged for finding in found)
    failed = any(finding.severity is not Severity.NOTE for finding in findings)
    outcome = Outcome.FAILED if failed else Outcome.PASSED
    agreed = sum(not found for found in judged)
    return Result("", category, check, outcome, verified=agreed, findings=findings)


def _divergences(check: str, subject: str, answers: Answers) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for target, observation in answers.items():
        groups[observation.value].append(target)
    (comparison,) = {observation.comparison for observation in answers.values()}
    if len(groups) > 1 and comparison:
        yield from plugins.load("comparisons", comparison)(groups)
    elif len(groups) > 1:
        yield _divergence(check, subject, answers, groups)


def _divergence(
    check: str, subject: str, answers: Answers, groups: dict[str, list[str]]
) -> Finding:
    """What most targets say is expected of the others; the fewest are named last."""
    most, *others = sorted(groups.items(), key=lambda group: -len(group[1]))
    worst = min(answers.values(), key=lambda observation: observation.severity.rank)
    return Finding(
        code=f"DIVERGES-{check.upper().replace('_', '-')}",
        severity=worst.severity,
        message=f"the targets do not agree on {subject}",
        place=worst.place,
        expected=_say([most]),
        actual=_say(others),
        recommendation=worst.recommendation,
        targets=tuple(target for _, targets in others for target in targets),
    )


def _say(groups: Iterable[tuple[str, list[str]]]) -> str:
    return "; ".join(f"{value} on {', '.join(targets)}" for value, targets in groups)
