"""Giving patients to a colleague for good, and standing in for one for some days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from caseload.models import Cover, FollowUp, HandOver
from caseload.operations.standing import rebuild_standing
from caseload.rules.clock import local_date
from registry.models import Episode
from registry.operations.recording import Stamp, record_facts, stamped, void_facts

_ENDED_EARLY = "Ended before it began"


class NotYours(DomainError):
    """A care manager gives her own patients and days away; a lead anybody's."""

    def __init__(self) -> None:
        super().__init__("You can only give your own patients and days away. Ask your clinic lead for others.")


class CannotReceive(DomainError):
    """Patients go to somebody who manages care here at present."""

    def __init__(self) -> None:
        super().__init__("Choose somebody else who manages care here at present.")


class CoverRefused(DomainError):
    """Days on which nobody can stand in so. `field` names where that is mended."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@transaction.atomic
def hand_over(
    *,
    by: Membership,
    at: datetime,
    episode_ids: Sequence[UUID],
    to_id: UUID,
    note: str = "",
    notes: Mapping[UUID, str] | None = None,
) -> int:
    """The open episodes have another care manager from now on, who sees `note`, or the one of `notes` for that
    episode, until it was read. What was assigned to the former one goes along. Returns how many went: those that have
    ended or are the receiver's already stay. Raises NotYours, CannotReceive, NotFound.
    """
    receiver = _care_manager(to_id, by.organization_id)
    episodes = _locked(episode_ids, by.organization_id)
    going = [one for one in episodes if one.ended_on is None and one.care_manager_id != receiver.id]
    if any(not may_give(by, one.care_manager_id) for one in going):
        raise NotYours
    said, stamp = notes or {}, Stamp(by, at)
    made = [_given(one, receiver, said.get(one.id, "").strip() or note.strip(), stamp=stamp) for one in going]
    record_facts(made)
    Episode.objects.filter(id__in=[one.id for one in going]).update(care_manager=receiver)
    _take_along(going)
    for one in going:
        record("hand_over.made", by=by, at=at, patient_id=one.patient_id, object_id=one.id, fields=["care_manager"])
    rebuild_standing(organization_id=by.organization_id, episode_ids=[one.id for one in going], at=at)
    return len(going)


@transaction.atomic
def read_hand_over(*, by: Membership, at: datetime, hand_over_id: UUID) -> UUID:
    """The receiver read what was said; a second time changes nothing. Returns the patient's id. Raises NotFound."""
    mine = HandOver.objects.live().filter(organization_id=by.organization_id, id=hand_over_id, given_to=by)
    found: HandOver | None = mine.select_related("episode").first()
    if found is None:
        raise NotFound
    patient_id: UUID = found.episode.patient_id
    if HandOver.objects.filter(id=found.id, seen_at__isnull=True).update(seen_at=at):
        record("hand_over.read", by=by, at=at, patient_id=patient_id, object_id=found.id, fields=["seen_at"])
    return patient_id


@transaction.atomic
def set_cover(
    *,
    by: Membership,
    at: datetime,
    away_id: UUID,
    covered_by_id: UUID,
    from_on: date,
    until_on: date,
    note: str = "",
    today: date,
) -> Cover:
    """Somebody stands in for a colleague on these days, both included; `today` is the organization's day.

    The same again returns what is there. Raises CoverRefused, NotYours, CannotReceive.
    """
    away, stands_in = (_care_manager(one, by.organization_id) for one in (away_id, covered_by_id))
    if not may_give(by, away.id):
        raise NotYours
    if away == stands_in:
        raise CoverRefused("covered_by", "Nobody stands in for themselves. Choose a colleague.")
    if until_on < from_on:
        raise CoverRefused("until_on", "The last day is before the first. Correct one of them.")
    if until_on < today:
        raise CoverRefused("until_on", "These days are over. Choose today or later.")
    says = {"away": away, "by": stands_in, "from_on": from_on, "until_on": until_on, "note": note.strip()}
    known: Cover | None = Cover.objects.live().filter(organization_id=by.organization_id, **says).first()
    if known is not None:
        return known
    made = stamped(Cover, Stamp(by, at), **says)
    record_facts([made])
    record("cover.set", by=by, at=at, object_id=made.id, fields=sorted(says))
    return made


@transaction.atomic
def end_cover(*, by: Membership, at: datetime, cover_id: UUID, today: date) -> None:
    """From `today` on nobody stands in any more. One that is over stays as it was. Raises NotYours, NotFound."""
    live = Cover.objects.live().filter(organization_id=by.organization_id, id=cover_id)
    found: Cover | None = live.select_for_update(of=("self",)).first()
    if found is None:
        raise NotFound
    if not may_give(by, found.away_id) and found.by_id != by.id:
        raise NotYours
    if found.until_on < today:
        return
    if found.from_on >= today:
        void_facts([found], stamp=Stamp(by, at), reason=_ENDED_EARLY)
    else:
        found.until_on = today - timedelta(days=1)
        found.save(update_fields=["until_on"])
    record("cover.ended", by=by, at=at, object_id=found.id, fields=["until_on"])


def may_give(by: Membership, owner_id: UUID | None) -> bool:
    """Whether a seat may give away what is this care manager's, or nobody's: None."""
    return by.id == owner_id or Role.CLINIC_LEAD in by.roles


def _care_manager(seat_id: UUID, organization_id: UUID) -> Membership:
    seats = Membership.objects.filter(
        organization_id=organization_id, id=seat_id, is_active=True, roles__contains=[Role.CARE_MANAGER.value]
    )
    seat = seats.first()
    if seat is None:
        raise CannotReceive
    return seat


def _locked(episode_ids: Sequence[UUID], organization_id: UUID) -> list[Episode]:
    """In the order of their ids, as everywhere where several are locked."""
    found = Episode.objects.live().filter(organization_id=organization_id, id__in=episode_ids).order_by("id")
    rows = list(found.select_for_update(of=("self",), no_key=True).select_related("clinic"))
    if len(rows) != len(set(episode_ids)):
        raise NotFound
    return rows


def _given(episode: Episode, receiver: Membership, note: str, *, stamp: Stamp) -> HandOver:
    on = local_date(stamp.at, ZoneInfo(episode.clinic.time_zone))
    of = {"episode": episode, "given_by_id": episode.care_manager_id, "given_to": receiver}
    return stamped(HandOver, stamp, on=on, note=note, **of)


def _take_along(going: Sequence[Episode]) -> None:
    """What was assigned to the former care manager by name is the care manager's now."""
    open_ones = FollowUp.objects.live().filter(episode_id__in=[one.id for one in going], closed_on__isnull=True)
    givers = {one.care_manager_id for one in going if one.care_manager_id is not None}
    open_ones.filter(assigned_to_id__in=givers).update(assigned_to=None)
