"""The whole organization, or a clinic of it, as a substance use disorder program: what is covered, and the papers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.test import Client

from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from registry.models import PartTwoNotice, PartTwoProgram, Patient
from registry.operations.errors import AlreadyVoided, FormReused, ReasonMissing
from registry.operations.part_two_programs import declare_program, end_program, give_notice, void_notice
from registry.operations.part_two_scope import refresh_all
from registry.operations.people import add_patient
from registry.operations.rights_errors import ProgramDeclared, RightsRefused
from registry.queries.part_two import notices_given, part_two_of, programs_of, refused_among
from registry.rules.part_two import NOTICE, Use
from tests.factories.going_live import PartTwoMarkFactory, PartTwoNoticeFactory, PartTwoProgramFactory
from tests.factories.registry import EpisodeFactory, PatientFactory
from tests.factories.tenancy import NOW, ClinicFactory

ON = date(2026, 3, 2)
SAYS = {
    "program_name": " Lakeside Recovery ",
    "since_on": ON,
    "questions_to": "The privacy officer, 555-0100",
    "today": ON,
}


@pytest.fixture
def two(organization: Any) -> tuple[Any, Any]:
    """A patient of each of two clinics."""
    return EpisodeFactory(organization=organization).patient, EpisodeFactory(organization=organization).patient


def covered(*patients: Any) -> list[bool]:
    return [Patient.objects.get(id=one.id).is_part_two for one in patients]


def declared(by: Any, clinic_id: UUID | None = None, **details: Any) -> Any:
    typed: dict[str, Any] = {"client_token": uuid4(), "clinic_id": clinic_id} | SAYS | details
    return declare_program(by=by, at=NOW, **typed)


@pytest.mark.usefixtures("in_tenant")
def test_a_whole_organization_is_covered_with_everybody_new_until_it_is_ended(organization, by, two):
    token = uuid4()
    program = declared(by, client_token=token)
    assert (declared(by, client_token=token), program.program_name) == (program, "Lakeside Recovery")
    named = {"mrn": "", "family_name": "Ash", "given_name": "Bo", "birth_date": date(1980, 1, 1)}
    new = add_patient(by=by, at=NOW, clinic=ClinicFactory(organization=organization), **named)
    assert covered(*two, new) == [True, True, True]
    told = part_two_of(organization.id, new.id)
    assert (told.is_marked, told.may_leave(Use.PAYMENT, ON), told.notices(Use.PAYMENT, ON)) == (True, False, (NOTICE,))
    assert refused_among(organization.id, [one.id for one in two], use=Use.PAYMENT, on=ON) == {one.id for one in two}
    PartTwoMarkFactory(organization=organization, patient=two[0])
    with pytest.raises(ReasonMissing):
        end_program(by=by, at=NOW, program_id=program.id, reason=" ")
    end_program(by=by, at=NOW, program_id=program.id, reason="We are none.")
    assert (covered(*two, new), programs_of(organization.id)) == ([True, False, False], ())
    with pytest.raises(AlreadyVoided):
        end_program(by=by, at=NOW, program_id=program.id, reason="Again.")
    with pytest.raises(NotFound):
        end_program(by=by, at=NOW, program_id=uuid4(), reason="None.")


@pytest.mark.usefixtures("in_tenant")
def test_a_clinic_covers_who_is_of_it_or_enrolled_there(organization, by, two):
    first, second = two
    declared(by, first.clinic_id)
    assert covered(first, second) == [True, False]
    assert [one.clinic_id for one in part_two_of(organization.id, first.id).programs] == [first.clinic_id]
    EpisodeFactory(
        organization=organization,
        patient=second,
        clinic=first.clinic,
        status="discharged",
        ended_on=ON,
        end_reason="other",
    )
    assert (refresh_all(organization.id), covered(second), refresh_all(organization.id)) == (1, [True], 0)
    elsewhere = PatientFactory(organization=organization, clinic=second.clinic)
    assert covered(elsewhere) == [False]


@pytest.mark.usefixtures("in_tenant")
def test_what_is_missing_is_said_and_nothing_is_declared_twice(organization, by, two):
    with pytest.raises(RightsRefused) as refused:
        declared(by, program_name=" ", since_on=ON + timedelta(days=1), questions_to="")
    assert sorted(refused.value.faults) == ["program_name", "questions_to", "since_on"]
    with pytest.raises(NotFound):
        declared(by, uuid4())
    for clinic_id in (None, two[0].clinic_id):
        declared(by, clinic_id)
        with pytest.raises(ProgramDeclared):
            declared(by, clinic_id)
    assert [one.clinic_id for one in programs_of(organization.id)] == [None, two[0].clinic_id]


@pytest.mark.usefixtures("in_tenant")
def test_a_notice_is_kept_once_and_taken_back(organization, by, two):
    first, second = two
    given: dict[str, Any] = {"by": by, "at": NOW, "given_on": ON, "how": " On paper ", "today": ON}
    given |= {"client_token": uuid4()}
    made = give_notice(patient_id=first.id, **given)
    assert (give_notice(patient_id=first.id, **given), made.how) == (made, "On paper")
    with pytest.raises(FormReused):
        give_notice(patient_id=second.id, **given)
    wrong = {"how": "", "given_on": ON + timedelta(days=1), "client_token": uuid4()}
    with pytest.raises(RightsRefused) as refused:
        give_notice(patient_id=first.id, **(given | wrong))
    assert sorted(refused.value.faults) == ["given_on", "how"]
    assert notices_given(organization.id, first.id) == (made,)
    void_notice(by=by, at=NOW, patient_id=first.id, notice_id=made.id, reason="Another patient.")
    assert notices_given(organization.id, first.id) == ()


@pytest.fixture
def patient(organization: Any) -> Any:
    with tenant(organization):
        return EpisodeFactory(organization=organization).patient


def test_the_settings_page_declares_and_ends_and_the_history_tells(client_for, organization, patient, now: datetime):
    client, root = client_for("clinic_lead"), f"/o/{organization.slug}/settings"
    typed = {"client_token": uuid4(), "clinic": "all", **SAYS, "questions_to": ""}
    with time_machine.travel(now, tick=False):
        assert "Marked records only." in client.get(f"{root}/part-two/").content.decode()
        refused = client.post(f"{root}/part-two/", typed)
        assert (refused.status_code, "Name whom patients ask" in refused.content.decode()) == (422, True)
        assert 'value=" Lakeside Recovery "' in refused.content.decode()
        for _ in range(2):
            assert client.post(f"{root}/part-two/", typed | {"questions_to": "555-0100"}).status_code == 302
        again = client.post(f"{root}/part-two/", typed | {"questions_to": "555-0100", "client_token": uuid4()})
        assert (again.status_code, "This is said already." in again.content.decode()) == (422, True)
        with tenant(organization):
            (program,) = PartTwoProgram.objects.live()
            assert covered(patient) == [True]
        empty = client.post(f"{root}/part-two/{program.id}/end/", {"reason": ""})
        assert (empty.status_code, "Say why it is taken back." in empty.content.decode()) == (422, True)
        assert client.post(f"{root}/part-two/{program.id}/end/", {"reason": "We are none."}).status_code == 302
        gone = [
            client.post(f"{root}/part-two/{one}/end/", {"reason": "x"}).status_code for one in (program.id, uuid4())
        ]
        history = client.get(f"{root}/changes/").content.decode()
    assert gone == [404, 404]
    assert [history.count("Lakeside Recovery"), history.count("needs a consent before it leaves")] == [2, 2]


def test_the_patients_papers(client: Client, organization, patient, now: datetime):
    root = f"/o/{organization.slug}/patients/{patient.id}/rights"
    with time_machine.travel(now, tick=False):
        assert client.get(f"{root}/notice/").status_code == 404
        with tenant(organization):
            PartTwoProgramFactory(organization=organization, questions_to="Ms. Vale, 555-0199")
        paper = client.get(f"{root}/notice/").content.decode()
        assert ["Notice of Privacy Practices of Lakeside Recovery" in paper, paper.count("Ms. Vale, 555-0199")] == [
            True,
            2,
        ]
        assert "Not given yet." in client.get(f"{root}/").content.decode()
        typed = {"client_token": uuid4(), "given_on": ON, "how": "Read aloud"}
        assert client.post(f"{root}/notice/given/", typed | {"how": ""}).status_code == 422
        assert client.post(f"{root}/notice/given/", typed).status_code == 302
        assert "Given Mar 2: Read aloud" in client.get(f"{root}/").content.decode()
        with tenant(organization):
            (given,) = PartTwoNotice.objects.live()
        assert client.post(f"{root}/notice/{given.id}/void/", {"reason": "Not this one."}).status_code == 302
        assert "Not given yet." in client.get(f"{root}/").content.decode()
        with tenant(organization):
            other = PartTwoNoticeFactory(organization=organization)
        assert client.post(f"{root}/notice/{other.id}/void/", {"reason": "x"}).status_code == 404
