"""The roll-up: what is stored is what the rules say, is written only where it changed, and is found out when wrong."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bhi.jobs.models import Job
from bhi.jobs.operations import queue_periodic, run
from bhi.tenancy.context import tenant
from billing.models import PayerProfile, ServiceMonth
from billing.operations.profiles import set_profile
from billing.operations.service_months import (
    Difference,
    refresh_service_month,
    refresh_service_months,
    verify_service_months,
)
from billing.tasks import REFRESH, VERIFY, work_of_change
from caseload.models import TimeEntry
from caseload.operations.timekeeping import void_time
from caseload.rules.clock import month_starts_and_ends
from caseload.rules.minutes import MonthMinutes, counted
from registry.operations.people import add_coverage, payer_named
from tests.billing.people import AT, Program
from tests.caseload.populations import ZONES, Person, people, store
from tests.factories.registry import system_seat
from tests.factories.tenancy import ClinicFactory, MembershipFactory

MONTHS = ["2025-12", *(f"2026-{month:02d}" for month in range(1, 13)), "2027-01"]


def stored() -> dict[tuple[UUID, str], tuple[int, int, int, int]]:
    return {
        (row.episode_id, f"{row.month:%Y-%m}"): (
            row.cocm_seconds,
            row.bhi_seconds,
            row.ccm_seconds,
            row.logged_seconds,
        )
        for row in ServiceMonth.objects.all()
    }


def counts(minutes: MonthMinutes) -> tuple[int, int, int, int]:
    return minutes.counted.cocm_seconds, minutes.counted.bhi_seconds, minutes.ccm_seconds, minutes.logged_seconds


def expected(person: Person) -> dict[str, tuple[int, int, int, int]]:
    said = {month: counts(counted(person.entries, person.circumstances, month)) for month in MONTHS}
    return {month: numbers for month, numbers in said.items() if any(numbers)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(population=st.lists(people(), min_size=1, max_size=3))
def test_what_is_stored_is_what_the_rules_say(organization: Any, population: list[Person]):
    with transaction.atomic():
        with tenant(organization):
            seat = system_seat(organization)
            clinics = {zone: ClinicFactory(organization=organization, time_zone=zone) for zone in ZONES}
            payer = payer_named(by=seat, name="Aetna PPO")
            episodes = []
            for person in population:
                worker = MembershipFactory(organization=organization, user=None)
                episodes.append(store(person, clinics[person.zone], worker))
                if not person.count_facility_minutes:
                    add_coverage(by=seat, at=AT, patient=episodes[-1].patient, payer=payer)
            refresh_service_months(organization_id=organization.id, at=AT)
            found = stored()
            again = refresh_service_months(organization_id=organization.id, at=AT)
            differing = verify_service_months(organization_id=organization.id)
        transaction.set_rollback(True)
    assert (again, differing) == (0, [])
    for episode, person in zip(episodes, population, strict=True):
        own = {month: numbers for (of, month), numbers in found.items() if of == episode.id and any(numbers)}
        assert own == expected(person)


def test_only_what_changed_is_written(lakeside: Program):
    first, second = lakeside.billing_patient("Abara"), lakeside.billing_patient("Berg")
    refresh = {"organization_id": lakeside.organization.id}
    assert refresh_service_months(at=AT, **refresh) == 2
    later = AT + timedelta(hours=1)
    assert refresh_service_months(at=later, **refresh) == 0
    lakeside.work(second, 5, hour=20, role="care_manager")
    assert refresh_service_months(at=later, **refresh) == 1
    assert dict(ServiceMonth.objects.values_list("episode_id", "refreshed_at")) == {first.id: AT, second.id: later}


def test_one_episode_is_refreshed_alone(lakeside: Program):
    first, _ = lakeside.billing_patient("Abara"), lakeside.billing_patient("Berg")
    assert refresh_service_month(organization_id=lakeside.organization.id, at=AT, episode_id=first.id) == 1
    assert stored() == {(first.id, "2026-02"): (2400, 2400, 0, 2400)}


def test_zone_and_instants_are_fixed_when_it_is_made(lakeside: Program):
    lakeside.billing_patient()
    refresh_service_months(organization_id=lakeside.organization.id, at=AT)
    row = ServiceMonth.objects.get()
    assert (row.time_zone, row.id.version) == ("America/Chicago", 7)
    assert (row.starts_at, row.ends_at) == month_starts_and_ends("2026-02", ZoneInfo("America/Chicago"))


def test_a_month_of_which_nothing_is_left_goes_to_zero(lakeside: Program):
    episode = lakeside.billing_patient()
    refresh_service_months(organization_id=lakeside.organization.id, at=AT)
    void_time(by=lakeside.by, at=AT, entry=TimeEntry.objects.get(), reason="Entered for the wrong patient")
    assert refresh_service_month(organization_id=lakeside.organization.id, at=AT, episode_id=episode.id) == 1
    assert stored() == {(episode.id, "2026-02"): (0, 0, 0, 0)}
    assert verify_service_months(organization_id=lakeside.organization.id) == []


def test_a_planted_difference_is_found(lakeside: Program):
    episode, missing = lakeside.billing_patient("Abara"), lakeside.billing_patient("Berg")
    refresh_service_months(organization_id=lakeside.organization.id, at=AT)
    ServiceMonth.objects.filter(episode=episode).update(cocm_seconds=2401)
    ServiceMonth.objects.filter(episode=missing).delete()
    assert verify_service_months(organization_id=lakeside.organization.id) == [
        Difference(episode.id, "2026-02", (2401, 2400, 0, 2400), (2400, 2400, 0, 2400)),
        Difference(missing.id, "2026-02", None, (2400, 2400, 0, 2400)),
    ]


def test_a_payer_that_changes_its_mind_about_stays_changes_only_its_months(lakeside: Program):
    payer = lakeside.payer("Aetna PPO")
    episode = lakeside.patient(payer=payer)
    set_profile(by=lakeside.by, at=AT, payer=payer, book="medicare_ffs", from_on=date(2026, 1, 1))
    for month in (2, 3):
        lakeside.work(episode, 20, on=date(2026, month, 10), is_facility_stay=True, role="care_manager")
    set_profile(by=lakeside.by, at=AT, payer=payer, book="commercial", from_on=date(2026, 3, 1))
    refresh_service_months(organization_id=lakeside.organization.id, at=AT)
    assert {month: numbers[0] for (_, month), numbers in stored().items()} == {"2026-02": 1200, "2026-03": 0}
    assert verify_service_months(organization_id=lakeside.organization.id) == []


def test_another_organizations_months_are_left_alone(lakeside: Program, other_organization: Any):
    lakeside.billing_patient()
    with tenant(other_organization):
        assert refresh_service_months(organization_id=other_organization.id, at=AT) == 0
        assert verify_service_months(organization_id=other_organization.id) == []


def test_a_change_queues_one_job_per_episode_and_it_adds_up(lakeside: Program):
    episode = lakeside.billing_patient()
    jobs = Job.objects.filter(kind=REFRESH, state="queued")
    assert list(jobs.values_list("key", "arguments")) == [(str(episode.id), {"episode_id": str(episode.id)})]
    run(organization_id=lakeside.organization.id, job_id=jobs.get().id, at=AT)
    assert stored() == {(episode.id, "2026-02"): (2400, 2400, 0, 2400)}
    assert [work.key for work in work_of_change({"episode_id": episode.id, "months": ["2026-02"]})] == [str(episode.id)]


def test_every_night_differences_are_reported_once_and_put_right(lakeside: Program):
    lakeside.payer("Aetna PPO")
    episode = lakeside.billing_patient()
    queue_periodic(at=AT)
    job = Job.objects.get(kind=VERIFY)
    assert str(run(organization_id=lakeside.organization.id, job_id=job.id, at=AT)) == "done"
    assert stored() == {(episode.id, "2026-02"): (2400, 2400, 0, 2400)}
    assert PayerProfile.objects.count() == 2
    assert verify_service_months(organization_id=lakeside.organization.id) == []
