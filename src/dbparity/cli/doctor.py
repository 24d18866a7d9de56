"""``dbparity doctor``."""

from __future__ import annotations

import json as json_
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from dbparity.cli.console import Screen, explain, table
from dbparity.cli.options import (
    AGREED,
    COULD_NOT_RUN,
    FINDINGS,
    Json,
    Providers,
    Targets,
    narrowed,
)
from dbparity.cli.output import outputs
from dbparity.errors import DriverMissing
from dbparity.reports.summary import count
from dbparity.servers.base import Offer, Unavailable, providers
from dbparity.servers.environment import DatabaseTestEnvironment
from dbparity.settings import Settings
from dbparity.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dbparity.servers.base import Provider, ServerOptions
    from dbparity.servers.environment import Wish

SCHEMA = "dbparity-doctor/1"
_RUNNING = {"file", "url"}  # providers of what need not be started, so it can be tried


@dataclass(frozen=True)
class Diagnosis:
    """What would serve one wanted server, or why nothing would.

    ``refusals`` are those of the providers that were asked before, by their names.
    """

    wish: Wish
    offer: Offer | None
    refusals: tuple[tuple[str, Unavailable], ...]

    @property
    def targets(self) -> dict[str, DriverMissing | None]:
        """The server's targets, and for each what its driver lacks."""
        found: dict[str, DriverMissing | None] = {}
        for driver in self.wish.drivers:
            target = str(Target(self.wish.backend.name, driver.name, self.wish.version))
            lacking = DriverMissing(target, driver.module, driver.extra)
            found[target] = None if driver.installed else lacking
        return found

    @property
    def usable(self) -> dict[str, bool]:
        """Which of the targets can be served."""
        return {
            target: lacking is None and self.offer is not None
            for target, lacking in self.targets.items()
        }


def doctor(target: Targets = None, provider: Providers = None, json: Json = None) -> None:
    """Say what would be used for each target, or why nothing can be and the cure.

    No server is started. Exit codes: 0 every target can be served, 1 some cannot, 2 none can.

    Examples:
    ```console
    dbparity doctor
    dbparity doctor --target postgresql --provider native --provider embedded
    ```
    """
    files = outputs(json=json)
    settings = Settings.load(Path.cwd()).with_options(providers=tuple(provider or ()))
    settings = replace(settings, targets=narrowed(settings.targets, target))
    environment = DatabaseTestEnvironment(settings.targets, settings.server_options)
    options, asked = settings.server_options, tuple(providers(settings.server_options))
    found = [_diagnose(wish, asked, options) for wish in environment.wishes]
    for file in files:
        file.write(json_.dumps(_document(found), indent=2) + "\n")
    _show(found, Screen(stderr=any(file.is_standard for file in files)))
    usable = [served for diagnosis in found for served in diagnosis.usable.values()]
    raise typer.Exit(AGREED if all(usable) else FINDINGS if any(usable) else COULD_NOT_RUN)


def _diagnose(wish: Wish, asked: Sequence[Provider], options: ServerOptions) -> Diagnosis:
    refusals: list[tuple[str, Unavailable]] = []
    for provider in asked:
        answer = _ask(wish, provider, options)
        if isinstance(answer, Offer):
            return Diagnosis(wish, answer, tuple(refusals))
        if answer is not None:
            refusals.append((provider.name, answer))
    names = ", ".join(provider.name for provider in asked)
    nobody = Unavailable(f"no provider that is asked ({names}) serves {wish.backend.title}")
    return Diagnosis(wish, None, tuple(refusals or [("", nobody)]))


def _ask(wish: Wish, provider: Provider, options: ServerOptions) -> Offer | Unavailable | None:
    """What ``provider`` would give; tried, if no server has to be started for that."""
    offer = provider.find(wish.backend, wish.version)
    if not isinstance(offer, Offer) or offer.provider not in _RUNNING or not wish.installed:
        return offer
    alone = replace(options, providers=(provider.name,))
    with DatabaseTestEnvironment([wish.name], alone) as environment:
        state = environment.states[0]
    if state.missing:
        return Unavailable(state.missing.removeprefix(f"{provider.name}: "))
    return replace(offer, version=state.version)


def _document(found: Sequence[Diagnosis]) -> dict[str, Any]:
    return {"schema": SCHEMA, "targets": [facts for each in found for facts in _facts(each)]}


def _facts(diagnosis: Diagnosis) -> Iterator[dict[str, Any]]:
    offer = diagnosis.offer
    for target, lacking in diagnosis.targets.items():
        yield {
            "target": target,
            "usable": diagnosis.usable[target],
            "provider": offer.provider if offer else "",
            "description": offer.description if offer else "",
            "version": offer.version if offer else "",
            "driver": str(lacking or ""),
            "refusals": [
                {"provider": name, "reason": refusal.reason, "cure": refusal.cure}
                for name, refusal in diagnosis.refusals
            ],
        }


def _show(found: Sequence[Diagnosis], screen: Screen) -> None:
    listed = table("server", "drivers", "would be used", "version")
    for each in found:
        drivers = ", ".join(driver.name for driver in each.wish.installed)
        used, version = Text("nothing", "bold red"), ""
        if each.offer is not None:
            used = Text(f"{each.offer.provider}: {each.offer.description}", "green")
            version = each.offer.version
        listed.add_row(each.wish.name, drivers or "none", used, version)
    screen.print(listed)
    screen.print()
    for each in found:
        _explain(each, screen)
    usable = [served for each in found for served in each.usable.values()]
    screen.print(f"{sum(usable)} of {count(len(usable), 'target')} can be served.")


def _explain(diagnosis: Diagnosis, screen: Screen) -> None:
    told = [("driver", str(lacking)) for lacking in diagnosis.targets.values() if lacking]
    if diagnosis.offer is None:
        told += [(name, str(refusal)) for name, refusal in diagnosis.refusals]
    if told:
        screen.print(Text(diagnosis.wish.name, "bold yellow"))
        explain(told, screen)
