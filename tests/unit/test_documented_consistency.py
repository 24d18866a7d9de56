from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from dbparity.cli import app
from dbparity.consistency.judging import Kind
from dbparity.consistency.references import read
from dbparity.settings import Settings
from dbparity.stores.base import open_store

PAGE = (Path(__file__).parents[2] / "docs" / "consistency.md").read_text()


def test_settings_can_be_read_as_they_are_written(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text("".join(blocks))
    environment = {
        "DATABASE_URL": "sqlite:///shop.db",
        "CACHE_URL": "redis://127.0.0.1/0",
        "VECTORS_URL": "milvus:///vectors.db",
    }
    settings = Settings.load(tmp_path, environment)
    stores = {name: open_store(settings.store(name)) for name in settings.stores}
    cached, vectors = (read(each, stores) for each in settings.consistency.references)
    assert cached.rows.fields == ("version", "sha256", "tenant", "id")
    assert cached.records.fields == ("version", "digest", "tenant")
    assert (vectors.link, vectors.rebuild_from) == ("vector_id", ("body",))
    assert settings.consistency.foreign_keys == ("database",)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_line(kind: Kind) -> None:
    assert f"\n| `consistency.{kind}` |" in PAGE


def test_every_option_is_one_of_the_command() -> None:
    command = get_command(app).commands["consistency"]  # type: ignore[attr-defined]
    known = {name for option in command.params for name in option.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) <= known
