"""Reports of errors: a patient planted wherever a report could carry one, and what left."""

import json

import pytest
import sentry_sdk
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path
from sentry_sdk.transport import Transport

from bhi.accounts.permissions import public
from bhi.jobs.operations import queue, run
from bhi.tenancy.context import tenant
from bhi.watching import errors

DSN = "https://key@reports.example/1"
PLANTED = ("Quuxworth", "Zebediah", "MRN-77120", "cries at night", "1961-05-04", "lakeside")


@public
def failing(request: HttpRequest, name: str):
    patient = {"name": "Zebediah Quuxworth", "note": "cries at night"}
    sentry_sdk.add_breadcrumb(message="opened Zebediah Quuxworth", data=patient)
    sentry_sdk.set_user({"id": "MRN-77120", "email": "zebediah@lakeside.example"})
    sentry_sdk.set_tag("patient", "Zebediah Quuxworth")
    sentry_sdk.set_extra("born", "1961-05-04")
    sentry_sdk.set_context("patient", patient)
    try:
        {}[patient["name"]]
    except KeyError as fault:
        raise ValueError(f"{patient} {request.POST} {name}") from fault


urlpatterns = [path("failing/<str:name>/", failing)]


class Kept(Transport):
    """Keeps what would leave, as bytes."""

    def __init__(self, options=None):
        super().__init__(options)
        self.envelopes = []

    def capture_envelope(self, envelope):
        self.envelopes.append(envelope.serialize())


@pytest.fixture
def sent(monkeypatch):
    """What left, with the product's own settings but for the transport."""
    kept = Kept()
    original = sentry_sdk.init
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: original(**options, transport=kept))
    with sentry_sdk.isolation_scope():
        errors.start(DSN, release="bhi@test")
        yield kept.envelopes
        original()


def event_in(envelope):
    return json.loads(envelope.decode().splitlines()[2])


@override_settings(ROOT_URLCONF=__name__)
def test_a_failed_request_leaves_its_class_and_places_and_no_word(db, sent):
    client = Client(raise_request_exception=False, headers={"X-Patient": "Zebediah Quuxworth"})
    client.cookies["seen"] = "MRN-77120"
    answer = client.post("/failing/Quuxworth/?born=1961-05-04", {"note": "cries at night", "mrn": "MRN-77120"})
    assert answer.status_code == 500
    (envelope,) = sent
    event = event_in(envelope)
    assert [one["type"] for one in event["exception"]["values"]] == ["KeyError", "ValueError"]
    assert event["exception"]["values"][1]["stacktrace"]["frames"][-1]["function"] == "failing"
    assert event["tags"] == {"request_id": answer.headers["X-Request-ID"]}
    assert set(event) <= {
        *("event_id", "timestamp", "level", "platform", "environment", "release"),
        *("transaction", "tags", "exception"),
    }
    assert [word for word in PLANTED if word.lower() in envelope.decode().lower()] == []


def test_a_failed_job_is_reported_by_kind_and_id(organization, now, monkeypatch, sent):
    from bhi.jobs import registry

    def fail(_run):
        name = "Zebediah Quuxworth"
        raise ValueError(name)

    monkeypatch.setitem(registry._handlers, "reported", fail)
    with tenant(organization):
        job_id = queue("reported", organization_id=organization.id, key="MRN-77120", at=now)
    run(organization_id=organization.id, job_id=job_id, at=now)
    (envelope,) = sent
    event = event_in(envelope)
    assert event["tags"] == {"kind": "reported", "job_id": str(job_id)}
    assert [word for word in PLANTED if word.lower() in envelope.decode().lower()] == []


def test_what_is_only_words_never_leaves(sent):
    sentry_sdk.capture_message("Zebediah Quuxworth cries at night")
    with sentry_sdk.start_transaction(name="Zebediah"):
        pass
    assert sent == []


def test_without_an_address_nothing_is_set_up(monkeypatch):
    called = []
    monkeypatch.setattr(sentry_sdk, "init", lambda **options: called.append(options))
    errors.start("", release="bhi@test")
    assert called == []
