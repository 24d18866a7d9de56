"""Pairs of schemas, in the words of two products, and what differs between them."""

from __future__ import annotations

from dataclasses import dataclass

from dbparity.schema.differences import Meaning

SQLITE, POSTGRESQL, MYSQL, MARIADB = "sqlite", "postgresql", "mysql", "mariadb"

NARROWER, WIDER = Meaning.NARROWER, Meaning.WIDER
LAXER, STRICTER = Meaning.LAXER, Meaning.STRICTER
COMPARES, BEHAVES = Meaning.COMPARES, Meaning.BEHAVES
MISSING, EXTRA = Meaning.MISSING, Meaning.EXTRA
RENAMED, SLOWER = Meaning.RENAMED, Meaning.SLOWER


@dataclass(frozen=True)
class Ddl:
    """What makes a schema on a backend; ``t (...)`` is short for CREATE TABLE."""

    backend: str
    statements: tuple[str, ...]


@dataclass(frozen=True)
class Drift:
    """Two schemas, and each difference by meaning, aspect and place."""

    left: Ddl
    right: Ddl
    expected: frozenset[tuple[Meaning, str, str]] = frozenset()
    words: str = ""  # in one of the messages


def on(backend: str, *statements: str) -> Ddl:
    return Ddl(
        backend,
        tuple(
            f"CREATE TABLE {text}" if text.startswith(("t (", "u (")) else text
            for text in statements
        ),
    )


def drift(left: Ddl, right: Ddl, *expected: tuple[Meaning, str, str], words: str = "") -> Drift:
    return Drift(left, right, frozenset(expected), words)


def columns(left: Ddl, right: Ddl, *meanings: tuple[Meaning, str], words: str = "") -> Drift:
    """One that is about column v of table t."""
    return drift(
        left, right, *((meaning, aspect, "t.v") for meaning, aspect in meanings), words=words
    )


def table(left: Ddl, right: Ddl, *meanings: tuple[Meaning, str], words: str = "") -> Drift:
    """One that is about table t."""
    return drift(
        left, right, *((meaning, aspect, "t") for meaning, aspect in meanings), words=words
    )


TYPES = {
    "text ends at 65,535 bytes": columns(
        on(POSTGRESQL, "t (v text)"),
        on(MYSQL, "t (v text)"),
        (NARROWER, "type"),
        words="TEXT ends at 65,535 bytes, the left side has no limit",
    ),
    "an integer of 32 bits": columns(
        on(POSTGRESQL, "t (v bigint)"),
        on(MYSQL, "t (v int)"),
        (NARROWER, "type"),
        words="INT ends at 2,147,483,647, the left side goes up to 9,223,372,036,854,775,807",
    ),
    "an unsigned integer against a signed one": columns(
        on(MYSQL, "t (v int unsigned)"),
        on(POSTGRESQL, "t (v integer)"),
        (NARROWER, "type"),
        (WIDER, "type"),
        words="INT UNSIGNED holds nothing below 0",
    ),
    "no fractions of a second": columns(
        on(POSTGRESQL, "t (v timestamp)"),
        on(MYSQL, "t (v datetime)"),
        (NARROWER, "type"),
        words="DATETIME keeps whole seconds, the left side keeps microseconds",
    ),
    "no fractions of a time": columns(
        on(SQLITE, "t (v TIME)"), on(MARIADB, "t (v time)"), (NARROWER, "type")
    ),
    "no time zone": columns(
        on(POSTGRESQL, "t (v timestamptz)"),
        on(MYSQL, "t (v datetime(6))"),
        (NARROWER, "type"),
        words="drops the offset",
    ),
    "no time zone in SQLite": columns(
        on(POSTGRESQL, "t (v timestamptz)"), on(SQLITE, "t (v DATETIME)"), (NARROWER, "type")
    ),
    "a shorter text": columns(
        on(POSTGRESQL, "t (v varchar(50))"),
        on(MARIADB, "t (v varchar(20))"),
        (NARROWER, "type"),
        words="VARCHAR(20) ends at 20 characters, the left side goes up to 50 characters",
    ),
    "characters against bytes": columns(
        on(MYSQL, "t (v varchar(200))"),
        on(MARIADB, "t (v tinytext)"),
        (NARROWER, "type"),
        (WIDER, "type"),
        words="TINYTEXT ends at 255 bytes, the left side goes up to 200 characters",
    ),
    "a float of 32 bits": columns(
        on(POSTGRESQL, "t (v double precision)"),
        on(MYSQL, "t (v float)"),
        (NARROWER, "type"),
        words="FLOAT keeps 6 digits in all, the left side keeps 15 digits",
    ),
    "a decimal without digits behind the point": columns(
        on(POSTGRESQL, "t (v numeric)"),
        on(MARIADB, "t (v decimal)"),
        (NARROWER, "type"),
        words="keeps 0 digits behind the point",
    ),
    "a decimal of another scale": columns(
        on(POSTGRESQL, "t (v numeric(10, 4))"),
        on(MYSQL, "t (v decimal(10, 2))"),
        (NARROWER, "type"),
        (WIDER, "type"),
    ),
    "a decimal that is a float": columns(
        on(POSTGRESQL, "t (v numeric(20, 10))"),
        on(SQLITE, "t (v NUMERIC(20, 10))"),
        (NARROWER, "type"),
        words="keeps 15 digits in all, the left side keeps 20 digits",
    ),
    "an integer in a float": columns(
        on(POSTGRESQL, "t (v bigint)"),
        on(POSTGRESQL, "t (v double precision)"),
        (NARROWER, "type"),
        (WIDER, "type"),
    ),
    "bytes end at 65,535": columns(
        on(POSTGRESQL, "t (v bytea)"), on(MYSQL, "t (v blob)"), (NARROWER, "type")
    ),
    "an enum that is any text": columns(
        on(POSTGRESQL, "CREATE TYPE mood AS ENUM ('glad', 'sad')", "t (v mood)"),
        on(SQLITE, "t (v VARCHAR(4))"),
        (LAXER, "type"),
        words="the left side takes 'glad', 'sad' only",
    ),
    "an enum that lacks a value": columns(
        on(POSTGRESQL, "CREATE TYPE mood AS ENUM ('glad', 'sad')", "t (v mood)"),
        on(MYSQL, "t (v enum('glad'))"),
        (NARROWER, "type"),
        words="does not know 'sad'",
    ),
    "an enum in another order": columns(
        on(MYSQL, "t (v enum('sad', 'glad'))"),
        on(MARIADB, "t (v enum('glad', 'sad'))"),
        (BEHAVES, "type"),
        words="sort",
    ),
    "a moment that is a day": columns(
        on(MYSQL, "t (v datetime(6))"), on(POSTGRESQL, "t (v date)"), (NARROWER, "type")
    ),
    "a UUID that is any text": columns(
        on(POSTGRESQL, "t (v uuid)"), on(MYSQL, "t (v varchar(50))"), (LAXER, "type")
    ),
    "a document that is any text": columns(
        on(POSTGRESQL, "t (v jsonb)"),
        on(MYSQL, "t (v text)"),
        (LAXER, "type"),
        (NARROWER, "type"),
        words="refuses what is no json",
    ),
    "an array that is any document": columns(
        on(POSTGRESQL, "t (v integer[])"), on(MYSQL, "t (v json)"), (LAXER, "type")
    ),
    "an array of smaller numbers": columns(
        on(POSTGRESQL, "t (v bigint[])"), on(POSTGRESQL, "t (v integer[])"), (NARROWER, "type")
    ),
    "a text that is filled up": columns(
        on(POSTGRESQL, "t (v char(5))"), on(MYSQL, "t (v varchar(5))"), (BEHAVES, "type")
    ),
    "a type that the other side does not know": columns(
        on(POSTGRESQL, "t (v inet)"), on(MYSQL, "t (v varchar(40))"), (BEHAVES, "type")
    ),
}

VALUES = {
    "NULL where the left refuses it": columns(
        on(POSTGRESQL, "t (v integer NOT NULL)"),
        on(SQLITE, "t (v INTEGER)"),
        (LAXER, "nullability"),
    ),
    "NULL where the right refuses it": columns(
        on(MYSQL, "t (v int)"), on(MARIADB, "t (v int NOT NULL)"), (STRICTER, "nullability")
    ),
    "NULL in a primary key of SQLite": columns(
        on(POSTGRESQL, "t (v varchar(9) PRIMARY KEY)"),
        on(SQLITE, "t (v VARCHAR(9) PRIMARY KEY)"),
        (LAXER, "nullability"),
    ),
    "another default": columns(
        on(POSTGRESQL, "t (v integer DEFAULT 5)"),
        on(MYSQL, "t (v int DEFAULT 6)"),
        (BEHAVES, "default"),
        words="gets 5 on the left side, and gets 6 on the right side",
    ),
    "a default on one side": columns(
        on(POSTGRESQL, "t (v timestamp DEFAULT now())"),
        on(SQLITE, "t (v DATETIME)"),
        (BEHAVES, "default"),
        words="gets NULL",
    ),
    "a required column without its default": columns(
        on(MARIADB, "t (v varchar(9) NOT NULL DEFAULT 'new')"),
        on(MYSQL, "t (v varchar(9) NOT NULL)"),
        (BEHAVES, "default"),
        words="is refused on the right side",
    ),
    "a moment that each update sets": columns(
        on(MYSQL, "t (v datetime(6) ON UPDATE CURRENT_TIMESTAMP(6))"),
        on(POSTGRESQL, "t (v timestamp)"),
        (BEHAVES, "default"),
        words="each UPDATE sets it",
    ),
    "rows that are not numbered": columns(
        on(POSTGRESQL, "t (v serial PRIMARY KEY)"),
        on(MYSQL, "t (v int PRIMARY KEY)"),
        (BEHAVES, "numbering"),
    ),
    "a column computed otherwise": columns(
        on(POSTGRESQL, "t (a integer, v integer GENERATED ALWAYS AS (a + 1) STORED)"),
        on(MYSQL, "t (a int, v int GENERATED ALWAYS AS (a + 2) STORED)"),
        (BEHAVES, "computed"),
    ),
    "a column computed on one side": columns(
        on(POSTGRESQL, "t (a integer, v integer GENERATED ALWAYS AS (a + 1) STORED)"),
        on(SQLITE, "t (a INTEGER, v INTEGER)"),
        (BEHAVES, "computed"),
    ),
}

KEYS = {
    "a unique constraint is missing": table(
        on(POSTGRESQL, "t (v integer UNIQUE)"),
        on(MYSQL, "t (v int)"),
        (LAXER, "unique"),
        words="takes two rows with the same (v)",
    ),
    "a unique constraint over fewer columns": table(
        on(POSTGRESQL, "t (a integer NOT NULL, v integer NOT NULL, UNIQUE (a, v))"),
        on(MYSQL, "t (a int NOT NULL, v int NOT NULL, UNIQUE (v))"),
        (STRICTER, "unique"),
    ),
    "a partial unique index that MySQL has in full": table(
        on(
            POSTGRESQL,
            "t (v integer, gone timestamp)",
            "CREATE UNIQUE INDEX ux ON t (v) WHERE gone IS NULL",
        ),
        on(MYSQL, "t (v int, gone datetime(6), UNIQUE (v))"),
        (STRICTER, "unique"),
    ),
    "a partial unique index that is missing": table(
        on(
            SQLITE,
            "t (v INTEGER, gone DATETIME)",
            "CREATE UNIQUE INDEX ux ON t (v) WHERE gone IS NULL",
        ),
        on(MARIADB, "t (v int, gone datetime(6))"),
        (LAXER, "unique"),
        words="WHERE",
    ),
    "a unique constraint that NULL gets around": table(
        on(
            POSTGRESQL,
            "t (v integer, gone timestamp)",
            "CREATE UNIQUE INDEX ux ON t (v) WHERE gone IS NULL",
        ),
        on(MYSQL, "t (v int, gone datetime(6), UNIQUE (v, gone))"),
        (LAXER, "unique"),
        (STRICTER, "unique"),
    ),
    "a partial unique index under another condition": table(
        on(
            POSTGRESQL,
            "t (v integer, state integer)",
            "CREATE UNIQUE INDEX ux ON t (v) WHERE state = 1",
        ),
        on(
            SQLITE,
            "t (v INTEGER, state INTEGER)",
            "CREATE UNIQUE INDEX ux ON t (v) WHERE state = 2",
        ),
        (LAXER, "unique"),
        (STRICTER, "unique"),
    ),
    "NULL is equal to NULL": table(
        on(POSTGRESQL, "t (v integer, UNIQUE NULLS NOT DISTINCT (v))"),
        on(SQLITE, "t (v INTEGER UNIQUE)"),
        (LAXER, "unique"),
    ),
    "a unique index that folds": table(
        on(
            POSTGRESQL,
            "t (v varchar(9))",
            "CREATE UNIQUE INDEX ux ON t (lower(v))",
        ),
        on(SQLITE, "t (v VARCHAR(9) UNIQUE)"),
        (LAXER, "unique"),
    ),
    "a unique prefix": table(
        on(MYSQL, "t (v varchar(20) COLLATE utf8mb4_0900_bin, UNIQUE (v(3)))"),
        on(POSTGRESQL, "t (v varchar(20) UNIQUE)"),
        (LAXER, "unique"),
    ),
    "a primary key over more columns": table(
        on(POSTGRESQL, "t (a integer, v integer NOT NULL, PRIMARY KEY (a))"),
        on(MYSQL, "t (a int, v int NOT NULL, PRIMARY KEY (a, v))"),
        (LAXER, "primary key"),
    ),
    "no primary key": table(
        on(POSTGRESQL, "t (v integer PRIMARY KEY)"),
        on(MARIADB, "t (v int NOT NULL)"),
        (LAXER, "primary key"),
    ),
    "a unique constraint that can wait": table(
        on(POSTGRESQL, "t (v integer, UNIQUE (v) DEFERRABLE INITIALLY DEFERRED)"),
        on(MYSQL, "t (v int UNIQUE)"),
        (STRICTER, "unique"),
    ),
    "a key that does not tell case": columns(
        on(POSTGRESQL, "t (v varchar(20) UNIQUE)"),
        on(MYSQL, "t (v varchar(20) UNIQUE)"),
        (COMPARES, "collation"),
        words="'a' and 'A' are equal on the right side only",
    ),
    "a key that does not tell case in SQLite": columns(
        on(SQLITE, "t (v VARCHAR(20) COLLATE NOCASE UNIQUE)"),
        on(SQLITE, "t (v VARCHAR(20) UNIQUE)"),
        (COMPARES, "collation"),
        words="'a' and 'A' are equal on the left side only",
    ),
    "a key that takes spaces at the end for nothing": columns(
        on(MYSQL, "t (v varchar(20) COLLATE utf8mb4_0900_bin PRIMARY KEY)"),
        on(MARIADB, "t (v varchar(20) COLLATE utf8mb4_bin PRIMARY KEY)"),
        (COMPARES, "collation"),
        words="'a' and 'a ' are equal on the right side only",
    ),
}

INDEXES = {
    "an index is missing": table(
        on(POSTGRESQL, "t (v integer)", "CREATE INDEX ix ON t (v)"),
        on(MYSQL, "t (v int)"),
        (SLOWER, "index"),
    ),
    "an index begins with another column": table(
        on(MYSQL, "t (a int, v int, KEY ix (a, v))"),
        on(SQLITE, "t (a INTEGER, v INTEGER)", "CREATE INDEX ix ON t (v, a)"),
        (SLOWER, "index"),
    ),
    "an index over fewer rows": table(
        on(POSTGRESQL, "t (v integer)", "CREATE INDEX ix ON t (v)"),
        on(POSTGRESQL, "t (v integer)", "CREATE INDEX ix ON t (v) WHERE v > 0"),
        (SLOWER, "index"),
    ),
    "an index into documents": table(
        on(POSTGRESQL, "t (v jsonb)", "CREATE INDEX ix ON t USING gin (v)"),
        on(MYSQL, "t (v json)"),
        (SLOWER, "index"),
        words="gin",
    ),
    "an index over an expression": table(
        on(SQLITE, "t (v INTEGER)", "CREATE INDEX ix ON t (abs(v))"),
        on(MARIADB, "t (v int)"),
        (SLOWER, "index"),
    ),
}

_PARENT = "u (id integer PRIMARY KEY)"
REFERENCES = {
    "a foreign key is missing": table(
        on(POSTGRESQL, _PARENT, "t (v integer REFERENCES u (id))"),
        on(MYSQL, _PARENT, "t (v int)"),
        (LAXER, "foreign key"),
        words="takes a (v) that u has no row for",
    ),
    "children that are not deleted": table(
        on(POSTGRESQL, _PARENT, "t (v integer REFERENCES u (id) ON DELETE CASCADE)"),
        on(MYSQL, _PARENT, "t (v int, FOREIGN KEY (v) REFERENCES u (id))"),
        (BEHAVES, "foreign key"),
        words="the left side does CASCADE",
    ),
    "children that do not follow": table(
        on(
            SQLITE,
            "u (id TEXT PRIMARY KEY NOT NULL)",
            "t (v TEXT REFERENCES u (id) ON UPDATE CASCADE)",
        ),
        on(
            POSTGRESQL, "u (id text PRIMARY KEY)", "t (v text REFERENCES u (id) ON UPDATE SET NULL)"
        ),
        (BEHAVES, "foreign key"),
        words="changes its key",
    ),
    "a foreign key that can wait": table(
        on(
            POSTGRESQL,
            _PARENT,
            "t (v integer REFERENCES u (id) DEFERRABLE INITIALLY DEFERRED)",
        ),
        on(MARIADB, _PARENT, "t (v int, FOREIGN KEY (v) REFERENCES u (id))"),
        (STRICTER, "foreign key"),
    ),
    "a foreign key to another column": table(
        on(
            MYSQL,
            "u (id int PRIMARY KEY, no int UNIQUE)",
            "t (v int, FOREIGN KEY (v) REFERENCES u (id))",
        ),
        on(
            MARIADB,
            "u (id int PRIMARY KEY, no int UNIQUE)",
            "t (v int, FOREIGN KEY (v) REFERENCES u (no))",
        ),
        (LAXER, "foreign key"),
        (STRICTER, "foreign key"),
    ),
    "a foreign key that is NULL in part": table(
        on(
            POSTGRESQL,
            "u (a integer, b integer, PRIMARY KEY (a, b))",
            "t (a integer, b integer, FOREIGN KEY (a, b) REFERENCES u (a, b) MATCH FULL)",
        ),
        on(
            MYSQL,
            "u (a int, b int, PRIMARY KEY (a, b))",
            "t (a int, b int, FOREIGN KEY (a, b) REFERENCES u (a, b))",
        ),
        (LAXER, "foreign key"),
        words="NULL in part",
    ),
}

CHECKS = {
    "a check is missing": table(
        on(POSTGRESQL, "t (v integer CHECK (v > 0))"), on(MYSQL, "t (v int)"), (LAXER, "check")
    ),
    "a check that refuses more": table(
        on(POSTGRESQL, "t (v integer, CONSTRAINT age CHECK (v >= 18))"),
        on(MYSQL, "t (v int, CONSTRAINT age CHECK (v >= 21))"),
        (STRICTER, "check"),
    ),
    "a list of more values": table(
        on(POSTGRESQL, "t (v varchar(9) CHECK (v IN ('a', 'b')))"),
        on(SQLITE, "t (v VARCHAR(9) CHECK (v IN ('a', 'b', 'c')))"),
        (LAXER, "check"),
    ),
    "another rule": table(
        on(POSTGRESQL, "t (v integer, CONSTRAINT rule CHECK (v <> 2))"),
        on(MARIADB, "t (v int, CONSTRAINT rule CHECK (v <> 3))"),
        (LAXER, "check"),
        (STRICTER, "check"),
    ),
    "a length in bytes": table(
        on(POSTGRESQL, "t (v varchar(20) CHECK (length(v) <= 10))"),
        on(MYSQL, "t (v varchar(20) CHECK (length(v) <= 10))"),
        (STRICTER, "check"),
    ),
    "a check that is not enforced": table(
        on(POSTGRESQL, "t (v integer CHECK (v > 0))"),
        on(MYSQL, "t (v int CHECK (v > 0) NOT ENFORCED)"),
        (LAXER, "check"),
    ),
    "a check that does not tell case": table(
        on(POSTGRESQL, "t (v varchar(9) CHECK (v IN ('a', 'b')))"),
        on(MYSQL, "t (v varchar(9) CHECK (v IN ('a', 'b')))"),
        (COMPARES, "check"),
        words="takes 'A' for 'a'",
    ),
    "half of a check": table(
        on(POSTGRESQL, "t (v integer CHECK (v > 0 AND v < 10))"),
        on(SQLITE, "t (v INTEGER CHECK (v > 0))"),
        (LAXER, "check"),
    ),
}

OBJECTS = {
    "a table is missing": drift(
        on(POSTGRESQL, "t (v integer)", "u (w integer)"),
        on(MYSQL, "t (v int)"),
        (MISSING, "table", "u"),
    ),
    "a table too many": drift(
        on(SQLITE, "t (v INTEGER)"),
        on(MARIADB, "t (v int)", "u (w int)"),
        (EXTRA, "table", "u"),
    ),
    "a column is missing, with its index": drift(
        on(POSTGRESQL, "t (v integer, w integer)", "CREATE INDEX ix ON t (w)"),
        on(MYSQL, "t (v int)"),
        (MISSING, "column", "t.w"),
        words="nor what hangs on it: ix",
    ),
    "a column too many, which is required": drift(
        on(POSTGRESQL, "t (v integer)"),
        on(MYSQL, "t (v int, w int NOT NULL)"),
        (EXTRA, "column", "t.w"),
        words="refuses an INSERT without it",
    ),
    "a reserved column under another name": drift(
        on(SQLITE, 't (id INTEGER PRIMARY KEY, "order" INTEGER NOT NULL UNIQUE, v INTEGER)'),
        on(MYSQL, "t (id int AUTO_INCREMENT PRIMARY KEY, order_ int NOT NULL UNIQUE, v int)"),
        (RENAMED, "column", "t.order"),
        words="order on the left side is likely order_ on the right side",
    ),
    "a table under another name": drift(
        on(POSTGRESQL, "u (id integer PRIMARY KEY, name varchar(9), born date)"),
        on(MYSQL, "CREATE TABLE users (id int PRIMARY KEY, name varchar(9), born date)"),
        (RENAMED, "table", "u"),
        words="3 of 3 columns are the same",
    ),
    "a view is missing": drift(
        on(POSTGRESQL, "t (v integer)", "CREATE VIEW seen AS SELECT v FROM t"),
        on(MYSQL, "t (v int)"),
        (MISSING, "view", "seen"),
    ),
    "a view that asks otherwise": drift(
        on(MYSQL, "t (v int)", "CREATE VIEW seen AS SELECT v FROM t WHERE v > 0"),
        on(MARIADB, "t (v int)", "CREATE VIEW seen AS SELECT v FROM t WHERE v > 1"),
        (BEHAVES, "view", "seen"),
    ),
    "a view that is kept": drift(
        on(POSTGRESQL, "t (v integer)", "CREATE MATERIALIZED VIEW seen AS SELECT v FROM t"),
        on(SQLITE, "t (v INTEGER)", "CREATE VIEW seen AS SELECT v FROM t"),
        (BEHAVES, "view", "seen"),
        words="the left side gives the rows of its last refresh",
    ),
    "a trigger is missing": table(
        on(
            SQLITE,
            "t (v INTEGER)",
            "CREATE TRIGGER late AFTER INSERT ON t BEGIN UPDATE t SET v = 1; END",
        ),
        on(MYSQL, "t (v int)"),
        (MISSING, "trigger"),
        words="AFTER INSERT",
    ),
    "a trigger that does otherwise": table(
        on(
            MYSQL,
            "t (v int)",
            "CREATE TRIGGER early BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1",
        ),
        on(
            MARIADB,
            "t (v int)",
            "CREATE TRIGGER early BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 2",
        ),
        (BEHAVES, "trigger"),
    ),
}

DRIFTS = {**TYPES, **VALUES, **KEYS, **INDEXES, **REFERENCES, **CHECKS, **OBJECTS}

SPELLINGS = {
    "numbered rows": (
        on(POSTGRESQL, "t (id bigserial PRIMARY KEY)"),
        on(POSTGRESQL, "t (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)"),
        on(MYSQL, "t (id bigint AUTO_INCREMENT PRIMARY KEY)"),
        on(MARIADB, "t (id bigint AUTO_INCREMENT PRIMARY KEY)"),
        on(SQLITE, "t (id INTEGER PRIMARY KEY)"),
    ),
    "truth": (
        on(POSTGRESQL, "t (v boolean NOT NULL DEFAULT true)"),
        on(MYSQL, "t (v tinyint(1) NOT NULL DEFAULT 1)"),
        on(MARIADB, "t (v boolean NOT NULL DEFAULT true)"),
        on(SQLITE, "t (v BOOLEAN NOT NULL DEFAULT 1)"),
    ),
    "documents": (
        on(POSTGRESQL, "t (v jsonb)"),
        on(POSTGRESQL, "t (v json)"),
        on(MYSQL, "t (v json)"),
        on(MARIADB, "t (v json)"),
        on(MARIADB, "t (v longtext, CHECK (json_valid(v)))"),
        on(SQLITE, "t (v JSON)"),
    ),
    "moments that are filled in": (
        on(POSTGRESQL, "t (v timestamp DEFAULT now())"),
        on(POSTGRESQL, "t (v timestamp DEFAULT CURRENT_TIMESTAMP)"),
        on(MYSQL, "t (v datetime(6) DEFAULT CURRENT_TIMESTAMP(6))"),
        on(MARIADB, "t (v datetime(6) DEFAULT now(6))"),
        on(SQLITE, "t (v DATETIME DEFAULT CURRENT_TIMESTAMP)"),
    ),
    "identifiers": (
        on(POSTGRESQL, "t (v uuid)"),
        on(MYSQL, "t (v char(36))"),
        on(MARIADB, "t (v uuid)"),
        on(SQLITE, "t (v CHAR(32))"),
    ),
    "identifiers in bytes": (
        on(POSTGRESQL, "t (v uuid)"),
        on(MYSQL, "t (v binary(16))"),
        on(MARIADB, "t (v uuid)"),
    ),
    "a list of values": (
        on(POSTGRESQL, "CREATE TYPE mood AS ENUM ('glad', 'sad')", "t (v mood)"),
        on(POSTGRESQL, "t (v varchar(9) CHECK (v IN ('glad', 'sad')))"),
        on(MYSQL, "t (v enum('glad', 'sad'))"),
        on(MARIADB, "t (v varchar(9) COLLATE utf8mb4_bin CHECK (v = 'glad' OR v = 'sad'))"),
        on(SQLITE, "t (v VARCHAR(9) CHECK (v IN ('glad', 'sad')))"),
    ),
    "a partial unique index": (
        on(
            POSTGRESQL,
            "t (a integer, v integer, gone timestamp)",
            "CREATE UNIQUE INDEX ux ON t (a, v) WHERE gone IS NULL",
        ),
        on(
            SQLITE,
            "t (a INTEGER, v INTEGER, gone DATETIME)",
            "CREATE UNIQUE INDEX ux ON t (a, v) WHERE gone IS NULL",
        ),
        on(
            MYSQL,
            "t (a int, v int, gone datetime(6), "
            "here tinyint AS (CASE WHEN gone IS NULL THEN 1 END) VIRTUAL INVISIBLE, "
            "UNIQUE KEY ux (a, v, here))",
        ),
        on(
            MYSQL,
            "t (a int, v int, gone datetime(6), "
            "UNIQUE KEY ux (a, (CASE WHEN gone IS NULL THEN v END)))",
        ),
        on(
            MARIADB,
            "t (a int, v int, gone datetime(6), "
            "here tinyint AS (IF(gone IS NULL, 1, NULL)) VIRTUAL INVISIBLE, "
            "UNIQUE KEY ux (a, v, here))",
        ),
    ),
    "rules": (
        on(
            POSTGRESQL,
            "t (a integer CHECK (a BETWEEN 1 AND 9), b integer CHECK (b <> 3), "
            "s varchar(9) CHECK (length(s) > 0), x boolean, y integer, "
            "CHECK (NOT x OR y IS NOT NULL), CHECK (y NOT IN (1, 2)))",
        ),
        on(
            MYSQL,
            "t (a int CHECK (a >= 1 AND a <= 9), b int CHECK (b != 3), "
            "s varchar(9) CHECK (char_length(s) > 0), x boolean, y int, "
            "CHECK (x = 0 OR y IS NOT NULL), CHECK (y NOT IN (2, 1)))",
        ),
        on(
            MARIADB,
            "t (a int CHECK (a BETWEEN 1 AND 9), b int CHECK (b <> 3), "
            "s varchar(9) CHECK (length(s) >= 1), x boolean, y int, "
            "CHECK (y IS NOT NULL OR NOT x), CHECK (y NOT IN (1, 2)))",
        ),
        on(
            SQLITE,
            "t (a INTEGER CHECK (1 <= a AND a <= 9), b INTEGER CHECK (3 != b), "
            "s VARCHAR(9) CHECK (length(s) > 0), x BOOLEAN, y INTEGER, "
            'CHECK (NOT x OR "y" NOTNULL), CHECK (y <> 1 AND y <> 2))',
        ),
    ),
    "references": (
        on(POSTGRESQL, _PARENT, "t (v integer REFERENCES u ON DELETE RESTRICT)"),
        on(MYSQL, _PARENT, "t (v int, FOREIGN KEY (v) REFERENCES u (id) ON DELETE NO ACTION)"),
        on(MARIADB, _PARENT, "t (v int REFERENCES u (id))"),
        on(SQLITE, _PARENT, "t (v INTEGER REFERENCES u)"),
    ),
    "no duplicates": (
        on(POSTGRESQL, "t (a integer, v integer, UNIQUE (a, v))"),
        on(POSTGRESQL, "t (a integer, v integer)", "CREATE UNIQUE INDEX ux ON t (v, a)"),
        on(
            POSTGRESQL,
            "t (a integer, v integer)",
            "CREATE UNIQUE INDEX ux ON t (a, v) WHERE a IS NOT NULL",
        ),
        on(MYSQL, "t (a int, v int, UNIQUE KEY (a, v))"),
        on(SQLITE, "t (a INTEGER, v INTEGER)", "CREATE UNIQUE INDEX ux ON t (a, v)"),
    ),
    "texts and numbers that are filled in": (
        on(
            POSTGRESQL,
            "t (a varchar(9) DEFAULT 'it''s', b numeric(5, 2) DEFAULT 1.50, c integer DEFAULT -1, "
            "d date DEFAULT '2024-01-02', e boolean DEFAULT false)",
        ),
        on(
            MYSQL,
            "t (a varchar(9) DEFAULT 'it''s', b decimal(5, 2) DEFAULT 1.5, c int DEFAULT -1, "
            "d date DEFAULT '2024-01-02', e boolean DEFAULT false)",
        ),
        on(
            MARIADB,
            "t (a varchar(9) DEFAULT 'it''s', b decimal(5, 2) DEFAULT '1.50', c int DEFAULT '-1', "
            "d date DEFAULT '2024-01-02', e boolean DEFAULT 0)",
        ),
        on(
            SQLITE,
            "t (a VARCHAR(9) DEFAULT 'it''s', b NUMERIC(5, 2) DEFAULT '1.5', "
            "c INTEGER DEFAULT '-1', d DATE DEFAULT '2024-01-02', e BOOLEAN DEFAULT FALSE)",
        ),
    ),
    "names": (
        on(POSTGRESQL, 'CREATE TABLE "Things" ("Id" integer, "Name" varchar(9) UNIQUE)'),
        on(SQLITE, "CREATE TABLE things (id INTEGER, name VARCHAR(9) UNIQUE)"),
    ),
    "a view": (
        on(
            POSTGRESQL,
            "t (v integer, w integer)",
            "CREATE VIEW seen AS SELECT v, w AS x FROM t WHERE v > 0",
        ),
        on(MYSQL, "t (v int, w int)", "CREATE VIEW seen AS SELECT v, w AS x FROM t WHERE v > 0"),
        on(MARIADB, "t (v int, w int)", "CREATE VIEW seen AS SELECT v, w AS x FROM t WHERE v > 0"),
        on(
            SQLITE,
            "t (v INTEGER, w INTEGER)",
            "CREATE VIEW seen AS SELECT v, w AS x FROM t WHERE v > 0",
        ),
    ),
}
