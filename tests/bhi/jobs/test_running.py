"""Claiming, running, failing and finishing one job."""

from datetime import timedelta

import pytest
from django.db import connection

from bhi.jobs import operations
from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import queue, run
from bhi.jobs.progress import LEASE
from bhi.tenancy.context import current_organization_id, tenant
from bhi.tenancy.models import Clinic
from tests.factories.tenancy import NOW, ClinicFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(organization, rings):
    """One queued job of kind `work`."""
    with tenant(organization):
        return queue("work", organization_id=organization.id, key="k", at=NOW, arguments={"episode": "e-1"})


def _run(organization, job_id, at=NOW):
    return run(organization_id=organization.id, job_id=job_id, at=at)


def _row(organization, job_id):
    with tenant(organization):
        return Job.objects.get(id=job_id)


def _fail(_run):
    raise ValueError("Ann Example cannot be refreshed")


def test_a_run_is_in_its_tenant_and_marks_itself_done(organization, job, kinds):
    seen = []
    kinds.noted("work", then=lambda run: seen.append(current_organization_id()))
    assert _run(organization, job) == JobState.DONE
    assert seen == [organization.id]
    (given,) = kinds.runs
    assert (given.job_id, given.organization_id, given.arguments, given.owner_id, given.at) == (
        job,
        organization.id,
        {"episode": "e-1"},
        None,
        NOW,
    )
    row = _row(organization, job)
    assert (row.state, row.attempts, row.finished_at, row.lease_until, row.error) == ("done", 1, NOW, None, "")


def test_a_job_runs_once(organization, job, kinds):
    kinds.noted("work")
    assert [_run(organization, job) for _ in range(3)] == [JobState.DONE, None, None]
    assert len(kinds.runs) == 1


def test_not_before_it_is_due(organization, job, kinds):
    kinds.noted("work")
    assert _run(organization, job, at=NOW - timedelta(seconds=1)) is None
    assert kinds.runs == []


def test_not_by_another_organization(organization, other_organization, job, kinds):
    kinds.noted("work")
    assert _run(other_organization, job) is None
    assert kinds.runs == []


def test_a_handler_may_take_longer_than_a_request(organization, job, kinds):
    limits = []

    def look(_run):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
            )
            limits.append(cursor.fetchone())

    kinds.noted("work", then=look)
    _run(organization, job)
    assert limits == [("5min", "5min")]


def test_what_a_failing_run_wrote_is_taken_back_and_the_next_try_is_later(organization, job, kinds):
    def write_and_fail(_run):
        ClinicFactory(organization=organization, name="Half done")
        raise ValueError

    kinds.noted("work", then=write_and_fail)
    assert _run(organization, job) == JobState.QUEUED
    row = _row(organization, job)
    assert (row.state, row.attempts, row.error, row.run_after) == (
        "queued",
        1,
        "ValueError",
        NOW + timedelta(seconds=10),
    )
    with tenant(organization):
        assert list(Clinic.objects.all()) == []


def test_an_error_of_the_database_is_a_failure_like_any_other(organization, job, kinds):
    def spoil(_run):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")

    kinds.noted("work", then=spoil)
    assert _run(organization, job) == JobState.QUEUED
    assert _row(organization, job).error == "DataError"


def test_delays_grow_and_the_fifth_failure_is_the_last(organization, job, kinds):
    kinds.noted("work", then=_fail)
    at, delays = NOW, []
    for _ in range(4):
        assert _run(organization, job, at=at) == JobState.QUEUED
        delays.append((_row(organization, job).run_after - at).seconds)
        at = _row(organization, job).run_after
    assert delays == [10, 30, 90, 270]
    assert _run(organization, job, at=at) == JobState.DEAD
    row = _row(organization, job)
    assert (row.state, row.attempts, row.finished_at, row.error) == ("dead", 5, at, "ValueError")
    assert _run(organization, job, at=at + timedelta(days=1)) is None
    assert len(kinds.runs) == 5


def test_an_unknown_kind_fails_like_any_other(organization, job, kinds):
    assert _run(organization, job) == JobState.QUEUED
    assert _row(organization, job).error == "KeyError"


def test_a_failure_is_superseded_by_a_newer_job_under_its_key(organization, job, kinds):
    """The newer one was queued by a writer while this one ran."""
    claimed = operations._claim(organization_id=organization.id, job_id=job, at=NOW)
    with tenant(organization):
        newer = queue("work", organization_id=organization.id, key="k", at=NOW)
    assert operations._give_back(claimed, ValueError(), at=NOW) == JobState.DONE
    with tenant(organization):
        assert dict(Job.objects.values_list("id", "state")) == {job: "done", newer: "queued"}
    assert _row(organization, job).error == "Superseded"


class TestLease:
    def test_holds_others_off(self, organization, job, kinds):
        kinds.noted("work")
        operations._claim(organization_id=organization.id, job_id=job, at=NOW)
        assert _run(organization, job, at=NOW + LEASE) is None
        assert kinds.runs == []

    def test_ends_when_the_worker_has_gone(self, organization, job, kinds):
        kinds.noted("work")
        operations._claim(organization_id=organization.id, job_id=job, at=NOW)
        assert _run(organization, job, at=NOW + LEASE + timedelta(seconds=1)) == JobState.DONE
        assert _row(organization, job).attempts == 2

    def test_a_worker_that_lost_it_takes_everything_back(self, organization, job, kinds):
        """Another worker took over while this one ran: the row carries another token at the end."""

        def lose(_run):
            ClinicFactory(organization=organization)
            Job.objects.filter(id=job).update(lease_token=organization.id)

        kinds.noted("work", then=lose)
        claimed = operations._claim(organization_id=organization.id, job_id=job, at=NOW)
        with pytest.raises(operations.LeaseLost):
            operations._perform(claimed, at=NOW)
        with tenant(organization):
            assert Clinic.objects.count() == 0

    def test_a_worker_that_lost_it_does_not_touch_the_row(self, organization, job, kinds):
        claimed = operations._claim(organization_id=organization.id, job_id=job, at=NOW)
        later = NOW + LEASE + timedelta(seconds=1)
        operations._claim(organization_id=organization.id, job_id=job, at=later)
        assert operations._give_back(claimed, operations.LeaseLost(), at=later) is None
        row = _row(organization, job)
        assert (row.state, row.attempts, row.lease_until) == ("running", 2, later + LEASE)

    def test_a_job_that_kills_its_workers_is_given_up_after_five(self, organization, job, kinds):
        """Memory or a crash: no exception ever reaches the row."""
        kinds.noted("work")
        at = NOW
        for _ in range(5):
            assert operations._claim(organization_id=organization.id, job_id=job, at=at)
            at += LEASE + timedelta(seconds=1)
        assert _run(organization, job, at=at) == JobState.DEAD
        assert kinds.runs == []
        row = _row(organization, job)
        assert (row.state, row.error, row.finished_at) == ("dead", "WorkerLost", at)
