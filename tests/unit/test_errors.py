from __future__ import annotations

import inspect
import re

import pytest

from dbparity import errors
from dbparity.errors import DbparityError
from dbparity.results import Finding, Place, Severity
from dbparity.targets import Target
from dbparity.transfer.aside import SetAside

TARGET = Target("mysql", "asyncmy", "9")
CAUSE = ValueError("VARCHAR requires a length")
EXAMPLES: list[tuple[DbparityError, str]] = [
    (errors.TargetInvalid("My SQL"), "'My SQL' is not a target; write backend, backend+driver"),
    (errors.TargetUnknown("driver", "x", ["b", "a"]), "unknown driver 'x'; known: a, b"),
    (errors.TargetUnknown("driver", "x", []), "unknown driver 'x'; known: none"),
    (
        errors.DriverMissing(TARGET, "asyncmy", "asyncmy"),
        "mysql+asyncmy@9: asyncmy is not installed; try: pip install 'dbparity[asyncmy]'",
    ),
    (
        errors.DriverMissing("duckdb", "duckdb_engine", ""),
        "duckdb: duckdb_engine is not installed; try: pip install duckdb_engine",
    ),
    (
        errors.SettingsInvalid("targets", "it is a number", "write a list"),
        "targets: it is a number; write a list",
    ),
    (
        errors.StoreInvalid("couch", "no store has such URLs", "write another"),
        "couch: no store has such URLs; write another",
    ),
    (
        errors.RecordsUnusable("sqlite:///a.db", "notes", "no such table", "name another"),
        "sqlite:///a.db: notes: no such table; name another",
    ),
    (
        errors.StoreUnreachable("redis://:***@h:1", CAUSE, "see whether it runs"),
        "redis://:***@h:1: VARCHAR requires a length; see whether it runs",
    ),
    (
        errors.FleetInvalid("poet", "no table", "name it"),
        "poet: no table; name it",
    ),
    (
        errors.AgentUnknown("muse", ["poet"]),
        "there is no agent 'muse'; name one of: poet",
    ),
    (
        errors.SessionUnknown(7, "the gateway"),
        "the gateway has no session 7; it was deleted, or never was: list the user's sessions",
    ),
    (
        errors.SessionForeign(7, "ada"),
        "the session 7 is not of user 'ada'; name one that is",
    ),
    (
        errors.DatabaseBusy("poet", ValueError("no\nlock")),
        "poet cannot be cleaned: no lock; end the transaction that is open there",
    ),
    (
        errors.SessionTorn(7, "poet", "the gateway", ValueError("it is\ngone")),
        "session 7: poet has what the gateway lacks, and it could not be taken back (it is gone);",
    ),
    (
        errors.ScheduleDiverged("writer", ["reader"], ["reader"]),
        "it cannot be the turn of 'writer' in reader, but of: reader; let the actors do the same",
    ),
    (
        errors.HistoryBroken("REVISION-MISSING", "0002", "no file has it", "bring it back"),
        "0002: no file has it; bring it back",
    ),
    (
        errors.ApplicationError("shop:metadata", "no module", "install it"),
        "shop:metadata: no module; install it",
    ),
    (
        errors.PluginBroken("dbparity.backends", "duckdb", CAUSE),
        "the entry point 'duckdb' of dbparity.backends cannot be loaded (ValueError(",
    ),
    (
        errors.HistoryBroken("HEADS-NOT-ONE", "revision 3", "nobody has it", "restore its file"),
        "revision 3: nobody has it; restore its file",
    ),
    (
        errors.SnapshotInvalid("it is no JSON"),
        "not a snapshot of a schema: it is no JSON; write one with dbparity schema snapshot",
    ),
    (
        errors.SourceInvalid("shop.sql", "no such file", "correct the path"),
        "shop.sql: no such file; correct the path",
    ),
    (
        errors.BackendUnsuited("DuckDB"),
        "DuckDB is no target of a migration: its package does not say how it keeps another",
    ),
    (
        errors.BaseUnusable("v1", "no such revision", "fetch it"),
        "v1: no such revision; fetch it",
    ),
    (
        errors.BaselineInvalid("base.json", "it is no whole JSON", "write it anew"),
        "base.json: it is no whole JSON; write it anew",
    ),
    (
        errors.TargetIsSource("sqlite:///shop"),
        "sqlite:///shop is the source itself; name another database as the target",
    ),
    (
        errors.TargetOccupied("sqlite:///shop", ["agents", "orders"]),
        "sqlite:///shop has rows in agents, orders, and nothing was written; name an empty",
    ),
    (
        errors.TargetUnfit("sqlite:///shop", ["it has no table t", "u has no column a"]),
        "sqlite:///shop cannot take the rows: it has no table t; u has no column a; migrate its",
    ),
    (
        errors.NothingToResume("sqlite:///shop"),
        "sqlite:///shop has no migration to resume or to roll back: none is unfinished there",
    ),
    (
        errors.MigrationUnfinished("sqlite:///shop", "m1"),
        "sqlite:///shop holds the unfinished migration m1; resume it, or roll it back",
    ),
    (
        errors.MigrationUndone("sqlite:///shop", "m1"),
        "the migration m1 into sqlite:///shop is being rolled back; let that end first",
    ),
    (
        errors.SchemaChanged("sqlite:///shop", ["t", "u"]),
        "the schema of sqlite:///shop has changed since the migration was planned (t, u); roll",
    ),
    (
        errors.RowsUnguarded("sqlite:///shop", ["t"]),
        "sqlite:///shop checks foreign keys while rows are loaded, and those of t may refer to",
    ),
    (
        errors.LogUnwritable("logs/m1.jsonl", PermissionError(13, "Permission denied")),
        "logs/m1.jsonl: permission denied; name a folder that can be written",
    ),
    (
        errors.ArchiveInvalid("shop.zip", "it ends too soon", "take another one"),
        "shop.zip is no archive to go by: it ends too soon; take another one",
    ),
    (
        errors.ArchiveUnwritable("shop.zip", OSError(28, "No space left on device")),
        "shop.zip: no space left on device, and no archive was written; name a folder",
    ),
    (
        errors.RowsUnsatisfiable("agent", "positive", "it contradicts itself"),
        "no valid row can be made for table 'agent': positive: it contradicts itself; give a",
    ),
    (
        errors.ServerUnavailable("mysql@9", ["no docker", "no binary"]),
        "mysql@9: no server: no docker; no binary",
    ),
    (
        errors.ServerFailed("mysql:9", "exited with 1", ["no space", "aborting"]),
        "mysql:9 did not start (exited with 1): no space | aborting",
    ),
    (errors.ServerFailed("mysqld", "killed", []), "mysqld did not start (killed): no words"),
    (
        errors.ServerUnreachable("mysql://root:***@localhost", 90.0, CAUSE),
        "no login to mysql://root:***@localhost within 90 s (VARCHAR requires a length); check",
    ),
    (errors.ServerMismatch("9", "8.4.2"), "it is 8.4.2 where 9 is wanted; correct the URL or"),
    (
        errors.ServerUnsafe("mysql@9", "log_bin", "0", "1"),
        "mysql@9: log_bin is '1' where a test server has '0'; remove what overrides it",
    ),
    (
        errors.WorkerFailed("head", "it ended with 1", "ImportError"),
        "the benchmarks of head died: it ended with 1; run dbparity bench run there to see it",
    ),
    (
        errors.DatabaseUnreachable("mysql://root:***@localhost/shop", CAUSE),
        "no connection to mysql://root:***@localhost/shop (VARCHAR requires a length); check",
    ),
    (errors.DatabaseForeign("shop"), "'shop' was not made by dbparity and is left alone; only"),
    (
        errors.SchemaRefused(TARGET, "table 'agent'", CAUSE, "give it a length"),
        "mysql+asyncmy@9 refuses table 'agent': VARCHAR requires a length; give it a length",
    ),
    (
        errors.SchemaInexpressible("MySQL", ["agent: index a", "agent: index b"]),
        "MySQL cannot express the model: agent: index a | agent: index b",
    ),
    (
        errors.SchemaOccupied("sqlite:///dev.db", ["agent", "task"], ["agent.name: shorter"]),
        "sqlite:///dev.db has tables of the same names (agent, task) with another schema (agent.n",
    ),
    (
        errors.SchemaOccupied("sqlite:///dev.db", ["agent"], ["a", "b", "c"]),
        "sqlite:///dev.db has tables of the same names (agent) with another schema (a and 2 more)",
    ),
    (errors.CellsRefused(["a of row 3: 1 is bad"]), "a of row 3: 1 is bad; correct them at their"),
    (
        errors.CellsRefused(["a of row 3: 1 is bad", "b", "c"]),
        "a of row 3: 1 is bad and 2 more; correct them at their source, or have them set aside",
    ),
    (
        errors.RowsRefused("t", ValueError("no\nway"), 3, "a"),
        "t, row 3, column a: no way; nothing of this batch was kept: correct it, or set it aside",
    ),
    (errors.RowsRefused("t", ValueError("no")), "t: no; nothing of this batch was kept"),
    (
        errors.TargetUnwritable("sqlite:///shop", ValueError("no\nright")),
        "sqlite:///shop cannot be written to (no right), and nothing was; name a user who",
    ),
    (
        errors.MigrationCutOff("sqlite:///shop", ValueError("gone\naway")),
        "the migration into sqlite:///shop was cut off (gone away); see what became of the",
    ),
    (
        errors.RowsSetAside("t", [SetAside("t", ("1",), "a", "x", "is long")] * 3),
        "t does not take the row with the key 1: is long and 2 more; correct it at its source",
    ),
    (
        errors.TargetUnrestored("sqlite:///shop", ["t has rows", "u is not there"]),
        "sqlite:///shop is not as it was: t has rows; u is not there; the journal and the",
    ),
    (
        errors.ArchiveDiffers(
            "shop.zip", [Finding("D", Severity.LOST, "it differs", Place("t", "a"))] * 2
        ),
        "the database is not as shop.zip has it: t.a: it differs, and 1 more tables differ; find",
    ),
    (
        errors.RowsMiscounted("t", 3, 2),
        "t took 2 of 3 rows, and this chunk was not kept; see whether a trigger or a rule of",
    ),
    (
        errors.RowsUnwritable("t", ValueError("no\nroom")),
        "t could not be written: no room; nothing of this transaction was kept: check the",
    ),
    (
        errors.RowsUnreadable("t", ValueError("no\nway")),
        "t could not be read: no way; check the server, and run it again",
    ),
]


@pytest.mark.parametrize(("error", "text"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_error_says_what_happened_where_and_the_cure(error: DbparityError, text: str) -> None:
    assert str(error).startswith(text)


@pytest.mark.parametrize("error", [error for error, _ in EXAMPLES], ids=lambda e: type(e).__name__)
def test_error_carries_all_that_it_was_made_of(error: DbparityError) -> None:
    parameters = list(inspect.signature(type(error)).parameters)
    assert set(parameters) <= set(vars(error))


def test_every_error_that_is_raised_has_an_example() -> None:
    concrete = {value for value in vars(errors).values() if _is_ours(value)} - {
        DbparityError,
        errors.UsageError,
        errors.ServerError,
        errors.DatabaseError,
    }
    assert {type(error) for error, _ in EXAMPLES} == concrete


def test_tree_at_the_top_is_complete_and_in_order() -> None:
    assert errors.__doc__ is not None
    drawn = re.findall(r"^[│├└─ ]*([A-Z]\w+Error|[A-Z]\w+)(?:  +|$)", errors.__doc__, re.MULTILINE)
    defined = [name for name, value in vars(errors).items() if _is_ours(value)]
    assert drawn == defined


def _is_ours(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, DbparityError)
