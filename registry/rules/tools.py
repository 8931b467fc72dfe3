"""Which tools a clinic uses and how often: what holds where it decided nothing, and when a score is next due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from registry.rules.instruments import Instrument, scale_key_of

EARLY_UNTIL_DAY = 56  # the first eight weeks, as in the product's rule on overdue measures (T17)
FEWEST_DAYS, MOST_DAYS = 1, 366
FIRST_IN_LISTS = ("phq9", "gad7")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a tool is asked for, in days: in the first eight weeks of an episode, and from then on.

    None in either: then, only when somebody asks for it.
    """

    early_days: int | None = None
    later_days: int | None = None

    @property
    def is_regular(self) -> bool:
        return self.early_days is not None or self.later_days is not None


WHEN_ASKED = Rhythm()

# Every two to four weeks at first, then monthly (clinical rules T17; the program guides' "every two to four weeks").
USUAL = Rhythm(14, 30)
DEFAULT_RHYTHMS = {"phq9": USUAL, "gad7": USUAL}


@dataclass(frozen=True, slots=True)
class ScoreDue:
    """A tool in the rhythm of an episode: when it was last answered since enrolment, and when it is due."""

    instrument: Instrument
    last_on: date | None
    due_on: date


def scores_due_by(
    rhythms: Iterable[tuple[Instrument, Rhythm]], *, enrolled_on: date, last_scored: Mapping[str, date]
) -> tuple[ScoreDue, ...]:
    """When each tool of a clinic is next due in an episode, in the order given; those without a rhythm left out.

    `last_scored`: by key of instrument, the last day with a total or a tier. What counts for another scale (a PHQ-A
    for the PHQ-9) is taken for it.
    """
    last: dict[str, date] = {}
    for key, on in last_scored.items():
        counts_for = scale_key_of(key)
        last[counts_for] = max(on, last.get(counts_for, on))
    found = []
    for scale, rhythm in rhythms:
        scored = [on for on in (last.get(scale.scale_key),) if on is not None and on >= enrolled_on]
        due_on = next_score_due(rhythm, enrolled_on=enrolled_on, scored_on=scored)
        if due_on is not None:
            found.append(ScoreDue(scale, max(scored, default=None), due_on))
    return tuple(found)


def next_score_due(rhythm: Rhythm, *, enrolled_on: date, scored_on: Iterable[date]) -> date | None:
    """The day on which the next score of a tool is due; None where the rhythm calls for none.

    `scored_on` are the days of its scores; those before enrolment are referral scores and do not count. The first
    is due on the day of enrolment. After a score, the rhythm of its day decides: that of the first eight weeks
    before day 56 of the episode, the other from then on. Where only the later rhythm is set, nothing is due before
    day 56.
    """
    if not rhythm.is_regular:
        return None
    turns = enrolled_on + timedelta(days=EARLY_UNTIL_DAY)
    last = max((on for on in scored_on if on >= enrolled_on), default=None)
    if last is None:
        return enrolled_on if rhythm.early_days is not None else turns
    if last < turns and rhythm.early_days is not None:
        return last + timedelta(days=rhythm.early_days)
    if rhythm.later_days is None:
        return None
    return max(last + timedelta(days=rhythm.later_days), turns)


def rhythm_fault(rhythm: Rhythm) -> tuple[str, str] | None:
    """Which part of a rhythm ("early", "later") cannot be, and the sentence that says so; None when it can."""
    for part, days in (("early", rhythm.early_days), ("later", rhythm.later_days)):
        if days is not None and not FEWEST_DAYS <= days <= MOST_DAYS:
            return part, f"Enter every how many days, {FEWEST_DAYS} to {MOST_DAYS}, or leave it empty."
    return None


def in_order(keys: Iterable[str]) -> list[str]:
    """Keys of tools as lists show them: the PHQ-9 and the GAD-7 first, then by key."""
    known = set(keys)
    first = [key for key in FIRST_IN_LISTS if key in known]
    return [*first, *sorted(known.difference(first))]
