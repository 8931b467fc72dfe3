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
    """A signal's word, the rule that gives it (T1-T25, or what else), its family, its name and tone on screen.

    `note` says what the rule cannot know. A hint only informs: it raises nobody's place in a list.
    """

    word: str
    rule: str
    family: str
    label: str
    tone: str = "warning"
    note: str = ""

    @property
    def is_hint(self) -> bool:
        return self.tone == "info"


# From most to least urgent; the place in this table is the rank, and the worst of a family is its chip.
KINDS = (
    Kind("risk_open", "Safety concern", "safety", "Risk open", "danger"),
    Kind("safety", "T22", "safety", "Safety", "danger"),
    Kind("relapse_confirmed", "T16", "course", "Relapse confirmed", "danger"),
    Kind("worsening", "T9", "course", "Worsening", "danger"),
    Kind("relapse", "T16", "course", "Relapse?", "danger"),
    Kind("stalled", "T13", "course", "Stalled", "danger"),
    Kind("review_overdue", "T21", "review", "Review overdue", "danger"),
    Kind("never_reviewed", "T20", "review", "Never reviewed", "danger"),
    Kind("inactive", "T24", "contact", "Inactive", "danger"),
    Kind("contact_lapsed", "T18", "contact", "Contact lapsed", "danger"),
    Kind("first_follow_up_late", "T19", "contact", "First follow-up late"),
    Kind("contact_overdue", "T18", "contact", "Contact overdue"),
    Kind("measure_overdue", "T17", "measure", "Measure overdue"),
    Kind("non_responder", "T11", "course", "Non-responder"),
    Kind("change_of_plan_due", "T12", "course", "Change of plan due"),
    Kind("stalled_watch", "T13", "course", "Stalling"),
    Kind("non_responder_week_8", "T10", "course", "Not improved at week 8"),
    Kind("review_due", "T21", "review", "Review due"),
    Kind("question_open", "Question", "review", "Question asked", "info"),
    Kind("long_episode", "T23", "length", "Long episode", "info"),
    Kind(
        "long_course",
        "T14",
        "length",
        "Long course",
        "info",
        "Whether two adequate trials were made is not on record: weeks are counted instead.",
    ),
    Kind(
        "early_response",
        "T8",
        "course",
        "Little early response",
        "info",
        "Whether the dose was adequate is not on record: ask before changing it.",
    ),
    Kind(
        "off_track",
        "T15",
        "course",
        "Off track for therapy",
        "info",
        "Rests on courses of cognitive behavioral therapy; whether the patient is in one is not on record.",
    ),
    Kind("entered_late", "T25", "contact", "Entered late", "info"),
)
# What the task of a signal that was put off begins with; its word follows.
PUT_OFF_TASK = "signal:"
KIND_OF: Mapping[str, Kind] = {kind.word: kind for kind in KINDS}
RANK_OF: Mapping[str, int] = {kind.word: rank for rank, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal as it stands on a day.

    `since` is the first day from which it has held without a break. `evidence` is what the rule looked at;
    `clears` says, for people, what would end it. A lower `rank` is more urgent; a change of treatment may lower it.
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
    return tuple(sorted(signals, key=lambda signal: (signal.rank, RANK_OF[signal.word])))


def _signal(facts: Facts, word: str, on: date, since: date) -> Signal:
    kind = KIND_OF[word]
    evidence, clears = EVIDENCE[word](facts, on)
    return Signal(word, kind.rule, kind.family, rank_on(word, evidence, on), since, evidence, clears)


def rank_on(word: str, evidence: Iterable[Evidence], on: date) -> int:
    """How urgent a signal is on a day: an eased stall (T13) is as urgent as the first amber of its family."""
    return RANK_OF["non_responder" if is_eased(word, evidence, on) else word]


def is_eased(word: str, evidence: Iterable[Evidence], on: date) -> bool:
    """T13: whether the treatment of somebody stalled was changed in the four weeks before."""
    if word != "stalled":
        return False
    limit = targets_in_force(on).limits.eased_days
    return any(fact.what == "changed" and (on - fact.on).days < limit for fact in evidence)


def is_settled(word: str, evidence: Iterable[Evidence], on: date) -> bool:
    """Whether a concern about safety was assessed and its next assessment is not due yet."""
    return word == "risk_open" and any(fact.what == "risk_recheck" and on < fact.on for fact in evidence)


def may_be_put_off(task: str) -> bool:
    """Whether a task of that name is a signal that may be put off: never one of safety."""
    kind = KIND_OF.get(task.removeprefix(PUT_OFF_TASK)) if task.startswith(PUT_OFF_TASK) else None
    return kind is not None and kind.family != "safety"


def put_off_days(course: EpisodeCourse, word: str) -> Days:
    """The days on which a signal was put off: it, or a more urgent one of its family."""
    spans = (Days.between(one.from_on, one.until_on) for one in course.put_off if covers(one.word, word))
    return Days.union(spans)


def put_off_until(course: EpisodeCourse, word: str, on: date) -> date | None:
    """Until when a signal is put off on a day; None where it is not."""
    days = (one.until_on for one in course.put_off if one.from_on <= on < one.until_on and covers(one.word, word))
    return max(days, default=None)


def covers(put_off: str, word: str) -> bool:
    """Whether putting off one signal puts off another too: itself and the milder ones of its family, never safety."""
    family = KIND_OF[word].family
    return family != "safety" and KIND_OF[put_off].family == family and RANK_OF[put_off] <= RANK_OF[word]
