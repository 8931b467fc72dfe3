"""Reading a JSON document strictly: every fault names the JSON path where it lies, and what was
expected there.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from caseload.rules.clock import month_index

T = TypeVar("T")

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
CODE = re.compile(r"[0-9A-Z][0-9]{3}[0-9A-Z]")
# Within these, no sum of dates, zones and margins leaves the calendar.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# What no database and no stream takes: NUL, and halves of characters.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LONGEST_TEXT = 10_000


class Members(dict[str, Any]):
    """An object as a file gives it; `repeated` is a name that it gives twice."""

    repeated: str | None = None


def members(pairs: Iterable[tuple[str, Any]]) -> Members:
    """The `object_pairs_hook` for json.loads, so that `Node` can refuse a name given twice."""
    found = Members()
    for name, value in pairs:
        if name in found:
            found.repeated = name
        found[name] = value
    return found


class DocumentInvalid(ValueError):
    """A document is not what it should be; `path` is the place in it, `fault` what is wrong there."""

    def __init__(self, path: str, fault: str) -> None:
        super().__init__(f"{path}: {fault}")
        self.path = path
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Node:
    """A value somewhere in a document. Each method returns what it expects or raises DocumentInvalid."""

    value: Any
    path: str = "$"

    def refuse(self, fault: str) -> DocumentInvalid:
        """The fault, at this place."""
        return DocumentInvalid(self.path, fault)

    def fields(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, "Node"]:
        """The fields of an object, none of them unknown and no required one missing."""
        found = self._members()
        for name in found:
            if name not in known:
                raise Node(None, f"{self.path}.{name}").refuse("no such field")
        for name in required:
            if name not in found:
                raise self.refuse(f"{name} is missing")
        return {name: Node(value, f"{self.path}.{name}") for name, value in found.items()}

    def entries(self) -> list[tuple["Node", "Node"]]:
        """The keys and values of an object whose keys are data."""
        return [
            (Node(key, f"{self.path}.{key}"), Node(value, f"{self.path}.{key}"))
            for key, value in self._members().items()
        ]

    def _members(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.refuse("an object is expected")
        if isinstance(self.value, Members) and self.value.repeated is not None:
            raise Node(None, f"{self.path}.{self.value.repeated}").refuse("this is given twice")
        return self.value

    def items(self) -> list["Node"]:
        """The items of a list."""
        if not isinstance(self.value, list):
            raise self.refuse("a list is expected")
        return [Node(item, f"{self.path}[{place}]") for place, item in enumerate(self.value)]

    def each(self, read: Callable[["Node"], T]) -> tuple[T, ...]:
        """Every item of a list, read."""
        return tuple(read(item) for item in self.items())

    def or_none(self, read: Callable[["Node"], T]) -> T | None:
        """What is read, or None for null."""
        return None if self.value is None else read(self)

    def text(self, most: int = LONGEST_TEXT) -> str:
        """A text that is not empty, of at most so many characters."""
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.refuse("a text is expected")
        if UNSTORABLE.search(self.value):
            raise self.refuse("a text without NUL and half characters is expected")
        if len(self.value) > most:
            raise self.refuse(f"a text of at most {most} characters is expected")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.refuse("true or false is expected")
        return self.value

    def whole(self, least: int, most: int) -> int:
        """A whole number within bounds."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.refuse("a whole number is expected")
        if not least <= self.value <= most:
            raise self.refuse(f"a number from {least} to {most} is expected")
        return self.value

    def word(self, words: Collection[str]) -> str:
        """One of the words."""
        if not isinstance(self.value, str) or self.value not in words:
            raise self.refuse(f"one of {', '.join(sorted(words))} is expected")
        return self.value

    def day(self) -> date:
        """A date, as 2026-10-05."""
        if not isinstance(self.value, str) or not DAY.fullmatch(self.value):
            raise self.refuse("a date like 2026-10-05 is expected")
        try:
            day = date.fromisoformat(self.value)
        except ValueError as fault:
            raise self.refuse(f"there is no such day ({fault})") from fault
        self.year_within(day.year)
        return day

    def month(self) -> str:
        """A month, as 2026-10."""
        if not isinstance(self.value, str) or not MONTH.fullmatch(self.value):
            raise self.refuse("a month like 2026-10 is expected")
        try:
            month_index(self.value)
        except ValueError as fault:
            raise self.refuse("a month like 2026-10 is expected") from fault
        self.year_within(int(self.value[:4]))
        return self.value

    def year_within(self, year: int) -> None:
        """Refuse years in which nothing of this can have happened."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            raise self.refuse(f"a year from {FIRST_YEAR} to {LAST_YEAR} is expected")

    def code(self) -> str:
        """A five-character procedure code."""
        if not isinstance(self.value, str) or not CODE.fullmatch(self.value):
            raise self.refuse("a five-character code is expected")
        return self.value
