"""A practice's list of charges and appointments, typed, row by row, with nothing looked up yet.

What is not understood is named by row and column; nothing is guessed without saying so.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation

from billing.rules.charge_columns import ChargeChoices, recognize_charges, status_of
from caseload.rules.imports.candidates import Ignored
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.dates import questions
from caseload.rules.imports.recognize import Column, Table
from caseload.rules.imports.rows import RowReader, data_rows
from caseload.rules.imports.sheets import Problem, Sheet, as_text, shown

# Nobody plans a visit further ahead; a later date is a typing error.
_AHEAD = timedelta(days=731)
# CPT and HCPCS level II have five characters: five digits, a letter and four digits, or four digits and a letter.
_CODE = re.compile(r"(?<![A-Z0-9])([A-Z]\d{4}|\d{4}[0-9A-Z])(?:\.0)?(?![A-Z0-9])")
_UNITS = re.compile(r"-?\d{1,3}(?:\.0+)?")
_MONEY = re.compile(r"[-(]?\$?[-(]?\d{1,3}(?:,?\d{3})*(?:\.\d{1,2})?\)?")
_NPI = re.compile(r"\d{10}")


@dataclass(frozen=True, slots=True)
class Charge:
    """One row. Empty texts were not said; `code` is empty for an appointment, `status` one of `kept`, `planned`,
    `missed`, `canceled` or empty; `paid` and `charge` (of all units) are None where the file does not say them.
    """

    row: int
    on: date
    mrn: str = ""
    family: str = ""
    given: str = ""
    birth_on: date | None = None
    at: time | None = None
    code: str = ""
    units: int = 1
    paid: Decimal | None = None
    practitioner: str = ""
    npi: str = ""
    status: str = ""
    charge: Decimal | None = None

    @property
    def label(self) -> str:
        """Whom the file names, as it names them."""
        name = ", ".join(part for part in (self.family, self.given) if part)
        return " · ".join(part for part in (name, self.mrn) if part)


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A row that was read. `faults` refuse it, and `charge` is then None; `losses` kept it without a value."""

    row: int
    charge: Charge | None
    label: str = ""
    faults: tuple[Problem, ...] = ()
    losses: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ChargeFile:
    """What a file says. `problems` and `questions` have to be settled before it is used; `ignored` counts rows that
    are none: blank, totals, the header again. `table` is None where no heading is known.
    """

    table: Table | None
    rows: tuple[ChargeRow, ...] = ()
    problems: tuple[Problem, ...] = ()
    questions: tuple[str, ...] = ()
    ignored: int = 0

    @property
    def charges(self) -> tuple[Charge, ...]:
        """The rows that are understood."""
        return tuple(row.charge for row in self.rows if row.charge)

    @property
    def faults(self) -> tuple[Problem, ...]:
        """What is not understood, by row and column."""
        return tuple(fault for row in self.rows for fault in row.faults)

    @property
    def unknown_columns(self) -> tuple[Column, ...]:
        """Headed columns that are not used."""
        columns = self.table.columns if self.table else ()
        return tuple(column for column in columns if column.is_headed and not column.field)

    @property
    def is_usable(self) -> bool:
        return self.table is not None and not self.problems and not self.questions


def read_charges(sheets: Sequence[Sheet], *, on: date, choices: ChargeChoices | None = None) -> ChargeFile:
    """The charges and appointments of an uploaded file, whose sheets caseload's read_workbook gives.

    `on` is the day of the upload, by which two digits of a year are read. Of several sheets the one with the most
    known headings is read. Modifiers behind a code are not read.
    """
    chosen = choices or ChargeChoices()
    table, problems = recognize_charges(sheets, chosen)
    if table is None or problems:
        return ChargeFile(table, problems=problems)
    corrections = Corrections(date_orders={"": chosen.date_order} if chosen.date_order else {})
    read = list(data_rows(table, corrections, "contact_on"))
    rows = tuple(_row(reader, on) for reader in read if isinstance(reader, RowReader))
    ignored = sum(isinstance(reader, Ignored) for reader in read)
    return ChargeFile(table, rows, (), questions((table,), corrections), ignored)


def _row(reader: RowReader, on: date) -> ChargeRow:
    charge = _charge(reader, on)
    label = _label(reader)
    kept = charge if not reader.faults else None
    return ChargeRow(reader.number, kept, label, tuple(reader.faults), tuple(reader.losses))


def _charge(reader: RowReader, on: date) -> Charge | None:
    who = _who(reader, on)
    day = reader.needed_day("contact_on", on + _AHEAD)
    code, units = _code(reader), _units(reader)
    status = _status(reader, is_charge=bool(code))
    if who is None or day is None:
        return None
    return replace(
        who,
        on=day,
        at=reader.clock("start", "contact_on"),
        code=code,
        units=units,
        paid=_amount(reader, "paid"),
        practitioner=reader.words("practitioner", 200),
        npi=_npi(reader),
        status=status,
        charge=_amount(reader, "charge"),
    )


def _who(reader: RowReader, on: date) -> Charge | None:
    """Whom the row names: by record number, or by a whole name and a birth date."""
    mrn = reader.mrn()
    # With a number the name is only compared, so that a missing or strange one refuses nothing.
    name = (replace(reader, faults=[], losses=[], remarks=[]) if mrn else reader).person_name()
    birth_on = reader.birth_day(on, is_needed=not mrn) if mrn or name else None
    if not mrn and (name is None or birth_on is None):
        return None
    family, given = (name.family, name.given) if name else ("", "")
    return Charge(reader.number, on, mrn=mrn, family=family, given=given, birth_on=birth_on)


def _label(reader: RowReader) -> str:
    """Whom the row names, also where it is refused."""
    texts = [reader.text(key) for key in ("name", "family", "given", "mrn")]
    return " · ".join(text for text in texts if text)[:200]


def _code(reader: RowReader) -> str:
    text = reader.text("code").upper()
    found = dict.fromkeys(_CODE.findall(text))
    if text and not found:
        reader.refuse("code", f"“{shown(text)}” is no procedure code", "Write its five characters, as 99213.")
    if len(found) > 1:
        reader.refuse("code", f"“{shown(text)}” names {len(found)} codes", "Write one code in each row.")
    return next(iter(found), "")


def _units(reader: RowReader) -> int:
    text = as_text(reader.cell("units"))
    if not reader.text("units"):
        return 1
    if not _UNITS.fullmatch(text):
        reader.refuse("units", f"“{shown(text)}” is no whole number of units", "Write 1, 2 or 3.")
        return 1
    return int(text.partition(".")[0])


def _amount(reader: RowReader, key: str) -> Decimal | None:
    text = reader.text(key).replace(" ", "")
    if not text:
        return None
    if not _MONEY.fullmatch(text):
        reader.lose(key, f"“{shown(text)}” is no amount", "Write it as 144.96; until then it is not known.")
        return None
    try:
        amount = Decimal(re.sub(r"[^\d.]", "", text)).quantize(Decimal("0.01"))
    except InvalidOperation:
        reader.lose(key, f"“{shown(text)}” is no amount", "Write it as 144.96; until then it is not known.")
        return None
    return -amount if text.startswith(("-", "(", "$-", "$(")) else amount


def _npi(reader: RowReader) -> str:
    text = re.sub(r"\.0$|\s", "", reader.text("npi"))
    if text and not _NPI.fullmatch(text):
        reader.lose("npi", f"“{shown(text)}” is no NPI", "An NPI has ten digits; the name is compared instead.")
        return ""
    return text


def _status(reader: RowReader, *, is_charge: bool) -> str:
    """A charge is kept without a status that is not understood; an appointment may have been canceled by it."""
    written = reader.text("status")
    status = status_of(written)
    if status is None:
        wrong = reader.lose if is_charge else reader.refuse
        fix = "Write Scheduled, Completed, No show or Canceled, or choose Not used for the column."
        wrong("status", f"“{shown(written)}” is no status that is known", fix)
    return status or ""
