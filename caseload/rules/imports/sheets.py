"""Sheets of cells as they came out of a file, and what can be wrong with them."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

Cell = str | int | Decimal | date | datetime | time | bool | None
Row = tuple[Cell, ...]

_NOT_SAID = frozenset({"", "-", "--", "—", ".", "n/a", "na", "none", "null", "nil", "unknown", "not recorded", "?"})
_KEPT_ZEROS = re.compile(r'^="?([^"]*)"$')
# A number beyond this is no record number, date or score; a spreadsheet has rounded it anyhow.
_READABLE = 10**15
_FORMULA_STARTS = ("=", "+", "-", "@")
# What Excel shows where a formula failed.
_EXCEL_ERRORS = frozenset({
    "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#spill!", "#calc!", "#getting_data",
})  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """One table of a file. `name` is empty for a text file, which holds only one. Decimals in it are finite.

    `counts_from_1904`: its workbook counts days as old Macs did, four years and a day later than all others.
    """

    file: str
    name: str
    rows: tuple[Row, ...]
    counts_from_1904: bool = False

    @property
    def key(self) -> str:
        """What corrections call it."""
        return f"{self.file}#{self.name}" if self.name else self.file

    @property
    def label(self) -> str:
        """What a sentence calls it."""
        return f"{self.file}, sheet {self.name}" if self.name else self.file


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and how it is put right. `row` counts as the file does, from 1; 0 is the sheet."""

    sheet: str
    row: int
    column: str
    fault: str
    fix: str

    @property
    def sentence(self) -> str:
        place = [self.sheet, f"row {self.row}" if self.row else "", f"column {self.column}" if self.column else ""]
        return f"{', '.join(part for part in place if part)}: {self.fault}. {self.fix}"


def as_text(cell: Cell) -> str:
    """The cell as text, trimmed, without control characters; a whole decimal loses its point.

    Text that only looks like a formula stays text. `="0123"`, by which exports keep Excel from dropping zeros,
    and a leading apostrophe are unwrapped.
    """
    match cell:
        case None:
            return ""
        case str():
            return _clean(cell)
        case Decimal() if abs(cell) < _READABLE and cell == cell.to_integral_value():
            return str(int(cell))
        case datetime():
            return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat(" ", "minutes")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("minutes")
        case _:
            return str(cell)


def is_said(text: str) -> bool:
    """Whether the text says anything: not blank and none of the usual ways to write nothing."""
    return text.casefold() not in _NOT_SAID


def is_excel_error(text: str) -> bool:
    """Whether the text is what Excel shows where a formula failed: `#REF!`."""
    return text.casefold() in _EXCEL_ERRORS


def is_blank(row: Row) -> bool:
    """Whether no cell of the row holds anything."""
    return not any(as_text(cell) for cell in row)


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet could run the text: `=…`, `@…`, or a sign before something that is not a number."""
    return text.startswith(_FORMULA_STARTS) and not re.fullmatch(r"[+-][\d ().-]*", text)


def shown(cell: Cell) -> str:
    """The cell as a sentence quotes it, cut to a readable length."""
    text = as_text(cell)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _clean(text: str) -> str:
    kept = text.strip() if text.isascii() and text.isprintable() else _without_controls(text)
    if not kept.startswith(("=", "'")):
        return kept
    wrapped = _KEPT_ZEROS.match(kept)
    return (wrapped.group(1) if wrapped else kept.removeprefix("'")).strip()


def _without_controls(text: str) -> str:
    """Letters in one piece; tabs, line ends and blanks that do not break as blanks; nothing that cannot be seen."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(" " if char.isspace() else char for char in composed if _is_printed(char)).strip()


def _is_printed(char: str) -> bool:
    return char in "\t\r\n" or unicodedata.category(char) not in ("Cc", "Cf")
