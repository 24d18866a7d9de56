"""Keys are asked of the target where two values of a source may be one to it, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbparity.snapshots import Collation, Column, Family, Index, Key, Part, Table, Type
from dbparity.transfer.collisions import doubtful, folds
from dbparity.transfer.routes import route

EXACT = Collation("C", case_sensitive=True, accent_sensitive=True, pads=False)
WEIGHED = replace(EXACT, name="utf8mb4_0900_as_cs")
PADDED = replace(EXACT, pads=True)
FOLDED = Collation("ci", case_sensitive=False, accent_sensitive=False, pads=False)
TEXT = Type("text", Family.TEXT, collation=EXACT)
LOOSE = Type("DATETIME", Family.DATETIME, enforced=False)
INTEGER = Type("int", Family.INTEGER, bits=32)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (TEXT, TEXT, False),
        (TEXT, replace(TEXT, collation=None), False),
        (TEXT, replace(TEXT, collation=WEIGHED), True),
        (TEXT, replace(TEXT, collation=PADDED), True),
        (TEXT, replace(TEXT, collation=FOLDED), True),
        (TEXT, replace(TEXT, collation=Collation("unknown")), True),
        (replace(TEXT, collation=FOLDED), replace(TEXT, collation=FOLDED), False),
        (replace(TEXT, collation=FOLDED), TEXT, False),
        (INTEGER, INTEGER, False),
        (INTEGER, Type("boolean", Family.BOOLEAN), False),
        (INTEGER, TEXT, False),
        (TEXT, Type("uuid", Family.UUID), True),
        (LOOSE, Type("timestamp", Family.DATETIME), True),
        (LOOSE, LOOSE, False),
        (Type("timestamp", Family.DATETIME), Type("datetime", Family.DATETIME), False),
    ],
)
def test_types_that_make_one_value_of_two(source: Type, target: Type, *, expected: bool) -> None:
    assert folds(source, target) is expected


A, B = Column("a", INTEGER), Column("b", INTEGER)


@pytest.mark.parametrize(
    ("source", "target", "asked"),
    [
        (Table("t", (A, B), Key("", ("a",))), Table("t", (A, B), Key("", ("b", "a"))), []),
        (Table("t", (A, B)), Table("t", (A, B), Key("pk", ("a",))), ["pk"]),
        (Table("t", (A,)), Table("t", (A, B), uniques=(Key("u", ("b",)),)), []),
        (
            Table("t", (A,), uniques=(Key("", ("a",)),)),
            Table("t", (A,), uniques=(Key("u", ("a",), nulls_distinct=False),)),
            ["u"],
        ),
        (
            Table("t", (A,)),
            Table("t", (A,), indexes=(Index("plain", (Part("a"),)),)),
            [],
        ),
        (
            Table("t", (A,)),
            Table(
                "t",
                (A,),
                indexes=(
                    Index("ux", (Part("a"),), unique=True),
                    Index("part", (Part("a"),), unique=True, predicate="a > 0"),
                    Index("made", (Part(expression="a + 1"),), unique=True),
                    Index("cut", (Part("a", prefix=3),), unique=True),
                    Index("other", (Part("a", collation="x"),), unique=True),
                ),
            ),
            ["ux"],
        ),
    ],
)
def test_keys_that_the_source_does_not_promise_are_asked_for(
    source: Table, target: Table, asked: list[str]
) -> None:
    assert [key.name for key in doubtful(route(source, target))] == asked
