"""Money that should not have stayed: of claims that stand no more, paid twice, given back in part, of long ago, or
known to somebody first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from billing.models import Batch, Claim, ClaimLine, Refund, RemittanceClaim
from billing.operations.claim_work_errors import (
    CorrectionNotSent,
    KnownDayWrong,
    RefundAmountTooMuch,
    RefundListed,
    RefundSaysHow,
)
from billing.operations.filing import mark_sent
from billing.operations.refunds import Ending, Investigation, add_refund, close_refund, find_refunds, investigate_refund
from billing.queries.refunds import OLDER, refund_detail, refund_page
from tests.billing.people import AT, Program, program
from tests.billing.test_claim_corrections import LATER, Filed
from tests.billing.test_pages import text_of
from tests.billing.test_refunds import PAGE, find, paid, take_minutes_back
from tests.factories.billing import ClaimFactory, ClaimLineFactory, ClaimWithdrawalFactory
from tests.factories.claims import (
    AdjustmentFactory,
    RemittanceClaimFactory,
    RemittanceFactory,
    RemittanceLineFactory,
)

TODAY = date(2026, 4, 3)
PAID = Decimal("125.65")


def answer(claim: Claim, amount: Decimal | int = PAID, **fields: Any) -> RemittanceClaim:
    """What a payer pays for a claim's first line, or takes back."""
    home = {"organization": claim.organization}
    when = {name: fields.pop(name) for name in ("paid_on", "posted_at") if name in fields}
    made: RemittanceClaim = RemittanceClaimFactory(
        **home, remittance=RemittanceFactory(**home, **when), claim=claim, paid=Decimal(amount), **fields
    )
    line = ClaimLine.objects.filter(claim=claim, units__gt=0).order_by("number").first()
    if line is not None:
        RemittanceLineFactory(**home, remittance_claim=made, claim_line=line, code=line.code, paid=Decimal(amount))
    return made


def in_its_place(claim: Claim, code: str = "99492") -> Claim:
    """A replacement of the claim, which stands no more."""
    Claim.objects.filter(id=claim.id).update(is_superseded=True)
    about = {name: getattr(claim, name) for name in ("organization", "episode", "patient", "payer", "month")}
    made: Claim = ClaimFactory(
        **about, replaces=claim, frequency="7", facts=claim.facts, book=claim.book, batch__number=99, batch__made_at=AT
    )
    ClaimLineFactory(organization=claim.organization, claim=made, number=1, code=code)
    return made


def close(people: Program, refund: Refund, state: str, amount: Decimal | int | None = None, **fields: Any) -> Refund:
    at = fields.pop("at", AT)
    ending = Ending(state, "Seen.", None if amount is None else Decimal(amount), **fields)
    return close_refund(by=people.by, at=at, on=at.date(), refund_id=refund.id, ending=ending)


def kept(refund: Refund) -> tuple[Any, ...]:
    refund.refresh_from_db()
    return refund.owed, refund.identified_on, refund.due_on


@dataclass
class Voided:
    """A paid claim whose month asks another payer now, and that was taken back with a file."""

    filed: Filed
    void: Claim


@pytest.fixture
def voided(lakeside: Program) -> Voided:
    filed = Filed(lakeside)
    answer(filed.claim)
    filed.other_payer()
    return Voided(filed, filed.void())


def test_a_payer_that_ignores_a_void_is_not_waited_for_longer_than_thirty_days(voided: Voided):
    people = voided.filed.people
    assert [find(people, LATER + timedelta(days=days)) for days in (0, 29)] == [[], []]
    (refund,) = find(people, LATER + timedelta(days=30))
    # Who took it back knew it that day: the sixty days have run since.
    assert (refund.claim_id, *kept(refund)) == (voided.filed.claim.id, PAID, TODAY, date(2026, 6, 2))
    assert refund.why == (
        "Paid: 99492. Supported now: 99492. Because: "
        "The claim was corrected or taken back on Apr 3, 2026, and the payer has not taken its payment back."
    )


def test_a_payer_that_answered_a_void_is_not_waited_for(voided: Voided):
    answer(voided.void, 0)
    (refund,) = find(voided.filed.people, LATER)
    assert refund.identified_on == TODAY


def test_money_taken_back_under_the_number_of_the_void_is_taken_back(voided: Voided):
    answer(voided.void, -PAID, is_reversal=True)
    assert find(voided.filed.people, LATER + timedelta(days=40)) == []


def test_money_that_is_paid_for_the_void_belongs_to_the_claim_before_it(voided: Voided):
    people, claim = voided.filed.people, voided.filed.claim
    answer(voided.void, -PAID, is_reversal=True)
    answer(voided.void, paid_on=date(2026, 5, 4))
    (refund,) = find(people, LATER + timedelta(days=40))
    assert (refund.claim_id, refund.owed, refund.identified_on) == (claim.id, PAID, date(2026, 5, 4))
    assert refund_detail(people.organization.id, refund.id).paid == PAID


def test_money_that_comes_after_the_void_is_known_when_it_came(lakeside: Program):
    filed = Filed(lakeside)
    filed.other_payer()
    filed.void()
    answer(filed.claim, paid_on=date(2026, 5, 4))
    (refund,) = find(lakeside, LATER + timedelta(days=40))
    assert refund.identified_on == date(2026, 5, 4)


def test_what_was_ended_outside_waits_and_comes_likewise(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    ClaimWithdrawalFactory(organization=lakeside.organization, claim=claim, at=AT)
    Claim.objects.update(is_superseded=True)
    assert find(lakeside) == []
    (refund,) = find(lakeside, AT + timedelta(days=30))
    assert refund.identified_on == TODAY


def test_a_claim_that_stands_no_more_nobody_knows_why_waits_for_nobody(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    Claim.objects.update(is_superseded=True)
    (refund,) = find(lakeside)
    assert refund.why.endswith("The claim stands no more, and the payer has not taken its payment back.")


def test_a_claim_and_the_one_in_its_place_are_not_both_paid(lakeside: Program):
    claim = paid(lakeside)
    made = in_its_place(claim)
    assert find(lakeside, AT + timedelta(days=40)) == []
    answer(made)
    (refund,) = find(lakeside)
    assert (refund.claim_id, refund.owed, refund.identified_on) == (claim.id, PAID, TODAY)
    assert refund.why == (
        "Paid: 99492. Supported now: 99492. Because: "
        "The claim in its place was paid as well, and the payer has not taken this payment back."
    )


def test_a_correction_that_asks_less_waits_for_its_answer(lakeside: Program):
    claim = paid(lakeside)
    home = {"organization": lakeside.organization}
    add_on = ClaimLineFactory(**home, claim=claim, number=2, code="99494")
    first = RemittanceClaim.objects.get()
    RemittanceLineFactory(**home, remittance_claim=first, claim_line=add_on, code="99494", paid=50, position=2)
    made = in_its_place(claim)
    assert find(lakeside) == []
    answer(made, 0)
    (refund,) = find(lakeside)
    assert (refund.claim_id, refund.owed) == (claim.id, Decimal("50.00"))


def test_a_line_is_not_paid_twice(lakeside: Program):
    claim = paid(lakeside)
    answer(claim, paid_on=date(2026, 6, 1))
    (refund,) = find(lakeside)
    assert refund.owed == PAID
    assert refund.why == (
        "Paid: 99492. Supported now: 99492. Because: "
        "More came for 99492 than is due: it was paid more than once, or above its charge."
    )
    close(lakeside, refund, "refunded", PAID)
    assert find(lakeside) == []


def test_a_second_payer_that_pays_the_patient_s_share_pays_nothing_twice(lakeside: Program):
    claim = paid(lakeside)
    first = RemittanceClaim.objects.get()
    AdjustmentFactory(organization=lakeside.organization, remittance_claim=first, group="PR", reason="2", amount=32)
    answer(claim, 32, status_code="2", paid_on=date(2026, 6, 1))
    assert find(lakeside) == []
    answer(claim, 10, status_code="2", paid_on=date(2026, 6, 2))
    (refund,) = find(lakeside)
    assert refund.owed == Decimal("10.00")


def test_how_much_of_a_payment_a_line_has_may_be_unknown(lakeside: Program):
    claim = paid(lakeside)
    home = {"organization": lakeside.organization}
    add_on = ClaimLineFactory(**home, claim=claim, number=2, code="99494")
    first = RemittanceClaim.objects.get()
    RemittanceLineFactory(**home, remittance_claim=first, claim_line=add_on, code="99494", paid=50, position=2)
    RemittanceClaimFactory(**home, claim=claim, paid=50)
    # What that answer pays belongs to no line.
    (refund,) = find(lakeside)
    assert (refund.why[:36], refund.owed) == ("Paid: 99492 + 99494. Supported now: ", None)
    detail = refund_detail(lakeside.organization.id, refund.id)
    assert (detail.paid, detail.owed) == (PAID + 50, None)


@pytest.fixture
def both(lakeside: Program) -> Claim:
    """99492 and 99494, paid line by line."""
    claim, home = paid(lakeside), {"organization": lakeside.organization}
    add_on = ClaimLineFactory(**home, claim=claim, number=2, code="99494")
    second = RemittanceClaimFactory(**home, claim=claim, paid=50)
    RemittanceLineFactory(**home, remittance_claim=second, claim_line=add_on, code="99494", paid=50)
    return claim


def test_what_went_back_settles_its_amount_only(lakeside: Program, both: Claim):
    (refund,) = find(lakeside)
    assert (refund.owed, refund_detail(lakeside.organization.id, refund.id).owed) == (Decimal("50.00"),) * 2
    close(lakeside, refund, "refunded", 50)
    assert find(lakeside) == []
    take_minutes_back(lakeside, both)
    (again,) = find(lakeside)
    assert again.owed == PAID
    with pytest.raises(RefundAmountTooMuch, match=r"at most \$125\.65"):
        close(lakeside, again, "refunded", PAID + 50)
    close(lakeside, again, "refunded", PAID)
    assert find(lakeside) == []


def test_what_the_payer_takes_back_after_a_refund_is_not_counted_twice(lakeside: Program, both: Claim):
    (refund,) = find(lakeside)
    close(lakeside, refund, "refunded", 50)
    home = {"organization": lakeside.organization}
    later = RemittanceFactory(**home, paid_on=date(2026, 5, 1), posted_at=AT + timedelta(days=28))
    taken = RemittanceClaimFactory(**home, remittance=later, claim=both, paid=-50, is_reversal=True)
    add_on = ClaimLine.objects.get(claim=both, code="99494")
    RemittanceLineFactory(**home, remittance_claim=taken, claim_line=add_on, code="99494", paid=-50)
    take_minutes_back(lakeside, both)
    (again,) = find(lakeside)
    assert again.owed == PAID


def test_what_the_payer_takes_back_and_pays_anew_after_a_refund_was_not_taken_back(lakeside: Program, both: Claim):
    (refund,) = find(lakeside)
    close(lakeside, refund, "refunded", 50)
    for day, amount in ((28, -PAID), (28, PAID)):
        answer(both, amount, is_reversal=amount < 0, posted_at=AT + timedelta(days=day))
    take_minutes_back(lakeside, both)
    (again,) = find(lakeside)
    assert again.owed == PAID


def test_what_somebody_closed_who_had_added_it_does_not_come_back_the_next_night(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)

    def add(why: str) -> Refund:
        return add_refund(by=lakeside.by, at=AT, on=TODAY, claim_id=claim.id, why=why, known_on=TODAY)

    close(lakeside, add("The payer's letter."), "corrected", reference="CALL-78")
    assert [find(lakeside, AT + timedelta(days=days)) for days in (0, 29)] == [[], []]
    closed = close(lakeside, add("Its second letter."), "not_owed")
    assert (closed.shown_why[:36], closed.shown_owed) == ("Paid: 99492. Supported now: nothing.", PAID)
    assert find(lakeside, AT + timedelta(days=40)) == []
    # More of the same cause comes up all the same.
    answer(claim, paid_on=date(2026, 6, 1))
    (again,) = find(lakeside, AT + timedelta(days=80))
    assert again.owed == 2 * PAID


def test_what_came_more_than_six_years_ago_has_no_last_day(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    (refund,) = find(lakeside, AT.replace(year=2035))
    assert kept(refund) == (PAID, date(2035, 4, 3), None)
    own = lakeside.organization.id
    assert (refund_page(own).total, [row.id for row in refund_page(own, show=OLDER).rows]) == (0, [refund.id])
    # Somebody knew it in time: then its days ran.
    known = Investigation(None, known_on=date(2030, 4, 3))
    worked = investigate_refund(by=lakeside.by, at=AT, on=date(2035, 4, 3), refund_id=refund.id, investigation=known)
    assert kept(worked)[1:] == (date(2030, 4, 3), date(2030, 6, 2))


def test_a_correction_ends_a_refund_only_where_one_left_and_only_until_the_payer_ignored_it(lakeside: Program):
    claim = paid(lakeside)
    take_minutes_back(lakeside, claim)
    (refund,) = find(lakeside)
    with pytest.raises(CorrectionNotSent):
        close(lakeside, refund, "corrected")
    closed = close(lakeside, refund, "corrected", reference=" CALL-77 ")
    assert (closed.reference, closed.amount) == ("CALL-77", None)
    assert [find(lakeside, AT + timedelta(days=days)) for days in (0, 29)] == [[], []]
    (again,) = find(lakeside, AT + timedelta(days=30))
    assert kept(again) == (PAID, TODAY, date(2026, 6, 2))


def test_a_correction_left_once_its_file_is_handed_over(voided: Voided):
    people, claim = voided.filed.people, voided.filed.claim
    refund = add_refund(by=people.by, at=LATER, on=TODAY, claim_id=claim.id, why="Audit", known_on=TODAY)
    Batch.objects.filter(id=voided.void.batch_id).update(sent_at=None, sent_by=None)
    with pytest.raises(CorrectionNotSent):
        close(people, refund, "corrected", at=LATER)
    mark_sent(by=people.by, at=LATER, batch_id=voided.void.batch_id)
    assert close(people, refund, "corrected", at=LATER).state == "corrected"


def test_a_payment_that_somebody_knows_of_is_put_on_the_list_from_that_day(lakeside: Program):
    claim = paid(lakeside)

    def add(claim_id: Any = claim.id, why: str = " An outside audit. ", known_on: date = date(2026, 3, 20)) -> Refund:
        return add_refund(by=lakeside.by, at=AT, on=TODAY, claim_id=claim_id, why=why, known_on=known_on)

    test = ClaimFactory(organization=lakeside.organization, batch__is_test=True)
    for fault, given in (
        (KnownDayWrong, {"known_on": date(2026, 4, 4)}),
        (KnownDayWrong, {"known_on": claim.service_on - timedelta(days=1)}),
        (RefundSaysHow, {"why": " "}),
        (NotFound, {"claim_id": uuid4()}),
        (NotFound, {"claim_id": test.id}),
    ):
        with pytest.raises(fault):
            add(**given)
    refund = add()
    assert (refund.why, refund.is_by_hand, *kept(refund)) == (
        "An outside audit.",
        True,
        None,
        date(2026, 3, 20),
        date(2026, 5, 19),
    )
    with pytest.raises(RefundListed):
        add()
    event = AuditEvent.objects.get(action="refund.added")
    assert (event.patient_id, event.object_id) == (claim.patient_id, refund.id)
    # What the product finds later is on the list already.
    take_minutes_back(lakeside, claim)
    assert find(lakeside) == []


def test_a_payment_of_long_ago_that_somebody_adds_has_no_last_day(lakeside: Program):
    claim = paid(lakeside)
    added = add_refund(
        by=lakeside.by, at=AT, on=date(2033, 1, 1), claim_id=claim.id, why="Audit", known_on=date(2033, 1, 1)
    )
    assert added.due_on is None


def test_the_day_on_which_it_was_known_moves_only_earlier(lakeside: Program):
    take_minutes_back(lakeside, paid(lakeside))
    (refund,) = find(lakeside)

    def known(day: date, from_on: date | None = None) -> Refund:
        investigation = Investigation(from_on, known_on=day)
        return investigate_refund(by=lakeside.by, at=AT, on=TODAY, refund_id=refund.id, investigation=investigation)

    for wrong in (TODAY + timedelta(days=1), date(2026, 2, 1)):
        with pytest.raises(KnownDayWrong):
            known(wrong)
    assert kept(known(date(2026, 3, 24)))[1:] == (date(2026, 3, 24), date(2026, 5, 23))
    with pytest.raises(KnownDayWrong):
        known(TODAY)


@pytest.fixture
def people(organization: Any, clinic: Any) -> Program:
    with tenant(organization):
        return program(organization, clinic)


@pytest.fixture
def billing(client_for: Any) -> Client:
    return client_for("billing")


def test_a_payment_is_found_added_and_leads_to_others_of_its_patient(people: Program, billing: Client):
    with tenant(people.organization):
        claim, other = paid(people), paid(people, "Bello")
        number = f"{other.batch.number:04d}-{other.number:04d}"
        more = ClaimFactory(
            organization=people.organization,
            **{name: getattr(claim, name) for name in ("episode", "patient", "payer")},
            month=date(2026, 1, 1),
            batch__number=99,
        )
        RemittanceClaimFactory(organization=people.organization, claim=more, paid=PAID)
    said = text_of(billing.get(PAGE))
    assert ("Nothing open" in said, "3 paid claims compared with the record every night" in said) == (True, True)
    find_page = f"{PAGE}new/"
    assert "Type a name or a number." in text_of(billing.post(find_page, {"text": ""}))
    assert "No claim found" in text_of(billing.post(find_page, {"text": "Quux"}))
    found = billing.post(find_page, {"text": "abara"})
    assert [one.id for one in found.context["found"]] == [claim.id, more.id]
    assert [one.id for one in billing.post(find_page, {"text": number}).context["found"]] == [other.id]
    page = f"{PAGE}claims/{claim.id}/"
    wrong = billing.post(page, {"why": "A letter of the payer.", "known_on": "2999-01-01"})
    assert (wrong.status_code, "Choose a day from" in text_of(wrong), "A letter of the payer." in wrong.text) == (
        422,
        True,
        True,
    )
    added = billing.post(page, {"why": "A letter of the payer.", "known_on": "2026-03-20"})
    assert (added.status_code, "On the list already" in text_of(billing.get(page))) == (302, True)
    assert billing.post(page, {"why": "Again.", "known_on": "2026-03-20"}).status_code == 422
    detail = billing.get(added.headers["Location"])
    assert [(one.claim_id, one.refund_id) for one in detail.context["detail"].related] == [(more.id, None)]
    assert f"{PAGE}claims/{more.id}/?like=" in detail.text
    like = billing.get(f"{PAGE}claims/{more.id}/?like={detail.context['row'].id}")
    assert like.context["form"].initial["why"] == "A letter of the payer."
    for stranger in ("?like=no", f"?like={uuid4()}"):
        assert billing.get(f"{PAGE}claims/{more.id}/{stranger}").context["form"].initial["why"] == ""
    assert billing.get(f"{PAGE}claims/{uuid4()}/").status_code == 404
    assert "added by hand" in text_of(billing.get(PAGE))


def test_pages_say_what_is_left_to_go_back_and_refuse_what_never_came(people: Program, billing: Client):
    with tenant(people.organization):
        claim, home = paid(people), {"organization": people.organization}
        add_on = ClaimLineFactory(**home, claim=claim, number=2, code="99494")
        second = RemittanceClaimFactory(**home, claim=claim, paid=50)
        RemittanceLineFactory(**home, remittance_claim=second, claim_line=add_on, code="99494", paid=50)
        (refund,) = find(people)
    page = f"{PAGE}{refund.id}/"
    shown = billing.get(page)
    assert (shown.context["closing"].initial["amount"], "$175.65" in text_of(shown)) == (Decimal("50.00"), True)
    assert "$50.00" in text_of(billing.get(PAGE))
    for typed, words in (
        ({"state": "corrected", "note": "Sent."}, "No corrected claim has left in this one’s place."),
        ({"state": "corrected", "note": "Sent.", "amount": "0"}, "above 0, or leave it empty"),
        ({"state": "refunded", "note": "Sent.", "amount": "999999.99"}, "at most $175.65 can go back"),
    ):
        refused = billing.post(f"{page}close/", typed)
        assert (refused.status_code, words in text_of(refused)) == (422, True), words
    later = billing.post(page, {"known_on": "2999-01-01"})
    assert (later.status_code, "Choose a day from" in text_of(later)) == (422, True)
    ended = billing.post(f"{page}close/", {"state": "corrected", "note": "Keyed.", "reference": "CALL-77"})
    assert ended.headers["Location"] == PAGE
    assert "CALL-77" in text_of(billing.get(page))


def test_what_came_long_ago_is_listed_apart(people: Program, billing: Client):
    with tenant(people.organization):
        take_minutes_back(people, paid(people))
        (refund,) = find_refunds(by=people.by, at=AT.replace(year=2035))
    assert "Older than 6 years (1)" in text_of(billing.get(PAGE))
    said = text_of(billing.get(f"{PAGE}?show=older"))
    assert ("Abara, Jo" in said, "so no day is set" in said, "Last day" in said) == (True, True, False)
    assert "none: it came more than 6 years before it was known" in text_of(billing.get(f"{PAGE}{refund.id}/"))
