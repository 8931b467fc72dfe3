"""A person's clocks: the one that runs, and those whose time waits to be saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from bhi.audit.queries import acts_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import Activity, Timer, WorkProtocol
from caseload.rules.clock import local_date
from caseload.rules.timers import Gap, Limits, Mark, Split, idle_gap, is_in_call, split

# Work on a patient that is no contact, and what a clock may be started for: for forms.
WORK_WITHOUT_CONTACT = tuple(
    (activity.value, str(activity.label))
    for activity in (
        Activity.REGISTRY,
        Activity.COORDINATION,
        Activity.CARE_PLANNING,
        Activity.CASE_REVIEW,
        Activity.SCHEDULING,
    )
)
TIMED_WORK = tuple((str(value), str(label)) for value, label in Activity.choices)


@dataclass(frozen=True)
class TimerShown:
    """A clock as its owner sees it. `until` is when it stopped, else now; `is_closed` once it is saved or let go."""

    id: UUID
    patient_id: UUID
    episode_id: UUID
    patient_name: str
    short_name: str
    mrn: str
    zone: ZoneInfo
    activity: str
    what: str
    started_at: datetime
    stopped_at: datetime | None
    until: datetime
    is_in_call: bool
    has_marks: bool
    split: Split
    limits: Limits
    gap: Gap | None
    takes_contacts: bool
    entry_id: UUID | None
    let_go_because: str

    @property
    def zone_name(self) -> str:
        return self.zone.key

    @property
    def gap_local(self) -> time | None:
        """When the last was seen of the person before the gap, by the clinic's clock."""
        return self.gap.begins_at.astimezone(self.zone).time() if self.gap is not None else None

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None

    @property
    def is_closed(self) -> bool:
        return self.entry_id is not None or bool(self.let_go_because)

    @property
    def seconds(self) -> int:
        return int((self.until - self.started_at).total_seconds())

    @property
    def is_long(self) -> bool:
        return self.until - self.started_at > self.limits.cap

    @property
    def ends_another_day(self) -> bool:
        return local_date(self.until, self.zone) != local_date(self.started_at, self.zone)


@dataclass(frozen=True)
class TimersShown:
    """What surrounds every page: the clock that runs, and how many wait to be saved."""

    running: TimerShown | None = None
    waiting: int = 0


def timers_around(for_: Membership, *, at: datetime) -> TimersShown:
    """The clocks that every page tells of. One statement without a running clock, three with one."""
    found = list(_unsaved(for_))
    running = next((timer for timer in found if timer.stopped_at is None), None)
    return TimersShown(
        running=_shown(running, for_, at=at) if running is not None else None,
        waiting=sum(timer.stopped_at is not None for timer in found),
    )


def timers_to_save(for_: Membership, *, at: datetime) -> list[TimerShown]:
    """The person's clocks that run or wait to be saved, the latest first. Three statements, however many."""
    found = list(_unsaved(for_))
    limits = _limits(found)
    signs = _signs(found, for_)
    return [shown_as(timer, at=at, limits=limits[timer.id], signs=signs) for timer in found]


def timer_shown(timer_id: UUID, *, for_: Membership, at: datetime) -> TimerShown:
    """One of the person's own clocks, whatever became of it. Raises NotFound."""
    timer = _own(for_).filter(id=timer_id).first()
    if timer is None:
        raise NotFound
    return _shown(timer, for_, at=at)


def timer_for_contact(
    patient_id: UUID, *, for_: Membership, at: datetime, timer_id: UUID | None = None
) -> TimerShown | None:
    """The person's clock on a patient that a contact would save: the one named, else the one that runs.

    One that is named is found also once it was saved: the same form sent twice must be read the same twice.
    """
    if timer_id is not None:
        timer = _own(for_).filter(patient_id=patient_id, id=timer_id).first()
    else:
        timer = _own(for_).filter(patient_id=patient_id, stopped_at__isnull=True).first()
    return _shown(timer, for_, at=at) if timer is not None else None


def marks_of(timer: Timer) -> tuple[Mark, ...]:
    """What was marked while a stored clock ran, in order."""
    return tuple(Mark(kind, datetime.fromisoformat(instant)) for kind, instant in timer.marks)


def split_of_entry(entry_id: UUID, organization_id: UUID) -> Split | None:
    """How an entry's time divided by the marks of its clock; None where no clock with a call made it."""
    timer = Timer.objects.filter(organization_id=organization_id, entry_id=entry_id).first()
    if timer is None or timer.stopped_at is None or not timer.marks:
        return None
    return split(timer.started_at, timer.stopped_at, marks_of(timer))


def shown_as(timer: Timer, *, at: datetime, limits: Limits, signs: Sequence[datetime]) -> TimerShown:
    """A stored clock as it stands at an instant."""
    marks = marks_of(timer)
    until = timer.stopped_at or max(at.replace(microsecond=0), timer.started_at)
    patient = timer.patient
    return TimerShown(
        id=timer.id,
        patient_id=timer.patient_id,
        episode_id=timer.episode_id,
        patient_name=patient.name,
        short_name=f"{patient.family_name}, {patient.given_name[:1]}.",
        mrn=patient.mrn,
        zone=ZoneInfo(timer.episode.clinic.time_zone),
        activity=timer.activity,
        what=str(Activity(timer.activity).label),
        started_at=timer.started_at,
        stopped_at=timer.stopped_at,
        until=until,
        is_in_call=timer.stopped_at is None and is_in_call(marks, until),
        has_marks=any(mark.kind == "call" for mark in marks),
        split=split(timer.started_at, until, marks),
        limits=limits,
        gap=idle_gap(timer.started_at, marks, signs, now=until, limits=limits) if timer.stopped_at is None else None,
        takes_contacts=timer.episode.ended_on is None,
        entry_id=timer.entry_id,
        let_go_because=timer.let_go_because,
    )


def _own(for_: Membership) -> QuerySet[Timer]:
    own = Timer.objects.filter(organization_id=for_.organization_id, membership=for_)
    return own.select_related("patient", "episode__clinic")


def _unsaved(for_: Membership) -> QuerySet[Timer]:
    """Those that run, and those that were stopped and neither saved nor let go. Each half has its index."""
    waiting = Q(stopped_at__isnull=False, entry__isnull=True, let_go_because="")
    return _own(for_).filter(Q(stopped_at__isnull=True) | waiting).order_by("-started_at", "-id")


def _shown(timer: Timer, for_: Membership, *, at: datetime) -> TimerShown:
    return shown_as(timer, at=at, limits=_limits([timer])[timer.id], signs=_signs([timer], for_))


def _limits(timers: Sequence[Timer]) -> dict[UUID, Limits]:
    """Each clock's limits by its clinic's protocol, else the documented defaults."""
    clinics = {timer.episode.clinic_id for timer in timers}
    rows = {row.clinic_id: row for row in WorkProtocol.objects.filter(clinic_id__in=clinics)} if clinics else {}
    return {timer.id: _limits_by(rows.get(timer.episode.clinic_id)) for timer in timers}


def _limits_by(protocol: WorkProtocol | None) -> Limits:
    if protocol is None:
        return Limits()
    values = (protocol.idle_minutes, protocol.idle_minutes_in_call, protocol.cap_minutes)
    return Limits(*(timedelta(minutes=value) for value in values))


def _signs(timers: Sequence[Timer], for_: Membership) -> list[datetime]:
    """When the person did anything that the audit knows of, while one of these clocks ran."""
    running = [timer.started_at for timer in timers if timer.stopped_at is None]
    return acts_of(for_, since=min(running)) if running else []
