"""Rows arrive as they were, from any product in any other, or are refused by name."""

from __future__ import annotations

import math
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import permutations, product
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pytest

from dbparity.backends.wires import postgresql_binary
from dbparity.errors import CellsRefused, DatabaseUnreachable, RowsRefused, RowsUnreadable
from dbparity.wires import Kind, Selection, Wire, canonical
from tests.support.rows import (
    BACKENDS,
    CELLS,
    COLUMNS,
    KINDS,
    OWN,
    TEXTS,
    create,
    execute,
    fields,
    load,
    read,
    rows_of,
    table_of,
    unlike,
    writer_of,
)
from tests.support.serving import needs_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.wires import Field

    OneColumn: TypeAlias = Callable[[str, str], tuple[Database, tuple[Field, ...]]]

pytestmark = pytest.mark.server

WIRES = {name: Wire(kind) for name, kind in KINDS.items()}


@pytest.fixture(params=[*product(BACKENDS, ("oldest", "newest"))][1:], ids="-".join)
def database(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[Database]:
    """An empty database."""
    backend, age = request.param
    found = [target for target in environment.targets if target.backend == backend]
    if not found or (len(found) == 1 and age == "oldest"):
        pytest.skip(f"no further {backend} is tested")
    with environment.lease(found[0 if age == "oldest" else -1], empty=True) as leased:
        yield leased


@pytest.fixture(params=[*permutations(BACKENDS, 2)], ids="-".join)
def pair(
    request: pytest.FixtureRequest, environment: DatabaseTestEnvironment
) -> Iterator[tuple[Database, Database]]:
    """Empty databases of two products."""
    found = {target.backend: target for target in environment.targets}
    with ExitStack() as stack:
        if not found.keys() >= set(request.param):
            pytest.skip("one of the two is not among the chosen targets")
        one, other = (
            stack.enter_context(environment.lease(found[backend], empty=True))
            for backend in request.param
        )
        yield one, other


def test_rows_arrive_as_they_were(pair: tuple[Database, Database]) -> None:
    source, target = pair
    for database in pair:
        execute(database, create(database.backend.name))
    there, here = table_of(source, "t"), table_of(target, "t")
    leaving = Selection("t", fields(there, here), ("id",))
    coming = Selection("t", fields(here, there), ("id",))
    given = rows_of(WIRES, CELLS)
    assert load(source, "t", leaving.fields, given) == given.num_rows
    told = read(source, leaving)
    assert load(target, "t", coming.fields, told) == given.num_rows
    arrived = read(target, coming)
    assert unlike(leaving, told, arrived) == {}
    assert unlike(leaving, told, given.sort_by("id")) == {}


def own_tables(database: Database) -> tuple[str, ...]:
    """One with a row of each value that is the product's own, and two of the same columns."""
    kinds = {f"c{place:02}": (native,) * 3 for place, (native, *_) in enumerate(own(database))}
    listed = {"id": ("int PRIMARY KEY",) * 3, **kinds}
    literals = ", ".join(literal for _, literal, _ in own(database))
    backend = database.backend.name
    texts = dict.fromkeys(listed, TEXTS)
    return (
        create(backend, "own", listed),
        create(backend, "alike", listed),
        create(backend, "texts", texts),
        f"INSERT INTO own VALUES (1, {literals})",
    )


def own(database: Database) -> tuple[tuple[str, str, str | None], ...]:
    return OWN[database.backend.name]


def test_what_a_product_alone_has_travels_as_text(
    pytestconfig: pytest.Config, database: Database
) -> None:
    needs_part(pytestconfig, database, "XML")
    execute(database, *own_tables(database))
    mine, texts = table_of(database, "own"), table_of(database, "texts")
    leaving = Selection("own", fields(mine, texts), ("id",))
    told = read(database, leaving)
    load(database, "texts", fields(texts, mine), told)
    arrived = read(database, Selection("texts", fields(texts, mine)))
    (row,) = told.to_pylist()
    assert unlike(leaving, told, arrived) == {}
    spelled = {f"c{place:02}": each[2] for place, each in enumerate(own(database)) if each[2]}
    assert {name: row[name] for name in spelled} == spelled


def test_what_a_product_alone_has_goes_into_columns_of_its_kind(
    pytestconfig: pytest.Config, database: Database
) -> None:
    needs_part(pytestconfig, database, "XML")
    execute(database, *own_tables(database))
    mine, alike = table_of(database, "own"), table_of(database, "alike")
    leaving = Selection("own", fields(mine, alike), ("id",))
    told = read(database, leaving)
    load(database, "alike", fields(alike, mine), told)
    arrived = read(database, Selection("alike", fields(alike, mine)))
    assert unlike(leaving, told, arrived) == {}
    assert whole_rows(database, "own") == whole_rows(database, "alike")


def whole_rows(database: Database, table: str) -> str:
    """As the server tells them."""
    what = f"{table}::text" if database.backend.name == "postgresql" else "*"
    with writer_of(database) as engine, engine.connect() as connection:
        return repr(connection.exec_driver_sql(f"SELECT {what} FROM {table}").all())


def test_what_a_product_alone_has_arrives_elsewhere_as_text(
    pytestconfig: pytest.Config, pair: tuple[Database, Database]
) -> None:
    source, target = pair
    needs_part(pytestconfig, source, "XML")
    execute(source, *own_tables(source))
    mine = table_of(source, "own")
    execute(
        target, create(target.backend.name, "texts", {each.name: TEXTS for each in mine.columns})
    )
    texts = table_of(target, "texts")
    leaving = Selection("own", fields(mine, texts), ("id",))
    told = read(source, leaving)
    load(target, "texts", fields(texts, mine), told)
    assert unlike(leaving, told, read(target, Selection("texts", fields(texts, mine)))) == {}


SERVERS = ("postgresql", "mysql", "mariadb")
# A type, a cell that it would change or refuse, and what is said of it, on these products.
REFUSALS: tuple[tuple[str, object, str, tuple[str, ...]], ...] = (
    ("numeric(5,2)", "1.234", "has more digits", SERVERS),
    ("numeric(5,0)", "0.5", "has more digits", SERVERS),
    ("time(0)", "12:00:00.5", "has a finer fraction", SERVERS),
    ("timestamp(3)", "2024-01-01 00:00:00.0005", "has a finer fraction", SERVERS),
    ("varchar(3)", "ab  ", "is longer than 3", SERVERS),
    ("varchar(3)", "😀😀😀x", "is longer than 3", SERVERS),
    ("char(3)", "a ", "would lose the spaces at its end", SERVERS),
    ("real", 0.1, "is no float of 32 bits", ("postgresql",)),
    ("float", 0.1, "is no float of 32 bits", ("mysql", "mariadb")),
    ("text", "a\0b", "has a NUL", ("postgresql",)),
    ("double", math.inf, "is no number to the server", ("mysql", "mariadb")),
    ("double", math.nan, "is no number to the server", ("mysql", "mariadb")),
    ("enum('a','b')", "A", "is none of the values", ("mysql", "mariadb")),
    ("tinytext", "😀" * 64, "is longer than 255", ("mysql", "mariadb")),
    ("year", "5", "is no year to the server", ("mysql", "mariadb")),
    ("REAL", math.nan, "would become NULL", ("sqlite",)),
    ("REAL", -0.0, "would lose its sign", ("sqlite",)),
    ("NUMERIC", "12345678901234567890", "has more than 15 digits", ("sqlite",)),
    ("NUMERIC", "9007199254740993.0", "has more than 15 digits", ("sqlite",)),
    ("JSON", "1e400", "has more than 15 digits", ("sqlite",)),
    ("DATETIME", "2024", "would become a number", ("sqlite",)),
)
# The same, where the server itself says it: what it names the column by.
SERVER_REFUSALS: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("smallint", 2**15, SERVERS),
    ("date", "2024-02-30x", SERVERS),
    ("int NOT NULL", None, SERVERS),
    ("uuid", "x", ("postgresql",)),
    ("boolean", 2, ("postgresql",)),
    ("timestamp", "0000-00-00", ("postgresql",)),
    ("datetime", "0044-03-15 BC", ("mysql", "mariadb")),
    ("time", "839:00:00", ("mysql", "mariadb")),
    ("int CHECK (a > 0)", 0, ("sqlite",)),
)


def cases(refusals: tuple[tuple[Any, ...], ...]) -> list[tuple[Any, ...]]:
    return [(backend, *each[:-1]) for each in refusals for backend in each[-1]]


@pytest.fixture
def one_column(
    environment: DatabaseTestEnvironment,
) -> Iterator[OneColumn]:
    with ExitStack() as stack:

        def made(backend: str, native: str) -> tuple[Database, tuple[Field, ...]]:
            found = [target for target in environment.targets if target.backend == backend]
            if not found:
                pytest.skip(f"no {backend} is tested")
            leased = stack.enter_context(environment.lease(found[-1], empty=True))
            execute(leased, create(backend, "t", {"a": (native,) * 3}))
            table = table_of(leased, "t")
            return leased, fields(table, table)

        yield made


@pytest.mark.parametrize(("backend", "native", "cell", "reason"), cases(REFUSALS))
def test_what_would_change_without_a_word_is_refused_by_name(
    one_column: OneColumn, backend: str, native: str, cell: object, reason: str
) -> None:
    database, into = one_column(backend, native)
    good = {"year": "2000", "enum('a','b')": "a"}.get(native)
    with pytest.raises(CellsRefused) as refused:
        load(database, "t", into, rows_of({"a": into[0].wire}, {"a": [good, good, good, cell]}))
    (bad,) = refused.value.cells
    assert (bad.column, bad.row, bad.reason) == ("a", 3, reason)
    assert repr(bad.raw) == repr(cell)
    assert read(database, Selection("t", into)).num_rows == 0


@pytest.mark.parametrize("native", ["numeric(5,2)", "varchar(3)", "char(3)", "time(0)"])
@pytest.mark.parametrize("backend", SERVERS)
def test_what_just_fits_is_taken(one_column: OneColumn, backend: str, native: str) -> None:
    cells = {
        "numeric(5,2)": "999.990",
        "varchar(3)": "a  ",
        "char(3)": "  a",
        "time(0)": "01:00:00.000",
    }
    database, into = one_column(backend, native)
    given = rows_of({"a": into[0].wire}, {"a": [cells[native]]})
    load(database, "t", into, given)
    selection = Selection("t", into)
    assert unlike(selection, given, read(database, selection)) == {}


def send(database: Database, into: tuple[Field, ...], rows: pa.Table) -> int:
    """Whatever is known not to fit."""
    with writer_of(database) as engine, engine.begin() as connection:
        batches = iter(rows.to_batches(max_chunksize=2))
        return database.backend.loader(connection).send("t", into, batches)


@pytest.mark.parametrize(("backend", "native", "cell"), cases(SERVER_REFUSALS))
def test_what_a_server_refuses_is_told_with_its_place(
    one_column: OneColumn, backend: str, native: str, cell: object
) -> None:
    database, into = one_column(backend, native)
    good = {"int NOT NULL": 1, "int CHECK (a > 0)": 1}.get(native)
    with pytest.raises(RowsRefused) as refused:
        send(database, into, rows_of({"a": into[0].wire}, {"a": [good, good, good, cell]}))
    error = refused.value
    if backend != "sqlite":
        assert (error.column, error.row) in {("a", 3), (None, 3), ("a", None)}
    assert read(database, Selection("t", into)).num_rows == 0


@pytest.mark.parametrize("local", [0, 1])
@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_rows_are_loaded_with_and_without_local_files(
    one_column: OneColumn, backend: str, local: int
) -> None:
    database, _ = one_column(backend, "int")
    execute(
        database,
        f"SET GLOBAL local_infile = {local}",
        create(backend, "many"),
        "CREATE TABLE few (b longblob, y year, n bit(3))",
    )
    table = table_of(database, "many")
    selection = Selection("many", fields(table, table), ("id",))
    given = rows_of({f.column.name: f.wire for f in selection.fields}, CELLS)
    load(database, "many", selection.fields, given)
    assert unlike(selection, given.sort_by("id"), read(database, selection)) == {}
    few = table_of(database, "few")
    selection = Selection("few", fields(few, few))
    given = pa.table({"b": [b"\xff'\\", None], "y": ["0000", "2155"], "n": ["101", None]})
    load(database, "few", selection.fields, given.cast(selection.schema))
    assert unlike(selection, given, read(database, selection)) == {}


@pytest.mark.parametrize("local", [0, 1])
def test_a_warning_is_a_refusal(one_column: OneColumn, local: int) -> None:
    database, _ = one_column("mariadb", "int")
    execute(database, f"SET GLOBAL local_infile = {local}", "CREATE TABLE u (a int UNIQUE)")
    table = table_of(database, "u")
    into = fields(table, table)
    with pytest.raises(RowsRefused):
        load(database, "u", into, rows_of({"a": into[0].wire}, {"a": [1, 1]}))
    assert read(database, Selection("u", into)).num_rows == 0


def test_a_value_beyond_the_longest_packet_is_refused_by_name(one_column: OneColumn) -> None:
    database, into = one_column("mariadb", "longtext")
    with pytest.raises(CellsRefused, match="longer than max_allowed_packet"):
        load(database, "t", into, rows_of({"a": into[0].wire}, {"a": ["x" * 9_000_000]}))


def test_values_of_many_megabytes_arrive(pair: tuple[Database, Database]) -> None:
    source, target = pair
    for database in pair:
        kinds = {"id": ("int PRIMARY KEY",) * 3, "b": ("BLOB", "bytea", "longblob")}
        execute(database, create(database.backend.name, "t", kinds))
    there, here = table_of(source, "t"), table_of(target, "t")
    leaving, coming = (
        Selection("t", fields(*tables), ("id",)) for tables in ((there, here), (here, there))
    )
    given = pa.table({"id": [1, 2, 3], "b": [b"\xff" * 7_000_000, b"", b"x" * 300]})
    load(source, "t", leaving.fields, given.cast(leaving.schema))
    told = read(source, leaving)
    load(target, "t", coming.fields, told)
    assert unlike(leaving, read(target, coming), given.cast(leaving.schema)) == {}


_REST = "-ae2c-7809-8aeb-b819cf5e9e7f"
NAMES = ["", "A", "B", "Z", "a", "a\t", "a ", "aa", "b", "z", "ä", "€", "😀", "Ä", "é", "e"]


KEYS: dict[str, tuple[tuple[str, str, str], list[Any]]] = {
    "text": (("VARCHAR(20)", "varchar(20)", "varchar(20)"), NAMES),
    "unpadded": (("TEXT PRIMARY KEY", "text", "varchar(20) COLLATE NOPAD PRIMARY KEY"), NAMES),
    "binary": (
        ("BLOB PRIMARY KEY", "bytea PRIMARY KEY", "varbinary(30) PRIMARY KEY"),
        [name.encode() + bytes([place]) for place, name in enumerate(NAMES)],
    ),
    "integer": (COLUMNS["id"], [place * 7 - 40 for place in range(len(NAMES))]),
    "decimal": (COLUMNS["money"], [f"{place * 7 - 40}.50" for place in range(len(NAMES))]),
    "float": (COLUMNS["double"], [(place - 7) * 1.1e3 for place in range(len(NAMES))]),
    "moment": (
        COLUMNS["moment"],
        [f"{2030 - place}-01-01 00:00:00.{place:06}" for place in range(len(NAMES))],
    ),
    "uuid": (COLUMNS["token"], [f"{place:x}0000000{_REST}" for place in range(len(NAMES))]),
}
NOPAD = {"mysql": "utf8mb4_0900_bin", "mariadb": "utf8mb4_nopad_bin"}


@pytest.mark.parametrize("key", KEYS)
def test_both_order_keys_alike(pair: tuple[Database, Database], key: str) -> None:
    kinds, cells = KEYS[key]
    for database in pair:
        name = database.backend.name
        execute(database, create(name, "t", {"k": kinds}).replace("NOPAD", NOPAD.get(name, "")))
    tables = [table_of(database, "t") for database in pair]
    sides = list(zip(pair, (tables, tables[::-1]), strict=True))
    told = []
    for database, (mine, other) in sides:
        selection = Selection("t", fields(mine, other), ("k",))
        given = rows_of({"k": selection.fields[0].wire}, {"k": cells})
        load(database, "t", selection.fields, given)
        whole = read(database, selection)["k"].to_pylist()
        part = replace(selection, after=(whole[3],), until=(whole[9],))
        assert read(database, part)["k"].to_pylist() == whole[4:10]
        told.append([canonical(selection.fields[0].wire, cell) for cell in whole])
    assert told[0] == told[1]


def test_a_key_of_several_columns_bounds_what_is_read(database: Database) -> None:
    kinds = {"a": ("int",) * 3, "b": ("DECIMAL(9,1)", "numeric(9,1)", "numeric(9,1)"), "c": TEXTS}
    execute(
        database,
        create(database.backend.name, "t", kinds),
        "INSERT INTO t VALUES (1, 1, 'a'), (1, 2.5, 'b'), (1, 10, 'c'), (2, -1, 'd'), (2, 0, 'e')",
    )
    table = table_of(database, "t")
    selection = Selection("t", fields(table, table), ("a", "b"), (1, "1"), (2, "-1"))
    assert read(database, selection)["c"].to_pylist() == ["b", "c", "d"]


def test_a_reader_sees_one_moment(database: Database) -> None:
    execute(database, create(database.backend.name), create(database.backend.name, "u"))
    table = table_of(database, "t")
    selection = Selection("t", fields(table, table)[:1])
    with closing(database.backend.reader(database.url)) as reader:
        assert sum(batch.num_rows for batch in reader.read(selection)) == 0
        if database.features.concurrent_writers:
            execute(database, "INSERT INTO t (id) VALUES (1)", "INSERT INTO u (id) VALUES (1)")
        with closing(database.backend.reader(database.url, reader)) as further:
            for each in (selection, replace(selection, table="u")):
                assert sum(batch.num_rows for batch in reader.read(each)) == 0
                seen = sum(batch.num_rows for batch in further.read(each))
                assert seen == int(database.backend.name in {"mysql", "mariadb"})


def test_a_stream_that_is_left_early_leaves_the_reader_usable(database: Database) -> None:
    execute(database, create(database.backend.name, "t", {"a": ("int",) * 3, "b": TEXTS}))
    table = table_of(database, "t")
    selection = Selection("t", fields(table, table), ("a",))
    count = 60_000
    given = pa.table({"a": range(count), "b": ["x" * 100] * count}).cast(selection.schema)
    with writer_of(database) as engine, engine.begin() as connection:
        database.backend.loader(connection).load("t", selection.fields, given.to_batches())
    with closing(database.backend.reader(database.url)) as reader:
        stream = reader.read(selection)
        assert next(stream)["a"][0].as_py() == 0
        stream.close()
        assert sum(batch.num_rows for batch in reader.read(selection)) == count


def test_a_table_that_is_gone_is_told(database: Database) -> None:
    execute(database, create(database.backend.name))
    table = table_of(database, "t")
    with pytest.raises(RowsUnreadable, match="gone could not be read"):
        read(database, Selection("gone", fields(table, table)))


def test_an_unreachable_server_is_told(database: Database) -> None:
    nowhere = database.url.set(database="/none") if database.backend.service is None else None
    with pytest.raises(DatabaseUnreachable, match="no connection to"):
        database.backend.reader(nowhere or database.url.set(port=1))


def test_a_snapshot_that_has_ended_is_told(one_column: OneColumn) -> None:
    database, _ = one_column("postgresql", "int")
    with closing(database.backend.reader(database.url)) as ended:
        pass
    with pytest.raises(DatabaseUnreachable, match="snapshot"):
        database.backend.reader(database.url, ended)


def test_an_untyped_column_keeps_the_sign_of_zero(one_column: OneColumn) -> None:
    database, (field,) = one_column("sqlite", "")
    into = (replace(field, wire=Wire(Kind.FLOAT)),)
    load(database, "t", into, pa.table({"a": [-0.0]}))
    assert repr(read(database, Selection("t", into))["a"].to_pylist()) == "[-0.0]"


def test_arrays_can_travel_as_json(one_column: OneColumn) -> None:
    database, (field,) = one_column("postgresql", "integer[]")
    execute(database, "INSERT INTO t VALUES ('{1,NULL}')")
    told = read(database, Selection("t", (replace(field, wire=Wire(Kind.JSON)),)))
    assert told["a"].to_pylist() == ["[1,null]"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_are_ordered_by_what_others_order_alike(one_column: OneColumn, backend: str) -> None:
    database, (field,) = one_column(backend, "int")
    with closing(database.backend.reader(database.url)) as reader:
        assert reader.orders(field)
        assert not reader.orders(replace(field, wire=Wire(Kind.JSON)))


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_bits_can_travel_as_numbers_and_as_bytes(one_column: OneColumn, backend: str) -> None:
    database, (field,) = one_column(backend, "bit(10)")
    execute(database, "INSERT INTO t VALUES (b'1000000101')")
    cells = [
        read(database, Selection("t", (replace(field, wire=Wire(kind)),)))["a"].to_pylist()
        for kind in (Kind.DECIMAL, Kind.BINARY)
    ]
    assert cells == [["517"], [b"\x02\x05"]]


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_a_row_of_several_packets_is_read_whole(one_column: OneColumn, backend: str) -> None:
    database, _ = one_column(backend, "int")
    execute(
        database,
        "CREATE TABLE wide (a int, b longblob, c longblob, d longblob)",
        "INSERT INTO wide VALUES (1, repeat('b', 9000000), repeat('c', 9000000), '')",
        "INSERT INTO wide VALUES (2, 'b', NULL, '')",
        # With its lengths, all of one packet: an empty one has to follow.
        f"INSERT INTO wide VALUES (3, repeat('b', 9000000), repeat('c', {2**24 - 9_000_012}), '')",
    )
    table = table_of(database, "wide")
    told = read(database, Selection("wide", fields(table, table), ("a",))).to_pylist()
    assert [[len(row[name] or "") for name in "bcd"] for row in told] == [
        [9_000_000, 9_000_000, 0],
        [1, 0, 0],
        [9_000_000, 2**24 - 9_000_012, 0],
    ]


@pytest.mark.parametrize("what", ["QUERY", "CONNECTION"])
@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
def test_a_stream_that_breaks_is_told(one_column: OneColumn, backend: str, what: str) -> None:
    database, _ = one_column(backend, "int")
    execute(
        database,
        "CREATE TABLE long_one (a int AUTO_INCREMENT PRIMARY KEY, b longtext)",
        "INSERT INTO long_one (b) VALUES (repeat('x', 100000)), (repeat('x', 100000))",
        *["INSERT INTO long_one (b) SELECT b FROM long_one"] * 9,
    )
    table = table_of(database, "long_one")
    with closing(database.backend.reader(database.url)) as reader:
        stream = reader.read(Selection("long_one", fields(table, table)))
        next(stream)
        with writer_of(database) as engine, engine.connect() as connection:
            (session,) = [
                row.Id
                for row in connection.exec_driver_sql("SHOW PROCESSLIST")
                if "long_one" in (row.Info or "") and "PROCESSLIST" not in row.Info
            ]
            connection.exec_driver_sql(f"KILL {what} {session}")
        with pytest.raises(RowsUnreadable, match="long_one could not be read"):
            list(stream)


@pytest.mark.parametrize("local", [0, 1])
def test_statements_are_shorter_than_the_longest_packet(one_column: OneColumn, local: int) -> None:
    database, into = one_column("mariadb", "longtext")
    execute(database, f"SET GLOBAL local_infile = {local}")
    given = pa.table({"a": ["x" * 700_000, "'" * 5_000_000, "y", ""]})
    with writer_of(database) as engine, engine.begin() as connection:
        loader = database.backend.loader(connection)
        assert loader.load("t", into, given.to_batches()) == 4
        assert loader.load("t", into, [given.to_batches()[0].slice(0, 0)]) == 0
    assert sorted(read(database, Selection("t", into))["a"].to_pylist()) == sorted(
        given["a"].to_pylist()
    )


def test_a_row_beyond_the_longest_packet_is_refused(one_column: OneColumn) -> None:
    database, _ = one_column("mariadb", "int")
    execute(
        database,
        "SET GLOBAL local_infile = 0",
        "CREATE TABLE wide (a longtext, b longtext, c longtext)",
    )
    table = table_of(database, "wide")
    into = fields(table, table)
    given = pa.table({name: ["x" * 6_000_000] for name in "abc"})
    with pytest.raises(RowsRefused, match="longer than max_allowed_packet"):
        load(database, "wide", into, given)


# What goes into binary COPY: types, cells, and one that only the text format can spell.
BINARY: dict[str, tuple[Kind, Sequence[Any], object]] = {
    "smallint": (Kind.INTEGER, (-(2**15), 2**15 - 1), None),
    "integer": (Kind.INTEGER, (-(2**31), 2**31 - 1), None),
    "bigint": (Kind.INTEGER, (-(2**63), 2**63 - 1), None),
    "boolean": (Kind.BOOLEAN, (1, 0), None),
    "numeric(12,2)": (Kind.DECIMAL, ("-9999999999.99", "0.10"), "NaN"),
    "numeric(16,4)": (Kind.DECIMAL, ("999999999999.9999", "-0.0001"), "1e3"),
    "numeric(18,0)": (Kind.DECIMAL, ("-999999999999999999", "10000"), "NaN"),
    "numeric(5,5)": (Kind.DECIMAL, ("0.00001", "-0.99999"), "NaN"),
    "numeric": (Kind.DECIMAL, ("1" * 40, "-0.99999"), "NaN"),
    "double precision": (Kind.FLOAT, (5e-324, -0.0), math.nan),
    "real": (Kind.FLOAT, (1.401298464324817e-45, -math.inf), None),
    "text": (Kind.TEXT, ("", "é😀\n\\N"), None),
    "varchar(5)": (Kind.TEXT, ("😀" * 5, "\\."), None),
    "char(3)": (Kind.TEXT, ("a", "é"), None),
    "bytea": (Kind.BINARY, (b"", bytes(range(256))), None),
    "date": (Kind.DATE, ("0001-01-01", "9999-12-31"), "infinity"),
    "time": (Kind.TIME, ("00:00:00.000000", "23:59:59.999999"), "24:00:00"),
    "time(1)": (Kind.TIME, ("00:00:00.100000", "23:59"), "24:00:00"),
    "timetz": (Kind.TIME, ("00:00:00+01", "12:00:00-05:30"), None),
    "timestamp": (
        Kind.DATETIME,
        ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
        "0044-03-15 00:00:00 BC",
    ),
    "timestamptz(3)": (Kind.DATETIME, ("1999-12-31 23:59:59.999", "2000-01-01"), "-infinity"),
    "json": (Kind.JSON, ('{"a": 1, "a": 2}', "[]"), None),
    "jsonb": (Kind.JSON, ('{"b": [1, "é"]}', "null"), None),
    "uuid": (Kind.UUID, ("0189F7EA" + _REST, "0" * 32), "{0189f7ea" + _REST + "}"),
    "interval": (Kind.INTERVAL, ("P1M", "PT1S"), None),
}


@pytest.mark.parametrize("native", BINARY)
def test_both_formats_of_copy_load_the_same(
    one_column: OneColumn, native: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, cells, odd = BINARY[native]
    database, into = one_column("postgresql", native)
    assert into[0].wire.kind is kind
    execute(database, f"CREATE TABLE as_text (a {native})")
    given = rows_of({"a": into[0].wire}, {"a": [None, *cells, odd, *cells, None]})
    assert load(database, "t", into, given) == 7
    monkeypatch.setattr(postgresql_binary, "encoders", lambda _: None)
    load(database, "as_text", into, given)
    with writer_of(database) as engine, engine.connect() as connection:
        rows = [
            connection.exec_driver_sql(f"SELECT a::text, ctid::text FROM {name}").all()
            for name in ("t", "as_text")
        ]
    assert rows[0] == rows[1]
    selection = Selection("t", into)
    assert unlike(selection, given, read(database, selection)) == {}


def test_the_labels_of_an_enum_travel_in_binary(one_column: OneColumn) -> None:
    database, _ = one_column("postgresql", "int")
    execute(
        database, "CREATE TYPE mood AS ENUM ('it''s', 'ok')", "CREATE TABLE moods (a mood, b mood)"
    )
    table = table_of(database, "moods")
    into = fields(table, table)
    given = pa.table({"a": ["ok", "it's"], "b": [None, "ok"]})
    load(database, "moods", into, given)
    assert read(database, Selection("moods", into)).to_pylist() == given.to_pylist()


@pytest.mark.parametrize(
    ("native", "good", "bad"),
    [
        ("integer", 1, 2**31),
        ("boolean", 1, 2),
        ("uuid", "0" * 32, "x"),
        ("date", None, "2024-02-30"),
    ],
)
def test_the_place_of_a_refusal_counts_what_came_in_binary(
    one_column: OneColumn, native: str, good: object, bad: object
) -> None:
    database, into = one_column("postgresql", native)
    with pytest.raises(RowsRefused) as refused:
        send(database, into, rows_of({"a": into[0].wire}, {"a": [good] * 5 + [bad]}))
    assert (refused.value.row, refused.value.column) == (5, "a")
