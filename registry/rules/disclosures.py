"""Which disclosures a patient is told of when they ask for an accounting (45 CFR 164.528)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

YEARS: Final = 6
CONSENTED_YEARS: Final = 3
# 45 CFR 164.528(a)(1)(i), (ii), (iv): none of these is accounted for.
NOT_ACCOUNTED: Final = frozenset({"treatment", "payment", "operations", "to_patient"})


def accounted_from(asked_on: date) -> date:
    """The first day of the six years before a request; February 29 goes by the 28th."""
    return _years_before(asked_on, YEARS)


def consented_from(asked_on: date) -> date:
    """The first day of the three years of which what left with a consent under 42 CFR part 2 is told (2.25)."""
    return _years_before(asked_on, CONSENTED_YEARS)


def is_accounted(purpose: str, on: date, *, asked_on: date) -> bool:
    """Whether a disclosure belongs in the accounting asked for on a day."""
    return purpose not in NOT_ACCOUNTED and accounted_from(asked_on) <= on <= asked_on


def faults_of_disclosure(
    *,
    on: date,
    today: date,
    recipient: str,
    what: str,
    why: str,
    purpose: str,
    is_marked: bool,
    has_consent: bool,
    consent_held: bool = True,
) -> Mapping[str, str]:
    """What an accounting would lack of a disclosure (164.528(b)(2)), each under its field's name.

    What was disclosed is recorded however it came about: of a record under 42 CFR part 2 with the consent that
    allowed it, or why it went without. `consent_held`: the consent that is named was in force on that day.
    """
    found = {}
    if on > today:
        found["on"] = "This day is still to come. Enter the day on which it was disclosed."
    if not recipient.strip():
        found["recipient"] = "Name who received it."
    if not what.strip():
        found["what"] = "Say what was disclosed."
    if has_consent and not consent_held:
        found["consent"] = "This consent did not hold on that day. Choose the one that did, or none and say why."
    needs_why = purpose not in NOT_ACCOUNTED or (is_marked and not has_consent and purpose != "to_patient")
    if needs_why and not why.strip():
        found["why"] = (
            "Part of this record is under 42 CFR part 2. Choose the consent, or say what allowed it without one."
            if is_marked and not has_consent
            else "Say in a sentence why, or name the written request that it answers."
        )
    return found


def _years_before(on: date, years: int) -> date:
    try:
        return on.replace(year=on.year - years)
    except ValueError:
        return on.replace(year=on.year - years, day=28)
