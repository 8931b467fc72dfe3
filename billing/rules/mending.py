"""Who mends what keeps a claim from leaving."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from billing.rules.x12.faults import Fault


class Mender(StrEnum):
    """By what somebody does, not by their role: a lead does all of it but the makers' part."""

    BILLING = "billing"  # name, address, insurance, NPI, how and to whom is filed
    CARE = "care"  # what rests on talking with the patient: consent, diagnoses, who treats
    SETTINGS = "settings"  # the clinic itself
    MAKERS = "makers"  # a fault of the product


_MENDERS: Final = {
    "consent": Mender.CARE,
    "diagnoses": Mender.CARE,
    "part_two": Mender.CARE,
    "clinic": Mender.SETTINGS,
    "product": Mender.MAKERS,
}
NO_CLINICIAN: Final = "clinician_missing"
"""Said of the month, and mended in the enrolment's care team."""


def mender_of(fault: Fault) -> Mender:
    """Who mends a fault. What no table names billing mends, on the month's page or in the settings of filing."""
    return Mender.CARE if fault.word == NO_CLINICIAN else _MENDERS.get(fault.kind, Mender.BILLING)
