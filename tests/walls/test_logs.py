"""Whatever goes wrong and whoever logs it: no line names anybody."""

import ast
import io
import json
import logging
import re
import sys
import warnings
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from bhi.accounts.permissions import public
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Organization
from bhi.web.logs import ALLOWED_KEYS, formatter
from registry.models import Patient
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import NOW, PASSWORD

ROOT = Path(__file__).resolve().parents[2]
APPS = ("bhi", "registry", "caseload", "billing", "outcomes")
# A name, an e-mail, a record number, a note, a search: each as somebody's hand would type it.
MARKERS = ("Quuxworth", "zebediah", "MRN-77120", "cries at night", "sleeps badly", "1961-05-04")


@public
def failing(request):
    patient = Patient(family_name="Quuxworth", given_name="Zebediah", mrn="MRN-77120")
    note = "cries at night"
    raise ValueError(f"{patient.given_name} {patient.family_name} {note} {request.POST.get('q')}")


@public
def twice(request):
    """A unique violation, whose DETAIL quotes the value."""
    for _ in range(2):
        Organization.objects.create(slug="zebediah", name="Quuxworth", created_at=NOW)
    return HttpResponse()


@public
def chatty(request):
    """A library that logs what it is given, a warning that quotes a value, and somebody's slip of the hand."""
    import structlog

    logging.getLogger("some.library").warning("saving %s", "Zebediah Quuxworth")
    logging.getLogger("some.library").error("note: cries at night", extra={"mrn": "MRN-77120"}, stack_info=True)
    warnings.warn("received a naive datetime (1961-05-04)", RuntimeWarning, stacklevel=1)
    log = structlog.get_logger("bhi.slip")
    log.warning(
        "slip", patient="Zebediah", note="cries at night", error="Zebediah Quuxworth", count=3, kind=["a b", "c"]
    )
    log.warning("saved the note that she sleeps badly", view="chart")
    return HttpResponse()


urlpatterns = [
    path("failing/", failing, name="failing"),
    path("twice/", twice, name="twice"),
    path("chatty/", chatty, name="chatty"),
    path("", include("bhi.urls")),
]


@pytest.fixture
def lines(monkeypatch):
    """What the product would write: a handler of our formatter on the root logger. Call it to read the lines."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def _named(*texts: str) -> list[str]:
    return [marker for marker in MARKERS if any(marker.lower() in text.lower() for text in texts)]


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.filterwarnings("ignore:received a naive datetime")
def test_no_line_names_anybody(client_for, organization, in_tenant, lines, capfd):
    client = client_for("care_manager", "billing", "clinic_lead", name="Quuxworth")
    client.raise_request_exception = False
    patient = PatientFactory(organization=in_tenant, family_name="Quuxworth", mrn="MRN-77120")
    asked = [
        client.get("/failing/?q=Quuxworth"),
        client.post("/failing/", {"q": "sleeps badly"}),
        client.get("/chatty/", headers={"User-Agent": "Quuxworth", "Referer": "https://x/?q=zebediah"}),
        client.get("/o/lakeside/caseload/?search=Quuxworth"),
        client.post("/o/lakeside/caseload/search/", {"q": "Quuxworth MRN-77120"}),
        client.get("/o/lakeside/caseload/"),
        client.get(f"/o/lakeside/patients/{patient.id}/"),
        client.post(f"/o/lakeside/patients/{patient.id}/contacts/new/", {"note": "cries at night", "on": "Quuxworth"}),
        client.get("/o/lakeside/Quuxworth/MRN-77120/"),
        client.get(f"/o/lakeside/patients/{uuid7()}/?name=zebediah"),
        client.post("/accounts/login/", {"login": "zebediah@quuxworth.example", "password": "MRN-77120"}),
        Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "zebediah@x.example"}),
        client.get("/", headers={"Host": "quuxworth.example"}),
    ]
    with transaction.atomic():
        asked.append(client.get("/twice/"))
        transaction.set_rollback(True)
    statuses = [answer.status_code for answer in asked]
    assert statuses[:2] == [500, 500]
    assert statuses[-1] == 500
    assert statuses[8:10] == [404, 404]
    out, err = capfd.readouterr()
    assert _named(json.dumps(lines()), out, err) == []


@pytest.mark.django_db
@override_settings(ROOT_URLCONF=__name__)
def test_a_request_is_a_line_with_its_view_and_its_id(client, lines):
    client.raise_request_exception = False
    answer = client.get("/failing/?q=Quuxworth")
    request = next(line for line in lines() if line["event"] == "request")
    assert {key: request[key] for key in ("method", "view", "status", "level")} == {
        "method": "GET",
        "view": "failing",
        "status": 500,
        "level": "info",
    }
    assert request["request_id"] == answer.headers["X-Request-ID"]
    failure = next(line for line in lines() if line["event"] == "library")
    assert (failure["logger"], failure["error"], failure["request_id"]) == (
        "django.request",
        "ValueError",
        request["request_id"],
    )
    assert re.fullmatch(r"[\w.]*test_logs:failing:\d+", failure["where"][-1])


def test_what_is_not_listed_is_dropped_and_counted(lines):
    import structlog

    structlog.get_logger("bhi.slip").info("slip", patient="Zebediah", note="x", kind="one two", count=2, state=None)
    (line,) = lines()
    assert {key: line[key] for key in ("event", "kind", "count", "state", "dropped_keys")} == {
        "event": "slip",
        "kind": "(withheld)",
        "count": 2,
        "state": None,
        "dropped_keys": 2,
    }
    assert set(line) <= ALLOWED_KEYS


def test_static_files_are_no_lines_and_may_be_kept(client, lines):
    answer = client.get("/static/bhi.css")
    assert answer.status_code == 200
    assert "no-store" not in answer.headers["Cache-Control"]
    assert lines() == []


def _calls_of_loggers():
    """Every `log.…(…)` in the product, as (place, call)."""
    for file, call in _calls_in_files_with(r"\b(?:log|logger|logging)\s*\."):
        if isinstance(call.func, ast.Attribute):
            target = call.func.value
            if isinstance(target, ast.Name) and target.id in ("log", "logger", "logging"):
                yield f"{file}:{call.lineno}", call


def _calls_in_files_with(text):
    """Every call in those files of the product that hold such text: to parse a thousand files takes seconds."""
    for app in APPS:
        for file in (ROOT / app).rglob("*.py"):
            source = file.read_text()
            if re.search(text, source):
                calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
                yield from ((file.relative_to(ROOT), call) for call in calls)


def test_every_line_of_ours_is_a_constant_event_with_listed_keys():
    faulty = []
    levels = {"debug", "info", "warning", "error", "critical", "exception"}
    calls = [(place, call) for place, call in _calls_of_loggers() if call.func.attr in levels]
    for place, call in calls:
        event = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        if len(call.args) != 1 or not re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", str(event)):
            faulty.append(f"{place}: the event is no constant of dotted words")
        faulty += [f"{place}: {key.arg}" for key in call.keywords if key.arg not in ALLOWED_KEYS]
    assert faulty == []
    assert len(calls) > 5


def test_nothing_is_printed_but_by_commands():
    """`bhi/wsgi.py` prints one sentence to the operator when it refuses to start."""
    allowed = re.compile(r"/management/commands/|^bhi/local/|^bhi/wsgi\.py")
    calls = _calls_in_files_with(r"\bprint\b")
    printing = [str(file) for file, call in calls if getattr(call.func, "id", "") == "print"]
    assert "bhi/wsgi.py" in printing
    assert [file for file in printing if not allowed.search(file)] == []


def test_django_writes_through_ours_alone():
    """No second way out: no handler of Django's, gunicorn's access log off."""
    from bhi.web import gunicorn

    assert logging.getLogger("django").handlers == []
    assert logging.getLogger("django.server").handlers == []
    assert gunicorn.accesslog is None


def test_gunicorns_own_lines_are_ours(capsys):
    from gunicorn.config import Config

    from bhi.web.gunicorn import OneLog

    log = OneLog(Config())
    try:
        int("Zebediah Quuxworth")
    except ValueError:
        log.exception("Error handling request %s", "/o/lakeside/Quuxworth/")
    finally:
        logging.getLogger("gunicorn.error").handlers = []
    line = json.loads(capsys.readouterr().err)
    assert (line["logger"], line["error"]) == ("gunicorn.error", "ValueError")
    assert _named(json.dumps(line)) == []


def test_a_unique_violation_quotes_no_value_behind_the_wall(in_tenant):
    """Postgres leaves out DETAIL where row-level security holds."""
    PatientFactory(organization=in_tenant, mrn="MRN-77120")
    clinic = Patient.objects.get().clinic
    with pytest.raises(IntegrityError) as fault, transaction.atomic():
        PatientFactory(organization=in_tenant, mrn="MRN-77120", clinic=clinic)
    assert _named(str(fault.value)) == []
    assert sys.exc_info() == (None, None, None)
    assert PASSWORD not in str(fault.value)
