"""Which patients' months can be claimed now, with everything that a claim carries."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from bhi.tenancy.sight import seeing_everything, sees_all
from billing.models import Claim, FrozenMonth
from billing.queries.facility import time_by_payer
from billing.queries.frozen import frozen_rows, read_lines
from billing.queries.payers import PayerOnRecord
from billing.queries.posted import posted_patients
from billing.queries.records import CoverageRow
from billing.queries.release import releases
from billing.queries.release_pages import closed_clinics
from billing.queries.sites import kept_site, site_of
from billing.queries.treated import treated_in
from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules import facts as frozen
from billing.rules.books import book_in_force
from billing.rules.canonical import plain
from billing.rules.closing import FrozenLine, standing_lines
from billing.rules.decisions import Release
from billing.rules.facts import MonthFacts
from billing.rules.service_day import service_day
from billing.rules.sites import Site, told_site
from billing.rules.words import rests_on_unseen
from caseload.queries.entries import EpisodeTime, ending
from caseload.rules.clock import first_day
from caseload.rules.minutes import MonthMinutes, counted
from registry.models import Episode, TreatingClinician
from registry.queries.treating import clinicians_named

NOWHERE: Final = Site("", "", "", "")


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
    `clinician` treated in the month, `coverage_id` was in force on the day asked for (from `covered_from`, if that is
    known), and `site` is where the patient was seen: as the close kept them.
    """

    episode: Episode
    lines: tuple[FrozenLine, ...]
    basis: Basis
    payer: PayerOnRecord
    member_id: str
    service_on: date
    clinician: TreatingClinician | None = None
    coverage_id: UUID | None = None
    site: Site = NOWHERE
    covered_from: date | None = None

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
    `posted` left by the practice's own system.
    """

    billable: tuple[Billable, ...]
    held: int
    to_correct: int = 0
    posted: int = 0


def claimable(
    organization_id: UUID, month: str, *, episode_ids: Collection[UUID] | None = None, even_claimed: bool = False
) -> ToClaim:
    """What can be claimed now: of these episodes, or of all (None). Neither what a release check or a coder holds
    back, nor what is not to be billed, nor what was posted. Where a clinic's month is closed, what was frozen, whatever
    changed since. `even_claimed`: also who has a live claim or was posted, for one that takes its place.
    """
    claimed = set() if even_claimed else claimed_patients(organization_id, month)
    posted = set() if even_claimed else posted_patients(organization_id, month)
    closed = closed_clinics(organization_id, month)
    found = month_verdicts(organization_id, month, episode_ids=episode_ids, is_complete=True)
    unclaimed = {id_: one for id_, one in found.items() if one.month.episode.patient_id not in claimed | posted}
    still_open = {id_: one for id_, one in unclaimed.items() if one.month.episode.clinic_id not in closed}
    released = releases(organization_id, month, still_open.values())
    asking = {id_: release for id_, release in released.items() if release.asked}
    asked = _frozen_asking(organization_id, month, claimed, episode_ids) if closed else {}
    rows = {id_: row for id_, row in asked.items() if row.patient_id not in posted}
    kept = {id_: row for id_, row in rows.items() if _asks_the_same(row, unclaimed.get(id_))}
    episodes = _episodes(organization_id, [*asking, *kept])
    treated = _treated(organization_id, episodes, unclaimed, kept)
    return ToClaim(
        tuple(
            _of_frozen(one, unclaimed[one.id], kept[one.id], treated.get(one.id))
            if one.id in kept
            else _of_live(one, unclaimed[one.id], asking[one.id], treated.get(one.id))
            for one in episodes
        ),
        held=sum(release.is_held for release in released.values()),
        to_correct=len(rows) - len(kept),
        posted=len(asked) - len(rows),
    )


def claimable_unseen(organization_id: UUID, month: str) -> int:
    """How many months more could be claimed that who looks may not see. Nothing is read where they see everybody."""
    if sees_all():
        return 0
    seen = len(claimable(organization_id, month).billable)
    with seeing_everything():
        return len(claimable(organization_id, month).billable) - seen


def claimed_patients(organization_id: UUID, month: str) -> set[UUID]:
    """Patients with a live claim for the month."""
    rows = Claim.objects.filter(organization_id=organization_id, month=first_day(month), is_superseded=False)
    return set(rows.values_list("patient_id", flat=True))


def _treated(
    organization_id: UUID,
    episodes: Iterable[Episode],
    judged: Mapping[UUID, MonthVerdict],
    kept: Mapping[UUID, FrozenMonth],
) -> dict[UUID, TreatingClinician]:
    """By episode, who treated in the month: as the close kept it, else as the record's history tells. One statement,
    a second where somebody else treats by now.
    """
    named = {id_: row.clinician for id_, row in kept.items() if row.clinician is not None}
    today = {one.id: one.treating_clinician for one in episodes if one.id not in named}
    then = treated_in(organization_id, [judged[id_].month for id_ in today])
    known = {one.id: one for one in today.values() if one is not None}
    known |= clinicians_named(organization_id, set(then.values()) - known.keys())
    return named | {id_: known[clinician_id] for id_, clinician_id in then.items()}


def _episodes(organization_id: UUID, ids: Iterable[UUID]) -> list[Episode]:
    rows = Episode.objects.filter(organization_id=organization_id, id__in=list(ids))
    related = rows.select_related("patient", "clinic", "treating_clinician")
    return list(related.order_by("patient__sort_name", "patient__mrn", "id"))


def _frozen_asking(
    organization_id: UUID, month: str, claimed: Collection[UUID], episode_ids: Collection[UUID] | None
) -> dict[UUID, FrozenMonth]:
    """By episode, the frozen rows that ask for something and were not claimed."""
    rows = frozen_rows(organization_id, month).exclude(patient_id__in=list(claimed))
    rows = rows.select_related("clinician", "close")
    if episode_ids is not None:
        rows = rows.filter(episode_id__in=list(episode_ids))
    return {row.episode_id: row for row in rows if standing_lines(read_lines(row.lines))}


def _asks_the_same(row: FrozenMonth, judged: MonthVerdict | None) -> bool:
    """Whether the frozen month's enrolment is still there, with the payer that it asks."""
    payer = judged.month.payer if judged is not None else None
    return payer is not None and payer.id == row.payer_id


def _of_live(episode: Episode, judged: MonthVerdict, release: Release, clinician: TreatingClinician | None) -> Billable:
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
    return _billable(episode, judged, facts, lines, basis, clinician, judged.month.coverage, site_of(episode.clinic))


def _of_frozen(
    episode: Episode, judged: MonthVerdict, row: FrozenMonth, clinician: TreatingClinician | None
) -> Billable:
    """The facts, the verdict, the lines and the site as they were frozen; the member id as it is on record now."""
    basis = Basis(row.facts, row.facts_sha256, row.verdict, row.book, row.book_sha256, frozen_id=row.id)
    lines = standing_lines(read_lines(row.lines))
    facts = frozen.from_json(json.dumps(row.facts))
    site = told_site(kept_site(row.close), site_of(episode.clinic))
    return _billable(episode, judged, facts, lines, basis, clinician, _frozen_coverage(judged, row), site)


def _frozen_coverage(judged: MonthVerdict, row: FrozenMonth) -> CoverageRow | None:
    """The coverage that the close kept, while it is on record and of the payer that is asked; else today's."""
    coverages = judged.month.record.coverages
    kept = (one for one in coverages if one.id == row.coverage_id and one.payer_id == row.payer_id)
    return next(kept, judged.month.coverage)


def _billable(
    episode: Episode,
    judged: MonthVerdict,
    facts: MonthFacts,
    lines: tuple[FrozenLine, ...],
    basis: Basis,
    clinician: TreatingClinician | None,
    coverage: CoverageRow | None,
    site: Site,
) -> Billable:
    payer = judged.month.payer
    assert payer is not None
    return Billable(
        episode=episode,
        lines=lines,
        basis=basis,
        payer=payer,
        member_id=coverage.member_id if coverage else "",
        service_on=_service_on(episode, facts, coverage),
        clinician=clinician,
        coverage_id=coverage.id if coverage else None,
        site=site,
        covered_from=coverage.from_on if coverage else None,
    )


def _service_on(episode: Episode, facts: MonthFacts, coverage: CoverageRow | None) -> date:
    book = book_in_force(facts.payer, first_day(facts.month))
    since, covered_until = (coverage.from_on, coverage.until_on) if coverage else (None, None)
    ends = [day for day in (episode.patient.died_on, covered_until) if day is not None]
    return service_day(facts, book, min(ends, default=None), Days(episode, facts), since=since)


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
