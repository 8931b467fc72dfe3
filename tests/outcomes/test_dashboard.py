"""The dashboard's tiles, a measure's months and parts, as queries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from outcomes.queries.choices import Choices, choices
from outcomes.queries.dashboard import FAMILIES, TILES, Section, dashboard, keys_shown, listing
from outcomes.queries.measured import measured_months
from outcomes.queries.numbers import Only
from outcomes.queries.trends import course, parts
from outcomes.rules.experience import ANSWERS
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.months import month_before
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory, MeasureTargetFactory
from tests.factories.registry import PayerFactory
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory

MARCH = date(2026, 3, 1)


@pytest.fixture
def heads(in_tenant: Any) -> Any:
    """`heads(0, 1, 12)`: months that were measured, so many before March 2026."""

    def make(*back: int) -> list[Any]:
        return [MeasuredMonthFactory(organization=in_tenant, month=month_before(MARCH, count)) for count in back]

    return make


def rows(head: Any, count: int = 1, **columns: Any) -> None:
    for _ in range(count):
        MeasuredEpisodeFactory(organization=head.organization, measured=head, **columns)


def tile(sections: tuple[Section, ...], key: str) -> Any:
    return next(one for section in sections for one in section.tiles if one.measure.key == key)


def of_march(organization: Any, **more: Any) -> tuple[Section, ...]:
    editions = measured_months(organization.id)
    return dashboard(organization.id, MARCH, editions, **{"sees_money": True, **more})


def test_every_tile_is_a_measure_and_every_family_has_a_section() -> None:
    assert [measure(key).key for key in TILES] == list(TILES)
    assert {one.family for one in MEASURES} - {"safety"} == set(FAMILIES)


def test_a_tile_stands_beside_its_target_and_its_past(in_tenant: Any, heads: Any) -> None:
    now, before, _, _, year = heads(0, 1, 2, 3, 12)
    rows(now, 3, contacts=1, scales=1)
    rows(now, 1)
    rows(before, 1)
    rows(year, 2, contacts=1, scales=1)
    shown = tile(of_march(in_tenant), "contact_and_score")
    assert (shown.number.text, shown.target_text, shown.is_met) == ("3 of 4, 75.0 %", "80 %", False)
    assert [(month.month, number.figure) for month, number in shown.recent] == [(12, "n/a"), (1, "n/a"), (2, "0.0 %")]
    assert (shown.year_before_month, shown.year_before.figure) == (date(2025, 3, 1), "100.0 %")
    assert [month for month, number in shown.months if number is None] == [
        month_before(MARCH, back) for back in range(11, 3, -1)
    ]
    assert (len(shown.months), shown.has_past) == (13, True)


def test_without_a_past_there_is_none(in_tenant: Any, heads: Any) -> None:
    (now,) = heads(0)
    rows(now, 1)
    shown = tile(of_march(in_tenant), "enrolled")
    assert (shown.number.figure, shown.has_past, shown.year_before, shown.target_text) == ("1", False, None, "")


def test_the_organizations_own_target_goes_before_the_sources(in_tenant: Any, heads: Any) -> None:
    heads(0)
    MeasureTargetFactory(
        organization=in_tenant, measure="contact_and_score", from_month=date(2026, 1, 1), target=Decimal("72.50")
    )
    MeasureTargetFactory(
        organization=in_tenant, measure="contact_and_score", from_month=date(2026, 4, 1), target=Decimal(90)
    )
    shown = tile(of_march(in_tenant), "contact_and_score")
    assert (shown.target_text, shown.is_met) == ("72.5 %", None)


def test_money_is_there_only_for_who_may_see_it(in_tenant: Any, heads: Any) -> None:
    heads(0)
    assert [one.key for one in of_march(in_tenant)][-1] == "money"
    assert [one.key for one in of_march(in_tenant, sees_money=False)] == [
        *("engagement", "change", "review", "work", "experience")
    ]
    assert not {"billed_share", "expected_mean", "paid_mean"} & set(keys_shown(MARCH, sees_money=False))


def test_tiles_count_only_whom_they_are_asked_of(in_tenant: Any, heads: Any) -> None:
    (now,) = heads(0)
    payer = PayerFactory(organization=in_tenant)
    rows(now, 2, payer=payer, enrolled_on=date(2026, 1, 5))
    rows(now, 3, enrolled_on=date(2026, 2, 5))
    narrowed = {
        "payer": Only(payer_id=payer.id),
        "cohort": Only(cohort=date(2026, 2, 1)),
        "both": Only(payer_id=payer.id, cohort=date(2026, 2, 1)),
    }
    found = {name: tile(of_march(in_tenant, only=only), "enrolled").number.figure for name, only in narrowed.items()}
    assert found == {"payer": "2", "cohort": "3", "both": "0"}


def test_all_measures_of_a_month_are_listed_once(in_tenant: Any, heads: Any) -> None:
    now, before, year = heads(0, 1, 12)
    rows(now, 2)
    rows(before, 1)
    rows(year, 3)
    found = listing(in_tenant.id, MARCH, measured_months(in_tenant.id), sees_money=True)
    listed = [one.measure.key for section in found for one in section.tiles]
    assert sorted(listed) == sorted(one.key for one in MEASURES if one.key not in ANSWERS)
    shown = tile(found, "nys_1")
    assert [number.figure for _, number in shown.months] == ["3", "1", "2"]
    assert shown.year_before.figure == "3"


def test_a_course_begins_with_the_first_month_measured_but_holds_a_year(in_tenant: Any, heads: Any) -> None:
    heads(0, 2)
    one, editions = measure("enrolled"), measured_months(in_tenant.id)
    found = course(in_tenant.id, one, MARCH, editions, target=None)
    assert [month for month, _ in found.months] == [month_before(MARCH, back) for back in range(11, -1, -1)]
    assert [month.month for month, number in found.latest_first if number] == [3, 1]
    heads(17)
    found = course(in_tenant.id, one, MARCH, measured_months(in_tenant.id), target=None)
    assert (len(found.months), found.months[0][0]) == (18, date(2024, 10, 1))


def test_a_course_is_two_years_at_most_and_draws_nothing_of_nobody(in_tenant: Any, heads: Any) -> None:
    heads(0, 30)
    found = course(in_tenant.id, measure("improvement"), MARCH, measured_months(in_tenant.id), target=Decimal(60))
    assert (len(found.months), found.chart) == (12, None)
    heads(23)
    found = course(in_tenant.id, measure("improvement"), MARCH, measured_months(in_tenant.id), target=Decimal(60))
    assert len(found.months) == 24


def test_parts_are_named_few_are_marked_and_those_without_come_last(in_tenant: Any, heads: Any) -> None:
    (now,) = heads(0)
    west = ClinicFactory(organization=in_tenant, name="Westside")
    east = ClinicFactory(organization=in_tenant, name="eastside")
    seat = MembershipFactory(organization=in_tenant, name="Zoe Alder", roles=["care_manager"])
    rows(now, 29, clinic=west, care_manager=seat)
    rows(now, 30, clinic=east)
    named, one = choices(in_tenant.id), measure("contact_rate")
    by_clinic = parts(in_tenant.id, one, now, "clinic", named)
    assert [(row.name, row.number.text, row.is_few) for row in by_clinic] == [
        ("eastside", "0 of 30, 0.0 %", False),
        ("Westside", "0 of 29, 0.0 %", True),
    ]
    by_manager = parts(in_tenant.id, one, now, "care_manager", named)
    assert [row.name for row in by_manager] == ["Zoe Alder", "No care manager"]
    assert [row.is_few for row in parts(in_tenant.id, measure("enrolled"), now, "clinic", named)] == [False, False]


def test_groups_are_called_by_people_s_words() -> None:
    named = Choices()
    told = [
        ("program", "cocm"),
        ("payer_class", "self_pay"),
        ("sex", "U"),
        ("age_band", "65 and over"),
        ("cohort", date(2026, 2, 1)),
        ("payer", None),
        ("language", ""),
        ("program", ""),
    ]
    assert [named.name_of(by, group) for by, group in told] == [
        *("Collaborative care", "Self-pay", "Not recorded", "65 and over", "February 2026"),
        *("No coverage on record", "Language not known", "n/a"),
    ]


def test_choices_are_the_organizations_own_and_a_seats_clinics(in_tenant: Any) -> None:
    west = ClinicFactory(organization=in_tenant, name="Westside", time_zone="America/Denver")
    east = ClinicFactory(organization=in_tenant, name="Eastside", time_zone="America/Chicago")
    payer = PayerFactory(organization=in_tenant, name="Aetna")
    found = choices(in_tenant.id)
    assert (found.clinics, found.payers) == ({east.id: "Eastside", west.id: "Westside"}, {payer.id: "Aetna"})
    assert (found.zone, found.today(NOW)) == ("America/Chicago", date(2026, 3, 2))
    assert choices(in_tenant.id, own_clinics={west.id}).clinics == {west.id: "Westside"}
