from __future__ import annotations

from dataclasses import replace

from dbparity.conformance.agreement import compare
from dbparity.results import Observation, Outcome, Place, Result, Severity

PLACE = Place("users", "name")


def observed(
    target: str, value: str, subject: str = "case", severity: Severity = Severity.WRONG
) -> Result:
    observation = Observation(subject, value, PLACE, severity, "set a collation")
    return Result(
        target, "integrity", "unique_collation", Outcome.PASSED, observations=(observation,)
    )


def test_targets_that_answer_alike_agree() -> None:
    (result,) = compare([observed("a", "accepted"), observed("b", "accepted")])

    assert (result.target, result.category, result.check) == ("", "integrity", "unique_collation")
    assert (result.outcome, result.verified, result.findings) == (Outcome.PASSED, 1, ())


def test_a_difference_names_what_most_say_and_who_says_otherwise() -> None:
    answers = {"a": "accepted", "b": "refused", "c": "accepted", "d": "refused", "e": "accepted"}

    (result,) = compare([observed(target, value) for target, value in answers.items()])

    (finding,) = result.findings
    assert result.outcome is Outcome.FAILED
    assert (finding.code, finding.place) == ("DIVERGES-UNIQUE-COLLATION", PLACE)
    assert finding.expected == "accepted on a, c, e"
    assert finding.actual == "refused on b, d"
    assert finding.targets == ("b", "d")
    assert finding.recommendation == "set a collation"


def test_the_fewest_are_named_last() -> None:
    answers = {"a": "3", "b": "1", "c": "1", "d": "2", "e": "2", "f": "1"}

    (result,) = compare([observed(target, value) for target, value in answers.items()])

    assert result.findings[0].actual == "2 on d, e; 3 on a"


def test_a_difference_is_as_bad_as_the_worst_that_was_observed() -> None:
    results = [observed("a", "1", severity=Severity.NOTE), observed("b", "2")]

    assert compare(results)[0].findings[0].severity is Severity.WRONG


def test_a_difference_that_is_a_note_does_not_fail() -> None:
    results = [observed(target, target, severity=Severity.NOTE) for target in "ab"]

    (result,) = compare(results)

    assert (result.outcome, len(result.findings)) == (Outcome.PASSED, 1)


def test_one_target_alone_has_nothing_to_agree_with() -> None:
    (result,) = compare([observed("a", "accepted")])

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "no two targets answered the same question"


def test_a_question_that_one_target_was_asked_is_left_out() -> None:
    results = [observed("a", "1"), observed("b", "1"), observed("a", "2", subject="accent")]

    (result,) = compare(results)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_the_same_question_at_two_places_is_two_questions() -> None:
    elsewhere = Observation("case", "refused", Place("users", "nick"))
    results = [observed(target, "accepted") for target in "ab"]

    (result,) = compare([results[0], replace(results[1], observations=(elsewhere,))])

    assert result.outcome is Outcome.SKIPPED


def test_checks_that_observed_nothing_are_not_compared() -> None:
    assert compare([Result("a", "integrity", "unique", Outcome.PASSED)]) == ()
