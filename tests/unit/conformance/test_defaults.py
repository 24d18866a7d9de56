from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Dialect,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    func,
    text,
)

from dbparity.conformance.defaults import defaults, nulls
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from dbparity.results import Result
    from tests.unit.conformance.conftest import Perform


class Words(TypeDecorator[list[str]]):
    """A list that is empty where the column is NULL."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str]:  # noqa: ARG002
        return (value or "").split()


def one_table(*columns: Column[Any], key: bool = True) -> MetaData:
    metadata = MetaData()
    number = [Column("id", Integer, primary_key=True)] if key else []
    Table("t", metadata, *number, *columns)
    return metadata


def observed(result: Result) -> dict[str, str]:
    return {str(found.place): found.value for found in result.observations}


def test_a_default_that_is_a_constant_is_observed_with_its_value(
    perform_on_sqlite: Perform,
) -> None:
    metadata = one_table(
        Column("a", String(9), default="one", nullable=False),
        Column("b", String(9), server_default="two"),
        Column("c", Integer, server_default=text("3")),
        Column("d", String(9), server_default=text("'four'")),
    )

    result = perform_on_sqlite(defaults, metadata)

    assert observed(result) == {
        "t.id": "int",
        "t.a": "'one'",
        "t.b": "'two'",
        "t.c": "3",
        "t.d": "'four'",
    }


def test_a_default_that_varies_is_observed_with_its_kind(perform_on_sqlite: Perform) -> None:
    metadata = one_table(
        Column("a", DateTime, default=lambda: datetime(2024, 1, 1), nullable=False),  # noqa: DTZ001
        Column("b", DateTime, server_default=func.now()),
        Column("c", Integer, default=func.random()),
    )

    result = perform_on_sqlite(defaults, metadata)

    assert observed(result) == {"t.id": "int", "t.a": "datetime", "t.b": "datetime", "t.c": "int"}


def test_a_column_without_a_default_is_null(perform_on_sqlite: Perform) -> None:
    metadata = one_table(
        Column("a", String(9)),
        Column("b", Integer, server_default=text("NULL")),
        Column("c", Words()),
        Column("d", Integer, Computed("1 + 1")),
    )

    result = perform_on_sqlite(defaults, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_a_default_that_the_model_does_not_state_is_found(perform_on_sqlite: Perform) -> None:
    healthy = one_table(Column("a", Integer))

    result = perform_on_sqlite(
        defaults, healthy, schema=one_table(Column("a", Integer, server_default="7"))
    )

    (finding,) = result.findings
    assert (finding.code, str(finding.place)) == ("DEFAULT-DIFFERS", "t.a")
    assert (finding.expected, finding.actual) == ("NULL", "7")


def test_a_default_that_does_not_fit_the_other_values_is_skipped(
    perform_on_sqlite: Perform,
) -> None:
    metadata = one_table(
        Column("low", Integer, default=5000, nullable=False),
        Column("high", Integer, nullable=False),
    )
    metadata.tables["t"].append_constraint(CheckConstraint("low < high AND high < 5000"))

    result = perform_on_sqlite(defaults, metadata)

    assert [str(part.place) for part in result.skipped] == ["t.low"]
    assert result.skipped[0].reason.startswith("refused as check")
    assert observed(result) == {"t.id": "int"}


def test_a_table_without_a_key_has_defaults_too(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(defaults, one_table(Column("a", Integer, default=4), key=False))

    assert observed(result) == {"t.a": "4"}


def test_nothing_is_left_out_of_a_table_that_needs_everything(perform_on_sqlite: Perform) -> None:
    everything = Column("a", Integer, nullable=False)

    result = perform_on_sqlite(defaults, one_table(everything, key=False))

    assert result.outcome is Outcome.SKIPPED


def test_rows_that_reference_what_only_the_server_knows_are_skipped(
    perform_on_sqlite: Perform,
) -> None:
    metadata = MetaData()
    number = Column("id", Integer, Identity(always=True), primary_key=True)
    Table("parents", metadata, number, Column("a", Integer, default=1))
    parent = Column("parent_id", Integer, ForeignKey("parents.id"), nullable=False)
    Table("children", metadata, Column("id", Integer, primary_key=True), parent)
    child = Column("child_id", Integer, ForeignKey("children.id"), nullable=False)
    Table("toys", metadata, Column("id", Integer, primary_key=True), child)

    result = perform_on_sqlite(defaults, metadata)

    assert [str(part.place) for part in result.skipped] == ["children", "toys"]
    assert observed(result) == {"parents.id": "int", "parents.a": "1"}


def test_null_stays_null(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(nulls, one_table(Column("a", Integer), Column("b", Words())))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_null_that_is_stored_as_something_else_is_found(perform_on_sqlite: Perform) -> None:
    fill = "CREATE TRIGGER fill AFTER INSERT ON t BEGIN UPDATE t SET a = coalesce(a, 0); END"

    result = perform_on_sqlite(nulls, one_table(Column("a", Integer)), sql=[fill])

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("NULL-CHANGED", Severity.LOST)
    assert str(finding.place) == "t.a"


def test_nulls_are_tried_one_by_one_where_all_at_once_are_refused(
    perform_on_sqlite: Perform,
) -> None:
    metadata = one_table(Column("a", Integer), Column("b", Integer))
    metadata.tables["t"].append_constraint(CheckConstraint("a IS NOT NULL OR b IS NOT NULL"))

    result = perform_on_sqlite(nulls, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_a_column_that_a_check_keeps_from_null_is_skipped(perform_on_sqlite: Perform) -> None:
    metadata = one_table(Column("a", Integer), Column("b", Integer))
    metadata.tables["t"].append_constraint(CheckConstraint("a IS NOT NULL"))

    result = perform_on_sqlite(nulls, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)
    assert [str(part.place) for part in result.skipped] == ["t.a"]
