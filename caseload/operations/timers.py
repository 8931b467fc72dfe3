"""The running clock of a person: started, marked, stopped, and never lost: its time is saved or let go with a reason.

Whole seconds: what the clock shows, what is proposed and what is stored are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything, sees_all
from caseload.models import Activity, TimeEntry, Timer
from caseload.operations.errors import ImpossibleTime, TimerClosed, TimerRunning
from caseload.operations.timekeeping import TREATMENT, Work, lock_people, record_time
from caseload.queries.timers import marks_of
from caseload.rules.timers import can_mark
from caseload.rules.worktime import WorkTime
from registry.models import Episode
from registry.operations.errors import ReasonMissing


@dataclass(frozen=True)
class Started:
    """The clock that runs now; `was_new` is false when it ran already. `stopped` waits to be saved."""

    timer: Timer
    was_new: bool
    stopped: Timer | None = None


@transaction.atomic
def start_timer(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    activity: str = Activity.TREATMENT,
    instead_of: UUID | None = None,
) -> Started:
    """Start the clock on a patient. Starting it again on the same episode changes nothing.

    Another one that runs is stopped in the same instant when `instead_of` names it, or when its patient's record is
    kept from the person by now: nobody but the start could. Raises TimerRunning, NotFound.
    """
    lock_people([by.id])
    episode = Episode.objects.live().filter(organization_id=by.organization_id, id=episode_id).first()
    if episode is None:
        raise NotFound
    running = _running(by)
    if running is None:
        _stop_unseen(by=by, at=at)
    if running is not None and running.episode_id == episode_id:
        return Started(running, was_new=False)
    if running is not None and running.id != instead_of:
        raise TimerRunning(running.id)
    stopped = _stop(running, at, by=by, at=at) if running is not None else None
    timer = Timer.objects.create(
        organization_id=by.organization_id,
        membership=by,
        patient_id=episode.patient_id,
        episode=episode,
        activity=activity,
        started_at=_whole(at),
    )
    record("timer.started", by=by, at=at, patient_id=timer.patient_id, object_id=timer.id)
    return Started(timer, was_new=True, stopped=stopped)


@transaction.atomic
def mark_timer(*, by: Membership, at: datetime, timer_id: UUID, kind: str) -> Timer:
    """A call begins (`call`) or ends (`end_call`), or the person is still at work (`seen`).

    What says nothing new changes nothing. Raises TimerClosed once it is stopped, NotFound.
    """
    timer = _own(timer_id, by)
    if timer.stopped_at is not None:
        raise TimerClosed
    if can_mark(marks_of(timer), kind):
        timer.marks = [*timer.marks, [kind, _whole(at).isoformat()]]
        timer.save(update_fields=["marks"])
        record("timer.marked", by=by, at=at, patient_id=timer.patient_id, object_id=timer.id, fields=[kind])
    return timer


@transaction.atomic
def stop_timer(*, by: Membership, at: datetime, timer_id: UUID, ended_at: datetime | None = None) -> Timer:
    """Stop the clock now, or as of an earlier instant; its time then waits to be saved. Stopped ones stay as they are.

    Raises ImpossibleTime for an end before the start or in the future, NotFound.
    """
    timer = _own(timer_id, by)
    return timer if timer.stopped_at is not None else _stop(timer, ended_at or at, by=by, at=at)


@transaction.atomic
def save_timer(
    *, by: Membership, at: datetime, timer_id: UUID, time: WorkTime, client_token: UUID, work: Work = TREATMENT
) -> TimeEntry:
    """The clock's time as work without a contact; it is stopped where it still runs.

    Raises TimerClosed, and what `record_time` raises.
    """
    timer = _own(timer_id, by)
    if timer.entry is not None and timer.entry.client_token == client_token:
        return timer.entry
    entry = record_time(by=by, at=at, episode_id=timer.episode_id, time=time, client_token=client_token, work=work)
    _saved(timer, entry, at=at)
    return entry


@transaction.atomic
def end_timer(*, by: Membership, at: datetime, timer_id: UUID, entry: TimeEntry) -> None:
    """The clock's time became an entry: that of a contact. Call it in the transaction that stores the entry.

    Raises TimerClosed, NotFound (also where the clock is another patient's).
    """
    timer = _own(timer_id, by)
    if timer.episode_id != entry.episode_id:
        raise NotFound
    _saved(timer, entry, at=at)


@transaction.atomic
def let_timer_go(*, by: Membership, at: datetime, timer_id: UUID, reason: str) -> Timer:
    """No time comes of this clock. It is kept with the reason. Raises ReasonMissing, TimerClosed, NotFound."""
    timer = _own(timer_id, by)
    if not reason.strip():
        raise ReasonMissing
    if timer.entry_id is not None or timer.let_go_because:
        raise TimerClosed
    timer.stopped_at = timer.stopped_at or _end(timer, at)
    timer.let_go_because = reason.strip()
    timer.save(update_fields=["stopped_at", "let_go_because"])
    record("timer.let_go", by=by, at=at, patient_id=timer.patient_id, object_id=timer.id, fields=["let_go_because"])
    return timer


def _own(timer_id: UUID, by: Membership) -> Timer:
    """The person's own clock, with the person locked. Raises NotFound."""
    lock_people([by.id])
    own = Timer.objects.filter(organization_id=by.organization_id, membership=by, id=timer_id)
    timer: Timer | None = own.select_related("entry").first()
    if timer is None:
        raise NotFound
    return timer


def _running(by: Membership) -> Timer | None:
    rows = Timer.objects.filter(organization_id=by.organization_id, membership=by, stopped_at__isnull=True)
    running: Timer | None = rows.first()
    return running


def _stop_unseen(*, by: Membership, at: datetime) -> None:
    """A person has one running clock, on a record that they may not open as well."""
    if sees_all():
        return
    with seeing_everything():
        unseen = _running(by)
        if unseen is not None:
            _stop(unseen, at, by=by, at=at)


def _stop(timer: Timer, ended_at: datetime, *, by: Membership, at: datetime) -> Timer:
    end = _whole(ended_at)
    if end < timer.started_at:
        raise ImpossibleTime("end", "The end is before the start. Correct it.")
    if end > at:
        raise ImpossibleTime("end", "The end is in the future. Correct it.")
    timer.stopped_at = end
    timer.save(update_fields=["stopped_at"])
    record("timer.stopped", by=by, at=at, patient_id=timer.patient_id, object_id=timer.id)
    return timer


def _saved(timer: Timer, entry: TimeEntry, *, at: datetime) -> None:
    if timer.entry_id is not None or timer.let_go_because:
        raise TimerClosed
    timer.stopped_at = timer.stopped_at or _end(timer, at)
    timer.entry = entry
    timer.save(update_fields=["stopped_at", "entry"])


def _end(timer: Timer, at: datetime) -> datetime:
    return max(_whole(at), timer.started_at)


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
