"""The time that somebody says they worked: whether it can be so, and whether they were elsewhere then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from caseload.rules.clock import day_start, local_date
from caseload.rules.minutes import Stretch, intersection, length, microseconds, union

LONGEST = timedelta(hours=12)
DAY_SECONDS = 24 * 60 * 60
# A call is often written up in its last minute, and clocks differ.
GRACE = timedelta(minutes=5)
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class WorkTime:
    """Either a span of clock time, or a local day and seconds where the clock time is not known."""

    span: tuple[datetime, datetime] | None = None
    on: date | None = None
    seconds: int | None = None

    def day(self, zone: ZoneInfo) -> date:
        """The local day on which the work began."""
        if self.span is not None:
            return local_date(self.span[0], zone)
        assert self.on is not None
        return self.on

    def days(self, zone: ZoneInfo) -> tuple[date, ...]:
        """The local days that the work touches, one or two."""
        first = self.day(zone)
        if self.span is None:
            return (first,)
        last = local_date(self.span[1] - timedelta(microseconds=1), zone)
        return (first,) if last == first else (first, last)


@dataclass(frozen=True, slots=True)
class TimeFault:
    """Why a time cannot be. `field` is `start`, `end`, `on` or `minutes`; the sentence says what to do."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Booked:
    """Time that one person already has on record and that counts as theirs: neither voided nor held."""

    id: UUID
    patient_id: UUID
    span: tuple[datetime, datetime] | None = None
    on: date | None = None
    seconds: int | None = None


def fault_of(work: WorkTime, *, now: datetime, zone: ZoneInfo) -> TimeFault | None:
    """What is wrong with a time by itself; None when nothing is. `now` is when it is written down."""
    return _span_fault(work.span, now) if work.span is not None else _day_fault(work, now, zone)


def _span_fault(span: tuple[datetime, datetime], now: datetime) -> TimeFault | None:
    start, end = span
    if start > now:
        return TimeFault("start", "The start is in the future. Correct the day or the time.")
    if end <= start:
        return TimeFault("end", "The end is not after the start. Correct one of them.")
    if end - start > LONGEST:
        return TimeFault("end", "This is longer than 12 hours. Correct the start or the end.")
    if end > now + GRACE:
        return TimeFault("end", "The end is in the future. Correct the day or the time.")
    return None


def _day_fault(work: WorkTime, now: datetime, zone: ZoneInfo) -> TimeFault | None:
    assert work.on is not None
    if work.seconds is None or work.seconds <= 0:
        return TimeFault("minutes", "Minutes are a whole number from 1 to 720.")
    if work.seconds > LONGEST.total_seconds():
        return TimeFault("minutes", "This is longer than 12 hours. Minutes are a whole number from 1 to 720.")
    if work.on > local_date(now, zone):
        return TimeFault("on", "The day is in the future. Correct it.")
    return None


def first_overlap(work: WorkTime, patient_id: UUID, booked: Iterable[Booked]) -> Booked | None:
    """The earliest time of the same person for another patient that overlaps; it makes an entry held.

    Work of which only the day is known overlaps nothing.
    """
    if work.span is None:
        return None
    start, end = work.span
    found = [
        other
        for other in booked
        if other.patient_id != patient_id and other.span is not None and other.span[0] < end and start < other.span[1]
    ]
    return min(found, key=_start, default=None)


def _start(booked: Booked) -> datetime:
    assert booked.span is not None
    return booked.span[0]


def day_is_full(work: WorkTime, booked: Iterable[Booked], zone: ZoneInfo) -> date | None:
    """A local day on which one person would have worked more than 24 hours; None when there is none.

    Clock time counts once however many entries cover it; time without a clock is added to it.
    """
    known = [(entry.span, entry.on, entry.seconds) for entry in booked]
    known.append((work.span, work.on, work.seconds))
    return next(
        (day for day in work.days(zone) if _microseconds_on(day, known, zone) > DAY_SECONDS * MICROSECONDS), None
    )


def _microseconds_on(
    day: date, known: list[tuple[tuple[datetime, datetime] | None, date | None, int | None]], zone: ZoneInfo
) -> int:
    bounds: Stretch = (
        microseconds(day_start(day, zone)),
        microseconds(day_start(day + timedelta(days=1), zone)),
    )
    clock = union((microseconds(span[0]), microseconds(span[1])) for span, _, _ in known if span is not None)
    untimed = sum(seconds or 0 for _, on, seconds in known if on == day)
    # The night the clocks go back has 25 hours, all of which can be worked.
    spare = max(0, bounds[1] - bounds[0] - DAY_SECONDS * MICROSECONDS)
    return length(intersection(clock, [bounds])) - spare + untimed * MICROSECONDS


def around(
    span: tuple[datetime, datetime], other: tuple[datetime, datetime]
) -> tuple[tuple[datetime, datetime] | None, tuple[datetime, datetime] | None]:
    """What of a span lies before and what lies after another one; None where nothing does."""
    before = (span[0], min(span[1], other[0]))
    after = (max(span[0], other[1]), span[1])
    return (before if before[0] < before[1] else None, after if after[0] < after[1] else None)
