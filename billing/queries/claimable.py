"""Which patients' months can be claimed now, with everything that a claim carries."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from billing.models import Claim, FrozenMonth
from billing.queries.facility import time_by_payer
from billing.queries.frozen import frozen_rows, read_lines
from billing.queries.payers import PayerOnRecord
from billing.queries.release import releases
from billing.queries.release_pages import closed_clinics
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules import facts as frozen
from billing.rules.books import book_in_force
from billing.rules.canonical import plain
from billing.rules.closing import FrozenLine, standing_lines
from billing.rules.decisions import Release
from billing.rules.facts import MonthFacts
from billing.rules.service_day import service_day
from billing.rules.words import rests_on_unseen
from caseload.queries.entries import EpisodeTime, ending
from caseload.rules.clock import first_day
from caseload.rules.minutes import MonthMinutes, counted
from registry.models import Episode


@dataclass(frozen=True, slots=True)
class Basis:
    """What a claim rests on, as it is kept: facts, verdict and book. `frozen_id` is the closed month's row."""

    facts: Any
    facts_sha256: str
    verdict: Any
    book: str
    book_sha256: str
    frozen_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Billable:
    """An episode's month that bills, was not claimed, and has somebody to pay for it.

    `lines` are what is asked for: the verdict's, or what a coder decided instead; of a closed month, the frozen ones.
    """

    episode: Episode
    lines: tuple[FrozenLine, ...]
    basis: Basis
    payer: PayerOnRecord
    member_id: str
    service_on: date

    @property
    def rests_on_unseen(self) -> bool:
        return rests_on_unseen(flag["word"] for flag in self.basis.verdict["flags"])

    @property
    def diagnoses(self) -> list[str]:
        found: list[str] = self.basis.facts["diagnoses"]
        return found


@dataclass(frozen=True, slots=True)
class ToClaim:
    """A month's claims still to be made, by patient name, and how many months are held back from them.

    `to_correct` are closed months that would ask another payer by now, or whose enrolment is gone: corrected first.
    """

    billable: tuple[Billable, ...]
    held: int
    to_correct: int = 0


def claimable(
    organization_id: UUID, month: str, *, episode_ids: Collection[UUID] | None = None, even_claimed: bool = False
) -> ToClaim:
    """What can be claimed now: of these episodes, or of all (None). Neither what a release check or a coder holds
    back, nor what is not to be billed. Where a clinic's month is closed, what was frozen, whatever changed since.
    `even_claimed`: also who has a live claim, for one that takes its place.
    """
    claimed = set() if even_claimed else claimed_patients(organization_id, month)
    closed = closed_clinics(organization_id, month)
    found = month_verdicts(organization_id, month, episode_ids=episode_ids, is_complete=True)
    unclaimed = {id_: one for id_, one in found.items() if one.month.episode.patient_id not in claimed}
    still_open = {id_: one for id_, one in unclaimed.items() if one.month.episode.clinic_id not in closed}
    released = releases(organization_id, month, still_open.values())
    asking = {id_: release for id_, release in released.items() if release.asked}
    rows = _frozen_asking(organization_id, month, claimed, episode_ids) if closed else {}
    kept = {id_: row for id_, row in rows.items() if _asks_the_same(row, unclaimed.get(id_))}
    episodes = _episodes(organization_id, [*asking, *kept])
    return ToClaim(
        tuple(
            _of_frozen(one, unclaimed[one.id], kept[one.id])
            if one.id in kept
            else _of_live(one, unclaimed[one.id], asking[one.id])
            for one in episodes
        ),
        held=sum(release.is_held for release in released.values()),
        to_correct=len(rows) - len(kept),
    )


def claimed_patients(organization_id: UUID, month: str) -> set[UUID]:
    """Patients with a live claim for the month."""
    rows = Claim.objects.filter(organization_id=organization_id, month=first_day(month), is_superseded=False)
    return set(rows.values_list("patient_id", flat=True))


def _episodes(organization_id: UUID, ids: Iterable[UUID]) -> list[Episode]:
    rows = Episode.objects.filter(organization_id=organization_id, id__in=list(ids))
    related = rows.select_related("patient", "clinic", "treating_clinician")
    return list(related.order_by("patient__sort_name", "patient__mrn", "id"))


def _frozen_asking(
    organization_id: UUID, month: str, claimed: Collection[UUID], episode_ids: Collection[UUID] | None
) -> dict[UUID, FrozenMonth]:
    """By episode, the frozen rows that ask for something and were not claimed."""
    rows = frozen_rows(organization_id, month).exclude(patient_id__in=list(claimed))
    if episode_ids is not None:
        rows = rows.filter(episode_id__in=list(episode_ids))
    return {row.episode_id: row for row in rows if standing_lines(read_lines(row.lines))}


def _asks_the_same(row: FrozenMonth, judged: MonthVerdict | None) -> bool:
    """Whether the frozen month's enrolment is still there, with the payer that it asks."""
    payer = judged.month.payer if judged is not None else None
    return payer is not None and payer.id == row.payer_id


def _of_live(episode: Episode, judged: MonthVerdict, release: Release) -> Billable:
    verdict, facts = judged.verdict, judged.facts
    assert verdict is not None
    basis = Basis(
        facts=plain(facts),
        facts_sha256=frozen.sha256(facts),
        verdict=plain(verdict),
        book=verdict.book_id,
        book_sha256=verdict.book_sha256,
    )
    lines = tuple(FrozenLine(line.code, line.units, line.amount) for line in release.asked)
    return _billable(episode, judged, facts, lines, basis)


def _of_frozen(episode: Episode, judged: MonthVerdict, row: FrozenMonth) -> Billable:
    """The facts, the verdict and the lines as they were frozen; the member id as it is on record now."""
    basis = Basis(row.facts, row.facts_sha256, row.verdict, row.book, row.book_sha256, frozen_id=row.id)
    lines = standing_lines(read_lines(row.lines))
    return _billable(episode, judged, frozen.from_json(json.dumps(row.facts)), lines, basis)


def _billable(
    episode: Episode, judged: MonthVerdict, facts: MonthFacts, lines: tuple[FrozenLine, ...], basis: Basis
) -> Billable:
    payer = judged.month.payer
    assert payer is not None
    return Billable(
        episode=episode,
        lines=lines,
        basis=basis,
        payer=payer,
        member_id=judged.month.member_id,
        service_on=_service_on(episode, facts, judged.month.covered_until),
    )


def _service_on(episode: Episode, facts: MonthFacts, covered_until: date | None) -> date:
    book = book_in_force(facts.payer, first_day(facts.month))
    ends = [day for day in (episode.patient.died_on, covered_until) if day is not None]
    return service_day(facts, book, min(ends, default=None), Days(episode, facts))


class Days:
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
