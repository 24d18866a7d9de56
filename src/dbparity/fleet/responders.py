"""What answers in place of an agent: a function of what it was told and of what it remembers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Turn:
    """A message to an agent.

    Attributes:
        number: of the turn in its session, from 1.
        context: what the agent remembers of the session; empty where it keeps no context.
    """

    agent: str
    user: str
    session: object
    number: int
    text: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What the agent says, and what it remembers from now on, besides what it knew."""

    text: str
    context: Mapping[str, str] = field(default_factory=dict)


Responder = Callable[[Turn], Awaitable[Answer]]


async def echo(turn: Turn) -> Answer:
    """Say what was said, with its number, and remember it: the same turn has the same answer."""
    remembered = {"turns": str(turn.number), "last": turn.text}
    return Answer(f"{turn.agent} #{turn.number}: {turn.text}", remembered)
