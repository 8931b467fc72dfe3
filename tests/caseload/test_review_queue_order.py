"""The order of the review queue as the database works it out, against the rules, on random courses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from caseload.models import CaseReview, Recommendation, ReviewQuestion
from caseload.operations.standing import rebuild_standing
from caseload.queries.review_queue import QueueRow, queue_rows_of, review_queue
from registry.models import Episode, ProgramPeriod
from registry.operations.recording import Stamp, record_facts, stamped
from tests.caseload.random_courses import Population
from tests.factories.reviews import AgendaItemFactory, ReviewSessionFactory
from tests.factories.tenancy import ClinicFactory

TODAY = date(2026, 3, 2)
ADVICE = (("proposed", -1), ("sent", -3), ("sent", 5), ("declined", -2), ("declined", -20), ("closed", -9))


@pytest.fixture
def people(in_tenant: Any, organization: Any, clinic: Any, by: Any, now: datetime) -> Callable[[int, int], list[UUID]]:
    """`people(count, seed)`: random courses, with all that makes a queue's order."""

    def make(count: int, seed: int) -> list[UUID]:
        elsewhere = ClinicFactory(organization=organization, name="Far", time_zone="Pacific/Honolulu")
        ids = Population(seed, clinics=[clinic, elsewhere], by=by, at=now, today=TODAY).store(count)
        chance, stamp = Random(seed), Stamp(by, now)
        episodes = list(Episode.objects.filter(id__in=ids).order_by("id"))
        record_facts([fact for episode in episodes for fact in _more(episode, chance, stamp)])
        sessions = [
            ReviewSessionFactory(
                organization=organization, clinic=clinic, consultant=by, on=TODAY - timedelta(days=ago),
                planned_at=now - timedelta(days=ago), state="planned",
            )
            for ago in (-5, 2, 9)
        ]  # fmt: skip
        for episode in episodes:
            _put_on(chance.choice((*sessions, None, None)), episode, chance)
        rebuild_standing(organization_id=organization.id, episode_ids=ids, at=now)
        return ids

    return make


def _more(episode: Episode, chance: Random, stamp: Stamp) -> list[Any]:
    """Questions of every kind, advice in every state, and programs that changed or will."""
    of = {"patient": episode.patient, "episode": episode}
    facts: list[Any] = []
    if chance.random() < 0.3:
        kind = chance.choice(("question", "medication", "concern", "clinician"))
        on = TODAY - timedelta(days=chance.randint(0, 9))
        asked = {"kind": kind, "asked_by": stamp.by, "asked_on": on, "client_token": uuid4(), "text": "Why?"}
        facts.append(stamped(ReviewQuestion, stamp, episode=episode, **asked))
    if chance.random() < 0.4:
        review = stamped(CaseReview, stamp, on=TODAY - timedelta(days=chance.randint(0, 40)), **of)
        facts.append(review)
        for number, (state, due) in enumerate(chance.sample(ADVICE, 2), start=1):
            day = TODAY + timedelta(days=due)
            again = TODAY + timedelta(days=chance.choice((-1, 0, 1))) if chance.random() < 0.4 else None
            made = {"kind": "continue", "text": "Go on", "state": state, "state_on": day}
            values = {**made, "due_on": None if state == "closed" else day, "present_again_on": again, "number": number}
            facts.append(stamped(Recommendation, stamp, review=review, **values))
    if chance.random() < 0.3:
        from_on = TODAY + timedelta(days=chance.choice((-1, 0, 1)))
        program = "bhi" if episode.program == "cocm" else "cocm"
        facts.append(stamped(ProgramPeriod, stamp, episode=episode, program=program, from_on=from_on))
    return facts


def _put_on(session: Any, episode: Episode, chance: Random) -> None:
    if session is None:
        return
    state = "waiting" if session.on > TODAY else chance.choice(("unfinished", "deferred", "deferred"))
    until = TODAY + timedelta(days=chance.choice((-1, 0, 1, 7)))
    put_off = {"deferred_because": "Away", "deferred_until": until} if state == "deferred" else {}
    AgendaItemFactory(organization=episode.organization, session=session, episode=episode, state=state, **put_off)


def by_the_rules(row: QueueRow) -> Any:
    return row.place, row.sort_name, row.episode_id


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("days", [0, 20])
def test_the_database_and_the_rules_agree(
    people: Callable[[int, int], list[UUID]], by: Any, now: datetime, seed: int, days: int
) -> None:
    ids = people(60, seed)
    at = now + timedelta(days=days)
    rows = [row for row in queue_rows_of(by.organization_id, ids, at=at).values() if row.reasons]
    asking = sorted((row for row in rows if not row.deferred_until), key=by_the_rules)
    queue = review_queue(by.organization_id, at=at)
    assert [(row.sort_name, row.place) for row in queue.rows] == [(row.sort_name, row.place) for row in asking]
    assert {row.episode_id for row in queue.deferred} == {row.episode_id for row in rows if row.deferred_until}
    assert (queue.total, queue.beside) == (len(asking), ())
    assert [row.number for row in queue.rows] == list(range(1, len(asking) + 1))
    assert len({row.place[:4] for row in queue.rows}) > 5  # many kinds of people are among them


def test_the_first_are_read_with_whoever_is_open_and_next(
    people: Callable[[int, int], list[UUID]], by: Any, now: datetime
) -> None:
    people(40, 4)
    everybody = review_queue(by.organization_id, at=now).rows
    open_one, last = everybody[9], everybody[-1]
    for beside, expected in ((open_one, [10, 11]), (last, [len(everybody)]), (everybody[2], []), (everybody[4], [6])):
        with CaptureQueriesContext(connection) as statements:
            queue = review_queue(by.organization_id, at=now, most=5, beside=beside.episode_id)
        assert [row.episode_id for row in queue.rows] == [row.episode_id for row in everybody[:5]]
        assert ([row.number for row in queue.beside], queue.total) == (expected, len(everybody))
        assert len(statements) == 2
