"""How the sums of a look-back are said."""

from __future__ import annotations

from decimal import Decimal

from django import template

from billing.queries.claims import Expected
from billing.queries.look_back_said import SAID
from billing.rules.look_back import Finding

register = template.Library()

# In one piece, however narrow the column.
NOT_KNOWN = "not\N{NO-BREAK SPACE}known"


@register.filter
def money(amount: Decimal | None) -> str:
    """`$144.96`, `−$20.00`; an unknown amount stays unknown."""
    if amount is None:
        return NOT_KNOWN
    return f"{'−' if amount < 0 else ''}${abs(amount):,.2f}"


@register.filter
def sums(expected: Expected) -> str:
    """`$443.56`; `$443.56 and 2 not known`; `not known` where nothing is."""
    if expected.unknown == 0:
        return money(expected.known)
    return f"{money(expected.known)} and {expected.unknown} {NOT_KNOWN}" if expected.known else NOT_KNOWN


@register.filter
def difference(amount: Decimal | None) -> str:
    """`+$61.46`, `−$15.36`, `$0.00`, `not known`."""
    return f"+{money(amount)}" if amount is not None and amount > 0 else money(amount)


@register.filter
def finding_name(finding: Finding) -> str:
    return SAID[finding].name


@register.filter
def has_difference(finding: Finding) -> bool:
    """Whether the worth of one side less the other's says anything."""
    return SAID[finding].differs
