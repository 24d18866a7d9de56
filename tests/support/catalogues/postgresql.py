"""Schemas in the words of PostgreSQL."""

from __future__ import annotations

from dataclasses import replace

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
    Table,
    Trigger,
    Type,
    View,
)
from tests.support.catalogues.cases import Case, bytes_of, columns_of

C = Collation("C", case_sensitive=True, accent_sensitive=True, pads=False)
SMALL = Type("smallint", Family.INTEGER, bits=16)
WHOLE = Type("integer", Family.INTEGER, bits=32)
BIG = Type("bigint", Family.INTEGER, bits=64)
TEXT = Type("text", Family.TEXT, collation=C)
ID = Column("id", WHOLE, nullable=False)

TYPES = {
    "smallint": SMALL,
    "integer": WHOLE,
    "bigint": BIG,
    "boolean": Type("boolean", Family.BOOLEAN),
    "numeric(10,2)": Type("numeric(10,2)", Family.DECIMAL, precision=10, scale=2),
    "numeric(10)": Type("numeric(10,0)", Family.DECIMAL, precision=10, scale=0),
    "numeric": Type("numeric", Family.DECIMAL),
    "real": Type("real", Family.FLOAT, bits=32),
    "float": Type("double precision", Family.FLOAT, bits=64),
    'text COLLATE "C"': TEXT,
    'varchar(20) COLLATE "C"': Type("character varying(20)", Family.TEXT, length=20, collation=C),
    'varchar COLLATE "C"': Type("character varying", Family.TEXT, collation=C),
    'char(3) COLLATE "C"': Type(
        "character(3)", Family.TEXT, length=3, fixed=True, collation=replace(C, pads=True)
    ),
    "bytea": bytes_of("bytea"),
    "date": Type("date", Family.DATE),
    "time(2)": Type("time(2) without time zone", Family.TIME, fraction=2),
    "timetz": Type("time with time zone", Family.TIME, fraction=6, zone=True),
    "timestamp": Type("timestamp without time zone", Family.DATETIME, fraction=6),
    "timestamptz(3)": Type("timestamp(3) with time zone", Family.DATETIME, fraction=3, zone=True),
    "interval": Type("interval", Family.INTERVAL, fraction=6),
    "interval(0)": Type("interval(0)", Family.INTERVAL, fraction=0),
    "json": Type("json", Family.JSON),
    "jsonb": Type("jsonb", Family.JSON),
    "uuid": Type("uuid", Family.UUID),
    "inet": Type("inet", Family.OTHER),
    "integer[]": Type("integer[]", Family.ARRAY, element=WHOLE),
}


def _default_collation(default: Collation, _: tuple[int, ...]) -> tuple[Table, ...]:
    own = Type("text", Family.TEXT, collation=default)
    short = Type("character varying(5)", Family.TEXT, length=5, collation=default)
    several = Type("character varying(5)[]", Family.ARRAY, element=short)
    return (Table("t", (Column("a", own), Column("b", several))),)


def _nondeterministic(_: Collation, __: tuple[int, ...]) -> tuple[Table, ...]:
    caseless = Collation("Any Case", case_sensitive=False, accent_sensitive=True, pads=False)
    loose = Collation("loose", case_sensitive=False, accent_sensitive=False, pads=False)
    blank = Collation("blank", case_sensitive=True, accent_sensitive=True, pads=True)
    collations = (caseless, loose, blank)
    return (Table("t", columns_of(*(replace(TEXT, collation=each) for each in collations))),)


_PROGRAM = """CREATE OR REPLACE FUNCTION public.same()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$BEGIN RETURN NEW; END$function$
"""

CASES = {
    "types": Case(
        (
            "CREATE TABLE t ("
            + ", ".join(f"{chr(ord('a') + place)} {name}" for place, name in enumerate(TYPES))
            + ")",
        ),
        lambda _, __: (Table("t", columns_of(*TYPES.values())),),
    ),
    "decimals without fractions": Case(
        ("CREATE TABLE t (a numeric(2, -3))",),
        lambda _, __: (
            Table(
                "t",
                columns_of(Type("numeric(2,-3)", Family.DECIMAL, precision=2, scale=-3)),
            ),
        ),
        since=(15,),
    ),
    "collation of the database": Case(
        ("CREATE TABLE t (a text, b varchar(5)[])",), _default_collation
    ),
    "collations": Case(
        (
            (
                "CREATE COLLATION \"Any Case\" (provider = icu, locale = 'und-u-ks-level2', "
                "deterministic = false)"
            ),
            (
                "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', "
                "deterministic = false)"
            ),
            (
                "CREATE COLLATION blank (provider = icu, locale = 'und-u-ka-shifted', "
                "deterministic = false)"
            ),
            (
                'CREATE TABLE t (a text COLLATE "Any Case", b text COLLATE loose, '
                "c text COLLATE blank)"
            ),
        ),
        _nondeterministic,
    ),
    "texts of an extension": Case(
        ("CREATE EXTENSION citext", 'CREATE TABLE t (a citext COLLATE "C")'),
        lambda _, __: (
            Table(
                "t",
                columns_of(Type("citext", Family.TEXT, collation=replace(C, case_sensitive=False))),
            ),
        ),
    ),
    "enums": Case(
        (
            "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
            "ALTER TYPE mood ADD VALUE 'fine' BEFORE 'sad'",
            "CREATE TABLE t (a mood DEFAULT 'sad', b mood[])",
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column(
                        "a",
                        Type("mood", Family.ENUM, values=("fine", "sad", "it's ok")),
                        default="'sad'::mood",
                    ),
                    Column(
                        "b",
                        Type(
                            "mood[]",
                            Family.ARRAY,
                            element=Type("mood", Family.ENUM, values=("fine", "sad", "it's ok")),
                        ),
                    ),
                ),
            ),
        ),
    ),
    "domains": Case(
        (
            "CREATE DOMAIN price AS numeric(8, 2) DEFAULT 1 CONSTRAINT above CHECK (VALUE > 0)",
            (
                "CREATE DOMAIN fee AS price NOT NULL "
                "CONSTRAINT below CHECK (VALUE::text <> 'VALUE' AND VALUE < 9)"
            ),
            'CREATE TABLE t (a price DEFAULT 2, "b""c" fee)',
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column(
                        "a",
                        Type("price", Family.DECIMAL, precision=8, scale=2),
                        default="2",
                    ),
                    Column(
                        'b"c',
                        Type("fee", Family.DECIMAL, precision=8, scale=2),
                        nullable=False,
                        default="1",
                    ),
                ),
                checks=(
                    Check("above", '("a" > (0)::numeric)'),
                    Check("above", '("b""c" > (0)::numeric)'),
                    Check(
                        "below",
                        """((("b""c")::text <> 'VALUE'::text) """
                        """AND (("b""c")::numeric < (9)::numeric))""",
                    ),
                ),
            ),
        ),
    ),
    "nullability and defaults": Case(
        (
            (
                "CREATE TABLE t (a integer DEFAULT -1, "
                "b text COLLATE \"C\" NOT NULL DEFAULT 'it''s', "
                "c timestamp DEFAULT now(), d integer DEFAULT NULL)"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE, default="'-1'::integer"),
                    Column("b", TEXT, nullable=False, default="'it''s'::text"),
                    Column("c", TYPES["timestamp"], default="now()"),
                    Column("d", WHOLE),
                ),
            ),
        ),
    ),
    "numbering": Case(
        (
            "CREATE TABLE serial (id bigserial PRIMARY KEY, moved serial)",
            "ALTER TABLE serial ALTER moved SET DEFAULT 7",
            (
                "CREATE TABLE identity (a integer GENERATED ALWAYS AS IDENTITY, "
                "b smallint GENERATED BY DEFAULT AS IDENTITY)"
            ),
            "CREATE SEQUENCE tickets",
            "CREATE TABLE t (id integer DEFAULT nextval('tickets'))",
        ),
        lambda _, __: (
            Table(
                "identity",
                (
                    Column("a", WHOLE, nullable=False, automatic=True, always=True),
                    Column("b", SMALL, nullable=False, automatic=True),
                ),
            ),
            Table(
                "serial",
                (
                    Column("id", BIG, nullable=False, automatic=True),
                    Column("moved", WHOLE, nullable=False, default="7"),
                ),
                Key("serial_pkey", ("id",)),
            ),
            Table("t", (Column("id", WHOLE, default="nextval('tickets'::regclass)"),)),
        ),
    ),
    "keys": Case(
        (
            (
                "CREATE TABLE t (a integer, b integer, c integer, "
                'CONSTRAINT "first key" PRIMARY KEY (b, a), UNIQUE (c) INCLUDE (a) DEFERRABLE, '
                "CONSTRAINT late UNIQUE (c, a) DEFERRABLE INITIALLY DEFERRED)"
            ),
            "ALTER TABLE t DROP COLUMN b CASCADE",
            "ALTER TABLE t ADD b integer, ADD PRIMARY KEY (b)",
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE, nullable=False),
                    Column("c", WHOLE),
                    Column("b", WHOLE, nullable=False),
                ),
                Key("t_pkey", ("b",)),
                uniques=(
                    Key("late", ("c", "a"), deferrable=True, deferred=True),
                    Key("t_c_a_key", ("c",), deferrable=True),
                ),
            ),
        ),
    ),
    "keys where NULL is a value": Case(
        (
            "CREATE TABLE t (a integer, b integer, CONSTRAINT alone UNIQUE NULLS NOT DISTINCT (a))",
            "CREATE UNIQUE INDEX pair ON t (a, b) NULLS NOT DISTINCT",
        ),
        lambda _, __: (
            Table(
                "t",
                columns_of(WHOLE, WHOLE),
                uniques=(Key("alone", ("a",), nulls_distinct=False),),
                indexes=(Index("pair", (Part("a"), Part("b")), unique=True, nulls_distinct=False),),
            ),
        ),
        since=(15,),
    ),
    "indexes": Case(
        (
            'CREATE TABLE t (id integer PRIMARY KEY, a text COLLATE "C", b jsonb)',
            "CREATE UNIQUE INDEX u ON t (id, a)",
            "CREATE INDEX g ON t USING gin (b jsonb_path_ops)",
            'CREATE INDEX i ON t (a COLLATE "POSIX" text_pattern_ops DESC) INCLUDE (id, b)',
            "CREATE INDEX e ON t (lower(a) DESC, id, (id + 1)) WHERE id > 3 AND a IS NOT NULL",
        ),
        lambda _, __: (
            Table(
                "t",
                (ID, Column("a", TEXT), Column("b", TYPES["jsonb"])),
                Key("t_pkey", ("id",)),
                indexes=(
                    Index(
                        "e",
                        (
                            Part(expression="lower(a)", descending=True),
                            Part("id"),
                            Part(expression="((id + 1))"),
                        ),
                        predicate="((id > 3) AND (a IS NOT NULL))",
                    ),
                    Index("g", (Part("b", operators="jsonb_path_ops"),), method="gin"),
                    Index(
                        "i",
                        (
                            Part(
                                "a",
                                descending=True,
                                collation="POSIX",
                                operators="text_pattern_ops",
                            ),
                        ),
                        included=("id", "b"),
                    ),
                    Index("u", (Part("id"), Part("a")), unique=True),
                ),
            ),
        ),
    ),
    "foreign keys": Case(
        (
            "CREATE SCHEMA aside",
            "CREATE TABLE aside.far (id integer PRIMARY KEY)",
            "CREATE TABLE parent (id integer PRIMARY KEY, a integer, b integer, UNIQUE (b, a))",
            (
                "CREATE TABLE child (a integer REFERENCES parent ON DELETE CASCADE, "
                "b integer REFERENCES aside.far ON UPDATE RESTRICT, "
                "CONSTRAINT pair FOREIGN KEY (a, b) REFERENCES parent (b, a) MATCH FULL "
                "ON DELETE SET DEFAULT DEFERRABLE INITIALLY DEFERRED)"
            ),
            "CREATE INDEX serving ON child (a)",
            "CREATE UNIQUE INDEX unique_one ON child (b)",
        ),
        lambda _, __: (
            Table(
                "child",
                columns_of(WHOLE, WHOLE),
                indexes=(
                    Index("serving", (Part("a"),), serves_key=True),
                    Index("unique_one", (Part("b"),), unique=True),
                ),
                foreign_keys=(
                    ForeignKey("child_a_fkey", ("a",), "parent", ("id",), on_delete="CASCADE"),
                    ForeignKey("child_b_fkey", ("b",), "aside.far", ("id",), on_update="RESTRICT"),
                    ForeignKey(
                        "pair",
                        ("a", "b"),
                        "parent",
                        ("b", "a"),
                        on_delete="SET DEFAULT",
                        deferrable=True,
                        deferred=True,
                        full=True,
                    ),
                ),
            ),
            Table(
                "parent",
                (ID, Column("a", WHOLE), Column("b", WHOLE)),
                Key("parent_pkey", ("id",)),
                uniques=(Key("parent_b_a_key", ("b", "a")),),
            ),
        ),
    ),
    "foreign keys emptied in part": Case(
        (
            (
                "CREATE TABLE t (a integer, b integer, c integer, PRIMARY KEY (a, b), "
                "CONSTRAINT up FOREIGN KEY (a, c) REFERENCES t ON DELETE SET NULL (c))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE, nullable=False),
                    Column("b", WHOLE, nullable=False),
                    Column("c", WHOLE),
                ),
                Key("t_pkey", ("a", "b")),
                foreign_keys=(
                    ForeignKey("up", ("a", "c"), "t", ("a", "b"), on_delete="SET NULL (c)"),
                ),
            ),
        ),
        since=(15,),
    ),
    "checks": Case(
        (
            (
                'CREATE TABLE t (a integer CHECK (a > 0), b text COLLATE "C", r int4range, '
                "CONSTRAINT sum CHECK (a + 1 > 2 AND b <> 'it''s'), "
                "CONSTRAINT never CHECK (1 < 2), "
                "CONSTRAINT apart EXCLUDE USING gist (r WITH &&))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE),
                    Column("b", TEXT),
                    Column("r", Type("int4range", Family.OTHER)),
                ),
                checks=(
                    Check("apart", "EXCLUDE USING gist (r WITH &&)"),
                    Check("never", "(1 < 2)"),
                    Check("sum", "(((a + 1) > 2) AND (b <> 'it''s'::text))"),
                    Check("t_a_check", "(a > 0)"),
                ),
            ),
        ),
    ),
    "what is not enforced": Case(
        (
            (
                "CREATE TABLE t (id integer PRIMARY KEY, a integer, "
                "CONSTRAINT positive CHECK (a > 0) NOT ENFORCED, "
                "CONSTRAINT up FOREIGN KEY (a) REFERENCES t NOT ENFORCED)"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (ID, Column("a", WHOLE)),
                Key("t_pkey", ("id",)),
                foreign_keys=(ForeignKey("up", ("a",), "t", ("id",), enforced=False),),
                checks=(Check("positive", "(a > 0)", enforced=False),),
            ),
        ),
        since=(18,),
    ),
    "keys over time": Case(
        ("CREATE TABLE t (a int4range, b int4range, PRIMARY KEY (a, b WITHOUT OVERLAPS))",),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", Type("int4range", Family.OTHER), nullable=False),
                    Column("b", Type("int4range", Family.OTHER), nullable=False),
                ),
                checks=(Check("t_pkey", "PRIMARY KEY (a, b WITHOUT OVERLAPS)"),),
            ),
        ),
        since=(18,),
    ),
    "generated columns": Case(
        ("CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1) STORED)",),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE),
                    Column("b", WHOLE, computed=Computed("(a + 1)", stored=True)),
                ),
            ),
        ),
    ),
    "virtual columns": Case(
        ("CREATE TABLE t (a integer, b integer GENERATED ALWAYS AS (a + 1))",),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE),
                    Column("b", WHOLE, computed=Computed("(a + 1)", stored=False)),
                ),
            ),
        ),
        since=(18,),
    ),
    "comments": Case(
        (
            "CREATE TABLE t (a integer)",
            "COMMENT ON TABLE t IS 'it''s a table'",
            "COMMENT ON COLUMN t.a IS 'a column'",
        ),
        lambda _, __: (
            Table("t", (Column("a", WHOLE, comment="a column"),), comment="it's a table"),
        ),
    ),
    "views": Case(
        (
            "CREATE TABLE t (a integer)",
            "CREATE VIEW v (x) AS SELECT a + 1 FROM t",
            "CREATE MATERIALIZED VIEW m AS SELECT 1 AS one",
        ),
        lambda _, version: (
            Table("t", columns_of(WHOLE)),
            View("m", "SELECT 1 AS one", materialized=True),
            View(
                "v",
                # Since 16 a column is told without its table where there is but one.
                f"SELECT ({'' if version >= (16,) else 't.'}a + 1) AS x\n   FROM t",
            ),
        ),
    ),
    "triggers": Case(
        (
            "CREATE TABLE t (a integer)",
            "CREATE VIEW v AS SELECT 1 AS one",
            _PROGRAM,
            (
                "CREATE TRIGGER early BEFORE INSERT OR UPDATE ON t "
                "FOR EACH ROW EXECUTE FUNCTION same()"
            ),
            "CREATE TRIGGER late AFTER DELETE OR TRUNCATE ON t EXECUTE FUNCTION same()",
            "CREATE TRIGGER swapped INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION same()",
        ),
        lambda _, __: (
            Table(
                "t",
                columns_of(WHOLE),
                triggers=(
                    Trigger(
                        "early",
                        "BEFORE",
                        ("INSERT", "UPDATE"),
                        "CREATE TRIGGER early BEFORE INSERT OR UPDATE ON public.t "
                        f"FOR EACH ROW EXECUTE FUNCTION same()\n{_PROGRAM}",
                    ),
                    Trigger(
                        "late",
                        "AFTER",
                        ("DELETE", "TRUNCATE"),
                        "CREATE TRIGGER late AFTER DELETE OR TRUNCATE ON public.t "
                        f"FOR EACH STATEMENT EXECUTE FUNCTION same()\n{_PROGRAM}",
                    ),
                ),
            ),
            View(
                "v",
                "SELECT 1 AS one",
                triggers=(
                    Trigger(
                        "swapped",
                        "INSTEAD OF",
                        ("INSERT",),
                        "CREATE TRIGGER swapped INSTEAD OF INSERT ON public.v "
                        f"FOR EACH ROW EXECUTE FUNCTION same()\n{_PROGRAM}",
                    ),
                ),
            ),
        ),
    ),
    "partitions": Case(
        (
            (
                "CREATE TABLE t (id integer PRIMARY KEY, a integer CHECK (a > 0)) "
                "PARTITION BY RANGE (id)"
            ),
            "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (9)",
            "CREATE INDEX i ON t (a)",
            "CREATE TABLE child (id integer REFERENCES t)",
        ),
        lambda _, __: (
            Table(
                "child",
                (Column("id", WHOLE),),
                foreign_keys=(ForeignKey("child_id_fkey", ("id",), "t", ("id",)),),
            ),
            Table(
                "t",
                (ID, Column("a", WHOLE)),
                Key("t_pkey", ("id",)),
                indexes=(Index("i", (Part("a"),)),),
                checks=(Check("t_a_check", "(a > 0)"),),
            ),
        ),
    ),
    "indexes that failed": Case(
        (
            "CREATE TABLE t (id integer) PARTITION BY RANGE (id)",
            "CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (9)",
            "CREATE INDEX waiting ON ONLY t (id)",
        ),
        lambda _, __: (
            Table(
                "t",
                (Column("id", WHOLE),),
                indexes=(Index("waiting", (Part("id"),), method="btree, invalid"),),
            ),
        ),
    ),
    "tables without columns": Case(("CREATE TABLE t ()",), lambda _, __: (Table("t", ()),)),
}
