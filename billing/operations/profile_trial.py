"""What other rules of a payer would change, tried out and taken back before anybody can see it.

The rules are really written, within a savepoint that is always rolled back: so the answer is what saving gives, also
where they decide which minutes count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.models import MonthClose
from billing.queries.calendar import present_month
from billing.queries.facts import EpisodeMonth, month_facts
from billing.queries.judging import MonthVerdict, judged_in
from billing.queries.month_page import words_of
from billing.queries.payer_pages import patients_of_payer
from caseload.rules.clock import month_of
from registry.models import Payer

MOST_PATIENTS = 2000
MOST_ROWS = 50
NOTHING = "nothing"
Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class MonthChange:
    """One open month that would bill otherwise."""

    episode_id: UUID
    month: str
    patient_name: str
    sort_name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class KindOfChange:
    """How many months would bill `after` instead of `before`."""

    before: str
    after: str
    months: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What would change: how many open months were judged, those that bill otherwise, and how, the most first.

    `rows` are cut at MOST_ROWS. `patients_left` are further patients of the payer who were not judged.
    """

    judged: int
    changed: int
    kinds: tuple[KindOfChange, ...]
    rows: tuple[MonthChange, ...]
    patients_left: int = 0


@transaction.atomic
def try_rules(*, by: Membership, at: datetime, payer: Payer, since: date, write: Callable[[], object]) -> Effect:
    """Carry out `write`, which changes the payer's rules from `since` on, see what the open months of its patients
    then bill, and take it all back. A constant number of statements. Raises what `write` raises.
    """
    patients = patients_of_payer(by.organization_id, payer.id)
    judged = patients[:MOST_PATIENTS]
    before = _open_months(by.organization_id, judged, since=since, at=at)
    with transaction.atomic():
        write()
        after = _open_months(by.organization_id, judged, since=since, at=at)
        transaction.set_rollback(True)
    effect = _effect(before, after, len(patients) - len(judged))
    record("payer_profile.tried", by=by, at=at, object_id=payer.id, count=effect.changed)
    return effect


def _open_months(
    organization_id: UUID, patient_ids: Sequence[UUID], *, since: date, at: datetime
) -> dict[Key, MonthVerdict]:
    if not patient_ids:
        return {}
    closed = set(
        MonthClose.objects.filter(
            organization_id=organization_id, reopened_at__isnull=True, month__gte=since
        ).values_list("clinic_id", "month")
    )
    until, first = present_month(organization_id, at), month_of(since)
    of_patients = month_facts(organization_id, until=until, patient_ids=patient_ids)
    found = (judged for months in of_patients.values() for judged in _judged(months, first))
    return {
        (judged.month.episode.id, judged.facts.month): judged
        for judged in found
        if (judged.month.episode.clinic_id, _first(judged.facts.month)) not in closed
    }


def _judged(months: Sequence[EpisodeMonth], first: str) -> Iterator[MonthVerdict]:
    for month in sorted({one.month for one in months if one.month >= first}):
        yield from judged_in(months, month)


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _effect(before: dict[Key, MonthVerdict], after: dict[Key, MonthVerdict], patients_left: int) -> Effect:
    words = {key: (_bills(before[key]), _bills(after[key])) for key in before.keys() & after.keys()}
    changed = {key: pair for key, pair in words.items() if pair[0] != pair[1]}
    counted = Counter(changed.values())
    rows = sorted(
        (_change(before[key], *pair) for key, pair in changed.items()),
        key=lambda row: (row.sort_name, row.month, row.episode_id),
    )
    return Effect(
        judged=len(words),
        changed=len(changed),
        kinds=tuple(
            KindOfChange(*pair, count) for pair, count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
        ),
        rows=tuple(rows[:MOST_ROWS]),
        patients_left=patients_left,
    )


def _bills(judged: MonthVerdict) -> str:
    if not judged.bills or judged.verdict is None:
        return NOTHING
    return words_of((line.code, line.units) for line in judged.verdict.lines)


def _change(judged: MonthVerdict, before: str, after: str) -> MonthChange:
    episode = judged.month.episode
    return MonthChange(episode.id, judged.facts.month, episode.patient_name, episode.patient_sort_name, before, after)
