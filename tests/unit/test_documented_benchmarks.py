from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from dbparity.cli.bench import app
from dbparity.performance.verdicts import Verdict
from dbparity.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "benchmarks.md").read_text()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text("".join(blocks))
    return Settings.load(tmp_path, {})


def test_settings_can_be_read_as_they_are_written(settings: Settings) -> None:
    assert settings.workloads == "shop.testing:workloads"
    assert settings.seed == "shop.testing:seed"
    assert settings.bench.limit_of("search.products") == 0.2
    assert settings.bench.limit_of("list.open_orders") == 0.1
    assert settings.bench.requirement_of("list.open_orders", "query")["p99"] == 100
    assert settings.bench.requirement_of("search.products", "search") == {"p50": 10}
    assert settings.bench.groups == (("postgresql+asyncpg", "postgresql+psycopg_async"),)


def test_every_option_is_one_of_the_commands() -> None:
    commands = get_command(app).commands.values()  # type: ignore[attr-defined]
    known = {name for each in commands for option in each.params for name in option.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_its_meaning(verdict: Verdict) -> None:
    assert f"\n| {verdict} |" in PAGE
