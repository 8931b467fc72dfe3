"""What is still at stake in the months of a list: per patient, and what it adds up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from billing.queries.claims import Expected, expected
from billing.queries.judging import MonthVerdict
from billing.rules.books import book_in_force
from billing.rules.stakes import NOTHING, Stakes, stakes
from caseload.rules.clock import first_day


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a month is looked at: whether it is over, the day, and the clinics that closed it.

    `looks_back` asks also what it was short of while it ran.
    """

    is_over: bool
    on: date
    closed_clinics: frozenset[UUID] = frozenset()
    looks_back: bool = False


@dataclass(frozen=True, slots=True)
class ReachTotal:
    """How many patients something would help, and what it is worth to them."""

    word: str
    patients: int
    expected: Expected


@dataclass(frozen=True, slots=True)
class StillReachable:
    """What a month's patients can still bring: all of it, by gap, by few minutes and by more of them.

    A patient who lacks several papers is in the row of each: a row says what is lost if that gap alone stays open.
    """

    patients: int
    expected: Expected
    by_gap: tuple[ReachTotal, ...]
    near: ReachTotal
    further: ReachTotal

    @property
    def totals(self) -> tuple[ReachTotal, ...]:
        """The rows of the table that have anybody in them."""
        return tuple(total for total in (*self.by_gap, self.near, self.further) if total.patients)


def stakes_of(judged: MonthVerdict, moment: Moment) -> Stakes:
    """What can still be done about a judged month: nothing where nobody can be asked to pay, or where it is closed.

    After the end of the program or the patient's death there are no more minutes: only papers can be entered.
    """
    episode = judged.month.episode
    if judged.verdict is None or judged.refusal or episode.clinic_id in moment.closed_clinics:
        return NOTHING
    last = min((day for day in (episode.ended_on, episode.died_on) if day is not None), default=None)
    is_over = moment.is_over or (last is not None and last < moment.on)
    book = book_in_force(judged.facts.payer, first_day(judged.facts.month))
    return stakes(judged.facts, book, judged.verdict, is_over=is_over)


def missed_in(judged: MonthVerdict) -> Stakes:
    """What could still have been done on the last day of a month that is over."""
    return stakes_of(judged, Moment(is_over=False, on=first_day(judged.facts.month)))


def still_reachable(found: Iterable[Stakes]) -> StillReachable:
    """What the stakes of many months add up to."""
    listed = [one for one in found if one.is_any]
    gaps: dict[str, list[Decimal | None]] = {}
    for way in (way for one in listed for way in one.ways):
        gaps.setdefault(way.word, []).append(way.cost)
    return StillReachable(
        patients=len(listed),
        expected=expected(one.more for one in listed),
        by_gap=_by_gap(gaps),
        near=_by_minutes("near", (one for one in listed if one.is_near)),
        further=_by_minutes("further", (one for one in listed if not one.is_near)),
    )


def _by_gap(gaps: Mapping[str, list[Decimal | None]]) -> tuple[ReachTotal, ...]:
    totals = [ReachTotal(word, len(costs), expected(costs)) for word, costs in gaps.items()]
    return tuple(sorted(totals, key=lambda total: (-total.expected.known, -total.patients, total.word)))


def _by_minutes(word: str, found: Iterable[Stakes]) -> ReachTotal:
    amounts = [one.step.reach.more for one in found if one.step is not None]
    return ReachTotal(word, len(amounts), expected(amounts))
