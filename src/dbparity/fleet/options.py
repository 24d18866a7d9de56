"""What a project declares of its fleet: ``[tool.dbparity.fleet]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

_Name = Annotated[str, Meta(min_length=1)]


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class DatabaseOptions(Struct, frozen=True, forbid_unknown_fields=True, rename=_dashed):
    """A database as it is written down.

    Attributes:
        metadata: ``package.module:attribute`` of its MetaData.
        alembic: its alembic.ini, where migrations make its tables; without, its MetaData does.
        alembic_x, alembic_environment: see `Application`.
        configure: ``package.module:attribute`` of what is attached to its engines.
        target: where it is, such as ``sqlite``, if not on the target of the test.
        tables: by part, the table that plays it, where it is not called as `fleet.tables` expects.
        columns: likewise, by ``part.column``.
    """

    metadata: _Name
    alembic: str = ""
    alembic_x: tuple[str, ...] = ()
    alembic_environment: dict[str, str] = {}
    configure: str = ""
    target: str = ""
    tables: dict[str, _Name] = {}
    columns: dict[str, _Name] = {}


class AgentOptions(
    DatabaseOptions, frozen=True, forbid_unknown_fields=True, kw_only=True, rename=_dashed
):
    """Agents that have the same tables, each in a database of its own.

    Attributes:
        names: of the agents, as the gateway's rows call them.
    """

    names: Annotated[tuple[_Name, ...], Meta(min_length=1)]


@dataclass(frozen=True)
class FleetOptions:
    """A gateway and its agents.

    Attributes:
        gateway: None where no fleet is declared.
        agents: one entry for all that have the same tables.
        senders: how rows call the two sides of a chat: the user, and the agent.
    """

    gateway: DatabaseOptions | None = None
    agents: tuple[AgentOptions, ...] = ()
    senders: tuple[str, str] = ("user", "agent")

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets that databases name as their own."""
        named = [self.gateway, *self.agents]
        return tuple(dict.fromkeys(each.target for each in named if each and each.target))
