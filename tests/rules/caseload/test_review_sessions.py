"""When the next session is, and whose minutes an open patient's were."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from caseload.rules.review_sessions import Spell, faults_of_minutes, is_forgotten, next_on, posted

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 9 am there


@pytest.mark.parametrize(
    ("weekday", "begins_at", "on"),
    [
        (0, time(9, 30), date(2026, 3, 2)),
        (0, time(9, 0), date(2026, 3, 9)),
        (1, time(8, 0), date(2026, 3, 3)),
        (6, time(8, 0), date(2026, 3, 8)),
    ],
)
def test_the_next_one_is_the_first_still_to_come(weekday: int, begins_at: time, on: date) -> None:
    found, planned_at = next_on(weekday, begins_at, zone=CHICAGO, now=MONDAY)
    assert (found, planned_at.astimezone(CHICAGO).timetz().replace(tzinfo=None)) == (on, begins_at)


def spell(number: int, **length: int) -> Spell:
    return Spell(UUID(int=number), MONDAY, MONDAY + timedelta(**length))


def test_a_spell_says_whether_it_has_to_be_asked() -> None:
    lengths = [spell(1, seconds=29), spell(2, seconds=30), spell(3, minutes=40), spell(4, minutes=40, seconds=1)]
    assert [one.is_asked for one in lengths] == [True, False, False, True]
    assert [one.minutes for one in lengths] == [0, 0, 40, 40]


def test_minutes_are_confirmed_or_shortened_never_lengthened() -> None:
    usual, long = spell(1, minutes=5, seconds=10), spell(2, minutes=50)
    assert faults_of_minutes([usual, long], {})[0].sentence == "Confirm the minutes, 0 to 50."
    assert faults_of_minutes([usual, long], {long.id: 12, usual.id: 6}) == ()
    faults = faults_of_minutes([usual, long], {long.id: 51, usual.id: -1})
    assert [(one.spell_id, one.sentence) for one in faults] == [
        (usual.id, "Enter whole minutes from 0 to 6."),
        (long.id, "Enter whole minutes from 0 to 50."),
    ]


def test_what_is_posted_ends_where_it_was_said_to() -> None:
    usual, long, short = spell(1, minutes=5, seconds=10), spell(2, minutes=50), spell(3, seconds=5)
    found = posted([usual, long, short], {long.id: 12, short.id: 0})
    assert found == (usual, spell(2, minutes=12))
    assert posted([usual, short], {usual.id: 6, short.id: 1}) == (usual, short)


def test_a_session_that_runs_much_longer_than_planned_was_forgotten() -> None:
    assert [is_forgotten(MONDAY, 60, MONDAY + timedelta(hours=hours)) for hours in (4, 5)] == [False, True]
    assert [is_forgotten(MONDAY, 180, MONDAY + timedelta(hours=hours)) for hours in (6, 7)] == [False, True]
