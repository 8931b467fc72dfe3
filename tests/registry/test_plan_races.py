"""Two people who save one plan at the same moment: one wins, the other is shown both. Every transaction commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client

from bhi.tenancy.context import tenant
from registry.models import CarePlan, InitialAssessment, SafetyPlan
from registry.operations import versions
from registry.operations.care_plans import record_plan_version
from registry.operations.initial_assessments import record_first_assessment
from registry.operations.plan_errors import EditedMeanwhile
from registry.operations.recording import stamped
from registry.operations.safety_plans import record_safety_plan
from registry.operations.versions import Kept
from registry.rules.care_plans import Plan
from registry.rules.initial_assessment import FirstAssessment
from registry.rules.safety_plans import Safety
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = date(2026, 3, 2)


@pytest.fixture
def episode(organization: Any) -> Any:
    with tenant(organization):
        return EpisodeFactory(organization=organization)


@pytest.fixture
def people(organization: Any) -> list[Any]:
    return [MembershipFactory(organization=organization) for _ in range(6)]


def assessing(episode: Any, by: Any, at: datetime, said: str) -> Kept[InitialAssessment]:
    content = FirstAssessment(why_referred=said, suicide_history="None")
    return record_first_assessment(
        by=by, at=at, episode=episode, based_on=0, on=TODAY, content=content, today=TODAY
    )  # fmt: skip


def planning(episode: Any, by: Any, at: datetime, said: str) -> Kept[CarePlan]:
    return record_plan_version(
        by=by, at=at, episode=episode, based_on=0, on=TODAY, content=Plan(goals=said), today=TODAY
    )  # fmt: skip


def securing(episode: Any, by: Any, at: datetime, said: str) -> Kept[SafetyPlan]:
    return record_safety_plan(
        by=by, at=at, patient=episode.patient, based_on=0, on=TODAY, content=Safety(matters=said), today=TODAY
    )  # fmt: skip


@pytest.mark.parametrize(
    ("save", "kind"), [(assessing, InitialAssessment), (planning, CarePlan), (securing, SafetyPlan)]
)
def test_of_six_at_once_one_is_kept_and_the_others_are_told(
    organization: Any, episode: Any, people: list[Any], now: datetime, save: Callable[..., Any], kind: Any
) -> None:
    works = [lambda by=by: save(episode, by, now, f"By {by.id}") for by in people]
    answers = at_once(organization, works)
    assert sorted(type(answer).__name__ for answer in answers) == ["EditedMeanwhile"] * 5 + ["Kept"]
    with tenant(organization):
        assert [row.number for row in kind.objects.all()] == [1]


@pytest.mark.parametrize(
    ("save", "kind"), [(assessing, InitialAssessment), (planning, CarePlan), (securing, SafetyPlan)]
)
def test_of_six_sends_of_one_form_one_is_kept_and_nobody_is_alarmed(
    organization: Any, episode: Any, people: list[Any], now: datetime, save: Callable[..., Any], kind: Any
) -> None:
    answers = at_once(organization, [lambda: save(episode, people[0], now, "Once")] * 6)
    assert [answer for answer in answers if isinstance(answer, EditedMeanwhile)] == []
    assert sorted(answer.was_new for answer in answers) == [False] * 5 + [True]
    with tenant(organization):
        assert kind.objects.count() == 1


@pytest.mark.parametrize(
    ("said", "answer"), [("Mine", EditedMeanwhile), ("Theirs", Kept)], ids=["another text", "the same text"]
)
def test_what_is_saved_between_reading_and_writing_is_not_built_upon(
    organization: Any, episode: Any, people: list[Any], now: datetime, monkeypatch: pytest.MonkeyPatch, said: str,
    answer: type[Any],
) -> None:  # fmt: skip
    """The number was read when there was no version; another is saved before this one is."""

    def after_the_other(*args: Any, **values: Any) -> Any:
        monkeypatch.setattr(versions, "stamped", stamped)
        at_once(organization, [lambda: planning(episode, people[0], now, "Theirs")])
        return stamped(*args, **values)

    monkeypatch.setattr(versions, "stamped", after_the_other)
    (got,) = at_once(organization, [lambda: planning(episode, people[1], now, said)])
    assert type(got) is answer
    with tenant(organization):
        assert list(CarePlan.objects.values_list("number", "recorded_by")) == [(1, people[0].id)]


def test_of_two_browsers_at_once_one_saves_and_the_other_sees_both(
    organization: Any, episode: Any, people: list[Any], now: datetime
) -> None:
    url = f"/o/{organization.slug}/patients/{episode.patient_id}/care-plan/edit/"
    typed = {"based_on": "0", "on": "2026-03-02", "next_on": ""}

    def send(seat: Any, goals: str) -> Callable[[], Any]:
        client = Client()
        client.force_login(seat.user)
        return lambda: client.post(url, {**typed, "goals": goals})

    with time_machine.travel(now, tick=False):
        answers = at_once(organization, [send(people[0], "Walk"), send(people[1], "Sleep")])
    assert sorted(answer.status_code for answer in answers) == [302, 422]
    (merge,) = [answer for answer in answers if answer.status_code == 422]
    assert 'id="meanwhile"' in merge.text
    assert "Walk" in merge.text
    assert "Sleep" in merge.text
    with tenant(organization):
        assert CarePlan.objects.count() == 1
