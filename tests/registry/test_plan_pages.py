"""First assessment, care plan and safety plan through the browser's door."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from bhi.audit.models import AuditEvent
from registry.forms.care_plans import CarePlanForm
from registry.models import CarePlan, InitialAssessment, SafetyPlan
from registry.operations.care_plans import record_plan_version
from registry.operations.initial_assessments import record_first_assessment
from registry.rules.care_plans import INTERVENTIONS, Medication, Plan
from registry.rules.initial_assessment import FirstAssessment, PastTreatment
from tests.factories.program import ClinicProtocolFactory
from tests.factories.registry import CarePlanFactory, EpisodeFactory, PatientFactory, TreatingClinicianFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

LEAST = {"based_on": "0", "on": "2026-03-02", "why_referred": "Low mood", "suicide_history": "None"}
PLAN = {
    "based_on": "0", "on": "2026-03-02", "goals": "Walk the dog again", "medications-0-name": "Sertraline",
    "medications-0-dose": "50 mg", "medications-0-started_on": "2026-02-10", "next_on": "2026-03-16",
}  # fmt: skip
SAFETY = {
    "based_on": "0",
    "on": "2026-03-02",
    "warning_signs": "I stop answering the phone",
    "helpers-0-name": "Dolores",
}


@pytest.fixture
def by(membership: Callable[..., Any]) -> Any:
    return membership("care_manager", name="Ken Abara", credential="RN")


@pytest.fixture
def clinician(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    seat = membership("treating_clinician", name="Ana Rivera")
    return TreatingClinicianFactory(organization=in_tenant, name="Ana Rivera", membership=seat)


@pytest.fixture
def episode(in_tenant: Any, clinician: Any) -> Any:
    return EpisodeFactory(organization=in_tenant, treating_clinician=clinician, patient__family_name="Novak")


@pytest.fixture
def url(organization: Any, episode: Any) -> Callable[[str], str]:
    return lambda path: f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


def signed_in(seat: Any) -> Client:
    client = Client()
    client.force_login(seat.user)
    return client


def sentences(answer: Any) -> list[str]:
    """What the summary above a refused form says."""
    assert answer.status_code == 422
    return [fault.sentence for fault in answer.context["form"].faults_shown()]


# The first assessment


def test_nothing_yet_says_what_is_enough(client: Client, url: Callable[[str], str]) -> None:
    page = client.get(url("first-assessment/"))
    assert "No first assessment yet" in page.text
    assert url("first-assessment/edit/") in page.text
    assert "<title>First assessment" in page.text


def test_two_answers_are_enough_and_the_rest_is_marked_missing(client: Client, url: Callable[[str], str]) -> None:
    empty = client.post(url("first-assessment/edit/"), {"based_on": "0", "on": "2026-03-02"})
    assert sentences(empty) == [
        "Say why the patient was referred.",
        "Say what is known of suicide attempts and self-harm. Write “none” if there were none.",
    ]
    saved = client.post(url("first-assessment/edit/"), LEAST, follow=True)
    assert saved.redirect_chain == [(url("first-assessment/"), 302)]
    assert [part.title for part in saved.context["parts"]] == ["Why referred", "Suicide and violence"]
    assert len(saved.context["missing"]) == 12
    assert "Psychiatric history · Past treatments · Bipolar" in saved.text
    assert "First assessment saved." in saved.text
    assert sorted(AuditEvent.objects.values_list("action", "patient_id")) == [
        (f"first_assessment.{what}", saved.context["door"].patient.id) for what in ("opened", "recorded", "viewed")
    ]


def test_it_is_updated_and_not_entered_again(client: Client, url: Callable[[str], str]) -> None:
    client.post(url("first-assessment/edit/"), LEAST | {"past_treatments-2-treatment": "Fluoxetine"})
    form = client.get(url("first-assessment/edit/")).context["form"]
    assert (form["based_on"].value(), form["why_referred"].value()) == (1, "Low mood")
    assert [form[f"past_treatments-{n}-treatment"].value() for n in range(4)] == ["Fluoxetine", None, None, None]
    client.post(url("first-assessment/edit/"), LEAST | {"based_on": "1", "trauma": "A fire"})
    rows = InitialAssessment.objects.order_by("number").values_list("number", "content")
    assert list(rows) == [
        (1, {"why_referred": "Low mood", "suicide_history": "None", "past_treatments": [{"treatment": "Fluoxetine"}]}),
        (2, {"why_referred": "Low mood", "suicide_history": "None", "trauma": "A fire"}),
    ]
    old = client.get(url("first-assessment/?version=1"))
    assert "An earlier version" in old.text
    assert "Fluoxetine" in old.text
    assert client.get(url("first-assessment/?version=3")).status_code == 404


def test_a_return_begins_with_what_was_known(client: Client, url: Callable[[str], str], episode: Any, by: Any) -> None:
    before = EpisodeFactory(
        organization=episode.organization, patient=episode.patient, enrolled_on=date(2025, 1, 1),
        ended_on=date(2025, 6, 1), end_reason="graduated", status="discharged",
    )  # fmt: skip
    InitialAssessment.objects.create(
        organization=episode.organization, recorded_at=before.recorded_at, recorded_by=by, episode=before, number=1,
        on=date(2025, 1, 3), content={"trauma": "A fire"},
    )  # fmt: skip
    page = client.get(url("first-assessment/edit/"))
    assert page.context["form"]["trauma"].value() == "A fire"
    assert "Taken over from the episode before (Jan 3, 2025)." in page.text
    assert client.get(url("first-assessment/")).context["version"] is None


def test_another_row_loses_nothing_and_saves_nothing(client: Client, url: Callable[[str], str]) -> None:
    typed = {"past_treatments-0-treatment": "Fluoxetine", "labs-0-on": "soon", "why_referred": "<b>Low</b>"}
    page = client.post(url("first-assessment/edit/"), typed | {"add_row": "past_treatments"})
    assert page.status_code == 200
    form = page.context["form"]
    assert {name: form[name].value() for name in typed} == typed
    assert (form.row_counts["past_treatments"], form.row_counts["labs"]) == (2, 1)
    assert "data-guard data-dirty" in page.text
    assert "&lt;b&gt;Low" in page.text
    rows = client.post(
        url("first-assessment/edit/"), typed | {"add_row": "past_treatments"},
        headers={"HX-Request": "true", "HX-Target": "rows-past_treatments"},
    )  # fmt: skip
    assert rows.text.strip().startswith('<div class="stack" id="rows-past_treatments">')
    assert "autofocus" in rows.text
    assert client.post(url("first-assessment/edit/"), {"add_row": "nonsense"}).status_code == 200
    assert InitialAssessment.objects.count() == 0


# Two people


def test_the_second_of_two_sees_both_versions_and_loses_nothing(
    client: Client, url: Callable[[str], str], membership: Callable[..., Any]
) -> None:
    client.post(url("care-plan/edit/"), PLAN | {"cadence": "Weekly", "tasks-0-who": "Ken"})
    other = signed_in(membership("care_manager", name="Mia Cruz"))
    base = PLAN | {"based_on": "1", "cadence": "Weekly", "tasks-0-who": "Ken"}
    hers = base | {
        "goals": "Sleep through", "cadence": "Every two weeks", "medications-1-name": "Trazodone", "tasks-0-who": "",
    }  # fmt: skip
    mine = base | {"goals": "Go back to work", "medications-1-name": "Melatonin", "safety_steps": "Call Dolores"}
    assert other.post(url("care-plan/edit/"), hers).status_code == 302
    answer = client.post(url("care-plan/edit/"), mine)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert "Mia Cruz saved version 2 while you were writing" in answer.text
    assert "data-dirty" in answer.text
    assert {one.label: one.fate.split(".")[0] for one in answer.context["meanwhile"].differing} == {
        "The patient's own goals": "Both of you changed this",
        "Medications": "Both of you changed this",
        "Who does what": "You left this as it was, so the form takes over theirs",
        "How often we talk": "You left this as it was, so the form takes over theirs",
        "Safety steps": "Only you changed this",
    }
    assert form["goals"].value() == "Go back to work"
    assert "Sleep through" in answer.text
    assert form["cadence"].value() == "Every two weeks"
    assert [form[f"medications-{n}-name"].value() for n in range(3)] == ["Sertraline", "Melatonin", "Trazodone"]
    again = {name: form[name].value() or "" for name in form.fields}
    assert again["based_on"] == 2
    client.post(url("care-plan/edit/"), again)
    plans = {plan.number: plan.content for plan in CarePlan.objects.all()}
    assert plans[2]["goals"] == "Sleep through"
    assert plans[3] == {
        "goals": "Go back to work", "cadence": "Every two weeks", "next_on": "2026-03-16",
        "safety_steps": "Call Dolores",
        "medications": [
            {"name": "Sertraline", "dose": "50 mg", "started_on": "2026-02-10"}, {"name": "Melatonin"},
            {"name": "Trazodone"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "typed", "kind"),
    [
        ("first-assessment/edit/", LEAST, InitialAssessment),
        ("care-plan/edit/", PLAN, CarePlan),
        ("safety-plan/edit/", SAFETY, SafetyPlan),
    ],
)
def test_a_first_version_by_two_and_the_same_form_twice(
    client: Client,
    url: Callable[[str], str],
    membership: Callable[..., Any],
    path: str,
    typed: dict[str, str],
    kind: Any,
) -> None:
    client.post(url(path), typed)
    twice = client.post(url(path), typed, follow=True)
    assert "This version was saved already." in twice.text
    assert kind.objects.count() == 1
    other = signed_in(membership("clinic_lead"))
    field = "goals" if "goals" in typed else "warning_signs" if "warning_signs" in typed else "why_referred"
    answer = other.post(url(path), typed | {field: "Something else"})
    assert answer.status_code == 422
    assert "Ken Abara, RN saved version 1" in answer.text
    assert answer.context["form"][field].value() == "Something else"
    assert typed[field] in answer.text
    assert kind.objects.count() == 1


def test_a_form_that_was_based_on_nothing_known_is_refused(client: Client, url: Callable[[str], str]) -> None:
    answer = client.post(url("care-plan/edit/"), PLAN | {"based_on": "7"})
    assert sentences(answer) == [
        "Somebody saved a newer version while you were writing. Look at both, then save again."
    ]
    assert answer.context["form"]["goals"].value() == "Walk the dog again"
    for based_on in ("", "-1", "x", "9" * 30):
        damaged = client.post(url("care-plan/edit/"), PLAN | {"based_on": based_on})
        assert sentences(damaged) == ["This form is damaged. Open a new one."]


def test_what_only_the_operation_refuses_is_said_above_the_form(
    client: Client, url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CarePlanForm, "faults", lambda form: ())
    answer = client.post(url("care-plan/edit/"), PLAN | {"cadence": "x" * 201})
    assert sentences(answer) == ["How often we talk holds 200 characters, and this has 201. Shorten it."]
    assert answer.context["form"].non_field_errors() == sentences(answer)


# What is refused

DAY = "enter a day that exists, as year-month-day: 2026-10-12."
BAD = [
    ({"goals": "", "medications-0-name": "", "medications-0-dose": "", "medications-0-started_on": "", "next_on": ""},
     "goals", "The plan is empty. Begin with what the patient wants to reach."),
    ({"goals": "x" * 1_000_000}, "goals",
     "The patient's own goals holds 4,000 characters, and this has 1,000,000. Shorten it."),
    ({"cadence": "\0"}, "cadence",
     "How often we talk contains a sign that cannot be kept. Type it again instead of pasting it."),
    ({"on": ""}, "on", "Enter the day."),
    ({"on": "2026-02-30"}, "on", f"E{DAY[1:]}"),
    ({"on": "2031-01-01"}, "on", "This day is in the future. Correct it."),
    ({"on": "1950-01-01"}, "on", "This day is before the patient's birth. Correct it."),
    ({"next_on": "soon"}, "next_on", f"Next contact: {DAY}"),
    ({"next_on": "2026-03-01"}, "next_on",
     "Next contact: this day is before the day of the plan. Correct one of them."),
    ({"next_on": "2033-03-01"}, "next_on", "Next contact: this day is more than two years ahead. Correct it."),
    ({"medications-0-name": ""}, "medications-0-name", "Medication 1. Enter the medication, or clear the row."),
    ({"medications-3-dose": "5 mg"}, "medications-3-name", "Medication 2. Enter the medication, or clear the row."),
    ({"medications-0-dose": "x" * 101}, "medications-0-dose",
     "Medication 1. Dose holds 100 characters, and this has 101. Shorten it."),
    ({"medications-0-adherence": "daily"}, "medications-0-adherence", "Taken: choose one from the list."),
    ({"medications-0-started_on": "1/2/26"}, "medications-0-started_on", None),
    ({"medications-0-started_on": "2026-13-01"}, "medications-0-started_on", f"Started: {DAY}"),
    ({"medications-0-stopped_on": "2026-03-03"}, "medications-0-stopped_on",
     "Medication 1. Stopped: this day is in the future. Correct it."),
    ({"medications-0-stopped_on": "2026-02-09"}, "medications-0-stopped_on",
     "Medication 1. It stopped before it started. Correct one of the days."),
    ({"interventions-0-how": "Diary"}, "interventions-0-kind",
     "Intervention 1. Choose what is practised, or clear the row."),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "field", "sentence"), BAD)
def test_faulty_input_comes_back_as_typed_with_the_fix_at_its_field(
    client: Client, url: Callable[[str], str], changed: dict[str, str], field: str, sentence: str | None
) -> None:
    typed = PLAN | changed
    answer = client.post(url("care-plan/edit/"), typed)
    if sentence is None:  # a day in American order is understood
        assert answer.status_code == 302
        return
    assert sentences(answer) == [sentence]
    form = answer.context["form"]
    assert form.errors == {field: [sentence]}
    assert {name: form[name].value() for name in typed} == typed
    assert CarePlan.objects.count() == 0


def test_two_hundred_rows_come_back(client: Client, url: Callable[[str], str]) -> None:
    columns = ("name", "dose", "started_on", "adherence", "side_effects", "stopped_on")
    rows = {f"medications-{n}-{column}": "" for n in range(200) for column in columns}
    rows |= {f"medications-{n}-name": f"Drug {n}" for n in range(200)}
    answer = client.post(url("care-plan/edit/"), PLAN | rows)
    assert sentences(answer) == ["Medications: at most 30 rows can be kept, and these are 200. Clear some."]
    form = answer.context["form"]
    assert form["medications-199-name"].value() == "Drug 199"
    assert "Drug 199" in answer.text
    assert CarePlan.objects.count() == 0


def test_markup_is_text(client: Client, url: Callable[[str], str]) -> None:
    markup = "<script>alert(1)</script>{{ door }}"
    client.post(url("care-plan/edit/"), PLAN | {"goals": markup, "medications-0-name": markup})
    for path in ("care-plan/", "care-plan/edit/", "care-plan/print/", "care-plan/sign/"):
        page = client.get(url(path))
        assert "<script>alert" not in page.text
        assert page.text.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ door }}") == 2


# The care plan


def test_a_plan_is_announced_to_billing_and_dated(client: Client, url: Callable[[str], str], episode: Any) -> None:
    from bhi.jobs.models import Job

    client.post(url("care-plan/edit/"), PLAN)
    plan = CarePlan.objects.get()
    assert (plan.number, plan.on, plan.text) == (1, date(2026, 3, 2), "")
    assert Job.objects.filter(kind="refresh_service_month").count() == 1
    assert AuditEvent.objects.get(action="care_plan.recorded").fields == ["content", "on", "text"]


def test_an_imported_plan_begins_the_first_version(client: Client, url: Callable[[str], str], episode: Any) -> None:
    CarePlanFactory(organization=episode.organization, episode=episode, text="Walk daily")
    assert "From an import" in client.get(url("care-plan/")).text
    form = client.get(url("care-plan/edit/")).context["form"]
    assert (form["text"].value(), form["based_on"].value()) == ("Walk daily", 0)
    client.post(url("care-plan/edit/"), PLAN | {"text": "Walk daily"})
    page = client.get(url("care-plan/"))
    assert [one.name for one in page.context["versions"]] == ["Version 1", "From an import"]
    assert page.context["version"].content.text == "Walk daily"


def test_what_the_first_assessment_says_stands_beside(
    client: Client, url: Callable[[str], str], episode: Any, by: Any, now: datetime
) -> None:
    from caseload.models import FollowUp

    FollowUp.objects.create(
        organization=episode.organization, recorded_at=now, recorded_by=by, patient=episode.patient, episode=episode,
        due_on=date(2026, 3, 20), purpose="PHQ-9",
    )  # fmt: skip
    record_first_assessment(
        by=by, at=now, episode=episode, based_on=0, on=date(2026, 2, 3), today=date(2026, 3, 2),
        content=FirstAssessment(
            why_referred="Low mood", suicide_history="None", trauma="A fire",
            past_treatments=(PastTreatment("Fluoxetine", "40 mg", "8", "some", "Nausea"),),
        ),
    )  # fmt: skip
    page = client.get(url("care-plan/edit/"))
    assert [part.title for part in page.context["feeds"]] == ["Why referred", "Past treatments"]
    assert "Helped in part" in page.text
    assert "A fire" not in page.text
    form = page.context["form"]
    assert (form["next_on"].value(), form["next_purpose"].value()) == (date(2026, 3, 20), "PHQ-9")


def test_versions_are_compared_by_word_and_sign(client: Client, url: Callable[[str], str]) -> None:
    assert "Nothing to compare yet" in client.get(url("care-plan/compare/")).text
    client.post(url("care-plan/edit/"), PLAN | {"goals": "Walk\nSleep\nCook", "cadence": "Weekly"})
    changed = {"goals": "Walk\nSleep well\nCook\nWork", "cadence": "Weekly", "medications-0-dose": "100 mg"}
    client.post(url("care-plan/edit/"), PLAN | changed | {"based_on": "1", "next_on": ""})
    page = client.get(url("care-plan/compare/"))
    said = {
        field.label: [(line.sign, line.word, line.left, line.right) for line in field.lines]
        for part in page.context["differing"]
        for field in part.fields
    }
    assert said == {
        "The patient's own goals": [
            ("=", "Same", "Walk", "Walk"), ("≠", "Changed", "Sleep", "Sleep well"), ("=", "Same", "Cook", "Cook"),
            ("+", "Added", "", "Work"),
        ],
        "Medications": [("≠", "Changed", "Sertraline · Dose 50 mg · Started Feb 10, 2026",
                         "Sertraline · Dose 100 mg · Started Feb 10, 2026")],
        "How often we talk": [("=", "Same", "Weekly", "Weekly")],
        "Next contact": [("−", "Removed", "Mar 16, 2026", "")],
    }  # fmt: skip
    back = client.get(url("care-plan/compare/?from=2&to=1"))
    assert [version.number for version in back.context["pair"]] == [2, 1]
    same = client.get(url("care-plan/compare/?from=1&to=1"))
    assert "The two versions say the same." in same.text
    for path in ("safety-plan/compare/", "first-assessment/compare/?from=1&to=nonsense"):
        assert "Nothing to compare yet" in client.get(url(path)).text


def test_on_paper_for_the_patient(client: Client, url: Callable[[str], str], episode: Any) -> None:
    assert "Write the care plan first." in client.get(url("care-plan/print/")).text
    stopped = {
        "medications-1-name": "Fluoxetine", "medications-1-stopped_on": "2026-02-01", "interventions-0-kind": "sleep",
        "problems-0-problem": "Low mood", "problems-0-target": "PHQ-9 below 5", "tasks-0-who": "Ken",
    }  # fmt: skip
    client.post(url("care-plan/edit/"), PLAN | stopped)
    paper = client.get(url("care-plan/print/"))
    assert "Sertraline, 50 mg" in paper.text
    assert "Fluoxetine" not in paper.text
    assert "Better sleep" in paper.text
    assert "988" in paper.text
    type(episode.patient).objects.filter(id=episode.patient_id).update(language="Spanish")
    spanish = client.get(url("care-plan/print/"))
    assert '<article class="prose handout" lang="es">' in spanish.text
    assert "Si puede hacerse daño" in spanish.text
    assert '<article class="prose handout" lang="en">' in client.get(url("care-plan/print/?language=en")).text


@pytest.mark.parametrize("template", ["care_plan_print.html", "safety_plan_print.html"])
def test_every_heading_on_paper_is_in_spanish(template: str) -> None:
    source = (settings.BASE_DIR / "templates" / "registry" / template).read_text()
    said = {*re.findall(r'{% translate "(.*?)" %}', source), *(word for _, word in INTERVENTIONS)}
    with translation.override("es"):
        assert [one for one in sorted(said) if translation.gettext(one) == one] == []


# Sign-off


def test_the_treating_clinician_signs(client: Client, url: Callable[[str], str], clinician: Any, episode: Any) -> None:
    doctor = signed_in(clinician.membership)
    assert "Nothing to sign" in doctor.get(url("care-plan/sign/")).text
    client.post(url("care-plan/edit/"), PLAN)
    page = doctor.get(url("care-plan/sign/"))
    assert "You are Ana Rivera, MD." in page.text
    form = page.context["form"]
    sent = {name: form[name].value() for name in form.fields}
    signed = doctor.post(url("care-plan/sign/"), sent, follow=True)
    assert "Sign-off recorded." in signed.text
    sign_off = signed.context["version"].sign_off
    assert (sign_off.clinician, sign_off.on, sign_off.how) == ("Ana Rivera, MD", date(2026, 3, 2), "signed in")
    again = doctor.post(url("care-plan/sign/"), sent)
    assert again.context["form"].non_field_errors() == ["This version is signed already."]
    assert "Signed" in doctor.get(url("care-plan/sign/")).text


def test_the_care_manager_records_what_the_clinician_said(client: Client, url: Callable[[str], str]) -> None:
    client.post(url("care-plan/edit/"), PLAN)
    plan = CarePlan.objects.get()
    sent = {"plan_id": str(plan.id), "how": "verbally", "on": "2026-03-02"}
    faults = [
        ({"how": ""}, "how", "Choose how they agreed."),
        ({"how": "signed_in"}, "how", "Choose how from the list."),
        ({"on": "2026-03-03"}, "__all__", "The sign-off is in the future. Correct the day."),
        ({"on": "2026-03-01"}, "__all__", "The sign-off is before the day of the plan. Correct the day."),
        ({"on": "never"}, "on", "Enter a day that exists, as year-month-day: 2026-10-12."),
        ({"plan_id": "1"}, "plan_id", "This form is damaged. Open a new one."),
    ]
    for changed, field, sentence in faults:
        answer = client.post(url("care-plan/sign/"), sent | changed)
        assert answer.status_code == 422
        assert answer.context["form"].errors == {field: [sentence]}
    client.post(url("care-plan/edit/"), PLAN | {"based_on": "1", "goals": "Other"})
    outdated = client.post(url("care-plan/sign/"), sent)
    assert outdated.context["form"].non_field_errors() == [
        "The plan was changed since you opened it. Read the present version, then sign that."
    ]
    present = CarePlan.objects.get(number=2)
    done = client.post(url("care-plan/sign/"), sent | {"plan_id": str(present.id)}, follow=True)
    assert "Signed by Ana Rivera, MD, Mar 2, said so" in done.text
    assert [one.sign_off is None for one in done.context["versions"]] == [False, True]


def test_nobody_signs_for_another(
    client: Client, url: Callable[[str], str], membership: Callable[..., Any], episode: Any
) -> None:
    client.post(url("care-plan/edit/"), PLAN)
    stranger = signed_in(membership("treating_clinician"))
    page = stranger.get(url("care-plan/sign/"))
    assert "Ana Rivera, MD treats this patient and signs this plan" in page.text
    sent = {"plan_id": str(CarePlan.objects.get().id), "how": "verbally", "on": "2026-03-02"}
    assert stranger.post(url("care-plan/sign/"), sent).status_code == 422
    type(episode).objects.filter(id=episode.id).update(treating_clinician=None)
    nobody = client.post(url("care-plan/sign/"), sent)
    assert nobody.context["form"].non_field_errors() == [
        "No treating clinician is recorded. Choose who treats the patient, then record the sign-off."
    ]


# The safety plan


def test_the_safety_plan_stands_with_the_numbers_that_always_hold(
    client: Client, url: Callable[[str], str], episode: Any
) -> None:
    assert "988" in client.get(url("safety-plan/")).text
    assert 'href="tel:988"' in client.get(url("safety-plan/edit/")).text
    empty = client.post(url("safety-plan/edit/"), {"based_on": "0", "on": "2026-03-02"})
    assert sentences(empty) == ["The plan is empty. Begin with what the patient notices when it gets worse."]
    client.post(url("safety-plan/edit/"), SAFETY | {"helpers-0-phone": "555 0100", "services-0-name": "Lakeside"})
    page = client.get(url("safety-plan/"))
    assert "I stop answering the phone" in page.text
    assert page.context["missing"] == (
        "What I can do myself", "People and places that take my mind off it", "Making my surroundings safer",
        "What matters most to me",
    )  # fmt: skip
    paper = client.get(url("safety-plan/print/?language=en"))
    assert "Dolores: 555 0100" in paper.text
    assert "Call or text 988, at any hour" in paper.text
    assert "Call or text 988 at any hour." not in paper.text
    ClinicProtocolFactory(organization=episode.organization, clinic=episode.clinic, crisis_text="Ring 555 0199.")
    own = client.get(url("safety-plan/print/?language=en"))
    assert re.findall(r"<strong>(.*?)</strong>", own.text)[-2:] == [
        "Ring 555 0199.", "Call or text 988 at any hour. Call 911 when life is in danger."
    ]  # fmt: skip


def test_a_safety_plan_needs_no_enrolment(client: Client, organization: Any, in_tenant: Any) -> None:
    patient = PatientFactory(organization=in_tenant)
    start = f"/o/{organization.slug}/patients/{patient.id}"
    client.post(f"{start}/safety-plan/edit/", SAFETY)
    assert SafetyPlan.objects.get().patient_id == patient.id
    assert "Not enrolled" in client.get(f"{start}/care-plan/").text
    assert "Not enrolled" in client.get(f"{start}/first-assessment/").text
    assert "No open enrolment" in client.get(f"{start}/care-plan/edit/").text
    assert client.post(f"{start}/care-plan/edit/", PLAN).status_code == 409
    assert "Nothing to sign" in client.get(f"{start}/care-plan/sign/").text
    assert "Write the care plan first." in client.get(f"{start}/care-plan/print/").text
    assert CarePlan.objects.count() == 0


# Statements


@pytest.mark.parametrize(
    ("path", "statements"),
    [
        ("first-assessment/", 3), ("first-assessment/edit/", 3), ("first-assessment/compare/", 3), ("care-plan/", 5),
        ("care-plan/edit/", 7), ("care-plan/print/", 6), ("care-plan/sign/", 5), ("safety-plan/", 6),
    ],
)  # fmt: skip
def test_a_page_takes_as_many_statements_for_many_versions(
    client: Client, url: Callable[[str], str], episode: Any, by: Any, now: datetime, path: str, statements: int
) -> None:
    client.post(url("first-assessment/edit/"), LEAST)
    client.post(url("safety-plan/edit/"), SAFETY)
    for number in range(6):
        record_plan_version(
            by=by, at=now, episode=episode, based_on=number, on=date(2026, 3, 2), today=date(2026, 3, 2),
            content=Plan(goals=f"Goal {number}", medications=(Medication("Sertraline"),) * (number + 1)),
        )  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        client.get(url(path))
    assert len(own(queries)) == statements
