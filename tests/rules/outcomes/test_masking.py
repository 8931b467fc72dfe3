"""What leaves: no small count, and none that a total less the others tells."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.masking import hidden_among, is_small

UNDER = st.sampled_from((0, 1, 2, 5, 11))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, tuple[int, int, int]]:
    """Clinics with how many were asked about, met it and did not."""
    found = {}
    for name in "abcdef"[: draw(st.integers(1, 6))]:
        base = draw(st.one_of(st.integers(0, 25), st.integers(0, 300)))
        met = draw(st.integers(0, base))
        found[name] = (base, met, base - met)
    return found


@given(tables(), UNDER)
def test_nothing_small_is_shown_nor_told_by_the_total(rows: dict[str, tuple[int, int, int]], under: int) -> None:
    hidden = hidden_among(rows, under)
    assert [name for name in rows if name not in hidden and is_small(rows[name], under)] == []
    together = [sum(rows[name][place] for name in hidden) for place in range(3)]
    others = [name for name in rows if name not in hidden and any(rows[name])]
    # Where something is left that could be hidden, what is hidden is of several, and not small together.
    if hidden and others:
        assert len(hidden) >= 2
        assert not is_small(together, under)


@given(tables(), UNDER)
def test_where_all_is_hidden_the_total_is_small_or_of_one(rows: dict[str, tuple[int, int, int]], under: int) -> None:
    """Then no more can be hidden: the total is hidden by its own counts, or it is that of the only clinic."""
    hidden = hidden_among(rows, under)
    somebody = {name for name in rows if any(rows[name])}
    together = [sum(column) for column in zip(*(rows[name] for name in hidden), strict=True)]
    if hidden == somebody and len(hidden) == 1:
        total = [sum(column) for column in zip(*rows.values(), strict=True)]
        assert total == together
        assert is_small(total, under)


@given(tables(), UNDER)
def test_nothing_is_hidden_where_nothing_is_small(rows: dict[str, tuple[int, int, int]], under: int) -> None:
    if not any(is_small(counts, under) for counts in rows.values()):
        assert hidden_among(rows, under) == frozenset()


@given(tables(), UNDER)
def test_no_fewer_rows_would_do(rows: dict[str, tuple[int, int, int]], under: int) -> None:
    """Beyond the small ones, it adds rows one by one, and stops at the first set that tells nothing."""
    hidden = hidden_among(rows, under)
    small = {name for name in rows if is_small(rows[name], under)}
    added = sorted(hidden - small, key=lambda name: (sum(rows[name]), name))
    for count in range(len(added)):
        kept = small | set(added[:count])
        together = [sum(rows[name][place] for name in kept) for place in range(3)]
        assert len(kept) < 2 or is_small(together, under)


@pytest.mark.parametrize(
    ("counts", "under", "expected"),
    [((0, 0), 11, False), ((1,), 11, True), ((10,), 11, True), ((11,), 11, False), ((5,), 0, False), ((1,), 1, False)],
)
def test_small_is_one_to_one_below(counts: tuple[int, ...], under: int, expected: bool) -> None:
    assert is_small(counts, under) is expected


def test_the_second_smallest_is_hidden_beside_a_small_one() -> None:
    rows = {"a": (5, 5, 0), "b": (40, 20, 20), "c": (30, 15, 15), "empty": (0, 0, 0)}
    assert hidden_among(rows, 11) == {"a", "c"}


def test_two_small_ones_that_are_small_together_hide_a_third() -> None:
    rows = {"a": (2,), "b": (3,), "c": (30,), "d": (40,)}
    assert hidden_among(rows, 11) == {"a", "b", "c"}
    assert [pair for pair in combinations(rows, 2) if set(pair) == hidden_among(rows, 4)] == [("a", "b")]
