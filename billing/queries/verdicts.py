"""What patients' months bill, from live rows: for a caseload page, a month page and a claim alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from billing.queries.facts import month_facts
from billing.queries.judging import MonthVerdict, judged_in, judged_in_order
from registry.models import Episode

__all__ = ["MonthVerdict", "month_verdicts", "patient_verdicts"]


def month_verdicts(
    organization_id: UUID,
    month: str,
    *,
    episode_ids: Collection[UUID] | Mapping[UUID, UUID] | None = None,
    is_complete: bool = False,
) -> dict[UUID, MonthVerdict]:
    """By episode, what the month bills: for these episodes, or for all with anything in it (None).

    Asked for by id, an episode without anything in the month is there too. Five statements for any number, a few
    more where somebody stayed in a facility. Who knows the patients gives them, by episode: one less.
    `is_complete` judges every earlier month too, so that the facts hold all earlier lines, as claims freeze them.
    """
    if episode_ids is None:
        patients, shown = None, []
    else:
        pairs = dict(episode_ids) if isinstance(episode_ids, Mapping) else _patients_of(organization_id, episode_ids)
        patients, shown = sorted(set(pairs.values())), [(episode_id, month) for episode_id in pairs]
    found: dict[UUID, MonthVerdict] = {}
    for months in month_facts(organization_id, until=month, patient_ids=patients, shown=shown).values():
        judged_months = judged_in_order(months) if is_complete else judged_in(months, month)
        found |= {one.month.episode.id: one for one in judged_months if one.facts.month == month}
    if episode_ids is None:
        return found
    return {episode_id: found[episode_id] for episode_id in pairs}


def patient_verdicts(organization_id: UUID, patient_id: UUID, *, until: str) -> list[MonthVerdict]:
    """Every month of one patient up to `until`, the earliest first."""
    months = month_facts(organization_id, until=until, patient_ids=[patient_id])
    return list(judged_in_order(months.get(patient_id, ())))


def _patients_of(organization_id: UUID, episode_ids: Collection[UUID]) -> dict[UUID, UUID]:
    rows = Episode.objects.live().filter(organization_id=organization_id, id__in=list(episode_ids))
    return dict(rows.values_list("id", "patient_id"))
