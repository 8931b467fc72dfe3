"""Uploaded bytes as sheets of cells. What a file is, is told by its content, never by its name."""

from __future__ import annotations

import csv
import io
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest
from pathlib import PurePath
from typing import Any

import openpyxl
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from bhi.errors import DomainError
from bhi.files.operations import MOST_BYTES
from caseload.rules.imports.sheets import Cell, Row, Sheet

# Rows that hold anything; some more for titles and totals.
MOST_ROWS = 50_000
ROWS_OF_TITLES = 100
# As many as a sheet of Excel has, and more blank lines than anybody writes.
_MOST_LINES = 1 << 20
MOST_COLUMNS = 400
_MOST_MERGED = 20_000
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
# Many record systems write a web page and call it a workbook.
_MARKUP = {
    b"<html": "a web page, not a spreadsheet, whatever its name says",
    b"<!doctype": "a web page, not a spreadsheet, whatever its name says",
    b"<table": "a web page, not a spreadsheet, whatever its name says",
    b"<?xml": "an XML file, not a spreadsheet",
    b"<svg": "a picture, not a spreadsheet",
    b"mime-version:": "a web page, not a spreadsheet, whatever its name says",
}
_SAVE_AS = "Save it as an Excel workbook (.xlsx) or as CSV and choose it again."


Progress = Callable[[int, int], None]
_TELL_EVERY = 250


def _quietly(done: int, total: int) -> None:
    """Nobody asked how far it is."""


class WorkbookUnreadable(DomainError):
    """A file that holds no sheets that can be read. The sentence names the file and says what to do."""


def read_workbook(name: str, content: bytes, *, progress: Progress = _quietly) -> tuple[Sheet, ...]:
    """The sheets of an Excel workbook, or the one table of a text file (comma, semicolon, tab or bar).

    Formulas come as the values that Excel kept of them, else as their text; cells merged downwards have the value in
    each row; numbers come without binary fractions; hidden sheets do not come. `progress` is told rows and about how
    many there will be. Raises WorkbookUnreadable.
    """
    shown = PurePath(name).name[:100]
    if len(content) > MOST_BYTES:
        raise WorkbookUnreadable(f"{shown} is larger than 25 MB. Split it and import the parts one after another.")
    if not content.strip(b"\x00 \t\r\n"):
        raise WorkbookUnreadable(f"{shown} is empty. Choose the file that holds the patients.")
    if content.startswith(_ZIP):
        return _workbook(shown, content, progress)
    start = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    other = _first_of(_OTHERS, content) or _first_of(_MARKUP, start)
    if other:
        raise WorkbookUnreadable(f"{shown} is {other}. {_SAVE_AS}")
    return (_table(shown, content, progress),)


def _first_of(signs: dict[bytes, str], content: bytes) -> str:
    return next((what for start, what in signs.items() if content.startswith(start)), "")


def _workbook(name: str, content: bytes, progress: Progress) -> tuple[Sheet, ...]:
    _refuse_bomb(name, content)
    try:
        sheets = tuple(_sheets(name, content, progress))
    except WorkbookUnreadable:
        raise
    except Exception as fault:  # openpyxl raises whatever a broken file makes it stumble over
        raise WorkbookUnreadable(f"{name} cannot be read as an Excel workbook. {_SAVE_AS}") from fault
    if not any(sheet.rows for sheet in sheets):
        raise WorkbookUnreadable(f"{name} is empty. Choose the file that holds the patients.")
    return sheets


def _refuse_bomb(name: str, content: bytes) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        parts = archive.infolist()
        if not any(part.filename == "xl/workbook.xml" for part in parts):
            raise WorkbookUnreadable(f"{name} is a packed file but no Excel workbook. {_SAVE_AS}")
        if sum(part.file_size for part in parts) > MOST_UNPACKED:
            most = MOST_UNPACKED >> 20
            raise WorkbookUnreadable(f"{name} unpacks to more than {most} MB. Split it into smaller files.")
        if any(PurePath(part.filename).name.lower() == "vbaproject.bin" for part in parts):
            raise WorkbookUnreadable(f"{name} holds macros, which are not taken. Save it as .xlsx and choose it again.")
        if any(_declares(archive, part) for part in parts):
            raise WorkbookUnreadable(f"{name} cannot be read as an Excel workbook. {_SAVE_AS}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
        raise WorkbookUnreadable(f"{name} is damaged. {_SAVE_AS}") from fault


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a part's XML has declarations of its own, by which lines unpack to gigabytes. Excel has none."""
    if not part.filename.endswith((".xml", ".rels")):
        return False
    with archive.open(part) as xml:
        return b"<!DOCTYPE" in xml.read(4096).replace(b"\x00", b"")


@dataclass(frozen=True)
class _Marks:
    """What a sheet's XML says that openpyxl does not when it reads row by row."""

    has_formulas: bool
    merged: tuple[str, ...]


def _sheets(name: str, content: bytes, progress: Progress) -> Iterator[Sheet]:
    """The visible sheets. Formulas are read a second time, side by side, only where a sheet has some."""
    book = _opened(content, values=True)
    total = sum(sheet.max_row or 0 for sheet in book.worksheets)
    before = 0
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        marks = _marks(book, sheet)
        formulas = _opened(content, values=False)[sheet.title] if marks.has_formulas else None
        rows = _values(sheet, formulas)
        kept = _limited(name, rows, lambda done, before=before: progress(before + done, total))  # type: ignore[misc]
        before += len(kept)
        yield Sheet(name, str(sheet.title), _filled_down(kept, marks.merged), book.epoch == CALENDAR_MAC_1904)


def _opened(content: bytes, *, values: bool) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)


def _marks(book: Any, sheet: Any) -> _Marks:
    """Read off the sheet's own XML in pieces: openpyxl's reader of rows passes over both."""
    has_formulas, merged, rest = False, [], b""
    with book._archive.open(sheet._worksheet_path) as xml:
        while piece := xml.read(1 << 20):
            text = rest + piece
            has_formulas = has_formulas or bool(re.search(rb"<f[ >/]", text))
            merged += re.findall(rb'<mergeCell ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"', text)
            rest = text[text.rfind(b"<") :][-100:]
    return _Marks(has_formulas, tuple(dict.fromkeys(ref.decode() for ref in merged[:_MOST_MERGED])))


def _values(sheet: Any, formulas: Any) -> Iterator[Row]:
    """The rows of a sheet; a formula of which Excel kept no value comes as its text."""
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    if formulas is None:
        yield from (tuple(map(_cell, row)) for row in sheet.iter_rows(values_only=True))
        return
    formulas.reset_dimensions()
    pairs = zip_longest(sheet.iter_rows(values_only=True), formulas.iter_rows(values_only=True), fillvalue=())
    for kept, written in pairs:
        cells = zip_longest(kept, written)
        yield tuple(_cell(formula if value is None else value) for value, formula in cells)


def _filled_down(rows: list[Row], merged: Iterable[str]) -> tuple[Row, ...]:
    """Rows in which a cell merged over several rows says the same in each of them. Merged across, it says it once."""
    filled = rows
    for ref in merged:
        left, top, _, bottom = range_boundaries(ref)
        first = _at(filled, top, left)
        for number in range(top, min(bottom, len(filled))):
            if first is not None and filled[number] and _at(filled, number + 1, left) is None:
                row = filled[number] + (None,) * (left - len(filled[number]))
                filled[number] = (*row[: left - 1], first, *row[left:])
    return tuple(filled)


def _at(rows: list[Row], number: int, column: int) -> Cell:
    """A cell by its row and column, both from 1; nothing beyond the end."""
    row = rows[number - 1] if number <= len(rows) else ()
    return row[column - 1] if column <= len(row) else None


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


def _table(name: str, content: bytes, progress: Progress) -> Sheet:
    text = _decoded(name, content)
    total = text.count("\n")
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
        cells = _limited(
            name, (tuple(cell or None for cell in row) for row in rows), lambda done: progress(done, total)
        )
    except csv.Error as fault:
        raise WorkbookUnreadable(f"{name} cannot be read as a table. {_SAVE_AS}") from fault
    return Sheet(name, "", tuple(cells))


def _decoded(name: str, content: bytes) -> str:
    """Text of a UTF-8 file, of a UTF-16 one, else as Windows writes Western letters."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in content:
        encodings = _unmarked_utf16(content)
        if not encodings:
            raise WorkbookUnreadable(f"{name} is no spreadsheet and no text. {_SAVE_AS}")
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WorkbookUnreadable(f"{name} has letters in an unknown encoding. {_SAVE_AS}")


def _unmarked_utf16(content: bytes) -> list[str]:
    """The encoding of text in pairs of bytes without its mark: nearly every second byte is nothing."""
    start = content[:400]
    if start[1::2].count(0) > 0.9 * len(start[1::2]) and 0 not in start[::2]:
        return ["utf-16-le"]
    if start[::2].count(0) > 0.9 * len(start[::2]) and 0 not in start[1::2]:
        return ["utf-16-be"]
    return []


def _delimiter(text: str) -> str:
    """What parts the columns: as Excel's own first line says, else of the four usual signs the one that one of the
    first lines has most of outside quotes."""
    if said := re.match(r"sep=([,;\t|])\r?\n", text):
        return said[1]
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:30]]
    return max(",;\t|", key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _limited(name: str, rows: Iterable[Row], tell: Callable[[int], None]) -> list[Row]:
    """The rows up to the last that holds anything: formatted but empty rows follow in many workbooks."""
    kept: list[Row] = []
    blank = held = 0
    for number, row in enumerate(rows, start=1):
        if not any(cell is not None for cell in row):
            blank += 1
            continue
        held += 1
        if held > MOST_ROWS + ROWS_OF_TITLES or number > _MOST_LINES:
            raise WorkbookUnreadable(
                f"{name} has more than {MOST_ROWS:,} rows. Split it and import the parts one after another."
            )
        kept += [()] * blank
        kept.append(row[:MOST_COLUMNS])
        blank = 0
        if not held % _TELL_EVERY:
            tell(number)
    return kept
