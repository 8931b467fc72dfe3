"""What is looked at before a month is closed, and what a correction asks for."""

from collections import Counter
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.closing import (
    FrozenLine,
    OnClaim,
    Repeated,
    correction,
    repeated_durations,
    restated,
    standing_lines,
    told_otherwise,
)

KEPT = UUID(int=1)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], ()),
        ([("Kim", 1200)] * 4, ()),
        ([("Kim", 1200)] * 5, (Repeated("Kim", 1200, 5, 5),)),
        ([("Kim", 1200)] * 5 + [("Kim", n) for n in range(1, 11)], (Repeated("Kim", 1200, 5, 15),)),
        ([("Kim", 1200)] * 5 + [("Kim", n) for n in range(1, 12)], ()),
        (
            [("Kim", 1200)] * 5 + [("Ana", 600)] * 6,
            (Repeated("Ana", 600, 6, 6), Repeated("Kim", 1200, 5, 5)),
        ),
        ([("Kim", 1200)] * 3 + [("Ana", 1200)] * 3, ()),
    ],
)
def test_the_same_length_again_and_again_is_seen(entries, expected):
    assert repeated_durations(entries) == expected


FIRST = FrozenLine("99492", 1, Decimal("145.96"))
MORE = FrozenLine("99494", 2, Decimal("119.98"))
UNKNOWN = FrozenLine("G0512", 1, None)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ((), (), ()),
        ((FIRST,), (FIRST,), ()),
        ((), (FIRST,), (FIRST,)),
        ((FIRST,), (), (FrozenLine("99492", -1, Decimal("-145.96")),)),
        ((FIRST,), (FIRST, MORE), (FrozenLine("99492", -1, Decimal("-145.96")), FIRST, MORE)),
        ((UNKNOWN,), (FIRST,), (FrozenLine("G0512", -1, None), FIRST)),
        # A correction of a correction takes back only what the last one asks.
        (
            (FrozenLine("99492", -1, Decimal("-145.96")), MORE),
            (FIRST,),
            (FrozenLine("99494", -2, Decimal("-119.98")), FIRST),
        ),
    ],
)
def test_a_correction_takes_back_and_asks_anew(before, now, expected):
    assert correction(before, now) == expected


def test_lines_that_ask_for_nothing_do_not_stand():
    nothing = FrozenLine("99494", 0, Decimal(0))
    assert standing_lines((FIRST, nothing, FrozenLine("99494", -2, Decimal("-119.98")))) == (FIRST,)


lines = st.lists(
    st.builds(
        FrozenLine,
        st.sampled_from(["99492", "99493", "99494", "99484"]),
        st.integers(1, 4),
        st.decimals("1", "500", places=2),
    ),
    max_size=3,
    unique_by=lambda line: line.code,
).map(tuple)


@given(st.lists(lines, min_size=1, max_size=5))
def test_all_rows_together_are_what_is_asked_now(history):
    rows = [history[0]]
    for now in history[1:]:
        rows.append(correction(rows[-1], now) or rows[-1])
    kept = [row for place, row in enumerate(rows) if place == 0 or row is not rows[place - 1]]
    units, money = Counter(), Counter()
    for line in (line for row in kept for line in row):
        units[line.code] += line.units
        money[line.code] += line.amount
    asked = {line.code: line for line in history[-1]}
    assert {code: count for code, count in units.items() if count} == {c: line.units for c, line in asked.items()}
    assert {code: sum_ for code, sum_ in money.items() if sum_} == {c: line.amount for c, line in asked.items()}
    assert standing_lines(rows[-1]) == history[-1]


some_unknown = st.lists(
    st.builds(
        FrozenLine,
        st.sampled_from(["99492", "G0512", "99484"]),
        st.integers(1, 4),
        st.none() | st.decimals("1", "500", places=2),
    ),
    max_size=3,
    unique_by=lambda line: line.code,
).map(tuple)


@given(some_unknown, some_unknown)
def test_taking_back_is_exact_also_where_an_amount_is_unknown(asked, now):
    """What is taken back is each line with its units turned round, and an unknown amount stays unknown."""
    row = restated(asked, now)
    back = row[: len(asked)]
    assert row == (*back, *now)
    assert [(line.code, -line.units) for line in back] == [(line.code, line.units) for line in asked]
    assert [None if line.amount is None else -line.amount for line in back] == [line.amount for line in asked]
    assert correction(row, ()) == restated(now, ())
    assert correction(row, now) == ()


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (OnClaim(("F32.1",), "11", KEPT), ()),
        (OnClaim(("F33.1", "F41.1"), "11", KEPT), ("Diagnoses were F32.1, now F33.1, F41.1.",)),
        (OnClaim((), "10", KEPT), ("Diagnoses were F32.1, now none.", "Place of service was 11, now 10.")),
        (OnClaim(("F32.1",), "11", None), ("Another coverage by now.",)),
        (OnClaim(("F32.1",), "11", UUID(int=2)), ("Another coverage by now.",)),
    ],
)
def test_what_a_claim_would_tell_otherwise(now: OnClaim, words: tuple[str, ...]):
    assert told_otherwise(OnClaim(("F32.1",), "11", KEPT), now) == words


def test_a_coverage_that_nobody_kept_is_no_other_one():
    assert told_otherwise(OnClaim(), OnClaim(coverage_id=KEPT)) == ()
