"""Files and settings ask who it is when some time has passed, and then do what was asked, with everything typed."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bhi.accounts.permissions import LIBRARY_VIEWS, Permission, declared
from bhi.accounts.recent import FILES, MINUTES, OUTSIDE, minutes_of, requires_recent_sign_in
from tests.factories.tenancy import NOW, PASSWORD
from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.asking import url_patterns

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("watches_sessions")]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def client(membership, clock):
    """Signed in twenty minutes ago and busy since."""
    client = Client()
    client.post(reverse("account_login"), {"login": membership("billing").user.email, "password": PASSWORD})
    for _ in range(2):
        clock.shift(10 * 60)
        client.get("/o/lakeside/billing/batches/")
    return client


def test_right_after_signing_in_nobody_is_asked(client_for, clock):
    assert client_for("billing").post(reverse("money_file", args=["lakeside"])).status_code == 200
    clock.shift(MINUTES * 60 - 1)


def test_a_file_is_asked_for_and_comes(client):
    path = reverse("money_file", args=["lakeside"])
    asked = client.post(path, {"by": "payer"})
    text = asked.content.decode()
    assert (asked.status_code, text.count("<h1>Confirm it is you</h1>")) == (422, 1)
    assert text.count(f'action="{path}"') == text.count('name="by" value="payer"') == 1
    assert client.post(path, {"by": "payer", "proof_password": "wrong"}).status_code == 422
    file = client.post(path, {"by": "payer", "proof_password": PASSWORD})
    assert (file.status_code, file.headers["Content-Disposition"].partition(";")[0]) == (200, "attachment")
    assert client.post(path, {"by": "payer"}).status_code == 200


def test_a_file_behind_a_link_is_offered_on_a_page(client, clock):
    path = reverse("batch_file", args=["lakeside", "0195530e-0000-7000-8000-000000000000"])
    asked = client.get(path)
    assert (asked.status_code, asked.content.decode().count(f'name="next" value="{path}"')) == (422, 1)
    offered = client.post(reverse("unlock"), {"next": path, "proof_password": PASSWORD})
    assert (offered.status_code, offered.content.decode().count(f'href="{path}"')) == (200, 1)


def test_a_setting_keeps_what_was_typed(client):
    path = reverse("payer_new", args=["lakeside"])
    assert client.get(reverse("payers", args=["lakeside"])).status_code == 200
    asked = client.post(path, {"name": "Prairie Health", "kind": "commercial"})
    assert (asked.status_code, asked.content.decode().count('value="Prairie Health"')) == (422, 1)


def test_a_boosted_form_is_answered_with_the_whole_page(client):
    answer = client.post(reverse("payer_new", args=["lakeside"]), {"name": "Prairie"}, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == (
        422,
        "body",
        "innerHTML",
    )


@pytest.mark.parametrize(
    ("minutes", "seconds", "status"), [(15, 15 * 60 - 1, 200), (15, 15 * 60, 422), (5, 299, 200), (5, 300, 422)]
)
def test_how_lately(membership, clock, settings, minutes, seconds, status):
    client = Client()
    client.post(reverse("account_login"), {"login": membership("billing").user.email, "password": PASSWORD})
    pressed = requires_recent_sign_in(minutes=minutes)(lambda request: None)
    assert minutes_of(pressed, "x", "GET") == minutes
    clock.shift(seconds - 60)
    client.get("/o/lakeside/billing/batches/")  # so that the screen is not locked
    clock.shift(60)
    from bhi.accounts import recent

    original = recent.MINUTES
    recent.MINUTES = minutes
    try:
        assert client.post(reverse("money_file", args=["lakeside"])).status_code == status
    finally:
        recent.MINUTES = original


def test_reading_a_setting_asks_nobody():
    pressed = requires_recent_sign_in(reading=False)(lambda request: None)
    assert (minutes_of(pressed, "x", "GET"), minutes_of(pressed, "x", "POST")) == (None, MINUTES)


def test_every_name_in_the_table_is_an_address():
    names = {str(pattern.name) for pattern in url_patterns()} - LIBRARY_VIEWS.keys()
    assert (FILES | OUTSIDE) - names == set()


def test_every_download_asks_or_is_about_one_patient():
    """A new address that ends in a file belongs into the table, or here with its reason."""
    without = {"summary_file": "one patient's page, for care", "practice_file": "a page", "screening_file": "a page"}
    silent = {
        (name, method)
        for pattern in url_patterns()
        for name in [str(pattern.name)]
        if name in OF_AN_ORGANIZATION and name.endswith(("_file", "_export"))
        for method, status in (("GET", OF_AN_ORGANIZATION[name].get), ("POST", OF_AN_ORGANIZATION[name].post))
        if status is not None and minutes_of(pattern.callback, name, method) is None
    }
    assert {name for name, _ in silent} == without.keys()


@pytest.mark.parametrize("permission", [Permission.SET_PROTOCOLS, Permission.SET_UP])
def test_what_a_clinic_goes_by_is_a_setting(permission):
    views = {
        name: minutes_of(pattern.callback, name, "POST")
        for pattern in url_patterns()
        for name in [str(pattern.name)]
        if declared(pattern.callback, name) == permission and OF_AN_ORGANIZATION[name].post is not None
    }
    assert set(views.values()) == {MINUTES}


@pytest.mark.parametrize("name", ["restriction", "restriction_end"])
def test_to_whom_a_record_is_kept_is_set_by_who_proved_it_lately(name):
    (view,) = [pattern.callback for pattern in url_patterns() if pattern.name == name]
    assert (minutes_of(view, name, "GET"), minutes_of(view, name, "POST")) == (None, MINUTES)
