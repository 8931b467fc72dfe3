"""Bytes as sheets: encodings, delimiters, workbooks, and everything that is none."""

import io
import zipfile
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.formula import ArrayFormula

from caseload.operations import read_workbook as module
from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook

DATA = Path(__file__).parents[1] / "data" / "imports"
OLD_EXCEL = "an old or password-protected Excel file, which cannot be read"
SAVE_AS = "Save it as an Excel workbook (.xlsx) or as CSV and choose it again."


def rows(content, name="list.csv"):
    (sheet,) = read_workbook(name, content)
    return sheet.rows


def book(*cells, **sheets):
    made = openpyxl.Workbook()
    made.active.title = "Patients"
    for row in cells:
        made.active.append(row)
    for title, state in sheets.items():
        made.create_sheet(title).sheet_state = state
        made[title].append(["x"])
    return saved(made)


def saved(made):
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def test_the_example_workbook():
    assert [
        (sheet.name, len(sheet.rows)) for sheet in read_workbook("tracker.xlsx", (DATA / "tracker.xlsx").read_bytes())
    ] == [
        ("Patients", 49),
        ("Contacts", 427),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "MRN,Name\n1,Zoë".encode(),
        "MRN,Name\r\n1,Zoë".encode("utf-8-sig"),
        "MRN,Name\n1,Zoë\n\n".encode("cp1252"),
        "MRN\tName\n1\tZoë".encode("utf-16"),
        b"MRN;Name\n1;Zo\xeb",
        b'MRN|Name\n1|"Zo\xeb"',
        b"MRN\tName\n1\tZo\xeb\n\t\n",
    ],
)
def test_text_in_any_usual_form(content):
    assert rows(content) == (("MRN", "Name"), ("1", "Zoë"))


def test_letters_that_windows_does_not_know_are_still_read():
    assert rows(b"MRN,Name\n1,Zo\x81") == (("MRN", "Name"), ("1", "Zo\x81"))


def test_blank_cells_are_nothing_and_commas_stay_in_quotes():
    assert rows(b'MRN,Name\n1,\n,"Doe, Jo"') == (("MRN", "Name"), ("1", None), (None, "Doe, Jo"))


def test_cells_of_a_workbook_keep_their_kind():
    content = book(
        ["text", 7, 7.0, 7.5, True, None, datetime(2026, 9, 3), time(9, 40), timedelta(hours=1, minutes=5), "=1+1"],
        [None, None],
    )
    (sheet,) = read_workbook("a.xlsx", content)
    assert (sheet.file, sheet.name) == ("a.xlsx", "Patients")
    assert sheet.rows == (
        ("text", 7, 7, Decimal("7.5"), True, None, datetime(2026, 9, 3), time(9, 40), "1:05", "=1+1"),
    )


@pytest.mark.parametrize(
    ("number", "cell"),
    [(7.0, 7), (7.25, Decimal("7.25")), (1e300, "1e+300"), (float("inf"), "inf"), (float("nan"), "nan")],
)
def test_numbers_are_never_binary_fractions(number, cell):
    assert module._cell(number) == cell


def test_unusual_cells_come_as_their_text():
    made = openpyxl.Workbook()
    made.active["A1"] = "MRN"
    made.active["A2"] = ArrayFormula("A2:A3", "=SUM(B1:B2)")
    assert read_workbook("a.xlsx", saved(made))[0].rows[1] == ("=SUM(B1:B2)",)


def test_hidden_sheets_are_not_read():
    content = book(["MRN"], Shown="visible", Hidden="hidden")
    assert [sheet.name for sheet in read_workbook("a.xlsx", content)] == ["Patients", "Shown"]


def test_the_content_decides_not_the_name():
    assert [sheet.name for sheet in read_workbook("a.csv", book(["MRN"]))] == ["Patients"]
    assert rows(b"MRN,Name", name="C:/lists/a.xlsx") == (("MRN", "Name"),)


def packed(**parts):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as made:
        for name, content in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "a.xlsx is empty. Choose the file that holds the patients."),
        (b" \r\n\t", "a.xlsx is empty. Choose the file that holds the patients."),
        (b"%PDF-1.7", f"a.xlsx is a PDF, not a spreadsheet. {SAVE_AS}"),
        (b"\xd0\xcf\x11\xe0\xa1", f"a.xlsx is {OLD_EXCEL}. {SAVE_AS}"),
        (b"\x89PNG\r\n", f"a.xlsx is a picture, not a spreadsheet. {SAVE_AS}"),
        (b"MZ\x00\x01\x02", f"a.xlsx is no spreadsheet and no text. {SAVE_AS}"),
        (b"\xff\xfeM\x00\x00", f"a.xlsx has letters in an unknown encoding. {SAVE_AS}"),
        (b"PK\x03\x04 and nothing", f"a.xlsx is damaged. {SAVE_AS}"),
        (packed(word__document_xml="x"), f"a.xlsx is a packed file but no Excel workbook. {SAVE_AS}"),
        (packed(xl__workbook_xml="x"), f"a.xlsx cannot be read as an Excel workbook. {SAVE_AS}"),
        (book(), "a.xlsx is empty. Choose the file that holds the patients."),
        (b'a,"' + b"x" * 200_000, f"a.xlsx cannot be read as a table. {SAVE_AS}"),
    ],
)
def test_what_is_no_spreadsheet_is_said(content, said):
    with pytest.raises(WorkbookUnreadable) as caught:
        read_workbook("folder/a.xlsx", content)
    assert str(caught.value) == said


def test_files_that_are_too_large(monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(WorkbookUnreadable) as caught:
        read_workbook("a.csv", b"x" * 11)
    assert str(caught.value) == "a.csv is larger than 25 MB. Split it and import the parts one after another."


def test_files_that_unpack_to_too_much(monkeypatch):
    monkeypatch.setattr(module, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(WorkbookUnreadable) as caught:
        read_workbook("a.xlsx", packed(xl__workbook_xml="x" * (2 << 20)))
    assert str(caught.value) == "a.xlsx unpacks to more than 1 MB. Split it into smaller files."


@pytest.mark.parametrize("part", ["xl/vbaProject.bin", "xl/other/VBAPROJECT.BIN"])
def test_files_that_hold_macros_are_not_taken(part):
    content = io.BytesIO(book(["MRN"], [1]))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(part, b"Sub AutoOpen()")
    with pytest.raises(WorkbookUnreadable) as caught:
        read_workbook("a.xlsx", content.getvalue())
    assert str(caught.value) == "a.xlsx holds macros, which are not taken. Save it as .xlsx and choose it again."


@pytest.mark.parametrize("content", [b"MRN\n1\n2\n3", book(["MRN"], [1], [2], [3])])
def test_files_with_too_many_rows(monkeypatch, content):
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    monkeypatch.setattr(module, "ROWS_OF_TITLES", 0)
    with pytest.raises(WorkbookUnreadable) as caught:
        read_workbook("a.csv", content)
    assert str(caught.value) == "a.csv has more than 3 rows. Split it and import the parts one after another."
