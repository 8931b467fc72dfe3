"""How numbers, what stands behind them, and targets are said on a page."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import measure
from outcomes.rules.numbers import Number

# Why nobody is counted, where there is one reason.
_NOBODY: Final = {
    "billed_share": "no clinic has closed this month",
    "expected_mean": "no clinic has closed this month",
    "paid_mean": "no payer has answered",
}
NOUNS: Final = {"episode": "patient", "referral": "referral", "advice": "recommendation"}


def counted(count: int, noun: str) -> str:
    """`1 patient`, `1,200 patients`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def counts_text(number: Number) -> str:
    """What a figure rests on: `7 of 8`, `from 12 referrals`. Empty for a count, which is its own; none is said."""
    one = measure(number.measure_key)
    noun = NOUNS[one.subject]
    if not number.subjects:
        return "" if one.kind is Kind.COUNT else _NOBODY.get(one.key, "nobody to count")
    match one.kind:
        case Kind.SHARE:
            return f"{number.numerator:,} of {number.denominator:,}"
        case Kind.RATE:
            return f"{number.numerator:,} among {counted(number.subjects, noun)}"
        case Kind.COUNT:
            return ""
        case Kind.PER_POST:
            return counted(number.subjects, noun) + (f"; {number.why}" if number.why else "")
        case _:
            return f"from {counted(number.subjects, noun)}"


def of_all_programs(one: Measure, program: str) -> str:
    """What is said of a number that choosing a program leaves as it is: a referral is to none before enrolment."""
    return "of all programs" if program and one.subject == "referral" else ""


def short_figure(number: Number) -> str:
    """The figure without the name of its unit: `87.5 %`, `$12.50`, `18.7`, `n/a`."""
    is_share = measure(number.measure_key).kind is Kind.SHARE
    return number.figure if is_share else number.figure.partition(" ")[0]


def target_text(one: Measure, target: Decimal | None) -> str:
    """A target in the measure's unit: `80 %`, `at most 7 days`. Empty without one."""
    if target is None:
        return ""
    plain = target.to_integral_value() if target == target.to_integral_value() else target.normalize()
    said = f"{plain:f} %" if one.kind is Kind.SHARE else Number(one.key, None, None, plain).figure
    return f"at most {said}" if one.better == "down" else said


def met_text(one: Measure, *, is_met: bool, is_over: bool) -> str:
    """Where a number stands to its target: `On target`, `Below target`. In a month that still runs it may come."""
    if is_met:
        return "On target"
    if not is_over:
        return "Not yet on target"
    return "Above target" if one.better == "down" else "Below target"
