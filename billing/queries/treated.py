"""Whose service a month was: the treating clinician on its last day in the program, not whoever treats today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from billing.queries.facts import EpisodeMonth
from caseload.rules.clock import day_start, last_day
from registry.queries.treating import treating_before


def treated_in(organization_id: UUID, months: Iterable[EpisodeMonth]) -> dict[UUID, UUID]:
    """By episode, the clinician who treated on the month's last day, or before that the last day of the patient's
    life, cover or enrolment. One statement.
    """
    return treating_before(organization_id, {one.episode.id: _until(one) for one in months})


def _until(one: EpisodeMonth) -> datetime:
    ends = (last_day(one.month), one.episode.died_on, one.episode.ended_on, one.covered_until)
    last = min(day for day in ends if day is not None)
    return day_start(last + timedelta(days=1), ZoneInfo(one.episode.time_zone))
