"""What a head is compared with: another revision, beside the working tree."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from dbparity.errors import BaseUnusable
from dbparity.performance.revisions import checked_out, default_base

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", *name, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, text: str) -> str:
    (folder / "app").mkdir(exist_ok=True)
    (folder / "app" / "code.txt").write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", text)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


def test_a_revision_is_there_for_the_block_and_no_longer(repository: Path) -> None:
    first = commit(repository, "one")
    commit(repository, "two")
    with checked_out("HEAD~1", repository / "app") as (tree, folder):
        assert (folder / "code.txt").read_text() == "one"
        assert folder == tree / "app"
        assert git(tree, "rev-parse", "HEAD") == first
    assert not tree.exists()
    assert len(git(repository, "worktree", "list").splitlines()) == 1
    assert (repository / "app" / "code.txt").read_text() == "two"


def test_on_the_main_branch_the_base_is_the_commit_before(repository: Path) -> None:
    first = commit(repository, "one")
    commit(repository, "two")
    assert default_base(repository) == first


def test_the_base_of_what_is_not_committed_is_the_last_commit(repository: Path) -> None:
    commit(repository, "one")
    second = commit(repository, "two")
    (repository / "app" / "code.txt").write_text("three")
    assert default_base(repository) == second


def test_the_base_of_a_branch_is_where_it_left_the_main_one(repository: Path) -> None:
    first = commit(repository, "one")
    git(repository, "switch", "--quiet", "--create", "mine")
    commit(repository, "two")
    commit(repository, "three")
    assert default_base(repository) == first


def test_what_cannot_be_compared_with_is_told(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(BaseUnusable, match="not in a Git repository that has a commit"):
        default_base(repository)
    with (
        pytest.raises(BaseUnusable, match=r"not in a Git repository; .*--baseline"),
        checked_out("HEAD", tmp_path),
    ):
        pass
    commit(repository, "one")
    with pytest.raises(BaseUnusable, match="no commit before it"):
        default_base(repository)
    with pytest.raises(BaseUnusable, match="no such revision"), checked_out("v9", repository):
        pass
    (repository / "new").mkdir()
    with (
        pytest.raises(BaseUnusable, match="it has no folder new"),
        checked_out("HEAD", repository / "new"),
    ):
        pass
    assert len(git(repository, "worktree", "list").splitlines()) == 1


def test_a_revision_that_git_does_not_check_out_is_told(repository: Path) -> None:
    commit(repository, "one")
    # Where the list of working trees cannot be written.
    (repository / ".git" / "worktrees").write_text("")
    with (
        pytest.raises(BaseUnusable, match="cannot check it out"),
        checked_out("HEAD", repository),
    ):
        pass


def test_without_git_the_cure_is_to_install_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BaseUnusable, match="install it"):
        default_base(repository)
