"""Charges of closed months on their way into the practice's own system: sheet, file, ticks, the paper form."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
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
from billing.models import ChargeColumns, ChargePosted
from billing.operations.charge_sheets import CannotPost, post_charges, take_back_posted
from billing.operations.errors import NothingReady
from billing.operations.fees import FeeLine, set_clinician_share, set_payer_fees
from billing.operations.filing import make_filed_batches
from billing.queries.charge_sheets import charge_row, charge_sheet
from billing.rules.charge_sheet import COLUMNS
from registry.models import Episode, Payer
from tests.billing.filing import FEBRUARY, clinician, closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.statements import own

PAGE = f"/o/lakeside/billing/months/{FEBRUARY}/charges/"
COLUMNS_PAGE = "/o/lakeside/billing/charges/columns/"


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    client: Client = client_for("billing")
    return client


@pytest.fixture
def charged(people: Program) -> Episode:
    """Bills 99492 and twice 99494, closed, with charges."""
    with tenant(people.organization):
        set_up(people)
        episode = filed_patient(people, mrn="77")
        closed(people)
        return episode


def posted(people: Program) -> list[tuple[str, bool]]:
    with tenant(people.organization):
        rows = ChargePosted.objects.order_by("recorded_at", "id")
        return [(row.number, row.is_live) for row in rows]


def test_an_open_month_has_no_charges_and_says_so(people: Program, billing: Client):
    with tenant(people.organization):
        filed_patient(people)
    page = text_of(billing.get(PAGE))
    assert "No charge yet" in page
    assert "Not closed everywhere" in page
    assert billing.get("/o/lakeside/billing/charges/").status_code == 302


def test_a_charge_says_what_to_key_and_what_to_expect(charged: Episode, people: Program, billing: Client):
    page = text_of(billing.get(PAGE))
    # Charges 170.00 + 2 x 60.25; national 160.32 + 122.92, of which Medicare keeps 2 % of its 80 %.
    assert "Abara, Jo 77 Feb 28 99492 + 99494 × 2 $290.50 $278.70 estimate, $56.64 of it from the patient F32.1" in page
    with tenant(people.organization):
        payer = Payer.objects.get(name="Medicare Part B")
        local = [FeeLine("99492", Decimal("170.00")), FeeLine("99494", Decimal("65.00"))]
        where = {"payer_id": payer.id, "from_on": date(2026, 1, 1), "source": "Locality 01"}
        set_payer_fees(by=people.by, at=AT, clinic_id=people.clinic.id, lines=local, **where)
        everywhere = [FeeLine("99492", Decimal("1.00"))]
        set_payer_fees(by=people.by, at=AT, clinic_id=None, lines=everywhere, **where)
        row = charge_row(people.organization.id, FEBRUARY, charged.id, at=AT)
        # 300.00 allowed at the clinic; 60.00; 240.00 less 4.80.
        assert (row.expected.allowed, row.expected.payer, row.expected.patient, row.expected.is_estimate) == (
            Decimal("300.00"),
            Decimal("235.20"),
            Decimal("60.00"),
            False,
        )
        set_clinician_share(
            by=people.by, at=AT, clinician_id=clinician(people).id, from_on=date(2026, 2, 1), percent=Decimal(85)
        )
        assert charge_row(people.organization.id, FEBRUARY, charged.id, at=AT).expected.allowed == Decimal("255.00")


def test_ticked_with_its_number_once_and_taken_back(charged: Episode, people: Program, billing: Client):
    typed = {f"tick-{charged.id}": "on", f"number-{charged.id}": "CHG-81", "on": "2026-04-02"}
    assert billing.post(f"{PAGE}posted/", {"on": "2026-04-02"}).status_code == 422
    assert "Tick the charges that were posted first." in billing.post(f"{PAGE}posted/", {"on": "2026-04-02"}).text
    assert billing.post(f"{PAGE}posted/", {**typed, "on": ""}).text.count('value="CHG-81"') == 1
    said = [text_of(billing.post(f"{PAGE}posted/", typed, follow=True)) for _ in range(2)]
    assert [words in text for words, text in zip(("1 charge is posted.", "1 was saved as posted"), said, strict=True)]
    assert posted(people) == [("CHG-81", True)]
    page = text_of(billing.get(PAGE))
    assert "Posted CHG-81 Apr 2" in page
    assert "Nothing here" in text_of(billing.get(f"{PAGE}?show=to_post"))
    with tenant(people.organization):
        tick = ChargePosted.objects.get()
        with pytest.raises(NothingReady):
            make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
    back = f"{PAGE}posted/{tick.id}/withdrawal/"
    assert "CHG-81" in text_of(billing.get(back))
    assert billing.post(back, {"because": ""}).status_code == 422
    for _ in range(2):
        assert billing.post(back, {"because": "Typed for somebody else"}).status_code == 302
    assert posted(people) == [("CHG-81", False)]
    with tenant(people.organization):
        told = AuditEvent.objects.filter(action__in=["charge.posted", "charge.not_posted"]).order_by("at", "id")
        assert [(one.action, one.patient_id) for one in told] == [
            ("charge.posted", charged.patient_id),
            ("charge.not_posted", charged.patient_id),
        ]


def test_what_a_colleague_posted_meanwhile_is_said_beside_what_was_typed(people: Program, billing: Client):
    with tenant(people.organization):
        set_up(people)
        charged, other = filed_patient(people, mrn="77"), filed_patient(people, "Berg", mrn="78")
        closed(people)
        who: dict[str, Any] = {"by": people.by, "at": AT, "month": FEBRUARY, "on": date(2026, 4, 2)}
        post_charges(**who, numbers={charged.id: "C-123"})
    typed = {f"tick-{charged.id}": "on", f"number-{charged.id}": "C-999", "on": "2026-04-03"}
    typed |= {f"tick-{other.id}": "on", f"number-{other.id}": "C-5"}
    answer = billing.post(f"{PAGE}posted/?show=to_post", typed)
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Posted C-123 Apr 2" in page
    assert "It is ticked already under another number. Take that back first, or leave it so." in page
    assert [f'value="{number}"' in answer.text for number in ("C-999", "C-5")] == [True, True]
    assert posted(people) == [("C-123", True)]
    gone = billing.post(f"{PAGE}posted/", {**typed, f"number-{charged.id}": "", f"number-{uuid4()}": "C-7"})
    assert (gone.status_code, "is not listed any more" in gone.text, 'value="C-5"' in gone.text) == (422, True, True)
    # Ticked without a number it is what the colleague said.
    saved = billing.post(f"{PAGE}posted/", {**typed, f"number-{charged.id}": ""}, follow=True)
    assert "1 charge is posted. 1 was saved as posted already." in text_of(saved)
    assert posted(people) == [("C-123", True), ("C-5", True)]


def test_what_left_as_837p_or_is_not_closed_is_not_posted(charged: Episode, people: Program, billing: Client):
    with tenant(people.organization):
        who: dict[str, Any] = {"by": people.by, "at": AT, "month": FEBRUARY, "on": date(2026, 4, 2)}
        first = post_charges(**who, numbers={charged.id: "A1"})
        assert post_charges(**who, numbers={charged.id: " A1 "}) == first
        with pytest.raises(CannotPost, match="under another number"):
            post_charges(**who, numbers={charged.id: "A2"})
        with pytest.raises(CannotPost, match="Tick the charges"):
            post_charges(**who, numbers={})
        with pytest.raises(CannotPost, match="40 characters at most"):
            post_charges(**who, numbers={charged.id: "A" * 41})
        with pytest.raises(NotFound):
            post_charges(**who, numbers={uuid4(): "A1"})
        with pytest.raises(NotFound):
            take_back_posted(by=people.by, at=AT, posted_id=uuid4(), reason="Never")
        take_back_posted(by=people.by, at=AT, posted_id=first[0].id, reason="To be filed")
        (batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())
        with pytest.raises(CannotPost, match="left in a batch already"):
            post_charges(**who, numbers={charged.id: "A1"})
        sheet = charge_sheet(people.organization.id, FEBRUARY, at=AT)
        assert [(row.filed_in, row.is_to_post) for row in sheet.rows] == [(batch.number, False)]
    assert f"Left in a batch number {batch.number}" in text_of(billing.get(PAGE))


def test_the_file_has_the_columns_of_the_organization(charged: Episode, people: Program, billing: Client):
    usual = billing.post(f"{PAGE}file/", {"show": "to_post"})
    assert usual.headers["Content-Disposition"] == 'attachment; filename="charges-2026-02.csv"'
    rows = list(csv.DictReader(io.StringIO(usual.content.decode("utf-8-sig"))))
    assert [(row["Account"], row["CPT"], row["Units"], row["Charge"], row["Dx 1"]) for row in rows] == [
        ("77", "99492", "1", "170.00", "F32.1"),
        ("77", "99494", "2", "120.50", "F32.1"),
    ]
    places = {"code": ("1", "Proc"), "units": ("2", "Qty"), "expected": ("3", ""), "expected_kind": ("4", "By")}
    typed: dict[str, str] = {}
    for key, (place, heading) in places.items():
        typed |= {f"use-{key}": "on", f"place-{key}": place, f"heading-{key}": heading}
    doubled = billing.post(COLUMNS_PAGE, {**typed, "heading-units": "proc"})
    assert (doubled.status_code, "Give one of them another heading." in doubled.text) == (422, True)
    assert "Choose at least one column." in billing.post(COLUMNS_PAGE, {}).text
    assert "Enter a number from 1 to 99." in billing.post(COLUMNS_PAGE, {**typed, "place-code": "0"}).text
    for _ in range(2):
        assert billing.post(COLUMNS_PAGE, typed).status_code == 302
    lines = billing.post(f"{PAGE}file/").content.decode("utf-8-sig").splitlines()
    assert lines == ["Proc,Qty,Expected,By", "99492,1,157.75,estimate", "99494,2,120.95,estimate"]
    with tenant(people.organization):
        assert AuditEvent.objects.filter(action="charge_columns.set").count() == 1
        assert ChargeColumns.objects.get().columns[2] == ["expected", "Expected"]
    assert "Proc · Qty · Expected · By" in text_of(billing.get(COLUMNS_PAGE))


def test_every_column_has_a_value_for_a_charge(charged: Episode, people: Program, billing: Client):
    typed: dict[str, str] = {}
    for place, column in enumerate(COLUMNS, start=1):
        typed |= {f"use-{column.key}": "on", f"place-{column.key}": str(place)}
    assert billing.post(COLUMNS_PAGE, typed).status_code == 302
    (first, _) = csv.DictReader(io.StringIO(billing.post(f"{PAGE}file/").content.decode("utf-8-sig")))
    assert list(first) == [column.heading for column in COLUMNS]
    known = {key: value for key, value in first.items() if value}
    assert known["Rendering"] == "Rivera, Ana"
    assert (known["Charge each"], known["Dx pointers"], known["Insured"]) == ("170.00", "A", "Abara, Jo")
    assert sorted(first.keys() - known.keys()) == [
        *("Charge number", "Claim", "Clinic NPI", "Dx 2", "Dx 3", "Dx 4", "Group", "Modifiers", "Prior auth")
    ]


def test_the_paper_form_in_its_order_for_health_centers_too(charged: Episode, people: Program, billing: Client):
    url = f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{charged.id}/sheet/"
    page = text_of(billing.get(url))
    for words in (
        "1a Member id 1EG4TE5MK73",
        "2 Patient Abara, Jo",
        "3 Birth date and sex 05/17/1980 F",
        "6 Patient is to the insured Self",
        "21 Diagnoses (ICD-10: 0) A. F32.1",
        "99492 02/28/2026 11 A 170.00 1 1245319599",
        "25 Tax id 841234567 (EIN)",
        "28 Total charge 290.50",
        "33a Billing NPI 1234567893",
    ):
        assert words in page
    assert "Not known yet" not in page
    assert "institutional form (UB-04)" not in page
    assert "Abara, Jo 77 May 17, 1980 Feb 28 99492 + 99494 × 2" in text_of(billing.get(f"{PAGE}paper/"))
    assert billing.get(f"/o/lakeside/billing/months/2026-03/episodes/{charged.id}/sheet/").status_code == 404


def test_a_rural_clinic_gets_the_fields_of_its_form(people: Program, billing: Client):
    with tenant(people.organization):
        Clinic.objects.filter(id=people.clinic.id).update(setting="rhc", place_of_service="72")
        people.clinic.refresh_from_db()
        episode = filed_patient(people)
        closed(people)
    page = text_of(billing.get(f"/o/lakeside/billing/months/{FEBRUARY}/episodes/{episode.id}/sheet/"))
    assert "FL 4 Type of bill 711" in page
    assert "FL 42 Revenue code 0521 (free-standing clinic, RHC)" in page
    assert "Not known yet Tax id, Total charge, Billing provider, Billing NPI." in page
    assert "837I or paper" in text_of(billing.get(PAGE))


def test_a_page_of_charges_takes_as_many_statements_for_many(charged: Episode, people: Program, billing: Client):
    with CaptureQueriesContext(connection) as one:
        billing.get(PAGE)
    with tenant(people.organization):
        post_charges(by=people.by, at=AT, month=FEBRUARY, numbers={charged.id: ""}, on=date(2026, 4, 2))
    with CaptureQueriesContext(connection) as again:
        billing.get(PAGE)
    assert len(own(again.captured_queries)) == len(own(one.captured_queries))
