"""How charges and what they are expected to bring are said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.queries.month_page import words_of
from billing.rules.expected import ExpectedAmount
from billing.templatetags.billing_words import whole_codes

register = template.Library()

UNKNOWN = SafeString('<span class="muted">Not known</span>')


@register.filter
def known_dollars(amount: Decimal | None) -> str:
    """`$170.00`; what is not known says so."""
    return UNKNOWN if amount is None else f"${amount:,.2f}"


@register.filter
def expected_dollars(expected: ExpectedAmount) -> str:
    """`$158.44`, with the word estimate beside a national amount, and the patient's part where a rule says it."""
    if expected.expected is None:
        return UNKNOWN
    words = ["estimate"] if expected.is_estimate else []
    if expected.patient is not None:
        words.append(f"${expected.patient:,.2f} of it from the patient")
    said = format_html(' <span class="muted small">{}</span>', ", ".join(words)) if words else ""
    return format_html("{}{}", f"${expected.expected:,.2f}", said)


@register.filter
def brings(expected: ExpectedAmount) -> str:
    """`$158.44`; `$158.44 estimate`; that it is not known."""
    if expected.expected is None:
        return UNKNOWN
    said = format_html(' <span class="muted small">{}</span>', "estimate") if expected.is_estimate else ""
    return format_html("{}{}", f"${expected.expected:,.2f}", said)


@register.filter
def charge_lines(row: Any) -> str:
    """`99492 + 99494 × 2` of a charge."""
    return whole_codes(words_of((line.code, line.units) for line in row.claim.lines))
