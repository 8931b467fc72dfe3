"""The demonstration: made once, the same way each time, and with every state that lists can show."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader

from bhi.accounts.models import User
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership, Organization
from billing.models import LookBack
from billing.operations.demonstration import SIGN_INS, load_demonstration
from billing.operations.demonstration.courses import COURSES, Course
from billing.operations.demonstration.facts import monthly, working_day
from billing.operations.demonstration.referred import REFERRED
from billing.operations.service_months import verify_service_months
from billing.queries.look_back import result
from billing.queries.month_page import month_rows
from billing.queries.verdicts import month_verdicts
from caseload.models import (
    AgendaItem,
    Contact,
    EpisodeStanding,
    LoopState,
    Recommendation,
    RecommendationStep,
    ReviewQuestion,
    ReviewSession,
    TimeEntry,
    TreatmentChange,
)
from caseload.queries.case_summary import case_summary
from caseload.queries.note_templates import templates_in_use
from caseload.queries.review_queue import review_queue
from caseload.rules.review_queue import KIND_OF
from caseload.tasks import paper_of
from registry.models import (
    CarePlan,
    ClosingNote,
    InitialAssessment,
    Patient,
    PlanSignOff,
    Referral,
    ReferralState,
    RelapsePlan,
    RiskCase,
    RiskDrill,
    SafetyNotice,
    SafetyPlan,
    TreatingClinician,
)
from tests.billing.demonstration.day import AT


def test_it_is_made_once(demonstration):
    assert not load_demonstration(password="another", at=AT)
    assert Organization.objects.filter(slug__in=["demo", "demo-two"]).count() == 2
    with tenant(demonstration):
        assert Patient.objects.count() == len(COURSES) + len(REFERRED)


def test_everybody_can_sign_in_and_the_consultant_sits_in_both(demonstration):
    users = {user.email: user for user in User.objects.all()}
    assert sorted(users) == sorted(email for _, email, _, _ in SIGN_INS)
    assert all(user.check_password("a long enough word") for user in users.values())
    seats = Membership.objects.filter(user=users["consultant@demo.example"])
    assert sorted(seats.values_list("organization__slug", flat=True)) == ["demo", "demo-two"]


def test_every_state_and_signal_of_the_list_is_there(demonstration):
    with tenant(demonstration):
        rows = list(EpisodeStanding.objects.all())
    assert {row.response_state for row in rows} >= {
        "no_baseline", "no_change", "worse", "partial", "improved", "response", "remission",
    }  # fmt: skip
    today = AT.date().isoformat()
    standing = {
        signal["word"]
        for row in rows
        for signal in row.signals
        if signal["since"] <= today and (signal["until"] is None or today < signal["until"])
    }
    assert standing >= {"safety", "worsening", "stalled", "non_responder", "measure_overdue", "contact_overdue"}
    assert {row.status for row in rows} == {"active", "relapse_prevention", "discharged"}


def test_the_month_that_ended_bills_and_lacks_what_months_can(demonstration):
    found = month_verdicts(demonstration.id, "2026-10")
    codes = {line.code for one in found.values() if one.verdict and one.bills for line in one.verdict.lines}
    gaps = {gap.word for one in found.values() if one.verdict for gap in one.verdict.gaps}
    assert codes >= {"99492", "99493", "99494", "99484"}
    assert gaps >= {"consent_missing", "initiating_visit_missing", "case_review_missing"}


def test_one_overlap_is_held_and_nothing_lies_in_the_future(demonstration):
    assert TimeEntry.objects.filter(held=True).count() == 1
    assert Contact.objects.filter(on__gte=AT.date()).count() == 0
    assert verify_service_months(organization_id=demonstration.id) == []


def test_between_listed_scores_lies_one_every_four_weeks():
    course = Course("Doe, Jo", "F", "1980-05-17", "Self Pay", "F32.1", 90, phq9=((0, 16), (60, 8)), item9=(1, 2))
    assert list(monthly(course)) == [(0, 16, 0), (28, 12, 0), (60, 8, 2)]


@pytest.mark.parametrize(
    ("day", "worked"),
    [(date(2026, 11, 20), 0), (date(2026, 11, 21), 2), (date(2026, 11, 22), 1), (date(2026, 11, 23), 0)],
)
def test_a_weekend_is_put_off_to_monday(day, worked):
    assert working_day(day) == day + timedelta(days=worked)


def test_the_way_in_and_the_papers_show_every_state(demonstration):
    with tenant(demonstration):
        assert set(Referral.objects.values_list("state", flat=True)) == set(ReferralState.values)
        assert set(Referral.objects.values_list("outcome", flat=True)) == {
            "", "declined", "unreachable", "ineligible",
        }  # fmt: skip
        assert PlanSignOff.objects.count() == 12
        assert set(CarePlan.objects.filter(number__isnull=False).values_list("number", flat=True)) == {1, 2}
        assert {one.episode.end_reason for one in ClosingNote.objects.all()} == {
            "graduated", "lost_to_follow_up", "transferred",
        }  # fmt: skip
        assert SafetyPlan.objects.count() == 2
        assert RelapsePlan.objects.count() == 2


def test_the_consultant_finds_more_than_twelve_patients_for_every_reason(demonstration):
    rows = review_queue(demonstration.id, at=AT).rows
    assert len(rows) >= 12
    assert {reason.kind for row in rows for reason in row.reasons} == set(KIND_OF)
    (coming,) = ReviewSession.objects.filter(state="planned")
    assert coming.on == date(2026, 11, 24)
    agenda = AgendaItem.objects.filter(session=coming).order_by("place")
    assert list(agenda.values_list("place", flat=True)) == list(range(1, 13))
    assert agenda[0].episode.patient.family_name == "Halvorsen"
    ended = ReviewSession.objects.filter(state="ended").order_by("on").values_list("on", flat=True)
    assert list(ended) == [date(2026, 11, 10), date(2026, 11, 17)]


def test_recommendations_stand_at_every_step_of_their_loop(demonstration):
    assert set(Recommendation.objects.values_list("state", flat=True)) == set(LoopState.values) - {"modified", "told"}
    told = RecommendationStep.objects.filter(recommendation__review__patient__family_name="Ostrander")
    first = told.filter(recommendation__number=1).order_by("at", "id")
    assert list(first.values_list("state", flat=True)) == ["sent", "modified", "carried_out", "told", "closed"]
    assert {step.by.name for step in first if step.state == "modified"} == {"Ana Whitfield"}
    of = told[0].recommendation.review.episode_id
    advice = case_summary(demonstration.id, of, on=AT.date()).last_review.advice
    assert [one.became for one in advice] == [
        (
            "Accepted with changes, Nov 11, 2026: 125 mg first; blood pressure in two weeks, then 150 mg. "
            "Patient told, Nov 13, 2026: Understands the two steps; will call when restless"
        ),
        "Patient told, Nov 11, 2026",
    ]
    assert set(TreatingClinician.objects.values_list("channel", flat=True)) == {"inbox", "paper", "link", "ehr"}
    assert TreatmentChange.objects.filter(from_recommendation__isnull=True).count() == 2
    assert ReviewQuestion.objects.filter(answered_by__isnull=True).count() == 4


def test_one_case_is_assessed_and_one_is_of_last_night(demonstration):
    cases = RiskCase.objects.order_by("opened_at").values_list("patient__family_name", "tier", "recheck_on")
    assert list(cases) == [("Lindgren", "low", date(2026, 12, 15)), ("Okonkwo", "", None)]
    notice = SafetyNotice.objects.get()
    assert (notice.patient.family_name, notice.acknowledged_at, notice.assessment.item9) == ("Okonkwo", None, 2)
    assert RiskDrill.objects.get().ended_at is not None


def test_contact_notes_have_something_to_begin_with(demonstration):
    found = [(template.kind, template.name) for template in templates_in_use(demonstration.id)]
    assert found == [
        ("Session with the patient", "First session"),
        ("Session with the patient", "Follow-up session"),
        ("Attempt to reach", "Attempt"),
        ("Care coordination", "Talk with the clinic"),
    ]


def test_the_case_summary_of_a_demonstration_patient_takes_one_sheet(demonstration):
    written = InitialAssessment.objects.live().order_by("episode__patient__sort_name")[:2]
    papers = [paper_of(demonstration.id, row.episode_id, at=AT) for row in written]
    assert [len(PdfReader(BytesIO(paper)).pages) for paper in papers] == [1, 1]


def test_last_month_is_mostly_free_and_shows_every_decision(demonstration: Organization):
    with tenant(demonstration):
        rows = [row for row in month_rows(demonstration.id, "2026-10") if row.release is not None]
        held = [row for row in rows if row.is_held_back]
        kinds = sorted(row.release.decision.kind for row in rows if row.release and row.release.decision)
        assert kinds == ["bill_lower", "do_not_bill", "hold", "release"]
        words = {check.word for row in held if row.release for check in row.release.holding}
        assert {"diagnosis_unconfirmed", "coverage_unchecked", "coverage_ended"} <= words
        assert 3 <= len(held) < len(rows) // 2


def test_what_was_billed_before_shows_most_findings(demonstration):
    with tenant(demonstration):
        shown = result(LookBack.objects.get(), as_of=date(2026, 11, 20))
    assert {group.finding.value for group in shown.groups} == {
        "unsupported", "two_families", "twice", "higher", "lower", "missed", "as_billed",
    }  # fmt: skip
    assert [(one.label, one.rows != ()) for one in shown.strangers] == [("Halvorsen, Mette · Z90011", True)]
