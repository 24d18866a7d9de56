from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Enum,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateIndex, DropIndex, DropTable

from dbparity.conformance import schema
from dbparity.results import Severity
from tests.support.ledgers import ledger, lowered
from tests.support.performing import OnFile, found, index, reasons

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["pysqlite", "aiosqlite"])
def performed(request: pytest.FixtureRequest, tmp_path: Path) -> OnFile:
    return OnFile(tmp_path, request.param)


def test_a_healthy_application_is_clean(performed: OnFile) -> None:
    result = performed(schema.objects)

    assert (result.findings, result.verified) == ((), 2)


def test_all_checks_of_the_category_are_offered() -> None:
    assert {check.name for check in schema.CHECKS} == {
        "objects",
        "indexes_used",
        "foreign_keys_indexed",
        "parity",
    }


def test_a_dropped_index_is_missing_from_its_table(performed: OnFile) -> None:
    metadata = ledger()

    result = performed(
        schema.objects, metadata, ddl=[DropIndex(index(metadata, "ix_accounts_owner"))]
    )

    (finding,) = result.findings
    assert (finding.code, finding.place.table) == ("INDEX-MISSING", "accounts")
    assert finding.severity is Severity.DEGRADED
    assert "ix_accounts_owner" in finding.message
    assert finding.expected == "ix_accounts_owner (owner)"


def test_an_index_over_another_column_differs(performed: OnFile) -> None:
    metadata, other = ledger(), ledger()
    label = other.tables["entries"].c.label
    ddl = [
        DropIndex(index(metadata, "ix_entries_account_id_label")),
        CreateIndex(Index("ix_entries_account_id_label", label)),
    ]

    result = performed(schema.objects, metadata, ddl=ddl)

    (finding,) = result.findings
    assert (finding.code, finding.expected, finding.actual) == (
        "INDEX-DIFFERS",
        "(account_id, label)",
        "(label)",
    )


def test_an_index_that_is_unique_in_the_model_only_is_wrong(performed: OnFile) -> None:
    result = performed(schema.objects, _indexed(unique=True), schema=_indexed(unique=False))

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("INDEX-DIFFERS", Severity.WRONG)
    assert (finding.expected, finding.actual) == ("unique (n)", "(n)")


def _indexed(*, unique: bool) -> MetaData:
    metadata = MetaData()
    Table(
        "numbers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer),
        Index("ix_n", "n", unique=unique),
    )
    return metadata


def test_a_missing_table_is_one_finding(performed: OnFile) -> None:
    metadata = ledger()

    result = performed(schema.objects, metadata, ddl=[DropTable(metadata.tables["entries"])])

    assert found(result) == [("TABLE-MISSING", "entries")]


def test_everything_else_that_is_missing_has_a_finding(performed: OnFile) -> None:
    result = performed(schema.objects, _rich(), schema=_poor())

    assert found(result) == [
        ("COLUMN-MISSING", "children.extra"),
        ("PRIMARY-KEY-DIFFERS", "children"),
        ("CHECK-CONSTRAINT-MISSING", "children"),
        ("FOREIGN-KEY-MISSING", "children"),
        ("UNIQUE-CONSTRAINT-MISSING", "children"),
    ]
    assert {finding.severity for finding in result.findings} == {Severity.WRONG}


def test_a_foreign_key_is_told_by_its_columns(performed: OnFile) -> None:
    result = performed(schema.objects, _rich(), schema=_poor())

    finding = next(each for each in result.findings if each.code == "FOREIGN-KEY-MISSING")
    assert finding.expected == "(a, b) → parents(a, b)"


def _rich() -> MetaData:
    metadata = MetaData()
    _parents(metadata)
    Table(
        "children",
        metadata,
        Column("a", Integer),
        Column("b", Integer),
        Column("extra", Integer),
        PrimaryKeyConstraint("a", "b"),
        UniqueConstraint("b", "a"),
        ForeignKeyConstraint(["a", "b"], ["parents.a", "parents.b"]),
        CheckConstraint("a > 0", name="positive"),
        CheckConstraint("b > 0"),
    )
    return metadata


def _poor() -> MetaData:
    metadata = MetaData()
    _parents(metadata)
    Table("children", metadata, Column("a", Integer), Column("b", Integer))
    return metadata


def _parents(metadata: MetaData) -> None:
    Table(
        "parents",
        metadata,
        Column("a", Integer, primary_key=True),
        Column("b", Integer, primary_key=True),
    )


def test_what_the_model_has_on_other_backends_only_is_not_missed(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "things",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("n", Integer),
        Column("on", Boolean(create_constraint=True)),
        Column("kind", Enum("a", "b", name="kind", create_constraint=True)),
        Index("ix_n", "n").ddl_if(dialect="postgresql"),
        UniqueConstraint("n", name="uq_n").ddl_if(dialect="postgresql"),
        CheckConstraint("n > 0", name="positive").ddl_if(dialect="postgresql"),
        CheckConstraint("n < 10"),
    )

    assert performed(schema.objects, metadata).findings == ()


def test_names_that_need_quotes_are_found(performed: OnFile) -> None:
    metadata = MetaData()
    Table(
        "Odd Things",
        metadata,
        Column("Key", Integer, primary_key=True),
        Column("a value", Integer),
        Index("Odd Index", "a value"),
        CheckConstraint('"a value" > 0', name="Odd Check"),
    )

    assert performed(schema.objects, metadata).findings == ()


def test_an_index_over_an_expression_is_left_to_its_use(performed: OnFile) -> None:
    result = performed(schema.objects, lowered())

    assert (result.findings, result.verified) == ((), 1)
    assert reasons(result) == ["an index over an expression (ix_lower) is proven by its use only"]
