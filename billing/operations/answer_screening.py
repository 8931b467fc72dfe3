"""What of an answer is posted: no payments to others, and no days that cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from billing.queries.answer_matching import claims_by_number
from billing.queries.payees import our_numbers
from billing.rules.x12.acknowledgements import Said
from billing.rules.x12.answers import Answer
from billing.rules.x12.decoding import Unreadable
from billing.rules.x12.payees import OurNumbers, is_to_another, is_to_none_of, payee_words
from billing.rules.x12.remittances import Payment

# Payers announce a transfer some days ahead; a day beyond that is a fault of typing.
_AHEAD: Final = timedelta(days=31)


def screened(answer: Answer, *, organization_id: UUID, at: datetime) -> Answer:
    """The answer without payments to other providers, its impossible days not known, each noted.

    A payment to another provider is one whose payee says only numbers that are not ours, and of which no claim left
    from here: nothing of it is posted, as its patients are none of ours. Raises Unreadable where nothing else is in it.
    """
    last = at.date() + _AHEAD
    notes = list(answer.notes)
    payments = tuple(
        _with_day(payment, place, last, notes)
        for place, payment in _of_ours(answer, organization_id=organization_id, notes=notes)
    )
    said = tuple(_said_with_day(one, last, notes) for one in answer.said)
    return replace(answer, payments=payments, said=said, notes=tuple(dict.fromkeys(notes)))


def _of_ours(answer: Answer, *, organization_id: UUID, notes: list[str]) -> list[tuple[int, Payment]]:
    placed = list(enumerate(answer.payments, start=1))
    ours = our_numbers(organization_id) if placed else None
    if ours is None:
        return placed
    named = {one.control for payment in answer.payments if is_to_none_of(ours, payment) for one in payment.claims}
    claims = claims_by_number(organization_id, named) if named else {}
    kept = [(place, one) for place, one in placed if not _is_anothers(one, place, ours, claims, notes)]
    if not kept and not answer.said:
        raise Unreadable(
            f"This payment is to another provider, {payee_words(answer.payments[0])}: none of its numbers is yours, and"
            " none of its claims left from here. Nothing was taken over. If this payee is you, record its NPI at its"
            " clinic or under Filing first."
        )
    return kept


def _is_anothers(payment: Payment, place: int, ours: OurNumbers, claims: Mapping[str, UUID], notes: list[str]) -> bool:
    if not is_to_none_of(ours, payment):
        return False
    known = len({one.control.upper() for one in payment.claims} & claims.keys())
    if not known and is_to_another(ours, payment):
        notes.append(
            f"Payment {place} is to another provider, {payee_words(payment)}, and none of its claims left from here: "
            "nothing of it was taken over."
        )
        return True
    count = f"{known} of its claims {'is' if known == 1 else 'are'} yours" if known else "it may be yours all the same"
    notes.append(f"Payment {place} is to {payee_words(payment)}, whose numbers are not among yours; {count}.")
    return False


def _with_day(payment: Payment, place: int, last: date, notes: list[str]) -> Payment:
    if payment.paid_on is None or payment.paid_on <= last:
        return payment
    notes.append(
        f"Payment {place} says that it was paid on {payment.paid_on:%B %-d, %Y}, more than a month ahead: its day "
        "counts as not known."
    )
    return replace(payment, paid_on=None)


def _said_with_day(said: Said, last: date, notes: list[str]) -> Said:
    """The latest day decides which acknowledgement counts: one far ahead would count for ever."""
    if said.said_on is None or said.said_on <= last:
        return said
    notes.append(
        f"An acknowledgement says {said.said_on:%B %-d, %Y} as its day, more than a month ahead: its day counts as not "
        "known."
    )
    return replace(said, said_on=None)
