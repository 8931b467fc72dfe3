"""Single values of answers: days, money, texts that have to fit."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from billing.rules.x12.segments import Segment

_MONEY: Final = re.compile(r"[-+]?(\d{0,9})(?:\.(\d*))?\Z", re.ASCII)
_DAY: Final = re.compile(r"\d{6}(?:\d{2})?\Z", re.ASCII)
CENT: Final = Decimal("0.01")
# Which kind of number NM109 is, as NM108 says.
_SOCIAL_SECURITY: Final = "34"


def day_of(text: str) -> date | None:
    """`20261031`, `261031`, or the first day of `20261001-20261031`; None where it is no day."""
    first = text.strip().split("-")[0]
    if not _DAY.match(first):
        return None
    digits = first if len(first) == 8 else f"20{first}"
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def money_of(text: str) -> Decimal | None:
    """Whole cents; nothing is zero, as the format has it; None where it is no amount of money."""
    if not text.strip():
        return Decimal("0.00")
    found = _MONEY.match(text.strip())
    if found is None or not (found[1] or found[2]):
        return None
    amount = Decimal(text.strip())
    cents = amount.quantize(CENT)
    return cents if cents == amount else None


def fitting(text: str, most: int) -> str:
    """The text without its margins, cut to what a column holds."""
    return text.strip()[:most]


def digits_of(text: str) -> str:
    """Only its digits: tax numbers come with and without dashes."""
    return re.sub(r"[^0-9]", "", text)


def names_of(one: Segment, who: str) -> dict[str, str]:
    """The name and number that an NM1 says, under what they are to the claim: `patient` and `patient_number`.

    A social security number is not kept.
    """
    name = ", ".join(part for part in (one.at(3), one.at(4)) if part)
    number = "" if one.at(8) == _SOCIAL_SECURITY else fitting(one.at(9), 80)
    said = {who: fitting(name, 120), f"{who}_number": number}
    return {key: value for key, value in said.items() if value}
