"""What a project declares of its stores: ``[tool.dbparity.consistency]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

_Positive = Annotated[float, Meta(gt=0)]


class Declared(Struct, frozen=True, forbid_unknown_fields=True):
    """A reference as it is written down.

    Attributes:
        source: the store and the table that are believed: ``db.documents``.
        target: the store, and what refers to the rows there: ``cache.doc:{tenant_id}:{id}``,
            ``vectors.chunks``, ``db.customers``.
        name: what it is called; by default ``source -> target``.
        key: the column of the source that has the record's key; the primary key if "". For keys
            of Redis the hole by which the row is found; the last one if "".
        form: of Redis values: ``json``, ``hash`` or ``text``.
        version, digest, tenant: a column and the record's field, ``version=rev``; the column
            alone where both have one name; "" to compare none.
        required: whether every row has a record, as vectors do and caches do not.
        owned: whether every record has a row.
        ttl: seconds that a record may live at most; every one expires then. 0 for no demand.
        rebuild: ``package.module:function``, which makes a record's fields from a row's key and
            columns; it may be a coroutine function.
        rebuild_from: columns that it needs besides those that are compared.
    """

    source: str
    target: str
    name: str = ""
    key: str = ""
    form: str = "json"
    version: str = ""
    digest: str = ""
    tenant: str = ""
    required: bool = False
    owned: bool = True
    ttl: Annotated[float, Meta(ge=0)] = 0
    rebuild: str = ""
    rebuild_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConsistencyOptions:
    """How several stores are held against each other.

    Attributes:
        references: what refers to what.
        foreign_keys: the SQL stores whose foreign keys are followed too.
        grace: seconds after which a difference that is still there counts: longer than the
            application takes from a commit to its cache.
        limit: seconds that a store may take to say whether it is there.
        patience: seconds that it may take for a page.
    """

    references: tuple[Declared, ...] = ()
    foreign_keys: tuple[str, ...] = ()
    grace: _Positive = 2.0
    limit: _Positive = 5.0
    patience: _Positive = 60.0
