"""Plays a story without a database: its entries through the time rules, its months through the engine."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from billing.rules.books import book_in_force, with_options
from billing.rules.facts import MonthFacts
from billing.rules.findings import Verdict
from billing.rules.story import load_story
from billing.rules.story_parts import Story, Work
from billing.rules.verdicts import judge_in_order
from caseload.rules.clock import first_day, last_day, local_date, month_index, month_named, month_of
from caseload.rules.minutes import Circumstances, ConsentWindow, Entry, MonthMinutes, counted

STORIES = Path(__file__).parents[2] / "stories"


@dataclass(frozen=True)
class Month:
    """What a story says of a month, and what must come out or came out."""

    minutes: int = 0
    lines: tuple[tuple[str, int], ...] = ()
    gaps: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()


EMPTY = Month()


def story_files(folder: str) -> list[Path]:
    return sorted((STORIES / folder).glob("*.json"))


def document(path: Path) -> dict:
    return json.loads(path.read_text())


def story_in(path: Path) -> Story:
    return load_story(path.read_text())


def play(story: Story) -> dict[str, Month]:
    """The printed months of a story."""
    return {verdict.month: said(verdict) for verdict in judge_in_order(months_of(story))}


def said(verdict: Verdict) -> Month:
    return Month(
        minutes=verdict.minutes,
        lines=tuple((line.code, line.units) for line in verdict.lines),
        gaps=frozenset(gap.word for gap in verdict.gaps),
        flags=frozenset(flag.word for flag in verdict.flags),
    )


def months_of(story: Story) -> list[MonthFacts]:
    """The facts of every month with work, or with another service by the billing practitioner."""
    return [facts_of(story, month) for month in printed_months(story)]


def printed_months(story: Story) -> list[str]:
    worked = {month for work in story.work for month in touched(work, ZoneInfo(story.clinic.time_zone))}
    return sorted(worked | {month for month, service in story.other_services if service.by == "billing"})


def touched(work: Work, zone: ZoneInfo) -> list[str]:
    """The months that an entry touches."""
    if work.at is None:
        return [month_of(work.on)]
    last = local_date(work.at + timedelta(seconds=work.seconds) - timedelta(microseconds=1), zone)
    return [month_named(m) for m in range(month_index(month_of(work.on)), month_index(month_of(last)) + 1)]


def facts_of(story: Story, month: str) -> MonthFacts:
    return MonthFacts(
        month=month,
        enrolled_on=story.enrolled_on,
        episode_from=story.referred_on,
        program=story.program_on(last_day(month)),
        payer=story.book,
        options=story.options,
        setting=story.clinic.setting,
        place_of_service=story.clinic.place_of_service,
        time=time_of(story, month),
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


def time_of(story: Story, month: str) -> MonthMinutes:
    book = with_options(book_in_force(story.book, first_day(month)), story.options)
    return counted(entries_of(story), circumstances_of(story, book.options.count_facility_minutes), month)


def circumstances_of(story: Story, count_facility_minutes: bool) -> Circumstances:
    return Circumstances(
        zone=ZoneInfo(story.clinic.time_zone),
        episode_from=story.episode_from,
        ended_on=story.ended.on if story.ended else None,
        died_on=story.patient.died_on,
        consents=tuple(ConsentWindow(one.service, one.given_at, one.revoked_on) for one in story.consents),
        count_facility_minutes=count_facility_minutes,
    )


def entries_of(story: Story) -> list[Entry]:
    return [entry_of(place, work) for place, work in enumerate(story.work)]


def entry_of(place: int, work: Work) -> Entry:
    timed = work.at is not None
    return Entry(
        id=place,
        span=(work.at, work.at + timedelta(seconds=work.seconds)) if timed else None,
        on=None if timed else work.on,
        seconds=None if timed else work.seconds,
        role=work.by,
        activity=work.activity,
        service=work.service,
        billed_as=work.billed_as,
        facility_stay=work.facility_stay,
    )


def differences(story: Story) -> dict[str, tuple[Month, Month]]:
    """Months whose listed parts came out otherwise: what was expected, and what came."""
    came = play(story)
    found = {}
    for month, expected in story.expect.months.items():
        got = came.get(month, EMPTY)
        wanted = Month(
            minutes=got.minutes if expected.minutes is None else expected.minutes,
            lines=got.lines if expected.lines is None else expected.lines,
            gaps=got.gaps if expected.gaps is None else expected.gaps,
            flags=got.flags if expected.flags is None else expected.flags,
        )
        if got != wanted:
            found[month] = (wanted, got)
    return found
