"""What a patient's month bills, as care managers see it: minutes, the code, the way to the next; never amounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from billing.queries.verdicts import MonthVerdict, month_verdicts
from billing.rules.findings import Gap
from billing.templatetags.billing_words import gap_words
from caseload.rules.clock import month_of, short_day

# Add-ons are billing's business; and how many minutes are short, the bar says.
ADD_ONS = frozenset({"99494"})
SAID_BY_BAR = "minutes_short"

# What care can still do in the month, beside minutes. Those without consent are a task of their own.
DUE_WORDS = {
    "rating_scale_missing": "score",
    "case_review_missing": "case review",
    "care_plan_missing": "care plan",
    "no_engagement": "contact",
}
MISSING_WORDS = {"diagnosis_missing": "diagnosis", "initiating_visit_missing": "initiating visit"}
SCALE_GAP = "rating_scale_missing"


class InMonth(Protocol):
    """A row of a list: an episode, and the day that it is at its clinic."""

    @property
    def episode_id(self) -> UUID: ...
    @property
    def patient_id(self) -> UUID: ...
    @property
    def today(self) -> date: ...


@dataclass(frozen=True)
class MonthCell:
    """Whole minutes that count and that were logged, the code that they bill now, the next one, and what is missing."""

    minutes: int
    code_now: str
    goal: int | None
    next_code: str
    refusal: str
    missing: tuple[Gap, ...]
    logged: int = 0
    lacking: tuple[str, ...] = ()

    @property
    def asks_score(self) -> bool:
        """Whether the scale should be asked although the minutes do not reach a code yet: then no gap says so."""
        said = [gap.word for gap in self.missing]
        return SCALE_GAP in self.lacking and SCALE_GAP not in said and not self.refusal

    @property
    def missing_words(self) -> str:
        """What is missing, in a few words; then why nothing is asked of anybody."""
        gaps = ", ".join([gap_words(gap.word) for gap in self.missing])
        return ". ".join(filter(None, (gaps, self.refusal, self.due_words)))

    @property
    def due_words(self) -> str:
        """What will be missing once the minutes are there: `Due this month: score, care plan`."""
        said = [gap.word for gap in self.missing]
        due = [word for key, word in DUE_WORDS.items() if key in self._open and key not in said]
        missing = [f"{word} missing" for key, word in MISSING_WORDS.items() if key in self._open and key not in said]
        words = [f"Due this month: {', '.join(due)}"] if due else []
        return ". ".join([*words, ", ".join(missing).capitalize()] if missing else words)

    def still_to_do(self, ends_on: date) -> str:
        """What care can still do before the month ends, for a worklist: `case review due by Nov 30`."""
        found = {*(gap.word for gap in self.missing), *self._open}
        scale = gap_words(SCALE_GAP).lower() if SCALE_GAP in found else ""
        due = [word for key, word in DUE_WORDS.items() if key in found and key != SCALE_GAP]
        by = f"{' and '.join(due)} due by {short_day(ends_on)}" if due else ""
        missing = [f"{word} missing" for key, word in MISSING_WORDS.items() if key in found]
        return "; ".join(filter(None, (scale, by, *missing)))

    @property
    def _open(self) -> tuple[str, ...]:
        """What the month lacks, where somebody works on it and somebody pays."""
        return self.lacking if self.logged and not self.refusal else ()


def month_cell(judged: MonthVerdict) -> MonthCell:
    """A verdict, cut down to what helps care."""
    verdict = judged.verdict
    if verdict is None:
        return MonthCell(judged.facts.time.counted.bhi_seconds // 60, "", None, "", judged.refusal, ())
    step = verdict.next_step if verdict.next_step and verdict.next_step.code not in ADD_ONS else None
    return MonthCell(
        minutes=verdict.minutes,
        code_now=verdict.lines[0].code if judged.bills else "",
        goal=verdict.minutes + step.minutes if step else None,
        next_code=step.code if step else "",
        refusal=judged.refusal,
        missing=tuple(gap for gap in verdict.gaps if gap.word != SAID_BY_BAR),
        logged=judged.facts.time.logged_seconds // 60,
        lacking=judged.lacking,
    )


def month_cells(organization_id: UUID, rows: Iterable[InMonth]) -> Mapping[UUID, MonthCell]:
    """This month of each row's episode, each in the month that it is at its clinic."""
    by_month: dict[str, dict[UUID, UUID]] = {}
    for row in rows:
        by_month.setdefault(month_of(row.today), {})[row.episode_id] = row.patient_id
    return {
        episode_id: month_cell(judged)
        for month, patients in by_month.items()
        for episode_id, judged in month_verdicts(organization_id, month, episode_ids=patients).items()
    }
