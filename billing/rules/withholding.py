"""Leaving parts out of a patient's copy: which may be, who decides, and what the patient is told (45 CFR 164.524)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing.rules.record_copy import SECTIONS

# 164.524(a)(3): a licensed professional decides, and another one reviews it if the patient asks.
REVIEWED: Final = frozenset({"endangers", "others", "representative"})
# What a patient always gets: who they are, what was asked of payers, their consents and their rights.
_ALWAYS: Final = frozenset({"person", "coverage", "enrollment", "consents", "time", "money", "rights"})
# By section: the tables of a copy that may be left out, by name and title.
PARTS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    section.title: tuple((table.name, table.title) for table in section.tables)
    for section in SECTIONS
    if section.key not in _ALWAYS
}
TITLES: Final[Mapping[str, str]] = {name: title for tables in PARTS.values() for name, title in tables}


@dataclass(frozen=True, slots=True)
class Withheld:
    """Parts that a copy leaves out, as the rules see it; `because_words` says the ground in words."""

    parts: tuple[str, ...]
    because: str
    because_words: str
    told: str
    decided_by: str
    licensed_as: str
    decided_on: date
    reviewer: str


def faults_of_withholding(
    *,
    parts: Collection[str],
    because: str,
    told: str,
    decided_by: str,
    licensed_as: str,
    decided_on: date,
    reviewer: str,
    today: date,
) -> dict[str, str]:
    """What cannot be kept of a decision to leave parts out, each under its field's name."""
    found = {}
    if not parts or set(parts) - TITLES.keys():
        found["parts"] = "Choose what is left out. The rest is in the copy: 45 CFR 164.524(d)(1)."
    if not told.strip():
        found["told"] = "Write what the patient is told, in plain words: 45 CFR 164.524(d)(2)."
    if not decided_by.strip():
        found["decided_by"] = "Name who decided."
    if decided_on > today:
        found["decided_on"] = "This day is still to come. Enter the day of the decision."
    return found | (_faults_of_review(decided_by, licensed_as, reviewer) if because in REVIEWED else {})


def _faults_of_review(decided_by: str, licensed_as: str, reviewer: str) -> dict[str, str]:
    """164.524(a)(3) and (4)."""
    found = {}
    if not licensed_as.strip():
        found["licensed_as"] = "A licensed health care professional decides this. Enter their profession and license."
    if not reviewer.strip():
        found["reviewer"] = "Name a licensed professional who reviews it if the patient asks."
    elif reviewer.strip().casefold() == decided_by.strip().casefold():
        found["reviewer"] = "Who decided cannot review it. Name somebody who took no part."
    return found


def said_of(one: Withheld) -> Iterator[str]:
    """What the copy says of it: what, why, who, and what the patient can do (164.524(d)(2))."""
    titles = ", ".join(TITLES.get(part, part) for part in one.parts)
    yield f"Left out of this copy: {titles}. {one.told}"
    by = ", ".join(filter(None, (one.decided_by, one.licensed_as)))
    on = f"{one.decided_on:%B} {one.decided_on.day}, {one.decided_on.year}"
    yield f"Why: {one.because_words}. Decided on {on} by {by}."
    if one.because in REVIEWED:
        yield (
            f"You may ask us to have this reviewed. {one.reviewer}, who took no part in the decision, then looks at "
            "it, and we do what they decide."
        )
    else:
        yield "The law gives no review of this decision."
    yield (
        "You may complain to us, or to the Secretary of the U.S. Department of Health and Human Services: "
        "hhs.gov/ocr/complaints, 1-800-368-1019."
    )
