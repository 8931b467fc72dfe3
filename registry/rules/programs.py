"""Which program an episode is in on a day, and what a move to the other one asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

# Words by which a consent script says that a psychiatric consultant is asked; the first letters, in both languages.
CONSULTANT_WORDS: Final = ("psychiatr", "psiquiatr", "specialist", "especialista")


def program_on(periods: Sequence[tuple[date, str]], day: date) -> str:
    """The program of the last period begun by `day`; before the first period that of the first, empty without any.

    `periods` are (from which day, program), the earliest first.
    """
    begun = [program for from_on, program in periods if from_on <= day]
    if begun:
        return begun[-1]
    return periods[0][1] if periods else ""


def consent_words(given_on: date | None, *, to: str, mentions_consultant: bool) -> tuple[str, bool]:
    """What the consent on record says to a move, and whether it is enough for the program moved to.

    One consent serves both programs where it covers asking specialists, a psychiatric consultant among them (CMS, MLN
    Behavioral Health Integration Services: advance consent). `mentions_consultant` is whether the words used do.
    """
    if given_on is None:
        return "No consent on record: ask before minutes count", False
    said = f"Consent of {given_on:%b} {given_on.day}, {given_on.year}"
    if to == "cocm" and not mentions_consultant:
        return f"{said}; its words do not mention a psychiatric consultant: ask again", False
    return said, True


def month_advice(on: date) -> str:
    """What a move on this day does to the month: one program bills it, so the first of a month is the plain choice."""
    if on.day == 1:
        return "The whole month counts for the new program."
    return (
        "In the middle of a month only one of the two programs can be billed for it, each from its own minutes. "
        "Choose the first of a month, unless the change has to be sooner."
    )
