"""The time of a month as a packet shows it: each entry, what became of it, and what was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q
from psycopg.types.range import TimestamptzRange

from bhi.tenancy.models import Membership
from billing.queries.facility import counts_facility_minutes
from billing.rules.facts import MonthFacts
from billing.rules.packet import ON_RECORD, EntryOn, Excluded, Minutes, TakenBack, excluded_sums
from billing.rules.payers import PayerRules
from caseload.models import Activity, StaffRole, TimeEntry, TimeService
from caseload.queries.entries import EpisodeTime, LoggedEntry, episode_time
from caseload.rules.clock import first_day, last_day, local_date, month_starts_and_ends
from caseload.rules.minutes import Entry, MonthMinutes, counted
from caseload.rules.standing import Standing, standings
from registry.models import Episode

DIFFERS = "The entries as they are on record come to {now} seconds; what was frozen rests on {then}."


@dataclass(frozen=True, slots=True)
class PacketTime:
    """A month's entries, those taken back, what does not count by reason, and the sums."""

    entries: tuple[EntryOn, ...]
    taken_back: tuple[TakenBack, ...]
    excluded: tuple[Excluded, ...]
    minutes: Minutes


def packet_time(
    episode: Episode,
    facts: MonthFacts,
    minutes: int,
    people: Mapping[UUID, Membership],
    *,
    as_of: datetime | None,
    tells_reasons: bool,
) -> PacketTime:
    """The time of one episode's month, now or as it was on record at an instant. Four statements.

    An entry that crosses the month's end is shown with its part in the month. Why one was taken back is somebody's
    own words: `tells_reasons` prints them, else that there are any.
    """
    counts = counts_facility_minutes(PayerRules(facts.payer, facts.options), first_day(facts.month))
    time = episode_time(
        episode.organization_id, episode.patient_id, episode.id, count_facility_minutes=counts, as_of=as_of
    )
    zone = time.circumstances.zone
    own = [one for one in time.entries if facts.month in one.months]
    cut = [within(one.entry, facts.month, zone) for one in own]
    said = standings(cut, time.circumstances)
    rows = _rows(episode, facts.month, zone)
    return PacketTime(
        entries=tuple(
            _entry(one, entry, standing, rows[one.entry.id], people, facts.month)
            for one, entry, standing in zip(own, cut, said, strict=True)
        ),
        taken_back=tuple(_taken_back(rows.values(), zone, people, as_of, tells_reasons)),
        excluded=excluded_sums((reason.word, reason.seconds) for one in said for reason in one.reasons),
        minutes=_minutes(time, facts, minutes, said),
    )


def within(entry: Entry, month: str, zone: ZoneInfo) -> Entry:
    """The part of an entry that lies in a month."""
    if entry.span is None:
        return entry
    starts, ends = month_starts_and_ends(month, zone)
    return replace(entry, span=(max(entry.span[0], starts), min(entry.span[1], ends)))


def _rows(episode: Episode, month: str, zone: ZoneInfo) -> dict[UUID | str | int, TimeEntry]:
    """Every entry that touches the month, what was taken back included."""
    starts, ends = month_starts_and_ends(month, zone)
    rows = TimeEntry.objects.filter(
        Q(on__range=(first_day(month), last_day(month))) | Q(span__overlap=TimestamptzRange(starts, ends)),
        organization_id=episode.organization_id,
        episode_id=episode.id,
    )
    return {row.id: row for row in rows.order_by("recorded_at", "id")}


def _entry(
    logged: LoggedEntry,
    entry: Entry,
    standing: Standing,
    row: TimeEntry,
    people: Mapping[UUID, Membership],
    month: str,
) -> EntryOn:
    starts_at, ends_at = entry.span or (None, None)
    who = people[logged.by_id]
    return EntryOn(
        on=max(logged.first_on, first_day(month)),
        starts_at=starts_at,
        ends_at=ends_at,
        who=who.name,
        credential=who.credential,
        role=StaffRole(entry.role).label,
        activity=Activity(entry.activity).label,
        service=TimeService(entry.service).label,
        seconds=standing.seconds,
        counted_seconds=standing.counted_seconds,
        sentence=standing.sentence,
        recorded_at=row.recorded_at,
        recorded_by=people[row.recorded_by_id].name,
    )


def _taken_back(
    rows: Iterable[TimeEntry],
    zone: ZoneInfo,
    people: Mapping[UUID, Membership],
    as_of: datetime | None,
    tells_reasons: bool,
) -> Iterable[TakenBack]:
    for row in rows:
        if row.voided_at is None or (as_of is not None and row.voided_at > as_of):
            continue
        yield TakenBack(
            on=_day(row, zone),
            seconds=_length(row),
            who=str(people[row.by_id]),
            because=row.void_reason if tells_reasons or not row.void_reason else ON_RECORD,
            by=people[row.voided_by_id].name if row.voided_by_id else "",
            at=row.voided_at,
        )


def _day(row: TimeEntry, zone: ZoneInfo) -> date | None:
    return row.on if row.span is None else local_date(row.span.lower, zone)


def _length(row: TimeEntry) -> int:
    return int(row.seconds or 0) if row.span is None else int((row.span.upper - row.span.lower).total_seconds())


def _minutes(time: EpisodeTime, facts: MonthFacts, minutes: int, said: Iterable[Standing]) -> Minutes:
    now = counted((one.entry for one in time.entries), time.circumstances, facts.month)
    remark = "" if now == facts.time else DIFFERS.format(now=_sum(now), then=_sum(facts.time))
    listed = list(said)
    return Minutes(
        logged_seconds=sum(one.seconds for one in listed),
        counted_seconds=sum(one.counted_seconds for one in listed),
        minutes=minutes,
        remark=remark,
    )


def _sum(minutes: MonthMinutes) -> int:
    return minutes.counted.bhi_seconds + minutes.ccm_seconds
