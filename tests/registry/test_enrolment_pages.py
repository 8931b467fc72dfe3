"""The checklist, consent, visits, diagnoses, program and texts, through the browser's door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from registry.models import Consent, ConsentText, Diagnosis, Episode, InitiatingVisit, ProgramPeriod
from registry.operations import add_diagnosis, end_episode, open_episode
from tests.factories.program import ClosingNoteFactory, ConsentTextFactory, RelatedPersonFactory
from tests.factories.registry import (
    AssessmentFactory,
    ConsentFactory,
    DiagnosisFactory,
    EpisodeFactory,
    InitiatingVisitFactory,
    TreatingClinicianFactory,
)
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


@pytest.fixture
def clinician(in_tenant: Any) -> Any:
    return TreatingClinicianFactory(organization=in_tenant)


@pytest.fixture
def episode(by: Any, now: datetime, clinic: Any, person: Callable[..., Any], clinician: Any) -> Episode:
    return open_episode(
        by=by,
        at=now,
        patient=person(),
        clinic=clinic,
        enrolled_on=date(2026, 2, 2),
        treating_clinician=clinician,
        care_manager=by,
    )


@pytest.fixture
def url(organization: Any, episode: Any) -> Callable[..., str]:
    return lambda path="": f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


def errors(answer: Any, form: str = "form") -> list[str]:
    assert answer.status_code == 422
    return sorted(answer.context[form].errors)


# The checklist


def test_the_checklist_links_to_what_mends_it(client: Client, url: Callable[..., str]) -> None:
    page = client.get(url("enrolment/"))
    assert (page.context["shown"].checklist.done, page.context["shown"].checklist.total) == (4, 14)
    assert f'<a href="{url("consents/new/")}">Consent</a>' in page.text
    assert "No minutes count before it." in page.text
    shown = {one.part.key: one.url for one in page.context["parts"]}
    assert [key for key, address in shown.items() if not address] == []


def test_a_treating_clinician_sees_the_checklist_without_what_they_may_not_do(
    client_for: Callable[..., Any], url: Callable[..., str]
) -> None:
    page = client_for("treating_clinician").get(url("enrolment/"))
    assert "Checklist" in page.text
    assert "Record consent" not in page.text
    assert {one.url for one in page.context["parts"]} == {""}


def test_the_page_asks_little_of_the_database_however_much_is_on_record(
    client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime, clinic: Any
) -> None:
    patient, organization = episode.patient, episode.organization
    client.get(url("enrolment/"))
    with CaptureQueriesContext(connection) as empty:
        client.get(url("enrolment/"))
    end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 20), reason="graduated")
    ClosingNoteFactory(organization=organization, episode=episode, summary="Went well.", way_back="Call us.")
    second = EpisodeFactory(organization=organization, patient=patient, enrolled_on=date(2026, 3, 1))
    for _ in range(3):
        ConsentFactory(organization=organization, patient=patient)
        InitiatingVisitFactory(organization=organization, patient=patient)
        AssessmentFactory(organization=organization, episode=episode)
    DiagnosisFactory(organization=organization, episode=second)
    with CaptureQueriesContext(connection) as full:
        page = client.get(url("enrolment/"))
    assert "Went well." in page.text
    assert len(full) <= len(empty) + 1
    assert len(own(full)) <= 8


def test_earlier_enrolments_stay_in_view_after_discharge(
    client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime
) -> None:
    end_episode(by=by, at=now, episode=episode, on=date(2026, 2, 20), reason="withdrew")
    page = client.get(url("enrolment/"))
    assert "Feb 2, 2026 to Feb 20, 2026" in page.text
    assert "Enrol again" in page.text
    assert "Not enrolled now" in page.text


# Consent


@pytest.fixture
def agreed(clinician: Any, by: Any) -> dict[str, str]:
    return {
        "how": "verbal", "on": "2026-03-02", "time": "10:30", "given_by": "patient",
        "treating_clinician": str(clinician.id), "taken_by": str(by.id), "script": "",
    }  # fmt: skip


def test_consent_is_recorded_once_however_often_it_is_sent(
    client: Client, url: Callable[..., str], agreed: dict[str, str], clinician: Any, by: Any, organization: Any
) -> None:
    text = ConsentTextFactory(organization=organization, number=1)
    agreed["script"] = str(text.id)
    for _ in range(2):
        assert client.post(url("consents/new/"), agreed)["Location"] == url("enrolment/")
    consent = Consent.objects.get()
    assert (consent.given_at, consent.is_time_known, consent.script, consent.treating_clinician, consent.taken_by) == (
        datetime(2026, 3, 2, 16, 30, tzinfo=UTC),
        True,
        text,
        clinician,
        by,
    )


def test_consent_of_which_only_the_day_is_known_counts_from_its_start(
    client: Client, url: Callable[..., str], agreed: dict[str, str]
) -> None:
    agreed |= {"time": "", "is_time_unknown": "on", "on": "2026-02-27"}
    client.post(url("consents/new/"), agreed)
    consent = Consent.objects.get()
    assert (consent.given_at, consent.is_time_known) == (datetime(2026, 2, 27, 6, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"how": ""}, ["how"]),
        ({"on": "soon"}, ["on"]),
        ({"time": ""}, ["time"]),
        ({"time": "25:00"}, ["time"]),
        ({"is_time_unknown": "on"}, ["time"]),
        ({"time": "11:30"}, ["on"]),
        ({"on": "2026-03-03"}, ["on"]),
        ({"on": "1961-05-03"}, ["on"]),
        ({"on": "2025-11-02", "time": "01:30"}, ["which"]),
        ({"on": "2025-03-09", "time": "02:30"}, ["time"]),
        ({"given_by": "representative"}, ["representative"]),
        ({"given_by": "minor"}, ["given_by"]),
        ({"given_by": ""}, ["given_by"]),
        ({"treating_clinician": ""}, ["treating_clinician"]),
        ({"script": "00000000-0000-4000-8000-000000000000"}, ["script"]),
        ({"taken_by": "00000000-0000-4000-8000-000000000000"}, ["taken_by"]),
    ],
)
def test_a_consent_that_cannot_be_is_said_at_its_field(
    client: Client, url: Callable[..., str], agreed: dict[str, str], change: dict[str, str], fields: list[str]
) -> None:
    assert errors(client.post(url("consents/new/"), {**agreed, **change})) == fields
    assert Consent.objects.count() == 0


def test_a_time_that_occurred_twice_is_the_one_that_was_chosen(
    client: Client, url: Callable[..., str], agreed: dict[str, str]
) -> None:
    agreed |= {"on": "2025-11-02", "time": "01:30", "which": "second"}
    client.post(url("consents/new/"), agreed)
    assert Consent.objects.get().given_at == datetime(2025, 11, 2, 7, 30, tzinfo=UTC)


def test_a_minor_is_warned_about_and_nobody_is_chosen_beforehand(
    client: Client, url: Callable[..., str], agreed: dict[str, str], episode: Any
) -> None:
    patient = episode.patient
    patient.birth_date = date(2010, 5, 4)
    patient.save()
    mother = RelatedPersonFactory(organization=patient.organization, patient=patient, represents_as="parent")
    page = client.get(url("consents/new/"))
    assert "The patient is under 18" in page.text
    assert page.context["form"]["given_by"].value() == ""
    assert errors(client.post(url("consents/new/"), agreed)) == ["given_by"]
    agreed |= {"given_by": "representative", "representative": str(mother.id)}
    assert client.post(url("consents/new/"), agreed).status_code == 302
    assert Consent.objects.get().representative == mother


def test_consent_is_taken_back_from_a_day_or_as_an_error(client: Client, url: Callable[..., str], episode: Any) -> None:
    given = ConsentFactory(organization=episode.organization, patient=episode.patient)
    path = url(f"consents/{given.id}/revoke/")
    assert errors(client.post(path, {"on": "2026-03-03"})) == ["on"]
    assert errors(client.post(path, {"on": "2026-01-01"})) == ["on"]
    assert client.post(path, {"on": "2026-03-01"}).status_code == 302
    assert client.post(path, {"on": "2026-02-28"}).status_code == 302
    given.refresh_from_db()
    assert given.revoked_on == date(2026, 3, 1)
    assert errors(client.post(url(f"consents/{given.id}/void/"), {"reason": ""})) == ["reason"]
    client.post(url(f"consents/{given.id}/void/"), {"reason": "Other patient"})
    assert Consent.objects.live().count() == 0
    assert client.get(url(f"consents/{given.id}/void/")).status_code == 404


def test_another_patients_and_another_organizations_consents_are_not_there(
    client: Client, url: Callable[..., str], organization: Any, other_organization: Any
) -> None:
    another = ConsentFactory(organization=organization)
    with tenant(other_organization):
        foreign = ConsentFactory(organization=other_organization)
    for consent in (another, foreign):
        assert client.get(url(f"consents/{consent.id}/revoke/")).status_code == 404
        assert client.get(url(f"consents/{consent.id}/void/")).status_code == 404


# Visits


def test_a_visit_is_recorded_with_whom_and_taken_back(client: Client, url: Callable[..., str], clinician: Any) -> None:
    typed = {"on": "2026-01-20", "code": "99214", "by_whom": "billing", "treating_clinician": str(clinician.id)}
    for _ in range(2):
        assert client.post(url("visits/new/"), typed).status_code == 302
    visit = InitiatingVisit.objects.get()
    assert (visit.code, visit.is_by_billing_practitioner, visit.treating_clinician) == ("99214", True, clinician)
    client.post(url("visits/new/"), {**typed, "code": "unknown", "by_whom": "other"})
    assert set(InitiatingVisit.objects.values_list("code", "is_by_billing_practitioner")) == {
        ("99214", True),
        ("", False),
    }
    for change in ({"on": "2026-03-03"}, {"on": ""}):
        assert errors(client.post(url("visits/new/"), {**typed, **change})) == ["on"]
    assert errors(client.post(url("visits/new/"), {**typed, "code": "99211"})) == ["code"]
    assert errors(client.post(url("visits/new/"), {**typed, "by_whom": ""})) == ["by_whom"]
    client.post(url(f"visits/{visit.id}/void/"), {"reason": "Wrong day"})
    assert InitiatingVisit.objects.live().count() == 1


# Diagnoses


def test_a_code_is_searched_and_recorded_without_script(client: Client, url: Callable[..., str]) -> None:
    page = client.post(url("diagnoses/search/"), {"words": "recurrent moderate"})
    assert [one.code for one in page.context["found"].rows] == ["F33.1"]
    assert 'name="code" value="F33.1"' in page.text
    assert client.post(url("diagnoses/add/"), {"code": "F33.1"})["Location"] == url("diagnoses/")
    assert Diagnosis.objects.get().code == "F33.1"
    again = client.post(url("diagnoses/add/"), {"code": "F33.1"})
    assert "This diagnosis is already on the list." in again.text


def test_the_search_answers_a_fragment_to_htmx(client: Client, url: Callable[..., str]) -> None:
    part = client.post(url("diagnoses/search/"), {"words": "F33"}, headers={"HX-Request": "true"})
    assert part.text.strip().startswith('<div id="found"')
    assert "F33 needs one more digit" in part.text
    nothing = client.post(url("diagnoses/search/"), {"words": "xyzzy"}, headers={"HX-Request": "true"})
    assert "Nothing found." in nothing.text
    too_long = client.post(url("diagnoses/search/"), {"words": "x" * 101})
    assert "This is longer than 100 characters. Shorten it." in too_long.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"code": "F33"}, "F33 needs one more digit: choose one of those below it."),
        ({"code": ""}, "Choose a code, or type one such as F33.1."),
        ({"code": "F99.99"}, "F99.99 is not a code of ICD-10-CM"),
        ({"code": "F33.1", "from_on": "2026-03-03"}, "The day is in the future. Correct it."),
        ({"code": "<script>"}, "A diagnosis is an ICD-10-CM code such as F33.1."),
    ],
)
def test_a_code_that_cannot_be_is_said(
    client: Client, url: Callable[..., str], typed: dict[str, str], sentence: str
) -> None:
    answer = client.post(url("diagnoses/add/"), typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert Diagnosis.objects.count() == 0


def test_the_care_manager_records_what_the_clinician_said(
    client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime, clinician: Any
) -> None:
    made = add_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    path = url(f"diagnoses/{made.id}/confirm/")
    typed = {"how": "verbally", "by_clinician": str(clinician.id), "on": "2026-03-01"}
    assert client.get(path).context["form"].initial["by_clinician"] == clinician.id
    assert errors(client.post(path, {**typed, "how": ""})) == ["how"]
    assert errors(client.post(path, {**typed, "on": "2026-03-03"})) == ["on"]
    assert client.post(path, typed).status_code == 302
    made.refresh_from_db()
    assert (made.confirmed_by, made.confirmed_on, made.confirmed_how) == (clinician, date(2026, 3, 1), "verbally")
    assert client.post(path, typed)["Location"] == url("diagnoses/")


def test_the_treating_clinician_confirms_signed_in(
    client_for: Callable[..., Any], url: Callable[..., str], episode: Any, by: Any, now: datetime, clinician: Any
) -> None:
    made = add_diagnosis(by=by, at=now, episode=episode, code="F33.1")
    own = client_for("treating_clinician")
    clinician.membership = own.membership
    clinician.save()
    assert "You treat this patient." in own.get(url(f"diagnoses/{made.id}/confirm/")).text
    assert own.post(url(f"diagnoses/{made.id}/confirm/")).status_code == 302
    made.refresh_from_db()
    assert (made.confirmed_by, made.confirmed_on, made.confirmed_how) == (clinician, TODAY, "Signed in")


def test_order_and_removal(client: Client, url: Callable[..., str], episode: Any, by: Any, now: datetime) -> None:
    first, second = (add_diagnosis(by=by, at=now, episode=episode, code=code) for code in ("F41.1", "F33.1"))
    client.post(url(f"diagnoses/{second.id}/first/"))
    assert list(Diagnosis.objects.order_by("rank").values_list("code", flat=True)) == ["F33.1", "F41.1"]
    assert errors(client.post(url(f"diagnoses/{first.id}/end/"), {"reason": " "})) == ["reason"]
    client.post(url(f"diagnoses/{first.id}/end/"), {"reason": "Ruled out"})
    assert list(Diagnosis.objects.live().values_list("code", flat=True)) == ["F33.1"]
    end_episode(by=by, at=now, episode=episode, on=TODAY, reason="graduated")
    assert client.post(url("diagnoses/add/"), {"code": "F41.1"}).status_code == 409
    refused = client.post(url(f"diagnoses/{second.id}/first/"), follow=True)
    assert "The patient was discharged." in refused.text


# Program and scales


def test_the_program_changes_from_a_day_on(client: Client, url: Callable[..., str], episode: Any) -> None:
    typed = {"what": "program", "to": "bhi", "on": "2026-03-01"}
    for change in ({"on": "2026-03-03"}, {"on": "2026-02-01"}, {"on": ""}):
        assert errors(client.post(url("program/"), {**typed, **change}), "change") == ["on"]
    assert errors(client.post(url("program/"), {**typed, "to": "cocm"}), "change") == ["to"]
    assert client.post(url("program/"), typed).status_code == 302
    assert list(ProgramPeriod.objects.order_by("from_on").values_list("from_on", "program")) == [
        (date(2026, 2, 2), "cocm"),
        (date(2026, 3, 1), "bhi"),
    ]
    assert "General BHI" in client.get(url("program/")).text


def test_target_scales_are_chosen_among_the_clinics(client: Client, url: Callable[..., str], episode: Any) -> None:
    assert errors(client.post(url("program/"), {"what": "targets"}), "targets") == ["keys"]
    assert errors(client.post(url("program/"), {"what": "targets", "keys": ["pcl5"]}), "targets") == ["keys"]
    assert client.post(url("program/"), {"what": "targets", "keys": ["phq9"]}).status_code == 302
    episode.refresh_from_db()
    assert episode.target_instruments == ["phq9"]
    page = client.get(url("enrolment/"))
    assert page.context["shown"].targets == ("PHQ-9",)


# Texts


def test_texts_are_written_as_versions_and_two_writers_lose_nothing(
    client_for: Callable[..., Any], organization: Any
) -> None:
    lead, path = client_for("clinic_lead"), f"/o/{organization.slug}/settings/consent-texts/"
    page = lead.get(path)
    assert "none of your own yet" in page.text
    first = {"language": "en", "based_on": "0", "text": "Do you agree?\r\n\r\nIt costs nothing with QMB.  "}
    assert lead.post(path, first).status_code == 302
    theirs = {"language": "en", "based_on": "1", "text": "Theirs"}
    assert client_for("clinic_lead").post(path, theirs).status_code == 302
    mine = {"language": "en", "based_on": "1", "text": "Mine"}
    collision = lead.post(path, mine)
    assert collision.status_code == 422
    assert "Somebody saved a newer version meanwhile" in collision.text
    assert (">Theirs</div>" in collision.text, ">Mine</textarea>" in collision.text) == (True, True)
    assert 'name="based_on" value="2"' in collision.text
    assert lead.post(path, {**mine, "based_on": "2"}).status_code == 302
    with tenant(organization):
        assert list(ConsentText.objects.order_by("number").values_list("number", "text")) == [
            (1, "Do you agree?\n\nIt costs nothing with QMB."),
            (2, "Theirs"),
            (3, "Mine"),
        ]
    assert lead.post(path, {**mine, "based_on": "3", "text": "x" * 8001}).status_code == 422
    assert lead.post(path, {**mine, "language": "fr"}).status_code == 422


def test_a_welcome_sheet_shows_no_contact_that_is_past(
    client: Client, url: Callable[..., str], episode: Any, by: Any
) -> None:
    from caseload.models import FollowUp

    due = FollowUp.objects.create(
        organization=episode.organization, patient=episode.patient, episode=episode, due_on=TODAY - timedelta(days=1),
        recorded_at=datetime(2026, 2, 2, tzinfo=UTC), recorded_by=by,
    )  # fmt: skip
    assert "Your next contact" not in client.get(url("welcome/")).text
    FollowUp.objects.filter(id=due.id).update(closed_on=TODAY)
    sheet = client.get(url("welcome/?language=es"))
    assert "Ken Abara coordina su atención" in sheet.text
    assert episode.patient.mrn not in sheet.text


def test_another_patients_diagnosis_is_not_there(client: Client, url: Callable[..., str], organization: Any) -> None:
    another = DiagnosisFactory(organization=organization)
    assert client.post(url(f"diagnoses/{another.id}/first/")).status_code == 404
    for page in ("confirm", "end"):
        assert client.get(url(f"diagnoses/{another.id}/{page}/")).status_code == 404
    visit = InitiatingVisitFactory(organization=organization)
    assert client.get(url(f"visits/{visit.id}/void/")).status_code == 404
