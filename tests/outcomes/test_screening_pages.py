"""Screening in the browser: choose a list, look at it, take it over, see its numbers and who waits."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from outcomes.models import ScreenedVisit, ScreeningFile
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.outcomes import ScreeningFileFactory
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import NOW, ClinicFactory, OrganizationFactory
from tests.outcomes.test_screening import HEAD, JANUARY, LIST, long, taken
from tests.statements import own

HERE = "/o/lakeside/outcomes/screening/"
FILES = f"{HERE}files/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


def text_of(answer: Any) -> str:
    """What the page says, in one line."""
    main = answer.content.decode().partition("<main")[2]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


@pytest.fixture
def lead(clinic: Any, client_for: Any) -> Any:
    return client_for("clinic_lead")


def send(lead: Any, at: Any, content: str = LIST, **more: Any) -> Any:
    given = {"clinic": str(at.id), "month": "2026-01", "client_token": str(uuid4())}
    return lead.post(FILES, {**given, "file": SimpleUploadedFile("seen.csv", content.encode()), **more}, follow=True)


def latest() -> ScreeningFile:
    return ScreeningFile.objects.order_by("-received_at", "-id")[0]


def test_the_empty_pages_say_what_to_do(lead: Any, clinic: Any) -> None:
    said = {
        HERE: "No list of patients seen yet",
        FILES: "Choose last month’s list above.",
        f"{HERE}waiting/": "Nobody waits",
    }
    assert {url: text_of(lead.get(url)).count(words) for url, words in said.items()} == dict.fromkeys(said, 1)


def test_from_the_file_to_its_numbers(lead: Any, clinic: Any, in_tenant: Any) -> None:
    page = send(lead, clinic)
    assert [text_of(page).count(words) for words in ("Nothing is counted yet.", "Take over 4 patients")] == [1, 1]
    answer = lead.post(f"{FILES}{latest().id}/take/", follow=True)
    assert text_of(answer).count("Counted") == 1
    page = lead.get(HERE, {"month": "2026-01"})
    shown = text_of(page)
    tiles = ("75.0 % 3 of 4 Below target", "100.0 % 2 of 2", "50.0 % 1 of 2 Below target")
    assert [shown.count(tile) for tile in tiles] == [1, 2, 0]
    assert shown.count("50.0 % 1 of 2") == 2
    waiting = text_of(lead.get(f"{HERE}waiting/", {"month": "2026-01"}))
    assert (waiting.count("A2 "), waiting.count("A1 "), waiting.count("Feb 5 Late")) == (2, 0, 1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"file": ""}, "Choose the file."),
        ({"clinic": "x"}, "Choose a clinic."),
        ({"month": "2026-04"}, "Choose a month that has begun."),
        ({"file": SimpleUploadedFile("a.csv", b"%PDF-1.7")}, "a.csv is a PDF, not a spreadsheet."),
        ({"file": SimpleUploadedFile("a.csv", b"")}, "a.csv is empty."),
    ],
)
def test_what_is_wrong_is_named_and_the_rest_stays(lead: Any, clinic: Any, fields: dict[str, Any], words: str) -> None:
    answer = send(lead, clinic, **fields)
    assert (answer.status_code, text_of(answer).count(words)) == (422, 1)
    with tenant(lead.membership.organization):
        assert ScreeningFile.objects.count() == 0


def test_faults_are_listed_by_row_and_column(lead: Any, clinic: Any, in_tenant: Any) -> None:
    page = text_of(send(lead, clinic, LIST + "A5,2/1/2026,,,,,,\n"))
    assert (page.count("6 Seen on Feb 1, 2026 is not in January 2026."), page.count("Take over")) == (1, 0)
    answer = text_of(lead.post(f"{FILES}{latest().id}/take/", follow=True))
    assert (answer.count("This file cannot be taken over."), ScreenedVisit.objects.count()) == (1, 0)


def test_a_long_file_shows_that_it_is_being_read(lead: Any, clinic: Any, in_tenant: Any) -> None:
    page = send(lead, clinic, long())
    assert (text_of(page).count("Being read"), page.content.count(b'hx-trigger="every 2s"')) == (2, 1)
    assert Job.objects.filter(kind="read_screening_file").count() == 1


def test_a_care_manager_sees_who_waits_and_nothing_else(lead: Any, clinic: Any, client_for: Any) -> None:
    with tenant(lead.membership.organization):
        patient = PatientFactory(organization=lead.membership.organization, clinic=clinic, mrn="A2")
        taken(lead.membership, clinic)
    manager = client_for("care_manager")
    waiting = manager.get(f"{HERE}waiting/", {"month": "2026-01"})
    assert [waiting.status_code, *(manager.get(url).status_code for url in (HERE, FILES))] == [200, 403, 403]
    assert waiting.content.decode().count(f"/patients/{patient.id}/") == 1
    with tenant(lead.membership.organization):
        event = AuditEvent.objects.filter(action="screening.waiting_viewed").get()
        assert (event.count, event.shown) == (1, [patient.id])


def test_a_lead_of_one_clinic_has_only_its_files_and_numbers(lead: Any, clinic: Any, client_for: Any) -> None:
    organization, narrow = lead.membership.organization, client_for("clinic_lead")
    with tenant(organization):
        other = ClinicFactory(organization=organization, name="Elsewhere")
        here, there = taken(lead.membership, clinic), taken(lead.membership, other, HEAD + "Z1,1/5/2026,,,,,,\n")
        SeatClinicFactory(organization=organization, seat=narrow.membership, clinic=other)
    asked = {"month": "2026-01", "clinic": str(clinic.id)}
    pages = [text_of(client.get(HERE, {"month": "2026-01"})) for client in (lead, narrow)]
    assert [(page.count("60.0 % 3 of 5"), page.count("0.0 % 0 of 1")) for page in pages] == [(2, 1), (0, 2)]
    assert text_of(narrow.get(HERE, asked)).count("0.0 % 0 of 1") == 2
    assert [narrow.get(f"{FILES}{file.id}/").status_code for file in (here, there)] == [404, 200]
    assert send(narrow, clinic).status_code == 422


def test_a_record_that_is_kept_to_others_is_not_listed(lead: Any, clinic: Any, client_for: Any) -> None:
    organization = lead.membership.organization
    with tenant(organization):
        patient = PatientFactory(organization=organization, clinic=clinic, mrn="A2")
        RestrictionFactory(organization=organization, patient=patient)
        taken(lead.membership, clinic)
    waiting = text_of(lead.get(f"{HERE}waiting/", {"month": "2026-01"}))
    assert (waiting.count("A2 "), waiting.count("Nobody waits")) == (0, 1)
    assert text_of(lead.get(HERE, {"month": "2026-01"})).count("50.0 % 1 of 2") == 2


def test_files_of_others_are_not_there(lead: Any, clinic: Any) -> None:
    elsewhere = OrganizationFactory()
    with tenant(elsewhere):
        foreign = ScreeningFileFactory(organization=elsewhere, month=JANUARY)
    answers = [lead.get(f"{FILES}{key}/") for key in (foreign.id, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert lead.post(f"{FILES}{foreign.id}/take/").status_code == 404


def test_statements_do_not_grow_with_rows_months_or_clinics(lead: Any, clinic: Any) -> None:
    organization = lead.membership.organization
    counts = []
    for _ in range(2):
        with tenant(organization):
            for _ in range(3):
                taken(lead.membership, ClinicFactory(organization=organization))
        with CaptureQueriesContext(connection) as queries:
            assert lead.get(HERE, {"month": "2026-01"}).status_code == 200
        counts.append(len(own(queries)))
    assert counts[0] == counts[1]
    assert counts[0] <= 8


def test_nothing_of_a_patient_is_in_addresses_or_titles(lead: Any, clinic: Any, in_tenant: Any) -> None:
    taken(lead.membership, clinic)
    page = lead.get(f"{HERE}waiting/", {"month": "2026-01"}).content.decode()
    links = re.findall(r'(?:href|action)="([^"]*)"', page)
    assert [link for link in links if "A2" in link] == []
    assert "A2" not in page.partition("<title>")[2].partition("</title>")[0]
    assert NOW.year == 2026
