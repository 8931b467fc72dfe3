"""Money pages: expected against paid, denials, days to payment, and what was left on the table."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from billing.models import Claim, ClaimLine, PayerProfile
from billing.operations.batches import make_batch
from billing.operations.denials import open_denials
from billing.operations.profiles import set_profile
from billing.queries.money import Money, money_of
from billing.queries.money_left import money_left
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.billing import CoderDecisionFactory
from tests.factories.claims import (
    AdjustmentFactory,
    PayerRouteFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
    RemittanceLineFactory,
)
from tests.statements import own

FILE = "/o/lakeside/billing/money/file/"
PAGE = "/o/lakeside/billing/money/?month=2026-02"
LEFT = "/o/lakeside/billing/money/left/?month=2026-02"


def medicare(people: Program) -> Any:
    payer = people.payer("Medicare")
    if not PayerProfile.objects.filter(payer=payer, is_default=False).exists():
        set_profile(by=people.by, at=AT, payer=payer, book="medicare_ffs", from_on=date(2020, 1, 1))
    return payer


def claimed(people: Program, *names: str) -> list[Claim]:
    """99492 of February 2026 of each, expected at $157.11 after sequestration."""
    payer = medicare(people)
    episodes = [people.billing_patient(name, payer=payer) for name in names]
    make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4(), has_seen_papers=True)
    return [Claim.objects.get(episode=episode) for episode in episodes]


def answer(people: Program, claim: Claim, paid: str, *, owed: str = "0", denied: str = "") -> None:
    at_home = {"organization": people.organization}
    remittance = RemittanceFactory(**at_home, paid_on=date(2026, 4, 20))
    row = RemittanceClaimFactory(**at_home, remittance=remittance, claim=claim, paid=Decimal(paid))
    asked = ClaimLine.objects.get(claim=claim)
    line = RemittanceLineFactory(**at_home, remittance_claim=row, claim_line=asked, paid=Decimal(paid))
    for group, reason, amount in (("PR", "2", owed), ("CO", denied, "170")):
        if reason and Decimal(amount):
            AdjustmentFactory(
                **at_home,
                remittance_claim=row,
                remittance_line=line,
                group=group,
                reason=reason,
                amount=Decimal(amount),
            )
    open_denials(by=people.by, at=AT, remittance_claims=[row])


def february(people: Program) -> Money:
    return money_of(people.organization.id, "2026-02", "2026-02", ZoneInfo("America/Chicago"))


def test_expected_stands_beside_paid_and_what_is_not_answered_apart(lakeside: Program):
    first, second, _ = claimed(lakeside, "Abara", "Bello", "Costa")
    answer(lakeside, first, "125.69", owed="32.06")
    answer(lakeside, second, "0", denied="97")
    found = february(lakeside)
    each = found.all.expected / 3
    assert (found.all.claims, found.all.answered, found.all.paid, found.all.owed) == (
        3,
        2,
        Decimal("125.69"),
        Decimal("32.06"),
    )
    assert found.all.open == each
    assert found.all.difference == Decimal("157.75") - 2 * each
    assert (found.all.unknown, found.all.is_estimate) == (0, True)
    assert [(one.name, one.claims) for one in found.by_payer] == [("Medicare", 3)]
    assert [(one.name, one.paid) for one in found.by_code] == [("99492", Decimal("125.69"))]
    assert [(one.name, one.answered) for one in found.by_month] == [("2026-02", 2)]
    assert [(one.reason.code, one.count, one.of, one.percent) for one in found.denied] == [("97", 1, 2, 50)]
    assert found.denied_percent == 50
    assert found.days is not None
    assert (found.days.middle, found.days.of) == (17, 1)


def test_money_taken_back_is_less_and_a_claim_paid_as_a_whole_counts(lakeside: Program):
    first, second = claimed(lakeside, "Abara", "Bello")
    answer(lakeside, first, "125.69")
    answer(lakeside, first, "-125.69")
    RemittanceClaimFactory(organization=lakeside.organization, claim=second, paid=Decimal(100))
    found = february(lakeside)
    assert (found.all.paid, found.all.answered) == (Decimal("100.00"), 2)
    assert [(one.name, one.paid) for one in found.by_code] == [("99492", Decimal(0)), ("Whole claim", Decimal(100))]


def test_of_nothing_there_is_no_rate(lakeside: Program):
    found = february(lakeside)
    assert (found.all.claims, found.denied_percent, found.days, found.denied) == (0, None, None, ())


def left(people: Program, on: date = date(2026, 4, 3)) -> dict[str, tuple[int, Decimal]]:
    rows = money_left(people.organization.id, "2026-02", on=on)
    return {row.label: (row.months, row.expected.known) for row in rows if row.months}


def test_what_was_left_stands_under_one_reason_each(lakeside: Program):
    payer = medicare(lakeside)
    lakeside.billing_patient("Abara", payer=payer)
    held = lakeside.billing_patient("Bello", payer=payer)
    CoderDecisionFactory(organization=lakeside.organization, episode=held)
    dropped = lakeside.billing_patient("Costa", payer=payer)
    CoderDecisionFactory(organization=lakeside.organization, episode=dropped, kind="do_not_bill", look_again_on=None)
    lakeside.billing_patient("Diallo", payer=payer, without=("score",))
    lakeside.billing_patient("Evans", payer=payer, without=("score", "care_plan"))
    assert left(lakeside) == {
        "Not billed, as decided": (1, Decimal("160.32")),
        "Held back": (1, Decimal("160.32")),
        "Not claimed yet": (1, Decimal("160.32")),
        "One paper or contact was missing": (1, Decimal("160.32")),
        "Several things were missing": (1, Decimal("160.32")),
    }


def test_past_the_payers_days_it_is_late(lakeside: Program):
    payer = medicare(lakeside)
    PayerRouteFactory(organization=lakeside.organization, payer=payer, filing_days=30)
    lakeside.billing_patient("Abara", payer=payer)
    assert left(lakeside, on=date(2026, 3, 30)) == {"Not claimed yet": (1, Decimal("160.32"))}
    assert left(lakeside, on=date(2026, 3, 31)) == {"Past the payer’s filing time": (1, Decimal("160.32"))}


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Any:
    return client_for("billing")


def test_the_page_says_how_each_number_is_counted(people: Program, billing: Client):
    assert "No claims in this span" in text_of(billing.get(PAGE))
    opened = billing.get("/o/lakeside/billing/money/").text
    assert re.findall(r'<option value="(\d+)" selected', opened) == ["3"]
    with tenant(people.organization):
        (claim,) = claimed(people, "Abara")
        answer(people, claim, "0", denied="97")
    said = text_of(billing.get(PAGE))
    for words in ("February 2026", "0 of 1 claim", "1 of 1 claim answered", "100%", "n/a", "How these are counted"):
        assert (words in said) is (words != "0 of 1 claim"), words
    assert "Abara" not in said


def test_the_page_of_what_was_left_leads_to_its_months(people: Program, billing: Client, client_for: Any):
    assert "Nothing was left" in text_of(billing.get(LEFT))
    with tenant(people.organization):
        people.billing_patient("Abara", payer=medicare(people))
    page = billing.get(LEFT)
    assert "/o/lakeside/billing/months/2026-02/?show=bills" in page.text
    assert "$160.32" in text_of(page)
    assert "/months/2026-02/" not in client_for("admin").get(LEFT).text


def test_pages_cost_the_same_for_any_number(people: Program, billing: Client):
    def statements(page: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            billing.get(page)
        return len(own(captured.captured_queries))

    with tenant(people.organization):
        claimed(people, "Abara")
    before = statements(PAGE), statements(LEFT)
    with tenant(people.organization):
        claimed(people, "Bello", "Costa")
        people.billing_patient("Diallo", payer=people.payer("Medicare"))
    assert (statements(PAGE), statements(LEFT)) == before
    assert before[0] <= 8


def test_sums_say_what_they_rest_on(people: Program, billing: Client):
    with tenant(people.organization):
        claimed(people, "Abara")
        episode = people.billing_patient("Bello", payer=people.payer("Aetna"))
        make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4(), has_seen_papers=True)
        answer(people, Claim.objects.get(episode=episode), "90.00")
    said = text_of(billing.get(PAGE))
    for words in (
        ", estimate, and 1 unknown amount",
        "Aetna 1 1 1 unknown amount $90.00",
        "estimate, 1 unknown amount",
    ):
        assert words in said, words


def table(client: Client, url: str, **asked: str) -> list[list[str]]:
    answer = client.post(url, {"month": "2026-02", "months": "1", **asked})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_the_files_have_the_figures_of_the_page(people: Program, billing: Client):
    with tenant(people.organization):
        first, second, _ = claimed(people, "Abara", "Bello", "Costa")
        answer(people, first, "125.69", owed="32.06")
        answer(people, second, "0", denied="97")
        people.billing_patient("Diallo", payer=people.payer("=Aetna+1"))
        make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4(), has_seen_papers=True)
        found = february(people)
    known, each = str(found.all.expected), str(found.all.expected / 3)
    difference = str(Decimal("157.75") - 2 * found.all.expected / 3)
    heading = ["Claims", "Claims answered", "Expected", "Unknown amounts", "Has estimates", "Paid", "Patients owe",
               "Not answered yet", "Difference"]  # fmt: skip
    medicare_cells = ["3", "2", known, "0", "yes", "125.69", "32.06", each, difference]
    everything = ["4", "2", known, "1", "yes", "125.69", "32.06", each, difference]
    assert table(billing, FILE, table="payer") == [
        ["Payer", *heading],
        ["'=Aetna+1", "1", "0", "", "1", "no", "0.00", "0.00", "0.00", ""],
        ["Medicare", *medicare_cells],
        ["All", *everything],
    ]
    assert table(billing, FILE, table="month") == [["Month", *heading], ["2026-02", *everything], ["All", *everything]]
    assert table(billing, FILE, table="code") == [["Code", *heading], ["99492", *everything], ["All", *everything]]
    assert table(billing, FILE, table="denied") == [
        ["Code", "Reason", "Lines denied", "Lines answered", "Percent of answered", "Taken off"],
        ["97", found.denied[0].reason.meaning, "1", "2", "50", str(found.denied[0].amount)],
        ["", "All", "1", "2", "50", str(found.denied[0].amount)],
    ]
    said = text_of(billing.get(PAGE))
    for amount in (known, each, "125.69", "32.06"):
        assert f"${Decimal(amount):,.2f}" in said
    assert billing.post(FILE, {"table": "patients"}).status_code == 404


def test_what_was_left_is_a_file_too(people: Program, billing: Client):
    with tenant(people.organization):
        payer = medicare(people)
        people.billing_patient("Abara", payer=payer)
        people.billing_patient("Bello", payer=people.payer("Aetna"))
        shown = money_left(people.organization.id, "2026-02", on=date(2026, 4, 3))
    rows = table(billing, "/o/lakeside/billing/money/left/file/")
    assert rows[0][:4] == ["Month", "Why", "Patients' months", "Would have brought, estimate"]
    assert [(row[1], row[2], row[4]) for row in rows[1:]] == [
        (one.label, str(one.months), str(one.expected.unknown)) for one in shown
    ]
    assert [row[3] for row in rows[1:] if row[2] != "0"] == [str(one.expected.known) for one in shown if one.months]


def test_who_took_a_file_is_in_the_audit_and_care_managers_get_none(people: Program, billing: Any, client_for: Any):
    table(billing, FILE)
    table(billing, "/o/lakeside/billing/money/left/file/")
    with tenant(people.organization):
        assert AuditEvent.objects.filter(action="money.exported", by=billing.membership).count() == 2
    for url in (FILE, "/o/lakeside/billing/money/left/file/"):
        assert client_for("care_manager").post(url).status_code == 403
