"""Every URL × method × principal × whose object, against the one table of tests/walls/access.py."""

from collections import defaultdict
from itertools import product
from urllib.parse import unquote

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import get_resolver, include, path, reverse

from bhi.accounts.permissions import GRANTS, LIBRARY_VIEWS, Permission, declared, permissions_of
from bhi.tenancy.context import tenant
from tests.factories.tenancy import MembershipFactory
from tests.walls.access import OF_AN_ORGANIZATION, OUTSIDE
from tests.walls.access_kinds import ROLES
from tests.walls.asking import ABSENT, METHODS, PARTS, is_allauths, listed, part, told, url_patterns, walked
from tests.walls.headers import faults

REFUSALS = (403, 404, 405)
PRINCIPALS = ("anonymous", "stranger", *ROLES)
NOT_THEIRS = ("foreign", ABSENT)


def questions(asking, *, whole):
    """Who asks how for whose. In the `whole` of it, which is asked in the battery, as far as the answers can differ.

    Here everybody whom the table lets in reads and writes their own; strangers, whoever has not signed in and one of
    those who may not, another at each address, are refused. What is not theirs is asked for by one who may.
    """
    roles, shuts = sorted(asking.url.roles), [role for role in ROLES if role not in asking.url.roles]
    turn = sum(asking.name.encode())
    refused = shuts if whole else shuts[turn % len(shuts) :][:1] if shuts else []
    seekers = roles if whole else [roles[turn % len(roles)]]
    own = ("anonymous", "stranger", *roles, *refused)
    found = [(who, method, "own") for who in own for method in ("GET", "POST")]
    found += [(roles[0], method, "own") for method in ("HEAD", "PUT", "DELETE")]
    if asking.has_object:
        found += [(who, "GET", whose) for who in (*seekers, *refused[:1]) for whose in NOT_THEIRS]
        found += [(roles[0], "POST", whose) for whose in NOT_THEIRS]
    return found


@pytest.mark.parametrize("number", range(PARTS))
def test_every_answer_is_the_tables_and_refusals_tell_nothing(seats, number):
    """In one pass, as asking is slow: what is another organization's is also answered like what is not there, and
    another organization like none."""
    found = walked(part(OF_AN_ORGANIZATION, number), seats, faults_of)
    assert not found, listed(found)


def faults_of(asking, *, whole=False):
    found, earlier = defaultdict(list), {}
    for who, method, whose in questions(asking, whole=whole):
        answer = asking.ask(who, method, whose)
        expected = asking.expected(who, method, whose)
        if answer.status_code != expected:
            found["wrong"].append(f"{who} {method} {whose}: {answer.status_code}, not {expected}")
        if answer.markers and (answer.status_code in REFUSALS or who in ("anonymous", "stranger")):
            found["told too much"].append(f"{who} {method} {whose}: {answer.markers}")
        if whose == "own":
            keep_account(asking, who, method, answer, found)
        elif told(answer) != earlier.setdefault((who, method), told(answer)):
            found["told apart"].append(f"{who} {method}")
    found["of another organization"] += looks_like_none(asking)
    found["without signing in"] += signs_in_first(asking)
    return {fault: cases for fault, cases in found.items() if cases}


def test_each_role_may_do_what_the_table_says():
    """Every role at every address, by what its view declares: the page itself is asked by some of them above."""
    views = {found.name: found for found in url_patterns()}
    found = {}
    for name, url in OF_AN_ORGANIZATION.items():
        access = declared(views[name].callback, name)
        passing = {role for role in ROLES if access in permissions_of([role])}
        if passing != url.roles:
            found[name] = f"{access} lets in {sorted(passing)}, the table {sorted(url.roles)}"
    assert found == {}


def keep_account(asking, who, method, answer, found):
    """Whose page it is: `shows` is what the table says, and a marker on the page what is so. Who sees a patient, or
    asks for one in vain by a form, leaves a row: the view calls bhi.audit.operations.record."""
    shows = asking.url.shows
    found["headers"] += [f"{who} {method}: {fault}" for fault in faults(answer)]
    if who not in asking.url.roles or asking.expected(who, method, "own") == 405 or (method == "POST" and not shows):
        return
    if not answer.is_written:
        found["not in the audit"].append(f"{who} {method}")
    if answer.unnamed:
        found["not named in the audit"].append(f"{who} {method}: {answer.unnamed}")
    if answer.markers and not shows and method == "GET":
        found["not in the table"].append(f"{who}: {answer.markers}")


def looks_like_none(asking):
    """Another organization, to a stranger who is signed in."""
    there, nowhere = asking.ask("stranger"), asking.ask("stranger", slug="no-such-place")
    return [] if told(there) == told(nowhere) and there.status_code == 404 else [str(there.status_code)]


def signs_in_first(asking):
    """Whoever is not signed in, and comes back to what was asked for."""
    sign_in, _, next_page = asking.ask("anonymous").headers["Location"].partition("?next=")
    written = asking.ask("anonymous", "POST").headers["Location"]
    is_so = sign_in == written == "/accounts/login/" and unquote(next_page).startswith("/o/lakeside/")
    return [] if is_so else [sign_in, next_page, written]


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(OUTSIDE))
def test_outside_organizations(name, organization):
    url, stranger, member = OUTSIDE[name], Client(), Client()
    seat = MembershipFactory(organization=organization)
    member.force_login(seat.user)
    with tenant(organization):
        address = reverse(name, kwargs=url.made(seat))
    for method in METHODS:
        allowed = {"GET": url.get, "HEAD": url.get, "POST": url.post}.get(method) or 405
        seen_by_member = allowed if allowed == 405 else url.signed_in or allowed
        assert member.generic(method, address).status_code == seen_by_member
        expected = allowed if url.is_open else 302
        assert stranger.generic(method, address).status_code == expected


def test_the_table_holds_every_url_of_ours():
    names = [found.name for found in url_patterns() if not is_allauths(found)]
    assert sorted(names, key=str) == sorted({**OF_AN_ORGANIZATION, **OUTSIDE}), "a line in tests/walls/access.py"


def test_of_allauth_only_what_is_listed_is_there():
    assert {found.name for found in url_patterns() if is_allauths(found)} == set(LIBRARY_VIEWS)


def test_every_view_declares_what_it_needs():
    silent = [found.name for found in url_patterns() if declared(found.callback, found.name) is None]
    assert silent == []


def test_every_role_may_enter_and_every_permission_is_granted_to_somebody():
    assert {role for role in GRANTS if Permission.ENTER in GRANTS[role]} == set(GRANTS)
    assert set(GRANTS) == set(ROLES)
    assert permissions_of(ROLES) == set(Permission)


def test_roles_add_up():
    assert permissions_of(["billing", "care_manager"]) == GRANTS["billing"] | GRANTS["care_manager"]
    assert permissions_of([]) == frozenset()


def undeclared(request, organization=""):
    return HttpResponse("MRN-77120")


def named_like_allauths(request):
    return HttpResponse("MRN-77120")


urlpatterns = [
    path("undeclared/", undeclared, name="undeclared"),
    path("sneaky/", named_like_allauths, name="account_login"),
    path("o/<slug:organization>/undeclared/", undeclared, name="undeclared_inside"),
    path("", include(get_resolver("bhi.urls").urlconf_module)),
]


@override_settings(ROOT_URLCONF=__name__)
def test_a_view_that_declares_nothing_refuses_everybody(seats):
    """Also one that takes the name of a library's public view; inside, strangers do not even see that it is there."""
    for who, address in product(PRINCIPALS, ("/undeclared/", "/sneaky/", "/o/lakeside/undeclared/")):
        client = Client()
        if who != "anonymous":
            client.force_login(seats[who].user)
        answer = client.get(address)
        inside = {"anonymous": 302, "stranger": 404}.get(who, 403)
        assert answer.status_code == (inside if address.startswith("/o/") else 403)
        assert b"MRN-77120" not in answer.content
