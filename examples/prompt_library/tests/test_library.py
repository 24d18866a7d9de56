"""What the library does, and what its tables refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from prompt_library import engines, store
from prompt_library.errors import TemplateExistsError, TemplateNotFoundError
from prompt_library.models import Base, PromptResult, PromptTemplate, PromptVersion, utcnow
from prompt_library.seed import factories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORG, WORKSPACE = UUID(int=1), UUID(int=2)
CONFIG = {"model": "small", "temperature": 0.5}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Session]:
    """Begin a transaction on a database that has the tables."""
    engine = engines.connect(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


def add(db: Session, name: str = "Greeting", workspace: UUID = WORKSPACE) -> PromptTemplate:
    """Create a template."""
    return store.create(db, ORG, workspace, name, dict(CONFIG))


def test_second_active_template_of_a_configuration_is_refused(db: Session) -> None:
    """Whatever its name and the order of its keys; and the transaction goes on."""
    first = add(db)
    with pytest.raises(TemplateExistsError):
        store.create(db, ORG, WORKSPACE, "Other", dict(reversed(CONFIG.items())))
    db.commit()
    assert store.templates(db, WORKSPACE) == [first]


def test_workspaces_do_not_share_configurations(db: Session) -> None:
    """Each has its own."""
    add(db)
    add(db, workspace=uuid4())


def test_configuration_is_free_once_its_templates_are_deleted(db: Session) -> None:
    """However many were."""
    for _ in range(3):
        store.delete(db, add(db).id)
    add(db)
    db.commit()
    assert db.scalar(select(func.count()).select_from(PromptTemplate)) == 4
    assert len(store.templates(db, WORKSPACE)) == 1


def test_restored_template_is_active(db: Session) -> None:
    """As it was before."""
    template = add(db)
    store.delete(db, template.id)
    store.restore(db, template.id)
    assert store.templates(db, WORKSPACE) == [template]
    assert template.deleted_at is None


def test_template_is_not_restored_beside_an_active_one(db: Session) -> None:
    """The generated column follows an UPDATE; and the transaction goes on."""
    old = add(db)
    store.delete(db, old.id)
    new = add(db)
    with pytest.raises(TemplateExistsError):
        store.restore(db, old.id)
    db.commit()
    assert store.templates(db, WORKSPACE) == [new]


def test_only_what_is_there_is_deleted_restored_and_versioned(db: Session) -> None:
    """And only once."""
    template = add(db)
    for act in (store.delete, store.restore):
        with pytest.raises(TemplateNotFoundError):
            act(db, uuid4())
    with pytest.raises(TemplateNotFoundError):
        store.restore(db, template.id)
    store.delete(db, template.id)
    with pytest.raises(TemplateNotFoundError):
        store.delete(db, template.id)
    with pytest.raises(TemplateNotFoundError):
        store.add_version(db, template.id, "Hello")


def test_versions_are_numbered_without_gaps(db: Session) -> None:
    """The counter is part of the transaction."""
    template_id = add(db).id
    db.commit()
    store.add_version(db, template_id, "Hello")
    db.rollback()
    numbers = [store.add_version(db, template_id, body).number for body in ("Hello", "Hi")]
    assert numbers == [1, 2]


def test_results_are_listed_by_version(db: Session) -> None:
    """Those of other templates are not among them."""
    template, other = add(db), add(db, workspace=uuid4())
    first, second = (store.add_version(db, template.id, body) for body in ("Hello", "Hi"))
    store.record(db, second.id, "small", "Hi!")
    store.record(db, first.id, "small", None, outcome="failed", tokens=3)
    store.record(db, store.add_version(db, other.id, "Hey").id, "small", "Hey!")
    outcomes = [result.outcome for result in store.results(db, template.id)]
    assert outcomes == ["failed", "ok"]


def test_template_takes_its_versions_and_results_with_it(db: Session) -> None:
    """When it is deleted for good."""
    version = store.add_version(db, add(db).id, "Hello")
    store.record(db, version.id, "small", "Hello!")
    db.execute(delete(PromptTemplate))
    for model in (PromptVersion, PromptResult):
        assert db.scalar(select(func.count()).select_from(model)) == 0


def test_version_of_no_template_is_refused(db: Session) -> None:
    """Foreign keys are enforced."""
    db.add(PromptVersion(template_id=uuid4(), number=1, body="Hello"))
    with pytest.raises(IntegrityError):
        db.flush()


@pytest.mark.parametrize(
    "values",
    [
        {"name": ""},
        {"config_hash": "0" * 65},
        {"deleted_at": utcnow() - timedelta(days=1)},
        {"name": "x" * 201},
        {"name": "a\x00b"},
        {"config": {"temperature": float("nan")}},
        {"config": {"seed": 2**63}},
    ],
)
def test_template_that_some_backend_would_not_keep_is_refused(
    db: Session,
    values: dict[str, object],
) -> None:
    """By a check or by the type."""
    db.add(
        PromptTemplate(
            **{
                "org_id": ORG,
                "workspace_id": WORKSPACE,
                "name": "Greeting",
                "config": {"stop": ["."]},
                "config_hash": "0" * 64,
                **values,
            },
        ),
    )
    with pytest.raises((IntegrityError, StatementError)):
        db.flush()


def test_factories_make_valid_templates(db: Session) -> None:
    """They say what the check constraints want."""
    rows = [
        {"org_id": ORG, "workspace_id": WORKSPACE, "name": f"n{index}", **make(index)}
        for make in factories.values()
        for index in range(9)
    ]
    db.add_all([PromptTemplate(**row) for row in rows])
    db.flush()
    assert len(store.templates(db, WORKSPACE)) == 6
