"""What the library raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


class LibraryError(Exception):
    """The library refused to do something."""


class TemplateNotFoundError(LibraryError):
    """There is no such template, or it is not in the state that is needed."""

    def __init__(self, template_id: UUID) -> None:
        """Name the template."""
        super().__init__(f"no such template {template_id}")
        self.template_id = template_id


class TemplateExistsError(LibraryError):
    """The workspace has an active template of the same configuration; delete that first."""

    def __init__(self, workspace_id: UUID, digest: str) -> None:
        """Name the workspace and the configuration's digest."""
        super().__init__(f"workspace {workspace_id} has an active template of {digest[:12]}")
        self.workspace_id = workspace_id
        self.digest = digest
