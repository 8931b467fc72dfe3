"""A population with random courses in every fact that signals look at, stored in bulk. Same seed, same people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from bhi.tenancy.models import Clinic, Membership
from caseload.models import (
    CaseReview,
    Contact,
    FollowUp,
    Recommendation,
    ReviewProtocol,
    ReviewQuestion,
    Snooze,
    TreatmentChange,
    WorkProtocol,
)
from registry.models import Assessment, Episode, Patient, ProgramPeriod, RiskCase
from registry.operations.recording import Stamp, record_facts, stamped

FAMILIES = (
    "signal:stalled",
    "signal:contact_overdue",
    "signal:measure_overdue",
    "signal:review_due",
    "contact_overdue",
)


class Population:
    """`count` episodes at `clinics`, all recorded by `by` at `at`, which is the last instant of what is known."""

    def __init__(self, seed: int, *, clinics: list[Clinic], by: Membership, at: datetime, today: date) -> None:
        self.chance, self.clinics, self.stamp, self.today = Random(seed), clinics, Stamp(by, at), today

    def store(self, count: int) -> list[UUID]:
        """The ids of the episodes."""
        self._set_limits()
        people = [self._person(number) for number in range(count)]
        record_facts([fact for facts in people for fact in facts])
        return [facts[1].id for facts in people]

    def _set_limits(self) -> None:
        who = {"organization_id": self.stamp.by.organization_id, "changed_at": self.stamp.at}
        first, second = self.clinics[:2]
        WorkProtocol.objects.create(clinic=first, contact_days=14, measure_days=45, changed_by=self.stamp.by, **who)
        own = {"stalled_days": 70, "stalled_watch_days": 42, "long_episode_months": 6, "review_due_days": 21}
        ReviewProtocol.objects.create(clinic=second, changed_by=self.stamp.by, **own, **who)

    def _make(self, model: Any, **values: Any) -> Any:
        return stamped(model, self.stamp, **values)

    def _day(self, first: date) -> date:
        """A day from `first` to today, the last weeks as likely as all before them."""
        days = (self.today - first).days
        back = self.chance.randint(0, min(days, 20) if self.chance.random() < 0.5 else days)
        return self.today - timedelta(days=back)

    def _some(self, first: date, most: int) -> list[date]:
        return sorted(self._day(first) for _ in range(self.chance.randint(0, most)))

    def _person(self, number: int) -> list[Any]:
        clinic = self.chance.choice(self.clinics)
        patient = self._make(
            Patient, clinic=clinic, mrn=f"{number:06}", family_name=f"F{number}", given_name="G",
            sort_name=f"f{number}, g", birth_date=date(1980, 1, 1),
        )  # fmt: skip
        enrolled_on = self.today - timedelta(days=self.chance.randint(0, 320))
        is_late = self.chance.random() < 0.15
        episode = self._make(
            Episode, patient=patient, clinic=clinic, enrolled_on=enrolled_on, care_manager=self.stamp.by,
            program=self.chance.choice(("cocm", "cocm", "bhi")),
            status="relapse_prevention" if is_late else "active",
            relapse_prevention_from=self._day(enrolled_on) if is_late else None,
        )  # fmt: skip
        period = self._make(ProgramPeriod, episode=episode, program=episode.program, from_on=enrolled_on)
        return [patient, episode, period, *self._work(patient, episode), *self._beside(patient, episode)]

    def _work(self, patient: Patient, episode: Episode) -> Iterator[Any]:
        enrolled_on = episode.enrolled_on
        level = self.chance.randint(4, 24)
        of = {"patient": patient, "episode": episode}
        for on in [enrolled_on, *self._some(enrolled_on - timedelta(days=30), 6)]:
            level = max(0, min(27, level + self.chance.randint(-6, 4)))
            item9 = self.chance.choice((0, 0, 0, 0, 1))
            yield self._make(Assessment, instrument="phq9", on=on, total=level, item9=item9, **of)
            if self.chance.random() < 0.4:
                yield self._make(Assessment, instrument="gad7", on=on, total=min(21, level), **of)
        for on in self._some(enrolled_on, 7):
            activity = self.chance.choice(("treatment", "treatment", "outreach_attempt"))
            made = {"by": self.stamp.by, "on": on, "activity": activity, "mode": "phone", "client_token": uuid4()}
            yield self._make(Contact, **made, **of)
        for on in self._some(enrolled_on, 2):
            review = self._make(CaseReview, on=on, **of)
            yield review
            yield self._make(Recommendation, review=review, number=1, kind="continue", text="Go on")
        if self.chance.random() < 0.6:
            due_on = self.today + timedelta(days=self.chance.randint(-20, 30))
            yield self._make(FollowUp, due_on=due_on, **of)

    def _beside(self, patient: Patient, episode: Episode) -> Iterator[Any]:
        first = episode.enrolled_on
        for on in self._some(first, 2):
            made = {"on": on, "of": "medication", "text": "Dose", "client_token": uuid4()}
            yield self._make(TreatmentChange, episode=episode, **made)
        if self.chance.random() < 0.2:
            asked = {"asked_by": self.stamp.by, "asked_on": self._day(first), "client_token": uuid4()}
            yield self._make(ReviewQuestion, episode=episode, text="Why?", **asked)
        if self.chance.random() < 0.3:
            yield self._risk(patient, episode)
        if self.chance.random() < 0.3:
            until_on = self.today + timedelta(days=self.chance.randint(1, 30))
            task = self.chance.choice(FAMILIES)
            yield self._make(Snooze, episode=episode, task=task, until_on=until_on, reason="Away")

    def _risk(self, patient: Patient, episode: Episode) -> RiskCase:
        opened_on = self._day(episode.enrolled_on)
        values: dict[str, Any] = {"opened_at": self.stamp.at, "opened_on": opened_on, "cause": "item_9"}
        if self.chance.random() < 0.6:
            assessed_on = self._day(opened_on)
            values |= {"tier": self.chance.choice(("low", "moderate", "high")), "assessed_on": assessed_on}
            values["recheck_on"] = assessed_on + timedelta(days=self.chance.choice((7, 14, 30)))
        made = {"patient": patient, "episode": episode, "clinic": episode.clinic, "client_token": uuid4()}
        return self._make(RiskCase, **made, **values)
