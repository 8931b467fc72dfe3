"""Minutes and scores as spreadsheets hold them."""

import re
from datetime import datetime, time

from caseload.rules.imports.sheets import Cell, as_text, is_said

MOST_MINUTES = 24 * 60 - 1

_CLOCK = re.compile(r"^(\d{1,3}):([0-5]\d)(?::00)?$")
_WORDS = re.compile(r"^(?:(\d{1,2})\s*(?:h|hr|hrs|hour|hours))?\s*(?:(\d{1,4})\s*(?:m|min|mins|minute|minutes))?\.?$")
_WHOLE = re.compile(r"^(-?\d{1,9})(?:\.0*)?$", re.ASCII)
_THOUSANDS = re.compile(r"^\d{1,3}(,\d{3})+$")


class NotANumber(ValueError):
    """The cell does not hold what the column is for. The message is the fault, `fix` what to do."""

    def __init__(self, fault: str, fix: str) -> None:
        super().__init__(fault)
        self.fix = fix


def read_minutes(cell: Cell) -> int | None:
    """The whole minutes in a cell: a number, `1:05` (hours and minutes), `45 min`, `1 h 5 min`, or an Excel time.

    None where nothing is said. Raises NotANumber for parts of minutes, for less than none, and for a day or more.
    """
    text = as_text(cell)
    if not is_said(text):
        return None
    fix = f"Give whole minutes from 1 to {MOST_MINUTES}, or hours and minutes like 1:05."
    clock = _clock_minutes(cell, text)
    minutes = _whole(text) if clock is None else clock
    if minutes is None:
        raise NotANumber(f"“{text[:40]}” is not a number of whole minutes", fix)
    if minutes < 0:
        raise NotANumber(f"{minutes} minutes is less than none", fix)
    if minutes > MOST_MINUTES:
        raise NotANumber(f"{minutes:,} minutes is a day or more", fix)
    return minutes


def read_score(cell: Cell, name: str, most: int) -> int | None:
    """A total or an answer from 0 to `most`. None where nothing is said. Raises NotANumber."""
    text = as_text(cell)
    if not is_said(text) or text.casefold() in ("declined", "refused", "not done", "deferred", "missed", "n", "no"):
        return None
    score = _whole(text.removesuffix(f"/{most}"))
    fix = f"{name} is a whole number from 0 to {most}."
    if score is None:
        raise NotANumber(f"“{text[:40]}” is not a score", fix)
    if not 0 <= score <= most:
        raise NotANumber(f"{score} is {'above ' + str(most) if score > most else 'below 0'}", fix)
    return score


def _clock_minutes(cell: Cell, text: str) -> int | None:
    if isinstance(cell, time | datetime):
        return cell.hour * 60 + cell.minute
    if clock := _CLOCK.match(text):
        return int(clock[1]) * 60 + int(clock[2])
    words = _WORDS.match(text.casefold())
    return int(words[1] or 0) * 60 + int(words[2] or 0) if words and any(words.groups()) else None


def _whole(text: str) -> int | None:
    plain = text.replace(",", "") if _THOUSANDS.match(text.lstrip("-")) else text
    whole = _WHOLE.match(plain)
    return int(whole[1]) if whole else None
