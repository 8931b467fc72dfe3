"""What a payer's answers leave unpaid, line by line, and what its reason codes mean to us: pure.

Reason codes are claim adjustment reason codes and remittance advice remark codes. Only those that matter to this work
are described, in our own words; every other one is shown as its code.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

# Groups that deny: contractual, payer initiated, other. What the patient owes (PR) is no denial.
DENYING = frozenset({"CO", "PI", "OA"})
PATIENT = "PR"
# Reasons that lower a payment to what was agreed, withhold or pass on: nobody disputes them.
LOWERING = frozenset({"23", "45", "94", "104", "105", "131", "144", "187", "237", "253"})
# Our own words where the payer gave no reason, and where it took a payment back.
NO_REASON, TAKEN_BACK = "none", "taken"


class Step(StrEnum):
    """What sets a denial right."""

    CORRECT = "correct"
    APPEAL = "appeal"
    EITHER = "either"
    OTHER_PAYER = "other_payer"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code in plain words, what sets it right, and what to do next."""

    code: str
    meaning: str
    step: Step
    next_step: str


@dataclass(frozen=True, slots=True)
class Adjusted:
    """Why less was paid: group, reason and amount as the payer gave them."""

    group: str
    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """What an answer says of one line. `key` is the same for the same line in every answer."""

    id: UUID
    key: str
    charge: Decimal
    paid: Decimal
    adjusted: tuple[Adjusted, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """What one remittance says of one claim. `adjusted` are the reasons that it gives for the claim as a whole."""

    id: UUID
    is_reversal: bool
    charge: Decimal
    paid: Decimal
    adjusted: tuple[Adjusted, ...] = ()
    lines: tuple[AnsweredLine, ...] = ()


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
    """Where a claim stands after all answers: what is denied, and what was paid by line."""

    unpaid: tuple[Unpaid, ...]
    paid: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class AnswerDays:
    """How long a payer takes corrected claims (from the day of service) and appeals (from the remittance)."""

    corrected: int
    appeal: int


def standing_after(answers: Iterable[Answered]) -> Standing:
    """What stands denied after answers in their order. A reversal takes back what its claim was answered before; the
    answer that follows it decides. Where none follows, money that was taken back stands as a denial.
    """
    denied: dict[str, Unpaid] = {}
    paid: dict[str, Decimal] = {}
    for answer in answers:
        for key, parts in _by_line(answer.lines or (_whole(answer),)).items():
            paid[key] = paid.get(key, Decimal(0)) + sum((part.paid for part in parts), Decimal(0))
            found = _taken(answer, parts, paid[key]) if answer.is_reversal else _denied(answer, parts)
            denied.pop(key, None)
            if found is not None:
                denied[key] = found
        if answer.lines and not answer.is_reversal:
            denied.pop("", None)
            _deny_whole(answer, denied)
    return Standing(tuple(denied.values()), paid)


def main_reason(charge: Decimal, paid: Decimal, adjusted: Sequence[Adjusted]) -> Adjusted | None:
    """The reason for which a line is denied, with all that is denied of it; None where it is not.

    An unpaid line is denied unless the patient owes it. A line that was paid in part is denied where a reason is
    given that we know to deny: what merely lowers a payment to the agreed amount does not.
    """
    denying = [one for one in adjusted if one.group in DENYING and one.reason not in LOWERING and one.amount > 0]
    is_paid = paid > 0
    if is_paid:
        denying = [one for one in denying if one.reason in REASONS]
    if denying:
        first = max(denying, key=lambda one: one.amount)
        return Adjusted(first.group, first.reason, sum((one.amount for one in denying), Decimal(0)))
    if is_paid or charge <= 0 or any(one.group == PATIENT and one.amount > 0 for one in adjusted):
        return None
    lowered = [one for one in adjusted if one.amount > 0]
    return max(lowered, key=lambda one: one.amount) if lowered else Adjusted("", NO_REASON, charge)


def last_day(step: Step, service_on: date, answered_on: date, days: AnswerDays | None) -> date | None:
    """The last day to set a denial right: of a corrected claim from the day of service, of an appeal from the answer,
    the earlier one where either may be needed. None where the payer's days are not known or nothing is to be sent.
    """
    if days is None or step in (Step.OTHER_PAYER, Step.CLOSE):
        return None
    corrected = service_on + timedelta(days=days.corrected)
    appealed = answered_on + timedelta(days=days.appeal)
    return {Step.CORRECT: corrected, Step.APPEAL: appealed}.get(step, min(corrected, appealed))


def reason_of(code: str) -> Reason:
    """What a code means; of one that we do not describe, its code and to ask the payer."""
    known = REASONS.get(code)
    return known or Reason(code, f"Reason {code}", Step.EITHER, "Look the code up in the payer's own list, or ask it.")


def _whole(answer: Answered) -> AnsweredLine:
    return AnsweredLine(answer.id, "", answer.charge, answer.paid, answer.adjusted)


def _by_line(lines: Iterable[AnsweredLine]) -> dict[str, list[AnsweredLine]]:
    """What is said of each line: a payer may split one into several, each under the number of the line."""
    found: dict[str, list[AnsweredLine]] = {}
    for line in lines:
        found.setdefault(line.key, []).append(line)
    return found


def _denied(answer: Answered, parts: Sequence[AnsweredLine]) -> Unpaid | None:
    """The line is denied as its parts together are, or for what one part says that was not paid at all."""
    charge, paid = (
        sum(amounts, Decimal(0)) for amounts in zip(*((one.charge, one.paid) for one in parts), strict=True)
    )
    together = _together(parts)
    main = main_reason(charge, paid, together)
    if main is None and len(parts) > 1:
        main = _of_unpaid_parts(parts, together)
    if main is None or (main.reason == NO_REASON and answer.lines and answer.adjusted):
        return None
    said_by = next((part for part in parts if _says(part, main)), parts[0])
    line_id = said_by.id if answer.lines else None
    return Unpaid(answer.id, line_id, said_by.key, main.group, main.reason, main.amount)


def _together(parts: Sequence[AnsweredLine]) -> tuple[Adjusted, ...]:
    """What was taken off all parts, by group and reason."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in (one for part in parts for one in part.adjusted):
        sums[one.group, one.reason] = sums.get((one.group, one.reason), Decimal(0)) + one.amount
    return tuple(Adjusted(group, reason, amount) for (group, reason), amount in sums.items())


def _of_unpaid_parts(parts: Sequence[AnsweredLine], together: Sequence[Adjusted]) -> Adjusted | None:
    """What denies parts of which nothing was paid, unless another part gives it back."""
    stands = {(one.group, one.reason): one.amount for one in together if one.amount > 0}
    said = (main_reason(part.charge, part.paid, part.adjusted) for part in parts if part.paid == 0)
    left = [one for one in said if one is not None and (one.group, one.reason) in stands]
    return max(left, key=lambda one: one.amount, default=None)


def _says(part: AnsweredLine, main: Adjusted) -> bool:
    return any((one.group, one.reason) == (main.group, main.reason) and one.amount > 0 for one in part.adjusted)


def _taken(answer: Answered, parts: Sequence[AnsweredLine], left: Decimal) -> Unpaid | None:
    """A payment that was taken back and of which nothing is left."""
    taken = sum((part.paid for part in parts), Decimal(0))
    if taken >= 0 or left > 0:
        return None
    line_id = parts[0].id if answer.lines else None
    return Unpaid(answer.id, line_id, parts[0].key, "", TAKEN_BACK, -taken)


def _deny_whole(answer: Answered, denied: dict[str, Unpaid]) -> None:
    """Reasons that are given for the whole claim deny it where no line of it was paid or says why not."""
    if answer.paid > 0 or any(line.key in denied for line in answer.lines):
        return
    main = main_reason(answer.charge, answer.paid, answer.adjusted) if answer.adjusted else None
    if main is not None:
        denied[""] = Unpaid(answer.id, None, "", main.group, main.reason, main.amount)


_CORRECTED = "Mend it at its source, then send a corrected claim."
# Own words; which code goes with which fault: billing-rules of the project, section 7 (recalled, not published).
_KNOWN = (
    Reason("5", "The place of service does not fit the code", Step.CORRECT, _CORRECTED),
    Reason("8", "The code does not fit who rendered it", Step.CORRECT, _CORRECTED),
    Reason("11", "The diagnosis does not fit the code", Step.CORRECT, _CORRECTED),
    Reason("13", "The day of service is after the death on record", Step.CORRECT, "Compare the dates, then correct."),
    Reason("16", "Something is missing or wrong in the claim", Step.CORRECT, _CORRECTED),
    Reason(
        "18", "The payer has this claim already", Step.CLOSE, "See how the first one was answered, then close this."
    ),
    Reason("22", "Another payer pays first", Step.OTHER_PAYER, "Ask which payer is first, and file with it."),
    Reason("24", "A managed plan covers this patient", Step.OTHER_PAYER, "Record the plan, and file with it."),
    Reason("26", "The day is before the coverage began", Step.OTHER_PAYER, "Check the coverage on the day of service."),
    Reason("27", "The day is after the coverage ended", Step.OTHER_PAYER, "Check the coverage on the day of service."),
    Reason("29", "The claim came too late", Step.APPEAL, "Appeal with proof of the day it was sent, or write it off."),
    Reason("31", "The payer does not know this member", Step.CORRECT, "Check name, birth date and member number."),
    Reason("50", "The payer does not see that it was needed", Step.APPEAL, "Appeal with the packet of the month."),
    Reason("58", "The place of service is not accepted for this code", Step.CORRECT, _CORRECTED),
    Reason(
        "96", "The plan does not cover this code", Step.EITHER, "Compare with the payer's rules here, and set them."
    ),
    Reason("97", "The payer sees this as part of another service", Step.EITHER, "Find the other service, then decide."),
    Reason("107", "The base code is missing beside the add-on", Step.CORRECT, _CORRECTED),
    Reason("109", "Another payer or contractor is to be asked", Step.OTHER_PAYER, "File with the one that covers it."),
    Reason(
        "119", "More often than the payer pays in this time", Step.EITHER, "See who else billed, or which code fits."
    ),
    Reason(
        "151", "More units than the payer sees supported", Step.EITHER, "Compare with the cap, and appeal or correct."
    ),
    Reason("170", "This kind of provider is not paid for the code", Step.CORRECT, _CORRECTED),
    Reason(
        "181", "The code was not in force on the day", Step.CORRECT, "Use the code of that day in a corrected claim."
    ),
    Reason("197", "An authorization or attestation is missing", Step.EITHER, "Obtain it, or send its number."),
    Reason(
        "204", "The plan does not cover this service", Step.EITHER, "Compare with the payer's rules here, and set them."
    ),
    Reason("222", "More units than the contract allows", Step.CORRECT, "Compare with the cap, and correct."),
    Reason("236", "Two codes that are not paid together", Step.CORRECT, "Find the other code, and keep the right one."),
    Reason("B7", "The provider was not enrolled on the day", Step.CORRECT, "Check the clinician's enrolment."),
    Reason("B9", "The patient is in hospice care", Step.EITHER, "Check whether the care was for another condition."),
    Reason("B15", "A service that must go with it is missing", Step.CORRECT, _CORRECTED),
    Reason("B20", "Somebody else was paid for the same service", Step.EITHER, "Find out who, and who is to bill."),
    Reason("45", "Above what the payer allows", Step.EITHER, "Compare with the payer's fee table."),
    Reason(NO_REASON, "The payer gave no reason", Step.EITHER, "Ask the payer."),
    Reason(TAKEN_BACK, "The payer took its payment back", Step.EITHER, "Ask the payer why, then correct or appeal."),
)
REASONS = {reason.code: reason for reason in _KNOWN}
