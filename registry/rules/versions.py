"""Versions of a document: two laid side by side, and two edits of one version put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Generic, TypeVar

from registry.rules.content import Part, Rows, lines_of, specs_of

C = TypeVar("C")


class Change(StrEnum):
    """What became of a line or a field from the left version to the right one."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


# A sign and a word, so that neither colour nor the sign alone has to be understood.
SIGNS = {Change.SAME: "=", Change.ADDED: "+", Change.REMOVED: "\N{MINUS SIGN}", Change.CHANGED: "≠"}
WORDS = {Change.SAME: "Same", Change.ADDED: "Added", Change.REMOVED: "Removed", Change.CHANGED: "Changed"}


@dataclass(frozen=True)
class LinePair:
    """A line of each version; empty where one of them lacks it."""

    left: str
    right: str
    change: Change

    @property
    def sign(self) -> str:
        """The mark beside it."""
        return SIGNS[self.change]

    @property
    def word(self) -> str:
        """What the mark means."""
        return WORDS[self.change]


@dataclass(frozen=True)
class FieldCompared:
    """One field of two versions."""

    name: str
    label: str
    change: Change
    lines: tuple[LinePair, ...]


@dataclass(frozen=True)
class PartCompared:
    """One part of two versions."""

    key: str
    title: str
    fields: tuple[FieldCompared, ...]

    @property
    def differs(self) -> bool:
        """Whether any of its fields changed."""
        return any(one.change is not Change.SAME for one in self.fields)


def compared(left: Any, right: Any, parts: Sequence[Part]) -> tuple[PartCompared, ...]:
    """Two versions of one kind of document, part by part; fields that are empty in both are left out."""
    return tuple(
        PartCompared(
            part.key,
            part.title,
            tuple(one for name in part.names if (one := _compared(left, right, name)).lines),
        )
        for part in parts
    )


def _compared(left: Any, right: Any, name: str) -> FieldCompared:
    before, after = lines_of(left, name), lines_of(right, name)
    pairs = tuple(_pairs(before, after))
    return FieldCompared(name, specs_of(type(left))[name].label, _change(before, after), pairs)


def _change(before: Sequence[str], after: Sequence[str]) -> Change:
    if before == after:
        return Change.SAME
    if not before:
        return Change.ADDED
    return Change.CHANGED if after else Change.REMOVED


def _pairs(before: Sequence[str], after: Sequence[str]) -> Iterator[LinePair]:
    """Lines that are alike beside each other, in the order of both."""
    for _, i1, i2, j1, j2 in SequenceMatcher(None, before, after).get_opcodes():
        left, right = before[i1:i2], after[j1:j2]
        for place in range(max(len(left), len(right))):
            one = left[place] if place < len(left) else ""
            other = right[place] if place < len(right) else ""
            yield LinePair(one, other, _change([one] * bool(one), [other] * bool(other)))


@dataclass(frozen=True)
class Merged(Generic[C]):
    """My edit on top of theirs. `taken` are fields that only they changed; `both` those that both of us did."""

    content: C
    taken: frozenset[str]
    both: frozenset[str]


def merged(base: C, theirs: C, mine: C) -> Merged[C]:
    """Two edits of `base` put together so that saving the result undoes nothing of either.

    A field that only one of the two changed is as that one left it. Of a text that both changed, mine stands and
    theirs has to be shown beside it. Of rows that both changed, those stay that either added, and those go that
    either removed: a row changed by both is there twice until somebody decides.
    """
    taken: set[str] = set()
    both: set[str] = set()
    values: dict[str, Any] = {}
    for name, spec in specs_of(type(base)).items():
        old, hers, own = (getattr(one, name) for one in (base, theirs, mine))
        if hers in (old, own):
            continue
        if own == old:
            taken.add(name)
            values[name] = hers
            continue
        both.add(name)
        if isinstance(spec, Rows):
            values[name] = _rows_of_both(old, hers, own)
    return Merged(replace(mine, **values), frozenset(taken), frozenset(both))  # type: ignore[type-var]


def _rows_of_both(base: tuple[Any, ...], theirs: tuple[Any, ...], mine: tuple[Any, ...]) -> tuple[Any, ...]:
    kept = tuple(row for row in mine if row not in base or row in theirs)
    return kept + tuple(row for row in theirs if row not in base and row not in mine)
