"""How counts, shares and amounts stand in tables of outcomes."""

from __future__ import annotations

from decimal import Decimal

from django import template

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
