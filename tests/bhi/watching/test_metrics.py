"""Figures for monitoring: who may read them, what they say, and that no label names anybody."""

import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from prometheus_client.core import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bhi.audit.models import AuditSeal
from bhi.jobs.models import Job, JobState
from bhi.jobs.operations import MOST_ATTEMPTS, queue, run
from bhi.tenancy.context import tenant
from bhi.watching.figures import exposition, may_read
from bhi.watching.state import State
from tests.factories.registry import PatientFactory
from tests.races import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "t" * 40
LABELS = {"view", "method", "status", "kind", "outcome", "state", "what", "le"}
WORD = re.compile(r"[\w.:+-]*", re.ASCII)


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN
    return {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}


def samples(text):
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def value(name, **labels):
    """What this process has counted so far."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.parametrize(
    ("header", "status"),
    [("", 404), (TOKEN, 404), ("Bearer ", 404), (f"Bearer {TOKEN}x", 404), ("Bearer é", 404), (f"Bearer {TOKEN}", 200)],
)
def test_the_page_is_there_for_the_token_only(db, token, header, status):
    assert Client().get("/metrics", HTTP_AUTHORIZATION=header).status_code == status


def test_without_a_token_in_the_settings_nobody_reads(settings):
    settings.METRICS_TOKEN = ""
    assert [may_read(header) for header in ("", "Bearer ", "Bearer None")] == [False, False, False]


def test_requests_are_counted_by_view_method_and_status(client_for, token):
    client = client_for("care_manager")
    slug = client.membership.organization.slug
    counted = {"view": "caseload", "method": "GET", "status": "200"}
    before = value("bhi_requests_total", **counted), value("bhi_request_seconds_count", view="caseload")
    client.get(f"/o/{slug}/caseload/")
    after = value("bhi_requests_total", **counted), value("bhi_request_seconds_count", view="caseload")
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
    assert 'bhi_requests_total{method="GET",status="200",view="caseload"}' in Client().get("/metrics", **token).text


def test_no_label_holds_what_somebody_typed_or_whose_page_it_was(client_for, token, organization):
    client = client_for("care_manager")
    with tenant(organization):
        patient = PatientFactory(organization=organization, family_name="Quuxworth")
    client.get(f"/o/lakeside/patients/{patient.id}/")
    client.get("/o/lakeside/Quuxworth%20MRN-77120/?q=Quuxworth")
    client.generic("QUUXWORTH", "/o/lakeside/caseload/")
    text = Client().get("/metrics", **token).text
    found = samples(text)
    assert {name for sample in found for name in sample.labels} <= LABELS
    assert [word for sample in found for word in sample.labels.values() if not WORD.fullmatch(word)] == []
    said = text.lower()
    assert [word for word in ("quuxworth", "mrn-77120", "lakeside", str(patient.id)) if word in said] == []
    assert value("bhi_requests_total", view="none", method="GET", status="404") > 0


def test_runs_of_jobs_are_counted_by_how_they_ended(organization, now, monkeypatch):
    from bhi.jobs import registry

    def fail(_run):
        raise ValueError("Zebediah Quuxworth")

    monkeypatch.setitem(registry._handlers, "watched", lambda _run: None)
    monkeypatch.setitem(registry._handlers, "watched_fails", fail)
    names = [("watched", "done"), ("watched_fails", "failed"), ("watched_fails", "dead")]
    before = [value("bhi_job_runs_total", kind=kind, outcome=outcome) for kind, outcome in names]
    with tenant(organization):
        good = queue("watched", organization_id=organization.id, key="a", at=now)
        bad = queue("watched_fails", organization_id=organization.id, key="a", at=now)
    run(organization_id=organization.id, job_id=good, at=now)
    for attempt in range(MOST_ATTEMPTS):
        run(organization_id=organization.id, job_id=bad, at=now + timedelta(hours=attempt))
    after = [value("bhi_job_runs_total", kind=kind, outcome=outcome) for kind, outcome in names]
    assert [two - one for one, two in zip(before, after, strict=True)] == [1, MOST_ATTEMPTS - 1, 1]
    assert value("bhi_job_seconds_count", kind="watched") >= 1


@pytest.mark.django_db(databases=["default", "maintenance"], transaction=True)
def test_what_waits_was_left_or_failed_is_told_with_its_age(organization, now, settings, tmp_path, time_machine_at):
    settings.BACKUPS = str(tmp_path)
    (tmp_path / "a.bhi").touch()
    os.utime(tmp_path / "a.bhi", (now.timestamp() - 7200, now.timestamp() - 7200))
    with tenant(organization):
        AuditSeal.objects.create(
            organization=organization, number=1, day=now.date() - timedelta(days=2), event_count=0, sha256="0" * 64,
            sealed_at=now,
        )  # fmt: skip
        for number, (state, due) in enumerate([("queued", 90), ("queued", 30), ("running", 0), ("dead", 0)]):
            Job.objects.create(
                organization=organization, kind="watched", key=str(number), state=JobState(state), queued_at=now,
                run_after=now - timedelta(seconds=due),
                lease_until=now - timedelta(seconds=1) if state == "running" else None,
            )  # fmt: skip
    text = exposition(State()).decode()
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for sample in samples(text)
        if sample.labels.get("kind", "watched") == "watched" and not sample.name.startswith(("bhi_job_", "bhi_req"))
    }
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    assert found == {
        ("bhi_database_up",): 1,
        ("bhi_jobs", "watched", "queued"): 2,
        ("bhi_jobs", "watched", "running"): 1,
        ("bhi_jobs", "watched", "dead"): 1,
        ("bhi_jobs_lease_expired", "watched"): 1,
        ("bhi_audit_seal_age_seconds",): (now - midnight).total_seconds() + 86400,
        ("bhi_backup_age_seconds",): 7200,
    }
    assert 'bhi_job_oldest_due_seconds{kind="watched"} 90.0' in text


@pytest.fixture
def time_machine_at(now):
    import time_machine

    with time_machine.travel(now, tick=False):
        yield


def test_with_the_database_away_one_figure_says_so(db, monkeypatch):
    from django.db import OperationalError

    def away(_at):
        raise OperationalError

    monkeypatch.setattr("bhi.watching.state._jobs", away)
    monkeypatch.setattr("bhi.watching.state.connections", type("None_", (), {"close_all": staticmethod(lambda: None)}))
    assert [(one.name, one.samples[0].value) for one in State().collect()] == [("bhi_database_up", 0)]


@pytest.mark.parametrize("address", ["", "nowhere", "127.0.0.1:notaport"])
def test_an_address_that_is_none_is_named(settings, address):
    settings.METRICS_ADDRESS, settings.METRICS_TOKEN = address, TOKEN
    with pytest.raises(CommandError, match="BHI_METRICS_ADDRESS"):
        call_command("serve_metrics")


def test_processes_of_one_server_add_up_and_the_worker_has_a_page_of_its_own(tmp_path, django_db_setup):
    """Two processes count, a third answers; without the token it says nothing."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environ = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "BHI_METRICS_ADDRESS": f"127.0.0.1:{port}",
        "BHI_METRICS_TOKEN": TOKEN,
    }
    count = "from bhi.watching.figures import JOB_RUNS; JOB_RUNS.labels('watched', 'done').inc(2)"
    for _ in range(2):
        subprocess.run([sys.executable, "-c", count], cwd=ROOT, env=environ, check=True, timeout=PATIENCE)
    command = [sys.executable, "manage.py", "serve_metrics", "--until-eof"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        status, text = _asked(port, {"Authorization": f"Bearer {TOKEN}"}, process)
        refused, _ = _asked(port, {}, process)
        process.stdin.close()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
    assert (status, refused) == (200, 404)
    assert 'bhi_job_runs_total{kind="watched",outcome="done"} 4.0' in text


def _asked(port, headers, process):
    import time

    deadline = time.monotonic() + PATIENCE
    while True:
        request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
