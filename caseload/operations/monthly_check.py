"""Signing a clinic's month: what was shown stays as it was, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from caseload.models import MonthlyCheck
from caseload.queries.monthly_check import clinic_figures, clinic_here
from caseload.rules.clock import first_day, last_day
from caseload.rules.monthly_check import kept


class MonthNotOverYet(DomainError):
    """A month is signed once it is over."""

    def __init__(self) -> None:
        super().__init__("This month is not over yet. Look through it now, and sign it next month.")


class SignedMeanwhile(DomainError):
    """Somebody signed the month before: what is said of it now was not kept."""

    def __init__(self, check: MonthlyCheck) -> None:
        self.check = check
        super().__init__(f"{check.signed_as} signed this month already, so your remark and tasks were not kept.")


@dataclass(frozen=True)
class Task:
    """Something that is to be mended: what, by whom, until when."""

    words: str
    owner: str
    until_on: date | None


@transaction.atomic
def sign_check(
    *, by: Membership, at: datetime, clinic_id: UUID, month: str, remark: str, tasks: Sequence[Task] = ()
) -> MonthlyCheck:
    """Freeze the figures of a clinic's month with what is said of them.

    Sent twice by one person with the same words it is the first, unchanged. Raises SignedMeanwhile where the month
    was signed otherwise, MonthNotOverYet, NotFound.
    """
    clinic = clinic_here(by.organization_id, clinic_id)
    if at.astimezone(ZoneInfo(clinic.time_zone)).date() <= last_day(month):
        raise MonthNotOverYet
    first_on = first_day(month)
    found = clinic_figures(by.organization_id, clinic_id, first_on, last_day(month))
    told: dict[str, object] = {
        "remark": remark.strip(),
        "tasks": [[one.words, one.owner, one.until_on.isoformat() if one.until_on else ""] for one in tasks],
    }
    check, is_new = MonthlyCheck.objects.get_or_create(
        organization_id=by.organization_id,
        clinic=clinic,
        month=first_on,
        defaults={
            **told,
            "figures": kept(found),
            "signed_at": at,
            "signed_by": by,
            "signed_as": str(by),
        },
    )
    if is_new:
        behind = {one.patient_id for figure in found for one in figure.behind}
        record("check.signed", by=by, at=at, object_id=check.id, fields=["figures", "remark", "tasks"], shown=behind)
    elif (check.signed_by_id, check.remark, check.tasks) != (by.id, told["remark"], told["tasks"]):
        raise SignedMeanwhile(check)
    return check
