"""Months that pass every release check, but for what a test is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from billing.queries.release import releases
from billing.queries.verdicts import month_verdicts
from billing.rules.decisions import Release
from caseload.operations.reviews import record_review
from registry.models import Coverage, Diagnosis, Episode
from registry.operations import record_care_plan
from tests.billing.people import AT, Program
from tests.factories.registry import CoverageCheckFactory, TreatingClinicianFactory

FEBRUARY = "2026-02"
LAST = date(2026, 2, 28)
ENTERED = datetime(2026, 2, 11, tzinfo=UTC)


@dataclass
class Months:
    """Months of a program in which every check passes, and what was found in one."""

    people: Program

    def episode(
        self,
        name: str = "Abara",
        minutes: int = 40,
        *,
        reviewed_on: date | None = date(2026, 2, 10),
        planned_on: date | None = date(2026, 2, 2),
        asked_on: date | None = date(2026, 2, 1),
        confirmed_on: date | None = date(2026, 2, 3),
        entered_at: datetime = ENTERED,
        **work: Any,
    ) -> Episode:
        """Bills February and passes every check, but for what is given otherwise."""
        made = self.people.patient(name, without=("review", "care_plan"))
        self.people.work(made, minutes, at=entered_at, **work)
        if planned_on is not None:
            record_care_plan(by=self.people.by, at=AT, episode=made, on=planned_on)
        if reviewed_on is not None:
            self.review(made, reviewed_on)
        if asked_on is not None:
            self.asked(made, asked_on)
        if confirmed_on is not None:
            rivera = TreatingClinicianFactory(organization=self.people.organization)
            Diagnosis.objects.filter(episode=made).update(confirmed_on=confirmed_on, confirmed_by=rivera)
        return made

    def review(self, episode: Episode, on: date) -> None:
        given = {"episode_id": episode.id, "on": on, "recommendations": [("continue", "")]}
        record_review(by=self.people.by, at=AT, **given)

    def asked(self, episode: Episode, on: date, **fields: Any) -> Any:
        coverage = Coverage.objects.live().get(patient=episode.patient)
        values = {"organization": self.people.organization, "patient": episode.patient, "coverage": coverage, "on": on}
        return CoverageCheckFactory(**{**values, "source": "Portal", "is_in_force": True, **fields})

    def release(self, episode: Episode) -> Release:
        judged = month_verdicts(self.people.organization.id, FEBRUARY, episode_ids=[episode.id])
        return releases(self.people.organization.id, FEBRUARY, judged.values())[episode.id]

    def failed(self, episode: Episode) -> list[str]:
        return [check.word for check in self.release(episode).checks]

    def sentence(self, episode: Episode) -> str:
        (check,) = self.release(episode).checks
        return check.sentence
