"""How a timer's time divides, and when it asks whether somebody is still at work."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseload.rules.timers import CALL, END_CALL, SEEN, Gap, Limits, Mark, Split, can_mark, idle_gap, is_in_call, split

START = datetime(2026, 3, 2, 15, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def marks(*said: tuple[str, float]) -> tuple[Mark, ...]:
    return tuple(Mark(kind, at(minutes)) for kind, minutes in said)


def test_before_the_call_is_preparation_and_what_follows_it_charting() -> None:
    said = marks((CALL, 3), (END_CALL, 21))
    assert split(START, at(26), said) == Split(preparation=180, call=1080, charting=300)


def test_between_two_calls_is_charting_and_a_call_may_last_to_the_end() -> None:
    said = marks((CALL, 0), (END_CALL, 5), (CALL, 7))
    assert split(START, at(10), said) == Split(preparation=0, call=480, charting=120)


def test_without_a_call_all_is_preparation_and_saying_that_one_works_is_no_call() -> None:
    assert split(START, at(10), marks((SEEN, 4))) == Split(preparation=600)


def test_marks_after_the_end_do_not_count() -> None:
    assert split(START, at(10), marks((CALL, 4), (END_CALL, 12))) == Split(preparation=240, call=360)


@given(
    st.lists(st.tuples(st.sampled_from([CALL, END_CALL, SEEN]), st.integers(0, 5000)), max_size=8),
    st.integers(0, 5000),
)
def test_the_parts_always_add_up_to_the_whole(said: list[tuple[str, int]], seconds: int) -> None:
    ordered = sorted((Mark(kind, START + timedelta(seconds=after)) for kind, after in said), key=lambda one: one.at)
    found = split(START, START + timedelta(seconds=seconds), ordered)
    assert found.preparation + found.call + found.charting == seconds


def test_a_call_begins_only_outside_one_and_ends_only_inside_one() -> None:
    inside, outside = marks((CALL, 1), (SEEN, 2)), marks((CALL, 1), (END_CALL, 2))
    assert [can_mark((), kind) for kind in (CALL, END_CALL, SEEN)] == [True, False, True]
    assert [can_mark(inside, kind) for kind in (CALL, END_CALL, SEEN)] == [False, True, True]
    assert [can_mark(outside, kind) for kind in (CALL, END_CALL, SEEN)] == [True, False, True]
    assert [is_in_call(inside, at(minutes)) for minutes in (0, 1, 5)] == [False, True, True]


@pytest.mark.parametrize(
    ("said", "signs", "now", "gap"),
    [
        ((), (), 19.9, None),
        ((), (), 20, (0, 20)),
        ((), (5, 12), 31, None),
        ((), (5, 12), 32, (12, 32)),
        ((), (5, 40, 45), 50, (5, 40)),
        (((CALL, 2),), (), 61, None),
        (((CALL, 2),), (), 62, (2, 62)),
        (((CALL, 2), (END_CALL, 50)), (), 69, None),
        (((CALL, 2), (END_CALL, 50)), (), 70, (50, 70)),
        (((SEEN, 41),), (5,), 60, None),
        (((SEEN, 41),), (5,), 61, (41, 61)),
    ],
)
def test_asks_after_twenty_minutes_alone_and_sixty_in_a_call(
    said: tuple[tuple[str, float], ...], signs: tuple[float, ...], now: float, gap: tuple[float, float] | None
) -> None:
    found = idle_gap(START, marks(*said), [at(one) for one in signs], now=at(now), limits=Limits())
    assert found == (None if gap is None else Gap(at(gap[0]), at(gap[1])))
