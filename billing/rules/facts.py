"""Everything that one month's verdict rests on, alone and replayable.

A `MonthFacts` and the rule book it names give the same verdict in ten years as today; that is what a month's
close freezes. Later versions may add fields with defaults, never change the meaning of one.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from billing.rules import canonical
from billing.rules.canonical import Unreadable
from caseload.rules.minutes import MonthMinutes

FACTS_VERSION = 2

STANDARD, QUALIFYING = "standard", "qualifying"

OptionValue: TypeAlias = bool | int | str | tuple[str, ...] | None


class FactsFromALaterVersion(ValueError):
    """Stored facts were written by a later version of the product than the one that reads them."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit with the billing practitioner (`by` "billing") or another ("other")."""

    on: date
    code: str
    by: str = "billing"


@dataclass(frozen=True, slots=True)
class OtherService:
    """Another care-management or colliding service of the month, and who bills it; its own minutes where
    known.
    """

    code: str
    by: str = "billing"
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class EarlierLine:
    """What an earlier month billed."""

    month: str
    code: str
    units: int = 1


@dataclass(frozen=True, slots=True)
class AccessModel:
    """Alignment to a participant of the CMS ACCESS model, and whether this practice is that participant."""

    aligned: bool = False
    participant: bool = False


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """One patient's calendar month.

    `payer` is a family of rule books and `options` the payer profile's overrides, as sorted pairs. `program`
    is the one at the month's end. `episode_from` is the referral, where it came before `enrolled_on`.
    `diagnoses` are those of the month, `care_plans`, `scores` and `reviews` the dates of all that exist.
    `assumed_care_plans` are dated by an import whose file said nothing of plans: they serve, and are flagged.
    A visit whose code is unknown ("") serves and is flagged likewise.
    `served_before` and `billed_before` are months of CoCM before this product knew the patient; such a month
    counts as one that had a line. `own_served` and `own_lines` are earlier months of this product: those with
    any counting CoCM second, and what they billed (`verdicts.judge_in_order` fills them in). `conversion` is
    `standard` or, where the billing clinician was a qualifying APM participant in the year, `qualifying`: Medicare
    then pays by the higher factor. Since version 2.
    """

    month: str
    enrolled_on: date
    episode_from: date | None = None
    program: str = "cocm"
    payer: str = "medicare_ffs"
    options: tuple[tuple[str, OptionValue], ...] = ()
    setting: str = "office"
    place_of_service: str = "11"
    time: MonthMinutes = field(default_factory=MonthMinutes)
    visits: tuple[Visit, ...] = ()
    diagnoses: tuple[str, ...] = ()
    care_plans: tuple[date, ...] = ()
    assumed_care_plans: tuple[date, ...] = ()
    scores: tuple[date, ...] = ()
    reviews: tuple[date, ...] = ()
    other_services: tuple[OtherService, ...] = ()
    served_before: tuple[str, ...] = ()
    billed_before: tuple[EarlierLine, ...] = ()
    own_served: tuple[str, ...] = ()
    own_lines: tuple[EarlierLine, ...] = ()
    access: AccessModel | None = None
    conversion: str = STANDARD
    facts_version: int = FACTS_VERSION


def to_json(facts: MonthFacts) -> str:
    """The facts as canonical JSON, as a close freezes them."""
    return canonical.to_json(facts)


def sha256(facts: MonthFacts) -> str:
    """The fingerprint of the facts."""
    return canonical.sha256(facts)


def from_json(text: str) -> MonthFacts:
    """Facts as they were frozen, by this version or an earlier one.

    Raises FactsFromALaterVersion, or Unreadable where a field is not of the version that the document
    claims.
    """
    document = json.loads(text)
    if not isinstance(document, dict):
        raise Unreadable("facts are a JSON object")
    version = document.get("facts_version", FACTS_VERSION)
    if version > FACTS_VERSION:
        raise FactsFromALaterVersion(f"facts of version {version}; this product reads up to {FACTS_VERSION}")
    return canonical.read(MonthFacts, document)
