"""How money, codes and what is missing are said on billing's pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.queries.calendar import month_title
from billing.queries.claims import Expected
from billing.queries.month_page import words_of
from billing.rules.closing import FrozenLine
from billing.rules.findings import Citation, Considered, NextStep
from billing.rules.stakes import NEAR_MINUTES, Stakes, Step, Way

register = template.Library()

UNKNOWN_AMOUNT = "unknown"

GAP_WORDS = {
    "consent_missing": "Consent missing",
    "initiating_visit_missing": "Initiating visit missing",
    "diagnosis_missing": "Diagnosis missing",
    "care_plan_missing": "Care plan missing",
    "rating_scale_missing": "No rating scale this month",
    "case_review_missing": "No case review yet",
    "minutes_short": "Too few minutes",
    "no_engagement": "Nobody was engaged",
    "not_covered": "Not covered by the payer",
    "other_biller": "Another practice bills",
    "apcm_base_missing": "APCM billed elsewhere",
    "conflicting_service": "Conflicts with APCM",
    "access_participant": "ACCESS participant",
    "program_ended": "After the program ended",
}
NEEDS_WORDS = {
    "consent_missing": "consent",
    "initiating_visit_missing": "an initiating visit",
    "diagnosis_missing": "a diagnosis",
    "care_plan_missing": "a care plan",
    "rating_scale_missing": "a rating scale",
    "case_review_missing": "a case review",
    "no_engagement": "a contact",
}
REACH_WORDS = {
    "near": f"Next code within {NEAR_MINUTES} minutes",
    "further": "Next code further away",
}
FLAG_WORDS = {
    "g2214_under_30": "G2214 under 30 min",
    "initial_month_unsettled": "First month unsettled",
    "episode_restart_unsettled": "Restart unsettled",
    "addon_units_high": "Many 99494 units",
    "apcm_route_unsettled": "APCM route unsettled",
    "minutes_excluded": "Some minutes excluded",
    "visit_code_unknown": "Visit without a code",
    "care_plan_assumed": "Care plan assumed",
}
OUTCOME_WORDS = {
    "bills": "bills",
    "held": "held back",
    "missing": "something is missing",
    "not_covered": "not covered by the payer",
    "not_reached": "not reached",
    "not_needed": "an earlier one bills",
}


@register.filter
def dollars(amount: Decimal | None) -> str:
    """`$144.96`; an unknown amount stays unknown."""
    return UNKNOWN_AMOUNT if amount is None else f"${amount:,.2f}"


@register.filter
def expected_words(expected: Expected) -> str:
    """`$443.56`; `$443.56, estimate`; `$443.56 and 2 unknown amounts`; `$443.56, estimate, and 2 unknown amounts`."""
    said = f"{dollars(expected.known)}, estimate" if expected.is_estimate else dollars(expected.known)
    if expected.unknown == 0:
        return said
    if not expected.known:
        return UNKNOWN_AMOUNT
    return f"{said}{',' if expected.is_estimate else ''} and {counted(expected.unknown, 'unknown amount')}"


@register.filter
def frozen_lines(lines: Iterable[FrozenLine]) -> str:
    """`99493 + 99494 × 2`; nothing, where nothing is asked."""
    return words_of((line.code, line.units) for line in lines) or "Nothing"


@register.filter
def counted(count: int, noun: str) -> str:
    """`1 patient`, `12 patients`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


@register.filter
def month_name(month: str | date) -> str:
    """`October 2026`."""
    return month_title(month if isinstance(month, str) else f"{month:%Y-%m}")


@register.filter
def lines(asked: Iterable[tuple[str, int]]) -> str:
    """`99493 + 99494 × 2`."""
    return words_of(asked)


@register.filter
def whole_codes(words: str) -> str:
    """Lines that break between codes, never within one and its units."""
    return words.replace(" × ", "\u00a0×\u00a0")


@register.filter
def gap_words(word: str) -> str:
    return GAP_WORDS.get(word, word.replace("_", " ").capitalize())


@register.filter
def flag_words(word: str) -> str:
    return FLAG_WORDS.get(word, word.replace("_", " ").capitalize())


@register.filter
def outcome_words(considered: Considered) -> str:
    """Why a code that was considered bills or does not."""
    missing = ", ".join(gap_words(word).lower() for word in considered.missing)
    return missing or OUTCOME_WORDS[considered.outcome]


@register.filter
def step_words(step: NextStep | Step) -> str:
    """`99494 in 12 min`; `99494 × 2 in 12 min`."""
    return f"{words_of([(step.code, step.units)])} in {step.minutes} min"


@register.filter
def step_parts(step: NextStep | Step) -> SafeString:
    """`99494 × 2 in 12 min`, which may break before the minutes."""
    code = words_of([(step.code, step.units)])
    return format_html('<span class="nowrap">{}</span> <span class="nowrap">in {} min</span>', code, step.minutes)


@register.filter
def stake_words(more: Decimal | None) -> str:
    """What is at stake in a month: `$144.96 more`; that it is not known."""
    return "amount unknown" if more is None else f"{dollars(more)} more"


@register.filter
def needs_words(needs: Iterable[str]) -> str:
    """What minutes alone do not bring: `with a rating scale and a case review`."""
    *first, last = (NEEDS_WORDS[word] for word in needs)
    return f"with {', '.join(first)} and {last}" if first else f"with {last}"


@register.filter
def reach_words(word: str) -> str:
    """What would still help, as a row of its table."""
    return REACH_WORDS.get(word) or gap_words(word)


@register.filter
def way_of(stakes: Stakes, word: str) -> Way | None:
    """The way to close a gap, where there is one."""
    return next((way for way in stakes.ways if way.word == word), None)


@register.filter
def more_words(expected: Expected) -> str:
    """What more may come: `$443.56 more, estimate`."""
    return f"{expected_words(expected)} more, estimate"


@register.filter
def length_words(seconds: int) -> str:
    """A length as it was logged: `20 min`, `20 min 30 s`."""
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds // 60} min {seconds % 60} s"


@register.filter
def source_words(citation: Citation) -> str:
    """Who says so, and how sure that is."""
    titles = "; ".join(source.title for source in citation.sources)
    sure = "" if citation.confidence is None else f", confidence {citation.confidence}"
    return titles if citation.evidence == "read" else f"{titles} ({citation.evidence}{sure})"
