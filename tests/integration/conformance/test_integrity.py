"""Faults planted in real databases are found; the healthy application is clean on all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    text,
)

from dbparity.conformance.base import perform
from dbparity.conformance.integrity import CHECKS as INTEGRITY
from dbparity.conformance.operations import CHECKS as OPERATIONS
from dbparity.results import Outcome, Severity
from tests.support.databases import application
from tests.support.shops import FAULTS, shop

if TYPE_CHECKING:
    from dbparity.conformance.base import Check
    from dbparity.results import Result
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server]

CHECKS = {check.name: check for check in (*OPERATIONS, *INTEGRITY)}


def planted(lease: Lease, check: Check, healthy: MetaData, schema: MetaData) -> Result:
    """Perform the check for ``healthy`` on a database that has ``schema``."""
    with lease(application(schema)) as database:
        return perform(check, replace(database, application=application(healthy)))


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_where_it_is(lease: Lease, name: str) -> None:
    fault = FAULTS[name]

    result = planted(lease, CHECKS[fault.check], shop(), shop(**fault.options))

    assert {finding.code for finding in result.findings} == {fault.code}
    assert str(result.findings[0].place) == fault.place


@pytest.mark.parametrize("name", CHECKS)
def test_the_healthy_application_is_clean(lease: Lease, name: str) -> None:
    with lease(application(shop())) as database:
        result = perform(CHECKS[name], database)

    assert [found for found in result.findings if found.severity is not Severity.NOTE] == []
    assert result.outcome is Outcome.PASSED


def test_columns_that_are_longer_than_the_model_says_are_found(lease: Lease) -> None:
    def words(length: int) -> MetaData:
        metadata = MetaData()
        name = Column("name", String(length), nullable=False)
        Table("words", metadata, Column("id", Integer, primary_key=True), name)
        return metadata

    with lease() as database:
        enforced = database.features.enforces_lengths

    (finding,) = planted(lease, CHECKS["lengths"], words(5), words(50)).findings

    assert (finding.code, str(finding.place)) == ("LENGTH-NOT-ENFORCED", "words.name")
    assert finding.severity is (Severity.WRONG if enforced else Severity.NOTE)


def test_a_partial_index_is_too_strict_where_there_are_none(lease: Lease) -> None:
    metadata = MetaData()
    condition = text("deleted_at IS NULL")
    where: dict[str, Any] = {"sqlite_where": condition, "postgresql_where": condition}
    Table(
        "prompts",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("slug", String(30), nullable=False),
        Column("deleted_at", DateTime),
        Index("one_active", "slug", unique=True, **where),
    )

    with lease(application(metadata)) as database:
        result = perform(CHECKS["unique"], database)
        partial = database.features.partial_indexes

    assert [found.code for found in result.findings] == ([] if partial else ["UNIQUE-TOO-STRICT"])


def test_an_orphan_that_a_server_lets_in_beside_null_is_found(lease: Lease) -> None:
    metadata = MetaData()
    Table("parents", metadata, Column("id", Integer, primary_key=True))
    Table(
        "children",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", Integer, ForeignKey("parents.id"), nullable=False),
        Column("rank", Integer),
        Index("by_parent", "parent_id", "rank", unique=True),
    )

    with lease(application(metadata)) as database:
        result = perform(CHECKS["foreign_keys"], database)
        enforced = database.features.enforces_foreign_keys_beside_null

    assert [finding.code for finding in result.findings] == (
        [] if enforced else ["ORPHAN-ACCEPTED"]
    )
    assert all("beside a NULL" in finding.recommendation for finding in result.findings)


@pytest.mark.parametrize("name", ["foreign_keys", "delete_actions"])
def test_a_deferred_foreign_key_is_seen_at_commit(lease: Lease, name: str) -> None:
    def family(*keys: ForeignKey) -> MetaData:
        metadata = MetaData()
        Table("parents", metadata, Column("id", Integer, primary_key=True))
        reference: Column[int] = Column("parent_id", Integer, *keys)
        Table("children", metadata, Column("id", Integer, primary_key=True), reference)
        return metadata

    with lease() as database:
        if not database.features.deferrable_foreign_keys:
            pytest.skip(f"{database.backend.title} has no deferrable foreign keys")
    healthy = family(ForeignKey("parents.id", deferrable=True, initially="DEFERRED"))

    kept = planted(lease, CHECKS[name], healthy, healthy)
    lost = planted(lease, CHECKS[name], healthy, family())

    assert (kept.outcome, kept.verified) == (Outcome.PASSED, 1)
    assert [str(finding.place) for finding in lost.findings] == ["children.parent_id"]
