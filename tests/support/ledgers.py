"""A small application with indexes of every kind, for tests of transactions and of schemas."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    func,
)


def ledger() -> MetaData:
    """Accounts, and entries in them."""
    metadata = MetaData()
    Table(
        "accounts",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("number", String(20), nullable=False),
        Column("owner", String(40), nullable=False),
        Column("balance", Integer, nullable=False),
        UniqueConstraint("number", name="uq_accounts_number"),
        CheckConstraint("balance > -1000", name="ck_accounts_balance"),
        Index("ix_accounts_owner", "owner"),
    )
    Table(
        "entries",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("account_id", ForeignKey("accounts.id"), nullable=False),
        Column("label", String(40), nullable=False),
        Column("amount", Integer, nullable=False),
        Index("ix_entries_account_id_label", "account_id", "label"),
    )
    return metadata


def pairs(*, key: bool = True) -> MetaData:
    """Pairs of numbers, of which the first is the key, or is meant to be."""
    metadata = MetaData()
    Table(
        "pairs",
        metadata,
        Column("a", Integer, primary_key=key, autoincrement=False),
        Column("b", Integer),
    )
    return metadata


def lowered() -> MetaData:
    """Words, found without regard to case."""
    metadata = MetaData()
    table = Table(
        "words",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("word", String(40), nullable=False),
    )
    Index("ix_lower", func.lower(table.c.word))
    return metadata
