"""The measures as Markdown: `docs/measures.md`."""

from collections.abc import Iterator
from typing import Final

from outcomes.rules.measure import Kind, Measure
from outcomes.rules.measures import HEADLINES, MEASURES

HEAD: Final = """# Measures

Written by `manage.py measures docs` from the rules of the measures (`outcomes/rules`); edit those, not this page.

A number is counted from the facts of a month, one row for each enrolment, referral and recommendation, as they were
known on its last day. Days are those of the clinic. An empty denominator is "n/a", not 0. A percent has one decimal, a
half rounded upwards. A median of an even count lies halfway between the two middle values. A definition that changes
becomes a measure of its own with a first month, since the two cannot be compared. Where a target is given it is that of
the source; an organization may set its own from a month on.
"""
FAMILIES: Final = {
    "nys": "New York State’s eight",
    "engagement": "Engagement",
    "change": "Change",
    "review": "Psychiatric review and advice",
    "safety": "Safety",
    "work": "Work",
    "experience": "What patients say",
    "money": "Money",
}
KINDS: Final = {
    Kind.COUNT: "A count.",
    Kind.SHARE: "A share in percent, with both of its numbers.",
    Kind.MEAN: "A mean.",
    Kind.MEDIAN: "A median.",
    Kind.RATE: "A sum for every 100 patients.",
    Kind.PER_POST: "A count for each full-time post.",
}
SUBJECTS: Final = {"episode": "enrolments", "referral": "referrals", "advice": "recommendations"}
BETTER: Final = {"up": "more is better", "down": "less is better", "": "neither more nor less is better"}


def document() -> str:
    """Every measure with its formula, who is left out, its source, and since when it holds: `docs/measures.md`."""
    parts = [HEAD, *(_family(key, title) for key, title in FAMILIES.items())]
    return "\n".join(parts)


def _family(key: str, title: str) -> str:
    found = [one for one in MEASURES if one.family == key]
    return "\n".join([f"## {title}", "", *(line for one in found for line in _measure(one))])


def _measure(one: Measure) -> Iterator[str]:
    yield f"### {one.title}"
    yield ""
    yield one.formula
    yield ""
    if one.exclusions:
        yield f"- Left out: {'; '.join(one.exclusions)}."
    yield f"- {KINDS[one.kind]} Counted from {SUBJECTS[one.subject]}{_unit(one)}; {BETTER[one.better]}."
    if one.target is not None:
        yield f"- Target of the source: {one.target}{' %' if one.kind is Kind.SHARE else f' {one.unit}'}."
    in_force = f"In force from {one.in_force_from:%Y-%m}{_until(one)}"
    yield f"- Source: {one.source}. {in_force}. Key: `{one.key}`{_headline(one)}."
    yield ""


def _unit(one: Measure) -> str:
    return (
        f", in {one.unit}"
        if one.unit and one.kind in {Kind.MEAN, Kind.MEDIAN} and not one.unit.startswith("of")
        else ""
    )


def _until(one: Measure) -> str:
    return f" until {one.in_force_until:%Y-%m}, which no longer counts by it" if one.in_force_until else ""


def _headline(one: Measure) -> str:
    return ", one of the headlines" if one.key in HEADLINES else ""
