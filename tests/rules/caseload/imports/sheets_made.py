"""Sheets written as text, and the import's own answers about them, for short tests."""

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.fates import plan_import
from caseload.rules.imports.known import Known, KnownClinic
from caseload.rules.imports.plans import ImportPlan
from caseload.rules.imports.reading import Reading, read_sheets
from caseload.rules.imports.sheets import Sheet

ON = date(2026, 11, 2)
EXAMPLES = Path(__file__).parents[3] / "data" / "imports"
NORTH = KnownClinic("c-north", "North", "America/Chicago")


def sheet(text: str, file: str = "list.csv", name: str = "") -> Sheet:
    """Lines of cells between bars, blank cells as nothing."""
    rows = [line.strip() for line in text.strip().splitlines()]
    return Sheet(file, name, tuple(tuple(cell.strip() or None for cell in row.split("|")) for row in rows))


def example(name: str) -> Sheet:
    text = (EXAMPLES / name).read_text(encoding="utf-8-sig")
    return Sheet(name, "", tuple(tuple(cell or None for cell in row) for row in csv.reader(text.splitlines())))


def read(*sheets: Sheet, corrections: Corrections | None = None) -> Reading:
    return read_sheets(sheets, on=ON, corrections=corrections or Corrections())


def plan(*sheets: Sheet, known: Known | None = None, corrections: Corrections | None = None) -> ImportPlan:
    return plan_import(read(*sheets, corrections=corrections), known or Known(clinics=(NORTH,)))


def patients(*rows: str, header: str = "MRN|Name|DOB") -> Sheet:
    return sheet("\n".join((header, *rows)), file="patients.csv")


def contacts(*rows: str, header: str = "MRN|Date|Start|Type|Minutes|Care Manager|PHQ-9|PHQ-9 #9|GAD-7") -> Sheet:
    return sheet("\n".join((header, *rows)), file="contacts.csv")


def fates(plan: ImportPlan, kind: str | None = None) -> list[tuple[int, str, list[str]]]:
    """Row number, outcome and messages of each row."""
    return [(row["row"], row["fate"], row["messages"]) for row in plan.rows() if kind in (None, row["kind"])]


def outcomes(plan: ImportPlan, kind: str) -> Sequence[str]:
    return [row["fate"] for row in plan.rows() if row["kind"] == kind]
