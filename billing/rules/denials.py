"""What a payer's reason codes mean to us: what they deny, what the patient owes, and what to do next. Pure.

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

PATIENT = "PR"
# Groups that deny: contractual, payer initiated, other, and the patient's, but for a share of the cost.
DENYING = frozenset({"CO", "PI", "OA", PATIENT})
# The patient's share of the cost: deductible, coinsurance, copayment; blood deductible, interest, payment made to the
# patient, the month's own part of Medicaid, spend-down, an account of the patient's, low-income copayment, and
# deductible and coinsurance of a professional service in an institution.
SHARES = frozenset({"1", "2", "3", "66", "85", "100", "142", "178", "187", "241", "247", "248"})
# What payers before this one did; and a claim that the payer has already.
BEFORE, DUPLICATE = "23", "18"
# Reasons that lower a payment to what was agreed, withhold or pass on: nobody disputes them.
LOWERING = frozenset({BEFORE, "45", "94", "104", "105", "131", "144", "187", "237", "253"})
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
    """What one remittance says of one claim. `adjusted` are the reasons that it gives for the claim as a whole.

    `status` is how it was processed (CLP02), `number` the payer's own (CLP07), `payer` whatever names the payer, and
    `payment` the payment that it came in; empty where nobody said.
    """

    id: UUID
    is_reversal: bool
    charge: Decimal
    paid: Decimal
    adjusted: tuple[Adjusted, ...] = ()
    lines: tuple[AnsweredLine, ...] = ()
    status: str = ""
    number: str = ""
    payer: str = ""
    payment: UUID | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a payer's reasons make of a line: the one for which it is denied, with all that is denied of it (None: it
    is not), and what the patient owes of it.
    """

    denied: Adjusted | None
    share: Decimal


@dataclass(frozen=True, slots=True)
class AnswerDays:
    """How long a payer takes corrected claims (from the day of service) and appeals (from the remittance)."""

    corrected: int
    appeal: int


def decided(
    charge: Decimal,
    paid: Decimal,
    adjusted: Sequence[Adjusted],
    *,
    had_before: Decimal | None = None,
    is_refused: bool = False,
) -> Decided:
    """Why a line is denied, if it is, and what the patient owes of it.

    An unpaid line is denied unless the patient owes a share of it. A line that was paid in part is denied where a
    reason is given that we know to deny: what merely lowers a payment to the agreed amount does not. Group PR says
    who is to pay, not why: only a share of the cost (`SHARES`) is no denial, and what is denied is no share.

    `had_before` is what payers before this one paid of the claim (None: it is the first). A later payer that adds
    nothing denies only by a reason that denies. `is_refused`: the payer says that it denied the claim, and nothing
    else says why; then not even a share speaks against it.
    """
    is_paid = paid > 0 or (had_before or 0) > 0
    denying = [one for one in adjusted if _denies(one, is_paid=is_paid)]
    of_patient = [one for one in adjusted if one.group == PATIENT and one not in denying]
    has_share = any(one.reason in SHARES and one.amount > 0 for one in of_patient)
    is_allowed = paid > 0 or has_share or had_before is not None
    share = sum((one.amount for one in of_patient), Decimal(0)) if is_allowed else Decimal(0)
    if denying:
        first = max(denying, key=lambda one: one.amount)
        return Decided(Adjusted(first.group, first.reason, _sum(denying)), share)
    if charge <= 0 or (is_allowed and not (is_refused and has_share)):
        return Decided(None, share)
    lowered = [one for one in adjusted if one.amount > 0]
    main = max(lowered, key=lambda one: one.amount) if lowered else Adjusted("", NO_REASON, charge)
    return Decided(main, Decimal(0))


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
    if code in SHARES:
        return Reason(code, "Called denied, for a share of the cost", Step.EITHER, _ASK_WHICH)
    return REASONS.get(code) or Reason(
        code, f"Reason {code}", Step.EITHER, "Look the code up in the payer's own list, or ask it."
    )


def _denies(one: Adjusted, *, is_paid: bool) -> bool:
    if one.amount <= 0 or one.group not in DENYING or one.reason in LOWERING:
        return False
    return not (one.group == PATIENT and one.reason in SHARES) and (not is_paid or one.reason in REASONS)


def _sum(adjusted: Iterable[Adjusted]) -> Decimal:
    return sum((one.amount for one in adjusted), Decimal(0))


_ASK_WHICH = "Ask the payer whether this is denied, or the patient's share."
_CORRECTED = "Mend it at its source, then send a corrected claim."
# Own words; which code goes with which fault: billing-rules of the project, section 7 (recalled, not published).
_KNOWN = (
    Reason("5", "The place of service does not fit the code", Step.CORRECT, _CORRECTED),
    Reason("8", "The code does not fit who rendered it", Step.CORRECT, _CORRECTED),
    Reason("11", "The diagnosis does not fit the code", Step.CORRECT, _CORRECTED),
    Reason("13", "The day of service is after the death on record", Step.CORRECT, "Compare the dates, then correct."),
    Reason("15", "The authorization's number is missing or wrong", Step.CORRECT, "Compare the numbers, then correct."),
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
    Reason("167", "The plan does not cover this diagnosis", Step.EITHER, "Compare the diagnoses, then decide."),
    Reason("170", "This kind of provider is not paid for the code", Step.CORRECT, _CORRECTED),
    Reason(
        "181", "The code was not in force on the day", Step.CORRECT, "Use the code of that day in a corrected claim."
    ),
    Reason("197", "An authorization or attestation is missing", Step.EITHER, "Obtain it, or send its number."),
    Reason("198", "More than was authorized", Step.EITHER, "Compare with the authorization, and ask for more."),
    Reason("200", "The coverage had lapsed", Step.OTHER_PAYER, "Check the coverage on the day of service."),
    Reason(
        "204", "The plan does not cover this service", Step.EITHER, "Compare with the payer's rules here, and set them."
    ),
    Reason("222", "More units than the contract allows", Step.CORRECT, "Compare with the cap, and correct."),
    Reason("227", "The payer waits for the patient's answer", Step.EITHER, "Ask the patient to answer the payer."),
    Reason("231", "Two codes that exclude each other", Step.CORRECT, "Find the other code, and keep the right one."),
    Reason("234", "The payer does not pay this code by itself", Step.EITHER, "Find the service that it belongs to."),
    Reason("236", "Two codes that are not paid together", Step.CORRECT, "Find the other code, and keep the right one."),
    Reason("252", "The payer asks for papers", Step.APPEAL, "Send the packet of the month."),
    Reason("B7", "The provider was not enrolled on the day", Step.CORRECT, "Check the clinician's enrolment."),
    Reason("B9", "The patient is in hospice care", Step.EITHER, "Check whether the care was for another condition."),
    Reason("B13", "The payer says that it paid this already", Step.CLOSE, "Find that payment, then close this."),
    Reason("B15", "A service that must go with it is missing", Step.CORRECT, _CORRECTED),
    Reason("B20", "Somebody else was paid for the same service", Step.EITHER, "Find out who, and who is to bill."),
    Reason("45", "Above what the payer allows", Step.EITHER, "Compare with the payer's fee table."),
    Reason(NO_REASON, "The payer gave no reason", Step.EITHER, "Ask the payer."),
    Reason(TAKEN_BACK, "The payer took its payment back", Step.EITHER, "Ask the payer why, then correct or appeal."),
)
REASONS = {reason.code: reason for reason in _KNOWN}
