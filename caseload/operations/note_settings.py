"""What an organization decides about notes: what they begin with, and whose are signed beside by whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import NoteTemplate, Supervision
from caseload.operations.errors import OwnSupervisor, TemplateNameTaken
from registry.operations.recording import refusing


@transaction.atomic
def save_template(
    *,
    by: Membership,
    at: datetime,
    activity: str,
    name: str,
    body: str,
    is_in_use: bool = True,
    template_id: UUID | None = None,
) -> NoteTemplate:
    """Make a template, or change the one with this id; notes begun with it stay as they are.

    Raises NotFound, TemplateNameTaken.
    """
    template = NoteTemplate(organization_id=by.organization_id)
    if template_id is not None:
        found = NoteTemplate.objects.filter(organization_id=by.organization_id, id=template_id).first()
        if found is None:
            raise NotFound
        template = found
    template.activity, template.name, template.body = activity, name, body
    template.is_in_use, template.changed_at, template.changed_by = is_in_use, at, by
    with refusing({"caseload_notetemplate_name": TemplateNameTaken}):
        template.save()
    fields = ["activity", "name", "body", "is_in_use"]
    record("note_template.saved", by=by, at=at, object_id=template.id, fields=fields)
    return template


@transaction.atomic
def set_supervisor(
    *, by: Membership, at: datetime, supervised: Membership, supervisor: Membership | None
) -> Supervision | None:
    """Whose signature the notes of `supervised` wait for from now on; None for nobody's.

    The earlier one ends; the same one again changes nothing. Raises OwnSupervisor.
    """
    if supervisor is not None and supervisor.id == supervised.id:
        raise OwnSupervisor
    current = Supervision.objects.select_for_update().filter(
        organization_id=by.organization_id, supervised=supervised, is_current=True
    )
    earlier = current.first()
    if earlier is not None and supervisor is not None and earlier.supervisor_id == supervisor.id:
        return earlier
    current.update(is_current=False)
    made = None
    if supervisor is not None:
        made = Supervision.objects.create(
            organization_id=by.organization_id,
            supervised=supervised,
            supervisor=supervisor,
            made_at=at,
            made_by=by,
        )
    record("supervision.set", by=by, at=at, object_id=supervised.id, fields=["supervisor"])
    return made
