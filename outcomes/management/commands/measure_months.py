"""`manage.py measure_months --org SLUG --from 2026-01 --until 2026-03`: measure open months at once."""

from __future__ import annotations

from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bhi.accounts.queries import system_membership
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from caseload.rules.clock import first_day
from outcomes.operations.measuring import MonthFrozen, measure_month
from outcomes.rules.months import next_month


def _month(text: str) -> date:
    try:
        return first_day(text)
    except ValueError as fault:
        raise ArgumentTypeError(str(fault)) from None


class Command(BaseCommand):
    help = "Measures months of an organization that are not frozen, as the night does. Frozen ones are left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--org", required=True, metavar="SLUG", help="the organization")
        parser.add_argument("--from", required=True, dest="first", type=_month, metavar="MONTH", help="like 2026-01")
        parser.add_argument("--until", required=True, dest="last", type=_month, metavar="MONTH", help="its last month")

    def handle(self, *args: Any, org: str, first: date, last: date, **options: Any) -> None:
        organization = Organization.objects.filter(slug=org).first()
        if organization is None:
            raise CommandError(f"There is no organization {org!r}.")
        if last < first:
            raise CommandError("The last month lies before the first.")
        while first <= last:
            self.stdout.write(f"{first:%Y-%m}: {_measured(organization, first)}")
            first = next_month(first)


def _measured(organization: Organization, month: date) -> str:
    with tenant(organization):
        try:
            measure_month(
                organization_id=organization.id,
                month=month,
                by=system_membership(organization),
                at=timezone.now(),
            )
        except MonthFrozen:
            return "frozen, left as it is"
    return "measured"
