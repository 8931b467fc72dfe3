"""The characters that a file of claims may hold: X12's basic set, in capitals.

Files are read as ASCII, and a separator inside a name would end an element. Letters with marks become the plain
letter (É is E), a few letters become two (ß is SS), typographic marks become those of a typewriter, and what has no
counterpart is left out.
"""

from __future__ import annotations

import re
import unicodedata

from billing.rules.x12.segments import USUAL

BASIC = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!\"&'()+,-./;?= ") - frozenset(USUAL.all)
# Allowed beside the basic set where partners agree: free text never needs them, identifiers may hold them.
EXTENDED = frozenset("%@[]_{}\\|<>#$")
_LETTERS = {
    "ß": "SS", "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H", "ı": "I", "Ŧ": "T",
    "Ŋ": "NG", "Ə": "E", "ĸ": "K", "Ɓ": "B", "Ɗ": "D", "Ƙ": "K",
    "‘": "'", "’": "'", "ʼ": "'", "ʻ": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-",
    "‑": "-", "−": "-", "…": "...",
}  # fmt: skip
_SPACES = re.compile(r"\s+")


def plain_text(text: str) -> str:
    """The text in capitals of the basic set, with separators taken out and single spaces."""
    return _SPACES.sub(" ", "".join(_plain(character) for character in _capitals(text))).strip()


def identifier(text: str) -> str:
    """A number or name that others gave: capitals of the basic and extended sets, without spaces around it."""
    allowed = BASIC | EXTENDED
    return "".join(character for character in text.strip().upper() if character in allowed)


def is_written_whole(text: str) -> bool:
    """Whether every letter of the text has a counterpart, so that a name goes out without a gap."""
    return all(_plain(character) for character in _capitals(text) if character.isalpha())


def is_cut(written: str, text: str) -> bool:
    """Whether what was written of a text ends before the text does: the element had no room for all of it."""
    whole = plain_text(text)
    return bool(written) and len(written) < len(whole) and whole.startswith(written)


def is_plain(text: str) -> bool:
    """Whether a text that was written holds only what may be written."""
    return all(character in BASIC or character in EXTENDED for character in text)


def _capitals(text: str) -> str:
    return text.replace("ß", "SS").replace("ı", "I").upper()


def _plain(character: str) -> str:
    if character in BASIC:
        return character
    if character in _LETTERS:
        return _LETTERS[character]
    if character.isspace() or character in USUAL.all or character == "_":
        return " "
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return "".join(part for part in base.upper() if part in BASIC)
