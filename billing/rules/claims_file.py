"""The table of claims that leaves: comma-separated text, one line per claim line, the same bytes for the same claims.

Lines end with CR LF and text is UTF-8 (RFC 4180). Text that a spreadsheet would run as a formula is neutralized
with a leading apostrophe.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date
from decimal import Decimal

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim line as claims of earlier batches keep it. `amount` is the national one, or unknown."""

    claim: str
    record_number: str
    family_name: str
    given_name: str
    birth_date: date
    sex: str
    payer: str
    payer_code: str
    member_id: str
    service_on: date
    place_of_service: str
    code: str
    units: int
    diagnoses: str
    clinician: str
    clinician_npi: str
    clinic: str
    clinic_npi: str
    amount: Decimal | None
    notice: str = ""


HEADER = (
    "Claim",
    "Record number",
    "Last name",
    "First name",
    "Birth date",
    "Sex",
    "Payer",
    "Payer code",
    "Member id",
    "Date of service",
    "Place of service",
    "Code",
    "Units",
    "Diagnoses",
    "Rendering clinician",
    "Clinician NPI",
    "Clinic",
    "Clinic NPI",
    "Expected amount",
)
NOTICE_COLUMN = "Notice"
assert len(HEADER) + 1 == len(fields(ClaimRow))


def claims_file(rows: Iterable[ClaimRow]) -> bytes:
    """The file of a batch whose columns were fixed, as batches were made before: a header, then the rows in the order
    given. The column of notices is there where a row has one.
    """
    told = list(rows)
    has_notice = any(row.notice for row in told)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow((*HEADER, NOTICE_COLUMN) if has_notice else HEADER)
    for row in told:
        values = astuple(row) if has_notice else astuple(row)[:-1]
        writer.writerow(_cell(value) for value in values)
    return text.getvalue().encode()


@dataclass(frozen=True, slots=True)
class TableRows:
    """One claim of a table whose columns the organization chose: headings and cells as they are written, and a notice
    that goes with its lines.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notice: str = ""


def table_rows(header: Sequence[str], rows: Iterable[Sequence[object]], notice: str = "") -> TableRows:
    """The cells of a claim's lines as text, once for all: what is kept of them is what is written, whenever."""
    written = tuple(tuple(_cell(value) for value in row) for row in rows)
    return TableRows(tuple(neutral(heading) for heading in header), written, notice)


def table_file(claims: Sequence[TableRows]) -> bytes:
    """The table of a batch: the headings, then each claim's lines. The column of notices is there where one has any."""
    has_notice = any(claim.notice for claim in claims)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    for header in [claim.header for claim in claims[:1]]:
        writer.writerow((*header, NOTICE_COLUMN) if has_notice else header)
    for claim in claims:
        writer.writerows((*row, claim.notice) if has_notice else row for row in claim.rows)
    return text.getvalue().encode()


def neutral(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return neutral(value) if isinstance(value, str) else str(value)
