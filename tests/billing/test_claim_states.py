"""Where claims stand after everything that was answered."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Claim
from billing.operations.answers import take_answer
from billing.queries.claim_pages import BatchAnswers, batch_answers, claim_page
from billing.queries.claim_states import ClaimState, claim_states
from tests.billing.filed import CONTROL, Filed, filed
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW
from tests.rules.billing.answer_texts import (
    ISA,
    acknowledged_claims,
    acknowledged_file,
    claim_said,
    corrected_claim,
    paid_claim,
    payment,
    remittance,
    reversed_claim,
)

pytestmark = pytest.mark.django_db
ONLY_DENIED = (
    f"CLP*{CONTROL}*4*290*0**MB*ICN900~SVC*HC:99492*170*0**1~CAS*CO*97*170~SVC*HC:99494*120*0**1~CAS*CO*97*120~"
)
OWED = f"CLP*{CONTROL}*1*290*0*145*MB*ICN900~SVC*HC:99492*170*0**1~CAS*CO*45*25~CAS*PR*1*145~SVC*HC:99494*120*0**1~"
OWED_WHOLE = OWED.replace("*290*", "*170*").replace("SVC*HC:99494*120*0**1~", "")


DATED_BEFORE = acknowledged_file().replace("*20260320*", "*20260301*")
ENVELOPE_TAKEN = f"{ISA.format(number='000000001')}TA1*000000007*260325*1200*A*000~IEA*0*000000001~"
LATER_TAKEN = acknowledged_claims(claim_said(CONTROL, "A2:20")).replace("20260303", "20260304")


@pytest.fixture
def out(in_tenant: Any) -> Filed:
    made = filed(in_tenant)
    made.claim()
    return made


def after(out: Filed, *texts: str) -> ClaimState:
    """Where the claim stands once these were read, a day apart."""
    by = system_seat(out.organization)
    for day, text in enumerate(texts):
        file = take_answer(by=by, at=NOW + timedelta(days=day), name="a", content=text.encode())
        assert file.state == "read", file.refusal
    (state,) = claim_states(out.organization.id, [claim_id(out)]).values()
    return state


def claim_id(out: Filed) -> Any:
    return Claim.objects.get(batch=out.batch, control_number=CONTROL).id


def era(*claims: str, total: str, trace: str) -> str:
    return remittance(payment(*claims, total=total, trace=trace))


PAID_PARTLY = era(paid_claim(), total="145.00", trace="1")
TAKEN_BACK = era(reversed_claim(), total="145.00", trace="2").replace("*C*ACH", "*D*ACH")
ANEW = era(corrected_claim(), total="200.00", trace="3")


@pytest.mark.parametrize(
    ("texts", "word", "label"),
    [
        ((), "filed", "Filed, no answer yet"),
        ((acknowledged_file(),), "filed", "Filed, no answer yet"),
        ((acknowledged_file("R"),), "rejected", "Rejected"),
        ((acknowledged_file("R"), acknowledged_file("E")), "filed", "Filed, no answer yet"),
        ((acknowledged_file("R"), DATED_BEFORE), "rejected", "Rejected"),
        ((DATED_BEFORE, acknowledged_file("R")), "rejected", "Rejected"),
        ((acknowledged_file("R"), ENVELOPE_TAKEN), "rejected", "Rejected"),
        ((acknowledged_file("R"), acknowledged_claims()), "rejected", "Rejected"),
        ((acknowledged_claims(file_status="A8:24"), acknowledged_file()), "rejected", "Rejected"),
        ((LATER_TAKEN, acknowledged_claims(claim_said(CONTROL, "A3:21"))), "accepted", "Taken on by the payer"),
        ((acknowledged_claims(claim_said(CONTROL, "A2:20")),), "accepted", "Taken on by the payer"),
        ((acknowledged_claims(claim_said(CONTROL, "A3:21")),), "rejected", "Rejected"),
        ((acknowledged_claims(claim_said(CONTROL, "A3:21")), acknowledged_file()), "rejected", "Rejected"),
        ((acknowledged_claims(claim_said(CONTROL, "A3:21")), PAID_PARTLY), "partly_paid", "Paid in part"),
        ((PAID_PARTLY, TAKEN_BACK), "reversed", "Payment taken back"),
        ((PAID_PARTLY, TAKEN_BACK, ANEW), "paid", "Paid"),
        ((ANEW,), "paid", "Paid"),
        ((era(ONLY_DENIED, total="0", trace="4"),), "denied", "Denied"),
        ((era(OWED_WHOLE, total="0", trace="5"),), "paid", "The patient owes all of it"),
    ],
)
def test_a_claim_stands_where_its_answers_leave_it(out: Filed, texts: tuple[str, ...], word: str, label: str) -> None:
    state = after(out, *texts)
    assert (state.word, state.label, state.is_answered) == (
        word,
        label,
        word in ("paid", "partly_paid", "denied", "reversed"),
    )


def test_sums_are_over_all_payments(out: Filed) -> None:
    state = after(out, PAID_PARTLY, TAKEN_BACK, ANEW)
    assert (state.charge, state.paid, state.patient_owes, state.adjusted, state.payer_claim_number) == (
        Decimal("290.00"),
        Decimal("200.00"),
        Decimal("50.00"),
        Decimal("40.00"),
        "ICN900",
    )
    assert (state.said_on, state.codes, state.tone) == (NOW.date().replace(2026, 3, 20), (), "good")


def test_what_is_known_before_a_payment(out: Filed) -> None:
    state = after(out, acknowledged_file(), acknowledged_claims(claim_said(CONTROL, "A7:562", number="ICN5")))
    assert (state.is_file_taken, state.codes, state.payer_claim_number, state.paid) == (
        True,
        ("A7:562",),
        "ICN5",
        Decimal(0),
    )


def test_the_last_word_before_a_payment_counts(out: Filed) -> None:
    rejected, taken = (
        acknowledged_claims(claim_said(CONTROL, code, number=number))
        for code, number in (("A7:562", "ICN5"), ("A2:20", "ICN6"))
    )
    state = after(out, rejected, taken)
    assert (state.word, state.codes, state.payer_claim_number) == ("accepted", (), "ICN6")


def test_a_rejected_file_says_its_codes(out: Filed) -> None:
    state = after(out, acknowledged_file("R", faults="IK3*HI*20**3~"))
    assert (state.is_file_taken, state.codes) == (False, ("R", "3"))


def test_denied_lines_are_named_by_their_reasons(out: Filed) -> None:
    assert after(out, PAID_PARTLY).codes == ("CO-97",)


def test_many_claims_ask_no_more_than_one(out: Filed) -> None:
    after(out, PAID_PARTLY)
    ids = [claim_id(out)]
    with CaptureQueriesContext(connection) as one:
        claim_states(out.organization.id, ids)
    ids += [out.claim(f"00001-0000{at}-OTHERS").id for at in range(2, 9)]
    after(out, remittance(payment(*[paid_claim(f"00001-0000{at}-OTHERS") for at in range(2, 9)], total="1015.00")))
    with CaptureQueriesContext(connection) as many:
        states = claim_states(out.organization.id, ids)
    assert (len(one), len(many)) == (2, 2)
    assert {state.word for state in states.values()} == {"partly_paid"}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), BatchAnswers()),
        ((acknowledged_file(),), BatchAnswers(is_file_taken=True)),
        ((acknowledged_file("R"), ENVELOPE_TAKEN), BatchAnswers(is_file_rejected=True)),
        ((acknowledged_claims(claim_said(CONTROL, "A3:21")),), BatchAnswers(rejected=1, is_file_taken=True)),
        (
            (LATER_TAKEN, acknowledged_claims(claim_said(CONTROL, "A3:21")), PAID_PARTLY),
            BatchAnswers(decided=1, is_file_taken=True),
        ),
    ],
)
def test_a_batch_was_answered_as_what_counts_says(out: Filed, texts: tuple[str, ...], expected: BatchAnswers) -> None:
    after(out, *texts)
    assert batch_answers(out.organization.id, [out.batch.id]) == {out.batch.id: expected}


def test_remarks_of_the_whole_claim_are_said_on_it(out: Filed) -> None:
    after(out, PAID_PARTLY.replace("SVC*HC:99492", "MOA***MA01~SVC*HC:99492"))
    page = claim_page(out.organization.id, claim_id(out))
    assert [entry.facts[-1] for entry in page.entries if entry.title == "Paid"] == ["MA01 may be appealed"]
