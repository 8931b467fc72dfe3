"""Who holds an insurance: the patient, or somebody through whom the patient is insured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from registry.rules.people import birth_date_fault

SELF: Final = "self"
RELATIONSHIPS: Final = (
    (SELF, "The patient"),
    ("spouse", "The patient’s spouse"),
    ("child", "A parent: the patient is a child"),
    ("other", "Somebody else"),
)
NAMES: Final = ("subscriber_family_name", "subscriber_given_name")
ADDRESS: Final = ("subscriber_address", "subscriber_city", "subscriber_state", "subscriber_postal_code")
HOLDER: Final = (*NAMES, "subscriber_birth_date", "subscriber_sex", *ADDRESS)
"""What is kept of a holder who is not the patient."""
HELD: Final = ("group_number", "relationship", *HOLDER)


def holder_faults(values: Mapping[str, Any], *, today: date) -> dict[str, str]:
    """What is wrong with who holds an insurance, by field.

    Where the patient holds it nothing more is needed. Somebody else has a name and a birth date; an address is whole
    or empty (005010X222A1, loops 2010BA and 2000C).
    """
    relationship = values.get("relationship") or SELF
    if relationship not in dict(RELATIONSHIPS):
        return {"relationship": "Choose who holds it."}
    if relationship == SELF:
        return {}
    born = values.get("subscriber_birth_date")
    faults = {
        "subscriber_family_name": "" if values.get(NAMES[0]) else "Enter the family name, as the card says it.",
        "subscriber_given_name": "" if values.get(NAMES[1]) else "Enter the given name, as the card says it.",
        "subscriber_birth_date": birth_date_fault(born, today=today) if born else "Enter the birth date.",
        **_address_faults(values),
    }
    return {field: fault for field, fault in faults.items() if fault}


def held_by(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values as they are kept: of a patient who holds it alone nothing of anybody else."""
    if (values.get("relationship") or SELF) != SELF:
        return dict(values)
    nothing: dict[str, Any] = dict.fromkeys(HOLDER, "")
    return {**values, "relationship": SELF, **nothing, "subscriber_birth_date": None}


def _address_faults(values: Mapping[str, Any]) -> dict[str, str]:
    street, city, state, postal_code = (values.get(name) or "" for name in ADDRESS)
    if not any((street, city, state, postal_code)):
        return {}
    return {
        ADDRESS[0]: "" if street else "Enter the street, or clear the rest of the address.",
        ADDRESS[1]: "" if city else "Enter the city, or clear the rest of the address.",
        ADDRESS[2]: "" if re.fullmatch(r"[A-Z]{2}", state) else "Enter the two letters of the state, such as IL.",
        ADDRESS[3]: (
            ""
            if re.fullmatch(r"\d{5}(-?\d{4})?", postal_code)
            else "A ZIP code has five or nine digits, such as 60614 or 60614-2035."
        ),
    }
