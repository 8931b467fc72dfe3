"""Uploaded bytes as sheets of cells. What a file is, is told by its content, never by its name."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import openpyxl

from bhi.errors import DomainError
from bhi.files.operations import MOST_BYTES
from caseload.rules.imports.sheets import Cell, Row, Sheet

MOST_ROWS = 50_000
MOST_COLUMNS = 400
# A workbook of text packs about ten times; far more is made to fill the memory.
MOST_UNPACKED = 12 * MOST_BYTES

# From here on Excel has rounded a number; its text is all that can be kept.
_ROUNDED = 10**15

_ZIP = b"PK\x03\x04"
_OTHERS = {
    b"%PDF": "a PDF, not a spreadsheet",
    b"\xd0\xcf\x11\xe0": "an old or password-protected Excel file, which cannot be read",
    b"{\\rtf": "a Word document, not a spreadsheet",
    b"\x89PNG": "a picture, not a spreadsheet",
    b"\xff\xd8\xff": "a picture, not a spreadsheet",
    b"GIF8": "a picture, not a spreadsheet",
    b"\x1f\x8b": "a packed file, not a spreadsheet",
    b"7z\xbc\xaf": "a packed file, not a spreadsheet",
    b"SQLite": "a database, not a spreadsheet",
}
_SAVE_AS = "Save it as an Excel workbook (.xlsx) or as CSV and choose it again."


class WorkbookUnreadable(DomainError):
    """A file that holds no sheets that can be read. The sentence names the file and says what to do."""


def read_workbook(name: str, content: bytes) -> tuple[Sheet, ...]:
    """The sheets of an Excel workbook, or the one table of a text file (comma, semicolon, tab or bar).

    Formulas come as their text, numbers without binary fractions. Raises WorkbookUnreadable.
    """
    shown = PurePath(name).name[:100]
    if len(content) > MOST_BYTES:
        raise WorkbookUnreadable(f"{shown} is larger than 25 MB. Split it and import the parts one after another.")
    if not content.strip(b"\x00 \t\r\n"):
        raise WorkbookUnreadable(f"{shown} is empty. Choose the file that holds the patients.")
    if content.startswith(_ZIP):
        return _workbook(shown, content)
    other = next((what for start, what in _OTHERS.items() if content.startswith(start)), "")
    if other:
        raise WorkbookUnreadable(f"{shown} is {other}. {_SAVE_AS}")
    return (_table(shown, content),)


def _workbook(name: str, content: bytes) -> tuple[Sheet, ...]:
    _refuse_bomb(name, content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheets = tuple(_sheet(name, sheet) for sheet in book.worksheets if sheet.sheet_state == "visible")
    except WorkbookUnreadable:
        raise
    except Exception as fault:  # openpyxl raises whatever a broken file makes it stumble over
        raise WorkbookUnreadable(f"{name} cannot be read as an Excel workbook. {_SAVE_AS}") from fault
    if not any(sheet.rows for sheet in sheets):
        raise WorkbookUnreadable(f"{name} is empty. Choose the file that holds the patients.")
    return sheets


def _refuse_bomb(name: str, content: bytes) -> None:
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as fault:
        raise WorkbookUnreadable(f"{name} is damaged. {_SAVE_AS}") from fault
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise WorkbookUnreadable(f"{name} is a packed file but no Excel workbook. {_SAVE_AS}")
    if sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise WorkbookUnreadable(f"{name} unpacks to more than {MOST_UNPACKED >> 20} MB. Split it into smaller files.")


def _sheet(name: str, sheet: Any) -> Sheet:
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    rows = _limited(name, (tuple(_cell(value) for value in row) for row in sheet.iter_rows(values_only=True)))
    return Sheet(name, str(sheet.title), _without_blank_end(rows))


def _cell(value: Any) -> Cell:
    """A cell as the rules take it: no binary fractions, no durations; anything unusual as its text."""
    match value:
        case bool() | int() | str() | datetime() | date() | time() | None:
            return value
        case float():
            return _number(value)
        case timedelta():
            return f"{value // timedelta(hours=1)}:{value // timedelta(minutes=1) % 60:02d}"
    return str(getattr(value, "text", value))


def _number(value: float) -> Cell:
    if not math.isfinite(value) or abs(value) >= _ROUNDED:
        return repr(value)
    return int(value) if value.is_integer() else Decimal(repr(value))


def _table(name: str, content: bytes) -> Sheet:
    text = _decoded(name, content)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
        cells = _limited(name, (tuple(cell or None for cell in row) for row in rows))
    except csv.Error as fault:
        raise WorkbookUnreadable(f"{name} cannot be read as a table. {_SAVE_AS}") from fault
    return Sheet(name, "", _without_blank_end(cells))


def _decoded(name: str, content: bytes) -> str:
    """Text of a UTF-8 file, of a UTF-16 one with its mark, else as Windows writes Western letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content:
        raise WorkbookUnreadable(f"{name} is no spreadsheet and no text. {_SAVE_AS}")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WorkbookUnreadable(f"{name} has letters in an unknown encoding. {_SAVE_AS}")


def _delimiter(text: str) -> str:
    """What parts the columns: of the four usual signs the one that the longest line of the first ones has most."""
    lines = text.splitlines()[:30]
    return max(",;\t|", key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _limited(name: str, rows: Iterator[Row]) -> list[Row]:
    kept: list[Row] = []
    for row in rows:
        if len(kept) == MOST_ROWS:
            raise WorkbookUnreadable(
                f"{name} has more than {MOST_ROWS:,} rows. Split it and import the parts one after another."
            )
        kept.append(row[:MOST_COLUMNS])
    return kept


def _without_blank_end(rows: list[Row]) -> tuple[Row, ...]:
    """Rows up to the last that holds anything: formatted but empty rows follow in many workbooks."""
    last = max((number for number, row in enumerate(rows, start=1) if any(cell is not None for cell in row)), default=0)
    return tuple(rows[:last])
