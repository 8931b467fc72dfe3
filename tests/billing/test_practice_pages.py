"""The practice's file in the browser."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import OtherService, PracticeFile, PracticeRow
from billing.operations.practice_files import AT_ONCE_BYTES
from registry.models import Appointment, InitiatingVisit
from tests.billing.people import Program, program
from tests.billing.test_pages import text_of
from tests.billing.test_practice_files import CHARGES, HEAD, patient_of
from tests.factories.registry import TreatingClinicianFactory
from tests.statements import own

pytestmark = pytest.mark.django_db
LIST = "/o/lakeside/billing/practice-files/"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        made = program(organization, clinic)
        patient_of(made, TreatingClinicianFactory(organization=organization, name="Ana Rivera"))
        return made


@pytest.fixture
def billing(people: Program, client_for: Any) -> Client:
    made: Client = client_for("billing")
    return made


def send(client: Client, content: str | bytes = CHARGES, *, name: str = "charges.csv", token: str = "") -> Any:
    raw = content.encode() if isinstance(content, str) else content
    chosen = SimpleUploadedFile(name, raw)
    return client.post(LIST, {"file": chosen, "client_token": token or str(uuid4())}, follow=True)


def latest(people: Program) -> PracticeFile:
    with tenant(people.organization):
        return PracticeFile.objects.order_by("-created_at", "-id")[0]


def act(client: Client, file: PracticeFile, what: str, **data: str) -> Any:
    return client.post(f"{LIST}{file.id}/{what}/", data, follow=True)


def test_the_empty_page_says_what_to_do(billing: Client) -> None:
    text = text_of(billing.get(LIST))
    assert text.count("No file yet Choose last month’s charges above.") == 1
    assert text.count("the procedure code, and who provided it, best with the NPI") == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Choose the file."),
        (b"", "charges.csv is empty."),
        (b"\x89PNG\r\n", "charges.csv is a picture, not a spreadsheet."),
        (b"%PDF-1.7", "charges.csv is a PDF, not a spreadsheet."),
    ],
)
def test_what_is_no_file_is_refused_with_what_to_do(
    billing: Client, people: Program, content: bytes | None, sentence: str
) -> None:
    data: dict[str, Any] = {"client_token": str(uuid4())}
    if content is not None:
        data["file"] = SimpleUploadedFile("charges.csv", content)
    page = billing.post(LIST, data)
    assert (page.status_code, text_of(page).count(sentence)) == (422, 1)
    with tenant(people.organization):
        assert PracticeFile.objects.count() == 0


def test_a_file_that_is_too_large_is_refused_with_what_to_do(
    billing: Client, people: Program, monkeypatch: Any
) -> None:
    monkeypatch.setattr("billing.forms.practice_files.MOST_BYTES", 50_000)
    large = SimpleUploadedFile("charges.csv", b"MRN,Date\n" + b"A1,03/10/2026\n" * 4000)
    page = billing.post(LIST, {"client_token": str(uuid4()), "file": large})
    assert (page.status_code, text_of(page).count("larger than 25 MB. Split it by month")) == (422, 1)
    with tenant(people.organization):
        assert PracticeFile.objects.count() == 0


def test_from_choosing_to_undoing(billing: Client, people: Program) -> None:
    page = send(billing)
    text = text_of(page)
    assert page.redirect_chain[0][0] == f"{LIST}{latest(people).id}/"
    for words in ("Nothing has been recorded yet.", "Take over 2 rows", "Not in the program 1", "All 8 To correct 1"):
        assert text.count(words) == 1, words
    assert "Secretperson" not in text
    file = latest(people)
    assert text_of(act(billing, file, "taking", digest=file.summary["digest"])).count("Taken over.") == 1
    with tenant(people.organization):
        counts = [kind.objects.live().filter(import_id=file.id).count() for kind in (InitiatingVisit, OtherService)]
        assert (counts, Appointment.objects.count()) == ([1, 1], 0)
    assert text_of(act(billing, file, "taking", digest=file.summary["digest"])).count("Taken over.") == 1
    assert text_of(act(billing, file, "undo")).count("The file was undone: what it brought is taken back.") == 1
    assert text_of(billing.get(LIST)).count("Undone") == 1
    with tenant(people.organization):
        assert OtherService.objects.live().count() == 0


def test_a_second_submit_of_the_form_reads_nothing_anew(billing: Client, people: Program) -> None:
    token = str(uuid4())
    first, second = send(billing, token=token), send(billing, token=token)
    assert first.redirect_chain == second.redirect_chain
    with tenant(people.organization):
        assert PracticeFile.objects.count() == 1


def test_a_file_that_brings_nothing_new_says_so(billing: Client, people: Program) -> None:
    page = send(billing, f"{HEAD}\nZ9,,,03/10/2026,99214,Ana Rivera,,\n")
    assert text_of(page).count("Nothing new to take over") == 1
    assert "/taking/" not in page.content.decode()


def test_columns_and_people_are_corrected_and_what_was_typed_stays(billing: Client, people: Program) -> None:
    text = text_of(send(billing, "Nr,Wann,Was,Wer\nA1,03/10/2026,99214,Front Desk\n"))
    assert text.count("no row names columns of charges or appointments") == 1
    columns = {"column-0": "mrn", "column-1": "contact_on", "column-2": "code", "column-3": "practitioner", "order": ""}
    assert text_of(act(billing, latest(people), "reading", **columns)).count("Read again with your choices.") == 1
    with tenant(people.organization):
        assert PracticeRow.objects.get().messages == [
            "A visit that may start services, with somebody who is not the treating clinician: it starts none of ours."
        ]
    page = billing.get(f"{LIST}{latest(people).id}/")
    ana = re.search(r'<option value="([0-9a-f-]{36})">Ana Rivera', page.content.decode())
    assert ana is not None
    act(billing, latest(people), "reading", **columns, **{"person-0": ana[1]})
    with tenant(people.organization):
        assert PracticeRow.objects.get().messages == ["A visit that may start services."]
    wrong = act(billing, latest(people), "reading", **{**columns, "column-3": "shoe"})
    assert (wrong.status_code, text_of(wrong).count("Choose what this column holds from the list.")) == (422, 1)


def test_dates_that_look_day_first_are_asked_about(billing: Client, people: Program) -> None:
    text = text_of(send(billing, f"{HEAD}\nA1,,,23/03/2026,99214,Ana Rivera,,\n"))
    assert text.count("dates like 23/03/2026 look day first") == 1
    assert "Take over" not in text


def test_a_practitioner_who_is_not_clear_is_asked_about(billing: Client, people: Program) -> None:
    text = text_of(send(billing, f"{HEAD}\nA1,,,03/10/2026,99214,,,\n"))
    assert text.count("Who is meant?") == 1
    assert text.count("It is not clear who provided it. Say who it was, and read again.") == 1


def test_a_long_file_shows_that_it_is_being_read(billing: Client, people: Program) -> None:
    text = text_of(send(billing, f"{HEAD}\n" + "Z9,,,03/10/2026,99214,Ana Rivera,,\n" * (AT_ONCE_BYTES // 30)))
    assert text.count("You can leave this page; it goes on.") == 1
    assert latest(people).state == "reading"


def test_what_cannot_be_done_is_said(billing: Client, people: Program) -> None:
    send(billing)
    file = latest(people)
    assert text_of(act(billing, file, "undo")).count("Only a file that was taken over can be undone.") == 1
    act(billing, file, "taking", digest=file.summary["digest"])
    assert text_of(act(billing, file, "reading", order="")).count("This file is no longer waiting") == 1


def test_rows_of_one_fate_and_pages_of_rows(billing: Client, people: Program) -> None:
    rows = "".join(f"A1,,,03/{day:02d}/20{year},99214,Ana Rivera,,\n" for year in range(10, 15) for day in range(1, 31))
    send(billing, f"{HEAD}\n{rows}Z9,,,03/10/2026,99214,Ana Rivera,,\n")
    here = f"{LIST}{latest(people).id}/"
    assert text_of(billing.get(here)).count("Page 1 of 2") == 1
    assert text_of(billing.get(f"{here}?page=2")).count("Page 2 of 2") == 1
    assert text_of(billing.get(f"{here}?fate=unknown")).count("Page 1 of 1") == 1
    assert billing.get(f"{here}?fate=nonsense&page=x").status_code == 200


def test_looking_is_audited_with_how_many_rows(billing: Client, people: Program) -> None:
    send(billing)
    with tenant(people.organization):
        assert AuditEvent.objects.filter(action="practice_file.viewed").values_list("count", flat=True).get() == 8


def test_statements_are_constant_in_rows(billing: Client, people: Program) -> None:
    send(billing, f"{HEAD}\nA1,,,03/10/2026,99214,Ana Rivera,,\n")
    few = statements(billing, f"{LIST}{latest(people).id}/")
    send(billing)
    many = statements(billing, f"{LIST}{latest(people).id}/")
    assert (len(few), len(many) <= 8) == (len(many), True), many
    assert len(statements(billing, LIST)) <= 8


def statements(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return own(queries)


def test_the_file_of_another_organization_is_not_found(billing: Client, client_for: Any, people: Program) -> None:
    assert billing.get(f"{LIST}{uuid4()}/").status_code == 404
    for what in ("reading", "taking", "undo"):
        assert billing.post(f"{LIST}{uuid4()}/{what}/").status_code == 404


def test_an_appointment_that_lies_ahead_is_taken_and_shown_with_its_hour(billing: Client, people: Program) -> None:
    on = timezone.now() + timedelta(days=40)
    text = text_of(send(billing, f"{HEAD}\nA1,,,{on:%m/%d/%Y},,Ana Rivera,Scheduled,2:05 PM\n"))
    assert text.count("2:05 pm") == 1
