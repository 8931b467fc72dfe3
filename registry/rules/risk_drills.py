"""Rehearsing the protocol on people who do not exist: what is told, and which tier their answers give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry.rules.risk import HIGH, LOW, MODERATE


@dataclass(frozen=True, slots=True)
class Scenario:
    """A made-up patient and what is known of them. `tier` is what the screener's answers give."""

    key: str
    label: str
    patient: str
    told: str
    tier: str


SCENARIOS: Final[Mapping[str, Scenario]] = {
    one.key: one
    for one in (
        Scenario(
            "self_report",
            "A questionnaire answered at night",
            "Drill, Dana (does not exist)",
            "At 10:40 pm Dana answers item 9 of a PHQ-9 with 2. On the phone Dana wishes not to wake up, and has "
            "thought of killing herself and of how: questions 1, 2 and 3 of the screener are yes, 4, 5 and 6 no. "
            "She is at home with her sister.",
            MODERATE,
        ),
        Scenario(
            "call",
            "A call in the afternoon",
            "Drill, Omar (does not exist)",
            "At 3 pm Omar calls. He has pills in his hand, has decided on tonight, and is alone. Questions 1 to 5 of "
            "the screener are yes. He does not want to say where he is.",
            HIGH,
        ),
        Scenario(
            "visit",
            "A visit in the clinic",
            "Drill, Lena (does not exist)",
            "In a routine visit Lena answers item 9 with 1. She sometimes wishes to sleep and not wake up, has no "
            "thoughts of killing herself, and never tried: only question 1 of the screener is yes.",
            LOW,
        ),
    )
}
