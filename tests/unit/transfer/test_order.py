"""Tables come after those that they refer to, and circles are named."""

from __future__ import annotations

from dbparity.snapshots import Column, Family, ForeignKey, Table, Type
from dbparity.transfer.order import ordered

NUMBER = Type("INTEGER", Family.INTEGER)


def table(name: str, *referred: str) -> Table:
    keys = tuple(ForeignKey("", ("up",), other, ("id",)) for other in referred)
    return Table(name, (Column("id", NUMBER), Column("up", NUMBER)), foreign_keys=keys)


def test_referred_tables_come_first() -> None:
    tables = [table("lines", "orders"), table("orders", "customers"), table("customers")]
    assert ordered(tables).tables == ("customers", "orders", "lines")


def test_circles_are_named_and_stay_together() -> None:
    tables = [
        table("after", "one"),
        table("one", "two"),
        table("two", "three"),
        table("three", "one", "before"),
        table("before"),
    ]
    order = ordered(tables)
    assert order.circles == (("one", "two", "three"),)
    assert order.tables == ("before", "one", "two", "three", "after")


def test_a_table_that_refers_to_itself_is_no_circle() -> None:
    order = ordered([table("tree", "tree", "gone"), table("leaf", "tree")])
    assert (order.own, order.circles) == (("tree",), ())
    assert order.tables == ("tree", "leaf")


def test_no_tables_have_no_order() -> None:
    assert ordered([]).tables == ()
