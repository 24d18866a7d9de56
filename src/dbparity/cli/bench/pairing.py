"""The paired gate of ``dbparity bench compare``, and the gate tried on itself."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dbparity.cli.bench.measuring import in_place
from dbparity.performance.arms import Launch, Side
from dbparity.performance.paired import BASE, CONTROL, Gate
from dbparity.performance.rehearsal import caught, injections, noise_of
from dbparity.performance.revisions import checked_out, default_base
from dbparity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dbparity.performance.arms import Place
    from dbparity.performance.verdicts import Comparison
    from dbparity.progress import Progress
    from dbparity.results import TargetState

_OPTIONS = ("metadata", "factory", "configure", "workloads", "seed")


@dataclass(frozen=True)
class Compared:
    """What a gate came to, when, and on which targets; ``said`` is what is to be told besides."""

    comparisons: Sequence[Comparison]
    targets: tuple[TargetState, ...]
    started: datetime
    seconds: float
    said: str = ""


def paired(settings: Settings, base: str | None = None) -> Compared:
    """The working tree against revision ``base``, or else against where it left the main branch.

    Raises:
        BaseUnusable: there is nothing to compare with.
        WorkerFailed: the workloads of one of them died.
    """
    here = Path.cwd()
    revision = base or default_base(here)
    with ExitStack() as stack:
        tree, folder = stack.enter_context(checked_out(revision, here))
        arguments = _there(settings, tree, folder).application_arguments
        before = Side(f"{BASE} {revision[:12]}", folder, arguments, own=tree)

        def judge(gate: Gate) -> Sequence[Comparison]:
            return gate.run()["head"]

        head = Side("head", here, settings.application_arguments)
        return _judged(settings, before, [head], judge)


def self_test(settings: Settings) -> Compared:
    """The working tree against itself: whatever differs is noise."""
    here = Side("head", Path.cwd(), settings.application_arguments)
    compared = _judged(settings, here, [here], lambda gate: gate.run()["head"])
    noise = noise_of(compared.comparisons, settings.bench.limit)
    said = (
        f"What is alike differs by at most {noise.floor:.1%} here; at a limit of "
        f"{settings.bench.limit:.0%} a slowdown from {noise.visible:.1%} on is seen for certain."
    )
    return replace(compared, said=said)


def power(settings: Settings) -> Compared:
    """The working tree against itself with slowdowns injected: whatever passes was missed."""
    here = Side("head", Path.cwd(), settings.application_arguments)

    def judge(gate: Gate) -> Sequence[Comparison]:
        with Launch([here], gate.place) as launch:
            ids = dict.fromkeys(
                i for each in launch.workers["head"].held.workloads.values() for i in each
            )
        injected = injections(list(ids))
        slowed = replace(here, slowdowns={id_: how for id_, (_, how) in injected.items()})
        return caught(replace(gate, candidates=[slowed]).run()["head"], injected)

    return _judged(settings, here, [here], judge)


def _judged(
    settings: Settings,
    base: Side,
    candidates: Sequence[Side],
    judge: Callable[[Gate], Sequence[Comparison]],
) -> Compared:
    started, clock = datetime.now(UTC), time.perf_counter()
    settings.application()  # an error in it is told here, before servers start

    def work(place: Place, progress: Progress) -> Sequence[Comparison]:
        sides = (replace(base, name=BASE), replace(base, name=CONTROL))
        return judge(Gate(*sides, candidates, place, settings.bench, progress=progress))

    comparisons, states = in_place(settings, work)
    return Compared(comparisons or (), states, started, time.perf_counter() - clock)


def _there(settings: Settings, tree: Path, folder: Path) -> Settings:
    """The settings of a revision in ``tree``, with the options that were given here."""
    here, there = Settings.load(Path.cwd()), Settings.load(folder)
    given = {
        name: getattr(settings, name)
        for name in _OPTIONS
        if getattr(settings, name) != getattr(here, name) or not there.metadata
    }
    top = Path.cwd()
    for _ in folder.relative_to(tree).parts:
        top = top.parent
    folders = [
        tree / path.resolve().relative_to(top) if path.resolve().is_relative_to(top) else path
        for path in settings.pythonpath
    ]
    return there.with_options(**given, pythonpath=(*folders, *there.pythonpath))
