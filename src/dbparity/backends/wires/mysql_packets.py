"""The rows of a result as they come from the server, without a driver's conversions.

A driver makes an object of each packet, and a value of each cell; the cells alone are a fifth of
that work. The format is the text resultset of MySQL's client/server protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pymysql import OperationalError
from pymysql.constants import CR
from pymysql.protocol import MysqlPacket

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = 4
_LONGEST = 0xFFFFFF  # a packet of this length goes on in the next
_NULL, _TWO, _THREE, _EIGHT = 0xFB, 0xFC, 0xFD, 0xFE
_END, _ERROR = 0xFE, 0xFF
_END_BYTES = 9  # an 0xFE in a shorter packet is no length
_CHUNK = 1 << 20


class Packets:
    """The rows of an unbuffered cursor that has executed its statement.

    Whoever leaves the block early has the rest read and thrown away, as the protocol wants.
    """

    def __init__(self, cursor: Any, width: int) -> None:  # noqa: ANN401
        """Take over the connection's stream until the rows of ``width`` cells have ended."""
        self._result = cursor._result  # noqa: SLF001  # what drivers offer is a row at a time
        self._connection = cursor.connection
        self._file = self._connection._rfile  # noqa: SLF001
        self._width = width
        self._buffer = b""
        self._at = 0
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            while not self._ended:
                self._packet()
        finally:
            self._result.unbuffered_active = False
            self._result.connection = None

    def batches(self, rows: int, size: int) -> Iterator[list[bytes | None]]:
        """The cells of about as many rows or bytes at a time, row after row."""
        cells: list[bytes | None] = []
        length = 0
        while (packet := self._packet()) is not None:
            buffer, start, end = packet
            _split(buffer, start, end, cells)
            length += end - start
            if length >= size or len(cells) >= rows * self._width:
                yield cells
                cells, length = [], 0
        if cells:
            yield cells

    def _packet(self) -> tuple[bytes, int, int] | None:
        """A buffer and the bounds of the next row in it; None at the end of the rows."""
        buffer, at = self._buffer, self._at
        if len(buffer) - at < _HEADER:
            buffer, at = self._filled(_HEADER)
        size = int.from_bytes(buffer[at : at + 3], "little")
        if len(buffer) - at < _HEADER + size:
            buffer, at = self._filled(_HEADER + size)
        start, end = at + _HEADER, at + _HEADER + size
        self._at = end
        first = buffer[start]
        if first == _ERROR:
            self._ended = True
            MysqlPacket(buffer[start:end], self._connection.encoding).raise_for_error()
        if first == _END and size < _END_BYTES:
            self._ended = True
            return None
        return (buffer, start, end) if size < _LONGEST else self._continued(buffer[start:end])

    def _continued(self, part: bytes) -> tuple[bytes, int, int]:
        parts = [part]
        while len(part) == _LONGEST:
            buffer, at = self._filled(_HEADER)
            size = int.from_bytes(buffer[at : at + 3], "little")
            buffer, at = self._filled(_HEADER + size)
            part = buffer[at + _HEADER : at + _HEADER + size]
            self._at = at + _HEADER + size
            parts.append(part)
        whole = b"".join(parts)
        return whole, 0, len(whole)

    def _filled(self, size: int) -> tuple[bytes, int]:
        """The buffer, from the next packet on, with at least ``size`` bytes."""
        held = self._buffer[self._at :]
        if len(held) < size:
            more = self._file.read1(_CHUNK)
            short = size - len(held) - len(more)
            held += more
            if short > 0:
                held += self._file.read(short)
            if len(held) < size:
                self._ended = True
                raise OperationalError(CR.CR_SERVER_LOST, "Lost connection during query")
        self._buffer, self._at = held, 0
        return held, 0


def _split(buffer: bytes, at: int, end: int, cells: list[bytes | None]) -> None:
    """Add the cells of a row, each of which begins with its length."""
    while at < end:
        size = buffer[at]
        at += 1
        if size == _NULL:
            cells.append(None)
            continue
        if size > _NULL:
            width = {_TWO: 2, _THREE: 3, _EIGHT: 8}[size]
            size = int.from_bytes(buffer[at : at + width], "little")
            at += width
        cells.append(buffer[at : at + size])
        at += size
