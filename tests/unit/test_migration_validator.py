"""MigrationValidator finds what two databases hold differently, and nothing where they do not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from dbparity.errors import DatabaseUnreachable, SourceInvalid, TargetIsSource, TargetUnknown
from dbparity.progress import Progress
from dbparity.results import Finding, Outcome, Place, Severity
from dbparity.transfer.aside import SetAside
from dbparity.transfer.ends import end
from dbparity.transfer.routes import route
from dbparity.transfer.sampling import Sample
from dbparity.transfer.validator import MigrationValidator
from tests.support.sides import Make, make, write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["make"]

SHOP = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR(20), born DATETIME)",
    "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, price DECIMAL)",
    "CREATE TABLE notes (words TEXT)",
    "INSERT INTO users VALUES (1, 'Ada', '1815-12-10 00:00:00'), (2, 'Bo', NULL)",
    "INSERT INTO posts VALUES (1, 1, 1.5), (2, 2, NULL), (3, NULL, 7)",
    "INSERT INTO notes VALUES ('a'), ('a'), (NULL)",
)


def shop(make: Make, name: str, *statements: str) -> str:
    return make(name, *SHOP, *statements)


def found(make: Make, *statements: str, left: tuple[str, ...] = ()) -> list[Finding]:
    """What a shop that was changed differs in from one that was not."""
    urls = shop(make, "left", *left), shop(make, "right", *statements)
    return list(MigrationValidator(*urls).validate().findings)


def places(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.code, str(each.place)) for each in findings]


def test_equal_databases_have_no_findings(make: Make) -> None:
    report = MigrationValidator(shop(make, "left"), shop(make, "right")).validate()
    assert report.findings == ()
    assert {result.outcome for result in report.results} == {Outcome.PASSED}


def test_the_report_names_both_databases_and_has_four_categories(make: Make) -> None:
    urls = shop(make, "left"), shop(make, "right")
    report = MigrationValidator(*urls).validate()
    assert report.application == " against ".join(urls)
    assert [(state.target, state.provider) for state in report.targets] == [
        ("sqlite", url) for url in urls
    ]
    assert [*dict.fromkeys(result.category for result in report.results)] == [
        "schema",
        "data",
        "relations",
        "numbers",
    ]


def test_the_rows_of_each_table_are_counted(make: Make) -> None:
    results = MigrationValidator(shop(make, "left"), shop(make, "right")).data()
    rows = {result.check: result.measurements[0].value for result in results}
    assert rows == {"notes": 3, "posts": 3, "users": 2}


def test_a_url_of_any_driver_will_do(make: Make) -> None:
    url = make_url(shop(make, "left")).set(drivername="sqlite+aiosqlite")
    assert MigrationValidator(url, shop(make, "right")).validate().findings == ()


def test_a_cell_is_told_with_its_table_column_key_and_both_values(make: Make) -> None:
    (finding,) = found(make, "UPDATE users SET name = 'Eve' WHERE id = 1")
    assert finding.place == Place("users", "name", "id=1")
    assert (finding.expected, finding.actual) == ("'Ada'", "'Eve'")
    assert finding.severity is Severity.LOST


def test_values_that_are_spelled_otherwise_are_told_as_they_are_too(make: Make) -> None:
    (finding,) = found(make, "UPDATE users SET born = '1815-12-11' WHERE id = 1")
    assert finding.expected == "1815-12-10 00:00:00.000000"
    assert finding.proof == "raw: '1815-12-10 00:00:00' and '1815-12-11'"


@pytest.mark.parametrize(
    ("left", "right", "how"),
    [
        ("Ada", "Ada ", "the value differs in the spaces at its end alone"),
        ("Ada", "ada", "the value differs in case alone"),
        ("\u00e9", "e\u0301", "the value differs in Unicode normalization alone"),
        ("Ada", "A", "the value differs: it ends after 1 of 3 characters"),
        ("Ada", "Eve", "the value differs"),
    ],
)
def test_what_cannot_be_seen_is_said(make: Make, left: str, right: str, how: str) -> None:
    changes = [(f"UPDATE users SET name = '{text}' WHERE id = 1",) for text in (left, right)]
    (finding,) = found(make, *changes[1], left=changes[0])
    assert finding.message == how


def test_long_values_are_shown_where_they_part(make: Make) -> None:
    create = "CREATE TABLE long_ones (id INTEGER PRIMARY KEY, words TEXT)"
    rows = [f"INSERT INTO long_ones VALUES (1, '{'x' * 500}{end}{'y' * 500}')" for end in "ab"]
    (finding,) = found(make, create, rows[1], left=(create, rows[0]))
    assert finding.expected.startswith("..." + "x" * 60 + "ay")
    assert finding.actual.startswith("..." + "x" * 60 + "by")


def test_a_long_row_is_cut(make: Make) -> None:
    columns = ", ".join(f"c{n} TEXT DEFAULT '{'x' * 150}'" for n in range(5))
    create = f"CREATE TABLE wide (id INTEGER PRIMARY KEY, {columns})"
    findings = found(make, create, left=(create, "INSERT INTO wide (id) VALUES (1)"))
    (missing,) = (each for each in findings if each.code == "DATA-ROW-MISSING")
    assert missing.expected.endswith("x...")
    assert len(missing.expected) < 610


def test_a_table_without_a_key_is_compared_by_its_rows(make: Make) -> None:
    assert places(found(make, "INSERT INTO notes VALUES ('a')")) == [
        ("DATA-COUNT", "notes"),
        ("DATA-ROW-DOUBLED", "notes"),
    ]


@pytest.mark.parametrize(
    ("statement", "code", "place"),
    [
        ("CREATE TABLE more (id INTEGER PRIMARY KEY)", "TABLE-EXTRA", "more"),
        ("DROP TABLE notes", "TABLE-MISSING", "notes"),
        ("ALTER TABLE users ADD COLUMN age INTEGER", "COLUMN-EXTRA", "users.age"),
        ("ALTER TABLE users DROP COLUMN born", "COLUMN-MISSING", "users.born"),
    ],
)
def test_what_one_side_alone_has_is_a_finding(
    make: Make, statement: str, code: str, place: str
) -> None:
    (finding,) = found(make, statement)
    assert (finding.code, str(finding.place)) == (code, place)
    assert finding.severity is not Severity.NOTE


def test_what_a_type_cannot_hold_is_a_note_while_no_value_is_changed(make: Make) -> None:
    kinds = ("TEXT COLLATE BINARY", "TEXT COLLATE NOCASE")
    create = [f"CREATE TABLE kinds (id INTEGER PRIMARY KEY, v {kind})" for kind in kinds]
    notes = found(make, create[1], left=(create[0],))
    assert {each.severity for each in notes} == {Severity.NOTE}


def test_other_differences_of_schemas_are_for_the_diff_of_schemas(make: Make) -> None:
    assert found(make, "CREATE INDEX by_name ON users (name)") == []


def test_what_a_migration_keeps_for_itself_does_not_count(make: Make) -> None:
    own = ("dbparity_journal", "dbparity_quarantine")
    assert found(make, *(f"CREATE TABLE {name} (n INTEGER)" for name in own)) == []


def test_names_count_in_whichever_capitals(make: Make) -> None:
    rows = "INSERT INTO {} VALUES (1, 2)"
    left = make("left", "CREATE TABLE one (id INTEGER PRIMARY KEY, n INT)", rows.format("one"))
    right = make("right", "CREATE TABLE One (ID INTEGER PRIMARY KEY, N INT)", rows.format("One"))
    assert MigrationValidator(left, right).validate().findings == ()
    write(right, "UPDATE One SET N = 3")
    (finding,) = MigrationValidator(left, right).validate().findings
    assert str(finding.place) == "one.n[id=1]"


def test_tables_can_be_chosen(make: Make) -> None:
    left = shop(make, "left")
    right = shop(make, "right", "UPDATE users SET name = 'x'", "INSERT INTO notes VALUES ('a')")
    report = MigrationValidator(left, right, tables=["users"]).validate()
    assert {each.place.table for each in report.findings} == {"users"}
    assert {result.check for result in report.results} == {"users"}


def test_an_unknown_table_is_refused(make: Make) -> None:
    validator = MigrationValidator(shop(make, "left"), shop(make, "right"), tables=["user"])
    with pytest.raises(TargetUnknown, match="unknown table 'user'; known: notes, posts, users"):
        validator.validate()


def test_one_database_is_not_compared_with_itself(make: Make, tmp_path: Path) -> None:
    url = shop(make, "left")
    (tmp_path / "link").symlink_to(tmp_path / "left")
    with pytest.raises(TargetIsSource):
        MigrationValidator(url, f"sqlite:///{tmp_path / 'link'}").validate()


def test_what_is_not_there_is_told(make: Make, tmp_path: Path) -> None:
    with pytest.raises(SourceInvalid, match="no such file"):
        MigrationValidator(shop(make, "left"), f"sqlite:///{tmp_path / 'nothing'}")
    with pytest.raises(DatabaseUnreachable) as unreachable:
        MigrationValidator(shop(make, "l2"), "postgresql://me:secret@127.0.0.1:1/shop")
    assert "secret" not in str(unreachable.value)


def test_a_row_that_refers_to_nothing_is_found(make: Make) -> None:
    (finding,) = (
        MigrationValidator(
            shop(make, "left"), shop(make, "right", "UPDATE posts SET user_id = 9 WHERE id = 2")
        )
        .relations()[0]
        .findings
    )
    assert finding.code == "DATA-ORPHAN"
    assert finding.place == Place("posts", "user_id", "id=2")
    assert finding.message == "(user_id) to users (id): a row of the right side refers to nothing"


def test_a_row_that_refers_to_nothing_on_both_sides_is_a_note(make: Make) -> None:
    orphan = "UPDATE posts SET user_id = 9 WHERE id = 2"
    (note,) = found(make, orphan, left=(orphan,))
    assert (note.code, note.severity) == ("DATA-ORPHAN", Severity.NOTE)


def test_foreign_keys_that_the_right_side_lost_are_held_against_it(make: Make) -> None:
    bare = (
        "DROP TABLE posts",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, price DECIMAL)",
        "INSERT INTO posts VALUES (1, 1, 1.5), (2, 9, NULL), (3, NULL, 7)",
    )
    findings = found(make, *bare)
    assert ("DATA-ORPHAN", "posts.user_id[id=2]") in places(findings)


def test_foreign_keys_that_the_right_side_has_alone_are_looked_at(make: Make) -> None:
    bare = ("ALTER TABLE posts ADD COLUMN other INTEGER",)
    more = ("ALTER TABLE posts ADD COLUMN other INTEGER REFERENCES users",)
    spoilt = "UPDATE posts SET other = 9 WHERE id = 1"
    findings = found(make, *more, spoilt, left=(*bare, spoilt))
    assert ("DATA-ORPHAN", "posts.other[id=1]") in places(findings)


@pytest.mark.parametrize("gone", ["DROP TABLE users", "ALTER TABLE users RENAME COLUMN id TO uid"])
def test_a_reference_to_what_is_not_there_is_another_finding(make: Make, gone: str) -> None:
    bare = (
        "DROP TABLE posts",
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, price DECIMAL)",
        "INSERT INTO posts VALUES (1, 1, 1.5), (2, 2, NULL), (3, NULL, 7)",
        gone,
    )
    assert "DATA-ORPHAN" not in {each.code for each in found(make, *bare)}


def test_a_reference_to_a_table_that_nobody_has_is_an_orphan(make: Make) -> None:
    create = "CREATE TABLE lost (n INTEGER, owner INTEGER REFERENCES nobody (id))"
    findings = found(make, create, "INSERT INTO lost VALUES (1, 1)", left=(create,))
    assert ("DATA-ORPHAN", "lost.owner[owner=1]") in places(findings)


def test_a_foreign_key_that_nobody_enforces_is_no_promise(make: Make) -> None:
    left, right = shop(make, "left"), shop(make, "right", "UPDATE posts SET user_id = 9")
    tables = [end(url).survey().snapshot.table("posts") for url in (left, right)]
    lax = [
        replace(table, foreign_keys=(replace(table.foreign_keys[0], enforced=False),))
        for table in tables
        if table is not None
    ]
    (result,) = MigrationValidator(left, right, routes=[route(*lax)]).relations()
    assert result.findings == ()


def test_many_orphans_are_counted(make: Make) -> None:
    findings = found(
        make,
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 50) "
        "INSERT INTO posts SELECT i, i, NULL FROM n",
    )
    orphans = [each for each in findings if each.code == "DATA-ORPHAN"]
    assert len(orphans) == 20
    assert orphans[0].message.endswith("; 20 of 41 are shown")


def test_sqlite_goes_on_behind_all_rows(make: Make) -> None:
    assert found(make, "DELETE FROM sqlite_sequence") == []
    backend = end(shop(make, "x", "UPDATE users SET id = 7 WHERE id = 2")).backend
    with end(make("x")).connected() as connection:
        assert backend.next_number(connection, "users", "id") == 8
        assert backend.next_number(connection, "posts", "id") is None
    with end(make("y", "CREATE TABLE t (n INTEGER)")).connected() as connection:
        assert backend.next_number(connection, "t", "n") is None


ASIDE = SetAside("posts", ("3",), "price", "7", "it was refused")


def test_rows_that_were_set_aside_are_expected_to_be_missing(make: Make) -> None:
    left, right = shop(make, "left"), shop(make, "right", "DELETE FROM posts WHERE id = 3")
    validator = MigrationValidator(left, right, aside=[ASIDE])
    report = validator.validate()
    assert report.findings == ()
    posts = next(result for result in validator.data() if result.check == "posts")
    assert {each.subject: each.value for each in posts.measurements} == {
        "rows": 3,
        "rows on the right": 2,
        "set aside": 1,
    }


def test_a_row_that_was_set_aside_for_two_reasons_is_one(make: Make) -> None:
    left, right = shop(make, "left"), shop(make, "right", "DELETE FROM posts WHERE id = 3")
    again = SetAside("posts", ("3",), "user_id", "NULL", "it was refused", 2)
    assert MigrationValidator(left, right, aside=[ASIDE, again]).validate().findings == ()


def test_a_row_that_was_set_aside_and_is_there_is_told(make: Make) -> None:
    left, right = shop(make, "left"), shop(make, "right")
    (finding,) = MigrationValidator(left, right, aside=[ASIDE]).validate().findings
    assert (finding.expected, finding.actual) == ("1 rows set aside", "0 of them missing")


def test_open_readers_and_planned_routes_are_used(make: Make) -> None:
    right_url = shop(make, "right")
    with sqlite3.connect(str(make_url(right_url).database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")  # else a reader keeps writers out
    left, right = end(shop(make, "left")), end(right_url)
    tables = [each.survey().snapshot.table("users") for each in (left, right)]
    ways = [route(*tables)]  # type: ignore[arg-type]
    with closing(left.reader()) as one, closing(right.reader()) as other:
        write(right_url, "UPDATE users SET name = 'later'")
        validator = MigrationValidator(left.url, right.url, routes=ways, readers=(one, other))
        results = validator.data()
        assert [result.check for result in results] == ["users"]
        assert results[0].findings == ()
        assert validator.again().data()[0].findings == ()
    assert MigrationValidator(left.url, right.url, routes=ways).data()[0].findings


def test_a_sample_is_said_to_prove_less(make: Make) -> None:
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 5009) "
        "INSERT INTO users SELECT i, 'user ' || i, NULL FROM n"
    )
    left, right = shop(make, "left", many), shop(make, "right", many)
    validator = MigrationValidator(left, right, sample=Sample(500))
    (note,) = validator.validate().findings
    assert note.severity is Severity.NOTE
    assert note.message == "500 of 5,002 rows were compared: what the others hold is not proven"


def test_a_sample_finds_what_is_in_it(make: Make) -> None:
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 5009) "
        "INSERT INTO users SELECT i, 'user ' || i, NULL FROM n"
    )
    left, right = shop(make, "left", many), shop(make, "right", many)
    write(right, "UPDATE users SET name = 'x' WHERE id % 100 = 50")
    sizes = {
        seed: [
            str(each.place)
            for each in MigrationValidator(left, right, sample=Sample(500, seed)).data()[2].findings
        ]
        for seed in (0, 0, 1)
    }
    assert all(len(each) >= 5 for each in sizes.values())
    assert sizes[0] != sizes[1]


def test_values_count_where_declared_types_hold_nobody(make: Make) -> None:
    left = make("left", "CREATE TABLE t (id INTEGER PRIMARY KEY, n DATE)")
    right = make("right", "CREATE TABLE t (id INTEGER PRIMARY KEY, n VARCHAR(9))")
    write(left, "INSERT INTO t VALUES (1, 7), (2, NULL)")
    write(right, "INSERT INTO t VALUES (1, '7'), (2, NULL)")
    validator = MigrationValidator(left, right)
    assert validator.data()[0].findings == ()
    write(right, "UPDATE t SET n = '8' WHERE id = 1")
    (finding,) = validator.again().data()[0].findings
    assert (finding.expected, finding.actual) == ("7", "8")


def test_values_of_several_sorts_are_compared_as_they_are(make: Make) -> None:
    create = "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"
    left = make("left", create, "INSERT INTO t VALUES (1, 7), (2, 'x'), (3, x'00')")
    right = make("right", create, "INSERT INTO t VALUES (1, 7), (2, 'y'), (3, x'00')")
    (finding,) = MigrationValidator(left, right).data()[0].findings
    assert finding.code == "DATA-CELL-UNREADABLE"


def test_progress_is_told_of_each_table(make: Make) -> None:
    class Told(Progress):
        def __init__(self) -> None:
            self.lines: list[tuple[str, str, int]] = []

        def table_begins(self, work: str, table: str, rows: int) -> None:
            self.lines.append((work, table, rows))

        def rows_done(self, work: str, table: str, rows: int) -> None:
            self.lines.append((work, table, -rows))

    progress = Told()
    MigrationValidator(shop(make, "left"), shop(make, "right"), progress=progress).data()
    assert ("verify", "users", 2) in progress.lines
    assert ("verify", "users", -2) in progress.lines


def test_two_empty_databases_are_equal(make: Make) -> None:
    urls = (
        make("left", "CREATE TABLE t (a INT)", "DROP TABLE t"),
        make("right", "CREATE VIEW v AS SELECT 1"),
    )
    report = MigrationValidator(*urls).validate()
    assert (report.results, report.findings) == ((), ())
