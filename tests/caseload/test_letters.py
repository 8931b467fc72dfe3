"""Letters: written from the chart, kept as printed, in the organization's own words."""

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
from caseload.models import Letter, LetterTemplate
from caseload.operations.letters import write_letter
from registry.operations import end_episode
from registry.operations.errors import FormReused

SETTINGS = "/o/lakeside/settings/letters/"


@pytest.fixture(autouse=True)
def _at(now: datetime, in_tenant: Any) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


def url(episode: Any, path: str = "new/") -> str:
    return f"/o/lakeside/patients/{episode.patient_id}/letters/{path}"


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_a_letter_is_kept_as_it_was_printed(enrolled: Callable[..., Any], client: Client) -> None:
    episode = enrolled()
    assert url(episode) in client.get(f"/o/lakeside/patients/{episode.patient_id}/").text
    page = client.get(url(episode))
    assert "Dear Ana Rivera, We tried to call you" in said(page)
    assert "No address is on record." in said(page)
    typed = {
        "client_token": str(uuid4()),
        "kind": "unable_to_reach",
        "language": "en",
        "body": "Dear Ana,\nplease call.",
    }
    answer = client.post(url(episode), typed)
    made = Letter.objects.get()
    assert (made.body, made.on, made.kind) == ("Dear Ana,\nplease call.", date(2026, 3, 2), "unable_to_reach")
    assert answer.headers["Location"] == url(episode, f"{made.id}/")
    client.post(url(episode), {**typed, "body": "Other"})
    assert Letter.objects.get().body == made.body
    page = client.get(answer.headers["Location"])
    assert "Mar 2, 2026 Dear Ana, please call." in said(page)
    assert f"/patients/{episode.patient_id}/attempt/?mode=letter" in page.text
    assert "We could not reach you Mar 2" in said(client.get(url(episode)))
    assert client.get(url(enrolled("Osei"), f"{made.id}/")).status_code == 404


def test_the_letter_that_fits_is_offered_in_the_patients_language(
    enrolled: Callable[..., Any], client: Client, by: Any, now: datetime
) -> None:
    graduated, withdrew = enrolled("Abara"), enrolled("Rivera")
    type(graduated.patient).objects.filter(id=graduated.patient_id).update(language="Spanish")
    for episode, reason in ((graduated, "graduated"), (withdrew, "withdrew")):
        end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 2), reason=reason)
    assert "Ha logrado lo que se propuso." in said(client.get(url(graduated)))
    assert "You have reached what you set out to do." in said(
        client.get(url(graduated, "new/?kind=graduation&language=en"))
    )
    assert "we are closing our calls with you for now" in said(client.get(url(withdrew)))


def test_what_tells_what_it_is_about_does_not_go_out(enrolled: Callable[..., Any], client: Client) -> None:
    typed = {"client_token": str(uuid4()), "kind": "closing", "language": "en", "body": "About your depression"}
    page = client.post(url(enrolled()), typed)
    assert page.status_code == 422
    assert "The letter tells others what the care is about." in said(page)
    assert "About your depression" in page.text
    assert not Letter.objects.exists()


def test_a_form_is_for_one_patient(enrolled: Callable[..., Any], by: Any, now: datetime, clinic: Any) -> None:
    clinic.name = "Lakeside Behavioral Health"
    clinic.save()
    given: dict[str, Any] = {
        "by": by, "at": now, "kind": "closing", "language": "en", "body": f"From {clinic.name}",
        "client_token": uuid4(),
    }  # fmt: skip
    write_letter(**given, episode_id=enrolled("Abara").id)
    with pytest.raises(FormReused):
        write_letter(**given, episode_id=enrolled("Rivera").id)
    with pytest.raises(NotFound):
        write_letter(**given, episode_id=uuid4())


def test_an_organization_writes_its_own(
    client_for: Callable[..., Any], enrolled: Callable[..., Any], client: Client
) -> None:
    lead, episode = client_for("clinic_lead"), enrolled()
    assert SETTINGS in lead.get("/o/lakeside/settings/").text
    assert "Names come in by themselves: {name} is the patient's name" in said(lead.get(SETTINGS))
    typed = {"kind": "unable_to_reach", "language": "en", "seen": "", "body": "Hello {name}, from {practise}"}
    page = lead.post(SETTINGS, typed)
    assert page.status_code == 422
    assert "Nothing fills {practise}." in said(page)
    typed["body"] = "Hello {name}, from us"
    for _ in range(2):
        assert lead.post(SETTINGS, typed).status_code == 302
    assert "Hello Ana Rivera, from us" in said(client.get(url(episode)))
    assert AuditEvent.objects.filter(action="letter_template.set").count() == 1
    page = lead.post(SETTINGS, {**typed, "body": "Other"})
    assert page.status_code == 422
    assert "Somebody changed this letter meanwhile." in said(page)
    row = LetterTemplate.objects.get()
    assert f'value="{row.changed_at.isoformat()}"' in page.text
    lead.post(SETTINGS, {**typed, "body": "Other", "seen": row.changed_at.isoformat()})
    assert LetterTemplate.objects.get().body == "Other"
    assert lead.post(SETTINGS, {"kind": "nonsense", "language": "en", "body": "x"}).status_code == 422
