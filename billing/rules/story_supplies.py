"""What a story in order is supplied with: the documents that each of its months needs, unless it
says otherwise.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from billing.rules.facts import Visit
from billing.rules.story_parts import Consent, Review, Score, Work
from caseload.rules.clock import day_start, month_of

VISIT_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Given:
    """What the story gives itself; None is what may be supplied."""

    consents: tuple[Consent, ...] | None
    visits: tuple[Visit, ...] | None
    diagnoses: tuple[str, ...] | None
    care_plans: tuple[date, ...] | None
    scores: tuple[Score, ...] | None
    reviews: tuple[Review, ...] | None


@dataclass(frozen=True, slots=True)
class _Setting:
    enrolled_on: date
    work: tuple[Work, ...]
    zone: ZoneInfo


def supplied(
    given: Given,
    *,
    in_order: bool,
    without: Collection[str],
    enrolled_on: date,
    work: tuple[Work, ...],
    zone: ZoneInfo,
) -> dict[str, Any]:
    """The six kinds of documents: as given, else supplied to a story in order, unless it is to do
    without them.
    """
    setting = _Setting(enrolled_on, work, zone)
    return {
        kind: _documents(getattr(given, kind), supply, setting, is_due=in_order and word not in without)
        for word, (kind, supply) in SUPPLIES.items()
    }


def _documents(given: tuple[Any, ...] | None, supply: "Supply", setting: _Setting, *, is_due: bool) -> tuple[Any, ...]:
    if given is not None:
        return given
    return tuple(supply(setting)) if is_due else ()


def _consents(setting: _Setting) -> list[Consent]:
    return [Consent(day_start(setting.enrolled_on, setting.zone), "bhi")]


def _visits(setting: _Setting) -> list[Visit]:
    return [Visit(setting.enrolled_on - VISIT_BEFORE, "99214")]


def _diagnoses(_: _Setting) -> list[str]:
    return ["F32.1"]


def _care_plans(setting: _Setting) -> list[date]:
    return [setting.enrolled_on]


def _scores(setting: _Setting) -> list[Score]:
    """A PHQ-9 at enrolment, and one in each later month with work of any kind."""
    first = Score(setting.enrolled_on, "phq9", 16, item9=0)
    later = _first_days((one.on for one in setting.work), setting.enrolled_on)
    months_after = [day for day in later if month_of(day) > month_of(setting.enrolled_on)]
    return [first, *(Score(day, "phq9", 14, item9=0) for day in months_after)]


def _reviews(setting: _Setting) -> list[Review]:
    """One in each month with CoCM work."""
    days = _first_days((one.on for one in setting.work if one.service == "cocm"), setting.enrolled_on)
    return [Review(day, "continue") for day in days]


def _first_days(days: Iterable[date], enrolled_on: date) -> list[date]:
    """The first of the days in each month from that of enrolment on; none lies before enrolment."""
    firsts: dict[str, date] = {}
    for day in sorted(days):
        firsts.setdefault(month_of(day), max(day, enrolled_on))
    return [day for month, day in firsts.items() if month >= month_of(enrolled_on)]


Supply = Callable[[_Setting], Iterable[Any]]

SUPPLIES: dict[str, tuple[str, Supply]] = {
    "consent": ("consents", _consents),
    "visit": ("visits", _visits),
    "diagnosis": ("diagnoses", _diagnoses),
    "care_plan": ("care_plans", _care_plans),
    "score": ("scores", _scores),
    "review": ("reviews", _reviews),
}
