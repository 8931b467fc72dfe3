"""Who answers for an organization is told by e-mail when access ends or an admin or lead is made. It names nobody."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse

from bhi.accounts.queries import email_of
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership, Organization, Role

TELL: Final = "tell_of_access"
ENDED, ADMIN_MADE, LEAD_MADE, ADMIN_INVITED = "ended", "admin_made", "lead_made", "admin_invited"
_WHY: Final = "You get this because you answer for the organization.\n"
SUBJECTS: Final = {
    ENDED: "Somebody’s work has ended",
    ADMIN_MADE: "Somebody was made an admin",
    LEAD_MADE: "Somebody was made a clinic lead",
    ADMIN_INVITED: "An admin was invited",
}
BODIES: Final = {
    ENDED: "Somebody’s work in {organization} has ended, and with it their access:",
    ADMIN_MADE: "Somebody in {organization} was made an admin. If nobody meant that, take it back under People:",
    LEAD_MADE: "Somebody in {organization} was made a clinic lead. If nobody meant that, have it taken back:",
    ADMIN_INVITED: (
        "Whoever runs this installation invited somebody as an admin of {organization}. If nobody asked for that, "
        "withdraw the invitation under People, and ask:"
    ),
}
_ANSWERING = frozenset({Role.ADMIN.value, Role.CLINIC_LEAD.value})


def tell_of_roles(*, seat: Membership, given: Collection[str], at: datetime) -> None:
    """Where a seat got the role of an admin or a lead, whichever way: the others hear of it."""
    word = ADMIN_MADE if Role.ADMIN.value in given else LEAD_MADE if Role.CLINIC_LEAD.value in given else ""
    if word:
        tell_who_answers(organization_id=seat.organization_id, word=word, about_id=seat.id, at=at)


def tell_who_answers(*, organization_id: UUID, word: str, about_id: UUID, at: datetime) -> None:
    """Admins and leads who can sign in get an e-mail, but for whom it is about."""
    seats = Membership.objects.filter(organization_id=organization_id, is_active=True, user__is_active=True)
    for seat in seats.exclude(id=about_id).order_by("id"):
        if _ANSWERING & set(seat.roles):
            queue(
                TELL,
                organization_id=organization_id,
                key=f"{word}:{about_id}:{at.timestamp():.0f}:{seat.id}",
                at=at,
                arguments={"membership_id": seat.id, "word": word},
            )


def mail_of_access(*, organization_id: UUID, membership_id: UUID, word: str) -> None:
    """Send one of these; none to somebody who left meanwhile."""
    to = email_of(organization_id, membership_id)
    if not to:
        return
    organization = Organization.objects.get(id=organization_id)
    address = settings.ADDRESS + reverse("enter", args=[organization.slug])
    body = f"{BODIES[word].format(organization=organization.name)}\n\n{address}\n\n{_WHY}"
    send_mail(SUBJECTS[word], body, None, [to])
