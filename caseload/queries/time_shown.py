"""One patient's time, entry by entry, and what more would do: for the chart and for the contact being written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Membership
from caseload.models import Activity, StaffRole, TimeEntry, TimeService
from caseload.queries.entries import EpisodeTime, LoggedEntry, episode_time, patient_time
from caseload.queries.work import booked_by, role_worked_in
from caseload.rules.clock import month_of
from caseload.rules.minutes import ConsentWindow, Entry, counted, never_counts
from caseload.rules.standing import PHRASES, Standing, standing, standings
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
class MonthOfTime:
    """One patient's entries of a month, the latest first, with what counts of them and what was logged, in seconds."""

    month: str
    entries: tuple[EntryShown, ...]
    counted_seconds: int
    logged_seconds: int


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
        _shown(logged, _with_twin(said, logged, time, people), people, overlaps)
        for logged, said in zip(time.entries, found, strict=True)
        if month in logged.months
    ]
    return shown[::-1]


def month_of_time(
    organization_id: UUID, patient_id: UUID, *, month: str, people: Mapping[UUID, Membership]
) -> MonthOfTime:
    """What was logged for a patient in a month, in all their episodes. Four statements."""
    times = patient_time(organization_id, patient_id)
    overlaps = overlap_words(times, organization_id)
    shown = [one for time in times[::-1] for one in entries_shown(time, month=month, people=people, overlaps=overlaps)]
    entries = [(logged.entry for logged in time.entries) for time in times]
    totals = [counted(of, time.circumstances, month) for of, time in zip(entries, times, strict=True)]
    return MonthOfTime(
        month=month,
        entries=tuple(shown),
        counted_seconds=sum(total.counted.bhi_seconds + total.ccm_seconds for total in totals),
        logged_seconds=sum(total.logged_seconds + total.ccm_logged_seconds for total in totals),
    )


def overlap_words(times: Iterable[EpisodeTime], organization_id: UUID) -> dict[UUID, str]:
    """For each held entry, when the time was that it overlaps: in its clinic's zone. One statement."""
    held = {
        logged.held_with_id: (logged.entry.id, time.circumstances.zone)
        for time in times
        for logged in time.entries
        if logged.entry.held and logged.held_with_id is not None
    }
    others = TimeEntry.objects.live().filter(organization_id=organization_id, id__in=held, span__isnull=False)
    words = {}
    for other_id, span in others.values_list("id", "span"):
        entry_id, zone = held[other_id]
        assert isinstance(entry_id, UUID)
        words[entry_id] = span_words((span.lower, span.upper), zone)
    return words


def _with_twin(said: Standing, logged: LoggedEntry, time: EpisodeTime, people: Mapping[UUID, Membership]) -> Standing:
    """The standing with the name of the colleague whose entry has the same minutes, where that is why they do not
    count.
    """
    twin = _twin(logged.entry, time)
    if twin is None or all(reason.word != "overlaps_same_patient" for reason in said.reasons):
        return said
    assert twin.entry.span is not None
    words = span_words(twin.entry.span, time.circumstances.zone)
    known = PHRASES["overlaps_same_patient"]
    return replace(
        said, sentence=said.sentence.replace(known, f"counted once with {people[twin.by_id].name}'s {words}")
    )


def _twin(entry: Entry, time: EpisodeTime) -> LoggedEntry | None:
    """Another of the patient's entries that has some of the same clock minutes, and may count."""
    if entry.span is None:
        return None
    start, end = entry.span
    facility = time.circumstances.count_facility_minutes
    return next(
        (
            other
            for other in time.entries
            if other.entry.id != entry.id
            and other.entry.span is not None
            and other.entry.span[0] < end
            and start < other.entry.span[1]
            and never_counts(other.entry, count_facility_minutes=facility) is None
        ),
        None,
    )


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
