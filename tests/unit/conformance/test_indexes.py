from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import CreateIndex, DropIndex

from dbparity.conformance import indexes
from dbparity.results import Outcome, Severity
from tests.support.ledgers import ledger, lowered
from tests.support.performing import OnFile, found, index, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from dbparity.conformance.base import Check


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def performed(request: pytest.FixtureRequest, tmp_path: Path) -> OnFile:
    return OnFile(tmp_path, request.param)


@pytest.mark.parametrize(
    "check", [indexes.indexes_used, indexes.foreign_keys_indexed], ids=lambda check: check.name
)
def test_a_healthy_application_is_clean(performed: OnFile, check: Check) -> None:
    result = performed(check)

    assert result.findings == ()
    assert result.outcome is Outcome.PASSED


def test_an_index_over_an_expression_is_used(performed: OnFile) -> None:
    result = performed(indexes.indexes_used, lowered())

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_an_index_that_is_not_what_it_is_called_is_not_used(performed: OnFile) -> None:
    metadata, other = ledger(), ledger()
    ddl = [
        DropIndex(index(metadata, "ix_accounts_owner")),
        CreateIndex(Index("ix_accounts_owner", other.tables["accounts"].c.balance)),
    ]

    result = performed(indexes.indexes_used, metadata, ddl=ddl)

    (finding,) = result.findings
    assert (finding.code, finding.place.table) == ("INDEX-UNUSED", "accounts")
    assert finding.severity is Severity.DEGRADED
    assert finding.expected == "a plan that uses ix_accounts_owner"
    assert "SCAN" in finding.actual


def test_a_dropped_index_is_not_used_either(performed: OnFile) -> None:
    metadata = lowered()

    result = performed(indexes.indexes_used, metadata, ddl=[DropIndex(index(metadata, "ix_lower"))])

    assert found(result) == [("INDEX-UNUSED", "words")]


def test_another_index_that_finds_the_same_rows_does_as_well(performed: OnFile) -> None:
    metadata = ledger()
    both = index(metadata, "ix_entries_account_id_label")
    other = Index("ix_entries_account_id", ledger().tables["entries"].c.account_id)

    result = performed(indexes.indexes_used, metadata, ddl=[DropIndex(both), CreateIndex(other)])

    assert result.findings == ()


def test_a_column_of_few_values_needs_no_index(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "flags",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("on", Boolean, index=True, nullable=False),
    )

    result = performed(indexes.indexes_used, metadata)

    assert result.outcome is Outcome.SKIPPED
    assert reasons(result) == ["ix_flags_on: not selective: any value is that of 49% of the rows"]


def test_a_table_of_few_rows_needs_no_index(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "switches",
        metadata,
        Column("on", Boolean, primary_key=True),
        Column("name", String(20), index=True, nullable=False),
    )

    result = performed(indexes.indexes_used, metadata)

    assert reasons(result) == [
        "ix_switches_name: no more than 2 rows can be made, too few for an index to matter"
    ]


def test_a_column_that_is_always_null_tells_nothing(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "empties",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer, index=True),
        CheckConstraint("n IS NULL"),
    )

    result = performed(indexes.indexes_used, metadata)

    assert reasons(result) == ["ix_empties_n: no row has values in all its columns"]


def test_an_index_that_begins_behind_the_primary_key_is_asked_by_its_first_column(
    performed: OnFile,
) -> None:
    result = performed(indexes.indexes_used, _grid(Index("ix_y_x", "y", "x")))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_an_index_that_repeats_the_primary_key_is_left_out(performed: OnFile) -> None:
    metadata = MetaData()
    Table("ids", metadata, Column("id", Integer, primary_key=True), Index("ix_id", "id"))

    result = performed(indexes.indexes_used, metadata)

    assert reasons(result) == ["ix_id: the primary key tells its rows apart"]


def _grid(*items: Index | ForeignKeyConstraint) -> MetaData:
    metadata = MetaData()
    Table(
        "cells",
        metadata,
        Column("x", Integer, primary_key=True),
        Column("y", Integer, primary_key=True),
        Column("n", Integer),
        *items,
    )
    return metadata


def test_a_partial_index_is_used_for_the_rows_that_it_has(performed: OnFile) -> None:
    metadata = MetaData()
    table = Table(
        "tasks",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", String(40), nullable=False),
        Column("state", Enum("open", "done", native_enum=False), nullable=False),
    )
    Index("ix_open", table.c.name, sqlite_where=table.c.state == "open")

    result = performed(indexes.indexes_used, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_an_index_in_descending_order_is_used(performed: OnFile) -> None:
    metadata = _grid()
    Index("ix_n", metadata.tables["cells"].c.n.desc())

    assert performed(indexes.indexes_used, metadata).verified == 1


def test_an_index_over_text_is_left_out(performed: OnFile) -> None:
    metadata = lowered()
    table = metadata.tables["words"]
    Index("ix_text", text("upper(word)"), _table=table)

    result = performed(indexes.indexes_used, metadata)

    assert reasons(result) == ["ix_text: it is over an expression that is given as text"]


def test_unique_constraints_are_used_named_or_not(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "codes",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", String(20), unique=True, nullable=False),
        Column("b", String(20), nullable=False),
        UniqueConstraint("b", name="uq_b"),
    )

    result = performed(indexes.indexes_used, metadata)

    assert (result.findings, result.verified) == ((), 2)


def test_a_missing_unique_constraint_is_not_used(performed: OnFile) -> None:
    there = ledger()
    table = there.tables["accounts"]
    table.constraints -= {each for each in table.constraints if isinstance(each, UniqueConstraint)}

    result = performed(indexes.indexes_used, schema=there)

    assert found(result) == [("INDEX-UNUSED", "accounts")]
    assert "uq_accounts_number" in result.findings[0].message


def test_tables_that_reference_each_other_are_filled(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "a",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("b_id", ForeignKey("b.id", name="fk_b", use_alter=True), index=True),
    )
    Table(
        "b",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a_id", ForeignKey("a.id", name="fk_a"), index=True),
    )

    result = performed(indexes.indexes_used, metadata)

    assert (result.skipped, result.verified) == ((), 2)


def test_indexes_of_a_table_that_refuses_rows_are_left_out(performed: OnFile) -> None:
    there = ledger()
    there.tables["accounts"].append_column(Column("extra", Integer, nullable=False))

    result = performed(indexes.indexes_used, schema=there)

    assert result.outcome is Outcome.SKIPPED
    assert {skipped.place.table for skipped in result.skipped} == {"accounts", "entries"}


def test_a_backend_whose_plans_name_no_indexes_is_left_out(performed: OnFile) -> None:
    result = performed(indexes.indexes_used, claims={"explains_indexes": False})

    assert result.reason == "SQLite lacks explains_indexes"


def test_foreign_keys_without_an_index_are_a_note(performed: OnFile) -> None:
    metadata = ledger()
    metadata.tables["entries"].indexes.clear()

    result = performed(indexes.foreign_keys_indexed, metadata)

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("FOREIGN-KEY-UNINDEXED", Severity.NOTE)
    assert (finding.place.table, finding.actual) == ("entries", "none for account_id")


def test_a_primary_key_is_an_index_too(performed: OnFile) -> None:
    metadata = MetaData()
    Table("people", metadata, Column("id", Integer, primary_key=True))
    Table("staff", metadata, Column("id", ForeignKey("people.id"), primary_key=True))

    result = performed(indexes.foreign_keys_indexed, metadata)

    assert (result.findings, result.verified) == ((), 1)
