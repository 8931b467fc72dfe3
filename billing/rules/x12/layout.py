"""Written segments as checks read them: the head and each claim, in loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from billing.rules.x12.segments import Segment
from billing.rules.x12.writing import Written

HEAD = "head"
CLAIM = "claim"
LINE = "line"
_EMPTY = Segment("")


@dataclass(slots=True)
class Loop:
    """Segments that speak of one thing: a named party, a claim, a line."""

    name: str
    segments: list[Segment] = field(default_factory=list)

    def first(self, tag: str, qualifier: str = "") -> Segment:
        """The first segment of a tag, and of a qualifier where one is given; an empty one without it."""
        return next((one for one in self.segments if one.tag == tag and qualifier in ("", one.at(1))), _EMPTY)

    def has(self, tag: str) -> bool:
        return any(one.tag == tag for one in self.segments)


@dataclass(slots=True)
class Block:
    """The head of a file (`claim` None) or one claim of it, as loops in their order."""

    claim: int | None
    loops: list[Loop] = field(default_factory=list)

    def loop(self, name: str) -> Loop:
        """The first loop of a name: a party's qualifier (`85`), `head`, `claim`; an empty one without it."""
        return next((one for one in self.loops if one.name == name), Loop(name))

    def has(self, name: str) -> bool:
        return any(one.name == name for one in self.loops)

    @property
    def lines(self) -> list[Loop]:
        return [one for one in self.loops if one.name == LINE]

    @property
    def segments(self) -> Iterator[Segment]:
        return (segment for loop in self.loops for segment in loop.segments)


def blocks(written: Iterable[Written]) -> list[Block]:
    """The head first, then the claims in their order."""
    found: dict[int | None, Block] = {None: Block(None)}
    for one in written:
        block = found.setdefault(one.claim, Block(one.claim))
        if not block.loops or _begins(one.segment):
            block.loops.append(Loop(_name(one.segment)))
        block.loops[-1].segments.append(one.segment)
    return list(found.values())


def _begins(segment: Segment) -> bool:
    return segment.tag in ("NM1", "CLM", "LX", "HL", "SE")


def _name(segment: Segment) -> str:
    if segment.tag == "NM1":
        return segment.at(1)
    return {"CLM": CLAIM, "LX": LINE}.get(segment.tag, HEAD if segment.tag == "ISA" else segment.tag)
