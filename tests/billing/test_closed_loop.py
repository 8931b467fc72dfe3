"""The whole way with others' code as the payer: claims out, taken, paid and denied, corrected, paid.

At each step the money of all answers adds up: charged, paid, taken off, owed by the patient.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from x12sdk.generate import AdjustmentSpec, ClaimSpec, ServiceLineSpec, denial

from billing.models import (
    Acknowledgement,
    Adjustment,
    AnswerFile,
    Batch,
    Claim,
    Denial,
    PayerRoute,
    Remittance,
    RemittanceClaim,
    RemittanceLine,
)
from billing.operations.answers import take_answer
from billing.operations.claim_corrections import correct_claim
from billing.operations.filing import make_filed_batches
from billing.queries.batch_files import batch_bytes
from billing.queries.claim_answers import payer_number_of
from billing.queries.claim_states import ClaimState, claim_states
from tests.billing.filing import FEBRUARY, closed, filed_patient, set_up
from tests.billing.payer_side import read_back, receipt, remittance, strict_faults, transaction_set
from tests.billing.people import AT, Program

BASE, ADDED = Decimal("170.00"), Decimal("120.50")
ALL = BASE + ADDED
LATER = AT + timedelta(days=20)


def contractual(amount: str) -> AdjustmentSpec:
    return AdjustmentSpec("CO", "45", Decimal(amount))


def before(amount: str) -> AdjustmentSpec:
    """What a later payer puts down to the first."""
    return AdjustmentSpec("OA", "23", Decimal(amount))


def owed(amount: str) -> AdjustmentSpec:
    return AdjustmentSpec("PR", "1", Decimal(amount))


def lines(base: list[AdjustmentSpec], added: list[AdjustmentSpec], sign: int = 1) -> list[ServiceLineSpec]:
    return [
        ServiceLineSpec(charge=sign * BASE, procedure="99492", adjustments=base),
        ServiceLineSpec(charge=sign * ADDED, procedure="99494", adjustments=added, units=2),
    ]


def answered(claim: Claim, paid: list[ServiceLineSpec], status: str = "1") -> ClaimSpec:
    charge = sum((line.charge for line in paid), Decimal(0))
    return ClaimSpec(charge=charge, lines=paid, status=status, patient_control_number=claim.control_number)


class Loop:
    """An organization's claims of February, and its payer."""

    def __init__(self, people: Program) -> None:
        self.people = people
        set_up(people)
        # Medicare Part B itself takes no corrected claims.
        PayerRoute.objects.update(filing_code="16")
        for name in ("Abara", "Bérg", "Castro"):
            filed_patient(people, name)
        closed(people)
        (self.batch,) = make_filed_batches(by=people.by, at=AT, month=FEBRUARY, client_token=uuid4())

    def claim(self, family_name: str) -> Claim:
        return Claim.objects.get(patient__family_name=family_name, is_superseded=False)

    def take(self, content: bytes, **fields: Any) -> AnswerFile:
        return take_answer(**({"by": self.people.by, "at": LATER, "name": "answer.txt", "content": content} | fields))

    def states(self) -> dict[str, ClaimState]:
        """Of the claims that stand, by name."""
        claims = {one.id: one for one in Claim.objects.filter(is_superseded=False).select_related("patient")}
        found = claim_states(self.people.organization.id, claims)
        return {claims[claim_id].patient.family_name: state for claim_id, state in found.items()}

    def first_payment(self) -> bytes:
        """One paid, one paid less what the patient owes, one with its further units denied."""
        return remittance(
            7,
            [
                answered(self.claim("Abara"), lines([contractual("9.68")], [contractual("4.50")])),
                answered(self.claim("Bérg"), lines([contractual("9.68"), owed("32.06")], [contractual("4.50")])),
                answered(self.claim("Castro"), lines([contractual("9.68")], [denial("CO", "97", str(ADDED))])),
            ],
        )


@pytest.fixture
def loop(lakeside: Program) -> Loop:
    return Loop(lakeside)


def sent(batch: Batch) -> bytes:
    """The bytes of a batch, which both validators take."""
    content = batch_bytes(Batch.objects.select_related("stored_file").get(id=batch.id)) or b""
    assert strict_faults(content) == []
    assert read_back(content) == transaction_set(content)
    return content


def total(rows: Any, field: str) -> Decimal:
    return sum(rows.values_list(field, flat=True), Decimal("0.00"))


def money_adds_up() -> Decimal:
    """Of every payment, claim and line: charged less taken off is paid. Returns what was paid in all."""
    for claim in RemittanceClaim.objects.all():
        less = total(Adjustment.objects.filter(remittance_claim=claim), "amount")
        paid_lines = RemittanceLine.objects.filter(remittance_claim=claim)
        assert claim.charge - less == claim.paid
        if paid_lines:
            assert (total(paid_lines, "charge"), total(paid_lines, "paid")) == (claim.charge, claim.paid)
    paid = total(RemittanceClaim.objects.all(), "paid")
    assert total(Remittance.objects.all(), "total") == paid
    states = claim_states(Claim.objects.first().organization_id, list(Claim.objects.values_list("id", flat=True)))
    assert sum((state.paid for state in states.values()), Decimal(0)) == paid
    return paid


def money(state: ClaimState) -> tuple[str, ...]:
    return (
        state.word,
        *(f"{amount:.2f}" for amount in (state.charge or 0, state.paid, state.patient_owes, state.adjusted)),
    )


def test_our_file_is_taken_by_their_acknowledgement(loop: Loop):
    before = [(name, state.word, state.is_file_taken) for name, state in sorted(loop.states().items())]
    assert before == [(name, "filed", None) for name in ("Abara", "Bérg", "Castro")]
    file = loop.take(receipt(sent(loop.batch)))
    said = Acknowledgement.objects.get()
    assert (file.kind, file.state, said.batch, said.is_accepted) == ("999", "read", loop.batch, True)
    after = [(name, state.word, state.is_file_taken) for name, state in sorted(loop.states().items())]
    assert after == [(name, "filed", True) for name in ("Abara", "Bérg", "Castro")]


def test_their_refusal_of_a_spoilt_copy_rejects_its_claims(loop: Loop):
    spoilt = sent(loop.batch).replace(b":B:1*", b":9:1*", 1)
    loop.take(receipt(spoilt))
    said = Acknowledgement.objects.get()
    assert (said.batch, said.is_accepted, said.code) == (loop.batch, False, "R")
    assert [(fault["segment"], fault["element"], fault["code"]) for fault in said.detail if fault.get("element")] == [
        ("CLM", "5:2", "7")
    ]
    assert {state.word for state in loop.states().values()} == {"rejected"}


def test_their_payment_pays_lowers_and_denies(loop: Loop):
    loop.take(receipt(sent(loop.batch)))
    file = loop.take(loop.first_payment())
    assert (file.kind, file.state, file.refusal) == ("835", "read", "")
    assert {name: money(state) for name, state in loop.states().items()} == {
        "Abara": ("paid", "290.50", "276.32", "0.00", "14.18"),
        "Bérg": ("paid", "290.50", "244.26", "32.06", "14.18"),
        "Castro": ("partly_paid", "290.50", "160.32", "0.00", "130.18"),
    }
    assert money_adds_up() == Decimal("680.90")
    denied = Denial.objects.get()
    assert (denied.claim, denied.group, denied.reason, denied.amount, denied.state) == (
        loop.claim("Castro"),
        "CO",
        "97",
        ADDED,
        "open",
    )
    assert {line.claim_line.code for line in RemittanceLine.objects.all()} == {"99492", "99494"}


def test_the_same_answers_again_change_nothing(loop: Loop):
    answers = [receipt(sent(loop.batch)), loop.first_payment()]
    files = [loop.take(content) for content in answers]
    assert [loop.take(content, name="again.txt") for content in answers] == files
    # The same payment in other clothes: indented, with a mark before it, in other lines.
    loop.take(b"\xef\xbb\xbf" + answers[1].replace(b"~", b"~\r\n   "))
    assert (Remittance.objects.count(), RemittanceClaim.objects.count(), Denial.objects.count()) == (1, 3, 1)
    assert money_adds_up() == Decimal("680.90")


def test_a_denial_is_corrected_sent_again_and_paid(loop: Loop):
    loop.take(receipt(sent(loop.batch)))
    loop.take(loop.first_payment())
    first = loop.claim("Castro")
    made = correct_claim(
        by=loop.people.by, at=LATER, claim_id=first.id, because="No other base code: asked again.", client_token=uuid4()
    )
    assert (made.frequency, made.replaces, Denial.objects.get().state) == ("7", first, "corrected")
    again = sent(made.batch)
    number = RemittanceClaim.objects.get(claim=first).payer_claim_number
    assert f"CLM*{made.control_number}*290.5***11:B:7*Y*A*Y*Y~\nREF*F8*{number}~".encode() in again
    loop.take(receipt(again), at=LATER + timedelta(days=1))
    assert money(loop.states()["Castro"])[:2] == ("filed", "290.50")
    second = remittance(
        8,
        [
            answered(first, lines([contractual("-9.68")], [denial("CO", "97", str(-ADDED))], -1), "22"),
            answered(made, lines([contractual("9.68")], [contractual("4.50")])),
        ],
    )
    file = loop.take(second, at=LATER + timedelta(days=30))
    assert (file.state, file.refusal) == ("read", "")
    assert money(loop.states()["Castro"]) == ("paid", "290.50", "276.32", "0.00", "14.18")
    assert money_adds_up() == Decimal("796.90")
    assert Denial.objects.get().state == "paid"


def test_a_second_payer_pays_what_the_first_left_and_its_number_is_no_name_at_the_first(loop: Loop):
    """Medicare hands claims on by itself: the second payer answers under our own number."""
    loop.take(loop.first_payment())
    castro = loop.claim("Castro")
    number = RemittanceClaim.objects.get(claim=castro).payer_claim_number
    second = remittance(
        9,
        [
            answered(loop.claim("Bérg"), lines([before("137.94")], [before("120.50")]), "2"),
            answered(castro, lines([before("170")], [before("120.50")]), "2"),
        ],
        payer="Medigap",
    )
    file = loop.take(second, at=LATER + timedelta(days=9))
    assert (file.state, file.refusal) == ("read", "")
    assert money(loop.states()["Bérg"]) == ("paid", "290.50", "276.32", "0.00", "14.18")
    assert money(loop.states()["Castro"]) == ("partly_paid", "290.50", "160.32", "0.00", "130.18")
    assert money_adds_up() == Decimal("712.96")
    assert Denial.objects.get().state == "open"
    theirs = RemittanceClaim.objects.get(claim=castro, status_code="2").payer_claim_number
    assert number != theirs
    assert {loop.states()["Castro"].payer_claim_number, payer_number_of(castro)} == {number}
    made = correct_claim(by=loop.people.by, at=LATER, claim_id=castro.id, because="Asked again.", client_token=uuid4())
    assert f"REF*F8*{number}~".encode() in sent(made.batch)


def test_what_the_payer_puts_on_the_patient_without_a_share_is_denied(loop: Loop):
    ended = [AdjustmentSpec("PR", "27", amount) for amount in (BASE, ADDED)]
    loop.take(remittance(7, [answered(loop.claim("Abara"), lines(ended[:1], ended[1:]), "4")]))
    assert money(loop.states()["Abara"]) == ("denied", "290.50", "0.00", "0.00", "290.50")
    assert sorted(Denial.objects.values_list("group", "reason", "amount", "state")) == [
        ("PR", "27", ADDED, "open"),
        ("PR", "27", BASE, "open"),
    ]


def test_an_answer_of_the_whole_claim_settles_what_was_said_of_its_lines(loop: Loop):
    """Paid in part by line; taken back and paid anew without lines, in one payment and the wrong way round."""
    loop.take(loop.first_payment())
    claim = loop.claim("Castro")
    anew = ClaimSpec(charge=ALL, adjustments=[contractual("14.18")], patient_control_number=claim.control_number)
    back = ClaimSpec(
        charge=-ALL, adjustments=[contractual("-130.18")], status="22", patient_control_number=claim.control_number
    )
    file = loop.take(remittance(9, [anew, back]), at=LATER + timedelta(days=9))
    assert (file.state, file.refusal) == ("read", "")
    assert money(loop.states()["Castro"]) == ("paid", "290.50", "276.32", "0.00", "14.18")
    assert Denial.objects.get().state == "paid"
    assert money_adds_up() == Decimal("796.90")


def test_a_corrected_claim_that_is_rejected_leaves_its_denial_open(loop: Loop):
    loop.take(loop.first_payment())
    first = loop.claim("Castro")
    made = correct_claim(by=loop.people.by, at=LATER, claim_id=first.id, because="Again.", client_token=uuid4())
    assert Denial.objects.get().state == "corrected"
    spoilt = sent(made.batch).replace(b":B:7*", b":9:7*", 1)
    loop.take(receipt(spoilt), at=LATER + timedelta(days=1))
    assert Denial.objects.get().state == "open"
    again = correct_claim(by=loop.people.by, at=LATER, claim_id=made.id, because="Again.", client_token=uuid4())
    assert (again.frequency, again.replaces, Denial.objects.get().state) == ("7", made, "corrected")


def test_their_payment_with_a_wrong_total_posts_nothing(loop: Loop):
    wrong = loop.first_payment().replace(b"BPR*I*680.90*", b"BPR*I*700.90*")
    file = loop.take(wrong)
    assert (file.state, Remittance.objects.count(), Denial.objects.count()) == ("refused", 0, 0)
    assert file.refusal == (
        "Payment 1 does not add up: its 3 claims were paid $680.90, but its total is $700.90. "
        "Nothing was posted. Ask the payer for a corrected file."
    )
