"""What the library does with its tables; every function works in the caller's transaction."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Update, select, update
from sqlalchemy.exc import IntegrityError

from prompt_library.errors import TemplateExistsError, TemplateNotFoundError
from prompt_library.models import PromptResult, PromptTemplate, PromptVersion, utcnow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import CursorResult
    from sqlalchemy.orm import Session


def config_hash(config: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a configuration, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def _changed(db: Session, statement: Update) -> bool:
    return bool(cast("CursorResult[Any]", db.execute(statement)).rowcount)


def create(
    db: Session,
    org_id: UUID,
    workspace_id: UUID,
    name: str,
    config: dict[str, Any],
) -> PromptTemplate:
    """Add a template; raise `TemplateExistsError` if an active one has its configuration."""
    digest = config_hash(config)
    template = PromptTemplate(
        org_id=org_id,
        workspace_id=workspace_id,
        name=name,
        config=config,
        config_hash=digest,
    )
    try:
        # A savepoint, since PostgreSQL would refuse the rest of the transaction.
        with db.begin_nested():
            db.add(template)
    except IntegrityError as error:
        raise TemplateExistsError(workspace_id, digest) from error
    return template


def delete(db: Session, template_id: UUID) -> None:
    """Delete a template softly: it stays, and its configuration is free."""
    gone = (
        update(PromptTemplate)
        .where(PromptTemplate.id == template_id, PromptTemplate.deleted_at.is_(None))
        .values(deleted_at=utcnow())
    )
    if not _changed(db, gone):
        raise TemplateNotFoundError(template_id)


def restore(db: Session, template_id: UUID) -> None:
    """Take the deletion back; raise `TemplateExistsError` if the configuration is taken."""
    template = db.get(PromptTemplate, template_id)
    if template is None:
        raise TemplateNotFoundError(template_id)
    back = (
        update(PromptTemplate)
        .where(PromptTemplate.id == template_id, PromptTemplate.deleted_at.is_not(None))
        .values(deleted_at=None)
    )
    try:
        with db.begin_nested():
            found = _changed(db, back)
    except IntegrityError as error:
        raise TemplateExistsError(template.workspace_id, template.config_hash) from error
    if not found:
        raise TemplateNotFoundError(template_id)


def templates(db: Session, workspace_id: UUID) -> Sequence[PromptTemplate]:
    """Return the active templates of a workspace, by name."""
    return db.scalars(
        select(PromptTemplate)
        .where(PromptTemplate.workspace_id == workspace_id, PromptTemplate.deleted_at.is_(None))
        .order_by(PromptTemplate.name, PromptTemplate.id),
    ).all()


def add_version(db: Session, template_id: UUID, body: str) -> PromptVersion:
    """Add the next version of an active template."""
    # First, so that writers take turns; SELECT ... FOR UPDATE is not there on SQLite.
    counted = (
        update(PromptTemplate)
        .where(PromptTemplate.id == template_id, PromptTemplate.deleted_at.is_(None))
        .values(version_count=PromptTemplate.version_count + 1)
    )
    if not _changed(db, counted):
        raise TemplateNotFoundError(template_id)
    number = select(PromptTemplate.version_count).where(PromptTemplate.id == template_id)
    version = PromptVersion(template_id=template_id, number=db.scalar(number), body=body)
    db.add(version)
    db.flush()
    return version


def record(  # noqa: PLR0913
    db: Session,
    version_id: UUID,
    model: str,
    output: str | None,
    *,
    outcome: str = "ok",
    tokens: int = 0,
) -> PromptResult:
    """Keep what a model made of a version."""
    result = PromptResult(
        version_id=version_id,
        model=model,
        output=output,
        outcome=outcome,
        tokens=tokens,
    )
    db.add(result)
    db.flush()
    return result


def results(db: Session, template_id: UUID) -> Sequence[PromptResult]:
    """Return the results of all versions of a template, in their order."""
    return db.scalars(
        select(PromptResult)
        .join(PromptVersion, PromptVersion.id == PromptResult.version_id)
        .where(PromptVersion.template_id == template_id)
        .order_by(PromptVersion.number, PromptResult.created_at, PromptResult.id),
    ).all()
