"""What a patient is asked next, what is kept, and when a link is open."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from registry.rules.instruments import instrument
from registry.rules.self_reports import (
    Gate,
    Given,
    LinkState,
    Question,
    answer_to,
    asks_about_danger,
    first_open,
    gate,
    is_answered,
    is_open,
    link_state,
    next_opening,
    questions,
    read_given,
    with_answer,
)

PHQ9, GAD7, PTSD = instrument("phq9"), instrument("gad7"), instrument("pcptsd5")
AT = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, LinkState.SENT),
        ({"is_confirmed": True}, LinkState.OPENED),
        ({"wrong": 4}, LinkState.SENT),
        ({"wrong": 5}, LinkState.LOCKED),
        ({"expires_at": AT}, LinkState.EXPIRED),
        ({"expires_at": AT + timedelta(seconds=1)}, LinkState.SENT),
        ({"is_finished": True, "expires_at": AT}, LinkState.FINISHED),
        ({"is_voided": True, "is_finished": True}, LinkState.WITHDRAWN),
    ],
)
def test_states_of_a_link(changes, expected):
    usual = {"expires_at": AT + timedelta(days=7), "is_voided": False, "is_finished": False, "is_confirmed": False}
    state = link_state(at=AT, **{**usual, "wrong": 0, **changes})
    assert state is expected
    assert is_open(state) == (expected in (LinkState.SENT, LinkState.OPENED))


def test_answers_are_kept_by_question_and_the_next_one_is_known():
    asked = questions([PHQ9, GAD7], {})
    assert len(asked) == 16
    stored = with_answer({}, asked[0], 3, TODAY)
    stored = with_answer(stored, asked[1], None, TODAY)
    given = read_given(stored)
    assert (answer_to(asked[0], given), answer_to(asked[1], given)) == (3, None)
    assert [is_answered(question, given) for question in asked[:3]] == [True, True, False]
    assert first_open(asked, given) == 3
    assert given["phq9"].as_list(PHQ9) == [3, None, None, None, None, None, None, None, None]
    assert given["phq9"].on == TODAY


def test_nothing_is_open_when_all_were_reached():
    asked, stored = questions([GAD7], {}), {}
    for question in asked:
        stored = with_answer(stored, question, None, TODAY)
    assert first_open(asked, read_given(stored)) is None


@pytest.mark.parametrize("points", [4, -1, 99])
def test_points_that_a_question_does_not_give_are_refused(points):
    with pytest.raises(ValueError, match="not an answer"):
        with_answer({}, Question(PHQ9, 1), points, TODAY)


def test_only_the_question_about_self_harm_is_critical():
    assert [question.number for question in questions([PHQ9, GAD7], {}) if question.is_critical] == [9]
    assert [asks_about_danger(tool) for tool in (PHQ9, GAD7)] == [True, False]


def test_a_no_ends_a_tool_and_takes_back_what_followed():
    yes = {"pcptsd5": Given({1: 1, 2: 1})}
    assert len(questions([PTSD], yes)) == 6
    stored = with_answer({"pcptsd5": {"items": {"1": 1, "2": 1}, "on": "2026-03-02"}}, Question(PTSD, 1), 0, TODAY)
    given = read_given(stored)
    assert given["pcptsd5"].items == {1: 0}
    assert [question.number for question in questions([PTSD], given)] == [1]


@pytest.mark.parametrize(
    ("tools", "outside", "is_clinic_open", "minutes_since", "expected"),
    [
        ([PHQ9], "closed", True, None, Gate.OPEN),
        ([PHQ9], "closed", False, None, Gate.WAITS),
        ([GAD7], "closed", False, None, Gate.WAITS),
        ([PHQ9], "closed", False, 59, Gate.OPEN),
        ([PHQ9], "closed", False, 60, Gate.WAITS),
        ([PHQ9], "notify", False, None, Gate.OPEN),
        ([PHQ9, GAD7], "without_danger", False, None, Gate.WITHOUT_DANGER),
        ([PHQ9, GAD7], "without_danger", False, 300, Gate.WAITS),
        ([GAD7], "without_danger", False, None, Gate.OPEN),
        ([GAD7], "without_danger", False, 300, Gate.OPEN),
        ([PHQ9], "without_danger", False, None, Gate.WAITS),
        ([PHQ9], "without_danger", True, None, Gate.OPEN),
    ],
)
def test_what_a_link_does_outside_hours(tools, outside, is_clinic_open, minutes_since, expected):
    confirmed = None if minutes_since is None else AT - timedelta(minutes=minutes_since)
    found = gate(tools, is_clinic_open=is_clinic_open, outside=outside, confirmed_at=confirmed, at=AT)
    assert found is expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (datetime(2026, 3, 2, 7, 59), datetime(2026, 3, 2, 8, 0)),
        (datetime(2026, 3, 2, 8, 0), datetime(2026, 3, 3, 8, 0)),
        (datetime(2026, 3, 6, 18, 0), datetime(2026, 3, 9, 8, 0)),  # over the change of the clocks
    ],
)
def test_when_a_clinic_opens_next(local, expected):
    zone = ZoneInfo("America/Chicago")
    found = next_opening(local.replace(tzinfo=zone), weekdays=(0, 1, 2, 3, 4), opens_at=time(8))
    assert found == expected.replace(tzinfo=zone)
