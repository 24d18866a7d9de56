"""Schemas in the words of MySQL and MariaDB."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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
from tests.support.catalogues.cases import Case, bytes_of, columns_of

if TYPE_CHECKING:
    from tests.support.catalogues.cases import Expected

BIN = Collation("utf8mb4_bin", case_sensitive=True, accent_sensitive=True, pads=True)
# MariaDB tells a width of integers, and spells a JSON as the text that it is.
WIDTHS = {
    "smallint": "smallint(6)",
    "mediumint": "mediumint(9)",
    "int": "int(11)",
    "int unsigned": "int(10) unsigned",
    "bigint": "bigint(20)",
    "json": "longtext",
}
WHOLE = Type("int", Family.INTEGER, bits=32)
ID = Column("id", WHOLE, nullable=False)
BY_ID = Key("PRIMARY", ("id",))


def text_of(native: str, length: int | None, collation: Collation = BIN) -> Type:
    fixed, counted = native.startswith("char"), "(" in native
    unit = Unit.CHARACTERS if counted else Unit.BYTES
    return Type(native, Family.TEXT, length=length, unit=unit, fixed=fixed, collation=collation)


NAME = text_of("varchar(20)", 20)
OWN = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
TYPES = {
    "boolean": Type("tinyint(1)", Family.BOOLEAN),
    "smallint": Type("smallint", Family.INTEGER, bits=16),
    "mediumint": Type("mediumint", Family.INTEGER, bits=24),
    "int": WHOLE,
    "int unsigned": Type("int unsigned", Family.INTEGER, bits=32, signed=False),
    "bigint": Type("bigint", Family.INTEGER, bits=64),
    "decimal(10,2)": Type("decimal(10,2)", Family.DECIMAL, precision=10, scale=2),
    "numeric": Type("decimal(10,0)", Family.DECIMAL, precision=10, scale=0),
    "float": Type("float", Family.FLOAT, bits=32),
    "double": Type("double", Family.FLOAT, bits=64),
    f"varchar(20) {OWN}": NAME,
    f"char(3) {OWN}": text_of("char(3)", 3),
    f"tinytext {OWN}": text_of("tinytext", 255),
    f"text {OWN}": text_of("text", 65_535),
    f"longtext {OWN}": text_of("longtext", None),
    "binary(16)": bytes_of("binary(16)", 16, fixed=True),
    "varbinary(20)": bytes_of("varbinary(20)", 20),
    "blob": bytes_of("blob", 65_535),
    "longblob": bytes_of("longblob"),
    "date": Type("date", Family.DATE),
    "time(2)": Type("time(2)", Family.TIME, fraction=2),
    "datetime": Type("datetime", Family.DATETIME, fraction=0),
    "datetime(6)": Type("datetime(6)", Family.DATETIME, fraction=6),
    "timestamp NULL": Type("timestamp", Family.DATETIME, fraction=0, zone=True),
    "json": Type("json", Family.JSON),
    "year": Type("year", Family.OTHER),
}
ENUM = Type(
    "enum('unsigned','it''s','a\\\\b')",
    Family.ENUM,
    values=("unsigned", "it's", "a\\b"),
    collation=BIN,
)
SET = Type("set('x','y')", Family.OTHER, values=("x", "y"), collation=BIN)


def _collations(default: Collation, _: tuple[int, ...]) -> tuple[Table, ...]:
    latin = Collation("latin1_swedish_ci", case_sensitive=False, accent_sensitive=False, pads=True)
    german = Collation("latin1_general_cs", case_sensitive=True, accent_sensitive=True, pads=True)
    types = (text_of("varchar(9)", 9, each) for each in (default, latin, german, BIN))
    return (Table("t", columns_of(*types)),)


BOTH = {
    "types": Case(
        (
            "CREATE TABLE t ("
            + ", ".join(f"{chr(ord('a') + place)} {name}" for place, name in enumerate(TYPES))
            + ")",
        ),
        lambda _, __: (Table("t", columns_of(*TYPES.values())),),
    ),
    "enums and sets": Case(
        (f"CREATE TABLE t (a enum('unsigned','it''s','a\\\\b') {OWN}, b set('x','y') {OWN})",),
        lambda _, __: (Table("t", columns_of(ENUM, SET)),),
    ),
    "collations": Case(
        (
            (
                "CREATE TABLE t (a varchar(9), b varchar(9) CHARACTER SET latin1, "
                "c varchar(9) CHARACTER SET latin1 COLLATE latin1_general_cs, "
                f"d varchar(9) {OWN})"
            ),
        ),
        _collations,
    ),
    "numbering": Case(
        ("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY)",),
        lambda _, __: (Table("t", (replace(ID, automatic=True),), BY_ID),),
    ),
    "keys": Case(
        (
            (
                f"CREATE TABLE t (a int, b int, c varchar(20) {OWN}, PRIMARY KEY (b, a), "
                "UNIQUE pair (a, c), UNIQUE INDEX alone (c))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE, nullable=False),
                    Column("b", WHOLE, nullable=False),
                    Column("c", NAME),
                ),
                Key("PRIMARY", ("b", "a")),
                uniques=(Key("alone", ("c",)), Key("pair", ("a", "c"))),
            ),
        ),
    ),
    "indexes": Case(
        (
            (
                f"CREATE TABLE t (a int, b varchar(20) {OWN}, c point NOT NULL, "
                "INDEX plain (b, a), UNIQUE beginning (b(3)), FULLTEXT words (b), "
                "SPATIAL places (c))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a", WHOLE),
                    Column("b", NAME),
                    Column("c", Type("point", Family.OTHER), nullable=False),
                ),
                indexes=(
                    Index("beginning", (Part("b", prefix=3),), unique=True),
                    Index("places", (Part("c"),), method="spatial"),
                    Index("plain", (Part("b"), Part("a"))),
                    Index("words", (Part("b"),), method="fulltext"),
                ),
            ),
        ),
    ),
    "descending indexes": Case(
        ("CREATE TABLE t (a int, b int, INDEX i (a DESC, b))",),
        lambda _, __: (
            Table(
                "t",
                columns_of(WHOLE, WHOLE),
                indexes=(Index("i", (Part("a", descending=True), Part("b"))),),
            ),
        ),
    ),
    "foreign keys": Case(
        (
            "CREATE TABLE parent (id int PRIMARY KEY, a int, b int, UNIQUE pair (b, a))",
            (
                "CREATE TABLE child (a int, b int, c int, "
                "CONSTRAINT one FOREIGN KEY (c) REFERENCES parent (id) ON DELETE SET NULL, "
                "CONSTRAINT two FOREIGN KEY (a, b) REFERENCES parent (b, a) "
                "ON DELETE CASCADE ON UPDATE CASCADE, INDEX i (a, b, c))"
            ),
        ),
        lambda _, __: (
            Table(
                "child",
                columns_of(WHOLE, WHOLE, WHOLE),
                indexes=(
                    Index("i", (Part("a"), Part("b"), Part("c")), serves_key=True),
                    Index("one", (Part("c"),), serves_key=True),
                ),
                foreign_keys=(
                    ForeignKey("one", ("c",), "parent", ("id",), on_delete="SET NULL"),
                    ForeignKey(
                        "two",
                        ("a", "b"),
                        "parent",
                        ("b", "a"),
                        on_delete="CASCADE",
                        on_update="CASCADE",
                    ),
                ),
            ),
            Table(
                "parent",
                (ID, Column("a", WHOLE), Column("b", WHOLE)),
                BY_ID,
                uniques=(Key("pair", ("b", "a")),),
            ),
        ),
    ),
    "hidden columns": Case(
        ("CREATE TABLE t (a int, b int INVISIBLE)",),
        lambda _, __: (Table("t", (Column("a", WHOLE), Column("b", WHOLE, hidden=True))),),
    ),
    "comments": Case(
        ("CREATE TABLE t (a int COMMENT 'a \"column\"') COMMENT 'it''s a table'",),
        lambda _, __: (
            Table("t", (Column("a", WHOLE, comment='a "column"'),), comment="it's a table"),
        ),
    ),
    "views": Case(
        (
            "CREATE TABLE t (id int PRIMARY KEY)",
            "CREATE VIEW v AS SELECT id, 't.`x`.`y`' AS w, id AS `a``b` FROM t",
        ),
        lambda _, __: (
            Table("t", (ID,), BY_ID),
            View(
                "v",
                "select `t`.`id` AS `id`,'t.`x`.`y`' AS `w`,`t`.`id` AS `a``b` from `t`",
            ),
        ),
    ),
    "triggers": Case(
        (
            "CREATE TABLE t (a int)",
            "CREATE TRIGGER early BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
            "CREATE TRIGGER late AFTER DELETE ON t FOR EACH ROW SET @gone = OLD.a",
        ),
        lambda _, __: (
            Table(
                "t",
                columns_of(WHOLE),
                triggers=(
                    Trigger("early", "BEFORE", ("INSERT",), "SET NEW.a = 1"),
                    Trigger("late", "AFTER", ("DELETE",), "SET @gone = OLD.a"),
                ),
            ),
        ),
    ),
}

_DEFAULTS = (
    (
        f"CREATE TABLE t (a int DEFAULT -1, b varchar(20) {OWN} NOT NULL "
        "DEFAULT 'it''s \\\\ here', "
        "c datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, d date DEFAULT "
        f"'2020-01-01', e varchar(20) {OWN} DEFAULT (concat('it''s', 'b')), "
        "f bit(3) DEFAULT b'101', "
        "g boolean DEFAULT true, h year DEFAULT 2020, i int DEFAULT NULL)"
    ),
)


def _defaults(*spelled: str) -> tuple[Column, ...]:
    a, b, c, d, e, now = spelled
    date, moment = Type("date", Family.DATE), Type("datetime", Family.DATETIME, fraction=0)
    return (
        Column("a", WHOLE, default=a),
        Column("b", NAME, nullable=False, default=b),
        Column("c", moment, default=c, on_update=now),
        Column("d", date, default=d),
        Column("e", NAME, default=e),
        Column("f", Type("bit(3)", Family.OTHER), default="b'101'"),
        Column("g", Type("tinyint(1)", Family.BOOLEAN), default="1"),
        Column("h", Type("year", Family.OTHER), default="2020"),
        Column("i", WHOLE),
    )


_CHECKS = (
    (
        f"CREATE TABLE t (a int CHECK (a > 0), b varchar(20) {OWN}, "
        "CONSTRAINT sum CHECK (a + 1 > 2 AND b <> 'it''s'))"
    ),
)
_GENERATED = (
    f"CREATE TABLE t (a int, b varchar(20) {OWN} AS (concat(a, 'it''s')) STORED, "
    "c int AS (a + 1) VIRTUAL)"
)


def _generated(first: str, second: str) -> tuple[Table, ...]:
    return (
        Table(
            "t",
            (
                Column("a", WHOLE),
                Column("b", NAME, computed=Computed(first, stored=True)),
                Column("c", WHOLE, computed=Computed(second, stored=False)),
            ),
        ),
    )


_RESTRICTING = (
    (
        "CREATE TABLE t (id int PRIMARY KEY, up int, "
        "CONSTRAINT up FOREIGN KEY (up) REFERENCES t (id) ON DELETE RESTRICT)"
    ),
)


def _restricting(action: str) -> tuple[Table, ...]:
    return (
        Table(
            "t",
            (ID, Column("up", WHOLE)),
            BY_ID,
            indexes=(Index("up", (Part("up"),), serves_key=True),),
            foreign_keys=(ForeignKey("up", ("up",), "t", ("id",), on_delete=action),),
        ),
    )


MYSQL = BOTH | {
    "nullability and defaults": Case(
        _DEFAULTS,
        lambda _, __: (
            Table(
                "t",
                _defaults(
                    "-1",
                    "'it''s \\\\ here'",
                    "CURRENT_TIMESTAMP",
                    "'2020-01-01'",
                    "concat(_utf8mb4'it\\'s',_utf8mb4'b')",
                    "CURRENT_TIMESTAMP",
                ),
            ),
        ),
    ),
    "checks": Case(
        (*_CHECKS, "ALTER TABLE t ADD CONSTRAINT lax CHECK (a < 9) NOT ENFORCED"),
        lambda _, __: (
            Table(
                "t",
                (Column("a", WHOLE), Column("b", NAME)),
                checks=(
                    Check("lax", "(`a` < 9)", enforced=False),
                    Check("sum", "(((`a` + 1) > 2) and (`b` <> _utf8mb4'it\\'s'))"),
                    Check("t_chk_1", "(`a` > 0)"),
                ),
            ),
        ),
    ),
    "generated columns": Case(
        (_GENERATED,),
        lambda _, __: _generated("concat(`a`,_utf8mb4'it\\'s')", "(`a` + 1)"),
    ),
    "expression indexes": Case(
        ("CREATE TABLE t (a int, UNIQUE e ((a + 1) DESC, a), INDEX f ((concat(a, 'x'))))",),
        lambda _, __: (
            Table(
                "t",
                columns_of(WHOLE),
                indexes=(
                    Index(
                        "e", (Part(expression="(`a` + 1)", descending=True), Part("a")), unique=True
                    ),
                    Index("f", (Part(expression="concat(`a`,_utf8mb4'x')"),)),
                ),
            ),
        ),
    ),
    "restricting foreign keys": Case(
        _RESTRICTING,
        lambda _, __: _restricting("RESTRICT"),
    ),
}


def _widened(expected: Expected) -> Expected:
    """What is expected of MySQL, with the types as MariaDB spells them."""

    def column(told: Column) -> Column:
        native = WIDTHS.get(told.type.native, told.type.native)
        return replace(told, type=replace(told.type, native=native))

    def widened(default: Collation, version: tuple[int, ...]) -> tuple[Table | View, ...]:
        return tuple(
            replace(each, columns=tuple(map(column, each.columns)))
            if isinstance(each, Table)
            else each
            for each in expected(default, version)
        )

    return widened


_MARIADB = BOTH | {
    "nullability and defaults": Case(
        _DEFAULTS,
        lambda _, __: (
            Table(
                "t",
                _defaults(
                    "-1",
                    "'it''s \\\\ here'",
                    "current_timestamp()",
                    "'2020-01-01'",
                    "concat('it\\'s','b')",
                    "current_timestamp()",
                ),
            ),
        ),
    ),
    "checks": Case(
        _CHECKS,
        lambda _, __: (
            Table(
                "t",
                (Column("a", WHOLE), Column("b", NAME)),
                checks=(
                    Check("a", "`a` > 0"),
                    Check("sum", "`a` + 1 > 2 and `b` <> 'it\\'s'"),
                ),
            ),
        ),
    ),
    "JSON by a check": Case(
        (
            (
                "CREATE TABLE t (`a``b` json, b longtext CHECK (json_valid(b)), "
                f"c longtext {OWN} CHECK (json_valid(c) AND c <> ''), d json CHECK (d <> '{{}}'))"
            ),
        ),
        lambda _, __: (
            Table(
                "t",
                (
                    Column("a`b", Type("longtext", Family.JSON)),
                    Column("b", Type("longtext", Family.JSON)),
                    Column("c", text_of("longtext", None)),
                    Column("d", text_of("longtext", None)),
                ),
                checks=(
                    Check("c", "json_valid(`c`) and `c` <> ''"),
                    Check("d", "`d` <> '{}'"),
                ),
            ),
        ),
    ),
    "generated columns": Case(
        (_GENERATED,),
        lambda _, __: _generated("concat(`a`,'it\\'s')", "`a` + 1"),
    ),
    "restricting foreign keys": Case(
        _RESTRICTING,
        lambda _, __: _restricting("NO ACTION"),
    ),
    "own types": Case(
        ("CREATE TABLE t (a uuid, b inet6)", "CREATE SEQUENCE tickets"),
        lambda _, __: (
            Table("t", columns_of(Type("uuid", Family.UUID), Type("inet6", Family.OTHER))),
        ),
        since=(10, 7),
    ),
    "versioned tables": Case(
        ("CREATE TABLE t (a int) WITH SYSTEM VERSIONING",),
        lambda _, __: (Table("t", columns_of(WHOLE)),),
    ),
}
MARIADB = {name: replace(case, expected=_widened(case.expected)) for name, case in _MARIADB.items()}
