"""What to try next with somebody who is not reached, and from when they are at risk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseload.rules.outreach import (
    DEFAULT_STEPS,
    NextTry,
    Outreach,
    Step,
    Try,
    at_risk_from,
    faults_of_steps,
    next_try,
    outreach_on,
    steps_from,
)

MONDAY = date(2026, 3, 2)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def call(number: int, hour: int | None = 9) -> Try:
    return Try(day(number), "phone", hour)


MISSED = Try(MONDAY, "phone", 10, is_missed_visit=True)


def test_nobody_is_lost_who_was_not_tried() -> None:
    assert outreach_on([], DEFAULT_STEPS, today=MONDAY) is None


def test_a_missed_visit_asks_for_a_call_the_same_day() -> None:
    found = outreach_on([MISSED], DEFAULT_STEPS, today=MONDAY)
    assert found is not None
    assert (found.next, found.tries, found.tries_words) == (NextTry(MONDAY, "phone"), 0, "missed, not tried since")
    assert (found.is_at_risk, found.is_close_out_due) == (False, False)


def test_the_course_of_the_default_protocol() -> None:
    tries: list[Try] = [MISSED]
    taken = []
    for made in (call(0), call(3, 16), Try(day(10), "message"), Try(day(14), "letter")):
        taken.append(next_try(tries, DEFAULT_STEPS, on=tries[-1].on).on)
        tries.append(made)
    assert taken == [day(0), day(3), day(10), day(14)]
    assert next_try(tries, DEFAULT_STEPS, on=day(14)) == NextTry(date(2026, 4, 1), "review")


def test_the_next_try_is_at_another_part_of_the_day() -> None:
    parts = [
        next_try(
            [call(0, hour) for hour in hours], (Step(0, "phone"), *[Step(n, "phone") for n in range(1, 9)]), on=MONDAY
        )
        for hours in ((9,), (9, 16), (9, 16, 12), (16, 12, 9))
    ]
    assert [found.part_of_day for found in parts] == [
        "late in the afternoon",
        "around midday",
        "in the morning",
        "late in the afternoon",
    ]
    assert parts[0].purpose == "Call, late in the afternoon"
    assert next_try([call(0, None)], DEFAULT_STEPS, on=MONDAY).purpose == "Call"


def test_a_try_follows_another_by_a_business_day() -> None:
    friday = call(4)
    assert next_try([MISSED, call(0), friday], DEFAULT_STEPS, on=day(4)).on == day(10)
    assert next_try([friday], (Step(0, "phone"), Step(1, "phone"), Step(9, "review")), on=day(4)).on == day(7)


def test_what_is_late_is_due_now() -> None:
    assert next_try([call(0)], DEFAULT_STEPS, on=day(8)) == NextTry(day(8), "phone", "late in the afternoon")


def test_no_message_to_whom_none_may_be_sent() -> None:
    tries = [call(0), call(3)]
    assert next_try(tries, DEFAULT_STEPS, on=day(3)).mode == "message"
    assert next_try(tries, DEFAULT_STEPS, on=day(3), may_text=False).mode == "phone"


def test_at_risk_from_the_letters_day_and_closed_after_a_review() -> None:
    tries = [call(0), call(3)]
    risk = [
        (found.is_at_risk, found.is_close_out_due)
        for found in (on(tries, 13), on(tries, 14), on(tries, 29), on(tries, 30))
    ]
    assert risk == [(False, False), (True, False), (True, False), (True, True)]
    assert on(tries, 13).tries_words == "tried twice"
    assert on([*tries, call(4)], 13).tries_words == "tried 3 times"


def on(tries: list[Try], number: int, steps: tuple[Step, ...] = DEFAULT_STEPS) -> Outreach:
    found = outreach_on(tries, steps, today=day(number))
    assert found is not None
    return found


def test_without_a_letter_the_last_try_says_from_when() -> None:
    steps = (Step(0, "phone"), Step(5, "message"), Step(20, "review"))
    assert on([call(0)], 1, steps).at_risk_from == day(5)
    assert on([call(0)], 1, steps).close_out_from == day(20)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((Step(0, "phone"), Step(0, "letter"), Step(9, "review")), "later day"),
        ((Step(0, "phone"), Step(999, "review")), "from 0 to 180"),
        ((Step(0, "phone"),), "review before closing"),
        ((), "review before closing"),
        ((Step(0, "review"), Step(1, "phone"), Step(2, "review")), "review before closing"),
        ((Step(0, "letter"), Step(9, "review")), "At least one step"),
    ],
)
def test_steps_that_cannot_stand(steps: tuple[Step, ...], words: str) -> None:
    assert words in " ".join(faults_of_steps(steps))


def test_steps_that_stand() -> None:
    assert faults_of_steps(DEFAULT_STEPS) == ()
    assert steps_from([]) == DEFAULT_STEPS
    assert steps_from([[0, "phone"], [9, "review"]]) == (Step(0, "phone"), Step(9, "review"))
    assert next_try([Try(MONDAY, "letter")], (Step(0, "phone"),), on=MONDAY).mode == "phone"


def test_who_may_slip_away_is_at_risk_from_the_letter_on_else_from_the_last_try() -> None:
    lost_on = date(2026, 3, 2)
    assert at_risk_from(lost_on, DEFAULT_STEPS) == date(2026, 3, 16)
    assert at_risk_from(lost_on, (Step(0, "phone"), Step(9, "message"), Step(20, "review"))) == date(2026, 3, 11)
