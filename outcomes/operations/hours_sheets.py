"""Consultants' hours as PDFs: asked for, made by a job, kept sealed for a day, then gone."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.files.models import StoredFile
from bhi.files.operations import discard_made, keep_for_a_day
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from outcomes.queries.hours_sheets import MAKE, PURPOSE, purpose_of


@transaction.atomic
def ask_for_hours_sheet(*, by: Membership, at: datetime, month: date) -> UUID:
    """Have the sheet of a month made for who asks, once while it waits. Returns the job's id."""
    record("consultant_hours.asked", by=by, at=at)
    return queue(
        MAKE,
        organization_id=by.organization_id,
        key=f"{month.isoformat()} {by.id}",
        arguments={"month": month.isoformat()},
        owner=by,
        at=at,
    )


@transaction.atomic
def keep_hours_sheet(*, organization_id: UUID, job_id: UUID, content: bytes, at: datetime) -> StoredFile:
    """Keep it for a day in place of what an earlier run of its job made. Raises FileTooLarge."""
    made = [("application/pdf", content)]
    return keep_for_a_day(made, organization_id=organization_id, purpose=purpose_of(job_id), at=at)[0]


def discard_hours_sheets(*, organization_id: UUID, at: datetime) -> int:
    """Delete those whose day is over. Returns how many."""
    return discard_made(organization_id=organization_id, purposes=PURPOSE, at=at)
