"""The set-based minutes say what the rules say, entry by entry, of anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bhi.tenancy.context import tenant
from caseload.queries.minutes import minutes_of, month_minutes
from caseload.rules.clock import first_day
from caseload.rules.minutes import MonthMinutes, counted
from tests.caseload.populations import ZONES, Person, people, store
from tests.factories.caseload import TimeEntryFactory, UntimedEntryFactory
from tests.factories.registry import ConsentFactory, EpisodeFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory

MONTHS = ["2025-12", *(f"2026-{month:02d}" for month in range(1, 13)), "2027-01"]


def expected(person: Person) -> dict[date, MonthMinutes]:
    """What the rules say of every month, those about which there is nothing to say left out."""
    said = {first_day(month): counted(person.entries, person.circumstances, month) for month in MONTHS}
    return {month: minutes for month, minutes in said.items() if minutes != MonthMinutes()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(population=st.lists(people(), min_size=1, max_size=3), window=st.sampled_from((None, ("2026-01", "2026-03"))))
def test_the_rules_and_the_statement_agree(
    organization: Any, population: list[Person], window: tuple[str, str] | None
) -> None:
    months = None if window is None else (first_day(window[0]), first_day(window[1]))
    with transaction.atomic():
        with tenant(organization):
            clinics = {zone: ClinicFactory(organization=organization, time_zone=zone) for zone in ZONES}
            episodes = [
                store(person, clinics[person.zone], MembershipFactory(organization=organization, user=None))
                for person in population
            ]
            out = [e.id for e, person in zip(episodes, population, strict=True) if not person.count_facility_minutes]
            found = minutes_of(organization.id, months=months, without_facility=out)
            alone = [
                minutes_of(organization.id, episode_ids=[episode.id], months=months, without_facility=out)
                for episode in episodes
            ]
        transaction.set_rollback(True)
    for episode, person, own in zip(episodes, population, alone, strict=True):
        said = {
            month: minutes
            for month, minutes in expected(person).items()
            if months is None or months[0] <= month <= months[1]
        }
        of_all = {month: minutes for (of, month), minutes in found.items() if of == episode.id}
        assert {month: minutes for month, minutes in of_all.items() if minutes != MonthMinutes()} == said
        assert {(episode.id, month): minutes for month, minutes in of_all.items()} == own


def test_a_month_knows_its_zone_and_instants(in_tenant: Any) -> None:
    episode = EpisodeFactory(organization=in_tenant)
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=datetime(2026, 3, 31, 23, tzinfo=UTC))
    (row,) = month_minutes(in_tenant.id)
    assert (row.episode_id, row.patient_id, row.month) == (episode.id, episode.patient_id, date(2026, 3, 1))
    assert row.time_zone == "America/Chicago"
    assert (row.starts_at, row.ends_at) == (
        datetime(2026, 3, 1, 6, tzinfo=UTC),
        datetime(2026, 4, 1, 5, tzinfo=UTC),
    )


def test_an_entry_across_a_months_end_counts_in_both(in_tenant: Any) -> None:
    episode = EpisodeFactory(organization=in_tenant)
    ConsentFactory(organization=in_tenant, patient=episode.patient)
    TimeEntryFactory(organization=in_tenant, episode=episode, starts_at=datetime(2026, 4, 1, 4, 50, tzinfo=UTC))
    found = minutes_of(in_tenant.id)
    assert {month: minutes.counted.cocm_seconds for (_, month), minutes in found.items()} == {
        date(2026, 3, 1): 600,
        date(2026, 4, 1): 600,
    }


def test_nothing_on_record_gives_nothing(in_tenant: Any) -> None:
    EpisodeFactory(organization=in_tenant)
    assert month_minutes(in_tenant.id) == []
    assert month_minutes(in_tenant.id, episode_ids=[]) == []


def test_another_tenants_minutes_are_not_there(in_tenant: Any, other_organization: Any) -> None:
    with tenant(other_organization):
        TimeEntryFactory(organization=other_organization)
        UntimedEntryFactory(organization=other_organization)
    assert month_minutes(in_tenant.id) == []
    assert month_minutes(other_organization.id) == []


@pytest.mark.parametrize("size", [1, 30])
def test_one_statement_for_any_number(in_tenant: Any, size: int) -> None:
    seat = MembershipFactory(organization=in_tenant)
    clinic = ClinicFactory(organization=in_tenant)
    for place in range(size):
        episode = EpisodeFactory(organization=in_tenant, patient__clinic=clinic)
        start = datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(minutes=30 * place)
        TimeEntryFactory(organization=in_tenant, episode=episode, by=seat, starts_at=start)
    with CaptureQueriesContext(connection) as queries:
        found = month_minutes(in_tenant.id, months=(date(2026, 3, 1), date(2026, 3, 1)))
    assert len(found) == size
    assert len(queries) == 1
