"""A story's months without a database: its entries through the time rules, its months through the engine.

The second way to the same answer as recording the story and reading it back (`manage.py story`); tests hold the
two together. It is what the pages "What would this bill?" and the worked examples show.
"""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from billing.rules.books import book_in_force, with_options
from billing.rules.facts import MonthFacts
from billing.rules.findings import Verdict
from billing.rules.story_parts import Story, Work
from billing.rules.verdicts import billed, following, judge_in_order
from caseload.rules.clock import first_day, last_day, local_date, month_index, month_named, month_of
from caseload.rules.minutes import Circumstances, ConsentWindow, Entry, counted
from caseload.rules.standing import Standing, standings


@dataclass(frozen=True, slots=True)
class ToldWork:
    """One piece of work, and what became of it."""

    work: Work
    standing: Standing


@dataclass(frozen=True, slots=True)
class ToldMonth:
    """One month of a story: what it says, and what comes of it. Work that crosses midnight is in both its months."""

    facts: MonthFacts
    verdict: Verdict
    work: tuple[ToldWork, ...]


def told_months(story: Story) -> tuple[ToldMonth, ...]:
    """Every printed month of a story in order, judged, with what became of each piece of work.

    The facts hold what earlier months of the story served and billed, as a close would freeze them. Raises
    NoBookInForce where no book of the payer holds in a month.
    """
    months = months_of(story)
    told: list[ToldMonth] = []
    for stated, verdict in zip(months, judge_in_order(months), strict=True):
        earlier = [one.verdict for one in told]
        served = tuple(one.month for one in earlier if one.served)
        lines = tuple(line for one in earlier for line in billed(one))
        told.append(ToldMonth(following(stated, served, lines), verdict, _work_in(story, stated.month)))
    return tuple(told)


def months_of(story: Story) -> list[MonthFacts]:
    """The facts of every month with work or with another service by this practice. Raises NoBookInForce."""
    return [_facts(story, month) for month in printed_months(story)]


def printed_months(story: Story) -> list[str]:
    """The months of which a story says anything, in order."""
    worked = {month for work in story.work for month in months_touched(work, _zone(story))}
    return sorted(worked | {month for month, service in story.other_services if service.by == "billing"})


def months_touched(work: Work, zone: ZoneInfo) -> list[str]:
    """The calendar months in which a piece of work lies."""
    if work.at is None:
        return [month_of(work.on)]
    last = local_date(work.at + timedelta(seconds=work.seconds) - timedelta(microseconds=1), zone)
    return [month_named(at) for at in range(month_index(month_of(work.on)), month_index(month_of(last)) + 1)]


def circumstances_of(story: Story, month: str) -> Circumstances:
    """What decides in a month whether work counts. Raises NoBookInForce."""
    book = with_options(book_in_force(story.book, first_day(month)), story.options)
    return Circumstances(
        zone=_zone(story),
        episode_from=story.episode_from,
        ended_on=story.ended.on if story.ended else None,
        died_on=story.patient.died_on,
        consents=tuple(ConsentWindow(one.service, one.given_at, one.revoked_on) for one in story.consents),
        count_facility_minutes=book.options.count_facility_minutes,
    )


def entries_of(story: Story) -> list[Entry]:
    """The work as time entries, each known by its place in the story."""
    return [_entry(place, work) for place, work in enumerate(story.work)]


def _zone(story: Story) -> ZoneInfo:
    return ZoneInfo(story.clinic.time_zone)


def _facts(story: Story, month: str) -> MonthFacts:
    return MonthFacts(
        month=month,
        enrolled_on=story.enrolled_on,
        episode_from=story.referred_on,
        program=story.program_on(last_day(month)),
        payer=story.book,
        options=story.options,
        setting=story.clinic.setting,
        place_of_service=story.clinic.place_of_service,
        time=counted(entries_of(story), circumstances_of(story, month), month),
        visits=story.visits,
        diagnoses=story.diagnoses,
        care_plans=story.care_plans,
        scores=tuple(score.on for score in story.scores),
        reviews=tuple(review.on for review in story.reviews),
        other_services=tuple(service for when, service in story.other_services if when == month),
        served_before=story.served_before,
        billed_before=story.billed_before,
        access=story.access_model,
    )


def _entry(place: int, work: Work) -> Entry:
    span = None if work.at is None else (work.at, work.at + timedelta(seconds=work.seconds))
    return Entry(
        id=place,
        span=span,
        on=work.on if span is None else None,
        seconds=work.seconds if span is None else None,
        role=work.by,
        activity=work.activity,
        service=work.service,
        billed_as=work.billed_as,
        facility_stay=work.facility_stay,
    )


def _work_in(story: Story, month: str) -> tuple[ToldWork, ...]:
    said = standings(entries_of(story), circumstances_of(story, month))
    return tuple(
        ToldWork(work, standing)
        for work, standing in zip(story.work, said, strict=True)
        if month in months_touched(work, _zone(story))
    )
