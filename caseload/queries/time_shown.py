"""One patient's time, entry by entry, and what more would do: for the chart and for the contact being written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Membership
from caseload.models import Activity, StaffRole, TimeEntry, TimeService
from caseload.queries.entries import EpisodeTime, LoggedEntry, episode_time
from caseload.queries.work import booked_by, role_worked_in
from caseload.rules.clock import month_of
from caseload.rules.minutes import ConsentWindow, Entry, counted
from caseload.rules.standing import Standing, standing, standings
from caseload.rules.worktime import WorkTime, day_is_full, first_overlap
from registry.models import Episode, ProgramPeriod
from registry.rules.programs import program_on


@dataclass(frozen=True)
class EntryShown:
    """An entry as a person reads it: when, what, who, how long, and what became of it."""

    id: UUID
    on: date
    starts_at: datetime | None
    ends_at: datetime | None
    what: str
    who: str
    seconds: int
    counts: str
    sentence: str
    is_held: bool


@dataclass(frozen=True)
class Preview:
    """What a contact's time will do once it is saved: one sentence, its tone, and the month it would make.

    `counts` is `fully`, `partly`, `not`, `held` or `refused`.
    """

    counts: str
    sentence: str
    seconds: int = 0
    months: tuple[tuple[str, int], ...] = ()


def entries_shown(
    time: EpisodeTime, *, month: str, people: Mapping[UUID, Membership], overlaps: Mapping[UUID, str]
) -> list[EntryShown]:
    """The entries that touch a month, the latest first, each with whether it counts and why."""
    found = standings([logged.entry for logged in time.entries], time.circumstances)
    shown = [
        _shown(logged, said, people, overlaps)
        for logged, said in zip(time.entries, found, strict=True)
        if month in logged.months
    ]
    return shown[::-1]


def time_preview(
    episode: Episode, *, worked_by: Membership, time: WorkTime, activity: str, agreed_at: datetime | None = None
) -> Preview:
    """What saving a time that can be (`fault_of`) would do, by the same rules as saving it. Five statements.

    `agreed_at` is when the patient agreed, where that is saved with it.
    """
    zone = ZoneInfo(episode.clinic.time_zone)
    days = time.days(zone)
    organization_id = episode.organization_id
    booked = booked_by(organization_id, [worked_by.id], first=days[0], last=days[-1], zone=zone)[worked_by.id]
    overlap = first_overlap(time, episode.patient_id, booked)
    if overlap is not None and overlap.span is not None:
        words = span_words(overlap.span, zone)
        return Preview("held", f"Held: overlaps {words} with another patient's. Counts nowhere until settled.")
    if day_is_full(time, booked, zone) is not None:
        return Preview("refused", "With this, the day holds more than 24 hours of your work.")
    entry = Entry(
        id="new",
        span=time.span,
        on=time.on,
        seconds=time.seconds,
        role=role_worked_in(worked_by.roles),
        activity=activity,
        service=_program_on(episode, days[0]),
    )
    logged = _as_if_agreed(episode_time(organization_id, episode.patient_id, episode.id), agreed_at)
    return _previewed(logged, entry, months=sorted({month_of(day) for day in days}))


def _as_if_agreed(time: EpisodeTime, agreed_at: datetime | None) -> EpisodeTime:
    if agreed_at is None:
        return time
    consents = (*time.circumstances.consents, ConsentWindow("bhi", agreed_at, None))
    return replace(time, circumstances=replace(time.circumstances, consents=consents))


def _program_on(episode: Episode, day: date) -> str:
    periods = ProgramPeriod.objects.live().filter(organization_id=episode.organization_id, episode=episode)
    in_order = list(periods.order_by("from_on").values_list("from_on", "program"))
    return program_on(in_order, day) or episode.program


def held_words(entry: TimeEntry, zone: ZoneInfo) -> str:
    """The other patient's time that a held entry overlaps; empty where that is not known."""
    other = TimeEntry.objects.filter(organization_id=entry.organization_id, id__in=[entry.held_with_id])
    return "".join(span_words((span.lower, span.upper), zone) for span in other.values_list("span", flat=True))


def _previewed(time: EpisodeTime, entry: Entry, *, months: Sequence[str]) -> Preview:
    others = [logged.entry for logged in time.entries]
    said = standing(entry, others, time.circumstances)
    sentence = f"Counts: {said.counted_seconds // 60} min." if said.counts == "fully" else said.sentence
    totals = tuple((month, _minutes([*others, entry], time, month)) for month in months)
    return Preview(said.counts, sentence, said.counted_seconds, totals)


def _minutes(entries: Iterable[Entry], time: EpisodeTime, month: str) -> int:
    found = counted(entries, time.circumstances, month).counted
    return (found.cocm_seconds or found.bhi_seconds) // 60


def span_words(span: tuple[datetime, datetime], zone: ZoneInfo) -> str:
    """`10:10–10:32`, in the clinic's zone."""
    start, end = (moment.astimezone(zone) for moment in span)
    return f"{start:%H:%M}–{end:%H:%M}"


def _shown(
    logged: LoggedEntry, said: Standing, people: Mapping[UUID, Membership], overlaps: Mapping[UUID, str]
) -> EntryShown:
    entry = logged.entry
    assert isinstance(entry.id, UUID)
    overlap = overlaps.get(entry.id)
    sentence = f"Held: overlaps {overlap} with another patient's." if overlap else said.sentence
    return EntryShown(
        id=entry.id,
        on=logged.first_on,
        starts_at=entry.span[0] if entry.span else None,
        ends_at=entry.span[1] if entry.span else None,
        what=_what(entry),
        who=f"{people[logged.by_id].name}, {StaffRole(entry.role).label.lower()}",
        seconds=said.seconds,
        counts=said.counts,
        sentence=sentence,
        is_held=entry.held,
    )


def _what(entry: Entry) -> str:
    """The activity, with the service where it is not collaborative care."""
    label = str(Activity(entry.activity).label)
    return label if entry.service == TimeService.COCM else f"{label}, {TimeService(entry.service).label}"
