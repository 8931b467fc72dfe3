"""A table as a file for spreadsheets: RFC 4180, UTF-8, and no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection); a leading apostrophe makes it text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Without it Excel reads the file in the machine's old code page.
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

Cell = str | int | Decimal | date | bool | None


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, notice: str = "") -> bytes:
    """A header and rows. Days are written as 2026-10-12, yes and no as words, nothing as an empty cell.

    A `notice` that goes with the file stands in a last column of its own, on every line.
    """
    beside = (notice,) if notice else ()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*header, *("Notice" for _ in beside)])
    for row in rows:
        writer.writerow([_cell(value) for value in (*row, *beside)])
    return (_BYTE_ORDER_MARK + text.getvalue()).encode()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else str(value)
