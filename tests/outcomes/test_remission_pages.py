"""The pages of the yearly measures, as they are opened by each who may."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.outcomes import OutcomeSettingsFactory
from tests.factories.registry import (
    AssessmentFactory,
    DiagnosisFactory,
    EpisodeFactory,
    InitiatingVisitFactory,
    TreatingClinicianFactory,
)
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

BASE = "/o/lakeside/outcomes/"
PAGE = f"{BASE}remission/"
INDEX = date(2025, 3, 10)  # its window: January 9 to May 9, 2026
NOON = datetime(2026, 3, 12, 18, 0, tzinfo=UTC)
MOST_OWN = 8


@pytest.fixture(autouse=True)
def march(in_tenant: Any) -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def patient(in_tenant: Any, clinic: Any) -> Any:
    """`patient("Abara", (day, total), …)`: seen on the day of the first score, 16, with confirmed depression."""
    clinician = TreatingClinicianFactory(organization=in_tenant)

    def make(family: str, *scores: tuple[date, int], code: str = "", confirmed: bool = True, **columns: Any) -> Any:
        index = columns.pop("index", INDEX)
        columns.setdefault("patient__clinic", clinic)
        episode = EpisodeFactory(
            organization=in_tenant, patient__family_name=family, patient__given_name="Jo", **columns
        )
        by = {"confirmed_on": index, "confirmed_by": clinician} if confirmed else {}
        for one in filter(None, ("F33.1", code)):
            DiagnosisFactory(organization=in_tenant, episode=episode, code=one, **by)
        for on, total in ((index, 16), *scores):
            AssessmentFactory(organization=in_tenant, episode=episode, on=on, total=total)
        InitiatingVisitFactory(organization=in_tenant, patient=episode.patient, on=index)
        return episode

    return make


def words(page: Any) -> str:
    """What is on the page, as one line of words."""
    content = re.sub(r"<(script|style|svg|dialog|option).*?</\1>", " ", page.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", content)).split())


def names(page: Any) -> list[str]:
    return re.findall(r'class="row-link" href="[^"]+">([^<]+)<', page.content.decode())


def row_of(page: Any, name: str) -> str:
    rows = re.findall(r"<tr>.*?</tr>", page.content.decode(), flags=re.DOTALL)
    return next(" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows if name in row)


def test_numbers_lists_and_who_is_due(client_for: Any, patient: Any) -> None:
    nora = client_for("care_manager", name="Nora Ellison").membership
    patient("Later closing", index=INDEX + timedelta(days=5))
    due = patient("Abara", (date(2025, 6, 1), 11), care_manager=nora)
    patient("Scored", (date(2026, 2, 1), 7))
    patient("Well", (date(2026, 2, 1), 3))
    patient("Over", index=date(2024, 12, 1))
    patient("Ahead", index=date(2025, 6, 1))
    patient("Far", index=date(2025, 9, 1))
    patient("Bipolar", code="F31.9")
    patient("Unconfirmed", confirmed=False)
    lead = client_for("clinic_lead")
    page = lead.get(PAGE)
    said = words(page)
    assert page.status_code == 200
    assert "First scores at visits from Nov 1, 2024 to Oct 31, 2025, as of Mar 12, 2026." in said
    assert "Remission at 12 months 14.3 % 1 of 7 met it so far Failed 1" in said
    assert "Still open 5" in said
    assert "In this year: bipolar disorder 1. 1 more would count if the diagnosis were confirmed." in said
    assert "The official value sets need a license and are not part of this product." in said
    assert "Hospice care is not on record here" in said
    assert names(page) == ["Abara, Jo", "Later closing, Jo"]
    assert row_of(page, "Abara") == (
        "Abara, Jo 16 Mar 10, 2025 Jan 9, 2026 to May 9, 2026 58 11 Jun 1, 2025 No score in the window yet "
        "Nora Ellison Send PHQ-9 to Abara, Jo"
    )
    assert f"/o/lakeside/patients/{due.patient_id}/questionnaires/" in page.content.decode()
    event = AuditEvent.objects.get(action="outcomes.remission_viewed")
    assert due.patient_id in event.shown
    lists = {
        "again": (["Scored, Jo"], "Last score 7; asked: PHQ-9 below 5"),
        "soon": (["Ahead, Jo"], "The window has not opened"),
        "later": (["Far, Jo"], "The window has not opened"),
        "failed": (["Over, Jo"], "No score in the window"),
        "met": (["Well, Jo"], "Last score 3; a later one in the window would count instead"),
        "unconfirmed": (["Unconfirmed, Jo"], "Counts once the treating clinician confirms the diagnosis"),
        "left_out": (["Bipolar, Jo"], "Bipolar disorder"),
    }
    for which, (listed, said) in lists.items():
        page = lead.get(PAGE, {"list": which})
        assert names(page) == listed
        assert said in row_of(page, listed[0])


def test_what_is_over_stands_by_what_closed_last(client_for: Any, patient: Any) -> None:
    for family, index in (("First", date(2024, 11, 5)), ("Second", date(2024, 12, 5))):
        patient(family, (index + timedelta(days=365), 9), index=index)
        patient(f"{family} well", (index + timedelta(days=365), 2), index=index)
    lead = client_for("clinic_lead")
    failed = lead.get(PAGE, {"list": "failed"})
    assert names(failed) == ["Second, Jo", "First, Jo"]
    assert "Last score 9; asked: PHQ-9 below 5" in row_of(failed, "First, Jo")
    met = lead.get(PAGE, {"list": "met"})
    assert names(met) == ["Second well, Jo", "First well, Jo"]
    assert "closed 2 Dec 5, 2025 Last score 2" in row_of(met, "Second well")
    assert "Send PHQ-9" not in words(met)


def test_an_admin_sees_counts_and_no_names(client_for: Any, patient: Any) -> None:
    patient("Abara")
    page = client_for("admin").get(PAGE)
    assert "Due now 1" in words(page)
    assert "Names show to care managers and clinic leads" in words(page)
    assert names(page) == []
    assert AuditEvent.objects.get(action="outcomes.remission_viewed").shown == []


def test_a_care_manager_sees_her_own(client_for: Any, patient: Any, in_tenant: Any) -> None:
    nora = client_for("care_manager")
    patient("Abara", care_manager=nora.membership)
    other = patient("Other", care_manager=client_for("care_manager").membership)
    page = nora.get(f"{BASE}mine/remission/", {"manager": str(other.care_manager_id)})
    assert names(page) == ["Abara, Jo"]
    assert names(nora.get(f"{BASE}remission/calls/")) == ["Abara, Jo"]
    assert nora.get(PAGE).status_code == 403
    mine = nora.get(f"{BASE}mine/")
    assert "A PHQ-9 is due now" in words(mine)
    assert "Remission at 12 months 2026, 1 patient" in words(mine)
    assert "mine/remission/?measure=cms159&amp;year=2026" in mine.content.decode()


def test_each_measure_names_the_others_that_ask(client_for: Any, patient: Any) -> None:
    patient("Abara")
    patient("Follow", index=date(2025, 11, 1))
    lead = client_for("clinic_lead")
    assert "Follow-up PHQ-9 2026, 1 patient" in words(lead.get(PAGE))
    response = lead.get(PAGE, {"measure": "drre_response", "year": "2026"})
    assert names(response) == ["Follow, Jo"]
    assert "Remission at 12 months 2026, 1 patient" in words(response)
    assert "Follow-up PHQ-9 2026" not in words(response)


def test_filters_narrow_and_what_makes_no_sense_does_not(client_for: Any, patient: Any, in_tenant: Any) -> None:
    seat = client_for("care_manager").membership
    elsewhere = ClinicFactory(organization=in_tenant, name="Elsewhere")
    patient("Abara", care_manager=seat)
    patient("Other", patient__clinic=elsewhere)
    lead = client_for("clinic_lead")
    assert names(lead.get(PAGE, {"manager": str(seat.id)})) == ["Abara, Jo"]
    assert names(lead.get(PAGE, {"clinic": str(elsewhere.id)})) == ["Other, Jo"]
    odd = {"measure": "x", "year": "1999", "list": "x", "clinic": "x", "manager": str(elsewhere.id)}
    assert len(names(lead.get(PAGE, odd))) == 2
    calls = lead.get(f"{PAGE}calls/", {"clinic": str(elsewhere.id), "manager": str(seat.id)})
    assert "Elsewhere" in words(calls)
    assert "Nobody to call" in words(calls)


def test_the_call_list_holds_who_is_due_and_who_is_asked_again(client_for: Any, patient: Any) -> None:
    patient("Abara", patient__phone="555-0101", patient__phone_best_times="mornings")
    patient("Scored", (date(2026, 2, 1), 7), index=INDEX - timedelta(days=3), patient__phone="")
    patient("Well", (date(2026, 2, 1), 3))
    page = client_for("clinic_lead").get(f"{PAGE}calls/")
    assert names(page) == ["Scored, Jo", "Abara, Jo"]
    assert "Abara, Jo 555-0101 mornings May 9 58" in row_of(page, "Abara")
    assert "Scored, Jo not known May 6 55" in row_of(page, "Scored")
    assert "For use in the clinic only: it holds names." in words(page)
    assert len(AuditEvent.objects.get(action="outcomes.remission_listed").shown) == 2


def numbers(client: Any, **asked: Any) -> list[dict[str, str]]:
    answer = client.post(f"{PAGE}numbers/", {"measure": "cms159", "year": "2026", **asked})
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_numbers_leave_without_names_and_small_ones_hidden(client_for: Any, patient: Any, in_tenant: Any) -> None:
    OutcomeSettingsFactory(organization=in_tenant, mask_under=2)
    small = ClinicFactory(organization=in_tenant, name="Small")
    for _ in range(2):
        patient("Abara")
        patient("Well", (date(2026, 2, 1), 3))
    patient("Secret", patient__clinic=small)
    lead = client_for("clinic_lead")
    rows = numbers(lead)
    assert [row["Clinic"] for row in rows] == ["All clinics", *sorted([rows[1]["Clinic"], rows[2]["Clinic"]])]
    assert (rows[0]["Patients counted"], rows[0]["Met"], rows[0]["Share met"]) == ("5", "2", "40.0 %")
    assert {row["Patients counted"] for row in rows[1:]} == {"fewer than 2, or would tell it"}
    assert "Secret" not in str(rows)
    assert AuditEvent.objects.filter(action="outcomes.remission_exported").count() == 1
    assert lead.post(f"{PAGE}numbers/", {"measure": "cms159", "year": "1999"}).status_code == 404
    assert lead.post(f"{PAGE}numbers/", {"measure": "x", "year": "2026"}).status_code == 404


def test_numbers_of_a_seat_of_one_clinic_are_that_clinics_as_everybody_gets_them(
    client_for: Any, patient: Any, in_tenant: Any
) -> None:
    """Also with a record that is kept to others, and without a line of all clinics that would be of one."""
    OutcomeSettingsFactory(organization=in_tenant, mask_under=0)
    elsewhere = ClinicFactory(organization=in_tenant, name="Elsewhere")
    kept = patient("Abara").patient
    patient("Berg", patient__clinic=elsewhere)
    lead = client_for("clinic_lead")
    whole = numbers(lead)
    RestrictionFactory(organization=in_tenant, patient=kept, seats=[], recorded_by=client_for("admin").membership)
    SeatClinicFactory(organization=in_tenant, seat=lead.membership, clinic=kept.clinic)
    assert [row["Clinic"] for row in whole] == ["All clinics", *sorted([kept.clinic.name, "Elsewhere"])]
    assert numbers(lead) == [row for row in whole if row["Clinic"] == kept.clinic.name]


def test_more_than_fifty_go_on_overleaf_and_cost_no_more(client_for: Any, patient: Any) -> None:
    lead = client_for("clinic_lead")
    patient("Abara")
    lead.get(PAGE)

    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert lead.get(path).status_code == 200
        return len(own(queries))

    few = statements(PAGE)
    for _ in range(51):
        patient("Abara")
    assert statements(PAGE) == few
    assert few <= MOST_OWN
    assert statements(f"{PAGE}calls/") <= MOST_OWN
    page = lead.get(PAGE)
    assert "1 to 50 of 52" in words(page)
    assert "page=2" in page.content.decode()
    second = lead.get(PAGE, {"page": "2"})
    assert "51 to 52 of 52" in words(second)
    assert len(names(second)) == 2
