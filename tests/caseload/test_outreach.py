"""Outreach: attempts, who is at risk of disengaging, and a clinic's own steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from caseload.models import Contact, FollowUp, WorkProtocol
from caseload.operations import NextContact
from caseload.operations.outreach import WasReached, record_attempt
from caseload.queries.outreach import outreach_of, proposed_try
from caseload.rules.outreach import NextTry
from caseload.rules.worktime import WorkTime
from tests.factories.caseload import ContactFactory
from tests.factories.registry import AssessmentFactory
from tests.factories.work import WorkProtocolFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)


def tried(episode: Any, ago: int, **fields: Any) -> Any:
    """A call in vain so many days before today."""
    values = {"activity": "outreach_attempt", "mode": "phone", "outcome": "no_answer", "started_at": None, **fields}
    return ContactFactory(organization=episode.organization, episode=episode, on=TODAY - timedelta(days=ago), **values)


def found_for(episode: Any) -> Any:
    return outreach_of(episode.organization_id, {episode.id: TODAY}).get(episode.id)


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def chart(client: Client, episode: Any) -> Any:
    return client.get(f"/o/lakeside/patients/{episode.patient_id}/")


def test_an_attempt_is_one_line_with_its_minutes_and_the_next_try(
    enrolled: Callable[..., Any], by: Any, now: datetime
) -> None:
    episode, token = enrolled(), uuid4()
    given = {
        "by": by,
        "at": now,
        "episode_id": episode.id,
        "client_token": token,
        "time": WorkTime(on=TODAY, seconds=120),
        "mode": "phone",
    }
    with pytest.raises(WasReached):
        record_attempt(**given, outcome="reached")
    kept = record_attempt(**given, outcome="voicemail", next_contact=NextContact(date(2026, 3, 5), "Call"))
    again = record_attempt(**given, outcome="voicemail")
    assert (kept.was_new, again.was_new) == (True, False)
    contact = Contact.objects.get()
    assert (contact.activity, contact.mode, contact.outcome) == ("outreach_attempt", "phone", "voicemail")
    assert FollowUp.objects.get().due_on == date(2026, 3, 5)
    assert proposed_try(episode, episode.patient, today=TODAY) == NextTry(date(2026, 3, 12), "message")


def test_who_was_reached_is_not_lost(enrolled: Callable[..., Any]) -> None:
    episode = enrolled()
    assert found_for(episode) is None
    tried(episode, 20)
    assert found_for(episode).lost_on == date(2026, 2, 10)
    tried(episode, 18, activity="treatment", outcome="")
    assert found_for(episode) is None
    tried(episode, 10)
    tried(episode, 9, activity="caregiver", outcome="reached")
    assert (found_for(episode).lost_on, found_for(episode).tries) == (date(2026, 2, 20), 1)
    tried(episode, 8, activity="message", outcome="reached")
    assert found_for(episode) is None


def test_of_one_day_the_clock_decides(enrolled: Callable[..., Any], now: datetime) -> None:
    episode, early = enrolled(), now - timedelta(hours=3)
    tried(episode, 0, activity="treatment", outcome="", started_at=early)
    tried(episode, 0, started_at=early - timedelta(hours=1))
    assert found_for(episode) is None
    tried(episode, 0, started_at=early + timedelta(hours=1))
    assert found_for(episode).tries == 1


def test_the_chart_and_the_list_say_who_is_slipping_away(enrolled: Callable[..., Any], client: Client) -> None:
    episode = enrolled()
    tried(episode, 5)
    page = said(chart(client, episode))
    assert "Not reached since Feb 25 tried once. Next: Call, Mar 2. At risk of disengaging from Mar 11." in page
    assert "Not reached since Feb 25, tried once" in said(client.get("/o/lakeside/caseload/"))
    tried(episode, 20)
    page = chart(client, episode)
    assert "At risk of disengaging since Feb 24 Not reached since Feb 10, tried twice." in said(page)
    assert f"/patients/{episode.patient_id}/attempt/?to=chart" in page.text
    assert "Close with summary" not in said(page)
    assert "At risk of disengaging since Feb 24, tried twice" in said(client.get("/o/lakeside/caseload/"))


def test_closing_is_proposed_after_the_review_day_and_never_by_routine_at_risk(
    enrolled: Callable[..., Any], client: Client
) -> None:
    episode = enrolled(enrolled_on=date(2026, 1, 5))
    tried(episode, 31)
    page = chart(client, episode)
    assert f"/patients/{episode.patient_id}/discharge/?reason=lost_to_follow_up" in page.text
    assert "Never closed by routine" not in said(page)
    AssessmentFactory(organization=episode.organization, episode=episode, on=date(2026, 1, 20), total=16, item9=1)
    page = said(chart(client, episode))
    assert "Item 9 was answered with 1 the last time. The last PHQ-9 is 16. Never closed by routine" in page


def test_the_list_asks_once_however_many_are_lost(enrolled: Callable[..., Any], client: Client) -> None:
    taken = []
    for name in ("Abara", "Rivera"):
        tried(enrolled(name), 5)
        with CaptureQueriesContext(connection) as queries:
            client.get("/o/lakeside/caseload/")
        taken.append(len(queries))
    assert taken == [taken[0], taken[0]]


@pytest.fixture
def steps_form() -> Callable[..., dict[str, str]]:
    def make(*steps: tuple[object, str], **fields: str) -> dict[str, str]:
        made = {"seen": "", "idle_minutes": "20", "idle_minutes_in_call": "60", "cap_minutes": "90", **fields}
        for number, (day, mode) in enumerate(steps, 1):
            made |= {f"day_{number}": str(day), f"mode_{number}": mode}
        return made

    return make


def test_a_clinic_sets_its_own_steps(
    client_for: Callable[..., Any], clinic: Any, enrolled: Callable[..., Any], steps_form: Callable[..., Any]
) -> None:
    lead, episode = client_for("clinic_lead"), enrolled()
    tried(episode, 5)
    url = f"/o/lakeside/settings/clinics/{clinic.id}/work/"
    assert url in lead.get("/o/lakeside/settings/").text
    assert "Nobody has changed these steps yet" in said(lead.get(url))
    typed = steps_form((0, "phone"), (4, "letter"), (9, "review"), idle_minutes="25")
    assert lead.post(url, typed).status_code == 302
    row = WorkProtocol.objects.get()
    assert (row.outreach, row.idle_minutes) == ([[0, "phone"], [4, "letter"], [9, "review"]], 25)
    assert (found_for(episode).is_at_risk, found_for(episode).next.mode) == (True, "letter")
    assert AuditEvent.objects.filter(action="work_protocol.set").count() == 1
    typed["seen"] = row.changed_at.isoformat()
    lead.post(url, typed)
    assert AuditEvent.objects.filter(action="work_protocol.set").count() == 1
    lead.post(url, {**typed, "idle_minutes": "30"})
    assert WorkProtocol.objects.get().idle_minutes == 30


def test_what_cannot_stand_is_said_and_kept(
    client_for: Callable[..., Any], clinic: Any, steps_form: Callable[..., Any]
) -> None:
    lead, url = client_for("clinic_lead"), f"/o/lakeside/settings/clinics/{clinic.id}/work/"
    page = lead.post(url, steps_form((0, "phone"), (9, "letter")))
    assert page.status_code == 422
    assert "The last step, and only that, is the review before closing." in said(page)
    assert 'name="day_2" value="9"' in page.text
    page = said(lead.post(url, steps_form(("", "phone"), (9, ""), (30, "review"), idle_minutes="x")))
    assert "Enter the day, counted from when contact was lost." in page
    assert "Choose what happens on this day, or clear the day." in page
    assert "This is a whole number of minutes from 5 to 120." in page
    assert not WorkProtocol.objects.exists()


def test_nobody_overwrites_unseen(
    client_for: Callable[..., Any], clinic: Any, steps_form: Callable[..., Any], in_tenant: Any
) -> None:
    row = WorkProtocolFactory(organization=in_tenant, clinic=clinic, idle_minutes=15)
    lead, url = client_for("clinic_lead"), f"/o/lakeside/settings/clinics/{clinic.id}/work/"
    typed = steps_form((0, "phone"), (9, "review"), idle_minutes="40", seen="nonsense")
    page = lead.post(url, typed)
    assert (page.status_code, WorkProtocol.objects.get().idle_minutes) == (422, 15)
    assert "Somebody changed these settings meanwhile." in said(page)
    assert f'name="seen" value="{row.changed_at.isoformat()}"' in page.text


def test_the_settings_of_no_clinic_are_not_there(client_for: Callable[..., Any]) -> None:
    assert client_for("clinic_lead").get(f"/o/lakeside/settings/clinics/{uuid4()}/work/").status_code == 404
