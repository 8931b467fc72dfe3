"""A patient's time entries one by one, as the time rules read them: for pages that say what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from psycopg.types.range import TimestamptzRange

from caseload.models import TimeEntry
from caseload.rules.clock import local_date, month_index, month_named, month_of
from caseload.rules.minutes import Circumstances, ConsentWindow, Entry
from registry.models import Consent, Episode

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry with who logged it, and the local days on which it starts and ends."""

    entry: Entry
    by_id: UUID
    contact_id: UUID | None
    held_with_id: UUID | None
    first_on: date
    last_on: date

    @property
    def months(self) -> tuple[str, ...]:
        """The calendar months that it touches."""
        first, last = month_index(month_of(self.first_on)), month_index(month_of(self.last_on))
        return tuple(month_named(index) for index in range(first, last + 1))


@dataclass(frozen=True, slots=True)
class EpisodeTime:
    """One episode's live entries in the order of time, and what decides whether they count."""

    episode_id: UUID
    circumstances: Circumstances
    entries: tuple[LoggedEntry, ...]


def patient_time(
    organization_id: UUID, patient_id: UUID, *, count_facility_minutes: bool = True, as_of: datetime | None = None
) -> list[EpisodeTime]:
    """The time of each live episode of a patient, the first enrolment first; `as_of`: as it was on record then.

    Three statements.
    """
    episodes = (
        Episode.objects.standing(as_of)
        .filter(organization_id=organization_id, patient_id=patient_id)
        .select_related("clinic", "patient")
        .order_by("enrolled_on", "id")
    )
    consents = _consents(organization_id, patient_id, as_of)
    entries = _entries(organization_id, patient_id, as_of)
    return [
        EpisodeTime(
            episode.id,
            circumstances := _circumstances(episode, consents, count_facility_minutes=count_facility_minutes),
            tuple(_logged(entry, circumstances.zone) for entry in entries.get(episode.id, ())),
        )
        for episode in episodes
    ]


def episode_time(
    organization_id: UUID,
    patient_id: UUID,
    episode_id: UUID,
    *,
    count_facility_minutes: bool = True,
    as_of: datetime | None = None,
) -> EpisodeTime:
    """The time of one live episode of a patient; `as_of`: as it was on record then."""
    times = patient_time(organization_id, patient_id, count_facility_minutes=count_facility_minutes, as_of=as_of)
    return next(time for time in times if time.episode_id == episode_id)


def times_between(
    organization_id: UUID, episode_ids: Sequence[UUID], first_on: date, last_on: date
) -> Iterator[EpisodeTime]:
    """The time of many episodes from one day to another, and a little around them. Three statements."""
    rows = Episode.objects.live().filter(organization_id=organization_id, id__in=episode_ids)
    episodes = list(rows.select_related("clinic", "patient"))
    consents = _consents_of(organization_id, {episode.patient_id for episode in episodes})
    entries = _entries_between(organization_id, episode_ids, first_on, last_on)
    for episode in episodes:
        around = _circumstances(episode, consents.get(episode.patient_id, ()), count_facility_minutes=True)
        logged = sorted(entries.get(episode.id, ()), key=_when)
        yield EpisodeTime(episode.id, around, tuple(_logged(entry, around.zone) for entry in logged))


def _consents_of(organization_id: UUID, patient_ids: set[UUID]) -> Mapping[UUID, tuple[ConsentWindow, ...]]:
    rows = Consent.objects.live().filter(organization_id=organization_id, patient_id__in=patient_ids)
    found: dict[UUID, tuple[ConsentWindow, ...]] = {}
    for patient_id, *window in rows.order_by("given_at", "id").values_list(
        "patient_id", "service", "given_at", "revoked_on"
    ):
        found[patient_id] = (*found.get(patient_id, ()), ConsentWindow(*window))
    return found


def _entries_between(
    organization_id: UUID, episode_ids: Sequence[UUID], first_on: date, last_on: date
) -> Mapping[UUID, list[TimeEntry]]:
    """The entries in the order in which they were recorded; zones are a day apart at most, so a day more is read."""
    begins, ends = (datetime.combine(day, time.min, UTC) for day in (first_on - _DAY, last_on + 2 * _DAY))
    rows = TimeEntry.objects.live().filter(
        Q(on__range=(first_on, last_on)) | Q(span__overlap=TimestamptzRange(begins, ends)),
        organization_id=organization_id,
        episode_id__in=episode_ids,
    )
    found: dict[UUID, list[TimeEntry]] = {}
    for row in rows.order_by("recorded_at", "id"):
        found.setdefault(row.episode_id, []).append(row)
    return found


def _circumstances(
    episode: Episode, consents: tuple[ConsentWindow, ...], *, count_facility_minutes: bool
) -> Circumstances:
    return Circumstances(
        zone=ZoneInfo(episode.clinic.time_zone),
        episode_from=episode.referred_on or episode.enrolled_on,
        ended_on=episode.ended_on,
        died_on=episode.patient.died_on,
        consents=consents,
        count_facility_minutes=count_facility_minutes,
    )


def _consents(organization_id: UUID, patient_id: UUID, as_of: datetime | None) -> tuple[ConsentWindow, ...]:
    rows = Consent.objects.standing(as_of).filter(organization_id=organization_id, patient_id=patient_id)
    ordered = rows.order_by("given_at", "id").values_list("service", "given_at", "revoked_on")
    return tuple(ConsentWindow(*row) for row in ordered)


def _entries(organization_id: UUID, patient_id: UUID, as_of: datetime | None) -> Mapping[UUID, list[TimeEntry]]:
    rows = TimeEntry.objects.standing(as_of).filter(organization_id=organization_id, patient_id=patient_id)
    found: dict[UUID, list[TimeEntry]] = {}
    for row in rows.order_by("recorded_at", "id"):
        found.setdefault(row.episode_id, []).append(row)
    return {episode_id: sorted(entries, key=_when) for episode_id, entries in found.items()}


def _when(row: TimeEntry) -> tuple[date, bool, datetime | date]:
    """By UTC day; entries without clock time before those with one."""
    if row.span is None:
        assert row.on is not None
        return row.on, False, row.on
    return row.span.lower.date(), True, row.span.lower


def _logged(row: TimeEntry, zone: ZoneInfo) -> LoggedEntry:
    first_on, last_on = _days(row, zone)
    return LoggedEntry(
        entry=Entry(
            id=row.id,
            span=None if row.span is None else (row.span.lower, row.span.upper),
            on=row.on,
            seconds=row.seconds,
            role=row.role,
            activity=row.activity,
            service=row.service,
            billed_as=row.billed_as or None,
            facility_stay=row.is_facility_stay,
            held=row.held,
        ),
        by_id=row.by_id,
        contact_id=row.contact_id,
        held_with_id=row.held_with_id,
        first_on=first_on,
        last_on=last_on,
    )


def _days(row: TimeEntry, zone: ZoneInfo) -> tuple[date, date]:
    """The first and last local day of an entry; the end of a span is not part of it."""
    if row.span is None:
        assert row.on is not None
        return row.on, row.on
    return local_date(row.span.lower, zone), local_date(row.span.upper - timedelta(microseconds=1), zone)


def ending(circumstances: Circumstances, day: date) -> Circumstances:
    """The same circumstances, as if the episode had ended on a day."""
    last = min((one for one in (circumstances.ended_on, day) if one is not None), default=day)
    return replace(circumstances, ended_on=last)
