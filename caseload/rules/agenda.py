"""Who is on the agenda of a session: by order of harm, with room kept for those who do not improve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody in the queue. `is_not_improving`: a kept place may be theirs."""

    episode_id: UUID
    is_not_improving: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """Somebody on the agenda, and whether in a place kept for those who do not improve."""

    episode_id: UUID
    is_kept: bool


def draw(queue: Sequence[Candidate], *, places: int, kept: int) -> tuple[Drawn, ...]:
    """The first of the queue by harm, and in the last `kept` of the places those next who do not improve.

    So crises cannot fill a session: beyond the free places they wait behind who does not improve. Kept places that
    nobody needs go to the others. The answer is in the order of the queue: who was not reached last time, then harm.
    """
    free = places - max(min(kept, places), 0)
    first, rest = queue[:free], queue[free:]
    held = {one.episode_id for one in [one for one in rest if one.is_not_improving][: places - free]}
    left = places - len(first) - len(held)
    others = [one.episode_id for one in rest if one.episode_id not in held][: max(left, 0)]
    chosen = held.union(others, (one.episode_id for one in first))
    return tuple(Drawn(one.episode_id, one.episode_id in held) for one in queue if one.episode_id in chosen)
