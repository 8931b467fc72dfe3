"""A measure by language, sex, age and coverage: rates with counts, differences, few patients, and no names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from outcomes.queries.choices import choices
from outcomes.queries.equity import comparable, groupings
from outcomes.rules.measures import measure
from tests.billing.test_pages import text_of
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory

APRIL = datetime(2026, 4, 10, 17, 0, tzinfo=UTC)
URL = "/o/lakeside/outcomes/equity/"
JANUARY_5, MARCH_2 = date(2026, 1, 5), date(2026, 3, 2)
IMPROVED = {"is_elevated": True, "scale": "phq9", "baseline": 16, "improved_at": 9, "latest": 8, "last_in_month": 8,
            "latest_on": MARCH_2}  # fmt: skip
NOT_YET = {**IMPROVED, "latest": 15, "last_in_month": 15}


@pytest.fixture(autouse=True)
def april(db: None) -> Iterator[None]:
    with time_machine.travel(APRIL, tick=False):
        yield


@pytest.fixture
def march(organization: Any) -> Any:
    with tenant(organization):
        return MeasuredMonthFactory(organization=organization, month=date(2026, 3, 1))


def row(head: Any, clinic: Any, on: date = JANUARY_5, **fields: Any) -> Any:
    return MeasuredEpisodeFactory(
        organization=head.organization, measured=head, patient__clinic=clinic, episode__clinic=clinic,
        episode__enrolled_on=on, enrolled_on=on, **fields,
    )  # fmt: skip


def told(head: Any, by: str, *more: Any) -> list[tuple[str, int, int, Decimal | None]]:
    names = choices(head.organization_id)
    found = {one.by: one for one in groupings(head.organization_id, measure("improvement"), [head, *more], names)}
    return [(one.group.name, one.group.hits, one.group.of, one.difference) for one in found[by].rows]


def test_groups_are_counted_beside_everybody_else(organization: Any, clinic: Any, march: Any) -> None:
    with tenant(organization):
        row(march, clinic, **IMPROVED, language="Spanish", sex="F", age=18, payer_class="medicaid")
        row(march, clinic, **NOT_YET, language="English", sex="M", age=64, payer_class="medicare")
        row(march, clinic, **NOT_YET, language="English", sex="U", age=65, payer_class="none")
        row(march, clinic, **IMPROVED, language="", sex="F", age=17, payer_class="medicaid")
        assert told(march, "language") == [
            ("English", 0, 2, Decimal("-100.0")),
            ("Spanish", 1, 1, Decimal("66.7")),
            ("Language not known", 1, 1, Decimal("66.7")),
        ]
        assert [one[:3] for one in told(march, "sex")] == [("Female", 2, 2), ("Male", 0, 1), ("Not recorded", 0, 1)]
        assert [one[:3] for one in told(march, "age_band")] == [
            ("12 to 17", 1, 1), ("18 to 24", 1, 1), ("45 to 64", 0, 1), ("65 and over", 0, 1),
        ]  # fmt: skip
        assert [one[0] for one in told(march, "payer_class")] == ["Medicare", "Medicaid", "No coverage on record"]


def test_months_add_up(organization: Any, clinic: Any, march: Any) -> None:
    with tenant(organization):
        february = MeasuredMonthFactory(organization=organization, month=date(2026, 2, 1))
        row(march, clinic, **IMPROVED, language="English")
        earlier = {**NOT_YET, "latest_on": date(2026, 2, 2)}
        row(february, clinic, **earlier, language="English")  # in treatment for 54 days: not asked yet
        assert [one[:3] for one in told(march, "language", february)] == [("English", 1, 1)]
        row(february, clinic, **earlier, language="English", on=date(2025, 10, 1))
        assert [one[:3] for one in told(march, "language", february)] == [("English", 1, 2)]
        assert [one[:3] for one in told(march, "language")] == [("English", 1, 1)]


def test_which_measures_can_be_compared() -> None:
    with_money = {one.key for one in comparable(sees_money=True)}
    without = {one.key for one in comparable(sees_money=False)}
    assert with_money - without == {"billed_share"}
    assert {"improvement", "retention_90", "ed_before"} <= without
    assert not {"enrolled", "attempt_days", "caseload_per_fte"} & with_money


def test_the_page(organization: Any, clinic: Any, march: Any, client_for: Any) -> None:
    with tenant(organization):
        row(march, clinic, **IMPROVED, language="Spanish", patient__family_name="Quuxworth")
        row(march, clinic, **NOT_YET, language="English")
    answer = client_for("clinic_lead").get(URL)
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Spanish 1 1 100.0 % 0.0 % of 1 100 points above everybody else Few patients" in words
    assert "A difference is not a cause" in words
    assert "Quuxworth" not in words
    with tenant(organization):
        assert AuditEvent.objects.filter(action="outcomes.equity_viewed").count() == 1


def test_what_the_address_names_is_shown(organization: Any, clinic: Any, march: Any, client_for: Any) -> None:
    with tenant(organization):
        row(march, clinic, ed_before=3, ed_after=1, stays_before=0, stays_after=0, sex="F")
    lead = client_for("clinic_lead")
    asked = lead.get(URL, {"measure": "contact_and_score", "months": "6", "month": "2026-03"})
    assert (asked.context["measure"].key, asked.context["span"], asked.context["counted_months"]) == (
        "contact_and_score", 6, 1,
    )  # fmt: skip
    odd = lead.get(URL, {"measure": "enrolled", "months": "5", "month": "soon"})
    assert (odd.status_code, odd.context["measure"].key, odd.context["span"]) == (200, "improvement", 1)
    assert "Nobody to count" in text_of(odd)


def test_before_anything_is_measured(organization: Any, clinic: Any, client_for: Any) -> None:
    assert "Nothing is measured yet" in text_of(client_for("admin").get(URL))
