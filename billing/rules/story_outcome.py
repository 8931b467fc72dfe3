"""What came out of a story, beside what should have: compared, and written as the document that is printed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from billing.rules.facts import MonthFacts
from billing.rules.findings import Citation, Verdict
from billing.rules.story_parts import ExpectedMonth, Story


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out: facts and verdict of each month with work or with another service by this practice, and the
    signals and the state of each day asked for.
    """

    facts: Mapping[str, MonthFacts]
    months: Mapping[str, Verdict]
    signals: Mapping[date, frozenset[str]]
    states: Mapping[date, str]


@dataclass(frozen=True, slots=True)
class _Month:
    minutes: int = 0
    lines: tuple[tuple[str, int], ...] = ()
    gaps: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


NOTHING = _Month()


def asked_days(story: Story) -> list[date]:
    """The days whose signals and state are printed."""
    expected = [*story.expect.signals, *story.expect.state] if story.expect else []
    return sorted({*story.days, *expected})


def differences(story: Story, outcome: Outcome) -> list[str]:
    """One sentence for each part of what was expected that came out otherwise; only what is listed is compared."""
    if story.expect is None:
        return []
    found: list[str] = []
    for month, expected in sorted(story.expect.months.items()):
        found += _month_differences(month, expected, _month(outcome.months.get(month)))
    for day, words in sorted(story.expect.signals.items()):
        found += _difference(f"{day} signals", sorted(words), sorted(outcome.signals[day]))
    for day, state in sorted(story.expect.state.items()):
        found += _difference(f"{day} state", state, outcome.states[day])
    return found


def document(story: Story, outcome: Outcome, *, is_explained: bool = False) -> dict[str, Any]:
    """What is printed of a story: see docs/stories.md. `is_explained` adds books and citations to lines and gaps."""
    found = differences(story, outcome)
    return {
        "id": story.id,
        "months": {
            month: _plain(verdict, is_explained=is_explained) for month, verdict in sorted(outcome.months.items())
        },
        "signals": {day.isoformat(): sorted(words) for day, words in sorted(outcome.signals.items())},
        "state": {day.isoformat(): state for day, state in sorted(outcome.states.items())},
        "ok": None if story.expect is None else not found,
        "differences": found,
    }


def _month(verdict: Verdict | None) -> _Month:
    """A month that is not printed is one of nothing."""
    if verdict is None:
        return NOTHING
    return _Month(
        minutes=verdict.minutes,
        lines=tuple((line.code, line.units) for line in verdict.lines),
        gaps=tuple(gap.word for gap in verdict.gaps),
        flags=tuple(flag.word for flag in verdict.flags),
    )


def _month_differences(month: str, expected: ExpectedMonth, came: _Month) -> Iterable[str]:
    """Lines are compared in order, gaps and flags as sets."""
    pairs = (
        ("minutes", expected.minutes, came.minutes),
        ("lines", None if expected.lines is None else _lists(expected.lines), _lists(came.lines)),
        ("gaps", None if expected.gaps is None else sorted(expected.gaps), sorted(came.gaps)),
        ("flags", None if expected.flags is None else sorted(expected.flags), sorted(came.flags)),
    )
    for name, wanted, got in pairs:
        if wanted is not None:
            yield from _difference(f"{month} {name}", wanted, got)


def _difference(what: str, expected: object, came: object) -> list[str]:
    return [] if expected == came else [f"{what}: expected {expected}, got {came}"]


def _lists(lines: Iterable[tuple[str, int]]) -> list[list[object]]:
    return [[code, units] for code, units in lines]


def _plain(verdict: Verdict, *, is_explained: bool) -> dict[str, Any]:
    month = _month(verdict)
    plain: dict[str, Any] = {
        "minutes": month.minutes,
        "lines": _lists(month.lines),
        "gaps": list(month.gaps),
        "flags": list(month.flags),
    }
    if is_explained:
        plain["explained"] = {
            "book": verdict.book_id,
            "lines": [
                {"code": one.code, "units": one.units, "because": one.because, "citations": _cited(one.citations)}
                for one in verdict.lines
            ],
            "gaps": [
                {"gap": one.word, "because": one.sentence, "citations": _cited([one.citation])} for one in verdict.gaps
            ],
        }
    return plain


def _cited(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    return [
        {
            "book": citation.book,
            "field": citation.field,
            "evidence": citation.evidence,
            "confidence": None if citation.confidence is None else str(citation.confidence),
            "sources": [{"title": source.title, "url": source.url} for source in citation.sources],
        }
        for citation in citations
    ]
