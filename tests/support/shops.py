"""A small application for tests of checks, healthy or with one fault planted in its schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import mysql


@dataclass(frozen=True)
class Fault:
    """What differs in the database: arguments of `shop`, and what is to be found where."""

    check: str
    code: str
    place: str
    options: dict[str, Any] = field(default_factory=dict)


FAULTS = {
    "foreign key gone": Fault(
        "foreign_keys", "ORPHAN-ACCEPTED", "orders.customer_id", {"customer_of_order": ()}
    ),
    "composite foreign key gone": Fault(
        "foreign_keys",
        "ORPHAN-ACCEPTED",
        "parcels.order_id, position",
        {"line_of_parcel": False},
    ),
    "self reference gone": Fault(
        "foreign_keys", "ORPHAN-ACCEPTED", "categories.parent_id", {"parent_of_category": ()}
    ),
    "cascade missing": Fault(
        "delete_actions",
        "CASCADE-MISSING",
        "orders.customer_id",
        {"customer_of_order": (None,)},
    ),
    "children are kept as orphans": Fault(
        "delete_actions", "CASCADE-MISSING", "orders.customer_id", {"customer_of_order": ()}
    ),
    "set null missing": Fault(
        "delete_actions",
        "SET-NULL-MISSING",
        "categories.parent_id",
        {"parent_of_category": ("CASCADE",)},
    ),
    "restriction missing": Fault(
        "delete_actions",
        "RESTRICT-MISSING",
        "order_lines.product_id",
        {"product_of_line": ("CASCADE",)},
    ),
    "chain broken": Fault("delete_chains", "CHAIN-BROKEN", "customers", {"order_of_line": (None,)}),
    "unique constraint gone": Fault(
        "unique", "DUPLICATE-ACCEPTED", "customers.email", {"unique_email": False}
    ),
    "NOT NULL gone": Fault("not_null", "NULL-ACCEPTED", "customers.name", {"nameless": True}),
    "check gone": Fault("checks", "CHECK-NOT-ENFORCED", "orders", {"states": False}),
    "default gone": Fault("defaults", "DEFAULT-DIFFERS", "orders.priority", {"priority": None}),
}


# Foreign keys are there with the ON DELETE that stands in their tuple; not there if it is empty.
HEALTHY: dict[str, Any] = {
    "customer_of_order": ("CASCADE",),
    "order_of_line": ("CASCADE",),
    "product_of_line": (None,),
    "parent_of_category": ("SET NULL",),
    "line_of_parcel": True,
    "unique_email": True,
    "nameless": False,
    "states": True,
    "priority": "5",
}


def shop(**different: object) -> MetaData:
    """The tables, healthy but for what is ``different``."""
    say: dict[str, Any] = {**HEALTHY, **different}
    metadata = MetaData()
    moment = DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    Table(
        "customers",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("email", String(60), nullable=False),
        Column("name", String(40), nullable=say["nameless"]),
        Column("since", moment),
        *([UniqueConstraint("email", name="uq_email")] if say["unique_email"] else []),
    )
    Table(
        "products",
        metadata,
        Column("sku", String(20), primary_key=True),
        Column("price", Numeric(8, 2), nullable=False, server_default=text("0")),
    )
    Table(
        "categories",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("parent_id", Integer, *_keys("categories.id", say["parent_of_category"])),
    )
    known = CheckConstraint("state IN ('open', 'paid', 'sent')", name="known_state")
    Table(
        "orders",
        metadata,
        Column("id", Integer, primary_key=True),
        Column(
            "customer_id", Integer, *_keys("customers.id", say["customer_of_order"]), nullable=False
        ),
        Column("state", String(8), nullable=False, default="open"),
        Column("priority", Integer, server_default=say["priority"]),
        *([known] if say["states"] else []),
    )
    Table(
        "order_lines",
        metadata,
        Column("order_id", Integer, *_keys("orders.id", say["order_of_line"]), primary_key=True),
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column(
            "product_id", String(20), *_keys("products.sku", say["product_of_line"]), nullable=False
        ),
        Column("quantity", Integer, nullable=False),
    )
    Table(
        "parcels",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("order_id", Integer),
        Column("position", Integer),
        *([_line_of_parcel()] if say["line_of_parcel"] else []),
    )
    return metadata


def _keys(target: str, on_delete: tuple[str | None, ...]) -> list[ForeignKey]:
    return [ForeignKey(target, ondelete=action) for action in on_delete]


def _line_of_parcel() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["order_id", "position"],
        ["order_lines.order_id", "order_lines.position"],
        ondelete="CASCADE",
    )
