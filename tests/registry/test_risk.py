"""A risk case: opened with the answer, assessed, lowered by two, closed by an assessment, whoever is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from registry.models import Assessment, RiskCase, RiskStep, SafetyNotice
from registry.operations import open_episode, record_assessment, replace_assessment
from registry.operations.assessments import ScoreGiven
from registry.operations.risk import (
    answer_lowering,
    assess_risk,
    close_risk_case,
    do_step,
    note_call,
    open_risk_case,
)
from registry.operations.risk_errors import CaseClosed, CaseMoved, RiskRefused
from registry.operations.safety import close_notice, raise_notice
from registry.queries.risk import case_page
from registry.queries.risk_lists import risk_lists
from tests.factories.registry import system_seat
from tests.factories.risk import RiskCaseFactory, RiskProtocolFactory, RiskStepFactory
from tests.races import at_once

TODAY = date(2026, 3, 2)
NO = [0, 0, None, None, None, 0, None]
LOW = [1, 0, None, None, None, 0, None]
THOUGHTS = [1, 1, 0, 0, 0, 0, None]
MODERATE = [1, 1, 1, 0, 0, 0, None]
HIGH = [1, 1, 1, 1, 0, 0, None]


@pytest.fixture(autouse=True)
def clock(now: datetime) -> Iterator[Any]:
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person("Rivera")


@pytest.fixture
def score(by: Any, now: datetime, patient: Any) -> Callable[..., Any]:
    """`score(1)`: a PHQ-9 with this item 9; `score(screener=HIGH)`."""

    def make(item9: int = 0, *, screener: Any = None, days: int = 0, seat: Any = None, **values: Any) -> Any:
        at = now + timedelta(days=days)
        given = {"instrument": "phq9", "total": 10, "item9": item9}
        if screener is not None:
            given = {"instrument": "cssrs", "items": screener}
        values = {"on": at.date(), **given, **values}
        return record_assessment(by=seat or by, at=at, patient=patient, episode=None, **values)

    return make


@pytest.fixture
def case(score: Callable[..., Any]) -> RiskCase:
    """Opened today by an item 9 of 1."""
    score(1)
    return RiskCase.objects.get()


@pytest.fixture
def assess(by: Any, now: datetime, case: RiskCase) -> Callable[..., Any]:
    def make(tier: str, *, days: int = 0, seat: Any = None, **values: Any) -> RiskCase:
        given = {"note": "Spoke with her at home.", "client_token": uuid4(), **values}
        return assess_risk(by=seat or by, at=now + timedelta(days=days), case_id=case.id, tier=tier, **given)

    return make


def stored(case: Any) -> tuple[str, date | None, date | None, bool]:
    case.refresh_from_db()
    return case.tier, case.assessed_on, case.recheck_on, case.closed_at is not None


def kinds(case: RiskCase) -> list[tuple[str, str, str]]:
    return list(RiskStep.objects.filter(case=case).order_by("at", "id").values_list("kind", "key", "tier"))


# Opening


def test_a_positive_item_9_opens_a_case_with_the_score(score: Callable[..., Any], by: Any, now: datetime) -> None:
    made = score(1)
    case = RiskCase.objects.get()
    assert (case.assessment, case.cause, case.concern, case.opened_on) == (made, "item_9", "item 9: 1", TODAY)
    assert (case.recorded_by, case.opened_at, stored(case)) == (by, now, ("", None, None, False))
    assert AuditEvent.objects.filter(action="risk_case.opened", patient_id=case.patient_id).count() == 1


@pytest.mark.parametrize(("answers", "count"), [(NO, 0), (LOW, 0), (THOUGHTS, 0), (MODERATE, 1), (HIGH, 1)])
def test_a_screener_opens_one_from_moderate_on(score: Callable[..., Any], answers: Any, count: int) -> None:
    score(screener=answers)
    assert RiskCase.objects.count() == count


def test_a_question_besides_item_9_opens_one_too(score: Callable[..., Any]) -> None:
    score(instrument="phqa", total=None, item9=None, items=[0] * 10 + [1, 0])
    assert RiskCase.objects.get().concern == "PHQ-A: a question about self-harm answered yes"


@pytest.mark.parametrize(
    "values",
    [{"item9": 0}, {"item9": 1, "import_id": uuid4()}, {"item9": 1, "on": TODAY - timedelta(days=15)}],
    ids=["zero", "import", "old"],
)
def test_what_opens_none(score: Callable[..., Any], values: dict[str, Any]) -> None:
    score(**values)
    assert RiskCase.objects.count() == 0


def test_what_the_system_tells_over_opens_none_but_a_patients_answer_does(
    score: Callable[..., Any], in_tenant: Any
) -> None:
    system = system_seat(in_tenant)
    score(2, seat=system)
    assert RiskCase.objects.count() == 0
    score(2, seat=system, is_by_patient=True)
    assert RiskCase.objects.count() == 1


def test_a_case_is_of_the_open_episodes_clinic_and_tells_the_apps_above(
    score: Callable[..., Any], patient: Any, clinic: Any, by: Any, now: datetime
) -> None:
    episode = open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=date(2026, 2, 2))
    Job.objects.all().delete()
    score(1)
    case = RiskCase.objects.get()
    assert (case.episode_id, case.clinic_id) == (episode.id, clinic.id)
    assert "rebuild_standing" in set(Job.objects.values_list("kind", flat=True))


def test_the_score_and_its_case_are_kept_together_or_not_at_all(
    score: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.operations.risk_opening._open", lambda *args, **kept: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        score(1)
    assert Assessment.objects.count() == 0


def test_a_call_for_help_belongs_to_the_case(patient: Any, clinic: Any, by: Any, now: datetime) -> None:
    system_seat(by.organization)
    notice = raise_notice(by=by, at=now, patient=patient, clinic_id=clinic.id)
    case = RiskCase.objects.get()
    assert (case.notice, case.cause) == (notice, "item_9")


def test_a_call_for_help_joins_the_case_that_its_score_opened(case: RiskCase, by: Any, now: datetime) -> None:
    system_seat(by.organization)
    values = {"patient": case.patient, "clinic_id": case.clinic_id, "assessment": case.assessment}
    first, second = (raise_notice(by=by, at=now, **values) for _ in range(2))
    case.refresh_from_db()
    assert (RiskCase.objects.count(), case.notice) == (1, first)
    assert second != first


def test_closing_a_call_alone_leaves_the_case_open(patient: Any, clinic: Any, by: Any, now: datetime) -> None:
    system_seat(by.organization)
    notice = raise_notice(by=by, at=now, patient=patient, clinic_id=clinic.id)
    close_notice(by=by, at=now, notice_id=notice.id, note="Called back.")
    assert stored(RiskCase.objects.get()) == ("", None, None, False)


def test_somebody_is_concerned(patient: Any, by: Any, now: datetime) -> None:
    asked = {"by": by, "at": now, "patient_id": patient.id, "client_token": uuid4()}
    with pytest.raises(RiskRefused, match="Say what you saw or heard"):
        open_risk_case(**asked, concern=" ")
    case = open_risk_case(**asked, concern="Gave away the dog.")
    assert (case.cause, case.concern, open_risk_case(**asked, concern="again")) == (
        "concern",
        "Gave away the dog.",
        case,
    )


def test_a_second_positive_adds_to_the_open_case(score: Callable[..., Any], case: RiskCase) -> None:
    score(2)
    assert (RiskCase.objects.count(), kinds(case)) == (1, [("note", "positive", "")])


def test_a_correction_that_says_no_more_asks_for_nothing(case: RiskCase, by: Any, now: datetime) -> None:
    wrong = case.assessment
    right = replace_assessment(
        by=by, at=now, assessment=wrong, reason="Typo", on=TODAY, given=ScoreGiven("phq9", total=9, item9=1)
    )
    assert kinds(case) == []
    replace_assessment(
        by=by, at=now, assessment=right, reason="Typo", on=TODAY, given=ScoreGiven("phq9", total=9, item9=3)
    )
    assert kinds(case) == [("note", "positive", "")]


@pytest.mark.django_db(transaction=True)
def test_two_who_open_at_once_make_one_case(organization: Any, clinic: Any, membership: Callable[..., Any]) -> None:
    from bhi.tenancy.context import tenant
    from registry.operations import add_patient
    from tests.factories.tenancy import NOW

    by = membership("care_manager")
    with tenant(organization):
        values = {"clinic": clinic, "mrn": "1", "family_name": "Rivera", "given_name": "Ana"}
        patient = add_patient(by=by, at=NOW, birth_date=date(1961, 5, 4), **values)

    def opened() -> UUID:
        given = {"concern": "Concerned", "client_token": uuid4()}
        return open_risk_case(by=by, at=NOW, patient_id=patient.id, **given).id

    found = at_once(organization, [opened] * 4)
    assert len(set(found)) == 1, found
    with tenant(organization):
        assert (RiskCase.objects.count(), RiskStep.objects.count()) == (1, 3)


# Assessing


def test_an_assessment_rests_on_the_screener(
    score: Callable[..., Any], assess: Callable[..., Any], case: RiskCase
) -> None:
    with pytest.raises(RiskRefused, match="Enter the screener’s answers of today first"):
        assess("low")
    screener = score(screener=THOUGHTS)
    with pytest.raises(RiskRefused, match="make it low"):
        assess("none")
    with pytest.raises(RiskRefused, match="Choose a tier"):
        assess("purple")
    with pytest.raises(RiskRefused, match="what was found"):
        assess("low", note="  ")
    assess("low")
    # Question 2 was yes: within 14 days, not 30.
    assert stored(case) == ("low", TODAY, TODAY + timedelta(days=14), False)
    assert RiskStep.objects.get().assessment == screener


def test_higher_than_the_screener_and_without_one(
    score: Callable[..., Any], assess: Callable[..., Any], case: RiskCase
) -> None:
    assess("moderate")
    assert stored(case) == ("moderate", TODAY, TODAY + timedelta(days=14), False)
    score(screener=LOW)
    assess("high")
    assert stored(case) == ("high", TODAY, TODAY + timedelta(days=7), False)
    # That of the day before still holds, an older one does not.
    assert stored(assess("high", days=1))[1] == date(2026, 3, 3)
    with pytest.raises(RiskRefused, match="Enter the screener"):
        assess("low", days=2)


def test_a_clinics_own_days_hold(assess: Callable[..., Any], case: RiskCase) -> None:
    RiskProtocolFactory(
        organization=case.organization, clinic=case.clinic, recheck_high_days=2, recheck_moderate_days=5
    )
    assert stored(assess("moderate"))[2] == TODAY + timedelta(days=5)


def test_an_assessment_closes_the_open_calls(
    patient: Any, clinic: Any, by: Any, now: datetime, case: RiskCase, assess: Callable[..., Any]
) -> None:
    system_seat(by.organization)
    raise_notice(by=by, at=now, patient=patient, clinic_id=clinic.id)
    assess("moderate")
    notice = SafetyNotice.objects.get()
    assert (notice.closed_by, notice.closing_note) == (by, "Spoke with her at home.")


def test_what_somebody_did_meanwhile_is_said(
    case: RiskCase, assess: Callable[..., Any], by: Any, now: datetime
) -> None:
    values = {"who": "", "text": "Her sister called.", "client_token": uuid4()}
    note_call(by=by, at=now, case_id=case.id, **values)
    with pytest.raises(CaseMoved):
        assess("moderate", seen=0)
    assess("moderate", seen=1)
    # The same form again changes nothing, whatever it saw.
    note_call(by=by, at=now, case_id=case.id, **values)
    assert sorted(kind for kind, _, _ in kinds(case)) == ["assessed", "note"]


def test_a_rise_asks_again_and_a_later_0_clears_nothing(
    score: Callable[..., Any], assess: Callable[..., Any], case: RiskCase
) -> None:
    assess("moderate")
    score(1, days=3)
    score(0, days=4)
    assert stored(case) == ("moderate", TODAY, TODAY + timedelta(days=14), False)
    score(2, days=5)
    assert stored(case) == ("moderate", TODAY, TODAY + timedelta(days=5), False)
    assert kinds(case) == [("assessed", "", "moderate"), ("note", "positive", ""), ("note", "risen", "")]
    assess("moderate", days=5)
    assert stored(case) == ("moderate", date(2026, 3, 7), date(2026, 3, 21), False)


# Lowering


@pytest.fixture
def lowering(score: Callable[..., Any], assess: Callable[..., Any], case: RiskCase) -> RiskCase:
    """High, and somebody asks for low."""
    assess("high")
    score(screener=LOW, days=1)
    assess("low", days=1)
    return case


@pytest.fixture
def answer(now: datetime, lowering: RiskCase) -> Callable[..., Any]:
    def make(seat: Any, *, is_agreed: bool = True, **values: Any) -> RiskCase:
        given = {"note": "Saw him myself.", "client_token": uuid4(), **values}
        at = now + timedelta(days=1, hours=1)
        return answer_lowering(by=seat, at=at, case_id=lowering.id, is_agreed=is_agreed, **given)

    return make


def test_until_somebody_agrees_the_old_tier_stands(lowering: RiskCase) -> None:
    assert stored(lowering) == ("high", date(2026, 3, 3), date(2026, 3, 10), False)
    assert kinds(lowering) == [("assessed", "", "high"), ("assessed", "", "high"), ("lowering_asked", "", "low")]


@pytest.mark.parametrize("role", ["treating_clinician", "psychiatric_consultant"])
def test_a_second_person_agrees(
    lowering: RiskCase, answer: Callable[..., Any], membership: Callable[..., Any], role: str
) -> None:
    seat, token = membership(role), uuid4()
    for _ in range(2):
        answer(seat, client_token=token)
    assert stored(lowering) == ("low", date(2026, 3, 3), date(2026, 4, 2), False)
    assert kinds(lowering)[-1] == ("lowering_agreed", "", "low")
    with pytest.raises(RiskRefused, match="Nobody asks for a lower tier any more"):
        answer(seat)


def test_who_may_not_agree_and_who_keeps_the_tier(
    lowering: RiskCase, answer: Callable[..., Any], membership: Callable[..., Any], by: Any
) -> None:
    lead = membership("clinic_lead")
    with pytest.raises(RiskRefused, match="never lowered by one person alone"):
        answer(by)
    with pytest.raises(RiskRefused, match="or a supervisor named by the clinic"):
        answer(lead)
    RiskProtocolFactory(organization=by.organization, clinic=lowering.clinic, supervisors=[lead.id])
    with pytest.raises(RiskRefused, match="Say what you base this on"):
        answer(lead, note="")
    answer(lead, is_agreed=False)
    assert stored(lowering) == ("high", date(2026, 3, 3), date(2026, 3, 10), False)


# Steps and closing


def test_steps_are_done_once_and_only_those_asked_for(case: RiskCase, by: Any, now: datetime) -> None:
    def done(key: str) -> None:
        do_step(by=by, at=now, case_id=case.id, key=key, who="Sister", text="At home.", client_token=uuid4())

    done("reach")
    done("reach")
    with pytest.raises(RiskRefused, match="not asked for any more"):
        done("emergency")
    assert kinds(case) == [("done", "0.reach", "")]
    with pytest.raises(RiskRefused, match="what was said or done"):
        note_call(by=by, at=now, case_id=case.id, who="", text=" ", client_token=uuid4())
    later = now + timedelta(minutes=1)
    note_call(by=by, at=later, case_id=case.id, who="Dr. Okafor", text="Sees her.", client_token=uuid4())
    assert kinds(case)[-1] == ("called", "", "")


def test_a_case_is_closed_by_an_assessment_of_the_day(
    score: Callable[..., Any], assess: Callable[..., Any], case: RiskCase, by: Any, now: datetime
) -> None:
    def close(note: str = "Well, and has a plan.", days: int = 0, token: Any = None) -> RiskCase:
        at = now + timedelta(days=days)
        return close_risk_case(by=by, at=at, case_id=case.id, note=note, client_token=token or uuid4())

    with pytest.raises(RiskRefused, match="Nobody has assessed the risk since it was last raised"):
        close()
    score(screener=LOW)
    assess("low")
    with pytest.raises(RiskRefused, match="3 steps of the protocol not done yet"):
        close()
    for key in ("crisis_line", "clinician_told", "plan_offered"):
        do_step(by=by, at=now, case_id=case.id, key=key, client_token=uuid4())
    with pytest.raises(RiskRefused, match="closed by an assessment of the same day"):
        close(days=1)
    with pytest.raises(RiskRefused, match="Say what the closing rests on"):
        close(note=" ")
    token = uuid4()
    assert [stored(close(token=token))[3] for _ in range(2)] == [True, True]
    case.refresh_from_db()
    assert (case.closed_by, case.closed_on, case.closing_note) == (by, TODAY, "Well, and has a plan.")
    with pytest.raises(CaseClosed):
        assess("low")
    # A later positive answer is a new case.
    score(1, days=20)
    assert RiskCase.objects.filter(closed_at__isnull=True).count() == 1


def test_the_page_of_a_case(
    score: Callable[..., Any], assess: Callable[..., Any], case: RiskCase, by: Any, now: datetime
) -> None:
    people = {by.id: str(by)}
    page = case_page(case, for_id=by.id, roles=by.roles, people=people, at=now + timedelta(hours=14))
    assert [(shown.step.key, shown.is_overdue, shown.is_done) for shown in page.steps] == [
        ("reach", True, False),
        ("screener", True, False),
        ("crisis_line", True, False),
    ]
    assert (page.tier_word, page.phase_word, page.screener, page.seen) == (
        *("Not assessed yet", "before the assessment", None, 0),
    )
    score(screener=MODERATE)
    page = case_page(case, for_id=by.id, roles=by.roles, people=people, at=now)
    assert page.screener is not None
    assert (page.screener.tier, page.seen, [entry.words for entry in page.entries]) == (
        *("moderate", 1, ["recorded something new"]),
    )
    assess("moderate")
    page = case_page(RiskCase.objects.get(), for_id=by.id, roles=by.roles, people=people, at=now)
    assert (page.tier_word, page.phase_word, len(page.steps), page.is_open) == ("Moderate", "moderate", 6, True)
    assert page.closing_faults == (
        "The tier is moderate. A case is closed at low or at no risk found.",
        "6 steps of the protocol not done yet.",
    )


# Lists


def listed(by: Any, at: datetime, contacts: dict[Any, date] | None = None) -> Any:
    return risk_lists(by.organization_id, at=at, last_contacts=contacts or {})


def test_open_cases_in_the_order_in_which_they_ask(
    person: Callable[..., Any], by: Any, now: datetime, clinic: Any
) -> None:
    def made(name: str, **values: Any) -> Any:
        of = {"organization": by.organization, "clinic": clinic, "patient": person(name)}
        return RiskCaseFactory(**of, **values)

    assessed = {"tier": "low", "assessed_on": date(2026, 2, 25)}
    for name, recheck in (("Later", date(2026, 3, 27)), ("Due", TODAY), ("Risen", TODAY)):
        case = made(name, **assessed, recheck_on=recheck)
        steps = {"organization": by.organization, "case": case, "at": now - timedelta(days=5), "on": date(2026, 2, 25)}
        RiskStepFactory(**steps, kind="assessed", tier="low")
        if name == "Risen":
            RiskStepFactory(organization=by.organization, case=case, kind="note", key="risen", at=now, on=TODAY)
    made("Older", opened_on=date(2026, 2, 20))
    made("Newer", opened_on=date(2026, 2, 28))
    rows = listed(by, now).open
    assert [(row.patient_name, row.is_unassessed, row.is_due) for row in rows] == [
        ("Ana Older", True, False),
        ("Ana Newer", True, False),
        ("Ana Risen", True, False),
        ("Ana Due", False, True),
        ("Ana Later", False, False),
    ]
    assert rows[-1].alerts == (("danger", "No emergency contact on record"),)


def test_whoever_died_asks_for_nobody(case: RiskCase, by: Any, now: datetime) -> None:
    case.patient.died_on = TODAY
    case.patient.save(update_fields=["died_on"])
    found = listed(by, now)
    assert (found.open, found.missed) == ((), ())


@pytest.mark.parametrize(
    ("raised", "assessed", "asked", "missed"),
    [
        # 11:58 pm and 11:59 pm in Chicago: the same day.
        ("2026-03-03T05:58+00:00", "2026-03-03T05:59+00:00", "2026-03-09T12:00+00:00", []),
        # Two minutes later it is the next day.
        ("2026-03-03T05:58+00:00", "2026-03-03T06:00+00:00", "2026-03-09T12:00+00:00", [1]),
        # Not yet, while the day lasts; missed from midnight on.
        ("2026-03-03T05:58+00:00", None, "2026-03-03T05:59+00:00", []),
        ("2026-03-03T05:58+00:00", None, "2026-03-03T06:00+00:00", [1]),
        # The day on which the clocks go forward ends at 5:00, not at 6:00.
        ("2026-03-08T06:00+00:00", "2026-03-09T04:59+00:00", "2026-03-20T12:00+00:00", []),
        ("2026-03-08T06:00+00:00", "2026-03-09T05:00+00:00", "2026-03-20T12:00+00:00", [1]),
        # That on which they go back ends at 6:00.
        ("2026-11-01T05:00+00:00", "2026-11-02T05:59+00:00", "2026-11-20T12:00+00:00", []),
        ("2026-11-01T05:00+00:00", "2026-11-02T06:00+00:00", "2026-11-20T12:00+00:00", [1]),
    ],
)
def test_positive_screens_without_follow_up_on_their_local_day(
    patient: Any, by: Any, raised: str, assessed: str | None, asked: str, missed: list[int]
) -> None:
    at = datetime.fromisoformat(raised)
    case = open_risk_case(by=by, at=at, patient_id=patient.id, concern="Concerned", client_token=uuid4())
    if assessed:
        values = {"tier": "moderate", "note": "Spoke.", "client_token": uuid4()}
        assess_risk(by=by, at=datetime.fromisoformat(assessed), case_id=case.id, **values)
    found = listed(by, datetime.fromisoformat(asked)).missed
    assert [row.days if row.assessed_on else 1 for row in found] == missed
    assert len(found) == len(missed)
