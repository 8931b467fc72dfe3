"""Finding a diagnosis: ICD-10-CM as its owners publish it, searched by code or by words, behavioral ones first.

The table is one text of lines `code, + where it needs more digits, title, other names`, packed from the package
simple-icd-10-cm by `manage.py pack_icd10`; the package itself takes seconds and 190 MB to load, too much for a web
process. It holds one release: whether a code was in force on a day outside of it is not known here.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from registry.rules.identifiers import is_behavioral, normal_icd10


@dataclass(frozen=True, slots=True)
class Release:
    """What the table was published as, and from when until when it is in force."""

    name: str
    from_on: date
    until_on: date

    def holds_on(self, day: date) -> bool:
        """Whether the codes of the release are those in force on a day."""
        return self.from_on <= day <= self.until_on


# CDC/NCHS publish ICD-10-CM for each fiscal year and update it in April.
RELEASE = Release("April 2026", date(2026, 4, 1), date(2026, 9, 30))
PACKED = Path(__file__).with_name("icd10cm.tsv.xz")
MOST_FOUND = 25

# Words that people type and titles do not use, as the pieces of titles that they stand for.
_MEANT = {
    "adhd": ("attention-deficit",),
    "add": ("attention-deficit",),
    "asd": ("autism",),
    "aud": ("alcohol", "use disorder"),
    "bpd": ("borderline",),
    "depression": ("depressi",),
    "depressed": ("depressi",),
    "gad": ("generalized anxiety",),
    "mdd": ("major depressive",),
    "ocd": ("obsessive-compulsive",),
    "oud": ("opioid", "use disorder"),
    "ptsd": ("post-traumatic stress",),
    "sad": ("social phobia",),
    "anxious": ("anxi",),
}
_NO_NAME = 1000  # longer than any: the words are spread over several names
# What primary care treats most: shown before what is as alike otherwise.
_USUAL = ("F32", "F33", "F41", "F43", "F90", "F10", "F11")
_CODE_BEGUN = re.compile(r"[a-z][0-9][0-9a-z]?\.?[0-9a-z]{0,4}")


@dataclass(frozen=True, slots=True)
class Found:
    """A code of the table. `is_whole`: it can stand on a claim; otherwise it needs more digits."""

    code: str
    title: str
    is_whole: bool
    other_names: tuple[str, ...] = ()

    @property
    def is_behavioral(self) -> bool:
        """Whether it is of chapter 5, which these programs treat."""
        return is_behavioral(self.code)


class CodeTable:
    """Every code with its title, as one text: small in memory, and searched at the speed of `str.find`."""

    def __init__(self, text: str) -> None:
        self._text = "\n" + text.strip("\n") + "\n"
        self._small = self._text.lower()

    def find(self, code: str) -> Found | None:
        """The line of a normal code; None where the release has none."""
        start = self._text.find(f"\n{code}\t")
        return None if start < 0 else self._line(start)

    def search(self, words: str, *, most: int = MOST_FOUND) -> list[Found]:
        """Whole codes that begin with `words`, or whose names hold every one of them, the likeliest first.

        Chapter 5 comes first, then names that hold the words in a row, then what primary care treats most, then
        the shorter name that says it.
        """
        typed = words.strip().lower()
        if len(typed) < 2:
            return []
        if _CODE_BEGUN.fullmatch(typed):
            begun = (one for one in self._beginning(typed) if one.is_whole)
            return sorted(begun, key=lambda one: (not one.is_behavioral, one.code))[:most]
        pieces = _pieces(typed.split())
        named = (one for one in self._naming(pieces) if one.is_whole)
        return sorted(named, key=lambda one: _order(one, pieces))[:most]

    def children(self, code: str) -> list[Found]:
        """Everything below a category, in order of the codes."""
        return [one for one in self._beginning(code.lower()) if one.code != code]

    def lines(self) -> Iterator[Found]:
        """The whole table, in its order."""
        return (_found(line) for line in self._text.strip("\n").split("\n"))

    def _beginning(self, typed: str) -> Iterable[Found]:
        bare = typed.replace(".", "")
        begun = bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"
        return (self._line(match.start()) for match in re.finditer(re.escape(f"\n{begun}"), self._small))

    def _naming(self, pieces: Sequence[str]) -> Iterable[Found]:
        if not pieces:
            return
        rarest = max(pieces, key=len)
        last = -1
        for match in re.finditer(re.escape(rarest), self._small):
            start = self._small.rfind("\n", 0, match.start())
            end = self._small.find("\n", start + 1)
            if start != last and _holds(self._small[start:end], pieces):
                yield self._line(start)
            last = start

    def _line(self, start: int) -> Found:
        return _found(self._text[start + 1 : self._text.find("\n", start + 1)])


def _found(line: str) -> Found:
    code, more, title, names = line.split("\t")
    return Found(code, title, not more, tuple(names.split("; ")) if names else ())


def _pieces(words: Sequence[str]) -> tuple[str, ...]:
    """What has to be found for what was typed; words of one letter say nothing."""
    return tuple(piece for word in words if len(word) > 1 for piece in _MEANT.get(word.strip(".,;"), (word,)))


def _holds(line: str, pieces: Iterable[str]) -> bool:
    """Whether a line's names hold every piece, each at the beginning of a word."""
    return all(re.search(rf"(?<![a-z]){re.escape(piece)}", line) for piece in pieces)


def _order(one: Found, pieces: Sequence[str]) -> tuple[bool, bool, bool, int, str]:
    names = [name.lower() for name in (one.title, *one.other_names)]
    has_phrase = any(" ".join(pieces) in name for name in names)
    is_usual = one.code.startswith(_USUAL)
    length = min((len(name) for name in names if _holds(name, pieces)), default=_NO_NAME)
    return (not one.is_behavioral, not has_phrase, not is_usual, length, one.code)


def may_be_new(code: str, table: CodeTable, on: date) -> bool:
    """Whether a code that the release has not may be of a later one: of a category that it has, on a day after its end.
    New codes hold from the first of October; a table that is out by then cannot tell them from a slip.
    """
    normal = normal_icd10(code)
    return bool(normal and on > RELEASE.until_on and table.find(normal) is None and table.find(normal[:3]) is not None)


def why_unusable(code: str, table: CodeTable) -> str:
    """Why a typed code cannot be recorded, with what to do; empty when it can."""
    normal = normal_icd10(code)
    if not normal:
        return "A diagnosis is an ICD-10-CM code such as F33.1."
    found = table.find(normal)
    if found is None:
        return f"{normal} is not a code of ICD-10-CM, release {RELEASE.name}. Search by words."
    if found.is_whole:
        return ""
    return f"{normal} needs {_digits_needed(normal, table)}: choose one of those below it."


def _digits_needed(code: str, table: CodeTable) -> str:
    lengths = {len(one.code.replace(".", "")) for one in table.children(code) if one.is_whole}
    least = min(lengths) - len(code.replace(".", ""))
    return "one more digit" if least == 1 else f"{least} more digits"


@cache
def icd10() -> CodeTable:
    """The table that ships, unpacked when it is first asked for and kept: a tenth of a second, then 16 MB."""
    return CodeTable(lzma.decompress(PACKED.read_bytes()).decode())
