"""History: an application's revisions, in the order in which a database goes through them."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from alembic.script import ScriptDirectory
from alembic.script.revision import CycleDetected, RevisionError, RevisionMap
from alembic.util import to_tuple

from dbparity.errors import HistoryBroken

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alembic.script import Script

    from dbparity.schema.envpy import Door


@dataclass(frozen=True)
class Revision:
    """One revision, on the way that an upgrade takes through all of them.

    Attributes:
        before: what a database says that it is at, before it is upgraded to this one.
        after: what it says then: several revisions where there are branches.
        script: Alembic's own object.
    """

    id: str
    title: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    script: Script

    @property
    def has_downgrade(self) -> bool:
        """Whether its file has a function for the way back."""
        return hasattr(self.script.module, "downgrade")

    @property
    def parents(self) -> tuple[str, ...]:
        """Those that it follows or depends on."""
        parents: tuple[str, ...] = self.script._all_down_revisions  # noqa: SLF001  # by revision
        return parents

    @property
    def name(self) -> str:
        """Such as ``0002 (add the audit log)``."""
        return f"{self.id} ({self.title})" if self.title else self.id


@dataclass(frozen=True)
class History:
    """All revisions of an application, each once, what they need before them.

    Attributes:
        heads: those that no other follows.
        labels: of the branches that each head ends.
    """

    script: ScriptDirectory
    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    labels: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, door: Door) -> Self:
        """Read the files behind ``door``.

        Raises:
            HistoryBroken: they are no history: one is missing, or broken, or they go in a circle.
        """
        script = ScriptDirectory.from_config(door.config())
        scripts = _loaded(script)
        _complete(scripts)
        vars(script)["revision_map"] = RevisionMap(lambda: scripts)
        try:
            heads = sorted(script.get_heads())
            ordered = tuple(script.walk_revisions())[::-1]
        except RevisionError as error:
            raise _circular(error) from error
        labels = (frozenset(script.get_revision(head).branch_labels) for head in heads)
        return cls(script, tuple(_walked(ordered)), tuple(heads), tuple(labels))

    def before(self, revisions: Iterable[str]) -> frozenset[str]:
        """All that come before ``revisions``, on any way to one of them."""
        wanted, found = set(revisions), set[str]()
        for revision in reversed(self.revisions):
            if revision.id in wanted | found:
                found.update(revision.parents)
        return frozenset(found)


def _loaded(script: ScriptDirectory) -> tuple[Script, ...]:
    try:
        return tuple(script._load_revisions())  # noqa: SLF001  # without the map, which may fail
    except Exception as error:  # the files are the user's: they may raise anything
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        cure = "correct the file, so that Python can import it"
        raise HistoryBroken("REVISION-BROKEN", place_of(error), reason, cure) from error


def place_of(error: BaseException) -> str:
    """The file and line where ``error`` was raised; of a syntax error, those of the mistake."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}"


def _complete(scripts: Sequence[Script]) -> None:
    """Raise `HistoryBroken` where one is there twice, or follows one that is not there."""
    paths: dict[str, str] = {}
    for script in scripts:
        if script.revision in paths:
            reason = f"{script.path} and {paths[script.revision]} have the same revision"
            cure = "give one of them an identifier of its own"
            raise HistoryBroken("REVISION-TWICE", script.revision, reason, cure)
        paths[script.revision] = script.path
    labels = {label for script in scripts for label in script.branch_labels}
    for script in scripts:
        for name in (*to_tuple(script.down_revision, ()), *to_tuple(script.dependencies, ())):
            if name not in paths and name not in labels:
                reason = f"{script.path} follows it, and no file has it"
                cure = "bring the file back, or correct down_revision and depends_on"
                raise HistoryBroken("REVISION-MISSING", name, reason, cure)


def _circular(error: RevisionError) -> HistoryBroken:
    if isinstance(error, CycleDetected):
        names = ", ".join(sorted(error.revisions))
        cure = "correct down_revision and depends_on, so that each leads back to a first one"
        return HistoryBroken("REVISIONS-CIRCULAR", names, "they follow each other", cure)
    cure = "correct the identifiers, labels and dependencies of the revisions"
    return HistoryBroken("REVISION-BROKEN", "the revisions", str(error), cure)


def _walked(ordered: Iterable[Script]) -> Iterable[Revision]:
    at: tuple[str, ...] = ()
    for script in ordered:
        revision = Revision(script.revision, script.doc, at, (), script)
        left = (each for each in at if each not in revision.parents)
        at = tuple(sorted({revision.id, *left}))
        yield replace(revision, after=at)
