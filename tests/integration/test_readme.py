"""The README's commands are run, and its settings are read, as they stand there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dbparity.settings import Settings
from dbparity.targets import Target

README = Path(__file__).parents[2] / "README.md"
MODELS = """
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="CASCADE"), index=True
    )
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)


def commands(marker: str) -> list[str]:
    text = README.read_text().partition(f"<!-- command: {marker} -->\n```console\n")[2]
    return [line.removeprefix("$ ") for line in text.partition("```")[0].splitlines()]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(MODELS)
    return tmp_path


def run(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("marker", ["check", "tests"])
def test_readme_has_one_command_line_for_each_job(marker: str) -> None:
    assert len(commands(marker)) == 1


def test_five_minutes_end_with_an_application_that_agrees(shop: Path) -> None:
    install, check = commands("five minutes")
    assert install == "python -m pip install 'dbparity[all]'"
    done = run(f"{check} --target sqlite", shop)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sqlite+aiosqlite" in done.stdout


def test_five_minutes_end_with_two_agents_whose_databases_fit_together(tmp_path: Path) -> None:
    install, command = commands("several databases")
    assert install == "python -m pip install 'dbparity[all]' pytest-asyncio"
    for block in blocks("python"):
        name, _, content = block.removeprefix("# ").partition("\n")
        if name in {"mesh.py", "test_mesh.py"}:
            (tmp_path / name).write_text(content)
    (settings,) = (block for block in blocks("toml") if "mesh:Gateway" in block)
    (tmp_path / "pyproject.toml").write_text(settings)
    done = run(f"{command} --dbparity-target sqlite", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_settings_in_the_readme_are_settings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("\n".join(blocks("toml")))
    settings = Settings.load(tmp_path, {})
    assert settings.alembic == tmp_path / "alembic.ini"
    assert Target("mysql", "", "9") in settings.targets
    (reference,) = settings.consistency.references
    assert reference.target == "cache.doc:{tenant}:{id}"


def test_noxfile_in_the_readme_gives_the_sessions_named_below_it(shop: Path) -> None:
    (noxfile,) = (block for block in blocks("python") if "nox_sessions" in block)
    (shop / "noxfile.py").write_text(noxfile)
    listed = run("nox --list", shop).stdout
    assert "tests-3.13(mysql+asyncmy)" in listed
    assert "[postgresql,asyncpg]" in listed


def test_options_of_pytest_in_the_readme_are_options() -> None:
    used = set(re.findall(r"^\$ pytest .*?(--dbparity[a-z-]*)", README.read_text(), re.MULTILINE))
    offered = run("pytest --help", README.parent).stdout
    assert used
    assert all(option in offered for option in used)
