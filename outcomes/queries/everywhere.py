"""Measures in every organization where one person works, each asked inside its own wall and never added up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission
from bhi.accounts.queries import membership_of, seats_of
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import looking_as
from outcomes.queries.consultant_hours import hours_sheet
from outcomes.queries.measured import measured_months
from outcomes.queries.numbers import EVERYBODY, Numbers, Only, numbers_of
from outcomes.rules.experience import ANSWERS
from outcomes.rules.invoice import HoursSum
from outcomes.rules.measures import HEADLINES, measure
from outcomes.rules.numbers import Number

OF_REVIEWS: Final = (
    "enrolled",
    "reviewed_30",
    "consultation",
    "decision_days",
    "closed_14",
    "improvement",
    "remission",
)
"""What a psychiatric consultant sees of a program: how its patients do, and what became of the advice."""


@dataclass(frozen=True, slots=True)
class Place:
    """One organization as its person sees it. `whose`: "program", "review" or "own", by what the seat may do.

    `numbers` are by measure; empty where the month is not measured there. `hours` are a consultant's own of the month.
    """

    membership: Membership
    whose: str
    is_measured: bool
    numbers: dict[str, Number]
    hours: HoursSum | None

    @property
    def name(self) -> str:
        """The organization's."""
        return self.membership.organization.name

    @property
    def slug(self) -> str:
        """Its part of an address."""
        return self.membership.organization.slug


def places_of(user_id: UUID, month: date, *, at: datetime) -> tuple[Place, ...]:
    """Every organization in which the person may see measures, or worked as a consultant, in a month.

    For each the seat, the change of organization, at most five statements for measures and six for hours.
    """
    memberships = [membership_of(user_id, seat.slug) for seat in seats_of(user_id)]
    found = (_place(membership, month, at) for membership in memberships if membership is not None)
    return tuple(place for place in found if place is not None)


def rows_of(places: Sequence[Place]) -> list[tuple[str, list[tuple[Place, Number | None]]]]:
    """A row for each measure that is shown anywhere, in the order of the headlines: its key, a cell for each place."""
    shown = {key for place in places for key in place.numbers}
    order = dict.fromkeys((*HEADLINES, *OF_REVIEWS))
    return [(key, [(place, place.numbers.get(key)) for place in places]) for key in order if key in shown]


def _place(membership: Membership, month: date, at: datetime) -> Place | None:
    with tenant(membership.organization_id) as organization_id, looking_as(membership, at, is_nested=True) as sight:
        may = permissions_here(membership)
        whose = _whose(may)
        if not whose:
            return None
        editions = measured_months(organization_id, [month])
        only = Only(care_manager_id=membership.id) if whose == "own" else EVERYBODY
        found: Numbers = numbers_of(organization_id, list(editions.values()), keys=_keys(whose, may), only=only)
        hours = None
        if Permission.SIGN_REVIEW in may:
            sheet = hours_sheet(organization_id, month, clinics=sight.clinics)
            hours = next((one.sum for one in sheet.consultants if one.id == membership.id), None)
        numbers = {key: number for (_, _, key), number in found.items()}
        return Place(membership, whose, bool(editions), numbers, hours)


def _whose(may: Collection[Permission]) -> str:
    """Whose numbers a seat sees: of the program, of the program's reviews, or of its own caseload."""
    if Permission.VIEW_OUTCOMES in may:
        return "program"
    if Permission.SIGN_REVIEW in may:
        return "review"
    return "own" if Permission.VIEW_OWN_OUTCOMES in may else ""


def _keys(whose: str, may: Collection[Permission]) -> list[str]:
    keys = OF_REVIEWS if whose == "review" else HEADLINES
    sees_money = whose == "program" and Permission.VIEW_MONEY in may
    return [key for key in keys if key not in ANSWERS and (sees_money or not measure(key).is_money)]
