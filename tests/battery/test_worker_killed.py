"""A worker killed at ten marked points of real jobs, a broker emptied, a worker whose clock is wrong."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from bhi.jobs import doorbell
from bhi.jobs.models import Job
from bhi.jobs.operations import queue
from bhi.tenancy.context import tenant
from billing.models import Batch, Claim, FrozenMonth, MonthClose, Packet
from billing.operations.filing import make_filed_batches
from billing.operations.packets import ask_for_month_packet
from caseload.models import ImportRun
from caseload.operations.imports import Upload, confirm_import, start_import
from registry.models import Patient
from tests.battery.invariants import violations
from tests.bhi.jobs.test_faults import Installation, _forget_connections, _until
from tests.billing.filing import closed, filed_patient, set_up
from tests.billing.people import AT, Program, program
from tests.factories.tenancy import ClinicFactory, OrganizationFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "maintenance", "owner"])
RUNS = 10
PATIENCE = 60
ROWS = 30
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
BEGIN = r"set_config\('statement_timeout'"
FINISH = r'UPDATE "jobs_job".*"finished_at"'


class Faulty(Installation):
    """Its worker dies where it is told to, or lives at another hour."""

    clock = ""

    def _celery(self, *arguments: str) -> list[str]:
        command = super()._celery(*arguments)
        return ["tests.battery.fault_app" if part == "tests.bhi.jobs.worker_app" else part for part in command]

    def _environ(self) -> dict[str, str]:
        moved = {"LD_PRELOAD": FAKETIME, "FAKETIME": self.clock, "FAKETIME_NO_CACHE": "1"} if self.clock else {}
        return super()._environ() | moved

    def kill_at(self, when: str, statement: str, nth: int) -> None:
        (self.gate / "killed").unlink(missing_ok=True)
        order = self.gate / "order"
        order.write_text(json.dumps({"when": when, "statement": statement, "nth": nth}))
        order.rename(self.gate / "kill")

    def has_killed(self) -> bool:
        return (self.gate / "killed").exists()


@pytest.fixture(scope="module")
def running(tmp_path_factory: Any, django_db_setup: None) -> Iterator[Faulty]:
    installation = Faulty(tmp_path_factory.mktemp("f"))
    try:
        installation.start_valkey()
        installation.start_worker()
        installation.start_beat()
        yield installation
    finally:
        installation.end()


@pytest.fixture
def installation(running: Faulty, monkeypatch: Any) -> Iterator[Faulty]:
    from bhi.celery import app

    running.close_gate()
    monkeypatch.setattr(settings, "REDIS_URL", running.url)
    monkeypatch.setattr(doorbell, "_last_look", (float("-inf"), False))
    monkeypatch.setattr(app.conf, "broker_url", "redis+socket://" + running.url.removeprefix("unix://"))
    monkeypatch.setattr("caseload.operations.imports.runs.AT_ONCE_ROWS", 0)
    _forget_connections(app)
    yield running
    _forget_connections(app)


def imported(people: Program) -> Callable[[], bool]:
    rows = "".join(f'{n},"Doe{n}, Jo",1/1/1980,2/2/2026\n' for n in range(ROWS))
    file = Upload("patients.csv", b"MRN,Name,DOB,Date Enrolled\n" + rows.encode())
    run = start_import(by=people.by, at=AT, files=[file])
    confirm_import(by=people.by, at=AT, run_id=run.id, digest=run.summary["digest"])
    return lambda: (ImportRun.objects.get().state, Patient.objects.count()) == ("imported", ROWS)


def closing(people: Program) -> Callable[[], bool]:
    for name in ("Abara", "Bell"):
        people.billing_patient(name)
    _queued(people, "battery_close")
    return lambda: (MonthClose.objects.count(), FrozenMonth.objects.count()) == (1, 2)


def exported(people: Program) -> Callable[[], bool]:
    set_up(people)
    for name in ("Abara", "Bell"):
        filed_patient(people, name)
    closed(people)
    _queued(people, "battery_export")
    return lambda: (Batch.objects.count(), Claim.objects.count()) == (1, 2)


def packeted(people: Program) -> Callable[[], bool]:
    set_up(people)
    episode = filed_patient(people)
    closed(people)
    make_filed_batches(by=people.by, at=AT, month="2026-02", client_token=uuid4())
    ask_for_month_packet(by=people.by, at=AT, month="2026-02", episode_id=episode.id)
    return lambda: [one.made_at is not None for one in Packet.objects.all()] == [True]


def _queued(people: Program, kind: str) -> None:
    given = {"clinic_id": str(people.clinic.id), "token": str(uuid4())}
    queue(kind, organization_id=people.organization.id, key=kind, at=timezone.now(), arguments=given)


POINTS = {
    "import: claimed, not begun": (imported, "before", BEGIN, 1),
    "import: in the middle of its tables": (imported, "after", r'INSERT INTO "registry_', 2),
    "import: done, not marked": (imported, "before", FINISH, 1),
    "import: marked, not committed": (imported, "after", FINISH, 1),
    "close: before the months are frozen": (closing, "before", r'INSERT INTO "billing_frozenmonth"', 1),
    "close: frozen, not committed": (closing, "after", r'INSERT INTO "billing_frozenmonth"', 1),
    "export: claims made, no file": (exported, "before", r'INSERT INTO "files_storedfile"', 1),
    "export: file kept, not committed": (exported, "after", r'INSERT INTO "files_storedfile"', 1),
    "packet: set, not kept": (packeted, "before", r'INSERT INTO "files_storedfile"', 1),
    "packet: committed, message not acknowledged": (packeted, "committed", "done", 1),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_marked_point_leaves_all_or_nothing_and_the_job_ends(
    point: str, installation: Faulty, figure: Any
) -> None:
    work, when, statement, nth = POINTS[point]
    found, longest = 0, 0.0
    for number in range(RUNS):
        organization = OrganizationFactory(slug=f"fault-{number}")
        installation.kill_at(when, statement, nth)
        with tenant(organization):
            is_whole = work(program(organization, ClinicFactory(organization=organization)))
        _until(installation.has_killed, f"the worker died at {point}", PATIENCE)
        began = time.monotonic()
        _until(lambda of=organization: _all_done(of), "every job ended", PATIENCE)
        longest = max(longest, time.monotonic() - began)
        with tenant(organization):
            assert is_whole() is True
            assert Job.objects.filter(attempts__gte=2).count() == (0 if when == "committed" else 1)
        found += sum(violations().values())
    figure(f"worker killed, {point}", RUNS, found, longest)
    assert found == 0


def _all_done(organization: Any) -> bool:
    with tenant(organization):
        return not Job.objects.exclude(state="done").exists()


def _refreshing(organization: Any, count: int = 4) -> None:
    """Patients' facts, each of which queues jobs that add up and work out."""
    with tenant(organization):
        people = program(organization, ClinicFactory(organization=organization))
        for number in range(count):
            people.billing_patient(f"Abara{number}")
        assert Job.objects.exclude(state="done").count() >= count


def test_an_emptied_broker_loses_no_job(installation: Faulty, figure: Any) -> None:
    longest, found = 0.0, 0
    for number in range(RUNS):
        installation.kill("worker")
        organization = OrganizationFactory(slug=f"emptied-{number}")
        _refreshing(organization)
        broker = installation.redis()
        assert broker.llen("bhi") > 0
        broker.flushall()
        began = time.monotonic()
        installation.start_worker()
        _until(lambda of=organization: _all_done(of), "every job ended", PATIENCE)
        longest = max(longest, time.monotonic() - began)
        found += sum(violations().values())
    figure("broker emptied with jobs waiting (start of the worker included)", RUNS, found, longest)
    assert found == 0


@pytest.mark.skipif(not os.path.exists(FAKETIME), reason="needs libfaketime")  # noqa: PTH110
def test_a_worker_whose_clock_is_wrong_is_late_or_early_and_breaks_nothing(
    installation: Faulty, figure: Any, monkeypatch: Any
) -> None:
    """An hour behind it finds nothing due; a day ahead it does all; and what it left, one with the right hour ends."""
    organization = OrganizationFactory(slug="clocks")
    installation.kill("beat")
    installation.kill("worker")
    try:
        _refreshing(organization)
        with tenant(organization):
            waiting = Job.objects.filter(state="queued").update(run_after=timezone.now())
        installation.clock = "-1h"
        installation.start_worker()
        _until(lambda: installation.redis().llen("bhi") == 0, "the worker heard every ring", PATIENCE)
        with tenant(organization):
            assert (Job.objects.filter(state="queued").count(), waiting > 0) == (waiting, True)
        installation.kill("worker")
        installation.clock = "+1d"
        installation.start_worker()
        installation.start_beat()
        began = time.monotonic()
        _until(lambda: _all_done(organization), "every job ended", PATIENCE)
        seconds = time.monotonic() - began
    finally:
        installation.clock = ""
        for name in ("worker", "beat"):
            if name in installation.running:
                installation.kill(name)
        installation.start_worker()
        installation.start_beat()
    found = sum(violations().values())
    figure("worker's clock an hour behind, then a day ahead", 2, found, seconds)
    assert found == 0
