"""A request below /o/<slug>/ is one transaction in one organization, rendering included."""

import re

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from bhi.tenancy.middleware import StreamingInsideTenant
from registry.models import Patient, Payer
from tests.factories.registry import PatientFactory, PayerFactory

pytestmark = pytest.mark.urls("tests.walls.urls_of_middleware")


@pytest.fixture
def two_tenants(organization, other_organization):
    for one, name in ((organization, "Medicare"), (other_organization, "Aetna")):
        with tenant(one):
            PayerFactory(organization=one, name=name)


@pytest.fixture
def client(client_for, two_tenants):
    client = client_for("billing")
    client.raise_request_exception = False
    return client


def payers(organization):
    with tenant(organization):
        return sorted(Payer.objects.values_list("name", flat=True))


def test_a_template_response_renders_the_organizations_rows(client):
    response = client.get("/o/lakeside/test/late/")
    assert (response.status_code, response.content) == (200, b"Medicare;")


def told(organization):
    """What the history of patients says of each change."""
    history = apps.get_model("registry", "PatientEvent")
    with tenant(organization):
        return list(history.objects.order_by("pgh_id").values_list("pgh_context", flat=True))


def test_the_history_of_a_change_names_the_seat_and_the_request_once_for_all_statements(
    client, organization, membership
):
    with tenant(organization):
        PatientFactory(organization=organization)
    with CaptureQueriesContext(connection) as asked:
        response = client.post("/o/lakeside/test/renamed/")
    seat = response.wsgi_request.membership
    assert told(organization) == [{"membership": str(seat.id), "request": response.content.decode()}]
    assert sum("pghistory.context_metadata" in query["sql"] for query in asked) == 2  # set, and put back


def test_what_is_changed_outside_a_request_names_nobody(client, organization):
    client.post("/o/lakeside/test/renamed/")
    with tenant(organization):
        PatientFactory(organization=organization)
        Patient.objects.update(given_name="Changed by a job")
    assert told(organization) == [None]


def test_a_streaming_response_is_refused_and_takes_its_writes_back(client, organization):
    assert client.get("/o/lakeside/test/streamed/").status_code == 500
    assert payers(organization) == ["Medicare"]
    client.raise_request_exception = True
    with pytest.raises(StreamingInsideTenant):
        client.get("/o/lakeside/test/streamed/")


def test_a_stored_file_may_stream(client):
    response = client.get("/o/lakeside/test/file/")
    assert (response.status_code, response.getvalue()) == (200, b"stored")


def test_a_good_answer_keeps_what_was_written(client, organization, other_organization):
    assert client.get("/o/lakeside/test/written/").content == b"kept"
    assert payers(organization) == ["Medicare", "written"]
    assert payers(other_organization) == ["Aetna"]


@pytest.mark.parametrize(
    ("page", "status"), [("failing", 500), ("answering-500", 503), ("failing-late", 500), ("not-found", 404)]
)
def test_a_failed_answer_takes_everything_back(client, organization, page, status):
    assert client.get(f"/o/lakeside/test/{page}/").status_code == status
    assert payers(organization) == ["Medicare"]


@pytest.mark.parametrize(
    "page", ["late", "streamed", "file", "written", "failing", "not-found", "answering-500", "failing-late"]
)
def test_the_next_request_belongs_to_nobody(client, page):
    client.get(f"/o/lakeside/test/{page}/")
    assert client.get("/outside/").content == b"None"


def test_anothers_organization_and_none_are_the_same(client):
    other = client.get("/o/ridgeway/test/late/")
    none = client.get("/o/no-such-place/test/late/")
    assert (other.status_code, none.status_code) == (404, 404)
    assert _text(other) == _text(none)
    assert _comparable(other) == _comparable(none)


def test_a_seat_that_was_taken_away_is_no_seat(client):
    client.membership.is_active = False
    client.membership.save()
    assert client.get("/o/lakeside/test/late/").status_code == 404


def test_a_seat_opens_its_own_organization_only(client_for, two_tenants, other_organization):
    client = client_for("billing", organization=other_organization)
    assert client.get("/o/ridgeway/test/late/").content == b"Aetna;"
    assert client.get("/o/lakeside/test/late/").status_code == 404


def test_without_a_sign_in_there_is_only_the_door(two_tenants):
    response = Client().get("/o/lakeside/test/late/")
    assert (response.status_code, response.headers["Location"]) == (
        302,
        "/accounts/login/?next=%2Fo%2Flakeside%2Ftest%2Flate%2F",
    )


def _text(response):
    """Without the forgery token, which is masked anew in every answer."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", response.content.decode())


def _comparable(response):
    return {name: value for name, value in response.headers.items() if name != "X-Request-ID"}
