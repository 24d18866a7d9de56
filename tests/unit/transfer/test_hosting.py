"""What becomes of a schema on another product, without a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbparity.backends.base import Backend, load_backend
from dbparity.backends.sqlite import SQLite
from dbparity.errors import BackendUnsuited
from dbparity.schema.drafts import Handling
from dbparity.snapshots import (
    Check,
    Collation,
    Column,
    Computed,
    Family,
    ForeignKey,
    Index,
    Key,
    Part,
    Snapshot,
    Table,
    Type,
)
from dbparity.transfer.hosting import Hosted, host

VERSIONS = {"postgresql": "17.2", "mysql": "9.1.0", "mariadb": "11.4.2", "sqlite": "3.40.1"}
WHOLE = Type("integer", Family.INTEGER, bits=32)
UNSIGNED = Type("bigint unsigned", Family.INTEGER, bits=64, signed=False)
TEXT = Type("text", Family.TEXT)
ID = Column("id", WHOLE, nullable=False)


class Homeless(SQLite):
    """A product whose package does not know migrations."""

    home = Backend.home  # type: ignore[assignment]


def hosted(tables: list[Table], source: str, target: str, version: str = "") -> Hosted:
    snapshot = Snapshot("", source, VERSIONS[source], tuple(tables))
    return host(snapshot, load_backend(target), version or VERSIONS[target])


def column_of(kind: Type, source: str, target: str, version: str = "") -> Type:
    (table,) = hosted([Table("t", (Column("a", kind),))], source, target, version).snapshot.tables
    return table.columns[0].type


def said(found: Hosted, handling: Handling) -> list[str]:
    return [
        f"{each.subject}: {each.obstacle}" for each in found.remarks if each.handling is handling
    ]


def test_a_backend_without_a_home_is_no_target() -> None:
    with pytest.raises(BackendUnsuited, match="SQLite is no target"):
        host(Snapshot("", "sqlite", "3.40"), Homeless(), "3.40")


def test_a_database_without_tables_makes_nothing() -> None:
    found = hosted([], "sqlite", "postgresql")
    assert (found.statements_before, found.statements_after, found.remarks) == ((), (), ())


@pytest.mark.parametrize(
    ("kind", "source", "target", "expected"),
    [
        (UNSIGNED, "mysql", "postgresql", "numeric(20,0)"),
        (UNSIGNED, "mysql", "sqlite", "TEXT"),
        (replace(WHOLE, signed=False), "mysql", "postgresql", "bigint"),
        (Type("text", Family.TEXT), "postgresql", "mysql", "longtext"),
        (Type("bytea", Family.BINARY), "postgresql", "mariadb", "longblob"),
        (Type("timestamp", Family.DATETIME, fraction=6), "postgresql", "mysql", "datetime(6)"),
        (Type("numeric", Family.DECIMAL), "postgresql", "mysql", "decimal(65,30)"),
        (Type("NUMERIC", Family.DECIMAL, enforced=False), "sqlite", "mysql", "double"),
        (Type("NUMERIC", Family.DECIMAL, enforced=False), "sqlite", "sqlite", "NUMERIC"),
        (
            Type("numeric(2,-3)", Family.DECIMAL, precision=2, scale=-3),
            "postgresql",
            "mysql",
            "decimal(5,0)",
        ),
        (Type("uuid", Family.UUID), "postgresql", "mysql", "char(36)"),
        (Type("uuid", Family.UUID), "postgresql", "mariadb", "uuid"),
        (Type("jsonb", Family.JSON), "postgresql", "sqlite", "JSON TEXT"),
        (Type("INTERVAL", Family.INTERVAL, enforced=False), "sqlite", "postgresql", "text"),
        (Type("integer[]", Family.ARRAY, element=WHOLE), "postgresql", "mysql", "longtext"),
        (Type("list", Family.ARRAY, element=WHOLE), "sqlite", "postgresql", "text"),
        (Type("CHAR(3)", Family.TEXT, enforced=False, length=3, fixed=True), "sqlite", "mysql",
         "varchar(3)"),
        (Type("BLOB", Family.BINARY, enforced=False, length=9), "sqlite", "mysql", "longblob"),
    ],
)  # fmt: skip
def test_types_hold_every_value(kind: Type, source: str, target: str, expected: str) -> None:
    assert column_of(kind, source, target).native == expected


def test_uuids_are_texts_on_an_old_mariadb() -> None:
    assert (
        column_of(Type("uuid", Family.UUID), "postgresql", "mariadb", "10.5.1").native == "char(36)"
    )


def test_numbers_beyond_an_identity_come_from_a_sequence() -> None:
    column = Column("id", UNSIGNED, nullable=False, automatic=True)
    found = hosted([Table("t", (column,), Key("PRIMARY", ("id",)))], "mysql", "postgresql")
    assert found.statements_before[0] == 'CREATE SEQUENCE "t_id_seq"'
    assert found.statements_before[2] == 'ALTER SEQUENCE "t_id_seq" OWNED BY "t"."id"'


def test_references_have_the_type_of_what_they_refer_to() -> None:
    parent = Table("p", (Column("id", UNSIGNED, nullable=False),), Key("", ("id",)))
    child = Table(
        "c", (Column("up", WHOLE),), foreign_keys=(ForeignKey("up", ("up",), "p", ("id",)),)
    )
    found = hosted([parent, child], "mysql", "postgresql")
    assert {each.type.native for table in found.snapshot.tables for each in table.columns} == {
        "numeric(20,0)"
    }


def test_a_reference_between_texts_and_numbers_is_refused() -> None:
    parent = Table("p", (ID,), Key("", ("id",)))
    key = ForeignKey("up", ("up",), "p", ("id",))
    child = Table("c", (Column("up", TEXT),), foreign_keys=(key,))
    found = hosted([parent, child], "sqlite", "postgresql")
    assert said(found, Handling.REFUSED) == ["foreign key up: the types of both ends differ"]


def test_match_full_of_one_column_is_left_out() -> None:
    key = ForeignKey("up", ("up",), "t", ("id",), full=True)
    table = Table("t", (ID, Column("up", WHOLE)), Key("", ("id",)), foreign_keys=(key,))
    found = hosted([table], "postgresql", "mysql")
    assert said(found, Handling.OMITTED) == [
        "foreign key up: MySQL takes a key that is NULL in part"
    ]


def test_tables_that_differ_in_capitals_only_are_refused_where_they_are_one() -> None:
    found = hosted([Table("A", (ID,)), Table("a", (ID,))], "postgresql", "sqlite")
    assert [table.name for table in found.snapshot.tables] == ["A"]
    assert said(found, Handling.REFUSED) == [
        "table: SQLite cannot: its name differs from A in case only"
    ]


def test_indexes_of_two_tables_with_one_name_get_two() -> None:
    index = Index("ix", (Part("id"),))
    found = hosted(
        [Table("a", (ID,), indexes=(index,)), Table("b", (ID,), indexes=(index,))],
        "mysql",
        "postgresql",
    )
    names = [index.name for table in found.snapshot.tables for index in table.indexes]
    assert names[0] == "ix"
    assert names[1].startswith("b_ix_")


def test_null_that_equals_null_is_refused_where_it_never_does() -> None:
    columns = (Column("a", WHOLE), ID)
    unique = Key("u", ("a",), nulls_distinct=False)
    index = Index("x", (Part("a"), Part("id")), unique=True, nulls_distinct=False)
    filled = Index("y", (Part("id"),), unique=True, nulls_distinct=False)
    table = Table("t", columns, uniques=(unique,), indexes=(index, filled))
    found = hosted([table], "postgresql", "sqlite")
    assert said(found, Handling.REFUSED) == [
        "unique constraint u: SQLite takes NULL for distinct",
        "index x: SQLite takes NULL for distinct",
    ]
    assert hosted([table], "postgresql", "postgresql").refusals == ()


def test_unique_indexes_that_cannot_be_said_are_refused() -> None:
    columns = (Column("a", TEXT), Column("b", Type("bytea", Family.BINARY)))
    odd = Index("odd", (Part(expression="reverse(a)"),), unique=True)
    partial = Index("some", (Part("a"),), unique=True, predicate="a LIKE 'x%'")
    other = Index("hash", (Part("a"),), unique=True, method="hash")
    found = hosted([Table("t", columns, indexes=(odd, partial, other))], "postgresql", "sqlite")
    assert found.snapshot.tables[0].indexes == ()
    assert len(found.refusals) == 3


def test_the_beginning_of_bytes_is_no_index_elsewhere() -> None:
    column = Column("a", Type("blob", Family.BINARY))
    table = Table("t", (column,), indexes=(Index("x", (Part("a", prefix=3),)),))
    assert said(hosted([table], "mysql", "postgresql"), Handling.OMITTED) == [
        "index x: not all products read it alike"
    ]


def test_an_index_over_a_column_that_is_left_out_is_left_out() -> None:
    columns = (Column("a", TEXT), Column("rank", TEXT, hidden=True))
    table = Table("t", columns, indexes=(Index("x", (Part("rank"),)),))
    assert hosted([table], "sqlite", "postgresql").snapshot.tables[0].indexes == ()


def test_expressions_become_hidden_columns_where_only_columns_are_indexed() -> None:
    email = Column("email", replace(TEXT, native="varchar(9)", length=9))
    lowered = Index("x", (Part(expression="lower(email)"), Part("id")), unique=True)
    summed = Index("y", (Part(expression="id + 1"),), unique=True)
    found = hosted([Table("t", (ID, email), indexes=(lowered, summed))], "postgresql", "mariadb")
    (table,) = found.snapshot.tables
    assert [column.name for column in table.columns if column.hidden] == ["x_1"]
    assert said(found, Handling.REFUSED) == ["index y: MariaDB indexes columns"]


def test_collations_that_fold_are_kept_in_keys() -> None:
    folding = Collation("ci", case_sensitive=False, accent_sensitive=False, pads=True)
    kind = replace(TEXT, length=9, native="varchar(9)", collation=folding)
    table = Table("t", (Column("a", kind), Column("b", kind)), uniques=(Key("u", ("a",)),))
    found = hosted([table], "mysql", "postgresql")
    assert found.statements_before[0] == (
        "CREATE COLLATION dbparity_case_accent (provider = icu, locale = 'und-u-ks-level1', "
        "deterministic = false)"
    )
    assert [(each.place.column, each.handling) for each in found.remarks] == [
        ("a", Handling.REFUSED),
        ("b", Handling.DELEGATED),
    ]


def test_texts_that_ignore_accents_alone_compare_code_points_on_mysql() -> None:
    odd = Collation("odd", case_sensitive=True, accent_sensitive=False, pads=False)
    kept = column_of(replace(TEXT, collation=odd), "postgresql", "mysql").collation
    assert kept is not None
    assert (kept.name, kept.accent_sensitive) == ("utf8mb4_0900_bin", True)


def test_a_text_that_ignores_spaces_at_its_end_is_kept_so() -> None:
    padded = Collation("x_bin", case_sensitive=True, accent_sensitive=True, pads=True)
    kept = column_of(replace(TEXT, collation=padded), "mysql", "sqlite").collation
    assert kept is not None
    assert kept.name == "RTRIM"


def test_rules_that_are_not_enforced_are_left_out() -> None:
    key = ForeignKey("up", ("id",), "t", ("id",), enforced=False)
    check = Check("positive", "id > 0", enforced=False)
    table = Table("t", (ID,), Key("", ("id",)), foreign_keys=(key,), checks=(check,))
    found = hosted([table], "postgresql", "sqlite")
    assert said(found, Handling.OMITTED) == [
        "foreign key up: nobody keeps it",
        "check positive: nobody keeps it",
    ]


def test_deferrable_keys_are_refused_where_each_statement_is_checked() -> None:
    table = Table("t", (ID,), uniques=(Key("late", ("id",), deferrable=True, deferred=True),))
    found = hosted([table], "postgresql", "sqlite")
    assert said(found, Handling.REFUSED) == ["key late: SQLite checks it with each statement"]


def test_numbers_that_the_target_does_not_give_are_left_to_the_application() -> None:
    table = Table("t", (Column("a", WHOLE, automatic=True), ID), Key("", ("id",)))
    for target in ("sqlite", "mysql"):
        assert said(hosted([table], "postgresql", target), Handling.DELEGATED)


def test_defaults_of_each_sort() -> None:
    columns = (
        Column("a", Type("date", Family.DATE), default="CURRENT_DATE"),
        Column("b", TEXT, default="now()"),
        Column("c", Type("time", Family.TIME, fraction=6), default="now()"),
        Column("d", Type("uuid", Family.UUID), default="gen_random_uuid()"),
        Column("e", WHOLE, default="gen_random_uuid()"),
        Column("f", TEXT, default="NULL"),
        Column("g", TEXT, default="b"),
    )
    (table,) = hosted([Table("t", columns)], "postgresql", "postgresql").snapshot.tables
    assert [column.default for column in table.columns] == [
        "CURRENT_DATE",
        None,
        "CURRENT_TIME",
        "gen_random_uuid()",
        None,
        None,
        None,
    ]
    (table,) = hosted([Table("t", columns)], "postgresql", "sqlite").snapshot.tables
    assert [column.default for column in table.columns][:4] == [
        "CURRENT_DATE",
        None,
        "CURRENT_TIME",
        None,
    ]


def test_rows_that_are_too_long_keep_their_longest_texts_elsewhere() -> None:
    long = [Type(f"varchar({size})", Family.TEXT, length=size) for size in (9000, 8000, 90)]
    columns = tuple(Column(f"c{place}", kind) for place, kind in enumerate(long))
    (table,) = hosted([Table("t", columns)], "postgresql", "mysql").snapshot.tables
    assert [column.type.native for column in table.columns] == [
        "longtext",
        "varchar(8000)",
        "varchar(90)",
    ]


def test_generated_columns_may_be_virtual_on_a_newer_postgresql() -> None:
    made = Column("b", WHOLE, computed=Computed("id + 1", stored=False))
    tables = [Table("t", (ID, made))]
    for version, kept in (("17.2", "STORED"), ("18.1", "VIRTUAL")):
        found = hosted(tables, "mysql", "postgresql", version)
        assert kept in found.statements_before[0]


def test_references_between_integers_of_two_sizes_hold_both() -> None:
    small = Type("int unsigned", Family.INTEGER, bits=32, signed=False)
    parent = Table("p", (Column("id", small, nullable=False),), Key("", ("id",)))
    key = ForeignKey("up", ("up",), "p", ("id",))
    child = Table("c", (Column("up", WHOLE),), foreign_keys=(key,))
    found = hosted([parent, child], "mysql", "mariadb")
    assert [each.type.native for table in found.snapshot.tables for each in table.columns] == [
        "bigint",
        "bigint",
    ]
