"""Every two counts of a report that are of the same patients, one within the other, are known to be: on drawn rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest

from outcomes.rules.facts import EpisodeFacts, Facts, ReferralFacts
from outcomes.rules.measure import Kind
from outcomes.rules.measures import MEASURES, measure
from outcomes.rules.nested import BASE, MET, MISSED, WITHIN, Part
from outcomes.rules.reports import BOARD, PAYER, STATE, keys_of

MARCH, LAST = date(2026, 3, 1), date(2026, 3, 31)
# Of contacts and concerns, not of patients.
OF_THINGS = {"minutes_per_contact", "safety_same_day"}
DRAWN = 3000


def episode(draw: Random) -> EpisodeFacts:
    """An enrolment as it could be: who is still enrolled is in the patient's last one."""
    enrolled_on = LAST - timedelta(
        draw.choice((draw.randint(0, 30), draw.randint(0, 212), draw.randint(83, 145), draw.randint(175, 212)))
    )
    ended_on = draw.choice((None, None, enrolled_on + timedelta(draw.randint(0, (LAST - enrolled_on).days))))
    until = ended_on or LAST
    is_in_month, is_open = until >= MARCH, ended_on is None

    def day() -> date | None:
        return draw.choice((None, enrolled_on + timedelta(draw.randint(0, (until - enrolled_on).days))))

    cocm_from = draw.choice((None, enrolled_on, enrolled_on, enrolled_on, day()))
    later = None if cocm_from is None else cocm_from + timedelta(draw.randint(0, (until - cocm_from).days))
    cocm_until = None if cocm_from is None else draw.choice((ended_on, ended_on, later))
    is_cocm = cocm_from is not None and (cocm_until or until) >= MARCH
    is_billed = draw.choice((None, False, True, True))
    return EpisodeFacts(
        month=MARCH,
        enrolled_on=enrolled_on,
        ended_on=ended_on,
        end_reason="" if is_open else draw.choice(("graduated", "lost_to_follow_up", "withdrew")),
        program="bhi" if cocm_from is None else "cocm",
        age=draw.choice((15, 41)),
        is_medicaid=draw.random() < 0.7,
        is_in_month=is_in_month,
        is_last_in_month=is_in_month and (is_open or draw.random() < 0.8),
        cocm_from=cocm_from,
        cocm_until=cocm_until,
        is_last_cocm=is_cocm and (is_open or draw.random() < 0.8),
        contact_from_day_60_on=day(),
        last_scored_on=day(),
        first_review_on=day(),
        last_review_on=day(),
        contacts=draw.randint(0, 2),
        scales=draw.randint(0, 1),
        contacts_in_28_days=draw.randint(0, 3),
        seconds=60,
        lacks=draw.choice(((), ("consent",))),
        **dict.fromkeys(("said_reached", "said_heard", "said_recommend"), draw.choice((None, 4))),
        is_billed=is_billed,
        expected=draw.choice((None, Decimal(90))) if is_billed else None,
        paid=None if is_billed is None else draw.choice((None, Decimal(3))),
        **scores(draw),
        **dict.fromkeys(("ed_before", "ed_after", "stays_before", "stays_after"), draw.choice((None, 1))),
    )


def scores(draw: Random) -> dict[str, Any]:
    baseline = draw.choice((None, 4, 10, 16, 18))
    limits = {"improved_at": max(baseline // 2, 9), "response_at": baseline // 2} if baseline else {}
    return {
        "baseline": baseline,
        "is_elevated": baseline is not None and baseline >= 10,
        **limits,
        "remission_below": 5 if baseline else None,
        **{name: draw.choice((None, 2, 4, 5, 8, 9, 12, 16)) for name in ("latest", "last_in_month", "at_16_weeks")},
    }


def referral(draw: Random) -> ReferralFacts:
    referred_on = date(2026, 1, draw.randint(1, 31))
    tried, reached, enrolled = sorted(referred_on + timedelta(draw.randint(0, 70)) for _ in range(3))
    steps = draw.randint(0, 3)
    return ReferralFacts(
        month=MARCH,
        referred_on=referred_on,
        first_attempt_on=tried if steps else None,
        reached_on=reached if steps > 1 else None,
        enrolled_on=enrolled if steps > 2 else None,
        excluded=draw.choice(("", "", "duplicate")),
    )


@cache
def parts() -> dict[Part, frozenset[int]]:
    """Which rows are in each part of each measure that a report has."""
    draw = Random(7)
    rows: dict[str, list[Facts]] = {
        "episode": [episode(draw) for _ in range(DRAWN)],
        "referral": [referral(draw) for _ in range(DRAWN)],
    }
    found: dict[Part, frozenset[int]] = {}
    for one in MEASURES:
        if one.subject not in rows or one.key in OF_THINGS:
            continue
        said = [one.judge(row) for row in rows[one.subject]]
        found[one.key, BASE] = frozenset(place for place, part in enumerate(said) if part.counted)
        if one.kind is Kind.SHARE:
            found[one.key, MET] = frozenset(place for place, part in enumerate(said) if part.counted and part.met)
            found[one.key, MISSED] = found[one.key, BASE] - found[one.key, MET]
    return found


def of_report(kind: str) -> list[Part]:
    keys = set(keys_of(kind, MARCH, is_whole=True))
    return [part for part in parts() if part[0] in keys]


@pytest.mark.parametrize("kind", [BOARD, STATE, PAYER])
def test_whatever_lies_within_another_count_is_known_to(kind: str) -> None:
    found = parts()
    within = {
        (inner, outer)
        for inner in of_report(kind)
        for outer in of_report(kind)
        if inner[0] != outer[0]
        and measure(inner[0]).subject == measure(outer[0]).subject
        and found[inner] < found[outer]
    }
    known = {frozenset({(key, part), (other, of)}) for key, pairs in WITHIN.items() for part, other, of in pairs}
    assert sorted(pair for pair in within if frozenset(pair) not in known) == []
    assert len(within) > 20


def test_no_part_is_of_nobody_here() -> None:
    assert [part for part, rows in parts().items() if len(rows) < 10] == []


def test_the_pairs_are_of_measures_and_parts_that_there_are() -> None:
    shares = {one.key for one in MEASURES if one.kind is Kind.SHARE}
    known = {one.key for one in MEASURES}
    named = {(key, part) for key, pairs in WITHIN.items() for part, _, _ in pairs}
    named |= {(other, of) for pairs in WITHIN.values() for _, other, of in pairs}
    assert {(key, part) for key, part in named if key not in known or (part != BASE and key not in shares)} == set()


def test_what_lies_around_is_followed_all_the_way() -> None:
    around = {other for part, other, of in WITHIN["completeness"] if (part, of) == (BASE, BASE)}
    assert around == {"caseload_per_fte", "contact_and_score", "enrolled", "registry_complete", "remission"}
    assert [key for key, pairs in WITHIN.items() for _, other, _ in pairs if other == key] == []


def test_everybody_enrolled_gives_way_to_what_is_in_it() -> None:
    """Else a few who are in and out would hide most of a report."""
    in_each = {key: {other for _, other, _ in WITHIN[key]} for key in ("nys_1", "said_share")}
    assert {"nys_2", "nys_6", "nys_8"} <= in_each["nys_1"]
    assert {"enrolled", "billed_share", "remission"} <= in_each["said_share"]
    others = {other for key, pairs in WITHIN.items() for _, other, _ in pairs if key not in in_each}
    assert others & in_each.keys() == set()
