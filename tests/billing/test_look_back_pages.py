"""The pages of a look-back through the real middleware: what they say, refuse and cost."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import BilledLine, LookBack
from billing.operations import look_back as operations
from billing.operations.look_back import read_look_back
from billing.views import look_back as views
from registry.models import Patient
from registry.rules.part_two import NOTICE
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.statements import own

BASE = "/o/lakeside/billing/look-backs/"
HEADINGS = "MRN,Patient Name,DOB,DOS,CPT,Units,Insurance Paid\n"


@pytest.fixture(autouse=True)
def _april() -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def patient(people: Program, name: str, mrn: str, minutes: int = 40, **fields: Any) -> Any:
    with tenant(people.organization):
        return people.billing_patient(name, minutes, mrn=mrn, **fields)


def upload(client: Client, text: str | bytes, *, name: str = "billed.csv", token: Any = None) -> Any:
    content = text.encode() if isinstance(text, str) else text
    return client.post(BASE, {"file": SimpleUploadedFile(name, content), "client_token": token or uuid4()})


def compared(client: Client, *lines: str) -> str:
    """The address of a look-back that was uploaded and settled."""
    url: str = upload(client, HEADINGS + "".join(f"{line}\n" for line in lines)).url
    assert client.post(f"{url}comparison/").url == url
    return url


def test_nothing_yet_says_what_to_do(people: Program, billing: Client):
    assert "Nothing compared yet Upload what was billed in the last months." in text_of(billing.get(BASE))


def test_a_file_is_uploaded_settled_and_compared(people: Program, billing: Client):
    patient(people, "Abara", "42")
    patient(people, "Castro", "7", without=("consent",))
    patient(people, "Evans", "9")
    answer = upload(
        billing, f"{HEADINGS}42,,,02/28/2026,99492,1,128.26\n7,,,02/28/2026,99492,1,128.26\n1,,,x,99492,1,\n"
    )
    preview = text_of(billing.get(answer.url))
    assert "Lines to compare 2 collaborative care and general BHI" in preview
    assert "Refused rows 1 each with its reason, below" in preview
    assert "Compare February 2026" in preview
    assert billing.post(f"{answer.url}comparison/").status_code == 302
    page = text_of(billing.get(answer.url))
    assert "The file is compared." in page
    assert "Billed, not supported here $128.26 paid, 1 month" in page
    assert "Missed, can still be filed $160.32 estimate, 1 month" in page
    assert "Supported as billed 1 of 2 months with a line" in page
    assert "Talk to your compliance officer first." in page
    assert "as of Apr 3, 2026: what is entered from now on changes the result." in page
    assert (
        "Castro, Jo 7 February 2026 Billed, not supported here 99492 Nothing $128.26 — "
        "No consent was in force for any of the month&#x27;s time. Would change it: a consent with the day on which it "
        "was given, before the work." in page
    )
    assert "Evans, Jo 9 February 2026 Missed, can still be filed Nothing 99492 — +$160.32 Until Feb 28, 2027." in page
    listed = text_of(billing.get(BASE))
    assert "billed.csv Compared February 2026 2 Apr 3 " in listed


def test_a_finding_is_picked_and_the_page_cut(people: Program, billing: Client, monkeypatch: Any):
    monkeypatch.setattr(views, "PAGE_ROWS", 2)
    for number, name in enumerate(("Abara", "Berg", "Castro", "Dogan")):
        patient(people, name, f"4{number}")
    url = compared(billing, "40,,,02/28/2026,99492,1,128.26")
    first = text_of(billing.get(url, {"finding": "missed"}))
    assert "1 to 2 of 3" in first
    assert ("Berg, Jo" in first, "Dogan, Jo" in first, "Abara, Jo" in first) == (True, False, False)
    (following,) = re.findall(r'rel="next" href="([^"]+)"', billing.get(url, {"finding": "missed"}).content.decode())
    assert following == "?finding=missed&amp;page=2#months"
    second = text_of(billing.get(url, {"finding": "missed", "page": "2"}))
    assert ("3 to 3 of 3" in second, "Dogan, Jo" in second) == (True, True)
    assert "3 to 3 of 3" in text_of(billing.get(url, {"finding": "missed", "page": "99"}))
    assert "4 months" in text_of(billing.get(url, {"finding": "nonsense", "page": "x"}))
    assert "None. Show every month" in text_of(billing.get(url, {"finding": "twice"}))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("billed.csv", b"", "billed.csv is empty."),
        ("billed.pdf", b"%PDF-1.7", "billed.pdf is a PDF, not a spreadsheet."),
        ("photo.csv", b"\x89PNG....", "photo.csv is a picture, not a spreadsheet."),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_fix(
    people: Program, billing: Client, name: str, content: bytes, said: str
):
    answer = upload(billing, content, name=name)
    assert (answer.status_code, said in text_of(answer)) == (422, True)
    with tenant(people.organization):
        assert LookBack.objects.count() == 0


def test_no_file_and_a_large_one(people: Program, billing: Client, monkeypatch: Any):
    answer = billing.post(BASE, {"client_token": uuid4()})
    assert (answer.status_code, "Choose the file of what was billed." in text_of(answer)) == (422, True)
    monkeypatch.setattr("billing.forms.look_back.MOST_BYTES", 10)
    answer = upload(billing, HEADINGS)
    assert (answer.status_code, "The file is larger than 25 MB." in text_of(answer)) == (422, True)


def test_a_double_submit_uploads_once(people: Program, billing: Client):
    token = uuid4()
    assert upload(billing, HEADINGS, token=token).url == upload(billing, HEADINGS, token=token).url


def test_columns_are_corrected_and_what_was_typed_is_kept(people: Program, billing: Client):
    patient(people, "Abara", "42")
    url = upload(billing, "Chart,When,What\n42,02/28/2026,99492\n").url
    assert "no column is headed" not in text_of(billing.get(BASE))
    typed = {"column-0": "mrn", "column-1": "contact_on", "column-2": "code", "order": "", "filing_months": "0"}
    refused = billing.post(f"{url}choices/", typed)
    assert (refused.status_code, "greater than or equal to 1" in text_of(refused)) == (422, True)
    assert '<option value="contact_on" selected>' in refused.content.decode()
    chosen = {**typed, "filing_months": "6", "clinic": str(people.clinic.id)}
    assert billing.post(f"{url}choices/", chosen).status_code == 302
    assert "Read again with your choices." in text_of(billing.get(url))
    assert billing.post(f"{url}comparison/").status_code == 302
    settled = billing.post(f"{url}choices/", chosen, follow=True)
    assert "This file is settled and cannot be read again." in text_of(settled)


def test_a_foreign_clinic_is_refused_like_one_that_is_not(people: Program, billing: Client):
    url = upload(billing, HEADINGS + "42,,,02/28/2026,99492,1,1\n").url
    typed = {"order": "", "filing_months": "12", "clinic": str(uuid4())}
    assert billing.post(f"{url}choices/", typed).status_code == 422


def test_doubtful_dates_are_asked_for_before_anything(people: Program, billing: Client):
    url = upload(billing, HEADINGS + "42,,,28/02/2026,99492,1,1\n42,,,03/04/2026,99493,1,1\n").url
    assert "To settle first" in text_of(billing.get(url))
    answer = billing.post(f"{url}comparison/", follow=True)
    assert "Something has to be settled before the file can be compared." in text_of(answer)


def test_a_file_without_our_codes_warns(people: Program, billing: Client):
    url = upload(billing, HEADINGS + "42,,,02/28/2026,99214,1,88\n").url
    assert "No line of collaborative care or general BHI" in text_of(billing.get(url))
    with tenant(people.organization):
        found = LookBack.objects.get()
    assert billing.post(f"{url}comparison/").status_code == 302
    page = text_of(billing.get(url))
    assert (found.summary["aside"], "99214 (1)" in page, "Nothing to show" in page) == ({"99214": 1}, True, True)


def test_a_long_file_shows_how_far_it_is(people: Program, billing: Client, monkeypatch: Any, client_for: Any):
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 10)
    url = upload(billing, HEADINGS + "42,,,02/28/2026,99492,1,1\n").url
    page = billing.get(url)
    assert "The file is being read You can leave this page; it goes on." in text_of(page)
    assert 'hx-trigger="every 2s"' in page.content.decode()
    assert "The file is being read" in text_of(client_for("clinic_lead").get(url))
    with tenant(people.organization):
        found = LookBack.objects.get()
        read_look_back(by=people.by, at=AT, look_back_id=found.id, progress=lambda done, total: None)
    assert "Compare February 2026" in text_of(billing.get(url))


def test_a_refused_long_file_says_why(people: Program, billing: Client, monkeypatch: Any):
    monkeypatch.setattr(operations, "AT_ONCE_BYTES", 3)
    url = upload(billing, b"%PDF-1.7", name="billed.pdf").url
    with tenant(people.organization):
        read_look_back(by=people.by, at=AT, look_back_id=LookBack.objects.get().id, progress=lambda *_: None)
    assert "The file could not be read billed.pdf is a PDF" in text_of(billing.get(url))


def test_discarding(people: Program, billing: Client):
    url = compared(billing, "42,,,02/28/2026,99492,1,1")
    answer = billing.post(f"{url}discarding/", follow=True)
    assert "The look-back is discarded and its file deleted." in text_of(answer)
    with tenant(people.organization):
        assert BilledLine.objects.count() == 0
    assert [billing.get(f"{url}paper/").status_code, billing.post(f"{url}file/").status_code] == [404, 404]
    assert billing.post(f"{BASE}{uuid4()}/discarding/").status_code == 404


def test_for_paper_and_as_a_file(people: Program, billing: Client, monkeypatch: Any):
    patient(people, "Abara", "42")
    patient(people, "Berg", "43", without=("visit",))
    url = compared(billing, "43,,,02/28/2026,99492,1,128.26", '=X,"Zu, Al",01/01/1950,02/28/2026,99484,1,')
    answer = billing.get(f"{url}paper/")
    paper = text_of(answer)
    assert "?finding=" not in answer.content.decode()
    assert "Confidential: keep it safe, and shred it." in paper
    assert "Billed for people who are not on record here" in paper
    monkeypatch.setattr(views, "ON_PAPER", 1)
    assert "Only the first 1 of 2 months are on this page; the CSV file has all." in text_of(
        billing.get(f"{url}paper/")
    )
    answer = billing.post(f"{url}file/")
    assert answer["Content-Disposition"] == 'attachment; filename="look-back-2026-04-03.csv"'
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert [line.split(",")[0] for line in lines] == [
        "Finding",
        '"Billed',
        '"Missed',
        "Not on record here",
    ]


def test_who_may_not_see_months_gets_no_way_to_them(people: Program, client_for: Any):
    patient(people, "Abara", "42")
    admin, lead = client_for("admin"), client_for("clinic_lead")
    url = compared(admin, "42,,,02/28/2026,99492,1,128.26")
    months = "/o/lakeside/billing/months/2026-02/"
    assert [months in client.get(url).content.decode() for client in (admin, lead)] == [False, True]


def test_viewing_is_on_record_with_how_many_were_shown(people: Program, billing: Client):
    patient(people, "Abara", "42")
    url = compared(billing, "42,,,02/28/2026,99492,1,128.26")
    billing.get(url)
    billing.get(f"{url}paper/")
    billing.post(f"{url}file/")
    with tenant(people.organization):
        acts = list(
            AuditEvent.objects.filter(action__startswith="look_back.").order_by("id").values_list("action", "count")
        )
    assert acts == [
        ("look_back.uploaded", None),
        ("look_back.taken", 1),
        ("look_back.viewed", 1),
        ("look_back.printed", 1),
        ("look_back.exported", 1),
    ]


def test_the_page_costs_the_same_for_many_patients(people: Program, billing: Client):
    costs = []
    for mrn in ("42", "43", "44"):
        patient(people, f"Family{mrn}", mrn)
        url = compared(billing, f"{mrn},,,02/28/2026,99492,1,128.26")
        with CaptureQueriesContext(connection) as queries:
            billing.get(url)
        costs.append(len(own(queries)))
    assert (len(set(costs)), max(costs) <= 8) == (1, True)


def test_days_are_those_of_the_clinics(people: Program, billing: Client):
    patient(people, "Abara", "42")
    url = compared(billing, "X,,,02/28/2026,99484,1,1")
    with time_machine.travel(datetime(2027, 3, 1, 3, tzinfo=UTC), tick=False):
        billing.force_login(billing.membership.user)  # type: ignore[attr-defined]
        assert "Missed, can still be filed $160.32" in text_of(billing.get(url))
    with time_machine.travel(datetime(2027, 3, 1, 7, tzinfo=UTC), tick=False):
        assert "Missed, too late to file" in text_of(billing.get(url))


def test_on_paper_and_as_a_file_the_notice_goes_with_marked_records(people: Program, billing: Client):
    patient(people, "Abara", "42")
    url = compared(billing, "42,,,02/28/2026,99492,1,128.26")

    def last_cells() -> set[str]:
        lines = billing.post(f"{url}file/").content.decode("utf-8-sig").splitlines()
        return {line.rpartition(",")[2] for line in lines}

    plain, on_paper = last_cells(), billing.get(f"{url}paper/").content.decode()
    assert (NOTICE in plain, NOTICE in on_paper) == (False, False)
    with tenant(people.organization):
        Patient.objects.update(is_part_two=True)
    assert last_cells() == {"Notice", NOTICE}
    assert NOTICE in billing.get(f"{url}paper/").content.decode()
