"""What months and batches are expected to bring, on their pages: by fees, else national and said to be estimates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.accounts.permissions import Permission, permissions_of
from bhi.tenancy.context import tenant
from billing.operations.batches import make_batch
from billing.operations.fees import FeeLine, set_clinician_share, set_payer_fees
from billing.queries.claims import Expected, batch_page
from billing.queries.month_page import month_page
from registry.models import Episode
from tests.billing.filing import clinician
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import BASE, FEBRUARY, text_of
from tests.statements import own


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def pay(people: Program, payer: Any, amount: str) -> None:
    lines = [FeeLine("99492", Decimal(amount))]
    where = {"payer_id": payer.id, "from_on": date(2026, 1, 1), "source": "Contract"}
    set_payer_fees(by=people.by, at=AT, clinic_id=None, lines=lines, **where)


def test_a_payers_own_fee_is_no_estimate_and_unknown_stays_unknown(people: Program, billing: Client) -> None:
    with tenant(people.organization):
        aetna = people.payer("Aetna PPO")
        one = people.billing_patient("Abara", payer=aetna)
        people.billing_patient("Berg")
        people.billing_patient("Castro", payer=people.payer("Cigna"))
        pay(people, aetna, "171.00")
    page = text_of(billing.get(FEBRUARY))
    for said in (
        "99492 $171.00 Aetna PPO",
        "99492 $157.75 estimate Medicare Part B",
        "99492 Not known Cigna",
        "To claim 3 $328.75, estimate, and 1 unknown amount",
        "Aetna PPO 1 $171.00 Cigna 1 unknown Medicare Part B 1 $157.75, estimate",
        "99492 3 $328.75, estimate, and 1 unknown amount",
    ):
        assert said in page, said
    with tenant(people.organization):
        Episode.objects.filter(id=one.id).update(treating_clinician=clinician(people))
        share = {"from_on": date(2026, 2, 1), "percent": Decimal(85)}
        set_clinician_share(by=people.by, at=AT, clinician_id=clinician(people).id, **share)
    # Of Medicare's fee schedule: what Aetna agreed to pay is no part of it, until it is said of Aetna.
    assert "99492 $171.00 Aetna PPO" in text_of(billing.get(FEBRUARY))
    with tenant(people.organization):
        set_clinician_share(by=people.by, at=AT, clinician_id=clinician(people).id, payer_id=aetna.id, **share)
    assert "99492 $145.35 Aetna PPO" in text_of(billing.get(FEBRUARY))


def test_a_batch_says_the_same_as_its_month(people: Program, billing: Client) -> None:
    with tenant(people.organization):
        aetna = people.payer("Aetna PPO")
        for name, payer in (("Abara", aetna), ("Berg", None), ("Castro", people.payer("Cigna"))):
            people.billing_patient(name, **({"payer": payer} if payer else {}))
        pay(people, aetna, "171.00")
        before = month_page(people.organization.id, "2026-02", by_fees=True)
        batch = make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4(), has_seen_papers=True)
        page = batch_page(people.organization.id, batch.id)
    assert before.claimable_expected == page.batch.expected == Expected(Decimal("328.75"), 1, is_estimate=True)
    assert [one.expected for one in page.claims] == [
        Expected(Decimal("171.00"), 0),
        Expected(Decimal("157.75"), 0, is_estimate=True),
        Expected(Decimal(0), 1),
    ]
    said = text_of(billing.get(f"{BASE}batches/{batch.id}/"))
    assert "3 claims $328.75, estimate, and 1 unknown amount" in said


def test_who_may_not_see_money_sees_no_amount(
    people: Program, client_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant(people.organization):
        people.billing_patient("Abara")
    assert client_for("care_manager").get(FEBRUARY).status_code == 403
    lead = client_for("clinic_lead")
    assert "$157.75" in text_of(lead.get(FEBRUARY))
    fewer = "billing.views.months.permissions_of"
    monkeypatch.setattr(fewer, lambda roles: permissions_of(roles) - {Permission.VIEW_MONEY})
    assert "$" not in text_of(lead.get(FEBRUARY))


def test_fees_cost_one_statement_however_many_months(people: Program) -> None:
    def statements(*, by_fees: bool) -> int:
        with CaptureQueriesContext(connection) as captured:
            month_page(people.organization.id, "2026-02", by_fees=by_fees)
        return len(own(captured.captured_queries))

    with tenant(people.organization):
        people.billing_patient("Abara")
        assert statements(by_fees=True) == statements(by_fees=False) + 1
        one = statements(by_fees=True)
        for name in ("Berg", "Castro"):
            people.billing_patient(name)
        assert statements(by_fees=True) == one
