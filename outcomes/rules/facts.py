"""What measures rest on: an episode, a referral or a recommendation, as it was known at the end of a month.

The columns of the measured tables that measures need. Days are those of the clinic; work is in seconds, money in
dollars. Nothing that happened after the month's last day is in them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from outcomes.rules.months import last_day_of

COCM = "cocm"
GRADUATED = "graduated"
# Ended because the patient stopped coming, not because care was complete, moved elsewhere or could not go on.
DISENGAGED = frozenset({"lost_to_follow_up", "administrative_inactivity", "withdrew"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupedFacts:
    """By what rows are grouped. `month` is its first day."""

    month: date
    patient_id: UUID | None = None
    clinic_id: UUID | None = None
    care_manager_id: UUID | None = None
    payer_id: UUID | None = None
    payer_class: str = "none"
    is_medicaid: bool = False
    program: str = COCM
    language: str = ""
    sex: str = "U"
    age: int = 40

    @property
    def last_day(self) -> date:
        """The month's last."""
        return last_day_of(self.month)

    def has_day(self, day: date | None) -> bool:
        """Whether a day lies in the month."""
        return day is not None and self.month <= day <= self.last_day


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeFacts(GroupedFacts):
    """One enrolment. The columns are explained at outcomes.models.MeasuredEpisode."""

    episode_id: UUID | None = None
    consultant_id: UUID | None = None
    enrolled_on: date
    ended_on: date | None = None
    end_reason: str = ""
    is_in_month: bool = True
    is_last_in_month: bool = True
    cocm_from: date | None = None
    cocm_until: date | None = None
    is_last_cocm: bool = False
    contacts: int = 0
    attempts: int = 0
    scales: int = 0
    first_contact_on: date | None = None
    last_contact_on: date | None = None
    contacts_in_28_days: int = 0
    contact_from_day_60_on: date | None = None
    scale: str = ""
    baseline: int | None = None
    baseline_on: date | None = None
    is_elevated: bool = False
    improved_at: int | None = None
    response_at: int | None = None
    remission_below: int | None = None
    latest: int | None = None
    latest_on: date | None = None
    last_in_month: int | None = None
    at_16_weeks: int | None = None
    last_scored_on: date | None = None
    first_review_on: date | None = None
    last_review_on: date | None = None
    reviews: int = 0
    positives: int = 0
    positives_same_day: int = 0
    seconds: int = 0
    lacks: tuple[str, ...] = ()
    ed_before: int | None = None
    ed_after: int | None = None
    stays_before: int | None = None
    stays_after: int | None = None
    said_reached: int | None = None
    said_heard: int | None = None
    said_recommend: int | None = None
    is_billed: bool | None = None
    expected: Decimal | None = None
    paid: Decimal | None = None

    @property
    def days(self) -> int:
        """Days since enrolment, at the end of treatment or else of the month: January 1 to March 12 is 70."""
        return ((self.ended_on or self.last_day) - self.enrolled_on).days

    @property
    def ended_in_month(self) -> bool:
        """Whether treatment ended in the month."""
        return self.is_in_month and self.ended_on is not None

    def in_cocm(self) -> EpisodeFacts | None:
        """The same of the last stretch of collaborative care alone, from its first day to its last; None without one.

        Who went on in general BHI has left it with its last day.
        """
        if self.cocm_from is None:
            return None
        return replace(
            self,
            enrolled_on=self.cocm_from,
            ended_on=self.cocm_until,
            is_in_month=self.cocm_until is None or self.cocm_until >= self.month,
            is_last_in_month=self.is_last_cocm,
        )

    def reaches_day(self, count: int) -> bool:
        """Whether the day so many days after enrolment lies in the month, whether or not they were still enrolled."""
        return self.has_day(self.day(count))

    def day(self, count: int) -> date:
        """The day so many days after enrolment."""
        return self.enrolled_on + timedelta(count)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralFacts(GroupedFacts):
    """One referral of the month two before. `excluded`: duplicate, ineligible or died; empty if it counts."""

    referral_id: UUID | None = None
    source: str = ""
    referred_on: date
    first_attempt_on: date | None = None
    reached_on: date | None = None
    enrolled_on: date | None = None
    excluded: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceFacts(GroupedFacts):
    """One recommendation whose first fourteen days ended in the month. `decision`: accepted, modified or declined."""

    recommendation_id: UUID | None = None
    episode_id: UUID | None = None
    consultant_id: UUID | None = None
    kind: str = ""
    proposed_on: date
    decided_on: date | None = None
    decision: str = ""
    told_on: date | None = None
    closed_on: date | None = None


Facts = EpisodeFacts | ReferralFacts | AdviceFacts
