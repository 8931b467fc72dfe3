"""Enrolling through the browser's door: the warm hand-off, from a referral, again after a discharge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from caseload.models import EpisodeStanding, FollowUp
from caseload.operations.contacts import NextContact
from caseload.operations.enrol_now import FirstSteps, Start, enrol_now
from caseload.operations.errors import FollowUpTooEarly
from registry.models import (
    Assessment,
    Consent,
    Coverage,
    Episode,
    Patient,
    Payer,
    Referral,
    RelatedPerson,
    TreatingClinician,
)
from registry.operations import end_episode, open_episode
from registry.operations.referral_course import end_referral
from registry.operations.referral_errors import ClinicNotOwn
from registry.operations.referrals import NewPerson, make_referral
from tests.factories.going_live import SeatClinicFactory
from tests.factories.program import ClinicProtocolFactory, RelatedPersonFactory
from tests.factories.registry import CoverageFactory, PatientFactory, PayerFactory, TreatingClinicianFactory
from tests.factories.tenancy import ClinicFactory

pytestmark = pytest.mark.usefixtures("at_now")

PHQ9 = {f"phq9_{number}": "2" for number in range(1, 10)}
GAD7 = {f"gad7_{number}": "1" for number in range(1, 8)}


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    return lambda path: f"/o/{organization.slug}/{path}"


@pytest.fixture
def clinician(in_tenant: Any) -> Any:
    return TreatingClinicianFactory(organization=in_tenant)


@pytest.fixture
def typed(in_tenant: Any, clinic: Any, clinician: Any, by: Any) -> dict[str, str]:
    """A warm hand-off as somebody types it."""
    payer = PayerFactory(organization=in_tenant, name="Medicare", takes_mbi=True)
    return {
        "client_token": str(uuid4()), "given_name": "Ana", "family_name": "Rivera", "birth_date": "1961-05-04",
        "phone": "312 555 0142", "may_leave_voicemail": "yes", "language": "Spanish", "clinic": str(clinic.id),
        "payer": str(payer.id), "member_id": "1eg4-te5-mk73", "is_qmb": "yes", "program": "cocm",
        "enrolled_on": "2026-03-02", "care_manager": str(by.id), "treating_clinician": str(clinician.id),
        "directed": "in person", "target_condition": "Depression", "risk_ruled_out": "clinician",
        "consent": "verbal", "consent_when": "now", "next_on": "2026-03-09", "next_purpose": "First session",
        **PHQ9, **GAD7,
    }  # fmt: skip


def errors(answer: Any) -> list[str]:
    """The fields that have one."""
    assert answer.status_code == 422
    return sorted(answer.context["form"].errors)


def test_three_minutes_leave_everything_on_record(
    client: Client, url: Callable[..., str], typed: dict[str, str], by: Any, clinic: Any, clinician: Any, now: datetime
) -> None:
    assert client.get(url("enrol/")).status_code == 200
    answer = client.post(url("enrol/"), typed)
    patient = Patient.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, url(f"patients/{patient.id}/welcome/"))
    assert (patient.name, patient.birth_date, patient.phone, patient.may_leave_voicemail, patient.mrn) == (
        "Ana Rivera",
        date(1961, 5, 4),
        "312 555 0142",
        True,
        "",
    )
    episode = Episode.objects.get()
    assert (episode.patient, episode.clinic, episode.program, episode.enrolled_on) == (
        patient,
        clinic,
        "cocm",
        date(2026, 3, 2),
    )
    assert (episode.care_manager, episode.treating_clinician) == (by, clinician)
    referral = Referral.objects.get()
    assert (referral.is_warm_hand_off, referral.outcome, referral.episode, referral.eligibility_reason) == (
        True,
        "enrolled",
        episode,
        (
            f"Target condition: Depression. Direction to start: {clinician}, in person. "
            "Urgent risk ruled out by the treating clinician."
        ),
    )
    coverage = Coverage.objects.get()
    assert (coverage.payer.name, coverage.member_id, coverage.plan_name) == ("Medicare", "1EG4TE5MK73", "QMB")
    consent = Consent.objects.get()
    assert (consent.given_at, consent.is_time_known, consent.form, consent.taken_by, consent.treating_clinician) == (
        now,
        True,
        "verbal",
        by,
        clinician,
    )
    scores = Assessment.objects.order_by("instrument").values_list("instrument", "total", "item9", "episode_id")
    assert list(scores) == [("gad7", 7, None, episode.id), ("phq9", 18, 2, episode.id)]
    due = FollowUp.objects.get()
    assert (due.due_on, due.purpose, due.episode_id) == (date(2026, 3, 9), "First session", episode.id)
    standing = EpisodeStanding.objects.get()
    assert (standing.phq9_baseline, standing.next_due_on) == (18, date(2026, 3, 9))


def test_the_sheet_and_the_warnings_come_next(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    page = client.post(url("enrol/"), typed, follow=True)
    assert "Bienvenido a su equipo" in page.text
    assert "Usted no paga nada" in page.text
    assert "9 de marzo de 2026" in page.text
    assert "An answer about self-harm is above 0. Assess safety before the patient leaves." in page.text
    in_english = client.get(page.request["PATH_INFO"], {"language": "en"})
    assert "Welcome to your care team" in in_english.text


def test_the_same_form_twice_changes_nothing(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    first = client.post(url("enrol/"), typed)
    second = client.post(url("enrol/"), typed)
    assert second["Location"] == first["Location"]
    counts = [model.objects.count() for model in (Patient, Episode, Consent, Referral, FollowUp, Coverage)]
    assert counts == [1, 1, 1, 1, 1, 1]
    assert Assessment.objects.count() == 2


def test_an_empty_form_names_what_is_needed(client: Client, url: Callable[..., str], clinic: Any) -> None:
    answer = client.post(url("enrol/"), {})
    assert errors(answer) == [
        *("birth_date", "client_token", "clinic", "consent", "directed", "enrolled_on", "family_name", "given_name"),
        *("program", "risk_ruled_out", "target_condition"),
    ]
    assert "Choose how the patient agreed, or that they have not yet." in answer.text


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"consent_when": ""}, ["consent_when"]),
        ({"consent_when": "at"}, ["consent_on"]),
        ({"consent_when": "at", "consent_on": "2026-03-02"}, ["consent_time"]),
        ({"consent_when": "at", "consent_on": "2026-03-02", "consent_time": "11:30"}, ["consent_on"]),
        ({"consent_when": "at", "consent_on": "2025-11-02", "consent_time": "01:30"}, ["consent_which"]),
        ({"consent_when": "at", "consent_on": "2025-03-09", "consent_time": "02:30"}, ["consent_time"]),
        ({"birth_date": "2010-05-04"}, ["given_by"]),
        ({"birth_date": "2010-05-04", "given_by": "minor"}, ["minor_basis"]),
        ({"birth_date": "2010-05-04", "given_by": "representative"}, ["representative_name"]),
        ({"given_by": "minor", "minor_basis": "State law"}, ["given_by"]),
        ({"birth_date": "1890-01-01"}, ["birth_date"]),
        ({"birth_date": "2026-03-03"}, ["birth_date"]),
        ({"phone": "12"}, ["phone"]),
        ({"member_id": "1EG4"}, ["member_id"]),
        ({"payer": "", "member_id": "A1"}, ["payer"]),
        ({"new_payer": "Aetna"}, ["new_payer"]),
        ({"treating_clinician": ""}, ["treating_clinician"]),
        ({"treating_clinician": "", "new_clinician": "Rivera"}, ["new_clinician"]),
        ({"new_clinician": "Ana Rivera, MD"}, ["new_clinician"]),
        ({"enrolled_on": "2026-03-03"}, ["enrolled_on"]),
        ({"next_on": "2026-03-01"}, ["next_on"]),
        ({"next_on": ""}, ["next_on"]),
        ({"phq9_9": "4"}, ["phq9_9"]),
        ({"phq9_total": "18"}, ["phq9_total"]),
        ({"clinic": "00000000-0000-4000-8000-000000000000"}, ["clinic"]),
        ({"family_name": "x" * 101}, ["family_name"]),
        ({"target_condition": "x" * 101}, ["target_condition"]),
        ({"consent": "perhaps"}, ["consent"]),
    ],
)
def test_faults_are_said_at_their_field_and_nothing_is_saved_or_lost(
    client: Client, url: Callable[..., str], typed: dict[str, str], change: dict[str, str], fields: list[str]
) -> None:
    answer = client.post(url("enrol/"), {**typed, **change})
    assert errors(answer) == fields
    assert Patient.objects.count() == 0
    assert TreatingClinician.objects.count() == 1
    assert 'value="First session"' in answer.text


def test_consent_may_come_later_and_that_is_said(
    client: Client, url: Callable[..., str], typed: dict[str, str]
) -> None:
    typed |= {"consent": "not_yet", "consent_when": "", "risk_ruled_out": "not_yet", "directed": "not_yet"}
    page = client.post(url("enrol/"), typed, follow=True)
    assert Consent.objects.count() == 0
    assert "Consent is missing: no minutes count before it." in page.text
    assert "Urgent risk is not ruled out." in page.text
    assert Referral.objects.get().eligibility_reason == "Target condition: Depression."


def test_a_minor_is_enrolled_through_a_parent(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    typed |= {
        "birth_date": "2010-05-04", "given_by": "representative", "representative_name": "Dolores Rivera",
        "represents_as": "parent",
    }  # fmt: skip
    assert client.post(url("enrol/"), typed).status_code == 302
    mother = RelatedPerson.objects.get()
    assert (mother.name, mother.represents_as) == ("Dolores Rivera", "parent")
    assert Consent.objects.get().representative == mother


def test_payer_and_clinician_can_be_new(client: Client, url: Callable[..., str], typed: dict[str, str]) -> None:
    typed |= {
        "payer": "", "new_payer": "Blue Plan", "member_id": "X 77", "is_qmb": "", "treating_clinician": "",
        "new_clinician": "Ruth Adler, NP",
    }  # fmt: skip
    assert client.post(url("enrol/"), typed).status_code == 302
    assert Coverage.objects.get().payer == Payer.objects.get(name="Blue Plan")
    assert str(Episode.objects.get().treating_clinician) == "Ruth Adler, NP"


def test_consent_at_another_time_of_which_only_the_day_is_known(
    client: Client, url: Callable[..., str], typed: dict[str, str]
) -> None:
    typed |= {"consent_when": "at", "consent_on": "2026-02-27", "consent_time_unknown": "on"}
    assert client.post(url("enrol/"), typed).status_code == 302
    consent = Consent.objects.get()
    assert (consent.given_at, consent.is_time_known) == (datetime(2026, 2, 27, 6, 0, tzinfo=UTC), False)


# Somebody on record


def test_who_resembles_the_patient_is_shown_before_saving(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any]
) -> None:
    known = person("Rivera", "Anna")
    answer = client.post(url("enrol/"), typed)
    assert errors(answer) == ["same_as"]
    assert [one.person.id for one in answer.context["alikes"]] == [known.id]
    assert f'name="same_as" value="{known.id}"' in answer.text
    assert Episode.objects.count() == 0
    assert client.post(url("enrol/"), {**typed, "same_as": str(uuid4())}).status_code == 422
    assert client.post(url("enrol/"), {**typed, "same_as": str(known.id)}).status_code == 302
    assert Episode.objects.get().patient == known
    assert Patient.objects.count() == 1


def test_somebody_else_of_the_same_name_is_a_new_person(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any]
) -> None:
    person("Rivera", "Ana")
    assert client.post(url("enrol/"), {**typed, "same_as": "new"}).status_code == 302
    assert Patient.objects.count() == 2


def test_whoever_is_enrolled_already_is_not_enrolled_again(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any], by: Any, clinic: Any,
    now: datetime,
) -> None:  # fmt: skip
    known = person("Rivera", "Ana")
    open_episode(by=by, at=now, patient=known, clinic=clinic, enrolled_on=date(2026, 2, 2))
    answer = client.post(url("enrol/"), {**typed, "same_as": str(known.id)})
    assert errors(answer) == ["__all__"]
    assert "This patient is enrolled now" in answer.text
    assert Consent.objects.count() == 0
    assert client.get(url(f"patients/{known.id}/enrol/"))["Location"] == url(f"patients/{known.id}/enrolment/")


@pytest.fixture
def referral(by: Any, now: datetime, clinic: Any, person: Callable[..., Any], clinician: Any) -> Any:
    return make_referral(
        by=by,
        at=now,
        patient=person("Novak"),
        clinic=clinic,
        referred_on=date(2026, 2, 20),
        source="clinician",
        client_token=uuid4(),
        treating_clinician=clinician,
        reason="Low mood",
        assigned_to=by,
    ).referral


def test_a_referral_is_enrolled_with_what_it_says(
    client: Client, url: Callable[..., str], typed: dict[str, str], referral: Any, clinician: Any
) -> None:
    path = url(f"referrals/{referral.id}/enrol/")
    page = client.get(path)
    assert "Low mood" in page.text
    initial = page.context["form"].initial
    assert (initial["treating_clinician"], initial["target_condition"]) == (clinician.id, "Low mood")
    assert client.post(path, typed)["Location"] == url(f"patients/{referral.patient_id}/welcome/")
    referral.refresh_from_db()
    assert (referral.outcome, referral.is_eligible) == ("enrolled", True)
    assert Episode.objects.get().referred_on == date(2026, 2, 20)
    # Sent again, it leads to the same place; opened again, to the checklist.
    assert client.post(path, typed)["Location"] == url(f"patients/{referral.patient_id}/welcome/")
    assert client.get(path)["Location"] == url(f"patients/{referral.patient_id}/enrolment/")
    assert Episode.objects.count() == 1
    assert AuditEvent.objects.filter(action="enrolment.begun", patient_id=referral.patient_id).count() == 1


def test_a_return_after_discharge_has_the_old_enrolment_in_view(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any], by: Any, clinic: Any,
    now: datetime,
) -> None:  # fmt: skip
    known = person("Novak")
    old = open_episode(by=by, at=now, patient=known, clinic=clinic, enrolled_on=date(2025, 5, 1))
    end_episode(by=by, at=now, episode=old, on=date(2025, 12, 1), reason="graduated")
    page = client.get(url(f"patients/{known.id}/enrol/"))
    assert "May 1, 2025 to Dec 1, 2025" in page.text
    assert client.post(url(f"patients/{known.id}/enrol/"), typed).status_code == 302
    assert list(Episode.objects.order_by("enrolled_on").values_list("patient_id", "ended_on")) == [
        (known.id, date(2025, 12, 1)),
        (known.id, None),
    ]


def test_a_full_panel_is_said_and_the_waiting_list_offered(
    client: Client, url: Callable[..., str], typed: dict[str, str], referral: Any, by: Any, clinic: Any, now: datetime,
    person: Callable[..., Any],
) -> None:  # fmt: skip
    path = url(f"referrals/{referral.id}/enrol/")
    ClinicProtocolFactory(organization=clinic.organization, clinic=clinic, panel_limit=1)
    assert "panel is full" not in client.get(path).text
    open_episode(by=by, at=now, patient=person(), clinic=clinic, enrolled_on=date(2026, 2, 2), care_manager=by)
    page = client.get(path)
    assert "The care manager’s panel is full: 1 of 1 places taken" in page.text
    assert f'href="{url(f"referrals/{referral.id}/")}">put the patient on the waiting list' in page.text
    assert client.post(path, typed).status_code == 302


def test_nobody_of_another_organization_is_found_or_enrolled(
    client: Client, url: Callable[..., str], typed: dict[str, str], other_organization: Any
) -> None:
    with tenant(other_organization):
        theirs = PatientFactory(
            organization=other_organization, family_name="Rivera", given_name="Ana", birth_date=date(1961, 5, 4)
        )
    assert client.get(url(f"patients/{theirs.id}/enrol/")).status_code == 404
    assert client.post(url("enrol/"), {**typed, "same_as": str(theirs.id)}).status_code == 302
    assert Episode.objects.get().patient_id != theirs.id


def test_an_organization_without_clinics_says_what_to_do(client: Client, url: Callable[..., str]) -> None:
    page = client.get(url("enrol/"))
    assert page.status_code == 200
    assert "No clinic yet" in page.text


def test_somebody_on_record_with_an_open_referral_is_enrolled_from_it(
    client: Client, url: Callable[..., str], typed: dict[str, str], referral: Any
) -> None:
    assert client.post(url(f"patients/{referral.patient_id}/enrol/"), typed).status_code == 302
    assert (Referral.objects.get().id, Referral.objects.get().outcome) == (referral.id, "enrolled")


def test_a_representative_on_record_is_named(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any]
) -> None:
    child = person("Novak", birth_date=date(2010, 5, 4))
    mother = RelatedPersonFactory(organization=child.organization, patient=child, represents_as="parent")
    path = url(f"patients/{child.id}/enrol/")
    assert "The patient is under 18" in client.get(path).text
    typed |= {"given_by": "representative", "representative": str(mother.id)}
    assert client.post(path, typed).status_code == 302
    assert Consent.objects.get().representative == mother
    assert RelatedPerson.objects.count() == 1


def test_an_insurance_on_record_stays_what_it_is(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any]
) -> None:
    known = person("Novak")
    CoverageFactory(organization=known.organization, patient=known, member_id="OWN-1")
    assert client.post(url(f"patients/{known.id}/enrol/"), typed).status_code == 302
    assert [row.member_id for row in Coverage.objects.all()] == ["OWN-1"]


def test_a_referral_that_has_ended_otherwise_is_not_enrolled(
    client: Client, url: Callable[..., str], typed: dict[str, str], referral: Any, by: Any, now: datetime
) -> None:
    end_referral(by=by, at=now, referral_id=referral.id, outcome="declined", reason="Not now", on=date(2026, 3, 1))
    path = url(f"referrals/{referral.id}/enrol/")
    for answer in (client.get(path, follow=True), client.post(path, typed, follow=True)):
        assert answer.redirect_chain == [(url(f"patients/{referral.patient_id}/enrolment/"), 302)]
        assert "This referral has ended." in answer.text
    assert Episode.objects.count() == 0
    assert client.get(url(f"referrals/{uuid4()}/enrol/")).status_code == 404


def test_nobody_who_died_is_enrolled(
    client: Client, url: Callable[..., str], typed: dict[str, str], referral: Any, person: Callable[..., Any]
) -> None:
    Patient.objects.filter(id=referral.patient_id).update(died_on=date(2026, 3, 1))
    unreferred = person("Stone", died_on=date(2026, 3, 1))
    for path in (f"referrals/{referral.id}/enrol/", f"patients/{unreferred.id}/enrol/"):
        answer = client.post(url(path), typed)
        assert errors(answer) == ["__all__"]
        assert "died" in answer.context["form"].non_field_errors()[0]
    assert Episode.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mrn": "000001", "same_as": "new"}, "mrn"),
        ({f"phq9_{number}": "" for number in range(2, 10)}, "phq9_2"),
    ],
)
def test_what_the_operation_refuses_is_said_at_its_field(
    client: Client, url: Callable[..., str], typed: dict[str, str], person: Callable[..., Any], change: dict[str, str],
    field: str,
) -> None:  # fmt: skip
    person("Stone", mrn="000001", birth_date=date(1980, 1, 1))
    assert errors(client.post(url("enrol/"), {**typed, **change})) == [field]
    assert Episode.objects.count() == 0


def test_the_operation_by_itself_needs_no_first_steps(by: Any, now: datetime, clinic: Any, in_tenant: Any) -> None:
    ana = NewPerson(family_name="Rivera", given_name="Ana", birth_date=date(1961, 5, 4))
    start = Start(clinic=clinic, enrolled_on=date(2026, 3, 2))
    late = FirstSteps(next_contact=NextContact(date(2026, 3, 1)))
    with pytest.raises(FollowUpTooEarly):
        enrol_now(by=by, at=now, client_token=uuid4(), who=ana, start=start, first=late)
    kept = enrol_now(by=by, at=now, client_token=uuid4(), who=ana, start=start)
    assert kept.was_new
    assert (Referral.objects.get().eligibility_reason, FollowUp.objects.count()) == ("", 0)


def test_a_seat_of_some_clinics_enrols_there_only(
    client: Client, url: Callable[..., str], typed: dict[str, str], by: Any, clinic: Any, now: datetime
) -> None:
    north, south = (ClinicFactory(organization=by.organization, name=name) for name in ("North", "South"))
    for own in (north, south):
        SeatClinicFactory(organization=by.organization, seat=by, clinic=own)
    page = client.get(url("enrol/"))
    assert page.context["form"].fields["clinic"].choices == [(str(north.id), "North"), (str(south.id), "South")]
    assert errors(client.post(url("enrol/"), typed)) == ["clinic"]
    assert client.post(url("enrol/"), typed | {"clinic": str(south.id)}).status_code == 302
    assert Episode.objects.get().clinic_id == south.id
    away = NewPerson("Novak", "Jan", date(1970, 1, 1))
    with pytest.raises(ClinicNotOwn):
        enrol_now(by=by, at=now, client_token=uuid4(), who=away, start=Start(clinic, date(2026, 3, 2)))
    known = PatientFactory(organization=by.organization, clinic=north)
    with pytest.raises(ClinicNotOwn):
        enrol_now(by=by, at=now, client_token=uuid4(), who=known, start=Start(clinic, date(2026, 3, 2)))
    assert client.get(url(f"patients/{known.id}/enrol/")).context["form"]["clinic"].value() == north.id
