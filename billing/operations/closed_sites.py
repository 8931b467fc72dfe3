"""Telling a closed month what holds of its clinic by now: nothing else does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import MonthClose
from billing.operations.closing import locked_close
from billing.operations.errors import NothingToCorrect
from billing.queries.sites import kept_site, site_of
from billing.rules.sites import site_changes, stored_site
from registry.operations.errors import ReasonMissing


@transaction.atomic
def take_site(*, by: Membership, at: datetime, close_id: UUID, because: str) -> MonthClose:
    """Let the claims of a closed month say of the clinic what is set now, with the reason.

    Claims that left stay as they are until each is corrected; so do frozen months, where the kind of site or the place
    of service is another. Raises ReasonMissing, NothingToCorrect where both say the same, NotFound.
    """
    if not because.strip():
        raise ReasonMissing
    close = locked_close(close_id, by.organization_id)
    now = site_of(close.clinic)
    if not site_changes(kept_site(close), now):
        raise NothingToCorrect
    close.site, close.site_at, close.site_by, close.site_because = stored_site(now), at, by, because.strip()
    close.save(update_fields=["site", "site_at", "site_by", "site_because"])
    record("month.site_taken", by=by, at=at, object_id=close.id, fields=["site"])
    return close
