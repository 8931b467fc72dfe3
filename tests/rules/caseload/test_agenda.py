"""Who is on an agenda, and whose room is kept."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caseload.rules.agenda import Candidate, draw

CRISIS, STUCK = False, True


def queue(kinds: list[bool]) -> list[Candidate]:
    return [Candidate(UUID(int=number), is_stuck) for number, is_stuck in enumerate(kinds)]


def drawn(kinds: list[bool], *, places: int, kept: int) -> list[int]:
    return [one.episode_id.int for one in draw(queue(kinds), places=places, kept=kept)]


@pytest.mark.parametrize(
    ("kinds", "places", "kept", "expected"),
    [
        ([], 12, 6, []),
        ([CRISIS, STUCK], 12, 6, [0, 1]),
        ([CRISIS] * 4 + [STUCK] * 3, 4, 2, [0, 1, 4, 5]),
        ([CRISIS] * 4 + [STUCK], 4, 2, [0, 1, 2, 4]),
        ([CRISIS] * 6, 4, 2, [0, 1, 2, 3]),
        # Who does not improve and is in danger besides has a free place, and takes none that is kept.
        ([STUCK] * 2 + [CRISIS] * 4 + [STUCK] * 2, 4, 2, [0, 1, 6, 7]),
        ([STUCK, CRISIS, STUCK, CRISIS, STUCK], 3, 1, [0, 1, 2]),
        ([CRISIS, STUCK, STUCK], 2, 2, [1, 2]),
        ([CRISIS, STUCK, STUCK], 2, 5, [1, 2]),
        ([CRISIS, STUCK], 1, 0, [0]),
        ([CRISIS, STUCK], 0, 0, []),
    ],
)
def test_places_go_by_order_with_room_kept(kinds: list[bool], places: int, kept: int, expected: list[int]) -> None:
    assert drawn(kinds, places=places, kept=kept) == expected


def test_whose_place_is_a_kept_one_is_said() -> None:
    found = draw(queue([STUCK, CRISIS, STUCK]), places=3, kept=1)
    assert [(one.episode_id.int, one.is_kept) for one in found] == [(0, False), (1, False), (2, True)]


KINDS = st.lists(st.booleans(), max_size=30)


@given(KINDS, st.integers(0, 15), st.integers(0, 15))
def test_what_always_holds_of_an_agenda(kinds: list[bool], places: int, kept: int) -> None:
    waiting = queue(kinds)
    found = draw(waiting, places=places, kept=kept)
    ids = [one.episode_id for one in found]
    stuck = {one.episode_id for one in waiting if one.is_not_improving}
    # Never more than places, none empty while somebody waits, in the order of the queue, nobody twice.
    assert len(ids) == min(places, len(waiting))
    assert ids == sorted(set(ids))
    # The kept room is used by those who do not improve while there are any, and by nobody else.
    assert len(stuck.intersection(ids)) >= min(kept, places, len(stuck))
    assert {one.episode_id for one in found if one.is_kept} <= stuck
    free = places - min(kept, places)
    assert sum(one.is_kept for one in found) == min(kept, places, sum(one.is_not_improving for one in waiting[free:]))
    # Who stands before somebody of their own sort is never left out for them: not reached last time comes first.
    for is_stuck in (CRISIS, STUCK):
        own = [one.episode_id for one in waiting if one.is_not_improving is is_stuck]
        taken = [one for one in own if one in ids]
        assert taken == own[: len(taken)]
