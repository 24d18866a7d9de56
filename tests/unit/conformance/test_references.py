from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    func,
)

from dbparity.conformance.references import delete_actions, delete_chains, foreign_keys
from dbparity.results import Outcome, Severity

if TYPE_CHECKING:
    from tests.unit.conformance.conftest import Perform


def family(*keys: ForeignKey, **options: Any) -> MetaData:  # noqa: ANN401
    """Parents, and children who reference one by ``keys``."""
    metadata = MetaData()
    Table("parents", metadata, Column("id", Integer, primary_key=True))
    reference: Column[int] = Column("parent_id", Integer, *keys, **options)
    Table("children", metadata, Column("id", Integer, primary_key=True), reference)
    return metadata


def to_parent(on_delete: str | None = None, **options: Any) -> ForeignKey:  # noqa: ANN401
    return ForeignKey("parents.id", ondelete=on_delete, **options)


LATE: dict[str, Any] = {"deferrable": True, "initially": "DEFERRED"}


def tenants(*, documents: bool = True) -> MetaData:
    """Comments whose tenant must be that of their document: two foreign keys share a column."""
    metadata = MetaData()
    Table("tenants", metadata, Column("id", Integer, primary_key=True))
    tenant = Column("tenant_id", Integer, ForeignKey("tenants.id"), primary_key=True)
    number = Column("id", Integer, primary_key=True, autoincrement=False)
    Table("documents", metadata, tenant, number)
    whole = ForeignKeyConstraint(
        ["tenant_id", "document_id"], ["documents.tenant_id", "documents.id"], ondelete="CASCADE"
    )
    Table(
        "comments",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("tenant_id", Integer, ForeignKey("tenants.id"), nullable=False),
        Column("document_id", Integer, nullable=False),
        *([whole] if documents else []),
    )
    return metadata


def test_a_composite_key_that_is_gone_is_found_although_another_shares_its_column(
    perform_on_sqlite: Perform,
) -> None:
    result = perform_on_sqlite(foreign_keys, tenants(), schema=tenants(documents=False))

    (finding,) = result.findings
    assert (finding.code, str(finding.place)) == (
        "ORPHAN-ACCEPTED",
        "comments.tenant_id, document_id",
    )


def test_a_foreign_key_that_another_implies_is_not_tried_alone(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(foreign_keys, tenants())

    assert result.verified == 2
    assert [str(part.place) for part in result.skipped] == ["comments.tenant_id"]


def test_a_deferred_foreign_key_refuses_at_commit(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(foreign_keys, family(to_parent(**LATE)))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_deferred_foreign_key_that_is_gone_is_found_and_leaves_nothing_behind(
    perform_on_sqlite: Perform,
) -> None:
    healthy, planted = family(to_parent(**LATE)), family()
    for metadata in (healthy, planted):
        pet = Column("child_id", Integer, ForeignKey("children.id"), nullable=False)
        Table("pets", metadata, Column("id", Integer, primary_key=True), pet)

    result = perform_on_sqlite(foreign_keys, healthy, schema=planted)

    assert [str(finding.place) for finding in result.findings] == ["children.parent_id"]


def test_an_orphan_needs_a_second_parent(perform_on_sqlite: Perform) -> None:
    metadata = family(to_parent())
    metadata.tables["parents"].append_constraint(CheckConstraint("id = 1"))
    child = metadata.tables["children"]
    child.append_constraint(ForeignKeyConstraint([child.c.id], ["parents.id"]))

    result = perform_on_sqlite(foreign_keys, metadata)

    assert "no row could be made that lacks nothing but its parent" in result.reason


def test_an_orphan_that_is_refused_for_another_reason_proves_nothing(
    perform_on_sqlite: Perform,
) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON children "
        "WHEN NOT EXISTS (SELECT 1 FROM parents WHERE id = new.parent_id) "
        "BEGIN INSERT INTO parents VALUES (1), (1); END"
    )

    result = perform_on_sqlite(
        foreign_keys, family(to_parent(), nullable=False), schema=family(), sql=[refuse]
    )

    assert result.outcome is Outcome.SKIPPED
    assert "refused as unique" in result.reason


@pytest.mark.parametrize(
    ("stated", "planted", "code", "severity"),
    [
        ("CASCADE", "SET NULL", "CASCADE-MISSING", Severity.WRONG),
        ("CASCADE", "RESTRICT", "CASCADE-MISSING", Severity.WRONG),
        ("SET NULL", None, "SET-NULL-MISSING", Severity.WRONG),
        ("SET DEFAULT", "CASCADE", "SET-DEFAULT-MISSING", Severity.WRONG),
        ("SET DEFAULT", "RESTRICT", "SET-DEFAULT-MISSING", Severity.WRONG),
        ("RESTRICT", "CASCADE", "RESTRICT-MISSING", Severity.LOST),
        (None, "SET NULL", "RESTRICT-MISSING", Severity.LOST),
    ],
)
def test_another_action_than_the_model_states_is_found(
    perform_on_sqlite: Perform, stated: str, planted: str, code: str, severity: Severity
) -> None:
    healthy = family(to_parent(stated), server_default="99")

    result = perform_on_sqlite(
        delete_actions, healthy, schema=family(to_parent(planted), server_default="99")
    )

    (finding,) = result.findings
    assert (finding.code, finding.severity) == (code, severity)
    assert str(finding.place) == "children.parent_id"


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT", None])
@pytest.mark.parametrize("default", [None, "99"])
def test_each_action_is_verified(
    perform_on_sqlite: Perform, action: str | None, default: str | None
) -> None:
    result = perform_on_sqlite(delete_actions, family(to_parent(action), server_default=default))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_default_whose_parent_cannot_be_made_refuses_the_deletion(
    perform_on_sqlite: Perform,
) -> None:
    metadata = family(to_parent("SET DEFAULT"), server_default="99")
    metadata.tables["parents"].append_constraint(CheckConstraint("id = 1"))

    result = perform_on_sqlite(delete_actions, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_default_that_only_the_server_knows_is_observed(perform_on_sqlite: Perform) -> None:
    metadata = family(to_parent("SET DEFAULT"), server_default=func.abs(-99))

    (observation,) = perform_on_sqlite(delete_actions, metadata).observations

    assert (observation.value, str(observation.place)) == ("refused", "children.parent_id")


def test_a_deferred_foreign_key_refuses_the_deletion_at_commit(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(delete_actions, family(to_parent(**LATE)))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_deletion_that_no_commit_refuses_is_found(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(delete_actions, family(to_parent(**LATE)), schema=family())

    assert [finding.code for finding in result.findings] == ["RESTRICT-MISSING"]


def test_a_table_whose_rows_cannot_be_inserted_has_no_deletion_to_try(
    perform_on_sqlite: Perform,
) -> None:
    refuse = "CREATE TRIGGER r BEFORE INSERT ON children BEGIN SELECT RAISE(ABORT, 'no'); END"

    result = perform_on_sqlite(delete_actions, family(to_parent()), sql=[refuse])

    assert result.reason == "no row could be made that references another"


def chain(*actions: str | None, second: str | None = None) -> MetaData:
    """Each table references the one before; the last one also the first, if ``second`` is given."""
    metadata = MetaData()
    Table("t0", metadata, Column("id", Integer, primary_key=True))
    for number, action in enumerate(actions, start=1):
        key = ForeignKey(f"t{number - 1}.id", ondelete=action)
        reference = Column("parent_id", Integer, key)
        Table(f"t{number}", metadata, Column("id", Integer, primary_key=True), reference)
    if second:
        last = metadata.tables[f"t{len(actions)}"]
        last.append_column(Column("root_id", Integer, ForeignKey("t0.id", ondelete=second)))
    return metadata


@pytest.mark.parametrize("last", ["CASCADE", "SET NULL", "RESTRICT"])
def test_a_chain_ends_as_its_last_link_says(perform_on_sqlite: Perform, last: str) -> None:
    result = perform_on_sqlite(delete_chains, chain("CASCADE", "CASCADE", last))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_a_chain_that_deletes_too_much_is_found(perform_on_sqlite: Perform) -> None:
    healthy = chain("CASCADE", "SET NULL")

    result = perform_on_sqlite(delete_chains, healthy, schema=chain("CASCADE", "CASCADE"))

    (finding,) = result.findings
    assert (finding.code, finding.place.table) == ("CHAIN-BROKEN", "t0")
    assert "t2: 0 rows" in finding.actual


def test_a_chain_that_refuses_is_found(perform_on_sqlite: Perform) -> None:
    healthy = chain("CASCADE", "CASCADE")

    result = perform_on_sqlite(delete_chains, healthy, schema=chain("CASCADE", "RESTRICT"))

    (finding,) = result.findings
    assert finding.actual.startswith("refused as foreign key")


def test_what_depends_on_the_order_of_actions_is_observed(perform_on_sqlite: Perform) -> None:
    metadata = chain("CASCADE", "CASCADE", second="RESTRICT")
    factories = {
        "t1": lambda number: {"parent_id": number + 1},
        "t2": lambda number: {"parent_id": number + 1, "root_id": number + 1},
    }

    (observation,) = perform_on_sqlite(delete_chains, metadata, factories=factories).observations

    assert (observation.subject, observation.value) == ("deleting a row", "refused")


def test_tables_without_grandchildren_have_no_chain(perform_on_sqlite: Perform) -> None:
    assert perform_on_sqlite(delete_chains, chain("CASCADE")).outcome is Outcome.SKIPPED


def test_texts_are_references_too(perform_on_sqlite: Perform) -> None:
    metadata = MetaData()
    Table("tags", metadata, Column("name", String(20), primary_key=True))
    key = ForeignKey("tags.name", ondelete="SET DEFAULT")
    tag = Column("tag", String(20), key, server_default="other")
    Table("posts", metadata, Column("id", Integer, primary_key=True), tag)

    result = perform_on_sqlite(delete_actions, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)
