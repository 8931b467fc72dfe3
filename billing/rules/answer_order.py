"""Which payer gave an answer, and in which order the answers of one claim count: pure.

We ask a patient's first payer. It, or Medicare by itself, hands the claim on to a second, which answers us under the
number of our claim. What either says is told apart by how it processed the claim (CLP02), by whether it speaks of what
a payer before it did (reason 23), and else by the number and name under which it spoke before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from billing.rules.denials import BEFORE, Answered

# An answer, and which payer gave it.
_Placed = tuple[Answered, int]
FIRST, SECOND, THIRD = range(3)
_PLACES: Final[Mapping[str, int]] = {"1": FIRST, "19": FIRST, "2": SECOND, "20": SECOND, "3": THIRD, "21": THIRD}


def in_turn(answers: Iterable[Answered]) -> tuple[Answered, ...]:
    """Answers in the order in which they count, of those in the order in which they were given.

    Within one payment what is taken back counts before what is said anew, however they are written; but for what the
    same payment paid before, where its payer had not paid so much earlier.
    """
    given = tuple(answers)
    found: list[_Placed] = []
    for payment, group in groupby(zip(given, places_of(given), strict=True), key=lambda one: one[0].payment):
        of_payment = list(group)
        as_written = payment is None or _takes_its_own(of_payment, found)
        found += of_payment if as_written else sorted(of_payment, key=lambda one: not one[0].is_reversal)
    return tuple(one for one, _ in found)


def places_of(answers: Sequence[Answered]) -> tuple[int, ...]:
    """Of each answer, which payer gave it: the first, the second or the third."""
    known = [(one, place) for one in answers if (place := _place(one)) is not None]
    return tuple(_like(one, known) if (place := _place(one)) is None else place for one in answers)


def _speaks_of_another(answer: Answered) -> bool:
    """Whether it puts anything down to a payer before it."""
    reasons = (*answer.adjusted, *(one for line in answer.lines for one in line.adjusted))
    return any(one.reason == BEFORE and one.amount != 0 for one in reasons)


def _takes_its_own(given: Sequence[_Placed], earlier: Sequence[_Placed]) -> bool:
    """Whether it takes back the very amount that it paid just before, and its payer had not paid that earlier."""
    first = next((at for at, (one, _) in enumerate(given) if one.is_reversal), 0)
    paid = [(one.paid, place) for one, place in given[:first]]
    return any(
        one.is_reversal and (-one.paid, place) in paid and not _had_paid(earlier, place, -one.paid)
        for one, place in given[first:]
    )


def _had_paid(earlier: Sequence[_Placed], place: int, amount: Decimal) -> bool:
    """Whether so much was left of what this payer said earlier."""
    of_payer = [one.paid for one, other in earlier if other == place]
    return bool(of_payer) and sum(of_payer, Decimal(0)) >= amount


def _place(answer: Answered) -> int | None:
    """Where the answer itself says so: a refusal and what takes an answer back may be any payer's."""
    place = _PLACES.get(answer.status)
    if place in (SECOND, THIRD):
        return place
    if _speaks_of_another(answer):
        return None if answer.is_reversal else SECOND
    return None if answer.is_reversal else place


def _like(answer: Answered, known: Sequence[tuple[Answered, int]]) -> int:
    """As the payer that spoke under the same number, else under the same name; else the first, or the second."""
    least = SECOND if _speaks_of_another(answer) else FIRST
    for name in ("number", "payer"):
        said = getattr(answer, name)
        places = {place for one, place in known if said and getattr(one, name) == said and place >= least}
        if len(places) == 1:
            return places.pop()
    return least
