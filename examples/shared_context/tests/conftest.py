"""A fresh SQLite database for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from shared_context import engines
from shared_context.models import Base

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    return f"sqlite:///{tmp_path}/test.db"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """Connect to an empty database."""
    engine = engines.connect(url)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Session]:
    """Begin a transaction on a database that has the tables."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
