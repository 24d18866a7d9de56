"""What is compared between products: their schemas by meaning, and rows that are moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table

from dbparity.applications import Application
from dbparity.conformance import migrations
from dbparity.conformance.schema import parity
from dbparity.results import Outcome, Severity
from dbparity.tester import CrossDatabaseTester
from tests.support.moving import BACKENDS, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.types import TypeEngine

    from dbparity.results import Report
    from dbparity.servers.environment import DatabaseTestEnvironment

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def environment(pytestconfig: pytest.Config) -> Iterator[DatabaseTestEnvironment]:
    with serving(pytestconfig) as started:
        if {target.backend for target in started.targets} < set(BACKENDS):
            pytest.skip("one of the products is not among the chosen targets")
        yield started


def checked(environment: DatabaseTestEnvironment, name: TypeEngine[str]) -> Report:
    metadata = MetaData()
    key = Column("id", Integer, primary_key=True)
    Table("goods", metadata, key, Column("name", name))
    application = Application("tests:shop", metadata)
    return CrossDatabaseTester(environment, application, (parity, *migrations.CHECKS)).run()


def test_what_is_alike_agrees_and_arrives(environment: DatabaseTestEnvironment) -> None:
    report = checked(environment, String(20))
    moved = {each.check: each.outcome for each in report.results if each.category == "migrations"}
    assert len(moved) == len(BACKENDS)
    assert set(moved.values()) == {Outcome.PASSED}
    (compared,) = (each for each in report.results if not each.target)
    assert {each.severity for each in compared.findings} == {Severity.NOTE}


def test_a_shorter_column_is_found_and_where(environment: DatabaseTestEnvironment) -> None:
    report = checked(environment, String(20).with_variant(String(10), "mysql"))
    found = [each for each in report.findings if str(each.place) == "goods.name"]
    assert {tuple(each.targets) for each in found} == {("mysql+pymysql@9",)}
