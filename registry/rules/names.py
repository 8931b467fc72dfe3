"""People's names as lists write them: which part is the family's, which the person's own, what is a title."""

import re
import unicodedata
from dataclasses import dataclass

_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "mx", "prof"})
_SUFFIXES = {"jr": "Jr", "sr": "Sr", "ii": "II", "iii": "III", "iv": "IV"}
_CREDENTIALS = frozenset({
    "md", "do", "np", "pa", "pac", "rn", "lpn", "bsn", "msn", "aprn", "fnp", "dnp", "arnp", "crnp", "cns",
    "cnm", "pmhnp", "fnpc", "fnpbc", "pmhnpbc", "phd", "psyd", "edd", "lcsw", "licsw", "lisw", "lmsw", "lsw",
    "msw", "lpc", "lpcc", "lcpc", "lmhc", "lmft", "mft", "lac", "cadc", "lcadc", "ma", "ms", "mph", "mha",
    "cma", "rma",
})  # fmt: skip
# Credentials that are names too: taken for credentials only in capitals, and after a whole name.
_ALSO_NAMES = frozenset({"do", "ma", "pa"})
# Words that belong to the family name they stand before.
_PARTICLES = frozenset({
    "de", "del", "della", "da", "das", "dos", "di", "du", "la", "le", "las", "los", "van", "von", "der",
    "den", "ter", "ten", "bin", "ibn", "al", "el", "st", "san", "santa",
})  # fmt: skip
# Letters that Unicode does not take apart into a base and a mark.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


@dataclass(frozen=True, slots=True)
class Person:
    """A name in parts; each may be empty. `credential` holds all of them, `MD, MPH`."""

    family: str = ""
    given: str = ""
    middle: str = ""
    suffix: str = ""
    credential: str = ""

    @property
    def sort_name(self) -> str:
        return sort_name(self.family, self.given, self.middle)

    @property
    def display(self) -> str:
        """As one would write it: given names first, credentials after a comma."""
        name = " ".join(part for part in (self.given, self.middle, self.family, self.suffix) if part)
        return ", ".join(part for part in (name, self.credential) if part)


def read_person(text: str) -> Person:
    """Take a written name apart: `RIVERA, ANA MD`, `Ken Abara RN`, `Smith Jr., John Q`, `Maria de la Cruz`.

    With a comma the family name stands first, unless only suffixes and credentials follow it. Names all in
    capitals or all in small letters are set in the usual way, others kept as they are. A single word is taken
    for the family name. Nothing readable gives a Person of empty parts.
    """
    parts = [words for part in text.split(",") if (words := part.split())]
    names, suffix, credentials = _without_titles(parts)
    family, own = _set_usually(_family_and_own(names))
    return Person(" ".join(family), "".join(own[:1]), " ".join(own[1:]), suffix, ", ".join(credentials))


def _without_titles(parts: list[list[str]]) -> tuple[list[list[str]], str, list[str]]:
    """The parts without titles, suffixes and credentials (empty parts dropped), and what was taken out."""
    names: list[list[str]] = []
    taken: list[str] = []
    for number, part in enumerate(parts):
        words = part[1:] if len(part) > 1 and _plain(part[0]) in _TITLES else part
        end = len(words)
        while end and _is_after_name(words[:end], first_part=number == 0, only_part=len(parts) == 1):
            end -= 1
        names += [words[:end]] if end else []
        taken += words[end:]
    suffix = next((_SUFFIXES[_plain(word)] for word in taken if _plain(word) in _SUFFIXES), "")
    return names, suffix, [_credential(word) for word in taken if _plain(word) not in _SUFFIXES]


def read_credentials(text: str) -> str:
    """Credentials typed apart from a name, whichever they are: `md, m.p.h.` is `MD, MPH`."""
    return ", ".join(_credential(word) for word in text.replace(",", " ").split())


def _credential(word: str) -> str:
    bare = word.replace(".", "")
    return bare.upper() if bare.islower() else bare


def _is_after_name(words: list[str], *, first_part: bool, only_part: bool) -> bool:
    """Whether the last word is a suffix or credential rather than a name."""
    word = _plain(words[-1])
    if word in _SUFFIXES:
        return len(words) > 1 or not first_part
    if word not in _CREDENTIALS:
        return False
    if word in _ALSO_NAMES:
        return words[-1].isupper() and len(words) > (2 if only_part else 1)
    return len(words) > 1 or not first_part


def _family_and_own(names: list[list[str]]) -> tuple[list[str], list[str]]:
    if not names:
        return [], []
    if len(names) > 1:
        return names[0], [word for part in names[1:] for word in part]
    words = names[0]
    start = len(words) - 1
    while start > 1 and _plain(words[start - 1]) in _PARTICLES:
        start -= 1
    return words[start:], words[:start]


def _set_usually(parts: tuple[list[str], list[str]]) -> tuple[list[str], list[str]]:
    family, own = parts
    letters = "".join([*family, *own])
    if not (letters.isupper() or letters.islower()):
        return parts
    return [_capitalised(word) for word in family], [_capitalised(word) for word in own]


def _capitalised(word: str) -> str:
    """`O'BRIEN-SMITH` to O'Brien-Smith, `MCDONALD` to McDonald."""
    set_word = re.sub(r"[^\W\d_]+", lambda letters: letters[0].capitalize(), word)
    return re.sub(r"\bMc([a-z])", lambda letters: "Mc" + letters[1].upper(), set_word)


def _plain(word: str) -> str:
    return re.sub(r"[^a-z]", "", word.casefold())


def sort_name(family: str, given: str, middle: str = "") -> str:
    """What names are sorted and compared by: `lastname, first middle` in small letters without marks.

    Byte order of the result is alphabetical, and spellings that differ in accents, hyphens, apostrophes or
    capitals come out equal.
    """
    return ", ".join(part for part in (_folded(family), _folded(f"{given} {middle}")) if part)


def _folded(text: str) -> str:
    # Taken apart first: a letter of mathematics becomes a plain capital only then.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_PLAIN)
    kept = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[-‐‑–]", " ", re.sub(r"['’‘`.]", "", kept)).split())
