"""Payments that records do not support any more: found, looked into, closed; in the store and on the pages."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.accounts.queries import system_membership
from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from billing.models import Claim, ClaimLine, Refund, RefundState
from billing.operations.batches import make_batch
from billing.operations.claim_work_errors import (
    CorrectionNotSent,
    InvestigationOutOfOrder,
    RefundAmountMissing,
    RefundClosed,
    RefundSaysHow,
)
from billing.operations.refunds import Ending, Investigation, close_refund, find_refunds, investigate_refund
from billing.queries.overpayments import unsupported_payments
from billing.queries.refunds import PAGE as ROWS
from billing.queries.refunds import refund_detail, refund_page
from billing.tasks import find_unsupported
from caseload.models import TimeEntry
from caseload.operations.timekeeping import void_time
from registry.models import Coverage
from registry.operations.coverages import void_coverage
from registry.operations.facts import void_fact
from registry.operations.people import add_coverage
from tests.billing.people import AT, Program, program
from tests.billing.test_pages import text_of
from tests.factories.claims import RefundFactory, RemittanceClaimFactory, RemittanceLineFactory
from tests.factories.tenancy import MembershipFactory
from tests.statements import own

PAGE = "/o/lakeside/billing/refunds/"
APRIL_FIRST = date(2026, 4, 1)


def paid(people: Program, name: str = "Abara", amount: str = "125.65", **fields: Any) -> Claim:
    """99492 of February 2026, claimed and paid."""
    fields.setdefault("payer", people.payer("Medicare"))
    episode = people.billing_patient(name, **fields)
    make_batch(by=people.by, at=AT, month="2026-02", client_token=uuid4(), has_seen_papers=True)
    claim = Claim.objects.get(episode=episode)
    at_home = {"organization": people.organization}
    answer = RemittanceClaimFactory(**at_home, claim=claim, paid=Decimal(amount))
    line = ClaimLine.objects.get(claim=claim)
    RemittanceLineFactory(**at_home, remittance_claim=answer, claim_line=line, paid=Decimal(amount))
    return claim


def take_minutes_back(people: Program, claim: Claim) -> None:
    for entry in TimeEntry.objects.filter(episode=claim.episode, voided_at__isnull=True):
        void_time(by=people.by, at=AT, entry=entry, reason="Wrong patient")


def find(people: Program, at: datetime = AT) -> list[Refund]:
    return find_refunds(by=people.by, at=at)


def test_a_payment_that_the_record_supports_is_left_alone(lakeside: Program):
    paid(lakeside)
    assert find(lakeside) == []


def test_minutes_taken_back_after_the_payment_bring_it_up_once(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    (refund,) = find(lakeside)
    assert (refund.claim_id, refund.identified_on, refund.due_on) == (claim.id, date(2026, 4, 3), date(2026, 6, 2))
    assert refund.why == ("Paid: 99492. Supported now: nothing. Because: Fewer minutes count than were claimed.")
    assert find(lakeside) == []
    assert AuditEvent.objects.get(action="refunds.found").count == 1


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        # Chicago, an hour before and after midnight of the nights on which clocks are changed, and of a month's end.
        (datetime(2026, 11, 1, 4, 30, tzinfo=UTC), (date(2026, 10, 31), date(2026, 12, 30))),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), (date(2026, 11, 1), date(2026, 12, 31))),
        (datetime(2027, 3, 14, 5, 30, tzinfo=UTC), (date(2027, 3, 13), date(2027, 5, 12))),
        (datetime(2027, 3, 15, 4, 30, tzinfo=UTC), (date(2027, 3, 14), date(2027, 5, 13))),
        (datetime(2026, 6, 1, 4, 30, tzinfo=UTC), (date(2026, 5, 31), date(2026, 7, 30))),
    ],
)
def test_it_is_identified_on_the_clinic_s_day(lakeside: Program, at: datetime, expected: tuple[date, date]):
    take_minutes_back(lakeside, paid(lakeside))
    (refund,) = find(lakeside, at)
    assert (refund.identified_on, refund.due_on) == expected


def test_a_consent_taken_back_is_named_as_the_cause(lakeside: Program):
    claim = paid(lakeside)
    void_fact(by=lakeside.by, at=AT, fact=lakeside.consent_of(claim.episode), reason="Another patient's form")
    (found,) = unsupported_payments(lakeside.organization.id)
    assert (found.without, found.now) == ((("99492", 1),), ())
    assert "No consent was in force for any of the month's time." in found.because


def test_another_payer_or_none_is_named(lakeside: Program):
    claim = paid(lakeside)
    aetna, coverage = lakeside.payer("Aetna"), Coverage.objects.get(patient=claim.patient)
    void_coverage(by=lakeside.by, at=AT, coverage_id=coverage.id, reason="Never had it")
    (found,) = unsupported_payments(lakeside.organization.id)
    assert found.because == "No coverage on record."
    add_coverage(by=lakeside.by, at=AT, patient=claim.patient, payer=aetna, member_id="A1")
    (found,) = unsupported_payments(lakeside.organization.id)
    assert (found.because, found.without) == ("Aetna is on record as the payer.", (("99492", 1),))


def test_money_that_was_taken_back_or_never_came_is_no_matter(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    RemittanceClaimFactory(organization=lakeside.organization, claim=claim, paid=Decimal("-125.65"), is_reversal=True)
    assert find(lakeside) == []


def test_a_claim_paid_as_a_whole_is_held_against_all_its_lines(lakeside: Program):
    episode = lakeside.billing_patient(payer=lakeside.payer("Medicare"))
    make_batch(by=lakeside.by, at=AT, month="2026-02", client_token=uuid4())
    claim = Claim.objects.get(episode=episode)
    RemittanceClaimFactory(organization=lakeside.organization, claim=claim, paid=Decimal(100))
    take_minutes_back(lakeside, claim)
    (found,) = unsupported_payments(lakeside.organization.id)
    assert found.without == (("99492", 1),)


def closed_as(people: Program, refund: Refund, state: str, amount: Decimal | None) -> None:
    ending = Ending(state, "Seen.", amount)
    close_refund(by=people.by, at=AT, on=APRIL_FIRST, refund_id=refund.id, ending=ending)


def test_what_was_closed_comes_up_again_only_for_another_cause(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    closed_as(lakeside, find(lakeside)[0], "not_owed", None)
    assert find(lakeside) == []
    coverage = Coverage.objects.get(patient=claim.patient)
    void_coverage(by=lakeside.by, at=AT, coverage_id=coverage.id, reason="Never had it")
    (again,) = find(lakeside)
    assert again.why == "Paid: 99492. Supported now: nothing. Because: No coverage on record."


def test_what_went_back_is_settled(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    closed_as(lakeside, find(lakeside)[0], "refunded", Decimal("125.65"))
    coverage = Coverage.objects.get(patient=claim.patient)
    void_coverage(by=lakeside.by, at=AT, coverage_id=coverage.id, reason="Never had it")
    assert find(lakeside) == []


def test_an_investigation_moves_the_last_day(lakeside: Program):
    refund = RefundFactory(organization=lakeside.organization, identified_on=APRIL_FIRST)
    owner = MembershipFactory(organization=lakeside.organization)

    def look(from_on: date | None, until_on: date | None = None) -> Refund:
        return investigate_refund(
            by=lakeside.by,
            at=AT,
            on=date(2026, 4, 30),
            refund_id=refund.id,
            investigation=Investigation(from_on, until_on, " Two months of May. ", owner.id),
        )

    begun = look(date(2026, 4, 11))
    assert (begun.state, begun.due_on) == (RefundState.INVESTIGATING, date(2026, 11, 17))
    ended = look(date(2026, 4, 11), date(2026, 4, 21))
    assert (ended.state, ended.due_on, ended.related) == (
        RefundState.IDENTIFIED,
        date(2026, 6, 10),
        "Two months of May.",
    )
    for wrong in (
        (date(2026, 3, 31), None),
        (date(2026, 5, 1), None),
        (date(2026, 4, 11), date(2026, 4, 10)),
        (date(2026, 4, 11), date(2026, 5, 1)),
        (None, date(2026, 4, 11)),
    ):
        with pytest.raises(InvestigationOutOfOrder):
            look(*wrong)
    stranger = Investigation(None, owner_id=uuid4())
    with pytest.raises(NotFound):
        investigate_refund(by=lakeside.by, at=AT, on=APRIL_FIRST, refund_id=refund.id, investigation=stranger)


def test_closing_needs_a_note_and_an_amount_and_happens_once(lakeside: Program):
    refund = RefundFactory(organization=lakeside.organization)

    def close(state: str, amount: Decimal | None, note: str) -> Refund:
        ending = Ending(state, note, amount)
        return close_refund(by=lakeside.by, at=AT, on=APRIL_FIRST, refund_id=refund.id, ending=ending)

    for fault, state, amount, note in (
        (RefundSaysHow, "refunded", Decimal(10), " "),
        (RefundSaysHow, "identified", Decimal(10), "Seen."),
        (RefundAmountMissing, "refunded", None, "Seen."),
        (RefundAmountMissing, "refunded", Decimal(0), "Seen."),
        (CorrectionNotSent, "corrected", Decimal(10), "Seen."),
    ):
        with pytest.raises(fault):
            close(state, amount, note)
    closed = close("refunded", Decimal("125.65"), "Sent back by check.")
    assert (closed.state, closed.amount, closed.closed_on) == ("refunded", Decimal("125.65"), APRIL_FIRST)
    with pytest.raises(RefundClosed):
        close("not_owed", None, "Seen.")
    with pytest.raises(NotFound):
        close_refund(by=lakeside.by, at=AT, on=APRIL_FIRST, refund_id=uuid4(), ending=Ending("not_owed", "Seen."))


def test_the_nightly_job_finds_them(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    run = Run(uuid4(), lakeside.organization.id, {}, None, AT, lambda *_: None)
    find_unsupported(run)
    find_unsupported(run)
    refund = Refund.objects.get()
    assert refund.changed_by_id == system_membership(lakeside.organization.id).id


def test_related_claims_are_suggested(lakeside: Program):
    first, second = paid(lakeside, "Abara"), paid(lakeside, "Bello")
    for claim in (first, second):
        take_minutes_back(lakeside, claim)
    refunds = {refund.claim_id: refund for refund in find(lakeside)}
    (related,) = refund_detail(lakeside.organization.id, refunds[first.id].id).related
    assert (related.claim_id, related.refund_id) == (second.id, refunds[second.id].id)


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def found(people: Program) -> Refund:
    with tenant(people.organization):
        claim = paid(people)
        take_minutes_back(people, claim)
        return find(people)[0]


def test_the_list_says_what_changed_and_until_when(people: Program, billing: Client):
    assert "No payment is known" in text_of(billing.get(PAGE))
    assert "None closed yet" in text_of(billing.get(f"{PAGE}?show=closed"))
    refund = found(people)
    said = text_of(billing.get(PAGE))
    assert "Paid, not supported (1)" in text_of(billing.get("/o/lakeside/billing/denials/"))
    for words in ("Abara, Jo", refund.why, "Jun 2", "To be looked into", "42 CFR 401.305(b)"):
        assert words in said, words


def test_looking_now_queues_one_job(people: Program, billing: Client):
    for _ in range(2):
        assert billing.post(f"{PAGE}look/").headers["Location"] == PAGE
    with tenant(people.organization):
        assert Job.objects.filter(kind="find_refunds", key="now").count() == 1


def test_a_payment_is_looked_into_and_closed(people: Program, billing: Client):
    refund = found(people)
    page = f"{PAGE}{refund.id}/"
    assert "$125.65" in text_of(billing.get(page))
    wrong = billing.post(page, {"from_on": "2026-01-01", "related": "All of May."})
    assert (wrong.status_code, "Choose a day from Apr 3, 2026" in text_of(wrong)) == (422, True)
    assert "All of May." in wrong.text
    assert billing.post(page, {"from_on": "2026-04-05"}).headers["Location"] == page
    assert "the days stand still until the search ends" in text_of(billing.get(page))
    for typed, words in (
        ({}, "Say how it ended."),
        ({"state": "refunded", "note": "Sent back."}, "Enter the amount that goes back"),
        ({"state": "refunded", "note": "Sent back.", "amount": "ten"}, "Enter dollars and cents"),
    ):
        refused = billing.post(f"{page}close/", typed)
        assert (refused.status_code, words in text_of(refused)) == (422, True)
    closed = billing.post(f"{page}close/", {"state": "refunded", "note": "Sent back.", "amount": "125.65"})
    assert closed.headers["Location"] == PAGE
    again = billing.post(f"{page}close/", {"state": "not_owed", "note": "Seen."})
    assert (again.status_code, "Refunded" in text_of(billing.get(page))) == (422, True)
    assert "Sent back." in text_of(billing.get(page))
    assert billing.get(f"{PAGE}{uuid4()}/").status_code == 404


def test_a_long_list_is_cut_and_costs_the_same(people: Program, billing: Client):
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            billing.get(PAGE)
        return len(own(captured.captured_queries))

    with tenant(people.organization):
        RefundFactory(organization=people.organization)
    before = statements()
    with tenant(people.organization):
        for number in range(ROWS):
            RefundFactory(organization=people.organization, due_on=date(2026, 6, 1) + timedelta(days=number))
        page = refund_page(people.organization.id, start=ROWS)
    assert (len(page.rows), page.total, page.previous, page.next) == (1, ROWS + 1, 0, None)
    assert (statements(), before <= 8) == (before, True)
    assert billing.get(PAGE).context["next_url"] == f"?start={ROWS}"
