"""What was matched to the wrong claim is taken back: it waits again, and nothing of it is left there."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from billing.models import Acknowledgement, Claim, Denial, MatchUndone, RemittanceClaim, RemittanceLine
from billing.operations.answer_matching import match_acknowledgement, match_claim, set_claim_aside
from billing.operations.answer_undoing import (
    NothingToUndo,
    UndoWhy,
    undo_acknowledgement_match,
    undo_claim_match,
)
from billing.queries.answers_waiting import unmatched_count
from billing.queries.claim_states import claim_states
from tests.billing.filed import CONTROL, Filed, filed
from tests.billing.test_answers import rows, take
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW
from tests.rules.billing.answer_texts import acknowledged_file, corrected_claim, paid_claim, payment, remittance

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)
WHY = "It is her sister's."
DENIED = f"CLP*{CONTROL}*4*290*0**MB*ICN1~SVC*HC:99492*170*0**1~CAS*CO*97*170~SVC*HC:99494*120*0**1~CAS*CO*97*120~"


@pytest.fixture
def out(in_tenant: Any) -> Iterator[Filed]:
    return filed(in_tenant)


def unknown(out: Filed, body: str, trace: str = "EFT7", total: str = "145.00") -> RemittanceClaim:
    take(out, remittance(payment(body, trace=trace, total=total)))
    return RemittanceClaim.objects.get(claim=None)


def match(out: Filed, row: RemittanceClaim, claim: Claim) -> None:
    match_claim(by=system_seat(out.organization), at=NOW, remittance_claim_id=row.id, claim_id=claim.id)


def undo(out: Filed, row: RemittanceClaim, because: str = WHY) -> None:
    undo_claim_match(by=system_seat(out.organization), at=LATER, remittance_claim_id=row.id, because=because)


def state(out: Filed, claim: Claim) -> tuple[str, Decimal]:
    found = claim_states(out.organization.id, [claim.id])[claim.id]
    return found.word, found.paid


def denials() -> list[tuple[str, str, str]]:
    found = Denial.objects.order_by("claim__control_number", "reason", "amount")
    return [(row.claim.control_number, row.reason, row.state) for row in found]


def test_what_was_matched_wrongly_waits_again_and_counts_nowhere(out: Filed) -> None:
    wrong, right = out.claim(), out.claim("00001-00002-SISTER")
    row = unknown(out, paid_claim("0007-0001"))
    match(out, row, wrong)
    assert (state(out, wrong), denials()) == (("partly_paid", Decimal("145.00")), [(CONTROL, "97", "open")])
    before = rows()
    undo(out, row)
    assert (state(out, wrong), denials()) == (("filed", Decimal(0)), [(CONTROL, "97", "superseded")])
    assert (rows(), unmatched_count(out.organization.id)) == (before, 1)
    assert list(RemittanceLine.objects.values_list("claim_line_id", flat=True)) == [None, None]
    kept = MatchUndone.objects.get()
    assert (kept.remittance_claim_id, kept.claim_id, kept.because) == (row.id, wrong.id, WHY)
    assert (kept.matched_at, kept.undone_at) == (NOW, LATER)
    event = AuditEvent.objects.get(action="answer.match_undone")
    assert (event.patient_id, event.object_id) == (wrong.patient_id, row.id)
    match(out, row, right)
    assert state(out, right) == ("partly_paid", Decimal("145.00"))
    assert denials() == [(CONTROL, "97", "superseded"), ("00001-00002-SISTER", "97", "open")]


def test_matched_to_the_same_claim_after_all_its_denial_stands_again(out: Filed) -> None:
    claim = out.claim()
    row = unknown(out, paid_claim("0007-0001"))
    match(out, row, claim)
    undo(out, row)
    match(out, row, claim)
    assert (state(out, claim), denials()) == (("partly_paid", Decimal("145.00")), [(CONTROL, "97", "open")])


def test_a_denial_that_its_money_closed_stands_again(out: Filed) -> None:
    claim = out.claim()
    take(out, remittance(payment(DENIED, trace="EFT1", total="0")))
    row = unknown(out, corrected_claim("0007-0001"), total="200.00")
    match(out, row, claim)
    assert denials() == [(CONTROL, "97", "paid")] * 2
    undo(out, row)
    assert (state(out, claim)[0], denials()) == ("denied", [(CONTROL, "97", "open")] * 2)


def test_a_denial_of_the_claim_before_waits_again_for_the_one_in_its_place(out: Filed) -> None:
    first = out.claim()
    take(out, remittance(payment(DENIED, trace="EFT1", total="0")))
    Claim.objects.filter(id=first.id).update(is_superseded=True)
    Denial.objects.update(state="corrected")
    second = out.claim("00001-00002-ANEW", replaces=first, episode=first.episode, frequency="7")
    row = unknown(out, corrected_claim("0007-0001"), total="200.00")
    match(out, row, second)
    assert denials() == [(CONTROL, "97", "paid")] * 2
    undo(out, row)
    assert denials() == [(CONTROL, "97", "corrected")] * 2


def test_what_was_set_aside_wrongly_waits_again(out: Filed) -> None:
    row, by = unknown(out, paid_claim("0007-0001")), system_seat(out.organization)
    set_claim_aside(by=by, at=NOW, remittance_claim_id=row.id, because="Not ours")
    undo(out, row)
    row.refresh_from_db()
    assert (row.set_aside_because, unmatched_count(out.organization.id)) == ("", 1)
    assert MatchUndone.objects.get().set_aside_because == "Not ours"


@pytest.mark.parametrize("which", ["batch", "claim", "neither"])
def test_an_acknowledgement_waits_again(out: Filed, which: str) -> None:
    claim, by = out.claim(), system_seat(out.organization)
    take(out, acknowledged_file("R", group="99"))
    row = Acknowledgement.objects.get()
    none = {"because": "Filed elsewhere"}
    chosen: dict[str, Any] = {"batch": {"batch_id": out.batch.id}, "claim": {"claim_id": claim.id}}.get(which, none)
    match_acknowledgement(by=by, at=NOW, acknowledgement_id=row.id, **chosen)
    assert state(out, claim)[0] == ("filed" if which == "neither" else "rejected")
    undo_acknowledgement_match(by=by, at=LATER, acknowledgement_id=row.id, because=WHY)
    row.refresh_from_db()
    assert (row.batch_id, row.claim_id, row.matched_at, row.set_aside_because) == (None, None, None, "")
    assert (state(out, claim)[0], unmatched_count(out.organization.id)) == ("filed", 1)
    kept = MatchUndone.objects.get()
    assert (kept.batch_id, kept.claim_id) == (chosen.get("batch_id"), chosen.get("claim_id"))
    with pytest.raises(NothingToUndo):
        undo_acknowledgement_match(by=by, at=LATER, acknowledgement_id=row.id, because=WHY)


def test_it_says_why_and_is_taken_back_once(out: Filed) -> None:
    claim = out.claim()
    row = unknown(out, paid_claim("0007-0001"))
    match(out, row, claim)
    with pytest.raises(UndoWhy, match="Say in a few words why"):
        undo(out, row, because="  ")
    undo(out, row)
    with pytest.raises(NothingToUndo, match="Nothing was changed"):
        undo(out, row)
    assert MatchUndone.objects.count() == 1


def test_what_was_found_by_its_number_stays(out: Filed) -> None:
    out.claim()
    take(out, remittance(payment(paid_claim())))
    with pytest.raises(NothingToUndo, match="Nobody matched this by hand"):
        undo(out, RemittanceClaim.objects.get())


def test_absent_ones_are_not_found(out: Filed) -> None:
    by = system_seat(out.organization)
    with pytest.raises(NotFound):
        undo_claim_match(by=by, at=NOW, remittance_claim_id=uuid4(), because=WHY)
    with pytest.raises(NotFound):
        undo_acknowledgement_match(by=by, at=NOW, acknowledgement_id=uuid4(), because=WHY)
