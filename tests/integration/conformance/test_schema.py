from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    JSON,
    Column,
    Enum,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import CreateIndex, DropIndex

from dbparity.applications import Application
from dbparity.conformance import indexes, schema
from dbparity.conformance.base import Check, perform
from dbparity.results import Outcome, Severity
from tests.support.ledgers import ledger, lowered
from tests.support.performing import executing, found, index

if TYPE_CHECKING:
    from typing import Any

    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_driver]

EXAMPLE = Path(__file__).parents[3] / "examples" / "shared_context"
STRUCTURAL = [check for check in schema.CHECKS if check is not schema.parity]


@pytest.mark.parametrize("check", STRUCTURAL, ids=lambda check: check.name)
def test_a_healthy_application_is_clean(lease: Lease, check: Check) -> None:
    with lease(Application("tests:ledger", ledger())) as database:
        result = perform(check, database)

    assert result.findings == ()
    assert result.outcome is Outcome.PASSED


def test_a_dropped_index_is_missing_from_its_table(lease: Lease) -> None:
    metadata = ledger()
    with lease(Application("tests:ledger", metadata)) as database:
        database.run(executing([DropIndex(index(metadata, "ix_accounts_owner"))]))
        result = perform(schema.objects, database)

    (finding,) = result.findings
    assert (finding.code, finding.place.table) == ("INDEX-MISSING", "accounts")
    assert "ix_accounts_owner" in finding.message


def test_an_index_that_is_not_what_it_is_called_is_not_used(lease: Lease) -> None:
    metadata, other = ledger(), ledger()
    impostor = Index("ix_accounts_owner", other.tables["accounts"].c.balance)
    with lease(Application("tests:ledger", metadata)) as database:
        database.run(
            executing([DropIndex(index(metadata, "ix_accounts_owner")), CreateIndex(impostor)])
        )
        result = perform(indexes.indexes_used, database)

    (finding,) = result.findings
    assert (finding.code, finding.place.table) == ("INDEX-UNUSED", "accounts")
    assert finding.severity is Severity.DEGRADED
    assert "accounts" in finding.actual


def test_an_index_over_an_expression_is_used(lease: Lease) -> None:
    metadata = lowered()
    over_expression = index(metadata, "ix_lower")
    with lease(None) as database:
        able = database.features.expression_indexes
    if not able:
        over_expression.table.indexes.clear()  # type: ignore[union-attr]
    with lease(Application("tests:lowered", metadata)) as database:
        result = perform(indexes.indexes_used, database)

    assert (result.findings, result.verified) == ((), int(able))


def test_a_partial_index_is_used_for_the_rows_that_it_has(lease: Lease) -> None:
    metadata = MetaData()
    table = Table(
        "tasks",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("number", Integer, nullable=False),
        Column("state", Enum("open", "done", native_enum=False), nullable=False),
    )
    open_ = table.c.state == "open"
    Index("ix_open", table.c.number, sqlite_where=open_, postgresql_where=open_)
    spelled = text("state = 'done'")
    Index("ix_done", table.c.number, sqlite_where=spelled, postgresql_where=spelled)
    with lease(Application("tests:tasks", metadata)) as database:
        result = perform(indexes.indexes_used, database)

    assert (result.findings, result.verified) == ((), 2)


def test_an_index_for_one_half_of_the_rows_is_not_used_for_the_other(lease: Lease) -> None:
    with lease(None) as database:
        if not database.features.partial_indexes:
            pytest.skip(f"{database.backend.title} has no partial indexes")
    metadata, other = _halved("a"), _halved("b")
    impostor = next(iter(other.tables["tasks"].indexes))
    with lease(Application("tests:tasks", metadata)) as database:
        database.run(executing([DropIndex(index(metadata, "ix_half")), CreateIndex(impostor)]))
        result = perform(indexes.indexes_used, database)

    assert found(result) == [("INDEX-UNUSED", "tasks")]


def _halved(half: str) -> MetaData:
    metadata = MetaData()
    table = Table(
        "tasks",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("number", Integer, nullable=False),
        Column("half", Enum("a", "b", native_enum=False), nullable=False),
    )
    where = table.c.half == half
    Index("ix_half", table.c.number, sqlite_where=where, postgresql_where=where)
    return metadata


def test_indexes_that_are_not_for_equality_are_left_out(lease: Lease) -> None:
    metadata = MetaData()
    Table(
        "documents",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("body", Text, nullable=False),
        Column("tags", JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        Index("ix_tags", "tags", postgresql_using="gin").ddl_if(dialect="postgresql"),
        _full_text("mysql"),
        _full_text("mariadb"),
    )
    with lease(Application("tests:documents", metadata)) as database:
        made = database.run(lambda each: inspect(each.engine).get_indexes("documents"))
        result = perform(indexes.indexes_used, database)

    reasons = [skipped.reason for skipped in result.skipped if skipped.place.table]
    assert result.findings == ()
    assert len(reasons) == len(made)
    assert all(reason.endswith("indexes are not there for equality") for reason in reasons)


def _full_text(dialect: str) -> Index:
    options: dict[str, Any] = {f"{dialect}_prefix": "FULLTEXT"}
    return Index(f"ix_body_{dialect}", "body", **options).ddl_if(dialect=dialect)
