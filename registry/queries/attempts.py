"""The attempts to reach a referred patient, as the rules look at them."""

from __future__ import annotations

from uuid import UUID
from zoneinfo import ZoneInfo

from registry.models import ReferralAttempt
from registry.rules.referrals import REACHED, Try


def tries_of(referral_id: UUID, zone: ZoneInfo) -> tuple[Try, ...]:
    """The live attempts of a referral in the order in which they were made, on the clinic's days."""
    rows = ReferralAttempt.objects.live().filter(referral_id=referral_id).order_by("at", "id")
    return tuple(
        Try(at.astimezone(zone).date(), outcome == REACHED, next_try_on)
        for at, outcome, next_try_on in rows.values_list("at", "outcome", "next_try_on")
    )
