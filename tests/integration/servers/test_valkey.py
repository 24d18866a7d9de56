from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from dbparity.errors import ServerUnavailable, ServerUnreachable
from dbparity.servers.base import Running, ServerOptions
from dbparity.servers.ledger import Run
from dbparity.servers.valkey import _secured, valkey
from tests.support.serving import needs_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


@pytest.fixture
def run() -> Iterator[Run]:
    run = Run.begin()
    yield run
    run.end()


def test_nobody_is_let_in_without_the_password(valkey_server: URL) -> None:
    open_to_all = valkey_server.set(password=None).render_as_string()
    with Redis.from_url(open_to_all) as client, pytest.raises(AuthenticationError):
        client.ping()


def test_it_keeps_nothing_on_a_disk(valkey_server: URL) -> None:
    with Redis.from_url(valkey_server.render_as_string(hide_password=False)) as client:
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}


def test_it_is_on_the_loopback_alone(valkey_server: URL) -> None:
    assert valkey_server.host == "127.0.0.1"


def test_what_runs_already_is_used_as_it_is(valkey_server: URL, run: Run) -> None:
    here = valkey_server.set(drivername="valkey").render_as_string(hide_password=False)
    options = ServerOptions(urls={"valkey": here}, providers=("url",))
    with valkey(run, options) as url:
        assert url == valkey_server
    with Redis.from_url(valkey_server.render_as_string(hide_password=False)) as client:
        assert client.ping()


def test_where_there_is_none_every_provider_says_why(run: Run) -> None:
    options = ServerOptions(providers=("file", "url"))
    with pytest.raises(ServerUnavailable) as caught, valkey(run, options):
        pass
    assert len(caught.value.reasons) == 1  # a file never serves it


def test_an_image_that_cannot_be_had_is_a_reason(pytestconfig: pytest.Config, run: Run) -> None:
    needs_engine(pytestconfig)
    options = ServerOptions(images={"valkey": "dbparity/there-is-none"}, providers=("container",))
    refused = pytest.raises(ServerUnavailable, match="container: dbparity/there-is-none")
    with refused as caught, valkey(run, options):
        pass
    assert len(caught.value.reasons) == 1


def test_one_that_lets_nobody_in_is_told(valkey_server: URL) -> None:
    options = ServerOptions(patience=timedelta(seconds=0.1))
    with pytest.raises(ServerUnreachable, match="NOAUTH"):
        _secured(Running(valkey_server, stop=lambda: None), options)
