from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    ARRAY,
    DDL,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    func,
    text,
)

from dbparity.backends.base import load_backend
from dbparity.errors import SchemaRefused
from dbparity.schema.ddl import Ddl, ddl
from dbparity.schema.drafts import Handling
from tests.support.performing import Claiming

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Dialect
    from sqlalchemy.schema import SchemaItem
    from sqlalchemy.types import TypeEngine

VERSIONS = {"sqlite": (3, 40, 1), "postgresql": (17,), "mysql": (9,), "mariadb": (10, 11)}
ALIVE = text("gone IS NULL")


def table(
    *items: SchemaItem,
    metadata: MetaData | None = None,
    **options: Any,  # noqa: ANN401  # Table's
) -> MetaData:
    """A table ``t`` with a key, a text and a number, and ``items``."""
    metadata = metadata or MetaData()
    columns = (
        Column("id", Integer, primary_key=True),
        Column("name", String(20)),
        Column("gone", Integer),
    )
    named = {item.name for item in items if isinstance(item, Column)}
    Table("t", metadata, *(c for c in columns if c.name not in named), *items, **options)
    return metadata


def of(metadata: MetaData, backend: str, version: tuple[int, ...] = ()) -> Ddl:
    return ddl(metadata, load_backend(backend), version or VERSIONS[backend])


def said(made: Ddl) -> list[str]:
    return [str(remark) for remark in made.remarks]


def statement(made: Ddl, *words: str) -> str:
    """The only statement with all of ``words``."""
    (found,) = (one for one in made.statements if all(word in one for word in words))
    return found


def active(**predicates: Any) -> MetaData:  # noqa: ANN401  # Index's options
    return table(Index("ux", "name", unique=True, **predicates))


def test_what_a_backend_can_express_is_no_remark() -> None:
    metadata = active(postgresql_where=ALIVE)
    made = of(metadata, "postgresql")
    assert made.remarks == ()
    assert made.script.endswith("CREATE UNIQUE INDEX ux ON t (name) WHERE gone IS NULL;\n\n")


def test_model_is_left_as_it_is() -> None:
    metadata = active(postgresql_where=ALIVE)
    of(metadata, "mysql")
    (index,) = metadata.tables["t"].indexes
    assert [column.name for column in metadata.tables["t"].columns] == ["id", "name", "gone"]
    assert [column.name for column in index.columns] == ["name"]


@pytest.mark.parametrize("predicate", [ALIVE, "gone IS NULL", MetaData])
def test_predicate_for_another_dialect_is_taken(predicate: object) -> None:
    metadata = table()
    rows = metadata.tables["t"]
    given = rows.c.gone.is_(None) if predicate is MetaData else predicate
    Index("ux", rows.c.name, unique=True, postgresql_where=given)
    made = of(metadata, "sqlite")
    assert statement(made, "INDEX") == "CREATE UNIQUE INDEX ux ON t (name) WHERE gone IS NULL"
    assert said(made) == [
        (
            "t: index ux: unique where gone IS NULL; no predicate for SQLite is given; "
            "emulated: with the predicate for postgresql"
        )
    ]


def test_predicate_is_translated_from_the_dialect_that_it_was_given_for() -> None:
    metadata = active(postgresql_where=text("gone::integer IS NULL"))
    assert "WHERE CAST(gone AS INTEGER) IS NULL" in statement(of(metadata, "sqlite"), "INDEX")


def test_predicate_that_cannot_be_read_is_taken_as_it_stands() -> None:
    metadata = active(postgresql_where=text("gone IS ("))
    assert statement(of(metadata, "sqlite"), "INDEX").endswith("WHERE gone IS (")


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_unique_partial_index_is_emulated_by_a_hidden_column(backend: str) -> None:
    made = of(active(postgresql_where=ALIVE, sqlite_where=ALIVE), backend)
    assert statement(made, "INDEX") == "CREATE UNIQUE INDEX ux ON t (name, ux_when)"
    generated = "GENERATED ALWAYS AS (CASE WHEN gone IS NULL THEN 1 END) VIRTUAL INVISIBLE"
    assert f"ux_when SMALLINT {generated}" in statement(made, "CREATE TABLE")
    (remark,) = made.remarks
    assert (remark.handling, remark.place.table) == (Handling.EMULATED, "t")


def test_unique_partial_index_is_refused_where_no_column_can_be_hidden() -> None:
    made = of(active(postgresql_where=ALIVE), "mysql", (8, 0, 22))
    assert [remark.handling for remark in made.refused] == [Handling.REFUSED]
    assert "index a generated column that is NULL for all other rows" in str(made.refused[0])
    assert not any("INDEX" in one for one in made.statements)


def test_unique_partial_index_is_refused_by_a_backend_that_can_do_none_of_it() -> None:
    backend = Claiming(partial_indexes=False)
    made = ddl(active(postgresql_where=ALIVE), backend, VERSIONS["sqlite"])
    assert made.refused[0].obstacle == "SQLite has no partial indexes"


def test_generated_column_that_does_it_already_is_enough() -> None:
    expression = "nullif(CASE WHEN gone IS NULL THEN 1 ELSE 0 END, 0)"
    metadata = table(
        Column("active", Integer, Computed(expression)),
        Index("ux", "name", "active", unique=True, postgresql_where=ALIVE, sqlite_where=ALIVE),
    )
    made = of(metadata, "mysql")
    assert statement(made, "INDEX").endswith("ON t (name, active)")
    assert said(made)[0].endswith("emulated: by the model's own generated column active")


@pytest.mark.parametrize("expression", ["gone + 1", "CASE WHEN gone = 1 THEN 1 END"])
def test_generated_column_that_does_something_else_is_not_enough(expression: str) -> None:
    metadata = table(
        Column("other", Integer, Computed(expression)),
        Index("ux", "name", "other", unique=True, postgresql_where=ALIVE),
    )
    assert statement(of(metadata, "mysql"), "INDEX").endswith("ON t (name, other, ux_when)")


def test_hidden_column_comes_first_where_a_null_behind_a_foreign_key_would_disarm_it() -> None:
    metadata = table(
        Column("parent", ForeignKey("t.id")),
        Index("ux", "parent", unique=True, postgresql_where=ALIVE),
        Index("uy", "name", "parent", unique=True, postgresql_where=ALIVE),
    )
    assert statement(of(metadata, "mysql"), "INDEX ux").endswith("ON t (ux_when, parent)")
    assert statement(of(metadata, "mysql"), "INDEX uy").endswith("ON t (name, parent, uy_when)")
    assert statement(of(metadata, "mariadb"), "INDEX ux").endswith("ON t (parent, ux_when)")


def test_partial_index_that_is_not_unique_covers_all_rows() -> None:
    made = of(table(Index("ix", "name", postgresql_where=ALIVE)), "mysql")
    assert statement(made, "INDEX") == "CREATE INDEX ix ON t (name)"
    assert [remark.handling for remark in made.remarks] == [Handling.OMITTED]


def test_predicates_that_differ_are_refused() -> None:
    metadata = active(postgresql_where=ALIVE, sqlite_where=text("gone = 0"))
    made = of(metadata, "mysql")
    assert "give one, since those for postgresql and sqlite differ" in str(made.refused[0])
    assert not any("INDEX" in one for one in made.statements)


def over(expression: Callable[[Table], Any], *, unique: bool = True) -> MetaData:
    metadata = table()
    rows = metadata.tables["t"]
    Index("ux", rows.c.gone, expression(rows), unique=unique)
    return metadata


@pytest.mark.parametrize("direction", ["", "desc"])
def test_unique_index_over_an_expression_is_emulated_by_hidden_columns(direction: str) -> None:
    def lower(rows: Table) -> ColumnElement[str]:
        lowered = func.lower(rows.c.name)
        return lowered.desc() if direction else lowered

    made = of(over(lower), "mariadb")
    assert statement(made, "INDEX") == "CREATE UNIQUE INDEX ux ON t (gone, ux_2)"
    generated = "VARCHAR(20) GENERATED ALWAYS AS (lower(name)) VIRTUAL INVISIBLE"
    assert f"ux_2 {generated}" in statement(made, "CREATE TABLE")
    assert [remark.handling for remark in made.remarks] == [Handling.EMULATED]


def test_expression_that_has_a_type_is_hidden_with_it() -> None:
    made = of(over(lambda rows: rows.c.gone + 1), "mariadb")
    generated = "ux_2 INTEGER GENERATED ALWAYS AS (gone + 1) VIRTUAL INVISIBLE"
    assert generated in statement(made, "CREATE TABLE")


@pytest.mark.parametrize(
    "expression", [lambda rows: func.soundex(rows.c.name), lambda _: text("1")]
)
def test_unique_index_over_an_expression_of_no_type_is_refused(
    expression: Callable[[Table], Any],
) -> None:
    made = of(over(expression), "mariadb")
    assert "MariaDB indexes columns only; refused: index a generated" in str(made.refused[0])


def test_function_of_nothing_has_no_type_to_take() -> None:
    assert of(over(lambda _: func.lower()), "mariadb").refused


def test_index_over_an_expression_that_is_not_unique_is_left_out() -> None:
    made = of(over(lambda rows: func.lower(rows.c.name), unique=False), "mariadb")
    assert not any("INDEX" in one for one in made.statements)
    assert [remark.handling for remark in made.remarks] == [Handling.OMITTED]


def test_enum_gets_a_check_where_there_is_no_such_type() -> None:
    metadata = table(Column("state", Enum("new", "it's", name="state")))
    made = of(metadata, "sqlite")
    assert "CONSTRAINT ck_t_state CHECK (state IN ('new', 'it''s'))" in statement(made, "TABLE")
    assert said(made) == [
        (
            "t.state: Enum: one of new, it's; SQLite has no enumerated type; "
            "emulated: with a check constraint"
        )
    ]
    assert of(metadata, "postgresql").statements[0] == (
        "CREATE TYPE state AS ENUM ('new', 'it''s')"
    )
    assert of(metadata, "mysql").remarks == ()


class State(TypeDecorator[str]):
    impl = Enum("new", "old")
    cache_ok = True


@pytest.mark.parametrize("kind", [State(), String(9).with_variant(Enum("new", "old"), "sqlite")])
def test_enum_inside_another_type_gets_its_check(kind: TypeEngine[str]) -> None:
    assert "CHECK (state IN ('new', 'old'))" in statement(
        of(table(Column("state", kind)), "sqlite"), "TABLE"
    )


@pytest.mark.parametrize(
    "options", [{"native_enum": False}, {"create_constraint": True, "name": "ck_state"}]
)
def test_enum_that_says_what_it_wants_is_left_alone(options: dict[str, Any]) -> None:
    made = of(table(Column("state", Enum("new", "old", **options))), "sqlite")
    assert made.remarks == ()


def test_check_of_an_enum_keeps_its_name_under_a_naming_convention() -> None:
    convention = MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
    metadata = table(Column("state", Enum("new", "old")), metadata=convention)
    assert "CONSTRAINT ck_t_state CHECK" in statement(of(metadata, "sqlite"), "TABLE")


def numbered(*options: Identity | Sequence, key: bool = True) -> MetaData:
    return table(Column("id" if key else "number", Integer, *options, primary_key=key))


@pytest.mark.parametrize("options", [Identity(), Identity(start=1, increment=1), Sequence("s")])
def test_plain_numbering_is_the_same_everywhere(options: Identity | Sequence) -> None:
    for backend in VERSIONS:
        assert of(numbered(options), backend).remarks == ()


@pytest.mark.parametrize("options", [Identity(start=100), Sequence("s", start=100)])
def test_start_of_the_numbers_is_emulated_where_a_counter_can_be_set(
    options: Identity | Sequence,
) -> None:
    made = of(numbered(options), "mysql")
    assert made.statements[-1] == "ALTER TABLE t AUTO_INCREMENT = 100"
    assert [remark.handling for remark in made.remarks] == [Handling.EMULATED]
    refused = of(numbered(options), "sqlite").refused
    assert [remark.answer for remark in refused] == ["leave start out"]


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        (Identity(always=True), "leave always=True out"),
        (Identity(increment=5), "leave increment out"),
        (Identity(minvalue=0), "leave minvalue out"),
        (Sequence("s", maxvalue=9), "leave maxvalue out"),
        (Identity(cycle=True), "leave cycle out"),
    ],
)
def test_numbering_that_nothing_can_emulate_is_refused(
    options: Identity | Sequence, cure: str
) -> None:
    (remark,) = of(numbered(options), "mysql").refused
    assert (str(remark.place), remark.answer) == ("t.id", cure)


@pytest.mark.parametrize("options", [Identity(), Sequence("s")])
def test_numbers_outside_of_the_primary_key_are_refused(options: Identity | Sequence) -> None:
    (remark,) = of(numbered(options, key=False), "sqlite").refused
    assert remark.answer == "let the application number them"


def test_sequence_of_no_column_is_made_where_there_are_sequences() -> None:
    metadata = table()
    Sequence("ticket", metadata=metadata)
    assert of(metadata, "postgresql").statements[0] == "CREATE SEQUENCE ticket"
    refused = of(metadata, "sqlite").refused
    assert [str(remark) for remark in refused] == [
        "sequence ticket: numbers; SQLite has no sequences; refused: let the application number"
    ]


def test_deferrable_foreign_key_is_refused_where_it_is_checked_at_once() -> None:
    key = ForeignKey("t.id", name="fk", deferrable=True, initially="DEFERRED")
    metadata = table(Column("parent", key))
    assert "DEFERRABLE INITIALLY DEFERRED" in statement(of(metadata, "sqlite"), "TABLE")
    made = of(metadata, "mysql")
    assert "DEFERRABLE" not in made.script
    assert said(made) == [
        (
            "t: foreign key fk: deferrable initially DEFERRED; "
            "MySQL checks it with each statement; "
            "refused: take deferrable away, and write rows in an order that suits"
        )
    ]


def test_deferrable_unique_constraint_is_refused_where_it_is_checked_at_once() -> None:
    metadata = table(UniqueConstraint("name", deferrable=True))
    assert of(metadata, "postgresql").remarks == ()
    (remark,) = of(metadata, "sqlite").refused
    assert (remark.subject, remark.promise) == ("unique constraint (name)", "deferrable")


def full_match(*, nullable: bool, columns: int = 2) -> MetaData:
    names = ["a", "b"][:columns]
    metadata = table(
        *(Column(name, Integer, nullable=nullable) for name in names),
        ForeignKeyConstraint(names, [f"u.{name}" for name in names], match="FULL"),
    )
    Table("u", metadata, *(Column(name, Integer, primary_key=True) for name in names))
    return metadata


def test_full_match_is_refused_where_a_key_can_be_null_in_part() -> None:
    made = of(full_match(nullable=True), "mysql")
    assert made.refused[0].answer == "add a check that all columns are NULL or none is"
    assert "MATCH" not in made.script
    assert "MATCH FULL" in of(full_match(nullable=True), "postgresql").script


@pytest.mark.parametrize("options", [{"nullable": False}, {"nullable": True, "columns": 1}])
def test_full_match_means_nothing_where_no_key_can_be_null_in_part(options: dict[str, Any]) -> None:
    made = of(full_match(**options), "sqlite")
    assert [remark.handling for remark in made.remarks] == [Handling.OMITTED, Handling.DELEGATED]


def test_comments_are_left_out_where_none_are_kept() -> None:
    metadata = table(
        Column("note", Text, comment="of a column"),
        CheckConstraint("gone > 0", name="ck", comment="of a check"),
        comment="of the table",
    )
    assert of(metadata, "postgresql").remarks == ()
    (sqlite,) = of(metadata, "sqlite").remarks
    assert sqlite.promise == "on the table, note, check constraint ck"
    (mysql,) = of(metadata, "mysql").remarks
    assert (mysql.promise, mysql.handling) == ("on check constraint ck", Handling.OMITTED)


def test_option_for_another_dialect_that_says_nothing_of_rows_is_left_out() -> None:
    metadata = table(
        Index(
            "ix", "name", postgresql_using="btree", postgresql_include=["gone"], sqlite_where=None
        )
    )
    promises = [remark.promise for remark in of(metadata, "sqlite").remarks]
    assert promises == ["postgresql_using='btree'", "postgresql_include=['gone']"]
    assert of(metadata, "postgresql").remarks == ()


def test_table_option_for_another_dialect_is_no_promise_to_this_one() -> None:
    assert of(table(mysql_engine="InnoDB", sqlite_strict=True), "postgresql").remarks == ()


@pytest.mark.parametrize(
    ("metadata", "subject"),
    [
        (table(UniqueConstraint("name", sqlite_on_conflict="IGNORE")), "unique constraint (name)"),
        (table(Column("x", Integer, sqlite_on_conflict_not_null="IGNORE")), "column x"),
        (table(UniqueConstraint("name", postgresql_nulls_not_distinct=True)), "unique constraint"),
        (table(Index("ux", "name", unique=True, postgresql_nulls_not_distinct=True)), "index ux"),
        (table(postgresql_inherits="base"), "table"),
    ],
)
def test_option_for_another_dialect_that_decides_on_rows_is_refused(
    metadata: MetaData, subject: str
) -> None:
    (remark,) = of(metadata, "mysql").refused
    assert remark.subject.startswith(subject)


def test_nulls_that_cannot_be_are_not_told_apart_anyway() -> None:
    index = Index("ux", "id", unique=True, postgresql_nulls_not_distinct=True)
    assert [r.handling for r in of(table(index), "mysql").remarks] == [Handling.OMITTED]


def _not_on_mysql(*_: object, dialect: Dialect, **__: object) -> bool:
    return dialect.name != "mysql"


def test_ddl_if_is_heeded_and_said() -> None:
    metadata = table(
        CheckConstraint("gone > 0").ddl_if(dialect="postgresql"),
        Index("ix_gone", "gone").ddl_if(dialect="postgresql"),
        Index("ix_name", "name").ddl_if(callable_=_not_on_mysql),
    )
    assert of(metadata, "postgresql").remarks == ()
    made = of(metadata, "sqlite")
    assert "gone > 0" not in made.script
    assert said(made) == [
        f"t: {what}: it has a ddl_if; not for SQLite; left out: as the model says"
        for what in ("check constraint (gone > 0)", "index ix_gone")
    ]


def test_namesake_for_this_backend_takes_the_place_of_what_ddl_if_keeps_away() -> None:
    metadata = table(
        Index("ux", "name", unique=True).ddl_if(dialect="sqlite"),
        Index("ux", "name", "gone", unique=True).ddl_if(dialect="mysql"),
    )
    assert statement(of(metadata, "mysql"), "INDEX").endswith("(name, gone)")
    assert of(metadata, "mysql").remarks == ()


@pytest.mark.parametrize(
    ("items", "reading"),
    [
        ((CheckConstraint("name || 'x' <> ''", name="ck"),), "|| is OR, not a concatenation"),
        ((CheckConstraint("\"name\" <> ''", name="ck"),), '"name" is a text, not a column'),
        ((Column("x", String(9), Computed("name || '!'")),), "|| is OR, not a concatenation"),
        ((Column("x", String(9), server_default=text("'a' || 'b'")),), "|| is OR, not a"),
    ],
)
def test_text_that_means_something_else_is_refused(
    items: tuple[SchemaItem, ...], reading: str
) -> None:
    metadata = table(*items)
    assert reading in str(of(metadata, "mysql").refused[0])
    assert of(metadata, "sqlite").remarks == ()


def test_text_that_means_the_same_is_no_remark() -> None:
    metadata = table(
        CheckConstraint("name <> '||'", name="one"),
        CheckConstraint('name <> "other"', name="two"),
        Column("x", String(9), server_default="a || b"),
        Column("y", Integer, server_default=func.now()),
        CheckConstraint(Column("z", String(3)).concat("!") != "", name="three"),
    )
    assert of(metadata, "mysql").remarks == ()


def test_type_that_cannot_be_compiled_is_refused_with_its_table() -> None:
    made = of(table(Column("words", ARRAY(Text))), "sqlite")
    (remark,) = made.refused
    assert (remark.place.table, remark.subject) == ("t", "table")
    assert "ARRAY" in remark.obstacle
    assert made.statements == ()


def test_index_that_cannot_be_compiled_is_refused_with_its_name() -> None:
    made = of(over(lambda rows: rows.c.gone.cast(ARRAY(Text))), "sqlite")
    assert [(remark.place.table, remark.subject) for remark in made.refused] == [("t", "index ux")]


def test_warning_of_sqlalchemy_becomes_a_remark() -> None:
    metadata = table(Column("x", Integer, Computed("gone + 1")))
    (remark,) = of(metadata, "postgresql").remarks
    assert "STORED" in remark.obstacle
    assert of(metadata, "postgresql", (18,)).remarks == ()


def test_schema_name_is_refused() -> None:
    (remark,) = of(table(schema="sales"), "postgresql").refused
    assert str(remark).startswith("sales.t: table: it is in the schema 'sales'; an application")


def test_reference_to_no_table_is_an_error() -> None:
    with pytest.raises(SchemaRefused, match="could not find table 'nowhere'"):
        of(table(Column("x", ForeignKey("nowhere.id"))), "sqlite")


def circle() -> MetaData:
    metadata = table(Column("other", ForeignKey("u.id", name="fk_other")))
    Table(
        "u",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("other", ForeignKey("t.id", name="fk_back")),
    )
    return metadata


def test_foreign_keys_in_a_circle_come_last_where_tables_can_be_altered() -> None:
    made = of(circle(), "postgresql")
    assert [one.split()[0] for one in made.statements] == ["CREATE", "CREATE", "ALTER", "ALTER"]


def test_foreign_keys_in_a_circle_are_kept_after_another_backend_had_them() -> None:
    metadata = circle()
    of(metadata, "postgresql")
    made = of(metadata, "sqlite")
    assert made.script.count("REFERENCES") == 2


def test_foreign_keys_that_each_connection_must_ask_for_are_said() -> None:
    (remark,) = of(circle(), "sqlite").remarks
    assert str(remark) == (
        "foreign keys: enforced; SQLite ignores them by default; left to the application: "
        "each connection executes PRAGMA foreign_keys = ON"
    )


def _ddl(words: str) -> DDL:
    return DDL(words)  # type: ignore[no-untyped-call]


def test_statements_of_the_models_own_events_are_there() -> None:
    metadata = table()
    view = "CREATE VIEW v AS SELECT '%' FROM t;"
    event.listen(metadata.tables["t"], "after_create", _ddl(view.replace("%", "%%")))
    event.listen(metadata, "before_create", _ddl("SELECT 1").execute_if(dialect="sqlite"))
    assert of(metadata, "postgresql").statements[-1] == view
    assert of(metadata, "sqlite").statements[0] == "SELECT 1"


def test_statements_come_in_the_same_order_each_time() -> None:
    items = [
        *(Index(f"ix_{number}", "name") for number in range(9)),
        *(CheckConstraint(f"gone > {number}", name=f"ck_{number}") for number in range(9)),
    ]
    script = of(table(*items), "sqlite").script
    names = [word for word in script.split() if word[:3] in {"ix_", "ck_"}]
    assert names == [*(f"ck_{number}" for number in range(9)), *(f"ix_{n}" for n in range(9))]


def test_percent_sign_is_not_doubled_for_a_driver() -> None:
    metadata = table(Column("share", String(5), server_default="100%"))
    for backend in VERSIONS:
        assert "DEFAULT '100%'" in of(metadata, backend).script


def test_script_for_sqlite_runs_in_its_shell() -> None:
    script = of(circle(), "sqlite").script
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    connection.close()


def test_same_tables_are_made_as_sqlalchemy_makes_them() -> None:
    ours, theirs = create_engine("sqlite://"), create_engine("sqlite://")
    metadata = circle()
    with ours.connect() as connection:
        for one in of(metadata, "sqlite").statements:
            connection.exec_driver_sql(one)
        made = connection.exec_driver_sql("SELECT sql FROM sqlite_master").all()
    with theirs.connect() as connection:
        metadata.create_all(connection)
        assert connection.exec_driver_sql("SELECT sql FROM sqlite_master").all() == made
    ours.dispose()
    theirs.dispose()
