"""Reads the clinical side of a story file into an EpisodeCourse, without a database."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from caseload.rules.course import EpisodeCourse, ProgramFrom, Score
from registry.rules.instruments import instrument, score

STORIES = Path(__file__).parents[2] / "stories"

Story = Mapping[str, Any]


def stories(kind: str) -> list[Story]:
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted((STORIES / kind).glob("*.json"))]


def course_of(story: Story) -> EpisodeCourse:
    enrolled_on = _day(story["enrolled_on"])
    ended = story.get("ended")
    return EpisodeCourse(
        enrolled_on=enrolled_on,
        programs=(
            ProgramFrom(enrolled_on, story.get("program", "cocm")),
            *(ProgramFrom(_day(each["on"]), each["to"]) for each in story.get("program_changes", [])),
        ),
        scores=_scores(story),
        contacts=tuple(_work_day(story, work) for work in story.get("work", []) if _is_treatment(work)),
        reviews=_reviews(story),
        relapse_prevention_from=_day(story.get("relapse_prevention_from")),
        ended_on=_day(ended["on"]) if ended else None,
        died_on=_day(story.get("patient", {}).get("died_on")),
    )


def _day(text: Any) -> Any:
    return date.fromisoformat(text) if text else None


def _is_treatment(work: Story) -> bool:
    return work.get("activity", "treatment") == "treatment"


def _work_day(story: Story, work: Story) -> date:
    """The clinic's local day on which work starts."""
    if len(work["at"]) == len("2026-10-05"):
        return date.fromisoformat(work["at"])
    at = datetime.fromisoformat(work["at"])
    zone = ZoneInfo(story.get("clinic", {}).get("time_zone", "America/New_York"))
    return (at.astimezone(zone) if at.tzinfo else at).date()


def _scores(story: Story) -> tuple[Score, ...]:
    rows = story["scores"] if "scores" in story else list(_supplied_scores(story))
    return tuple(_score(row, order) for order, row in enumerate(rows))


def _score(row: Story, order: int) -> Score:
    key, on = row.get("instrument", "phq9"), _day(row["on"])
    if "items" in row:
        scored = score(instrument(key), row["items"])
        return Score(on, key, scored.total, scored.critical, order)
    return Score(on, key, row["total"], row.get("item9"), order)


def _supplies(story: Story, name: str) -> bool:
    return story.get("in_order", True) and name not in story.get("without", [])


def _first_work_days(story: Story, programs: frozenset[str] | None) -> list[date]:
    """The first day with work of each month, none before enrolment; `programs` narrows it to their work."""
    enrolled_on = _day(story["enrolled_on"])
    first: dict[tuple[int, int], date] = {}
    for work in story.get("work", []):
        on = _work_day(story, work)
        month = (on.year, on.month)
        known = programs is None or _service(story, work, on) in programs
        if known and month >= (enrolled_on.year, enrolled_on.month):
            first[month] = min(first.get(month, on), on)
    return sorted(max(on, enrolled_on) for on in first.values())


def _service(story: Story, work: Story, on: date) -> str:
    program = story.get("program", "cocm")
    for change in story.get("program_changes", []):
        if _day(change["on"]) <= on:
            program = change["to"]
    return work.get("service", program)


def _supplied_scores(story: Story) -> Any:
    if not _supplies(story, "score"):
        return
    enrolled = story["enrolled_on"]
    yield {"on": enrolled, "total": 16, "item9": 0}
    for on in _first_work_days(story, None):
        if on.isoformat()[:7] > enrolled[:7]:
            yield {"on": on.isoformat(), "total": 14, "item9": 0}


def _reviews(story: Story) -> tuple[date, ...]:
    if "reviews" in story:
        return tuple(_day(review["on"]) for review in story["reviews"])
    return tuple(_first_work_days(story, frozenset({"cocm"}))) if _supplies(story, "review") else ()
