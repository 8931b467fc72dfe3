"""What a list shows, sorts and filters by, worked out from an episode's course."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from caseload.rules.caseload_order import GROUP_OF, OVERDUE, SAFETY, STALLED
from caseload.rules.course import ANXIETY, DEPRESSION, EpisodeCourse, Score
from caseload.rules.days import FOREVER, Days
from caseload.rules.facts import Facts
from caseload.rules.signal_evidence import EVIDENCE, Evidence
from caseload.rules.signal_hints import eased, settled
from caseload.rules.signal_rules import item_nine_scores
from caseload.rules.signals import RANK_OF, put_off_days, put_off_until, signal_days
from caseload.rules.states import state_on
from caseload.rules.targets import EDITIONS, targets_in_force


@dataclass(frozen=True, slots=True)
class ScaleStanding:
    """Where a patient stands on one scale. Without a baseline, `last` is a score from before enrolment."""

    baseline: int | None = None
    last: int | None = None
    last_on: date | None = None
    series: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StandingSignal:
    """A run of a signal that stands or will begin if nothing more is recorded; `until` is the first day without.

    `put_off_until`: somebody put it off until that day.
    """

    word: str
    since: date
    until: date | None
    evidence: tuple[Evidence, ...]
    clears: str
    put_off_until: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An episode as lists show it. The `_from` dates say since or from when its group of signals stands."""

    phq9: ScaleStanding
    gad7: ScaleStanding
    item9_last: int | None
    response_state: str
    last_contact_on: date | None
    last_review_on: date | None
    signals: tuple[StandingSignal, ...]
    safety_from: date | None
    overdue_from: date | None
    stalled_from: date | None


def standing_of(course: EpisodeCourse, on: date) -> Standing:
    """The standing as of a local day, with the signals of that day and those that days to come will bring."""
    days = signal_days(course)
    asking = asking_days(course, days)
    return Standing(
        phq9=_scale(course, DEPRESSION),
        gad7=_scale(course, ANXIETY),
        item9_last=_item9(course),
        response_state=state_on(course, on),
        last_contact_on=max((day for day in course.contacts if day <= on), default=None),
        last_review_on=max((day for day in course.reviews if day <= on), default=None),
        signals=tuple(_signals(course, days, on)),
        safety_from=_begins(asking[SAFETY], on),
        overdue_from=_begins(asking[OVERDUE], on),
        stalled_from=_begins(asking[STALLED], on),
    )


def asking_days(course: EpisodeCourse, days: Mapping[str, Days]) -> dict[int, Days]:
    """By group of the caseload, the days on which one of its signals asks for the patient to stand in it.

    A signal that was put off, a stall after a change of treatment (T13) and a concern that was assessed stand all the
    same, and do not ask. Nobody leaves a group by time alone: who is in it after the last thing on record stays until
    something is recorded. So a stored first day is right on every day without a write.
    """
    found: dict[int, list[Days]] = {SAFETY: [], OVERDUE: [], STALLED: []}
    for word, standing in days.items():
        if GROUP_OF[word] in found:
            found[GROUP_OF[word]].append(standing - _quiet_days(course, word))
    asking = {group: Days.union(parts).lasting(course.last_fact_on) for group, parts in found.items()}
    return {group: found_days & course.open_days for group, found_days in asking.items()}


def _quiet_days(course: EpisodeCourse, word: str) -> Days:
    facts = Facts(course, course.own.over(EDITIONS[-1].limits))
    quiet = put_off_days(course, word)
    if word == "stalled":
        quiet |= eased(facts)
    if GROUP_OF[word] == SAFETY:
        quiet |= settled(facts)
    return quiet


def _scale(course: EpisodeCourse, key: str) -> ScaleStanding:
    track = next((track for track in course.tracks if track.instrument.key == key), None)
    if track is not None:
        totals = tuple(point.total for point in track.points)
        return ScaleStanding(track.baseline.total, track.last.total, track.last.on, totals)
    before = [score for score in _known(course, key) if score.on < course.enrolled_on]
    return ScaleStanding(None, before[-1].total, before[-1].on) if before else ScaleStanding()


def _known(course: EpisodeCourse, key: str) -> Iterable[Score]:
    return (score for score in course.ordered_scores if score.scale == key and score.total is not None)


def _item9(course: EpisodeCourse) -> int | None:
    answered = item_nine_scores(course)
    return answered[-1].item9 if answered else None


def _signals(course: EpisodeCourse, days: dict[str, Days], on: date) -> Iterable[StandingSignal]:
    for word in sorted(days, key=RANK_OF.__getitem__):
        for begins, ends in days[word].spans:
            if on < ends:
                yield _signal(course, word, begins, ends, on)


def _signal(course: EpisodeCourse, word: str, begins: date, ends: date, on: date) -> StandingSignal:
    shown_on = max(begins, on)
    facts = Facts(course, course.own.over(targets_in_force(shown_on).limits))
    evidence, clears = EVIDENCE[word](facts, shown_on)
    return StandingSignal(
        word, begins, None if ends == FOREVER else ends, evidence, clears, put_off_until(course, word, on)
    )


def _begins(days: Days, on: date) -> date | None:
    """Since when the run of days lasts that `on` is in, else when the next begins; None where no more comes."""
    return next((begins for begins, ends in days.spans if on < ends), None)
