"""What can go wrong when a migration is rolled back: each is planted, and found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import MetaData, column, insert, table, text
from sqlalchemy.exc import SQLAlchemyError

from dbparity.applications import Application
from dbparity.conformance.base import perform
from dbparity.conformance.interrupted import interrupted
from dbparity.conformance.round_trip import round_trip
from dbparity.conformance.rows_survive import rows_survive
from dbparity.results import Severity
from dbparity.schema.contents import losses
from dbparity.schema.standing import Standing, itinerary, standing
from dbparity.schema.walk import Walk
from tests.support.performing import found, reasons
from tests.support.scripts import (
    ADD_NOTE,
    MAKE_CHILDREN,
    MAKE_PARENTS,
    Script,
    but,
    family,
    write_scripts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dbparity.results import Result
    from dbparity.schema.contents import Loss
    from dbparity.servers.database import Database
    from tests.conftest import Lease

pytestmark = [pytest.mark.server, pytest.mark.any_server, pytest.mark.untraced]


@pytest.fixture
def app(tmp_path: Path) -> Callable[..., Application]:
    def of(scripts: Sequence[Script] = family(), irreversible: tuple[str, ...] = ()) -> Application:
        return Application(
            "tests:family", MetaData(), write_scripts(tmp_path, scripts), irreversible=irreversible
        )

    return of


def spots(result: Result) -> list[tuple[str, str]]:
    """What was found where, whatever the rows are numbered."""
    return [(code, place.partition("[")[0]) for code, place in found(result)]


class TestSuccessful:
    def test_a_history_that_undoes_itself_is_clean(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        application = app()
        with lease(application, empty=True) as database:
            trip = perform(round_trip, database)
        with lease(application, empty=True) as database:
            rows = perform(rows_survive, database)

        assert (trip.findings, trip.verified) == ((), 6)
        assert (rows.findings, rows.verified) == ((), 3)
        assert [each.value for each in rows.measurements if each.unit == "rows"] == [0, 3, 6]

    def test_the_database_is_left_where_it_was(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        def back(database: Database) -> list[str]:
            walk = Walk.begin(database)
            walk.up(*walk.history.revisions)
            walk.down(*walk.history.revisions)
            return [table.name for table in walk.view().schema.tables]

        with lease(app(), empty=True) as database:
            assert database.run(back) == []


class TestIncomplete:
    @pytest.mark.parametrize(
        ("faulty", "place", "named"),
        [
            (
                but(
                    MAKE_CHILDREN,
                    upgrade=MAKE_CHILDREN.upgrade
                    + '\nop.create_table("leftover", sa.Column("id", sa.Integer()))',
                ),
                "leftover",
                "table leftover is there",
            ),
            (
                but(
                    ADD_NOTE,
                    upgrade=ADD_NOTE.upgrade
                    + '\nop.add_column("children", sa.Column("age", sa.Integer()))',
                ),
                "children.age",
                "column children.age is there",
            ),
            (
                but(
                    ADD_NOTE,
                    upgrade=ADD_NOTE.upgrade
                    + '\nop.create_index("ix_left", "parents", ["name"], unique=True)',
                ),
                "parents",
                "ix_left",
            ),
        ],
        ids=["table", "column", "index"],
    )
    def test_an_object_that_is_left_behind_is_named(
        self,
        lease: Lease,
        app: Callable[..., Application],
        faulty: Script,
        place: str,
        named: str,
    ) -> None:
        with lease(app(family(**{f"_{faulty.revision}": faulty})), empty=True) as database:
            result = perform(round_trip, database)

        assert [finding.code for finding in result.findings] == ["ROLLBACK-INCOMPLETE"]
        assert str(result.findings[0].place) == place
        assert f"revision {faulty.revision} " in result.findings[0].message
        assert named in result.findings[0].message

    def test_an_object_that_was_there_before_is_missed(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        drops = 'op.drop_column("parents", "note")\nop.drop_column("parents", "name")'
        with lease(app(family(_3=but(ADD_NOTE, downgrade=drops))), empty=True) as database:
            result = perform(round_trip, database)

        assert found(result) == [("ROLLBACK-DIFFERS", "parents.name")]


def stand(database: Database, *plants: str) -> Standing:
    """Where a database stands that is at the head, after ``plants``."""

    def run(database: Database) -> Standing:
        with database.another() as other:
            seen = itinerary(Walk.begin(other))
        walk = Walk.begin(database)
        walk.up(*walk.history.revisions)
        with database.engine.begin() as connection:
            for plant in plants:
                connection.execute(text(plant))
        return standing(walk.view(), seen)

    return database.run(run)


class TestVersions:
    def test_a_database_at_what_it_says_is_consistent(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        with lease(app(), empty=True) as database:
            where = stand(database)

        assert where.consistent
        assert where.claimed == where.really == ("3",)

    def test_a_database_without_a_version_table_is_told_what_it_is_at(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        with lease(app(), empty=True) as database:
            where = stand(database, "DROP TABLE alembic_version")

        assert not where.consistent
        assert (where.claimed, where.really) == (None, ("3",))
        assert where.finding().code == "VERSION-TABLE-MISSING"
        assert "alembic stamp 3" in where.finding().recommendation

    def test_a_version_that_is_not_the_schema_s_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        with lease(app(), empty=True) as database:
            where = stand(database, "UPDATE alembic_version SET version_num = '2'")

        assert not where.consistent
        assert (where.claimed, where.really) == (("2",), ("3",))
        finding = where.finding()
        assert (finding.code, finding.expected) == ("VERSION-WRONG", "the schema of 2")
        assert "parents.note" in finding.actual

    def test_a_schema_of_no_revision_is_told_by_its_differences(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        with lease(app(), empty=True) as database:
            where = stand(database, "ALTER TABLE parents ADD COLUMN stray INTEGER")

        assert (where.claimed, where.really) == (("3",), None)
        assert "parents.stray" in where.finding().actual
        assert "undo what differs" in where.finding().recommendation

    def test_a_version_that_is_no_revision_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        with lease(app(), empty=True) as database:
            where = stand(database, "UPDATE alembic_version SET version_num = '9'")

        assert not where.consistent
        assert where.finding().code == "VERSION-WRONG"

    def test_a_downgrade_that_changes_the_version_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        upgrade = ADD_NOTE.upgrade + "\nop.execute(\"INSERT INTO alembic_version VALUES ('x')\")"
        with lease(app(family(_3=but(ADD_NOTE, upgrade=upgrade))), empty=True) as database:
            result = perform(round_trip, database)

        assert ("VERSION-WRONG", "") in found(result)


class TestData:
    @pytest.mark.parametrize(
        ("statement", "code", "place"),
        [
            ("UPDATE parents SET name = 'nobody'", "VALUES-LOST", "parents.name"),
            ("DELETE FROM children WHERE id = 2", "ROWS-LOST", "children"),
            ("INSERT INTO children (id) VALUES (77)", "ROWS-LOST", "children"),
        ],
        ids=["changed", "deleted", "doubled"],
    )
    def test_what_a_downgrade_does_to_rows_is_told_by_table_and_column(
        self,
        lease: Lease,
        app: Callable[..., Application],
        statement: str,
        code: str,
        place: str,
    ) -> None:
        downgrade = f'{ADD_NOTE.downgrade}\nop.execute("{statement}")'
        with lease(app(family(_3=but(ADD_NOTE, downgrade=downgrade))), empty=True) as database:
            result = perform(rows_survive, database)

        assert spots(result) == [(code, place)]
        assert result.findings[0].severity is Severity.LOST
        assert "revision 3 " in result.findings[0].message

    def test_a_column_that_comes_back_empty_is_lost(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        drop = Script("4", "3", ADD_NOTE.downgrade or "", ADD_NOTE.upgrade)
        with lease(app((*family(), drop)), empty=True) as database:
            result = perform(rows_survive, database)

        assert spots(result) == [("VALUES-LOST", "parents.note")]
        assert result.findings[0].actual == "NULL"

    def test_a_declared_loss_is_none(self, lease: Lease, app: Callable[..., Application]) -> None:
        drop = Script("4", "3", ADD_NOTE.downgrade or "", ADD_NOTE.upgrade)
        application = app((*family(), drop), irreversible=("4",))
        with lease(application, empty=True) as database:
            result = perform(rows_survive, database)

        assert result.findings == ()
        assert reasons(result) == ["revision 4 (Step 4.) is declared irreversible"]

    def test_an_upgrade_that_rows_are_in_the_way_of_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        strict = (
            'op.create_table("strict", sa.Column("id", sa.Integer()),'
            ' sa.Column("x", sa.Integer(), nullable=False))\n'
            'op.execute("INSERT INTO strict (id, x) SELECT id, NULL FROM parents")'
        )
        scripts = family(_3=but(ADD_NOTE, upgrade=strict, downgrade='op.drop_table("strict")'))
        with lease(app(scripts), empty=True) as database:
            result = perform(rows_survive, database)

        assert found(result) == [("UPGRADE-REFUSES-ROWS", "")]

    def test_a_downgrade_that_rows_are_in_the_way_of_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        strict = (
            'op.create_table("strict", sa.Column("x", sa.Integer(), nullable=False))\n'
            'op.execute("INSERT INTO strict (x) SELECT NULL FROM parents")\n'
        )
        downgrade = f"{strict}\n{ADD_NOTE.downgrade}\nop.drop_table('strict')"
        with lease(app(family(_3=but(ADD_NOTE, downgrade=downgrade))), empty=True) as database:
            result = perform(rows_survive, database)

        assert found(result) == [("ROLLBACK-REFUSES-ROWS", "")]


FAILS = but(
    ADD_NOTE,
    upgrade='op.create_table("half", sa.Column("id", sa.Integer()))\n'
    'op.create_table("half", sa.Column("id", sa.Integer()))',
    downgrade='op.drop_table("half")',
)
TWO_TABLES = but(
    ADD_NOTE,
    upgrade='op.create_table("one", sa.Column("id", sa.Integer()))\n'
    'op.create_table("two", sa.Column("id", sa.Integer()))\n',
    downgrade='op.drop_table("two")\nop.drop_table("one")',
)


class TestRecovery:
    def test_what_a_failed_upgrade_leaves_is_told_and_can_be_mended(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        def fail(database: Database) -> tuple[bool, Standing, Standing]:
            walk = Walk.begin(database)
            first, second, third = walk.history.revisions
            with database.another() as other:
                up = Walk.begin(other)
                empty = up.view()
                up.up(first, second)
                seen = {(): empty, second.after: up.view()}
            walk.up(first, second)
            with pytest.raises(SQLAlchemyError, match="half"):
                walk.up(third)
            left = standing(walk.view(), seen)
            for difference in left.differences:
                with database.engine.begin() as connection:
                    connection.execute(text(f"DROP TABLE {difference.place.table}"))
            return walk.terms.transactional, left, standing(walk.view(), seen)

        with lease(app(family(_3=FAILS)), empty=True) as database:
            transactional, left, mended = database.run(fail)

        assert left.consistent is transactional
        assert transactional or str(left.differences[0].place) == "half"
        assert mended.consistent

    def test_a_killed_upgrade_is_undone_or_it_is_said_what_is_left(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        application = app(family(_3=TWO_TABLES))
        with lease(application, empty=True) as database:
            transactional = database.run(lambda each: Walk.begin(each).terms.transactional)
        with lease(application, empty=True) as database:
            result = perform(interrupted, database)

        assert reasons(result) == []
        assert result.verified == 3
        if transactional:
            assert result.findings == ()
            return
        assert {finding.code for finding in result.findings} == {"INTERRUPTED-HALF-WAY"}
        assert {finding.severity for finding in result.findings} == {Severity.NOTE}
        half = next(each for each in result.findings if "revision 3 " in each.message)
        assert "after statement 1: CREATE TABLE one" in half.message
        assert "the table one is there" in half.actual
        assert "drop the table one" in half.recommendation


class TestForeignKeys:
    def test_a_parent_that_cannot_be_dropped_before_its_children_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        early = 'op.drop_table("parents")\nop.drop_table("children")\n' + MAKE_PARENTS.upgrade
        with lease(app(family(_2=but(MAKE_CHILDREN, downgrade=early))), empty=True) as database:
            enforced = database.run(lambda each: each.engine.dialect.supports_alter)
            result = perform(round_trip, database)

        assert found(result) == ([("IRREVERSIBLE", "")] if enforced else [])

    def test_children_that_go_with_a_rebuilt_parent_are_lost(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        rebuild = (
            'sqlite = op.get_bind().dialect.name == "sqlite"\n'
            'sqlite and op.execute("PRAGMA foreign_keys = ON")\n'
            'with op.batch_alter_table("parents") as batch:\n'
            '    batch.alter_column("name", existing_type=sa.String(40), type_=sa.String({}),\n'
            "                       existing_nullable=False)"
        )
        widen = Script("3", "2", rebuild.format(60), rebuild.format(40))
        with lease(app(family(_3=widen)), empty=True) as database:
            rebuilt = database.run(lambda each: not each.engine.dialect.supports_alter)
            result = perform(rows_survive, database)

        assert spots(result) == ([("ROWS-LOST", "children")] if rebuilt else [])

    def test_children_without_parents_are_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        unlink = (
            'with op.batch_alter_table("children") as batch:\n'
            '    batch.drop_constraint("fk_parent", type_="foreignkey")'
        )
        orphan = (
            'op.execute("UPDATE children SET parent_id = 99 WHERE id = 1")\n'
            'with op.batch_alter_table("children") as batch:\n'
            '    batch.create_foreign_key("fk_parent", "parents", ["parent_id"], ["id"],\n'
            '                             ondelete="CASCADE")'
        )
        with lease(app(family(_3=Script("3", "2", unlink, orphan))), empty=True) as database:
            checks = database.run(lambda each: each.engine.dialect.supports_alter)
            result = perform(rows_survive, database)

        lost, refused = ("VALUES-LOST", "children.parent_id"), ("ROLLBACK-REFUSES-ROWS", "")
        assert spots(result) == [refused if checks else lost]


def long(faulty: int) -> tuple[Script, ...]:
    """The family and forty more revisions; the downgrade of ``faulty`` takes a row with it."""
    return (*family(), *(_later(number, faulty=number == faulty) for number in range(4, 44)))


def _later(number: int, *, faulty: bool) -> Script:
    name = f"later_{number}"
    if number % 2:
        up = f'op.add_column("parents", sa.Column("{name}", sa.Integer()))'
        down = f'op.drop_column("parents", "{name}")'
    else:
        up = f'op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True))'
        down = f'op.drop_table("{name}")'
    loses = '\nop.execute("DELETE FROM children WHERE id = 777")' if faulty else ""
    return Script(str(number), str(number - 1), up, down + loses)


MANY = 5_000
PARENTS = table("parents", column("id"), column("name"))
CHILDREN = table("children", column("id"), column("parent_id"))


@pytest.mark.any_server
class TestLarge:
    def test_the_one_row_of_many_that_one_of_forty_downgrades_loses_is_found(
        self, lease: Lease, app: Callable[..., Application]
    ) -> None:
        def there_and_back(database: Database) -> tuple[int, list[Loss]]:
            walk = Walk.begin(database)
            first, later = walk.history.revisions[:3], walk.history.revisions[3:]
            walk.up(*first)
            parents = [{"id": number, "name": f"parent {number}"} for number in range(1, MANY + 1)]
            children = [{"id": number, "parent_id": number} for number in range(1, MANY + 1)]
            with database.engine.begin() as connection:
                connection.execute(insert(PARENTS), parents)
                connection.execute(insert(CHILDREN), children)
            view, rows = walk.view(), walk.rows()
            walk.up(*later)
            walk.down(*later)
            assert not walk.view().unlike(view)
            return len(later), [*losses(rows, walk.rows())]

        with lease(app(long(faulty=24)), empty=True) as database:
            revisions, lost = database.run(there_and_back)

        assert revisions == 40
        assert [(each.table, each.column, each.key) for each in lost] == [("children", "", "777")]
