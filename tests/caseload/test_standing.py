"""The standing of episodes: equal to the rules whatever was recorded, and rebuilt by whatever can change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from caseload.models import EpisodeStanding
from caseload.operations import rebuild_standing, record_review, record_time
from caseload.queries.caseload_list import standing_signals
from caseload.queries.courses import courses, episodes_in_course
from caseload.rules.course import EpisodeCourse, ProgramFrom, Score
from caseload.rules.listing import standing_of
from caseload.rules.signals import signals_on
from caseload.rules.worktime import WorkTime
from caseload.tasks import rebuild_one_standing
from registry.operations import (
    change_program,
    end_episode,
    record_assessment,
    start_relapse_prevention,
    void_fact,
)


def test_a_course_is_what_was_recorded(
    enrolled: Callable[..., Any], by: Any, now: datetime, in_tenant: Any, log: Callable[..., Any]
) -> None:
    episode = enrolled(program="bhi", enrolled_on=date(2026, 1, 5))
    change_program(by=by, at=now, episode=episode, to="cocm", on=date(2026, 2, 2))
    start_relapse_prevention(by=by, at=now, episode=episode, on=date(2026, 2, 20))
    values = {"by": by, "at": now, "patient": episode.patient, "episode": episode}
    record_assessment(**values, instrument="phq9", on=date(2026, 1, 5), total=16, item9=1)
    wrong = record_assessment(**values, instrument="phq9", on=date(2026, 1, 6), total=26)
    void_fact(by=by, at=now, fact=wrong, reason="Another patient's")
    record_assessment(**values, instrument="gad7", on=date(2026, 1, 5), total=9)
    record_review(by=by, at=now, episode_id=episode.id, on=date(2026, 2, 3), recommendations=[("continue", "")])
    log(episode)
    time = WorkTime(on=date(2026, 1, 12), seconds=600)
    record_time(by=by, at=now, episode_id=episode.id, time=time, client_token=uuid4())
    end_episode(by=by, at=now, episode=episode, on=date(2026, 3, 1), reason="graduated")
    (found,) = courses(in_tenant.id, [episode.id]).values()
    assert found == EpisodeCourse(
        enrolled_on=date(2026, 1, 5),
        programs=(ProgramFrom(date(2026, 1, 5), "bhi"), ProgramFrom(date(2026, 2, 2), "cocm")),
        scores=(Score(date(2026, 1, 5), "phq9", 16, 1, 0), Score(date(2026, 1, 5), "gad7", 9, None, 1)),
        contacts=(date(2026, 1, 12), date(2026, 3, 2)),
        reviews=(date(2026, 2, 3),),
        relapse_prevention_from=date(2026, 2, 20),
        ended_on=date(2026, 3, 1),
    )


def test_a_standing_says_what_the_rules_say(
    enrolled: Callable[..., Any], by: Any, now: datetime, in_tenant: Any, log: Callable[..., Any]
) -> None:
    episode = enrolled(enrolled_on=date(2025, 11, 3))
    for week, total in enumerate((18, 18, 17, 18)):
        record_assessment(
            by=by, at=now, patient=episode.patient, episode=episode, instrument="phq9", total=total, item9=week % 2,
            on=date(2025, 11, 3) + timedelta(weeks=4 * week),
        )  # fmt: skip
    log(episode)
    row = EpisodeStanding.objects.get(episode=episode)
    (course,) = courses(in_tenant.id, [episode.id]).values()
    today = date(2026, 3, 2)
    said = standing_of(course, today)
    assert (row.phq9_baseline, row.phq9_last, row.phq9_series) == (18, 18, [18, 18, 17, 18])
    assert (row.response_state, row.last_contact_on) == (said.response_state, today)
    assert (row.safety_from, row.overdue_from, row.stalled_from) == (
        date(2026, 1, 26),
        said.overdue_from,
        said.stalled_from,
    )
    shown = standing_signals(row.signals, today)
    assert [(s.word, s.since) for s in shown] == [(s.word, s.since) for s in signals_on(course, today)]
    assert "item 9 at 0" in shown[0].clears


def test_a_day_passing_needs_no_write(enrolled: Callable[..., Any], in_tenant: Any, log: Callable[..., Any]) -> None:
    episode = enrolled(enrolled_on=date(2026, 1, 5))
    log(episode)
    row = EpisodeStanding.objects.get(episode=episode)
    (course,) = courses(in_tenant.id, [episode.id]).values()
    for later in range(0, 120, 7):
        day = date(2026, 3, 2) + timedelta(days=later)
        shown = standing_signals(row.signals, day)
        assert [(s.word, s.since) for s in shown] == [(s.word, s.since) for s in signals_on(course, day)]


def test_what_the_registry_records_is_caught_up_by_a_job(
    enrolled: Callable[..., Any], by: Any, now: datetime, in_tenant: Any
) -> None:
    episode = enrolled()
    Job.objects.all().delete()
    record_assessment(
        by=by, at=now, patient=episode.patient, episode=episode, instrument="phq9", total=16, on=date(2026, 3, 2)
    )
    (job,) = Job.objects.filter(kind="rebuild_standing")
    assert job.key == str(episode.id)
    assert EpisodeStanding.objects.get(episode=episode).phq9_last is None
    rebuild_one_standing(Run(job.id, in_tenant.id, job.arguments, None, now, lambda done, total: None))
    assert EpisodeStanding.objects.get(episode=episode).phq9_last == 16


def test_the_caseloads_own_writes_queue_no_rebuild(enrolled: Callable[..., Any], log: Callable[..., Any]) -> None:
    episode = enrolled()
    Job.objects.all().delete()
    log(episode)
    assert list(Job.objects.values_list("kind", flat=True)) == ["refresh_service_month"]


@pytest.mark.parametrize("size", [1, 30])
def test_rebuilding_takes_three_statements_for_any_number(
    enrolled: Callable[..., Any], now: datetime, in_tenant: Any, size: int
) -> None:
    episodes = [enrolled(f"Rivera {place}").id for place in range(size)]
    with CaptureQueriesContext(connection) as queries:
        assert rebuild_standing(organization_id=in_tenant.id, episode_ids=episodes, at=now) == size
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 3
    assert EpisodeStanding.objects.count() == size


def test_another_tenants_episodes_are_not_read(
    enrolled: Callable[..., Any], now: datetime, other_organization: Any
) -> None:
    episode = enrolled()
    with tenant(other_organization):
        assert episodes_in_course(other_organization.id, [episode.id]) == []
        assert rebuild_standing(organization_id=other_organization.id, episode_ids=[episode.id], at=now) == 0
