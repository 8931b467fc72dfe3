"""What a check finds, before it is known whose page mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from registry.rules.identifiers import npi_fault

STATES = frozenset({
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA",
    "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK",
    "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY", "DC", "AS", "GU", "MP",
    "PR", "VI", "AA", "AE", "AP",
})  # fmt: skip
POSTAL = re.compile(r"[0-9]{5}([0-9]{4})?")


@dataclass(frozen=True, slots=True)
class Found:
    """A fault by word, with its sentence, its field, and the kind of page that mends it."""

    word: str
    sentence: str
    field: str
    kind: str


def whole_postal_fault(of: str, digits: str) -> str:
    """Why a ZIP code cannot stand where all nine digits are wanted (loops 2010AA and 2310C); empty if it can."""
    if not re.fullmatch(r"[0-9]{9}", digits):
        return f"{of}’s postal code needs all nine digits: 80202-1234."
    return f"{of}’s postal code cannot end with 0000. Look the last four digits up." if digits.endswith("0000") else ""


def npi_sentence(of: str, npi: str) -> str:
    """Why a number cannot stand as somebody's NPI; empty if it can."""
    if not npi:
        return f"{of} has no NPI."
    fault = npi_fault(npi)
    return f"{of}: {fault}" if fault else ""
