"""What patients' months bill, from live rows: for a caseload page, a month page and a claim alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from billing.queries.facts import EpisodeMonth, month_facts
from billing.rules.books import NoBookInForce, book_in_force
from billing.rules.facts import EarlierLine, MonthFacts
from billing.rules.findings import Verdict
from billing.rules.verdicts import billed, following, judge
from caseload.rules.clock import first_day
from registry.models import Episode


@dataclass(frozen=True, slots=True)
class MonthVerdict:
    """What one episode's month bills and why, with the facts it rests on.

    `verdict` is None where no rule book holds in the month. `is_doubled` says that an earlier episode of the same
    patient bills this month already: a patient and month is asked for once.
    """

    month: EpisodeMonth
    facts: MonthFacts
    verdict: Verdict | None
    is_doubled: bool = False

    @property
    def bills(self) -> bool:
        """Whether a payer can be asked for anything."""
        return self.verdict is not None and bool(self.verdict.lines) and self.refusal == ""

    @property
    def refusal(self) -> str:
        """Why nothing is asked of anybody, whatever the verdict; empty where that is not so."""
        if self.verdict is None:
            return f"No rule book of {self.facts.payer} holds in this month"
        if self.is_doubled:
            return "An earlier enrolment bills this month"
        if self.month.payer is None:
            return "No coverage on record"
        if self.month.payer.is_self_pay:
            return "Self pay: nothing to claim"
        return ""

    @property
    def note(self) -> str:
        """On what the payer's rules rest, where nobody confirmed them."""
        payer = self.month.payer
        return self.month.note if payer is not None and not payer.is_self_pay else ""

    @property
    def amount(self) -> Decimal | None:
        """The national amount of what bills; zero where nothing does, None where it is unknown."""
        if not self.bills or self.verdict is None:
            return Decimal(0)
        return self.verdict.amount


def month_verdicts(
    organization_id: UUID, month: str, *, episode_ids: Collection[UUID] | Mapping[UUID, UUID] | None = None
) -> dict[UUID, MonthVerdict]:
    """By episode, what the month bills: for these episodes, or for all with anything in it (None).

    Asked for by id, an episode without anything in the month is there too. Five statements for any number; six
    where a payer leaves out time during facility stays. Who knows the patients gives them, by episode: one less.
    """
    if episode_ids is None:
        patients, shown = None, []
    else:
        pairs = dict(episode_ids) if isinstance(episode_ids, Mapping) else _patients_of(organization_id, episode_ids)
        patients, shown = sorted(set(pairs.values())), [(episode_id, month) for episode_id in pairs]
    found = {}
    for months in month_facts(organization_id, until=month, patient_ids=patients, shown=shown).values():
        for judged in judged_in_order(months):
            if judged.facts.month == month:
                found[judged.month.episode.id] = judged
    if episode_ids is None:
        return found
    return {episode_id: found[episode_id] for episode_id in pairs}


def patient_verdicts(organization_id: UUID, patient_id: UUID, *, until: str) -> list[MonthVerdict]:
    """Every month of one patient up to `until`, the earliest first."""
    months = month_facts(organization_id, until=until, patient_ids=[patient_id])
    return list(judged_in_order(months.get(patient_id, ())))


def judged_in_order(months: Iterable[EpisodeMonth]) -> Iterator[MonthVerdict]:
    """The months of one patient, the earliest first, each knowing what the earlier ones served and billed."""
    served: tuple[str, ...] = ()
    lines: tuple[EarlierLine, ...] = ()
    for month in months:
        facts = following(month.facts, served, lines)
        judged = _judged(month, facts, is_doubled=any(line.month == facts.month for line in lines))
        yield judged
        if judged.verdict is not None and judged.verdict.served:
            served = (*served, facts.month)
        if judged.verdict is not None and not judged.is_doubled:
            lines = (*lines, *billed(judged.verdict))


def _judged(month: EpisodeMonth, facts: MonthFacts, *, is_doubled: bool) -> MonthVerdict:
    try:
        book = book_in_force(facts.payer, first_day(facts.month))
    except NoBookInForce:
        return MonthVerdict(month, facts, None)
    return MonthVerdict(month, facts, judge(facts, book), is_doubled=is_doubled)


def _patients_of(organization_id: UUID, episode_ids: Collection[UUID]) -> dict[UUID, UUID]:
    rows = Episode.objects.live().filter(organization_id=organization_id, id__in=list(episode_ids))
    return dict(rows.values_list("id", "patient_id"))
