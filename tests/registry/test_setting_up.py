"""Going live: the checklist knows what is left, a clinic is made, and what no row shows is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from registry.models import ClinicProtocol, PayerCheck, SetupAttestation, Training
from registry.operations.protocols import set_protocol
from registry.operations.setting_up import (
    SetupRefused,
    record_payer_check,
    record_training,
    say_of_point,
    unsay_point,
)
from tests.factories.going_live import InvitationFactory, TrainingFactory
from tests.factories.registry import PayerFactory, TreatingClinicianFactory
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

NEW = {
    "name": "Eastside", "time_zone": "America/Chicago", "program": "bhi", "setting": "office",
    "place_of_service": "11", "npi": "123456 7893", "address": "12 Elm Street", "city": "Chicago", "state": "il",
    "postal_code": "60601", "phone": "312 555 0100",
}  # fmt: skip
pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def admin(in_tenant: Any, client_for: Callable[..., Any]) -> Client:
    return client_for("admin", name="Ada Nowak")


def open_points(client: Client) -> dict[str, list[str]]:
    """The open points by group, as the page shows them."""
    groups = client.get("/o/lakeside/set-up/").context["groups"]
    return {group.title: [row.point.item.key for row in group.open] for group in groups}


def test_an_empty_organization_is_told_what_to_do_first(admin: Client) -> None:
    left = open_points(admin)
    assert list(left) == ["The organization"]
    assert left["The organization"][:4] == ["clinic", "care_manager", "lead", "billing"]
    page = admin.get("/o/lakeside/set-up/").text
    assert '<a href="/o/lakeside/set-up/clinics/new/">A clinic</a>' in page
    assert "0 of 12 settled" in page


def test_a_clinic_is_made_once_with_its_program(admin: Client, organization: Any) -> None:
    answer = admin.post("/o/lakeside/set-up/clinics/new/", NEW)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/o/lakeside/set-up/")
    with tenant(organization):
        clinic = Clinic.objects.get()
        assert (clinic.name, clinic.time_zone, clinic.npi, clinic.state) == (
            "Eastside", "America/Chicago", "1234567893", "IL",
        )  # fmt: skip
        assert ClinicProtocol.objects.get(clinic=clinic).program == "bhi"
        assert AuditEvent.objects.filter(action="clinic.made", object_id=clinic.id).count() == 1
    again = admin.post("/o/lakeside/set-up/clinics/new/", NEW)
    assert (again.status_code, "There is a clinic of this name already" in again.text) == (422, True)
    assert 'value="12 Elm Street"' in again.text
    assert Clinic.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Enter the clinic’s name."),
        ({"time_zone": "Mars/Olympus"}, "Choose from the list."),
        ({"npi": "1234567890"}, "one digit of this NPI is wrong"),
        ({"state": "Ill"}, "longer than 2 characters"),
        ({"state": "4x"}, "Enter the two letters of the state"),
        ({"postal_code": "606"}, "Enter five or nine digits"),
        ({"program": ""}, "Choose the program."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(admin: Client, typed: dict[str, str], words: str) -> None:
    refused = admin.post("/o/lakeside/set-up/clinics/new/", {**NEW, **typed})
    assert (refused.status_code, words.replace("’", "&#x27;") in refused.text or words in refused.text) == (422, True)
    assert Clinic.objects.count() == 0


def test_general_bhi_asks_for_no_consultant(admin: Client) -> None:
    admin.post("/o/lakeside/set-up/clinics/new/", NEW)
    left = open_points(admin)
    assert "consultant" not in left["The organization"]
    assert "slot" not in left["Eastside"]
    assert {"site", "address"}.isdisjoint(left["Eastside"])
    admin.post("/o/lakeside/set-up/clinics/new/", {**NEW, "name": "Westside", "program": "cocm"})
    left = open_points(admin)
    assert "consultant" in left["The organization"]
    assert ("slot" in left["Eastside"], "slot" in left["Westside"]) == (False, True)


def test_links_lead_only_where_whoever_looks_may_go(admin: Client, client_for: Callable[..., Any]) -> None:
    admin.post("/o/lakeside/set-up/clinics/new/", NEW)
    as_admin = admin.get("/o/lakeside/set-up/")
    as_lead = client_for("clinic_lead").get("/o/lakeside/set-up/")
    # Enrolling is a lead's and not an admin's; a clinic is made by an admin.
    enrolling = '/o/lakeside/enrol/">First patient'
    assert (enrolling in as_admin.text, enrolling in as_lead.text) == (False, True)
    assert ("set-up/clinics/new/" in as_admin.text, "set-up/clinics/new/" in as_lead.text) == (True, False)


def test_somebody_says_that_a_point_is_not_for_them(admin: Client) -> None:
    url = "/o/lakeside/set-up/said/"
    refused = admin.post(url, {"item": "import", "is_needed": "no", "note": ""})
    assert (refused.status_code, "Say why, in a few words." in refused.text) == (422, True)
    for _ in range(2):
        assert admin.post(url, {"item": "import", "is_needed": "no", "note": "We begin anew"}).status_code == 302
    assert "import" not in open_points(admin)["The organization"]
    assert "not for us: We begin anew" in admin.get("/o/lakeside/set-up/").text
    assert SetupAttestation.objects.count() == 1
    assert admin.post(url, {"item": "import", "what": "unsay"}).status_code == 302
    assert "import" in open_points(admin)["The organization"]
    assert admin.post(url, {"item": "clinicians", "is_needed": "no", "note": "None"}).status_code == 422
    assert (
        admin.post(url, {"item": "hours", "clinic": str(uuid4()), "is_needed": "yes", "note": "x"}).status_code == 404
    )
    assert admin.post(url, {"item": "hours", "clinic": str(uuid4()), "what": "unsay"}).status_code == 404
    assert admin.post(url, {"item": "hours", "clinic": "nonsense", "what": "unsay"}).status_code == 404


def test_what_was_said_is_replaced_and_kept(in_tenant: Any, clinic: Clinic, by: Any, now: datetime) -> None:
    said = {"by": by, "at": now, "key": "hours", "clinic_id": clinic.id, "is_needed": True, "on": now.date()}
    first = say_of_point(**said, note="As usual")
    second = say_of_point(**said, note="Eight to five suits us")
    first.refresh_from_db()
    assert (first.is_live, second.is_live, first.void_reason) == (False, True, "Said otherwise later")
    unsay_point(by=by, at=now, key="hours", clinic_id=clinic.id)
    unsay_point(by=by, at=now, key="hours", clinic_id=clinic.id)
    assert SetupAttestation.objects.live().count() == 0


def test_the_checklist_sees_what_was_done_elsewhere(
    admin: Client,
    in_tenant: Any,
    clinic: Clinic,
    membership: Callable[..., Any],
    on_duty: Callable[..., None],
    by: Any,
    now: datetime,
) -> None:
    membership("clinic_lead", name="Lee Lead")
    TreatingClinicianFactory(organization=in_tenant, npi="1234567893")
    set_protocol(by=by, at=now, clinic=clinic, open_weekdays=[0], opens_at=time(8), closes_at=time(17))
    on_duty(by)
    left = open_points(admin)
    assert {"care_manager", "lead", "clinicians"}.isdisjoint(left["The organization"])
    assert {"hours", "duty"}.isdisjoint(left[clinic.name])
    TreatingClinicianFactory(organization=in_tenant, npi="")
    assert "1 of 2 without an NPI" in admin.get("/o/lakeside/set-up/").text


def test_who_is_invited_stands_beside_the_open_seat(admin: Client, in_tenant: Any, now: datetime) -> None:
    InvitationFactory(organization=in_tenant, name="Ken Abara")
    InvitationFactory(organization=in_tenant, name="Old Invitee", roles=["clinic_lead"], expires_at=now)
    groups = admin.get("/o/lakeside/set-up/").context["groups"]
    details = {row.point.item.key: row.point.detail for row in groups[0].open}
    assert (details["care_manager"], details["lead"]) == ("Ken Abara invited, not here yet", "")


def test_statements_are_as_many_for_two_clinics(admin: Client, in_tenant: Any, clinic: Clinic) -> None:
    with CaptureQueriesContext(connection) as one:
        admin.get("/o/lakeside/set-up/")
    ClinicFactory(organization=in_tenant, name="Westside")
    with CaptureQueriesContext(connection) as two:
        admin.get("/o/lakeside/set-up/")
    assert len(own(one.captured_queries)) == len(own(two.captured_queries))
    assert len(own(two.captured_queries)) <= 8


# Trainings and payers


def test_a_training_is_recorded_once_and_due_a_year_later(admin: Client, membership: Callable[..., Any]) -> None:
    seat = membership("care_manager", name="Ken Abara")
    assert "Never trained on danger" in admin.get("/o/lakeside/set-up/trainings/").text
    typed = {"member": str(seat.id), "kind": "risk_protocol", "on": "2026-03-02", "by_whom": "Lee Lead"}
    for _ in range(2):
        assert admin.post("/o/lakeside/set-up/trainings/", typed).status_code == 302
    training = Training.objects.get()
    assert (training.due_on, training.by_whom) == (date(2027, 3, 2), "Lee Lead")
    page = admin.get("/o/lakeside/set-up/trainings/").text
    assert ("Never trained on danger" in page, "Mar 2, 2027" in page) == (False, True)
    future = admin.post("/o/lakeside/set-up/trainings/", {**typed, "on": "2026-03-20"})
    assert (future.status_code, "The day is in the future." in future.text) == (422, True)


def test_a_training_is_of_somebody_here(by: Any, now: datetime, other_organization: Any, membership: Any) -> None:
    stranger = membership("care_manager", organization=other_organization)
    given = {"by": by, "at": now, "today": now.date(), "on": now.date(), "by_whom": ""}
    with tenant(by.organization):
        for faulty in ({"member_id": stranger.id, "kind": "consent"}, {"member_id": by.id, "kind": "juggling"}):
            with pytest.raises(SetupRefused):
                record_training(**given, **faulty)
        assert Training.objects.count() == 0


def test_trainings_and_payers_are_cut_with_a_count_and_a_way_on(
    admin: Client, in_tenant: Any, membership: Callable[..., Any]
) -> None:
    for number in range(51):
        seat = membership("care_manager", name=f"Person {number:02}")
        TrainingFactory(organization=in_tenant, member=seat, kind="consent")
        PayerFactory(organization=in_tenant, name=f"Payer {number:02}")
    for url, first, last in (
        ("/o/lakeside/set-up/trainings/", "Person 00", "Person 50"),
        ("/o/lakeside/set-up/payers/", "Payer 00", "Payer 50"),
    ):
        one, two = admin.get(url).text, admin.get(f"{url}?page=2").text
        assert ("1 to 50 of 51" in one, "51 to 51 of 51" in two) == (True, True)
        assert [f">{first}<" in page.split("<aside")[0] for page in (one, two)] == [True, False]
        assert [f">{last}<" in page.split("<aside")[0] for page in (one, two)] == [False, True]
        assert admin.get(f"{url}?page=9").text.count("51 to 51 of 51") == 1
    assert ", and 31 more" in admin.get("/o/lakeside/set-up/trainings/").text


def test_a_payer_is_asked_for_each_program(admin: Client, in_tenant: Any) -> None:
    assert "No payer yet" in admin.get("/o/lakeside/set-up/payers/").text
    payer = PayerFactory(organization=in_tenant, name="Prairie Health")
    typed = {
        "payer": str(payer.id), "program": "cocm", "is_covered": "yes", "on": "2026-03-02",
        "source": "Provider manual, p. 12", "note": "",
    }  # fmt: skip
    for _ in range(2):
        assert admin.post("/o/lakeside/set-up/payers/", typed).status_code == 302
    assert admin.post("/o/lakeside/set-up/payers/", {**typed, "program": "bhi", "is_covered": "no"}).status_code == 302
    assert sorted(PayerCheck.objects.values_list("program", "is_covered")) == [("bhi", False), ("cocm", True)]
    page = admin.get("/o/lakeside/set-up/payers/").text
    assert ("Covered" in page, "Not covered" in page, "Provider manual, p. 12" in page) == (True, True, True)
    assert admin.post("/o/lakeside/set-up/payers/", {**typed, "source": ""}).status_code == 422
    tomorrow = {**typed, "on": "2026-03-03"}
    assert "The day is in the future." in admin.post("/o/lakeside/set-up/payers/", tomorrow).text


def test_what_a_payer_said_has_a_source_and_a_program(in_tenant: Any, by: Any, now: datetime) -> None:
    payer = PayerFactory(organization=in_tenant)
    given = {"by": by, "at": now, "today": now.date(), "payer_id": payer.id, "is_covered": True, "on": now.date()}
    for faulty in ({"program": "cocm", "source": " "}, {"program": "ccm", "source": "Manual"}):
        with pytest.raises(SetupRefused):
            record_payer_check(**given, **faulty)
    with pytest.raises(NotFound):
        record_payer_check(**{**given, "payer_id": uuid4()}, program="cocm", source="Manual")
    assert PayerCheck.objects.count() == 0


def test_a_year_old_training_is_due(admin: Client, in_tenant: Any, by: Any, now: datetime) -> None:
    long_ago = now.date() - timedelta(days=365)
    given = {"by": by, "at": now, "today": now.date(), "member_id": by.id, "by_whom": ""}
    record_training(**given, kind="risk_protocol", on=long_ago)
    assert "missing or over a year ago: Ken Abara" in admin.get("/o/lakeside/set-up/").text
    assert "Due" in admin.get("/o/lakeside/set-up/trainings/").text


def found_of(client: Client, key: str) -> str:
    """What the checklist says of one of the organization's points."""
    rows = client.get("/o/lakeside/set-up/").context["groups"][0].rows
    return next(f"{row.point.state}: {row.point.detail}" for row in rows if row.point.item.key == key)


def test_two_people_of_one_name_are_both_to_be_trained(
    admin: Client, in_tenant: Any, by: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    given = {"by": by, "at": now, "today": now.date(), "by_whom": "", "kind": "risk_protocol", "on": now.date()}
    record_training(**given, member_id=by.id)
    assert found_of(admin, "trained") == "done: one person"
    namesake = membership("care_manager", name=by.name)
    assert found_of(admin, "trained") == f"open: missing or over a year ago: {by.name}"
    record_training(**given, member_id=namesake.id)
    assert found_of(admin, "trained") == "done: all 2"


def test_payers_count_as_asked_by_what_is_run_here(
    admin: Client, in_tenant: Any, clinic: Clinic, by: Any, now: datetime
) -> None:
    plan, other = (PayerFactory(organization=in_tenant, name=name) for name in ("Prairie Health", "Lake Health"))
    own_pocket = PayerFactory(organization=in_tenant, name="Self-pay", is_self_pay=True)
    given = {"by": by, "at": now, "today": now.date(), "on": now.date(), "is_covered": True, "source": "Manual"}
    record_payer_check(**given, payer_id=plan.id, program="cocm")
    record_payer_check(**given, payer_id=own_pocket.id, program="cocm")
    record_payer_check(**given, payer_id=other.id, program="bhi")
    assert found_of(admin, "payers") == "open: 1 of 2"
    set_protocol(by=by, at=now, clinic=clinic, program="bhi")
    assert found_of(admin, "payers") == "open: 1 of 2"
    record_payer_check(**given, payer_id=plan.id, program="bhi")
    assert found_of(admin, "payers") == "done: 2 of 2"


def test_days_are_the_organizations(
    admin: Client, in_tenant: Any, clinic: Clinic, by: Any, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At eight in the evening in Chicago it is tomorrow by UTC: nothing is due sooner, and no day of tomorrow holds."""
    evening = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: evening)
    given = {"by": by, "at": now, "today": now.date(), "by_whom": "", "kind": "risk_protocol"}
    record_training(**given, member_id=by.id, on=date(2025, 3, 3))
    assert found_of(admin, "trained") == "done: one person"
    shown = admin.get("/o/lakeside/set-up/trainings/").context
    assert (shown["today"], shown["form"].initial["on"]) == (date(2026, 3, 2), date(2026, 3, 2))
    assert [row.is_due for row in shown["shown"].rows] == [False]
    typed = {"member": str(by.id), "kind": "consent", "on": "2026-03-03", "by_whom": ""}
    refused = admin.post("/o/lakeside/set-up/trainings/", typed)
    assert (refused.status_code, "The day is in the future." in refused.text) == (422, True)
    assert admin.get("/o/lakeside/set-up/payers/").context["today"] == date(2026, 3, 2)
    admin.post("/o/lakeside/set-up/said/", {"item": "import", "is_needed": "no", "note": "We begin anew"})
    assert SetupAttestation.objects.get().on == date(2026, 3, 2)
