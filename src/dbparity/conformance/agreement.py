"""Do the targets agree: observations of the same question, compared across targets."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from dbparity.results import Finding, Observation, Outcome, Result, Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_Answers = dict[str, Observation]


def compare(results: Sequence[Result]) -> tuple[Result, ...]:
    """One result per check that observed something, with a finding per subject that differs."""
    asked: dict[tuple[str, str], dict[str, _Answers]] = defaultdict(lambda: defaultdict(dict))
    for result in results:
        for observation in result.observations:
            answers = asked[result.category, result.check][observation.subject]
            answers[result.target] = observation
    return tuple(_judge(category, check, subjects) for (category, check), subjects in asked.items())


def _judge(category: str, check: str, subjects: dict[str, _Answers]) -> Result:
    comparable = {name: answers for name, answers in subjects.items() if len(answers) > 1}
    findings = tuple(_divergences(check, comparable))
    if not comparable:
        outcome, skipped = Outcome.SKIPPED, (Skipped("fewer than two targets answered"),)
    else:
        outcome, skipped = Outcome.FAILED if findings else Outcome.PASSED, ()
    agreed = len(comparable) - len(findings)
    return Result("", category, check, outcome, verified=agreed, findings=findings, skipped=skipped)


def _divergences(check: str, subjects: dict[str, _Answers]) -> Iterator[Finding]:
    for subject, answers in subjects.items():
        groups: dict[str, list[str]] = defaultdict(list)
        for target, observation in answers.items():
            groups[observation.value].append(target)
        if len(groups) > 1:
            yield _divergence(check, subject, next(iter(answers.values())), groups)


def _divergence(
    check: str, subject: str, observed: Observation, groups: dict[str, list[str]]
) -> Finding:
    first, *others = sorted(groups.items(), key=lambda group: -len(group[1]))
    return Finding(
        code=f"DIVERGES-{check.upper().replace('_', '-')}",
        severity=observed.severity,
        message=f"the targets do not agree on {subject}",
        place=observed.place,
        expected=_say([first]),
        actual=_say(others),
        recommendation=observed.recommendation,
        targets=tuple(target for _, targets in others for target in targets),
    )


def _say(groups: Iterable[tuple[str, list[str]]]) -> str:
    return "; ".join(f"{value} on {', '.join(targets)}" for value, targets in groups)
