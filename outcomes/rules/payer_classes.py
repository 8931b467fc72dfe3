"""What kind of coverage a payer is, where nobody said so."""

from __future__ import annotations

import re

MEDICARE, MEDICAID, COMMERCIAL, SELF_PAY = "medicare", "medicaid", "commercial", "self_pay"


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
    if re.search(r"(?<![a-z])medicaid(?![a-z])", found):
        return MEDICAID
    return MEDICARE if re.search(r"(?<![a-z])medicare(?![a-z])", found) else ""
