"""What a seat may do and where: roles, clinics, and whether it is there at all. What changed stands in the audit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.accounts.carrying import carried_by
from bhi.accounts.errors import LastAdmin, OwnSeat, RoleMissing, StillCarried
from bhi.accounts.models import Invitation, SeatClinic
from bhi.accounts.operations.ending_sessions import end_all_sessions
from bhi.accounts.operations.notices import ENDED, tell_of_roles, tell_who_answers
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership, Organization, Role


@transaction.atomic
def set_access(
    *, by: Membership, at: datetime, seat_id: UUID, roles: Collection[Role], clinics: frozenset[UUID]
) -> None:
    """The seat has exactly these roles and clinics (none: all of them). What stays as it was writes nothing.

    Raises RoleMissing, OwnSeat where somebody would give themselves more, StillCarried, LastAdmin, NotFound.
    """
    seat = seat_to_change(by.organization_id, seat_id)
    if not roles:
        raise RoleMissing
    wanted, had = {role.value for role in roles}, set(seat.roles)
    known = Clinic.objects.filter(organization_id=by.organization_id, id__in=clinics).count()
    if known != len(clinics):
        raise NotFound
    if seat.id == by.id and (wanted - had or _is_wider(seat, clinics)):
        raise OwnSeat
    if Role.ADMIN.value in had - wanted:
        _refuse_last_admin(seat)
    carried = carried_by(seat, roles_lost=frozenset(had - wanted), clinics=clinics or None)
    if carried:
        raise StillCarried(carried)
    changed = _change_roles(seat, wanted=wanted) + set_clinics(seat=seat, clinics=clinics, by=by, at=at)
    if changed:
        record("seat.access_set", by=by, at=at, object_id=seat.id, fields=changed)
    tell_of_roles(seat=seat, given=wanted - had, at=at)


@transaction.atomic
def set_person(*, by: Membership, at: datetime, seat_id: UUID, name: str, credential: str) -> None:
    """What a seat is called, and what stands after the name. What was signed keeps its words. Raises NotFound."""
    seat = seat_to_change(by.organization_id, seat_id)
    wanted = {"name": name.strip(), "credential": credential.strip()}
    changed = [field for field, value in wanted.items() if getattr(seat, field) != value]
    if not changed:
        return
    Membership.objects.filter(id=seat.id).update(**wanted)
    record("seat.person_set", by=by, at=at, object_id=seat.id, fields=changed)


@transaction.atomic
def end_seat(*, by: Membership, at: datetime, seat_id: UUID, forced_because: str = "") -> None:
    """The person works here no more from this instant: links are dead, and so are sessions of who works nowhere else.

    `forced_because` is why work that was left undone could not wait. Admins and leads are told by e-mail. A second
    time changes nothing. Raises LastAdmin, OwnSeat, NotFound.
    """
    seat = seat_to_change(by.organization_id, seat_id)
    if not seat.is_active:
        return
    if seat.id == by.id:
        raise OwnSeat
    if Role.ADMIN.value in seat.roles:
        _refuse_last_admin(seat)
    Membership.objects.filter(id=seat.id).update(is_active=False, ended_at=at, ended_because=forced_because)
    if seat.user is not None:
        waiting = Invitation.objects.filter(organization_id=by.organization_id, email=seat.user.email)
        waiting.filter(accepted_at=None, withdrawn_at=None).update(withdrawn_at=at)
        if not Membership.objects.filter(user=seat.user, is_active=True).exists():
            end_all_sessions(user_id=seat.user.id)
    record("seat.ended", by=by, at=at, object_id=seat.id, fields=["forced_because"] if forced_because else [])
    tell_who_answers(organization_id=by.organization_id, word=ENDED, about_id=seat.id, at=at)


@transaction.atomic
def return_to_seat(
    *, by: Membership, at: datetime, seat_id: UUID, roles: Collection[Role], clinics: frozenset[UUID]
) -> None:
    """Somebody comes back: the same seat, with roles and clinics chosen anew. A second time changes nothing.

    Raises RoleMissing, NotFound.
    """
    seat = seat_to_change(by.organization_id, seat_id)
    if seat.is_active:
        return
    if not roles:
        raise RoleMissing
    Membership.objects.filter(id=seat.id).update(is_active=True, ended_at=None, ended_because="")
    changed = _change_roles(seat, wanted={role.value for role in roles})
    changed += set_clinics(seat=seat, clinics=clinics, by=by, at=at)
    record("seat.returned", by=by, at=at, object_id=seat.id, fields=changed)
    tell_of_roles(seat=seat, given={role.value for role in roles}, at=at)


def set_clinics(*, seat: Membership, clinics: frozenset[UUID], by: Membership, at: datetime) -> list[str]:
    """The seat works with these clinics; none: with all. Returns what changed, for the audit."""
    live = SeatClinic.objects.filter(organization_id=seat.organization_id, seat=seat, ended_at=None)
    had = frozenset(live.values_list("clinic_id", flat=True))
    if had == clinics:
        return []
    live.filter(clinic_id__in=had - clinics).update(ended_at=at, ended_by=by)
    SeatClinic.objects.bulk_create(
        SeatClinic(organization_id=seat.organization_id, seat=seat, clinic_id=clinic_id, given_at=at, given_by=by)
        for clinic_id in sorted(clinics - had)
    )
    return ["clinics"]


def seat_to_change(organization_id: UUID, seat_id: UUID) -> Membership:
    """The seat, with the organization's seats locked: of two admins who take each other's role one comes second.

    Raises NotFound, also for the organization's own actor.
    """
    Organization.objects.select_for_update(no_key=True).get(id=organization_id)
    seats = Membership.objects.filter(organization_id=organization_id, id=seat_id, is_system=False)
    seat = seats.select_related("user").first()
    if seat is None:
        raise NotFound
    return seat


def _change_roles(seat: Membership, *, wanted: set[str]) -> list[str]:
    """Returns what was given and taken, as the audit names it."""
    had = set(seat.roles)
    if wanted == had:
        return []
    Membership.objects.filter(id=seat.id).update(roles=[role.value for role in Role if role.value in wanted])
    return [f"gave_{role}" for role in wanted - had] + [f"took_{role}" for role in had - wanted]


def _is_wider(seat: Membership, clinics: frozenset[UUID]) -> bool:
    had = SeatClinic.objects.filter(organization_id=seat.organization_id, seat=seat, ended_at=None)
    mine = frozenset(had.values_list("clinic_id", flat=True))
    return bool(mine) and (not clinics or bool(clinics - mine))


def _refuse_last_admin(seat: Membership) -> None:
    others = Membership.objects.filter(
        organization_id=seat.organization_id, is_active=True, user__is_active=True, roles__contains=[Role.ADMIN.value]
    )
    if not others.exclude(id=seat.id).exists():
        raise LastAdmin
