"""A fleet: a gateway, and agents that have a database each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dbparity.applications import load_application
from dbparity.errors import AgentUnknown, FleetInvalid
from dbparity.fleet.tables import agent_tables, gateway_tables
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dbparity.applications import Application
    from dbparity.fleet.options import DatabaseOptions, FleetOptions
    from dbparity.fleet.tables import AgentTables, GatewayTables

GATEWAY = "gateway"


@dataclass(frozen=True)
class Member:
    """A database of a fleet.

    Attributes:
        name: "gateway", or the agent's.
        application: whose tables it has; with an alembic.ini, migrations make them.
        target: where it is, if not on the target of the test; a driver may be left open.
    """

    name: str
    application: Application
    target: Target | None = None

    @property
    def migrated(self) -> bool:
        """Whether migrations make its tables."""
        return self.application.alembic is not None


@dataclass(frozen=True)
class Fleet:
    """A gateway and its agents, whose databases know of each other by ids alone.

    Attributes:
        tables: the parts of the gateway's tables.
        agents: by name, in the order of their declaration.
        agent_tables: by agent, the parts of its tables.
        senders: how rows call the user, and the agent.
    """

    gateway: Member
    tables: GatewayTables
    agents: Mapping[str, Member]
    agent_tables: Mapping[str, AgentTables]
    senders: tuple[str, str] = ("user", "agent")

    @property
    def members(self) -> tuple[Member, ...]:
        """All databases, the gateway's first."""
        return (self.gateway, *self.agents.values())

    def agent(self, name: str) -> Member:
        """The agent of that name; raise `AgentUnknown` where there is none."""
        if name not in self.agents:
            raise AgentUnknown(name, self.agents)
        return self.agents[name]


def load_fleet(options: FleetOptions, pythonpath: Sequence[Path] = ()) -> Fleet:
    """Import the applications of a fleet, from the folders ``pythonpath`` before others.

    Raises:
        FleetInvalid: it is declared in part only, or tables do not play the parts they have to.
        ApplicationError: one of the applications cannot be imported.
        TargetInvalid: a target that cannot be read.
    """
    if options.gateway is None:
        cure = "declare one: [tool.dbparity.fleet.gateway], and [[tool.dbparity.fleet.agents]]"
        raise FleetInvalid("fleet", "no gateway is declared", cure)
    gateway = _member(GATEWAY, options.gateway, pythonpath)
    declared = options.gateway
    tables = gateway_tables(
        GATEWAY, gateway.application.metadata, declared.tables, declared.columns
    )
    agents, parts = {}, {}
    for group in options.agents:
        first = _member(group.names[0], group, pythonpath)
        kept = agent_tables(first.name, first.application.metadata, group.tables, group.columns)
        for name in group.names:
            if name in agents or name == GATEWAY:
                cure = "give each database a name of its own"
                raise FleetInvalid("fleet", f"{name!r} is declared twice", cure)
            agents[name], parts[name] = replace(first, name=name), kept
    if not agents:
        cure = "declare some: [[tool.dbparity.fleet.agents]] names, metadata"
        raise FleetInvalid("fleet", "no agent is declared", cure)
    return Fleet(gateway, tables, agents, parts, options.senders)


def _member(name: str, options: DatabaseOptions, pythonpath: Sequence[Path]) -> Member:
    application = load_application(
        options.metadata,
        pythonpath=pythonpath,
        alembic=Path(options.alembic) if options.alembic else None,
        configure=options.configure,
    )
    application = replace(
        application,
        alembic_x=options.alembic_x,
        alembic_environment=options.alembic_environment,
    )
    return Member(name, application, Target.parse(options.target) if options.target else None)
