"""Faults that a person can do something about. Each says what happened, why, and what to do next."""


class DomainError(Exception):
    """Base of every anticipated refusal; `str()` is a sentence for the screen and holds no patient data."""


class MonthClosed(DomainError):
    """A write into a month that is closed; raised from the trigger's SQLSTATE BHI01."""


class NotFound(DomainError):
    """Absent, or another organization's: the same answer for both."""
