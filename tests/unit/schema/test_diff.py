"""The comparison of snapshots, where no server is needed to make them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbparity.errors import TargetUnknown
from dbparity.results import Severity
from dbparity.schema.diff import diff
from dbparity.schema.differences import Difference, Meaning
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
    Trigger,
    Type,
    Unit,
    View,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

INTEGER = Type("integer", Family.INTEGER, bits=32)
BIGINT = Type("bigint", Family.INTEGER, bits=64)
TEXT = Type("text", Family.TEXT)
BYTES = Type("blob", Family.BINARY, length=65535, unit=Unit.BYTES)
CHARS = Type("varchar(20)", Family.TEXT, length=20)
MOMENT = Type("timestamp", Family.DATETIME, fraction=6)
BINARY = Collation("C", case_sensitive=True, accent_sensitive=True, pads=False)
FOLDING = Collation("ci", case_sensitive=False, accent_sensitive=False, pads=True)


def table(*columns: Column, name: str = "t", **parts: object) -> Table:
    return Table(name, columns, **parts)  # type: ignore[arg-type]


def schema(backend: str, *tables: Table, views: tuple[View, ...] = ()) -> Snapshot:
    return Snapshot("", backend, "15.1", tables, views)


def postgresql(*tables: Table, views: tuple[View, ...] = ()) -> Snapshot:
    return schema("postgresql", *tables, views=views)


def mysql(*tables: Table, views: tuple[View, ...] = ()) -> Snapshot:
    return schema("mysql", *tables, views=views)


def sqlite(*tables: Table) -> Snapshot:
    return schema("sqlite", *tables)


def column(name: str = "v", kind: Type = INTEGER, **parts: object) -> Column:
    return Column(name, kind, **parts)  # type: ignore[arg-type]


def told(differences: Iterable[Difference]) -> set[tuple[str, str, str]]:
    """Meaning, aspect and place; a tilde before what is mild."""
    return {
        (("~" if found.mild else "") + found.meaning, found.aspect, str(found.place))
        for found in differences
    }


def only(differences: tuple[Difference, ...]) -> Difference:
    (difference,) = differences
    return difference


# What types hold.


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (BIGINT, INTEGER, "INTEGER ends at 2,147,483,647, the left side goes up to 9,223,372,036"),
        (TEXT, CHARS, "VARCHAR(20) ends at 20 characters, the left side has no limit"),
        (
            Type("varchar(20)", Family.TEXT, length=20),
            Type("char(1)", Family.TEXT, length=1),
            "CHAR(1) ends at 1 character, the left side goes up to 20 characters",
        ),
        (
            Type("tinytext", Family.TEXT, length=255, unit=Unit.BYTES),
            Type("varchar(100)", Family.TEXT, length=100),
            "VARCHAR(100) ends at 100 characters, the left side goes up to 255 bytes",
        ),
        (
            Type("decimal", Family.DECIMAL),
            Type("decimal(5,1)", Family.DECIMAL, precision=5, scale=1),
            "DECIMAL(5,1) keeps 1 digit behind the point",
        ),
        (
            MOMENT,
            Type("datetime(3)", Family.DATETIME, fraction=3),
            "DATETIME(3) keeps milliseconds, the left side keeps microseconds",
        ),
        (
            Type("time", Family.TIME),
            Type("time(2)", Family.TIME, fraction=2),
            "TIME(2) keeps 2 digits of a second, the left side keeps any fraction of a second",
        ),
        (
            BIGINT,
            Type("float", Family.FLOAT, bits=32),
            "FLOAT keeps 6 digits in all, the left side keeps 18 digits",
        ),
        (
            Type("smallint", Family.INTEGER, bits=16),
            Type("boolean", Family.BOOLEAN),
            "BOOLEAN ends at 1, the left side goes up to 32,767",
        ),
    ],
)
def test_a_narrower_type_is_told_with_its_limit(left: Type, right: Type, words: str) -> None:
    found = diff(postgresql(table(column(kind=left))), mysql(table(column(kind=right))))

    assert any(
        difference.message.startswith(words) and difference.meaning is Meaning.NARROWER
        for difference in found
    )


@pytest.mark.parametrize(
    ("kind", "check", "narrow"),
    [
        (TEXT, "length(v) <= 20", CHARS),
        (TEXT, "length(v) < 21 AND v <> 'x'", CHARS),
        (TEXT, "v IN ('one', 'two')", CHARS),
        (TEXT, "octet_length(v) = 20", CHARS),
        (TEXT, "length(v) <= 16383", Type("text", Family.TEXT, length=65535, unit=Unit.BYTES)),
        (Type("bytea", Family.BINARY), "length(v) IN (32, 64)", BYTES),
        (BIGINT, "v BETWEEN 0 AND 100", INTEGER),
        (BIGINT, "v IN (1, -2)", INTEGER),
        (INTEGER, "v >= 0", Type("int unsigned", Family.INTEGER, bits=32, signed=False)),
    ],
)
def test_what_a_check_leaves_is_what_a_type_has_to_hold(
    kind: Type, check: str, narrow: Type
) -> None:
    left = table(column(kind=kind), checks=(Check("c", check),))
    right = table(column(kind=narrow), checks=(Check("c", check),))

    assert Meaning.NARROWER not in {d.meaning for d in diff(postgresql(left), postgresql(right))}


@pytest.mark.parametrize("check", ["abs(v) < 3", "v < w", "lower(v) IN ('a')", "v IS NOT NULL"])
def test_a_check_that_says_nothing_of_a_limit_leaves_it(check: str) -> None:
    left, right = (
        table(column(kind=kind), column("w"), checks=(Check("c", check),))
        for kind in (BIGINT, INTEGER)
    )

    assert (Meaning.NARROWER, "type", "t.v") in told(diff(postgresql(left), postgresql(right)))


def test_a_declared_length_that_is_not_enforced_is_a_note() -> None:
    declared = replace(CHARS, native="VARCHAR(10)", length=10, enforced=False)
    found = diff(postgresql(table(column(kind=CHARS))), sqlite(table(column(kind=declared))))

    assert told(found) == {
        ("~laxer", "typing", "t"),
        ("~behaves differently", "type", "t.v"),
    }


def test_integers_that_have_no_size_hold_any_integer() -> None:
    left, right = INTEGER, Type("INTEGER", Family.INTEGER)

    assert diff(postgresql(table(column(kind=left))), mysql(table(column(kind=right)))) == ()


@pytest.mark.parametrize(
    ("element", "other", "meaning"),
    [
        (INTEGER, TEXT, "laxer"),
        (MOMENT, BYTES, "behaves differently"),
        (BIGINT, INTEGER, "narrower"),
    ],
)
def test_arrays_are_compared_by_their_elements(element: Type, other: Type, meaning: str) -> None:
    left, right = (
        table(column(kind=Type(f"{kind.native}[]", Family.ARRAY, element=kind)))
        for kind in (element, other)
    )

    assert told(diff(postgresql(left), postgresql(right))) == {(meaning, "type", "t.v")}


def test_arrays_of_what_is_not_known_are_not_told_apart() -> None:
    left, right = (table(column(kind=Type(name, Family.ARRAY))) for name in ("list", "array"))

    assert diff(postgresql(left), mysql(right)) == ()


def test_types_known_by_their_names_alone_are_compared_by_them() -> None:
    left, right = (table(column(kind=Type(name, Family.OTHER))) for name in ("INET", "inet"))
    other = table(column(kind=Type("cidr", Family.OTHER)))

    assert diff(postgresql(left), mysql(right)) == ()
    assert told(diff(postgresql(left), mysql(other))) == {("behaves differently", "type", "t.v")}


@pytest.mark.parametrize(
    "kind",
    [Type("tinyint", Family.INTEGER, bits=8), Type("tinyint(1)", Family.BOOLEAN)],
)
def test_a_tiny_integer_stands_for_a_boolean(kind: Type) -> None:
    boolean = table(column(kind=Type("boolean", Family.BOOLEAN)))
    found = diff(postgresql(boolean), mysql(table(column(kind=kind))))

    assert {difference.meaning for difference in found} <= {Meaning.EQUIVALENT}


# What a column is set to.


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (CHARS, "'7'", "7"),
        (INTEGER, "'7'", "7.0"),
        (Type("boolean", Family.BOOLEAN), "'t'", "1"),
        (Type("boolean", Family.BOOLEAN), "'false'", "0"),
        (INTEGER, None, "NULL"),
    ],
)
def test_a_default_is_compared_as_the_column_takes_it(
    kind: Type, one: str | None, other: str
) -> None:
    left, right = (table(column(kind=kind, default=value)) for value in (one, other))

    assert diff(postgresql(left), mysql(right)) == ()


def test_numbers_that_are_always_given_by_the_database_are_a_note() -> None:
    left, right = (table(column(automatic=True, always=always)) for always in (True, False))

    assert told(diff(postgresql(left), mysql(right))) == {("~laxer", "numbering", "t.v")}


# What refuses rows.


def partial(predicate: str, **parts: object) -> Table:
    columns = (column(), column("w"), column("gone", MOMENT))
    index = Index("ux", (Part("v"),), unique=True, predicate=predicate)
    return table(*columns, indexes=(replace(index, **parts),))  # type: ignore[arg-type]


def emulated(expression: str, **parts: object) -> Table:
    helper = column("here", computed=Computed(expression, stored=False), hidden=True)
    columns = (column(), column("w"), column("gone", MOMENT), helper)
    return table(*columns, uniques=(replace(Key("ux", ("v", "here")), **parts),))  # type: ignore[arg-type]


def test_a_generated_column_in_a_key_emulates_a_partial_index() -> None:
    right = emulated("CASE WHEN gone IS NULL THEN 1 END")
    found = only(diff(postgresql(partial("gone IS NULL")), mysql(right)))

    assert (found.meaning, found.aspect) == (Meaning.EQUIVALENT, "unique")
    assert "generated column here" in found.message


def test_an_emulation_of_another_condition_is_none() -> None:
    right = emulated("CASE WHEN gone IS NOT NULL THEN 1 END")

    assert told(diff(postgresql(partial("gone IS NULL")), mysql(right))) == {
        ("extra", "column", "t.here"),
        ("laxer", "unique", "t"),
        ("stricter", "unique", "t"),
    }


def test_conditions_of_both_an_index_and_its_helper_are_joined() -> None:
    left = partial("gone IS NULL AND w > 0")
    right = partial("w > 0")
    helper = column("here", computed=Computed("CASE WHEN gone IS NULL THEN 1 END", stored=True))
    index = replace(right.indexes[0], parts=(Part("v"), Part("here")))
    right = replace(right, columns=(*right.columns, helper), indexes=(index,))

    assert {d.meaning for d in diff(postgresql(left), postgresql(right))} == {Meaning.EQUIVALENT}


def test_no_condition_is_read_where_null_is_equal_to_null() -> None:
    right = emulated("CASE WHEN gone IS NULL THEN 1 END", nulls_distinct=False)

    assert ("laxer", "unique", "t") in told(diff(postgresql(partial("gone IS NULL")), mysql(right)))


def test_null_equal_to_null_means_nothing_where_no_null_can_be() -> None:
    left = partial("v IS NOT NULL", nulls_distinct=False)
    right = partial("")

    assert diff(postgresql(left), postgresql(right)) == ()


def test_an_index_over_a_generated_column_is_one_over_its_expression() -> None:
    left = table(column(kind=CHARS), indexes=(Index("ix", (Part("", "lower(v)"),)),))
    helper = column("folded", CHARS, computed=Computed("lcase(`v`)", stored=False))
    right = table(column(kind=CHARS), helper, indexes=(Index("ix", (Part("folded"),)),))

    assert diff(postgresql(left), mysql(right)) == ()


def test_a_key_of_the_same_name_is_shown_beside_one_that_is_missing() -> None:
    left = table(column(), column("w"), uniques=(Key("uq", ("v",)),))
    right = table(column(), column("w"), uniques=(Key("uq", ("w",)),))
    found = [d for d in diff(postgresql(left), mysql(right)) if d.meaning is Meaning.LAXER]

    assert (found[0].left, found[0].right) == ("unique constraint (v)", "unique constraint (w)")


def test_a_key_that_is_only_unique_elsewhere_is_a_spelling() -> None:
    left = table(column(nullable=False), primary_key=Key("pk", ("v",)))
    right = table(column(nullable=False), uniques=(Key("uq", ("v",)),))
    found = only(diff(postgresql(left), mysql(right)))

    assert (found.meaning, found.aspect) == (Meaning.EQUIVALENT, "primary key")


def test_the_cure_of_a_missing_partial_index_is_one_that_the_backend_can_follow() -> None:
    bare = replace(partial(""), indexes=())
    there = only(diff(postgresql(partial("gone IS NULL")), sqlite(bare)))
    nowhere = only(diff(postgresql(partial("gone IS NULL")), mysql(bare)))

    assert "UNIQUE INDEX (v) WHERE gone IS NULL" in there.recommendation
    assert "GENERATED ALWAYS AS (CASE WHEN gone IS NULL THEN 1 END)" in nowhere.recommendation


def test_a_collation_of_an_index_is_part_of_its_promise() -> None:
    index = Index("ux", (Part("v", collation="NOCASE"),), unique=True)
    left = table(column(kind=CHARS), indexes=(index,))
    right = table(column(kind=CHARS), uniques=(Key("ux", ("v",)),))

    assert told(diff(sqlite(left), postgresql(right))) == {
        ("laxer", "unique", "t"),
        ("stricter", "unique", "t"),
    }


def collated(collation: Collation, kind: Type = CHARS, uniques: tuple[Key, ...] = ()) -> Table:
    return table(column(kind=replace(kind, collation=collation)), uniques=uniques)


def test_collations_outside_of_keys_are_one_note_for_a_table() -> None:
    assert told(diff(postgresql(collated(BINARY)), mysql(collated(FOLDING)))) == {
        ("~compares differently", "collation", "t")
    }


def test_what_a_uuid_is_kept_in_is_never_spelled_in_two_ways() -> None:
    kind = Type("char(32)", Family.TEXT, length=32, fixed=True)
    left, right = (
        collated(collation, kind, (Key("uq", ("v",)),)) for collation in (BINARY, FOLDING)
    )

    assert told(diff(sqlite(left), mysql(right))) == {("~compares differently", "collation", "t")}


@pytest.mark.parametrize("check", ["v IN ('1', '2')", "v = w", "length(v) = 1"])
def test_a_check_without_letters_does_not_depend_on_case(check: str) -> None:
    checks = (Check("c", check),)
    left, right = (replace(collated(collation), checks=checks) for collation in (BINARY, FOLDING))

    assert {d.mild for d in diff(postgresql(left), postgresql(right))} == {True}


@pytest.mark.parametrize(
    ("check", "other"),
    [
        ("v >= 0", "v >= 18"),
        ("v >= 18", "v > 18"),
        ("v < 10", "v <= 9"),
        ("v <= 10", "v < 10"),
        ("v IN (1, 2, 3)", "v IN (1, 2)"),
        ("v > 0", "v IN (1, 2)"),
        ("v <= 2", "v IN (1, 2)"),
        ("length(v) <= 9", "octet_length(v) <= 9"),
        ("octet_length(v) >= 9", "char_length(v) >= 9"),
    ],
)
def test_a_check_that_follows_from_another_is_not_missing(check: str, other: str) -> None:
    left, right = (table(column(), checks=(Check("c", text),)) for text in (check, other))

    assert told(diff(postgresql(left), mysql(right))) == {("stricter", "check", "t")}


@pytest.mark.parametrize(
    ("check", "kind", "nullable"),
    [
        ("v IS NOT NULL", INTEGER, False),
        ("v >= 0", Type("int unsigned", Family.INTEGER, bits=32, signed=False), True),
        ("v IN (0, 1)", Type("boolean", Family.BOOLEAN), True),
        ("json_valid(v)", Type("json", Family.JSON), True),
        ("char_length(v) <= 20", CHARS, True),
        ("typeof(v) = 'integer'", INTEGER, True),
    ],
)
def test_a_check_that_the_type_makes_needless_is_not_missing(
    check: str,
    kind: Type,
    nullable: bool,  # noqa: FBT001
) -> None:
    held = column(kind=kind, nullable=nullable)
    left = table(held, checks=(Check("c", check),))

    assert diff(mysql(left), mysql(table(held))) == ()


@pytest.mark.parametrize(
    "check",
    ["v <= 5", "length(v) <= 5", "v IN (0, 1)", "v IS NULL", "v IS NOT NULL", "json_valid(v)"],
)
def test_a_check_that_the_type_does_not_make_needless_is_missing(check: str) -> None:
    left = table(column(kind=CHARS), checks=(Check("c", check),))

    assert told(diff(mysql(left), mysql(table(column(kind=CHARS))))) == {("laxer", "check", "t")}


def test_a_check_about_something_else_is_not_shown_beside_one_that_is_missing() -> None:
    left = table(column(), column("w"), checks=(Check("c", "v > 0"),))
    right = table(column(), column("w"), checks=(Check("", "w > 0"),))
    found = [d for d in diff(postgresql(left), mysql(right)) if d.meaning is Meaning.LAXER]

    assert [(difference.left, difference.right) for difference in found] == [("v > 0", "")]


def test_a_difference_is_a_finding_by_its_aspect_and_meaning() -> None:
    left, right = table(column(), uniques=(Key("uq", ("v",)),)), table(column())
    found = only(diff(postgresql(left), mysql(right))).finding()

    assert (found.code, found.severity, str(found.place)) == ("UNIQUE-LAXER", Severity.WRONG, "t")
    assert found.expected == "unique constraint (v)"


def test_a_mild_difference_is_a_note() -> None:
    left, right = table(column(), comment="said"), table(column())

    assert only(diff(postgresql(left), mysql(right))).severity is Severity.NOTE


def test_checks_of_columns_that_are_missing_are_not_counted_twice() -> None:
    left = table(column(), column("w", TEXT), checks=(Check("c", "w > 0"),))

    assert told(diff(postgresql(left), mysql(table(column())))) == {("missing", "column", "t.w")}


def test_a_check_that_cannot_be_read_is_compared_as_it_is() -> None:
    left, right, other = (
        table(column(), checks=(Check("c", text),))
        for text in ("EXCLUDE (v\n WITH &&) !", "EXCLUDE (v WITH &&) !", "EXCLUDE (w WITH &&) !")
    )

    assert diff(postgresql(left), postgresql(right)) == ()
    assert told(diff(postgresql(left), postgresql(other))) == {
        ("laxer", "check", "t"),
        ("stricter", "check", "t"),
    }


def referring(**parts: object) -> tuple[Table, Table]:
    key = ForeignKey("fk", ("v",), "u", ("id",))
    child = table(column(), foreign_keys=(replace(key, **parts),))  # type: ignore[arg-type]
    return child, table(column("id"), name="u", primary_key=Key("", ("id",)))


def test_a_foreign_key_to_a_table_that_is_not_there_names_no_columns() -> None:
    child, _ = referring(table="gone", referred=())
    dangling = schema("sqlite", child)

    assert diff(dangling, dangling) == ()


def test_a_foreign_key_that_is_not_enforced_is_as_good_as_none() -> None:
    found = only(diff(mysql(*referring()), postgresql(*referring(enforced=False))))

    assert (found.meaning, found.aspect) == (Meaning.LAXER, "foreign key")
    assert found.right == "(v) REFERENCES u (id)"


def test_a_foreign_key_follows_the_names_of_what_it_refers_to() -> None:
    child, parent = referring()
    right = (
        replace(child, foreign_keys=(replace(child.foreign_keys[0], referred=("ident",)),)),
        replace(
            parent, columns=(column("ident"),), primary_key=Key("", ("ident",)), comment="ours"
        ),
    )
    found = diff(postgresql(child, parent), postgresql(*right))

    assert told(found) == {("renamed?", "column", "u.id"), ("~extra", "comment", "u")}


def test_a_foreign_key_to_a_table_that_is_missing_is_not_counted_twice() -> None:
    child, parent = referring()
    alone = replace(child, foreign_keys=())

    assert told(diff(postgresql(child, parent), mysql(alone))) == {("missing", "table", "u")}


def test_a_deferrable_key_that_is_checked_at_once_is_a_note() -> None:
    found = diff(postgresql(*referring(deferrable=True)), mysql(*referring()))

    assert told(found) == {("~stricter", "foreign key", "t")}


# Indexes, comments and triggers.


def indexed(*parts: Part, **rest: object) -> Table:
    return table(column(), column("w"), indexes=(Index("ix", parts, **rest),))  # type: ignore[arg-type]


def test_an_index_that_mysql_makes_for_a_foreign_key_goes_without_saying() -> None:
    child, parent = referring()
    made = replace(child, indexes=(Index("fk", (Part("v"),), serves_key=True),))

    assert diff(postgresql(child, parent), mysql(made, parent)) == ()


def test_an_index_that_serves_a_foreign_key_among_others_does_not() -> None:
    child, parent = referring()
    longer = Index("ix", (Part("v"), Part("w")), serves_key=True)
    left, right = (
        replace(child, columns=(column(), column("w")), indexes=i) for i in ((), (longer,))
    )

    assert told(diff(postgresql(left, parent), mysql(right, parent))) == {("slower", "index", "t")}


def test_an_index_sorted_the_other_way_is_a_note() -> None:
    left, right = indexed(Part("v"), Part("w")), indexed(Part("v"), Part("w", descending=True))

    assert told(diff(postgresql(left), mysql(right))) == {("~slower", "index", "t")}


def test_an_index_is_read_backwards_too() -> None:
    left = indexed(Part("v"), Part("w"))
    right = indexed(Part("v", descending=True), Part("w", descending=True))

    assert diff(postgresql(left), mysql(right)) == ()


def test_an_index_over_more_columns_serves_for_the_first() -> None:
    found = diff(postgresql(indexed(Part("v"))), mysql(indexed(Part("v"), Part("w"))))

    assert [(d.meaning, d.left, d.right) for d in found] == [(Meaning.SLOWER, "", "(v, w)")]


def test_comments_are_notes() -> None:
    left = table(column(comment="one"), column("w", comment="two"), comment="three")
    right = table(column(comment="uno"), column("w"))

    assert told(diff(postgresql(left), mysql(right))) == {
        ("~missing", "comment", "t"),
        ("~behaves differently", "comment", "t.v"),
        ("~missing", "comment", "t.w"),
    }


def fired(*triggers: Trigger) -> Table:
    return table(column(), triggers=triggers)


def test_triggers_in_two_dialects_are_not_compared_by_their_words() -> None:
    left = fired(Trigger("a", "BEFORE", ("INSERT", "UPDATE"), "EXECUTE FUNCTION f()"))
    right = fired(
        Trigger("b", "BEFORE", ("INSERT",), "SET NEW.v = 1"),
        Trigger("c", "BEFORE", ("UPDATE",), "SET NEW.v = 1"),
    )

    assert told(diff(postgresql(left), mysql(right))) == {("~behaves differently", "trigger", "t")}


def test_triggers_on_the_same_occasion_go_by_their_names() -> None:
    first, second, third = (Trigger(name, "AFTER", ("INSERT",), "") for name in ("a", "b", "c"))

    assert told(diff(mysql(fired(first, second)), mysql(fired(first, third)))) == {
        ("missing", "trigger", "t"),
        ("extra", "trigger", "t"),
    }


def test_triggers_of_views_are_compared_too() -> None:
    view = View("w", "SELECT 1")
    left = replace(view, triggers=(Trigger("a", "INSTEAD OF", ("INSERT",), ""),))

    assert told(diff(postgresql(views=(left,)), postgresql(views=(view,)))) == {
        ("missing", "trigger", "w")
    }


def test_a_view_in_another_dialect_that_cannot_be_shown_to_be_the_same_is_a_note() -> None:
    left, right = View("w", "SELECT * FROM t"), View("w", "select `t`.`v` AS `v` from `t`")

    assert told(diff(postgresql(views=(left,)), mysql(views=(right,)))) == {
        ("~behaves differently", "view", "w")
    }


# Names.


def test_names_in_other_capitals_are_spellings() -> None:
    left, right = table(column("V"), name="T"), table(column("v"), name="t")

    assert told(diff(postgresql(left), mysql(right))) == {
        ("equivalent", "table", "T"),
        ("equivalent", "column", "T.V"),
    }


def test_names_that_differ_by_case_alone_are_kept_apart() -> None:
    left = table(column("V"), column("v", TEXT))

    assert told(diff(postgresql(left), postgresql(table(column("v", TEXT))))) == {
        ("missing", "column", "t.V")
    }


def test_names_that_could_be_two_by_case_are_neither() -> None:
    left = table(column("USED"), column("Used", TEXT))
    found = diff(postgresql(left), mysql(table(column("used", BYTES))))

    assert {difference.meaning for difference in found} == {Meaning.MISSING, Meaning.EXTRA}


def test_a_rename_is_offered_with_its_evidence() -> None:
    left = table(column("a"), column("user_name", CHARS), column("c"))
    right = table(column("a"), column("username", CHARS), column("c"))
    found = only(diff(postgresql(left), mysql(right)))

    assert found.meaning is Meaning.RENAMED
    assert found.message == (
        "user_name on the left side is likely username on the right side: the names are alike, "
        "the types are the same, it stands in the same place"
    )


def test_what_hangs_on_a_rename_is_compared_by_the_new_name() -> None:
    key = Key("uq", ("user_name",))
    left = table(column("user_name", CHARS), uniques=(key,), checks=(Check("c", "user_name > ''"),))
    right = table(
        column("username", CHARS),
        uniques=(Key("uq", ("username",)),),
        checks=(Check("c", "`username` > ''"),),
    )

    assert told(diff(postgresql(left), mysql(right))) == {("renamed?", "column", "t.user_name")}


@pytest.mark.parametrize(
    "others",
    [
        (column("user_names", CHARS), column("user_namen", CHARS)),  # two that are as likely
        (column("born", MOMENT),),  # of another sort
        (column("user_name_", CHARS, nullable=False),),
    ],
)
def test_a_rename_that_is_not_likely_is_not_offered(others: tuple[Column, ...]) -> None:
    found = diff(
        postgresql(table(column(), column("user_name", CHARS))), mysql(table(column(), *others))
    )

    assert {difference.meaning for difference in found} == {Meaning.MISSING, Meaning.EXTRA}


def test_a_column_in_another_place_under_another_name_is_another_column() -> None:
    left = table(column("a"), column("b", CHARS))
    right = table(column("xyz", CHARS), column("a"))

    assert told(diff(postgresql(left), mysql(right))) == {
        ("missing", "column", "t.b"),
        ("extra", "column", "t.xyz"),
    }


def test_a_table_of_other_columns_is_another_table() -> None:
    left, right = table(column("a"), name="one"), table(column("b"), name="two")

    assert told(diff(postgresql(left), mysql(right))) == {
        ("missing", "table", "one"),
        ("extra", "table", "two"),
    }


def test_what_hangs_on_a_missing_column_is_named_with_it() -> None:
    key = ForeignKey("fk", ("w",), "t", ("v",))
    left = table(
        column(),
        column("w", nullable=False),
        primary_key=Key("pk", ("v", "w")),
        indexes=(Index("ix", (Part("w"),)), Index("iv", (Part("v"),))),
        foreign_keys=(key,),
    )
    found = diff(postgresql(left), mysql(table(column(), indexes=(Index("iv", (Part("v"),)),))))
    (missing,) = (difference for difference in found if difference.aspect == "column")

    assert missing.message == (
        "the right side does not have it, nor what hangs on it: pk, fk, ix; the left side refuses "
        "an INSERT without it"
    )


def test_a_column_left_out_of_select_star_is_a_note() -> None:
    left, right = table(column()), table(column(hidden=True))

    assert told(diff(mysql(left), mysql(right))) == {("~behaves differently", "column", "t.v")}


def test_a_snapshot_of_an_unknown_backend_is_an_error() -> None:
    with pytest.raises(TargetUnknown, match="oracle"):
        diff(schema("oracle"), postgresql())


# Whatever the schemas are.

NAMES = st.sampled_from(["a", "b", "A", "user_name", "username"])
COLLATIONS = st.sampled_from([None, BINARY, FOLDING])
TYPES = st.one_of(
    st.builds(
        Type, st.just("int"), st.just(Family.INTEGER), bits=st.sampled_from([None, 8, 32, 64])
    ),
    st.builds(
        Type,
        st.just("text"),
        st.just(Family.TEXT),
        enforced=st.booleans(),
        length=st.sampled_from([None, 20, 32, 255]),
        unit=st.sampled_from(Unit),
        fixed=st.booleans(),
        collation=COLLATIONS,
    ),
    st.builds(
        Type,
        st.just("datetime"),
        st.just(Family.DATETIME),
        fraction=st.sampled_from([None, 0, 6]),
        zone=st.booleans(),
    ),
    st.builds(
        Type,
        st.just("enum"),
        st.just(Family.ENUM),
        values=st.sampled_from([("x", "y"), ("y", "x"), ("x",)]),
    ),
    st.sampled_from(Family)
    .filter(lambda family: family is not Family.ENUM)
    .map(lambda f: Type(str(f), f)),
)
TEXTS = st.sampled_from(["a > 1", "a >= 0 AND b < 3", "username IN ('x', 'y')", "b IS NULL", "((("])
COMPUTED = st.sampled_from([None, None, Computed("CASE WHEN b IS NULL THEN 1 END", stored=True)])
COLUMNS = st.builds(
    Column,
    NAMES,
    TYPES,
    st.booleans(),
    st.sampled_from([None, "1", "'x'", "now()"]),
    automatic=st.booleans(),
    computed=COMPUTED,
    hidden=st.booleans(),
    on_update=st.sampled_from([None, "now()"]),
    comment=st.sampled_from(["", "said"]),
)


@st.composite
def tables(draw: st.DrawFn, name: str) -> Table:
    columns = tuple(draw(st.lists(COLUMNS, min_size=1, max_size=4, unique_by=lambda c: c.name)))
    some = st.lists(
        st.sampled_from([each.name for each in columns]), min_size=1, max_size=3, unique=True
    ).map(tuple)
    parts = some.map(lambda names: tuple(map(Part, names)))
    keys = st.builds(
        Key, st.sampled_from(["k", ""]), some, st.booleans(), st.booleans(), st.booleans()
    )
    indexes = st.builds(
        Index, st.sampled_from(["i", "j"]), parts, st.booleans(), st.sampled_from(["", "b IS NULL"])
    )
    foreign = st.builds(
        lambda names, action, *, full: ForeignKey(
            "f", names, name, names, on_delete=action, full=full
        ),
        some,
        st.sampled_from(["NO ACTION", "RESTRICT", "CASCADE"]),
        full=st.booleans(),
    )
    return Table(
        name,
        columns,
        draw(st.none() | keys),
        tuple(draw(st.lists(keys, max_size=2))),
        tuple(draw(st.lists(indexes, max_size=2))),
        tuple(draw(st.lists(foreign, max_size=2))),
        tuple(draw(st.lists(st.builds(Check, st.just("c"), TEXTS, st.booleans()), max_size=2))),
        tuple(
            draw(
                st.lists(
                    st.builds(
                        Trigger,
                        st.sampled_from(["x", "y"]),
                        st.sampled_from(["BEFORE", "AFTER"]),
                        st.sampled_from([("INSERT",), ("INSERT", "UPDATE")]),
                        st.sampled_from(["", "f()"]),
                    ),
                    max_size=2,
                    unique_by=lambda trigger: trigger.name,
                )
            )
        ),
        draw(st.sampled_from(["", "said"])),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    names = draw(
        st.lists(st.sampled_from(["people", "persons", "PEOPLE", "tags"]), max_size=3, unique=True)
    )
    view = st.builds(
        View, st.just("seen"), st.sampled_from(["SELECT 1", "SELECT 2"]), st.booleans()
    )
    return Snapshot(
        "",
        draw(st.sampled_from(["sqlite", "postgresql", "mysql", "mariadb"])),
        "15",
        tuple(draw(tables(name)) for name in names),
        tuple(draw(st.lists(view, max_size=1))),
    )


def plain(difference: Difference) -> tuple[object, ...]:
    """A difference without its words, which go by the names of one side."""
    left, right = difference.left, difference.right
    return str(difference.meaning), difference.aspect, left, right, difference.mild


def reflected(difference: Difference) -> tuple[object, ...]:
    """A difference as the other side tells it."""
    left, right = difference.left, difference.right
    turned = replace(difference, meaning=difference.meaning.turned, left=right, right=left)
    return plain(turned)


@settings(max_examples=60, deadline=None)
@given(left=snapshots(), right=snapshots())
def test_both_sides_tell_the_same_differences(left: Snapshot, right: Snapshot) -> None:
    there, back = diff(left, right), diff(right, left)

    assert Counter(map(reflected, there)) == Counter(map(plain, back))


@settings(max_examples=20, deadline=None)
@given(snapshot=snapshots())
def test_a_schema_differs_from_itself_in_nothing(snapshot: Snapshot) -> None:
    assert diff(snapshot, snapshot) == ()


@settings(max_examples=40, deadline=None)
@given(snapshot=snapshots())
def test_a_comment_is_the_only_difference_that_it_makes(snapshot: Snapshot) -> None:
    """Also where the aspects are not spared, since not everything is the same."""
    said = tuple(replace(each, comment=each.comment + "!") for each in snapshot.tables)

    assert {d.aspect for d in diff(snapshot, replace(snapshot, tables=said))} <= {"comment"}
