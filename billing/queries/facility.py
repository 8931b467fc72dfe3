"""Whose payers leave out time during a facility stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from django.db import connection

from billing.queries.payers import PayerOnRecord, payer_rules, payers
from billing.queries.records import EpisodeRow, PatientRecord, patient_records
from billing.rules.books import NoBookInForce, book_in_force, with_options
from billing.rules.facts import MonthFacts
from billing.rules.payers import PayerRules
from caseload.queries.entries import EpisodeTime, episode_time
from caseload.rules.clock import first_day
from registry.models import Episode

# Months of stays in UTC, widened by a day: a month too many does no harm.
_STAYS = """
    SELECT DISTINCT t.episode_id, t.patient_id, to_char(day, 'YYYY-MM')
    FROM caseload_timeentry t
    CROSS JOIN LATERAL unnest(ARRAY[
        coalesce(t."on", (lower(t.span) AT TIME ZONE 'UTC')::date - 1),
        coalesce(t."on", (upper(t.span) AT TIME ZONE 'UTC')::date + 1)]) AS day
    WHERE t.organization_id = %(organization)s AND t.is_facility_stay AND t.voided_at IS NULL
      AND (%(episodes)s::uuid[] IS NULL OR t.episode_id = ANY(%(episodes)s::uuid[]))
    ORDER BY 1, 3
"""


_STAYING_WITH = """
    SELECT DISTINCT t.episode_id
    FROM caseload_timeentry t
    JOIN registry_coverage c ON c.organization_id = t.organization_id AND c.patient_id = t.patient_id
         AND c.payer_id = %(payer)s AND c.voided_at IS NULL
    WHERE t.organization_id = %(organization)s AND t.is_facility_stay AND t.voided_at IS NULL
    ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Episodes whose stays never count, and the months in which those of others do not: they changed payer."""

    always: tuple[UUID, ...] = ()
    sometimes: tuple[tuple[UUID, str], ...] = ()


def facility_left_out(organization_id: UUID, episode_ids: Sequence[UUID] | None) -> LeftOut:
    """For these episodes (None: all), where time during a facility stay does not count. One statement if no stay is
    on record, else three.
    """
    values = {"organization": organization_id, "episodes": None if episode_ids is None else list(episode_ids)}
    with connection.cursor() as cursor:
        cursor.execute(_STAYS, values)
        stays: list[tuple[UUID, UUID, str]] = cursor.fetchall()
    if not stays:
        return LeftOut()
    known = payers(organization_id)
    records = patient_records(organization_id, sorted({patient_id for _, patient_id, _ in stays}))
    out: dict[UUID, list[tuple[str, bool]]] = {}
    for episode_id, patient_id, month in stays:
        out.setdefault(episode_id, []).append(
            (month, _leaves_out(records.get(patient_id, PatientRecord()), known, month))
        )
    return LeftOut(
        always=tuple(episode_id for episode_id, months in out.items() if all(is_out for _, is_out in months)),
        sometimes=tuple(_mixed(out.items())),
    )


def staying_with(organization_id: UUID, payer_id: UUID) -> list[UUID]:
    """The episodes with time during a facility stay of patients whom this payer covered at any time."""
    with connection.cursor() as cursor:
        cursor.execute(_STAYING_WITH, {"organization": organization_id, "payer": payer_id})
        return [episode_id for (episode_id,) in cursor.fetchall()]


@lru_cache(maxsize=1024)
def counts_facility_minutes(rules: PayerRules, on: date) -> bool:
    """Whether the payer counts time during a facility stay; true where no book holds on the day, as nothing bills."""
    try:
        return with_options(book_in_force(rules.family, on), rules.options).options.count_facility_minutes
    except NoBookInForce:
        return True


def time_by_payer(organization_id: UUID, episode: Episode | EpisodeRow, facts: MonthFacts) -> EpisodeTime:
    """An episode's time entry by entry, facility stays counted as the payer of one of its months counts them."""
    counts = counts_facility_minutes(PayerRules(facts.payer, facts.options), first_day(facts.month))
    return episode_time(organization_id, episode.patient_id, episode.id, count_facility_minutes=counts)


def _leaves_out(record: PatientRecord, known: dict[UUID, PayerOnRecord], month: str) -> bool:
    _, _, rules = payer_rules(record.coverages, known, month)
    return not counts_facility_minutes(rules, first_day(month))


def _mixed(episodes: Iterable[tuple[UUID, list[tuple[str, bool]]]]) -> Iterable[tuple[UUID, str]]:
    for episode_id, months in episodes:
        if not all(is_out for _, is_out in months):
            yield from ((episode_id, month) for month, is_out in months if is_out)
