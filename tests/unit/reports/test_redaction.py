from __future__ import annotations

from dataclasses import dataclass

import pytest

from dbparity.reports.redaction import hide, redacted
from dbparity.results import Outcome, Place, Report


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("postgresql://app:secret@host:5432/db", "postgresql://app:***@host:5432/db"),
        ("mysql+pymysql://:secret@host", "mysql+pymysql://:***@host"),
        ("a mysql://u:p@h and a mysql://v:q@i", "a mysql://u:***@h and a mysql://v:***@i"),
        ("redis://u:p/w:x@host", "redis://u:***@host"),
        ("http://localhost:8080/path", "http://localhost:8080/path"),
        ("sqlite:///file.db", "sqlite:///file.db"),
        ("postgresql://app@host/db", "postgresql://app@host/db"),
    ],
)
def test_password_of_a_url_is_hidden(text: str, hidden: str) -> None:
    assert hide(text) == hidden


def test_every_text_of_a_report_is_redacted() -> None:
    planted = "x://u:secret@h"

    @dataclass(frozen=True)
    class Holder:
        nested: tuple[tuple[Place, ...], str]
        outcome: Outcome
        number: int

    holder = Holder(((Place(planted),), planted), Outcome.PASSED, 3)
    clean = Place("x://u:***@h")
    assert redacted(holder) == Holder(((clean,), "x://u:***@h"), Outcome.PASSED, 3)
    assert redacted(holder).outcome is Outcome.PASSED


def test_report_without_secrets_stays_as_it_is(report: Report) -> None:
    assert redacted(report) == report
