"""A file that holds the rows of a database exactly, to be put back or moved on.

It is a ZIP with a manifest in JSON, and of each table one stream of Arrow's IPC format, compressed
with Zstandard, in the order of a key if the table has one.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import zipfile
import zlib
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import pyarrow as pa

from dbparity.backends.base import load_backend
from dbparity.errors import ArchiveDiffers, ArchiveInvalid, ArchiveUnwritable
from dbparity.snapshots import Snapshot  # noqa: TC001  # msgspec asks for it
from dbparity.targets import version_tuple
from dbparity.transfer.sameness import unlike
from dbparity.wires import Field, Selection, wire_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from dbparity.backends.wires.base import Reader
    from dbparity.snapshots import Table
    from dbparity.wires import Batch

FORMAT = 1  # raised when an older reader would misunderstand it
_MANIFEST = "manifest.json"
_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")
_CHUNK = 1 << 20
# What reading a ZIP or a stream of Arrow raises where a byte of it is another.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, struct.error, pa.ArrowException),
    *(RuntimeError, ValueError, EOFError),
)
_OTHER = "name a file that dbparity wrote"
_EARLIER = "take an earlier archive: it was damaged after it was written"


@dataclass(frozen=True)
class Part:
    """What an archive has of a table.

    Attributes:
        table: its name.
        name: of its stream.
        key: the columns by which the rows are ordered; () where they come as they came.
        ordered: those of the key by which other products order rows alike.
        rows: how many.
        digest: SHA-256 of the stream.
    """

    table: str
    name: str
    key: tuple[str, ...]
    ordered: tuple[str, ...]
    rows: int
    digest: str


@dataclass(frozen=True)
class Manifest:
    """What an archive is.

    Attributes:
        dbparity: the version that wrote it.
        taken: when, in UTC.
        snapshot: the schema, with the URL of the database without its password, and the server.
        parts: of each table.
        counters: where what numbers rows goes on, as `Backend.counters` told it.
    """

    dbparity: str
    taken: str
    snapshot: Snapshot
    parts: tuple[Part, ...]
    counters: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True)
class _Head:
    format: int


@dataclass(frozen=True)
class Archive:
    """A file that was written whole."""

    path: Path
    manifest: Manifest

    @classmethod
    def write(
        cls,
        path: Path,
        snapshot: Snapshot,
        reader: Reader,
        counters: Mapping[str, int] | None = None,
    ) -> Self:
        """Write all rows of the tables of ``snapshot``; the file is whole, or it is not there.

        Raises:
            ArchiveUnwritable: there is no room for it, or no right to write it.
            RowsUnreadable: a table could not be read to the last.
            CellsRefused: a text is not valid UTF-8, on a product that should have no such text.
        """
        taken = datetime.now(UTC).isoformat(timespec="seconds")
        with _draft(path) as draft, zipfile.ZipFile(draft, "w") as file:
            parts = tuple(
                _write(file, f"rows/{number:05}.arrow", selection, reader)
                for number, selection in enumerate(selections(snapshot), 1)
            )
            own = version("dbparity")
            manifest = Manifest(own, taken, snapshot, parts, dict(counters or {}))
            spelled = msgspec.json.format(msgspec.json.encode(manifest))
            file.writestr(_MANIFEST, spelled, zipfile.ZIP_DEFLATED)
        return cls(path, manifest)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read what an archive is; that its rows are whole is found out as they are read.

        Raises:
            ArchiveInvalid: it is no archive, or not whole, or of a later format.
        """
        try:
            with zipfile.ZipFile(path) as file:
                text = file.read(_MANIFEST)
            head = msgspec.json.decode(text, type=_Head)
            if head.format > FORMAT:
                said = f"it is of format {head.format}, and {FORMAT} is known"
                raise ArchiveInvalid(str(path), said, "update dbparity")
            return cls(path, msgspec.json.decode(text, type=Manifest))
        except FileNotFoundError as error:
            raise ArchiveInvalid(str(path), "there is no such file", _OTHER) from error
        except KeyError as error:
            raise ArchiveInvalid(str(path), "it has no manifest of dbparity", _OTHER) from error
        except (OSError, msgspec.DecodeError) as error:
            raise ArchiveInvalid(str(path), str(error), _OTHER) from error
        except _DAMAGED as error:
            said = "it is no archive, or the end of one is missing"
            raise ArchiveInvalid(str(path), said, f"{_OTHER}, and whole") from error

    def part(self, table: str) -> Part:
        """What there is of a table; raise `ArchiveInvalid` where there is nothing."""
        for part in self.manifest.parts:
            if part.table == table:
                return part
        raise ArchiveInvalid(str(self.path), f"it has no table {table}", "name another archive")

    def selection(self, table: str) -> Selection:
        """The rows of a table as they were read."""
        found = (each for each in selections(self.manifest.snapshot) if each.table == table)
        return next(found)

    def batches(self, table: str) -> Generator[Batch, None, None]:
        """The rows of a table, as `Reader.preserved` told them.

        Raises:
            ArchiveInvalid: they are not what was written; then none is told.
        """
        part = self.part(table)
        try:
            with zipfile.ZipFile(self.path) as file, file.open(part.name) as stream:
                digest = hashlib.sha256()
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                if digest.hexdigest() != part.digest:
                    raise zipfile.BadZipFile("another digest")
                stream.seek(0)
                with pa.ipc.open_stream(stream) as rows:
                    yield from rows
        except (*_DAMAGED, OSError, KeyError) as error:
            said = f"its rows of {table} are not those that were written ({error})"
            raise ArchiveInvalid(str(self.path), said, _EARLIER) from error

    def verify(self, reader: Reader) -> None:
        """Compare every cell with those of a database, bit by bit.

        Raises:
            ArchiveDiffers: some are not the same; the first of each table is told.
            ArchiveInvalid: the file is not what was written.
        """
        found = [
            finding
            for each in selections(self.manifest.snapshot)
            if (finding := unlike(each, self.batches(each.table), reader.preserved(each)))
        ]
        if found:
            raise ArchiveDiffers(str(self.path), found)


def selections(snapshot: Snapshot) -> Iterator[Selection]:
    """What an archive keeps of each table: all columns that hold data, as their own types tell."""
    home = load_backend(snapshot.backend).home(version_tuple(snapshot.version))
    hides_data = home is not None and home.hidden_data
    for table in snapshot.tables:
        columns = (each for each in table.columns if hides_data or not each.hidden)
        fields = tuple(Field(each, wire_of(each.type, each.type)) for each in columns)
        yield Selection(table.name, fields, _key(table))


def _key(table: Table) -> tuple[str, ...]:
    """The first key of columns that are never NULL: within one product, all can be ordered."""
    filled = {column.name for column in table.columns if not column.nullable}
    keys = [table.primary_key, *table.uniques]
    found = (key.columns for key in keys if key is not None and filled.issuperset(key.columns))
    return next(found, ())


def _write(file: zipfile.ZipFile, name: str, selection: Selection, reader: Reader) -> Part:
    rows = 0
    with file.open(name, "w", force_zip64=True) as stream:
        sink = _Digesting(stream)
        with closing(reader.preserved(selection)) as batches:
            first = next(batches, None)
            schema = selection.schema if first is None else first.schema
            with pa.ipc.new_stream(sink, schema, options=_OPTIONS) as writer:
                for batch in chain(() if first is None else (first,), batches):
                    writer.write_batch(batch)
                    rows += batch.num_rows
    ordered = tuple(each.column.name for each in selection.keys if reader.orders(each))
    return Part(selection.table, name, selection.key, ordered, rows, sink.digest.hexdigest())


class _Digesting:
    """A file that is written to, and the digest of what was written."""

    closed = False

    def __init__(self, stream: Any) -> None:  # noqa: ANN401
        self._stream = stream
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:  # noqa: ANN401
        self.digest.update(data)
        return int(self._stream.write(data))

    def flush(self) -> None:
        """Nothing is held back."""


@contextmanager
def _draft(path: Path) -> Iterator[Any]:
    """A file beside ``path`` that takes its place when all of it is on the disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone: it holds what a database guards.
        number, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as draft:
                yield draft
                draft.flush()
                os.fsync(draft.fileno())
            Path(name).replace(path)
            _sync(path.parent)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ArchiveUnwritable(str(path), error) from error


def _sync(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
