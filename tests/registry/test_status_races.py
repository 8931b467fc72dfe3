"""Two people who change how an episode stands at once: one is done, the others are told, nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from bhi.tenancy.context import tenant
from registry.models import ClosingNote, Episode, HandOff, StatusChange
from registry.operations.status import change_status, confirm_hand_off, discharge, hand_off, reopen_episode
from registry.rules.status import Closing, Ground
from tests.factories.program import HandOffFactory
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 3, 2)
GROUND = Ground(status="active", today=TODAY, enrolled_on=date(2026, 2, 1))
CLOSING = Closing(reason="withdrew", on=TODAY, summary="Well.", way_back="Call.")


@pytest.fixture
def by(organization: Any) -> Any:
    return MembershipFactory(organization=organization, user=None)


@pytest.fixture
def episode(organization: Any) -> Episode:
    with tenant(organization):
        return EpisodeFactory(organization=organization)


@pytest.fixture
def told(organization: Any) -> Callable[..., list[str]]:
    """What each of eight who do a thing at once is told, sorted by name: the result's kind or the refusal's."""

    def all_at_once(*works: Callable[[], Any]) -> list[str]:
        return sorted(type(answer).__name__ for answer in at_once(organization, works))

    return all_at_once


def test_of_eight_discharges_one_is_made(
    organization: Any, episode: Episode, by: Any, now: datetime, told: Callable[..., list[str]]
) -> None:
    def work() -> Any:
        return discharge(by=by, at=now, episode=episode, closing=CLOSING, ground=GROUND)

    assert told(*[work] * 8) == ["Episode", *["EpisodeEnded"] * 7]
    with tenant(organization):
        assert ClosingNote.objects.count() == 1

    def take_back() -> Any:
        return reopen_episode(by=by, at=now, episode=episode, on=TODAY, reason="Error")

    assert told(*[take_back] * 8) == ["Episode", *["EpisodeNotEnded"] * 7]
    with tenant(organization):
        assert (ClosingNote.objects.live().count(), StatusChange.objects.count()) == (0, 1)


def test_a_hold_and_a_discharge_at_once_do_not_both_happen_on_the_same_ground(
    organization: Any, episode: Episode, by: Any, now: datetime, told: Callable[..., list[str]]
) -> None:
    def hold() -> Any:
        return change_status(by=by, at=now, episode=episode, to="on_hold", on=TODAY, ground=GROUND, reason="Abroad")

    def leave() -> Any:
        return discharge(by=by, at=now, episode=episode, closing=CLOSING, ground=GROUND)

    answers = told(hold, leave)
    with tenant(organization):
        status = Episode.objects.get().status
    assert (status, answers) in [
        ("on_hold", ["Episode", "StatusMoved"]),
        ("discharged", ["Episode", "EpisodeEnded"]),
    ]


def test_a_hand_off_is_recorded_and_confirmed_once(
    organization: Any, episode: Episode, by: Any, now: datetime, told: Callable[..., list[str]]
) -> None:
    def send() -> Any:
        return hand_off(by=by, at=now, episode=episode, to="County", sent_on=TODAY)

    assert told(*[send] * 8) == ["HandOff", *["NothingChanges"] * 7]
    with tenant(organization):
        other = HandOffFactory(organization=organization, episode=episode)

    def confirm() -> Any:
        return confirm_hand_off(by=by, at=now, hand_off=other, seen_on=TODAY, confirmed_by="Lee")

    assert told(*[confirm] * 8) == ["HandOff", *["NothingChanges"] * 7]
    with tenant(organization):
        assert HandOff.objects.count() == 2
