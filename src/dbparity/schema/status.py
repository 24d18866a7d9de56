"""Where a database that somebody else runs stands in the application's history of migrations.

Its own word is asked for first: the table of versions. Whether that is true is seen by running
the migrations up to there in a scratch database, and comparing the two schemas.
"""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, inspect

from dbparity.applications import Application
from dbparity.errors import ApplicationError, DbparityError, ServerUnavailable, SourceInvalid
from dbparity.results import Finding, Severity, Skipped, Verified, concluded
from dbparity.schema import revisions
from dbparity.schema.claims import Word, judged
from dbparity.schema.envpy import Door
from dbparity.schema.history import History
from dbparity.schema.parity import findings
from dbparity.schema.sources import Live, parse, scratch_target
from dbparity.schema.standing import Standing, itinerary, named, standing
from dbparity.schema.walk import Walk, look, versions
from dbparity.servers.database import Database, Opening
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from dbparity.results import Item, Result
    from dbparity.schema.revisions import Terms
    from dbparity.schema.sources import Around
    from dbparity.schema.standing import State
    from dbparity.schema.walk import View
    from dbparity.servers.bridge import Bridge

_CATEGORY = "revisions"


def migrations(
    ini: str, x: Sequence[str], environment: Mapping[str, str], pythonpath: Iterable[str]
) -> Application:
    """An application that is nothing but its migrations: env.py imports what models it needs.

    Raises:
        ApplicationError: there is no such alembic.ini.
    """
    if not Path(ini).is_file():
        cure = "give the path of the application's alembic.ini"
        raise ApplicationError(ini, "no such file", cure)
    sys.path[:0] = [folder for folder in pythonpath if folder not in sys.path]
    return Application(
        ini, MetaData(), Path(ini), alembic_x=tuple(x), alembic_environment=environment
    )


@dataclass(frozen=True)
class Seen:
    """What was to be seen of a database, and the migrations that it is held to."""

    application: Application
    history: History
    view: View

    @property
    def target(self) -> Target:
        """What a scratch database is needed on, for the schema to be compared."""
        return scratch_target(self.view.schema)


def see(url: str, application: Application) -> Seen:
    """Read the database at ``url``; env.py is run for it as ``alembic current`` does.

    Nothing is written to it.

    Raises:
        SourceInvalid: ``url`` is none, or leads to no file.
        DatabaseUnreachable: no connection to it.
        ApplicationError, HistoryBroken: env.py cannot be run, or the revisions are no history.
    """
    history, live = History.of(Door.of(application)), _live(url)
    with live.read_only() as (bridge, engine):
        database = _database(live, application, bridge, engine)
        terms = bridge.run(_terms, database, history, live)
        return Seen(application, history, bridge.run(_view, database, terms))


def status(seen: Seen, around: Around) -> tuple[Result, ...]:
    """Where a database stands: by its own word, and by its schema.

    The migrations are run in a scratch database of `Seen.target`; the second result is skipped
    where ``around`` has none.

    Raises:
        SourceInvalid: an upgrade fails there.
    """
    target, schema, began = str(seen.target), seen.view.schema, time.perf_counter()
    compared = list(_compared(seen, around))
    seconds = time.perf_counter() - began
    word = Word(seen.view.at, len(schema.tables))
    return (
        concluded(target, _CATEGORY, "version", judged(word, seen.history)),
        concluded(target, _CATEGORY, "schema", compared, seconds),
    )


def glance(
    url: str,
    ini: str,
    x: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    pythonpath: Iterable[str] = (),
) -> dict[str, Any]:
    """The first result of `status` alone, as JSON has it: for a health check, which is short.

    Raises:
        Exception: whatever `see` does.
    """
    application = migrations(ini, x, environment or {}, pythonpath)
    history, live = History.of(Door.of(application)), _live(url)
    with live.read_only() as (bridge, engine):
        database = _database(live, application, bridge, engine)
        terms = bridge.run(_terms, database, history, live)
        word = bridge.run(_word, database, terms)
    left = Skipped("whether its schema is that of its revision: dbparity revisions status tells")
    return asdict(concluded("", _CATEGORY, "version", (*judged(word, history), left)))


def _live(url: str) -> Live:
    live = parse(url)
    if not isinstance(live, Live):
        raise SourceInvalid(live.text, "it is no URL", "write one, such as sqlite:///./dev.db")
    return live


def _database(live: Live, application: Application, bridge: Bridge, engine: Engine) -> Database:
    """The live one, as far as env.py is run for it."""
    return Database(
        Target(live.backend.name, bridge.driver.name),
        engine.url,
        live.backend,
        (),
        bridge,
        Opening(lambda: engine, bridge.dispose),
        application,
        beside=nullcontext,  # type: ignore[arg-type]  # nobody asks for another one
    )


def _terms(database: Database, history: History, live: Live) -> Terms:
    live.login(database.engine).close()
    try:
        return revisions.terms(database, history)
    except DbparityError:
        raise
    except (Exception, SystemExit) as error:  # env.py is the user's
        reason = f"env.py cannot be run ({type(error).__name__}: {error})".splitlines()[0]
        cure = "alembic current must work, over a session that cannot write"
        raise ApplicationError(str(Door.of(database.application).ini), reason, cure) from error


def _view(database: Database, terms: Terms) -> View:
    with database.engine.connect() as connection:
        return look(connection, database.backend.behind(connection), terms)


def _word(database: Database, terms: Terms) -> Word:
    with database.engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        return Word(versions(connection, terms), len(set(tables) - {terms.table}))


def _compared(seen: Seen, around: Around) -> Iterator[Item]:
    try:
        with around.lease(seen.target, seen.application, empty=True) as database:
            view = _exact(seen.view)
            yield from database.run(lambda scratch: list(_tried(view, Walk.begin(scratch))))
    except ServerUnavailable as error:
        yield Skipped(f"its schema could not be compared: {error}")


def _tried(view: View, walk: Walk) -> Iterator[Item]:
    """Compare with the revision that is claimed, or else look for one that is alike."""
    at, history = view.at or (), walk.history
    if not {revision.id for revision in history.revisions}.issuperset(at) or (
        view.schema.tables and not at
    ):
        yield from _likely(_really(view, walk))
        return
    for revision in sorted(set(at) - history.before(at)):
        _upgrade(walk, revision)
    there = _exact(walk.view())
    if not there.unlike(view):
        yield Verified(f"its schema is that of {named(at)}")
        return
    really = _really(view, walk)
    if really is not None:
        yield Standing(view.at, really, known=True, differences=()).finding()
    yield from findings(there.schema, view.schema)


def _likely(really: State | None) -> Iterator[Item]:
    yield Skipped("it names no revision of this history to compare its schema with")
    if really is not None:
        yield Finding(
            "SCHEMA-AT",
            Severity.NOTE,
            f"its schema is that of {named(really)}",
            recommendation=f"if its rows are in order, let it say so: "
            f"alembic stamp --purge {' '.join(really)}",
        )


def _really(view: View, walk: Walk) -> State | None:
    """The revisions whose schema it has; None where it is that of none."""
    with walk.database.another() as other:
        try:
            seen = itinerary(Walk.begin(other))
        except Exception:  # noqa: BLE001  # a later revision may fail, and is not asked about
            return None
    return standing(view, {state: _exact(there) for state, there in seen.items()}).really


def _exact(view: View) -> View:
    """With indexes that serve foreign keys as any other: no product adds some on one side alone."""
    tables = tuple(
        replace(each, indexes=tuple(replace(index, serves_key=False) for index in each.indexes))
        for each in view.schema.tables
    )
    return replace(view, schema=replace(view.schema, tables=tables))


def _upgrade(walk: Walk, revision: str) -> None:
    try:
        revisions.upgrade(walk.database, revision)
    except Exception as error:  # the revisions are the user's
        reason = f"the upgrade fails ({type(error).__name__}: {error})".splitlines()[0]
        cure = "correct the revision; dbparity revisions check tells more"
        raise SourceInvalid(f"revision:{revision}", reason, cure) from error
