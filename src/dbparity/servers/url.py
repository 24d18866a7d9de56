"""Servers that run already, named by a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import make_url

from dbparity.errors import SettingsInvalid
from dbparity.servers.base import Offer, Provider, Running, Unavailable, configured

if TYPE_CHECKING:
    from sqlalchemy import URL

    from dbparity.backends.base import Backend


class UrlProvider(Provider):
    """Uses a server that somebody else runs: makes databases on it, and only touches those."""

    name: ClassVar[str] = "url"

    def find(self, backend: Backend, version: str) -> Offer | Unavailable | None:
        """The server whose URL is configured for ``backend@version`` or for ``backend``."""
        if backend.service is None:
            return None
        text = configured(self.options.urls, backend.name, version)
        if text is None:
            return Unavailable(
                "no URL is configured",
                f"set DBPARITY_URL_{backend.name.upper()}{'_' + version if version else ''}",
            )
        url = read_url(text, backend)
        safe = url.render_as_string(hide_password=True)
        running = Running(url, stop=lambda: None, ours=False, ends=False, fresh=False)
        return Offer(self.name, safe, lambda _run: running)


def read_url(text: str, backend: Backend) -> URL:
    """Read the URL of a server of ``backend``; raise `SettingsInvalid`, without its password."""
    where = f"the URL of {backend.name}"
    try:
        url = make_url(text)
    except Exception:  # noqa: BLE001  # the cause's text would show the password
        reason, cure = "cannot be read", f"write {backend.name}://user:password@host:port/database"
        raise SettingsInvalid(where, reason, cure) from None
    if url.get_backend_name() != backend.name:
        reason = f"it is of {url.get_backend_name()}"
        raise SettingsInvalid(where, reason, f"let it begin with {backend.name}://")
    return url
