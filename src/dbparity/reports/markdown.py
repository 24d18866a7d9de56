"""The report as Markdown: a page for a pull request or a job's summary."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from dbparity.reports import pools, ratios, summary
from dbparity.reports.redaction import redacted
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from jinja2 import Template

    from dbparity.reports.summary import Cell
    from dbparity.results import Report, Result

# An underscore inside a word is none of Markdown's business.
_SPECIAL = re.compile(r"[\\`*<>\[\]|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def render(report: Report) -> str:
    """The matrix, ratios, the findings with their evidence and advice, what was not checked."""
    report = redacted(report)
    return _template().render(
        report=report,
        matrix=summary.matrix(report),
        ratios=ratios.ratios(report),
        columns=pools.COLUMNS,
        pools=pools.rows(report),
        undecided=ratios.undecided(report),
        groups=summary.groups(report),
        absences=summary.absences(report),
        skips=summary.skips(report),
        counts=summary.counts(report),
        verdict=summary.verdict(report),
        passed=_passed(report),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("dbparity.reports", ""),
        autoescape=False,  # noqa: S701  # Markdown: the filters below escape
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"plain": _plain, "code": _code, "cell": _cell, "ratio": _ratio}
    environment.filters["count"] = summary.count
    return environment.get_template("markdown.md.j2")


def _passed(report: Report) -> bool:
    mild = all(finding.severity is Severity.NOTE for finding in report.findings)
    return mild and bool(report.success_rate) and not report.counts[Outcome.UNKNOWN]


def _plain(text: object) -> str:
    """``text`` so that Markdown shows it as it is, in a line or in a table."""
    return _SPECIAL.sub(r"\\\g<0>", summary.line(str(text), limit=2000))


def _code(text: str) -> str:
    """``text`` as a code span, fenced by more backticks than it has in a row."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}" if text else ""


def _cell(cell: Cell) -> str:
    return f"❌ **{cell}**" if cell.outcome is Outcome.FAILED else str(cell)


def _ratio(result: Result | None) -> str:
    failed = result is not None and result.outcome is Outcome.FAILED
    return f"❌ **{ratios.spelled(result)}**" if failed else ratios.spelled(result)
