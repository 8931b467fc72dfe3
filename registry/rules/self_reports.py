"""Questionnaires that patients answer themselves: what is asked next, what is kept, which answers mean danger.

Answers are points, as the tool gives them. A question that the patient would not answer is kept as skipped (None),
which is different from one not yet reached.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from registry.rules.instruments import Instrument

MOST_WRONG_BIRTH_DATES = 5
# A code that is typed on the clinic's tablet is short, so it is good for the visit only.
TABLET_HOURS = 2
# Whoever began while the clinic was open may finish.
GRACE_MINUTES = 60
LANGUAGE_NAMES = {"en": "English", "es": "Español"}


class LinkState(StrEnum):
    """What became of a link."""

    SENT = "sent"
    OPENED = "opened"
    FINISHED = "finished"
    EXPIRED = "expired"
    LOCKED = "locked"
    WITHDRAWN = "withdrawn"


class Gate(StrEnum):
    """Whether an open link may be answered at this hour."""

    OPEN = "open"
    WITHOUT_DANGER = "without_danger"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Question:
    """One screen: an item of a tool."""

    instrument: Instrument
    number: int

    @property
    def is_critical(self) -> bool:
        """Any answer above 0 means danger."""
        return self.number in self.instrument.critical_items or self.number == self.instrument.critical_item


@dataclass(frozen=True, slots=True)
class Given:
    """The answers to one tool so far: points by item number, None where skipped; the local day of the last one."""

    items: Mapping[int, int | None] = field(default_factory=dict)
    on: date | None = None

    def as_list(self, instrument: Instrument) -> list[int | None]:
        """In the tool's order, None where skipped or not reached."""
        return [self.items.get(number) for number in range(1, instrument.item_count + 1)]


def link_state(
    *, at: datetime, expires_at: datetime, is_voided: bool, is_finished: bool, is_confirmed: bool, wrong: int
) -> LinkState:
    """The state of a link at an instant. One that was finished stays so; `wrong` are birth dates given wrongly."""
    if is_voided:
        return LinkState.WITHDRAWN
    if is_finished:
        return LinkState.FINISHED
    if wrong >= MOST_WRONG_BIRTH_DATES:
        return LinkState.LOCKED
    if at >= expires_at:
        return LinkState.EXPIRED
    return LinkState.OPENED if is_confirmed else LinkState.SENT


def is_open(state: LinkState) -> bool:
    """Whether the patient can still answer."""
    return state in (LinkState.SENT, LinkState.OPENED)


def read_given(stored: Mapping[str, Any]) -> dict[str, Given]:
    """Answers as a SelfReport stores them, by tool."""
    return {
        key: Given(
            {int(number): points for number, points in given["items"].items()},
            date.fromisoformat(given["on"]) if given.get("on") else None,
        )
        for key, given in stored.items()
    }


def with_answer(stored: Mapping[str, Any], question: Question, points: int | None, on: date) -> dict[str, Any]:
    """The stored answers with one more, or another one, to a question. Raises ValueError for impossible points.

    Answers that this one rules out are dropped: their questions are not asked.
    """
    if points is not None and points not in question.instrument.points[question.number - 1]:
        raise ValueError("not an answer of this question")
    key = question.instrument.key
    items = {**stored.get(key, {}).get("items", {}), str(question.number): points}
    asked = {str(number) for number in _asked_numbers(question.instrument, {int(n): p for n, p in items.items()})}
    kept = {number: given for number, given in items.items() if number in asked}
    return {**stored, key: {"items": kept, "on": on.isoformat()}}


def questions(instruments: Iterable[Instrument], given: Mapping[str, Given]) -> tuple[Question, ...]:
    """Every question that is asked, in order; those that an earlier answer rules out are left out."""
    return tuple(
        Question(tool, number)
        for tool in instruments
        for number in _asked_numbers(tool, given.get(tool.key, Given()).items)
    )


def is_answered(question: Question, given: Mapping[str, Given]) -> bool:
    """Whether the patient has been past it: answered or skipped."""
    return question.number in given.get(question.instrument.key, Given()).items


def answer_to(question: Question, given: Mapping[str, Given]) -> int | None:
    """The points given to a question; None where skipped or not reached."""
    return given.get(question.instrument.key, Given()).items.get(question.number)


def first_open(asked: Sequence[Question], given: Mapping[str, Given]) -> int | None:
    """The number (from 1) of the first question that was not reached; None when all were."""
    return next((place for place, question in enumerate(asked, 1) if not is_answered(question, given)), None)


def asks_about_danger(instrument: Instrument) -> bool:
    """Whether a tool has a question whose answer may call for help at once."""
    return bool(instrument.critical_items) or instrument.critical_item is not None


def gate(
    instruments: Sequence[Instrument],
    *,
    is_clinic_open: bool,
    outside: str,
    confirmed_at: datetime | None,
    at: datetime,
) -> Gate:
    """Whether a link that is open may be answered now; `outside` is what the clinic chose for outside its hours.

    Who confirmed the birth date less than an hour ago may finish. Questions about danger are left out only before
    the first answer: a tool begun with the clinic open waits for it to open again.
    """
    harmless = [tool for tool in instruments if not asks_about_danger(tool)]
    is_begun = confirmed_at is not None and at - confirmed_at < timedelta(minutes=GRACE_MINUTES)
    if is_clinic_open or outside == "notify" or is_begun:
        return Gate.OPEN
    if outside != "without_danger" or not harmless:
        return Gate.WAITS
    if len(harmless) == len(instruments):
        return Gate.OPEN
    return Gate.WITHOUT_DANGER if confirmed_at is None else Gate.WAITS


def next_opening(local: datetime, *, weekdays: Sequence[int], opens_at: time) -> datetime:
    """The next local time after `local` at which a clinic with these hours opens.

    `local` is aware in the clinic's zone, and so is the answer. A clinic that never opens is not asked about.
    """
    days = (local.date() + timedelta(days=ahead) for ahead in range(8))
    openings = (datetime.combine(day, opens_at, tzinfo=local.tzinfo) for day in days if day.weekday() in weekdays)
    return next(opening for opening in openings if opening > local)


def _asked_numbers(instrument: Instrument, items: Mapping[int, int | None]) -> list[int]:
    """The items that are asked: those whose condition holds, or cannot fail yet."""
    asked: list[int] = []
    for number in range(1, instrument.item_count + 1):
        condition = instrument.asked_if.get(number)
        if condition is None or _holds(condition.item, condition.at_least, items, asked):
            asked.append(number)
    return asked


def _holds(item: int, at_least: int, items: Mapping[int, int | None], asked: Sequence[int]) -> bool:
    """Unanswered and skipped questions rule nothing out, unless they were not asked themselves."""
    points = items.get(item)
    return item in asked and (points is None or points >= at_least)
