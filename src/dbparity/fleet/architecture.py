"""Whether each database of a fleet is what it is declared to be, and stands alone."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from dbparity.errors import DatabaseUnreachable
from dbparity.fleet.members import GATEWAY
from dbparity.results import Finding, Place, Severity, Verified
from dbparity.schema import revisions
from dbparity.schema.envpy import Door
from dbparity.schema.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from dbparity.fleet.members import Fleet, Member
    from dbparity.fleet.views import Views
    from dbparity.results import Item
    from dbparity.servers.database import Database

_VERSIONS = "alembic_version"


def architecture(fleet: Fleet, views: Views) -> Iterator[Item]:
    """Databases that are missing, shared, of another schema or version, or that refer out."""
    reached, versions = [], version_table(fleet, views)
    for member in fleet.members:
        try:
            yield from _schema(fleet, member, views, versions)
            reached.append(member)
        except DatabaseUnreachable as error:
            yield Finding(
                "FLEET-UNREACHABLE",
                Severity.LOST,
                f"the database of {member.name} cannot be reached",
                expected="a database",
                actual=str(error.cause),
                recommendation="start its server, or make it again",
            )
    yield from _shared(reached, views)


def version_table(fleet: Fleet, views: Views) -> str:
    """What the gateway's migrations call their table of versions; the usual one, without any."""
    if not fleet.gateway.migrated:
        return _VERSIONS
    try:
        views.ask(GATEWAY, lambda _: None)  # env.py would make a file that is missing
    except DatabaseUnreachable:
        return _VERSIONS

    def ask(database: Database) -> str:
        history = History.of(Door.of(fleet.gateway.application))
        return revisions.terms(database, history).table

    return views.run(GATEWAY, ask)


def _schema(fleet: Fleet, member: Member, views: Views, versions: str) -> Iterator[Item]:
    there = views.ask(member.name, _tables)
    if member.migrated:
        yield from _version(member, views)
    elif versions in there:
        yield Finding(
            "FLEET-MIGRATED",
            Severity.WRONG,
            f"{member.name} has a table of versions, though its tables are made directly",
            Place(versions),
            "no table of versions",
            versions,
            "drop it: nobody migrates this database",
        )
    yield from _missing(member, there)
    yield from _foreign(fleet, member, there)
    for table, other in views.ask(member.name, _leaving):
        yield Finding(
            "FLEET-REFERS-OUT",
            Severity.WRONG,
            f"a foreign key of {member.name} leads into another database",
            Place(table),
            "keys within the database",
            other,
            "drop it, and keep the id alone: the other database may be elsewhere tomorrow",
        )
    yield Verified(f"{member.name} has {len(there)} tables of its own")


def _version(member: Member, views: Views) -> Iterator[Item]:
    heads = revisions.heads(member.application)
    at = views.run(member.name, revisions.current)
    if not at:
        yield Finding(
            "FLEET-UNVERSIONED",
            Severity.WRONG,
            f"{member.name} has no migration version",
            expected=", ".join(heads),
            actual="none",
            recommendation="make its tables by the migrations: alembic upgrade head",
        )
    elif set(at) != set(heads):
        yield Finding(
            "FLEET-BEHIND",
            Severity.WRONG,
            f"{member.name} is not at the newest revision",
            expected=", ".join(heads),
            actual=", ".join(at),
            recommendation="alembic upgrade head",
        )
    else:
        yield Verified(f"{member.name} is at {', '.join(at)}")


def _missing(member: Member, there: Mapping[str, set[str]]) -> Iterator[Item]:
    for table in member.application.metadata.sorted_tables:
        wanted = {column.name for column in table.columns}
        lacking = sorted(wanted - there.get(table.name, set()))
        if table.name not in there:
            yield _lacks(member, Place(table.name), "table", table.name)
        elif lacking:
            yield _lacks(member, Place(table.name, ", ".join(lacking)), "column", *lacking)


def _lacks(member: Member, place: Place, what: str, *names: str) -> Finding:
    return Finding(
        "FLEET-SCHEMA",
        Severity.WRONG,
        f"the database of {member.name} has another schema: it lacks a {what}",
        place,
        ", ".join(names),
        "missing",
        "point it at its own database, or make its tables again",
    )


def _foreign(fleet: Fleet, member: Member, there: Mapping[str, set[str]]) -> Iterator[Item]:
    own = {table.name for table in member.application.metadata.sorted_tables}
    for table in sorted(set(there) - own):
        others = [
            each.name
            for each in fleet.members
            if table in each.application.metadata.tables and each.name != member.name
        ]
        if others:
            yield Finding(
                "FLEET-TABLE-ASTRAY",
                Severity.WRONG,
                f"{member.name} has a table of {others[0]}",
                Place(table),
                "its own tables",
                table,
                "look which application was started with the wrong URL, and drop the table",
            )


def _shared(reached: list[Member], views: Views) -> Iterator[Item]:
    """Members that are in one database, however their URLs are written."""
    by_identity: dict[str, list[str]] = defaultdict(list)
    for member in reached:
        identity = views.run(member.name, _identity)
        by_identity[identity].append(member.name)
    for names in by_identity.values():
        if len(names) > 1:
            yield Finding(
                "FLEET-SHARED",
                Severity.WRONG,
                f"{' and '.join(names)} are in one database",
                expected="a database each",
                actual=str(len(names)),
                recommendation="give each a URL of its own",
            )
    yield Verified(f"{len(by_identity)} databases")


def _identity(database: Database) -> str:
    with database.engine.connect() as connection:
        return database.backend.identity(connection)


def _tables(connection: Connection) -> dict[str, set[str]]:
    looking = inspect(connection)
    found = looking.get_multi_columns()
    return {name: {column["name"] for column in found[None, name]} for _, name in found}


def _leaving(connection: Connection) -> list[tuple[str, str]]:
    """Tables, and what their foreign keys refer to in another schema or database."""
    keys = inspect(connection).get_multi_foreign_keys()
    return [
        (str(table), f"{one['referred_schema']}.{one['referred_table']}")
        for (_, table), each in keys.items()
        for one in each
        if one["referred_schema"]
    ]
