"""Measured rows of every kind, near the days and scores on which measures turn."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from outcomes.rules.months import last_day_of

MONTHS = (date(2026, 2, 1), date(2026, 3, 1))
TURNS = (
    0,
    1,
    14,
    15,
    27,
    28,
    29,
    30,
    31,
    34,
    35,
    36,
    58,
    59,
    60,
    61,
    69,
    70,
    71,
    89,
    90,
    91,
    111,
    112,
    113,
    181,
    182,
    183,
)
DAYS = st.one_of(st.sampled_from(TURNS), st.integers(0, 240))
SCORES = st.one_of(st.none(), st.sampled_from((0, 4, 5, 8, 9, 10, 12, 16)))
COUNTS = st.integers(0, 3)
MAYBE_COUNTS = st.one_of(st.none(), COUNTS)
AMOUNTS = st.one_of(st.none(), st.decimals(0, 400, places=2))
REASONS = ("graduated", "lost_to_follow_up", "administrative_inactivity", "withdrew", "transferred", "died", "other")
_GROUPS = {
    "payer_class": st.sampled_from(("medicaid", "commercial")),
    "is_medicaid": st.booleans(),
    "program": st.sampled_from(("cocm", "cocm", "bhi")),
    "language": st.sampled_from(("English", "Spanish", "")),
    "sex": st.sampled_from(("F", "M")),
    "age": st.sampled_from((11, 12, 17, 18, 44, 45, 65)),
}


@st.composite
def within(draw: st.DrawFn, first: date, last: date) -> date | None:
    """None, or a day from one to another, near a turn from either."""
    if first > last:
        return None
    days = min(draw(DAYS), (last - first).days)
    return draw(st.sampled_from((None, first + timedelta(days), last - timedelta(days))))


@st.composite
def episode_rows(draw: st.DrawFn, month: date) -> dict[str, Any]:
    """The columns of an episode, from day to day as they could be."""
    last = last_day_of(month)
    enrolled_on = last - timedelta(draw(DAYS))
    ended_on = draw(within(enrolled_on, last))
    until = ended_on or last
    baseline = draw(SCORES)
    has_course = baseline is not None and draw(st.booleans())
    positives = draw(COUNTS)
    is_billed = draw(st.sampled_from((None, False, True)))
    cocm_from = draw(within(enrolled_on, until))
    cocm_until = None if cocm_from is None else draw(within(cocm_from, until))
    return {
        **{name: draw(strategy) for name, strategy in _GROUPS.items()},
        "enrolled_on": enrolled_on,
        "ended_on": ended_on,
        "end_reason": draw(st.sampled_from(REASONS)) if ended_on else "",
        "is_in_month": until >= month,
        "is_last_in_month": until >= month and draw(st.booleans()),
        "cocm_from": cocm_from,
        "cocm_until": cocm_until,
        "is_last_cocm": cocm_from is not None and (cocm_until or until) >= month and draw(st.booleans()),
        **{name: draw(COUNTS) for name in ("contacts", "scales", "contacts_in_28_days")},
        "contact_from_day_60_on": draw(within(enrolled_on + timedelta(60), until)),
        "baseline": baseline,
        "is_elevated": baseline is not None and baseline >= 10,
        "improved_at": max(baseline // 2, 9) if has_course else None,
        "response_at": baseline // 2 if has_course else None,
        "remission_below": 5 if has_course else None,
        **{name: draw(SCORES) for name in ("latest", "last_in_month", "at_16_weeks")},
        **{name: draw(within(enrolled_on, until)) for name in ("last_scored_on", "first_review_on", "last_review_on")},
        "positives": positives,
        "positives_same_day": draw(st.integers(0, positives)),
        "seconds": draw(st.sampled_from((0, 59, 600, 3600))),
        "lacks": draw(st.sampled_from(([], ["consent"], ["consent", "care_plan"]))),
        **{name: draw(MAYBE_COUNTS) for name in ("ed_before", "ed_after", "stays_before", "stays_after")},
        **{name: draw(st.sampled_from((None, 1, 4, 5))) for name in ("said_reached", "said_heard", "said_recommend")},
        "is_billed": is_billed,
        "expected": draw(AMOUNTS) if is_billed else None,
        "paid": draw(AMOUNTS) if is_billed else (None if is_billed is None else Decimal(0)),
    }


@st.composite
def referral_rows(draw: st.DrawFn, month: date) -> dict[str, Any]:
    """The columns of a referral: steps may be noted before the day of the referral."""
    referred_on = month - timedelta(draw(st.integers(28, 62)))
    steps = ("first_attempt_on", "reached_on", "enrolled_on")
    return {
        **{name: draw(strategy) for name, strategy in _GROUPS.items()},
        "referred_on": referred_on,
        **{name: draw(within(referred_on - timedelta(1), last_day_of(month))) for name in steps},
        "excluded": draw(st.sampled_from(("", "", "", "duplicate", "ineligible", "died"))),
    }


@st.composite
def advice_rows(draw: st.DrawFn, month: date) -> dict[str, Any]:
    """The columns of a recommendation."""
    proposed_on = month + timedelta(draw(st.integers(0, 27)) - 14)
    decided_on = draw(within(proposed_on, last_day_of(month)))
    return {
        **{name: draw(strategy) for name, strategy in _GROUPS.items()},
        "proposed_on": proposed_on,
        "decided_on": decided_on,
        "decision": draw(st.sampled_from(("accepted", "modified", "declined"))) if decided_on else "",
        "closed_on": draw(within(proposed_on, last_day_of(month))),
    }
