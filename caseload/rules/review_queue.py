"""The psychiatric consultant's queue: why a patient is to be discussed, in a few words, and who comes first.

Who was not reached last time comes first. The others stand in the order of harm of the clinical rules (section 3):
safety, worsening, never reviewed, stalled, review overdue, asked by the care manager, asked by the treating clinician,
advice that was declined or not acted on, stalling, and then what is merely due. All days are local to the clinic.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from caseload.rules.clock import short_day
from caseload.rules.signal_evidence import Evidence

UNFINISHED = "unfinished"
# For so many days a change of treatment lets a stall wait (T13).
EASED_DAYS = 28


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of reason: its key, its name on screen, and its tone."""

    key: str
    label: str
    tone: str = ""


# From most to least harmful to miss; the place in this table is the rank.
KINDS = (
    Kind(UNFINISHED, "Not reached last time", "info"),
    Kind("safety", "Safety", "danger"),
    Kind("worsening", "Worsening", "danger"),
    Kind("never_reviewed", "Never reviewed", "warning"),
    Kind("stalled", "Stalled", "danger"),
    Kind("review_overdue", "Review overdue", "warning"),
    Kind("question", "Question", "info"),
    Kind("clinician", "Asked by the clinician", "info"),
    Kind("advice", "Advice not acted on", "warning"),
    Kind("stalling", "Stalling", "warning"),
    Kind("routine", "Due"),
)
KIND_OF: Mapping[str, Kind] = {kind.key: kind for kind in KINDS}
RANK_OF: Mapping[str, int] = {kind.key: rank for rank, kind in enumerate(KINDS)}
# Which kind of reason each signal is; those not named bring nobody into the queue.
_SIGNALS: Mapping[str, str] = {
    "safety": "safety",
    "risk_open": "safety",
    "relapse_confirmed": "worsening",
    "worsening": "worsening",
    "relapse": "worsening",
    "never_reviewed": "never_reviewed",
    "stalled": "stalled",
    "review_overdue": "review_overdue",
    "stalled_watch": "stalling",
    "non_responder": "stalling",
    "change_of_plan_due": "stalling",
    "non_responder_week_8": "stalling",
    "long_course": "stalling",
    "review_due": "routine",
}
NOT_IMPROVING = frozenset(word for word, kind in _SIGNALS.items() if kind in ("stalled", "stalling"))
# Nobody is put off who may come to harm meanwhile.
_NEVER_DEFERRED = frozenset({"safety", "worsening"})
_SINCE_A_REVIEW = frozenset({"review_overdue", "review_due"})
_QUESTIONS: Mapping[str, str] = {
    "question": "question",
    "medication": "medication question",
    "concern": "to discuss",
    "clinician": "asked by the clinician",
}
_SCORED = frozenset({"baseline", "before", "best", "compared"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A signal that stands. `is_eased`: a stall may wait, as the treatment was changed lately (T13)."""

    word: str
    since: date
    evidence: tuple[Evidence, ...] = ()
    is_eased: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """An open question: its kind (question, medication, concern, clinician) and the day."""

    kind: str
    on: date


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recommendation that was declined (`state`), or whose next step is overdue since a day."""

    number: int
    state: str
    on: date


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What became of a patient on the last agenda: `unfinished`, or `deferred` until a day where one was named."""

    state: str
    on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Assessed:
    """An open danger was assessed on a day, and need not be looked at again yet."""

    tier: str
    on: date


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What is known of an episode that may bring it into the queue on `today`.

    `is_reviewed`: at least once. `assessed`: every danger known of is, within its interval.
    """

    today: date
    enrolled_on: date
    is_cocm: bool = True
    is_reviewed: bool = True
    signals: tuple[Standing, ...] = ()
    questions: tuple[Asked, ...] = ()
    advice: tuple[Waiting, ...] = ()
    present_again_on: date | None = None
    left_over: LeftOver | None = None
    assessed: Assessed | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its kind, since when, and the words of its chip."""

    kind: str
    since: date
    words: str

    @property
    def tone(self) -> str:
        return KIND_OF[self.kind].tone

    @property
    def label(self) -> str:
        return KIND_OF[self.kind].label


Place = tuple[int, int, int, int, date]


def rank_of_signals(*, is_reviewed: bool) -> dict[str, int]:
    """By word, the rank of each signal that brings somebody into the queue, whether or not there was a review yet.

    A change of treatment that lets a stall wait makes `stalled` rank as `stalling`.
    """
    return {word: RANK_OF[kind] for word, kind in _SIGNALS.items() if is_reviewed or word not in _SINCE_A_REVIEW}


def reasons_of(facts: ReviewFacts) -> tuple[Reason, ...]:
    """Why the patient is to be discussed, the worst first; none: nobody asks.

    Of General BHI, which has no consultant by rule, only what somebody asked for. Who was put off, and was on the
    agenda for no reason but that somebody wanted it, stays wanted.
    """
    found = [*_left_over(facts), *_asked(facts), *_advice(facts), *_again(facts)]
    if facts.is_cocm:
        found += [*_signals(facts), *_new(facts)]
    found = found or [*_put_off(facts)]
    return tuple(sorted(found, key=lambda reason: (RANK_OF[reason.kind], reason.since, reason.words)))


def is_not_improving(facts: ReviewFacts) -> bool:
    """Whether one of the places kept for those who do not improve is theirs (T10 to T14)."""
    return facts.is_cocm and any(signal.word in NOT_IMPROVING for signal in facts.signals)


def deferred_until(facts: ReviewFacts, reasons: Iterable[Reason]) -> date | None:
    """Until when the patient was put off; None where they were not, or where a danger says that they cannot wait."""
    left = facts.left_over
    if left is None or left.state != "deferred" or left.until is None or left.until <= facts.today:
        return None
    return None if any(reason.kind in _NEVER_DEFERRED for reason in reasons) else left.until


def place(facts: ReviewFacts, reasons: tuple[Reason, ...]) -> Place:
    """Where a patient with reasons stands: not reached last time, then harm; of those in danger whoever was not
    assessed; among equals who was put off until now, then the longest standing.
    """
    first = next((reason for reason in reasons if reason.kind != UNFINISHED), reasons[0])
    left = facts.left_over
    was_deferred = left is not None and left.state == "deferred"
    return (
        0 if reasons[0].kind == UNFINISHED else 1,
        RANK_OF[first.kind],
        1 if first.kind == "safety" and facts.assessed else 0,
        0 if was_deferred else 1,
        first.since,
    )


def worst_of(reasons: tuple[Reason, ...]) -> str:
    """The kind that an agenda remembers: what is the matter, rather than that it was not reached."""
    return next((reason.kind for reason in reasons if reason.kind != UNFINISHED), reasons[0].kind)


def _left_over(facts: ReviewFacts) -> Iterable[Reason]:
    left = facts.left_over
    if left is not None and left.state == UNFINISHED:
        yield Reason(UNFINISHED, left.on, f"not reached {_day(left.on, facts.today)}")


def _put_off(facts: ReviewFacts) -> Iterable[Reason]:
    left = facts.left_over
    if left is not None and left.state == "deferred" and left.until is not None:
        yield Reason("routine", left.on, f"put off {_day(left.on, facts.today)}")


def _asked(facts: ReviewFacts) -> Iterable[Reason]:
    for asked in facts.questions:
        kind = "clinician" if asked.kind == "clinician" else "question"
        yield Reason(kind, asked.on, _QUESTIONS.get(asked.kind, "question"))


def _advice(facts: ReviewFacts) -> Iterable[Reason]:
    for waiting in facts.advice:
        day = _day(waiting.on, facts.today)
        words = f"advice {waiting.number} declined {day}" if waiting.state == "declined" else ""
        yield Reason("advice", waiting.on, words or f"advice {waiting.number} not acted on, due {day}")


def _again(facts: ReviewFacts) -> Iterable[Reason]:
    again = facts.present_again_on
    if again is not None and again <= facts.today:
        yield Reason("routine", again, f"to present again {_day(again, facts.today)}")


def _new(facts: ReviewFacts) -> Iterable[Reason]:
    if not facts.is_reviewed and not any(signal.word == "never_reviewed" for signal in facts.signals):
        yield Reason("routine", facts.enrolled_on, f"new, {_days(facts.enrolled_on, facts.today)}")


def _signals(facts: ReviewFacts) -> Iterable[Reason]:
    """One reason for each kind: the first of its signals, which come with the most urgent first.

    Of somebody who was never reviewed it is not said besides that the last review is long ago, nor of somebody who
    is stalled that they do not improve.
    """
    seen: set[str] = set()
    stands = {signal.word for signal in facts.signals}
    for signal in facts.signals:
        if not facts.is_reviewed and signal.word in _SINCE_A_REVIEW:
            continue
        if signal.word != "stalled" and signal.word in NOT_IMPROVING and "stalled" in stands:
            continue
        kind = _SIGNALS.get(signal.word)
        if kind == "stalled" and signal.is_eased:
            kind = "stalling"
        if kind is not None and kind not in seen:
            seen.add(kind)
            yield Reason(kind, signal.since, _words(signal, facts.today) + _assessed(facts, kind))


def _assessed(facts: ReviewFacts, kind: str) -> str:
    """`, assessed low Oct 4`: the chip stays, with its date."""
    if kind != "safety" or facts.assessed is None:
        return ""
    return f", assessed {facts.assessed.tier} {_day(facts.assessed.on, facts.today)}"


def _words(signal: Standing, today: date) -> str:
    if signal.word in ("never_reviewed", "review_overdue", "review_due"):
        counted = signal.evidence[0].on if signal.evidence else signal.since
        what = {"never_reviewed": "never reviewed", "review_overdue": "no review for"}.get(signal.word, "last review")
        comma = "," if signal.word == "never_reviewed" else ""
        return f"{what}{comma} {_days(counted, today)}{' ago' if signal.word == 'review_due' else ''}"
    if signal.word in ("safety", "risk_open"):
        return _safety_words(signal, today)
    return _course_words(signal, today)


def _safety_words(signal: Standing, today: date) -> str:
    fact = signal.evidence[0] if signal.evidence else None
    if fact is None or signal.word == "risk_open":
        return f"risk case open, {_days(signal.since, today)}" if signal.word == "risk_open" else "safety"
    tier = fact.what.removeprefix("tier_") if fact.what.startswith("tier_") else ""
    said = f"{tier} risk" if tier else f"{'item 9' if fact.what == 'item9' else 'self-harm'} = {fact.value}"
    return f"{said}, {_day(fact.on, today)}"


def _course_words(signal: Standing, today: date) -> str:
    """`stalled 12 wk, 16 → 16`: how long, from which score to which."""
    scored = [fact for fact in signal.evidence if fact.what in _SCORED]
    before = next((fact for fact in scored if fact.what == "best"), scored[-1] if scored else None)
    last = next((fact for fact in signal.evidence if fact.what == "last"), None)
    name = _COURSE.get(signal.word, signal.word.replace("_", " "))
    weeks = f" {(today - before.on).days // 7} wk" if before and signal.word in ("stalled", "stalled_watch") else ""
    scores = f", {before.value} → {last.value}" if before and last else ""
    return f"{name}{weeks}{scores}"


_COURSE: Mapping[str, str] = {
    "relapse_confirmed": "relapse confirmed",
    "relapse": "relapse?",
    "stalled_watch": "stalling",
    "non_responder": "not improved",
    "non_responder_week_8": "not improved at week 8",
    "long_course": "long course",
}


def _days(since: date, today: date) -> str:
    return f"{(today - since).days} d"


def _day(on: date, today: date) -> str:
    return short_day(on) if on.year == today.year else f"{short_day(on)}, {on.year}"
