"""Two who measure or freeze one month at once: real connections, every transaction commits."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bhi.tenancy.context import tenant
from outcomes.models import MeasuredEpisode, MeasuredMonth
from outcomes.operations.measuring import MonthFrozen, freeze_month, measure_month
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW
from tests.outcomes.months_measured import MARCH, enrolled
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 4, 15, 9, 0, tzinfo=UTC)


def test_four_who_measure_at_once_make_one_month(organization: Any, clinic: Any) -> None:
    with tenant(organization):
        seat = system_seat(organization)
        enrolled(organization, clinic)

    def measure() -> Any:
        return measure_month(organization_id=organization.id, month=MARCH, by=seat, at=NOW).id

    found = at_once(organization, [measure] * 4)
    with tenant(organization):
        assert set(found) == {MeasuredMonth.objects.get().id}
        assert MeasuredEpisode.objects.count() == 1


def test_who_measures_while_another_freezes_waits_and_is_told(organization: Any, clinic: Any) -> None:
    with tenant(organization):
        seat = system_seat(organization)
        enrolled(organization, clinic)

    def freeze() -> Any:
        return freeze_month(organization_id=organization.id, month=MARCH, by=seat, at=AT, today=date(2026, 4, 15))

    found = at_once(organization, [freeze, freeze, freeze])
    assert sorted(type(one).__name__ for one in found) == ["MeasuredMonth", "MonthFrozen", "MonthFrozen"]
    assert sum(isinstance(one, MonthFrozen) for one in found) == 2
    with tenant(organization):
        assert MeasuredEpisode.objects.count() == 1
