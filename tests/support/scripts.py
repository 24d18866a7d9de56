"""Histories of revisions, healthy or with one fault, and checks performed on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from textwrap import dedent, indent
from typing import TYPE_CHECKING

from sqlalchemy import MetaData

from dbparity.applications import Application
from dbparity.conformance.base import perform
from tests.support.databases import sqlite_database
from tests.support.migrations import SYNC, write_migrations

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from dbparity.conformance.base import Check
    from dbparity.results import Result


@dataclass(frozen=True)
class Script:
    """One revision: what it follows, and the bodies of its functions; None for no function."""

    revision: str
    down: str | tuple[str, ...] | None
    upgrade: str = "pass"
    downgrade: str | None = "pass"
    needs: str | None = None
    label: str | None = None
    folder: str = "versions"

    @property
    def text(self) -> str:
        """The file."""
        lines = [
            f'"""Step {self.revision}."""',
            "import sqlalchemy as sa",
            "from alembic import op",
            f"revision = {self.revision!r}",
            f"down_revision = {self.down!r}",
            f"depends_on = {self.needs!r}",
            f"branch_labels = {self.label!r}",
            _function("upgrade", self.upgrade),
            _function("downgrade", self.downgrade) if self.downgrade is not None else "",
        ]
        return "\n".join(lines)


MAKE_PARENTS = Script(
    "1",
    None,
    'op.create_table("parents", sa.Column("id", sa.Integer(), primary_key=True),\n'
    '    sa.Column("name", sa.String(40), nullable=False))',
    'op.drop_table("parents")',
)
MAKE_CHILDREN = Script(
    "2",
    "1",
    'op.create_table("children", sa.Column("id", sa.Integer(), primary_key=True),\n'
    '    sa.Column("parent_id", sa.Integer(),\n'
    '              sa.ForeignKey("parents.id", name="fk_parent", ondelete="CASCADE")))\n'
    'op.create_index("ix_children_parent", "children", ["parent_id"])',
    'op.drop_table("children")',
)
ADD_NOTE = Script(
    "3",
    "2",
    'op.add_column("parents", sa.Column("note", sa.String(80)))',
    'op.drop_column("parents", "note")',
)
FAMILY = (MAKE_PARENTS, MAKE_CHILDREN, ADD_NOTE)


def family(**changed: Script) -> tuple[Script, ...]:
    """The three revisions, some of them ``changed``: ``_2=...`` is the second."""
    return tuple(changed.get(f"_{script.revision}", script) for script in FAMILY)


def but(script: Script, **different: Any) -> Script:  # noqa: ANN401  # fields of a script
    """``script`` with something ``different``."""
    return replace(script, **different)


def write_scripts(
    folder: Path, scripts: Sequence[Script] = FAMILY, env: str = SYNC, **options: str
) -> Path:
    """Write alembic.ini with ``env`` and ``scripts``; return its path."""
    ini = write_migrations(folder, env, (), **options)
    for number, script in enumerate(scripts):
        versions = folder / "migrations" / script.folder
        versions.mkdir(exist_ok=True)
        (versions / f"{number}_{script.revision}.py").write_text(script.text)
    return ini


def reviewed(
    check: Check,
    folder: Path,
    ini: Path | None,
    driver: str = "pysqlite",
    metadata: MetaData | None = None,
    **options: Any,  # noqa: ANN401  # Application's
) -> Result:
    """Perform ``check`` on an empty SQLite file, with the migrations of ``ini``."""
    application = Application("tests:family", metadata or MetaData(), ini, **options)
    with sqlite_database(folder, application, driver, MetaData()) as database:
        return perform(check, database)


def _function(name: str, body: str) -> str:
    return f"def {name}():\n{indent(dedent(body), '    ')}\n"
