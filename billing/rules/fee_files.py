"""A payer's fee table as a file has it: which column is what, and one amount for each code of ours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

from billing.rules.books.library import library
from billing.rules.fees import schedules
from caseload.rules.imports.sheets import Row, Sheet, as_text

CENT = Decimal("0.01")
_HEADINGS = {
    "code": ("code", "hcpcs", "cpt", "hcpcscode", "cptcode", "procedurecode", "procedure", "hcpcscpt", "cpthcpcs"),
    "nonfacility": (
        *("nonfacility", "nonfacilityfee", "nonfacilityamount", "nonfacilityprice", "nonfac", "nonfacfee", "office"),
        *("amount", "fee", "allowed", "allowedamount", "rate", "price", "maxfee", "maximumfee", "contractrate"),
    ),
    "facility": ("facility", "facilityfee", "facilityamount", "facilityprice", "fac", "facfee"),
}
_SEARCHED_ROWS = 20
_MODIFIER = ("modifier", "mod")


@dataclass(frozen=True, slots=True)
class FeeRow:
    """One code of the table; an amount that a column does not say is not known."""

    code: str
    nonfacility: Decimal | None
    facility: Decimal | None


@dataclass(frozen=True, slots=True)
class FeeFile:
    """What a file says. `left_out` rows have codes that are never asked for here; `faults` are sentences by row."""

    rows: tuple[FeeRow, ...] = ()
    left_out: int = 0
    faults: tuple[str, ...] = ()


@cache
def our_codes() -> frozenset[str]:
    """Every code that a rule book or a national schedule knows."""
    of_books = {code for books in library().values() for book in books for code in book.codes}
    return frozenset(of_books | {code for schedule in schedules() for code in schedule.units})


def read_fee_file(sheets: Sequence[Sheet]) -> FeeFile:
    """The amounts of a file whose first rows hold headings for the code and at least one amount.

    Rows with a modifier are left out, for they are other prices. A code that stands twice with two amounts is a fault.
    """
    for sheet in sheets:
        for number, cells in enumerate(sheet.rows[:_SEARCHED_ROWS], start=1):
            columns = _columns(cells)
            if "code" in columns and columns.keys() & {"nonfacility", "facility"}:
                return _read(sheet, number, columns)
    return FeeFile(faults=("No row is headed Code and Amount. Name the columns Code, Nonfacility and Facility.",))


def _columns(cells: Row) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        heading = re.sub(r"[^a-z]", "", as_text(cell).casefold())
        for field, known in _HEADINGS.items():
            if heading in known:
                found.setdefault(field, place)
        if heading in _MODIFIER:
            found.setdefault("modifier", place)
    return found


def _read(sheet: Sheet, header: int, columns: dict[str, int]) -> FeeFile:
    kept: dict[str, FeeRow] = {}
    faults: list[str] = []
    left_out = 0
    for number, cells in enumerate(sheet.rows[header:], start=header + 1):
        texts = {name: _text(cells, place) for name, place in columns.items()}
        code = texts["code"].upper().removesuffix(".0")
        if not code:
            continue
        if code not in our_codes() or texts.get("modifier"):
            left_out += 1
            continue
        amounts = {name: _amount(texts.get(name, "")) for name in ("nonfacility", "facility")}
        fault = _fault(number, code, amounts, kept)
        if fault:
            faults.append(fault)
            continue
        kept[code] = FeeRow(code, _known(amounts["nonfacility"]), _known(amounts["facility"]))
    if not kept and not faults:
        faults.append("No row has a code that is asked for here, such as 99492. Check which file it is.")
    return FeeFile(tuple(kept.values()), left_out, tuple(faults))


def _fault(number: int, code: str, amounts: dict[str, Decimal | str | None], kept: dict[str, FeeRow]) -> str:
    wrong = next((amount for amount in amounts.values() if isinstance(amount, str)), None)
    if wrong is not None:
        return f"Row {number}: {wrong} is no amount. Write it as 144.96."
    if all(amount is None for amount in amounts.values()):
        return f"Row {number}: {code} has no amount."
    now = FeeRow(code, _known(amounts["nonfacility"]), _known(amounts["facility"]))
    if code in kept and kept[code] != now:
        return f"Row {number}: {code} stands in the file twice with two amounts. Keep one."
    return ""


def _known(amount: Decimal | str | None) -> Decimal | None:
    return amount if isinstance(amount, Decimal) else None


def _amount(text: str) -> Decimal | str | None:
    """The amount; the text itself where it is none, None where there is none or it is zero."""
    bare = text.replace("$", "").replace(",", "").strip()
    if bare.casefold() in ("", "na", "n/a", "-"):
        return None
    try:
        amount = Decimal(bare)
    except InvalidOperation:
        return text[:30]
    if not amount.is_finite() or amount < 0 or amount >= 10**8 or amount != amount.quantize(CENT):
        return text[:30]
    return amount.quantize(CENT) or None


def _text(cells: Row, place: int) -> str:
    return as_text(cells[place]) if place < len(cells) else ""
