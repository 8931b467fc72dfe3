"""What notes may begin with, in the organization's own words."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from caseload.models import Activity, NoteTemplate


@dataclass(frozen=True)
class TemplateShown:
    """One template, as it is chosen and edited; `kind` is its activity in words."""

    id: UUID
    activity: str
    kind: str
    name: str
    body: str
    is_in_use: bool


def templates_in_use(organization_id: UUID) -> list[TemplateShown]:
    """The templates that a note may begin with, in the order of kinds, then by name."""
    return [template for template in templates_of(organization_id) if template.is_in_use]


def templates_of(organization_id: UUID) -> list[TemplateShown]:
    """Every template, those no longer in use included. One statement."""
    kinds = [value for value, _ in Activity.choices]
    rows = NoteTemplate.objects.filter(organization_id=organization_id)
    found = [
        TemplateShown(row.id, row.activity, row.get_activity_display(), row.name, row.body, row.is_in_use)
        for row in rows
    ]
    return sorted(found, key=lambda one: (kinds.index(one.activity), one.name.lower()))
