"""How counts, shares and amounts stand in tables of outcomes."""

from __future__ import annotations

from decimal import Decimal

from django import template

from outcomes.rules.invoice import HoursLine, HoursSum
from outcomes.rules.invoice import time_words as words_of_time

register = template.Library()

UNKNOWN = "not known"


@register.filter
def thousands(count: int | Decimal | None) -> str:
    """`6,060`; `not known` without one."""
    return UNKNOWN if count is None else f"{count:,}"


@register.filter
def percent(share: int | Decimal | None) -> str:
    """`45 %`; `n/a` of nobody."""
    return "n/a" if share is None else f"{share} %"


@register.filter
def average(value: Decimal | None) -> str:
    """`15.5`; `n/a` of nobody."""
    return "n/a" if value is None else f"{value:,}"


@register.filter
def time_words(minutes: int) -> str:
    """`12 h 5 min`."""
    return words_of_time(minutes)


@register.filter
def rate_words(line: HoursLine) -> str:
    """`$210.00`; `not known` where no rate was in force; nothing where no time is on record."""
    return _dollars(line.hourly) if line.minutes else ""


@register.filter
def amount_words(line: HoursLine) -> str:
    """`$735.00`; `not known` without a rate; nothing where no time is on record."""
    return _dollars(line.amount) if line.minutes else ""


@register.filter
def sum_words(found: HoursSum) -> str:
    """`$735.00`, `$735.00 and an amount not known`, `not known`; nothing where no time is on record."""
    if not found.minutes:
        return ""
    if not found.unknown:
        return _dollars(found.amount)
    return f"{_dollars(found.amount)} and an amount not known" if found.unknown < found.minutes else UNKNOWN


def _dollars(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else f"${amount:,.2f}"
