"""The roles that addresses are given to, and what a line of the access table says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.walls.made import Made, nothing

CM, PC, TC, BILLING, LEAD, ADMIN = ROLES = (
    "care_manager",
    "psychiatric_consultant",
    "treating_clinician",
    "billing",
    "clinic_lead",
    "admin",
)
EVERYONE: Final = frozenset(ROLES)
CLINICAL: Final = frozenset({CM, PC, TC, LEAD})
DECIDING: Final = frozenset({TC})
LOGGING: Final = frozenset({CM, LEAD})
IMPORTING: Final = frozenset({CM, LEAD, ADMIN})
MONTHS: Final = frozenset({BILLING, LEAD})
CLAIMS: Final = frozenset({BILLING})
RECORDING: Final = frozenset({CM, BILLING, LEAD})
LOOKING_BACK: Final = frozenset({BILLING, LEAD, ADMIN})
TRYING: Final = frozenset({CM, BILLING, LEAD, ADMIN})
FILING: Final = frozenset({BILLING, LEAD, ADMIN})
PAYING: Final = frozenset({BILLING, LEAD, ADMIN})
TELLING: Final = frozenset({CM, BILLING, LEAD})
MENDING: Final = frozenset({CM, BILLING, LEAD})
PRACTICE: Final = frozenset({BILLING, LEAD, ADMIN})
AUDITING: Final = frozenset({ADMIN})
SETTING: Final = frozenset({LEAD, ADMIN})
REVIEWING: Final = frozenset({CM, PC, LEAD})
CONSULTING: Final = frozenset({PC})
SLOTS: Final = frozenset({PC, LEAD, ADMIN})
REFERRING: Final = frozenset({CM, TC, LEAD})
EDITING: Final = frozenset({CM, LEAD})


@dataclass(frozen=True)
class Url:
    roles: frozenset[str] = EVERYONE
    get: int | None = 200
    post: int | None = None
    made: Made = nothing
    shows: str = ""
    is_open: bool = False  # outside organizations: whether a stranger may
    signed_in: int | None = None  # outside organizations: what who has signed in gets instead, whatever the method
