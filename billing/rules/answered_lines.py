"""What one answer says of each line of a claim, its parts together, and of the claim as a whole: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final
from uuid import UUID

from billing.rules.denials import BEFORE, NO_REASON, Adjusted, Answered, AnsweredLine, Decided, decided

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
class LineSaid:
    """What an answer says of a line: how much it is of, what was paid, what the patient owes, what the answer puts down
    to payers before, and whether it denies it. `line_id` is None of the claim as a whole.
    """

    line_id: UUID | None
    charge: Decimal
    paid: Decimal
    share: Decimal
    before: Decimal
    denied: Unpaid | None = None


def said_of(answer: Answered, had_before: Decimal | None) -> dict[str, LineSaid]:
    """By line, what an answer says; beside its lines, where it gives reasons or money for the claim as a whole, what
    it says of that, of no charge of its own. `had_before` is what payers before this one paid (None: it is the first).

    Where the payer says that it denied the claim, paid nothing and gives no reason that denies, all of it is denied.
    """
    found = _said_of(answer, had_before, is_refused=False)
    is_silent = answer.status == _REFUSED and answer.paid <= 0 and not any(one.denied for one in found.values())
    return _said_of(answer, had_before, is_refused=True) if is_silent and had_before is None else found


def taken_by(answer: Answered) -> dict[str, LineSaid]:
    """The same of a reversal: what it takes back, in amounts above zero."""
    lines = tuple(map(_negative, answer.lines))
    less = _negated(answer.adjusted)
    turned = replace(answer, charge=abs(answer.charge), paid=-answer.paid, adjusted=less, lines=lines)
    return _said_of(turned, None, is_refused=False)


def _said_of(answer: Answered, had_before: Decimal | None, *, is_refused: bool) -> dict[str, LineSaid]:
    by_line: dict[str, list[AnsweredLine]] = {}
    for line in answer.lines or (_whole(answer),):
        by_line.setdefault(line.key, []).append(line)
    found = {key: _line_said(answer, parts, had_before, is_refused=is_refused) for key, parts in by_line.items()}
    beside = answer.paid - sum((one.paid for one in found.values()), _NOTHING)
    if answer.lines and (answer.adjusted or beside):
        found[WHOLE] = _beside(answer, beside, found.values(), had_before, is_refused=is_refused)
    return found


def _line_said(
    answer: Answered, parts: Sequence[AnsweredLine], had_before: Decimal | None, *, is_refused: bool
) -> LineSaid:
    """Denied as its parts together are, or for what one part says that was not paid at all."""
    charge = sum((part.charge for part in parts), _NOTHING)
    paid = sum((part.paid for part in parts), _NOTHING)
    less = _together(parts)
    found = decided(charge, paid, less, had_before=had_before, is_refused=is_refused)
    if len(parts) > 1:
        found = _of_parts(found, parts, less, had_before)
    before = sum((one.amount for one in less if one.reason == BEFORE), _NOTHING)
    denied = None if found.denied is None else _unpaid(answer, parts, found.denied)
    return LineSaid(parts[0].id if answer.lines else None, charge, paid, found.share, before, denied)


def _beside(
    answer: Answered, paid: Decimal, lines: Iterable[LineSaid], had_before: Decimal | None, *, is_refused: bool
) -> LineSaid:
    """Reasons that are given for the whole claim deny it where no line of it was paid or says why not."""
    found = decided(answer.charge, answer.paid, answer.adjusted, had_before=had_before, is_refused=is_refused)
    before = sum((one.amount for one in answer.adjusted if one.reason == BEFORE), _NOTHING)
    denied = None
    if found.denied and answer.adjusted and answer.paid <= 0 and not any(one.denied for one in lines):
        main = found.denied
        denied = Unpaid(answer.id, None, WHOLE, main.group, main.reason, main.amount)
    return LineSaid(None, _NOTHING, paid, found.share if answer.adjusted else _NOTHING, before, denied)


def _unpaid(answer: Answered, parts: Sequence[AnsweredLine], main: Adjusted) -> Unpaid | None:
    if main.reason == NO_REASON and answer.lines and answer.adjusted:
        return None
    said_by = next((part for part in parts if _says(part, main)), parts[0])
    line_id = said_by.id if answer.lines else None
    return Unpaid(answer.id, line_id, said_by.key, main.group, main.reason, main.amount)


def _of_parts(
    together: Decided, parts: Sequence[AnsweredLine], less: Sequence[Adjusted], had_before: Decimal | None
) -> Decided:
    """A part of which nothing was paid may be denied though the line was not, unless another part gives it back."""
    apart = [decided(part.charge, part.paid, part.adjusted, had_before=had_before) for part in parts]
    share = min(together.share, sum((one.share for one in apart), _NOTHING))
    stands = {(one.group, one.reason) for one in less if one.amount > 0}
    unpaid = (one.denied for one, part in zip(apart, parts, strict=True) if part.paid == 0)
    left = [one for one in unpaid if one is not None and (one.group, one.reason) in stands]
    return Decided(together.denied or max(left, key=lambda one: one.amount, default=None), share)


def _whole(answer: Answered) -> AnsweredLine:
    return AnsweredLine(answer.id, WHOLE, answer.charge, answer.paid, answer.adjusted)


def _together(parts: Sequence[AnsweredLine]) -> tuple[Adjusted, ...]:
    """What was taken off all parts, by group and reason."""
    if len(parts) == 1 and len({(one.group, one.reason) for one in parts[0].adjusted}) == len(parts[0].adjusted):
        return parts[0].adjusted
    sums: dict[tuple[str, str], Decimal] = {}
    for one in (one for part in parts for one in part.adjusted):
        sums[one.group, one.reason] = sums.get((one.group, one.reason), _NOTHING) + one.amount
    return tuple(Adjusted(group, reason, amount) for (group, reason), amount in sums.items())


def _says(part: AnsweredLine, main: Adjusted) -> bool:
    return any((one.group, one.reason) == (main.group, main.reason) and one.amount > 0 for one in part.adjusted)


def _negative(part: AnsweredLine) -> AnsweredLine:
    return replace(part, charge=abs(part.charge), paid=-part.paid, adjusted=_negated(part.adjusted))


def _negated(adjusted: Iterable[Adjusted]) -> tuple[Adjusted, ...]:
    return tuple(replace(one, amount=-one.amount) for one in adjusted)
