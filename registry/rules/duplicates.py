"""How much two records look like one person. Only a suggestion: people decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

# Likeness of names in per cent of shared trigrams. Alike: a typing error, a missing middle name, a maiden name added.
ALIKE: Final = 45
SAME: Final = 85
MOST_POINTS: Final = 100
_PHONE_DIGITS: Final = 7


@dataclass(frozen=True, slots=True)
class Someone:
    """What two records are compared by. Phones and the record number may be empty."""

    family_name: str
    given_name: str
    birth_date: date
    middle_name: str = ""
    phones: tuple[str, ...] = ()
    mrn: str = ""

    @property
    def sort_name(self) -> str:
        return sort_name(self.family_name, self.given_name, self.middle_name)

    @property
    def phone_digits(self) -> frozenset[str]:
        return frozenset(filter(None, map(phone_digits, self.phones)))


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Why two records may be one person, in words, and how strongly: `points` from 0 to 100, only for the order."""

    points: int
    reasons: tuple[str, ...]


def resemblance(one: Someone, other: Someone) -> Resemblance | None:
    """None unless two things agree: alike names with one birth date, phone or record number; the same name with a
    birth date that is one slip of the keys away; one birth date with one phone or record number.
    """
    names = max(likeness(one.sort_name, other.sort_name), likeness(_short(one), _short(other)))
    same_day = one.birth_date == other.birth_date
    near_day = not same_day and is_slip(one.birth_date, other.birth_date)
    same_phone = bool(one.phone_digits & other.phone_digits)
    same_mrn = bool(bare_mrn(one.mrn)) and bare_mrn(one.mrn) == bare_mrn(other.mrn)
    agreeing = sum((names >= ALIKE, same_day, same_phone, same_mrn))
    if agreeing < 2 and not (names >= SAME and near_day):
        return None
    points = names * 4 // 10 + same_day * 30 + near_day * 10 + same_phone * 15 + same_mrn * 15
    said = (
        ("Same name" if names >= SAME else "Alike names", names >= ALIKE),
        ("same birth date", same_day),
        ("birth dates one slip apart", near_day),
        ("same phone", same_phone),
        ("same record number", same_mrn),
    )
    return Resemblance(min(points, MOST_POINTS), tuple(words for words, is_so in said if is_so))


def likeness(one: str, other: str) -> int:
    """Shared trigrams of two names in per cent, the order of their words left aside: what pg_trgm's similarity() is."""
    first, second = _trigrams(one), _trigrams(other)
    both = first | second
    return 100 * len(first & second) // len(both) if both else 0


def is_slip(one: date, other: date) -> bool:
    """Whether two different dates differ by one digit, two neighbouring digits, or day and month exchanged."""
    first, second = f"{one:%Y%m%d}", f"{other:%Y%m%d}"
    places = [place for place in range(8) if first[place] != second[place]]
    if len(places) == 1:
        return True
    is_turned = len(places) == 2 and places[1] - places[0] == 1
    is_turned = is_turned and first[places[0]] == second[places[1]] and first[places[1]] == second[places[0]]
    return is_turned or (one.year, one.month, one.day) == (other.year, other.day, other.month)


def phone_digits(phone: str) -> str:
    """The last seven digits of a phone number, as some are noted without an area code; empty where there are fewer."""
    digits = re.sub(r"\D", "", phone)
    return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS else ""


def _short(someone: Someone) -> str:
    return sort_name(someone.family_name, someone.given_name)


def _trigrams(text: str) -> frozenset[str]:
    padded = (f"  {word} " for word in re.findall(r"\w+", text))
    return frozenset(word[start : start + 3] for word in padded for start in range(len(word) - 2))
