"""How long a record is open in an emergency, which reasons do, and by when somebody has to look."""

from datetime import UTC, datetime, timedelta

import pytest

from registry.rules.limits import Access, Stage, fault_of_reason, minutes_left, stage_of, until_when

BEGUN = datetime(2026, 3, 2, 15, tzinfo=UTC)
UNTIL = BEGUN + timedelta(minutes=60)


def test_it_is_open_for_an_hour() -> None:
    assert until_when(BEGUN) == UNTIL


@pytest.mark.parametrize(("after", "left"), [(0, 60), (1, 60), (60, 59), (3599, 1), (3600, 0), (7200, 0)])
def test_the_minute_that_runs_counts(after: int, left: int) -> None:
    assert minutes_left(UNTIL, BEGUN + timedelta(seconds=after)) == left


@pytest.mark.parametrize(
    ("access", "after", "stage"),
    [
        (Access(BEGUN, UNTIL), timedelta(minutes=59, seconds=59), Stage.OPEN),
        (Access(BEGUN, UNTIL), timedelta(minutes=60), Stage.TO_LOOK_AT),
        (Access(BEGUN, UNTIL, BEGUN + timedelta(minutes=5)), timedelta(minutes=5), Stage.TO_LOOK_AT),
        (Access(BEGUN, UNTIL), timedelta(hours=72, minutes=59), Stage.TO_LOOK_AT),
        (Access(BEGUN, UNTIL), timedelta(hours=73), Stage.LATE),
        (Access(BEGUN, UNTIL, BEGUN), timedelta(hours=72), Stage.LATE),
        (Access(BEGUN, UNTIL, None, was_justified=True), timedelta(hours=99), Stage.JUSTIFIED),
        (Access(BEGUN, UNTIL, None, was_justified=False), timedelta(hours=99), Stage.NOT_JUSTIFIED),
    ],
)
def test_stages(access: Access, after: timedelta, stage: Stage) -> None:
    assert stage_of(access, BEGUN + after) == stage


@pytest.mark.parametrize(
    ("reason", "is_faulty"),
    [
        ("", True),
        ("he called and     wept", True),
        ("aaaaaaaaaaaaaaaaaaaaaaaaa", True),
        ("............................", True),
        ("Called, said he will hurt himself.", False),
    ],
)
def test_a_reason_is_a_sentence(reason: str, is_faulty: bool) -> None:
    assert bool(fault_of_reason(reason)) == is_faulty
