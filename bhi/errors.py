"""Faults that a person can do something about. Each says what happened, why, and what to do next."""

from datetime import date


class DomainError(Exception):
    """Base of every anticipated refusal; `str()` is a sentence for the screen and holds no patient data."""


class MonthClosed(DomainError):
    """A write into a month that is closed; raised from the trigger's SQLSTATE BHI01. `month` is as `2026-10`."""

    def __init__(self, month: str) -> None:
        title = f"{date.fromisoformat(month + '-01'):%B %Y}"
        super().__init__(
            f"{title} is closed for billing, so its minutes and papers stay as they are. Say why this comes late, and "
            "it is kept as a correction; or ask billing to open the month again."
        )
        self.month = month


class NotFound(DomainError):
    """Absent, or another organization's: the same answer for both."""
