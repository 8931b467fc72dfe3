"""Where claims stand, after everything that was answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from billing.queries.acknowledged import acknowledged
from billing.queries.answered import Answers, answers_of
from billing.rules.acknowledged import Heard
from billing.rules.denials import TAKEN_BACK, Answered
from billing.rules.standing import Standing, standing_after

FILED: Final = "filed"
ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
PAID: Final = "paid"
PARTLY_PAID: Final = "partly_paid"
DENIED: Final = "denied"
REVERSED: Final = "reversed"

STATE_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    FILED: ("Filed, no answer yet", "info"),
    ACCEPTED: ("Taken on by the payer", "info"),
    REJECTED: ("Rejected", "danger"),
    PAID: ("Paid", "good"),
    PARTLY_PAID: ("Paid in part", "warning"),
    DENIED: ("Denied", "danger"),
    REVERSED: ("Payment taken back", "danger"),
}
"""What the screen says of each state, and in which tone."""

_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class ClaimState:
    """Where one claim stands. Amounts are what stands after all its answers, of every payer, reversals included.

    `charge` is None where nobody knows it; `adjusted` is what payers took off without the patient owing it.
    `is_file_taken` says whether its file was taken, None where nothing was heard. `codes` are those of a rejection.
    """

    word: str
    charge: Decimal | None = None
    paid: Decimal = _NOTHING
    patient_owes: Decimal = _NOTHING
    adjusted: Decimal = _NOTHING
    payer_claim_number: str = ""
    is_file_taken: bool | None = None
    said_on: date | None = None
    codes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        if self.word == PAID and self.paid == 0 and self.patient_owes > 0:
            return "The patient owes all of it"
        return STATE_WORDS[self.word][0]

    @property
    def tone(self) -> str:
        return STATE_WORDS[self.word][1]

    @property
    def is_answered(self) -> bool:
        """Whether a payer decided: an acknowledgement is no decision."""
        return self.word in (PAID, PARTLY_PAID, DENIED, REVERSED)


def claim_states(organization_id: UUID, claim_ids: Collection[UUID]) -> dict[UUID, ClaimState]:
    """Where each of these claims stands. Two statements for any number of claims."""
    answers = answers_of(organization_id, claim_ids)
    of_claims, of_files = acknowledged(
        organization_id, claim_ids, {batch_id for batch_id, _ in answers.claims.values()}
    )
    return {
        claim_id: _state(claim_id, answers, charge, of_claims.get(claim_id), of_files.get(batch_id))
        for claim_id, (batch_id, charge) in answers.claims.items()
    }


def _state(
    claim_id: UUID, answers: Answers, charge: Decimal | None, heard: Heard | None, of_file: Heard | None
) -> ClaimState:
    """By its payments; before them by what was said of it; before that by what was said of its file."""
    is_file_taken = of_file.is_accepted if of_file else None
    number = answers.numbers.get(claim_id, "")
    if (given := answers.of_claims.get(claim_id)) is not None:
        standing = standing_after(given)
        if _is_decided(standing):
            return _answered(standing, given, answers.paid_on, charge, is_file_taken, number)
    if heard is not None:
        word = ACCEPTED if heard.is_accepted else REJECTED
        known = number or heard.payer_claim_number
        codes = () if heard.is_accepted else heard.codes
        return ClaimState(
            word, charge, payer_claim_number=known, is_file_taken=is_file_taken, said_on=heard.said_on, codes=codes
        )
    if of_file is not None and not of_file.is_accepted:
        return ClaimState(REJECTED, charge, is_file_taken=False, said_on=of_file.said_on, codes=of_file.codes)
    return ClaimState(FILED, charge, is_file_taken=is_file_taken)


def _answered(
    standing: Standing,
    answers: Sequence[Answered],
    paid_on: Mapping[UUID, date | None],
    charge: Decimal | None,
    is_file_taken: bool | None,
    number: str,
) -> ClaimState:
    days = [day for answer in answers if (day := paid_on.get(answer.id)) is not None]
    return ClaimState(
        word=_word(standing),
        charge=charge,
        paid=_NOTHING + standing.paid_in_all,
        patient_owes=_NOTHING + standing.owed_in_all,
        adjusted=_NOTHING + standing.taken_off,
        payer_claim_number=number,
        is_file_taken=is_file_taken,
        said_on=max(days, default=None),
        codes=tuple(dict.fromkeys(f"{one.group}-{one.reason}" for one in standing.unpaid if one.group)),
    )


def _is_decided(standing: Standing) -> bool:
    """What a later payer said before the first, without paying, decides nothing; nor what was taken back whole."""
    return standing.is_answered or bool(standing.unpaid) or standing.paid_in_all != 0


def _word(standing: Standing) -> str:
    if not standing.unpaid:
        return PAID if standing.is_answered else PARTLY_PAID
    if standing.paid_in_all > 0 or standing.owed_in_all > 0:
        return PARTLY_PAID
    return REVERSED if any(one.reason == TAKEN_BACK for one in standing.unpaid) else DENIED
