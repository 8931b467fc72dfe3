"""What acts about measured months, measures and their reports are called."""

from __future__ import annotations

WORDS_OF_OUTCOMES: dict[str, str] = {
    "outcome_month.frozen": "froze a month's measures",
    "outcome_month.measured": "measured a month",
    "outcome_month.measured_again": "measured a frozen month again",
}
