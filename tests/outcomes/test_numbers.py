"""Numbers of months, counted by Postgres: months, groups, editions, posts, and how many statements it takes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outcomes.queries.numbers import Only, numbers, numbers_of
from outcomes.queries.posts import full_time_posts
from outcomes.rules.groups import GROUPINGS, UnknownGrouping
from outcomes.rules.measures import HEADLINES, MEASURES, UnknownMeasure
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory, WorkShareFactory
from tests.factories.registry import system_seat
from tests.factories.tenancy import NOW, MembershipFactory

FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture
def head(in_tenant: Any) -> Any:
    return MeasuredMonthFactory(organization=in_tenant, month=MARCH)


def rows(head: Any, count: int, **columns: Any) -> None:
    for _ in range(count):
        MeasuredEpisodeFactory(organization=head.organization, measured=head, **columns)


def test_a_month_of_nobody_is_there_and_one_that_was_not_measured_is_not(head: Any) -> None:
    found = numbers(head.organization_id, [MARCH, APRIL])
    assert set(found) == {(MARCH, None, one.key) for one in MEASURES}
    assert {found[MARCH, None, key].text for key in ("nys_1", "enrolled")} == {"0"}
    assert {found[MARCH, None, key].text for key in ("nys_5", "attempt_days", "closed_14", "paid_mean")} == {"n/a"}
    assert numbers(head.organization_id, [MARCH], by="clinic") == {}


def test_months_before_a_definition_have_no_such_number(in_tenant: Any) -> None:
    MeasuredMonthFactory(organization=in_tenant, month=date(2024, 12, 1))
    assert numbers(in_tenant.id, [date(2024, 12, 1)]) == {}


def test_months_apart(head: Any) -> None:
    earlier = MeasuredMonthFactory(organization=head.organization, month=FEBRUARY)
    rows(earlier, 1, contacts=1)
    rows(head, 2)
    found = numbers(head.organization_id, [FEBRUARY, MARCH], keys=["contact_rate"])
    assert {month: number.text for (month, _, _), number in found.items()} == {
        FEBRUARY: "1 of 1, 100.0 %",
        MARCH: "0 of 2, 0.0 %",
    }


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_counts_everybody_once(head: Any, by: str) -> None:
    rows(head, 1, language="English", sex="F", age=30, enrolled_on=date(2026, 1, 31))
    rows(head, 2, language="", sex="M", age=66, enrolled_on=date(2026, 3, 1), program="bhi")
    found = numbers(head.organization_id, [MARCH], keys=["enrolled"], by=by)
    assert sum(number.numerator for number in found.values()) == 3
    groups = {
        "program": {"cocm": 1, "bhi": 2},
        "language": {"English": 1, "": 2},
        "age_band": {"25 to 44": 1, "65 and over": 2},
        "cohort": {date(2026, 1, 1): 1, MARCH: 2},
        "payer": {None: 3},
    }
    if by in groups:
        assert {group: number.numerator for (_, group, _), number in found.items()} == groups[by]


def test_what_nobody_knows(head: Any) -> None:
    with pytest.raises(UnknownGrouping):
        numbers(head.organization_id, [MARCH], by="name")
    with pytest.raises(UnknownMeasure):
        numbers(head.organization_id, [MARCH], keys=["nys_12"])


def test_the_newest_edition_holds_and_an_earlier_one_can_be_asked_for(head: Any) -> None:
    rows(head, 1)
    head.frozen_at, head.frozen_by, head.fingerprint = NOW, system_seat(head.organization), "f" * 64
    head.save()
    further = MeasuredMonthFactory(organization=head.organization, month=MARCH, edition=2, because="A late note")
    rows(further, 2)
    key = (MARCH, None, "enrolled")
    assert numbers(head.organization_id, [MARCH], keys=["enrolled"])[key].text == "2"
    assert numbers_of(head.organization_id, [head], keys=["enrolled"])[key].text == "1"


def test_patients_for_each_post(head: Any, clinic: Any) -> None:
    organization = head.organization
    first, second = (MembershipFactory(organization=organization) for _ in range(2))
    for seat, from_on, fte in [
        (first, date(2026, 1, 1), "1.00"),
        (first, date(2026, 3, 31), "0.50"),
        (first, APRIL, "0.10"),
        (second, FEBRUARY, "0.25"),
    ]:
        WorkShareFactory(organization=organization, membership=seat, from_on=from_on, fte=Decimal(fte))
    rows(head, 3, care_manager=first)
    rows(head, 1)
    assert full_time_posts(organization.id, [FEBRUARY, MARCH]) == {
        FEBRUARY: {first.id: Decimal("1.00"), second.id: Decimal("0.25")},
        MARCH: {first.id: Decimal("0.50"), second.id: Decimal("0.25")},
    }

    def text(**asked: Any) -> dict[Any, str]:
        found = numbers(organization.id, [MARCH], keys=["caseload_per_fte"], **asked)
        return {group: number.figure for (_, group, _), number in found.items()}

    unit = "per post"
    assert text() == {None: f"5.3 {unit}"}
    assert text(by="care_manager") == {first.id: f"6.0 {unit}", None: "n/a"}
    assert text(only=Only(care_manager_id=first.id)) == {None: f"6.0 {unit}"}
    # Nobody says at which clinic or for which program a post is worked.
    assert text(by="program") == {"cocm": "n/a"}
    assert text(only=Only(program="cocm")) == {None: "n/a"}


def test_statements_do_not_grow(head: Any) -> None:
    for month in (FEBRUARY, APRIL):
        rows(MeasuredMonthFactory(organization=head.organization, month=month), 2)
    rows(head, 3)

    def asked(**asked: Any) -> int:
        with CaptureQueriesContext(connection) as found:
            numbers(head.organization_id, [FEBRUARY, MARCH, APRIL], **asked)
        return len(found)

    # Editions and three tables; shares of work where they are asked for.
    assert asked() == 5
    assert asked(keys=HEADLINES, by="clinic") == 4
    assert asked(keys=["nys_1", "enrolled"]) == 2


def test_another_organizations_months_are_not_there(head: Any, other_organization: Any) -> None:
    rows(head, 1)
    assert numbers(other_organization.id, [MARCH]) == {}
