from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, Uuid

from dbparity.errors import AgentUnknown, ApplicationError, FleetInvalid, SettingsInvalid
from dbparity.fleet.members import load_fleet
from dbparity.fleet.options import FleetOptions
from dbparity.fleet.tables import agent_tables, gateway_tables, new_id
from dbparity.settings import Settings
from dbparity.targets import Target
from tests.support.meshes import AGENT_METADATA, CARELESS, GATEWAY_METADATA

if TYPE_CHECKING:
    from pathlib import Path

MESH = """
[tool.dbparity]
pythonpath = ["."]
[tool.dbparity.fleet.gateway]
metadata = "tests.support.meshes:GATEWAY_METADATA"
[[tool.dbparity.fleet.agents]]
names = ["poet", "critic"]
metadata = "tests.support.meshes:AGENT_METADATA"
target = "sqlite"
"""


def settings(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "pyproject.toml").write_text(text)
    return Settings.load(tmp_path, {})


def test_a_declaration_names_databases(tmp_path: Path) -> None:
    fleet = settings(tmp_path, MESH).load_fleet()
    assert [member.name for member in fleet.members] == ["gateway", "poet", "critic"]
    assert fleet.agent("poet").target == Target("sqlite")
    assert (fleet.gateway.target, fleet.gateway.migrated) == (None, False)
    assert fleet.senders == ("user", "agent")
    with pytest.raises(AgentUnknown, match="no agent 'muse'; name one of: poet, critic"):
        fleet.agent("muse")


def test_an_alembic_ini_is_beside_the_declaration(tmp_path: Path) -> None:
    text = MESH.replace("[[tool", 'alembic = "a.ini"\nalembic-x = ["url={url}"]\n[[tool', 1)
    found = settings(tmp_path, text)
    assert found.fleet.gateway is not None
    assert found.fleet.gateway.alembic == str(tmp_path / "a.ini")
    with pytest.raises(ApplicationError, match=r"a\.ini: no such file"):
        found.load_fleet()
    (tmp_path / "a.ini").touch()
    gateway = found.load_fleet().gateway
    assert (gateway.migrated, gateway.application.alembic_x) == (True, ("url={url}",))


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ('names = ["poet", "critic"]\n', "", "Object missing required field `names`"),
        ('["poet", "critic"]', "[]", "Expected `array` of length >= 1"),
        ("target =", "targets =", "Object contains unknown field `targets`"),
        ('"sqlite"', "5", "Expected `str`, got `int`"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_refused(
    change: str, to: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsInvalid, match=f"fleet: {said}.*; see docs/fleet.md"):
        settings(tmp_path, MESH.replace(change, to))


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ('["poet", "critic"]', '["poet", "poet"]', "'poet' is declared twice"),
        ('["poet", "critic"]', '["gateway"]', "'gateway' is declared twice"),
        (MESH[MESH.index("[[") :], "", "no agent is declared"),
        (MESH[MESH.index("[tool.dbparity.fleet") :], "", "no gateway is declared; declare one"),
    ],
)
def test_a_declaration_in_part_is_refused(change: str, to: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(FleetInvalid, match=said):
        settings(tmp_path, MESH.replace(change, to)).load_fleet()


def test_no_fleet_is_declared_by_default() -> None:
    assert FleetOptions().targets == ()
    with pytest.raises(FleetInvalid, match=r"declare one: \[tool.dbparity.fleet.gateway\]"):
        load_fleet(FleetOptions())


def renamed(metadata: MetaData, table: str, column: str = "", to: str = "") -> MetaData:
    """A copy in which a table, or a column of it, is called otherwise."""
    copy = MetaData()
    for each in metadata.sorted_tables:
        columns: list[Any] = [
            Column(to if (each.name, one.name) == (table, column) else one.name, one.type)
            for one in each.columns
        ]
        name = to if each.name == table and not column else each.name
        Table(name, copy, *columns)
    return copy


def test_parts_of_other_names_are_found_by_their_declaration() -> None:
    other = renamed(GATEWAY_METADATA, "user_sessions", "", "chats")
    found = gateway_tables("gateway", other, {"sessions": "chats"}, {})
    assert found.sessions.table.name == "chats"
    other = renamed(AGENT_METADATA, "messages", "body", "text")
    assert (
        agent_tables("poet", other, {}, {"messages.body": "text"}).messages["body"].name == "text"
    )


def test_optional_parts_may_be_missing() -> None:
    fewer = MetaData()
    for name in ("sessions", "messages"):
        AGENT_METADATA.tables[name].to_metadata(fewer)
    assert agent_tables("poet", fewer, {}, {}).context is None
    with pytest.raises(FleetInvalid, match="poet: no table context for its context; name the tab"):
        agent_tables("poet", fewer, {"context": "context"}, {})
    assert "title" not in CARELESS.tables.sessions


@pytest.mark.parametrize(
    ("tables", "columns", "said"),
    [
        ({"chats": "x"}, {}, r"poet tables.chats: no such part; the tables are: context, messages"),
        ({}, {"sessions.name": "x"}, r"poet columns.sessions.name: no such part; the columns are"),
        ({}, {"sessions.user": "x"}, r"columns.sessions.user: sessions has no x; its columns are"),
        ({"messages": "x"}, {}, "poet: no table x for its messages; name the table: tables"),
        ({"sessions": "messages"}, {}, "messages has no column gateway_session_id; name it: col"),
    ],
)
def test_parts_that_are_not_there_are_refused(
    tables: dict[str, str], columns: dict[str, str], said: str
) -> None:
    with pytest.raises(FleetInvalid, match=said):
        agent_tables("poet", AGENT_METADATA, tables, columns)


def test_ids_are_uuids_or_texts_that_hold_one() -> None:
    assert len(new_id(Column("id", String(32)))) == 32
    assert len(new_id(Column("id", Text))) == 32
    assert new_id(Column("id", Uuid)).version == 4
    for kind in (String(31), Integer):
        with pytest.raises(FleetInvalid, match="holds no UUID; two databases can only be linked"):
            new_id(Column("id", kind))
