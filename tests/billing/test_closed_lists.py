"""A list from the practice's own system beside what was closed: upload, settle, the page and its file."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from billing.models import BilledLine, LookBack, PayerRoute
from billing.operations.charge_sheets import post_charges
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.claims import ChargeFeeFactory
from tests.statements import own

PAGE = "/o/lakeside/billing/look-backs/"
ANA = "1245319599"
READ = {f"column-{place}": key for place, key in enumerate(("mrn", "contact_on", "code", "units"))}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    client: Client = client_for("billing")
    return client


def compared(
    billing: Client, *rows: str, against: str = "closed", more: str = "", covers: dict[str, str] | None = None
) -> str:
    """The address of a list of these rows, compared with what was closed."""
    text = "\n".join((f"MRN,Date of Service,CPT,Units{more}", *rows))
    file = SimpleUploadedFile("list.csv", text.encode())
    answer = billing.post(PAGE, {"client_token": str(uuid4()), "against": against, "file": file})
    url: str = answer.headers["Location"]
    if covers is not None:
        typed = {"clinic": "", "filing_months": "12", "order": "month_first", **READ, **covers}
        assert billing.post(f"{url}choices/", typed).headers["Location"] == url
    assert billing.post(f"{url}comparison/").headers["Location"] == url
    return url


def findings(billing: Client, url: str) -> list[tuple[str, ...]]:
    text = billing.post(f"{url}closed/file/").content.decode("utf-8-sig")
    names = ("Record number", "Finding", "In the list", "Closed", "Ticked as posted", "Left as 837P")
    return [tuple(row[name] for name in names) for row in csv.DictReader(io.StringIO(text))]


@pytest.fixture
def february(people: Program) -> Program:
    """Closed: 71 to 74 bill 99492 and twice 99494; 75 has nothing that bills."""
    with tenant(people.organization):
        set_up(people)
        names = {"71": "A", "72": "B", "73": "C", "74": "D"}
        episodes = [filed_patient(people, name, mrn=mrn) for mrn, name in names.items()]
        people.patient("E", mrn="75")
        closed(people)
        post_charges(
            by=people.by, at=AT, month=FEBRUARY, on=date(2026, 4, 2), numbers={episodes[0].id: "N1", episodes[1].id: ""}
        )
        return people


def test_missing_doubled_changed_and_unknown_are_told(february: Program, billing: Client):
    url = compared(
        billing,
        "71,2026-02-28,99492,1",
        "71,2026-02-28,99494,2",
        "72,2026-02-28,99492,1",
        "72,2026-02-28,99492,1",
        "72,2026-02-28,99494,2",
        "73,2026-02-28,99493,1",
        "75,2026-02-28,99492,1",
        "99,2026-02-28,99492,1",
    )
    whole = "99492 + 99494 × 2"
    assert findings(billing, url) == [
        ("72", "Doubled", "99492 × 2 + 99494 × 2", whole, "yes", ""),
        ("75", "Not closed here", "99492", "", "", ""),
        ("73", "Changed", "99493", whole, "", ""),
        ("74", "Missing", "", whole, "", ""),
        ("71", "As closed", whole, whole, "N1", ""),
    ]
    page = text_of(billing.get(url))
    assert "Doubled 1 Not closed here 1 Changed 1 Missing 1 As closed 1" in page
    assert "Nobody on record has this number, or this name and birth date." in page
    only = text_of(billing.get(f"{url}?finding=missing"))
    assert "1 month Show every month" in only
    assert "Closed, and not in the list. Post it." in only
    assert "Void the second charge." not in only
    assert "beside closed months" in text_of(billing.get(PAGE))


def test_day_clinician_and_charge_are_compared_where_the_list_has_them(february: Program, billing: Client):
    others = f"2026-02-28,99494,2,{ANA},$120.50"
    url = compared(
        billing,
        f"71,2026-02-28,99492,1,{ANA},$170.00",
        f"71,{others}",
        f"72,2026-02-27,99492,1,{ANA},$170.00",
        f"72,{others}",
        "73,2026-02-28,99492,1,1093817465,$165.00",
        f"73,{others}",
        "74,2026-02-28,99492,1,,",
        "74,2026-02-28,99494,2,,",
        more=",Rendering NPI,Charge",
    )
    text = billing.post(f"{url}closed/file/").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Record number"], row["Finding"], row["What differs"]) for row in rows] == [
        ("72", "Changed", "Dated Feb 27, 2026; closed for Feb 28, 2026."),
        ("73", "Changed", f"Rendered by NPI 1093817465; closed for NPI {ANA}. Charged $285.50; closed for $290.50."),
        ("71", "As closed", ""),
        ("74", "As closed", ""),
    ]
    page = text_of(billing.get(url))
    assert "Dated Feb 27, 2026; closed for Feb 28, 2026. It stands there other than closed. Correct the charge." in page


def test_a_payer_that_dates_by_minutes_takes_any_day_of_the_month(february: Program, billing: Client):
    with tenant(february.organization):
        PayerRoute.objects.update(service_day="threshold")
    url = compared(billing, "71,2026-02-12,99492,1", "71,2026-02-12,99494,2", "72,2026-03-01,99492,1")
    assert ("71", "As closed") in [row[:2] for row in findings(billing, url)]
    with tenant(february.organization):
        ChargeFeeFactory(organization=february.organization, code="99492", from_on=date(2026, 2, 20), amount=180)
    rows = ("71,2026-02-12,99492,1,$170.00", "71,2026-02-12,99494,2,$120.50")
    url = compared(billing, *rows, more=",Charge")
    # It may be dated before or after the price changed, so that neither charge is wrong.
    assert ("71", "As closed") in [row[:2] for row in findings(billing, url)]
    with tenant(february.organization):
        PayerRoute.objects.update(service_day="month_end")
    assert ("71", "Changed") in [row[:2] for row in findings(billing, url)]


def test_of_the_months_that_it_covers_everything_has_to_be_in_the_list(february: Program, billing: Client):
    """A list of March that also covers February, in which the whole of it was forgotten."""
    march = "71,2026-03-05,99492,1"
    assert [row[:2] for row in findings(billing, compared(billing, march))] == [("71", "Not closed here")]
    url = compared(billing, march, covers={"first": "2026-02", "last": "2026-03"})
    missing = [(mrn, "Missing") for mrn in ("71", "72", "73", "74")]
    assert [row[:2] for row in findings(billing, url)] == [("71", "Not closed here"), *missing]
    only = compared(billing, march, covers={"first": "2026-02", "last": "2026-02"})
    assert [row[:2] for row in findings(billing, only)] == missing


@pytest.mark.parametrize(
    ("covers", "sentence"),
    [
        ({"first": "2026-02", "last": ""}, "Say the last month, too: 2026-02."),
        ({"first": "", "last": "2026-02"}, "Say the first month, too: 2026-02."),
        ({"first": "2026-03", "last": "2026-02"}, "The last month is before the first one. Exchange them."),
        ({"first": "March", "last": "2026-02"}, "Enter a month as year-month: 2026-02."),
    ],
)
def test_months_that_cannot_be_are_said_at_their_field(billing: Client, covers: dict[str, str], sentence: str):
    file = SimpleUploadedFile("list.csv", b"MRN,Date of Service,CPT\n71,2026-02-28,99492")
    url = billing.post(PAGE, {"client_token": str(uuid4()), "against": "closed", "file": file}).headers["Location"]
    answer = billing.post(f"{url}choices/", {"clinic": "", "filing_months": "12", "order": "month_first", **covers})
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)


def test_a_list_beside_closes_has_no_page_of_a_look_back_nor_the_other_way(february: Program, billing: Client):
    url = compared(billing, "71,2026-02-28,99492,1")
    assert billing.get(f"{url}paper/").status_code == 404
    assert billing.post(f"{url}file/").status_code == 404
    other = compared(billing, "71,2026-02-28,99492,1", against="records")
    assert billing.post(f"{other}closed/file/").status_code == 404
    assert billing.post(f"{PAGE}{uuid4()}/closed/file/").status_code == 404
    assert 'value="closed" selected' in billing.get(f"{PAGE}?against=closed").text
    assert 'value="records" selected' in billing.get(f"{PAGE}?against=elsewhere").text


def test_a_list_without_a_line_of_ours_shows_what_is_missing_at_its_clinic(february: Program, billing: Client):
    url = compared(billing, "71,2026-02-28,99213,1")
    assert [row[:2] for row in findings(billing, url)] == [(mrn, "Missing") for mrn in ("71", "72", "73", "74")]
    with tenant(february.organization):
        found = LookBack.objects.get()
        found.choices = {**found.choices, "clinic": str(uuid4())}
        found.save(update_fields=["choices"])
    assert "Nothing to show" in text_of(billing.get(url))


def test_a_page_takes_as_many_statements_for_many(february: Program, billing: Client):
    url = compared(billing, "71,2026-02-28,99492,1", "72,2026-02-28,99492,1")
    with CaptureQueriesContext(connection) as several:
        billing.get(url)
    with tenant(february.organization):
        BilledLine.objects.filter(row_number=3).delete()
    with CaptureQueriesContext(connection) as one:
        billing.get(url)
    assert len(own(several.captured_queries)) == len(own(one.captured_queries))
    assert len(own(one.captured_queries)) <= 8
