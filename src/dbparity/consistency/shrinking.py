"""A failing schedule of many actors, made as small as it can be: by Hypothesis, an extra."""

from __future__ import annotations

import asyncio
import importlib.util
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from typing import TYPE_CHECKING

from dbparity.errors import DriverMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dbparity.consistency.harness import CacheHarness, CacheScenario, Run
    from dbparity.consistency.interleaving import Chooser

_Drawn = tuple[tuple[bool, ...], list[int]]  # who acts, and what is chosen of the options


async def shrink(
    harness: CacheHarness, scenario: CacheScenario, examples: int = 200, code: str = ""
) -> Run | None:
    """Look for a failing schedule, and make it smaller: fewer actors, and fewer switches.

    Of what is too much to be enumerated, ``examples`` schedules are tried, the same ones each
    time, until one fails: with a finding of that ``code``, if one is given. None if none did.

    Raises:
        DriverMissing: Hypothesis is not installed.
    """
    if importlib.util.find_spec("hypothesis") is None:
        raise DriverMissing("shrinking", "hypothesis", "")
    names, loop = tuple(scenario.actors(0)), asyncio.get_running_loop()
    async with harness.playing(scenario) as play:

        async def played(drawn: _Drawn) -> Run:
            return await play(_chooser(drawn[1]), tuple(compress(names, drawn[0])))

        def fails(drawn: _Drawn) -> bool:
            # Hypothesis is not asynchronous: it runs in a thread, and the stores are asked here.
            run = asyncio.run_coroutine_threadsafe(played(drawn), loop).result()
            return any(code in ("", finding.code) for finding in run.findings)

        # Of its own, lest a search that is cancelled keeps one of the loop's.
        thread = ThreadPoolExecutor(1)
        try:
            smallest = await loop.run_in_executor(thread, _smallest, len(names), fails, examples)
        finally:
            thread.shutdown(wait=False)
        return None if smallest is None else await played(smallest)


def _chooser(wishes: Sequence[int]) -> Chooser:
    def choose(number: int, options: Sequence[str]) -> str | None:
        if number < len(wishes) and options:
            return options[min(wishes[number], len(options) - 1)]
        return None

    return choose


def _smallest(actors: int, fails: Callable[[_Drawn], bool], examples: int) -> _Drawn | None:
    from hypothesis import Phase, find, settings  # noqa: PLC0415  # an extra
    from hypothesis import strategies as st  # noqa: PLC0415
    from hypothesis.errors import NoSuchExample  # noqa: PLC0415

    # A choice of 0 goes on with whoever was last: the smaller the numbers, the fewer switches.
    choices = st.lists(st.integers(0, actors - 1), max_size=8 * actors)
    acting = st.tuples(*[st.booleans()] * actors).filter(any)
    drawn = st.tuples(acting, choices)
    phases = (Phase.generate, Phase.shrink)
    chosen = settings(max_examples=examples, derandomize=True, database=None, phases=phases)
    try:
        smallest: _Drawn = find(drawn, fails, settings=chosen)
    except NoSuchExample:
        return None
    return smallest
