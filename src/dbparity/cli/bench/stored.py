"""Comparisons with stored records of ``dbparity bench compare``, and of targets with each other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from dbparity.cli.bench.measuring import measure
from dbparity.cli.bench.pairing import Compared
from dbparity.errors import BaselineInvalid, SettingsInvalid
from dbparity.performance import comparing, parity, records
from dbparity.performance.records import Records
from dbparity.results import TargetState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dbparity.performance.verdicts import Comparison
    from dbparity.settings import Settings


class Parity(StrEnum):
    """In what targets are to be alike."""

    DRIFT = "drift"
    COUNTS = "counts"
    LITERAL = "literal"


@dataclass(frozen=True)
class Question:
    """What is to be compared with what.

    Attributes:
        head: files of what is judged; measured anew where there are none.
        baseline: a file or folder that it is compared with.
        targets: patterns; other targets are left out of both.
        parity: what targets are to be alike in; () for what the files allow.
        literal: whether to judge by pytest-benchmark's rule.
        strict: whether to judge what was measured elsewhere, too.
        allow_missing: whether a benchmark may be gone.
    """

    head: Sequence[Path] = ()
    baseline: Path | None = None
    targets: Sequence[str] = ()
    parity: Sequence[Parity] = ()
    literal: bool = False
    strict: bool = False
    allow_missing: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything is asked of records."""
        return bool(self.head or self.baseline or self.parity or self.literal)


def stored(settings: Settings, question: Question) -> Compared:
    """Answer a question about records.

    Raises:
        BaselineInvalid: a file is no record of benchmarks.
        SettingsInvalid: there is no baseline where one is needed.
    """
    base = _read([question.baseline], question) if question.baseline is not None else None
    if question.literal and base is None:
        raise SettingsInvalid(
            "--literal", "there is nothing to compare with", "add --baseline FILE"
        )
    started, clock = datetime.now(UTC), time.perf_counter()
    if question.head:
        head = _read(question.head, question)
        states = tuple(_state(head, target) for target in head.targets)
    else:
        measured = measure(settings)
        head, states = Records.of(measured.records), measured.targets
    comparisons = _compared(settings, question, head, base) if head.means else []
    said = _said(question, head, base)
    return Compared(comparisons, states, started, time.perf_counter() - clock, said)


def _read(paths: Sequence[Path], question: Question) -> Records:
    found = records.merged(map(records.read, paths))
    if not found.records and not question.literal:
        reason = "no benchmark in it has a logical id"
        raise BaselineInvalid(found.source, reason, records.CURE)
    return found.matching(question.targets) if question.targets else found


def _state(head: Records, target: str) -> TargetState:
    first = next(record for record in head.records if record.target == target)
    return TargetState(target, "record", first.fingerprint.server_version)


def _compared(
    settings: Settings, question: Question, head: Records, base: Records | None
) -> list[Comparison]:
    options, allow_missing = settings.bench, question.allow_missing
    explicit = bool(question.parity or question.literal)
    found: list[Comparison] = []
    if question.literal and base is not None:
        found += comparing.literal(head, base, allow_missing=allow_missing)
    elif base is not None and explicit:
        found += comparing.unpaired(head, base, allow_missing=allow_missing)
    elif base is not None:
        strict = question.strict
        found += comparing.baseline(head, base, options, strict=strict, allow_missing=allow_missing)
    wanted = set(question.parity)
    if not explicit:
        wanted = {Parity.COUNTS}
        wanted |= {Parity.DRIFT} if base is not None or options.ratios else set()
        wanted |= {Parity.LITERAL} if options.groups else set()
    if Parity.DRIFT in wanted:
        found += parity.drift(head, base, options, strict=question.strict)
    if Parity.COUNTS in wanted:
        found += parity.counts(head, base, options)
    if Parity.LITERAL in wanted:
        found += parity.literal_parity(head, options, asked=Parity.LITERAL in question.parity)
    return found


def _said(question: Question, head: Records, base: Records | None) -> str:
    if base is None:
        return ""
    if question.literal:
        rule = "--literal is pytest-benchmark's own rule, mean:10%"
        return f"{rule}; measured {comparing.MEAN_FALSE_ALARMS}."
    differing = comparing.otherwise(head, base)
    if not differing:
        return ""
    effect = "is judged all the same: --strict" if question.strict else "is advisory"
    return f"What was measured otherwise {effect}: {'; '.join(differing)}."
