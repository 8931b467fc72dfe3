"""When a clinic's signals of review begin, and by when its recommendations are due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.jobs.operations import queue
from bhi.tenancy.models import Clinic, Membership
from caseload.models import ReviewProtocol
from caseload.operations.clinic_settings import keep_settings
from caseload.rules.clock import local_date
from caseload.rules.review_limits import LIMIT_FIELDS, Deadlines, faults_of_review_limits
from caseload.rules.targets import OwnLimits, targets_in_force


class LimitsRefused(DomainError):
    """Limits that are laxer than the usual, too strict, or out of order; `faults` says which and why."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__(" ".join(faults.values()))
        self.faults = dict(faults)


@transaction.atomic
def set_review_protocol(
    *, by: Membership, at: datetime, clinic: Clinic, own: OwnLimits, deadlines: Deadlines, seen: datetime | None
) -> None:
    """Set a clinic's limits of review. What was so before stays in the table's history.

    `seen` is when the settings that the person looked at were made (None: never). Nothing is written when all is so
    already. Other limits of signals work out everybody at the clinic anew. Raises LimitsRefused, SettingsMoved.
    """
    usual = targets_in_force(local_date(at, ZoneInfo(clinic.time_zone))).limits
    if faults := faults_of_review_limits(own, deadlines, usual):
        raise LimitsRefused(faults)
    wanted = {**{name: getattr(own, name) for name in LIMIT_FIELDS}, **asdict(deadlines)}
    row, changed = keep_settings(ReviewProtocol, clinic, wanted, by=by, at=at, seen=seen)
    if not changed:
        return
    record("review_protocol.set", by=by, at=at, object_id=row.id, fields=changed)
    if set(LIMIT_FIELDS) & set(changed):
        arguments = {"clinic_id": clinic.id}
        queue("rebuild_clinic", organization_id=by.organization_id, key=str(clinic.id), at=at, arguments=arguments)
