"""Accountings of disclosures made for paper: asked for, kept sealed for a day, then gone."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.files.models import StoredFile
from bhi.files.operations import discard_made, keep_for_a_day
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from registry.queries.accountings import PURPOSE, purpose_of

MAKE: Final = "make_accounting"


@transaction.atomic
def ask_for_accounting(*, by: Membership, at: datetime, patient_id: UUID) -> UUID:
    """Queue the making for the person who asks, once while it waits. Returns the job's id."""
    record("disclosures.printed", by=by, at=at, patient_id=patient_id, object_id=patient_id)
    return queue(
        MAKE,
        organization_id=by.organization_id,
        key=f"{patient_id} {by.id}",
        arguments={"patient_id": patient_id},
        owner=by,
        at=at,
    )


@transaction.atomic
def keep_accounting(*, organization_id: UUID, patient_id: UUID, content: bytes, at: datetime) -> StoredFile:
    """Keep it for a day in place of the one before it. Raises FileTooLarge."""
    made = [("application/pdf", content)]
    return keep_for_a_day(made, organization_id=organization_id, purpose=purpose_of(patient_id), at=at)[0]


def discard_accountings(*, organization_id: UUID, at: datetime) -> int:
    """Delete those whose day is over. Returns how many."""
    return discard_made(organization_id=organization_id, purposes=PURPOSE, at=at)
