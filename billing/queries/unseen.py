"""How much there is besides what somebody may see who may not see every patient, and who can look."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.tenancy.sight import seeing_everything, sees_all, sight_of
from billing.models import Claim, Denial, DenialState, Refund
from billing.queries.closing import ClinicMonth, clinic_months
from caseload.rules.clock import first_day

_ASKED: Final = 20
_NAMED: Final = 5


def exceptions_unseen(organization_id: UUID, month: str, shown: list[ClinicMonth]) -> dict[UUID, int]:
    """By clinic, how many open exceptions more there are than who looks may see; of clinics where there are none,
    nothing. Nothing is read where they see everybody.
    """
    if sees_all():
        return {}
    with seeing_everything():
        whole = {one.clinic_id: one.open_exceptions for one in clinic_months(organization_id, month)}
    beyond = {one.clinic_id: whole.get(one.clinic_id, 0) - one.open_exceptions for one in shown if one.close is None}
    return {clinic_id: count for clinic_id, count in beyond.items() if count > 0}


def denials_unseen(organization_id: UUID) -> int:
    """How many open denials more there are than who looks may see. Two statements where sight is limited, else none."""
    return _beyond(Denial.objects.filter(organization_id=organization_id, state=DenialState.OPEN))


def refunds_unseen(organization_id: UUID, *, is_closed: bool = False) -> int:
    """How many payments without support more there are, open ones or closed ones; likewise."""
    return _beyond(Refund.objects.filter(organization_id=organization_id, closed_on__isnull=not is_closed))


def claims_unseen(organization_id: UUID, first: str, last: str) -> int:
    """How many live claims of these months more there are; likewise."""
    months = (first_day(first), first_day(last))
    return _beyond(Claim.objects.filter(organization_id=organization_id, is_superseded=False, month__range=months))


def _beyond(rows: QuerySet[Any]) -> int:
    if sees_all():
        return 0
    seen = rows.count()
    with seeing_everything():
        return rows.count() - seen


def who_sees_all(organization_id: UUID, permission: Permission, *, at: datetime) -> tuple[str, ...]:
    """People at work with a permission who may see every patient, five at most, by name. Of the first twenty by name,
    a statement each.
    """
    people = people_of(organization_id).values()
    may = [one for one in people if one.is_active and not one.is_system and permission in permissions_of(one.roles)]
    first = sorted(may, key=lambda one: one.name)[:_ASKED]
    return tuple(one.name for one in first if not sight_of(one, at).is_limited)[:_NAMED]
