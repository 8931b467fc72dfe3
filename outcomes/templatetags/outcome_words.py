"""How measures' numbers are said in templates."""

from __future__ import annotations

from datetime import date

from django import template

from outcomes.rules.measure import Measure
from outcomes.rules.numbers import NOT_AVAILABLE, Number
from outcomes.rules.words import counts_text, met_text, of_all_programs, short_figure

register = template.Library()


@register.filter
def figure(number: Number | None) -> str:
    """`87.5 %`; of a month without one, `n/a`."""
    return number.figure if number else NOT_AVAILABLE


@register.filter
def short(number: Number | None) -> str:
    """The figure without the name of its unit, where that stands beside it: `87.5 %`, `$12.50`, `18.7`, `n/a`."""
    return short_figure(number) if number else NOT_AVAILABLE


@register.filter
def counts(number: Number | None) -> str:
    """`7 of 8`; of a month that was not measured, that."""
    return counts_text(number) if number else "not measured"


@register.filter
def all_programs(one: Measure, program: str) -> str:
    """`of all programs`, where choosing one leaves a measure as it is."""
    return of_all_programs(one, program)


@register.filter
def month_name(month: date | None) -> str:
    """`October 2026`."""
    return f"{month:%B %Y}" if month else ""


@register.simple_tag
def met_words(one: Measure, is_met: bool, is_over: bool) -> str:
    """`Below target`."""
    return met_text(one, is_met=is_met, is_over=is_over)
