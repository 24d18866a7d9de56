"""The whole report for programs: report.schema.json describes it."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dbparity.reports.redaction import redacted

if TYPE_CHECKING:
    from dbparity.results import Report

SCHEMA = "dbparity-report/1"


def render(report: Report) -> str:
    """Everything in ``report``, as JSON in ASCII; ``target`` is null in a comparison of all."""
    return json.dumps(_document(redacted(report)), indent=2) + "\n"


def _document(report: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": {"name": report.tool, "version": version("dbparity")},
        "application": report.application,
        "started": report.started.isoformat(),
        "seconds": report.seconds,
        "targets": [
            {"target": state.target, "provider": state.provider, "version": state.version}
            for state in report.targets
            if not state.missing
        ],
        "missing": [{"target": state.target, "reason": state.missing} for state in report.missing],
        "counts": report.counts,
        "success_rate": report.success_rate,
        "findings": [asdict(finding) for finding in report.findings],
        "results": [
            {**asdict(result), "target": result.target or None} for result in report.results
        ],
    }
