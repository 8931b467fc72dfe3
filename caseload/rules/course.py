"""The course of one episode: the dated facts that signals and the response state are worked out from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import groupby

from caseload.rules.days import FOREVER, Days
from caseload.rules.targets import USUAL, OwnLimits
from registry.rules.instruments import TARGET_SCALES, TargetScale, scale_key_of

DEPRESSION = "phq9"
ANXIETY = "gad7"


@dataclass(frozen=True, slots=True)
class Score:
    """One administration. `order` sorts those of one day; `total` is None where only item 9 is known.

    `item9` is the answer about self-harm, whatever its number in the tool. `tier` is the result of a tool
    without a total: `none`, `low`, `moderate` or `high` of the suicide screener. `ref` leads back to the record.
    """

    on: date
    instrument: str
    total: int | None
    item9: int | None = None
    order: int = 0
    tier: str = ""
    ref: str = field(default="", compare=False)

    @property
    def scale(self) -> str:
        """The scale that it counts for: a PHQ-A counts as a PHQ-9."""
        return scale_key_of(self.instrument)


@dataclass(frozen=True, slots=True)
class ProgramFrom:
    """The program ("cocm" or "bhi") that the episode is in from a day on."""

    on: date
    program: str


@dataclass(frozen=True, slots=True)
class RiskConcern:
    """A concern about safety, open from `opened_on` to the day before `closed_on`.

    `tier` is that of the last assessment, which holds until `recheck_on`; empty while nobody assessed it.
    """

    opened_on: date
    closed_on: date | None = None
    assessed_on: date | None = None
    tier: str = ""
    recheck_on: date | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question for the consultant, open from `on` to the day before `answered_on`."""

    on: date
    answered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Entered:
    """A contact's day and the day on which it was written down."""

    on: date
    entered_on: date


@dataclass(frozen=True, slots=True)
class PutOff:
    """A signal that was put off on a day until another; it stands all the same."""

    word: str
    from_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class Point:
    """A total on a day; `ref` leads back to the record."""

    on: date
    total: int
    ref: str = field(default="", compare=False)


@dataclass(frozen=True)
class Track:
    """An episode's totals on one scale, oldest first: the first is the baseline. Never empty."""

    instrument: TargetScale
    points: tuple[Point, ...]

    @property
    def baseline(self) -> Point:
        return self.points[0]

    @property
    def last(self) -> Point:
        return self.points[-1]

    @property
    def is_elevated(self) -> bool:
        """T2: the baseline is at or above the scale's elevated cut."""
        return self.baseline.total >= self.instrument.elevated_from

    @cached_property
    def stages(self) -> tuple[tuple[Days, "Track"], ...]:
        """The track as it was known, with the days on which it was: a new stage with each day of scores."""
        counts = [max(i for i, _ in group) + 1 for _, group in groupby(enumerate(self.points), _day_of)]
        known = [Track(self.instrument, self.points[:count]) for count in counts]
        ends = [track.last.on for track in known[1:]] + [FOREVER]
        return tuple((Days.between(t.last.on, end), t) for t, end in zip(known, ends, strict=True))

    def until(self, on: date) -> "Track | None":
        """What was known on `on`; None before the baseline."""
        known = tuple(point for point in self.points if point.on <= on)
        return Track(self.instrument, known) if known else None


def _day_of(numbered: tuple[int, Point]) -> date:
    return numbered[1].on


@dataclass(frozen=True)
class EpisodeCourse:
    """One episode's facts, all days local to its clinic; the order within each collection does not matter.

    `programs` begins with the program of `enrolled_on`. `contacts` are days with synchronous treatment work
    with the patient, by anyone, whether or not its minutes count. `reviews` are days of psychiatric reviews
    with a recommendation. `scores` may reach back before enrolment: item 9 is looked at there too. `targets`
    are the scales chosen for the episode; the PHQ-9 and the GAD-7 are followed in any case. `own` are the limits
    that its clinic set itself. `treatment_changes` are days on which the treatment was changed. `entries` are
    contacts with the day of writing them down, imported ones left out.
    """

    enrolled_on: date
    programs: tuple[ProgramFrom, ...]
    scores: tuple[Score, ...] = ()
    contacts: tuple[date, ...] = ()
    reviews: tuple[date, ...] = ()
    relapse_prevention_from: date | None = None
    ended_on: date | None = None
    died_on: date | None = None
    targets: tuple[str, ...] = ()
    own: OwnLimits = USUAL
    risks: tuple[RiskConcern, ...] = ()
    treatment_changes: tuple[date, ...] = ()
    questions: tuple[Asked, ...] = ()
    entries: tuple[Entered, ...] = ()
    put_off: tuple[PutOff, ...] = ()

    @cached_property
    def open_days(self) -> Days:
        """From enrolment to the day before the end or death: the days on which signals are given."""
        return Days.between(self.enrolled_on, min(self.ended_on or FOREVER, self.died_on or FOREVER))

    @cached_property
    def last_fact_on(self) -> date:
        """The day of the last thing on record: what changes after it changes by time alone."""
        return max(
            self.enrolled_on,
            *(change.on for change in self.programs),
            *(score.on for score in self.scores),
            *self.contacts,
            *self.reviews,
            *self.treatment_changes,
            *(risk.closed_on or risk.assessed_on or risk.opened_on for risk in self.risks),
            *(asked.answered_on or asked.on for asked in self.questions),
            *(entry.entered_on for entry in self.entries),
            *(one.from_on for one in self.put_off),
            self.relapse_prevention_from or self.enrolled_on,
        )

    @cached_property
    def relapse_prevention_days(self) -> Days:
        return Days.from_on(self.relapse_prevention_from or FOREVER)

    @cached_property
    def ordered_scores(self) -> tuple[Score, ...]:
        return tuple(sorted(self.scores, key=lambda score: (score.on, score.order)))

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """One per followed scale with a total from enrolment to the end, the PHQ-9 first; none after `ended_on`."""
        followed = [DEPRESSION, ANXIETY, *(key for key in TARGET_SCALES if key in self.targets)]
        made = (Track(TARGET_SCALES[key], tuple(self._points(key))) for key in dict.fromkeys(followed))
        return tuple(track for track in made if track.points)

    def tracks_on(self, on: date) -> tuple[Track, ...]:
        """The scales with what was known of each on `on`; none that had no baseline yet."""
        return tuple(known for known in (track.until(on) for track in self.tracks) if known)

    def reviews_in(self, start: date, end: date) -> list[date]:
        """The days of reviews from `start` to the day before `end`."""
        return [on for on in self.reviews if start <= on < end]

    def _points(self, key: str) -> Iterable[Point]:
        last_on = self.ended_on or FOREVER
        for score in self.ordered_scores:
            if score.scale == key and score.total is not None and self.enrolled_on <= score.on <= last_on:
                yield Point(score.on, score.total, score.ref)

    @cached_property
    def cocm_spells(self) -> tuple[tuple[date, date], ...]:
        """Unbroken spells [start, end) in collaborative care, the first not before enrolment."""
        changes = sorted(self.programs, key=lambda change: change.on)
        ends = [change.on for change in changes[1:]] + [FOREVER]
        spells = ((c.on, end) for c, end in zip(changes, ends, strict=True) if c.program == "cocm")
        return (Days.of(spells) & Days.from_on(self.enrolled_on)).spans


def primary_track(known: Sequence[Track]) -> Track | None:
    """The scale that an episode is steered by, of those with a baseline so far, the PHQ-9 first; or None.

    The PHQ-9, unless there is only another, or the PHQ-9's baseline is below its elevated cut and the other's
    is not.
    """
    return next((track for track in known if track.is_elevated), known[0] if known else None)


def followed_tracks(known: Sequence[Track]) -> tuple[Track, ...]:
    """The scales that response is asked of: the primary one and any other with an elevated baseline."""
    primary = primary_track(known)
    return tuple(track for track in known if track is primary or track.is_elevated)
