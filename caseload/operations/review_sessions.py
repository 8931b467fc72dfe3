"""Sessions before they begin: planned by the week, their agendas drawn up by rule and changed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import transaction

from bhi.accounts.queries import people_of, system_membership
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership, Role
from caseload.models import AgendaItem, AgendaState, ReviewSession, ReviewSlot, SessionSeat, SessionState, SlotSeat
from caseload.operations.review_slots import (
    USUAL_ROOM,
    Room,
    care_managers_here,
    clinic_here,
    consultant_here,
    refuse_room,
)
from caseload.operations.session_errors import ItemMoved, NoSession, SessionMoved, SessionRefused
from caseload.queries.review_queue import EVERYBODY, Population, QueueRow, queue_rows_of, review_queue
from caseload.rules.agenda import draw
from caseload.rules.clock import local_date, local_instant
from caseload.rules.review_sessions import fault_of_deferral, next_on
from registry.models import Episode
from registry.operations.errors import ReasonMissing
from registry.operations.recording import Stamp, record_facts, stamped

# Of the sessions that begin so soon the agendas are drawn up once more: the night before.
_SOON = timedelta(days=1)


@dataclass(frozen=True)
class SessionTerms:
    """A session as somebody wants it, beside the standing slots."""

    clinic_id: UUID
    consultant_id: UUID
    on: date
    begins_at: time
    care_manager_ids: Sequence[UUID]
    room: Room = USUAL_ROOM


@dataclass(frozen=True)
class _When:
    on: date
    planned_at: datetime


@transaction.atomic
def plan_session(*, by: Membership, at: datetime, terms: SessionTerms, client_token: UUID) -> ReviewSession:
    """A session by hand, with its agenda. The same token returns the first one. Raises SessionRefused."""
    clinic = clinic_here(terms.clinic_id, by.organization_id)
    Clinic.objects.select_for_update(no_key=True).get(id=clinic.id)  # two submits at once take turns
    known: ReviewSession | None = ReviewSession.objects.filter(
        organization_id=by.organization_id, client_token=client_token
    ).first()
    if known is not None:
        return known
    refuse_room(terms.room)
    consultant = consultant_here(terms.consultant_id, by.organization_id)
    people = care_managers_here(terms.care_manager_ids, by.organization_id)
    zone = ZoneInfo(clinic.time_zone)
    if terms.on < local_date(at, zone):
        raise SessionRefused("on", "This day is over. Choose today or a later day.")
    when = _When(terms.on, local_instant(datetime.combine(terms.on, terms.begins_at), zone))
    stamp = Stamp(by, at)
    return _made(stamp, clinic, consultant, people, when=when, room=terms.room, token=client_token)


@transaction.atomic
def plan_coming_sessions(*, organization_id: UUID, at: datetime) -> int:
    """The next session of each standing slot, with its agenda, where there is none yet. Returns how many were made.

    A session that nobody began by the end of its day did not take place: its patients come first in the next one.
    The agenda of one that begins within a day is drawn up again: it may be a week old, and danger is newer.
    """
    stamp = Stamp(system_membership(organization_id), at)
    _lapse(stamp)
    _refresh(stamp)
    slots = ReviewSlot.objects.filter(organization_id=organization_id, is_current=True).order_by("id")
    made = [_of_slot(slot, stamp) for slot in slots.select_for_update(of=("self",)).select_related("clinic")]
    return sum(one is not None for one in made)


@transaction.atomic
def draw_agenda(*, by: Membership, at: datetime, session_id: UUID) -> int:
    """Draw the agenda up again from the queue as it is now; who was added by hand stays. Returns how many it has.

    Raises SessionMoved, NotFound.
    """
    session = planned_session(session_id, by)
    count = fill_agenda(session, at=at)
    record("review_session.drawn", by=by, at=at, object_id=session.id, count=count)
    return count


@transaction.atomic
def add_to_agenda(*, by: Membership, at: datetime, session_id: UUID, episode_id: UUID) -> AgendaItem:
    """Somebody more, at the end, whatever the places; who is on it stays where they are.

    Raises SessionMoved, NotFound.
    """
    session = open_session(session_id, by)
    episode = Episode.objects.live().filter(organization_id=by.organization_id, id=episode_id, ended_on__isnull=True)
    found: Episode | None = episode.first()
    if found is None:
        raise NotFound
    items = {item.episode_id: item for item in AgendaItem.objects.filter(session=session)}
    if episode_id in items:
        return items[episode_id]
    row = queue_rows_of(by.organization_id, [episode_id], at=at).get(episode_id)
    last = max((item.place for item in items.values()), default=0)
    item: AgendaItem = AgendaItem.objects.create(
        organization_id=by.organization_id, session=session, episode=found, place=last + 1, added_by=by,
        reason=row.worst if row else "",
    )  # fmt: skip
    record("agenda.added_to", by=by, at=at, patient_id=found.patient_id, object_id=item.id)
    return item


@transaction.atomic
def take_off_agenda(*, by: Membership, at: datetime, item_id: UUID) -> None:
    """Off the agenda; the queue keeps the patient. Raises ItemMoved, SessionMoved, NotFound."""
    item, session = _item(item_id, by)
    if session.state != SessionState.PLANNED or item.state != AgendaState.WAITING:
        raise ItemMoved
    record("agenda.taken_off", by=by, at=at, patient_id=item.episode.patient_id, object_id=item.session_id)
    item.delete()


@transaction.atomic
def move_on_agenda(*, by: Membership, at: datetime, item_id: UUID, is_up: bool) -> None:
    """One place up or down; at the end of the list nothing changes. Raises SessionMoved, NotFound."""
    found, session = _item(item_id, by)
    items = list(AgendaItem.objects.filter(session=session).order_by("place", "id"))
    was = next(number for number, item in enumerate(items) if item.id == item_id)
    to = max(0, was - 1) if is_up else min(len(items) - 1, was + 1)
    items.insert(to, items.pop(was))
    for number, item in enumerate(items, start=1):
        item.place = number
    AgendaItem.objects.bulk_update(items, ["place"])
    record("agenda.moved", by=by, at=at, patient_id=found.episode.patient_id, object_id=item_id, fields=["place"])


@transaction.atomic
def defer_item(*, by: Membership, at: datetime, item_id: UUID, because: str, until_on: date) -> AgendaItem:
    """Put a patient off until a day; then they come first among equals. Raises SessionRefused, ItemMoved,
    SessionMoved, NotFound.
    """
    item, session = _item(item_id, by)
    if item.state != AgendaState.WAITING:
        raise ItemMoved
    fault = fault_of_deferral(because, until_on, today=local_date(at, ZoneInfo(session.clinic.time_zone)))
    if fault is not None:
        raise SessionRefused(*fault)
    item.state, item.deferred_because, item.deferred_until = AgendaState.DEFERRED, because.strip(), until_on
    item.save(update_fields=["state", "deferred_because", "deferred_until"])
    record("agenda.deferred", by=by, at=at, patient_id=item.episode.patient_id, object_id=item.id, fields=["state"])
    return item


@transaction.atomic
def defer_patient(*, by: Membership, at: datetime, episode_id: UUID, because: str, until_on: date) -> AgendaItem:
    """Put somebody off who may be on no agenda yet: then that of the next session keeps it.

    Raises NoSession, and what `defer_item` raises.
    """
    sessions = ReviewSession.objects.live().filter(
        organization_id=by.organization_id, state__in=(SessionState.PLANNED, SessionState.LIVE)
    )
    waiting = AgendaItem.objects.filter(session__in=sessions, episode_id=episode_id, state=AgendaState.WAITING)
    item: AgendaItem | None = waiting.order_by("session__planned_at", "id").first()
    if item is None:
        session = sessions.order_by("planned_at", "id").first()
        if session is None:
            raise NoSession
        item = add_to_agenda(by=by, at=at, session_id=session.id, episode_id=episode_id)
    return defer_item(by=by, at=at, item_id=item.id, because=because, until_on=until_on)


@transaction.atomic
def put_back(*, by: Membership, at: datetime, item_id: UUID) -> AgendaItem:
    """A deferred patient waits again; one who waits does so already. Raises ItemMoved, SessionMoved, NotFound."""
    item, _ = _item(item_id, by)
    if item.state == AgendaState.WAITING:
        return item
    if item.state != AgendaState.DEFERRED:
        raise ItemMoved
    item.state, item.deferred_because, item.deferred_until = AgendaState.WAITING, "", None
    item.save(update_fields=["state", "deferred_because", "deferred_until"])
    record("agenda.put_back", by=by, at=at, patient_id=item.episode.patient_id, object_id=item.id, fields=["state"])
    return item


@transaction.atomic
def cancel_session(*, by: Membership, at: datetime, session_id: UUID, because: str) -> None:
    """The meeting does not take place; its patients come first in the next one. Raises ReasonMissing, SessionMoved."""
    if not because.strip():
        raise ReasonMissing
    _cancel(planned_session(session_id, by), because.strip(), Stamp(by, at))


def fill_agenda(session: ReviewSession, *, at: datetime) -> int:
    """Draw up who is not there by hand, deferred or reviewed; returns how many the agenda has."""
    AgendaItem.objects.filter(session=session, state=AgendaState.WAITING, added_by__isnull=True).delete()
    staying = list(AgendaItem.objects.filter(session=session).order_by("place", "id"))
    known = {item.episode_id for item in staying}
    queue = review_queue(session.organization_id, population_of(session), at=at).rows
    free = [row for row in queue if row.episode_id not in known and _is_free(row, session)]
    places = max(session.places - len(staying), 0)
    drawn = draw([row.candidate for row in free], places=places, kept=session.kept_for_stalled)
    worst = {row.episode_id: row.worst for row in free}
    of_session = {"organization_id": session.organization_id, "session": session}
    items = [
        AgendaItem(episode_id=one.episode_id, place=0, reason=worst[one.episode_id], is_kept=one.is_kept, **of_session)
        for one in drawn
    ]
    for number, item in enumerate([*items, *staying], start=1):
        item.place = number
    AgendaItem.objects.bulk_create(items)
    AgendaItem.objects.bulk_update(staying, ["place"])
    return len(items) + len(staying)


def _is_free(row: QueueRow, session: ReviewSession) -> bool:
    """Whether no session before this one has the patient; one that was left running on an earlier day has nobody."""
    return row.agenda is None or row.agenda.on > session.on or row.agenda.on < row.today


def population_of(session: ReviewSession) -> Population:
    """Whose patients a session is about: its care managers'; everybody's where none is named."""
    seats = SessionSeat.objects.filter(session=session).values_list("membership_id", flat=True)
    people = people_of(session.organization_id)
    managing = frozenset(one for one in seats if Role.CARE_MANAGER in people[one].roles)
    return Population(managing) if managing else EVERYBODY


def leave_unfinished(session: ReviewSession) -> int:
    """Who still waits was not reached, and comes first next time."""
    waiting = AgendaItem.objects.filter(session=session, state=AgendaState.WAITING)
    return waiting.update(state=AgendaState.UNFINISHED)


def open_session(session_id: UUID, by: Membership) -> ReviewSession:
    """A planned or running session, locked: one writer at a time. Raises SessionMoved, NotFound."""
    session = locked_session(session_id, by)
    if session.state not in (SessionState.PLANNED, SessionState.LIVE):
        raise SessionMoved
    return session


def planned_session(session_id: UUID, by: Membership) -> ReviewSession:
    """One that has not begun, locked. Raises SessionMoved, NotFound."""
    session = locked_session(session_id, by)
    if session.state != SessionState.PLANNED:
        raise SessionMoved
    return session


def locked_session(session_id: UUID, by: Membership) -> ReviewSession:
    """Raises NotFound."""
    found = ReviewSession.objects.live().filter(organization_id=by.organization_id, id=session_id)
    session: ReviewSession | None = found.select_for_update(of=("self",), no_key=True).select_related("clinic").first()
    if session is None:
        raise NotFound
    return session


def _item(item_id: UUID, by: Membership) -> tuple[AgendaItem, ReviewSession]:
    """An item as it is once its session is locked, as everywhere before its items. Raises SessionMoved, NotFound."""
    items = AgendaItem.objects.filter(organization_id=by.organization_id, id=item_id, session__voided_at__isnull=True)
    session_id = items.values_list("session_id", flat=True).first()
    if session_id is None:
        raise NotFound
    session = open_session(session_id, by)
    item: AgendaItem | None = items.select_related("episode").first()
    if item is None:
        raise NotFound
    return item, session


def _lapse(stamp: Stamp) -> None:
    planned = ReviewSession.objects.live().filter(
        organization_id=stamp.by.organization_id, state=SessionState.PLANNED, planned_at__lt=stamp.at
    )
    locked = planned.select_for_update(of=("self",), no_key=True).select_related("clinic").order_by("id")
    for session in locked:
        if session.on < local_date(stamp.at, ZoneInfo(session.clinic.time_zone)):
            _cancel(session, "It did not take place.", stamp)


def _refresh(stamp: Stamp) -> None:
    soon = ReviewSession.objects.live().filter(
        organization_id=stamp.by.organization_id,
        state=SessionState.PLANNED,
        planned_at__range=(stamp.at, stamp.at + _SOON),
    )
    for session in soon.select_for_update(of=("self",), no_key=True).order_by("planned_at", "id"):
        count = fill_agenda(session, at=stamp.at)
        record("review_session.drawn", by=stamp.by, at=stamp.at, object_id=session.id, count=count)


def _cancel(session: ReviewSession, because: str, stamp: Stamp) -> None:
    session.state, session.closed_because = SessionState.CANCELLED, because
    session.save(update_fields=["state", "closed_because"])
    leave_unfinished(session)
    record("review_session.cancelled", by=stamp.by, at=stamp.at, object_id=session.id, fields=["closed_because"])


def _of_slot(slot: ReviewSlot, stamp: Stamp) -> ReviewSession | None:
    on, planned_at = next_on(slot.weekday, slot.begins_at, zone=ZoneInfo(slot.clinic.time_zone), now=stamp.at)
    if ReviewSession.objects.live().filter(organization_id=slot.organization_id, slot=slot, on=on).exists():
        return None
    everybody = people_of(slot.organization_id)
    seats = SlotSeat.objects.filter(slot=slot).order_by("id").values_list("membership_id", flat=True)
    people = [everybody[one] for one in seats if everybody[one].is_active]
    room = Room(slot.minutes, slot.places, slot.kept_for_stalled)
    token = uuid5(slot.id, on.isoformat())
    when = _When(on, planned_at)
    return _made(stamp, slot.clinic, slot.consultant, people, when=when, room=room, token=token, slot=slot)


def _made(
    stamp: Stamp, clinic: Clinic, consultant: Membership, people: Iterable[Membership], *, when: _When, room: Room,
    token: UUID, slot: ReviewSlot | None = None,
) -> ReviewSession:  # fmt: skip
    session = stamped(
        ReviewSession,
        stamp,
        slot=slot,
        clinic=clinic,
        consultant=consultant,
        on=when.on,
        planned_at=when.planned_at,
        planned_minutes=room.minutes,
        places=room.places,
        kept_for_stalled=room.kept_for_stalled,
        client_token=token,
    )
    record_facts([session])
    seats = {seat.id: seat for seat in (consultant, *people)}
    SessionSeat.objects.bulk_create(
        SessionSeat(organization_id=session.organization_id, session=session, membership=seat)
        for seat in seats.values()
    )
    count = fill_agenda(session, at=stamp.at)
    record("review_session.planned", by=stamp.by, at=stamp.at, object_id=session.id, count=count)
    return session
