"""Minutes that were logged and do not count, by reason, for many patients' months at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from billing.queries.facility import counts_facility_minutes
from billing.queries.facts import EpisodeMonth
from caseload.queries.entries import times_between
from caseload.rules.clock import first_day, last_day
from caseload.rules.lost_time import lost_seconds


def lost_time(organization_id: UUID, months: Sequence[EpisodeMonth]) -> Mapping[str, int]:
    """The seconds of these months that were logged and do not count, by reason. Three statements for any number.

    Only entries of months that lose something are read; where none does, no statement.
    """
    losing: dict[UUID, list[EpisodeMonth]] = {}
    for one in months:
        if one.time.logged_seconds != one.time.counted.bhi_seconds:
            losing.setdefault(one.episode.id, []).append(one)
    lost: Counter[str] = Counter()
    if not losing:
        return lost
    names = sorted({one.month for of_episode in losing.values() for one in of_episode})
    for time in times_between(organization_id, list(losing), first_day(names[0]), last_day(names[-1])):
        entries = [logged.entry for logged in time.entries]
        for one in losing[time.episode_id]:
            counts_facility = counts_facility_minutes(one.rules, first_day(one.month))
            around = replace(time.circumstances, count_facility_minutes=counts_facility)
            lost.update(lost_seconds(entries, around, one.month))
    return lost
