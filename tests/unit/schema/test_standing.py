from __future__ import annotations

from dbparity.schema.standing import Standing


def test_a_database_is_consistent_where_it_is_what_it_says() -> None:
    assert Standing(("1",), ("1",), known=True, differences=()).consistent
    assert not Standing(("1",), ("1",), known=False, differences=()).consistent


def test_a_database_that_says_nothing_is_told_so() -> None:
    finding = Standing(None, None, known=False, differences=()).finding()
    assert finding.code == "VERSION-TABLE-MISSING"
    assert finding.recommendation.startswith("undo what differs")
