"""Values that a backend does not keep are found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, Numeric, Table

from dbparity.conformance.base import perform
from dbparity.conformance.operations import insert_and_read_back
from dbparity.results import Severity
from tests.support.databases import application

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.untraced]


def one_column(type_: TypeEngine[Any]) -> MetaData:
    metadata = MetaData()
    Table("t", metadata, Column("id", Integer, primary_key=True), Column("value", type_))
    return metadata


def test_fractions_of_a_second_are_lost_where_the_backend_says_so(lease: Lease) -> None:
    with lease(application(one_column(DateTime()))) as database:
        result = perform(insert_and_read_back, database)
        kept = database.features.fractional_seconds

    found = [(finding.severity, str(finding.place)) for finding in result.findings]
    assert found == ([] if kept else [(Severity.LOST, "t.value[1]")])
    assert all("fsp=6" in finding.recommendation for finding in result.findings)


def test_a_column_that_rounds_is_found(lease: Lease) -> None:
    with lease() as database:
        if not database.features.enforces_types:
            pytest.skip(f"{database.backend.title} stores any number in any column")

    with lease(application(one_column(Integer()))) as database:
        healthy = application(one_column(Numeric(8, 2)))
        result = perform(insert_and_read_back, replace(database, application=healthy))

    (finding,) = result.findings
    assert (finding.code, finding.severity) == ("VALUE-CHANGED", Severity.LOST)
    assert "scale" in finding.recommendation
