"""Segments of X12, and how they are written down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Separators:
    """Which characters part elements, parts of an element, repeated elements and segments."""

    element: str = "*"
    part: str = ":"
    repetition: str = "^"
    segment: str = "~"

    @property
    def all(self) -> str:
        return self.element + self.part + self.repetition + self.segment


USUAL = Separators()


@dataclass(frozen=True, slots=True)
class Segment:
    """A tag and its elements, the first element at place 1. Parts of an element are text with the part separator."""

    tag: str
    elements: tuple[str, ...] = ()

    def at(self, place: int) -> str:
        """The element at a place as guides count them; empty where the segment ends before it."""
        return self.elements[place - 1] if 0 < place <= len(self.elements) else ""

    def parts(self, place: int, separators: Separators = USUAL) -> tuple[str, ...]:
        """The parts of an element; empty without it."""
        found = self.at(place)
        return tuple(found.split(separators.part)) if found else ()


def segment(tag: str, *elements: object) -> Segment:
    """A segment of these elements as text; those that are empty at its end are left out, as the format wants it."""
    texts = ["" if element is None else str(element) for element in elements]
    while texts and not texts[-1]:
        texts.pop()
    return Segment(tag, tuple(texts))


def render(segments: Iterable[Segment], separators: Separators = USUAL) -> str:
    """The text of segments, one a line: readers skip the line breaks, people need them."""
    return "".join(separators.element.join((one.tag, *one.elements)) + separators.segment + "\n" for one in segments)
