"""After how many idle minutes screens lock: each organization's choice, never above fifteen."""

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from bhi.accounts.errors import IdleMinutesWrong
from bhi.accounts.models import ScreenLock
from bhi.accounts.operations.screen_lock import set_idle_minutes
from bhi.accounts.queries.screen_lock import idle_seconds_of
from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from tests.factories.going_live import ScreenLockFactory
from tests.factories.tenancy import NOW, PASSWORD, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/o/lakeside/people/screen-lock/"
BATCHES = "/o/lakeside/billing/batches/"


def chosen(organization, minutes):
    by = MembershipFactory(organization=organization, roles=["admin"])
    with tenant(organization):
        return set_idle_minutes(by=by, at=NOW, minutes=minutes)


def test_an_admin_chooses_and_what_was_before_is_kept(client_for, organization):
    client = client_for("admin")
    assert b"Nobody chose yet, so it is 15 minutes" in client.get(PAGE).content
    for minutes in ("10", "10", "5"):
        assert client.post(PAGE, {"minutes": minutes}).headers["Location"] == PAGE
    organization.refresh_from_db()
    assert organization.idle_minutes == 5
    with tenant(organization):
        assert ScreenLock.objects.get().idle_minutes == 5
        assert [row.idle_minutes for row in ScreenLock.pgh_event_model.objects.all()] == [10]
        assert AuditEvent.objects.filter(action="screen_lock.set").count() == 2
    assert b'<option value="5" selected' in client.get(PAGE).content
    history = client.get(reverse("settings_history", args=["lakeside"]), {"setting": "screen_lock"}).content.decode()
    assert history.count("Idle minutes") == 2


@pytest.mark.parametrize("minutes", ["4", "16", "60", "", "x"])
def test_not_above_fifteen_nor_below_five(client_for, organization, minutes):
    answer = client_for("admin").post(PAGE, {"minutes": minutes})
    assert (answer.status_code, b"Not saved yet" in answer.content) == (422, True)
    with tenant(organization):
        assert ScreenLock.objects.count() == 0


@pytest.mark.parametrize("minutes", [4, 16])
def test_neither_the_operation_nor_the_database_takes_more(organization, minutes):
    with pytest.raises(IdleMinutesWrong):
        chosen(organization, minutes)
    with tenant(organization), pytest.raises(IntegrityError), transaction.atomic():
        ScreenLockFactory(organization=organization, idle_minutes=minutes)


def test_the_shortest_of_a_persons_organizations_holds(organization, other_organization):
    person = UserFactory()
    assert idle_seconds_of(person.pk) == idle_seconds_of(None) == 15 * 60
    seats = [MembershipFactory(organization=one, user=person) for one in (organization, other_organization)]
    chosen(organization, 12)
    chosen(other_organization, 6)
    assert idle_seconds_of(person.pk) == 6 * 60
    seats[1].is_active = False
    seats[1].save()
    assert idle_seconds_of(person.pk) == 12 * 60
    organization.idle_minutes = 90  # whatever stands there
    organization.save()
    assert idle_seconds_of(person.pk) == 15 * 60


@pytest.mark.usefixtures("watches_sessions")
@pytest.mark.parametrize(("seconds", "status"), [(5 * 60 - 1, 200), (5 * 60, 423)])
def test_a_session_that_begins_keeps_to_it(membership, organization, seconds, status):
    chosen(organization, 5)
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in(membership("billing"))
        clock.shift(seconds)
        assert client.get(BATCHES).status_code == status


@pytest.mark.usefixtures("watches_sessions")
def test_a_session_that_goes_on_keeps_to_it_from_the_next_step_on(membership, organization):
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in(membership("billing"))
        chosen(organization, 5)
        clock.shift(10 * 60)
        assert client.get(BATCHES).status_code == 200
        left = client.get(reverse("session_state")).json()["seconds_left"]
        clock.shift(5 * 60)
        assert (left, client.get(BATCHES).status_code) == (5 * 60, 423)


def signed_in(seat) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": seat.user.email, "password": PASSWORD})
    return client
