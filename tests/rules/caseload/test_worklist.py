"""What is due for a patient today, why, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from caseload.rules.risk_tasks import Answer
from caseload.rules.worklist import (
    KINDS,
    RANK_OF,
    SNOOZABLE,
    MonthSoFar,
    ReferralDue,
    Standing,
    StayEnded,
    Task,
    fault_of_snooze,
    place,
    split_snoozed,
    tasks_of,
)
from registry.rules.instruments import INSTRUMENTS
from registry.rules.tools import ScoreDue

TODAY = date(2026, 3, 16)
CALM = Standing(today=TODAY, enrolled_on=date(2026, 1, 5), last_contact_on=date(2026, 3, 9))


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def due(standing: Standing) -> list[tuple[str, date, str]]:
    return [(task.kind, task.since, task.words) for task in tasks_of(standing)]


def test_a_patient_of_whom_nothing_is_due_has_no_tasks() -> None:
    assert tasks_of(CALM) == ()
    assert tasks_of(replace(CALM, next_due_on=TODAY + timedelta(days=1))) == ()


def test_safety_comes_first_and_alone_cannot_be_put_off() -> None:
    safety = ["safety_notice", "risk_unassessed", "risk_recheck", "risk_steps", "advice_safety"]
    assert [kind.key for kind in KINDS][:5] == safety
    assert {kind.key for kind in KINDS[5:]} == SNOOZABLE
    assert [kind.is_safety for kind in KINDS] == [True] * 5 + [False] * (len(KINDS) - 5)


# Danger


def test_the_oldest_open_notice_counts() -> None:
    standing = replace(CALM, notices=(ago(1), ago(2)))
    assert due(standing) == [("safety_notice", ago(2), "An answer that means danger, not yet dealt with")]


def item9(days: int, value: int) -> Answer:
    return Answer(ago(days), "phq9", value)


def screen(days: int, tier: str) -> Answer:
    return Answer(ago(days), "cssrs", tier=tier)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((item9(3, 0),), None),
        ((item9(3, 1),), ("risk_unassessed", 3, "Item 9 answered 1 on Mar 13, not yet assessed")),
        ((item9(3, 1), item9(1, 0)), None),
        # The same day's assessment knows of it; the same answer later is no news, a higher one is.
        ((item9(3, 1), screen(3, "low")), None),
        ((item9(9, 1), screen(9, "low"), item9(2, 1)), None),
        (
            (item9(9, 1), screen(9, "low"), item9(2, 2)),
            ("risk_unassessed", 2, "Item 9 answered 2 on Mar 14, risen since the assessment of Mar 7"),
        ),
        # It fell after the assessment and rose again: risen, though not above what was assessed.
        (
            (item9(6, 3), screen(6, "high"), item9(4, 1), item9(2, 2)),
            ("risk_unassessed", 2, "Item 9 answered 2 on Mar 14, risen since the assessment of Mar 10"),
        ),
        # An assessment before the answer does not know of it.
        (
            (screen(9, "none"), item9(2, 1)),
            ("risk_unassessed", 2, "Item 9 answered 1 on Mar 14, risen since the assessment of Mar 7"),
        ),
        (
            (Answer(ago(2), "epds", 2),),
            ("risk_unassessed", 2, "EPDS: self-harm answered 2 on Mar 14, not yet assessed"),
        ),
        # Rechecks: 7, 14 and 30 days, from the day itself on.
        ((item9(7, 1), screen(7, "high")), ("risk_recheck", 0, "Assessed as high risk on Mar 9, recheck due today")),
        ((item9(6, 1), screen(6, "high")), None),
        (
            (item9(20, 1), screen(20, "moderate")),
            ("risk_recheck", 6, "Assessed as moderate risk on Feb 24, recheck was due on Mar 10"),
        ),
        ((item9(13, 1), screen(13, "moderate")), None),
        ((item9(30, 1), screen(30, "low")), ("risk_recheck", 0, "Assessed as low risk on Feb 14, recheck due today")),
        ((item9(29, 1), screen(29, "low")), None),
        ((item9(40, 1), screen(40, "none")), None),
        ((item9(40, 1), screen(40, "low"), screen(3, "low")), None),
    ],
)
def test_a_danger_is_assessed_and_rechecked(answers: tuple[Answer, ...], expected: tuple[str, int, str] | None) -> None:
    wanted = [(expected[0], ago(expected[1]), expected[2])] if expected else []
    assert due(replace(CALM, answers=answers)) == wanted


def test_of_two_tools_the_one_that_waits_longest_is_named() -> None:
    answers = (Answer(ago(5), "epds", 1), item9(2, 3))
    assert due(replace(CALM, answers=answers)) == [
        ("risk_unassessed", ago(5), "EPDS: self-harm answered 1 on Mar 11, not yet assessed")
    ]


# Stays, follow-ups and contacts


def test_a_stay_asks_for_a_contact_for_thirty_days() -> None:
    words = "Hospital stay ended on Mar 10, no contact since"
    standing = replace(CALM, stay=StayEnded(ago(6), "Hospital stay"))
    assert due(standing) == [("stay_ended", ago(6), words)]
    assert due(replace(standing, last_contact_on=None)) == [("stay_ended", ago(6), words)]
    assert due(replace(standing, last_contact_on=ago(6))) == []
    assert len(due(replace(CALM, last_contact_on=None, stay=StayEnded(ago(30), "Hospital stay")))) == 1
    assert due(replace(CALM, last_contact_on=None, stay=StayEnded(ago(31), "Hospital stay"))) == []


def test_what_was_planned_is_overdue_from_the_day_after() -> None:
    today = replace(CALM, next_due_on=TODAY, next_due_purpose="PHQ-9")
    assert due(today) == [("follow_up_today", TODAY, "Planned for today: PHQ-9")]
    assert due(replace(today, next_due_on=ago(1), next_due_purpose="")) == [
        ("follow_up_overdue", ago(1), "Was planned for Mar 15")
    ]
    assert due(replace(today, next_due_on=date(2025, 12, 30), next_due_purpose=""))[0][2] == (
        "Was planned for Dec 30, 2025"
    )


LATE = {"contact_overdue": ago(4)}
LAPSED = {"contact_lapsed": ago(2), "inactive": ago(1)}


@pytest.mark.parametrize(
    ("signals", "change", "expected"),
    [
        (LATE, {}, [("contact_overdue", ago(4), "Not reached for 35 days")]),
        (LATE, {"next_due_on": TODAY + timedelta(days=3)}, []),
        (LAPSED, {"next_due_on": TODAY + timedelta(days=3)}, [("contact_overdue", ago(1), "Not reached for 35 days")]),
        (LAPSED, {"is_on_hold": True}, []),
        (LATE, {"last_contact_on": None}, [("contact_overdue", ago(4), "Enrolled 70 days ago, not reached yet")]),
        (LATE, {"last_contact_on": None, "enrolled_on": None}, []),
        (
            {"first_follow_up_late": ago(9)},
            {},
            [("contact_overdue", ago(9), "No session since enrolment on Jan 5")],
        ),
        ({"stalled": ago(9)}, {}, []),
    ],
)
def test_contacts_are_overdue_by_their_signals(
    signals: Mapping[str, date], change: dict[str, date | bool | None], expected: list[tuple[str, date, str]]
) -> None:
    standing = replace(CALM, signals=signals, last_contact_on=ago(35))
    assert due(replace(standing, **change)) == expected  # type: ignore[arg-type]


def test_overdue_scores_are_named() -> None:
    standing = replace(CALM, signals={"measure_overdue": ago(3)})
    assert due(standing) == [("score_overdue", ago(3), "No score yet in this episode")]
    scales = (("phq9", ago(33)), ("gad7", ago(33)))
    assert due(replace(standing, last_scores=scales))[0][2] == "PHQ-9, last on Feb 11; GAD-7, last on Feb 11"
    assert due(replace(standing, is_on_hold=True)) == []


def test_overdue_scores_are_said_by_the_clinics_rhythm_where_there_is_one() -> None:
    scales = (("phq9", ago(33)),)
    by_rhythm = (
        ScoreDue(INSTRUMENTS["phq9"], ago(33), ago(19)),
        ScoreDue(INSTRUMENTS["pcl5"], None, TODAY),
        ScoreDue(INSTRUMENTS["gad7"], ago(2), TODAY + timedelta(days=12)),
    )
    standing = replace(CALM, last_scores=scales, scores_due=by_rhythm)
    assert due(standing) == []  # T17 remains the signal
    overdue = replace(standing, signals={"measure_overdue": ago(3)})
    words = "PHQ-9 was due on Feb 25, last on Feb 11; PCL-5 due today, none yet"
    assert due(overdue) == [("score_overdue", ago(3), words)]
    rarer = replace(overdue, scores_due=by_rhythm[2:])
    assert due(rarer) == [("score_overdue", ago(3), "PHQ-9, last on Feb 11")]


def test_the_treating_clinician_is_told_of_who_is_slipping_away() -> None:
    lost = replace(CALM, lost_on=ago(20))
    assert due(replace(lost, at_risk_from=ago(6))) == [
        ("clinician_untold", ago(6), "Not reached since Feb 24: say so, and ask whether they were seen")
    ]
    assert due(replace(lost, at_risk_from=ago(-1))) == due(lost) == []
    assert due(replace(lost, at_risk_from=TODAY, is_on_hold=True)) == []


# Referrals, questions to others, consent, the month


@pytest.mark.parametrize(
    ("referral", "expected"),
    [
        (ReferralDue("referred", TODAY), ("first_attempt", TODAY, "First attempt due today")),
        (
            ReferralDue("referred", ago(2), "urgent"),
            ("first_attempt", ago(2), "Urgent. First attempt was due on Mar 14"),
        ),
        (ReferralDue("contacting", TODAY), ("referral_due", TODAY, "Next try due today")),
        (
            ReferralDue("contacting", TODAY, is_reached=True),
            ("referral_due", TODAY, "Reached: enrol or decide due today"),
        ),
        (ReferralDue("waiting", ago(1)), ("interim_contact", ago(1), "Contact while waiting was due on Mar 15")),
        (ReferralDue("referred", TODAY + timedelta(days=1)), None),
    ],
)
def test_referrals_are_due_by_their_state(referral: ReferralDue, expected: tuple[str, date, str] | None) -> None:
    assert due(replace(CALM, referral=referral)) == ([expected] if expected else [])


def test_the_oldest_question_to_others_is_asked_again() -> None:
    asked = ((TODAY, "B"), (ago(3), "A"), (TODAY + timedelta(days=1), "C"))
    assert due(replace(CALM, asked_again=asked)) == [("coordination", ago(3), "A")]
    assert due(replace(CALM, asked_again=asked[2:])) == []


def test_minutes_without_consent_are_said() -> None:
    expected = [("consent_missing", ago(2), "Minutes run without consent, from Mar 14")]
    assert due(replace(CALM, unconsented_from=ago(2))) == expected


SOON = {"next_due_on": date(2026, 3, 31)}


@pytest.mark.parametrize(
    ("month", "change", "words"),
    [
        (MonthSoFar(21, 31), SOON, "21 of 31 minutes this month; contact planned for Mar 31"),
        (MonthSoFar(20, 31), SOON, None),
        (MonthSoFar(21, 31), {"next_due_on": date(2026, 4, 1)}, None),
        (MonthSoFar(21, 31), {}, None),
        (MonthSoFar(21, 31, is_reached=True), SOON, None),
        (MonthSoFar(0, 8), SOON, None),
        (MonthSoFar(21, 31), SOON | {"is_on_hold": True}, None),
        (MonthSoFar(34, None), SOON, None),
        (
            MonthSoFar(34, None, missing="no rating scale this month"),
            {},
            "34 minutes this month; no rating scale this month",
        ),
        (MonthSoFar(24, 31), {"signals": {"measure_overdue": TODAY}}, "24 of 31 minutes this month"),
    ],
)
def test_a_month_is_near_where_care_is_due_anyway(
    month: MonthSoFar, change: dict[str, date | bool | dict[str, date]], words: str | None
) -> None:
    found = tasks_of(replace(CALM, month=month, **change))  # type: ignore[arg-type]
    assert [task.words for task in found if task.kind == "month_near"] == ([words] if words else [])


# Order and putting off


def test_tasks_stand_by_harm_then_urgency_then_age() -> None:
    standing = replace(
        CALM, notices=(TODAY,), next_due_on=ago(1), referral=ReferralDue("referred", ago(9)), unconsented_from=ago(30)
    )
    kinds = [task.kind for task in tasks_of(standing)]
    assert kinds == ["safety_notice", "follow_up_overdue", "first_attempt", "consent_missing"]
    routine, urgent = Task("first_attempt", ago(9), "", 2), Task("first_attempt", ago(1), "", 0)
    assert sorted([routine, urgent], key=place) == [urgent, routine]
    assert min([Task("score_overdue", TODAY, ""), Task("score_overdue", ago(1), "")], key=place).since == ago(1)


def test_every_kind_has_its_name() -> None:
    assert [Task(kind.key, TODAY, "").label for kind in KINDS] == [kind.label for kind in KINDS]
    assert [Task(kind.key, TODAY, "").is_safety for kind in KINDS] == [kind.is_safety for kind in KINDS]
    assert [RANK_OF[kind.key] for kind in KINDS] == list(range(len(KINDS)))


def test_what_is_put_off_waits_until_its_day_and_safety_never() -> None:
    tasks = [Task("risk_unassessed", TODAY, ""), Task("score_overdue", TODAY, ""), Task("month_near", TODAY, "")]
    until = {"risk_unassessed": TODAY + timedelta(days=5), "score_overdue": TODAY + timedelta(days=1)}
    assert split_snoozed(tasks, until, TODAY) == ([tasks[0], tasks[2]], [tasks[1]])
    assert split_snoozed(tasks, until, TODAY + timedelta(days=1)) == (tasks, [])


@pytest.mark.parametrize(
    ("kind", "days", "reason", "field"),
    [
        ("score_overdue", 1, "Away", None),
        ("score_overdue", 30, "Away", None),
        ("score_overdue", 31, "Away", "until_on"),
        ("score_overdue", 0, "Away", "until_on"),
        ("score_overdue", 1, "  ", "reason"),
        ("risk_recheck", 1, "Away", ""),
        ("nonsense", 1, "Away", ""),
    ],
)
def test_faults_of_putting_off_name_the_field(kind: str, days: int, reason: str, field: str | None) -> None:
    fault = fault_of_snooze(kind, TODAY + timedelta(days=days), reason, today=TODAY)
    assert (fault and fault[0]) == field
