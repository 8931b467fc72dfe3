"""What a check finds, before it is known whose page mends it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from billing.rules.filing import whole_postal_code_fault
from registry.rules.identifiers import npi_fault

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
    fault = whole_postal_code_fault(digits)
    return f"{of}’s postal code: {fault}" if fault else ""


def npi_sentence(of: str, npi: str) -> str:
    """Why a number cannot stand as somebody's NPI; empty if it can."""
    if not npi:
        return f"{of} has no NPI."
    fault = npi_fault(npi)
    return f"{of}: {fault}" if fault else ""
