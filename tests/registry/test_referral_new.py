"""Referring somebody: new, alike, coming back; and what treating clinicians see of it."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from registry.models import Patient, Referral
from registry.operations import Stamp, end_episode, open_episode, void_facts
from tests.factories.going_live import SeatClinicFactory
from tests.factories.program import ClosingNoteFactory
from tests.factories.registry import AssessmentFactory, TreatingClinicianFactory
from tests.factories.tenancy import ClinicFactory

pytestmark = pytest.mark.usefixtures("at_now")

MONDAY = date(2026, 3, 2)


@pytest.fixture
def client(by: Any, in_tenant: Any) -> Client:
    client = Client()
    client.force_login(by.user)
    return client


def at(path: str = "") -> str:
    return f"/o/lakeside/referrals/{path}"


def error_of(answer: Any, field: str) -> str:
    """The sentence under a field."""
    found = re.search(rf'name="{field}".*?field-error".*?<span>(.*?)</span>', answer.text, re.DOTALL)
    return found[1] if found else ""


def names(answer: Any) -> list[str]:
    return re.findall(r'class="row-link"[^>]*>(.*?)</a>', answer.text)


def events(action: str) -> list[tuple[UUID | None, int | None]]:
    """Whose and how many, of the events of one kind; in no order, as the clock stands still."""
    return list(AuditEvent.objects.filter(action=action).values_list("patient_id", "count"))


# Referring


def test_a_referral_is_made_and_shown(client: Client, typed: dict[str, str]) -> None:
    answer = client.post(at("new/"), typed, follow=True)
    referral = Referral.objects.get()
    assert answer.redirect_chain == [(at(f"{referral.id}/"), 302)]
    assert (referral.patient.name, referral.urgency, referral.due_on) == ("Ana O'Brien", "soon", date(2026, 3, 4))
    assert "Referred. The first attempt to reach the patient is due by Mar 4." in answer.text
    assert "Item 9 is above 0. Assess safety today" in answer.text
    assert "<title>Referral · BHI</title>" in answer.text
    assert events("referral.made") == [(referral.patient_id, None)]
    assert events("referral.viewed") == [(referral.patient_id, None)]


def test_a_seat_of_some_clinics_puts_nobody_new_on_record_elsewhere(
    client: Client, typed: dict[str, str], by: Any
) -> None:
    north = ClinicFactory(organization=by.organization, name="North")
    SeatClinicFactory(organization=by.organization, seat=by, clinic=north)
    assert client.get(at("new/")).context["form"].fields["clinic"].choices == [(str(north.id), "North")]
    answer = client.post(at("new/"), typed)
    assert (answer.status_code, error_of(answer, "clinic")) == (422, "Choose one of the list.")
    assert Patient.objects.count() == 0
    client.post(at("new/"), typed | {"clinic": str(north.id)})
    assert Referral.objects.get().clinic_id == north.id


def test_sent_twice_it_is_one_referral(client: Client, typed: dict[str, str]) -> None:
    client.post(at("new/"), typed)
    again = client.post(at("new/"), typed, follow=True)
    assert "This referral was saved already." in again.text
    assert (Patient.objects.count(), Referral.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("family_name", "", "Enter the last name."),
        ("birth_date", "2026-03-03", "A birth date lies between 1900 and today. Correct the year."),
        ("birth_date", "1899-01-01", "A birth date lies between 1900 and today. Correct the year."),
        ("birth_date", "31/12/1970x", "Enter a day that exists, as year-month-day: 2026-10-12."),
        ("phone", "call me", "Enter a phone number with its area code, such as 312-555-0134."),
        ("reason", " ", "Say why the patient is referred, in a few words."),
        ("reason", "x" * 5001, "This is longer than 5,000 characters. Shorten it."),
        ("phq9", "28", "PHQ-9 total is a whole number from 0 to 27."),
        ("phq9", "", "Enter the PHQ-9 total too, or clear item 9."),
        ("phq9_item9", "4", "PHQ-9 item 9 is a whole number from 0 to 3."),
        ("gad7", "a lot", "GAD-7 total is a whole number from 0 to 21."),
        ("referred_on", "2026-03-03", "The day of the referral is in the future. Correct it."),
        ("referred_on", "2022-03-02", "This day is more than two years ago. Check the year."),
        ("scored_on", "2026-03-03", "The day of the scores is in the future. Correct it."),
        ("clinic", "00000000-0000-4000-8000-000000000000", "Choose one of the list."),
        ("new_clinician", "Rivera", "Enter the clinician's given and family name, such as Ana Rivera."),
    ],
)
def test_a_faulty_referral_names_the_field_and_keeps_what_was_typed(
    client: Client, typed: dict[str, str], field: str, value: str, sentence: str
) -> None:
    answer = client.post(at("new/"), {**typed, field: value})
    assert answer.status_code == 422
    assert error_of(answer, field).replace("&#x27;", "'") == sentence
    assert "O&#x27;Brien" in answer.text or field == "family_name"
    assert (Patient.objects.count(), Referral.objects.count()) == (0, 0)


def test_a_clinician_is_chosen_or_written_not_both(client: Client, typed: dict[str, str], organization: Any) -> None:
    listed = TreatingClinicianFactory(organization=organization)
    answer = client.post(at("new/"), {**typed, "treating_clinician": str(listed.id), "new_clinician": "Iva Novak"})
    assert error_of(answer, "new_clinician") == "Choose the clinician from the list or write the name, not both."


def test_a_record_number_that_is_taken_is_said_at_its_field(client: Client, typed: dict[str, str], person: Any) -> None:
    other = person("Wholly", "Different", birth_date=date(1999, 9, 9), mrn="00123")
    sent = {**typed, "mrn": "00123", "who": "new", "known": str(other.id)}
    answer = client.post(at("new/"), sent)
    assert "Another patient of this clinic has this record number." in error_of(answer, "mrn")


def test_a_score_that_cannot_be_is_said_at_its_field(client: Client, typed: dict[str, str]) -> None:
    answer = client.post(at("new/"), {**typed, "phq9": "1", "phq9_item9": "3"})
    assert answer.status_code == 422
    assert error_of(answer, "phq9_item9") or error_of(answer, "phq9")
    assert Referral.objects.count() == 0


def test_not_eligible_needs_a_reason(client: Client, typed: dict[str, str]) -> None:
    answer = client.post(at("new/"), {**typed, "is_eligible": "no"})
    assert error_of(answer, "eligibility_reason") == "Say why the patient is not eligible."


def test_markup_stays_text(client: Client, typed: dict[str, str]) -> None:
    client.post(at("new/"), {**typed, "reason": "<script>alert(1)</script>", "family_name": "<b>X</b>"})
    page = client.get(at(f"{Referral.objects.get().id}/")).text
    assert "<script>alert" not in page
    assert "<b>X</b>" not in page


def test_a_clinician_who_is_not_on_the_list_is_written(client: Client, typed: dict[str, str]) -> None:
    client.post(at("new/"), {**typed, "new_clinician": "Marta Lindqvist, NP"})
    assert str(Referral.objects.get().treating_clinician) == "Marta Lindqvist, NP"


# Who may be on record already


def test_somebody_alike_is_shown_and_chosen(client: Client, typed: dict[str, str], person: Any) -> None:
    known = person("OBrien", "Ana")
    asked = client.post(at("new/"), typed)
    assert asked.status_code == 422
    assert "Is it one of these?" in asked.text
    assert "born May 4, 1961" in asked.text
    assert (Patient.objects.count(), Referral.objects.count()) == (1, 0)
    client.post(at("new/"), {**typed, "who": str(known.id), "known": str(known.id)})
    assert Referral.objects.get().patient_id == known.id
    assert Patient.objects.count() == 1


def test_somebody_alike_may_be_somebody_else(client: Client, typed: dict[str, str], person: Any) -> None:
    known = person("OBrien", "Ana")
    unasked = client.post(at("new/"), {**typed, "who": "new"})
    assert unasked.status_code == 422
    assert Referral.objects.count() == 0
    client.post(at("new/"), {**typed, "who": "new", "known": str(known.id)})
    assert Referral.objects.get().patient_id != known.id
    assert Patient.objects.count() == 2


def test_only_those_who_were_shown_may_be_chosen(client: Client, typed: dict[str, str], person: Any) -> None:
    person("OBrien", "Ana")
    stranger = person("Wholly", "Different", birth_date=date(1999, 9, 9))
    for who in (str(stranger.id), "nonsense"):
        answer = client.post(at("new/"), {**typed, "who": who, "known": who})
        assert answer.status_code == 422
    assert Referral.objects.count() == 0


def test_somebody_chosen_who_is_enrolled_is_not_referred(
    client: Client, typed: dict[str, str], person: Any, by: Any, clinic: Any, now: datetime
) -> None:
    known = person("O'Brien", "Ana")
    open_episode(by=by, at=now, patient=known, clinic=clinic, enrolled_on=MONDAY)
    answer = client.post(at("new/"), {**typed, "who": str(known.id), "known": str(known.id)})
    assert answer.status_code == 422
    assert "This patient is enrolled now. Open the chart instead." in answer.text


def test_somebody_chosen_who_is_gone_is_looked_up_again(
    client: Client, typed: dict[str, str], person: Any, by: Any, now: datetime
) -> None:
    known = person("O'Brien", "Ana")
    void_facts([known], stamp=Stamp(by, now), reason="Entered twice")
    answer = client.post(at("new/"), {**typed, "who": str(known.id), "known": str(known.id)})
    assert answer.status_code == 422
    assert "This person is not on record any more. Look the patient up again." in answer.text


# A return


def test_who_comes_back_is_referred_with_the_old_episode_in_view(
    client: Client, organization: Any, person: Any, by: Any, clinic: Any, now: datetime
) -> None:
    patient = person("Novak", "Iva")
    episode = open_episode(by=by, at=now, patient=patient, clinic=clinic, enrolled_on=date(2025, 6, 2))
    AssessmentFactory(organization=organization, patient=patient, episode=episode, on=date(2025, 12, 1), total=4)
    end_episode(by=by, at=now, episode=episode, on=date(2025, 12, 5), reason="graduated")
    ClosingNoteFactory(organization=organization, episode=episode, summary="Sleeps again.", way_back="Call Ken.")
    page = client.get(f"/o/lakeside/patients/{patient.id}/refer/")
    said = ("Jun 2, 2025", "Graduated", "PHQ-9 4", "Sleeps again.", "Call Ken.")
    assert [part for part in said if part not in page.text] == []
    assert 'name="birth_date"' not in page.text
    sent = {
        "client_token": str(uuid4()), "clinic": str(clinic.id), "referred_on": "2026-03-02", "source": "self",
        "urgency": "routine", "reason": "Low again",
    }  # fmt: skip
    client.post(f"/o/lakeside/patients/{patient.id}/refer/", sent)
    referral = Referral.objects.get()
    assert referral.patient_id == patient.id
    shown = client.get(at(f"{referral.id}/")).text
    assert [part for part in said if part not in shown] == []
    again = client.get(f"/o/lakeside/patients/{patient.id}/refer/").text
    assert "This patient has an open referral. Go on with that one." in again


# Treating clinicians


def test_who_only_refers_sees_their_own(
    client_for: Any, typed: dict[str, str], referred: Any, organization: Any
) -> None:
    clinician = client_for("treating_clinician", name="Ana Rivera")
    own = TreatingClinicianFactory(organization=organization, membership=clinician.membership)
    named = referred("Named", treating_clinician=own)
    referred("Another")
    assert "You have referred nobody yet" not in clinician.get(at()).text
    form = clinician.get(at("new/"))
    assert f'value="{own.id}" selected' in form.text
    assert 'name="assigned_to"' not in form.text
    answer = clinician.post(at("new/"), {**typed, "is_eligible": "no"}, follow=True)
    assert answer.status_code == 200
    assert "End the referral" not in answer.text
    assert sorted(names(clinician.get(at()))) == ["Named, Ana", "O&#x27;Brien, Ana"]
    other = Referral.objects.get(patient__family_name="Another")
    assert clinician.get(at(f"{other.id}/")).status_code == 404
    assert clinician.get(at(f"{named.id}/")).status_code == 200
    assert clinician.post(at(f"{named.id}/step/"), {"step": "wait"}).status_code == 403


def test_a_clinician_who_referred_nobody_is_told_how(client_for: Any, in_tenant: Any) -> None:
    assert "You have referred nobody yet" in client_for("treating_clinician").get(at()).text
