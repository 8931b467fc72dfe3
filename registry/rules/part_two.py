"""42 CFR part 2: when records of a substance use disorder program may leave, and what goes with them.

The rule in force since February 16, 2026 (89 FR 12472). A record is covered where somebody marked it as coming from
such a program, or where the practice or its clinic was declared to be one; what a practice asks itself in primary care
usually is not (2.11, 2.12), so nothing is marked by guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

# The short statement that 42 CFR 2.32(a)(2) gives, to stand on whatever is disclosed.
NOTICE: Final = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


class Use(StrEnum):
    """What something leaves for. The first three are covered by one consent for all (2.31(a)(4)(i), 2.33(b))."""

    TREATMENT = "treatment"
    PAYMENT = "payment"
    OPERATIONS = "operations"
    TO_PATIENT = "to_patient"


TPO: Final = frozenset({Use.TREATMENT, Use.PAYMENT, Use.OPERATIONS})


class Purpose(StrEnum):
    """What a consent is for."""

    TPO = "tpo"
    SPECIFIC = "specific"
    NOTES = "notes"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A written consent as the rules see it. `until_on` is the last day on which it holds."""

    purpose: str
    signed_on: date
    until_on: date | None
    is_revoked: bool
    recipient: str = ""
    what: str = ""

    def holds_on(self, on: date) -> bool:
        """Signed by that day, not ended, not revoked. A revocation holds from when it is recorded (2.31(a)(6))."""
        return not self.is_revoked and self.signed_on <= on and (self.until_on is None or on <= self.until_on)

    @property
    def scope(self) -> str:
        """What it allows, in a sentence: 2.32(b) asks for the consent or this beside what is disclosed."""
        until = f", until {_day(self.until_on)}" if self.until_on else ""
        return (
            f"Disclosed with the patient's consent of {_day(self.signed_on)}{until}: {self.what}, to {self.recipient}."
        )


def consent_for(consents: Iterable[ConsentGiven], use: Use, on: date) -> ConsentGiven | None:
    """The consent under which a marked record may leave for treatment, payment or operations; None: it may not.

    A consent for one named purpose, for counseling notes or for a proceeding never covers another use.
    """
    standing = [one for one in consents if one.purpose == Purpose.TPO and one.holds_on(on)]
    return max(standing, key=lambda one: one.signed_on, default=None) if use in TPO else None


def kept_purpose(purpose: str, also: Iterable[str]) -> str:
    """What a paper with several purposes is kept as: treatment, payment and operations where that is one of them,
    since that is what the gate asks for. The other one stays in the words of the purpose.
    """
    return Purpose.TPO if Purpose.TPO in also else purpose


def held_on(on: date, *, signed_on: date, until_on: date | None, revoked_on: date | None) -> bool:
    """Whether something that was disclosed on a day could rest on a consent: signed by then, not ended, and not
    revoked on that day or before (2.31(a)(6)).
    """
    is_over = (until_on is not None and until_on < on) or (revoked_on is not None and revoked_on <= on)
    return signed_on <= on and not is_over


def may_leave(*, is_marked: bool, consents: Iterable[ConsentGiven], use: Use, on: date) -> bool:
    """Whether something of a record may leave. The patient may always have their own (2.23)."""
    return not is_marked or use is Use.TO_PATIENT or consent_for(consents, use, on) is not None


def faults_of_mark(*, program_name: str, from_on: date, today: date) -> dict[str, str]:
    """What cannot be kept of a mark, each under its field's name."""
    found = {}
    if not program_name.strip():
        found["program_name"] = "Name the program that the records come from."
    if from_on > today:
        found["from_on"] = "This day is still to come. Enter the day from which the record holds them."
    return found


def faults_of_notice(*, given_on: date, how: str, today: date) -> dict[str, str]:
    """What cannot be kept of a notice that was given (2.22), each under its field's name."""
    found = {}
    if given_on > today:
        found["given_on"] = "This day is still to come. Enter the day on which it was given."
    if not how.strip():
        found["how"] = "Say how: on paper, by e-mail, read aloud."
    return found


def faults_of_consent(
    *,
    purpose: str,
    also: Iterable[str],
    purpose_text: str,
    signed_on: date,
    until_on: date | None,
    until_event: str,
    today: date,
) -> dict[str, str]:
    """What a written consent lacks or may not say (2.31(a), (b), (d)), each under its field's name.

    `also` are further purposes on the same paper.
    """
    found = {}
    others = set(also) - {purpose}
    if (purpose == Purpose.LEGAL and others) or Purpose.LEGAL in others:
        found["also"] = "A consent for a proceeding stands alone: 42 CFR 2.31(d). Have another one signed for the rest."
    elif (purpose == Purpose.NOTES and others) or Purpose.NOTES in others:
        found["also"] = "A consent for counseling notes stands alone: 42 CFR 2.31(b). Have another one signed."
    names_none = purpose == Purpose.TPO and not others & {Purpose.SPECIFIC}
    if not names_none and not purpose_text.strip():
        found["purpose_text"] = "Name the purpose: only the one for treatment, payment and operations needs no other."
    if signed_on > today:
        found["signed_on"] = "This day is still to come. Enter the day of the signature."
    if until_on is None and not until_event.strip():
        found["until_on"] = "Enter the day on which it ends, or the event. For treatment, payment and operations: none."
    if until_on is not None and until_on < signed_on:
        found["until_on"] = "It would end before it was signed. Change one of the days."
    return found


def refused_words(use: Use) -> str:
    """Why something of a marked record does not leave, and what to do."""
    return (
        f"Records of a substance use disorder program are in it, and no consent under 42 CFR part 2 allows them to "
        f"leave for {use.value}. Have the patient sign one, or end the mark if it is wrong: both under Record rights."
    )


def _day(on: date) -> str:
    return f"{on:%B} {on.day}, {on.year}"
