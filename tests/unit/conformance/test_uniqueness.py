from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    func,
    text,
)

from dbparity.conformance.uniqueness import unique, unique_collation, uniques
from dbparity.results import Outcome

if TYPE_CHECKING:
    from dbparity.results import Result
    from tests.unit.conformance.conftest import Perform


class Words(TypeDecorator[list[str]]):
    """A list of words."""

    impl = String(100)
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:  # noqa: ARG002
        return None if value is None else value.split()


def users(*parts: Any) -> MetaData:  # noqa: ANN401
    metadata = MetaData()
    Table("users", metadata, Column("id", Integer, primary_key=True), *parts)
    return metadata


def name(collation: str | None = None) -> Column[str]:
    return Column("name", String(30, collation=collation), nullable=False, unique=True)


def prompts(where: dict[str, Any], **options: Any) -> MetaData:  # noqa: ANN401
    """One active prompt for each slug."""
    metadata = MetaData()
    Table(
        "prompts",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("slug", String(30), nullable=False),
        Column("deleted_at", DateTime),
        Index("one_active", "slug", unique=True, **where, **options),
    )
    return metadata


ACTIVE: dict[str, Any] = {
    "sqlite_where": text("deleted_at IS NULL"),
    "postgresql_where": text("deleted_at IS NULL"),
}


def answers(result: Result) -> dict[str, str]:
    return {found.subject.partition(" under ")[0]: found.value for found in result.observations}


def test_what_is_unique_is_named() -> None:
    metadata = users(name(), Column("mail", String(30)), Index("by_mail", "mail", unique=True))

    found = [(each.name, str(each.place)) for each in uniques(metadata.tables["users"])]

    assert found == [
        ("the primary key", "users.id"),
        ("a unique constraint", "users.name"),
        ("by_mail", "users.mail"),
    ]


def test_every_kind_of_unique_is_tried(perform_on_sqlite: Perform) -> None:
    metadata = users(name(), Column("mail", String(30)), Index("by_mail", "mail", unique=True))

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_an_expression_index_is_tried_over_the_columns_in_it(perform_on_sqlite: Perform) -> None:
    mail, nick = Column("mail", String(30), nullable=False), Column("nick", String(30))
    indexes = (
        Index("by_mail", func.lower(mail), unique=True),
        Index("by_nick", text("lower(nick)"), unique=True),
        Index("not_unique", "mail"),
    )

    result = perform_on_sqlite(unique, users(mail, nick, *indexes))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_an_index_that_names_no_column_is_skipped(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique, users(Index("one_row", text("(1)"), unique=True)))

    assert "one_row does not say which columns it is over" in result.reason


def test_a_partial_index_refuses_inside_and_accepts_outside(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique, prompts(ACTIVE))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_a_condition_may_be_an_expression(perform_on_sqlite: Perform) -> None:
    metadata = prompts({})
    table = metadata.tables["prompts"]
    table.indexes.clear()
    Index("one", table.c.slug, unique=True, sqlite_where=table.c.deleted_at.is_(None))

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_an_index_that_lacks_its_condition_here_is_too_strict(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique, prompts({"postgresql_where": "deleted_at IS NULL"}))

    (finding,) = result.findings
    assert (finding.code, str(finding.place)) == ("UNIQUE-TOO-STRICT", "prompts.slug")
    assert "deleted_at IS NULL" in finding.message
    assert finding.actual.startswith("refused as unique")


def test_a_partial_index_that_is_gone_is_found_once(perform_on_sqlite: Perform) -> None:
    gone = prompts(ACTIVE)
    gone.tables["prompts"].indexes.clear()

    result = perform_on_sqlite(unique, prompts(ACTIVE), schema=gone)

    assert [finding.code for finding in result.findings] == ["DUPLICATE-ACCEPTED"]


def test_a_generated_column_that_is_null_outside_does_as_well(perform_on_sqlite: Perform) -> None:
    metadata = prompts({})
    table = metadata.tables["prompts"]
    table.indexes.clear()
    table.append_column(Column("active", Integer, Computed("deleted_at IS NULL OR NULL")))
    Index("one", "slug", "active", unique=True, _table=table, **ACTIVE)

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_a_condition_that_is_always_true_leaves_nothing_out(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique, prompts({"sqlite_where": text("id IS NOT NULL")}))

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)
    assert "no two rows could be made" in result.reason


def test_an_index_that_this_backend_does_not_have_is_left_out(perform_on_sqlite: Perform) -> None:
    metadata = users(Column("mail", String(30)))
    index = Index("elsewhere", metadata.tables["users"].c.mail, unique=True)
    index.ddl_if(dialect="postgresql")

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_a_unique_foreign_key_is_tried_with_its_parent(perform_on_sqlite: Perform) -> None:
    metadata = users(name())
    owner = Column("user_id", Integer, ForeignKey("users.id"), nullable=False, unique=True)
    Table("profiles", metadata, Column("id", Integer, primary_key=True), owner)

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 4)


def memberships() -> MetaData:
    metadata = users()
    Table("teams", metadata, Column("id", Integer, primary_key=True))
    Table(
        "memberships",
        metadata,
        Column("team_id", Integer, ForeignKey("teams.id"), primary_key=True),
        Column("user_id", Integer, ForeignKey("users.id"), primary_key=True),
        Column("seat", Integer, nullable=False),
        UniqueConstraint("team_id", "seat"),
    )
    return metadata


def test_keys_that_share_a_foreign_key_are_told_apart(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique, memberships())

    assert (result.outcome, result.verified) == (Outcome.PASSED, 4)


def test_a_lost_key_is_found_although_another_shares_its_column(
    perform_on_sqlite: Perform,
) -> None:
    planted = memberships()
    table = planted.tables["memberships"]
    table.constraints -= {c for c in table.constraints if isinstance(c, UniqueConstraint)}

    result = perform_on_sqlite(unique, memberships(), schema=planted)

    (finding,) = result.findings
    assert (finding.code, str(finding.place)) == ("DUPLICATE-ACCEPTED", "memberships.team_id, seat")


def test_a_lost_primary_key_is_found(perform_on_sqlite: Perform) -> None:
    planted = MetaData()
    Table("users", planted, Column("id", Integer), Column("name", String(30), unique=True))

    result = perform_on_sqlite(unique, users(name()), schema=planted)

    assert [str(finding.place) for finding in result.findings] == ["users.id"]


def test_a_wider_key_moves_with_the_whole_of_its_foreign_key(perform_on_sqlite: Perform) -> None:
    metadata = memberships()
    Table(
        "shifts",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("team_id", Integer, nullable=False),
        Column("user_id", Integer, nullable=False),
        Column("day", Integer, nullable=False, unique=True),
        UniqueConstraint("team_id", "user_id"),
        ForeignKeyConstraint(
            ["team_id", "user_id"], ["memberships.team_id", "memberships.user_id"]
        ),
    )

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 7)


def test_a_tree_is_tried_with_rows_that_do_not_need_each_other(perform_on_sqlite: Perform) -> None:
    parent = Column("parent_id", Integer, ForeignKey("users.id"), unique=True)

    result = perform_on_sqlite(unique, users(parent, name()))

    assert result.findings == ()
    assert result.verified == 3


def test_a_table_of_one_row_is_tried_with_the_row_itself(perform_on_sqlite: Perform) -> None:
    metadata = MetaData()
    Table(
        "version",
        metadata,
        Column("id", Integer, nullable=False),
        PrimaryKeyConstraint("id"),
        CheckConstraint("id = 1"),
    )

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_two_keys_of_a_table_of_one_row_cannot_be_told_apart(perform_on_sqlite: Perform) -> None:
    metadata = users(name())
    metadata.tables["users"].append_constraint(CheckConstraint("id = 1"))

    result = perform_on_sqlite(unique, metadata)

    assert result.outcome is Outcome.SKIPPED


def test_a_column_that_is_null_is_filled_to_be_tried(perform_on_sqlite: Perform) -> None:
    factories = {"users": lambda number: {"id": number + 1, "mail": None}}
    metadata = users(Column("mail", String(30), unique=True))

    result = perform_on_sqlite(unique, metadata, factories=factories)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 2)


def test_a_column_that_can_only_be_null_is_not_tried(perform_on_sqlite: Perform) -> None:
    metadata = users(Column("mail", String(30), unique=True), CheckConstraint("mail IS NULL"))

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)
    assert "a unique constraint: no two rows could be made" in result.reason


def test_a_duplicate_that_is_refused_for_another_reason_proves_nothing(
    perform_on_sqlite: Perform,
) -> None:
    refuse = (
        "CREATE TRIGGER refuse BEFORE INSERT ON users "
        "WHEN EXISTS (SELECT 1 FROM users) BEGIN SELECT RAISE(ABORT, 'full'); END"
    )

    result = perform_on_sqlite(unique, users(name()), sql=[refuse])

    assert result.outcome is Outcome.SKIPPED


def test_a_form_of_a_row_that_is_not_valid_is_passed_over(perform_on_sqlite: Perform) -> None:
    metadata = prompts({})
    table = metadata.tables["prompts"]
    table.indexes.clear()
    table.append_column(Column("note", String(30)))
    table.append_column(Column("retired_at", DateTime))
    table.append_constraint(CheckConstraint("note IS NOT NULL"))
    Index("one", table.c.slug, unique=True, sqlite_where=table.c.retired_at.is_(None))

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 3)


def test_a_table_without_a_key_may_be_unique_too(perform_on_sqlite: Perform) -> None:
    metadata = MetaData()
    Table("pairs", metadata, Column("name", String(30), unique=True))

    result = perform_on_sqlite(unique, metadata)

    assert (result.outcome, result.verified) == (Outcome.PASSED, 1)


def test_keys_are_observed_by_case_accent_and_space(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique_collation, users(name()))

    assert answers(result) == dict.fromkeys(
        ["another case", "another accent", "another space at the end"], "another key: accepted"
    )


def test_keys_that_collide_by_case_are_observed_so(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique_collation, users(name()), schema=users(name("NOCASE")))

    assert answers(result)["another case"] == "the same key: refused"
    assert answers(result)["another accent"] == "another key: accepted"


def test_keys_that_collide_by_a_space_are_observed_so(perform_on_sqlite: Perform) -> None:
    result = perform_on_sqlite(unique_collation, users(name()), schema=users(name("RTRIM")))

    assert answers(result)["another space at the end"] == "the same key: refused"


def test_only_texts_of_their_own_are_observed(perform_on_sqlite: Perform) -> None:
    metadata = users(Column("size", Integer, unique=True))
    Table("names", metadata, Column("name", String(9), primary_key=True))
    known = Column("name", String(9), ForeignKey("names.name"), primary_key=True)
    Table("others", metadata, known)

    result = perform_on_sqlite(unique_collation, metadata)

    assert {str(found.place) for found in result.observations} == {"names.name"}


def test_a_text_with_no_room_or_no_letters_is_not_observed(perform_on_sqlite: Perform) -> None:
    factories = {"users": lambda number: {"name": f"{number:02}"}}
    metadata = users(Column("name", String(2), nullable=False, unique=True))

    result = perform_on_sqlite(unique_collation, metadata, factories=factories)

    assert (result.outcome, len(result.skipped)) == (Outcome.SKIPPED, 3)


def test_a_text_that_holds_something_else_is_not_observed(perform_on_sqlite: Perform) -> None:
    metadata = users(Column("tags", Words(), nullable=False, unique=True))

    result = perform_on_sqlite(unique_collation, metadata)

    assert result.outcome is Outcome.SKIPPED


def test_a_variant_that_a_check_refuses_is_not_observed(perform_on_sqlite: Perform) -> None:
    metadata = users(name(), CheckConstraint("name = lower(name)"))

    result = perform_on_sqlite(unique_collation, metadata)

    assert "another case" not in answers(result)
