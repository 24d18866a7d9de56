"""What a store is: keyed records that can be read through, looked up, written and deleted.

    URL → open_store → Store → scan, fetch → Record

SQL, Redis and Milvus are stores; another package adds one by the entry point group
``dbparity.stores``, named by the scheme of its URLs, and proves it with
`dbparity.testing.StoreContract`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from dbparity import plugins
from dbparity.errors import StoreInvalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping, Sequence
    from typing import Self

PAGE = 5_000  # records asked for at once
Key = int | str
# A password is whatever stands before the last @: some libraries let it have any character.
URL_PARTS = re.compile(
    r"(?P<scheme>[^:]*)://((?P<user>[^:/@]*)(:(?P<password>.*))?@)?(?P<rest>[^?]*)", re.DOTALL
)


class Record(NamedTuple):
    """One record, as far as it was asked for.

    Attributes:
        key: of a row its primary key, of Redis the whole key, of Milvus the primary field.
        values: those of `Records.fields`, in their order; None for a field that is not there.
        seconds_left: until it expires; None if it never does.
        problem: why its values could not be read; they are all None then.
    """

    key: Key
    values: tuple[object, ...] = ()
    seconds_left: float | None = None
    problem: str = ""


@dataclass(frozen=True)
class Records:
    """Which records of a store are meant, and what is to be read of them.

    Attributes:
        name: a table, a collection, or a pattern of Redis keys: ``tenant:{tenant}:doc:{id}``.
        key: the column or field that is the key; "" for the only one that can be. Redis has none.
        fields: columns, or fields of a JSON document or a hash.
        form: of Redis values: ``json``, ``hash`` or ``text``; a text has the one field ``text``.
    """

    name: str
    key: str = ""
    fields: tuple[str, ...] = ()
    form: str = "json"


@dataclass(frozen=True)
class Greeting:
    """What a store says of itself to a new connection.

    Attributes:
        version: such as ``17.5``; of a compatible product with its name: ``valkey 8.1.1``.
        read_only: whether it takes no writes.
        role: ``primary``, ``replica``, or "" where there is no such thing.
        lag: seconds that a replica is behind; None if it is none or cannot tell.
        facts: whatever else is worth reading, such as connections in use and their limit.
    """

    version: str
    read_only: bool = False
    role: str = ""
    lag: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Store(ABC):
    """A store of keyed records, connected to while it is used as an asynchronous context manager.

    Nothing is connected to before its first use. What its library raises comes out as
    `StoreUnreachable` where the store does not answer, and as `RecordsUnusable` where it does
    not have what was asked for.
    """

    extra: ClassVar[str]  # of this package, that has what it needs
    ordered: ClassVar[bool]  # whether `scan` goes in the order of keys
    expires: ClassVar[bool]  # whether records have a time to live

    def __init__(self, url: str) -> None:
        """Be the store at ``url``; raise `StoreInvalid` for one that cannot be meant."""
        self.url = url

    @property
    def address(self) -> str:
        """The URL as it may be printed: without its password."""
        return address(self.url)

    def load(self) -> None:  # noqa: B027  # most have all that they need by now
        """Import what a first use would: whoever has no time to lose then does it before."""

    @abstractmethod
    async def greet(self) -> Greeting:
        """Log in by a connection of its own and ask who is there."""

    @abstractmethod
    async def check(self, records: Records) -> None:
        """Raise `RecordsUnusable` unless there are such records, with such fields."""

    @abstractmethod
    def scan(self, records: Records, size: int = PAGE) -> AsyncIterator[Sequence[Record]]:
        """All of them, in pages of about ``size``, each once.

        What is written meanwhile may be missed; memory is bounded by the page.
        """

    @abstractmethod
    async def fetch(self, records: Records, keys: Collection[Key]) -> dict[Key, Record]:
        """Those of ``keys`` that are there."""

    @abstractmethod
    async def write(self, records: Records, new: Sequence[Record]) -> None:
        """Write the fields of ``new``, whether they are there or not; other fields stay.

        A record that is to expire has its `Record.seconds_left`.
        """

    @abstractmethod
    async def delete(self, records: Records, old: Sequence[Record]) -> int:
        """Delete those of ``old`` that are still as they were read; return how many."""

    @abstractmethod
    async def close(self) -> None:
        """Close every connection; the next use opens others."""

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()


def open_store(url: str) -> Store:
    """The store that a URL names by its scheme.

    Raises:
        StoreInvalid: nobody declares such a scheme, or the URL cannot be read.
        PluginBroken: what is declared cannot be imported.
    """
    scheme = url.partition(":")[0].partition("+")[0]
    known = plugins.names("stores")
    if ":" not in url or scheme not in known:
        cure = f"write a URL that begins with one of: {', '.join(known)}"
        raise StoreInvalid(scheme or url, "no store has such URLs", cure)
    store: type[Store] = plugins.load("stores", scheme)
    return store(url)


def address(url: str) -> str:
    """``url`` as it may be shown: without a password, and without its parameters."""
    found = URL_PARTS.match(url)
    if found is None:
        return url.partition(":")[0]
    login = (
        f"{found['user']}{':***' if found['password'] else ''}@"
        if found["user"] is not None
        else ""
    )
    return f"{found['scheme']}://{login}{found['rest']}"
