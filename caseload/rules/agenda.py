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
    """The first of the queue, in its order, as many as there are places.

    `kept` of the places go to those who do not improve while there are any, whatever crises stand before them; what
    they do not need goes to the others. The queue is in order: who was not reached last time, then harm.
    """
    reserved = [one.episode_id for one in queue if one.is_not_improving][: max(min(kept, places), 0)]
    held = set(reserved)
    free = max(places - len(held), 0)
    others = [one.episode_id for one in queue if one.episode_id not in held][:free]
    chosen = held.union(others)
    return tuple(Drawn(one.episode_id, one.episode_id in held) for one in queue if one.episode_id in chosen)
