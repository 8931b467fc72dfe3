"""What is queued, how often, and when the bell rings."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from bhi.jobs import registry
from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import announce, queue, queue_periodic, rescan, retry_dead
from bhi.tenancy.context import tenant
from tests.factories.tenancy import NOW


def _queue(organization, key="episode-1", **options):
    return queue("refresh", organization_id=organization.id, key=key, at=options.pop("at", NOW), **options)


def test_a_job_is_queued_once_under_its_key(in_tenant, rings):
    first = _queue(in_tenant, arguments={"episode": "e-1"})
    again = _queue(in_tenant, at=NOW + timedelta(minutes=1))
    other = _queue(in_tenant, key="episode-2")
    assert again == first != other
    assert list(Job.objects.order_by("id").values_list("id", "key", "state", "arguments")) == [
        (first, "episode-1", "queued", {"episode": "e-1"}),
        (other, "episode-2", "queued", {}),
    ]


def test_new_work_does_not_wait_for_the_delay_of_an_earlier_failure(in_tenant, rings):
    _queue(in_tenant, run_after=NOW + timedelta(hours=1))
    _queue(in_tenant)
    assert Job.objects.get().run_after == NOW


def test_later_work_does_not_put_off_what_is_due(in_tenant, rings):
    _queue(in_tenant)
    _queue(in_tenant, run_after=NOW + timedelta(hours=1))
    assert Job.objects.get().run_after == NOW


def test_a_job_that_runs_does_not_stop_the_next(in_tenant, rings):
    first = _queue(in_tenant)
    Job.objects.update(state=JobState.RUNNING)
    second = _queue(in_tenant)
    assert second != first
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
def test_the_bell_rings_after_the_commit_only(organization, rings):
    with tenant(organization):
        _queue(organization)
        transaction.set_rollback(True)
    assert rings == []
    with tenant(organization):
        job_id = _queue(organization)
        assert rings == []
    assert rings == [job_id]


@pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
def test_a_bell_that_breaks_does_not_break_the_request(organization, monkeypatch):
    from bhi.jobs import operations

    def broken(**_):
        raise OSError

    monkeypatch.setattr(operations, "ring", broken)
    with tenant(organization):
        _queue(organization)
    with tenant(organization):
        assert Job.objects.get().state == "queued"


def test_an_announcement_queues_what_subscribed_in_order_of_kind_and_key(in_tenant, kinds, rings, monkeypatch):
    from bhi.jobs import operations

    def months_of(ids):
        return [registry.Work(f"{ids['episode']}:{month}", {"month": month}) for month in ids["months"]]

    queued = []
    monkeypatch.setattr(operations, "queue", lambda kind, **job: queued.append((kind, job["key"], job["arguments"])))
    registry.subscribe("episode_changed", "roll_up", months_of)
    registry.subscribe("episode_changed", "roll_up", months_of)  # AppConfig.ready may run twice
    registry.subscribe("episode_changed", "audit", lambda ids: [registry.Work(ids["episode"])])
    announce("episode_changed", organization_id=in_tenant.id, at=NOW, episode="e1", months=["2026-03", "2026-02"])
    assert queued == [
        ("audit", "e1", {}),
        ("roll_up", "e1:2026-02", {"month": "2026-02"}),
        ("roll_up", "e1:2026-03", {"month": "2026-03"}),
    ]


def test_an_announcement_that_nobody_subscribed_to_queues_nothing(in_tenant, kinds, rings):
    announce("nothing_of_note", organization_id=in_tenant.id, at=NOW)
    assert Job.objects.count() == 0


@pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
class TestRescan:
    """Runs with the maintenance role on a connection of its own, so rows must be committed."""

    def test_rings_for_what_is_due_in_every_organization(self, organization, other_organization, rings):
        due = []
        for place in (organization, other_organization):
            with tenant(place):
                due.append(_queue(place))
                _queue(place, key="later", run_after=NOW + timedelta(hours=1))
        rings.clear()
        assert rescan(at=NOW) == 2
        assert sorted(rings) == sorted(due)

    def test_rings_for_a_job_whose_worker_has_gone(self, organization, rings):
        with tenant(organization):
            gone, running, done = (_queue(organization, key=key) for key in ("gone", "running", "done"))
            Job.objects.filter(id=gone).update(state=JobState.RUNNING, lease_until=NOW - timedelta(seconds=1))
            Job.objects.filter(id=running).update(state=JobState.RUNNING, lease_until=NOW + timedelta(seconds=1))
            Job.objects.filter(id=done).update(state=JobState.DONE)
        rings.clear()
        assert rescan(at=NOW) == 1
        assert rings == [gone]

    def test_stops_at_a_silent_bell(self, organization, monkeypatch):
        from bhi.jobs import operations

        asked = []

        def ring(**ids):
            asked.append(ids)
            return len(asked) < 2

        with tenant(organization):
            for key in "abc":
                _queue(organization, key=key)
        asked.clear()
        monkeypatch.setattr(operations, "ring", ring)
        assert rescan(at=NOW) == 1
        assert len(asked) == 2

    def test_sees_ids_and_nothing_of_what_a_job_is_about(self):
        from django.db import DatabaseError, connections

        for column in ("key", "arguments", "owner_id", "error"):
            with pytest.raises(DatabaseError, match="permission denied"), connections["maintenance"].cursor() as cursor:
                cursor.execute(f"SELECT {column} FROM jobs_job")
        with pytest.raises(DatabaseError, match="permission denied"), connections["maintenance"].cursor() as cursor:
            cursor.execute("UPDATE jobs_job SET state = 'done'")


MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


class TestPeriodic:
    def test_once_per_organization_and_period(self, organization, other_organization, kinds, rings):
        registry.repeats("sweep", registry.nightly)
        assert queue_periodic(at=MORNING) == 2
        assert queue_periodic(at=MORNING + timedelta(hours=14, minutes=59)) == 0
        assert queue_periodic(at=MORNING + timedelta(days=1)) == 2
        with tenant(organization):
            assert list(Job.objects.order_by("key").values_list("kind", "key")) == [
                ("sweep", "2026-03-02"),
                ("sweep", "2026-03-03"),
            ]

    def test_not_again_after_it_ran(self, organization, kinds, rings):
        registry.repeats("sweep", registry.nightly)
        queue_periodic(at=MORNING)
        with tenant(organization):
            Job.objects.update(state=JobState.DONE)
        assert queue_periodic(at=MORNING) == 0

    def test_not_before_its_time(self, organization, kinds, rings):
        registry.repeats("sweep", registry.nightly)
        assert queue_periodic(at=MORNING.replace(hour=7, minute=59)) == 0
        assert queue_periodic(at=MORNING.replace(hour=8)) == 1


def test_a_night_begins_at_eight_utc():
    assert registry.nightly(datetime(2026, 3, 2, 7, 59, tzinfo=UTC)) is None
    assert registry.nightly(datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) == "2026-03-02"


class TestRetryDead:
    def test_gives_five_more_attempts(self, in_tenant, rings):
        job_id = _queue(in_tenant)
        Job.objects.update(state=JobState.DEAD, attempts=5, error="ValueError", finished_at=NOW)
        assert retry_dead(organization_id=in_tenant.id, job_id=job_id, at=NOW) is True
        job = Job.objects.get()
        assert (job.state, job.attempts, job.error, job.finished_at, job.run_after) == ("queued", 0, "", None, NOW)

    def test_is_closed_where_a_newer_one_waits(self, in_tenant, rings):
        dead = _queue(in_tenant)
        Job.objects.update(state=JobState.DEAD, attempts=5)
        waiting = _queue(in_tenant)
        assert retry_dead(organization_id=in_tenant.id, job_id=dead, at=NOW) is True
        assert dict(Job.objects.values_list("id", "state")) == {dead: "done", waiting: "queued"}
        assert Job.objects.get(id=dead).error == "Superseded"

    def test_only_what_is_dead(self, in_tenant, rings):
        job_id = _queue(in_tenant)
        assert retry_dead(organization_id=in_tenant.id, job_id=job_id, at=NOW) is False

    def test_only_of_its_organization(self, organization, other_organization, rings):
        with tenant(organization):
            job_id = _queue(organization)
            Job.objects.update(state=JobState.DEAD)
        assert retry_dead(organization_id=other_organization.id, job_id=job_id, at=NOW) is False


@pytest.mark.django_db(transaction=True, databases=["default", "maintenance"])
def test_two_writers_of_the_same_things_do_not_deadlock(organization, kinds, rings):
    """Each announces two keys in the opposite order; sorting makes both lock in the same order."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    registry.subscribe("changed", "refresh", lambda ids: [registry.Work(key) for key in ids["keys"]])

    def write(keys):
        try:
            for _ in range(20):
                with tenant(organization), transaction.atomic():
                    announce("changed", organization_id=organization.id, at=NOW, keys=keys)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        for writer in [threads.submit(write, "abcdef"), threads.submit(write, "fedcba")]:
            writer.result(timeout=20)
    with tenant(organization):
        assert sorted(Job.objects.values_list("key", flat=True)) == list("abcdef")
