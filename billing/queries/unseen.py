"""What somebody who may not see every patient leaves open at the close of a month, and who can look."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.tenancy.sight import seeing_everything, sees_all, sight_of
from billing.queries.closing import ClinicMonth, clinic_months

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


def who_sees_all(organization_id: UUID, permission: Permission, *, at: datetime) -> tuple[str, ...]:
    """People at work with a permission who may see every patient, five at most, by name. Of the first twenty by name,
    a statement each.
    """
    people = people_of(organization_id).values()
    may = [one for one in people if one.is_active and not one.is_system and permission in permissions_of(one.roles)]
    first = sorted(may, key=lambda one: one.name)[:_ASKED]
    return tuple(one.name for one in first if not sight_of(one, at).is_limited)[:_NAMED]
