"""Denials where several payers answer, where a corrected claim is rejected, and what the record says of them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bhi.jobs.models import Job
from billing.models import Batch, Claim, ClaimLine, Denial, RemittanceClaim
from billing.operations import denials
from billing.operations.answer_matching import match_acknowledgement
from billing.operations.answer_undoing import stand_again
from billing.operations.denials import denials_corrected, open_denials, reopen_rejected
from billing.queries.claim_answers import payer_number_of
from billing.queries.claim_states import ClaimState, claim_states
from billing.queries.claims import claim_name
from billing.queries.denials import denial_detail
from billing.queries.money import money_of
from caseload.rules.clock import month_of
from registry.models import Consent
from tests.billing.people import AT, Program
from tests.billing.test_denials import claimed, settle, states
from tests.factories.claims import (
    AcknowledgementFactory,
    AdjustmentFactory,
    DenialFactory,
    PayerRouteFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
    RemittanceLineFactory,
)
from tests.factories.registry import ConsentFactory


def said(
    people: Program,
    claim: Claim,
    status: str,
    paid: str,
    *reasons: str,
    on: date = date(2026, 3, 20),
    number: str = "A",
) -> RemittanceClaim:
    """An answer to a claim of one line: `CO-45 90`."""
    at_home = {"organization": people.organization}
    row = RemittanceClaimFactory(
        **at_home,
        remittance=RemittanceFactory(**at_home, paid_on=on),
        claim=claim,
        status_code=status,
        is_reversal=status == "22",
        charge=Decimal(290),
        paid=Decimal(paid),
        payer_claim_number=number,
    )
    asked = ClaimLine.objects.filter(claim=claim, units__gt=0).first()
    line = RemittanceLineFactory(
        **at_home, remittance_claim=row, claim_line=asked, charge=Decimal(290), paid=Decimal(paid)
    )
    for position, text in enumerate(reasons, start=1):
        code, _, amount = text.partition(" ")
        group, _, reason = code.partition("-")
        AdjustmentFactory(
            **at_home,
            remittance_claim=row,
            remittance_line=line,
            position=position,
            group=group,
            reason=reason,
            amount=Decimal(amount),
        )
    open_denials(by=people.by, at=AT, remittance_claims=[row])
    return row


def state(claim: Claim) -> ClaimState:
    return claim_states(claim.organization_id, [claim.id])[claim.id]


def sums(claim: Claim) -> tuple[str, ...]:
    """Where it stands, on its page and on that of the money."""
    found = state(claim)
    month = month_of(claim.month)
    money = money_of(claim.organization_id, month, month, ZoneInfo("America/Chicago")).all
    assert (money.paid, money.owed) == (found.paid, found.patient_owes)
    return found.word, f"{found.paid:.0f}", f"{found.patient_owes:.0f}", f"{found.adjusted:.0f}"


def test_a_second_payer_adds_its_money_and_not_its_charge(lakeside: Program):
    claim = claimed(lakeside)
    said(lakeside, claim, "19", "160", "CO-45 90", "PR-2 40")
    assert sums(claim) == ("paid", "160", "40", "90")
    said(lakeside, claim, "2", "0", "OA-23 250", "PR-1 40", on=date(2026, 4, 1), number="B")
    assert sums(claim) == ("paid", "160", "40", "90")
    said(lakeside, claim, "2", "40", "OA-23 250", on=date(2026, 4, 2), number="B")
    assert sums(claim) == ("paid", "200", "0", "90")
    assert states() == []
    assert (payer_number_of(claim), state(claim).payer_claim_number) == ("A", "A")
    said(lakeside, claim, "22", "-160", "CO-45 -90", "PR-2 -40", on=date(2026, 5, 1))
    assert sums(claim)[:2] == ("partly_paid", "40")
    assert states() == [("taken", "open")]


def test_only_a_later_payer_s_answer_decides_nothing_unless_it_pays(lakeside: Program):
    claim = claimed(lakeside)
    AcknowledgementFactory(organization=lakeside.organization, claim=claim, payer_claim_number="ICN1", code="A2:20")
    said(lakeside, claim, "2", "0", "OA-23 290", number="B")
    assert (state(claim).word, payer_number_of(claim), state(claim).payer_claim_number) == ("accepted", "ICN1", "ICN1")
    said(lakeside, claim, "2", "40", "OA-23 250", number="B", on=date(2026, 4, 1))
    assert (sums(claim), payer_number_of(claim)) == (("partly_paid", "40", "0", "0"), "ICN1")


def test_a_coverage_that_ended_is_denied_also_where_the_payer_puts_it_on_the_patient(lakeside: Program):
    claim = claimed(lakeside)
    said(lakeside, claim, "4", "0", "PR-27 290")
    assert (sums(claim), state(claim).label, states()) == (("denied", "0", "0", "290"), "Denied", [("27", "open")])
    month = month_of(claim.month)
    assert money_of(claim.organization_id, month, month, ZoneInfo("America/Chicago")).denied_percent == 100


def test_a_denial_by_the_first_is_paid_once_the_second_pays(lakeside: Program):
    claim = claimed(lakeside)
    said(lakeside, claim, "1", "0", "CO-16 290")
    said(lakeside, claim, "2", "0", "OA-23 290", on=date(2026, 4, 1), number="B")
    assert (sums(claim), states()) == (("denied", "0", "0", "290"), [("16", "open")])
    said(lakeside, claim, "2", "40", "OA-23 250", on=date(2026, 4, 2), number="B")
    assert states() == [("16", "paid")]


def test_what_a_second_payer_denied_and_answers_anew_is_not_paid_by_what_the_first_paid_before(lakeside: Program):
    claim = claimed(lakeside)
    said(lakeside, claim, "19", "160", "CO-45 90", "PR-2 40")
    said(lakeside, claim, "2", "0", "OA-23 250", "CO-27 40", on=date(2026, 4, 1), number="B")
    assert (sums(claim), states()) == (("partly_paid", "160", "0", "130"), [("27", "open")])
    said(lakeside, claim, "2", "0", "OA-23 250", "CO-45 40", on=date(2026, 4, 2), number="B")
    assert (sums(claim), states()) == (("paid", "160", "0", "130"), [("27", "superseded")])


def test_another_payment_over_other_claims_between_the_same_two_has_its_own_job(
    lakeside: Program, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(denials, "MOST_AT_ONCE", 3)
    rows = [
        RemittanceClaimFactory(organization=lakeside.organization, claim=claimed(lakeside), paid=0) for _ in range(5)
    ]
    rows.sort(key=lambda row: row.claim_id)
    first, second, third, fourth, last = rows
    settle(lakeside, first, second, third, last)
    settle(lakeside, first, second, third, last)
    settle(lakeside, first, fourth, third, last)
    asked = [job.arguments["claim_ids"] for job in Job.objects.filter(kind="settle_denials")]
    assert sorted(map(sorted, asked)) == sorted(
        sorted(str(row.claim_id) for row in part) for part in ([first, second, third], [last], [first, third, fourth])
    )


def rejected(people: Program, **of: Any) -> Any:
    return AcknowledgementFactory(
        **{"organization": people.organization, "is_accepted": False, "code": "A7:562", "claim": None} | of
    )


def test_a_rejected_correction_opens_what_waited_for_it_once(lakeside: Program):
    """By its claim or by its whole file; not once it went out again, nor what somebody appealed or a payer answered."""
    first = claimed(lakeside, is_superseded=True)
    denial = DenialFactory(organization=lakeside.organization, claim=first, state="corrected")
    appealed = DenialFactory(organization=lakeside.organization, claim=first, state="appealed", note="By fax.")
    second = claimed(lakeside, frequency="7", replaces=first)

    def reopen(**of: Any) -> int:
        return reopen_rejected(by=lakeside.by, at=AT, **of)

    assert (reopen(), reopen(claim_ids=[second.id])) == (0, 0)
    rejected(lakeside, claim=second)
    assert (reopen(claim_ids=[second.id]), reopen(claim_ids=[second.id])) == (1, 0)
    assert dict(Denial.objects.values_list("id", "state")) == {denial.id: "open", appealed.id: "appealed"}
    assert denials_corrected(by=lakeside.by, at=AT, claim_id=second.id) == 2
    third = claimed(lakeside, frequency="7", replaces=second)
    assert reopen(claim_ids=[second.id]) == 0
    rejected(lakeside, batch=third.batch)
    assert reopen(batch_ids=[third.batch_id]) == 2
    denials_corrected(by=lakeside.by, at=AT, claim_id=third.id)
    RemittanceClaimFactory(organization=lakeside.organization, claim=third)
    assert reopen(batch_ids=[third.batch_id]) == 0


def test_a_rejection_that_is_matched_by_hand_opens_it_too(lakeside: Program):
    first = claimed(lakeside, is_superseded=True)
    DenialFactory(organization=lakeside.organization, claim=first, state="corrected")
    second = claimed(lakeside, frequency="7", replaces=first)
    row = rejected(lakeside, is_of_claim=True)
    match_acknowledgement(by=lakeside.by, at=AT, acknowledgement_id=row.id, claim_id=second.id)
    assert Denial.objects.get().state == "open"


def test_what_is_denied_after_the_correction_was_rejected_is_open_at_once(lakeside: Program):
    """Nobody answers the correction. Denied anew for another reason it is open too, until the claim goes out again."""
    first = claimed(lakeside, is_superseded=True)
    second = claimed(lakeside, frequency="7", replaces=first)
    rejected(lakeside, claim=second)
    row = said(lakeside, first, "4", "0", "CO-50 290")
    assert states() == [("50", "open")]
    said(lakeside, first, "4", "0", "CO-29 290", on=date(2026, 4, 1))
    assert states() == [("50", "superseded"), ("29", "open")]
    assert settle(lakeside, row) == []
    third = claimed(lakeside, frequency="7", replaces=second)
    denials_corrected(by=lakeside.by, at=AT, claim_id=third.id)
    said(lakeside, first, "4", "0", "CO-16 290", on=date(2026, 5, 1))
    assert states()[2:] == [("16", "corrected")]
    rejected(lakeside, batch=third.batch)
    said(lakeside, first, "4", "0", "CO-97 290", on=date(2026, 6, 1))
    assert states()[3:] == [("97", "open")]


def test_what_stands_again_while_the_correction_is_rejected_is_open(lakeside: Program):
    first = claimed(lakeside, is_superseded=True)
    second = claimed(lakeside, frequency="7", replaces=first)
    said(lakeside, first, "4", "0", "CO-50 290")
    assert states() == [("50", "corrected")]
    later = said(lakeside, first, "1", "160", "CO-45 130", on=date(2026, 4, 1))
    assert states() == [("50", "paid")]
    rejected(lakeside, claim=second)
    RemittanceClaim.objects.filter(id=later.id).update(claim=None)
    stand_again(lakeside.organization.id, [first.id], by=lakeside.by, at=AT)
    assert states() == [("50", "open")]


def causes(denial: Denial) -> list[str]:
    return [cause.sentence for cause in denial_detail(denial.organization_id, denial.id).row.causes]


def test_a_corrected_claim_is_late_by_the_days_of_corrected_claims(lakeside: Program):
    first = claimed(lakeside, is_superseded=True, service_on=date(2026, 2, 28))
    PayerRouteFactory(organization=lakeside.organization, payer=first.payer, filing_days=365, corrected_days=180)
    second = claimed(lakeside, frequency="7", replaces=first, payer=first.payer, service_on=date(2026, 2, 28))
    Batch.objects.update(sent_at=datetime(2026, 11, 1, 18, tzinfo=UTC))
    of_first, of_second = (
        DenialFactory(organization=lakeside.organization, claim=one, reason="29") for one in (first, second)
    )
    assert causes(of_first) == ["It left 246 days after the service, within 365: appeal with proof."]
    assert causes(of_second) == ["It left 246 days after the service; this payer takes 180 for corrected claims."]


def test_only_claims_that_stand_are_named_as_the_duplicate(lakeside: Program):
    claim = claimed(lakeside)
    of = {"patient": claim.patient, "episode": claim.episode, "month": claim.month, "payer": claim.payer}
    claimed(lakeside, **of, batch__is_test=True, is_superseded=True)
    claimed(lakeside, **of, is_superseded=True)
    denial = DenialFactory(organization=lakeside.organization, claim=claim, reason="18")
    assert [one for one in causes(denial) if one.startswith("Our claim")] == []
    other = claimed(lakeside, **of, family="elsewhere")
    named = f"Our claim {claim_name(other.batch.number, other.number)} asks for"
    assert [one.startswith(named) for one in causes(denial)].count(True) == 1


def test_a_consent_that_was_withdrawn_is_said(lakeside: Program):
    claim = claimed(lakeside, service_on=date(2026, 2, 28))
    given = {"organization": lakeside.organization, "patient": claim.patient}
    ConsentFactory(**given, given_at=datetime(2025, 6, 2, 15, tzinfo=UTC), revoked_on=date(2026, 2, 2))
    denial = DenialFactory(organization=lakeside.organization, claim=claim, reason="197")
    assert causes(denial) == ["Consent was withdrawn Feb 2, 2026: nothing from that day on counts here."]
    ConsentFactory(**given, given_at=datetime(2026, 2, 1, 15, tzinfo=UTC))
    assert (causes(denial), Consent.objects.filter(patient=claim.patient).count()) == ([], 2)
