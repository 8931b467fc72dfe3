"""Plays a story without a database: its entries through the time rules, its months through the engine."""

import json
from dataclasses import dataclass
from pathlib import Path

from billing.rules.findings import Verdict
from billing.rules.story import load_story
from billing.rules.story_months import months_of
from billing.rules.story_parts import Story
from billing.rules.verdicts import judge_in_order

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
