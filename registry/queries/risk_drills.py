"""Rehearsals of the protocol: who did one and when, and one under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from registry.models import RiskDrill
from registry.queries.duty import reachable
from registry.queries.risk import StepShown
from registry.queries.risk_protocols import RiskSettings, risk_settings, risk_settings_of
from registry.rules.risk import TIER_WORDS, drill_due_on
from registry.rules.risk_drills import SCENARIOS, Scenario
from registry.rules.risk_steps import steps_of


@dataclass(frozen=True)
class DrillRow:
    """A rehearsal: where, when, by whom, how long it took, and what is to be mended."""

    drill: RiskDrill
    clinic_name: str
    by: str
    settings: RiskSettings

    @property
    def minutes(self) -> int | None:
        ended = self.drill.ended_at
        return None if ended is None else int((ended - self.drill.begun_at).total_seconds()) // 60


@dataclass(frozen=True)
class Trained:
    """Somebody who may be called, and when they rehearsed last."""

    name: str
    last_on: date | None
    due_on: date
    is_due: bool


@dataclass(frozen=True)
class Drills:
    """Every rehearsal, the latest first, and everybody who may be called."""

    rows: tuple[DrillRow, ...]
    people: tuple[Trained, ...]


def risk_drills(organization_id: UUID, *, at: datetime) -> Drills:
    """Rehearsals on record, and who is due for one. Four statements."""
    settings, people = risk_settings_of(organization_id), people_of(organization_id)
    found = RiskDrill.objects.filter(organization_id=organization_id).order_by("-begun_at", "-id")
    rows = [
        DrillRow(row, settings[row.clinic_id].clinic_name, str(people[row.begun_by_id]), settings[row.clinic_id])
        for row in found
    ]
    last: dict[UUID, date] = {}
    for one in rows:
        if one.drill.ended_at is not None:
            last.setdefault(one.drill.begun_by_id, one.settings.today(one.drill.begun_at))
    able = sorted(reachable(people).values(), key=str)
    return Drills(tuple(rows[:100]), tuple(_trained(str(seat), last.get(seat.id), at.date()) for seat in able))


def _trained(name: str, last_on: date | None, today: date) -> Trained:
    due_on = drill_due_on(last_on, today)
    return Trained(name, last_on, due_on, due_on <= today)


@dataclass(frozen=True)
class DrillPage:
    """A rehearsal: the made-up patient, the steps asked for now, and how long it has taken."""

    drill: RiskDrill
    scenario: Scenario
    settings: RiskSettings
    by: str
    steps: tuple[StepShown, ...]
    minutes: int
    tier_word: str
    done_before: int

    @property
    def hours(self) -> tuple[RiskSettings, ...]:
        return (self.settings,)

    @property
    def is_over(self) -> bool:
        return self.drill.ended_at is not None


def drill_page(drill_id: UUID, organization_id: UUID, *, at: datetime) -> DrillPage:
    """A rehearsal of the organization. Four statements. Raises NotFound."""
    drill: RiskDrill | None = RiskDrill.objects.filter(organization_id=organization_id, id=drill_id).first()
    if drill is None:
        raise NotFound
    settings, people = risk_settings(drill.clinic_id), people_of(organization_id)
    done = {name: (datetime.fromisoformat(when), people[UUID(seat)].name) for name, when, seat in drill.done}
    begun_at = done["tier"][0] if "tier" in done else drill.begun_at
    until = drill.ended_at or at
    steps = []
    for step in steps_of(drill.tier, settings.own):
        due_at = step.due_at(begun_at, settings.zone)
        when, who = done.get(f"{drill.tier or 'first'}.{step.key}", (None, ""))
        steps.append(StepShown(step, due_at, is_overdue=when is None and until > due_at, done_by=who, done_at=when))
    return DrillPage(
        drill=drill,
        scenario=SCENARIOS[drill.scenario],
        settings=settings,
        by=people[drill.begun_by_id].name,
        steps=tuple(steps),
        minutes=int((until - drill.begun_at).total_seconds()) // 60,
        tier_word=TIER_WORDS[drill.tier],
        done_before=sum(name.startswith("first.") for name in done),
    )
