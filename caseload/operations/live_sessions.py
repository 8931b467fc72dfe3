"""The session itself: who is there, whose page lies open, and at the end everybody's minutes, posted once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from caseload.models import (
    Activity,
    AgendaItem,
    OpenSpell,
    ReviewSession,
    SessionSeat,
    SessionState,
    StaffRole,
)
from caseload.operations.review_sessions import fill_agenda, leave_unfinished, locked_session, open_session
from caseload.operations.session_errors import AnotherLive, SessionMoved, SpellsToConfirm
from caseload.operations.timekeeping import Work, lock_people, record_time
from caseload.rules.review_sessions import Spell, faults_of_minutes, posted
from caseload.rules.worktime import WorkTime
from registry.operations.recording import refusing


@dataclass(frozen=True)
class SessionEnded:
    """`was_new` is false when it had ended already; then nothing was posted."""

    session: ReviewSession
    was_new: bool
    entries: int = 0
    held: int = 0


@transaction.atomic
def begin_session(
    *, by: Membership, at: datetime, session_id: UUID, present_ids: Collection[UUID] | None = None
) -> ReviewSession:
    """The meeting begins with those who are there (None: everybody named); an empty agenda is drawn up first.

    One that runs already stays as it is. Raises AnotherLive, SessionMoved, NotFound.
    """
    session = open_session(session_id, by)
    if session.state == SessionState.LIVE:
        return session
    if not AgendaItem.objects.filter(session=session).exists():
        fill_agenda(session, at=at)
    session.state, session.began_at = SessionState.LIVE, at
    with refusing({"caseload_reviewsession_one_live": AnotherLive}):
        session.save(update_fields=["state", "began_at"])
    if present_ids is not None:
        _seat(session, present_ids)
    record("review_session.begun", by=by, at=at, object_id=session.id, fields=["state"])
    return session


@transaction.atomic
def set_present(*, by: Membership, at: datetime, session_id: UUID, present_ids: Collection[UUID]) -> None:
    """Who is there: their minutes are posted at the end. Raises SessionMoved, NotFound."""
    session = open_session(session_id, by)
    _seat(session, present_ids)
    record("review_session.seated", by=by, at=at, object_id=session.id, count=len(set(present_ids)))


@transaction.atomic
def open_item(*, by: Membership, at: datetime, session_id: UUID, item_id: UUID) -> OpenSpell:
    """Lay a patient open for everybody in the session; whoever lay open before ends in the same instant.

    One that lies open already goes on. Raises SessionMoved, NotFound.
    """
    session = _live(session_id, by)
    items = AgendaItem.objects.filter(organization_id=by.organization_id, session=session, id=item_id)
    item: AgendaItem | None = items.select_related("episode").first()
    if item is None:
        raise NotFound
    running = _running(session)
    if running is not None and running.item_id == item_id:
        return running
    begins = _close(running, at)
    spell: OpenSpell = OpenSpell.objects.create(
        organization_id=by.organization_id, session=session, item=item, began_at=begins
    )
    record("review_session.opened", by=by, at=at, patient_id=item.episode.patient_id, object_id=session.id)
    return spell


@transaction.atomic
def pause_session(*, by: Membership, at: datetime, session_id: UUID) -> None:
    """Nobody lies open: a break is nobody's minutes. Raises SessionMoved, NotFound."""
    session = _live(session_id, by)
    running = _running(session)
    if running is not None:
        _close(running, at)
        record("review_session.paused", by=by, at=at, object_id=session.id)


@transaction.atomic
def end_session(
    *, by: Membership, at: datetime, session_id: UUID, minutes: Mapping[UUID, int] | None = None
) -> SessionEnded:
    """The meeting is over: each patient's minutes are posted for each care manager who was there and for the
    consultant, whose time is recorded without counting; whoever still waits comes first next time.

    `minutes` shortens a spell, or leaves it out (0), by its id. What overlaps a person's other patient is held as
    ever. A second call changes nothing. Raises SpellsToConfirm, SessionMoved, DayFull, NotFound.
    """
    session = locked_session(session_id, by)
    if session.state == SessionState.ENDED:
        return SessionEnded(session, was_new=False)
    if session.state != SessionState.LIVE:
        raise SessionMoved
    people = _people(session)
    lock_people([by.id, *(person.id for person, _ in people)])
    rows = list(OpenSpell.objects.filter(session=session).select_related("item").order_by("began_at", "id"))
    spells = [Spell(row.id, row.began_at, row.ended_at or max(at, row.began_at)) for row in rows]
    faults = faults_of_minutes(spells, minutes or {})
    if faults:
        raise SpellsToConfirm(faults)
    kept = posted(spells, minutes or {})
    session.state, session.ended_at = SessionState.ENDED, _end(rows, kept, at)
    session.save(update_fields=["state", "ended_at"])
    entries = list(_entries(by, at, rows, kept, people))
    left = leave_unfinished(session)
    record("review_session.ended", by=by, at=at, object_id=session.id, fields=["state"], count=left)
    return SessionEnded(session, was_new=True, entries=len(entries), held=sum(entries))


def _entries(
    by: Membership, at: datetime, rows: Iterable[OpenSpell], kept: Iterable[Spell],
    people: Iterable[tuple[Membership, StaffRole]],
) -> Iterable[bool]:  # fmt: skip
    """Post the spells, an entry a person; whether each was held. In the order of the episodes, as where several are
    locked everywhere.
    """
    episode_of = {row.id: row.item.episode_id for row in rows}
    for spell in sorted(kept, key=lambda one: (episode_of[one.id], one.began_at)):
        for person, role in people:
            entry = record_time(
                by=by,
                at=at,
                episode_id=episode_of[spell.id],
                time=WorkTime(span=(spell.began_at, spell.ended_at)),
                client_token=uuid5(spell.id, str(person.id)),
                work=Work(activity=Activity.CASE_REVIEW, role=role),
                worked_by=person,
            )
            yield entry.held


def _people(session: ReviewSession) -> list[tuple[Membership, StaffRole]]:
    """Whose minutes are posted, and in which role: care managers and consultants who were there."""
    seats = SessionSeat.objects.filter(session=session, is_present=True).order_by("membership_id")
    everybody = people_of(session.organization_id)
    found = []
    for seat_id in seats.values_list("membership_id", flat=True):
        person = everybody[seat_id]
        if seat_id != session.consultant_id and Role.CARE_MANAGER in person.roles:
            found.append((person, StaffRole.CARE_MANAGER))
        elif Role.PSYCHIATRIC_CONSULTANT in person.roles:
            found.append((person, StaffRole.PSYCHIATRIC_CONSULTANT))
    return found


def _seat(session: ReviewSession, present_ids: Collection[UUID]) -> None:
    present = set(present_ids)
    seats = SessionSeat.objects.filter(session=session)
    seats.filter(membership_id__in=present).update(is_present=True)
    seats.exclude(membership_id__in=present).update(is_present=False)
    new = present - set(seats.values_list("membership_id", flat=True))
    found = Membership.objects.filter(organization_id=session.organization_id, id__in=new, is_active=True)
    SessionSeat.objects.bulk_create(
        SessionSeat(organization_id=session.organization_id, session=session, membership=seat) for seat in found
    )


def _live(session_id: UUID, by: Membership) -> ReviewSession:
    session = locked_session(session_id, by)
    if session.state != SessionState.LIVE:
        raise SessionMoved
    return session


def _running(session: ReviewSession) -> OpenSpell | None:
    found: OpenSpell | None = OpenSpell.objects.filter(session=session, ended_at__isnull=True).first()
    return found


def _close(running: OpenSpell | None, at: datetime) -> datetime:
    """End what lay open; returns from when on something else may."""
    if running is None:
        return at
    running.ended_at = max(at, running.began_at)
    running.save(update_fields=["ended_at"])
    return running.ended_at


def _end(rows: Iterable[OpenSpell], kept: Iterable[Spell], at: datetime) -> datetime:
    """Close what lay open where it was said to end; the meeting ended then too, else now."""
    ends = {spell.id: spell.ended_at for spell in kept}
    for row in rows:
        if row.ended_at is None:
            return _close(row, ends.get(row.id, row.began_at))
    return at
