"""Where a claim stands after all that payers answered of it: what is denied, paid, owed and taken off. Pure.

Each payer's answers are read by themselves, in turn. Money that came is money, whoever paid it. A denial is a payer's
own, and over once a payer after it paid the line. What the patient owes is what the last payer left that spoke of the
line: it knows what those before it did, and says the same amounts again (reason 23) that they took off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from billing.rules.answer_order import FIRST, in_turn, places_of
from billing.rules.denials import BEFORE, DUPLICATE, NO_REASON, TAKEN_BACK, Adjusted, Answered, AnsweredLine, decided

WHOLE: Final = ""
"""The name of a claim as a whole, beside those of its lines."""
_REFUSED: Final = "4"
_NOTHING: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Unpaid:
    """A line (`line_id` None: the whole claim) that stands denied, by which answer and for which reason."""

    answer_id: UUID
    line_id: UUID | None
    key: str
    group: str
    reason: str
    amount: Decimal


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What one payer says of a line by now: of how much, what the patient owes, what it puts down to those before."""

    charge: Decimal
    owed: Decimal
    before: Decimal

    def less(self, taken: _Said) -> _Said:
        return _Said(self.charge - taken.charge, self.owed - taken.owed, self.before - taken.before)


@dataclass
class _OfPayer:
    """What the answers of one payer come to so far."""

    denied: dict[str, Unpaid] = field(default_factory=dict)
    paid: dict[str, Decimal] = field(default_factory=dict)
    said: dict[str, _Said] = field(default_factory=dict)
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
            _decide(payer, answer, had_before)
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
        taken_off=max(_charge(payers, first) - _sum(paid.values()) - _sum(owed.values()), _NOTHING),
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
        found |= {key: one.owed for key, one in payer.said.items() if key not in covered and not (covered and not key)}
        covered |= payer.said.keys()
        if payer.said.keys() == {WHOLE}:
            break
    return {key: amount for key, amount in found.items() if amount > 0}


def _charge(payers: Sequence[_OfPayer], first: _OfPayer) -> Decimal:
    """What is to be accounted for: of the first payer all that it speaks of; where it does not speak (yet, or any
    more), what the last one does not put down to it: how much of that was paid, nobody here knows.
    """
    if first.said:
        return _sum(one.charge for one in first.said.values())
    last = next((payer for payer in reversed(payers) if payer.said), None)
    return _sum(one.charge - one.before for one in last.said.values()) if last else _NOTHING


def _decide(payer: _OfPayer, answer: Answered, had_before: Decimal | None) -> None:
    by_line = _by_line(answer)
    denied, is_refused = _denied_of(answer, by_line, had_before)
    if answer.lines:
        payer.denied.pop(WHOLE, None)
    elif answer.paid > 0 or not denied:
        payer.denied.clear()
    said = {
        key: _said(parts, had_before, is_refused=is_refused)
        for key, parts in by_line.items()
        if not _is_again(payer, key, denied)
    }
    _say(payer, answer, said, had_before, is_refused=is_refused)
    for key, parts in by_line.items():
        payer.paid[key] = payer.paid.get(key, _NOTHING) + _sum(part.paid for part in parts)
        payer.denied.pop(key, None)
    _add_uneven(payer, answer)
    payer.denied |= denied


def _say(
    payer: _OfPayer, answer: Answered, said: dict[str, _Said], had_before: Decimal | None, *, is_refused: bool
) -> None:
    """What is said anew stands in place of what was said before, of the same lines or of the claim as a whole."""
    if not said:
        return
    if not answer.lines:
        payer.said = said
        return
    payer.said.pop(WHOLE, None)
    payer.said |= said
    if answer.adjusted:
        of_claim = replace(_whole(answer), charge=max(answer.charge, _NOTHING))
        payer.said[WHOLE] = replace(_said([of_claim], had_before, is_refused=is_refused), charge=_NOTHING)


def _is_again(payer: _OfPayer, key: str, denied: dict[str, Unpaid]) -> bool:
    """Whether it is refused only because the payer has it already: what was said of it stands."""
    why = denied.get(key) or denied.get(WHOLE)
    is_known = bool(payer.said) and (key in payer.said or WHOLE in (key, *payer.said))
    return why is not None and why.reason == DUPLICATE and is_known


def _take_back(payer: _OfPayer, answer: Answered) -> None:
    if not answer.lines:
        _take_whole_back(payer, answer)
        return
    payer.denied.pop(WHOLE, None)
    for key, parts in _by_line(answer).items():
        taken = _sum(part.paid for part in parts)
        payer.paid[key] = payer.paid.get(key, _NOTHING) + taken
        _take_from_whole(payer, key)
        payer.denied.pop(key, None)
        if taken < 0 and payer.paid[key] <= 0:
            payer.denied[key] = Unpaid(answer.id, parts[0].id, key, "", TAKEN_BACK, -taken)
        _unsay(payer, key, _said([_negative(part) for part in parts], None, is_refused=False))
    _add_uneven(payer, answer)


def _take_whole_back(payer: _OfPayer, answer: Answered) -> None:
    left = payer.paid_in_all + answer.paid
    payer.paid = {WHOLE: left}
    payer.denied.clear()
    if answer.paid < 0 and left <= 0:
        payer.denied[WHOLE] = Unpaid(answer.id, None, WHOLE, "", TAKEN_BACK, -answer.paid)
    if payer.said.keys() == {WHOLE}:
        _unsay(payer, WHOLE, _said([_negative(_whole(answer))], None, is_refused=False))
    else:
        payer.said.clear()


def _take_from_whole(payer: _OfPayer, key: str) -> None:
    """A line is taken back that was paid as a part of the whole claim."""
    of_claim = payer.paid.get(WHOLE, _NOTHING)
    if payer.paid[key] < 0 < of_claim:
        payer.paid[WHOLE], payer.paid[key] = of_claim + payer.paid[key], _NOTHING


def _unsay(payer: _OfPayer, key: str, taken: _Said) -> None:
    at = key if key in payer.said else WHOLE
    if at not in payer.said:
        return
    left = payer.said.pop(at).less(taken)
    if left.charge > 0:
        payer.said[at] = left
    if not any(one.charge > 0 for one in payer.said.values()):
        payer.said.clear()


def _add_uneven(payer: _OfPayer, answer: Answered) -> None:
    """What a claim was paid beside its lines."""
    beside = answer.paid - _sum(line.paid for line in answer.lines) if answer.lines else _NOTHING
    if beside:
        payer.paid[WHOLE] = payer.paid.get(WHOLE, _NOTHING) + beside


def _said(parts: Sequence[AnsweredLine], had_before: Decimal | None, *, is_refused: bool) -> _Said:
    charge, paid = _sum(part.charge for part in parts), _sum(part.paid for part in parts)
    together = _together(parts)
    share = decided(charge, paid, together, had_before=had_before, is_refused=is_refused).share
    apart = (decided(part.charge, part.paid, part.adjusted, had_before=had_before).share for part in parts)
    if len(parts) > 1:
        share = min(share, _sum(apart))
    return _Said(charge, share, _sum(one.amount for one in together if one.reason == BEFORE))


def _denied_of(
    answer: Answered, by_line: dict[str, list[AnsweredLine]], had_before: Decimal | None
) -> tuple[dict[str, Unpaid], bool]:
    """What an answer denies, by line; and whether only because the payer says that it denied the claim."""
    found = _denied_lines(answer, by_line, had_before, is_refused=False)
    if found or had_before is not None or answer.status != _REFUSED or answer.paid > 0:
        return found, False
    found = _denied_lines(answer, by_line, had_before, is_refused=True)
    return found, bool(found)


def _denied_lines(
    answer: Answered, by_line: dict[str, list[AnsweredLine]], had_before: Decimal | None, *, is_refused: bool
) -> dict[str, Unpaid]:
    said = {key: _denied(answer, parts, had_before, is_refused=is_refused) for key, parts in by_line.items()}
    found = {key: one for key, one in said.items() if one is not None}
    if answer.lines and answer.adjusted and answer.paid <= 0 and not found:
        # Reasons that are given for the whole claim deny it where no line of it was paid or says why not.
        main = decided(answer.charge, answer.paid, answer.adjusted, had_before=had_before, is_refused=is_refused).denied
        if main is not None:
            found[WHOLE] = Unpaid(answer.id, None, WHOLE, main.group, main.reason, main.amount)
    return found


def _denied(
    answer: Answered, parts: Sequence[AnsweredLine], had_before: Decimal | None, *, is_refused: bool
) -> Unpaid | None:
    """The line is denied as its parts together are, or for what one part says that was not paid at all."""
    charge, paid = _sum(part.charge for part in parts), _sum(part.paid for part in parts)
    together = _together(parts)
    main = decided(charge, paid, together, had_before=had_before, is_refused=is_refused).denied
    if main is None and len(parts) > 1:
        main = _of_unpaid_parts(parts, together, had_before)
    if main is None or (main.reason == NO_REASON and answer.lines and answer.adjusted):
        return None
    said_by = next((part for part in parts if _says(part, main)), parts[0])
    line_id = said_by.id if answer.lines else None
    return Unpaid(answer.id, line_id, said_by.key, main.group, main.reason, main.amount)


def _of_unpaid_parts(
    parts: Sequence[AnsweredLine], together: Sequence[Adjusted], had_before: Decimal | None
) -> Adjusted | None:
    """What denies parts of which nothing was paid, unless another part gives it back."""
    stands = {(one.group, one.reason): one.amount for one in together if one.amount > 0}
    unpaid = (part for part in parts if part.paid == 0)
    said = (decided(part.charge, part.paid, part.adjusted, had_before=had_before).denied for part in unpaid)
    left = [one for one in said if one is not None and (one.group, one.reason) in stands]
    return max(left, key=lambda one: one.amount, default=None)


def _whole(answer: Answered) -> AnsweredLine:
    return AnsweredLine(answer.id, WHOLE, answer.charge, answer.paid, answer.adjusted)


def _by_line(answer: Answered) -> dict[str, list[AnsweredLine]]:
    """What is said of each line: a payer may split one into several, each under the number of the line."""
    found: dict[str, list[AnsweredLine]] = {}
    for line in answer.lines or (_whole(answer),):
        found.setdefault(line.key, []).append(line)
    return found


def _together(parts: Sequence[AnsweredLine]) -> tuple[Adjusted, ...]:
    """What was taken off all parts, by group and reason."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in (one for part in parts for one in part.adjusted):
        sums[one.group, one.reason] = sums.get((one.group, one.reason), _NOTHING) + one.amount
    return tuple(Adjusted(group, reason, amount) for (group, reason), amount in sums.items())


def _says(part: AnsweredLine, main: Adjusted) -> bool:
    return any((one.group, one.reason) == (main.group, main.reason) and one.amount > 0 for one in part.adjusted)


def _negative(part: AnsweredLine) -> AnsweredLine:
    less = tuple(replace(one, amount=-one.amount) for one in part.adjusted)
    return replace(part, charge=abs(part.charge), paid=-part.paid, adjusted=less)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _NOTHING)
