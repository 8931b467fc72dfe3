"""The scores with which people were referred: of no episode, and not long before the referral."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from registry.models import Assessment, Referral
from registry.rules.instruments import INSTRUMENTS
from registry.rules.referrals import SCORE_DAYS, ScoreSeen

# By these the waiting list is sorted; others are in the chart.
AT_REFERRAL = ("phq9", "gad7")


@dataclass(frozen=True)
class ScoreShown:
    """A score at referral: which scale, its total, the answer about self-harm."""

    name: str
    on: date
    seen: ScoreSeen

    @property
    def words(self) -> str:
        """`PHQ-9 18`, with `, item 9: 1` where that is above 0."""
        total = "without total" if self.seen.total is None else str(self.seen.total)
        return f"{self.name} {total}" + (f", item 9: {self.seen.item9}" if self.seen.item9 else "")


def scores_at_referral(referrals: Sequence[Referral]) -> dict[UUID, tuple[ScoreShown, ...]]:
    """The last score of each scale from ninety days before each referral on, until it ended. One statement."""
    patients = {referral.patient_id for referral in referrals}
    found: dict[UUID, list[Assessment]] = {}
    assessments = Assessment.objects.live().filter(
        patient_id__in=patients, episode__isnull=True, instrument__in=AT_REFERRAL
    )
    for assessment in assessments.order_by("on", "id"):
        found.setdefault(assessment.patient_id, []).append(assessment)
    return {referral.id: shown_for(referral, found.get(referral.patient_id, ())) for referral in referrals}


def shown_for(referral: Referral, assessments: Iterable[Assessment]) -> tuple[ScoreShown, ...]:
    """The last of each scale that belongs to this referral. `assessments` of no episode, in order of their days."""
    since = referral.referred_on - timedelta(days=SCORE_DAYS)
    until = referral.ended_on or date.max
    last = {row.instrument: row for row in assessments if since <= row.on <= until}
    return tuple(
        ScoreShown(INSTRUMENTS[key].name, last[key].on, ScoreSeen(key, last[key].total, last[key].item9))
        for key in AT_REFERRAL
        if key in last
    )
