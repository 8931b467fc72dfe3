"""A General BHI clinic: no review pages, patients begin in General BHI, and a switch moves those it has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from registry.models import Episode, ProgramPeriod
from registry.operations.errors import DateOutOfOrder
from registry.operations.programs import Moved, move_patients
from registry.operations.protocols import set_protocol
from tests.factories.going_live import SeatClinicFactory
from tests.factories.program import ClinicProtocolFactory
from tests.factories.registry import ConsentFactory, EpisodeFactory, PatientFactory, ProgramPeriodFactory
from tests.factories.tenancy import ClinicFactory

pytestmark = pytest.mark.usefixtures("at_now")


def run(clinic: Clinic, program: str) -> None:
    ClinicProtocolFactory(organization=clinic.organization, clinic=clinic, program=program)


def labels(client: Client, page: str) -> list[str]:
    return [item.label for item in client.get(page).context["frame"].navigation]


@pytest.mark.parametrize(
    ("program", "status", "has_nav"), [("cocm", 200, True), ("bhi", 403, False)], ids=["cocm", "bhi"]
)
def test_a_clinic_without_reviews_has_no_review_pages(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic, program: str, status: int, has_nav: bool
) -> None:
    run(clinic, program)
    client = client_for("care_manager")
    for page in ("reviews/", "reviews/sessions/", "not-improving/"):
        assert client.get(f"/o/lakeside/{page}").status_code == status, page
    assert ("Review" in labels(client, "/o/lakeside/caseload/")) is has_nav
    assert ("Weekly review slots" in client_for("clinic_lead").get("/o/lakeside/settings/").text) is has_nav


def test_a_consultant_of_such_a_clinic_lands_elsewhere(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic
) -> None:
    run(clinic, "bhi")
    client = client_for("psychiatric_consultant")
    assert client.get("/o/lakeside/").headers["Location"] == "/o/lakeside/caseload/"


def test_a_seat_sees_reviews_while_any_of_its_clinics_has_them(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic
) -> None:
    run(clinic, "bhi")
    other = ClinicFactory(organization=in_tenant, name="Westside")
    client = client_for("care_manager")
    assert client.get("/o/lakeside/reviews/").status_code == 200
    seat = SeatClinicFactory(organization=in_tenant, seat=client.membership, clinic=clinic)
    assert client.get("/o/lakeside/reviews/").status_code == 403
    SeatClinicFactory(organization=in_tenant, seat=client.membership, clinic=other)
    assert client.get("/o/lakeside/reviews/").status_code == 200
    assert seat.ended_at is None


def test_reviews_stay_until_the_last_patient_left_collaborative_care(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic
) -> None:
    run(clinic, "bhi")
    enrolled(clinic, "Rivera", program="bhi")
    novak = enrolled(clinic, "Novak", program="cocm")
    seats = [client_for(role) for role in ("care_manager", "psychiatric_consultant", "clinic_lead")]
    pages = ("reviews/", "reviews/sessions/", "settings/review-slots/")

    def answers() -> list[list[int]]:
        return [[client.get(f"/o/lakeside/{page}").status_code for page in pages] for client in seats]

    assert answers() == [[200, 200, 403], [200, 200, 200], [200, 200, 200]]
    assert "Review" in labels(seats[0], "/o/lakeside/caseload/")
    Episode.objects.filter(id=novak.id).update(status="discharged", end_reason="moved", ended_on=date(2026, 2, 27))
    assert answers() == [[403, 403, 403]] * 3
    novak.refresh_from_db()
    enrolled(ClinicFactory(organization=in_tenant, name="Westside"), "Haddad", program="cocm")
    run(Clinic.objects.get(name="Westside"), "bhi")
    assert answers()[0] == [200, 200, 403]
    SeatClinicFactory(organization=in_tenant, seat=seats[0].membership, clinic=clinic)
    assert answers()[0] == [403, 403, 403]


def test_enrolling_begins_in_the_clinics_program(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic
) -> None:
    client = client_for("care_manager")
    assert client.get("/o/lakeside/enrol/").context["form"].initial["program"] == "cocm"
    run(clinic, "bhi")
    assert client.get("/o/lakeside/enrol/").context["form"].initial["program"] == "bhi"


def test_switching_is_one_choice_and_moves_nobody(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic
) -> None:
    run(clinic, "bhi")
    episode = enrolled(clinic, "Rivera", program="bhi")
    admin, lead = client_for("admin"), client_for("clinic_lead")
    url = f"/o/lakeside/set-up/clinics/{clinic.id}/program/"
    assert admin.post(url, {"program": "nonsense"}).status_code == 422
    for _ in range(2):
        assert admin.post(url, {"program": "cocm"}).headers["Location"] == url
    assert AuditEvent.objects.filter(action="protocol.set").count() == 1
    episode.refresh_from_db()
    assert episode.program == "bhi"
    # An admin sees no patients: a lead moves them.
    assert ("Move patients" in admin.get(url).text, "Move patients" in lead.get(url).text) == (False, True)
    assert "1 open patient." in admin.get(url).text
    assert admin.get(f"/o/lakeside/set-up/clinics/{clinic.id}/move/").status_code == 403
    assert lead.get(f"/o/lakeside/set-up/clinics/{uuid4()}/move/").status_code == 404


def enrolled(clinic: Clinic, name: str, *, program: str, on: date = date(2026, 1, 5), **consent: Any) -> Episode:
    """Somebody enrolled in a program, with consent where its fields are given."""
    patient = PatientFactory(organization=clinic.organization, clinic=clinic, family_name=name, given_name="Ana")
    episode = EpisodeFactory(
        organization=clinic.organization, patient=patient, clinic=clinic, program=program, enrolled_on=on
    )
    ProgramPeriodFactory(organization=clinic.organization, episode=episode, program=program, from_on=on)
    if consent:
        ConsentFactory(organization=clinic.organization, patient=patient, **consent)
    return episode


def test_those_chosen_are_moved_from_the_first_of_the_month(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic, now: datetime
) -> None:
    run(clinic, "cocm")
    ready = enrolled(clinic, "Rivera", program="bhi", given_at=now - timedelta(days=50))
    unasked = enrolled(clinic, "Novak", program="bhi")
    enrolled(clinic, "Abara", program="cocm")
    lead = client_for("clinic_lead")
    url = f"/o/lakeside/set-up/clinics/{clinic.id}/move/"
    page = lead.get(url)
    assert [(row.name, chosen) for row, chosen, _ in page.context["rows"]] == [
        ("Novak, Ana", False), ("Rivera, Ana", True),
    ]  # fmt: skip
    assert "No consent on record: ask before minutes count" in page.text
    assert 'value="2026-03-01"' in page.text
    assert lead.post(url, {"on": "2026-03-01"}).status_code == 422
    future = lead.post(url, {"on": "2026-03-09", "episodes": [str(ready.id)]})
    assert (future.status_code, "The day is in the future." in future.text) == (422, True)
    assert lead.post(url, {"on": "2026-03-01", "episodes": [str(ready.id)]}).headers["Location"] == url
    ready.refresh_from_db()
    unasked.refresh_from_db()
    assert (ready.program, unasked.program) == ("cocm", "bhi")
    periods = ProgramPeriod.objects.live().filter(episode=ready).order_by("from_on")
    assert list(periods.values_list("from_on", "program")) == [(date(2026, 1, 5), "bhi"), (date(2026, 3, 1), "cocm")]
    assert AuditEvent.objects.get(action="program.moved").count == 1
    # And back.
    set_protocol(by=lead.membership, at=now, clinic=clinic, program="bhi")
    back = lead.post(url, {"on": "2026-03-02", "episodes": [str(ready.id)]})
    assert back.status_code == 302
    ready.refresh_from_db()
    assert ready.program == "bhi"


def test_who_cannot_be_moved_is_named(client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic) -> None:
    run(clinic, "cocm")
    late = enrolled(clinic, "Rivera", program="bhi", on=date(2026, 2, 20))
    lead = client_for("clinic_lead")
    answer = lead.post(
        f"/o/lakeside/set-up/clinics/{clinic.id}/move/", {"on": "2026-02-01", "episodes": [str(late.id)]}
    )
    assert (answer.status_code, "Enrolled after that day." in answer.text) == (422, True)


def test_moving_takes_nobody_of_another_clinic(
    in_tenant: Any, clinic: Clinic, by: Any, now: datetime, other_organization: Any
) -> None:
    elsewhere = enrolled(ClinicFactory(organization=in_tenant, name="Westside"), "Rivera", program="bhi")
    given = {"by": by, "at": now, "today": now.date(), "clinic_id": clinic.id, "on": date(2026, 3, 1)}
    assert move_patients(**given, to="cocm", episode_ids=[elsewhere.id, uuid4()]) == Moved(0, ())
    with pytest.raises(DateOutOfOrder):
        move_patients(**{**given, "on": date(2026, 3, 3)}, to="cocm", episode_ids=[elsewhere.id])
    here = enrolled(clinic, "Novak", program="bhi")
    assert move_patients(**given, to="ccm", episode_ids=[here.id]).refused == ((here.id, "There is no such program."),)
    again = move_patients(**given, to="bhi", episode_ids=[here.id])
    assert again.refused == ((here.id, "The patient is in that program already."),)
    with tenant(other_organization):
        assert Episode.objects.count() == 0


@pytest.mark.parametrize(("program", "is_asked"), [("cocm", True), ("bhi", False)])
def test_nobody_is_asked_for_a_question_to_a_consultant_there_is_not(
    client_for: Callable[..., Any], in_tenant: Any, clinic: Clinic, program: str, is_asked: bool
) -> None:
    run(clinic, program)
    episode = enrolled(clinic, "Rivera", program=program)
    client, patient = client_for("care_manager"), f"/o/lakeside/patients/{episode.patient_id}/"
    assert ('name="question"' in client.get(f"{patient}contacts/new/").text) is is_asked
    assert ("<h2>Ask the consultant</h2>" in client.get(f"{patient}for-review/").text) is is_asked
