"""What was left on the table by claims: denied and given up, rejected and not sent again."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import Claim, Denial
from billing.operations.denials import DenialWork, work_denials
from billing.queries.claims_lost import claims_lost
from tests.billing.people import AT, Program, program
from tests.billing.test_money import claimed, left, medicare, table
from tests.billing.test_money_counts import PAID, TAKEN, Says, answered, replaced
from tests.billing.test_pages import text_of
from tests.factories.billing import ClaimLineFactory
from tests.factories.claims import AcknowledgementFactory, PayerRouteFactory

GIVEN_UP = "Denied and written off, or its last day passed"
REJECTED = "Rejected and not sent again"
TOO_LATE = "Rejected, and the payer’s filing time passed"
WORTH = Decimal("160.32")
DENIED = Says("0", (("CO", "97", "170"),))


def worked(people: Program, claim: Claim, state: str) -> None:
    ids = list(Denial.objects.filter(claim=claim).values_list("id", flat=True))
    work_denials(by=people.by, at=AT, denial_ids=ids, work=DenialWork(state=state, note="Below an appeal."))


def rejected(people: Program, claim: Claim) -> None:
    said = {"is_accepted": False, "code": "A3:33", "said_on": date(2026, 4, 5)}
    AcknowledgementFactory(organization=people.organization, claim=claim, **said)


def test_what_was_denied_is_left_once_nobody_works_on_it(lakeside: Program):
    payer = medicare(lakeside)
    PayerRouteFactory(organization=lakeside.organization, payer=payer, corrected_days=365, appeal_days=120)
    written_off, late, appealed, partly = claimed(lakeside, "Abara", "Bello", "Costa", "Diallo")
    for claim in (written_off, late, appealed):
        answered(lakeside, claim, DENIED)
    answered(lakeside, partly, Says("80", (("CO", "151", "60"), ("PR", "2", "20"))))
    assert left(lakeside, date(2026, 8, 18)) == {}
    for claim, state in ((written_off, "written_off"), (partly, "written_off"), (appealed, "appealed")):
        worked(lakeside, claim, state)
    assert left(lakeside, date(2026, 8, 18)) == {GIVEN_UP: (2, WORTH + WORTH - 100)}
    assert left(lakeside, date(2026, 8, 19)) == {GIVEN_UP: (3, 3 * WORTH - 100)}
    found = claims_lost(lakeside.organization.id, "2026-02", on=date(2026, 8, 19))
    assert [(one.patient_name.split(",")[0], one.amount) for one in found] == [
        ("Abara", WORTH),
        ("Bello", WORTH),
        ("Diallo", WORTH - 100),
    ]
    # Paid after all: nothing is left of it.
    answered(lakeside, written_off, PAID)
    assert left(lakeside, date(2026, 8, 18)) == {GIVEN_UP: (1, WORTH - 100)}


def test_only_the_lines_that_were_given_up_are_left_and_of_a_whole_claim_all(lakeside: Program):
    one, whole, unknown = claimed(lakeside, "Abara", "Bello", "Costa")
    for claim, amount in ((one, Decimal(60)), (whole, Decimal(60)), (unknown, None)):
        ClaimLineFactory(organization=lakeside.organization, claim=claim, number=2, code="99494", amount=amount)
    answered(lakeside, one, DENIED)
    for claim in (whole, unknown):
        answered(lakeside, claim, Says("0", (("CO", "29", "260"),), is_whole=True))
    for claim in (one, whole, unknown):
        worked(lakeside, claim, "written_off")
    found = claims_lost(lakeside.organization.id, "2026-02", on=date(2026, 5, 1))
    assert [each.amount for each in found] == [WORTH, WORTH + 60, None]


def test_what_was_rejected_is_left_until_it_goes_out_again(lakeside: Program):
    PayerRouteFactory(organization=lakeside.organization, payer=medicare(lakeside), filing_days=90, corrected_days=60)
    first, again = claimed(lakeside, "Abara", "Bello")
    rejected(lakeside, first)
    assert left(lakeside, date(2026, 5, 29)) == {REJECTED: (1, WORTH)}
    assert left(lakeside, date(2026, 5, 30)) == {TOO_LATE: (1, WORTH)}
    # A correction that was rejected: what the payer keeps of the claim before it came, and is not left.
    answered(lakeside, again, Says("100", (("CO", "45", "70"),)))
    anew = replaced(lakeside, again, replaces=again, frequency="7")
    rejected(lakeside, anew)
    assert left(lakeside, date(2026, 4, 29)) == {REJECTED: (2, WORTH + WORTH - 100)}
    assert left(lakeside, date(2026, 4, 30)) == {REJECTED: (1, WORTH), TOO_LATE: (1, WORTH - 100)}
    Claim.objects.filter(id=first.id).update(is_superseded=True)
    answered(lakeside, anew, PAID)
    answered(lakeside, again, TAKEN)
    assert (GIVEN_UP in left(lakeside), REJECTED in left(lakeside)) == (False, False)


def test_a_payer_whose_days_nobody_set_is_never_too_late(lakeside: Program):
    (claim,) = claimed(lakeside, "Abara")
    rejected(lakeside, claim)
    assert left(lakeside, date(2027, 12, 1)) == {REJECTED: (1, WORTH)}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


def test_the_page_leads_to_the_claims_and_the_file_counts_them(people: Program, client_for: Any):
    billing = client_for("billing")
    address = "/o/lakeside/billing/months/2026-02/lost/"
    with time_machine.travel(AT, tick=False):
        assert "None was lost" in text_of(billing.get(address))
        with tenant(people.organization):
            (claim,) = claimed(people, "Abara")
            answered(people, claim, DENIED)
            worked(people, claim, "written_off")
        page = billing.get("/o/lakeside/billing/money/left/?month=2026-02")
        assert (f'href="{address}"' in page.text, "Nothing was left" in page.text) == (True, False)
        rows = table(billing, "/o/lakeside/billing/money/left/file/")
        assert [row[1:5] for row in rows if row[2] == "1"] == [[GIVEN_UP, "1", "160.32", "0"]]
        said = text_of(billing.get(address))
    assert ("Abara" in said, f"{GIVEN_UP} Medicare" in said, "$160.32, estimate" in said) == (True, True, True)
    with tenant(people.organization):
        events = AuditEvent.objects.filter(action="claims_lost.viewed", by=billing.membership).order_by("id")
        assert [event.shown for event in events] == [[], [claim.patient_id]]
    assert address not in client_for("admin").get("/o/lakeside/billing/money/left/?month=2026-02").text
    assert client_for("admin").get(address).status_code == 403
