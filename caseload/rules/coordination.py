"""What was asked of others about a patient: other care that they were sent to, and questions to their clinician.

Nothing of it ends by itself. A referral is followed until the patient was seen there, or somebody says why not; a
request until it is answered, or somebody says why it needs no answer. Source: care coordination, 5.3 and 7 of the
clinical rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Fault:
    """Why something cannot be recorded so, and the field where that is mended."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class ReferralStep:
    """What is known of a referral now. `seen_on` or `closed_because` ends it; else it is asked again on `check_on`."""

    scheduled_on: date | None = None
    seen_on: date | None = None
    seen_confirmed_by: str = ""
    check_on: date | None = None
    closed_because: str = ""

    @property
    def is_end(self) -> bool:
        return self.seen_on is not None or bool(self.closed_because)


def faults_of_referral(step: ReferralStep, *, sent_on: date, today: date) -> tuple[Fault, ...]:
    """Why the step cannot be recorded on the clinic's day `today`; empty where it can."""
    found = []
    if sent_on > today:
        found.append(Fault("sent_on", "This day is in the future. Correct it."))
    if step.scheduled_on is not None and step.scheduled_on < sent_on:
        found.append(Fault("scheduled_on", "The appointment is before the referral was sent. Correct it."))
    if step.seen_on is not None:
        found += _seen_faults(step, step.seen_on, sent_on=sent_on, today=today)
    elif not step.closed_because:
        found += _open_faults(step, today=today)
    return tuple(found)


def faults_of_request(*, asked_on: date, due_on: date, today: date) -> tuple[Fault, ...]:
    """Why a request cannot be recorded so; empty where it can."""
    found = []
    if asked_on > today:
        found.append(Fault("asked_on", "This day is in the future. Correct it."))
    if due_on < asked_on:
        found.append(Fault("due_on", "The answer cannot be due before the question. Choose a later day."))
    return tuple(found)


def faults_of_answer(*, answered_on: date, asked_on: date, today: date) -> tuple[Fault, ...]:
    """Why an answer cannot be of this day; empty where it can."""
    if answered_on < asked_on:
        return (Fault("answered_on", "The answer is before the question. Correct the day."),)
    if answered_on > today:
        return (Fault("answered_on", "This day is in the future. Correct it."),)
    return ()


def _seen_faults(step: ReferralStep, seen_on: date, *, sent_on: date, today: date) -> list[Fault]:
    found = []
    if seen_on < sent_on:
        found.append(Fault("seen_on", "The referral was sent after this day. Correct it."))
    if seen_on > today:
        found.append(Fault("seen_on", "This day is in the future. Correct it."))
    if not step.seen_confirmed_by:
        found.append(Fault("seen_confirmed_by", "Enter who confirmed that the patient was seen."))
    if step.closed_because:
        found.append(Fault("closed_because", "The patient was seen: clear this, or clear the day on which."))
    return found


def _open_faults(step: ReferralStep, *, today: date) -> list[Fault]:
    if step.check_on is None:
        return [Fault("check_on", "Enter when to ask again, or say below why it ends without a visit.")]
    if step.check_on < today:
        return [Fault("check_on", "This day is over. Choose today or a later day.")]
    return []
