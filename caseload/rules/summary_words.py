"""How a case summary keeps to one page: what is long is cut at a word, and what is missing is said in one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# In characters: a fact, one of several rows of a fact, and what must not be cut short.
LONGEST_FACT: Final = 220
LONGEST_ROW: Final = 140
LONGEST_STORY: Final = 320
FEW_LINES: Final = 4
MOST_LINES: Final = 8
_MARKS: Final = ".,;:!?"


@dataclass(frozen=True, slots=True)
class SummaryFact:
    """One thing that the consultant asks about, in lines; none says that it is missing."""

    label: str
    lines: tuple[str, ...]

    @property
    def is_missing(self) -> bool:
        """Whether nothing is on record."""
        return not self.lines


@dataclass(frozen=True, slots=True)
class SummarySection:
    """Facts under one heading."""

    key: str
    title: str
    facts: tuple[SummaryFact, ...]


def cut(text: str, most: int = LONGEST_FACT) -> str:
    """The text on one line, cut at a word and marked so where it is longer than `most` characters."""
    line = _one_line(text)
    if len(line) <= most:
        return line
    return f"{line[:most].rsplit(' ', 1)[0][: most - 1]}…"


def fact(label: str, *lines: str, most: int = LONGEST_FACT) -> SummaryFact:
    """A fact of the lines that say something, each cut, several shorter; beyond eight how many more there are."""
    said = [line for line in lines if line.strip()]
    longest = most if len(said) < FEW_LINES else min(most, LONGEST_ROW)
    return SummaryFact(label, tuple(_some([cut(line, longest) for line in said])))


def joined(parts: Iterable[str], mark: str = ", ") -> str:
    """The parts that say something, in one."""
    return mark.join(part for part in parts if part)


def _one_line(text: str) -> str:
    """Lines are told apart by a semicolon, unless the one before ends with a mark of its own."""
    said = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    return " ".join(line if line[-1] in _MARKS or line is said[-1] else f"{line};" for line in said)


def _some(lines: Sequence[str]) -> Sequence[str]:
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], f"and {len(lines) - MOST_LINES + 1} more"]
