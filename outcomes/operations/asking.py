"""Having the open months measured without waiting for the night."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership

MEASURE: Final = "measure_months"


@transaction.atomic
def ask_to_measure(*, by: Membership, at: datetime) -> UUID:
    """Queue the night's work now. Returns the job, which its owner follows; asked twice it is one job until it runs."""
    job_id = queue(MEASURE, organization_id=by.organization_id, key=f"asked by {by.id}", at=at, owner=by)
    record("outcome_month.asked", by=by, at=at, object_id=job_id)
    return job_id
