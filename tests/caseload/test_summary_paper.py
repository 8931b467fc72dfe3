"""The case summary: what it holds, that it fits one sheet, and how its PDF is made, kept and opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.web import pdf
from caseload.operations.summary_files import discard_summaries, keep_summary
from caseload.queries.case_summary import case_summary
from caseload.queries.summary_files import summary_file
from caseload.tasks import paper_of
from registry.rules.care_plans import Intervention, Medication, Plan
from registry.rules.content import as_json
from registry.rules.initial_assessment import FirstAssessment, LabResult, PastTreatment
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.going_live import PartTwoConsentFactory, PartTwoMarkFactory
from tests.factories.program import InitialAssessmentFactory, SafetyPlanFactory
from tests.factories.registry import AssessmentFactory, CarePlanFactory, DiagnosisFactory, PatientFactory
from tests.factories.reviews import RecommendationStepFactory, ReviewQuestionFactory, TreatmentChangeFactory
from tests.factories.risk import RelapsePlanFactory, RiskCaseFactory

TODAY = date(2026, 3, 2)
FIRST = FirstAssessment(
    why_referred="Low mood since autumn.",
    patient_wants="To sleep through.",
    suicide_history="One attempt in 2009.",
    bipolar_screen="negative",
    past_treatments=(PastTreatment("Fluoxetine", "20 mg", "6", "some", "felt flat"),),
    labs=(LabResult("TSH", date(2026, 1, 9), "2.1"),),
    pregnancy="does_not_apply",
)
PLAN = Plan(
    goals="Walk daily\nMeet friends",
    medications=(
        Medication("Sertraline", "100 mg", date(2026, 2, 4), "some_missed", "nausea"),
        Medication("Bupropion", "150 mg", None, "", "", date(2026, 2, 1)),
    ),
    interventions=(Intervention("behavioral_activation", "two walks"),),
)


@pytest.fixture
def episode(enrolled: Callable[..., Any]) -> Any:
    return enrolled("Rivera")


@pytest.fixture
def written(episode: Any, organization: Any, by: Any, now: datetime) -> Any:
    """A patient of whom much is on record."""
    of = {"organization": organization, "episode": episode}
    person = {"organization": organization, "patient": episode.patient}
    InitialAssessmentFactory(**of, number=1, on=date(2026, 2, 3), content=as_json(FIRST))
    CarePlanFactory(**of, number=1, on=date(2026, 2, 4), content=as_json(PLAN))
    for day, total, item9 in ((3, 16, 0), (24, 15, 1)):
        scored = {"on": date(2026, 2, day), "contact_id": None}
        AssessmentFactory(**person, instrument="phq9", total=total, item9=item9, **scored)
        AssessmentFactory(**person, instrument="gad7", total=total - 5, item9=None, **scored)
    TreatmentChangeFactory(**of, on=date(2026, 2, 20), text="Sertraline 50 to 100 mg")
    review = CaseReviewFactory(**person, episode=episode, on=date(2026, 2, 17))
    open_ = {"state": "accepted", "state_on": date(2026, 2, 19), "due_on": date(2026, 2, 24)}
    raised = RecommendationFactory(organization=organization, review=review, kind="medication", act="dose",
                                   text="Raise sertraline", dose="100 mg", **open_)  # fmt: skip
    RecommendationStepFactory(organization=organization, recommendation=raised, state="accepted", on=date(2026, 2, 19))
    ReviewQuestionFactory(**of, text="Is it bipolar?", asked_by=by, asked_on=date(2026, 2, 25))
    DiagnosisFactory(**of, code="F33.1")
    SafetyPlanFactory(**person, number=2, on=date(2026, 2, 10))
    return episode


def summary_of(episode: Any) -> Any:
    return case_summary(episode.organization_id, episode.id, on=TODAY)


def facts_of(summary: Any) -> dict[str, tuple[str, ...]]:
    return {one.label: one.lines for section in summary.sections for one in section.facts}


def text_of(content: bytes) -> tuple[int, str]:
    pages = PdfReader(BytesIO(content)).pages
    return len(pages), " ".join(" ".join(page.extract_text() for page in pages).split())


def test_everything_on_record_is_on_the_page(written: Any, by: Any) -> None:
    found = summary_of(written)
    facts = facts_of(found)
    assert [(one.text, one.by, one.on) for one in found.questions] == [("Is it bipolar?", str(by), date(2026, 2, 25))]
    assert (found.why_referred.lines, found.goals.lines) == (("Low mood since autumn.",), ("Walk daily; Meet friends",))
    assert facts["Taken now"] == (
        "Sertraline 100 mg, since Feb 4, 2026; taken: some doses missed; side effects: nausea",
    )
    assert facts["Practised"] == ("Behavioral activation: two walks",)
    assert facts["Tried before"] == (
        "Fluoxetine to 20 mg, 6 weeks, helped in part; stopped: felt flat",
        "Bupropion 150 mg, stopped Feb 1, 2026",
    )
    assert facts["Item 9"] == ("1 on Feb 24, 2026 (PHQ-9)",)
    assert facts["Safety plan"] == ("Version 2, Feb 10, 2026",)
    assert facts["Suicide and self-harm"] == ("One attempt in 2009.",)
    assert facts["Bipolar disorder"] == ("Negative",)
    assert facts["Anxiety"] == ("GAD-7 10, moderate, Feb 24, 2026",)
    assert facts["Labs, ECG"] == ("TSH, 2.1, Jan 9, 2026",)
    assert facts["Pregnancy, breastfeeding"] == ("Does not apply",)
    assert facts["Diagnoses"][0].startswith("F33.1 Major depressive disorder, recurrent, moderate")
    assert found.missing == (
        *("Allergies", "C-SSRS", "Violence", "Psychiatric history", "Family", "Psychosis", "Trauma", "Alcohol"),
        *("Drugs, tobacco", "Sleep", "Memory, concentration", "Medical problems", "Could look like this"),
        *("Day to day", "Supports and strains", "In the way"),
    )


def test_the_course_has_both_scales_and_the_marks_of_treatment(written: Any) -> None:
    found = summary_of(written)
    assert [(scale.name, [total for _, total in scale.scores]) for scale in found.scales] == [
        ("PHQ-9", [16, 15]),
        ("GAD-7", [11, 10]),
    ]
    assert found.marks == (
        (date(2026, 2, 1), "Bupropion stopped"),
        (date(2026, 2, 4), "Sertraline 100 mg started"),
        (date(2026, 2, 20), "Sertraline 50 to 100 mg"),
    )


def test_the_last_review_says_what_became_of_its_advice(written: Any) -> None:
    last = summary_of(written).last_review
    (one,) = last.advice
    assert (last.on, one.line.title, one.line.text) == (
        date(2026, 2, 17),
        "Medication: change the dose",
        "Raise sertraline",
    )
    assert (one.became, one.is_late) == ("Accepted, Feb 19, 2026", True)


def test_what_is_open_from_earlier_reviews_is_not_forgotten(written: Any, organization: Any) -> None:
    of = {"organization": organization, "patient": written.patient}
    earlier = CaseReviewFactory(**of, episode=written, on=date(2026, 2, 5))
    loop = {"state_on": date(2026, 2, 6), "due_on": date(2026, 3, 9)}
    RecommendationFactory(
        organization=organization, review=earlier, kind="referral", text="Sleep clinic", state="sent", **loop
    )
    RecommendationFactory(organization=organization, review=earlier, number=2, kind="continue", text="", state="closed")
    ((on, one),) = summary_of(written).still_open
    assert (on, one.line.title, one.line.text) == (date(2026, 2, 5), "Specialty referral", "Sleep clinic")
    assert (one.became, one.is_late) == ("With the clinician", False)


def test_how_closed_advice_ended_is_said(written: Any, organization: Any) -> None:
    review = CaseReviewFactory(organization=organization, patient=written.patient, episode=written, on=TODAY)
    loops = (("sent", "declined", "closed"), ("modified", "carried_out", "told"), ("closed",), ())
    for number, states in enumerate(loops, start=1):
        made = RecommendationFactory(organization=organization, review=review, number=number, state="closed")
        for state in states:
            said = {"text": {"declined": "Kidneys", "modified": "75 mg"}.get(state, "")}
            RecommendationStepFactory(organization=organization, recommendation=made, state=state, on=TODAY, **said)
    told = "Accepted with changes, Mar 2, 2026: 75 mg. Patient told, Mar 2, 2026"
    became = [one.became for one in summary_of(written).last_review.advice]
    assert became == ["Declined, Mar 2, 2026: Kidneys", told, "Closed, Mar 2, 2026", ""]


def test_a_plan_against_relapse_is_named_where_there_is_one(written: Any, organization: Any) -> None:
    assert "Relapse plan" not in facts_of(summary_of(written))
    RelapsePlanFactory(organization=organization, episode=written, number=1, on=date(2026, 3, 1), content={})
    assert facts_of(summary_of(written))["Relapse plan"] == ("Version 1, Mar 1, 2026",)


def test_what_was_done_since_counts_from_the_last_review(written: Any, organization: Any) -> None:
    of = {"organization": organization, "patient": written.patient, "episode": written}
    ContactFactory(**of, on=date(2026, 2, 10), note="Before the review")
    for day in range(18, 24):
        ContactFactory(**of, on=date(2026, 2, day), mode="phone", note="", parts={"skill": f"Walk {day}"})
    ContactFactory(**of, on=date(2026, 2, 24), activity="outreach", mode="phone", note="No answer")
    assert summary_of(written).done_since == (
        "Feb 23, 2026, phone. Skill practised: Walk 23",
        "Feb 22, 2026, phone. Skill practised: Walk 22",
        "Feb 21, 2026, phone. Skill practised: Walk 21",
        "Feb 20, 2026, phone. Skill practised: Walk 20",
        "And 2 earlier sessions, one attempt, message or other work.",
    )


def test_an_open_concern_is_told_with_its_tier_and_recheck(written: Any, organization: Any) -> None:
    RiskCaseFactory(
        organization=organization, patient=written.patient, clinic=written.clinic, opened_on=date(2026, 2, 24),
        tier="low", assessed_on=date(2026, 2, 24), recheck_on=date(2026, 3, 10),
    )  # fmt: skip
    assert facts_of(summary_of(written))["Risk"] == (
        "Open since Feb 24, 2026: low, assessed Feb 24, 2026, recheck Mar 10, 2026",
    )


def test_a_closed_concern_and_one_that_nobody_assessed(written: Any, organization: Any, by: Any, now: datetime) -> None:
    of = {"organization": organization, "patient": written.patient, "clinic": written.clinic}
    closed = {"closed_at": now, "closed_on": TODAY, "closed_by": by, "closing_note": "No thoughts any more."}
    assessed = {"tier": "none", "assessed_on": TODAY}
    RiskCaseFactory(**of, opened_on=date(2026, 2, 1), opened_at=now - timedelta(days=9), **assessed, **closed)
    assert facts_of(summary_of(written))["Risk"] == (
        "None open; the last was closed Mar 2, 2026 (no risk found, assessed Mar 2, 2026)",
    )
    RiskCaseFactory(**of, opened_on=TODAY, opened_at=now)
    assert facts_of(summary_of(written))["Risk"] == ("Open since Mar 2, 2026: not assessed yet",)


def test_the_screener_and_single_answers_are_read(written: Any, organization: Any) -> None:
    of = {"organization": organization, "patient": written.patient, "on": TODAY, "contact_id": None}
    AssessmentFactory(**of, instrument="cssrs", total=None, item9=None, detail={"tier": "low"})
    AssessmentFactory(**of, instrument="phq9", total=15, item9=1, items=[2, 2, 3, 2, 1, 2, None, 1, 1])
    facts = facts_of(summary_of(written))
    assert facts["C-SSRS"] == ("low risk, Mar 2, 2026",)
    assert facts["Sleep"] == ("PHQ-9 item 3: 3 of 3",)
    assert facts["Memory, concentration"] == ()


def test_a_question_of_a_note_that_nobody_took_up_is_asked_too(written: Any, organization: Any) -> None:
    of = {"organization": organization, "patient": written.patient, "episode": written}
    ContactFactory(**of, on=date(2026, 2, 26), question="Sleep?")
    ContactFactory(**of, on=date(2026, 2, 3), question="Answered long ago")
    assert [one.text for one in summary_of(written).questions] == ["Is it bipolar?", "Sleep?"]


def test_two_statements_whatever_is_on_record(written: Any) -> None:
    with CaptureQueriesContext(connection) as asked:
        summary_of(written)
    assert len(asked) == 2


def test_an_absent_episode_has_no_summary(organization: Any, in_tenant: Any) -> None:
    with pytest.raises(NotFound):
        case_summary(organization.id, uuid4(), on=TODAY)


def test_an_ordinary_patient_fits_one_sheet_of_paper(written: Any, now: datetime) -> None:
    pages, said = text_of(paper_of(written.organization_id, written.id, at=now))
    assert pages == 1
    for words in (
        "Ana Rivera",
        "Is it bipolar?",
        "Since the review of Feb 17",
        "Sertraline 50 to 100 mg",
        "Page 1 of 1",
    ):
        assert words in said
    assert PdfReader(BytesIO(paper_of(written.organization_id, written.id, at=now))).metadata.title == "Case summary"


def test_the_fullest_takes_two_sheets(written: Any, organization: Any, now: datetime) -> None:
    long = "Words and more words about it. " * 100
    names = [
        *("why_referred", "psychiatric_history", "family_history", "suicide_history", "violence_history", "trauma"),
        *("bipolar_notes", "psychosis_notes", "alcohol", "drugs", "medical_problems", "allergies", "sleep"),
        *("cognition", "function", "supports", "pregnancy_notes"),
    ]
    tried = tuple(PastTreatment(f"Drug {n}", "20 mg", "6", "some", long[:200]) for n in range(30))
    full = FirstAssessment(**dict.fromkeys(names, long), past_treatments=tried)
    taken = tuple(Medication(f"Medication {n}", "100 mg", TODAY, "as_agreed", long[:200]) for n in range(30))
    of = {"organization": organization, "episode": written}
    InitialAssessmentFactory(**of, number=2, on=TODAY, content=as_json(full))
    CarePlanFactory(**of, number=2, on=TODAY, content=as_json(Plan(goals=long, medications=taken)))
    for n in range(12):
        ReviewQuestionFactory(**of, text=long[:300], asked_on=date(2026, 2, 26))
        TreatmentChangeFactory(**of, on=date(2026, 2, 20), text=f"{n} {long[:200]}")
    assert text_of(paper_of(written.organization_id, written.id, at=now))[0] <= 2


def test_nothing_is_fetched_from_elsewhere() -> None:
    with pytest.raises(ValueError, match="template alone"):
        pdf._Given({})("https://elsewhere.example/font.woff2")


@pytest.fixture
def at_now(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def url(organization: Any, episode: Any) -> str:
    return f"/o/{organization.slug}/patients/{episode.patient_id}/summary/pdf/"


def test_the_pdf_is_made_by_a_job_and_opened_for_a_day(
    client: Client, url: str, written: Any, organization: Any, now: datetime, at_now: None
) -> None:
    assert client.get(url + "file/").status_code == 404
    answer = client.post(url)
    job_id = UUID(answer.url.rstrip("/").rsplit("/", 1)[1])
    assert "Waiting to start" in client.get(answer.url).text
    assert client.post(url).url == answer.url  # asked twice, made once
    assert run(organization_id=organization.id, job_id=job_id, at=now) == "done"
    assert url + "file/" in client.get(answer.url).text
    polled = client.get(answer.url, headers={"HX-Request": "true"})
    assert (polled.status_code, "<html" in polled.text) == (286, False)
    opened = client.get(url + "file/")
    assert opened.headers["Content-Type"] == "application/pdf"
    assert opened.headers["Content-Disposition"] == 'inline; filename="case-summary.pdf"'
    assert "Ana Rivera" in text_of(opened.content)[1]
    with tenant(organization.id):
        actions = set(AuditEvent.objects.filter(patient_id=written.patient_id).values_list("action", flat=True))
        sealed = bytes(StoredFile.objects.get().sealed)
    assert {"summary.printed", "summary.downloaded"} <= actions
    assert opened.content[:200] not in sealed
    with time_machine.travel(now + timedelta(days=1)):
        assert client.get(url + "file/").status_code == 404


def test_who_was_never_enrolled_has_no_paper(client: Client, organization: Any, in_tenant: Any, at_now: None) -> None:
    patient = PatientFactory(organization=organization)
    page = f"/o/{organization.slug}/patients/{patient.id}/summary/"
    assert "A case summary belongs to an enrolment." in client.get(page).text
    assert client.post(page + "pdf/").status_code == 404


def test_another_person_s_or_kind_of_job_is_not_there(
    client: Client, url: str, membership: Any, organization: Any, at_now: None
) -> None:
    made = client.post(url).url
    other = Client()
    other.force_login(membership("care_manager").user)
    assert other.get(made).status_code == 404
    with tenant(organization.id):
        Job.objects.filter(id=made.rstrip("/").rsplit("/", 1)[1]).update(kind="read_import")
    assert client.get(made).status_code == 404


def test_a_new_one_takes_the_place_of_the_last_and_the_old_go(episode: Any, organization: Any, now: datetime) -> None:
    of = {"organization_id": organization.id, "episode_id": episode.id}
    keep_summary(**of, content=b"first", at=now)
    kept = keep_summary(**of, content=b"second", at=now)
    assert summary_file(organization.id, episode.id, at=now).id == kept.id
    assert discard_summaries(organization_id=organization.id, at=now) == 0
    assert discard_summaries(organization_id=organization.id, at=now + timedelta(days=1)) == 1
    with pytest.raises(NotFound):
        summary_file(organization.id, episode.id, at=now)


def test_without_the_libraries_it_is_said(monkeypatch: pytest.MonkeyPatch, written: Any, now: datetime) -> None:
    import sys

    class Missing:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(pdf.PdfImpossible, match="Pango are missing"):
        paper_of(written.organization_id, written.id, at=now)


def test_of_a_covered_record_each_page_carries_the_notice_and_the_consents_scope(written, now):
    of = {"organization": written.organization, "patient": written.patient}
    PartTwoMarkFactory(**of)
    PartTwoConsentFactory(**of, signed_on=date(2026, 1, 5))
    pages = PdfReader(BytesIO(paper_of(written.organization_id, written.id, at=now))).pages
    said = [" ".join(page.extract_text().split()) for page in pages]
    lines = ("42 CFR part 2 prohibits unauthorized use or disclosure", "the patient's consent of January 5, 2026")
    assert [[line in text for line in lines] for text in said] == [[True, True]] * len(said)
