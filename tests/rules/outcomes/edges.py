"""Rows near the days and scores on which measures turn, each with what a measure says of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from outcomes.rules.facts import AdviceFacts, EpisodeFacts, Facts, ReferralFacts

MARCH, LAST = date(2026, 3, 1), date(2026, 3, 31)
OUT, LEFT_OUT, MET, NOT_MET = "not asked", "left out", "met", "not met"


def ago(days: int) -> date:
    """Before the month's last day."""
    return LAST - timedelta(days)


def episode(**columns: Any) -> EpisodeFacts:
    """Enrolled long ago in collaborative care, open, with an elevated PHQ-9 of 16, and the patient's only one."""
    course = {"baseline": 16, "is_elevated": True, "improved_at": 9, "response_at": 8, "remission_below": 5}
    own = {"month": MARCH, "enrolled_on": ago(150), **course, **columns}
    is_there = own.get("is_in_month", True)
    care = {"cocm_from": own["enrolled_on"], "cocm_until": own.get("ended_on"), "is_last_cocm": is_there}
    if own.get("program") == "bhi":
        care = {}
    return EpisodeFacts(**{"is_last_in_month": is_there, **care, **own})


def referral(**columns: Any) -> ReferralFacts:
    return ReferralFacts(**{"month": MARCH, "referred_on": date(2026, 1, 10), **columns})


def advice(**columns: Any) -> AdviceFacts:
    return AdviceFacts(**{"month": MARCH, "proposed_on": date(2026, 3, 2), **columns})


WAS_THERE = {"enrolled_on": date(2025, 12, 5), "ended_on": date(2026, 2, 20), "is_in_month": False}

SHARES: list[tuple[str, Facts, str]] = [
    # Enrolled this month: at least one day of it.
    ("enrolled", episode(ended_on=MARCH), MET),
    ("enrolled", episode(is_in_month=False), OUT),
    ("newly_enrolled", episode(enrolled_on=MARCH), MET),
    ("newly_enrolled", episode(enrolled_on=LAST), MET),
    ("newly_enrolled", episode(enrolled_on=MARCH - timedelta(1)), OUT),
    # Of a patient who came back within the month, one row is the patient; each enrolment is new.
    *[
        (key, episode(contacts=1, scales=1, latest=3, last_in_month=3, is_last_in_month=False), OUT)
        for key in ("enrolled", "contact_rate", "score_rate", "contact_and_score", "improvement", "remission")
    ],
    ("caseload_per_fte", episode(is_last_in_month=False), OUT),
    ("newly_enrolled", episode(enrolled_on=MARCH, is_last_in_month=False), MET),
    # Of collaborative care its own days count, whatever program came before or after.
    ("nys_1", episode(program="bhi", cocm_from=ago(60), cocm_until=MARCH, is_last_cocm=True), MET),
    ("nys_1", episode(program="bhi", cocm_from=ago(60), cocm_until=MARCH - timedelta(1)), OUT),
    ("nys_1", episode(is_last_cocm=False), OUT),
    ("nys_2", episode(), LEFT_OUT),
    ("nys_2", episode(is_medicaid=True, is_last_cocm=False), OUT),
    *[
        ("nys_3", episode(is_medicaid=True, cocm_from=on), ends)
        for on, ends in [(MARCH - timedelta(1), OUT), (MARCH, MET), (LAST, MET)]
    ],
    ("nys_5", episode(is_medicaid=True, contacts=1, scales=1, is_last_in_month=False), MET),
    ("nys_6", episode(is_medicaid=True, cocm_from=ago(69), latest=3), LEFT_OUT),
    ("nys_6", episode(is_medicaid=True, cocm_from=ago(70), latest=3), MET),
    ("nys_6", episode(is_medicaid=True, cocm_from=ago(98), cocm_until=ago(29), latest=3), LEFT_OUT),
    ("nys_6", episode(is_medicaid=True, cocm_from=ago(98), cocm_until=ago(28), latest=3), MET),
    ("nys_7", episode(is_medicaid=True, last_in_month=4), MET),
    ("nys_8", episode(is_medicaid=True, cocm_from=ago(69), latest=12, last_review_on=LAST), LEFT_OUT),
    ("nys_8", episode(is_medicaid=True, cocm_from=ago(70), latest=12, last_review_on=LAST), MET),
    # Contact and score.
    ("contact_rate", episode(contacts=1), MET),
    ("contact_rate", episode(attempts=4), NOT_MET),
    ("score_rate", episode(scales=1), MET),
    ("score_rate", episode(contacts=1), NOT_MET),
    ("contact_and_score", episode(contacts=1, scales=1), MET),
    ("contact_and_score", episode(contacts=1), NOT_MET),
    ("contact_and_score", episode(scales=1), NOT_MET),
    ("contact_and_score", episode(contacts=1, scales=1, is_in_month=False), OUT),
    # Seventy days, an elevated baseline, half of it or under 10.
    ("improvement", episode(enrolled_on=ago(69), latest=3), LEFT_OUT),
    ("improvement", episode(enrolled_on=ago(70), latest=3), MET),
    ("improvement", episode(enrolled_on=ago(100), ended_on=ago(31) + timedelta(1), latest=3), MET),
    ("improvement", episode(enrolled_on=ago(100), ended_on=ago(31), latest=3, is_in_month=False), OUT),
    ("improvement", episode(enrolled_on=date(2026, 1, 1), ended_on=date(2026, 3, 12), latest=3), MET),
    ("improvement", episode(enrolled_on=date(2026, 1, 1), ended_on=date(2026, 3, 11), latest=3), LEFT_OUT),
    ("improvement", episode(latest=9), MET),
    ("improvement", episode(latest=10), NOT_MET),
    ("improvement", episode(baseline=24, improved_at=12, latest=12), MET),
    ("improvement", episode(baseline=24, improved_at=12, latest=13), NOT_MET),
    ("improvement", episode(), NOT_MET),
    ("improvement", episode(improved_at=None, latest=1), NOT_MET),
    ("improvement", episode(baseline=9, is_elevated=False, latest=1), LEFT_OUT),
    ("improvement", episode(baseline=None, is_elevated=False), LEFT_OUT),
    # Remission: a score of the month, under 5, after an elevated baseline; who has none is not in remission.
    ("remission", episode(last_in_month=4), MET),
    ("remission", episode(last_in_month=5), NOT_MET),
    ("remission", episode(latest=2), NOT_MET),
    ("remission", episode(baseline=9, is_elevated=False, last_in_month=1), NOT_MET),
    ("remission", episode(enrolled_on=LAST, last_in_month=16), NOT_MET),
    # Day 112 in the month; the last score of days 70 to 112.
    ("response_16", episode(enrolled_on=ago(112), at_16_weeks=8), MET),
    ("response_16", episode(enrolled_on=ago(112), at_16_weeks=9), NOT_MET),
    ("response_16", episode(enrolled_on=ago(112)), NOT_MET),
    ("response_16", episode(enrolled_on=ago(111), at_16_weeks=8), OUT),
    ("response_16", episode(enrolled_on=MARCH - timedelta(112), at_16_weeks=8), MET),
    ("response_16", episode(enrolled_on=MARCH - timedelta(113), at_16_weeks=8), OUT),
    ("response_16", episode(**WAS_THERE, at_16_weeks=8), MET),
    ("response_16", episode(enrolled_on=ago(112), response_at=None, at_16_weeks=0), NOT_MET),
    ("response_16", episode(enrolled_on=ago(112), is_elevated=False, at_16_weeks=1), LEFT_OUT),
    ("remission_16", episode(enrolled_on=ago(112), at_16_weeks=4), MET),
    ("remission_16", episode(enrolled_on=ago(112), at_16_weeks=5), NOT_MET),
    ("remission_16", episode(enrolled_on=ago(111), at_16_weeks=4), OUT),
    ("remission_16", episode(enrolled_on=ago(112), baseline=None, is_elevated=False), LEFT_OUT),
    # At discharge.
    ("response_discharge", episode(ended_on=LAST, latest=8), MET),
    ("response_discharge", episode(ended_on=MARCH, latest=9), NOT_MET),
    ("response_discharge", episode(ended_on=MARCH), NOT_MET),
    ("response_discharge", episode(latest=8), OUT),
    ("response_discharge", episode(**WAS_THERE, latest=8), OUT),
    ("response_discharge", episode(ended_on=LAST, is_elevated=False, latest=1), LEFT_OUT),
    ("remission_discharge", episode(ended_on=LAST, latest=4), MET),
    ("remission_discharge", episode(ended_on=LAST, latest=5), NOT_MET),
    ("remission_discharge", episode(ended_on=None, latest=4), OUT),
    # Scored in the 35 days that end with the month, from day 28 on.
    ("completeness", episode(last_scored_on=ago(34)), MET),
    ("completeness", episode(last_scored_on=ago(35)), NOT_MET),
    ("completeness", episode(), NOT_MET),
    ("completeness", episode(enrolled_on=ago(28), last_scored_on=LAST), MET),
    ("completeness", episode(enrolled_on=ago(27), last_scored_on=LAST), LEFT_OUT),
    ("completeness", episode(ended_on=LAST, last_scored_on=LAST), OUT),
    # Retention: day 90 in the month.
    ("retention_90", episode(enrolled_on=ago(90), contact_from_day_60_on=LAST), MET),
    ("retention_90", episode(enrolled_on=ago(90)), NOT_MET),
    ("retention_90", episode(enrolled_on=ago(89), contact_from_day_60_on=LAST), OUT),
    ("retention_90", episode(enrolled_on=MARCH - timedelta(90), contact_from_day_60_on=MARCH), MET),
    ("retention_90", episode(enrolled_on=MARCH - timedelta(91), contact_from_day_60_on=MARCH), OUT),
    *[
        (
            "retention_90",
            episode(enrolled_on=ago(95), ended_on=ago(days), end_reason=why, contact_from_day_60_on=seen),
            ends,
        )
        for days, why, seen, ends in [
            (5, "withdrew", ago(20), NOT_MET),
            (4, "withdrew", ago(20), MET),
            (5, "lost_to_follow_up", ago(20), NOT_MET),
            (5, "administrative_inactivity", ago(20), NOT_MET),
            (5, "graduated", None, MET),
            (4, "graduated", None, NOT_MET),
            (5, "transferred", ago(20), MET),
            (5, "died", None, NOT_MET),
        ]
    ],
    # Two contacts by day 28, whose day 28 lies in the month.
    ("early_contacts", episode(enrolled_on=ago(28), contacts_in_28_days=2), MET),
    ("early_contacts", episode(enrolled_on=ago(28), contacts_in_28_days=1), NOT_MET),
    ("early_contacts", episode(enrolled_on=ago(27), contacts_in_28_days=2), OUT),
    ("early_contacts", episode(enrolled_on=MARCH - timedelta(28), contacts_in_28_days=2), MET),
    ("early_contacts", episode(enrolled_on=MARCH - timedelta(29), contacts_in_28_days=2), OUT),
    # Reviewed by day 30.
    ("reviewed_30", episode(enrolled_on=ago(30), first_review_on=LAST), MET),
    ("reviewed_30", episode(enrolled_on=ago(31), first_review_on=LAST), NOT_MET),
    ("reviewed_30", episode(enrolled_on=ago(31)), NOT_MET),
    ("reviewed_30", episode(enrolled_on=ago(29), first_review_on=LAST), OUT),
    ("reviewed_30", episode(enrolled_on=ago(31), ended_on=ago(2)), LEFT_OUT),
    ("reviewed_30", episode(enrolled_on=ago(31), ended_on=ago(1)), NOT_MET),
    ("reviewed_30", episode(enrolled_on=ago(30), first_review_on=LAST, program="bhi"), OUT),
    ("reviewed_30", episode(cocm_from=ago(30), first_review_on=LAST), MET),
    ("reviewed_30", episode(cocm_from=ago(29), first_review_on=LAST), OUT),
    ("reviewed_30", episode(cocm_from=ago(31), cocm_until=ago(2)), LEFT_OUT),
    ("reviewed_30", episode(cocm_from=ago(31), cocm_until=ago(1)), NOT_MET),
    # Not improved, and reviewed in the 60 days that end with the month, both included.
    ("consultation", episode(latest=12, last_review_on=ago(59)), MET),
    ("consultation", episode(latest=12, last_review_on=ago(60)), NOT_MET),
    ("consultation", episode(latest=12, last_review_on=LAST), MET),
    ("consultation", episode(), NOT_MET),
    ("consultation", episode(latest=9, last_review_on=LAST), LEFT_OUT),
    ("consultation", episode(enrolled_on=ago(69), last_review_on=LAST), LEFT_OUT),
    ("consultation", episode(cocm_from=ago(69), last_review_on=LAST), LEFT_OUT),
    ("consultation", episode(cocm_from=ago(70), last_review_on=LAST), MET),
    ("consultation", episode(is_last_cocm=False), OUT),
    ("consultation", episode(is_elevated=False), LEFT_OUT),
    ("consultation", episode(program="bhi"), OUT),
    ("consultation", episode(is_in_month=False, ended_on=MARCH - timedelta(1)), OUT),
    # Safety, records, answers.
    ("safety_same_day", episode(positives=2, positives_same_day=2), MET),
    ("safety_same_day", episode(positives=2, positives_same_day=1), NOT_MET),
    ("safety_same_day", episode(), OUT),
    ("caseload_per_fte", episode(), MET),
    ("caseload_per_fte", episode(is_in_month=False), OUT),
    ("registry_complete", episode(), MET),
    ("registry_complete", episode(lacks=("consent",)), NOT_MET),
    ("registry_complete", episode(ended_on=LAST), OUT),
    ("said_share", episode(said_recommend=5), MET),
    ("said_share", episode(), NOT_MET),
    ("said_share", episode(is_in_month=False, said_recommend=5), OUT),
    # Money: closed months only.
    ("billed_share", episode(is_billed=True), MET),
    ("billed_share", episode(is_billed=False), NOT_MET),
    ("billed_share", episode(), LEFT_OUT),
    ("billed_share", episode(is_billed=True, is_in_month=False), OUT),
    # Referrals: sixty days.
    ("referred_enrolled", referral(enrolled_on=date(2026, 3, 11)), MET),
    ("referred_enrolled", referral(enrolled_on=date(2026, 3, 12)), NOT_MET),
    ("referred_enrolled", referral(enrolled_on=date(2026, 1, 10)), MET),
    ("referred_enrolled", referral(), NOT_MET),
    *[("referred_enrolled", referral(excluded=why), LEFT_OUT) for why in ("duplicate", "ineligible", "died")],
    ("reached_share", referral(reached_on=date(2026, 3, 11)), MET),
    ("reached_share", referral(reached_on=date(2026, 3, 12)), NOT_MET),
    ("reached_share", referral(excluded="died"), LEFT_OUT),
    # Advice: fourteen days.
    ("closed_14", advice(closed_on=date(2026, 3, 16)), MET),
    ("closed_14", advice(closed_on=date(2026, 3, 17)), NOT_MET),
    ("closed_14", advice(decided_on=date(2026, 3, 3), decision="accepted"), NOT_MET),
    ("declined", advice(decided_on=date(2026, 3, 3), decision="declined"), MET),
    ("declined", advice(decided_on=date(2026, 3, 3), decision="modified"), NOT_MET),
    ("declined", advice(), LEFT_OUT),
]

VALUES: list[tuple[str, Facts, tuple[Any, int] | str]] = [
    ("treatment_weeks", episode(enrolled_on=ago(91), ended_on=ago(7)), (84, 1)),
    ("treatment_weeks", episode(), OUT),
    ("treatment_weeks", episode(**WAS_THERE), OUT),
    ("nys_4", episode(is_medicaid=True, cocm_from=ago(91), cocm_until=ago(7)), (84, 1)),
    ("nys_4", episode(is_medicaid=True, cocm_from=ago(91), cocm_until=MARCH), (61, 1)),
    ("nys_4", episode(is_medicaid=True, cocm_from=ago(91), cocm_until=MARCH - timedelta(1)), OUT),
    ("nys_4", episode(is_medicaid=True), OUT),
    ("attempt_days", referral(first_attempt_on=date(2026, 1, 12)), (2, 1)),
    ("attempt_days", referral(first_attempt_on=date(2026, 1, 9)), (0, 1)),
    ("attempt_days", referral(), LEFT_OUT),
    ("attempt_days", referral(first_attempt_on=date(2026, 1, 12), excluded="duplicate"), LEFT_OUT),
    ("reached_days", referral(reached_on=date(2026, 1, 20)), (10, 1)),
    ("reached_days", referral(first_attempt_on=date(2026, 1, 20)), LEFT_OUT),
    ("enrolled_days", referral(enrolled_on=date(2026, 2, 10)), (31, 1)),
    ("enrolled_days", referral(), LEFT_OUT),
    ("first_review_days", episode(enrolled_on=ago(20), first_review_on=ago(3)), (17, 1)),
    ("first_review_days", episode(first_review_on=MARCH), (120, 1)),
    ("first_review_days", episode(cocm_from=ago(10), first_review_on=ago(3)), (7, 1)),
    ("first_review_days", episode(first_review_on=MARCH - timedelta(1)), OUT),
    ("first_review_days", episode(first_review_on=MARCH, program="bhi"), OUT),
    ("first_review_days", episode(), OUT),
    ("decision_days", advice(decided_on=date(2026, 3, 5), decision="accepted"), (3, 1)),
    ("decision_days", advice(), LEFT_OUT),
    ("minutes_per_contact", episode(seconds=3600, contacts=2), (3600, 2)),
    ("minutes_per_contact", episode(seconds=600), (600, 0)),
    ("minutes_per_contact", episode(contacts=1), (0, 1)),
    ("minutes_per_contact", episode(), OUT),
    ("said_reached", episode(said_reached=1), (1, 1)),
    ("said_heard", episode(said_heard=5), (5, 1)),
    ("said_recommend", episode(said_recommend=3, is_in_month=False), (3, 1)),
    ("said_recommend", episode(), OUT),
    ("expected_mean", episode(is_billed=True, expected=Decimal("140.10")), (Decimal("140.10"), 1)),
    ("expected_mean", episode(is_billed=True), LEFT_OUT),
    ("expected_mean", episode(is_billed=False), (0, 1)),
    ("expected_mean", episode(), LEFT_OUT),
    ("paid_mean", episode(is_billed=True, expected=Decimal(1)), LEFT_OUT),
    ("paid_mean", episode(is_billed=True, paid=Decimal(0)), (0, 1)),
    *[
        (key, episode(enrolled_on=on, ed_before=3, ed_after=1, stays_before=2, stays_after=0), answer)
        for key, value in [("ed_before", 3), ("ed_after", 1), ("stays_before", 2), ("stays_after", 0)]
        for on, answer in [
            (ago(182), (value, 1)),
            (ago(181), OUT),
            (MARCH - timedelta(182), (value, 1)),
            (ago(213), OUT),
        ]
    ],
    # Half a year is known of who was there for it.
    *[
        ("ed_after", episode(enrolled_on=ago(190), ended_on=ago(190 - days), ed_before=3, ed_after=1), answer)
        for days, answer in [(19, LEFT_OUT), (181, LEFT_OUT), (182, (1, 1))]
    ],
    ("ed_after", episode(enrolled_on=ago(182), ed_after=1), LEFT_OUT),
    ("stays_before", episode(enrolled_on=ago(182), stays_before=1), LEFT_OUT),
]
