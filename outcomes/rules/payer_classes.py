"""What kind of coverage a payer is, where nobody said so."""

from __future__ import annotations

import re

MEDICARE, MEDICAID, COMMERCIAL, SELF_PAY = "medicare", "medicaid", "commercial", "self_pay"
# What states call their Medicaid programs, where the name belongs to nothing else. Plans carry it in brackets or after
# their own: Sunflower Health Plan (KanCare).
MEDICAID_PROGRAMS = (
    *("medicaid", "medi-cal", "masshealth", "tenncare", "kancare", "badgercare", "soonercare", "mainecare"),
    *("apple health", "ahcccs", "mo healthnet", "husky health", "denalicare", "health first colorado"),
    *("hoosier healthwise", "healthy indiana plan", "nj familycare", "med-quest", "turquoise care"),
    *("oregon health plan", "healthy louisiana"),
)


def class_of(name: str, family: str, *, is_self_pay: bool = False) -> str:
    """The class by the payer's family of rule books, else by its name; commercial where neither tells.

    A family that is no more than the careful default says nothing of the payer. One that covers people with both
    counts as Medicaid, for the states that ask for their own.
    """
    if is_self_pay:
        return SELF_PAY
    return _told_by(family) or _told_by(name) or COMMERCIAL


def _told_by(words: str) -> str:
    found = words.lower()
    if any(_names(program, found) for program in MEDICAID_PROGRAMS):
        return MEDICAID
    return MEDICARE if _names("medicare", found) else ""


def _names(program: str, words: str) -> bool:
    return re.search(rf"(?<![a-z]){re.escape(program)}(?![a-z])", words) is not None
