"""Every exception that dbparity raises.

DbparityError
├── UsageError                what was asked for cannot be done as it was asked
│   ├── TargetInvalid         not of the form backend+driver@version
│   ├── TargetUnknown         no such backend, driver, category or other named thing
│   ├── DriverMissing         the driver's package is not installed
│   ├── SettingsInvalid       [tool.dbparity], an option or an environment variable
│   ├── ApplicationError      the application cannot be loaded
│   ├── HistoryBroken         the application's revisions make no history
│   ├── PluginBroken          an entry point cannot be loaded
│   ├── SnapshotInvalid       a JSON that is no snapshot of a schema
│   ├── SourceInvalid         a schema that cannot be read from where it was said to be
│   ├── BackendUnsuited       no rows can be moved to such a backend
│   ├── BaseUnusable          a revision that nothing can be compared with
│   ├── StoreInvalid          a URL that names no store
│   ├── RecordsUnusable       records that a store does not have, or not in such a form
│   ├── FleetInvalid          several databases that are not as their declaration has to be
│   ├── AgentUnknown          an agent that the fleet has not
│   ├── SessionUnknown        a session that is not there, or not any more
│   ├── SessionForeign        a session of another user
│   ├── ScheduleDiverged      a schedule that its actors do not follow
│   ├── BaselineInvalid       a file that is no record of benchmarks
│   ├── TargetIsSource        a migration into the database that it comes from
│   ├── TargetOccupied        the target has rows, and nobody said what becomes of them
│   ├── TargetUnfit           the target's tables cannot take the rows
│   ├── NothingToResume       the target has no migration that could go on
│   ├── MigrationUnfinished   another migration into the target has not ended
│   ├── MigrationUndone       the way back has begun
│   ├── SchemaChanged         the source is not what a migration was planned for
│   ├── RowsUnguarded         foreign keys would refuse rows because others come later
│   ├── LogUnwritable         a log that cannot be written
│   ├── ArchiveInvalid        a file that is no archive, or is not what was written
│   ├── ArchiveUnwritable     no room for an archive, or no right to write it
│   └── RowsUnsatisfiable     no valid row can be made for a table
├── ServerError
│   ├── ServerUnavailable     no provider could give the server
│   ├── ServerFailed          it could not be started
│   ├── ServerUnreachable     no login to it succeeded
│   ├── ServerMismatch        it has another version than was wanted
│   └── ServerUnsafe          a test server that would wait for a disk
├── WorkerFailed              a process that measures could not go on
└── DatabaseError
    ├── DatabaseUnreachable   no connection to a database that was named by its URL
    ├── StoreUnreachable      no answer of a store that was named by its URL
    ├── DatabaseForeign       not made by dbparity, so never touched
    ├── SchemaRefused         the backend refuses the application's schema
    ├── SchemaInexpressible   the backend has no words for what a model says
    ├── SchemaOccupied        tables of the same names are there, of another schema
    ├── CellsRefused          values that cannot be moved as they are
    ├── RowsRefused           rows that a server does not take
    ├── TargetUnwritable      a target in which nothing can be made
    ├── MigrationCutOff       a migration with which a server did not go on
    ├── RowsSetAside          rows that do not fit, where none may be left behind
    ├── TargetUnrestored      a target that is not as it was before a migration
    ├── ArchiveDiffers        a database that has not the rows of its archive
    ├── RowsMiscounted        a table that took other rows than were sent
    ├── DatabaseBusy          a database that somebody holds a lock in
    ├── SessionTorn           a session of which one database has what the other has not
    ├── RowsUnwritable        a server that cannot go on with a load, whatever the rows are
    └── RowsUnreadable        a table that a server does not let be read to its end

Rooms raise these; only the doors turn them into exit codes. Each carries the objects it is
about, and its text says what happened, where, and the cure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class DbparityError(Exception):
    """The base of every error of dbparity."""


class UsageError(DbparityError):
    """What was asked for cannot be done as it was asked."""


class TargetInvalid(UsageError):
    """A text that does not name a target."""

    def __init__(self, text: str) -> None:
        """Name the ``text`` that could not be read."""
        self.text = text
        super().__init__(
            f"{text!r} is not a target; write backend, backend+driver, backend@version or "
            "backend+driver@version, such as postgresql+asyncpg@17"
        )


class TargetUnknown(UsageError):
    """A target whose backend or driver nobody provides, or that is not configured."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        """Say which ``what`` (backend, driver, target, ...) ``name`` is not among ``known``."""
        self.what, self.name, self.known = what, name, tuple(sorted(known))
        super().__init__(f"unknown {what} {name!r}; known: {', '.join(self.known) or 'none'}")


class DriverMissing(UsageError):
    """A driver whose package is not installed."""

    def __init__(self, target: object, module: str, extra: str) -> None:
        """Name the ``target``, the missing ``module``, and the ``extra`` that has it, if any."""
        self.target, self.module, self.extra = target, module, extra
        package = f"'dbparity[{extra}]'" if extra else module
        super().__init__(f"{target}: {module} is not installed; try: pip install {package}")


class SettingsInvalid(UsageError):
    """A setting that cannot be used."""

    def __init__(self, where: str, reason: str, cure: str) -> None:
        """Name the setting (``where``), what is wrong with it and the ``cure``."""
        self.where, self.reason, self.cure = where, reason, cure
        super().__init__(f"{where}: {reason}; {cure}")


class ApplicationError(UsageError):
    """An application that cannot be loaded."""

    def __init__(self, path: str, reason: str, cure: str) -> None:
        """Name the ``path`` that was given, why it cannot be used and the ``cure``."""
        self.path, self.reason, self.cure = path, reason, cure
        super().__init__(f"{path}: {reason}; {cure}")


class HistoryBroken(UsageError):
    """Revisions of an application that make no history."""

    def __init__(self, code: str, what: str, reason: str, cure: str) -> None:
        """Name the finding's ``code``, the revision or file, the reason and the ``cure``."""
        self.code, self.what, self.reason, self.cure = code, what, reason, cure
        super().__init__(f"{what}: {reason}; {cure}")


class PluginBroken(UsageError):
    """An entry point that cannot be loaded."""

    def __init__(self, group: str, name: str, cause: Exception) -> None:
        """Name the entry point (``group`` and ``name``) and the ``cause``."""
        self.group, self.name, self.cause = group, name, cause
        super().__init__(
            f"the entry point {name!r} of {group} cannot be loaded ({cause!r}); "
            "update or uninstall the package that declares it"
        )


class SnapshotInvalid(UsageError):
    """A JSON that is no snapshot of a schema."""

    def __init__(self, reason: str) -> None:
        """Say what is wrong with it."""
        self.reason = reason
        super().__init__(
            f"not a snapshot of a schema: {reason}; write one with dbparity schema snapshot"
        )


class SourceInvalid(UsageError):
    """A schema that cannot be read from where it was said to be."""

    def __init__(self, text: str, reason: str, cure: str) -> None:
        """Name the source as it was written, without a password, the reason and the ``cure``."""
        self.text, self.reason, self.cure = text, reason, cure
        super().__init__(f"{text}: {reason}; {cure}")


class BackendUnsuited(UsageError):
    """A backend that does not say how it keeps another product's schema."""

    def __init__(self, title: str) -> None:
        """Name the backend by its ``title``."""
        self.title = title
        super().__init__(
            f"{title} is no target of a migration: its package does not say how it keeps another "
            "product's types; choose another target, or override Backend.home in the package"
        )


class BaseUnusable(UsageError):
    """A revision that nothing can be compared with."""

    def __init__(self, revision: str, reason: str, cure: str) -> None:
        """Name the ``revision``, why it cannot be used and the ``cure``."""
        self.revision, self.reason, self.cure = revision, reason, cure
        super().__init__(f"{revision}: {reason}; {cure}")


class StoreInvalid(UsageError):
    """A URL that names no store."""

    def __init__(self, where: str, reason: str, cure: str) -> None:
        """Name what of the URL cannot be used, without its password, why, and the ``cure``."""
        self.where, self.reason, self.cure = where, reason, cure
        super().__init__(f"{where}: {reason}; {cure}")


class RecordsUnusable(UsageError):
    """Records that a store does not have, or not in such a form."""

    def __init__(self, store: str, what: str, reason: str, cure: str) -> None:
        """Name the ``store``, ``what`` was asked of it, why it has no such thing, and the cure."""
        self.store, self.what, self.reason, self.cure = store, what, reason, cure
        super().__init__(f"{store}: {what}: {reason}; {cure}")


class FleetInvalid(UsageError):
    """Several databases that are not as their declaration has to be."""

    def __init__(self, what: str, reason: str, cure: str) -> None:
        """Name ``what`` of the fleet it is, what is wrong with it and the ``cure``."""
        self.what, self.reason, self.cure = what, reason, cure
        super().__init__(f"{what}: {reason}; {cure}")


class AgentUnknown(UsageError):
    """An agent that the fleet has not."""

    def __init__(self, agent: str, known: Iterable[str]) -> None:
        """Name the ``agent`` and those that are ``known``."""
        self.agent, self.known = agent, tuple(known)
        super().__init__(
            f"there is no agent {agent!r}; name one of: {', '.join(self.known) or 'none'}"
        )


class SessionUnknown(UsageError):
    """A session that is not there, or not any more."""

    def __init__(self, session: object, database: str) -> None:
        """Name the ``session`` and the ``database`` that was searched."""
        self.session, self.database = session, database
        super().__init__(
            f"{database} has no session {session}; it was deleted, or never was: "
            "list the user's sessions"
        )


class SessionForeign(UsageError):
    """A session of another user."""

    def __init__(self, session: object, user: str) -> None:
        """Name the ``session`` and the ``user`` who asked for it, and not whose it is."""
        self.session, self.user = session, user
        super().__init__(f"the session {session} is not of user {user!r}; name one that is")


class ScheduleDiverged(UsageError):
    """A schedule that its actors do not follow."""

    def __init__(self, actor: str, schedule: Sequence[str], options: Sequence[str]) -> None:
        """Name the ``actor`` whose turn it cannot be, the schedule so far, and who could go on."""
        self.actor, self.schedule, self.options = actor, tuple(schedule), tuple(options)
        super().__init__(
            f"it cannot be the turn of {actor!r} in {', '.join(self.schedule)}, but of: "
            f"{', '.join(self.options) or 'nobody'}; let the actors do the same whenever they meet "
            "the same: fix their seeds, and let no other work go on in the stores"
        )


class BaselineInvalid(UsageError):
    """A file that is no record of benchmarks, or has no whole one."""

    def __init__(self, path: str, reason: str, cure: str) -> None:
        """Name the file by its ``path``, what is wrong with it and the ``cure``."""
        self.path, self.reason, self.cure = path, reason, cure
        super().__init__(f"{path}: {reason}; {cure}")


class TargetIsSource(UsageError):
    """A migration into the database that it comes from."""

    def __init__(self, url: str) -> None:
        """Name the database by its URL without the password."""
        self.url = url
        super().__init__(f"{url} is the source itself; name another database as the target")


class TargetOccupied(UsageError):
    """A target with rows of which nobody said what becomes of them."""

    def __init__(self, url: str, tables: Sequence[str]) -> None:
        """Name the database by its URL without the password, and its tables that have rows."""
        self.url, self.tables = url, tuple(tables)
        super().__init__(
            f"{url} has rows in {', '.join(self.tables)}, and nothing was written; name an empty "
            "database, resume the migration that began there, or replace the rows"
        )


class TargetUnfit(UsageError):
    """A target whose tables cannot take the source's rows."""

    def __init__(self, url: str, reasons: Sequence[str]) -> None:
        """Name the database by its URL without the password, and each reason."""
        self.url, self.reasons = url, tuple(reasons)
        super().__init__(
            f"{url} cannot take the rows: {'; '.join(self.reasons)}; migrate its schema, or name "
            "an empty database, which gets one that fits"
        )


class NothingToResume(UsageError):
    """A migration that is to go on where none has begun."""

    def __init__(self, url: str) -> None:
        """Name the database by its URL without the password."""
        self.url = url
        super().__init__(
            f"{url} has no migration to resume or to roll back: none is unfinished there"
        )


class MigrationUnfinished(UsageError):
    """A migration into a target in which another one has not ended."""

    def __init__(self, url: str, migration: str) -> None:
        """Name the database by its URL without the password, and the ``migration`` there."""
        self.url, self.migration = url, migration
        super().__init__(
            f"{url} holds the unfinished migration {migration}; resume it, or roll it back"
        )


class MigrationUndone(UsageError):
    """A migration that is to go on, though its way back has begun."""

    def __init__(self, url: str, migration: str) -> None:
        """Name the database by its URL without the password, and the ``migration`` there."""
        self.url, self.migration = url, migration
        super().__init__(
            f"the migration {migration} into {url} is being rolled back; let that end first"
        )


class SchemaChanged(UsageError):
    """A source whose schema is no longer the one that a migration was planned for."""

    def __init__(self, url: str, tables: Sequence[str]) -> None:
        """Name the database by its URL without the password, and the tables that changed."""
        self.url, self.tables = url, tuple(tables)
        super().__init__(
            f"the schema of {url} has changed since the migration was planned "
            f"({', '.join(self.tables)}); roll the migration back, and begin it again"
        )


class RowsUnguarded(UsageError):
    """A target that would check foreign keys before all rows are there."""

    def __init__(self, url: str, tables: Sequence[str]) -> None:
        """Name the database by its URL without the password, and the tables."""
        self.url, self.tables = url, tuple(tables)
        super().__init__(
            f"{url} checks foreign keys while rows are loaded, and those of "
            f"{', '.join(self.tables)} may refer to rows that come later; use a role that may set "
            "session_replication_role, or name an empty database"
        )


class LogUnwritable(UsageError):
    """A log that cannot be written."""

    def __init__(self, path: str, cause: OSError) -> None:
        """Name the file and the ``cause``."""
        self.path, self.cause = path, cause
        super().__init__(
            f"{path}: {(cause.strerror or str(cause)).lower()}; name a folder that can be written"
        )


class ArchiveInvalid(UsageError):
    """A file that is no archive of dbparity, or is not what was written."""

    def __init__(self, path: str, reason: str, cure: str) -> None:
        """Name the file, what is wrong with it and the ``cure``."""
        self.path, self.reason, self.cure = path, reason, cure
        super().__init__(f"{path} is no archive to go by: {reason}; {cure}")


class ArchiveUnwritable(UsageError):
    """An archive that cannot be written."""

    def __init__(self, path: str, cause: OSError) -> None:
        """Name the file and the ``cause``."""
        self.path, self.cause = path, cause
        super().__init__(
            f"{path}: {(cause.strerror or str(cause)).lower()}, and no archive was written; "
            "name a folder that can be written and has room"
        )


class RowsUnsatisfiable(UsageError):
    """A table for which no valid row could be made."""

    def __init__(self, table: str, constraint: str, reason: str) -> None:
        """Name the ``table``, the ``constraint`` (or column) in the way, and why."""
        self.table, self.constraint, self.reason = table, constraint, reason
        super().__init__(
            f"no valid row can be made for table {table!r}: {constraint}: {reason}; "
            "give a factory for this table: [tool.dbparity] factory = 'package.module:factories', "
            "a mapping of table names to functions of the row's number that return its values"
        )


class ServerError(DbparityError):
    """A database server that cannot be used."""


class ServerUnavailable(ServerError):
    """A server that no provider could give."""

    def __init__(self, name: str, reasons: Sequence[str]) -> None:
        """Name the server and each provider's reason with its cure."""
        self.name, self.reasons = name, tuple(reasons)
        super().__init__(f"{name}: no server: " + "; ".join(self.reasons))


class ServerFailed(ServerError):
    """A server that could not be started."""

    def __init__(self, what: str, how: str, words: Sequence[str]) -> None:
        """Name the image or program, how it ended, and its last words, by line."""
        self.what, self.how, self.words = what, how, tuple(words)
        super().__init__(f"{what} did not start ({how}): {' | '.join(self.words) or 'no words'}")


class ServerUnreachable(ServerError):
    """A server to which no login succeeded."""

    def __init__(self, url: str, seconds: float, cause: BaseException | None) -> None:
        """Name the server by its URL without the password, how long it had, and the cause."""
        self.url, self.seconds, self.cause = url, seconds, cause
        super().__init__(
            f"no login to {url} within {seconds:g} s ({cause}); "
            "check the server, the address, the user and the password"
        )


class ServerMismatch(ServerError):
    """A server of another version than was wanted."""

    def __init__(self, wanted: str, version: str) -> None:
        """Name the ``wanted`` version and the server's own."""
        self.wanted, self.version = wanted, version
        super().__init__(f"it is {version} where {wanted} is wanted; correct the URL or the image")


class ServerUnsafe(ServerError):
    """A test server that did not take its settings."""

    def __init__(self, name: str, setting: str, expected: str, actual: str) -> None:
        """Name the server, the ``setting``, and its ``expected`` and ``actual`` value."""
        self.name, self.setting, self.expected, self.actual = name, setting, expected, actual
        super().__init__(
            f"{name}: {setting} is {actual!r} where a test server has {expected!r}; "
            "remove what overrides it from the image's or the binary's configuration"
        )


class WorkerFailed(DbparityError):
    """A process that measures one arm of a comparison and could not go on."""

    def __init__(self, arm: str, reason: str, said: str) -> None:
        """Name the ``arm``, the ``reason`` and what it ``said`` at last."""
        self.arm, self.reason, self.said = arm, reason, said
        super().__init__(
            f"the benchmarks of {arm} died: {reason}; run dbparity bench run there to see it alone"
            + (f"\n{said}" if said else "")
        )


class DatabaseError(DbparityError):
    """A database that cannot be used."""


class DatabaseUnreachable(DatabaseError):
    """A database, named by its URL, to which there is no connection."""

    def __init__(self, url: str, cause: BaseException) -> None:
        """Name the database by its URL without the password, and the cause."""
        self.url, self.cause = url, cause
        reason = " ".join(str(cause).split()) or type(cause).__name__
        super().__init__(
            f"no connection to {url} ({reason}); "
            "check that it is there, the address, the user and the password"
        )


class StoreUnreachable(DatabaseError):
    """A store that does not answer, or not to this login."""

    def __init__(self, store: str, cause: BaseException | str, cure: str) -> None:
        """Name the ``store`` without its password, what it or its library said, and the cure."""
        self.store, self.cause, self.cure = store, cause, cure
        super().__init__(f"{store}: {cause}; {cure}")


class DatabaseForeign(DatabaseError):
    """A database that dbparity did not make."""

    def __init__(self, name: str) -> None:
        """Name the database that was refused."""
        self.name = name
        super().__init__(
            f"{name!r} was not made by dbparity and is left alone; "
            "only databases named dbparity_<run>_<worker>_<n> are ever dropped or cleared"
        )


class SchemaRefused(DatabaseError):
    """A schema that a backend refuses to create."""

    def __init__(self, target: object, subject: str, cause: Exception, cure: str) -> None:
        """Name the ``target``, the table or statement, the ``cause`` and the ``cure``."""
        self.target, self.subject, self.cause, self.cure = target, subject, cause, cure
        super().__init__(f"{target} refuses {subject}: {cause}; {cure}")


class SchemaInexpressible(DatabaseError):
    """A model that a backend can neither express nor be made to emulate."""

    def __init__(self, title: str, remarks: Sequence[object]) -> None:
        """Name the backend by its ``title``, and each refusal with its object and its cure."""
        self.title, self.remarks = title, tuple(remarks)
        super().__init__(f"{title} cannot express the model: " + " | ".join(map(str, remarks)))


class SchemaOccupied(DatabaseError):
    """A database that has tables of the model's names, and not as in the model."""

    def __init__(self, url: str, tables: Sequence[str], differences: Sequence[str]) -> None:
        """Name the database by its URL without the password, its tables and what differs."""
        self.url, self.tables, self.differences = url, tuple(tables), tuple(differences)
        more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
        super().__init__(
            f"{url} has tables of the same names ({', '.join(tables)}) with another schema "
            f"({differences[0]}{more}); migrate it, or give a database without them"
        )


class CellsRefused(DatabaseError):
    """Values that a wire cannot carry, or that their columns would not keep as they are."""

    def __init__(self, cells: Sequence[Any]) -> None:
        """Name each of the ``cells``, `dbparity.wires.BadCell`."""
        self.cells = tuple(cells)
        more = f" and {len(self.cells) - 1} more" if len(self.cells) > 1 else ""
        super().__init__(
            f"{self.cells[0]}{more}; correct them at their source, or have them set aside"
        )


class RowsRefused(DatabaseError):
    """Rows that a server did not take."""

    def __init__(
        self, table: str, cause: Exception, row: int | None = None, column: str | None = None
    ) -> None:
        """Name the ``table``, the ``cause``, and the ``row`` (from 0) and ``column`` if known."""
        self.table, self.cause, self.row, self.column = table, cause, row, column
        place = "".join(
            f", {what} {where}"
            for what, where in (("row", row), ("column", column))
            if where is not None
        )
        reason = " ".join(str(cause).split())
        super().__init__(
            f"{table}{place}: {reason}; nothing of this batch was kept: correct it, or set it aside"
        )


class TargetUnwritable(DatabaseError):
    """A target in which nothing can be made."""

    def __init__(self, url: str, cause: BaseException) -> None:
        """Name the database by its URL without the password, and the cause."""
        self.url, self.cause = url, cause
        reason = " ".join(str(getattr(cause, "orig", cause)).split())
        super().__init__(
            f"{url} cannot be written to ({reason}), and nothing was; "
            "name a user who may make tables there"
        )


class MigrationCutOff(DatabaseError):
    """A migration that could not go on, because a server did not."""

    def __init__(self, url: str, cause: BaseException) -> None:
        """Name the target by its URL without the password, and the cause."""
        self.url, self.cause = url, cause
        reason = " ".join(str(getattr(cause, "orig", cause)).split()) or type(cause).__name__
        super().__init__(
            f"the migration into {url} was cut off ({reason}); see what became of the servers, "
            "then resume it, or roll it back: what was committed is kept"
        )


class RowsSetAside(DatabaseError):
    """Rows that do not fit into a target, where none may be left behind."""

    def __init__(self, table: str, rows: Sequence[Any]) -> None:
        """Name the ``table``, and each of the ``rows``, `dbparity.transfer.aside.SetAside`."""
        self.table, self.rows = table, tuple(rows)
        first = self.rows[0]
        more = f" and {len(self.rows) - 1} more" if len(self.rows) > 1 else ""
        super().__init__(
            f"{table} does not take the row with the key {', '.join(first.key)}: "
            f"{first.reason}{more}; correct it at its source, or have such rows set aside"
        )


class TargetUnrestored(DatabaseError):
    """A target that a migration was rolled back from, and that is not as it was."""

    def __init__(self, url: str, reasons: Sequence[str]) -> None:
        """Name the database by its URL without the password, and what is other."""
        self.url, self.reasons = url, tuple(reasons)
        super().__init__(
            f"{url} is not as it was: {'; '.join(self.reasons)}; the journal and the backup are "
            "kept: see what else writes to it, and roll back again"
        )


class ArchiveDiffers(DatabaseError):
    """A database that does not have the rows that an archive has of it."""

    def __init__(self, path: str, findings: Sequence[Any]) -> None:
        """Name the file, and what differs: each a `dbparity.results.Finding`."""
        self.path, self.findings = path, tuple(findings)
        first = self.findings[0]
        more = f", and {len(findings) - 1} more tables differ" if len(findings) > 1 else ""
        super().__init__(
            f"the database is not as {path} has it: {first.place}: {first.message}{more}; "
            "find what wrote to it meanwhile, and do it again"
        )


class RowsMiscounted(DatabaseError):
    """A table into which other rows went than were sent."""

    def __init__(self, table: str, sent: int, written: int) -> None:
        """Name the ``table``, and how many rows were ``sent`` and ``written``."""
        self.table, self.sent, self.written = table, sent, written
        super().__init__(
            f"{table} took {written} of {sent} rows, and this chunk was not kept; "
            "see whether a trigger or a rule of the target changes what is inserted"
        )


class DatabaseBusy(DatabaseError):
    """A database that somebody holds a lock in."""

    def __init__(self, database: str, cause: Exception) -> None:
        """Name the ``database`` and the ``cause``."""
        self.database, self.cause = database, cause
        super().__init__(
            f"{database} cannot be cleaned: {' '.join(str(cause).split())}; "
            "end the transaction that is open there"
        )


class SessionTorn(DatabaseError):
    """A session of which one database has what the other has not."""

    def __init__(self, session: object, has: str, lacks: str, cause: Exception) -> None:
        """Name the ``session``, the database that ``has`` more, the other, and the ``cause``."""
        self.session, self.has, self.lacks, self.cause = session, has, lacks, cause
        super().__init__(
            f"session {session}: {has} has what {lacks} lacks, and it could not be taken back "
            f"({' '.join(str(cause).split())}); the inspector names the rows"
        )


class RowsUnwritable(DatabaseError):
    """A load with which a server could not go on, whatever the rows are."""

    def __init__(self, table: str, cause: Exception) -> None:
        """Name the ``table`` and the ``cause``."""
        self.table, self.cause = table, cause
        reason = " ".join(str(cause).split())
        super().__init__(
            f"{table} could not be written: {reason}; nothing of this transaction was kept: "
            "check the server, and resume"
        )


class RowsUnreadable(DatabaseError):
    """A table whose rows could not be read to the last."""

    def __init__(self, table: str, cause: Exception) -> None:
        """Name the ``table`` and the ``cause``."""
        self.table, self.cause = table, cause
        reason = " ".join(str(cause).split())
        super().__init__(f"{table} could not be read: {reason}; check the server, and run it again")
