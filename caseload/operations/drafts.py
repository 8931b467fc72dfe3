"""What somebody is still writing about a patient, kept until it is saved or discarded. It counts nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import Contact, Draft
from registry.models import Patient

MOST_FIELDS, LONGEST_FIELD = 200, 20_000


@transaction.atomic
def save_draft(*, by: Membership, at: datetime, patient_id: UUID, typed: Mapping[str, str], token: UUID | None) -> bool:
    """Keep what a form holds so far in place of what was kept before; false where it has been saved meanwhile.

    `token` is the form's: a draft that arrives after its contact was recorded leaves nothing behind. What is longer
    than any form is cut. Not audited: opening the form is, and so is saving it. Raises NotFound.
    """
    organization_id = by.organization_id
    if not Patient.objects.live().filter(organization_id=organization_id, id=patient_id).exists():
        raise NotFound
    if token is not None and Contact.objects.filter(organization_id=organization_id, client_token=token).exists():
        return False
    said = {name: text.replace("\x00", "")[:LONGEST_FIELD] for name, text in list(typed.items())[:MOST_FIELDS] if text}
    Draft.objects.update_or_create(
        organization_id=organization_id,
        membership=by,
        patient_id=patient_id,
        defaults={"typed": said, "saved_at": at},
    )
    return True


def discard_draft(*, by: Membership, patient_id: UUID) -> None:
    """Let a person's draft about a patient go; nothing where there is none. One statement."""
    Draft.objects.filter(organization_id=by.organization_id, membership=by, patient_id=patient_id).delete()
