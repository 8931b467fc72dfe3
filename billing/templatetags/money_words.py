"""How sums of money are said on the money pages."""

from __future__ import annotations

from decimal import Decimal

from django import template

from billing.queries.money import Money
from billing.rules.money import DaysToPay, MoneySum
from billing.templatetags.billing_words import UNKNOWN_AMOUNT, counted, dollars

register = template.Library()


@register.filter
def expected_sum(row: MoneySum) -> str:
    """`$443.56`; `$443.56, estimate`; `$443.56, estimate, and 2 unknown amounts`; `2 unknown amounts`."""
    unknown = counted(row.unknown, "unknown amount") if row.unknown else ""
    if unknown and not row.expected:
        return unknown
    estimate = ", estimate" if row.is_estimate else ""
    more = f"{',' if estimate else ''} and {unknown}" if unknown else ""
    return f"{dollars(row.expected)}{estimate}{more}"


@register.filter
def known_sum(row: MoneySum) -> str:
    """The sum of what is known; that nothing is."""
    return UNKNOWN_AMOUNT if row.unknown and not row.expected else dollars(row.expected)


@register.filter
def unknown_beside(row: MoneySum) -> str:
    """What stands below the sum: that it is an estimate, and how much of it is not known."""
    parts = ["estimate"] if row.is_estimate else []
    return ", ".join([*parts, *([counted(row.unknown, "unknown amount")] if row.unknown else [])])


@register.filter
def answered_words(row: MoneySum) -> str:
    """`12 of 20 claims answered`."""
    return f"{row.answered} of {counted(row.claims, 'claim')} answered"


@register.filter
def denied_words(found: Money) -> str:
    """`3 of 40 answered`."""
    return f"{found.lines_denied} of {found.lines_answered} answered"


@register.filter
def days_words(days: DaysToPay) -> str:
    """`the middle of 12 claims, at most 31`."""
    return f"the middle of {counted(days.of, 'claim')}, at most {days.longest}"


@register.filter
def difference_words(amount: Decimal | None) -> str:
    """`−$12.40`, `+$3.00`, `$0.00`; `n/a` where nothing can be compared."""
    if amount is None:
        return "n/a"
    sign = "\u2212" if amount < 0 else "+" if amount > 0 else ""
    return f"{sign}{dollars(abs(amount))}"
