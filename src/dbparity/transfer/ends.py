"""The two databases of a migration or a comparison, each found by its URL."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import URL, NullPool, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dbparity.errors import DatabaseUnreachable, SourceInvalid
from dbparity.schema.sources import Live, parse
from dbparity.transfer.survey import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from dbparity.backends.base import Backend
    from dbparity.backends.wires.base import Reader


@dataclass(frozen=True)
class End:
    """A live database, reached over its backend's sync driver, whichever the URL names.

    Attributes:
        text: its URL without the password.
        backend: the product that answers there.
    """

    text: str
    url: URL = field(repr=False)
    backend: Backend

    @property
    def is_absent(self) -> bool:
        """Whether it is a file that nobody has made yet."""
        return self.backend.service is None and not Path(self.url.database or "").is_file()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection that cannot write.

        Raises:
            DatabaseUnreachable: there is none to be had.
        """
        # A file that is asked for by a reader must not be made by it.
        url = self.url.set(database="") if self.is_absent else self.url
        engine = _engine(url, self.backend)
        try:
            connection = engine.connect()
        except SQLAlchemyError as error:
            raise DatabaseUnreachable(self.text, getattr(error, "orig", error)) from error
        with connection:
            self.backend.read_only(engine)
            yield connection

    def survey(self) -> Survey:
        """What there is in it.

        Raises:
            DatabaseUnreachable: it cannot be read, a file that is no database among others.
        """
        with self.connected() as connection:
            if self.is_absent:
                path = Path(self.url.database or "").absolute()
                return Survey(self.text, f"no file {path}", self.backend.snapshot(connection))
            try:
                return survey(connection, self.backend)
            except DBAPIError as error:
                raise DatabaseUnreachable(self.text, error.orig or error) from error

    def reader(self, shared: Reader | None = None) -> Reader:
        """What reads its rows; whoever asks for it closes it."""
        return self.backend.reader(self.url, shared)

    @contextmanager
    def writing(self) -> Iterator[Engine]:
        """An engine that `Backend.loader` can use."""
        engine = self.backend.writer(self.url)
        try:
            yield engine
        finally:
            engine.dispose()


def end(where: str | URL, *, may_be_absent: bool = False) -> End:
    """The database at a URL.

    Args:
        where: the URL; of any driver of the backend.
        may_be_absent: whether a file may be missing, as that of a target which is to be made.

    Raises:
        SourceInvalid: it is no URL, or there is no such file or folder.
        TargetUnknown: of no known backend.
        DatabaseUnreachable: nobody answers, or nobody is let in.
    """
    text = where.render_as_string(hide_password=False) if isinstance(where, URL) else where
    live = parse(text) if "://" in text else None
    if not isinstance(live, Live):
        cure = "write backend://user:password@host:port/database, or sqlite:///file.db"
        raise SourceInvalid(text, "it is no URL of a database", cure)
    found = End(live.text, live.backend.synchronous(live.url), live.backend)
    if found.is_absent:
        _check_path(found, may_be_absent=may_be_absent)
        return found
    with found.connected() as connection:
        behind = found.backend.behind(connection)
    return End(found.text, behind.synchronous(found.url), behind)


def _check_path(found: End, *, may_be_absent: bool) -> None:
    path = Path(found.url.database or "")
    if not found.url.database or not may_be_absent:
        cure = "correct the path; a fourth slash begins an absolute one"
        raise SourceInvalid(found.text, "no such file", cure)
    if not path.absolute().parent.is_dir():
        raise SourceInvalid(found.text, "no such folder", "make it, or correct the path")


def _engine(url: URL, backend: Backend) -> Engine:
    arguments = backend.connect_arguments(backend.drivers[0])
    return create_engine(url, connect_args=arguments, poolclass=NullPool)
