"""An attack slows the attacker, from wherever it comes; whose account it is signs in from home as ever."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from bhi.accounts.models import SignInEvent, User
from tests.factories.tenancy import PASSWORD

pytestmark = pytest.mark.django_db
HOME, ELSEWHERE = "198.51.100.7", "192.0.2.200"


@pytest.fixture
def person(membership):
    return membership("billing").user


def try_in(person, password=PASSWORD, address=HOME, client=None):
    client = client or Client()
    return client.post(reverse("account_login"), {"login": person.email, "password": password}, REMOTE_ADDR=address)


def guess_from_everywhere(person, times=20):
    for number in range(times):
        try_in(person, "wrong-password", f"203.0.113.{number}")


def is_in(answer):
    return (answer.status_code, answer.headers.get("Location")) == (302, "/")


@pytest.mark.parametrize(("tries", "is_slowed"), [(19, False), (20, True)])
def test_many_addresses_on_one_account_close_it_to_strange_ones(person, tries, is_slowed):
    guess_from_everywhere(person, tries)
    assert is_in(try_in(person, address=ELSEWHERE)) is not is_slowed


def test_an_address_from_which_they_came_before_stays_open(person):
    try_in(person, address=HOME)
    guess_from_everywhere(person)
    assert is_in(try_in(person, address=HOME))
    assert not is_in(try_in(person, address=ELSEWHERE))


def test_a_browser_with_which_they_came_before_stays_open_wherever_it_is(person):
    laptop = Client()
    try_in(person, client=laptop)
    laptop.post(reverse("account_logout"))
    guess_from_everywhere(person)
    assert is_in(try_in(person, address=ELSEWHERE, client=laptop))


def test_a_browser_that_knows_another_person_does_not_count(person, membership):
    laptop = Client()
    try_in(membership("billing").user, client=laptop)
    laptop.post(reverse("account_logout"))
    guess_from_everywhere(person)
    assert not is_in(try_in(person, address=ELSEWHERE, client=laptop))


def test_a_cookie_that_somebody_made_up_does_not_count(person):
    laptop = Client()
    laptop.cookies["known"] = '["0000000000000000"]:1:x'
    guess_from_everywhere(person)
    assert not is_in(try_in(person, address=ELSEWHERE, client=laptop))


def test_the_person_is_told_once(person):
    guess_from_everywhere(person, 25)
    try_in(person, address=ELSEWHERE)
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [([person.email], "BHI: Many tries to sign in")]
    kinds = list(SignInEvent.objects.filter(user=person).values_list("kind", flat=True))
    assert (kinds.count("failed"), kinds.count("slowed")) == (20, 1)


def test_an_unknown_e_mail_is_slowed_alike_and_nobody_is_told():
    nobody = User(email="nobody@example.org")
    guess_from_everywhere(nobody)
    answer = try_in(nobody, address=ELSEWHERE)
    assert answer.content.decode().count("Too many failed login attempts") == 1
    assert mail.outbox == []
    assert set(SignInEvent.objects.values_list("user", "kind")) == {(None, "failed")}


def test_spraying_over_accounts_from_one_address_ends(person):
    for number in range(30):
        try_in(User(email=f"guess-{number}@example.org"), "wrong-password", "203.0.113.9")
    assert not is_in(try_in(person, address="203.0.113.9"))
    assert is_in(try_in(person, address=HOME))
