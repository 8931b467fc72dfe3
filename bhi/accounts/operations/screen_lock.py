"""After how many idle minutes the screens of an organization's people lock."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from bhi.accounts.errors import IdleMinutesWrong
from bhi.accounts.locking import LEAST_MINUTES, MOST_MINUTES
from bhi.accounts.models import ScreenLock
from bhi.audit.operations import record
from bhi.tenancy.models import Membership, Organization


@transaction.atomic
def set_idle_minutes(*, by: Membership, at: datetime, minutes: int) -> ScreenLock:
    """From each person's next step on. The same again changes nothing. Raises IdleMinutesWrong."""
    if not LEAST_MINUTES <= minutes <= MOST_MINUTES:
        raise IdleMinutesWrong
    organization = Organization.objects.select_for_update().get(id=by.organization_id)
    found = ScreenLock.objects.filter(organization_id=organization.id).first()
    if found is not None and found.idle_minutes == minutes:
        return found
    row = found or ScreenLock(organization_id=organization.id)
    row.idle_minutes, row.changed_at, row.changed_by = minutes, at, by
    row.save(force_insert=found is None)
    organization.idle_minutes = minutes
    organization.save(update_fields=["idle_minutes"])
    record("screen_lock.set", by=by, at=at, object_id=row.id, fields=["idle_minutes"])
    return row
