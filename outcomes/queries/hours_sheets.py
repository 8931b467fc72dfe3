"""Consultants' hours as PDFs: which month somebody asked for, and the file while it is kept."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.tenancy.models import Membership

PURPOSE: Final = "hours "
MAKE: Final = "make_hours_sheet"


def purpose_of(job_id: UUID) -> str:
    """What the file of one making is kept as."""
    return f"{PURPOSE}{job_id.hex}"


def month_asked(job_id: UUID, *, owner: Membership) -> date:
    """The month whose sheet the person's own job makes. Raises NotFound, also for jobs of others and other kinds."""
    job = Job.objects.filter(organization_id=owner.organization_id, id=job_id, owner=owner, kind=MAKE).first()
    if job is None:
        raise NotFound
    return date.fromisoformat(job.arguments["month"])


def hours_file(organization_id: UUID, job_id: UUID, *, at: datetime) -> StoredFile:
    """What the job made, until its day is over. Raises NotFound."""
    kept = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose_of(job_id), expires_at__gt=at)
    file: StoredFile | None = kept.first()
    if file is None:
        raise NotFound
    return file
