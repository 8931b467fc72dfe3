"""The chart: everything around scores and contacts, in as many statements as before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.accounts.queries import people_of
from caseload.operations import rebuild_standing
from caseload.queries.chart import patient_chart
from caseload.queries.doors import patient_door
from registry.models import Consent, Episode
from registry.operations import record_consent, record_diagnosis, record_visit
from registry.operations.status import change_status, discharge, hand_off
from registry.queries.enrolment import enrolment_shown
from registry.rules.status import Closing, Ground
from tests.factories.program import (
    InitialAssessmentFactory,
    PlanSignOffFactory,
    ReferralFactory,
    RelatedPersonFactory,
    SafetyNoticeFactory,
    SafetyPlanFactory,
    StayFactory,
)
from tests.factories.registry import (
    AssessmentFactory,
    CarePlanFactory,
    CoverageFactory,
    EpisodeFactory,
    PatientFactory,
    TreatingClinicianFactory,
)

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


@pytest.fixture
def opened(client: Client, organization: Any) -> Callable[[Any], Any]:
    return lambda patient_id: client.get(f"/o/{organization.slug}/patients/{patient_id}/")


def chart_of(episode: Episode, by: Any, now: datetime) -> Any:
    door = patient_door(episode.patient_id, for_=by, at=now)
    return patient_chart(door, people_of(by.organization_id))


def ground(**values: Any) -> Ground:
    return Ground(**{"status": "active", "today": TODAY, "enrolled_on": date(2026, 2, 2), **values})


def test_people_stays_and_plans_stand_beside_the_course(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any, by: Any
) -> None:
    episode = enrolled("Rivera")
    of = {"organization": in_tenant, "patient": episode.patient}
    type(episode.patient).objects.filter(id=episode.patient_id).update(
        phone="555-0100", phone_best_times="after 5 pm", may_leave_voicemail=False, second_phone="555-0101",
        language="Spanish", needs_interpreter=True, preferred_name="Anita", next_visit_on=date(2026, 3, 20),
    )  # fmt: skip
    RelatedPersonFactory(**of, may_speak_about="appointments", until_on=TODAY)
    RelatedPersonFactory(**of, name="Luis Given", relation="Brother", is_emergency_contact=False,
                         may_speak_about="everything", until_on=TODAY - timedelta(days=1))  # fmt: skip
    StayFactory(**of, kind="inpatient", facility="County Hospital", from_on=date(2026, 2, 27), until_on=None)
    StayFactory(**of, kind="emergency", from_on=date(2026, 1, 30), until_on=date(2026, 1, 30))
    plan = CarePlanFactory(organization=in_tenant, episode=episode, number=1, on=date(2026, 2, 10))
    PlanSignOffFactory(organization=in_tenant, plan=plan, treating_clinician__name="Ana Kim", on=date(2026, 2, 12))
    InitialAssessmentFactory(organization=in_tenant, episode=episode, on=date(2026, 2, 3))
    text = opened(episode.patient_id).text
    for said in (
        "after 5 pm", "No voicemail", "555-0101", "Spanish", "needs an interpreter", "Anita", "Mar 20",
        "We may speak about: appointments, until Mar 2", "Permission ended Mar 1: nothing may be told",
        "Hospital stay since Feb 27", "County Hospital", "Signed off by Ana Kim, Feb 12", "Version 1",
    ):  # fmt: skip
        assert said in text, said
    assert "Emergency department" not in text, "left more than thirty days ago"


def test_a_safety_plan_and_an_open_notice_are_seen_at_once(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any, client_for: Callable[..., Any],
    organization: Any,
) -> None:  # fmt: skip
    episode = enrolled("Rivera")
    assert "No safety plan yet." in opened(episode.patient_id).text
    SafetyPlanFactory(organization=in_tenant, patient=episode.patient, number=2, on=date(2026, 2, 20))
    notice = SafetyNoticeFactory(organization=in_tenant, patient=episode.patient)
    page = opened(episode.patient_id)
    assert page.context["around"].safety_plan.number == 2
    assert f"/o/{organization.slug}/safety/{notice.id}/" in page.text
    assert "The patient answered that they may be in danger" in page.text


def test_a_score_that_was_corrected_says_what_it_was(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    episode = enrolled("Rivera")
    wrong = AssessmentFactory(
        organization=in_tenant, episode=episode, total=19, on=date(2026, 2, 9), voided_at=now, voided_by=by
    )
    AssessmentFactory(organization=in_tenant, episode=episode, total=16, on=date(2026, 2, 9), replaces=wrong)
    AssessmentFactory(
        organization=in_tenant, episode=episode, instrument="gad7", total=9, on=date(2026, 2, 10), is_by_patient=True
    )
    AssessmentFactory(
        organization=in_tenant,
        episode=episode,
        instrument="cssrs",
        total=None,
        detail={"tier": "high"},
        on=date(2026, 2, 11),
    )
    text = opened(episode.patient_id).text.split("What happened")[1]
    assert "PHQ-9 16, corrected from 19" in text
    assert "PHQ-9 19" not in text
    assert "GAD-7 9, answered by the patient" in text
    assert "C-SSRS screener high risk" in text


def test_referral_scores_are_said_to_be_that_until_there_is_a_baseline(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any
) -> None:
    episode = enrolled("Rivera")
    AssessmentFactory(organization=in_tenant, episode=None, patient=episode.patient, total=21, on=date(2026, 1, 20))
    assert "referral score, no baseline yet" in opened(episode.patient_id).text
    AssessmentFactory(organization=in_tenant, episode=episode, total=18, on=date(2026, 2, 2))
    assert "referral score" not in opened(episode.patient_id).text


def test_of_one_score_it_is_not_said_that_nothing_changed(
    enrolled: Callable[..., Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    episode = enrolled("Rivera")
    said = []
    for on in (date(2026, 1, 20), date(2026, 2, 2), date(2026, 2, 20)):
        AssessmentFactory(organization=in_tenant, episode=episode, total=17, on=on)
        rebuild_standing(organization_id=in_tenant.id, episode_ids=[episode.id], at=now)
        said.append(chart_of(episode, by, now).response)
    assert said == ["No baseline yet", "First score", "No change"]


def test_a_tool_of_one_score_is_on_the_timeline_and_draws_no_course(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any
) -> None:
    episode = enrolled("Rivera")
    AssessmentFactory(organization=in_tenant, episode=episode, instrument="auditc", total=3, on=date(2026, 2, 9))
    AssessmentFactory(organization=in_tenant, episode=episode, instrument="phqa", total=14, on=date(2026, 2, 9))
    page = opened(episode.patient_id)
    assert [scale.key for scale, _ in page.context["charts"]] == ["phq9"]
    assert "AUDIT-C 3" in page.text
    AssessmentFactory(organization=in_tenant, episode=episode, instrument="auditc", total=5, on=date(2026, 2, 20))
    assert [scale.key for scale, _ in opened(episode.patient_id).context["charts"]] == ["phq9", "auditc"]


def test_the_status_with_its_day_and_reason_and_where_to_change_it(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], by: Any, now: datetime, client_for: Callable[..., Any],
    organization: Any,
) -> None:  # fmt: skip
    episode = enrolled("Rivera")
    around = opened(episode.patient_id).context["around"]
    assert (around.status_on, around.status_reason) == (date(2026, 2, 2), "")
    change_status(by=by, at=now, episode=episode, to="on_hold", on=date(2026, 2, 20), reason="Abroad", ground=ground())
    page = opened(episode.patient_id)
    assert (page.context["around"].status_on, page.context["around"].status_reason) == (date(2026, 2, 20), "Abroad")
    assert "Status: on hold" in page.text
    assert "/status/" in page.text
    page = client_for("psychiatric_consultant").get(f"/o/{organization.slug}/patients/{episode.patient_id}/")
    assert (page.status_code, "/status/" in page.text) == (200, False)


def test_a_discharge_shows_its_note_and_a_return_has_the_earlier_enrolment_in_view(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    episode = enrolled("Rivera")
    AssessmentFactory(organization=in_tenant, episode=episode, total=18, on=date(2026, 2, 2))
    hand_off(by=by, at=now, episode=episode, to="County clinic", sent_on=date(2026, 2, 20))
    closing = Closing("other", date(2026, 3, 1), "Moved <away>.", "Call the front desk.", "Moved to Ohio", "")
    discharge(by=by, at=now, episode=episode, closing=closing, ground=ground(hand_off_seen_on=None))
    page = opened(episode.patient_id)
    for said in (
        "Mar 1, 2026: other.",
        "Moved &lt;away&gt;.",
        "Call the front desk.",
        "Moved to Ohio",
        "County clinic",
    ):
        assert said in page.text, said
    assert page.context["around"].earlier == ()
    EpisodeFactory(organization=in_tenant, patient=episode.patient, enrolled_on=TODAY)
    again = opened(episode.patient_id)
    (earlier,) = again.context["around"].earlier
    assert (earlier.id, earlier.reason, earlier.summary, earlier.way_back, earlier.scores) == (
        episode.id, "Other", "Moved <away>.", "Call the front desk.", (("PHQ-9", 18, date(2026, 2, 2)),),
    )  # fmt: skip
    assert "Enrolled before" in again.text
    assert again.context["around"].closing is None


def test_somebody_not_enrolled_is_led_to_the_referral_and_to_enrolment(
    opened: Callable[[Any], Any], in_tenant: Any, clinic: Any
) -> None:
    patient = PatientFactory(organization=in_tenant, clinic=clinic, mrn="")
    AssessmentFactory(organization=in_tenant, episode=None, patient=patient, total=21, on=date(2026, 1, 20))
    text = opened(patient.id).text
    for said in ("Not enrolled", "No record number", f"/patients/{patient.id}/refer/", f"/patients/{patient.id}/enrol/",
                 "referral score, no baseline yet"):  # fmt: skip
        assert said in text, said
    referral = ReferralFactory(organization=in_tenant, patient=patient)
    text = opened(patient.id).text
    assert (f"/referrals/{referral.id}/" in text, f"/patients/{patient.id}/refer/" in text) == (True, False)


def test_a_merged_record_leads_to_the_one_that_was_kept(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any, clinic: Any
) -> None:
    from tests.factories.program import PatientMergeFactory

    kept = enrolled("Rivera").patient
    merged = PatientFactory(organization=in_tenant, clinic=clinic, mrn="M1")
    PatientMergeFactory(organization=in_tenant, kept=kept, merged=merged)
    type(merged).objects.filter(id=merged.id).update(merged_into=kept)
    answer = opened(merged.id)
    assert (answer.status_code, answer["Location"].endswith(f"/patients/{kept.id}/")) == (302, True)


def _with_papers(episode: Any, in_tenant: Any, by: Any, now: datetime) -> None:
    """Everything that an enrolment rests on, step by step; yields nothing, changes what is on record."""
    clinician = TreatingClinicianFactory(organization=in_tenant, npi="1234567893")
    Episode.objects.filter(id=episode.id).update(treating_clinician=clinician)
    of = {"organization": in_tenant, "patient": episode.patient}
    CoverageFactory(**of)
    RelatedPersonFactory(**of)
    SafetyPlanFactory(**of)
    record_visit(by=by, at=now, patient=episode.patient, on=date(2026, 1, 20), code="99214")
    record_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    record_consent(
        by=by, at=now, patient=episode.patient, given_at=now - timedelta(days=20), treating_clinician=clinician
    )
    InitialAssessmentFactory(organization=in_tenant, episode=episode)
    plan = CarePlanFactory(organization=in_tenant, episode=episode, number=1)
    PlanSignOffFactory(organization=in_tenant, plan=plan)
    for instrument in ("phq9", "gad7"):
        AssessmentFactory(organization=in_tenant, episode=episode, instrument=instrument, on=date(2026, 2, 2))


@pytest.mark.parametrize("kind", ["bare", "all", "revoked", "another's", "risk", "old visit"])
def test_the_checklist_counts_as_the_enrolment_page_does(
    enrolled: Callable[..., Any], in_tenant: Any, by: Any, now: datetime, kind: str
) -> None:
    episode = enrolled("Rivera", consent=kind not in {"bare", "all"})
    if kind == "all":
        _with_papers(episode, in_tenant, by, now)
    if kind == "revoked":
        Consent.objects.update(revoked_on=TODAY)
    if kind == "another's":
        first, second = (TreatingClinicianFactory(organization=in_tenant) for _ in range(2))
        record_consent(by=by, at=now, patient=episode.patient, given_at=now, treating_clinician=first)
        Episode.objects.filter(id=episode.id).update(treating_clinician=second)
    if kind == "risk":
        AssessmentFactory(organization=in_tenant, episode=episode, instrument="phqa", item9=1, on=date(2026, 2, 20))
        record_diagnosis(by=by, at=now, episode=episode, code="E11.9")
    if kind == "old visit":
        record_visit(by=by, at=now, patient=episode.patient, on=date(2025, 2, 1), code="99214")
        record_visit(by=by, at=now, patient=episode.patient, on=date(2026, 1, 20), code="99211")
    door = patient_door(episode.patient_id, for_=by, at=now)
    theirs = enrolment_shown(door.patient, door.episode, zone=door.zone, today=door.today).checklist
    mine = chart_of(episode, by, now).checklist
    assert [(part.label, part.is_done) for part in mine.parts] == [(part.label, part.is_done) for part in theirs.parts]


def test_a_full_chart_takes_as_many_statements_as_a_bare_one(
    enrolled: Callable[..., Any], opened: Callable[[Any], Any], in_tenant: Any, by: Any, now: datetime
) -> None:
    bare, full = enrolled("Bare"), enrolled("Full")
    _with_papers(full, in_tenant, by, now)
    EpisodeFactory(
        organization=in_tenant, patient=full.patient, enrolled_on=date(2025, 1, 6), ended_on=date(2025, 6, 2),
        end_reason="graduated", status="discharged",
    )  # fmt: skip
    taken = []
    for episode in (bare, full):
        opened(episode.patient_id)
        with CaptureQueriesContext(connection) as queries:
            opened(episode.patient_id)
        taken.append(len(queries))
    assert taken[0] == taken[1]


@pytest.mark.parametrize("has_score", [False, True])
def test_the_month_says_what_is_logged_how_long_it_lasts_and_asks_for_the_scale(
    opened: Callable[[Any], Any], in_tenant: Any, clinic: Any, has_score: bool
) -> None:
    episode = EpisodeFactory(organization=in_tenant, patient__clinic=clinic, enrolled_on=date(2026, 2, 1))
    CoverageFactory(organization=in_tenant, patient=episode.patient)
    if has_score:
        AssessmentFactory(organization=in_tenant, episode=episode, on=TODAY)
    page = opened(episode.patient.id).text
    assert "0 minutes logged, 0 count" in page
    assert "29 days left in the month" in page
    assert ("No score in this month yet." in page) is not has_score
