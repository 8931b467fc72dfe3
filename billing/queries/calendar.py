"""Months as an organization's clinics live them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Clinic
from caseload.rules.clock import local_date, month_index, month_named, month_of, month_starts_and_ends

MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

# The months that an address can name.
FIRST, LAST = month_index("2000-01"), month_index("2099-12")


@dataclass(frozen=True, slots=True)
class ClinicCalendar:
    """The zones of an organization's clinics, read once, and what they say of an instant; the first is its page's."""

    zones: tuple[ZoneInfo, ...]

    @property
    def page_zone(self) -> ZoneInfo:
        return self.zones[0] if self.zones else ZoneInfo("UTC")

    def present_month(self, at: datetime) -> str:
        """The month that an instant lies in; where clinics' zones differ about it, the earlier one."""
        return min((month_of(local_date(at, zone)) for zone in self.zones), default=month_of(at.date()))

    def is_over(self, month: str, at: datetime) -> bool:
        """Whether the month has ended in the zone of every clinic."""
        return all(month_starts_and_ends(month, zone)[1] <= at for zone in self.zones)


def clinic_calendar(organization_id: UUID) -> ClinicCalendar:
    """The organization's calendar, its first clinic by name first. One statement."""
    rows = Clinic.objects.filter(organization_id=organization_id).order_by("name").values_list("time_zone", flat=True)
    return ClinicCalendar(tuple(ZoneInfo(name) for name in rows))


def present_month(organization_id: UUID, at: datetime) -> str:
    """The month that an instant lies in; where clinics' zones differ about it, the earlier one, which still runs."""
    return clinic_calendar(organization_id).present_month(at)


def is_over(organization_id: UUID, month: str, at: datetime) -> bool:
    """Whether the month has ended in the zone of every clinic."""
    return clinic_calendar(organization_id).is_over(month, at)


def page_zone(organization_id: UUID) -> ZoneInfo:
    """The zone in which pages of the whole organization tell days: that of its first clinic by name."""
    return clinic_calendar(organization_id).page_zone


def month_title(month: str) -> str:
    """`October 2026`."""
    year, number = month.split("-")
    return f"{MONTH_NAMES[int(number) - 1]} {year}"


def neighbours(month: str) -> tuple[str, str]:
    """The month before and the month after, of those that have a page; at either end the month itself."""
    index = month_index(month)
    return month_named(max(index - 1, FIRST)), month_named(min(index + 1, LAST))
