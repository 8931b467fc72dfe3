"""What several rules need of a course, and the words they share for time passing since an event."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise

from caseload.rules.course import EpisodeCourse, Track, followed_tracks
from caseload.rules.days import EVERY_DAY, FOREVER, Days, after
from caseload.rules.targets import Limits

Latest = tuple[tuple[date, Days], ...]


@dataclass(frozen=True)
class Facts:
    """A course beside the limits it is held against. Day n counts from enrolment, which is day 0."""

    course: EpisodeCourse
    limits: Limits
    asked: dict[object, Days] = field(default_factory=dict, compare=False)  # answers that several rules need

    def from_day(self, count: int) -> Days:
        """Day `count` of the episode and every day after it."""
        return Days.from_on(after(self.course.enrolled_on, count))

    @cached_property
    def followed(self) -> tuple[tuple[Track, Days], ...]:
        """Each scale with the days on which response is asked of it: while it is primary or elevated."""
        tracks = self.course.tracks
        periods = [
            (followed_tracks([track for track in tracks if track.baseline.on <= on]), days)
            for on, days in between_changes(track.baseline.on for track in tracks)
        ]
        return tuple((track, Days.union(days for followed, days in periods if track in followed)) for track in tracks)

    @cached_property
    def contacts(self) -> Latest:
        """The day that contact counts from: the last treatment, else enrolment."""
        return latest_of(self.course.contacts, self.course.enrolled_on)

    @cached_property
    def measures(self) -> Latest:
        """The day that the age of the measure counts from.

        That of the last score of the primary scale or, if another scale's baseline is elevated, the older of
        their last ones; without any score, enrolment.
        """
        scored = (point.on for track in self.course.tracks for point in track.points)
        return tuple((self._measured_on(on), days) for on, days in between_changes([date.min, *scored]))

    def _measured_on(self, on: date) -> date:
        followed = followed_tracks(self.course.tracks_on(on))
        return min((track.last.on for track in followed), default=self.course.enrolled_on)

    @cached_property
    def reviews(self) -> Latest:
        """In collaborative care, the day that review counts from.

        The last review since the spell of it began, else its first day: reviews before that do not count.
        """
        return tuple(
            (on, days & Days.between(start, end))
            for start, end in self.course.cocm_spells
            for on, days in latest_of(self.course.reviews_in(start, end), start)
        )


def between_changes(changes: Iterable[date]) -> Iterator[tuple[date, Days]]:
    """The periods that begin with each change and last until the next."""
    for start, end in pairwise([*sorted(set(changes)), FOREVER]):
        yield start, Days.between(start, end)


def latest_of(events: Iterable[date], before_any: date) -> Latest:
    """The day of the latest event, with the days on which it was that; `before_any` before the first."""
    known = sorted(set(events))
    first = known[0] if known else FOREVER
    return ((before_any, EVERY_DAY - Days.from_on(first)), *between_changes(known))


def aged(latest: Latest, least: int, most: int | None = None) -> Days:
    """The days on which the latest event lay `least` to `most` days back, both counted."""
    return Days.union(
        days & Days.between(after(on, least), FOREVER if most is None else after(on, most + 1)) for on, days in latest
    )


def counted_from(latest: Latest, on: date) -> date | None:
    """The day that counting starts from on `on`; None where nothing is counted then."""
    return next((day for day, days in latest if on in days), None)
