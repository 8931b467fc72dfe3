"""Asking somebody to come, and their coming."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from bhi.accounts.errors import AlreadyHere, InvitationOver, RoleMissing, SeatTaken, WrongPerson
from bhi.accounts.links import fingerprint_of, invitation_path, secret_of
from bhi.accounts.models import Invitation, User
from bhi.accounts.operations.access import set_clinics
from bhi.accounts.operations.notices import tell_of_roles
from bhi.accounts.operations.organizations import add_member
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Clinic, Membership, Organization, Role

INVITATION_DAYS: Final = 7
SEND: Final = "send_invitation"
SUBJECT: Final = "You are invited"
# Two presses of the same button are one invitation.
_SAME = timedelta(minutes=5)


@dataclass(frozen=True)
class Invited:
    """Who is asked to come, as what. No clinics: all of them. `seat_id`: the seat without a person to be taken."""

    email: str
    name: str
    roles: tuple[Role, ...]
    credential: str = ""
    clinics: frozenset[UUID] = frozenset()
    seat_id: UUID | None = None


@transaction.atomic
def invite(*, by: Membership, at: datetime, invited: Invited) -> Invitation:
    """Invite by e-mail, for seven days and once; an invitation that waits for the same address ends with it.

    The same again within five minutes is the first. Raises RoleMissing, AlreadyHere, SeatTaken, NotFound.
    """
    email = invited.email.strip().lower()
    _refuse(by.organization_id, email, invited)
    waiting = _waiting(by.organization_id).filter(email=email).first()
    if waiting is not None:
        if _is_same(waiting, invited) and at - waiting.invited_at < _SAME:
            return waiting
        _withdraw(waiting, at=at)
    return _made(by=by, at=at, email=email, invited=invited)


@transaction.atomic
def invite_again(*, by: Membership, at: datetime, invitation_id: UUID) -> Invitation:
    """A new link for another seven days; the old one is dead. Raises InvitationOver and what `invite` does."""
    found = _locked(by.organization_id, invitation_id)
    if found.accepted_at or found.withdrawn_at:
        raise InvitationOver
    invited = Invited(
        email=found.email,
        name=found.name,
        roles=tuple(Role(role) for role in found.roles),
        credential=found.credential,
        clinics=frozenset(found.clinics),
        seat_id=found.seat_id,
    )
    _refuse(by.organization_id, found.email, invited)
    _withdraw(found, at=at)
    return _made(by=by, at=at, email=found.email, invited=invited)


@transaction.atomic
def withdraw_invitation(*, by: Membership, at: datetime, invitation_id: UUID) -> None:
    """The link is dead; a second time changes nothing. Raises InvitationOver when it was taken up, NotFound."""
    found = _locked(by.organization_id, invitation_id)
    if found.accepted_at:
        raise InvitationOver
    if found.withdrawn_at is None:
        _withdraw(found, at=at)
        record("invitation.withdrawn", by=by, at=at, object_id=found.id)


@transaction.atomic
def accept_invitation(
    *,
    organization_id: UUID,
    invitation_id: UUID,
    at: datetime,
    person: User | None,
    name: str = "",
    password: str | None = None,
) -> Membership:
    """Take the seat. Who has an account comes signed in as `person`; somebody new sets `name` and `password`.

    Without a password they sign in at the organization's own provider. Whoever worked here before gets that seat back,
    with the roles of the invitation. Raises InvitationOver, WrongPerson, AlreadyHere, SeatTaken.
    """
    invitation = _locked(organization_id, invitation_id)
    if invitation.accepted_at or invitation.withdrawn_at or invitation.expires_at <= at:
        raise InvitationOver
    user = _known(invitation, person) if person else _new(invitation, name=name, password=password)
    seat = _seated(invitation, user)
    set_clinics(seat=seat, clinics=_still_there(organization_id, invitation.clinics), by=seat, at=at)
    invitation.accepted_at, invitation.accepted_by = at, seat
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    record(
        "invitation.accepted", by=seat, at=at, object_id=invitation.id, fields=[f"gave_{role}" for role in seat.roles]
    )
    tell_of_roles(seat=seat, given=seat.roles, at=at)
    return seat


def deliver_invitation(*, organization_id: UUID, invitation_id: UUID, at: datetime) -> None:
    """Send the e-mail with the link. Nothing goes out for one that is over by now."""
    found = Invitation.objects.get(organization_id=organization_id, id=invitation_id)
    if found.accepted_at or found.withdrawn_at or found.expires_at <= at:
        return
    organization = Organization.objects.get(id=organization_id)
    link = settings.ADDRESS + invitation_path(organization_id, found.id)
    body = render_to_string(
        "people/invitation.txt", {"link": link, "organization": organization.name, "until": found.expires_at}
    )
    send_mail(SUBJECT, body, None, [found.email])


def _refuse(organization_id: UUID, email: str, invited: Invited) -> None:
    """Raises RoleMissing, AlreadyHere, SeatTaken, NotFound for a clinic that is not there."""
    if not invited.roles:
        raise RoleMissing
    seats = Membership.objects.filter(organization_id=organization_id, user__email=email)
    if seats.filter(is_active=True).exists() or (invited.seat_id and seats.exists()):
        raise AlreadyHere
    if invited.seat_id:
        _free_seat(organization_id, invited.seat_id)
    if len(_still_there(organization_id, invited.clinics)) != len(invited.clinics):
        raise NotFound


def _free_seat(organization_id: UUID, seat_id: UUID) -> Membership:
    seats = Membership.objects.filter(organization_id=organization_id, id=seat_id, is_system=False, user=None)
    seat = seats.select_for_update(no_key=True).first()
    if seat is None or not seat.is_active:
        raise SeatTaken
    return seat


def _still_there(organization_id: UUID, clinics: Collection[UUID]) -> frozenset[UUID]:
    found = Clinic.objects.filter(organization_id=organization_id, id__in=clinics)
    return frozenset(found.values_list("id", flat=True))


def _made(*, by: Membership, at: datetime, email: str, invited: Invited) -> Invitation:
    key = uuid7()
    made = Invitation.objects.create(
        id=key,
        organization_id=by.organization_id,
        email=email,
        name=invited.name.strip(),
        credential=invited.credential.strip(),
        roles=[role.value for role in invited.roles],
        clinics=sorted(invited.clinics),
        seat_id=invited.seat_id,
        token_sha256=fingerprint_of(secret_of(key)),
        invited_at=at,
        invited_by=by,
        expires_at=at + timedelta(days=INVITATION_DAYS),
    )
    record("invitation.sent", by=by, at=at, object_id=made.id, fields=[f"gave_{role}" for role in made.roles])
    arguments = {"invitation_id": made.id}
    queue(SEND, organization_id=by.organization_id, key=str(made.id), at=at, arguments=arguments)
    return made


def _waiting(organization_id: UUID) -> QuerySet[Invitation]:
    return Invitation.objects.select_for_update(of=("self",)).filter(
        organization_id=organization_id, accepted_at=None, withdrawn_at=None
    )


def _locked(organization_id: UUID, invitation_id: UUID) -> Invitation:
    rows = Invitation.objects.filter(organization_id=organization_id, id=invitation_id)
    found = rows.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    return found


def _is_same(waiting: Invitation, invited: Invited) -> bool:
    was = (set(waiting.roles), frozenset(waiting.clinics), waiting.seat_id, waiting.name, waiting.credential)
    asked = {role.value for role in invited.roles}, invited.clinics, invited.seat_id
    return was == (*asked, invited.name.strip(), invited.credential.strip())


def _withdraw(invitation: Invitation, *, at: datetime) -> None:
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])


def _known(invitation: Invitation, person: User) -> User:
    if person.email != invitation.email:
        raise WrongPerson
    return person


def _new(invitation: Invitation, *, name: str, password: str | None) -> User:
    """Somebody who got an account meanwhile, perhaps elsewhere, keeps it, and signs in first: WrongPerson."""
    try:
        with transaction.atomic():
            return User.objects.create_user(invitation.email, password, name=name.strip())
    except IntegrityError:
        raise WrongPerson from None


def _meant(invitation: Invitation) -> Membership:
    assert invitation.seat_id is not None  # else somebody gets a new seat
    return _free_seat(invitation.organization_id, invitation.seat_id)


def _seated(invitation: Invitation, user: User) -> Membership:
    """The seat of an earlier time, the one that was meant, or a new one."""
    former = Membership.objects.filter(organization_id=invitation.organization_id, user=user).first()
    if former is not None and (former.is_active or invitation.seat_id):
        raise AlreadyHere
    if former is None and invitation.seat_id is None:
        return add_member(
            organization=invitation.organization,
            user=user,
            name=user.name,
            roles=[Role(role) for role in invitation.roles],
            credential=invitation.credential,
        )
    seat = former if former is not None else _meant(invitation)
    seat.user, seat.is_active, seat.roles = user, True, invitation.roles
    seat.ended_at, seat.ended_because = None, ""
    seat.credential = invitation.credential or seat.credential
    seat.save(update_fields=["user", "is_active", "roles", "credential", "ended_at", "ended_because"])
    return seat
