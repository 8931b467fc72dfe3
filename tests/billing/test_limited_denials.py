"""Denials, refunds and money of a seat that may not see everybody: lists, counts and sums are of what it sees."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.test import Client

from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from billing.models import Adjustment, Claim, ClaimLine, Denial, Refund, RemittanceClaim, RemittanceLine
from billing.operations.denials import open_denials
from billing.queries.refunds import open_refunds
from tests.billing.people import AT, Program, program
from tests.billing.test_denials import answered, claimed
from tests.billing.test_pages import text_of
from tests.factories.claims import RefundFactory, RemittanceClaimFactory
from tests.factories.going_live import RestrictionFactory

HERE = "/o/lakeside/billing/"
TABLES = (Claim, ClaimLine, RemittanceClaim, RemittanceLine, Adjustment, Denial, Refund)


@pytest.fixture(autouse=True)
def april(db: None) -> Any:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def hidden(people: Program) -> Claim:
    """A claim of a record that is kept to others, with a refund, beside one that everybody sees: both denied."""
    with tenant(people.organization):
        of = {"organization": people.organization}
        shown, kept = claimed(people, "99492"), claimed(people, "99492")
        rows = [answered(people, shown, ("99492", "0", "97")), answered(people, kept, ("99492", "0", "151"))]
        open_denials(by=people.by, at=AT, remittance_claims=rows)
        RefundFactory(**of, claim=kept)
        RestrictionFactory(**of, seats=[people.by.id], patient=kept.patient, recorded_by=people.by)
    return kept


def test_lists_counts_and_sums_tell_what_the_seat_sees_and_that_there_is_more(
    people: Program, hidden: Claim, client_for: Any
) -> None:
    billing: Client = client_for("billing")
    page = text_of(billing.get(f"{HERE}denials/"))
    more = "1 more open denial is of patients not open to you. Nobody of your role may see everybody: ask an admin."
    assert (page.count("1 denial, $170.00"), page.count(more), page.count("151")) == (1, 1, 0)
    page = text_of(billing.get(f"{HERE}denials/?reason=151"))
    assert page.count("0 denials, $0.00") == 1
    page = text_of(billing.get(f"{HERE}refunds/"))
    said = ("1 more open one is of patients not open to you.", "Open (0)", "None that you may see", "Nothing open")
    assert [page.count(words) for words in said] == [1, 1, 1, 0]
    page = text_of(billing.get(f"{HERE}money/?month=2026-02&months=1"))
    assert (page.count("1 more claim is of patients not open to you."), page.count("2 claims")) == (1, 0)
    page = text_of(billing.get(f"{HERE}money/left/?month=2026-02"))
    assert page.count("Months of patients not open to you are not counted here.") == 1
    with tenant(people.organization):
        whole = [model.objects.count() for model in TABLES]
        with looking_as(billing.membership, AT):  # type: ignore[attr-defined]
            assert [model.objects.count() for model in TABLES] == [1, 1, 1, 1, 1, 1, 0]
            assert open_refunds(people.organization.id) == 0
    assert whole == [2, 2, 2, 2, 2, 2, 1]


def test_a_denial_that_is_hidden_is_worked_on_by_nobody_who_may_not_see_it(
    people: Program, hidden: Claim, client_for: Any
) -> None:
    billing: Client = client_for("billing")
    with tenant(people.organization):
        theirs, refund = Denial.objects.get(claim=hidden), Refund.objects.get()
        waiting = RemittanceClaimFactory(organization=people.organization)
    sent = {"denial": [str(theirs.id)], "state": "written_off", "note": "gone", "owner": ""}
    assert billing.post(f"{HERE}denials/work/", sent).status_code == 404
    addresses = (f"denials/{theirs.id}/", f"refunds/{refund.id}/", f"claims/{hidden.id}/")
    assert [billing.get(HERE + address).status_code for address in addresses] == [404, 404, 404]
    with tenant(people.organization):
        theirs.refresh_from_db()
        assert theirs.state == "open"
        with looking_as(billing.membership, AT):  # type: ignore[attr-defined]
            assert RemittanceClaim.objects.filter(id=waiting.id).exists()
