"""Rules of what is known beside the scores, and hints: what is worth a look, and says what it cannot know.

A hint never puts a patient higher in a list.
"""

from datetime import date

from caseload.rules.course import DEPRESSION, Entered, RiskConcern, Track
from caseload.rules.days import EVERY_DAY, FOREVER, NO_DAYS, Days, after
from caseload.rules.facts import Facts
from caseload.rules.states import is_remission


def risk_open(facts: Facts) -> Days:
    """A concern about safety that is open. No later answer ends it: an assessment closes it."""
    return Days.union(Days.between(risk.opened_on, risk.closed_on or FOREVER) for risk in facts.course.risks)


def assessed_days(risk: RiskConcern) -> Days:
    """The days on which an open concern was assessed and its next assessment is not due yet."""
    if risk.assessed_on is None:
        return NO_DAYS
    return Days.between(risk.assessed_on, risk.recheck_on or risk.assessed_on)


def question_open(facts: Facts) -> Days:
    """A question for the consultant that no review answered yet."""
    return Days.union(Days.between(asked.on, asked.answered_on or FOREVER) for asked in facts.course.questions)


def early_response(facts: Facts, track: Track) -> Days:
    """T8: four to six weeks in, the PHQ-9 came down from an elevated baseline by less than 5 points, or not at all.

    Needs a score after the baseline. Whether the dose was adequate is not known.
    """
    if not _is_asked(track):
        return NO_DAYS
    limits = facts.limits
    window = facts.from_day(limits.early_response_from_day) - facts.from_day(limits.early_response_until_day + 1)
    return window & Days.union(
        days
        for days, known in track.stages
        if len(known.points) > 1 and known.baseline.total - known.last.total < limits.early_response_drop
    )


def off_track(facts: Facts, track: Track) -> Days:
    """T15: the PHQ-9 is at or above the total that its week asks for, from week 4, 9 and 14 until T14 takes over.

    Rests on courses of cognitive behavioral therapy. Needs an elevated baseline and a score after it.
    """
    if not _is_asked(track):
        return NO_DAYS
    found = Days.union(
        days & facts.from_day(begins) - facts.from_day(ends)
        for begins, ends, total in _off_track_steps(facts)
        for days, known in track.stages
        if len(known.points) > 1 and known.last.total >= total
    )
    return found - facts.course.relapse_prevention_days


def off_track_below(facts: Facts, on: date) -> int:
    """The highest total that T15 does not mark on a day on which it may."""
    day = (on - facts.course.enrolled_on).days
    return next(total for begins, ends, total in _off_track_steps(facts) if begins <= day < ends) - 1


def _off_track_steps(facts: Facts) -> tuple[tuple[int, int, int], ...]:
    one = facts.limits
    return (
        (one.off_track_first_day, one.off_track_second_day, one.off_track_first_total),
        (one.off_track_second_day, one.off_track_third_day, one.off_track_second_total),
        (one.off_track_third_day, one.long_course_days, one.off_track_third_total),
    )


def long_course(facts: Facts, track: Track) -> Days:
    """T14: from week 20 on not remitted after an elevated baseline, and no psychiatric review since then."""
    if not track.is_elevated:
        return NO_DAYS
    begins = after(facts.course.enrolled_on, facts.limits.long_course_days)
    reviewed = min((on for on in facts.course.reviews if on >= begins), default=FOREVER)
    not_remitted = Days.union(days for days, known in track.stages if not is_remission(known))
    return not_remitted & Days.between(begins, reviewed) - facts.course.relapse_prevention_days


def entered_late(facts: Facts) -> Days:
    """T25: a contact was written down more than two days after it, until a later one is on time."""
    spans = (
        (entry.entered_on, _next_on_time(facts, entry))
        for entry in facts.course.entries
        if not _is_on_time(facts, entry)
    )
    return Days.of(spans)


def last_late(facts: Facts, on: date) -> Entered:
    """The last contact that was written down too late, as known on a day on which T25 holds."""
    late = [entry for entry in facts.course.entries if entry.entered_on <= on and not _is_on_time(facts, entry)]
    return max(late, key=lambda entry: (entry.on, entry.entered_on))


def _is_on_time(facts: Facts, entry: Entered) -> bool:
    return (entry.entered_on - entry.on).days <= facts.limits.entry_days


def _next_on_time(facts: Facts, late: Entered) -> date:
    later = (one for one in facts.course.entries if one.on > late.on and _is_on_time(facts, one))
    return max(min((one.entered_on for one in later), default=FOREVER), late.entered_on)


def _is_asked(track: Track) -> bool:
    return track.instrument.key == DEPRESSION and track.is_elevated


def eased(facts: Facts) -> Days:
    """T13: the four weeks after each recorded change of treatment, in which a stall is amber."""
    spans = (Days.between(on, after(on, facts.limits.eased_days)) for on in facts.course.treatment_changes)
    return Days.union(spans)


def settled(facts: Facts) -> Days:
    """The days on which every open concern was assessed and within its interval.

    A concern keeps its mark on these days, and asks for nobody before others.
    """
    open_ones = [risk for risk in facts.course.risks if risk.closed_on is None]
    if not open_ones:
        return NO_DAYS
    found = EVERY_DAY
    for risk in open_ones:
        found &= assessed_days(risk)
    return found


def latest_change(facts: Facts, on: date) -> date | None:
    """The day of the last change of treatment by `on`."""
    return max((day for day in facts.course.treatment_changes if day <= on), default=None)
