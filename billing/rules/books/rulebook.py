"""A payer's rules as they hold from one date on: typed, and each with its citation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.rules.books.options import Options
from billing.rules.findings import Citation


@dataclass(frozen=True, slots=True)
class CodeRule:
    """One code. Minutes are whole; `None` says that the code has no such threshold.

    `midpoint_minutes` is the least that bills under the midpoint rule, `full_minutes` the stated time;
    `later_full_minutes` that of the months after the first, for a code that serves both.
    """

    code: str
    label: str
    full_minutes: int | None = None
    midpoint_minutes: int | None = None
    later_full_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Payment:
    """National amounts of one unit, outside and inside a facility."""

    nonfacility: Decimal | None = None
    facility: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The ACCESS model: its co-management code and how often that may be billed."""

    comanagement_code: str
    comanagement_limit: int
    comanagement_months: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a line of the BHI family must have beside its minutes."""

    visit_codes: frozenset[str]
    visit_within_years: int
    diagnosis_prefixes: tuple[str, ...]
    other_biller_codes: frozenset[str]
    care_plan: bool
    rating_scale: bool
    case_review: bool
    engagement: bool


@dataclass(frozen=True, slots=True, eq=False)
class RuleBook:
    """One family's rules from `effective` on. Compared by identity; `sha256` pins it with all that it
    extends.

    `citations` and `values` hold by field path (`codes.99492.midpoint_minutes`) everything that the book and what it
    extends say; `payment` by year and code, of this family's own books only. `notes` are words for people
    (`attestation`, `authorization`, `billers`, …), on which no verdict rests.
    """

    id: str
    family: str
    effective: date
    title: str
    sha256: str
    codes: Mapping[str, CodeRule]
    options: Options
    requirements: Requirements
    run_gap_months: int
    facility_places: frozenset[str]
    clinic_settings: frozenset[str]
    clinic_cocm_code: str
    clinic_bhi_code: str
    apcm_base_codes: tuple[str, ...]
    apcm_excludes: tuple[str, ...]
    has_apcm_addons: bool
    access: Access | None
    payment: Mapping[tuple[int, str], Payment]
    citations: Mapping[str, Citation]
    values: Mapping[str, Any]
    notes: Mapping[str, str]
    authorization_after_months: int | None
    extends: str | None

    def cite(self, field: str) -> Citation:
        """Who says what a field holds, and which book set it."""
        return self.citations[field]
