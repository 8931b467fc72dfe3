"""Signals: what in an episode's course asks for attention, by which rule, since when, on what evidence.

Each rule answers with the days on which it holds (see `days`), worked out from what was known on each day.
So a signal that begins next week is known today, and stays right while no fact changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from caseload.rules.course import EpisodeCourse
from caseload.rules.days import Days
from caseload.rules.facts import Facts
from caseload.rules.signal_evidence import EVIDENCE, Evidence
from caseload.rules.signal_rules import DAYS
from caseload.rules.targets import EDITIONS, targets_in_force


@dataclass(frozen=True, slots=True)
class Kind:
    """A signal's word, the treat-to-target rule that gives it, its family, and its name on screen."""

    word: str
    rule: str
    family: str
    label: str


# From most to least urgent; the place in this table is the rank, and the worst of a family is its chip.
KINDS = (
    Kind("safety", "T22", "safety", "Safety"),
    Kind("relapse_confirmed", "T16", "course", "Relapse confirmed"),
    Kind("worsening", "T9", "course", "Worsening"),
    Kind("relapse", "T16", "course", "Relapse?"),
    Kind("stalled", "T13", "course", "Stalled"),
    Kind("review_overdue", "T21", "review", "Review overdue"),
    Kind("never_reviewed", "T20", "review", "Never reviewed"),
    Kind("inactive", "T24", "contact", "Inactive"),
    Kind("contact_lapsed", "T18", "contact", "Contact lapsed"),
    Kind("first_follow_up_late", "T19", "contact", "First follow-up late"),
    Kind("contact_overdue", "T18", "contact", "Contact overdue"),
    Kind("measure_overdue", "T17", "measure", "Measure overdue"),
    Kind("non_responder", "T11", "course", "Non-responder"),
    Kind("change_of_plan_due", "T12", "course", "Change of plan due"),
    Kind("stalled_watch", "T13", "course", "Stalling"),
    Kind("non_responder_week_8", "T10", "course", "Not improved at week 8"),
    Kind("review_due", "T21", "review", "Review due"),
    Kind("long_episode", "T23", "length", "Long episode"),
)
KIND_OF: Mapping[str, Kind] = {kind.word: kind for kind in KINDS}
RANK_OF: Mapping[str, int] = {kind.word: rank for rank, kind in enumerate(KINDS)}
CHIPS = 3


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal as it stands on a day.

    `since` is the first day from which it has held without a break. `evidence` is what the rule looked at;
    `clears` says, for people, what would end it. A lower `rank` is more urgent.
    """

    word: str
    rule: str
    family: str
    rank: int
    since: date
    evidence: tuple[Evidence, ...]
    clears: str


@dataclass(frozen=True, slots=True)
class SignalSpan:
    """An unbroken run of days [begins_on, ends_on) of one signal; FOREVER where only a new fact ends it."""

    word: str
    begins_on: date
    ends_on: date


def signal_days(course: EpisodeCourse) -> dict[str, Days]:
    """For every signal word, the days on which it holds as far as the facts go, the future included.

    Each day is judged by the limits in force on it. Days before enrolment and from the end on have none.
    """
    editions = [Facts(course, course.own.over(edition.limits)) for edition in EDITIONS]
    in_force = [course.open_days & edition.in_force for edition in EDITIONS]
    return {
        word: Days.union(rule(facts) & days for facts, days in zip(editions, in_force, strict=True))
        for word, rule in DAYS.items()
    }


def signal_spans(course: EpisodeCourse, from_on: date, until_on: date) -> tuple[SignalSpan, ...]:
    """Every run of a signal that touches the days [from_on, until_on), by first day, then by rank.

    Runs are whole, also where they begin earlier or end later.
    """
    spans = (
        SignalSpan(word, begins, ends)
        for word, days in signal_days(course).items()
        for begins, ends in days.spans
        if begins < until_on and from_on < ends
    )
    return tuple(sorted(spans, key=lambda span: (span.begins_on, RANK_OF[span.word])))


def signals_on(course: EpisodeCourse, on: date) -> tuple[Signal, ...]:
    """The signals that stand on `on`, the most urgent first. Source of each: its rule T1-T25."""
    if on not in course.open_days:
        return ()
    facts = Facts(course, course.own.over(targets_in_force(on).limits))
    standing = ((word, days.since(on)) for word, days in signal_days(course).items())
    signals = (_signal(facts, word, on, since) for word, since in standing if since is not None)
    return tuple(sorted(signals, key=lambda signal: signal.rank))


def _signal(facts: Facts, word: str, on: date, since: date) -> Signal:
    kind = KIND_OF[word]
    evidence, clears = EVIDENCE[word](facts, on)
    return Signal(word, kind.rule, kind.family, RANK_OF[word], since, evidence, clears)


def worst_per_family(words: Iterable[str]) -> tuple[str, ...]:
    """One word per family, the most urgent of it; the most urgent family first."""
    worst: dict[str, str] = {}
    for word in sorted(words, key=RANK_OF.__getitem__):
        worst.setdefault(KIND_OF[word].family, word)
    return tuple(worst.values())


def chips(words: Iterable[str]) -> tuple[str, ...]:
    """The at most three signals that a row of the caseload shows."""
    return worst_per_family(words)[:CHIPS]
