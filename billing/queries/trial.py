"""A story's months in words, for the pages that show them; nothing is read from the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from billing.queries.calendar import month_title
from billing.rules.books import book_in_force, with_options
from billing.rules.collisions import Collision, collisions
from billing.rules.facts import MonthFacts
from billing.rules.findings import Verdict
from billing.rules.ladder import Rung, climbs_by_cocm, ladder, present_minutes
from billing.rules.story import RECOMMENDATIONS
from billing.rules.story_months import ToldMonth, ToldWork, told_months
from billing.rules.story_parts import Story
from caseload.models import Activity, StaffRole, TimeService
from caseload.rules.clock import first_day, last_day, local_date

ROLE_CHOICES: Final = tuple(StaffRole.choices)
ACTIVITY_CHOICES: Final = tuple(Activity.choices)
SERVICE_CHOICES: Final = tuple(TimeService.choices)
RECOMMENDATION_CHOICES: Final = tuple((word, word.replace("_", " ").capitalize()) for word in RECOMMENDATIONS)


@dataclass(frozen=True, slots=True)
class WorkShown:
    """One piece of work and what became of it. `starts_at` is None where only the day is known."""

    on: date
    starts_at: datetime | None
    ends_at: datetime | None
    activity: str
    service: str
    role: str
    seconds: int
    counted_seconds: int
    counts: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PaperShown:
    """Something on file that the month may rest on."""

    label: str
    on: date | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MonthShown:
    """One month of a story: what comes of it, from what, and what other minutes would come to."""

    month: str
    title: str
    zone: str
    facts: MonthFacts
    verdict: Verdict
    book_title: str
    work: tuple[WorkShown, ...]
    papers: tuple[PaperShown, ...]
    collisions: tuple[Collision, ...]
    ladder: tuple[Rung, ...]
    minutes_on_ladder: int
    is_climbed_by_cocm: bool

    @property
    def lines(self) -> tuple[tuple[str, int], ...]:
        """What bills, as it is said."""
        return tuple((line.code, line.units) for line in self.verdict.lines)


def months_shown(story: Story) -> tuple[MonthShown, ...]:
    """Every month of a story with what comes of it. Raises NoBookInForce where the payer has no book in one."""
    return tuple(_month(story, told) for told in told_months(story))


def _month(story: Story, told: ToldMonth) -> MonthShown:
    facts = told.facts
    book = with_options(book_in_force(facts.payer, first_day(facts.month)), facts.options)
    return MonthShown(
        month=facts.month,
        title=month_title(facts.month),
        zone=story.clinic.time_zone,
        facts=facts,
        verdict=told.verdict,
        book_title=book.title,
        work=tuple(_work(one) for one in told.work),
        papers=tuple(_papers(story, facts)),
        collisions=collisions(facts, told.verdict, book),
        ladder=ladder(facts, book),
        minutes_on_ladder=present_minutes(facts),
        is_climbed_by_cocm=climbs_by_cocm(facts),
    )


def _work(told: ToldWork) -> WorkShown:
    work, standing = told.work, told.standing
    return WorkShown(
        on=work.on,
        starts_at=work.at,
        ends_at=None if work.at is None else work.at + timedelta(seconds=work.seconds),
        activity=Activity(work.activity).label,
        service=TimeService(work.service).label,
        role=StaffRole(work.by).label,
        seconds=standing.seconds,
        counted_seconds=standing.counted_seconds,
        counts=standing.counts,
        sentence=standing.sentence,
    )


def _papers(story: Story, facts: MonthFacts) -> Iterator[PaperShown]:
    """What is on file by the month's end, and what others bill in it."""
    last_on, zone = last_day(facts.month), ZoneInfo(story.clinic.time_zone)
    for consent in story.consents:
        until = f"until {consent.revoked_on:%b} {consent.revoked_on.day}" if consent.revoked_on else ""
        yield PaperShown(f"Consent ({consent.service.upper()})", local_date(consent.given_at, zone), until)
    for visit in story.visits:
        yield PaperShown(f"Visit {visit.code}", visit.on, "" if visit.by == "billing" else "with another practitioner")
    yield from (PaperShown("Diagnosis", None, code) for code in story.diagnoses)
    dated = (("Care plan", facts.care_plans), ("Rating scale", facts.scores), ("Case review", facts.reviews))
    for label, days in dated:
        yield from (PaperShown(label, on) for on in days if on <= last_on)
    for service in facts.other_services:
        minutes = "" if service.minutes is None else f", {service.minutes} min"
        by = "billed by this practice" if service.by == "billing" else "billed by another practice"
        yield PaperShown(f"Also {service.code}", None, by + minutes)
