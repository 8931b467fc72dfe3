"""The rules behind signals: for each, the days on which it holds.

A day is judged by what was dated up to it: a score, contact or review changes the answer from its own day on.
"""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from caseload.rules import scale_rules, signal_hints
from caseload.rules.course import DEPRESSION, EpisodeCourse, Score
from caseload.rules.days import EVERY_DAY, FOREVER, Days, after, months_after
from caseload.rules.facts import Facts, aged, between_changes

DANGEROUS_TIERS = ("moderate", "high")


def item_nine_scores(course: EpisodeCourse) -> tuple[Score, ...]:
    """The PHQ-9s whose item 9 is known, oldest first, those before enrolment included."""
    return tuple(s for s in course.ordered_scores if s.scale == DEPRESSION and s.item9 is not None)


def safety(facts: Facts) -> Days:
    """T22: by the last score of a tool that says so, self-harm is on the patient's mind, or risk moderate or high.

    Asked of each tool with a question about self-harm by itself (item 9 of the PHQ-9, item 10 of the EPDS), and
    of the suicide screener's tier.
    """
    return Days.union(
        days for scores in safety_scores(facts.course) for on, days in between_changes(scores) if is_danger(scores[on])
    )


def safety_scores(course: EpisodeCourse) -> tuple[dict[date, Score], ...]:
    """For each tool that tells of danger, the last score of each day, those before enrolment included."""
    telling: dict[str, dict[date, Score]] = {}
    for score in course.ordered_scores:
        if score.item9 is not None or score.tier:
            telling.setdefault(score.scale, {})[score.on] = score
    return tuple(telling.values())


def is_danger(score: Score) -> bool:
    """Whether a score that stands alone calls for T22."""
    return bool(score.item9) or score.tier in DANGEROUS_TIERS


def worsening(facts: Facts) -> Days:
    """T9, for every scale."""
    return Days.union(scale_rules.worsening(facts, track) for track in facts.course.tracks)


def by_followed_scales(rule: scale_rules.ScaleRule) -> Callable[[Facts], Days]:
    """A rule on one scale, asked of the primary scale and of any other with an elevated baseline."""

    def days(facts: Facts) -> Days:
        if rule not in facts.asked:
            facts.asked[rule] = Days.union(rule(facts, track) & when for track, when in facts.followed)
        return facts.asked[rule]

    return days


stalled = by_followed_scales(scale_rules.stalled)
stalling = by_followed_scales(scale_rules.stalled_watch)
non_responder = by_followed_scales(scale_rules.non_responder)


def stalled_watch(facts: Facts) -> Days:
    """T13 at the shorter window, where no scale is stalled at the longer one."""
    return stalling(facts) - stalled(facts)


def measure_overdue(facts: Facts) -> Days:
    """T17: no score for more than 28 days (before day 56), 30 (after it), or 60 (in relapse prevention)."""
    limits, prevention = facts.limits, facts.course.relapse_prevention_days
    early = EVERY_DAY - facts.from_day(limits.measure_early_until_day) - prevention
    usual = EVERY_DAY - early - prevention
    return (
        (early & aged(facts.measures, limits.measure_early_days + 1))
        | (usual & aged(facts.measures, limits.measure_days + 1))
        | (prevention & aged(facts.measures, limits.measure_relapse_prevention_days + 1))
    )


def contact_overdue(facts: Facts) -> Days:
    """T18, amber: 31 to 60 days since the last treatment contact, else since enrolment."""
    return aged(facts.contacts, facts.limits.contact_days + 1, facts.limits.contact_lapsed_days)


def contact_lapsed(facts: Facts) -> Days:
    """T18, red: more than 60 days."""
    return aged(facts.contacts, facts.limits.contact_lapsed_days + 1)


def inactive(facts: Facts) -> Days:
    """T24: 90 days or more without a treatment contact."""
    return aged(facts.contacts, facts.limits.inactive_days)


def first_follow_up_late(facts: Facts) -> Days:
    """T19: from day 29 until the first treatment contact after the day of enrolment."""
    enrolled_on = facts.course.enrolled_on
    first = min((on for on in facts.course.contacts if on > enrolled_on), default=FOREVER)
    return Days.between(after(enrolled_on, facts.limits.first_follow_up_days + 1), first)


def never_reviewed(facts: Facts) -> Days:
    """T20: collaborative care for 30 days without a review; not asked in relapse prevention."""
    course, limit = facts.course, facts.limits.never_reviewed_days
    unreviewed = (
        Days.between(after(start, limit), min(course.reviews_in(start, end), default=end))
        for start, end in course.cocm_spells
    )
    return Days.union(unreviewed) - course.relapse_prevention_days


def review_due(facts: Facts) -> Days:
    """T21, operational: a non-responder's last review lies 30 to 59 days back; not in relapse prevention."""
    age = aged(facts.reviews, facts.limits.review_due_days, facts.limits.review_overdue_days - 1)
    return (age & non_responder(facts)) - facts.course.relapse_prevention_days


def review_overdue(facts: Facts) -> Days:
    """T21: a non-responder's last review lies 60 days back or more; in relapse prevention, anyone's."""
    prevention = facts.course.relapse_prevention_days
    usual = (aged(facts.reviews, facts.limits.review_overdue_days) & non_responder(facts)) - prevention
    return usual | (aged(facts.reviews, facts.limits.review_relapse_prevention_days) & prevention)


def long_episode(facts: Facts) -> Days:
    """T23: from the same day of the month nine months after enrolment, or that month's last day."""
    return Days.from_on(months_after(facts.course.enrolled_on, facts.limits.long_episode_months))


DAYS: Mapping[str, Callable[[Facts], Days]] = MappingProxyType(
    {
        "risk_open": signal_hints.risk_open,
        "safety": safety,
        "worsening": worsening,
        "stalled": stalled,
        "stalled_watch": stalled_watch,
        "non_responder_week_8": by_followed_scales(scale_rules.non_responder_week_8),
        "non_responder": non_responder,
        "change_of_plan_due": by_followed_scales(scale_rules.change_of_plan_due),
        "relapse": by_followed_scales(scale_rules.relapse),
        "relapse_confirmed": by_followed_scales(scale_rules.relapse_confirmed),
        "measure_overdue": measure_overdue,
        "contact_overdue": contact_overdue,
        "contact_lapsed": contact_lapsed,
        "first_follow_up_late": first_follow_up_late,
        "inactive": inactive,
        "never_reviewed": never_reviewed,
        "review_due": review_due,
        "review_overdue": review_overdue,
        "long_episode": long_episode,
        "question_open": signal_hints.question_open,
        "long_course": by_followed_scales(signal_hints.long_course),
        "early_response": by_followed_scales(signal_hints.early_response),
        "off_track": by_followed_scales(signal_hints.off_track),
        "entered_late": signal_hints.entered_late,
    }
)
