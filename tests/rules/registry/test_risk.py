"""Danger to oneself as rules: tiers, what rises, what may lower or close, when it is asked again, alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from registry.rules.instruments import instrument
from registry.rules.risk import (
    HIGH,
    LOW,
    MODERATE,
    NONE,
    TIERS,
    UNASSESSED,
    Answered,
    Circumstances,
    Rechecks,
    alerts,
    drill_due_on,
    end_of_day,
    fault_of_agreeing,
    fault_of_tier,
    faults_of_closing,
    faults_of_rechecks,
    is_history,
    is_lower,
    rank,
    recheck_on,
    rises,
    says_thoughts,
    tier_from_answers,
)
from registry.rules.risk_course import Event, Raised, course_of, raises_of
from registry.rules.risk_drills import SCENARIOS
from registry.rules.risk_steps import (
    DEFAULT,
    DUE_WORDS,
    OWNERS,
    PHASES,
    SAME_DAY,
    OwnStep,
    faults_of_steps,
    is_later,
    steps_of,
    stored_from,
)

TODAY = date(2026, 3, 16)
CHICAGO = ZoneInfo("America/Chicago")
AT = datetime(2026, 3, 16, 15, tzinfo=UTC)
ME, OTHER = uuid4(), uuid4()


# Tiers


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        # Questions 1 to 6, and whether 6 was within three months.
        ((0, 0, None, None, None, 0, None), NONE),
        ((1, 0, None, None, None, 0, None), LOW),
        ((1, 1, 0, 0, 0, 0, None), LOW),
        ((0, 1, 1, 0, 0, 0, None), MODERATE),
        ((0, 0, None, None, None, 1, 0), MODERATE),
        ((0, 1, 0, 1, 0, 0, None), HIGH),
        ((0, 1, 0, 0, 1, 0, None), HIGH),
        ((0, 0, None, None, None, 1, 1), HIGH),
        ((1, 1, 1, 1, 1, 1, 1), HIGH),
        ((None, None, None, None, None, None, None), UNASSESSED),
    ],
)
def test_the_tier_that_answers_give(answers: tuple[int | None, ...], tier: str) -> None:
    assert tier_from_answers(instrument("cssrs"), answers) == tier


@pytest.mark.parametrize(
    ("answers", "tier"),
    [
        ((0, 0, None, None, None, 0), NONE),
        ((0, 1, 0, 0, 0, 0), LOW),
        ((0, 1, 1, 0, 0, 0), MODERATE),
        ((0, 1, 0, 1, 0, 0), HIGH),
        ((0, 0, None, None, None, 1), HIGH),
    ],
)
def test_behavior_since_the_last_contact_is_recent(answers: tuple[int | None, ...], tier: str) -> None:
    assert tier_from_answers(instrument("cssrs_followup"), answers) == tier


def test_tiers_rise_and_nothing_is_below_unassessed() -> None:
    assert [rank(tier) for tier in (UNASSESSED, *TIERS)] == [-1, 0, 1, 2, 3]
    assert [is_lower(LOW, HIGH), is_lower(HIGH, HIGH), is_lower(HIGH, LOW)] == [True, False, False]


@pytest.mark.parametrize(
    ("tier", "computed", "has_screener", "fault"),
    [
        (LOW, LOW, True, ""),
        (HIGH, NONE, True, ""),
        (LOW, MODERATE, True, "The screener’s answers make it moderate. Choose that tier or a higher one."),
        (NONE, LOW, True, "The screener’s answers make it low. Choose that tier or a higher one."),
        (MODERATE, "", False, ""),
        (HIGH, "", False, ""),
        (LOW, "", False, "Enter the screener’s answers of today first. Without them the tier is moderate or high."),
        (NONE, "", False, "Enter the screener’s answers of today first. Without them the tier is moderate or high."),
    ],
)
def test_higher_always_lower_than_computed_never(tier: str, computed: str, has_screener: bool, fault: str) -> None:
    assert fault_of_tier(tier, computed=computed, has_screener=has_screener) == fault


@pytest.mark.parametrize(
    ("by", "roles", "is_supervisor", "fault"),
    [
        (ME, ["treating_clinician"], True, "Somebody else has to agree: a tier is never lowered by one person alone."),
        (OTHER, ["treating_clinician"], False, ""),
        (OTHER, ["psychiatric_consultant", "billing"], False, ""),
        (OTHER, ["care_manager"], True, ""),
        (
            OTHER,
            ["care_manager", "clinic_lead"],
            False,
            "A treating clinician, the psychiatric consultant or a supervisor named by the clinic has to agree.",
        ),
    ],
)
def test_who_agrees_to_a_lower_tier(by: UUID, roles: list[str], is_supervisor: bool, fault: str) -> None:
    assert fault_of_agreeing(ME, by, roles, is_supervisor=is_supervisor) == fault


CLOSABLE = {"tier": LOW, "assessed_on": TODAY, "is_risen": False, "is_asked": False, "open_steps": 0, "today": TODAY}


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, ()),
        ({"tier": NONE}, ()),
        ({"assessed_on": None}, ("Nobody has assessed the risk since it was last raised.",)),
        ({"is_risen": True}, ("Nobody has assessed the risk since it was last raised.",)),
        (
            {"assessed_on": TODAY - timedelta(days=1)},
            ("A case is closed by an assessment of the same day. Assess again, then close.",),
        ),
        ({"tier": MODERATE}, ("The tier is moderate. A case is closed at low or at no risk found.",)),
        ({"is_asked": True}, ("A lower tier was asked for, and nobody has answered yet.",)),
        ({"open_steps": 1}, ("1 step of the protocol not done yet.",)),
        (
            {"tier": HIGH, "open_steps": 2},
            ("The tier is high. A case is closed at low or at no risk found.", "2 steps of the protocol not done yet."),
        ),
    ],
)
def test_what_closes_a_case(change: dict[str, object], faults: tuple[str, ...]) -> None:
    assert faults_of_closing(**{**CLOSABLE, **change}) == faults  # type: ignore[arg-type]


# What opens, what rises


@pytest.mark.parametrize(
    ("answered", "is_positive"),
    [
        (Answered(TODAY, "phq9", 0), False),
        (Answered(TODAY, "phq9", 1), True),
        (Answered(TODAY, "cssrs", 0, LOW), False),
        (Answered(TODAY, "cssrs", 1, LOW), False),
        (Answered(TODAY, "cssrs", 0, MODERATE), True),
        (Answered(TODAY, "cssrs", 0, HIGH), True),
    ],
)
def test_what_is_positive(answered: Answered, is_positive: bool) -> None:
    assert answered.is_positive is is_positive


def test_an_old_score_is_history() -> None:
    assert [is_history(TODAY - timedelta(days=days), TODAY) for days in (0, 14, 15)] == [False, False, True]


def nine(days_ago: int, value: int) -> Answered:
    return Answered(TODAY - timedelta(days=days_ago), "phq9", value)


@pytest.mark.parametrize(
    ("new", "known", "is_risen"),
    [
        (nine(0, 1), [nine(20, 1)], False),
        (nine(0, 2), [nine(20, 1)], True),
        (nine(0, 1), [], True),
        # Fell since, then came back: higher than the lowest known since the assessment.
        (nine(0, 1), [nine(20, 1), nine(5, 0)], True),
        (nine(0, 2), [nine(20, 2), nine(5, 2)], False),
        # Another tool's answer says nothing of this one's.
        (nine(0, 1), [Answered(TODAY - timedelta(days=20), "epds", 1)], True),
        (Answered(TODAY, "cssrs", 0, MODERATE), [], False),
        (Answered(TODAY, "cssrs", 0, HIGH), [], True),
        (Answered(TODAY, "cssrs", 0, LOW), [], False),
    ],
)
def test_what_rises_above_an_assessment(new: Answered, known: list[Answered], is_risen: bool) -> None:
    assert rises(new, tier=MODERATE, known=known, assessed_on=TODAY - timedelta(days=10)) is is_risen


# Rechecks, alerts, days


@pytest.mark.parametrize(
    ("tier", "has_thoughts", "days"),
    [
        (NONE, False, 30),
        (LOW, False, 30),
        (LOW, True, 14),
        (MODERATE, False, 14),
        (MODERATE, True, 14),
        (HIGH, True, 7),
    ],
)
def test_when_it_is_asked_again(tier: str, has_thoughts: bool, days: int) -> None:
    assert recheck_on(tier, TODAY, Rechecks(), has_thoughts=has_thoughts) == TODAY + timedelta(days=days)


def test_a_clinic_asks_sooner_and_never_later() -> None:
    assert recheck_on(LOW, TODAY, Rechecks(10, 12, 3), has_thoughts=True) == TODAY + timedelta(days=10)
    assert [tier for tier, _ in faults_of_rechecks(Rechecks(30, 14, 7))] == []
    assert [tier for tier, _ in faults_of_rechecks(Rechecks(31, 15, 8))] == [HIGH, MODERATE, LOW]
    assert [tier for tier, _ in faults_of_rechecks(Rechecks(2, 3, 5))] == [MODERATE, LOW]
    assert [tier for tier, _ in faults_of_rechecks(Rechecks(1, 1, 0))] == [HIGH]


def test_question_2_says_thoughts() -> None:
    found = [says_thoughts(given) for given in (None, [], [1, 0], [0, 1], [0, None])]
    assert found == [False, False, False, True, False]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"tier": HIGH, "last_contact_on": date(2026, 3, 10)}, []),
        ({"tier": HIGH, "last_contact_on": date(2026, 3, 9)}, [("danger", "High risk, not spoken with for 7 days")]),
        ({"tier": HIGH, "last_contact_on": None}, [("danger", "High risk, not spoken with for 8 days")]),
        ({"has_plan": False}, []),
        ({"has_plan": False, "tier": MODERATE}, [("danger", "No safety plan")]),
        ({"has_emergency_contact": False}, [("danger", "No emergency contact on record")]),
        ({"recheck_on": date(2026, 3, 18)}, [("warning", "Recheck due within 48 hours")]),
        ({"recheck_on": date(2026, 3, 16)}, [("warning", "Recheck due today")]),
        ({"recheck_on": date(2026, 3, 15)}, []),
    ],
)
def test_alerts(change: dict[str, object], found: list[tuple[str, str]]) -> None:
    usual = {"tier": LOW, "opened_on": date(2026, 3, 8), "recheck_on": date(2026, 4, 1), "last_contact_on": TODAY}
    values = {"today": TODAY, "has_plan": True, "has_emergency_contact": True, **usual, **change}
    assert list(alerts(Circumstances(**values))) == found  # type: ignore[arg-type]


def test_a_drill_is_due_once_a_year() -> None:
    assert drill_due_on(None, TODAY) == TODAY
    assert drill_due_on(date(2025, 3, 16), TODAY) == TODAY


@pytest.mark.parametrize(
    ("begun_at", "ends_at"),
    [
        ("2026-03-16T04:59+00:00", "2026-03-16T05:00+00:00"),
        ("2026-03-16T05:00+00:00", "2026-03-17T05:00+00:00"),
        # 23 hours, and 25.
        ("2026-03-08T06:00+00:00", "2026-03-09T05:00+00:00"),
        ("2026-11-01T05:00+00:00", "2026-11-02T06:00+00:00"),
    ],
)
def test_the_same_day_ends_at_local_midnight(begun_at: str, ends_at: str) -> None:
    assert end_of_day(datetime.fromisoformat(begun_at), CHICAGO) == datetime.fromisoformat(ends_at)


# Steps


def test_every_tier_has_its_steps_and_988_is_among_them() -> None:
    assert [len(steps_of(tier)) for tier in (UNASSESSED, NONE, LOW, MODERATE, HIGH)] == [3, 0, 3, 6, 8]
    for tier, _ in PHASES:
        steps = steps_of(tier)
        assert len({step.key for step in steps}) == len(steps)
        assert [step.key for step in steps if "988" in step.words] == ["crisis_line"]
        assert {step.owner for step in steps} <= set(OWNERS)
        assert {step.minutes for step in steps} <= set(DUE_WORDS)


def test_deadlines_in_order() -> None:
    assert [is_later(one, SAME_DAY) for one in (15, 60, 240, SAME_DAY, 1440, 2880, 10080, 7)] == [
        *(False, False, False, False, True, True, True, True)
    ]


def test_a_clinic_shortens_and_adds_and_never_removes() -> None:
    minutes = {(tier, step.key): step.minutes for tier, _ in PHASES for step in DEFAULT[tier]}
    own = stored_from(
        {**minutes, (LOW, "clinician_told"): 240}, {LOW: [OwnStep("Tell the lead.", "clinic_lead", 1440)]}
    )
    assert own == {
        "low": [
            ["clinician_told", "Tell the treating clinician.", "care_manager", 240],
            ["own_1", "Tell the lead.", "clinic_lead", 1440],
        ]
    }
    steps = steps_of(LOW, own)
    assert [(step.key, step.minutes, step.is_mandatory) for step in steps] == [
        ("crisis_line", SAME_DAY, True),
        ("clinician_told", 240, True),
        ("plan_offered", 1440, True),
        ("own_1", 1440, False),
    ]
    # Whatever is stored, nothing mandatory goes or gets later.
    assert steps_of(HIGH, {"high": [["stay", "x", "care_manager", 10080]]}) == steps_of(HIGH)
    assert [step.due_words for step in steps] == ["the same day", "within 4 hours", "within a day", "within a day"]
    assert steps[-1].owner_words == "Clinic lead"


def test_what_cannot_be_kept_of_a_clinics_steps() -> None:
    added = {HIGH: [OwnStep(" ", "care_manager", 15), OwnStep("x", "nobody", 15), OwnStep("x", "care_manager", 7)]}
    assert faults_of_steps({(UNASSESSED, "screener"): 1440, (HIGH, "stay"): 15}, added) == (
        ("first.screener", "This is due the same day at the latest."),
        ("high.own_1", "Say what is done, in at most 300 characters."),
        ("high.own_2", "Choose who does it and by when."),
        ("high.own_3", "Choose who does it and by when."),
    )


def test_when_a_step_is_due() -> None:
    by_key = {step.key: step for step in steps_of(HIGH)}
    assert by_key["stay"].due_at(AT, CHICAGO) == AT + timedelta(minutes=15)
    assert by_key["means"].due_at(AT, CHICAGO) == datetime(2026, 3, 17, 5, tzinfo=UTC)


def test_drills_are_about_nobody_and_cover_the_tiers() -> None:
    assert sorted(one.tier for one in SCENARIOS.values()) == [HIGH, LOW, MODERATE]
    assert all("does not exist" in one.patient for one in SCENARIOS.values())


# The course of a case


def event(kind: str, minutes: int, *, key: str = "", tier: str = "", days: int = 0) -> Event:
    at = AT + timedelta(days=days, minutes=minutes)
    return Event(uuid4(), kind, at, TODAY + timedelta(days=days), ME, key, tier)


def stands(*events: Event) -> tuple[str, bool, str, list[str], bool]:
    course = course_of(AT, events)
    return course.tier, course.is_unassessed, course.steps_tier, sorted(course.done), course.asked is not None


def test_the_course_of_a_case() -> None:
    line = event("done", 1, key="0.crisis_line")
    assessed = event("assessed", 5, tier=MODERATE)
    told = event("done", 6, key="1.clinician_told")
    assert stands() == ("", True, "", [], False)
    assert stands(line) == ("", True, "", ["crisis_line"], False)
    # What was done before the assessment counts in the tier's steps.
    assert stands(line, assessed) == (MODERATE, False, MODERATE, ["crisis_line"], False)
    assert stands(told, assessed, line) == (MODERATE, False, MODERATE, ["clinician_told", "crisis_line"], False)
    # The same tier again keeps what is done; another one begins anew.
    again = event("assessed", 8, tier=MODERATE)
    assert stands(line, assessed, told, again) == (MODERATE, False, MODERATE, ["clinician_told", "crisis_line"], False)
    assert stands(line, assessed, told, event("assessed", 8, tier=HIGH)) == (HIGH, False, HIGH, [], False)
    # A positive answer that is no higher changes nothing; one that is asks for everything anew.
    assert stands(assessed, told, event("note", 9, key="positive")) == (
        *(MODERATE, False, MODERATE, ["clinician_told"], False),
    )
    risen = event("note", 9, key="risen")
    assert stands(assessed, told, risen) == (MODERATE, True, "", [], False)
    assert stands(assessed, told, risen, event("assessed", 10, tier=LOW)) == (LOW, False, LOW, [], False)
    assert stands(event("note", 1, key="risen", tier=HIGH)) == (HIGH, True, "", [], False)


def test_a_lower_tier_holds_once_somebody_agreed() -> None:
    assessed, asked = event("assessed", 5, tier=HIGH), event("lowering_asked", 6, tier=LOW)
    assert stands(assessed, asked) == (HIGH, False, HIGH, [], True)
    assert stands(assessed, asked, event("lowering_agreed", 7, tier=LOW)) == (LOW, False, LOW, [], False)
    assert stands(assessed, asked, event("lowering_refused", 7, tier=HIGH)) == (HIGH, False, HIGH, [], False)
    # A rise and another assessment take the question back.
    assert stands(assessed, asked, event("note", 7, key="risen")) == (HIGH, True, "", [], False)
    assert stands(assessed, asked, event("assessed", 7, tier=HIGH)) == (HIGH, False, HIGH, [], False)
    assert stands(assessed, event("lowering_agreed", 7, tier=LOW)) == (HIGH, False, HIGH, [], False)


def test_keys_of_steps_name_their_phase() -> None:
    course = course_of(AT, [event("assessed", 5, tier=HIGH), event("note", 6, key="risen")])
    assert (course.phase, course.key_of("reach"), course.begun_at) == (2, "2.reach", AT + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("raised", "today", "is_missed"),
    [
        (Raised(TODAY, TODAY), TODAY + timedelta(days=9), False),
        (Raised(TODAY, TODAY + timedelta(days=1)), TODAY + timedelta(days=9), True),
        (Raised(TODAY, None), TODAY, False),
        (Raised(TODAY, None), TODAY + timedelta(days=1), True),
    ],
)
def test_what_was_missed(raised: Raised, today: date, is_missed: bool) -> None:
    assert raised.is_missed(today) is is_missed


def test_each_rise_has_its_own_assessment() -> None:
    events = [
        event("assessed", 5, tier=LOW, days=1),
        event("note", 6, key="risen", days=10),
        event("note", 6, key="positive", days=11),
        event("assessed", 5, tier=LOW, days=10),
    ]
    assert raises_of(AT, TODAY, events) == (
        Raised(TODAY, TODAY + timedelta(days=1)),
        Raised(TODAY + timedelta(days=10), None),
    )
