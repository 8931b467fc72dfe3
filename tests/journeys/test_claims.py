"""Billing's last mile: a month is closed and filed, its answers are read, and what was denied is asked again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.calendar import last_month, today
from tests.journeys.conftest import Site, Visitor
from tests.journeys.looking import faults_at_both_widths

pytestmark = pytest.mark.journey

CLINIC = "Cedar Hill"
FILED = """
    SELECT b.id, b.interchange_number, c.control_number, c.charge, l.code, l.charge
      FROM billing_batch b JOIN billing_claim c ON c.batch_id = b.id JOIN billing_claimline l ON l.claim_id = c.id
     WHERE b.month = %s AND c.number = 1 AND l.number = 1
     ORDER BY b.number DESC
"""


def before_last() -> str:
    """The month of which the demonstration has closed one clinic."""
    first = today().replace(year=int(last_month()[:4]), month=int(last_month()[5:]), day=1)
    return f"{first - timedelta(days=1):%Y-%m}"


def taken(interchange: int) -> str:
    return f"ST*999*0001~AK1*HC*{interchange}~AK2*837*0001~IK5*A~AK9*A*1*1*1~SE*6*0001~"


def nothing_paid(control: str, charge: object, lines: list[tuple[str, object]]) -> str:
    """A remittance that denies a whole claim."""
    denied = "".join(f"SVC*HC:{code}*{amount}*0~CAS*CO*16*{amount}~" for code, amount in lines)
    head = f"ST*835*0001~BPR*H*0*C*NON~TRN*1*NONE{control[:5]}~LX*1~"
    return f"{head}CLP*{control}*4*{charge}*0**MB*99001~{denied}SE*{6 + 2 * len(lines)}*0001~"


def mends_what_a_claim_lacks(page: Page, filing: str) -> None:
    """A ready claim loses the patient's address and gets it back, by keyboard, beginning and ending at the files."""
    page.get_by_text("Who is ready").first.press("Enter")
    person = page.locator("details[open] tbody th a").first
    name = person.inner_text()
    person.press("Enter")
    page.get_by_role("link", name="Insurance and address").press("Enter")
    assert faults_at_both_widths(page) == []
    page.get_by_role("link", name="Change the address").press("Enter")
    street = page.get_by_label("Street and number")
    kept = street.input_value()
    street.fill("")
    street.press("Enter")
    page.get_by_role("link", name="Back", exact=True).press("Enter")
    page.goto(filing)
    fault = page.locator("tr", has_text=name).get_by_role("link", name="Address", exact=True)
    expect(fault).to_be_visible()
    assert faults_at_both_widths(page) == []
    fault.press("Enter")
    page.get_by_role("link", name="Change the address").press("Enter")
    street.fill(kept)
    street.press("Enter")
    page.get_by_role("link", name="Back", exact=True).press("Enter")
    expect(page).to_have_url(filing)
    expect(fault).to_have_count(0)


def test_a_month_is_closed_filed_answered_and_corrected(site: Site, visitor: Visitor) -> None:
    page = visitor("billing")
    month = before_last()
    ((clinic_id,),) = site.ask(
        "SELECT c.id FROM tenancy_clinic c JOIN tenancy_organization o ON o.id = c.organization_id "
        "WHERE o.slug = 'demo' AND c.name = %s", CLINIC,
    )  # fmt: skip
    page.goto(site.url(f"billing/months/{month}/clinics/{clinic_id}/"))
    page.locator("#id_note").fill("Looked at; what is open stays open.")
    page.get_by_role("button", name="Close the month").click()
    expect(page.get_by_role("heading", name="Open it again")).to_be_visible()

    filing = site.url(f"billing/months/{month}/files/new/")
    page.goto(filing)
    assert faults_at_both_widths(page) == []
    mends_what_a_claim_lacks(page, filing)
    page.get_by_role("button", name="Make the files").click()
    expect(page.get_by_role("heading", name=re.compile("^Batch"), level=1)).to_be_visible()

    _, interchange, control, charge, *_ = site.ask(FILED, f"{month}-01")[0]
    lines = site.ask(
        "SELECT l.code, l.charge FROM billing_claimline l JOIN billing_claim c ON c.id = l.claim_id "
        "WHERE c.control_number = %s", control,
    )  # fmt: skip
    page.goto(site.url("billing/answers/"))
    page.get_by_label("Answers: 999, 277CA or 835").set_input_files(
        [
            {"name": "a.999", "mimeType": "text/plain", "buffer": taken(interchange).encode()},
            {"name": "b.835", "mimeType": "text/plain", "buffer": nothing_paid(control, charge, lines).encode()},
        ]
    )
    page.get_by_role("button", name="Read").click()
    expect(page.get_by_role("link", name="b.835")).to_be_visible()
    assert faults_at_both_widths(page) == []

    page.goto(site.url("billing/denials/"))
    row = page.locator("tbody tr", has_text="CO-16").first
    row.locator("a.row-link").click()
    assert faults_at_both_widths(page) == []
    page.get_by_role("link", name="Correct the claim").click()
    # Medicare Part B takes no corrected claims: its contractor reopens the first one, and that is recorded.
    page.get_by_label("What was done, and why").fill("Reopened by telephone: what was missing is there now.")
    page.get_by_role("button", name="Record the correction").click()
    expect(page.get_by_text(re.compile("This claim left as a table")).first).to_be_visible()
    assert faults_at_both_widths(page) == []
    ((frequency,),) = site.ask(
        "SELECT n.frequency FROM billing_claim n JOIN billing_claim c ON n.replaces_id = c.id "
        "WHERE c.control_number = %s", control,
    )  # fmt: skip
    assert frequency == "7"
