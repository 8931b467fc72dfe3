"""What two people at once could break: real connections, every transaction commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from caseload.models import Contact, EpisodeStanding, FollowUp, ImportRun, TimeEntry
from caseload.operations import ContactKept, NextContact, record_contact
from caseload.operations.errors import DayFull
from caseload.operations.imports import ImportBuiltOn, Upload, confirm_import, start_import, undo_import
from caseload.rules.worktime import WorkTime
from registry.models import Assessment, Episode
from registry.operations.assessments import ScoreGiven
from tests.factories.registry import ConsentFactory, EpisodeFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def episodes(organization: Any) -> list[Episode]:
    """Forty patients, enrolled and consented."""
    with tenant(organization):
        found = [EpisodeFactory(organization=organization) for _ in range(40)]
        for episode in found:
            ConsentFactory(organization=organization, patient=episode.patient)
    return found


@pytest.fixture
def by(organization: Any) -> Any:
    return MembershipFactory(organization=organization, user=None)


def test_of_forty_submits_of_one_form_one_is_kept(
    organization: Any, episodes: list[Episode], by: Any, now: datetime
) -> None:
    token, start = uuid4(), now - timedelta(hours=1)

    def submit() -> Any:
        return record_contact(
            by=by, at=now, episode_id=episodes[0].id, client_token=token, mode="phone", note="Once",
            time=WorkTime(span=(start, start + timedelta(minutes=20))), scores=[ScoreGiven("phq9", total=16)],
            next_contact=NextContact(date(2026, 3, 16)),
        )  # fmt: skip

    answers = at_once(organization, [submit] * 40)
    assert sorted(answer.was_new for answer in answers) == [False] * 39 + [True]
    assert len({answer.contact.id for answer in answers}) == 1
    with tenant(organization):
        kinds = (Contact, TimeEntry, Assessment, FollowUp)
        assert [kind.objects.count() for kind in kinds] == [1, 1, 1, 1]


def test_of_overlapping_entries_for_forty_patients_one_is_not_held(
    organization: Any, episodes: list[Episode], by: Any, now: datetime
) -> None:
    start = now - timedelta(hours=1)

    def submit(episode: Episode) -> Callable[[], Any]:
        return lambda: record_contact(
            by=by, at=now, episode_id=episode.id, client_token=uuid4(), mode="phone",
            time=WorkTime(span=(start, start + timedelta(minutes=20))),
        )  # fmt: skip

    answers = at_once(organization, [submit(episode) for episode in episodes])
    entries = [answer.entry for answer in answers]
    (kept,) = [entry for entry in entries if not entry.held]
    assert {entry.held_with_id for entry in entries if entry.held} == {kept.id}
    with tenant(organization):
        assert Contact.objects.count() == 40


def test_two_people_write_to_one_patient_and_neither_is_forgotten(
    organization: Any, episodes: list[Episode], now: datetime
) -> None:
    people = [MembershipFactory(organization=organization, user=None) for _ in range(8)]

    def submit(place: int) -> Callable[[], Any]:
        return lambda: record_contact(
            by=people[place], at=now, episode_id=episodes[0].id, client_token=uuid4(), mode="phone",
            time=WorkTime(on=date(2026, 2, 2 + place), seconds=600), scores=[ScoreGiven("phq9", total=place)],
        )  # fmt: skip

    answers = at_once(organization, [submit(place) for place in range(8)])
    assert [answer.was_new for answer in answers] == [True] * 8
    with tenant(organization):
        standing = EpisodeStanding.objects.get(episode=episodes[0])
    assert standing.phq9_series == list(range(8))


def test_the_hours_of_a_day_are_not_exceeded_by_two_at_once(
    organization: Any, episodes: list[Episode], by: Any, now: datetime
) -> None:
    def submit(episode: Episode) -> Callable[[], Any]:
        return lambda: record_contact(
            by=by, at=now, episode_id=episode.id, client_token=uuid4(), mode="phone",
            time=WorkTime(on=date(2026, 3, 1), seconds=8 * 3600),
        )  # fmt: skip

    answers = at_once(organization, [submit(episode) for episode in episodes[:10]])
    refused = [answer for answer in answers if isinstance(answer, DayFull)]
    assert (len(refused), len(answers) - len(refused)) == (7, 3)
    with tenant(organization):
        assert TimeEntry.objects.count() == 3


def test_an_import_that_is_undone_leaves_nobody_a_contact_without_a_patient(
    organization: Any, by: Any, now: datetime
) -> None:
    """Either the contact was there first and stops the undo, or the undo was and nobody can log a contact."""
    with tenant(organization):
        ClinicFactory(organization=organization, name="North")
        file = Upload("patients.csv", b'MRN,Name,DOB,Date Enrolled\n1,"Doe, Jo",1/1/1980,2/2/2026\n')
        run = start_import(by=by, at=now, files=[file])
        confirm_import(by=by, at=now, run_id=run.id, digest=run.summary["digest"])
        episode = Episode.objects.get()

    def log() -> Any:
        return record_contact(
            by=by, at=now, episode_id=episode.id, client_token=uuid4(), mode="phone",
            time=WorkTime(on=date(2026, 3, 1), seconds=600),
        )  # fmt: skip

    contact, undone = at_once(organization, [log, lambda: undo_import(by=by, at=now, run_id=run.id)])
    with tenant(organization):
        left = Episode.objects.live().count(), Contact.objects.live().count()
    assert (type(contact), type(undone), left) in [
        (ContactKept, ImportBuiltOn, (1, 1)),
        (NotFound, ImportRun, (0, 0)),
    ]
