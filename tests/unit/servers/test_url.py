from __future__ import annotations

import pytest

from dbparity.backends.mysql import MySQL
from dbparity.backends.sqlite import SQLite
from dbparity.errors import SettingsInvalid
from dbparity.servers.base import Offer, ServerOptions, Unavailable
from dbparity.servers.ledger import Run
from dbparity.servers.url import UrlProvider, read_url

SECRET = "mysql://root:secret@db/mysql"


def test_server_of_a_url_is_offered_without_its_password() -> None:
    offer = UrlProvider(ServerOptions(urls={"mysql": SECRET})).find(MySQL(), "")
    assert isinstance(offer, Offer)
    assert offer.description == "mysql://root:***@db/mysql"
    assert "secret" not in repr(offer)


def test_url_of_a_version_comes_before_that_of_the_backend() -> None:
    urls = {"mysql": SECRET, "mysql@9": "mysql://nine/mysql"}
    offer = UrlProvider(ServerOptions(urls=urls)).find(MySQL(), "9")
    assert isinstance(offer, Offer)
    assert offer.description == "mysql://nine/mysql"


def test_server_of_somebody_else_is_neither_stopped_nor_asked_for_its_settings() -> None:
    offer = UrlProvider(ServerOptions(urls={"mysql": SECRET})).find(MySQL(), "")
    assert isinstance(offer, Offer)
    run = Run.begin()
    running = offer.start(run)
    run.end()
    running.stop()
    running.alive()
    assert (running.ours, running.ends, running.fresh) == (False, False, False)


@pytest.mark.parametrize(
    ("version", "variable"), [("", "DBPARITY_URL_MYSQL"), ("9", "DBPARITY_URL_MYSQL_9")]
)
def test_missing_url_is_cured_by_a_variable(version: str, variable: str) -> None:
    assert UrlProvider(ServerOptions()).find(MySQL(), version) == Unavailable(
        "no URL is configured", f"set {variable}"
    )


def test_files_have_no_url() -> None:
    assert UrlProvider(ServerOptions()).find(SQLite(), "") is None


@pytest.mark.parametrize("text", ["secret", "mysql://root:secret@db:port/mysql"])
def test_url_that_cannot_be_read_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="the URL of mysql: cannot be read") as caught:
        read_url(text, MySQL())
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_url_of_another_backend_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsInvalid, match="it is of postgresql") as caught:
        read_url("postgresql://root:secret@db/postgres", MySQL())
    assert "secret" not in str(caught.value)
