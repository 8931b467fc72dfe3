"""Who is told that a closed month is to be opened again: by e-mail, without a word of whom or what it is about."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import email_of, people_of
from bhi.jobs.operations import queue
from bhi.tenancy.models import Organization, Role
from billing.models import MonthClose
from caseload.rules.clock import month_of

TELL: Final = "tell_of_reopening"
SUBJECT: Final = "A closed month"
BODIES: Final = {
    "agree": """\
Somebody asks to open a closed month again. It is opened once somebody else agrees; you may:

{address}

The reason stands there.
""",
    "asked": """\
Somebody asked to open a closed month again, and nobody else in the organization may agree to it. Whoever asked can
open it 24 hours later:

{address}

You get this because you answer for the organization.
""",
    "opened": """\
A closed month was opened again by the person who had asked for it, 24 hours later, as nobody else may agree:

{address}

You get this because you answer for the organization.
""",
}


def tell_of_asking(close: MonthClose, *, others: Collection[UUID], at: datetime) -> None:
    """Those who may agree are asked to; where nobody may, leads and admins are told that the day begins to run."""
    if others:
        _tell(close, "agree", others, at=at)
    else:
        _tell(close, "asked", _who_answers(close.organization_id), at=at)


def tell_of_opening_alone(close: MonthClose, *, at: datetime) -> None:
    """Leads and admins are told that one person opened the month."""
    _tell(close, "opened", _who_answers(close.organization_id), at=at)


def mail_of_reopening(*, organization_id: UUID, close_id: UUID, membership_id: UUID, word: str) -> None:
    """Send one of these. Somebody who left meanwhile gets none."""
    close = MonthClose.objects.filter(organization_id=organization_id, id=close_id).first()
    to = email_of(organization_id, membership_id)
    if close is None or not to:
        return
    address = settings.ADDRESS + _place_for(close, membership_id)
    send_mail(SUBJECT, BODIES[word].format(address=address), None, [to])


def _place_for(close: MonthClose, membership_id: UUID) -> str:
    """The month's own page; for an admin, who may not open that, the organization's."""
    slug = Organization.objects.get(id=close.organization_id).slug
    if Permission.CLOSE_MONTH in permissions_of(people_of(close.organization_id)[membership_id].roles):
        return reverse("month_close", args=[slug, month_of(close.month), close.clinic_id])
    return reverse("enter", args=[slug])


def _tell(close: MonthClose, word: str, seats: Collection[UUID], *, at: datetime) -> None:
    for seat_id in sorted(seats):
        queue(
            TELL,
            organization_id=close.organization_id,
            key=f"{close.id}:{word}:{seat_id}",
            at=at,
            arguments={"close_id": close.id, "membership_id": seat_id, "word": word},
        )


def _who_answers(organization_id: UUID) -> set[UUID]:
    """Leads and admins at work."""
    answering = {Role.CLINIC_LEAD.value, Role.ADMIN.value}
    return {id_ for id_, seat in people_of(organization_id).items() if seat.is_active and answering & set(seat.roles)}
