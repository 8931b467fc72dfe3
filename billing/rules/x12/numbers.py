"""Control numbers as they come back: without their hyphens or leading zeros they still name the same thing."""

from __future__ import annotations

import re
from typing import Final

# A batch, five digits of a claim, and six signs of which one is a letter: ours, as `bare` leaves them.
SHAPE: Final = r"^[1-9][0-9]{5,13}(?=[0-9]*[A-Z])[A-Z0-9]{6}$"
DIGITS: Final = 5
SIGNS: Final = 6
_SHAPED: Final = re.compile(SHAPE)
_ELSE: Final = re.compile(r"[^A-Z0-9]")
# Where older systems cut a number that they give back.
_CUT_AT: Final = 20


def bare(number: str) -> str:
    """Letters and digits of a control number, without leading zeros: `00001-00001-ABCDEF` is `100001ABCDEF`."""
    return _ELSE.sub("", number.upper()).lstrip("0")


def looks_ours(number: str) -> bool:
    """Whether a number is built as those of our claims are, whatever became of its hyphens and zeros."""
    return _SHAPED.match(bare(number)) is not None


def dressed(number: str) -> str:
    """A number as we write those of our claims, where it looks_ours: `100001abcdef` is `00001-00001-ABCDEF`."""
    given = bare(number)
    return f"{given[: -SIGNS - DIGITS]:0>5}-{given[-SIGNS - DIGITS : -SIGNS]}-{given[-SIGNS:]}"


def is_nearly(received: str, ours: str) -> bool:
    """Whether a number that came back is `ours` in another dress, or what is left of it where it was cut."""
    given = bare(received)
    if not given:
        return False
    return given == bare(ours) or (len(received) == _CUT_AT < len(ours) and given == bare(ours[:_CUT_AT]))


def signs_of(number: str) -> str:
    """The signs at the end of a number, which nobody guesses; empty where there are none."""
    given = bare(number)
    return given[-SIGNS:] if len(given) >= SIGNS and any(one.isalpha() for one in given[-SIGNS:]) else ""
