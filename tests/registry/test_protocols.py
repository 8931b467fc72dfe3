"""How a clinic works: what holds without a decision, deciding, and who decided what before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from registry.models import ClinicProtocol
from registry.operations.protocols import ProtocolChanged, set_protocol
from registry.queries.panels import Panel, open_episodes_by_care_manager, panel_of, panels_with
from registry.queries.protocol_history import Change, protocol_history
from registry.queries.protocols import protocol_of, protocols_of
from registry.rules.protocols import CRISIS_TEXT, READ_WITHIN
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import ClinicFactory

LATER = timedelta(hours=1)
SENT = {
    "seen": "", "first_attempt_days": "3", "panel_limit": "80", "interim_contact_days": "10",
    "open_weekdays": ["0", "2"], "opens_at": "09:00", "closes_at": "18:30",
}  # fmt: skip


@pytest.fixture
def by(in_tenant: Any, membership: Callable[..., Any]) -> Any:
    return membership("clinic_lead", name="Lea Lindqvist")


@pytest.fixture
def url(clinic: Any) -> str:
    return f"/o/lakeside/settings/clinics/{clinic.id}/"


def errors(answer: Any) -> list[str]:
    return re.findall(r'field-error".*?<span>(.*?)</span>', answer.text, re.DOTALL)


def test_a_clinic_that_decided_nothing_has_defaults(clinic: Any, by: Any) -> None:
    protocol = protocol_of(clinic.id)
    assert (protocol.first_attempt_days, protocol.panel_limit, protocol.interim_contact_days) == (2, None, 14)
    assert (protocol.open_weekdays, protocol.opens_at, protocol.closes_at) == ((0, 1, 2, 3, 4), time(8), time(17))
    assert (protocol.crisis_text, protocol.read_within, protocol.outside_hours) == (CRISIS_TEXT, READ_WITHIN, "closed")
    assert "988" in protocol.crisis_text_es
    assert protocol.hours == "Monday to Friday, 8:00 am to 5:00 pm"
    assert protocol.changed_at is None
    assert protocol_history(clinic) == ()


def test_hours_are_the_clinics(clinic: Any, by: Any) -> None:
    protocol = protocol_of(clinic.id)
    assert protocol.is_open_at(datetime(2026, 3, 2, 14, 0, tzinfo=UTC))
    assert not protocol.is_open_at(datetime(2026, 3, 2, 13, 59, tzinfo=UTC))
    # An hour earlier in UTC once the clocks went forward.
    assert protocol.is_open_at(datetime(2026, 3, 9, 13, 0, tzinfo=UTC))


def test_deciding_keeps_who_and_what_before(clinic: Any, by: Any, now: datetime) -> None:
    set_protocol(by=by, at=now, clinic=clinic, first_attempt_days=1)
    set_protocol(by=by, at=now + LATER, clinic=clinic, first_attempt_days=3, panel_limit=80)
    set_protocol(by=by, at=now + LATER * 2, clinic=clinic, open_weekdays=[0, 1], opens_at=time(7), closes_at=time(12))
    protocol = protocol_of(clinic.id)
    assert (protocol.first_attempt_days, protocol.panel_limit, protocol.open_weekdays) == (3, 80, (0, 1))
    history = protocol_history(clinic)
    assert [(change.at, change.by) for change in history] == [
        (now + LATER * 2, "Lea Lindqvist"), (now + LATER, "Lea Lindqvist"), (now, "Lea Lindqvist"),
    ]  # fmt: skip
    assert history[0].changes == (
        Change("Open on", "as by default", "Monday, Tuesday"),
        Change("Opens", "as by default", "7:00 am"),
        Change("Closes", "as by default", "12:00 pm"),
    )
    assert history[1].changes == (
        Change("First attempt, business days", "1", "3"), Change("Places per care manager", "none", "80"),
    )  # fmt: skip
    assert history[2].changes == ()
    fields = list(AuditEvent.objects.filter(action="protocol.set").order_by("at").values_list("fields", flat=True))
    assert fields == [
        ["first_attempt_days"], ["first_attempt_days", "panel_limit"], ["closes_at", "open_weekdays", "opens_at"],
    ]  # fmt: skip


def test_what_is_so_already_is_not_written(clinic: Any, by: Any, now: datetime) -> None:
    set_protocol(by=by, at=now, clinic=clinic, panel_limit=80)
    set_protocol(by=by, at=now + LATER, clinic=clinic, panel_limit=80)
    assert ClinicProtocol.objects.get().changed_at == now
    assert AuditEvent.objects.count() == 1


def test_only_settings_are_set(clinic: Any, by: Any, now: datetime) -> None:
    with pytest.raises(TypeError, match="changed_by_id"):
        set_protocol(by=by, at=now, clinic=clinic, changed_by_id=uuid4())


def test_who_saw_older_settings_does_not_overwrite_newer_ones(clinic: Any, by: Any, now: datetime) -> None:
    set_protocol(by=by, at=now, clinic=clinic, seen=None, is_seen=True, panel_limit=80)
    with pytest.raises(ProtocolChanged):
        set_protocol(by=by, at=now + LATER, clinic=clinic, seen=None, is_seen=True, panel_limit=90)
    set_protocol(by=by, at=now + LATER, clinic=clinic, seen=now, is_seen=True, panel_limit=90)
    assert protocol_of(clinic.id).panel_limit == 90


def test_every_clinic_by_name(clinic: Any, by: Any, organization: Any, now: datetime) -> None:
    other = ClinicFactory(organization=organization, name="A first clinic", time_zone="America/New_York")
    set_protocol(by=by, at=now, clinic=clinic, link_days=3)
    found = protocols_of(organization.id)
    assert [(one.clinic_name, one.link_days, str(one.zone)) for one in found.values()] == [
        (other.name, 7, "America/New_York"), (clinic.name, 3, "America/Chicago"),
    ]  # fmt: skip


def test_another_organizations_clinic_is_not_there(by: Any, other_organization: Any) -> None:
    with tenant(other_organization):
        foreign = ClinicFactory(organization=other_organization)
    for clinic_id in (foreign.id, uuid4()):
        with pytest.raises(NotFound):
            protocol_of(clinic_id)


# Panels


def test_a_panel_counts_open_episodes_in_all_clinics(organization: Any, clinic: Any, by: Any) -> None:
    for fields in ({}, {}, {"status": "discharged", "ended_on": datetime(2026, 2, 20).date(), "end_reason": "other"}):
        EpisodeFactory(organization=organization, care_manager=by, **fields)
    EpisodeFactory(organization=organization)
    counts = open_episodes_by_care_manager(organization.id)
    assert counts == {by.id: 2}
    assert panels_with(organization.id, limit=2) == (("Lea Lindqvist", Panel(2, 2)),)
    assert panel_of(None, limit=2, counts=counts) is None


@pytest.mark.parametrize(
    ("panel", "is_full", "words"),
    [
        (Panel(79, 80), False, "79 of 80 places taken"),
        (Panel(80, 80), True, "80 of 80 places taken"),
        (Panel(81, 80), True, "81 of 80 places taken"),
        (Panel(500, None), False, "500 open episodes"),
        (Panel(1, None), False, "1 open episode"),
    ],
)
def test_a_panel_is_full_by_its_limit(panel: Panel, is_full: bool, words: str) -> None:
    assert (panel.is_full, panel.words) == (is_full, words)


# Pages


def test_settings_lead_to_each_clinics_pages(client: Client, clinic: Any, url: str) -> None:
    page = client.get("/o/lakeside/settings/")
    assert clinic.name in page.text
    assert f'href="{url}"' in page.text


def test_without_a_clinic_it_says_how_one_is_made(client: Client) -> None:
    assert (
        "Make your first clinic, or import a caseload: its clinics come with it."
        in client.get("/o/lakeside/settings/").text
    )


def test_limits_and_hours_are_saved(client: Client, clinic: Any, url: str) -> None:
    assert client.post(url, SENT).headers["Location"] == url
    protocol = protocol_of(clinic.id)
    assert (protocol.first_attempt_days, protocol.panel_limit, protocol.hours) == (
        3, 80, "Monday, Wednesday, 9:00 am to 6:30 pm",
    )  # fmt: skip
    assert "Set for the first time" in client.get(url).text
    assert client.post(url, {**SENT, "panel_limit": "", "seen": protocol.changed_at.isoformat()}).status_code == 302
    assert protocol_of(clinic.id).panel_limit is None
    assert "Places per care manager: 80 → none" in client.get(url).text


@pytest.mark.parametrize(
    ("sent", "sentences"),
    [
        ({"first_attempt_days": "31"}, ["This is a whole number from 0 to 30."]),
        ({"first_attempt_days": ""}, ["This is a whole number from 0 to 30."]),
        ({"panel_limit": "0"}, ["This is a whole number from 1 to 1000."]),
        ({"panel_limit": "many"}, ["This is a whole number from 1 to 1000."]),
        ({"interim_contact_days": "181"}, ["This is a whole number from 1 to 180."]),
        ({"open_weekdays": []}, ["Choose at least one day."]),
        ({"open_weekdays": ["7"]}, ["Choose days of the list."]),
        ({"opens_at": "8 o'clock"}, ["Enter a time such as 08:00."]),
        ({"closes_at": "09:00"}, ["The clinic closes after it opens. Correct one of the times."]),
    ],
)
def test_faulty_limits_are_said_at_their_field(client: Client, url: str, sent: Any, sentences: list[str]) -> None:
    answer = client.post(url, {**SENT, **sent})
    assert (answer.status_code, errors(answer)) == (422, sentences)
    assert ClinicProtocol.objects.count() == 0


def test_two_people_changing_settings_see_both(client: Client, clinic: Any, by: Any, url: str, now: datetime) -> None:
    set_protocol(by=by, at=now, clinic=clinic, panel_limit=60)
    answer = client.post(url, SENT)
    assert answer.status_code == 422
    assert "somebody changed these settings meanwhile" in answer.text
    assert "60" in answer.text
    assert 'name="panel_limit" value="80"' in answer.text
    assert f'name="seen" value="{now.isoformat()}"' in answer.text
    assert protocol_of(clinic.id).panel_limit == 60
    assert client.post(url, {**SENT, "seen": now.isoformat()}).status_code == 302
    assert protocol_of(clinic.id).panel_limit == 80


@pytest.mark.parametrize("seen", ["yesterday", "2026-03-02T17:00:00"])
def test_a_damaged_form_overwrites_nothing(
    client: Client, clinic: Any, by: Any, url: str, now: datetime, seen: str
) -> None:
    set_protocol(by=by, at=now, clinic=clinic, panel_limit=60)
    assert client.post(url, {**SENT, "seen": seen}).status_code == 422
    assert protocol_of(clinic.id).panel_limit == 60
