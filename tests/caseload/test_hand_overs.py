"""Giving patients to a colleague, standing in for one, and what each care manager carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from caseload.models import Cover, EpisodeStanding, FollowUp, HandOver
from caseload.operations import rebuild_standing
from caseload.operations.hand_overs import CannotReceive, CoverRefused, NotYours, end_cover, hand_over, set_cover
from caseload.queries.hand_overs import covers_from
from registry.models import Episode
from registry.operations import end_episode
from tests.factories.caseload import FollowUpFactory
from tests.factories.program import ClinicProtocolFactory
from tests.factories.work import CoverFactory

TODAY = date(2026, 3, 2)
TEAM = "/o/lakeside/team/"


@pytest.fixture(autouse=True)
def _at(now: datetime, in_tenant: Any) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def noor(membership: Callable[..., Any]) -> Any:
    return membership("care_manager", name="Noor Haddad")


@pytest.fixture
def lead(client_for: Callable[..., Any]) -> Any:
    return client_for("clinic_lead", name="Lee Park")


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_some_go_with_a_note_each(enrolled: Callable[..., Any], client: Client, by: Any, noor: Any) -> None:
    abara, rivera = enrolled("Abara"), enrolled("Rivera")
    planned = FollowUpFactory(organization=abara.organization, episode=abara, assigned_to=by)
    page = client.get(f"{TEAM}hand-over/")
    assert "Noor Haddad (0 open)" in said(page)
    typed = {"to": str(noor.id), "note": "On leave", f"note-{abara.id}": "Prefers mornings"}
    refused = client.post(f"{TEAM}hand-over/", typed)
    assert (refused.status_code, "Tick the patients who go" in said(refused)) == (422, True)
    assert "Prefers mornings" in refused.text
    assert client.post(f"{TEAM}hand-over/", {**typed, "episode": str(abara.id)}).status_code == 302
    made = HandOver.objects.get()
    assert (made.given_by, made.given_to, made.note, made.on) == (by, noor, "Prefers mornings", TODAY)
    assert Episode.objects.get(id=abara.id).care_manager == noor
    assert EpisodeStanding.objects.get(episode=abara).care_manager_id == noor.id
    assert FollowUp.objects.get(id=planned.id).assigned_to_id is None
    assert Episode.objects.get(id=rivera.id).care_manager == by
    assert AuditEvent.objects.filter(action="hand_over.made").count() == 1
    again = client.post(f"{TEAM}hand-over/", {**typed, "episode": str(abara.id)})
    assert (again.status_code, HandOver.objects.count()) == (422, 1)


def test_all_go_and_are_new_until_read(enrolled: Callable[..., Any], client: Client, noor: Any, by: Any) -> None:
    first, second = enrolled("Abara"), enrolled("Rivera")
    assert client.post(f"{TEAM}hand-over/", {"to": str(noor.id), "note": "On leave", "do": "all"}).status_code == 302
    assert "No open patients here" in said(client.get(f"{TEAM}hand-over/"))
    hers = Client()
    hers.force_login(noor.user)
    assert "2 patients were handed over to you" in said(hers.get("/o/lakeside/today/"))
    page = hers.get(f"/o/lakeside/patients/{first.patient_id}/")
    assert "A patient was handed over to you Abara, Ana from Ken Abara, RN, Mar 2 On leave" in said(page)
    one = HandOver.objects.get(episode=first)
    read = f"{TEAM}hand-over/{one.id}/read/"
    assert client.post(read).status_code == 404
    assert hers.post(read).headers["Location"] == f"/o/lakeside/patients/{first.patient_id}/"
    hers.post(read)
    assert AuditEvent.objects.filter(action="hand_over.read").count() == 1
    assert "handed over to you" not in said(hers.get(f"/o/lakeside/patients/{first.patient_id}/"))
    assert "handed over to you" in said(hers.get(f"/o/lakeside/patients/{second.patient_id}/"))


def test_a_lead_gives_anybodys_and_a_care_manager_only_her_own(
    enrolled: Callable[..., Any], client: Client, lead: Any, noor: Any, by: Any, now: datetime
) -> None:
    hers, nobodys = enrolled("Abara", care_manager=noor), enrolled("Rivera", care_manager=None)
    assert client.get(f"{TEAM}hand-over/?from={noor.id}").status_code == 404
    assert client.get(f"{TEAM}hand-over/?from=nobody").status_code == 404
    assert lead.get(f"{TEAM}hand-over/?from={uuid4()}").status_code == 404
    assert "Abara, Ana" in said(lead.get(f"{TEAM}hand-over/?from={noor.id}"))
    typed = {"to": str(by.id), "episode": str(nobodys.id)}
    assert lead.post(f"{TEAM}hand-over/?from=nobody", typed).status_code == 302
    assert Episode.objects.get(id=nobodys.id).care_manager == by
    with pytest.raises(NotYours):
        hand_over(by=by, at=now, episode_ids=[hers.id], to_id=by.id)
    with pytest.raises(CannotReceive):
        hand_over(by=lead.membership, at=now, episode_ids=[hers.id], to_id=lead.membership.id)
    with pytest.raises(NotFound):
        hand_over(by=by, at=now, episode_ids=[uuid4()], to_id=noor.id)
    end_episode(by=by, at=now, episode=hers, on=TODAY, reason="withdrew")
    assert hand_over(by=lead.membership, at=now, episode_ids=[hers.id], to_id=by.id) == 0


def test_a_care_manager_says_who_stands_in(client: Client, by: Any, noor: Any, clinic: Any) -> None:
    page = client.get(f"{TEAM}covers/")
    assert "Nobody is away." in said(page)
    typed = {"away": str(by.id), "covered_by": str(noor.id), "from_on": "2026-03-09", "until_on": "2026-03-06"}
    page = client.post(f"{TEAM}covers/", typed)
    assert (page.status_code, "The last day is before the first." in said(page)) == (422, True)
    typed["until_on"] = "2026-03-13"
    for _ in range(2):
        assert client.post(f"{TEAM}covers/", typed).status_code == 302
    made = Cover.objects.get()
    assert "Ken Abara Noor Haddad Mar 9 to Mar 13 End" in said(client.get(f"{TEAM}covers/"))
    assert "Choose a person from the list." in said(client.post(f"{TEAM}covers/", {**typed, "away": str(noor.id)}))
    assert client.post(f"{TEAM}covers/{made.id}/end/").status_code == 302
    assert not Cover.objects.live().exists()
    assert client.post(f"{TEAM}covers/{made.id}/end/").status_code == 404


def test_days_that_run_end_yesterday(client: Client, by: Any, noor: Any, membership: Any, now: datetime) -> None:
    made = CoverFactory(organization=by.organization, away=noor, by=by, from_on=date(2026, 2, 27))
    assert [one.is_now for one in covers_from(by.organization_id, TODAY)] == [True]
    stranger = membership("care_manager", name="Sam Ode")
    with pytest.raises(NotYours):
        end_cover(by=stranger, at=now, cover_id=made.id, today=TODAY)
    their = Client()
    their.force_login(stranger.user)
    assert "You can only give your own" in said(their.post(f"{TEAM}covers/{made.id}/end/", follow=True))
    end_cover(by=by, at=now, cover_id=made.id, today=TODAY)
    made.refresh_from_db()
    assert (made.until_on, made.voided_at) == (date(2026, 3, 1), None)
    end_cover(by=by, at=now, cover_id=made.id, today=TODAY)
    assert AuditEvent.objects.filter(action="cover.ended").count() == 1


def test_days_that_cannot_be(by: Any, noor: Any, now: datetime, lead: Any) -> None:
    given: dict[str, Any] = {"at": now, "from_on": TODAY, "until_on": TODAY, "today": TODAY}
    with pytest.raises(NotYours):
        set_cover(by=by, away_id=noor.id, covered_by_id=by.id, **given)
    with pytest.raises(CoverRefused, match="themselves"):
        set_cover(by=by, away_id=by.id, covered_by_id=by.id, **given)
    with pytest.raises(CannotReceive):
        set_cover(by=by, away_id=by.id, covered_by_id=lead.membership.id, **given)
    past = {**given, "from_on": date(2026, 2, 2), "until_on": date(2026, 2, 3)}
    with pytest.raises(CoverRefused, match="are over"):
        set_cover(by=by, away_id=by.id, covered_by_id=noor.id, **past)


def test_a_lead_sees_what_each_carries(
    enrolled: Callable[..., Any], lead: Any, noor: Any, by: Any, now: datetime, clinic: Any
) -> None:
    ClinicProtocolFactory(organization=by.organization, clinic=clinic, panel_limit=2)
    mine, other = enrolled("Abara"), enrolled("Rivera")
    enrolled("Osei", care_manager=None)
    FollowUpFactory(organization=mine.organization, episode=mine, due_on=date(2026, 2, 27))
    rebuild_standing(organization_id=by.organization_id, episode_ids=[mine.id, other.id], at=now)
    page = lead.get(TEAM)
    text = said(page)
    assert "Nobody yet 1 open episode" in text
    assert re.search(r"Ken Abara 2 of 2 places taken Full 0 1 \d+ 1 0 Hand over", text)
    assert "Noor Haddad 0 of 2 places taken 0 0 0 0 0" in text
    assert f"/o/lakeside/caseload/?care_manager={by.id}" in page.text
    assert lead.get(f"/o/lakeside/caseload/?care_manager={by.id}").status_code == 200


def test_an_empty_team_says_who_comes(lead: Any) -> None:
    assert "No care manager yet" in said(lead.get(TEAM))
