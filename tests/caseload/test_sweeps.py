"""The nightly sweep, and that what is stored is right on days on which nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from bhi.jobs.models import Job
from bhi.jobs.operations import queue_periodic
from bhi.jobs.registry import Run
from bhi.tenancy.context import tenant
from caseload import tasks
from caseload.models import EpisodeStanding, SignalBegan, SignalSweep
from caseload.operations import rebuild_standing
from caseload.operations.sweeps import Swept, sweep_signals
from caseload.queries.caseload_list import standing_signals
from caseload.queries.courses import episodes_in_course
from caseload.queries.sweeps import last_sweep
from caseload.rules.clock import local_date
from caseload.rules.listing import standing_of
from caseload.rules.signals import signals_on
from tests.caseload.random_courses import Population
from tests.factories.registry import AssessmentFactory
from tests.factories.tenancy import ClinicFactory

TODAY = date(2026, 3, 2)
PEOPLE = 150


def populate(organization: Any, by: Any, at: datetime, *, seed: int, count: int) -> list[UUID]:
    zones = ("America/New_York", "America/Denver", "Pacific/Honolulu")
    clinics = [ClinicFactory(organization=organization, time_zone=zone) for zone in zones]
    ids = Population(seed, clinics=clinics, by=by, at=at, today=TODAY).store(count)
    rebuild_standing(organization_id=organization.id, episode_ids=ids, at=at)
    return ids


def rows() -> list[tuple[Any, ...]]:
    return sorted(SignalBegan.objects.values_list("episode_id", "word", "since_on", "announced_at"))


def test_stored_standings_are_right_day_after_day_without_a_write(in_tenant: Any, by: Any, now: datetime) -> None:
    ids = populate(in_tenant, by, now, seed=5, count=PEOPLE)
    stored = {row.episode_id: row for row in EpisodeStanding.objects.all()}
    assert len(stored) == PEOPLE
    seen: set[str] = set()
    for days in (0, 1, 2, 5, 8, 13, 21, 27, 28, 34, 60, 120):
        for episode in episodes_in_course(in_tenant.id, ids):
            today = local_date(now + timedelta(days=days), ZoneInfo(episode.time_zone))
            row, said = stored[episode.id], standing_of(episode.course, today)
            shown = [(one.word, one.since, one.rank) for one in standing_signals(row.signals, today)]
            assert shown == [(one.word, one.since, one.rank) for one in signals_on(episode.course, today)], today
            seen |= {word for word, _, _ in shown}
            froms = (row.safety_from, row.overdue_from, row.stalled_from)
            assert froms == (said.safety_from, said.overdue_from, said.stalled_from), (episode.course, today)
            assert (row.response_state, row.last_contact_on) == (said.response_state, said.last_contact_on)
    assert len(seen) >= 20


def test_nights_pass_and_nothing_differs(in_tenant: Any, by: Any, now: datetime) -> None:
    populate(in_tenant, by, now, seed=11, count=PEOPLE)
    before = list(EpisodeStanding.objects.order_by("id").values_list("id", "rebuilt_at"))
    for night in range(3):
        at = now + timedelta(days=1 + 9 * night)
        assert sweep_signals(organization_id=in_tenant.id, on=at.date(), at=at).differed == 0
    assert list(EpisodeStanding.objects.order_by("id").values_list("id", "rebuilt_at")) == before


@pytest.mark.parametrize(("seed", "gap"), [(1, 1), (2, 9), (7, 33)])
def test_a_late_sweep_announces_what_nightly_ones_would_have(
    in_tenant: Any, by: Any, now: datetime, seed: int, gap: int
) -> None:
    """Every night or once after a pause: the same signals are announced to have begun, each once."""
    populate(in_tenant, by, now, seed=seed, count=25)

    def told(nights: Sequence[int]) -> set[tuple[Any, ...]]:
        with transaction.atomic():
            for at in (now + timedelta(days=night) for night in nights):
                sweep_signals(organization_id=in_tenant.id, on=at.date(), at=at)
            found = set(SignalBegan.objects.values_list("episode_id", "word", "since_on"))
            transaction.set_rollback(True)
        return found

    assert told(range(gap + 1)) == told((0, gap))


def test_swept_twice_the_rows_are_the_same(in_tenant: Any, by: Any, now: datetime) -> None:
    populate(in_tenant, by, now, seed=3, count=40)
    first = sweep_signals(organization_id=in_tenant.id, on=TODAY, at=now)
    before = rows()
    assert first.began == len(before) > 40
    assert sweep_signals(organization_id=in_tenant.id, on=TODAY, at=now + timedelta(hours=1)) == first
    assert rows() == before
    [row] = SignalSweep.objects.all()
    assert (row.on, row.episodes, row.began, row.differed) == (TODAY, 40, first.began, 0)


def test_what_differs_is_counted_and_mended(
    enrolled: Callable[..., Any], in_tenant: Any, now: datetime, log: Callable[..., Any]
) -> None:
    episode, other = enrolled(), enrolled("Other")
    log(episode)
    AssessmentFactory(organization=in_tenant, episode=other, on=date(2026, 2, 20), total=17)
    said = EpisodeStanding.objects.get(episode=episode)
    EpisodeStanding.objects.filter(episode=episode).update(overdue_from=None)
    assert sweep_signals(organization_id=in_tenant.id, on=TODAY, at=now) == Swept(2, 0, 2)
    assert EpisodeStanding.objects.get(episode=episode).overdue_from == said.overdue_from
    assert EpisodeStanding.objects.get(episode=other).phq9_last == 17
    assert sweep_signals(organization_id=in_tenant.id, on=TODAY + timedelta(days=1), at=now) == Swept(2, 0, 0)


def test_a_night_is_a_job_of_its_organization(enrolled: Callable[..., Any], organization: Any, now: datetime) -> None:
    with tenant(organization):
        enrolled(enrolled_on=date(2026, 1, 5))
    queue_periodic(at=now)
    with tenant(organization):
        job = Job.objects.get(kind="sweep_signals")
        assert job.key == now.date().isoformat()
        tasks.sweep(Run(job.id, organization.id, job.arguments, None, now, lambda done, total: None))
        swept = last_sweep(organization.id)
        assert swept is not None
        assert (swept.on, swept.episodes, swept.differed) == (now.date(), 1, 0)
        assert set(SignalBegan.objects.values_list("word", flat=True)) == {
            "contact_overdue", "first_follow_up_late", "measure_overdue", "never_reviewed",
        }  # fmt: skip


def test_another_tenants_sweep_is_its_own(
    enrolled: Callable[..., Any], organization: Any, other_organization: Any, now: datetime
) -> None:
    with tenant(organization):
        enrolled(enrolled_on=date(2026, 1, 5))
    with tenant(other_organization):
        assert sweep_signals(organization_id=other_organization.id, on=TODAY, at=now) == Swept(0, 0, 0)
    with tenant(organization):
        assert last_sweep(organization.id) is None
