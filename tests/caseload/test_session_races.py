"""Two people at once in a session: real connections, every transaction commits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from bhi.tenancy.context import tenant
from caseload.models import AgendaItem, OpenSpell, ReviewSession, TimeEntry
from caseload.operations.live_sessions import begin_session, end_session, open_item
from caseload.operations.review_sessions import SessionTerms, plan_coming_sessions, plan_session, take_off_agenda
from tests.factories.registry import ConsentFactory, EpisodeFactory, system_seat
from tests.factories.reviews import AgendaItemFactory, ReviewSessionFactory, ReviewSlotFactory, SessionSeatFactory
from tests.factories.tenancy import ClinicFactory, MembershipFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PATIENTS = 8


@pytest.fixture
def people(organization: Any) -> list[Any]:
    """The consultant, then two care managers."""
    roles = ("psychiatric_consultant", "care_manager", "care_manager")
    return [MembershipFactory(organization=organization, user=None, roles=[role]) for role in roles]


@pytest.fixture
def session(organization: Any, people: list[Any], now: datetime) -> ReviewSession:
    """One that runs, with eight patients."""
    with tenant(organization):
        made = ReviewSessionFactory(
            organization=organization, clinic=ClinicFactory(organization=organization), consultant=people[0]
        )
        for person in people:
            SessionSeatFactory(organization=organization, session=made, membership=person)
        for place in range(PATIENTS):
            episode = EpisodeFactory(organization=organization)
            ConsentFactory(organization=organization, patient=episode.patient)
            AgendaItemFactory(organization=organization, session=made, episode=episode, place=place + 1)
        begin_session(by=people[0], at=now, session_id=made.id)
    return made


def test_of_many_who_open_patients_at_once_one_spell_is_open(
    organization: Any, session: ReviewSession, people: list[Any], now: datetime
) -> None:
    with tenant(organization):
        items = list(AgendaItem.objects.values_list("id", flat=True))

    def opens(number: int) -> Callable[[], Any]:
        at = now + timedelta(seconds=number)
        return lambda: open_item(by=people[number % 3], at=at, session_id=session.id, item_id=items[number % PATIENTS])

    answers = at_once(organization, [opens(number) for number in range(16)])
    assert {type(answer) for answer in answers} == {OpenSpell}
    with tenant(organization):
        spells = list(OpenSpell.objects.order_by("began_at", "id"))
        assert sum(spell.ended_at is None for spell in spells) == 1
        # One after another: no instant is two patients'.
        ends = sorted((spell.began_at, spell.ended_at or spell.began_at) for spell in spells)
        assert all(first[1] <= second[0] for first, second in pairwise(ends))


def test_a_session_that_is_ended_by_everybody_posts_once(
    organization: Any, session: ReviewSession, people: list[Any], now: datetime
) -> None:
    with tenant(organization):
        for number, item in enumerate(AgendaItem.objects.order_by("place")[:3]):
            at = now + timedelta(minutes=5 * number)
            open_item(by=people[0], at=at, session_id=session.id, item_id=item.id)

    def ends(person: Any) -> Callable[[], Any]:
        return lambda: end_session(by=person, at=now + timedelta(minutes=15), session_id=session.id)

    answers = at_once(organization, [ends(person) for person in people * 3])
    assert sorted(answer.was_new for answer in answers) == [False] * 8 + [True]
    with tenant(organization):
        assert TimeEntry.objects.count() == 3 * 3
        assert not TimeEntry.objects.filter(held=True).exists()


def test_opening_while_the_session_ends_leaves_nothing_open(
    organization: Any, session: ReviewSession, people: list[Any], now: datetime
) -> None:
    with tenant(organization):
        first, second = AgendaItem.objects.order_by("place")[:2]
        open_item(by=people[0], at=now, session_id=session.id, item_id=first.id)
    at = now + timedelta(minutes=5)
    at_once(
        organization,
        [
            lambda: end_session(by=people[0], at=at, session_id=session.id),
            lambda: open_item(by=people[1], at=at, session_id=session.id, item_id=second.id),
        ],
    )
    with tenant(organization):
        is_live = ReviewSession.objects.get(id=session.id).state == "live"
        # Either it ended first, and nothing could be opened; or the second lay open for no time, which is asked first.
        assert OpenSpell.objects.filter(ended_at__isnull=True).count() == int(is_live)
        assert (TimeEntry.objects.count() == 0) is is_live


def test_of_many_who_take_a_patient_off_one_does(organization: Any, people: list[Any], now: datetime) -> None:
    with tenant(organization):
        item = AgendaItemFactory(organization=organization)
    answers = at_once(organization, [lambda: take_off_agenda(by=people[1], at=now, item_id=item.id)] * 4)
    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", *["NotFound"] * 3]


def test_two_workers_plan_a_weeks_session_once(organization: Any, people: list[Any], now: datetime) -> None:
    with tenant(organization):
        system_seat(organization)
        ReviewSlotFactory(organization=organization, consultant=people[0])
    answers = at_once(organization, [lambda: plan_coming_sessions(organization_id=organization.id, at=now)] * 4)
    assert sorted(answers) == [0, 0, 0, 1]


def test_a_session_whose_form_is_sent_several_times_at_once_is_planned_once(
    organization: Any, people: list[Any], now: datetime
) -> None:
    with tenant(organization):
        clinic = ClinicFactory(organization=organization)
    terms = SessionTerms(clinic.id, people[0].id, now.date() + timedelta(days=1), time(14), [people[1].id])
    token = uuid4()
    answers = at_once(organization, [lambda: plan_session(by=people[1], at=now, terms=terms, client_token=token)] * 4)
    assert len({answer.id for answer in answers}) == 1
