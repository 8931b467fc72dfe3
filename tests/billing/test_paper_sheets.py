"""Charge sheets and claim sheets as PDFs: made by a job, for whoever asked, kept sealed for a day."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from bhi.audit.models import AuditEvent
from bhi.files.models import StoredFile
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from billing import tasks
from billing.models import Claim
from billing.operations.filing import make_filed_batches
from billing.operations.paper_sheets import discard_paper
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.billing import BatchFactory

MONTH = f"/o/lakeside/billing/months/{FEBRUARY}"


@pytest.fixture(autouse=True)
def april(db: None) -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        made = program(organization, clinic)
        set_up(made)
        return made


@pytest.fixture
def episodes(people: Program) -> list[Any]:
    with tenant(people.organization):
        both = [filed_patient(people, "Abara", mrn="77"), filed_patient(people, "Bello", mrn="78")]
        closed(people)
        return both


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def asked(client: Client, url: str) -> str:
    answer: Any = client.post(url)
    assert answer.status_code == 302
    return str(answer.url)


def made(people: Program, url: str) -> str | None:
    return run(organization_id=people.organization.id, job_id=UUID(url.rstrip("/").rsplit("/", 1)[1]), at=AT)


def read(content: bytes) -> tuple[int, str]:
    pages = PdfReader(BytesIO(content)).pages
    return len(pages), " ".join(" ".join(page.extract_text() for page in pages).split())


def opened(client: Client, people: Program, url: str) -> tuple[int, str]:
    page = asked(client, url)
    assert made(people, page) == "done"
    return read(client.get(f"{page}parts/1/").content)


def test_the_charge_sheet_is_made_once_and_opened_for_a_day(people: Program, episodes: Any, billing: Any) -> None:
    printed = billing.get(f"{MONTH}/charges/paper/").text
    assert [f"{MONTH}/charges/paper/{kind}/" in printed for kind in ("charges", "forms")] == [True, True]
    page = asked(billing, f"{MONTH}/charges/paper/charges/")
    assert asked(billing, f"{MONTH}/charges/paper/charges/") == page
    assert "Waiting to start" in text_of(billing.get(page))
    assert billing.get(f"{page}parts/1/").status_code == 404
    assert made(people, page) == "done"
    assert made(people, page) is None
    assert billing.get(page, headers={"HX-Request": "true"}).status_code == 286
    assert "Open the PDF" in text_of(billing.get(page))
    answer = billing.get(f"{page}parts/1/")
    assert (answer.headers["Content-Type"], answer.headers["Content-Disposition"]) == (
        "application/pdf",
        'inline; filename="charge-sheet-2026-02-1.pdf"',
    )
    pages, words = read(answer.content)
    assert pages == 1
    for expected in ("2 charges of February 2026 still to be posted", "Abara, Jo 77", "Bello, Jo 78", "$290.50",
                     "99492 + 99494 × 2", "Page 1 of 1"):  # fmt: skip
        assert expected in words
    with time_machine.travel(AT + timedelta(days=1)):
        billing.force_login(billing.membership.user)
        assert billing.get(f"{page}parts/1/").status_code == 404
        assert "The file is gone" in text_of(billing.get(page))


def test_the_pdf_has_the_structure_that_screen_readers_follow(people: Program, episodes: Any, billing: Any) -> None:
    page = asked(billing, f"{MONTH}/charges/paper/forms/")
    assert made(people, page) == "done"
    reader = PdfReader(BytesIO(billing.get(f"{page}parts/1/").content))
    root: Any = reader.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"], "/StructTreeRoot" in root) == (True, "en", True)
    assert reader.metadata is not None
    assert reader.metadata.title == "Claim sheets"


def test_each_claim_sheet_is_a_page_in_the_order_of_the_form(people: Program, episodes: Any, billing: Any) -> None:
    pages, words = opened(billing, people, f"{MONTH}/charges/paper/forms/")
    assert pages == 2
    assert words.index("1a Member id") < words.index("Box 24") < words.index("33a Billing NPI")
    one, words = opened(billing, people, f"{MONTH}/episodes/{episodes[1].id}/sheet/pdf/")
    assert (one, "Bello, Jo" in words, "Abara" in words) == (1, True, False)
    assert (
        f"{MONTH}/episodes/{episodes[1].id}/sheet/pdf/" in billing.get(f"{MONTH}/episodes/{episodes[1].id}/sheet/").text
    )


def test_a_batch_is_printed_as_it_left(people: Program, episodes: Any, billing: Any) -> None:
    with tenant(people.organization):
        (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        Claim.objects.get(batch=batch, episode=episodes[0])
    here = f"/o/lakeside/billing/batches/{batch.id}/"
    assert f"{here}paper/forms/" in billing.get(here).text
    assert opened(billing, people, f"{here}paper/forms/")[0] == 2
    pages, words = opened(billing, people, f"{here}paper/charges/")
    assert (pages, f"2 claims of batch {batch.number}, February 2026, as they left" in words) == (1, True)
    # What left is not to be keyed any more.
    assert "Nothing to key" in opened(billing, people, f"{MONTH}/charges/paper/charges/")[1]
    assert "Nothing to key" in opened(billing, people, f"{MONTH}/charges/paper/forms/")[1]


def test_many_make_several_parts(people: Program, episodes: Any, billing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "FORMS_A_PART", 1)
    page = asked(billing, f"{MONTH}/charges/paper/forms/")
    assert made(people, page) == "done"
    assert "Open part 2 of 2" in text_of(billing.get(page))
    names = [read(billing.get(f"{page}parts/{part}/").content)[1].split(",")[0] for part in (1, 2)]
    assert ["Abara" in names[0], "Bello" in names[1]] == [True, True]
    assert [billing.get(f"{page}parts/{part}/").status_code for part in (0, 3)] == [404, 404]


def test_the_making_is_of_whoever_asked(people: Program, episodes: Any, billing: Any, client_for: Any) -> None:
    page = asked(billing, f"{MONTH}/charges/paper/charges/")
    other = client_for("clinic_lead")
    assert [other.get(page).status_code, other.get(f"{page}parts/1/").status_code] == [404, 404]
    assert client_for("care_manager").post(f"{MONTH}/charges/paper/charges/").status_code == 403
    with tenant(people.organization):
        Job.objects.filter(kind="make_paper_sheets").update(kind="read_answer")
    assert billing.get(page).status_code == 404


def test_what_is_not_there_is_not_found(people: Program, episodes: Any, billing: Any) -> None:
    with tenant(people.organization):
        table = BatchFactory(organization=people.organization)
    assert [
        billing.post(url).status_code
        for url in (
            f"{MONTH}/charges/paper/letters/",
            f"{MONTH}/episodes/{uuid4()}/sheet/pdf/",
            f"/o/lakeside/billing/batches/{uuid4()}/paper/forms/",
            f"/o/lakeside/billing/batches/{table.id}/paper/forms/",
            f"/o/lakeside/billing/batches/{table.id}/paper/letters/",
        )
    ] == [404] * 5


def test_no_name_is_in_a_job_and_who_did_what_is_told(
    people: Program, episodes: Any, billing: Any, caplog: pytest.LogCaptureFixture
) -> None:
    opened(billing, people, f"{MONTH}/episodes/{episodes[0].id}/sheet/pdf/")
    with tenant(people.organization):
        job, file = Job.objects.get(kind="make_paper_sheets"), StoredFile.objects.get(media_type="application/pdf")
        rows = AuditEvent.objects.filter(action__startswith="paper.").order_by("at", "id")
        told = [(row.action, row.patient_id == episodes[0].patient_id) for row in rows]
        assert discard_paper(organization_id=people.organization.id, at=AT) == 0
        assert discard_paper(organization_id=people.organization.id, at=AT + timedelta(days=1)) == 2
        assert StoredFile.objects.filter(purpose__startswith="paper ").count() == 0
    assert told == [("paper.asked", True), ("paper.downloaded", True)]
    assert "Abara" not in f"{job.key} {job.arguments} {file.purpose} {caplog.text}"
    assert b"Abara" not in bytes(file.sealed)


def told(people: Program, action: str) -> list[tuple[UUID | None, list[UUID] | None]]:
    with tenant(people.organization):
        rows = AuditEvent.objects.filter(action=action).order_by("at", "id")
        return [(row.patient_id, row.shown) for row in rows]


def test_the_audit_names_everybody_on_the_part_that_was_opened(
    people: Program, episodes: Any, billing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "FORMS_A_PART", 1)
    page = asked(billing, f"{MONTH}/charges/paper/forms/")
    assert made(people, page) == "done"
    # What is still to be keyed is another list by now; the file is as it was made.
    with tenant(people.organization):
        make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    for part in (1, 2):
        assert billing.get(f"{page}parts/{part}/").status_code == 200
    assert told(people, "paper.downloaded") == [(None, [one.patient_id]) for one in episodes]
    opened(billing, people, f"{MONTH}/charges/paper/charges/")
    assert told(people, "paper.downloaded")[2:] == [(None, [])]


def test_the_audit_names_everybody_in_a_batch_whose_sheets_were_made(
    people: Program, episodes: Any, billing: Any
) -> None:
    with tenant(people.organization):
        (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    opened(billing, people, f"/o/lakeside/billing/batches/{batch.id}/paper/charges/")
    everybody = sorted(one.patient_id for one in episodes)
    assert told(people, "paper.asked") == [(None, everybody)]
    assert told(people, "paper.downloaded") == [(None, everybody)]


def test_a_part_of_which_nobody_knows_whom_it_shows_is_not_given_out(
    people: Program, episodes: Any, billing: Any
) -> None:
    page = asked(billing, f"{MONTH}/charges/paper/charges/")
    assert made(people, page) == "done"
    with tenant(people.organization):
        StoredFile.objects.filter(purpose__startswith="paper ").exclude(media_type="application/pdf").delete()
    assert billing.get(f"{page}parts/1/").status_code == 404
