"""Revisions of the code under Git: another one beside the working tree, for as long as needed."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dbparity.errors import BaseUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFAULTS = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def default_base(folder: Path) -> str:
    """Where the work in ``folder`` left the default branch; on that branch, the commit before.

    With changes that are not committed yet, it is the last commit there.

    Raises:
        BaseUnusable: it is no repository, or has no other commit.
    """
    head = _git(folder, "rev-parse", "HEAD")
    if head is None:
        raise BaseUnusable(str(folder), "not in a Git repository that has a commit", _NAME_FILE)
    bases = (_git(folder, "merge-base", "HEAD", name) for name in _DEFAULTS)
    base = next(filter(None, bases), head)
    if base != head or _git(folder, "status", "--porcelain", "--untracked-files=no"):
        return base
    before = _git(folder, "rev-parse", "--verify", "HEAD~1")
    if before is None:
        raise BaseUnusable("HEAD", "there is no commit before it", "name one: --paired REVISION")
    return before


@contextmanager
def checked_out(revision: str, folder: Path) -> Iterator[tuple[Path, Path]]:
    """A working tree of ``revision`` for the block: its top, and where in it ``folder`` is.

    Raises:
        BaseUnusable: there is no such revision, or not that folder in it.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise BaseUnusable(revision, f"{folder} is not in a Git repository", _NAME_FILE)
    commit = _git(folder, "rev-parse", "--verify", f"{revision}^{{commit}}")
    if commit is None:
        cure = "name a commit, branch or tag; in a shallow clone fetch it first"
        raise BaseUnusable(revision, "no such revision here", cure)
    with TemporaryDirectory(prefix="dbparity-base-") as name:
        tree = Path(name).resolve() / "tree"
        added = _git(folder, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        if added is None:
            reason = "Git cannot check it out beside this one"
            raise BaseUnusable(revision, reason, "see what git worktree add says of it")
        try:
            there = tree / folder.resolve().relative_to(Path(top).resolve())
            if not there.is_dir():
                reason = f"it has no folder {there.relative_to(tree)}"
                raise BaseUnusable(revision, reason, "name a later revision")
            yield tree, there
        finally:
            _git(folder, "worktree", "remove", "--force", str(tree))


_NAME_FILE = "run it in one, or compare with a file: --baseline FILE"


def _git(folder: Path, *arguments: str) -> str | None:
    """What Git says, or None if it refuses."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError:
        return None
    except FileNotFoundError as error:
        raise BaseUnusable(str(folder), "Git is not installed", "install it") from error
    return done.stdout.strip()
