"""A whole uploaded answer: everything that it says of files and claims, and every payment in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from billing.rules.x12.acknowledgements import (
    KIND_277CA,
    KIND_999,
    KIND_TA1,
    Acknowledged,
    Said,
    said_in_277ca,
    said_in_999,
    said_of_interchanges,
)
from billing.rules.x12.decoding import Unreadable, text_of
from billing.rules.x12.reading import Interchange, Transaction, interchanges
from billing.rules.x12.remittances import Payment, payment_of
from billing.rules.x12.values import day_of

KIND_835: Final = "835"
TEST: Final = "T"
# What else arrives by mistake, as people call it.
_OTHERS: Final = {
    "270": "a 270, which asks whether a patient is insured",
    "271": "a 271, which says whether a patient is insured",
    "276": "a 276, which asks how a claim stands",
    "277": "a 277 that answers a question about claims",
    "278": "a 278, about authorizations",
    "820": "an 820, about premiums",
    "834": "an 834, about who is enrolled in a plan",
    "837": "an 837, claims themselves",
}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a file says. `notes` are what did not add up in its envelopes, `unknown` what nobody understood."""

    kinds: tuple[str, ...]
    said: tuple[Said, ...]
    payments: tuple[Payment, ...]
    notes: tuple[str, ...]
    unknown: tuple[str, ...]


def quietly(done: int, total: int) -> None:
    """Nobody asked how far it is."""


def read_answer(content: bytes, progress: Progress = quietly) -> Answer:
    """Everything in an upload. Raises Unreadable with a sentence: what it is instead, or where it breaks off."""
    found = interchanges(text_of(content))
    said: list[Said] = []
    payments: list[Payment] = []
    kinds: list[str] = []
    unknown: list[str] = []
    for place, one in enumerate(found, start=1):
        unknown.extend(one.unknown)
        heard_here = list(said_of_interchanges(one))
        kinds.extend(KIND_TA1 for _ in one.acknowledged)
        for transaction in one.transactions:
            kind = _kind(transaction, one)
            kinds.append(kind)
            if kind == KIND_835:
                _refuse_test(one)
                payments.append(payment_of(transaction, one.separators))
                unknown.extend(payments[-1].unknown)
            else:
                told = _heard(kind, transaction, one)
                heard_here.extend(told.said)
                unknown.extend(told.unknown)
        said.extend(replace(heard, addressed=one.receiver) for heard in heard_here)
        progress(place, len(found))
    notes = tuple(note for one in found for note in one.notes)
    return Answer(tuple(dict.fromkeys(kinds)), tuple(said), tuple(payments), notes, tuple(unknown))


def _refuse_test(one: Interchange) -> None:
    """A test pays nothing. Acknowledgements of tests are read: they answer files that were sent as tests."""
    if one.usage == TEST:
        raise Unreadable(
            "This is a test file of the clearinghouse (its ISA15 says T): it pays nothing. Nothing was posted. Choose "
            "the 835 of the payment itself; if this is meant to be it, ask for it marked P."
        )


def _heard(kind: str, transaction: Transaction, one: Interchange) -> Acknowledged:
    """What an acknowledgement says. One that says nothing is refused: it would look as if all were well."""
    read = said_in_999 if kind == KIND_999 else said_in_277ca
    heard = read(transaction, one.separators)
    if not heard.said:
        raise Unreadable(f"The {kind} says of no file and no claim whether it was taken. Ask for it again.")
    group = next((group for group in one.groups if transaction in group.transactions), None)
    on = day_of(group.on) if group else None
    return replace(heard, said=tuple(replace(each, said_on=each.said_on or on) for each in heard.said))


def _kind(transaction: Transaction, one: Interchange) -> str:
    """Which of our answers a transaction is. Raises Unreadable for all others."""
    if transaction.kind in (KIND_999, "997"):
        return KIND_999
    if transaction.kind == "277" and _is_of_claims(transaction, one):
        return KIND_277CA
    if transaction.kind == KIND_835:
        return KIND_835
    what = _OTHERS.get(transaction.kind, "X12, but of a kind that answers no claims")
    raise Unreadable(f"The file holds {what}. Choose a 999, 277CA or 835. Nothing was taken over.")


def _is_of_claims(transaction: Transaction, one: Interchange) -> bool:
    """Whether a 277 acknowledges claims: by its guide, or else by the purpose in its BHT."""
    guides = [transaction.guide, *(group.guide for group in one.groups if transaction in group.transactions)]
    if any("X214" in guide for guide in guides):
        return True
    if any("X212" in guide or "X228" in guide for guide in guides):
        return False
    purpose = next((part.at(1) for part in transaction.segments if part.tag == "BHT"), "0085")
    return purpose == "0085"
