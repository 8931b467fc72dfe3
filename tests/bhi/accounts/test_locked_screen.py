"""The locked screen on the server: what it lets through, what keeps it open, and how it opens again."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from bhi.accounts.models import SignInEvent
from tests.bhi.accounts.addresses import every_address
from tests.factories.tenancy import NOW, PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("watches_sessions")]
PAGE = "/o/lakeside/billing/batches/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as moved:
        yield moved


@pytest.fixture
def seat(membership, clock):
    return membership("billing")


@pytest.fixture
def client(seat):
    client = Client()
    client.post(reverse("account_login"), {"login": seat.user.email, "password": PASSWORD})
    return client


def kinds(seat):
    return list(SignInEvent.objects.filter(user=seat.user).order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(("seconds", "status"), [(14 * 60 + 59, 200), (15 * 60 + 1, 423)])
def test_fifteen_minutes(client, clock, seconds, status):
    clock.shift(seconds)
    assert client.get(PAGE).status_code == status


def test_what_is_done_keeps_it_open(client, clock):
    for _ in range(4):
        clock.shift(timedelta(minutes=14))
        assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [(PAGE, HTMX), ("/accounts/session/", {}), ("/accounts/unlock/", {})],
    ids=["a part that htmx renews", "asking how long", "the form that unlocks"],
)
def test_what_a_page_asks_by_itself_does_not(client, clock, path, headers):
    """Polled for twenty minutes."""
    answers = []
    for _ in range(20):
        clock.shift(60)
        answers.append(client.get(path, headers=headers).status_code)
    assert client.get(PAGE).status_code == 423
    assert answers == [200] * 14 + ([423] * 6 if headers else [200] * 6)


def test_following_a_boosted_link_does(client, clock):
    clock.shift(14 * 60)
    client.get(PAGE, headers=HTMX | {"HX-Boosted": "true"})
    clock.shift(14 * 60)
    assert client.get(PAGE).status_code == 200


def test_saying_that_one_is_there(client, clock):
    clock.shift(14 * 60)
    assert client.post("/accounts/session/here/").status_code == 204
    clock.shift(14 * 60)
    assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize(("minutes", "status"), [(29, 200), (31, 423)])
def test_still_on_a_call(client, clock, minutes, status):
    client.post("/accounts/session/here/", {"on_call": "1"})
    clock.shift(timedelta(minutes=minutes))
    assert client.get(PAGE).status_code == status


def test_twelve_hours_end_it(client, clock, seat):
    for _ in range(12 * 6 - 1):
        clock.shift(timedelta(minutes=10))
        assert client.get(PAGE).status_code == 200
    clock.shift(timedelta(minutes=10))
    answer = client.get(PAGE)
    assert answer.headers["Location"].partition("?")[0] == reverse("account_login")
    assert kinds(seat) == ["signed_in", "signed_out"]


def test_locked_it_lets_nothing_through_but_what_it_must(client, clock, seat):
    """Every address, by GET and POST; none of them says more than that the screen is locked."""
    clock.shift(16 * 60)
    found = {}
    for name, path in every_address(seat):
        found[name] = {client.get(path).status_code, client.post(path).status_code}
    assert {name for name, statuses in found.items() if statuses != {423}} == {"unlock", "session_state", "draft_save"}
    assert kinds(seat) == ["signed_in", "locked"]


def test_the_page_tells_nothing_and_leads_back(client, clock):
    clock.shift(16 * 60)
    page = client.get(PAGE)
    text = page.content.decode()
    assert "<h1>Your screen is locked</h1>" in text
    assert 'class="sidenav"' not in text
    assert f'name="next" value="{PAGE}"' in text
    opened = client.post("/accounts/unlock/", {"next": PAGE, "proof_password": PASSWORD})
    assert (opened.status_code, opened.headers["Location"]) == (302, PAGE)
    assert client.get(PAGE).status_code == 200


def test_a_wrong_password_opens_nothing(client, clock, seat):
    clock.shift(16 * 60)
    answer = client.post("/accounts/unlock/", {"next": PAGE, "proof_password": "wrong"})
    assert answer.status_code == 422
    assert client.get(PAGE).status_code == 423
    assert kinds(seat) == ["signed_in", "locked", "failed"]


def test_guessing_at_it_is_slowed(client, clock, seat):
    clock.shift(16 * 60)
    for _ in range(10):
        client.post("/accounts/unlock/", {"proof_password": "wrong"})
    assert client.post("/accounts/unlock/", {"proof_password": PASSWORD}).status_code == 422
    clock.shift(5 * 60 + 1)
    assert client.post("/accounts/unlock/", {"proof_password": PASSWORD}).status_code == 302


def test_it_goes_on_under_another_key(client, clock, seat):
    before = client.session.session_key
    clock.shift(16 * 60)
    client.post("/accounts/unlock/", {"proof_password": PASSWORD})
    assert client.session.session_key != before
    stolen = Client()
    stolen.cookies["sessionid"] = before
    assert stolen.get(PAGE).headers["Location"].partition("?")[0] == reverse("account_login")
    assert kinds(seat) == ["signed_in", "locked", "unlocked"]


def test_over_the_page_by_the_script(client, clock):
    """The form alone; 204 opens, 422 brings it back with what was wrong."""
    clock.shift(16 * 60)
    assert client.get(PAGE, headers=HTMX).content == b""
    asked = client.get("/accounts/unlock/", headers={"X-Over-Page": "1"}).content.decode()
    assert (asked.count("<form"), asked.count("<html")) == (1, 0)
    wrong = client.post("/accounts/unlock/", {"proof_password": "no"}, headers={"X-Over-Page": "1"})
    assert (wrong.status_code, wrong.content.count(b"This password is not right.")) == (422, 1)
    right = client.post("/accounts/unlock/", {"proof_password": PASSWORD}, headers={"X-Over-Page": "1"})
    assert right.status_code == 204
    assert client.get(PAGE).status_code == 200


def test_a_form_that_was_sent_while_locked_is_sent_from_the_page_that_asks(client, clock, seat):
    """Without script, too, nothing typed is lost; the password reaches no view."""
    path = reverse("claim_search", args=["lakeside"])
    clock.shift(16 * 60)
    asked = client.post(path, {"number": "C-77<1>", "csrfmiddlewaretoken": "x"})
    text = asked.content.decode()
    assert asked.status_code == 423
    assert f'action="{path}"' in text
    assert '<input type="hidden" name="number" value="C-77&lt;1&gt;">' in text
    sent = client.post(path, {"number": "C-77<1>", "proof_password": PASSWORD})
    assert sent.status_code == 200
    assert "C-77&lt;1&gt;" in sent.content.decode()
    assert PASSWORD not in sent.content.decode()


def test_afterwards_only_to_a_page_of_ours(client, clock):
    clock.shift(16 * 60)
    answer = client.post("/accounts/unlock/", {"next": "https://evil.example/", "proof_password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_by_hand(client, seat):
    assert client.post("/accounts/session/lock/").headers["Location"] == "/accounts/unlock/"
    assert client.get(PAGE).status_code == 423
    assert kinds(seat) == ["signed_in", "locked"]


def test_signing_out_of_a_locked_screen(client, clock):
    clock.shift(16 * 60)
    assert client.post(reverse("account_logout")).headers["Location"] == reverse("account_login")


def test_the_page_learns_how_long(client, clock, seat):
    clock.shift(10 * 60)
    person = str(seat.user.pk)
    assert client.get("/accounts/session/").json() == {"person": person, "is_locked": False, "seconds_left": 300}
    clock.shift(6 * 60)
    assert client.get("/accounts/session/").json() == {"person": person, "is_locked": True, "seconds_left": 0}


def test_a_draft_is_kept_though_locked_and_keeps_nothing_open(clock, membership, clinic):
    from bhi.tenancy.context import tenant
    from tests.factories.registry import PatientFactory

    seat = membership("care_manager")
    with tenant(seat.organization):
        patient = PatientFactory(organization=seat.organization, clinic=clinic)
    client = Client()
    client.post(reverse("account_login"), {"login": seat.user.email, "password": PASSWORD})
    clock.shift(14 * 60)
    path = reverse("draft_save", args=["lakeside", patient.id])
    assert client.post(path, {"summary": "Walks"}).status_code == 204
    clock.shift(2 * 60)
    assert client.post(path, {"summary": "Walks daily"}).status_code == 204
    assert client.get("/o/lakeside/caseload/").status_code == 423
