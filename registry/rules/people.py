"""What is decided about a person's details: whose insurance takes Medicare numbers, who may be spoken with today,
whether two people changed the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from registry.rules.identifiers import bare_mrn, mbi_fault, normal_mbi, normal_mrn
from registry.rules.names import sort_name

FIRST_BIRTH_DATE: Final = date(1900, 1, 1)
FEWEST_DIGITS: Final = 7
FOLLOW_UP_DAYS: Final = 7
"""Days from leaving a hospital or emergency department to a follow-up contact (HEDIS FUH/FUM, 7-day rate)."""

# Which fields of a patient are shown and changed together.
SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "person": (
        *("given_name", "middle_name", "family_name", "preferred_name", "birth_date", "sex", "gender"),
        *("language", "needs_interpreter", "died_on"),
    ),
    "contact": (
        *("phone", "phone_best_times", "may_leave_voicemail", "may_text"),
        *("second_phone", "second_phone_best_times", "may_leave_voicemail_second", "may_text_second"),
        *("email", "may_email"),
    ),
    "address": ("address", "city", "state", "postal_code"),
    "number": ("mrn",),
    "visit": ("next_visit_on",),
}

CLAIM_PERSON: Final = ("given_name", "middle_name", "family_name", "birth_date", "sex")
"""What claims tell of who the person is."""

# Medicare's own, not plans that issue numbers of their own.
_MEDICARE = re.compile(r"\bmedicare\b", re.IGNORECASE)
_OWN_NUMBERS = re.compile(r"\b(?:advantage|supplement\w*|medigap|hmo|ppo|mapd?)\b", re.IGNORECASE)


def phone_fault(text: str) -> str:
    """What is wrong with a phone number as typed, as a sentence; empty if nothing is, also where there is none."""
    is_whole = not text or sum(map(str.isdigit, text)) >= FEWEST_DIGITS
    return "" if is_whole else "Enter a phone number with its area code, such as 312-555-0134."


def birth_date_fault(born: date, *, today: date) -> str:
    """What is wrong with a birth date, as a sentence; empty if nothing is."""
    is_possible = FIRST_BIRTH_DATE <= born <= today
    return "" if is_possible else "A birth date lies between 1900 and today. Correct the year."


def takes_mbi(payer_name: str) -> bool:
    """Whether a payer of this name goes by Medicare numbers: Medicare itself, not an Advantage plan or a supplement."""
    return bool(_MEDICARE.search(payer_name)) and not _OWN_NUMBERS.search(payer_name)


def member_id_fault(member_id: str, *, is_mbi: bool) -> str:
    """What is wrong with a member id, as a sentence; empty if nothing is. An empty one may come later."""
    return mbi_fault(member_id) if is_mbi and member_id.strip() else ""


def normal_member_id(member_id: str, *, is_mbi: bool) -> str:
    """A member id as it is stored: a Medicare number without spaces and dashes, others as typed."""
    return (normal_mbi(member_id) if is_mbi else "") or " ".join(member_id.split())


def may_speak_today(may_speak_about: str, until_on: date | None, today: date) -> bool:
    """Whether somebody may be told something today; the last day of a permission still counts."""
    return bool(may_speak_about.strip()) and (until_on is None or today <= until_on)


def has_expired(may_speak_about: str, until_on: date | None, today: date) -> bool:
    """Whether a permission to speak with somebody was given and is over."""
    return bool(may_speak_about.strip()) and until_on is not None and until_on < today


def follow_up_due(left_on: date) -> date:
    """The last day for a follow-up after a hospital stay or an emergency visit."""
    return left_on + timedelta(days=FOLLOW_UP_DAYS)


@dataclass(frozen=True, slots=True)
class Searched:
    """What somebody searches for: words of a name, a record number without leading zeros, or a birth date."""

    words: tuple[str, ...]
    mrn: str
    born: date | None


def searched(text: str, born: date | None) -> Searched:
    """The parts of a search. `born` is the text read as a date, None where it is none."""
    words = tuple(sort_name("", text).replace(",", " ").split())
    return Searched(words, bare_mrn(normal_mrn(text)), born)


def as_text(value: object) -> str:
    """A value as a form's hidden field carries it, so that what was shown can be compared with what is stored."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date) else str(value).replace("\r\n", "\n").strip()


def changed_meanwhile(
    shown: Mapping[str, str], stored: Mapping[str, object], typed: Mapping[str, object]
) -> tuple[str, ...]:
    """Fields that somebody else changed since a form was shown, and that hold something else than what is typed.

    What only they changed counts too: the form would put back what stood there before. Fields of which nothing was
    shown are left out.
    """
    return tuple(
        name
        for name, value in stored.items()
        if name in shown and as_text(value) != shown[name] and as_text(value) != as_text(typed.get(name))
    )


def reordered(ids: Iterable[str], moved: str, *, up: bool) -> tuple[str, ...]:
    """A list with one of it moved a place up or down; unchanged at the end, and where it is not in the list."""
    order = list(ids)
    if moved not in order:
        return tuple(order)
    place = order.index(moved)
    other = place - 1 if up else place + 1
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    return tuple(order)
