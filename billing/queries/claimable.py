"""Which patients' months can be claimed now, with everything that a claim carries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from billing.models import Claim
from billing.queries.facility import time_by_payer
from billing.queries.release import releases
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules.books import book_in_force
from billing.rules.decisions import Release
from billing.rules.facts import MonthFacts
from billing.rules.findings import Line, Verdict
from billing.rules.service_day import service_day
from billing.rules.words import rests_on_unseen
from caseload.queries.entries import EpisodeTime, ending
from caseload.rules.clock import first_day
from caseload.rules.minutes import MonthMinutes, counted
from registry.models import Episode


@dataclass(frozen=True, slots=True)
class Billable:
    """An episode's month that bills, was not claimed, and has somebody to pay for it."""

    episode: Episode
    judged: MonthVerdict
    verdict: Verdict
    release: Release
    payer_id: UUID
    service_on: date

    @property
    def facts(self) -> MonthFacts:
        return self.judged.facts

    @property
    def rests_on_unseen(self) -> bool:
        return rests_on_unseen(flag.word for flag in self.verdict.flags)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is asked for: the verdict's lines, or what a coder decided instead."""
        return self.release.asked


@dataclass(frozen=True, slots=True)
class ToClaim:
    """A month's claims still to be made, by patient name, and how many months are held back from them."""

    billable: tuple[Billable, ...]
    held: int


def claimable(organization_id: UUID, month: str, *, episode_ids: Collection[UUID] | None = None) -> ToClaim:
    """What can be claimed now: of these episodes, or of all (None). Neither what a release check or a coder holds
    back, nor what is not to be billed.
    """
    claimed = claimed_patients(organization_id, month)
    billing = {
        episode_id: judged
        for episode_id, judged in month_verdicts(
            organization_id, month, episode_ids=episode_ids, is_complete=True
        ).items()
        if judged.bills and judged.month.episode.patient_id not in claimed
    }
    found = releases(organization_id, month, billing.values())
    episodes = _episodes(organization_id, [id_ for id_, release in found.items() if release.asked])
    return ToClaim(
        tuple(_billable(episode, billing[episode.id], found[episode.id]) for episode in episodes),
        held=sum(release.is_held for release in found.values()),
    )


def claimed_patients(organization_id: UUID, month: str) -> set[UUID]:
    """Patients with a live claim for the month."""
    rows = Claim.objects.filter(organization_id=organization_id, month=first_day(month), is_superseded=False)
    return set(rows.values_list("patient_id", flat=True))


def _episodes(organization_id: UUID, ids: Iterable[UUID]) -> list[Episode]:
    rows = Episode.objects.filter(organization_id=organization_id, id__in=list(ids))
    related = rows.select_related("patient", "clinic", "treating_clinician")
    return list(related.order_by("patient__sort_name", "patient__mrn", "id"))


def _billable(episode: Episode, judged: MonthVerdict, release: Release) -> Billable:
    assert judged.verdict is not None
    assert judged.month.payer is not None
    return Billable(episode, judged, judged.verdict, release, judged.month.payer.id, _service_on(episode, judged))


def _service_on(episode: Episode, judged: MonthVerdict) -> date:
    facts = judged.facts
    book = book_in_force(facts.payer, first_day(facts.month))
    ends = [day for day in (episode.patient.died_on, judged.month.covered_until) if day is not None]
    return service_day(facts, book, min(ends, default=None), _Days(episode, facts))


class _Days:
    """The month's time up to the end of a day. Asked only for who died or lost coverage in the month, so read then."""

    def __init__(self, episode: Episode, facts: MonthFacts) -> None:
        self.episode = episode
        self.facts = facts

    def __call__(self, day: date) -> MonthMinutes:
        time = self._time
        return counted((one.entry for one in time.entries), ending(time.circumstances, day), self.facts.month)

    @cached_property
    def _time(self) -> EpisodeTime:
        return time_by_payer(self.episode.organization_id, self.episode, self.facts)
