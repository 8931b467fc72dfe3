"""Where a claim stands after all that payers answered of it: what is denied, paid, owed and taken off. Pure.

Each payer's answers are read by themselves, in turn. Money that came is money, whoever paid it. A denial is a payer's
own, and over once a payer after it paid the line. What the patient owes is what the last payer left that spoke of the
line: it knows what those before it did, and says the same amounts again (reason 23) that they took off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from billing.rules.answer_order import FIRST, in_turn, places_of
from billing.rules.answered_lines import WHOLE, LineSaid, Unpaid, said_of, taken_by
from billing.rules.denials import DUPLICATE, TAKEN_BACK, Answered

_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a claim stands after all answers. `paid` and `owed` are by line, that of the whole claim under `WHOLE`.

    `taken_off` is what is left of the charge: agreed reductions and what is denied. `is_answered` says whether a word
    of the first payer stands, `is_taken_back` whether its last word took the one before it back.
    """

    unpaid: tuple[Unpaid, ...]
    paid: dict[str, Decimal]
    owed: dict[str, Decimal]
    taken_off: Decimal
    is_answered: bool
    is_taken_back: bool

    @property
    def paid_in_all(self) -> Decimal:
        return _sum(self.paid.values())

    @property
    def owed_in_all(self) -> Decimal:
        return _sum(self.owed.values())


@dataclass
class _OfPayer:
    """What the answers of one payer come to so far."""

    denied: dict[str, Unpaid] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    said: dict[str, LineSaid] = field(default_factory=dict)
    is_taken_back: bool = False

    @property
    def paid_in_all(self) -> Decimal:
        return _sum(self.paid.values())


def standing_after(answers: Iterable[Answered]) -> Standing:
    """What stands after answers that are given in the order of their days.

    A reversal takes back what its payer said before; the answer that follows it decides. Where none follows, money
    that was taken back stands as a denial. What is said of a claim as a whole settles what was said of its lines,
    unless it merely denies it; what is said of its lines settles what was said of it as a whole.
    """
    given = in_turn(answers)
    payers: dict[int, _OfPayer] = {}
    for answer, place in zip(given, places_of(given), strict=True):
        payer = payers.setdefault(place, _OfPayer())
        before = [one for other, one in payers.items() if other < place]
        had_before = None if place == FIRST else _sum(one.paid_in_all for one in before)
        if answer.is_reversal:
            _take_back(payer, answer)
        else:
            _decide(payer, answer, said_of(answer, had_before))
        payer.is_taken_back = answer.is_reversal
    return _standing([payers[place] for place in sorted(payers)], payers.get(FIRST, _OfPayer()))


def _standing(payers: Sequence[_OfPayer], first: _OfPayer) -> Standing:
    unpaid = [one for at, payer in enumerate(payers) for one in _left_denied(payer, payers[at + 1 :])]
    paid: dict[str, Decimal] = {}
    for key, amount in (entry for payer in payers for entry in payer.paid.items()):
        paid[key] = paid.get(key, _NOTHING) + amount
    if len(paid) > 1 and not paid.get(WHOLE):
        paid.pop(WHOLE, None)
    owed = _owed(payers)
    return Standing(
        unpaid=tuple(unpaid),
        paid=paid,
        owed=owed,
        taken_off=_taken_off(_charge(payers, first), _sum(paid.values()), _sum(owed.values())),
        is_answered=bool(first.said),
        is_taken_back=first.is_taken_back,
    )


def _left_denied(payer: _OfPayer, later: Sequence[_OfPayer]) -> list[Unpaid]:
    """What it denied and no payer after it paid. What it took back is gone, whoever paid besides."""
    return [one for key, one in payer.denied.items() if one.reason == TAKEN_BACK or not _is_paid_by(later, key, payer)]


def _is_paid_by(later: Sequence[_OfPayer], key: str, payer: _OfPayer) -> bool:
    for one in later:
        of_line = one.paid_in_all if key == WHOLE else one.paid.get(key, _NOTHING)
        # What is paid of the claim as a whole says nothing of one line, where the payer before it paid others.
        if of_line > 0 or (one.paid.get(WHOLE, _NOTHING) > 0 and payer.paid_in_all <= 0):
            return True
    return False


def _owed(payers: Sequence[_OfPayer]) -> dict[str, Decimal]:
    """By line, as the last payer says that spoke of it."""
    found: dict[str, Decimal] = {}
    covered: set[str] = set()
    for payer in reversed(payers):
        found |= {key: one.share for key, one in payer.said.items() if key not in covered and not (covered and not key)}
        covered |= payer.said.keys()
        if payer.said.keys() == {WHOLE}:
            break
    return {key: amount for key, amount in found.items() if amount > 0}


def _taken_off(charge: Decimal, paid: Decimal, owed: Decimal) -> Decimal:
    """What is left of the charge; where no answer stands there is none, whatever money was taken back."""
    return max(charge - paid - owed, _NOTHING) if charge else _NOTHING


def _charge(payers: Sequence[_OfPayer], first: _OfPayer) -> Decimal:
    """What is to be accounted for: of the first payer all that it speaks of; where it does not speak (yet, or any
    more), what the last one does not put down to it: how much of that was paid, nobody here knows.
    """
    if first.said:
        return _sum(one.charge for one in first.said.values())
    last = next((payer for payer in reversed(payers) if payer.said), None)
    return _sum(one.charge - one.before for one in last.said.values()) if last else _NOTHING


def _decide(payer: _OfPayer, answer: Answered, said: Mapping[str, LineSaid]) -> None:
    denied = {key: one.denied for key, one in said.items() if one.denied is not None}
    again = {key for key, one in denied.items() if one.reason == DUPLICATE}
    is_all_again = WHOLE in again or again == said.keys()
    if answer.lines and not is_all_again:
        payer.denied.pop(WHOLE, None)
    elif answer.paid > 0 or not denied:
        payer.denied.clear()
    new = {key: one for key, one in denied.items() if key not in again or not _is_decided(payer, key)}
    if not (is_all_again and _knows(payer, said)):
        payer.said.pop(WHOLE, None)
        payer.said = {**(payer.said if answer.lines else {}), **said}
    for key, one in said.items():
        payer.paid[key] = payer.paid.get(key, _NOTHING) + one.paid
        if key not in again:
            payer.denied.pop(key, None)
    payer.denied |= new


def _is_decided(payer: _OfPayer, key: str) -> bool:
    """Whether it was denied or paid before: a refusal as a duplicate says nothing new of it."""
    if key == WHOLE:
        return bool(payer.denied) or payer.paid_in_all > 0
    is_denied = key in payer.denied or WHOLE in payer.denied
    return is_denied or payer.paid.get(key, _NOTHING) > 0 or payer.paid.get(WHOLE, _NOTHING) > 0


def _knows(payer: _OfPayer, said: Mapping[str, LineSaid]) -> bool:
    """Whether something was said of all of it before."""
    return bool(payer.said) and (WHOLE in said or WHOLE in payer.said or said.keys() <= payer.said.keys())


def _take_back(payer: _OfPayer, answer: Answered) -> None:
    taken = taken_by(answer)
    if not answer.lines:
        _take_whole_back(payer, answer, taken[WHOLE])
        return
    payer.denied.pop(WHOLE, None)
    for key, one in taken.items():
        payer.paid[key] = payer.paid.get(key, _NOTHING) - one.paid
        _take_from_whole(payer, key)
        payer.denied.pop(key, None)
        if one.paid > 0 >= payer.paid[key]:
            payer.denied[key] = Unpaid(answer.id, one.line_id, key, "", TAKEN_BACK, one.paid)
        _unsay(payer, key, one)


def _take_whole_back(payer: _OfPayer, answer: Answered, taken: LineSaid) -> None:
    left = payer.paid_in_all - taken.paid
    payer.paid = {WHOLE: left}
    payer.denied.clear()
    if taken.paid > 0 >= left:
        payer.denied[WHOLE] = Unpaid(answer.id, None, WHOLE, "", TAKEN_BACK, taken.paid)
    if payer.said.keys() == {WHOLE}:
        _unsay(payer, WHOLE, taken)
    else:
        payer.said.clear()


def _take_from_whole(payer: _OfPayer, key: str) -> None:
    """A line is taken back that was paid as a part of the whole claim."""
    of_claim = payer.paid.get(WHOLE, _NOTHING)
    if payer.paid[key] < 0 < of_claim:
        payer.paid[WHOLE], payer.paid[key] = of_claim + payer.paid[key], _NOTHING


def _unsay(payer: _OfPayer, key: str, taken: LineSaid) -> None:
    at = key if key in payer.said else WHOLE
    if at not in payer.said:
        return
    said = payer.said.pop(at)
    charge = said.charge - taken.charge
    if charge > 0:
        left = replace(said, charge=charge, share=said.share - taken.share, before=said.before - taken.before)
        payer.said[at] = left
    if not any(one.charge > 0 for one in payer.said.values()):
        payer.said.clear()


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _NOTHING)
