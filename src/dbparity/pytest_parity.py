"""The parity table: what passes on one target and fails on another."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from dbparity.conformance.agreement import compare
from dbparity.results import Finding, Observation, Outcome, Place, Result, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAILED = "failed"


def pack(result: Result) -> dict[str, Any]:
    """A result as far as targets are compared by it, fit to cross from a worker process."""
    return {
        "target": result.target,
        "category": result.category,
        "check": result.check,
        "observations": [asdict(observation) for observation in result.observations],
    }


def unpack(packed: dict[str, Any]) -> Result:
    """What `pack` packed."""
    observations = tuple(
        Observation(
            **{
                **observation,
                "place": Place(**observation["place"]),
                "severity": Severity(observation["severity"]),
            }
        )
        for observation in packed["observations"]
    )
    return Result(
        packed["target"],
        packed["category"],
        packed["check"],
        Outcome.PASSED,
        observations=observations,
    )


def describe(finding: Finding) -> str:
    """A finding in a few lines."""
    return "\n".join(
        line
        for line in (
            f"{finding.severity} {finding.code} {finding.place}: {finding.message}",
            f"  expected: {finding.expected}" if finding.expected else "",
            f"  found:    {finding.actual}" if finding.actual else "",
            f"  cure:     {finding.recommendation}" if finding.recommendation else "",
        )
        if line
    )


class Parity:
    """Collects what each test came to on each target."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.outcomes: dict[str, dict[str, str]] = defaultdict(dict)
        self.results: list[Result] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test's outcome, in the process that has the terminal."""
        properties: dict[str, Any] = dict(report.user_properties)
        target = properties.get("dbparity_target")
        if target is None or report.skipped or (report.passed and report.when != "call"):
            return
        test = report.nodeid.replace(target, "*")
        self.outcomes[test][target] = _error(report) if report.failed else ""
        if report.when == "call" and "dbparity_result" in properties:
            self.results.append(unpack(properties["dbparity_result"]))

    def divergences(self) -> tuple[Finding, ...]:
        """What the checks found when the targets were compared."""
        return tuple(finding for result in compare(self.results) for finding in result.findings)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session whose targets disagree, though each of its tests may have passed."""
        failing = [f for f in self.divergences() if f.severity is not Severity.NOTE]
        if failing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write the table, if there is anything in it."""
        split = {
            test: outcomes
            for test, outcomes in sorted(self.outcomes.items())
            if any(outcomes.values()) and not all(outcomes.values())
        }
        divergences = self.divergences()
        if split or divergences:
            terminalreporter.section("dbparity: targets that disagree")
            for line in (*_table(split), *map(describe, divergences)):
                terminalreporter.write_line(line)


def _table(split: dict[str, dict[str, str]]) -> Iterator[str]:
    """The tests that fail on some targets only, grouped by their error."""
    by_error: dict[str, list[str]] = defaultdict(list)
    for test, outcomes in split.items():
        passed = ", ".join(target for target, error in outcomes.items() if not error)
        for error in dict.fromkeys(filter(None, outcomes.values())):
            failed = ", ".join(target for target, said in outcomes.items() if said == error)
            by_error[error].append(f"  {test}\n    fails on  {failed}\n    passes on {passed}")
    for error, tests in by_error.items():
        yield error
        yield from tests


def _error(report: pytest.TestReport) -> str:
    """The last line of what the test raised: the same error reads alike on every target."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr)
    return text.strip().splitlines()[0]
