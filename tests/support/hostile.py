"""Schemas that are hard to keep elsewhere, in the words of each product."""

from __future__ import annotations

_WIDE = ", ".join(f"w{number} varchar(4000)" for number in range(10))

POSTGRESQL = (
    (
        "CREATE TABLE accounts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email "
        "varchar(120) NOT NULL, active boolean NOT NULL DEFAULT true, public uuid NOT NULL DEFAULT "
        "gen_random_uuid(), made timestamptz NOT NULL DEFAULT now(), day date DEFAULT "
        "CURRENT_DATE, "
        "CHECK (active OR email <> ''))"
    ),
    "CREATE UNIQUE INDEX ux_email ON accounts (lower(email))",
    "CREATE UNIQUE INDEX ux_active ON accounts (email) WHERE active",
    "CREATE INDEX ix_made ON accounts (made DESC) WHERE active AND email IS NOT NULL",
    (
        'CREATE TABLE "a ""quoted"" 100% :name/x" ("select" integer DEFAULT 3, "a b" text, '
        '"per%cent" integer CHECK ("per%cent" > 0), "co:lon" text UNIQUE, "it\'s" text)'
    ),
    "CREATE TABLE one (id integer PRIMARY KEY, two integer)",
    (
        "CREATE TABLE two (id integer PRIMARY KEY, one integer REFERENCES one DEFERRABLE INITIALLY "
        "DEFERRED, up integer REFERENCES two ON DELETE SET NULL, CHECK (up <> id))"
    ),
    "ALTER TABLE one ADD FOREIGN KEY (two) REFERENCES two ON DELETE CASCADE",
    (
        "CREATE TABLE numbers (a numeric PRIMARY KEY, b numeric(100,50), c numeric(65,40), "
        "d numeric(10,2) NOT NULL DEFAULT 1.50, e real DEFAULT 0.5, f double precision, "
        "g numeric GENERATED ALWAYS AS (d * 2) STORED, h smallint DEFAULT '-1')"
    ),
    "CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'trailing ')",
    (
        "CREATE TABLE sorts (a mood NOT NULL DEFAULT 'sad', b mood[], c interval DEFAULT '1 day', "
        "d inet UNIQUE, e timetz, f int4range, g jsonb DEFAULT '{}', h json, i char(10) UNIQUE, "
        "j bytea PRIMARY KEY, k bit(3), l point, m timestamp(0), n time(3), o xml, p "
        "text[] NOT NULL)"
    ),
    f"CREATE TABLE wide (id serial PRIMARY KEY, t text, u text, {_WIDE}, UNIQUE (t, u))",
    "CREATE INDEX ix_wide ON wide (t, w0, w1)",
    'CREATE TABLE pairs (a integer, b integer, c text COLLATE "C", PRIMARY KEY (a, b), UNIQUE (c))',
    (
        'CREATE TABLE refers (a integer, b integer, c text COLLATE "C" REFERENCES pairs (c), '
        "FOREIGN KEY (a, b) REFERENCES pairs MATCH FULL ON UPDATE CASCADE ON DELETE SET DEFAULT)"
    ),
    "CREATE TABLE empty ()",
    'CREATE TABLE folded (a integer, "A" integer)',
    f"CREATE TABLE {'n' * 63} ({'c' * 63} integer, CONSTRAINT {'k' * 63} UNIQUE ({'c' * 63}))",
    "COMMENT ON TABLE one IS 'it''s \\ one'",
    "COMMENT ON COLUMN one.id IS 'the \"id\"'",
)
_MYSQL = (
    (
        "CREATE TABLE users (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, email varchar(120) "
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE, "
        "flag tinyint(1) NOT NULL DEFAULT 0, small tinyint unsigned DEFAULT 200, "
        "mid mediumint unsigned, whole int unsigned, big bigint unsigned NOT NULL, "
        "bits bit(10) DEFAULT b'101', yr year DEFAULT 2020, kinds set('a','b') DEFAULT 'a,b', "
        "kind enum('x','Y','it''s','back\\\\slash') NOT NULL DEFAULT 'x', "
        "made datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, "
        "stamped timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3), took time(2), day date, "
        "price decimal(65,30), ratio float, exact double, doc json, note text, data blob, "
        "hash binary(16), name char(20) CHARACTER SET latin1, "
        "shout varchar(250) AS (upper(note)) VIRTUAL, twice bigint AS (small * 2) STORED, "
        "KEY ix (note(20)), KEY made (made)) COMMENT 'it''s \\\\ a table'"
    ),
    (
        "CREATE TABLE posts (id int AUTO_INCREMENT PRIMARY KEY, user_id bigint unsigned, "
        "parent int NULL, made datetime(6), title varchar(300) COLLATE utf8mb4_bin NOT NULL "
        "DEFAULT 'back\\\\slash', KEY ix (title), KEY made (made), UNIQUE part (title(10)), "
        "CONSTRAINT by_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL, "
        "CONSTRAINT up FOREIGN KEY (parent) REFERENCES posts (id), "
        "CONSTRAINT later CHECK (parent IS NULL OR parent > 0))"
    ),
    (
        "CREATE TABLE `we``ird 100% :x` (`select` int, `a b` varchar(20) COMMENT 'a \\\\ \"c\"', "
        "`per%cent` int DEFAULT 5)"
    ),
    (
        "CREATE TABLE documents (id varbinary(40) PRIMARY KEY, body longtext, small tinytext, "
        "mid mediumblob, wide varchar(5000), fix char(36), "
        "CONSTRAINT filled CHECK (wide <> '' AND char_length(wide) < 100 OR fix IN ('a', 'b')))"
    ),
)
MYSQL = (
    *_MYSQL,
    (
        "CREATE TABLE expressions (a int, b varchar(20) DEFAULT (concat('x', 'y')), "
        "c char(36) DEFAULT (uuid()), UNIQUE raised ((a + 1)), KEY lowered ((lower(b))))"
    ),
)
MARIADB = (
    *_MYSQL,
    "CREATE TABLE own (id uuid PRIMARY KEY DEFAULT uuid(), six inet6, b varchar(20) DEFAULT 'x')",
)
SQLITE = (
    (
        'CREATE TABLE loose (a, b NUMERIC, "c" BLOB SUB_TYPE TEXT DEFAULT NULL, d ANY, '
        "e VARCHAR(20) DEFAULT 5, f TIMESTAMP DEFAULT NULL, g CHAR(3), h DECIMAL(20, 5), i STRING)"
    ),
    (
        "CREATE TABLE actor (actor_id NUMERIC NOT NULL PRIMARY KEY, name VARCHAR(45) NOT NULL, "
        "last_update TIMESTAMP NOT NULL, ok BOOLEAN DEFAULT 1 CHECK (ok IN (0, 1)), "
        "special TEXT DEFAULT NULL CHECK (special IS NULL OR special LIKE '%x%'))"
    ),
    (
        "CREATE TABLE film_actor (actor_id INT NOT NULL REFERENCES actor ON DELETE NO ACTION, "
        "code TEXT REFERENCES codes, PRIMARY KEY (actor_id, code))"
    ),
    (
        "CREATE TABLE codes (code TEXT PRIMARY KEY, label TEXT COLLATE NOCASE UNIQUE, "
        "sure INTEGER CHECK (typeof(sure) = 'integer'), doc JSON CHECK (json_valid(doc)), "
        "made DATETIME DEFAULT CURRENT_TIMESTAMP, other TEXT DEFAULT (lower('X')), "
        "random INTEGER DEFAULT (random())) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE strict (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT NOT NULL, b "
        "TEXT, c BLOB, "
        "d REAL, e ANY) STRICT"
    ),
    "CREATE UNIQUE INDEX over ON strict (lower(b))",
    "CREATE UNIQUE INDEX folded ON strict (b COLLATE NOCASE)",
    "CREATE INDEX dated ON actor (strftime('%Y', last_update))",
    "CREATE UNIQUE INDEX part ON actor (name) WHERE last_update IS NOT NULL AND ok",
    (
        "CREATE TABLE dangling (id INTEGER PRIMARY KEY, up INTEGER REFERENCES actor (name), "
        "self INTEGER REFERENCES dangling DEFERRABLE INITIALLY DEFERRED)"
    ),
    (
        "CREATE TABLE made (a INTEGER, b TEXT, c TEXT AS (b || a), d INTEGER AS (a > 1), "
        "e INTEGER AS (a * 2 + 1) STORED, f INTEGER AS (e + 1), g TEXT AS (strftime('%Y', b)), "
        "h TEXT AS (CASE WHEN b IS NULL OR b = '' THEN 'none' ELSE upper(b) END))"
    ),
    f'CREATE TABLE "{"n" * 70}" (a INTEGER)',
    f'CREATE TABLE short (a INTEGER CONSTRAINT "{"k" * 90}" UNIQUE)',
    "CREATE VIRTUAL TABLE papers USING fts5(title)",
    f"CREATE TABLE wide ({', '.join(f'c{number} VARCHAR(255)' for number in range(100))})",
    'CREATE TABLE "100% :name ""q"" /x" ("a b" TEXT, "select" INTEGER, "per%cent" REAL)',
)
SCHEMAS = {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MARIADB, "sqlite": SQLITE}
