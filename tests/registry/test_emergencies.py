"""Opening a record past its limits: one, for an hour, told of at once and looked at by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core import mail

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as, sight_of
from registry.models import EmergencyAccess, Patient
from registry.operations.emergencies import end_emergency, look_at_emergency, mail_of_emergency, open_in_emergency
from registry.operations.errors import ReasonMissing
from registry.operations.limits_errors import LookedAtAlready, OnlyInAnEmergency, OwnAccess, ReasonTooShort, StillOpen
from registry.operations.restrictions import end_restriction, restrict_record
from registry.queries.emergencies import Named, accesses_waiting, acts_during, emergencies_page, record_meant
from registry.rules.limits import Stage
from tests.factories.going_live import EmergencyAccessFactory, SeatClinicFactory
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import ClinicFactory

WHY = "Called the front desk, said he will hurt himself tonight."


@pytest.fixture
def lead(membership: Callable[..., Any]) -> Any:
    return membership("clinic_lead", name="Lena Voss")


@pytest.fixture
def closed(person: Any, lead: Any, now: datetime) -> Any:
    """A record that is kept to the lead."""
    patient = person("Rivera", mrn="77001")
    restrict_record(by=lead, at=now, patient_id=patient.id, reason="Works here", seats=[])
    return patient


def opened(by: Any, at: datetime, patient: Any, **values: Any) -> EmergencyAccess:
    return open_in_emergency(by=by, at=at, patient_id=patient.id, **{"reason": WHY, "client_token": uuid4(), **values})


def sees(seat: Any, at: datetime, patient: Any) -> bool:
    with looking_as(seat, at):
        return Patient.objects.filter(id=patient.id).exists()


def test_it_opens_that_record_for_an_hour(closed: Any, by: Any, now: datetime) -> None:
    access = opened(by, now, closed)
    assert access.until == now + timedelta(minutes=60)
    after = [timedelta(0), timedelta(minutes=59, seconds=59), timedelta(minutes=60)]
    assert [sees(by, now + later, closed) for later in after] == [True, True, False]
    (one,) = sight_of(by, now + timedelta(minutes=18, seconds=1)).opened
    assert (one.patient_id, one.access_id, one.minutes_left) == (closed.id, access.id, 42)


def test_it_opens_no_other_record_and_to_nobody_else(
    closed: Any, by: Any, lead: Any, person: Any, membership: Any, now: datetime
) -> None:
    other = person("Novak")
    restrict_record(by=lead, at=now, patient_id=other.id, reason="Works here", seats=[])
    opened(by, now, closed)
    assert not sees(by, now, other)
    assert not sees(membership("care_manager"), now, closed)


def test_it_opens_a_record_of_another_clinic(person: Any, by: Any, now: datetime) -> None:
    patient, north = person("Rivera"), ClinicFactory(organization=by.organization, name="North")
    SeatClinicFactory(organization=by.organization, seat=by, clinic=north)
    assert not sees(by, now, patient)
    opened(by, now, patient)
    assert sees(by, now, patient)


def test_ended_by_hand_it_is_over_at_once(closed: Any, by: Any, now: datetime) -> None:
    access = opened(by, now, closed)
    later = now + timedelta(minutes=5)
    assert end_emergency(by=by, at=later, access_id=access.id).ended_at == later
    assert not sees(by, later, closed)
    assert end_emergency(by=by, at=later + timedelta(minutes=1), access_id=access.id).ended_at == later


def test_who_opened_it_does_not_change_to_whom_it_is_kept(
    closed: Any, lead: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    """An hour would become for good. Those to whom it is kept do, also while somebody has it open."""
    other = membership("clinic_lead", name="Olaf Brandt")
    opened(other, now, closed)
    with looking_as(other, now):
        for seats in ([], [other.id]):
            with pytest.raises(OnlyInAnEmergency):
                restrict_record(by=other, at=now, patient_id=closed.id, reason="Mine", seats=seats)
        with pytest.raises(OnlyInAnEmergency):
            end_restriction(by=other, at=now, patient_id=closed.id, reason="Not needed")
    assert not sees(other, now + timedelta(hours=1), closed)
    restrict_record(by=lead, at=now, patient_id=closed.id, reason="Works here", seats=[other.id])
    assert sees(other, now + timedelta(hours=1), closed)


def test_only_who_opened_it_ends_it(closed: Any, by: Any, lead: Any, now: datetime) -> None:
    access = opened(by, now, closed)
    for seat, access_id in ((lead, access.id), (by, uuid4())):
        with pytest.raises(NotFound):
            end_emergency(by=seat, at=now, access_id=access_id)


def test_sent_twice_it_is_opened_once(closed: Any, by: Any, now: datetime) -> None:
    token = uuid4()
    first = opened(by, now, closed, client_token=token)
    assert opened(by, now + timedelta(hours=2), closed, client_token=token) == first
    assert opened(by, now + timedelta(minutes=1), closed).id == first.id
    assert opened(by, now + timedelta(minutes=61), closed).id != first.id


@pytest.mark.parametrize("reason", ["", "urgent", "a" * 40])
def test_a_reason_is_a_sentence(closed: Any, by: Any, now: datetime, reason: str) -> None:
    with pytest.raises(ReasonTooShort):
        opened(by, now, closed, reason=reason)
    assert EmergencyAccess.objects.count() == 0


def test_it_never_crosses_organizations(closed: Any, by: Any, now: datetime, other_organization: Any) -> None:
    with tenant(other_organization):
        foreign = PatientFactory(organization=other_organization, mrn="88001")
        theirs = EmergencyAccessFactory(organization=other_organization, patient=foreign)
    for patient_id in (foreign.id, uuid4()):
        with pytest.raises(NotFound):
            open_in_emergency(by=by, at=now, patient_id=patient_id, reason=WHY, client_token=uuid4())
    for mrn in ("88001", "99999"):
        with pytest.raises(NotFound):
            record_meant(by.organization_id, Named(mrn))
    with pytest.raises(NotFound):
        end_emergency(by=by, at=now, access_id=theirs.id)


# Which record


def test_a_record_is_meant_exactly_or_not_at_all(closed: Any, by: Any, person: Any, now: datetime) -> None:
    born = date(1961, 5, 4)
    person("Riverada", birth_date=born)
    organization_id = by.organization_id
    with looking_as(by, now):
        for named in (Named("77001"), Named("", "rivera", "ANA", born), Named("77001", "Rivera", "Ana", born)):
            found = record_meant(organization_id, named)
            assert (found.patient_id, found.is_seen) == (closed.id, False)
        for wrong in (
            Named(), Named("7700"), Named("", "Rivera", "Ana"), Named("", "Rivera", "", born),
            Named("", "Riv", "Ana", born),
            Named("", "Rivera", "Ana", date(1961, 5, 5)), Named("77001", "Rivera", "Bo", born),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                record_meant(organization_id, wrong)


def test_two_records_with_one_number_are_told_apart_by_name(person: Any, by: Any) -> None:
    north = ClinicFactory(organization=by.organization, name="North")
    person("Rivera", mrn="77001")
    second = person("Novak", mrn="77001", clinic=north)
    with pytest.raises(NotFound):
        record_meant(by.organization_id, Named("77001"))
    found = record_meant(by.organization_id, Named("77001", "Novak", "Ana", date(1961, 5, 4)))
    assert (found.patient_id, found.is_seen) == (second.id, True)


# Who is told, and who looks


def test_leads_are_told_at_once_and_again_after_three_days(
    closed: Any, by: Any, lead: Any, now: datetime, run_jobs: Any, membership: Any
) -> None:
    membership("clinic_lead", is_active=False)
    opened(by, now, closed)
    assert run_jobs(now + timedelta(seconds=30)) == ["tell_of_emergency"]
    assert [(one.to, one.subject) for one in mail.outbox] == [
        ([lead.user.email], "A record was opened in an emergency")
    ]
    assert not {"Rivera", "77001", "Abara", "hurt"} & set(mail.outbox[0].body.replace(".", " ").split())
    assert run_jobs(now + timedelta(hours=72)) == []
    assert run_jobs(now + timedelta(hours=73)) == ["tell_of_emergency"]
    assert mail.outbox[1].subject == "An emergency access waits to be looked at"


def test_nobody_is_reminded_of_what_was_looked_at(closed: Any, by: Any, lead: Any, now: datetime) -> None:
    access = opened(by, now, closed)
    look_at_emergency(by=lead, at=now + timedelta(hours=2), access_id=access.id, was_justified=True, finding="It was.")
    organization_id, late = by.organization_id, now + timedelta(hours=80)
    assert mail_of_emergency(organization_id=organization_id, access_id=access.id, at=late) == 0
    assert mail_of_emergency(organization_id=organization_id, access_id=uuid4(), at=late) == 0


def test_where_no_other_lead_is_admins_are_told(person: Any, lead: Any, now: datetime, membership: Any) -> None:
    admin = membership("admin")
    access = opened(lead, now, person("Rivera"))
    assert mail_of_emergency(organization_id=lead.organization_id, access_id=access.id, at=now) == 1
    assert mail.outbox[0].to == [admin.user.email]


def test_somebody_else_looks_once_when_it_is_over(
    closed: Any, by: Any, lead: Any, membership: Any, now: datetime
) -> None:
    access, over = opened(by, now, closed), now + timedelta(hours=1)
    judged = {"access_id": access.id, "was_justified": False, "finding": "Curiosity"}
    with pytest.raises(OwnAccess):
        look_at_emergency(by=by, at=over, **judged)
    with pytest.raises(StillOpen):
        look_at_emergency(by=lead, at=now, **judged)
    with pytest.raises(ReasonMissing):
        look_at_emergency(by=lead, at=over, **{**judged, "finding": " "})
    with pytest.raises(NotFound):
        look_at_emergency(by=lead, at=over, **{**judged, "access_id": uuid4()})
    found = look_at_emergency(by=lead, at=over, **judged)
    assert (found.was_justified, found.finding, found.looked_at_by) == (False, "Curiosity", lead)
    with pytest.raises(LookedAtAlready):
        look_at_emergency(by=membership("clinic_lead"), at=over, **{**judged, "was_justified": True})
    actions = AuditEvent.objects.filter(patient_id=closed.id, action__startswith="emergency.").order_by("id")
    assert [event.action for event in actions] == ["emergency.opened", "emergency.looked_at"]


def test_the_list_names_numbers_and_puts_first_what_waits(closed: Any, by: Any, membership: Any, now: datetime) -> None:
    """Also for a lead who may not see the record."""
    other = membership("clinic_lead")
    access = opened(by, now, closed)
    at = now + timedelta(hours=80)
    with looking_as(other, at):
        (row,), total = emergencies_page(by.organization_id, by_id=other.id, at=at)
        assert (row.record_number, row.who, row.stage, row.is_own, total) == ("77001", by.name, Stage.LATE, False, 1)
        assert accesses_waiting(by.organization_id, at) == (1, 1)
        acts = acts_during(by.organization_id, row, by_id=by.id)
        assert [act.words for act in acts][1:] == ["opened a record in an emergency"]  # and was added at that instant
    look_at_emergency(by=other, at=at, access_id=access.id, was_justified=True, finding="It was.")
    second = opened(by, at, closed)
    rows, _ = emergencies_page(by.organization_id, by_id=by.id, at=at)
    assert [(row.id, row.stage) for row in rows] == [(second.id, Stage.OPEN), (access.id, Stage.JUSTIFIED)]
    assert accesses_waiting(by.organization_id, at) == (1, 0)


# Pages


@pytest.fixture
def emergency_page(client: Any) -> Callable[..., Any]:
    def post(**typed: str) -> Any:
        return client.post("/o/lakeside/emergency/", {"client_token": str(uuid4()), "reason": WHY, **typed})

    return post


@pytest.mark.usefixtures("at_now")
def test_a_clinician_opens_a_record_reads_it_and_ends_it(closed: Any, client: Any, emergency_page: Any) -> None:
    chart = f"/o/lakeside/patients/{closed.id}/"
    assert client.get(chart).status_code == 404
    answer = emergency_page(mrn="77001")
    assert (answer.status_code, answer["Location"]) == (302, chart)
    page = client.get(chart)
    assert page.status_code == 200
    assert "Emergency access: 60 minutes left" in page.text
    access = EmergencyAccess.objects.get()
    ended = client.post(f"/o/lakeside/emergency/{access.id}/end/")
    assert (ended.status_code, client.get(chart).status_code) == (302, 404)
    assert "Emergency access:" not in client.get("/o/lakeside/caseload/").text


@pytest.mark.usefixtures("at_now")
def test_absent_and_inexact_are_answered_alike(closed: Any, emergency_page: Any) -> None:
    def said(**typed: str) -> tuple[int, str]:
        answer = emergency_page(**typed)
        return answer.status_code, answer.text.partition("No record of this organization")[2][:160]

    name = {"family_name": "Rivera", "given_name": "Bo", "birth_date": "1961-05-04"}
    assert said(mrn="77002") == said(mrn="77001", **name) == said(**name)
    assert said(mrn="77002")[0] == 422
    assert EmergencyAccess.objects.count() == 0
    assert AuditEvent.objects.filter(action="emergency.asked_in_vain").count() == 4


@pytest.mark.usefixtures("at_now", "closed")
def test_many_tries_are_slowed(emergency_page: Any) -> None:
    answers = [emergency_page(mrn="1").text for _ in range(6)]
    assert [("Wait a minute" in text) for text in answers] == [False] * 5 + [True]


@pytest.mark.usefixtures("at_now", "closed")
def test_what_was_typed_stays_where_something_is_missing(emergency_page: Any) -> None:
    page = emergency_page(reason="urgent", family_name="Rivera")
    assert page.status_code == 422
    assert "at least 20 characters" in page.text
    assert "Enter the record number, or the family name, the given name and the day of birth." in page.text
    assert 'value="Rivera"' in page.text


@pytest.mark.usefixtures("at_now")
def test_a_record_that_is_seen_anyway_needs_no_emergency(person: Any, emergency_page: Any) -> None:
    patient = person("Rivera", mrn="77001")
    assert emergency_page(mrn="77001")["Location"] == f"/o/lakeside/patients/{patient.id}/"
    assert EmergencyAccess.objects.count() == 0


@pytest.mark.usefixtures("watches_sessions", "closed")
def test_opening_asks_who_it_is_where_that_was_not_proved_within_five_minutes(
    client: Any, by: Any, now: datetime, emergency_page: Any
) -> None:
    with time_machine.travel(now, tick=False):
        client.force_login(by.user)
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        assert emergency_page(mrn="77001").status_code == 422
        assert EmergencyAccess.objects.count() == 0
    with time_machine.travel(now + timedelta(minutes=4), tick=False):
        assert emergency_page(mrn="77001").status_code == 302


def test_a_lead_looks_at_it(closed: Any, by: Any, client_for: Any, now: datetime) -> None:
    access = opened(by, now, closed)
    lead = client_for("clinic_lead")
    listed = lead.get("/o/lakeside/emergencies/")
    assert "77001" in listed.text
    assert "Rivera" not in listed.text
    address = f"/o/lakeside/emergencies/{access.id}/"
    assert lead.post(address, {"was_justified": "yes"}).status_code == 422
    assert lead.post(address, {"was_justified": "yes", "finding": "Police were called."}).status_code == 302
    assert "Police were called." in lead.get(address).text
