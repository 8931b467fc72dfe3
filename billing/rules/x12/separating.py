"""How a part of a file is separated, and where the next part begins: as its ISA says, or guessed without one."""

from __future__ import annotations

import re
from typing import Final

from billing.rules.x12.decoding import Unreadable
from billing.rules.x12.segments import USUAL, Separators

_ELEMENTS_OF_ISA: Final = 16
_LONGEST_ISA: Final = 400
# So much of a set without an envelope tells how its segments end.
_GUESSED_FROM: Final = 3000
BEGINS: Final = ("ISA", "GS", "ST", "BPR", "TRN", "N1", "LX", "CLP", "AK1", "AK2", "BHT", "TA1", "STC")
# What is no separator although it is no letter. Of \s and isspace() the control characters FS, GS, RS and US are blanks
# too, and those are what some systems separate by.
BLANK: Final = " \t\n"
_MARK: Final = r"([^A-Za-z0-9 \t\n])"
# An interchange wherever it stands, and where a line break stands within it: no text of a patient looks like this.
INTERCHANGES: Final = re.compile(rf"I\n?S\n?A\n?{_MARK}\n?[0-9]\n?[0-9]\n?\1[^~]{{0,24}}?\1\n?[0-9]\n?[0-9]\n?\1")
_BEGINS_ISA: Final = re.compile(r"I\n?S\n?A(?![A-Za-z0-9])")
# The start of a group or set, even right after other text.
SETS: Final = re.compile(
    rf"GS{_MARK}(?:HP|FA|HN|H[A-Z]|BE|RA)\1[^~\n]{{0,32}}?\1[0-9]{{6,8}}\1"
    rf"|ST{_MARK}(?:27[0-8]|820|83[457]|99[79])\2[A-Za-z0-9]"
)
STARTS: Final = re.compile(rf"{SETS.pattern}|(?<![A-Za-z0-9])(?:ISA|{'|'.join(BEGINS[1:])})[^A-Za-z0-9 \t\n]")
_TAG_AND_NEXT: Final = re.compile(rf"[A-Z0-9]{{2,3}}{_MARK}")
NO_ANSWER: Final = (
    "The file is no answer to claims: it begins neither with ISA nor with a segment that answers have. Choose "
    "the 999, 277CA or 835 as the clearinghouse or payer gave it."
)


def begins_interchange(text: str) -> bool:
    """Whether an ISA stands here, whole or not."""
    return _BEGINS_ISA.match(text) is not None


def separators_of(text: str) -> Separators:
    """Of an interchange or set that begins here. Raises Unreadable where they cannot be known."""
    return _declared(text) if begins_interchange(text) else _guessed(text)


def _declared(text: str) -> Separators:
    """As ISA says: each of its sixteen elements follows the character after its tag."""
    head = text[:_LONGEST_ISA]
    if "\n" in "".join(head.split(head[3:4] or "*")[:_ELEMENTS_OF_ISA]):
        head = head.replace("\n", "")
    element = head[3:4]
    places = [place for place, letter in enumerate(head) if letter == element][:_ELEMENTS_OF_ISA]
    if not element or len(places) < _ELEMENTS_OF_ISA:
        raise Unreadable("The file is cut off in the middle of its first segment, ISA. Ask for it again.")
    part, end = head[places[-1] + 1 : places[-1] + 2] or " ", head[places[-1] + 2 : places[-1] + 3] or " "
    if part.isalnum() or part in BLANK or end.isalnum() or end == " " or len({element, part, end}) < 3:
        raise Unreadable("The first segment, ISA, does not say how the file is separated. Ask for it again.")
    repetition = head[places[10] + 1 : places[11]].replace("\n", "")
    is_said = len(repetition) == 1 and not repetition.isalnum() and repetition not in (element, part, end)
    return Separators(element, part, repetition if is_said else USUAL.repetition, end)


def _guessed(text: str) -> Separators:
    """Without ISA: as the first tag, the ends of its segments and the first procedure code show."""
    begins = _TAG_AND_NEXT.match(text)
    assert begins is not None, "asked only where something begins"
    element = begins[1]
    end = _end_before_tags(text, element)
    composed = re.search(rf"SVC{re.escape(element)}[A-Z]{{2}}{_MARK}", text)
    part = composed[1] if composed and composed[1] not in (element, end) else USUAL.part
    return Separators(element, part, USUAL.repetition, end)


def _end_before_tags(text: str, element: str) -> str:
    """The character that stands before most of the next tags; a line break where no other does."""
    tags = "|".join((*BEGINS, "SE", "HL", "SVC"))
    pattern = rf"(?:{_MARK}[ \t\n]*|\n[ \t\n]*)(?:{tags}){re.escape(element)}"
    stops = re.search(rf"(?<![A-Za-z0-9])SE{re.escape(element)}[0-9]", text[:_GUESSED_FROM])
    head = text[: stops.end() if stops else _GUESSED_FROM]
    before = [found[1] or "\n" for found in re.finditer(pattern, head)]
    others = [letter for letter in before if letter != element]
    if others:
        return max(dict.fromkeys(others), key=others.count)
    return USUAL.segment if USUAL.segment in text or "\n" not in text else "\n"
