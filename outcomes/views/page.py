"""What every page of outcomes stands on: which month, of whom, and how far the month is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import sees_all
from bhi.web.asked import own_clinics, seat
from outcomes.forms.asked import Asked, asked_of, month_of
from outcomes.queries.choices import PAYER_CLASSES, PROGRAMS, Choices, choices
from outcomes.queries.dashboard import Edition, Editions
from outcomes.queries.measured import measured_months
from outcomes.queries.numbers import Only
from outcomes.rules.experience import ANSWERS
from outcomes.rules.measure import Measure
from outcomes.rules.measures import UnknownMeasure, measure
from outcomes.rules.months import last_day_of, month_before

COHORTS = 18


@dataclass(frozen=True)
class Page:
    """Who asks for what. `own` is the care manager whose caseload it is, or None for everybody's.

    `month` is None where nothing was measured yet. Three statements.
    """

    by: Membership
    at: datetime
    names: Choices
    editions: Editions
    asked: Asked
    month: date | None
    own: UUID | None
    may: Collection[Permission]

    @property
    def edition(self) -> Edition | None:
        return self.editions.get(self.month) if self.month else None

    @property
    def only(self) -> Only:
        return self.asked.only(self.own)

    @property
    def today(self) -> date:
        return self.names.today(self.at)

    @property
    def is_over(self) -> bool:
        return self.month is not None and self.today > last_day_of(self.month)

    @property
    def sees_money(self) -> bool:
        """Never a care manager's own page: they see no dollars."""
        return self.own is None and Permission.VIEW_MONEY in self.may

    def url(self, name: str, *args: object, **more: object) -> str:
        """An address of this organization's outcomes, narrowed as this page is."""
        path = reverse(name, args=[self.by.organization.slug, *args])
        return f"{path}?{self.asked.query(self.month, **more)}"

    def context(self, current: str) -> dict[str, Any]:
        """What the parts around the page show: tabs, filters, and how far the month is."""
        month = self.month
        return {
            "slug": self.by.organization.slug,
            "current": current,
            "page": self,
            "months": [(f"{one:%Y-%m}", self._month_words(one)) for one in sorted(self.editions, reverse=True)],
            "month": f"{month:%Y-%m}" if month else "",
            "programs": PROGRAMS.items(),
            "kinds": PAYER_CLASSES.items(),
            "cohorts": [(f"{one:%Y-%m}", f"{one:%B %Y}") for one in _cohorts(month)],
            "cohort": f"{self.asked.cohort:%Y-%m}" if self.asked.cohort else "",
            "sees_all": sees_all(),
        }

    def _month_words(self, month: date) -> str:
        """`October 2026`, `November 2026, so far`, `September 2026, frozen`."""
        state = ", so far" if self.today <= last_day_of(month) else ", frozen" if self.editions[month].frozen_at else ""
        return f"{month:%B %Y}{state}"


def page_of(request: HttpRequest, *, is_own: bool = False) -> Page:
    """The page that a request asks for: of the month that it names, else of the last one that is over."""
    by, at = seat(request), timezone.now()
    names = choices(by.organization_id, own_clinics=own_clinics(request), with_people=not is_own)
    editions = measured_months(by.organization_id)
    named = month_of(request.GET.get("month", ""))
    return Page(
        by=by,
        at=at,
        names=names,
        editions=editions,
        asked=asked_of(request.GET, names),
        month=named if named in editions else _usual_month(editions, names.today(at)),
        own=by.id if is_own else None,
        may=permissions_here(by),
    )


def measure_of(page: Page, key: str) -> Measure:
    """The measure that an address names. Those of money are not there for who may not see money, nor is what patients
    said of the program on one's own pages.
    """
    try:
        found = measure(key)
    except UnknownMeasure:
        raise Http404 from None
    if (found.is_money and not page.sees_money) or (found.key in ANSWERS and page.own):
        raise Http404
    return found


def _usual_month(editions: Collection[date], today: date) -> date | None:
    """The last month that is over; where none is, the last that was measured."""
    over = [month for month in editions if last_day_of(month) < today]
    return max(over or editions, default=None)


def _cohorts(month: date | None) -> list[date]:
    return [month_before(month, back) for back in range(COHORTS)] if month else []
