"""Psychiatric review, and what becomes of what is recommended.

Reviews are of collaborative care only: general BHI has no consultant. A review is one with a recommendation; that the
present treatment goes on is one too (New York State OMH collaborative care metrics 2025).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Final

from outcomes.rules.change import judge_improvement
from outcomes.rules.facts import AdviceFacts, EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part, judged, left_out, valued

FIRST_REVIEW_DAYS: Final = 30
REVIEWED_WITHIN_DAYS: Final = 60
CLOSED_WITHIN_DAYS: Final = 14
DECLINED: Final = "declined"


def judge_first_review(facts: EpisodeFacts) -> Part:
    """Days from the start of collaborative care to the first review, of those whose first review lies in the month."""
    care, reviewed = facts.in_cocm(), facts.first_review_on
    if care is None or reviewed is None or not care.has_day(reviewed):
        return NOT_ASKED
    days = max((reviewed - care.enrolled_on).days, 0)
    return valued(days, f"After {days} {'day' if days == 1 else 'days'}")


def judge_reviewed_30(facts: EpisodeFacts) -> Part:
    """Whether somebody whose collaborative care began 30 days ago has been reviewed. Who left before may not be asked
    about.
    """
    care = facts.in_cocm()
    if care is None or not care.reaches_day(FIRST_REVIEW_DAYS):
        return NOT_ASKED
    by_day = care.day(FIRST_REVIEW_DAYS)
    if care.ended_on is not None and care.ended_on < by_day:
        return left_out("Left before day 30")
    reviewed = facts.first_review_on
    words = f"First reviewed {reviewed:%b %-d, %Y}" if reviewed else "Not reviewed"
    return judged(reviewed is not None and reviewed <= by_day, words, words)


def judge_consultation(facts: EpisodeFacts) -> Part:
    """Of those who did not improve after 70 days of collaborative care: whose case was reviewed in the 60 days that end
    with the month.
    """
    care = facts.in_cocm()
    improvement = NOT_ASKED if care is None else judge_improvement(care)
    if not improvement.counted:
        return improvement
    if improvement.met:
        return left_out(f"Improved: {improvement.why[0].lower()}{improvement.why[1:]}")
    since = facts.last_day - timedelta(REVIEWED_WITHIN_DAYS - 1)
    reviewed = facts.last_review_on
    words = f"Last reviewed {reviewed:%b %-d, %Y}" if reviewed else "Never reviewed"
    return judged(reviewed is not None and reviewed >= since, words, words)


def judge_decision(facts: AdviceFacts) -> Part:
    """Days from the recommendation to what the treating clinician decided."""
    if facts.decided_on is None:
        return left_out("Not decided")
    days = max((facts.decided_on - facts.proposed_on).days, 0)
    return valued(days, f"{facts.decision.capitalize()} after {days} {'day' if days == 1 else 'days'}")


def judge_closed(facts: AdviceFacts) -> Part:
    """Whether the loop was closed within 14 days."""
    closed = facts.closed_on
    words = f"Closed after {(closed - facts.proposed_on).days} days" if closed else "Still open"
    return judged(closed is not None and closed <= facts.proposed_on + timedelta(CLOSED_WITHIN_DAYS), words, words)


def judge_declined(facts: AdviceFacts) -> Part:
    """Of those decided: whether it was declined."""
    if facts.decided_on is None:
        return left_out("Not decided")
    words = facts.decision.capitalize()
    return judged(facts.decision == DECLINED, words, words)


_of_episodes = partial(Measure, subject="episode", family="review")
_of_advice = partial(Measure, subject="advice", family="review")

REVIEW: Final = (
    _of_episodes(
        key="first_review_days",
        title="Days to first psychiatric review",
        kind=Kind.MEDIAN,
        formula="The middle number of days from enrolment in collaborative care, or from the change to it, to the "
        "first psychiatric review with a recommendation, of patients whose first review lies in the month.",
        exclusions=("Patients who were not reviewed yet: see who is reviewed by day 30",),
        unit="days",
        better="down",
        judge=judge_first_review,
    ),
    _of_episodes(
        key="reviewed_30",
        title="Reviewed by day 30",
        kind=Kind.SHARE,
        formula="Patients with a psychiatric review and its recommendation by day 30 of collaborative care, of all "
        "whose day 30 lies in the month. Day 0 is that of enrolment in it, or of the change to it.",
        exclusions=("Left before day 30",),
        better="up",
        judge=judge_reviewed_30,
    ),
    _of_episodes(
        key="consultation",
        title="Not improved and reviewed",
        kind=Kind.SHARE,
        formula="Patients whose case was reviewed with a recommendation in the 60 days that end on the month's last "
        "day, both days included, of all in collaborative care for 70 days or more with an elevated baseline who did "
        "not improve.",
        exclusions=("Enrolled for fewer than 70 days", "No baseline, or one that is not elevated", "Improved"),
        source="New York State OMH collaborative care metrics 2025, for patients of all payers",
        target=Decimal(80),
        better="up",
        judge=judge_consultation,
    ),
    _of_advice(
        key="decision_days",
        title="Days to a decision",
        kind=Kind.MEDIAN,
        formula="The middle number of days from a recommendation to the treating clinician's decision, of "
        "recommendations whose 14th day lies in the month.",
        exclusions=("Recommendations that nobody decided yet",),
        unit="days",
        better="down",
        judge=judge_decision,
    ),
    _of_advice(
        key="closed_14",
        title="Recommendations closed in 14 days",
        kind=Kind.SHARE,
        formula="Recommendations whose loop was closed within 14 days (decided, carried out and the patient told), "
        "of all whose 14th day lies in the month.",
        better="up",
        judge=judge_closed,
    ),
    _of_advice(
        key="declined",
        title="Recommendations declined",
        kind=Kind.SHARE,
        formula="Recommendations that the treating clinician declined, of all decided ones whose 14th day lies in "
        "the month.",
        exclusions=("Recommendations that nobody decided yet",),
        judge=judge_declined,
    ),
)
