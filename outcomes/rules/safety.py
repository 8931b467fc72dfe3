"""Whether safety concerns are assessed on the day on which they come up."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from outcomes.rules.facts import EpisodeFacts
from outcomes.rules.measure import NOT_ASKED, Kind, Measure, Part


def judge_same_day(facts: EpisodeFacts) -> Part:
    """Of the concerns that came up in the month: how many were assessed on their day."""
    if not facts.positives:
        return NOT_ASKED
    return Part(
        counted=True,
        met=facts.positives_same_day == facts.positives,
        why=f"{facts.positives_same_day} of {facts.positives} on the same day",
        of=facts.positives,
        hits=facts.positives_same_day,
    )


SAFETY: Final = (
    Measure(
        key="safety_same_day",
        title="Safety assessed the same day",
        kind=Kind.SHARE,
        subject="episode",
        family="safety",
        formula="Positive answers on thoughts of death (item 9 of PHQ-9) that were assessed on the day on which they "
        "came up, of all of the month. A patient may have several: a further one while a concern is still open counts "
        "too, and asks for an assessment on its own day.",
        exclusions=("Concerns that were raised by hand or by another tool",),
        source="Goal of more than 95 % for suicide-risk consultation, public dashboard specification of a "
        "collaborative care program; the product's own formula, 2025",
        target=Decimal(95),
        better="up",
        judge=judge_same_day,
    ),
)
