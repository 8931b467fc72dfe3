"""How money that comes and goes, and payers' reasons, are said on the pages of answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from django import template

from billing.rules.denials import BEFORE, PATIENT, REASONS, SHARES
from billing.rules.x12.answer_words import named_besides, remark_said

register = template.Library()

# A patient's share of the cost, by the reason that the payer gives: our own words.
_OWED = {"1": "deductible", "2": "coinsurance", "3": "copay"}
_SETTLED_BEFORE = "settled by the payer before this one"


@register.filter
def signed(amount: Decimal | None) -> str:
    """`$144.96`, `−$144.96`, never broken after its sign; an unknown amount stays unknown."""
    if amount is None:
        return "not known"
    return f"−\u2060${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


@register.filter
def less_words(less: tuple[str, str, Decimal]) -> str:
    """`CO-97 the payer sees this as part of another service: $120.00`; of codes that we do not know, only the code."""
    group, reason, amount = less
    words = _SETTLED_BEFORE if reason == BEFORE else _meant(group, reason)
    said = f" {words[:1].lower()}{words[1:]}" if words else ""
    return f"{group}-{reason}{said}: {signed(amount)}"


def _meant(group: str, reason: str) -> str:
    if group == PATIENT and reason in SHARES:
        return _OWED.get(reason, "owed by the patient")
    known = REASONS.get(reason)
    return known.meaning if known else "put on the patient" if group == PATIENT else ""


@register.filter
def whole(units: Decimal | None) -> str:
    """`2`, `1.5`; nothing where it is not said."""
    return "" if units is None else f"{units.normalize():f}".replace("-", "−")


@register.filter
def remark_words(codes: Iterable[str]) -> str:
    """`N20, MA130 cannot be processed as it came`; of codes that we do not know, only the code."""
    return ", ".join(remark_said(code) for code in codes)


@register.filter
def besides(names: Mapping[str, str]) -> tuple[str, ...]:
    """Other plans that an answer names, and the member as its payer knows them."""
    return tuple(f"{said[:1].upper()}{said[1:]}" for said in named_besides(names))
