from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Dialect,
    Enum,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

from dbparity.conformance.integrity import checks, lengths, not_null
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Perform


class Short(TypeDecorator[str]):
    """Refuses by itself what is too long."""

    impl = String(5)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        if value and len(value) > 5:
            message = "too long"
            raise ValueError(message)
        return value


def one_table(*parts: Any) -> MetaData:  # noqa: ANN401
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), *parts)
    return metadata


def test_null_in_a_json_column_is_sql_null(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(not_null, one_table(Column("a", JSON, nullable=False)))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_number_that_the_server_gives_is_not_asked_for_null(perform_on_sqlite: Perform) -> None:
    metadata = MetaData()
    number = Column("id", Integer, Identity(), primary_key=True)
    Table("t", metadata, number, Column("a", Integer, nullable=False))

    result = perform_on_sqlite(not_null, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_null_that_is_refused_for_another_reason_proves_nothing(
    perform_on_sqlite: Perform,
) -> None:
    healthy = one_table(Column("a", Integer, nullable=False))
    checked = one_table(Column("a", Integer), CheckConstraint("a IS NOT NULL"))

    result = perform_on_sqlite(not_null, healthy, schema=checked)

    assert result.outcome is Outcome.SKIPPED
    assert result.reason.startswith("it could not be shown that NULL is refused: refused as check")


def test_a_check_that_no_row_breaks_is_skipped(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(checks, one_table(CheckConstraint("1 = 1", name="always")))

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == (
        "it could not be shown that a row that breaks always is refused: no such row was found"
    )


def test_a_check_without_a_name_is_named_by_its_condition(perform_on_sqlite: Perform) -> None:
    column = Column("a", Integer, nullable=False)

    result = perform_on_sqlite(checks, one_table(column, CheckConstraint("a > 0")))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_check_that_this_backend_does_not_have_is_left_out(perform_on_sqlite: Perform) -> None:
    elsewhere = CheckConstraint("id > 0").ddl_if(dialect="postgresql")

    result = perform_on_sqlite(checks, one_table(elsewhere))

    assert result.outcome is Outcome.SKIPPED


def test_a_backend_that_stores_longer_texts_has_a_note_for_each_table(
    perform_on_sqlite: Perform,
) -> None:
    result = perform_on_sqlite(lengths, one_table(Column("a", String(3)), Column("b", String(4))))

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("LENGTH-NOT-ENFORCED", Severity.NOTE)
    assert str(finding.place) == "t.a, b"
    assert (result.outcome, result.reason) == (
        Outcome.SKIPPED,
        "SQLite does not enforce lengths",
    )


def test_a_type_or_a_check_that_refuses_longer_texts_will_do(perform_on_sqlite: Perform) -> None:
    metadata = one_table(
        Column("a", Short()), Column("b", String(4)), CheckConstraint("length(b) <= 4")
    )

    result = perform_on_sqlite(lengths, metadata)

    assert (result.outcome, result.verified, result.findings) == (Outcome.PASSED, 2, ())


def test_a_longer_text_that_is_refused_for_another_reason_proves_nothing(
    perform_on_sqlite: Perform,
) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON t WHEN length(new.a) > 3 BEGIN "
        "SELECT RAISE(ABORT, 'no'); END"
    )

    result = perform_on_sqlite(lengths, one_table(Column("a", String(3))), sql=[refuse])

    assert result.outcome is Outcome.SKIPPED
    assert "refused as foreign key: no" in result.reason


def test_texts_without_a_length_of_their_own_are_left_out(perform_on_sqlite: Perform) -> None:
    metadata = one_table(
        Column("a", Text(9)), Column("b", String), Column("c", Enum("x", "y")), Column("d", Integer)
    )

    assert perform_on_sqlite(lengths, metadata).outcome is Outcome.SKIPPED
