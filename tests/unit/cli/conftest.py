"""A project with an application, in a folder of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

MODELS = """
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, event

metadata = MetaData()
Table("users", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
Table(
    "posts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
)
factories = {"users": lambda number: {"name": f"user {number}"}}


def loosen(engine):
    @event.listens_for(engine, "connect")
    def forget_foreign_keys(connection, _record):
        connection.execute("PRAGMA foreign_keys = OFF")
"""
PYPROJECT = """
[tool.dbparity]
metadata = "{module}:metadata"
pythonpath = ["."]
targets = ["sqlite"]
providers = ["file"]
"""


@pytest.fixture(autouse=True)
def _own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have said how wide the terminal is."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def module(tmp_path: Path) -> str:
    """The name of the application's module: Python remembers modules by it."""
    return f"shop_{abs(hash(tmp_path)):x}"


@pytest.fixture
def project(tmp_path: Path, module: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that a user would be in; nothing outside it has a say."""
    for name in os.environ:
        if name.startswith("DBPARITY_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DBPARITY_STATE", str(tmp_path / "state"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / f"{module}.py").write_text(MODELS)
    (folder / "pyproject.toml").write_text(PYPROJECT.format(module=module))
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)
    return folder
