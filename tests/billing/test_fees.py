"""Charges, payers' fees and clinicians' shares: set, replaced, taken back, uploaded, and what they warn of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from billing.models import ChargeFee, ClinicianRate, PayerFee
from billing.operations.fees import (
    FeeLine,
    FeeWrong,
    set_charge,
    set_clinician_share,
    set_payer_fees,
    take_back_charge,
)
from billing.queries.fee_pages import PAGE as ROWS
from billing.queries.fee_pages import payer_fees_shown, shares_shown
from billing.queries.fees import Placed, charges, fee_table
from registry.models import Payer, TreatingClinician
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.claims import PayerFeeFactory
from tests.factories.tenancy import ClinicFactory

FEES = "/o/lakeside/billing/fees/"
JANUARY, MARCH = date(2026, 1, 1), date(2026, 3, 1)
TYPED = {"code": "g2214", "amount": "$1,065.50", "from_on": "2026-01-01"}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    client: Client = client_for("billing")
    return client


@pytest.fixture
def payer(people: Program) -> Payer:
    with tenant(people.organization):
        return people.payer("Aetna")


def amounts(model: Any, people: Program) -> list[tuple[Decimal, bool]]:
    with tenant(people.organization):
        return [(row.amount, row.is_live) for row in model.objects.order_by("recorded_at", "id")]


def test_a_charge_is_set_replaced_and_taken_back(people: Program, billing: Client):
    assert "No charge yet" in text_of(billing.get(FEES))
    for typed, words in (
        ({"code": "9949"}, "Enter the code’s five characters, as 99492."),
        ({"amount": "much"}, "Enter dollars and cents, such as 170.00."),
        ({"amount": "0"}, "Enter dollars and cents above 0, such as 170.00."),
        ({"from_on": ""}, "Enter the day."),
    ):
        refused = billing.post(FEES, {**TYPED, **typed})
        assert (refused.status_code, words in refused.text) == (422, True)
    for _ in range(2):
        assert billing.post(FEES, TYPED).status_code == 302
    assert billing.post(FEES, {**TYPED, "amount": "50"}).status_code == 302
    assert amounts(ChargeFee, people) == [(Decimal("1065.50"), False), (Decimal("50.00"), True)]
    page = text_of(billing.get(FEES))
    assert "Too low Medicare, nationally, allows $60.79" in page
    assert "Replaced by another amount from the same day." in page
    with tenant(people.organization):
        live = ChargeFee.objects.live().get()
    back = f"{FEES}{live.id}/withdrawal/"
    assert "G2214: $50.00 from Jan 1, 2026" in text_of(billing.get(back))
    assert billing.post(back, {"because": ""}).status_code == 422
    for _ in range(2):
        assert billing.post(back, {"because": "Never agreed"}).headers["Location"] == FEES
    assert "None yet" in text_of(billing.get(FEES))
    assert billing.get(f"{FEES}{uuid4()}/withdrawal/").status_code == 404


def test_charges_hold_from_their_day_on(people: Program):
    with tenant(people.organization):
        who: dict[str, Any] = {"by": people.by, "at": AT, "code": "99492"}
        set_charge(**who, from_on=JANUARY, amount=Decimal("170.00"))
        later = set_charge(**who, from_on=MARCH, amount=Decimal("180.00"))
        of = people.organization.id
        assert charges(of, date(2025, 12, 31)) == {}
        assert charges(of, date(2026, 2, 28)) == {"99492": Decimal("170.00")}
        assert charges(of, MARCH) == {"99492": Decimal("180.00")}
        take_back_charge(by=people.by, at=AT, fee_id=later.id, reason="Not decided")
        assert charges(of, MARCH) == {"99492": Decimal("170.00")}
        with pytest.raises(NotFound):
            take_back_charge(by=people.by, at=AT, fee_id=uuid4(), reason="Not there")


def test_what_a_payer_allows_is_typed_and_makes_a_charge_too_low(people: Program, billing: Client, payer: Payer):
    url = f"{FEES}payers/{payer.id}/"
    assert "No amount yet" in text_of(billing.get(url))
    typed = {"code": "99492", "nonfacility": "190.00", "from_on": "2026-01-01", "source": "Contract", "clinic": ""}
    nothing = billing.post(f"{url}new/", {**typed, "nonfacility": ""})
    assert (nothing.status_code, "Enter an amount for 99492." in nothing.text) == (422, True)
    assert billing.post(f"{url}new/", {**typed, "source": ""}).status_code == 422
    for _ in range(2):
        assert billing.post(f"{url}new/", typed).headers["Location"] == url
    assert billing.post(f"{url}new/", {**typed, "clinic": str(people.clinic.id), "facility": "90"}).status_code == 302
    page = text_of(billing.get(url))
    assert "99492 Every clinic Jan 1 $190.00 Not known $160.32 Contract" in page
    assert f"99492 {people.clinic.name} Jan 1 $190.00 $90.00 $160.32 Contract" in page
    assert billing.post(FEES, {"code": "99492", "amount": "170", "from_on": "2026-01-01"}).status_code == 302
    assert "Too low Aetna allows $190.00" in text_of(billing.get(FEES))
    with tenant(people.organization):
        fee = PayerFee.objects.live().get(clinic__isnull=True)
    assert billing.post(f"{url}{fee.id}/withdrawal/", {"because": "Wrong year"}).headers["Location"] == url
    with tenant(people.organization):
        assert PayerFee.objects.live().get().clinic_id == people.clinic.id
    assert billing.get(f"{FEES}payers/{uuid4()}/").status_code == 404


def test_a_table_is_taken_whole_or_not_at_all(people: Program, billing: Client, payer: Payer):
    url = f"{FEES}payers/{payer.id}/"

    def send(text: str) -> Any:
        file = SimpleUploadedFile("fees.csv", text.encode())
        typed = {"file": file, "from_on": "2026-01-01", "source": "Fee schedule 2026", "clinic": ""}
        return billing.post(f"{url}table/", typed)

    wrong = send("Code,Amount\n99492,165.10\n99493,much\n")
    assert (wrong.status_code, "Row 3: much is no amount. Write it as 144.96." in wrong.text) == (422, True)
    assert send("").status_code == 422
    many = send("Code,Amount\n" + "99493,much\n" * 25)
    assert "And 5 more rows." in many.text
    assert billing.post(f"{url}table/", {"from_on": "2026-01-01", "source": "Fees"}).status_code == 422
    with tenant(people.organization):
        assert PayerFee.objects.count() == 0
    good = "HCPCS,Non-Facility,Facility\n99492,165.10,84.00\n99494,63.00,\n10060,1.00,1.00\n"
    for _ in range(2):
        assert send(good).status_code == 302
    with tenant(people.organization):
        rows = PayerFee.objects.order_by("code").values_list("code", "nonfacility", "facility")
        assert list(rows) == [("99492", Decimal("165.10"), Decimal("84.00")), ("99494", Decimal("63.00"), None)]
    assert "1 rows with codes that are never asked for here were left out." in text_of(billing.get(url))


def test_the_clinics_table_goes_before_the_general_one(people: Program, payer: Payer):
    with tenant(people.organization):
        other = ClinicFactory(organization=people.organization)
        where: dict[str, Any] = {"by": people.by, "at": AT, "payer_id": payer.id, "from_on": JANUARY, "source": "2026"}
        set_payer_fees(**where, clinic_id=None, lines=[FeeLine("99492", Decimal(150), Decimal(80))])
        set_payer_fees(**where, clinic_id=people.clinic.id, lines=[FeeLine("99492", Decimal(165))])
        table = fee_table(people.organization.id)

        def fee(clinic_id: Any, *, facility: bool = False, on: date = MARCH, payer_id: Any = payer.id) -> Any:
            return table.fee(Placed(payer_id, clinic_id, None, "commercial", facility, on), "99492")

        assert (fee(people.clinic.id), fee(other.id), fee(None)) == (Decimal(165), Decimal(150), Decimal(150))
        # The clinic's table does not say the facility's amount: the general one does.
        assert fee(people.clinic.id, facility=True) == Decimal(80)
        assert (fee(other.id, on=date(2025, 12, 31)), fee(other.id, payer_id=None)) == (None, None)


def test_operations_refuse_what_cannot_be(people: Program, payer: Payer):
    with tenant(people.organization):
        who: dict[str, Any] = {"by": people.by, "at": AT, "from_on": JANUARY}
        of: dict[str, Any] = {**who, "payer_id": payer.id, "clinic_id": None, "source": "2026"}
        line = FeeLine("99492", Decimal(150))
        with pytest.raises(FeeWrong, match="stands here twice"):
            set_payer_fees(**of, lines=[line, line])
        with pytest.raises(FeeWrong, match="Say where the amounts were read"):
            set_payer_fees(**{**of, "source": " "}, lines=[line])
        with pytest.raises(NotFound):
            set_payer_fees(**{**of, "clinic_id": uuid4()}, lines=[line])
        with pytest.raises(NotFound):
            set_payer_fees(**{**of, "payer_id": uuid4()}, lines=[line])
        with pytest.raises(FeeWrong, match="above 0 and up to 100"):
            set_clinician_share(**who, clinician_id=uuid4(), percent=Decimal(101))
        with pytest.raises(NotFound):
            set_clinician_share(**who, clinician_id=uuid4(), percent=Decimal(85))
        with pytest.raises(FeeWrong, match="dollars and cents above 0"):
            set_charge(**who, code="99492", amount=Decimal("1.001"))
        assert (PayerFee.objects.count(), ChargeFee.objects.count()) == (0, 0)


def test_a_nurse_practitioners_share_is_asked_for_set_and_taken_back(people: Program, billing: Client):
    url = f"{FEES}clinicians/"
    assert "No treating clinician yet" in text_of(billing.get(url))
    with tenant(people.organization):
        ana = TreatingClinician.objects.create(
            organization=people.organization, name="Ana Rivera", sort_name="rivera, ana", credential="FNP-BC, NP"
        )
    assert "85 % under their own NPI?" in text_of(billing.get(url))
    typed = {"clinician": str(ana.id), "percent": "85", "from_on": "2026-01-01"}
    wrong = billing.post(url, {**typed, "percent": "185"})
    assert (wrong.status_code, "Enter a percentage above 0 and up to 100, such as 85." in wrong.text) == (422, True)
    for _ in range(2):
        assert billing.post(url, typed).status_code == 302
    assert billing.post(url, {**typed, "percent": "87.5"}).status_code == 302
    page = text_of(billing.get(url))
    assert "Ana Rivera, FNP-BC, NP None 87.50 % The whole 87.50 % of Medicare’s schedule from Jan 1" in page
    with tenant(people.organization):
        placed = Placed(None, None, ana.id, "medicare_ffs", facility=False, on=MARCH)
        assert fee_table(people.organization.id).percent(placed, has_own_fee=True) == Decimal("87.50")
        rate = ClinicianRate.objects.live().get()
    assert billing.post(f"{url}{rate.id}/withdrawal/", {"because": "Incident to"}).headers["Location"] == url
    with tenant(people.organization):
        assert fee_table(people.organization.id).percent(placed, has_own_fee=True) == Decimal(100)
        assert shares_shown(people.organization.id, on=MARCH, page=9).page == 1
    assert billing.get(f"{url}{uuid4()}/withdrawal/").status_code == 404


def test_a_share_cuts_a_payers_own_fees_only_where_it_was_said_of_that_payer(
    people: Program, billing: Client, payer: Payer
):
    url = f"{FEES}clinicians/"
    with tenant(people.organization):
        other = people.payer("Cigna")
        ana = TreatingClinician.objects.create(
            organization=people.organization, name="Ana Rivera", sort_name="rivera, ana", credential="NP"
        )
        who: dict[str, Any] = {"by": people.by, "at": AT, "clinician_id": ana.id}
        set_clinician_share(**who, from_on=JANUARY, percent=Decimal(85))
        for of in (payer, other):
            where: dict[str, Any] = {"payer_id": of.id, "clinic_id": None, "from_on": JANUARY, "source": "Contract"}
            set_payer_fees(by=people.by, at=AT, lines=[FeeLine("99492", Decimal(200))], **where)
        with pytest.raises(NotFound):
            set_clinician_share(**who, from_on=JANUARY, percent=Decimal(85), payer_id=uuid4())
    typed = {"clinician": str(ana.id), "payer": str(payer.id), "percent": "90", "from_on": "2026-02-01"}
    for _ in range(2):
        assert billing.post(url, typed).status_code == 302
    assert "85 % Aetna 90 % 90 % of what Aetna allows from Feb 1" in text_of(billing.get(url))
    with tenant(people.organization):
        table = fee_table(people.organization.id)

        def allowed(of: Payer, on: date) -> Decimal | None:
            placed = Placed(of.id, None, ana.id, "commercial", facility=False, on=on)
            return table.expected(placed, "99492", 1, None).allowed

        assert (allowed(payer, MARCH), allowed(payer, JANUARY), allowed(other, MARCH)) == (180, 200, 200)
        rate = ClinicianRate.objects.live().get(payer__isnull=False)
    assert "Ana Rivera, NP: 90 % of what Aetna allows from Feb 1, 2026" in text_of(
        billing.get(f"{url}{rate.id}/withdrawal/")
    )


def test_many_fees_are_cut_into_pages(people: Program, billing: Client, payer: Payer):
    with tenant(people.organization):
        for place in range(ROWS + 1):
            PayerFeeFactory(organization=people.organization, payer=payer, code=f"9{place:04d}")
        page = payer_fees_shown(people.organization.id, payer.id, on=MARCH, page=2)
        assert (len(page.rows), page.total, page.pages, page.first_row) == (1, ROWS + 1, 2, ROWS + 1)
    assert "101 to 101 of 101" in text_of(billing.get(f"{FEES}payers/{payer.id}/?page=2"))
