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
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateIndex, DropIndex, DropTable
from sqlalchemy.types import UserDefinedType

from dbparity.conformance import schema
from dbparity.results import Outcome, Severity
from tests.support.ledgers import ledger, lowered, pairs
from tests.support.migrations import CREATE, ELSEWHERE, SYNC, write_migrations
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
        "migrations",
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


def test_migrations_that_make_the_model_s_schema_are_clean(
    performed: OnFile, tmp_path: Path
) -> None:
    result = performed(schema.migrations, pairs(), alembic=write_migrations(tmp_path, SYNC))

    assert (result.findings, result.verified) == ((), 2)


def test_an_application_without_migrations_is_left_out(performed: OnFile) -> None:
    result = performed(schema.migrations)

    assert result.outcome is Outcome.SKIPPED
    assert result.reason == "the application has no migrations"


def test_a_model_that_is_ahead_of_its_migrations_has_drifted(
    performed: OnFile, tmp_path: Path
) -> None:
    metadata = pairs()
    metadata.tables["pairs"].append_column(Column("c", Integer))

    result = performed(schema.migrations, metadata, alembic=write_migrations(tmp_path, SYNC))

    assert found(result) == [("SCHEMA-DRIFT", "pairs.c")]
    assert result.findings[0].actual == "the column is missing"


def test_a_check_that_the_migrations_forget_has_drifted(performed: OnFile, tmp_path: Path) -> None:
    metadata = pairs()
    metadata.tables["pairs"].append_constraint(CheckConstraint("a > b", name="ordered"))

    result = performed(schema.migrations, metadata, alembic=write_migrations(tmp_path, SYNC))

    assert found(result) == [("SCHEMA-DRIFT", "pairs")]
    assert "check constraint ordered" in result.findings[0].actual


class Fancy(UserDefinedType[str]):
    """A type that SQLite does not give back, so that Alembic takes it for another."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "FANCY"


def test_what_alembic_misreads_in_the_model_s_own_schema_is_no_drift(
    performed: OnFile, tmp_path: Path
) -> None:
    create = 'op.execute("CREATE TABLE pairs (a INTEGER NOT NULL PRIMARY KEY, b FANCY)")'
    ini = write_migrations(tmp_path, SYNC, [("1", None, create)])
    metadata = MetaData()
    Table("pairs", metadata, Column("a", Integer, primary_key=True), Column("b", Fancy))

    result = performed(
        schema.migrations,
        metadata,
        alembic=ini,
    )

    assert (result.findings, result.verified) == ((), 2)


def test_a_migration_that_fails_is_named_with_its_error(performed: OnFile, tmp_path: Path) -> None:
    ini = write_migrations(tmp_path, SYNC, [("1", None, 'op.execute("DROP TABLE nowhere")')])

    result = performed(schema.migrations, pairs(), alembic=ini)

    assert found(result) == [("MIGRATION-FAILED", "")]
    assert "no such table: nowhere" in result.findings[0].actual


def test_an_env_that_leads_elsewhere_is_a_finding(performed: OnFile, tmp_path: Path) -> None:
    ini = write_migrations(tmp_path, ELSEWHERE, url=f"sqlite:///{tmp_path / 'precious.db'}")

    result = performed(schema.migrations, pairs(), alembic=ini)

    assert found(result) == [("MIGRATION-FAILED", "")]
    assert "connects to another database" in result.findings[0].actual
    assert not (tmp_path / "precious.db").exists()


def test_two_heads_are_named(performed: OnFile, tmp_path: Path) -> None:
    script = [("1", None, CREATE), ("2a", "1", "pass"), ("2b", "1", "pass")]
    ini = write_migrations(tmp_path, SYNC, script)

    result = performed(schema.migrations, pairs(), alembic=ini)

    assert found(result) == [("HEADS-NOT-ONE", "")]
    assert result.findings[0].actual == "2a, 2b"


def test_migrations_without_a_revision_make_nothing(performed: OnFile, tmp_path: Path) -> None:
    result = performed(
        schema.migrations, pairs(), alembic=write_migrations(tmp_path, SYNC, revisions=())
    )

    assert [finding.actual for finding in result.findings] == ["no revisions"]


def test_an_upgrade_that_leaves_no_version_is_found(performed: OnFile, tmp_path: Path) -> None:
    another_each_time = ", version_table=f'version_{__import__(\"time\").time_ns()}'"
    ini = write_migrations(tmp_path, SYNC, options=another_each_time)

    result = performed(schema.migrations, pairs(), alembic=ini)

    assert ("VERSION-UNKNOWN", "") in found(result)


def test_tables_in_a_cycle_are_dropped_before_the_migrations(
    performed: OnFile, tmp_path: Path
) -> None:
    metadata = pairs()
    Table(
        "a",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("b_id", ForeignKey("b.id", name="fk_b", use_alter=True)),
    )
    Table(
        "b",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a_id", ForeignKey("a.id", name="fk_a")),
    )

    result = performed(schema.migrations, metadata, alembic=write_migrations(tmp_path, SYNC))

    assert {place for code, place in found(result) if code == "SCHEMA-DRIFT"} == {"a", "b"}
