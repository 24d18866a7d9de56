from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Engine,
    ForeignKey,
    Identity,
    Integer,
    MetaData,
    String,
    Table,
    event,
    func,
)

from dbparity.conformance.operations import delete, insert_and_read_back, update
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from dbparity.results import Result
    from tests.unit.conformance.conftest import Perform


def library(*, strict: bool = False) -> MetaData:
    metadata = MetaData()
    Table(
        "books",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("title", String(40), nullable=False),
        *([CheckConstraint("id < 3", name="few")] if strict else []),
    )
    Table(
        "loans",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("book_id", Integer, ForeignKey("books.id"), nullable=False),
    )
    return metadata


def cycle() -> MetaData:
    metadata = MetaData()
    best = ForeignKey("songs.id", name="best", use_alter=True)
    Table("bands", metadata, Column("id", Integer, primary_key=True), Column("best", Integer, best))
    band = Column("band_id", Integer, ForeignKey("bands.id"), nullable=False)
    Table("songs", metadata, Column("id", Integer, primary_key=True), band)
    return metadata


def without_keys() -> MetaData:
    metadata = MetaData()
    Table("notes", metadata, Column("text", String(20)), Column("rank", Integer))
    number = Column("id", Integer, Identity(always=True), primary_key=True)
    Table("numbered", metadata, number, Column("text", String(20)))
    return metadata


# Rows go into the table behind the view, where SQLite does not count them.
VIEW = (
    "ALTER TABLE books RENAME TO shelves",
    "CREATE VIEW books AS SELECT * FROM shelves",
    (
        "CREATE TRIGGER put INSTEAD OF INSERT ON books BEGIN "
        "INSERT INTO shelves VALUES (new.id, new.title); END"
    ),
    (
        "CREATE TRIGGER alter_book INSTEAD OF UPDATE ON books BEGIN "
        "UPDATE shelves SET title = new.title WHERE id = old.id; END"
    ),
    (
        "CREATE TRIGGER remove INSTEAD OF DELETE ON books BEGIN "
        "DELETE FROM shelves WHERE id = old.id; END"
    ),
)


def refuse_many(engine: Engine) -> None:
    """Break what inserts several rows at once."""

    def rewrite(*arguments: Any) -> tuple[str, Any]:  # noqa: ANN401
        *_, statement, parameters, _, many = arguments
        return (f"{statement} many" if many else statement), parameters

    event.listen(engine, "before_cursor_execute", rewrite, retval=True)


def codes(result: Result) -> set[str]:
    return {f"{finding.code} {finding.place.table}" for finding in result.findings}


def books_only() -> MetaData:
    metadata = library()
    metadata.remove(metadata.tables["loans"])
    return metadata


def test_a_value_that_is_stored_otherwise_is_found_with_its_column(
    perform_on_sqlite: Perform,
) -> None:
    trigger = (
        "CREATE TRIGGER cut AFTER INSERT ON books BEGIN "
        "UPDATE books SET title = substr(new.title, 1, 2) WHERE id = new.id; END"
    )

    result = perform_on_sqlite(insert_and_read_back, books_only(), sql=[trigger])

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("VALUE-CHANGED", Severity.LOST)
    assert (finding.place.table, finding.place.column) == ("books", "title")
    assert finding.place.key


def test_a_key_that_is_stored_otherwise_is_found(perform_on_sqlite: Perform) -> None:
    trigger = (
        "CREATE TRIGGER shift AFTER INSERT ON books BEGIN "
        "UPDATE books SET id = new.id + 1000 WHERE id = new.id; END"
    )

    result = perform_on_sqlite(insert_and_read_back, books_only(), sql=[trigger])

    assert {finding.place.column for finding in result.findings} == {"id"}


def test_rows_that_come_out_more_or_fewer_are_found(perform_on_sqlite: Perform) -> None:
    trigger = (
        "CREATE TRIGGER forget AFTER INSERT ON books BEGIN "
        "DELETE FROM books WHERE id = new.id AND id > 1; END"
    )

    result = perform_on_sqlite(insert_and_read_back, books_only(), sql=[trigger])

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("ROWS-MISCOUNTED", Severity.LOST)


def test_a_valid_row_that_is_refused_is_named_and_what_needs_it_is_skipped(
    perform_on_sqlite: Perform,
) -> None:
    result = perform_on_sqlite(insert_and_read_back, library(), schema=library(strict=True))

    (finding,) = result.findings
    assert (finding.code, str(finding.place)) == ("ROW-REFUSED", "books[3]")
    assert finding.actual.startswith("refused as check")
    assert [str(part.place) for part in result.skipped] == ["loans"]


def test_rows_that_are_refused_only_together_are_found(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(insert_and_read_back, books_only(), configure=refuse_many)

    (finding,) = result.findings
    assert finding.code == "ROW-REFUSED"
    assert 'near "many": syntax error' in finding.actual


def test_cycles_of_foreign_keys_are_written_and_read_back(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(insert_and_read_back, cycle())

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_cycles_of_foreign_keys_are_deleted(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(delete, cycle())

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_a_table_without_a_key_is_read_back(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(insert_and_read_back, without_keys())

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_a_table_without_a_key_is_deleted_as_a_whole(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(delete, without_keys())

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_rows_that_cannot_be_named_are_not_updated(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(update, without_keys())

    assert {str(part.place): part.reason for part in result.skipped} == {
        "notes": "it has no primary key: its rows cannot be told apart",
        "numbered": "only the server fills id of its primary key",
    }


def test_rows_that_are_not_found_by_their_key_are_not_updated(perform_on_sqlite: Perform) -> None:
    trigger = (
        "CREATE TRIGGER shift AFTER INSERT ON books BEGIN "
        "UPDATE books SET id = new.id + 1000 WHERE id = new.id; END"
    )

    result = perform_on_sqlite(update, books_only(), sql=[trigger])

    assert result.reason == "its key does not read back as written"


def test_an_update_that_is_refused_is_found(perform_on_sqlite: Perform) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE UPDATE ON books BEGIN "
        "INSERT INTO books (id, title) VALUES (99, NULL); END"
    )

    result = perform_on_sqlite(update, books_only(), sql=[refuse])

    assert codes(result) == {"UPDATE-REFUSED books"}


def test_an_update_that_changes_another_column_is_found(perform_on_sqlite: Perform) -> None:
    metadata = books_only()
    metadata.tables["books"].append_column(Column("stock", Integer, nullable=False))
    spread = (
        "CREATE TRIGGER spread AFTER UPDATE OF title ON books BEGIN "
        "UPDATE books SET stock = -1 WHERE id = new.id; END"
    )

    result = perform_on_sqlite(update, metadata, sql=[spread])

    (finding,) = result.findings
    assert (finding.code, finding.place.column) == ("UPDATE-SPREADS", "stock")
    assert finding.actual == "-1"


def test_an_update_that_is_not_kept_is_found(perform_on_sqlite: Perform) -> None:
    undo = (
        "CREATE TRIGGER undo AFTER UPDATE OF title ON books BEGIN "
        "UPDATE books SET title = old.title WHERE id = new.id; END"
    )

    result = perform_on_sqlite(update, books_only(), sql=[undo])

    assert codes(result) == {"VALUE-CHANGED books"}


def test_an_update_that_matches_no_row_is_found(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(update, books_only(), sql=VIEW)

    assert codes(result) == {"UPDATE-MISCOUNTED books"}


def test_a_deletion_that_matches_no_row_is_found(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(delete, books_only(), sql=VIEW)

    (finding,) = result.findings
    assert (finding.code, finding.expected, finding.actual) == ("ROWS-MISCOUNTED", "3", "0")


def test_rows_that_stay_when_they_are_deleted_are_found(perform_on_sqlite: Perform) -> None:
    keep = "CREATE TRIGGER keep BEFORE DELETE ON books BEGIN SELECT RAISE(IGNORE); END"

    result = perform_on_sqlite(delete, books_only(), sql=[keep])

    assert ["0", "3"] in [[found.expected, found.actual] for found in result.findings]


def test_a_column_that_changes_with_its_row_may_change(perform_on_sqlite: Perform) -> None:
    metadata = books_only()
    changed = Column("changed", DateTime, default=func.now(), onupdate=func.now())
    metadata.tables["books"].append_column(changed)

    result = perform_on_sqlite(update, metadata)

    assert result.outcome is Outcome.PASSED


def test_a_key_that_others_reference_may_refuse_to_change(perform_on_sqlite: Perform) -> None:
    metadata = books_only()
    books = metadata.tables["books"]
    books.append_column(Column("isbn", String(20), unique=True, nullable=False))
    isbn = Column("isbn", String(20), ForeignKey("books.isbn"), nullable=False)
    Table("prints", metadata, Column("id", Integer, primary_key=True), isbn)

    result = perform_on_sqlite(update, metadata)

    assert result.outcome is Outcome.PASSED
    assert "refused as foreign key: FOREIGN KEY constraint failed" in result.reason


def test_a_column_with_one_value_is_not_updated(perform_on_sqlite: Perform) -> None:
    metadata = books_only()
    table = metadata.tables["books"]
    table.append_column(Column("kind", String(9), nullable=False))
    table.append_constraint(CheckConstraint("kind = 'book'"))

    result = perform_on_sqlite(update, metadata)

    assert result.reason == "there is no other valid value"
