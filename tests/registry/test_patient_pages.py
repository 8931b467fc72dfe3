"""Everything known of a person: seen, changed, and changed by two at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from registry.models import Coverage, Episode, Patient, RecordNumber, RelatedPerson, Stay, TreatingClinician
from registry.operations import open_episode
from registry.operations.persons import change_patient
from tests.factories.program import RecordNumberFactory, RelatedPersonFactory, StayFactory
from tests.factories.registry import CoverageFactory, PayerFactory, TreatingClinicianFactory
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def patient(person: Callable[..., Any]) -> Any:
    return person(phone="312-555-0134", language="Spanish")


@pytest.fixture
def url(organization: Any, patient: Any) -> Callable[..., str]:
    return lambda path="details/": f"/o/{organization.slug}/patients/{patient.id}/{path}"


def sent(page: Any, **typed: str) -> dict[str, str]:
    """What a browser would send of a form: its fields as shown, and what was typed over them."""
    form = page.text[page.text.rindex('<form class="form"') :]
    fields = {
        unescape(name): unescape(value)
        for name, value in re.findall(
            r'<input type="(?:hidden|text|date|email)" name="([^"]+)"(?: value="([^"]*)")?', form
        )
    }
    for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    fields |= dict.fromkeys(re.findall(r'<input type="checkbox" name="([^"]+)"[^>]* checked', form), "on")
    return {**fields, **typed}


def test_the_page_shows_everything_with_its_way_to_change_it(
    client: Client, url: Callable[..., str], patient: Any, in_tenant: Any
) -> None:
    RelatedPersonFactory(organization=in_tenant, patient=patient, phone="312-555-0199")
    RelatedPersonFactory(
        organization=in_tenant, patient=patient, name="Old Friend", may_speak_about="Rides", until_on=date(2026, 2, 1)
    )
    CoverageFactory(organization=in_tenant, patient=patient)
    StayFactory(organization=in_tenant, patient=patient, until_on=None)
    RecordNumberFactory(organization=in_tenant, patient=patient, mrn="R-77")
    page = client.get(url())
    assert page.status_code == 200
    for words in (
        "Ana Rivera", "Spanish", 'href="tel:312-555-0134"', "Dolores Given", "Expired Feb 1: nothing may be told.",
        "1EG4TE5MK73", "Still there", "R-77", "Chosen with the enrolment.",
    ):  # fmt: skip
        assert words in page.text, words
    assert "<title>Person · BHI</title>" in page.text
    event = AuditEvent.objects.get(action="patient.details_viewed")
    assert event.patient_id == patient.id


def test_who_is_not_there_is_not_found(client: Client, url: Callable[..., str], patient: Any) -> None:
    assert client.get(url().replace(str(patient.id), str(uuid4()))).status_code == 404


def test_who_may_only_look_is_offered_no_change(
    client_for: Callable[..., Any], url: Callable[..., str], patient: Any, in_tenant: Any
) -> None:
    CoverageFactory(organization=in_tenant, patient=patient)
    page = client_for("psychiatric_consultant").get(url())
    assert page.status_code == 200
    assert "Change" not in page.text.replace("Change password", "")


def test_the_page_takes_as_many_statements_for_much_as_for_nothing(
    client: Client, url: Callable[..., str], patient: Any, in_tenant: Any
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(url())
        return len(own(queries))

    few = asked()
    for _ in range(5):
        RelatedPersonFactory(organization=in_tenant, patient=patient)
        StayFactory(organization=in_tenant, patient=patient)
        CoverageFactory(organization=in_tenant, patient=patient, until_on=date(2026, 1, 1))
    assert asked() == few
    assert few <= 8


class TestSections:
    @pytest.mark.parametrize(
        ("section", "typed", "stored"),
        [
            ("person", {"preferred_name": "Nita", "sex": "F"}, {"preferred_name": "Nita", "sex": "F"}),
            ("person", {"needs_interpreter": "yes"}, {"needs_interpreter": True}),
            ("person", {"needs_interpreter": "no"}, {"needs_interpreter": False}),
            ("person", {"family_name": "Rivéra"}, {"family_name": "Rivéra", "sort_name": "rivera, ana"}),
            (
                "contact",
                {"may_text": "no", "email": "Ana@Example.org"},
                {"may_text": False, "email": "ana@example.org"},
            ),
            ("contact", {"phone": ""}, {"phone": ""}),
            ("address", {"state": "il", "postal_code": "60614"}, {"state": "IL", "postal_code": "60614"}),
            ("number", {"mrn": " 12345.0 "}, {"mrn": "12345"}),
            ("visit", {"next_visit_on": "2026-04-01"}, {"next_visit_on": date(2026, 4, 1)}),
        ],
    )
    def test_what_is_typed_is_stored(
        self, client: Client, url: Callable[..., str], patient: Any, section: str, typed: Any, stored: Any
    ) -> None:
        path = url(f"details/{section}/")
        answer = client.post(path, sent(client.get(path), **typed))
        assert answer.status_code == 302
        patient.refresh_from_db()
        assert {name: getattr(patient, name) for name in stored} == stored
        event = AuditEvent.objects.get(action="patient.changed")
        assert set(event.fields) == set(stored) - {"sort_name"}

    @pytest.mark.parametrize(
        ("section", "typed", "said"),
        [
            ("person", {"family_name": " "}, "Enter the family name."),
            ("person", {"birth_date": "2027-01-01"}, "A birth date lies between 1900 and today. Correct the year."),
            ("person", {"birth_date": "1861-05-04"}, "A birth date lies between 1900 and today. Correct the year."),
            ("person", {"birth_date": "05/40/1961"}, "Enter a day that exists"),
            ("person", {"died_on": "2026-03-03"}, "This day is in the future. Correct it."),
            ("person", {"died_on": "1961-05-03"}, "This day is before the birth. Correct one of the two."),
            ("person", {"gender": "x" * 61}, "This is longer than 60 characters. Shorten it."),
            ("person", {"sex": "Q"}, "Select a valid choice"),
            ("contact", {"phone": "55"}, "Enter a phone number with its area code, such as 312-555-0134."),
            ("contact", {"email": "ana@"}, "Enter an address such as ana@example.org."),
            ("address", {"state": "XX"}, "Enter the two letters of the state, such as IL."),
            ("address", {"postal_code": "6061"}, "A ZIP code has five or nine digits"),
            ("visit", {"next_visit_on": "2026-03-01"}, "The next visit is in the past. Correct its day."),
            (
                *("visit", {"next_visit_on": "2062-04-01"}),
                "The next visit is more than two years away. Correct its year.",
            ),
        ],
    )
    def test_what_cannot_be_is_said_at_its_field_and_kept_as_typed(
        self, client: Client, url: Callable[..., str], patient: Any, section: str, typed: Any, said: str
    ) -> None:
        path = url(f"details/{section}/")
        answer = client.post(path, sent(client.get(path), **typed))
        assert answer.status_code == 422
        assert said in unescape(answer.text)
        assert "Everything you typed is still here." in answer.text
        (value,) = typed.values()
        assert value.strip() in answer.text
        before = Patient.objects.values().get(id=patient.id)
        assert before["family_name"] == "Rivera"
        assert AuditEvent.objects.filter(action="patient.changed").count() == 0

    def test_two_people_changing_one_thing_both_see_both(
        self, client: Client, url: Callable[..., str], patient: Any, membership: Callable[..., Any], now: datetime
    ) -> None:
        path = url("details/contact/")
        mine = sent(client.get(path), phone="312-555-0000", phone_best_times="evenings")
        other = membership("care_manager", name="Lee Chen")
        values = {"phone": "312-555-1111", "email": "a@example.org"}
        change_patient(by=other, at=now, patient_id=patient.id, values=values)
        answer = client.post(path, mine)
        assert answer.status_code == 422
        text = unescape(re.sub(r"\s+", " ", answer.text))
        assert "Not saved yet: Lee Chen changed this while you were writing, at 11:00 am." in text
        assert '<th scope="row">Phone</th><td>312-555-1111</td><td>312-555-0000</td>' in text
        assert '<th scope="row">E-mail</th><td>a@example.org</td><td>Empty</td>' in text
        patient.refresh_from_db()
        assert patient.phone == "312-555-1111"
        again = sent(answer)
        assert (again["phone"], again["email"], again["phone_best_times"]) == (
            "312-555-0000", "a@example.org", "evenings",
        )  # fmt: skip
        assert client.post(path, again).status_code == 302
        patient.refresh_from_db()
        assert (patient.phone, patient.email, patient.phone_best_times) == (
            "312-555-0000", "a@example.org", "evenings",
        )  # fmt: skip

    def test_an_error_in_between_hides_no_collision(
        self, client: Client, url: Callable[..., str], patient: Any, by: Any, now: datetime
    ) -> None:
        path = url("details/contact/")
        mine = sent(client.get(path), email="ana@")
        change_patient(by=by, at=now, patient_id=patient.id, values={"phone": "312-555-1111"})
        faulty = client.post(path, mine)
        assert faulty.status_code == 422
        answer = client.post(path, sent(faulty, email="ana@example.org"))
        assert answer.status_code == 422
        assert "312-555-1111</td><td>312-555-0134" in answer.text

    def test_a_form_that_was_shown_nothing_changes_nothing(
        self, client: Client, url: Callable[..., str], patient: Any
    ) -> None:
        answer = client.post(url("details/contact/"), {"phone": ""})
        assert answer.status_code == 422
        assert "This form is damaged. Open a new one." in answer.text
        patient.refresh_from_db()
        assert patient.phone == "312-555-0134"

    def test_a_number_that_another_has_is_refused(
        self, client: Client, url: Callable[..., str], person: Callable[..., Any], patient: Any, clinic: Any
    ) -> None:
        person("Novak", mrn="A-9")
        RecordNumberFactory(organization=clinic.organization, patient=person("Cole"), clinic=clinic, mrn="B-9")
        path = url("details/number/")
        for taken in ("A-9", "b-9"):
            answer = client.post(path, sent(client.get(path), mrn=taken))
            assert answer.status_code == 422
            assert "Another patient of this clinic has this record number." in answer.text

    def test_there_are_no_other_sections(self, client: Client, url: Callable[..., str]) -> None:
        assert client.get(url("details/secrets/")).status_code == 404


class TestAround:
    def test_a_related_person_is_added_once_changed_and_removed(
        self, client: Client, url: Callable[..., str], patient: Any
    ) -> None:
        typed = sent(client.get(url("related/new/")), name="Eva Rivera", relation="Sister", may_speak_about="Rides")
        for _ in range(2):
            assert client.post(url("related/new/"), typed).status_code == 302
        eva = RelatedPerson.objects.get()
        path = url(f"related/{eva.id}/")
        answer = client.post(path, sent(client.get(path), is_emergency_contact="on"))
        assert "Enter the number at which they are called in an emergency." in answer.text
        assert client.post(path, sent(answer, phone="312-555-0111")).status_code == 302
        eva.refresh_from_db()
        assert (eva.is_emergency_contact, eva.phone, eva.may_speak_about) == (True, "312-555-0111", "Rides")
        assert sent(client.get(path))["is_emergency_contact"] == "on"
        assert "Say in a few words" in client.post(path + "remove/", {"reason": " "}).text
        assert client.post(path + "remove/", {"reason": "Asked to be taken off"}).status_code == 302
        assert RelatedPerson.objects.live().count() == 0
        assert client.get(path).status_code == 404

    def test_until_needs_what_it_is_about(self, client: Client, url: Callable[..., str]) -> None:
        typed = sent(client.get(url("related/new/")), name="Eva", until_on="2026-12-31")
        assert "Enter what we may speak about until then" in client.post(url("related/new/"), typed).text

    def test_both_versions_of_a_related_person_are_shown(
        self, client: Client, url: Callable[..., str], patient: Any, in_tenant: Any
    ) -> None:
        eva = RelatedPersonFactory(organization=in_tenant, patient=patient, phone="312-555-0111")
        path = url(f"related/{eva.id}/")
        mine = sent(client.get(path), may_speak_about="Everything")
        del mine["is_emergency_contact"]
        RelatedPerson.objects.filter(id=eva.id).update(may_speak_about="Rides")
        answer = client.post(path, mine)
        assert answer.status_code == 422
        assert "<td>Rides</td><td>Everything</td>" in answer.text
        again = sent(answer)
        assert "is_emergency_contact" not in again
        assert client.post(path, again).status_code == 302
        eva.refresh_from_db()
        assert (eva.may_speak_about, eva.is_emergency_contact) == ("Everything", False)

    def test_another_patients_things_are_not_there(
        self, client: Client, url: Callable[..., str], person: Callable[..., Any], in_tenant: Any
    ) -> None:
        other = person("Novak")
        theirs = {
            "related": RelatedPersonFactory(organization=in_tenant, patient=other),
            "coverages": CoverageFactory(organization=in_tenant, patient=other),
            "stays": StayFactory(organization=in_tenant, patient=other),
            "numbers": RecordNumberFactory(organization=in_tenant, patient=other),
        }
        for room, thing in theirs.items():
            assert client.get(url(f"{room}/{thing.id}/remove/")).status_code == 404

    def test_numbers_of_other_clinics(
        self, client: Client, url: Callable[..., str], patient: Any, person: Callable[..., Any], in_tenant: Any
    ) -> None:
        north = ClinicFactory(organization=in_tenant, name="North")
        person("Novak", clinic=north, mrn="N-1")
        page = client.get(url("numbers/new/"))
        assert "North" in page.text
        typed = sent(page, clinic=str(north.id))
        assert "Another patient of this clinic" in client.post(url("numbers/new/"), {**typed, "mrn": "n-1"}).text
        assert "Enter the record number." in client.post(url("numbers/new/"), {**typed, "mrn": "'"}).text
        assert client.post(url("numbers/new/"), {**typed, "mrn": "n-2"}).status_code == 302
        assert "Another patient of this clinic" in client.post(url("numbers/new/"), {**typed, "mrn": "n-2"}).text
        number = RecordNumber.objects.get()
        assert (number.mrn, number.clinic) == ("N-2", north)
        assert client.post(url(f"numbers/{number.id}/remove/"), {"reason": "Wrong chart"}).status_code == 302
        assert RecordNumber.objects.live().count() == 0


class TestInsurance:
    def test_they_pay_in_the_order_they_are_put_in(
        self, client: Client, url: Callable[..., str], patient: Any, in_tenant: Any
    ) -> None:
        aetna = PayerFactory(organization=in_tenant, name="Aetna")
        typed = sent(client.get(url("coverages/new/")), payer_id=str(aetna.id), member_id="W 12", plan_name="Gold")
        for _ in range(2):
            assert client.post(url("coverages/new/"), typed).status_code == 302
        new = sent(client.get(url("coverages/new/")), payer_id="new", new_payer="Medicare Part B")
        answer = client.post(url("coverages/new/"), {**new, "member_id": "1SG4-TE5-MK73"})
        assert answer.status_code == 422
        assert "Character 2 of a Medicare number is a letter" in answer.text
        assert client.post(url("coverages/new/"), {**new, "member_id": "1eg4-te5-mk73"}).status_code == 302
        first, second = Coverage.objects.order_by("rank")
        assert (first.payer.name, second.payer.name, second.member_id) == ("Aetna", "Medicare Part B", "1EG4TE5MK73")
        assert second.payer.takes_mbi
        assert client.post(url(f"coverages/{second.id}/move/"), {"way": "up"}).status_code == 302
        assert [(one.payer.name, one.rank) for one in Coverage.objects.order_by("rank")] == [
            ("Medicare Part B", 1),
            ("Aetna", 2),
        ]
        page = client.get(url())
        assert page.text.index("1. Medicare Part B") < page.text.index("2. Aetna")

    def test_one_is_ended_and_cannot_come_back_into_a_place_that_is_taken(
        self, client: Client, url: Callable[..., str], patient: Any, in_tenant: Any
    ) -> None:
        old = CoverageFactory(organization=in_tenant, patient=patient, payer__name="Aetna", from_on=date(2026, 1, 1))
        path = url(f"coverages/{old.id}/")
        answer = client.post(path, sent(client.get(path), until_on="2025-12-31"))
        assert "The last day is before the first. Correct one of them." in answer.text
        assert client.post(path, sent(answer, until_on="2026-02-28")).status_code == 302
        CoverageFactory(organization=in_tenant, patient=patient, payer__name="Cigna")
        answer = client.post(path, sent(client.get(path), until_on=""))
        assert answer.status_code == 422
        assert "The patient already has an insurance in this place." in answer.text

    def test_a_payer_is_chosen_or_named(self, client: Client, url: Callable[..., str], in_tenant: Any) -> None:
        aetna = PayerFactory(organization=in_tenant, name="Aetna")
        typed = sent(client.get(url("coverages/new/")))
        assert "Choose the payer." in client.post(url("coverages/new/"), typed).text
        named = {**typed, "payer_id": str(aetna.id), "new_payer": "Cigna"}
        assert "to add this payer, or clear its name" in client.post(url("coverages/new/"), named).text
        assert "as its card says it" in client.post(url("coverages/new/"), {**typed, "payer_id": "new"}).text

    def test_both_versions_are_shown_and_one_is_removed(
        self, client: Client, url: Callable[..., str], patient: Any, in_tenant: Any
    ) -> None:
        coverage = CoverageFactory(organization=in_tenant, patient=patient, payer__name="Aetna")
        path = url(f"coverages/{coverage.id}/")
        mine = sent(client.get(path), member_id="MINE")
        Coverage.objects.filter(id=coverage.id).update(member_id="THEIRS")
        answer = client.post(path, mine)
        assert "<td>THEIRS</td><td>MINE</td>" in answer.text
        assert client.post(path, sent(answer)).status_code == 302
        coverage.refresh_from_db()
        assert coverage.member_id == "MINE"
        assert client.post(path + "remove/", {"reason": "Another patient's"}).status_code == 302
        assert Coverage.objects.live().count() == 0


class TestCareTeam:
    @pytest.fixture
    def episode(self, patient: Any, by: Any, now: datetime, in_tenant: Any) -> Any:
        doctor = TreatingClinicianFactory(organization=in_tenant, name="Ana Cole", sort_name="cole, ana")
        return open_episode(
            by=by, at=now, patient=patient, clinic=patient.clinic, enrolled_on=date(2026, 2, 2),
            treating_clinician=doctor, care_manager=by,
        )  # fmt: skip

    def test_without_an_enrolment_there_is_none(self, client: Client, url: Callable[..., str]) -> None:
        assert client.get(url("team/")).status_code == 404

    def test_an_npi_is_checked_and_added(self, client: Client, url: Callable[..., str], episode: Any) -> None:
        assert "Ana Cole, MD, NPI missing" in client.get(url()).text
        answer = client.post(url("team/"), sent(client.get(url("team/")), npi="1234567890"))
        assert "The last digit does not fit the others" in answer.text
        assert client.post(url("team/"), sent(answer, npi="1234567893")).status_code == 302
        assert TreatingClinician.objects.get().npi == "1234567893"
        assert "Ana Cole, MD, NPI 1234567893" in client.get(url()).text

    @pytest.mark.parametrize("typed", [{"new_name": "Max Ortiz", "new_npi": "1234567893"}, {"npi": "1234567893"}])
    def test_an_npi_of_somebody_else_is_refused_at_its_field(
        self, client: Client, url: Callable[..., str], episode: Any, in_tenant: Any, typed: dict[str, str]
    ) -> None:
        TreatingClinicianFactory(organization=in_tenant, name="Lee Chen", credential="MD", npi="1234567893")
        answer = client.post(url("team/"), sent(client.get(url("team/")), **typed))
        field = list(typed)[-1]
        said = "This is the NPI of Lee Chen, MD. Choose them from the list, or correct the number."
        assert (answer.status_code, answer.context["form"].errors) == (422, {field: [said]})

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"new_npi": "1234567893"}, "Enter the name that this NPI belongs to."),
            ({"treating_clinician_id": "", "npi": "1234567893"}, "Choose the clinician that this NPI belongs to."),
            ({"care_manager_id": "somebody"}, "Select a valid choice."),
        ],
    )
    def test_what_does_not_fit_together_is_refused(
        self, client: Client, url: Callable[..., str], episode: Any, typed: dict[str, str], said: str
    ) -> None:
        answer = client.post(url("team/"), sent(client.get(url("team/")), **typed))
        assert answer.status_code == 422
        assert said in answer.text

    def test_another_clinician_is_named_and_people_are_chosen(
        self, client: Client, url: Callable[..., str], episode: Any, membership: Callable[..., Any]
    ) -> None:
        lee = membership("psychiatric_consultant", name="Lee Chen")
        typed = sent(client.get(url("team/")), consultant_id=str(lee.id), new_name="Rivera", new_npi="1234567893")
        answer = client.post(url("team/"), typed)
        assert "given and family name" in unescape(answer.text)
        saved = client.post(url("team/"), sent(answer, new_name="Max Ortiz", new_credential="NP"))
        assert saved.status_code == 302
        present = Episode.objects.get()
        assert (str(present.treating_clinician), present.consultant) == ("Max Ortiz, NP", lee)
        assert present.treating_clinician.npi == "1234567893"
        assert Job.objects.filter(kind="rebuild_standing").count() == 1

    def test_both_versions_are_shown(
        self, client: Client, url: Callable[..., str], episode: Any, membership: Callable[..., Any]
    ) -> None:
        lee, kim = (membership("care_manager", name=name) for name in ("Lee Chen", "Kim Park"))
        mine = sent(client.get(url("team/")), care_manager_id=str(lee.id))
        Episode.objects.update(care_manager=kim)
        answer = client.post(url("team/"), mine)
        assert "<td>Kim Park</td><td>Lee Chen</td>" in answer.text
        assert client.post(url("team/"), sent(answer)).status_code == 302
        assert Episode.objects.get().care_manager == lee


class TestStays:
    def test_a_stay_is_recorded_once_ended_and_removed(self, client: Client, url: Callable[..., str]) -> None:
        typed = {"kind": "inpatient", "from_on": "2026-02-20", "facility": "County"}
        for _ in range(2):
            assert client.post(url("stays/new/"), typed).status_code == 302
        stay = Stay.objects.get()
        path = url(f"stays/{stay.id}/")
        assert "before the stay began" in client.post(path + "end/", {"until_on": "2026-02-19"}).text
        assert client.post(path + "end/", {"until_on": "2026-02-25"}).status_code == 302
        assert "This day is in the future" in client.post(path + "end/", {"until_on": "2026-03-03"}).text
        assert "has an end already" in client.post(path + "end/", {"until_on": "2026-02-26"}).text
        stay.refresh_from_db()
        assert stay.until_on == date(2026, 2, 25)
        assert client.post(path + "remove/", {"reason": "Another patient"}).status_code == 302
        assert Stay.objects.live().count() == 0

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ({"from_on": ""}, "Enter the day."),
            ({"from_on": "2026-03-03"}, "This day is in the future. Correct it."),
            ({"from_on": "1950-01-01"}, "before the patient’s birth"),
            ({"until_on": "2026-03-03"}, "Leave it empty until the patient has left."),
            ({"until_on": "2026-02-01"}, "The patient left before the stay began."),
            ({"kind": ""}, "Choose what it was."),
        ],
    )
    def test_days_that_cannot_be_are_refused(
        self, client: Client, url: Callable[..., str], typed: dict[str, str], said: str
    ) -> None:
        answer = client.post(url("stays/new/"), {"kind": "inpatient", "from_on": "2026-02-20", **typed})
        assert answer.status_code == 422
        assert said in unescape(answer.text)

    def test_an_emergency_visit_ends_on_its_day(self, client: Client, url: Callable[..., str]) -> None:
        assert client.post(url("stays/new/"), {"kind": "emergency", "from_on": "2026-02-20"}).status_code == 302
        assert Stay.objects.get().until_on == date(2026, 2, 20)
