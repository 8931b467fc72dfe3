"""When contacts and scores are overdue at a clinic that set its own limits (T17, T18)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseload.rules.course import EpisodeCourse, ProgramFrom, Score
from caseload.rules.listing import standing_of
from caseload.rules.signals import signals_on
from caseload.rules.targets import USUAL, OwnLimits, fault_of_own, targets_in_force

START = date(2026, 1, 5)
COURSE = EpisodeCourse(
    START, (ProgramFrom(START, "cocm"),), scores=(Score(START, "phq9", 14, 0, 0),), contacts=(START,)
)
LIMITS = targets_in_force(START).limits


def words(own: OwnLimits, count: int) -> set[str]:
    standing = signals_on(replace(COURSE, own=own), START + timedelta(days=count))
    return {signal.word for signal in standing} & {"contact_overdue", "contact_lapsed", "measure_overdue"}


def test_without_own_limits_the_usual_hold() -> None:
    assert USUAL.over(LIMITS) is LIMITS
    assert [words(USUAL, count) for count in (28, 29, 31, 61)] == [
        set(), {"measure_overdue"}, {"contact_overdue", "measure_overdue"}, {"contact_lapsed", "measure_overdue"},
    ]  # fmt: skip


def test_own_limits_move_each_signal() -> None:
    own = OwnLimits(contact_days=14, contact_lapsed_days=21, measure_days=16)
    assert [words(own, count) for count in (14, 15, 17, 22)] == [
        set(), {"contact_overdue"}, {"contact_overdue", "measure_overdue"}, {"contact_lapsed", "measure_overdue"},
    ]  # fmt: skip
    assert words(OwnLimits(contact_days=45, measure_days=40), 31) == {"measure_overdue"}


def test_a_later_limit_leaves_the_first_weeks_as_they_are() -> None:
    assert OwnLimits(measure_days=45).over(LIMITS) == replace(LIMITS, measure_days=45)
    assert OwnLimits(contact_days=75).over(LIMITS) == replace(LIMITS, contact_days=75, contact_lapsed_days=76)


def test_what_is_stored_begins_on_the_clinics_day() -> None:
    stored = standing_of(replace(COURSE, own=OwnLimits(contact_days=14)), START)
    [signal] = [one for one in stored.signals if one.word == "contact_overdue"]
    assert signal.since == START + timedelta(days=15)


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        (USUAL, ""),
        (OwnLimits(contact_days=59), ""),
        (OwnLimits(contact_days=60), "A contact lapses after it is overdue. Enter more than 60 days."),
        (OwnLimits(contact_lapsed_days=30), "A contact lapses after it is overdue. Enter more than 30 days."),
        (OwnLimits(contact_days=14, contact_lapsed_days=15), ""),
    ],
)
def test_a_contact_lapses_after_it_is_overdue(own: OwnLimits, fault: str) -> None:
    assert fault_of_own(own, LIMITS) == fault
