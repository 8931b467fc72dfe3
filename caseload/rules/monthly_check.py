"""What a clinic lead looks through every month: figures of a clinic's month, each with its rule and its patients.

Measures follow the metrics that New York State's program asks of collaborative care sites (2025: a contact and a
scored scale in the month, improvement and consultation from day 70 on); completeness and what is overdue are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from caseload.rules.advice import AdviceLimits, due_on, first_state
from caseload.rules.course import EpisodeCourse
from caseload.rules.signals import signal_days
from caseload.rules.states import state_on

MATURE_DAYS = 70
REVIEW_WINDOW_DAYS = 60
IMPROVED: Final = frozenset({"remission", "response", "improved"})
UNTESTED: Final = frozenset({"no_baseline", "not_elevated"})
DUE_FROM_DAY = 5
"""Of the month after: until then late notes of the last days are still written."""


@dataclass(frozen=True)
class Loop:
    """A recommendation as it was at the end of a day: `state` since `state_on`, empty before its first step.

    `moved_later`: it took a step after that day, so that `due_on`, when its present step is due, says nothing of it.
    """

    kind: str
    proposed_on: date
    due_on: date | None
    moved_later: bool = False
    state: str = ""
    state_on: date | None = None


@dataclass(frozen=True)
class InMonth:
    """An episode in the days from `from_on` to `until_on`, with what its papers lack and its late recommendations."""

    episode_id: UUID
    patient_id: UUID
    name: str
    course: EpisodeCourse
    lacks: tuple[str, ...] = ()
    loops_overdue: int = 0


@dataclass(frozen=True)
class Behind:
    """A patient behind a figure, and why in a few words."""

    patient_id: UUID
    name: str
    why: str


@dataclass(frozen=True)
class Figure:
    """A number with its rule. `of` is None for a plain count; `behind` are the patients who ask for something.

    `target` is a least percent for a share, and a highest number for a count.
    """

    key: str
    words: str
    rule: str
    count: int
    of: int | None
    target: int
    behind: tuple[Behind, ...] = field(default=())

    @property
    def percent(self) -> int | None:
        """Whole percent, half up; None where there is nobody to count."""
        if self.of is None or self.of == 0:
            return None
        return (200 * self.count + self.of) // (2 * self.of)

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where there is nobody to count."""
        if self.of is None:
            return self.count <= self.target
        return None if self.of == 0 else 100 * self.count >= self.target * self.of

    @property
    def value(self) -> str:
        """As people read it: `7 of 8, 88 %`, `3`; `n/a` where there is nobody to count."""
        if self.of is None:
            return str(self.count)
        return "n/a" if self.percent is None else f"{self.count} of {self.of}, {self.percent} %"

    @property
    def target_words(self) -> str:
        if self.of is None:
            return "none" if self.target == 0 else f"at most {self.target}"
        return f"{self.target} % or more"


def figures(rows: Sequence[InMonth], from_on: date, until_on: date) -> tuple[Figure, ...]:
    """The figures of a clinic in the days from `from_on` to `until_on`, both included."""
    enrolled = [row for row in rows if _overlaps(row.course, from_on, until_on)]
    still_open = [row for row in enrolled if until_on in row.course.open_days]
    found = [
        _engagement(enrolled, from_on, until_on),
        _improvement(enrolled, until_on),
        _completeness(still_open),
        _loops(still_open),
        _scores(still_open, until_on),
        _rechecks(still_open, until_on),
    ]
    if any(_is_in_cocm(row.course, until_on) for row in enrolled):
        found.insert(2, _consulted(enrolled, until_on))
    return tuple(found)


def _engagement(rows: Sequence[InMonth], from_on: date, until_on: date) -> Figure:
    behind = []
    for row in rows:
        met = any(from_on <= on <= until_on for on in row.course.contacts)
        scored = any(from_on <= score.on <= until_on for score in row.course.scores if score.total is not None)
        missing = [word for word, there in (("no contact", met), ("no score", scored)) if not there]
        if missing:
            behind.append(Behind(row.patient_id, row.name, " and ".join(missing)))
    return Figure(
        "engagement", "Reached and scored",
        "Of everybody enrolled on one of these days: a contact that reached them and a scored scale in them.",
        len(rows) - len(behind), len(rows), 80, tuple(behind),
    )  # fmt: skip


def _mature(rows: Iterable[InMonth], until_on: date) -> list[tuple[InMonth, str]]:
    """Those 70 days or more in the program with an elevated baseline, with their state."""
    states = [
        (row, state_on(row.course, until_on))
        for row in rows
        if _days(row.course, until_on) >= MATURE_DAYS
    ]  # fmt: skip
    return [(row, state) for row, state in states if state not in UNTESTED]


def _improvement(rows: Sequence[InMonth], until_on: date) -> Figure:
    mature = _mature(rows, until_on)
    behind = [
        Behind(row.patient_id, row.name, f"{_days(row.course, until_on) // 7} weeks, not improved")
        for row, state in mature
        if state not in IMPROVED
    ]
    return Figure(
        "improvement", "Improved",
        "Of everybody 70 days or more in the program whose first score was elevated: half of it or less by now, or "
        "below the cut.",
        len(mature) - len(behind), len(mature), 60, tuple(behind),
    )  # fmt: skip


def _consulted(rows: Sequence[InMonth], until_on: date) -> Figure:
    waiting = [
        row
        for row, state in _mature(rows, until_on)
        if state not in IMPROVED and _is_in_cocm(row.course, until_on)
    ]  # fmt: skip
    start = until_on - timedelta(days=REVIEW_WINDOW_DAYS - 1)
    behind = [
        Behind(row.patient_id, row.name, "no review in 60 days")
        for row in waiting
        if not any(start <= on <= until_on for on in row.course.reviews)
    ]
    return Figure(
        "consulted", "Not improved, and reviewed",
        "Of those in collaborative care who did not improve in 70 days: a psychiatric review with a recommendation in "
        "the last 60 days.",
        len(waiting) - len(behind), len(waiting), 80, tuple(behind),
    )  # fmt: skip


def _completeness(rows: Sequence[InMonth]) -> Figure:
    behind = [Behind(row.patient_id, row.name, ", ".join(row.lacks)) for row in rows if row.lacks]
    return Figure(
        "completeness", "Complete in the registry",
        "Of everybody open on the last day: consent, diagnosis, first score, care plan, next contact, care manager "
        "and treating clinician are on record.",
        len(rows) - len(behind), len(rows), 95, tuple(behind),
    )  # fmt: skip


def _loops(rows: Sequence[InMonth]) -> Figure:
    behind = [
        Behind(row.patient_id, row.name, f"{row.loops_overdue} late") for row in rows if row.loops_overdue
    ]  # fmt: skip
    return Figure(
        "loops", "Recommendations overdue", "Patients with a recommendation whose next step was due by then.",
        len(behind), None, 0, tuple(behind),
    )  # fmt: skip


def _scores(rows: Sequence[InMonth], until_on: date) -> Figure:
    behind = [
        Behind(row.patient_id, row.name, _last_scored(row.course, until_on))
        for row in rows
        if until_on in signal_days(row.course)["measure_overdue"]
    ]
    return Figure(
        "scores", "Scores overdue", "Patients whose scale was not repeated within the clinic's limit.",
        len(behind), None, 0, tuple(behind),
    )  # fmt: skip


def _rechecks(rows: Sequence[InMonth], until_on: date) -> Figure:
    behind = [
        Behind(row.patient_id, row.name, why) for row in rows if (why := _recheck_late(row.course, until_on))
    ]  # fmt: skip
    return Figure(
        "rechecks", "Safety rechecks overdue",
        "Patients with an open concern about safety that was not assessed, or not again by its day.",
        len(behind), None, 0, tuple(behind),
    )  # fmt: skip


def _recheck_late(course: EpisodeCourse, on: date) -> str:
    for risk in course.risks:
        is_open = risk.opened_on < on and (risk.closed_on is None or risk.closed_on > on)
        if is_open and risk.recheck_on is not None and risk.recheck_on < on:
            return f"was due {risk.recheck_on:%b} {risk.recheck_on.day}"
        if is_open and risk.assessed_on is None:
            return "never assessed"
    return ""


def _last_scored(course: EpisodeCourse, until_on: date) -> str:
    known = [score.on for score in course.scores if score.total is not None and score.on <= until_on]
    last = max(known, default=None)
    return f"last on {last:%b} {last.day}" if last else "never scored"


def _is_in_cocm(course: EpisodeCourse, on: date) -> bool:
    """Whether the episode was in collaborative care on that day, or had been in it last when it ended before."""
    return any(start <= on < end for start, end in course.cocm_spells)


def overdue(loops: Iterable[Loop], limits: AdviceLimits, on: date) -> int:
    """How many recommendations were open at the end of a day with a next step that was due before it."""
    due = [_due_on(loop, limits) for loop in loops]
    return sum(1 for one in due if one is not None and one < on)


def _due_on(loop: Loop, limits: AdviceLimits) -> date | None:
    if not loop.moved_later:
        return loop.due_on
    state_on = loop.state_on or loop.proposed_on
    return due_on(loop.kind, loop.state or first_state(loop.kind), state_on, limits, proposed_on=loop.proposed_on)


def _overlaps(course: EpisodeCourse, from_on: date, until_on: date) -> bool:
    ended_on = min(course.ended_on or date.max, course.died_on or date.max)
    return course.enrolled_on <= until_on and ended_on >= from_on


def _days(course: EpisodeCourse, until_on: date) -> int:
    return (min(until_on, course.ended_on or until_on) - course.enrolled_on).days


def kept(found: Iterable[Figure]) -> dict[str, dict[str, object]]:
    """Figures as they are frozen with a signature: numbers, rule, target, and who is behind each by id."""
    return {
        one.key: {
            "words": one.words, "rule": one.rule, "count": one.count, "of": one.of, "target": one.target,
            "behind": [str(patient.patient_id) for patient in one.behind],
        }
        for one in found
    }  # fmt: skip


def from_kept(stored: dict[str, dict[str, object]]) -> tuple[Figure, ...]:
    """Frozen figures again; who was behind them stays by id, without a name."""
    order = ("engagement", "improvement", "consulted", "completeness", "loops", "scores", "rechecks")
    found = []
    for key in (one for one in order if one in stored):
        row = stored[key]
        ids = row["behind"]
        of = row["of"]
        assert isinstance(ids, list)
        assert of is None or isinstance(of, int)
        behind = tuple(Behind(UUID(one), "", "") for one in ids)
        count, target = int(str(row["count"])), int(str(row["target"]))
        found.append(Figure(key, str(row["words"]), str(row["rule"]), count, of, target, behind))
    return tuple(found)
