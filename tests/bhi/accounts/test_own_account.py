"""Where one is signed in, ending that, the list of what happened, and another e-mail address."""

import re

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from bhi.accounts.models import SignInEvent, SignInKind
from bhi.accounts.operations import record_sign_in
from bhi.accounts.queries.sign_ins import browser_of
from tests.factories.tenancy import NOW, PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


@pytest.fixture
def person(membership):
    return membership("billing").user


def sign_in(person, address="198.51.100.7", password=PASSWORD, agent=FIREFOX):
    client = Client(headers={"User-Agent": agent})
    client.post(reverse("account_login"), {"login": person.email, "password": password}, REMOTE_ADDR=address)
    return client


def is_in(client):
    return client.get("/").headers["Location"] == "/o/lakeside/"


def kinds(person):
    return list(SignInEvent.objects.filter(user=person).order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/18 Safari/605", "Safari on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537 Chrome/140 Safari/537", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140 Safari/537 Edg/140", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604", "Safari on iPhone"),
        ("", "A browser on another system"),
    ],
)
def test_browsers_in_words(agent, words):
    assert browser_of(agent) == words


def test_every_place_is_listed_and_one_can_be_ended(person):
    here, there = sign_in(person), sign_in(person, "203.0.113.9")
    page = here.get(reverse("sign_ins")).content.decode()
    assert (page.count("Firefox on Windows</strong>"), page.count("This one")) == (2, 1)
    (mark,) = re.findall(r'name="session" value="(\w+)"', page)
    here.post(reverse("sessions_end"), {"session": mark})
    assert (is_in(here), there.get("/").headers["Location"]) == (True, "/accounts/login/?next=%2F")
    assert kinds(person) == ["signed_in", "signed_in", "session_ended"]


def test_everywhere_else_at_once(person):
    clients = [sign_in(person) for _ in range(3)]
    clients[1].post(reverse("sessions_end"))
    assert [is_in(client) for client in clients] == [False, True, False]
    assert Session.objects.count() == 1


def test_nobody_elses_can_be_ended(person, membership):
    other = membership("billing").user
    theirs, own = sign_in(other), sign_in(person)
    page = theirs.get(reverse("sign_ins")).content.decode()
    assert re.findall(r'name="session" value="(\w+)"', page) == []
    from bhi.accounts.sessions import fingerprint

    own.post(reverse("sessions_end"), {"session": fingerprint(theirs.session.session_key)})
    assert is_in(theirs)


def test_more_than_five_end_the_oldest_and_say_so(person, settings):
    settings.MOST_SESSIONS = 5
    clients = [sign_in(person) for _ in range(6)]
    assert [is_in(client) for client in clients] == [False, True, True, True, True, True]
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [([person.email], "BHI: You were signed out somewhere")]
    assert kinds(person)[-2:] == ["signed_in", "session_ended"]


def test_another_password_ends_the_others_and_is_told(person):
    here, there = sign_in(person), sign_in(person)
    new = "another-long-password-9"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post(reverse("account_change_password"), fields).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    (message,) = mail.outbox
    assert (message.to, message.subject) == ([person.email], "BHI: Your password was changed")
    assert new not in message.body
    assert kinds(person)[-1] == "password_changed"


def test_what_happened_is_listed_page_by_page(person):
    client = sign_in(person)
    for _ in range(60):
        record_sign_in(SignInKind.FAILED, user_id=person.pk, at=NOW, ip="203.0.113.9")
    page = client.get(reverse("sign_ins")).content.decode()
    assert (page.count("Could not sign in"), page.count("50 of 61")) == (50, 1)
    (older,) = re.findall(r'href="([^"]+\?before=[^"]+)"', page)
    rest = client.get(older).content.decode()
    assert (rest.count("Could not sign in"), rest.count("Older")) == (10, 0)


def test_an_unreadable_place_in_the_list_is_its_beginning(person):
    assert sign_in(person).get(reverse("sign_ins"), {"before": "x"}).status_code == 200


class TestAddress:
    NEW = "new.address@example.org"

    def link(self):
        (message,) = [sent for sent in mail.outbox if sent.to == [self.NEW]]
        return re.search(r"https?://[^/]+(/\S+)", message.body).group(1)

    def test_the_new_one_is_asked_first_and_both_are_told(self, person):
        client, former = sign_in(person), person.email
        client.post(reverse("email_change"), {"email": self.NEW.title()})
        person.refresh_from_db()
        assert person.email == former
        link = self.link()
        assert client.get(link).content.decode().count(self.NEW) == 1
        mail.outbox.clear()
        assert client.post(link).headers["Location"] == reverse("sign_ins")
        person.refresh_from_db()
        assert person.email == self.NEW
        subject = "BHI: Your e-mail address was changed"
        assert [(sent.to, sent.subject) for sent in mail.outbox] == [([former], subject), ([self.NEW], subject)]
        assert kinds(person) == ["signed_in", "email_changed"]
        assert is_in(sign_in(person))

    def test_the_link_works_once_and_for_who_asked(self, person, membership):
        client = sign_in(person)
        client.post(reverse("email_change"), {"email": self.NEW})
        link, other = self.link(), sign_in(membership("billing").user)
        assert other.post(link).status_code == 422
        client.post(link)
        assert client.post(link).status_code == 422
        assert client.get(link).content.decode().count("This link no longer works.") == 1

    def test_an_address_of_somebody_else_changes_nothing(self, person, membership):
        client, taken = sign_in(person), membership("billing").user
        client.post(reverse("email_change"), {"email": self.NEW})
        link = self.link()
        type(taken).objects.filter(pk=taken.pk).update(email=self.NEW)
        answer = client.post(link)
        assert (answer.status_code, answer.content.decode().count("Somebody else signs in with this address")) == (
            422,
            1,
        )

    def test_what_is_no_address_is_named(self, person):
        answer = sign_in(person).post(reverse("email_change"), {"email": "ada"})
        assert (answer.status_code, answer.content.decode().count('value="ada"')) == (422, 1)
        assert mail.outbox == []


def test_a_mail_server_that_is_away_undoes_nothing(person, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    client, new = sign_in(person), "another-long-password-9"
    fields = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), fields).status_code == 302
    person.refresh_from_db()
    assert person.check_password(new)
