"""Prove that one SQLAlchemy application behaves the same on every database it supports."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbparity.applications import Application, load_application
    from dbparity.backends.base import Backend, Driver, Features
    from dbparity.conformance.base import Check, check
    from dbparity.errors import DbparityError
    from dbparity.fleet.agent import AgentPersistenceAdapter
    from dbparity.fleet.gateway import GatewayPersistenceAdapter
    from dbparity.fleet.inspector import CrossDatabaseInspector
    from dbparity.fleet.manager import MultiDatabaseManager
    from dbparity.performance.requirements import PerformanceValidator
    from dbparity.performance.workloads import Workload
    from dbparity.results import (
        Finding,
        Observation,
        Outcome,
        Place,
        Report,
        Result,
        Severity,
        Skipped,
        Verified,
    )
    from dbparity.schema.diff import diff
    from dbparity.schema.differences import Difference, Meaning
    from dbparity.servers.base import ServerOptions
    from dbparity.servers.database import Database
    from dbparity.servers.environment import DatabaseTestEnvironment
    from dbparity.settings import Settings
    from dbparity.snapshots import Snapshot
    from dbparity.stores.health import DatabaseHealthChecker
    from dbparity.synthesis import RowSynthesizer
    from dbparity.targets import Target
    from dbparity.tester import CrossDatabaseTester, load_checks
    from dbparity.transfer.service import DataMigrationService
    from dbparity.transfer.validator import MigrationValidator
else:  # hidden from type checkers, or they would find no misspelt name

    def __getattr__(name: str) -> object:
        """Import a public name when it is first asked for: SQLAlchemy alone takes half a second."""
        if name not in _ROOM_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"dbparity.{_ROOM_OF[name]}"), name)


__all__ = [
    "AgentPersistenceAdapter",
    "Application",
    "Backend",
    "Check",
    "CrossDatabaseInspector",
    "CrossDatabaseTester",
    "DataMigrationService",
    "Database",
    "DatabaseConsistencyValidator",
    "DatabaseHealthChecker",
    "DatabaseTestEnvironment",
    "DbparityError",
    "Difference",
    "Driver",
    "Features",
    "Finding",
    "GatewayPersistenceAdapter",
    "Meaning",
    "MigrationValidator",
    "MultiDatabaseManager",
    "Observation",
    "Outcome",
    "PerformanceValidator",
    "Place",
    "Report",
    "Result",
    "RowSynthesizer",
    "ServerOptions",
    "Settings",
    "Severity",
    "Skipped",
    "Snapshot",
    "Target",
    "Verified",
    "Workload",
    "check",
    "diff",
    "load_application",
    "load_checks",
]

_ROOMS = {
    "applications": ("Application", "load_application"),
    "backends.base": ("Backend", "Driver", "Features"),
    "conformance.base": ("Check", "check"),
    "consistency.validator": ("DatabaseConsistencyValidator",),
    "errors": ("DbparityError",),
    "fleet.agent": ("AgentPersistenceAdapter",),
    "fleet.gateway": ("GatewayPersistenceAdapter",),
    "fleet.inspector": ("CrossDatabaseInspector",),
    "fleet.manager": ("MultiDatabaseManager",),
    "performance.requirements": ("PerformanceValidator",),
    "performance.workloads": ("Workload",),
    "results": (
        "Finding",
        "Observation",
        "Outcome",
        "Place",
        "Report",
        "Result",
        "Severity",
        "Skipped",
        "Verified",
    ),
    "schema.diff": ("diff",),
    "schema.differences": ("Difference", "Meaning"),
    "servers.base": ("ServerOptions",),
    "servers.database": ("Database",),
    "servers.environment": ("DatabaseTestEnvironment",),
    "settings": ("Settings",),
    "snapshots": ("Snapshot",),
    "synthesis": ("RowSynthesizer",),
    "targets": ("Target",),
    "stores.health": ("DatabaseHealthChecker",),
    "tester": ("CrossDatabaseTester", "load_checks"),
    "transfer.service": ("DataMigrationService",),
    "transfer.validator": ("MigrationValidator",),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}
