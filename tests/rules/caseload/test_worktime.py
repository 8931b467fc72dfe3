"""Times that can be, and being with two patients at once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from caseload.rules.worktime import Booked, TimeFault, WorkTime, day_is_full, fault_of, first_overlap

CHICAGO = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 2, 17, tzinfo=UTC)
HERE, THERE = UUID(int=1), UUID(int=2)


def span(start: str, minutes: float) -> tuple[datetime, datetime]:
    begins = datetime.fromisoformat(start).replace(tzinfo=UTC)
    return begins, begins + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("work", "days"),
    [
        (WorkTime(on=date(2026, 3, 1), seconds=1), (date(2026, 3, 1),)),
        (WorkTime(span=span("2026-03-02 05:30", 30)), (date(2026, 3, 1),)),
        (WorkTime(span=span("2026-03-02 05:30", 31)), (date(2026, 3, 1), date(2026, 3, 2))),
        (WorkTime(span=span("2026-03-02 06:00", 1)), (date(2026, 3, 2),)),
    ],
)
def test_the_local_days_that_work_touches(work: WorkTime, days: tuple[date, ...]) -> None:
    assert (work.days(CHICAGO), work.day(CHICAGO)) == (days, days[0])


@pytest.mark.parametrize(
    ("work", "field"),
    [
        (WorkTime(span=span("2026-03-02 17:00", 5)), None),
        (WorkTime(span=span("2026-03-02 17:00", 5.1)), "end"),
        (WorkTime(span=span("2026-03-02 17:01", 1)), "start"),
        (WorkTime(span=span("2026-03-01 10:00", 720)), None),
        (WorkTime(span=span("2026-03-01 10:00", 721)), "end"),
        (WorkTime(on=date(2026, 3, 2), seconds=43_200), None),
        (WorkTime(on=date(2026, 3, 2), seconds=43_201), "minutes"),
        (WorkTime(on=date(2026, 3, 3), seconds=60), "on"),
        (WorkTime(on=date(2026, 3, 2)), "minutes"),
    ],
)
def test_what_is_wrong_with_a_time(work: WorkTime, field: str | None) -> None:
    fault = fault_of(work, now=NOW, zone=CHICAGO)
    assert (fault and fault.field) == field
    assert fault is None or isinstance(fault, TimeFault)


def booked(patient: UUID, start: str, minutes: float, number: int = 9) -> Booked:
    return Booked(UUID(int=number), patient, span(start, minutes))


def test_the_earliest_overlap_with_another_patient_is_found() -> None:
    work = WorkTime(span=span("2026-03-02 10:00", 30))
    late, early = booked(THERE, "2026-03-02 10:20", 5, 8), booked(THERE, "2026-03-02 09:50", 11, 7)
    touching = [booked(THERE, "2026-03-02 09:30", 30), booked(THERE, "2026-03-02 10:30", 5)]
    same, untimed = booked(HERE, "2026-03-02 10:00", 30), Booked(UUID(int=6), THERE, on=date(2026, 3, 2), seconds=60)
    assert first_overlap(work, HERE, [*touching, same, untimed]) is None
    assert first_overlap(work, HERE, [*touching, late, same, early, untimed]) == early
    assert first_overlap(WorkTime(on=date(2026, 3, 2), seconds=60), HERE, [early, late]) is None


@pytest.mark.parametrize(
    ("seconds", "full"),
    [(3600, None), (3601, date(2026, 3, 1))],
)
def test_a_day_holds_24_hours_of_clock_and_other_time(seconds: int, full: date | None) -> None:
    # 12 hours that two entries share, and 11 untimed
    known = [booked(HERE, "2026-03-01 07:00", 720), booked(HERE, "2026-03-01 08:00", 60)]
    known += [Booked(UUID(int=5), HERE, on=date(2026, 3, 1), seconds=11 * 3600)]
    known += [Booked(UUID(int=4), HERE, on=date(2026, 2, 28), seconds=11 * 3600)]
    assert day_is_full(WorkTime(on=date(2026, 3, 1), seconds=seconds), known, CHICAGO) == full


def test_the_night_the_clocks_go_back_has_an_hour_more() -> None:
    day = [booked(HERE, "2026-11-01 05:00", 720), booked(HERE, "2026-11-01 17:00", 720)]
    last_hour = WorkTime(span=span("2026-11-02 05:00", 60))
    assert day_is_full(last_hour, day, CHICAGO) is None
