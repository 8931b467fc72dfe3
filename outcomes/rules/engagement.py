"""From referral to a patient who keeps coming: enrolment, contacts and scores of the month, and who stays.

The formulas are the product's own where no source is named: vendors' claims of conversion and retention give none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Final

from outcomes.rules.facts import DISENGAGED, GRADUATED, EpisodeFacts, ReferralFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part, judged, left_out, valued

SIXTY_DAYS: Final = 60
RETAINED_DAYS: Final = 90
EARLY_DAYS: Final = 28
EARLY_CONTACTS: Final = 2
NEW_YORK_FOR_ALL: Final = "New York State OMH collaborative care metrics 2025, for patients of all payers"
VALID: Final = ("Referrals marked as duplicate", "Not eligible", "Died")
ENROLLED_IS_REACHED: Final = "Who was enrolled was reached by then, also without an attempt on record."
_EXCLUDED_WORDS: Final = {"duplicate": "A duplicate referral", "ineligible": "Not eligible", "died": "Died"}
ONCE: Final = "Who left and came back within the month is one patient, with the later enrolment."
CONTACT_WORDS: Final = (
    "A clinical contact is a session in which treatment was given, in person, by video or by phone; attempts, "
    "no-shows, "
    "messages and scheduling are none."
)


def judge_enrolled(facts: EpisodeFacts) -> Part:
    """Everybody enrolled on at least one day of the month."""
    return _enrolled_then(facts) if facts.is_last_in_month else NOT_ASKED


def judge_newly_enrolled(facts: EpisodeFacts) -> Part:
    """Whose enrolment lies in the month."""
    return _enrolled_then(facts) if facts.has_day(facts.enrolled_on) else NOT_ASKED


def _enrolled_then(facts: EpisodeFacts) -> Part:
    return judged(is_met=True, met=f"Enrolled {_day(facts.enrolled_on)}")


def judge_treatment(facts: EpisodeFacts) -> Part:
    """Days of treatment of those discharged in the month."""
    return valued(facts.days, f"{facts.days} days") if facts.ended_in_month else NOT_ASKED


def judge_contact(facts: EpisodeFacts) -> Part:
    """Whether a clinical contact lies in the month."""
    return _of_the_month(facts, facts.contacts > 0, "" if facts.contacts else "No clinical contact")


def judge_score(facts: EpisodeFacts) -> Part:
    """Whether a scored symptom scale lies in the month."""
    return _of_the_month(facts, facts.scales > 0, "" if facts.scales else "No scored scale")


def judge_contact_and_score(facts: EpisodeFacts) -> Part:
    """Whether both do, on the same day or not."""
    lacks = {
        (False, False): "No clinical contact and no scored scale",
        (False, True): "No clinical contact",
        (True, False): "No scored scale",
    }
    had = (facts.contacts > 0, facts.scales > 0)
    return _of_the_month(facts, all(had), lacks.get(had, ""))


def _of_the_month(facts: EpisodeFacts, is_met: bool, lacks: str) -> Part:
    words = f"{_many(facts.contacts, 'contact')}, {_many(facts.scales, 'scale')}"
    return judged(is_met, words, lacks) if facts.is_last_in_month else NOT_ASKED


def judge_retention(facts: EpisodeFacts) -> Part:
    """Whether somebody enrolled 90 days ago stayed: seen from day 60 on and not gone by day 90, or graduated."""
    if not facts.reaches_day(RETAINED_DAYS):
        return NOT_ASKED
    has_ended = facts.ended_on is not None and facts.ended_on <= facts.day(RETAINED_DAYS)
    if has_ended and facts.end_reason == GRADUATED:
        return judged(is_met=True, met="Graduated")
    if has_ended and facts.end_reason in DISENGAGED:
        return judged(is_met=False, not_met=f"Left {_day(facts.ended_on)}")
    seen = facts.contact_from_day_60_on
    return judged(seen is not None, f"Seen {_day(seen)}", "No clinical contact from day 60 to day 90")


def judge_early_contacts(facts: EpisodeFacts) -> Part:
    """Whether two clinical contacts lie in the first 28 days."""
    if not facts.reaches_day(EARLY_DAYS):
        return NOT_ASKED
    words = f"{_many(facts.contacts_in_28_days, 'contact')} in 28 days"
    return judged(facts.contacts_in_28_days >= EARLY_CONTACTS, words, words)


def _invalid(facts: ReferralFacts) -> Part | None:
    return left_out(_EXCLUDED_WORDS.get(facts.excluded, facts.excluded)) if facts.excluded else None


def _within_60_days(step: Callable[[ReferralFacts], date | None], what: str) -> Callable[[ReferralFacts], Part]:
    def judge(facts: ReferralFacts) -> Part:
        on = step(facts)
        days = None if on is None else (on - facts.referred_on).days
        words = f"Not {what}" if days is None else f"{what.capitalize()} after {_many(max(days, 0), 'day')}"
        return _invalid(facts) or judged(days is not None and days <= SIXTY_DAYS, words, words)

    return judge


def _days_until(step: Callable[[ReferralFacts], date | None], what: str) -> Callable[[ReferralFacts], Part]:
    def judge(facts: ReferralFacts) -> Part:
        on = step(facts)
        if invalid := _invalid(facts):
            return invalid
        if on is None:
            return left_out(f"Not {what}")
        # Whoever was enrolled where they stood may have been written down as referred a day later.
        days = max((on - facts.referred_on).days, 0)
        return valued(days, f"After {_many(days, 'day')}")

    return judge


def _attempt(facts: ReferralFacts) -> date | None:
    return facts.first_attempt_on


def _reached(facts: ReferralFacts) -> date | None:
    return facts.reached_on


def _enrolled(facts: ReferralFacts) -> date | None:
    return facts.enrolled_on


def _day(day: date | None) -> str:
    return f"{day:%b %-d, %Y}" if day else ""


def _many(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


_of_episodes = partial(Measure, subject="episode", family="engagement")
_of_referrals = partial(Measure, subject="referral", family="engagement")
_OF_ALL_IN_MONTH: Final = f"of all enrolled on at least one day of the month. {ONCE}"

ENGAGEMENT: Final = (
    _of_episodes(
        key="enrolled",
        title="Enrolled patients",
        kind=Kind.COUNT,
        formula=f"Patients enrolled on at least one day of the month, of all payers. {ONCE}",
        source=NEW_YORK_FOR_ALL,
        judge=judge_enrolled,
    ),
    _of_episodes(
        key="newly_enrolled",
        title="Newly enrolled",
        kind=Kind.COUNT,
        formula="Patients whose enrolment, the day of the initial assessment, lies in the month.",
        source=NEW_YORK_FOR_ALL,
        judge=judge_newly_enrolled,
    ),
    _of_episodes(
        key="treatment_weeks",
        title="Weeks of treatment",
        kind=Kind.MEAN,
        formula="Days from enrolment to discharge of those discharged in the month: their mean, divided by 7.",
        source=NEW_YORK_FOR_ALL,
        unit="weeks",
        divisor=7,
        judge=judge_treatment,
    ),
    _of_referrals(
        key="referred_enrolled",
        title="Referrals that become enrolments",
        kind=Kind.SHARE,
        formula="Referrals with an enrolment within 60 days, of all valid referrals of the month two before this one.",
        exclusions=VALID,
        better="up",
        judge=_within_60_days(_enrolled, "enrolled"),
    ),
    _of_referrals(
        key="reached_share",
        title="Referrals that are reached",
        kind=Kind.SHARE,
        formula="Referrals whose patient was reached within 60 days, of all valid referrals of the month two before "
        f"this one. {ENROLLED_IS_REACHED}",
        exclusions=VALID,
        better="up",
        judge=_within_60_days(_reached, "reached"),
    ),
    _of_referrals(
        key="attempt_days",
        title="Days from referral to first attempt",
        kind=Kind.MEDIAN,
        formula="The middle number of days from referral to the first attempt to reach the patient, of the valid "
        f"referrals of the month two before this one. {ENROLLED_IS_REACHED}",
        exclusions=(*VALID, "Nobody tried yet"),
        unit="days",
        better="down",
        judge=_days_until(_attempt, "tried"),
    ),
    _of_referrals(
        key="reached_days",
        title="Days from referral to reached",
        kind=Kind.MEDIAN,
        formula="The middle number of days from referral to the first time the patient was reached, of the valid "
        f"referrals of the month two before this one. {ENROLLED_IS_REACHED}",
        exclusions=(*VALID, "Not reached"),
        unit="days",
        better="down",
        judge=_days_until(_reached, "reached"),
    ),
    _of_referrals(
        key="enrolled_days",
        title="Days from referral to enrolment",
        kind=Kind.MEDIAN,
        formula="The middle number of days from referral to enrolment, of the valid referrals of the month two "
        "before this one.",
        exclusions=(*VALID, "Not enrolled"),
        unit="days",
        better="down",
        judge=_days_until(_enrolled, "enrolled"),
    ),
    _of_episodes(
        key="retention_90",
        title="Still in care at 90 days",
        kind=Kind.SHARE,
        formula="Patients with a clinical contact from day 60 to day 90 who had not left by day 90 (lost to "
        "follow-up, inactive or withdrawn), and those who graduated by then, of all whose day 90 lies in the month. "
        "Who died or moved to other care without a contact from day 60 on counts as not retained.",
        better="up",
        judge=judge_retention,
    ),
    _of_episodes(
        key="early_contacts",
        title="Two contacts in the first 28 days",
        kind=Kind.SHARE,
        formula="Patients with two clinical contacts or more by day 28, of all whose day 28 lies in the month. "
        f"{CONTACT_WORDS}",
        better="up",
        judge=judge_early_contacts,
    ),
    _of_episodes(
        key="contact_rate",
        title="Contact in the month",
        kind=Kind.SHARE,
        formula=f"Patients with a clinical contact in the month, {_OF_ALL_IN_MONTH} {CONTACT_WORDS}",
        better="up",
        judge=judge_contact,
    ),
    _of_episodes(
        key="score_rate",
        title="Scored in the month",
        kind=Kind.SHARE,
        formula=f"Patients with a scored symptom scale in the month, {_OF_ALL_IN_MONTH}",
        better="up",
        judge=judge_score,
    ),
    _of_episodes(
        key="contact_and_score",
        title="Contact and score in the month",
        kind=Kind.SHARE,
        formula="Patients with both a clinical contact and a scored symptom scale in the month, on the same day or "
        f"not, {_OF_ALL_IN_MONTH} {CONTACT_WORDS}",
        source=NEW_YORK_FOR_ALL,
        target=Decimal(80),
        better="up",
        judge=judge_contact_and_score,
    ),
)
