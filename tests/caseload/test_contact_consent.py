"""Consent given in a contact: saved with it, from when it was given, and counted so before saving."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from caseload.models import Contact
from caseload.queries.minutes import minutes_of
from registry.models import Consent
from registry.operations import end_episode, open_episode, revoke_consent
from tests.factories.program import ConsentTextFactory
from tests.factories.registry import TreatingClinicianFactory

pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def episode(enrolled: Callable[..., Any], in_tenant: Any) -> Any:
    return enrolled(consent=False, treating_clinician=TreatingClinicianFactory(organization=in_tenant))


@pytest.fixture
def url(organization: Any, episode: Any) -> Callable[..., str]:
    return lambda path="contacts/new/": f"/o/{organization.slug}/patients/{episode.patient_id}/{path}"


@pytest.fixture
def typed() -> dict[str, str]:
    """Twenty-four minutes this morning, in which the patient agreed at the start."""
    return {
        "client_token": str(uuid4()), "activity": "treatment", "mode": "phone", "on": "2026-03-02",
        "starts": "09:00", "ends": "09:24", "agreed": "verbal", "agreed_when": "start",
    }  # fmt: skip


@pytest.fixture
def minutes(organization: Any, episode: Any) -> Callable[[], int]:
    """What of March counts."""

    def counted() -> int:
        months = minutes_of(organization.id, episode_ids=[episode.id])
        return months[episode.id, date(2026, 3, 1)].counted.cocm_seconds // 60

    return counted


def previewed(client: Client, url: Callable[..., str], typed: dict[str, str]) -> tuple[str, str]:
    """The tone and the sentence of the preview."""
    answer = client.post(url("contacts/preview/"), typed)
    found = re.search(r'notice-(\w+)">.*?<div><p>(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None
    return found[1], unescape(found[2])


def test_the_section_is_there_only_while_nothing_covers_the_patient(
    client: Client, url: Callable[..., str], enrolled: Callable[..., Any], organization: Any, typed: dict[str, str]
) -> None:
    page = client.get(url())
    assert "No consent on record" in page.text
    assert "We would like to help you feel better with a team" in page.text
    assert page.context["form"]["agreed_when"].value() is None
    covered = enrolled("Novak")
    assert (
        "No consent on record"
        not in client.get(f"/o/{organization.slug}/patients/{covered.patient_id}/contacts/new/").text
    )
    client.post(url(), typed)
    assert "No consent on record" not in client.get(url()).text


def test_the_contact_counts_from_its_start(
    client: Client,
    url: Callable[..., str],
    typed: dict[str, str],
    episode: Any,
    by: Any,
    organization: Any,
    minutes: Callable[[], int],
) -> None:
    text = ConsentTextFactory(organization=organization)
    typed["agreed_script"] = str(text.id)
    assert client.post(url(), typed).status_code == 302
    consent = Consent.objects.get()
    assert (consent.given_at, consent.is_time_known, consent.form, consent.script, consent.taken_by) == (
        datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
        True,
        "verbal",
        text,
        by,
    )
    assert consent.treating_clinician == episode.treating_clinician
    assert minutes() == 24
    assert client.post(url(), typed).status_code == 302
    assert (Consent.objects.count(), Contact.objects.count()) == (1, 1)


def test_agreed_later_in_the_call_counts_from_then(
    client: Client, url: Callable[..., str], typed: dict[str, str], minutes: Callable[[], int]
) -> None:
    typed |= {"agreed": "written", "agreed_when": "at", "agreed_at": "09:10"}
    assert previewed(client, url, typed) == (
        "warning",
        "14 min of 24 min count; not counted: 10 min before consent on Mar 2.",
    )
    assert client.post(url(), typed).status_code == 302
    assert Consent.objects.get().given_at == datetime(2026, 3, 2, 15, 10, tzinfo=UTC)
    assert minutes() == 14


def test_the_preview_counts_by_what_would_be_saved(
    client: Client, url: Callable[..., str], typed: dict[str, str]
) -> None:
    assert previewed(client, url, typed) == ("good", "Counts: 24 min.")
    assert previewed(client, url, {**typed, "agreed": ""})[0] == "warning"
    assert Consent.objects.count() == 0


def test_where_only_the_minutes_are_known_the_day_is_what_is_known_of_consent(
    client: Client, url: Callable[..., str], typed: dict[str, str], minutes: Callable[[], int]
) -> None:
    typed |= {"starts": "", "ends": "", "minutes": "24"}
    assert client.post(url(), typed).status_code == 302
    consent = Consent.objects.get()
    assert (consent.given_at, consent.is_time_known) == (datetime(2026, 3, 2, 6, 0, tzinfo=UTC), False)
    assert minutes() == 24


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"agreed_when": ""}, "agreed_when"),
        ({"agreed_when": "at"}, "agreed_at"),
        ({"agreed_when": "at", "agreed_at": "11:30"}, "agreed_at"),
        ({"agreed_when": "at", "agreed_at": "nine"}, "agreed_at"),
        ({"agreed": "perhaps"}, "agreed"),
        ({"agreed_script": str(uuid4())}, "agreed_script"),
    ],
)
def test_what_is_missing_is_asked_for_and_nothing_is_saved(
    client: Client, url: Callable[..., str], typed: dict[str, str], change: dict[str, str], field: str
) -> None:
    answer = client.post(url(), {**typed, **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert (Consent.objects.count(), Contact.objects.count()) == (0, 0)


def test_without_agreement_the_contact_is_saved_alone(
    client: Client, url: Callable[..., str], typed: dict[str, str], minutes: Callable[[], int]
) -> None:
    assert client.post(url(), {**typed, "agreed": ""}).status_code == 302
    assert (Consent.objects.count(), Contact.objects.count()) == (0, 1)
    assert minutes() == 0


def test_a_consent_that_was_taken_back_is_asked_for_again(
    client: Client, url: Callable[..., str], typed: dict[str, str], by: Any, now: datetime
) -> None:
    client.post(url(), typed)
    revoke_consent(by=by, at=now, consent=Consent.objects.get(), on=date(2026, 3, 2))
    assert "No consent on record" in client.get(url()).text


def test_a_minors_consent_has_its_own_page(
    client: Client, url: Callable[..., str], typed: dict[str, str], episode: Any
) -> None:
    episode.patient.birth_date = date(2010, 5, 4)
    episode.patient.save()
    assert "No consent on record" not in client.get(url()).text
    assert client.post(url(), typed).status_code == 302
    assert Consent.objects.count() == 0


def test_nothing_is_asked_after_discharge(
    client: Client, url: Callable[..., str], typed: dict[str, str], episode: Any, by: Any, now: datetime, clinic: Any
) -> None:
    end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 1), reason="graduated")
    assert client.post(url(), typed).status_code == 409
    assert Consent.objects.count() == 0
    open_episode(by=by, at=now, patient=episode.patient, clinic=clinic, enrolled_on=date(2026, 3, 2))
    assert "No consent on record" in client.get(url()).text
