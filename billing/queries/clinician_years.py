"""What is said of treating clinicians as qualifying APM participants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bhi.accounts.queries import people_of
from billing.models import ClinicianYear
from registry.models import TreatingClinician

PAGE = 50


@dataclass(frozen=True, slots=True)
class YearShown:
    """What was said of a year: None where nobody said anything. `told` is who said it."""

    year: int
    is_qualifying: bool | None
    told: str


@dataclass(frozen=True, slots=True)
class ClinicianRates:
    """A treating clinician with what was said of each year."""

    id: UUID
    name: str
    npi: str
    years: tuple[YearShown, ...]


@dataclass(frozen=True, slots=True)
class RatesPage:
    """A page of the clinicians by name."""

    rows: tuple[ClinicianRates, ...]
    total: int
    page: int
    pages: int

    @property
    def first_row(self) -> int:
        return (self.page - 1) * PAGE + 1


def clinician_rates(organization_id: UUID, years: Sequence[int], *, page: int = 1) -> RatesPage:
    """The treating clinicians with these years. Four statements. A page beyond the last is the last."""
    clinicians = TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "id")
    total = clinicians.count()
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    rows = list(clinicians[(page - 1) * PAGE : page * PAGE])
    people = people_of(organization_id)
    said = {
        (one.clinician_id, one.year): one
        for one in ClinicianYear.objects.filter(organization_id=organization_id, clinician__in=rows, year__in=years)
    }

    def shown(clinician_id: UUID, year: int) -> YearShown:
        one = said.get((clinician_id, year))
        if one is None:
            return YearShown(year, None, "")
        return YearShown(year, one.is_qualifying, str(people[one.changed_by_id]))

    return RatesPage(
        rows=tuple(
            ClinicianRates(row.id, str(row), row.npi, tuple(shown(row.id, year) for year in years)) for row in rows
        ),
        total=total,
        page=page,
        pages=pages,
    )
