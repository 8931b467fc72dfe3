"""Who is on duty at a local time, and whom a notice goes to."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.duty import WEEK, Gap, Round, Turn, next_round_at, on_duty, overlapping, rounds_to_do, uncovered

ANA, BEN, LEE, MIA = (UUID(int=number) for number in range(1, 5))
CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 3, 2, tzinfo=CHICAGO)
RAISED = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


def turn(member: UUID, weekday: int, begins: int, ends: int, rank: int = 1) -> Turn:
    return Turn(member, weekday, time(begins), time(ends), rank)


@pytest.mark.parametrize(
    ("days", "hour", "minute", "expected"),
    [
        (0, 7, 59, ()),
        (0, 8, 0, (ANA,)),
        (0, 16, 59, (ANA,)),
        (0, 17, 0, (BEN,)),
        (0, 23, 59, (BEN,)),
        (1, 0, 0, (BEN,)),
        (1, 7, 59, (BEN,)),
        (1, 8, 0, ()),
        (6, 20, 0, (LEE,)),
        (7, 5, 59, (LEE,)),
        (7, 6, 0, ()),
    ],
)
def test_a_turn_begins_with_its_first_minute_and_runs_over_midnight_and_the_weeks_end(days, hour, minute, expected):
    turns = [turn(ANA, 0, 8, 17), turn(BEN, 0, 17, 8), turn(LEE, 6, 20, 6)]
    assert on_duty(turns, MONDAY + timedelta(days=days, hours=hour, minutes=minute)) == expected


def test_equal_times_are_a_whole_day():
    turns = [turn(ANA, 2, 8, 8)]
    wednesday = MONDAY + timedelta(days=2)
    assert [on_duty(turns, wednesday + timedelta(hours=hour)) for hour in (7, 8, 31, 32)] == [(), (ANA,), (ANA,), ()]


def test_ranks_come_in_order_and_nobody_twice():
    turns = [turn(BEN, 0, 8, 17, rank=2), turn(ANA, 0, 8, 17), turn(ANA, 0, 8, 17, rank=2)]
    assert on_duty(turns, MONDAY + timedelta(hours=9)) == (ANA, BEN)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        # March 8, 2026: 2 o'clock is skipped. 1:59 is 07:59 UTC, and the next minute is 3:00.
        (datetime(2026, 3, 8, 7, 59, tzinfo=UTC), (ANA,)),
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), (LEE,)),
        # November 1, 2026: 1 o'clock comes twice, and is covered twice.
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), (ANA,)),
        (datetime(2026, 11, 1, 7, 30, tzinfo=UTC), (ANA,)),
        (datetime(2026, 11, 1, 8, 0, tzinfo=UTC), (BEN,)),
    ],
)
def test_turns_are_clock_times_when_clocks_change(instant, expected):
    turns = [turn(ANA, 6, 0, 2), turn(BEN, 6, 2, 3), turn(LEE, 6, 3, 8)]
    assert on_duty(turns, instant.astimezone(CHICAGO)) == expected


def test_the_same_instant_is_another_turn_in_another_zone():
    turns = [turn(ANA, 0, 8, 12), turn(BEN, 0, 12, 17)]
    assert on_duty(turns, RAISED.astimezone(CHICAGO)) == (ANA,)
    assert on_duty(turns, RAISED.astimezone(ZoneInfo("America/New_York"))) == (BEN,)


@pytest.mark.parametrize(
    ("minutes", "done", "duty", "expected"),
    [
        (0, 0, (ANA, BEN), [Round(1, (ANA,))]),
        (14, 1, (ANA, BEN), []),
        (15, 1, (ANA, BEN), [Round(2, (BEN,))]),
        (29, 2, (ANA, BEN), []),
        (30, 2, (ANA, BEN), [Round(3, (LEE, MIA))]),
        (500, 3, (ANA, BEN), []),
        # Late: what was missed is made up for at once.
        (40, 0, (ANA, BEN), [Round(1, (ANA,)), Round(2, (BEN,)), Round(3, (LEE, MIA))]),
        # Nobody on duty: the leads at once, and that is on record.
        (0, 0, (), [Round(1, ()), Round(3, (LEE, MIA))]),
        (15, 1, (ANA,), [Round(2, ()), Round(3, (LEE, MIA))]),
        # Somebody else is on duty by now.
        (15, 1, (BEN, ANA), [Round(2, (BEN,))]),
        # The clock went back.
        (-5, 0, (ANA,), [Round(1, (ANA,))]),
    ],
)
def test_who_is_told_when(minutes, done, duty, expected):
    told = [ANA, BEN][:done]
    at = RAISED + timedelta(minutes=minutes)
    found = rounds_to_do(raised_at=RAISED, at=at, done=done, duty=duty, told=told, leads=(LEE, MIA))
    assert list(found) == expected


def test_nobody_at_all_is_on_record_and_ends():
    found = rounds_to_do(raised_at=RAISED, at=RAISED, done=0, duty=(), told=(), leads=())
    assert found == (Round(1, ()), Round(3, ()))


@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.lists(st.sampled_from([ANA, BEN]), unique=True))
def test_however_often_and_late_it_is_asked_each_round_comes_once_and_the_leads_are_told(minutes, duty):
    done, told, seen = 0, [], []
    for minute in [*sorted(minutes), 30]:
        at = RAISED + timedelta(minutes=minute)
        for one in rounds_to_do(raised_at=RAISED, at=at, done=done, duty=duty, told=told, leads=(LEE,)):
            seen.append(one.number)
            told += one.members
            done = one.number
    assert seen == sorted(set(seen))
    assert seen[-1] == 3
    assert LEE in told
    assert set(duty) <= set(told) or not duty


def test_rounds_are_a_quarter_of_an_hour_apart():
    after = [next_round_at(RAISED, done) for done in (0, 1, 2, 3)]
    assert after == [RAISED, RAISED + timedelta(minutes=15), RAISED + timedelta(minutes=30), None]


@pytest.mark.parametrize(
    ("new", "clashes"),
    [
        (turn(BEN, 0, 17, 20), False),
        (turn(BEN, 0, 16, 20), True),
        (turn(BEN, 0, 8, 17, rank=2), False),
        (turn(BEN, 6, 20, 9), True),
        (turn(BEN, 6, 20, 8), False),
        (turn(BEN, 0, 8, 17), True),
    ],
)
def test_two_people_of_one_rank_share_no_minute(new, clashes):
    old = turn(ANA, 0, 8, 17)
    assert overlapping(new, [old]) == (old if clashes else None)
    assert overlapping(old, [new]) == (new if clashes else None)


def test_gaps_of_the_week():
    office = [turn(ANA, day, 8, 17) for day in range(5)]
    nights = [turn(BEN, day, 17, 8) for day in range(4)]
    assert uncovered([*office, *nights]) == (Gap(4, time(17), 0, time(8)),)
    assert uncovered([]) == (Gap(0, time(0), 0, time(0)),)
    assert uncovered([turn(ANA, day, 0, 0) for day in range(7)]) == ()


turns_of_a_week = st.lists(
    st.builds(
        lambda weekday, begins, ends: Turn(ANA, weekday, time(begins // 60, begins % 60), time(ends // 60, ends % 60)),
        st.integers(0, 6),
        st.integers(0, 1439),
        st.integers(0, 1439),
    ),
    max_size=6,
)


@given(turns_of_a_week, st.integers(0, WEEK - 1))
def test_a_minute_is_in_a_gap_or_on_somebodys_turn(turns, minute):
    local = MONDAY.replace(tzinfo=None) + timedelta(minutes=minute)
    is_free = any(minute in _minutes(gap) or minute + WEEK in _minutes(gap) for gap in uncovered(turns))
    assert is_free == (on_duty(turns, local) == ())


def _minutes(gap: Gap) -> range:
    start = gap.from_weekday * 1440 + gap.from_time.hour * 60 + gap.from_time.minute
    end = gap.until_weekday * 1440 + gap.until_time.hour * 60 + gap.until_time.minute
    return range(start, start + ((end - start) % WEEK or WEEK))
