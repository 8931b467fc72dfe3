"""The demonstration has a year of outcomes to look at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Organization
from billing.operations.demonstration import SLUG, load_demonstration
from outcomes.models import MeasuredMonth, OutcomeReport, ScreeningFile
from outcomes.operations.demonstration import tell_outcomes
from outcomes.queries.numbers import numbers
from outcomes.rules.measures import HEADLINES
from outcomes.rules.months import month_before

AT = datetime(2026, 9, 17, 16, 0, tzinfo=UTC)


def test_a_year_of_measures_can_be_looked_at(db: Any) -> None:
    assert not tell_outcomes(at=AT)  # of no demonstration
    load_demonstration(password="a long enough word", at=AT)
    assert tell_outcomes(at=AT)
    assert not tell_outcomes(at=AT)
    with tenant(Organization.objects.get(slug=SLUG)) as organization_id:
        months = MeasuredMonth.objects.order_by("month")
        open_months = [one.month for one in months if one.frozen_at is None]
        assert open_months == [date(2026, 9, 1)]
        assert len(months) >= 8
        recent = [month_before(date(2026, 9, 1), count) for count in (3, 2, 1)]
        found = numbers(organization_id, recent, keys=[*HEADLINES, "caseload_per_fte"])
        told = {key for (_, _, key), number in found.items() if number.subjects}
        assert set(HEADLINES) - told <= {"safety_same_day"}
        per_post = [found[month, None, "caseload_per_fte"].why for month in recent]
        assert per_post == ["", "", ""]
        report = OutcomeReport.objects.get()
        lists = ScreeningFile.objects.values_list("month", "state").order_by("month")
        assert list(lists) == [(date(2026, number, 1), "taken") for number in (5, 6, 7, 8)]
        assert (report.kind, report.measured.month) == ("board", date(2026, 8, 1))
