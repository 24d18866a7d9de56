from __future__ import annotations

import pytest

from dbparity.backends.postgresql import PostgreSQLService
from dbparity.errors import TargetUnknown
from dbparity.servers.base import (
    ServerOptions,
    Unavailable,
    configured,
    generate_credentials,
    providers,
)


def test_reason_is_shown_with_its_cure() -> None:
    assert str(Unavailable("no Docker engine answers", "start Docker")) == (
        "no Docker engine answers (start Docker)"
    )


def test_reason_without_a_cure_stands_alone() -> None:
    assert str(Unavailable("it is gone")) == "it is gone"


def test_setting_of_a_version_comes_before_that_of_the_backend() -> None:
    settings = {"mysql": "any", "mysql@9": "nine"}
    assert configured(settings, "mysql", "9") == "nine"
    assert configured(settings, "mysql", "8") == "any"


def test_passwords_differ_and_need_no_escaping() -> None:
    passwords = {generate_credentials(PostgreSQLService()).password for _ in range(9)}
    assert len(passwords) == 9
    assert all(password.isalnum() and len(password) == 24 for password in passwords)


def test_options_do_not_show_the_urls_with_their_passwords() -> None:
    assert "secret" not in repr(ServerOptions(urls={"mysql": "mysql://root:secret@db/mysql"}))


def test_providers_are_asked_in_the_order_of_the_options() -> None:
    options = ServerOptions(providers=("file", "container", "url"))
    assert [provider.name for provider in providers(options)] == ["file", "container", "url"]


def test_unknown_provider_is_named_with_those_that_are_known() -> None:
    with pytest.raises(TargetUnknown, match=r"'podman'.*container, embedded, file, native, url"):
        list(providers(ServerOptions(providers=("podman",))))
