"""Schemas in the words of SQLite."""

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
    Unit,
    View,
)
from tests.support.catalogues.cases import Case, columns_of

BINARY = Collation("BINARY", case_sensitive=True, accent_sensitive=True, pads=False)
NOCASE = Collation("NOCASE", case_sensitive=False, accent_sensitive=True, pads=False)
RTRIM = Collation("RTRIM", case_sensitive=True, accent_sensitive=True, pads=True)


def declared(native: str, family: Family, **details: object) -> Type:
    if family is Family.TEXT:
        details.setdefault("collation", BINARY)
    if family is Family.BINARY:
        details["unit"] = Unit.BYTES
    return replace(Type(native, family, enforced=False), **details)  # type: ignore[arg-type]


WHOLE = declared("INTEGER", Family.INTEGER)
TEXT = declared("TEXT", Family.TEXT)
ID = Column("id", WHOLE, nullable=False, automatic=True)
BY_ID = Key("", ("id",))

TYPES = {
    "INTEGER": declared("INTEGER", Family.INTEGER),
    "BIGINT": declared("BIGINT", Family.INTEGER, bits=64),
    "SMALLINT": declared("SMALLINT", Family.INTEGER, bits=16),
    "INTEGER UNSIGNED": declared("INTEGER UNSIGNED", Family.INTEGER, signed=False),
    "BOOLEAN": declared("BOOLEAN", Family.BOOLEAN),
    "NUMERIC(10, 2)": declared("NUMERIC(10, 2)", Family.DECIMAL, precision=10, scale=2),
    "NUMERIC(10)": declared("NUMERIC(10)", Family.DECIMAL, precision=10, scale=0),
    "NUMERIC": declared("NUMERIC", Family.DECIMAL),
    "FLOAT": declared("FLOAT", Family.FLOAT, bits=64),
    "DOUBLE PRECISION": declared("DOUBLE PRECISION", Family.FLOAT, bits=64),
    "VARCHAR(20)": declared("VARCHAR(20)", Family.TEXT, length=20),
    "CHAR(32)": declared("CHAR(32)", Family.TEXT, length=32, fixed=True),
    "CHARACTER VARYING(5)": declared("CHARACTER VARYING(5)", Family.TEXT, length=5),
    "TEXT": TEXT,
    "BLOB": declared("BLOB", Family.BINARY),
    "VARBINARY(16)": declared("VARBINARY(16)", Family.BINARY, length=16),
    "DATE": declared("DATE", Family.DATE),
    "TIME": declared("TIME", Family.TIME, fraction=6),
    "DATETIME": declared("DATETIME", Family.DATETIME, fraction=6),
    "DATETIME(3)": declared("DATETIME(3)", Family.DATETIME, fraction=3),
    "TIMESTAMP WITH TIME ZONE": declared(
        "TIMESTAMP WITH TIME ZONE", Family.DATETIME, fraction=6, zone=True
    ),
    "JSON": declared("JSON", Family.JSON),
    "UUID": declared("UUID", Family.UUID),
    "geometry": declared("geometry", Family.OTHER),
    "": declared("", Family.OTHER),
}

CASES = {
    "types": Case(
        (
            "CREATE TABLE t ("
            + ", ".join(f"{chr(ord('a') + place)} {name}" for place, name in enumerate(TYPES))
            + ")",
        ),
        lambda _, __: (Table("t", columns_of(*TYPES.values())),),
    ),
    "strict tables": Case(
        ("CREATE TABLE t (a INTEGER, b TEXT, c ANY) STRICT",),
        lambda _, __: (
            Table(
                "t",
                columns_of(
                    replace(WHOLE, enforced=True),
                    replace(TEXT, enforced=True),
                    declared("ANY", Family.OTHER),
                ),
            ),
        ),
        since=(3, 37),
    ),
    "collations": Case(
        (
            (
                "CREATE TABLE t (a TEXT COLLATE NOCASE, b TEXT COLLATE 'rtrim', "
                "c TEXT DEFAULT 'x COLLATE NOCASE' NOT NULL)"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", replace(TEXT, collation=NOCASE)),
                    Column("b", replace(TEXT, collation=RTRIM)),
                    Column("c", TEXT, nullable=False, default="'x COLLATE NOCASE'"),
                ),
            ),
        ),
    ),
    "nullability and defaults": Case(
        (
            (
                "CREATE TABLE t (a INTEGER DEFAULT -1, b TEXT NOT NULL DEFAULT 'it''s', "
                "c DATETIME CONSTRAINT given NOT NULL DEFAULT CURRENT_TIMESTAMP CHECK (c > ''), "
                "d TEXT DEFAULT (lower('CHECK (1)')), e TEXT DEFAULT NULL)"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE, default="-1"),
                    Column("b", TEXT, nullable=False, default="'it''s'"),
                    Column("c", TYPES["DATETIME"], nullable=False, default="CURRENT_TIMESTAMP"),
                    Column("d", TEXT, default="lower('CHECK (1)')"),
                    Column("e", TEXT),
                ),
                checks=(Check("", "c > ''"),),
            ),
        ),
    ),
    "numbering": Case(
        (
            "CREATE TABLE counted (id INTEGER CONSTRAINT first PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE rowid (id INTEGER, PRIMARY KEY (id))",
            "CREATE TABLE other (id INT PRIMARY KEY)",
            "CREATE TABLE pair (a INTEGER, b INTEGER NOT NULL, CONSTRAINT both PRIMARY KEY (b, a))",
            "CREATE TABLE without (id INTEGER PRIMARY KEY) WITHOUT ROWID",
        ),
        lambda _, __: (
            Table("counted", (ID,), Key("first", ("id",))),
            Table("other", (Column("id", declared("INT", Family.INTEGER)),), BY_ID),
            Table(
                "pair",
                (Column("a", WHOLE), Column("b", WHOLE, nullable=False)),
                Key("both", ("b", "a")),
            ),
            Table("rowid", (ID,), BY_ID),
            Table("without", (Column("id", WHOLE, nullable=False),), BY_ID),
        ),
    ),
    "unique constraints": Case(
        (
            (
                'CREATE TABLE t (a INTEGER UNIQUE, "b c" INTEGER CONSTRAINT alone UNIQUE, d TEXT, '
                'CONSTRAINT "a ""pair""" UNIQUE ([B C], `a`) ON CONFLICT FAIL '
                "CONSTRAINT folded UNIQUE (d COLLATE NOCASE))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (Column("a", WHOLE), Column("b c", WHOLE), Column("d", TEXT)),
                uniques=(
                    Key("", ("a",)),
                    Key('a "pair"', ("b c", "a")),
                    Key("alone", ("b c",)),
                ),
                indexes=(Index("folded", (Part("d", collation="NOCASE"),), unique=True),),
            ),
        ),
    ),
    "indexes": Case(
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT COLLATE NOCASE)",
            "CREATE UNIQUE INDEX u ON t (a, b)",
            "CREATE INDEX i ON t (b DESC, a COLLATE RTRIM ASC, b COLLATE BINARY)",
            (
                "CREATE INDEX e ON t (lower(a) || ', ' DESC, upper(b) COLLATE NOCASE) "
                "WHERE a <> ' WHERE ' /* ; */ AND b IS NOT NULL"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (ID, Column("a", TEXT), Column("b", replace(TEXT, collation=NOCASE))),
                BY_ID,
                indexes=(
                    Index(
                        "e",
                        (
                            Part(expression="lower(a) || ', '", descending=True),
                            Part(expression="upper(b)", collation="NOCASE"),
                        ),
                        predicate="a <> ' WHERE ' /* ; */ AND b IS NOT NULL",
                    ),
                    Index(
                        "i",
                        (
                            Part("b", descending=True),
                            Part("a", collation="RTRIM"),
                            Part("b", collation="BINARY"),
                        ),
                    ),
                    Index("u", (Part("a"), Part("b")), unique=True),
                ),
            ),
        ),
    ),
    "foreign keys": Case(
        (
            'CREATE TABLE "Parent" (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, UNIQUE (a, b))',
            (
                "CREATE TABLE child (a INTEGER REFERENCES parent ON DELETE CASCADE, "
                "b INTEGER CONSTRAINT later REFERENCES parent (ID) ON UPDATE SET NULL "
                "DEFERRABLE INITIALLY DEFERRED, "
                "c INTEGER REFERENCES gone ON DELETE SET DEFAULT DEFERRABLE, "
                "CONSTRAINT pair FOREIGN KEY (A, b) REFERENCES parent (a, b) DEFERRABLE, "
                "FOREIGN KEY (c) REFERENCES child (a) NOT DEFERRABLE INITIALLY IMMEDIATE "
                "CHECK (c > 0) FOREIGN KEY (a) REFERENCES child (c) ON UPDATE SET DEFAULT)"
            ),
            "CREATE INDEX serving ON child (a, b, c)",
        ),
        lambda _, __: (
            Table(
                "Parent",
                (ID, Column("a", WHOLE), Column("b", WHOLE)),
                BY_ID,
                uniques=(Key("", ("a", "b")),),
            ),
            Table(
                "child",
                (Column("a", WHOLE), Column("b", WHOLE), Column("c", WHOLE)),
                indexes=(Index("serving", (Part("a"), Part("b"), Part("c")), serves_key=True),),
                foreign_keys=(
                    ForeignKey("", ("a",), "child", ("c",), on_update="SET DEFAULT"),
                    ForeignKey("", ("c",), "child", ("a",)),
                    ForeignKey("", ("c",), "gone", (), on_delete="SET DEFAULT", deferrable=True),
                    ForeignKey("", ("a",), "Parent", ("id",), on_delete="CASCADE"),
                    ForeignKey(
                        "later",
                        ("b",),
                        "Parent",
                        ("id",),
                        on_update="SET NULL",
                        deferrable=True,
                        deferred=True,
                    ),
                    ForeignKey("pair", ("a", "b"), "Parent", ("a", "b"), deferrable=True),
                ),
                checks=(Check("", "c > 0"),),
            ),
        ),
    ),
    "checks": Case(
        (
            (
                "CREATE TABLE t (a INTEGER CHECK (a > 0) CONSTRAINT even CHECK (a % 2 = 0), "
                "b TEXT -- CHECK (b)\n, CHECK (b <> ')' AND b <> 'it''s'), "
                "CONSTRAINT sum CHECK ((a + 1) > (2)))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (Column("a", WHOLE), Column("b", TEXT)),
                checks=(
                    Check("", "a > 0"),
                    Check("", "b <> ')' AND b <> 'it''s'"),
                    Check("even", "a % 2 = 0"),
                    Check("sum", "(a + 1) > (2)"),
                ),
            ),
        ),
    ),
    "generated columns": Case(
        (
            (
                "CREATE TABLE t (a INTEGER, b INTEGER GENERATED ALWAYS AS (a + 1) STORED, "
                "c TEXT AS (a || ',)') VIRTUAL, d INTEGER AS (a))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE),
                    Column("b", WHOLE, computed=Computed("a + 1", stored=True)),
                    Column("c", TEXT, computed=Computed("a || ',)'", stored=False)),
                    Column("d", WHOLE, computed=Computed("a", stored=False)),
                ),
            ),
        ),
    ),
    "views": Case(
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            'CREATE VIEW "a view" AS SELECT id FROM t WHERE id > 1',
            "CREATE VIEW named (x, y) AS SELECT 1, 2",
        ),
        lambda _, __: (
            Table("t", (ID,), BY_ID),
            View("a view", "SELECT id FROM t WHERE id > 1"),
            View("named", "WITH named (x, y) AS (SELECT 1, 2) SELECT * FROM named"),
        ),
    ),
    "triggers": Case(
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "CREATE VIEW v AS SELECT id FROM t",
            "CREATE TRIGGER early BEFORE UPDATE OF id ON t BEGIN SELECT 1; END",
            "CREATE TRIGGER late AFTER DELETE ON t BEGIN SELECT 1; END",
            "CREATE TRIGGER plain INSERT ON t BEGIN SELECT 1; END",
            "CREATE TRIGGER swapped INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
        ),
        lambda _, __: (
            Table(
                "t",
                (ID,),
                BY_ID,
                triggers=(
                    Trigger(
                        "early",
                        "BEFORE",
                        ("UPDATE",),
                        "CREATE TRIGGER early BEFORE UPDATE OF id ON t BEGIN SELECT 1; END",
                    ),
                    Trigger(
                        "late",
                        "AFTER",
                        ("DELETE",),
                        "CREATE TRIGGER late AFTER DELETE ON t BEGIN SELECT 1; END",
                    ),
                    Trigger(
                        "plain",
                        "BEFORE",
                        ("INSERT",),
                        "CREATE TRIGGER plain INSERT ON t BEGIN SELECT 1; END",
                    ),
                ),
            ),
            View(
                "v",
                "SELECT id FROM t",
                triggers=(
                    Trigger(
                        "swapped",
                        "INSTEAD OF",
                        ("INSERT",),
                        "CREATE TRIGGER swapped INSTEAD OF INSERT ON v BEGIN SELECT 1; END",
                    ),
                ),
            ),
        ),
    ),
    "virtual tables": Case(
        ("CREATE VIRTUAL TABLE papers USING fts5(title)",),
        lambda _, __: (
            Table(
                "papers",
                (
                    Column("title", declared("", Family.OTHER)),
                    Column("papers", declared("", Family.OTHER), hidden=True),
                    Column("rank", declared("", Family.OTHER), hidden=True),
                ),
            ),
        ),
    ),
    "altered tables": Case(
        (
            "CREATE TABLE old (id INTEGER PRIMARY KEY, a TEXT)",
            "ALTER TABLE old ADD COLUMN b INTEGER REFERENCES old (id) CHECK (b > 0)",
            'ALTER TABLE old RENAME COLUMN a TO "new a"',
            "ALTER TABLE old RENAME TO t",
        ),
        lambda _, __: (
            Table(
                "t",
                (ID, Column("new a", TEXT), Column("b", WHOLE)),
                BY_ID,
                foreign_keys=(ForeignKey("", ("b",), "t", ("id",)),),
                checks=(Check("", "b > 0"),),
            ),
        ),
    ),
}
