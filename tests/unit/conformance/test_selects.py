from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    event,
)

from dbparity.conformance.selects import select_rows
from dbparity.results import Outcome

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from tests.unit.conformance.conftest import Perform


class TextNumber(TypeDecorator[int]):
    """Sorts 10 before 9."""

    impl = String(9)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int(value)


def one_table(key: type[Any] | TypeEngine[Any] = Integer) -> MetaData:
    metadata = MetaData()
    Table("t", metadata, Column("id", key, primary_key=True), Column("name", String(20)))
    return metadata


def ignore_offsets(engine: Engine) -> None:
    def rewrite(*arguments: Any) -> tuple[str, Any]:  # noqa: ANN401
        _, _, statement, parameters, *_ = arguments
        return statement.replace("OFFSET ?", "OFFSET 0 * ?"), parameters

    event.listen(engine, "before_cursor_execute", rewrite, retval=True)


def codes(perform_on_sqlite: Perform, metadata: MetaData, *sql: str, **options: Any) -> set[str]:  # noqa: ANN401
    result = perform_on_sqlite(select_rows, metadata, sql=sql, **options)
    return {finding.code for finding in result.findings}


def test_a_count_that_is_wrong_is_found(perform_on_sqlite: Perform) -> None:
    double = (
        "CREATE TRIGGER double AFTER INSERT ON t WHEN new.id < 1000 BEGIN "
        "INSERT INTO t VALUES (new.id + 1000, new.name); END"
    )

    assert codes(perform_on_sqlite, one_table(), double) == {"ROWS-MISCOUNTED"}


def test_keys_that_are_not_found_again_are_found(perform_on_sqlite: Perform) -> None:
    shift = (
        "CREATE TRIGGER shift AFTER INSERT ON t BEGIN "
        "UPDATE t SET id = new.id + 1000 WHERE id = new.id; END"
    )

    assert codes(perform_on_sqlite, one_table(), shift) == {"FILTER-DIFFERS", "IN-DIFFERS"}


def test_numbers_in_another_order_are_found(perform_on_sqlite: Perform) -> None:
    factories = {"t": lambda number: {"id": number + 7}}

    found = codes(perform_on_sqlite, one_table(TextNumber()), factories=factories)

    assert found == {"ORDER-DIFFERS"}


def test_pages_that_repeat_rows_are_found(perform_on_sqlite: Perform) -> None:
    assert codes(perform_on_sqlite, one_table(), configure=ignore_offsets) == {"PAGES-DIFFER"}


def test_the_order_of_texts_is_observed(perform_on_sqlite: Perform) -> None:
    factories = {"t": lambda number: {"id": "bAa_c"[number % 5] + str(number)}}

    result = perform_on_sqlite(select_rows, one_table(String(9)), factories=factories)

    (observation,) = result.observations
    assert observation.subject == "the order by this key"
    assert observation.value == "'A1'; 'A6'; '_3'; 'a2'; 'a7'; 'b0'; 'b5'; 'c4'"


def test_a_table_without_a_key_is_skipped(perform_on_sqlite: Perform) -> None:
    metadata = MetaData()
    Table("t", metadata, Column("name", String(20)))

    result = perform_on_sqlite(select_rows, metadata)

    assert result.outcome is Outcome.SKIPPED
    assert "no primary key" in result.reason
