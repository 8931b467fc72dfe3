"""What threads could break: every connection here is real and every transaction commits."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection

from bhi.jobs import registry
from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import queue, queue_periodic, run
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from tests.factories.tenancy import NOW, ClinicFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
PATIENCE = 10


@pytest.fixture
def job(organization, rings):
    with tenant(organization):
        return queue("work", organization_id=organization.id, key="k", at=NOW)


def _closing(work):
    """A thread's connection is its own, and must not outlive the test's database."""

    def closed(*given):
        try:
            return work(*given)
        finally:
            connection.close()

    return closed


def _until(is_so, what):
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"Waited {PATIENCE} s for: {what}"
        time.sleep(0.005)


def _waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] == 1


def test_of_twenty_workers_one_runs_the_job(organization, job, kinds):
    kinds.noted("work", then=lambda _run: ClinicFactory(organization=organization))
    start = threading.Barrier(20)

    def work(_):
        start.wait(PATIENCE)
        return run(organization_id=organization.id, job_id=job, at=NOW)

    with ThreadPoolExecutor(20) as threads:
        results = list(threads.map(_closing(work), range(20)))
    assert sorted(results, key=str) == [None] * 19 + [JobState.DONE]
    assert len(kinds.runs) == 1
    with tenant(organization):
        assert Clinic.objects.count() == 1
        assert Job.objects.get().attempts == 1


def test_a_run_sees_what_was_written_while_it_was_claimed(organization, job, kinds):
    """The lost update: the writer found the job queued already, so it is this run that must see the write."""
    with tenant(organization):
        clinic = ClinicFactory(organization=organization, name="before")
    seen = []
    kinds.noted("work", then=lambda _run: seen.append(Clinic.objects.get().name))
    written, commit = threading.Event(), threading.Event()

    def write():
        with tenant(organization):
            Clinic.objects.filter(id=clinic.id).update(name="after")
            assert queue("work", organization_id=organization.id, key="k", at=NOW) == job
            written.set()
            assert commit.wait(PATIENCE)

    def work():
        assert written.wait(PATIENCE)
        return run(organization_id=organization.id, job_id=job, at=NOW)

    with ThreadPoolExecutor(2) as threads:
        writer, worker = threads.submit(_closing(write)), threads.submit(_closing(work))
        try:
            _until(lambda: _waits_for_a_lock() or worker.done(), "the worker meets the writer's lock")
        finally:
            commit.set()
        writer.result(PATIENCE)
        assert worker.result(PATIENCE) == JobState.DONE
    assert seen == ["after"]


def test_what_is_written_while_a_job_runs_queues_one_more_run(organization, job, kinds):
    """And that run sees it, whatever the first one saw."""
    with tenant(organization):
        clinic = ClinicFactory(organization=organization, name="before")
    seen, next_jobs = [], []

    def write():
        with tenant(organization):
            Clinic.objects.filter(id=clinic.id).update(name="after")
            return queue("work", organization_id=organization.id, key="k", at=NOW)

    def look_while_it_is_written(_run):
        seen.append(Clinic.objects.get().name)
        if not next_jobs:
            with ThreadPoolExecutor(1) as threads:
                next_jobs.append(threads.submit(_closing(write)).result(PATIENCE))

    kinds.noted("work", then=look_while_it_is_written)
    assert run(organization_id=organization.id, job_id=job, at=NOW) == JobState.DONE
    assert next_jobs != [job]
    assert run(organization_id=organization.id, job_id=next_jobs[0], at=NOW) == JobState.DONE
    assert seen == ["before", "after"]


def test_the_effect_and_the_mark_are_one_transaction(organization, job, kinds):
    """Seen from outside while the handler works: neither is there; afterwards both are."""

    def from_outside():
        with tenant(organization):
            return Clinic.objects.count(), Job.objects.get().state

    looks = []

    def handler(_run):
        ClinicFactory(organization=organization)
        with ThreadPoolExecutor(1) as threads:
            looks.append(threads.submit(_closing(from_outside)).result(PATIENCE))

    kinds.noted("work", then=handler)
    run(organization_id=organization.id, job_id=job, at=NOW)
    assert looks == [(0, "running")]
    assert from_outside() == (1, "done")


def test_beats_at_the_same_time_queue_a_period_once(organization, other_organization, kinds, rings):
    registry.repeats("sweep", registry.nightly)
    morning = datetime(2026, 3, 2, 9, tzinfo=UTC)
    start = threading.Barrier(8)

    def beat(_):
        start.wait(PATIENCE)
        return queue_periodic(at=morning)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(_closing(beat), range(8))) == 2
    for place in (organization, other_organization):
        with tenant(place):
            assert list(Job.objects.values_list("kind", "key")) == [("sweep", "2026-03-02")]


class TestProgress:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        from bhi.jobs import progress

        monkeypatch.setattr(progress, "LOOK_SECONDS", 0.01)

    def _outside(self, organization):
        def look():
            with tenant(organization):
                return Job.objects.values_list("progress_done", "progress_total", "lease_until").get()

        with ThreadPoolExecutor(1) as threads:
            return threads.submit(_closing(look)).result(PATIENCE)

    def test_is_seen_while_the_job_still_runs(self, organization, job, kinds):
        seen = []

        def handler(given):
            given.progress(3, 10)
            _until(lambda: self._outside(organization)[:2] == (3, 10), "progress is written")
            seen.append(self._outside(organization)[:2])

        kinds.noted("work", then=handler)
        assert run(organization_id=organization.id, job_id=job, at=NOW) == JobState.DONE
        assert seen == [(3, 10)]

    def test_renews_the_lease_of_a_silent_handler(self, organization, job, kinds, monkeypatch):
        from datetime import timedelta

        from bhi.jobs import progress

        monkeypatch.setattr(progress, "LEASE", timedelta(seconds=0.06))
        seen = []

        def handler(_run):
            first = self._outside(organization)[2]
            _until(lambda: self._outside(organization)[2] > first, "the lease is renewed")
            seen.append(self._outside(organization)[2] > first)

        kinds.noted("work", then=handler)
        assert run(organization_id=organization.id, job_id=job, at=NOW) == JobState.DONE
        assert seen == [True]

    def test_a_row_that_cannot_be_reached_does_not_stop_the_work(self, organization, job, kinds, monkeypatch):
        from django.db import OperationalError

        from bhi.jobs import progress

        tried = threading.Event()

        def unreachable(_organization_id):
            tried.set()
            raise OperationalError

        monkeypatch.setattr(progress, "tenant", unreachable)

        def handler(given):
            given.progress(1, 2)
            assert tried.wait(PATIENCE)

        kinds.noted("work", then=handler)
        assert run(organization_id=organization.id, job_id=job, at=NOW) == JobState.DONE
