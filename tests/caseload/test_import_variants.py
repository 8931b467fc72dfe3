"""Files as they really come, each with a fault: what is said of the row, and that the good rows are imported.

Every file has one good row, Good, Gil, besides what is wrong. Nothing here touches the database.
"""

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from caseload.operations.read_workbook import WorkbookUnreadable, read_workbook
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.fates import plan_import
from caseload.rules.imports.known import Known, KnownClinic
from caseload.rules.imports.reading import read_sheets

ON = date(2026, 11, 2)
CLINIC = KnownClinic("c-north", "North", "America/Chicago")
HEADER = "MRN,Patient Name,DOB"
GOOD = '1,"Good, Gil",1/2/1980'
GIL = ("Good, Gil", date(1980, 1, 2))
PATIENT = ["MRN", "Patient Name", "DOB"]
GOOD_CELLS = ["1", "Good, Gil", datetime(1980, 1, 2)]
WRITE = "Write it as 09/23/2026 or 2026-09-23."
LOG = "MRN,Date,Start,Type,Minutes,Care Manager"


def plan(*files, **chosen):
    sheets = [sheet for name, content in files for sheet in read_workbook(name, content)]
    reading = read_sheets(sheets, on=ON, corrections=Corrections(**chosen))
    return plan_import(reading, Known(clinics=(CLINIC,)))


def text(*lines, encoding="utf-8", name="a.csv", between="\n"):
    return name, between.join(lines).encode(encoding)


def book(*rows, change=None, title="Patients"):
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    if change:
        change(made)
    kept = io.BytesIO()
    made.save(kept)
    return "a.xlsx", kept.getvalue()


def people(found):
    return [(each.candidate.person.label, each.candidate.person.birth_on) for each in found.patients]


def said(found, row):
    return [(each["fate"], each["messages"]) for each in found.rows() if each["row"] == row]


# Text files.


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding):
    found = plan(text(HEADER, '1,"Núñez, Zoë",1/2/1980', GOOD.replace("1,", "2,", 1), encoding=encoding))
    assert people(found) == [("Núñez, Zoë", date(1980, 1, 2)), GIL]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_delimiters(sign):
    found = plan(text(*(line.replace(",", sign) for line in ("MRN,Last Name,First Name,DOB", "1,Good,Gil,1/2/1980"))))
    assert people(found) == [GIL]


def test_a_delimiter_that_names_hold_too():
    found = plan(text("MRN;Patient Name;DOB", '1;"Good, Gil";1/2/1980', '2;"Roe, Al, Jr";1/2/1980'))
    assert people(found) == [GIL, ("Roe Jr, Al", date(1980, 1, 2))]


def test_the_delimiter_that_excel_writes_into_the_first_line():
    assert people(plan(text("sep=;", "MRN;Last Name;First Name;DOB", "1;Good;Gil;1/2/1980"))) == [GIL]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end):
    assert people(plan(text(HEADER, GOOD, between=end))) == [GIL]


def test_title_rows_blank_rows_a_repeated_header_and_totals():
    rows = (
        "Roster of the clinic",
        "Run date: 11/02/26,,User: RPT",
        HEADER,
        GOOD,
        ",,",
        HEADER.upper(),
        "Total: 1",
        "Grand total,1,",
    )
    found = plan(text(*rows))
    assert people(found) == [GIL]
    assert [messages for _, messages in (each for row in (5, 6, 7, 8) for each in said(found, row))] == [
        ["Ignored: blank row."],
        ["Ignored: the header again."],
        ["Ignored: a totals row."],
        ["Ignored: a totals row."],
    ]


def test_blanks_that_do_not_break_and_marks_that_cannot_be_seen():
    found = plan(text("MRN,Patient\u00a0Name,DOB", '\u200b1,"Good,\u00a0Gil\u00a0",\u00a01/2/1980'))
    assert people(found) == [GIL]


# Names.


@pytest.mark.parametrize(
    ("name", "label", "middle"),
    [
        ('"ROE, AL M"', "Roe, Al", "M"),
        ('"Roe Jr, Al"', "Roe Jr, Al", ""),
        ('"Roe, Al III"', "Roe III, Al", ""),
        ('"MCDONALD-ROE, AL"', "McDonald-Roe, Al", ""),
        ("Al Roe", "Roe, Al", ""),
        ('"de la Cruz, Ana"', "de la Cruz, Ana", ""),
    ],
)
def test_names(name, label, middle):
    found = plan(text(HEADER, f"2,{name},1/2/1980", GOOD))
    person = found.patients[0].candidate.person
    assert (person.label, person.middle, people(found)[1]) == (label, middle, GIL)


def test_a_name_without_its_first_is_refused():
    found = plan(text(HEADER, "2,Roe,1/2/1980", GOOD))
    assert said(found, 2) == [
        ("refused", ["a.csv, row 2, column Patient Name: there is no first name. Write the name as LAST, FIRST M."])
    ]
    assert people(found) == [GIL]


# Dates.


@pytest.mark.parametrize(
    "written",
    [
        "1/2/1980",
        "01/02/1980",
        "1-2-1980",
        "1.2.1980",
        "1980-01-02",
        "1980/01/02",
        "19800102",
        "Jan 2 1980",
        "2-Jan-80",
        "02 January 1980",
        "1/2/80",
        "29222",
        "1/2/1980 12:00:00 AM",
        "1980-01-02T00:00:00",
    ],
)
def test_birth_dates_as_text(written):
    assert people(plan(text(HEADER, f'1,"Good, Gil",{written}'))) == [GIL]


@pytest.mark.parametrize("written", ['"Wednesday, January 2, 1980"', '"Wed, Jan 2 1980"'])
def test_birth_dates_with_the_day_of_the_week(written):
    assert people(plan(text(HEADER, f'1,"Good, Gil",{written}'))) == [GIL]


def test_two_digits_of_a_birth_year_are_never_in_the_future():
    found = plan(text(HEADER, '2,"Roe, Al",3/8/67', '3,"Poe, Ed",3/8/15', GOOD))
    assert people(found) == [("Roe, Al", date(1967, 3, 8)), ("Poe, Ed", date(2015, 3, 8)), GIL]


def test_two_digits_that_can_be_a_child_or_somebody_of_a_hundred_are_asked_for():
    found = plan(text(HEADER, '2,"Roe, Al",3/8/24', GOOD))
    assert said(found, 2) == [
        (
            "refused",
            [
                (
                    "a.csv, row 2, column DOB: “3/8/24”: the year can be either of two centuries. "
                    "Write the year with four digits."
                )
            ],
        )
    ]
    assert people(found) == [GIL]


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", "there is no date. Fill it in, as 09/23/2026 or 2026-09-23."),
        ("soon", "“soon”: this is no date. Write it as 09/23/2026 or 2026-09-23."),
        ("2/30/1980", "“2/30/1980”: that month has no such day. Check the day and the month."),
        ("1/2/2080", "“1/2/2080”: the date lies after 11/02/2026. Check the year."),
        ("1/2/1880", "“1/2/1880”: no reading of it lies from 01/01/1906 to 11/02/2026. Check the year."),
    ],
)
def test_birth_dates_that_are_none(written, fault):
    found = plan(text(HEADER, f'2,"Roe, Al",{written}', GOOD))
    assert said(found, 2) == [("refused", [f"a.csv, row 2, column DOB: {fault}"])]
    assert people(found) == [GIL]


DAY_FIRST = (HEADER, '1,"Good, Gil",02/01/1980', '2,"Roe, Al",23/09/1990')


def test_dates_that_look_day_first_are_asked_for_not_guessed():
    found = plan(text(*DAY_FIRST))
    assert (found.questions, found.patients) == (
        ("a.csv: dates like 23/09/1990 look day first. Are they day first or month first?",),
        (),
    )


def test_dates_are_read_in_the_order_that_was_chosen():
    assert people(plan(text(*DAY_FIRST), date_orders={"a.csv": "day_first"})) == [
        GIL,
        ("Roe, Al", date(1990, 9, 23)),
    ]
    found = plan(text(*DAY_FIRST, '3,"Poe, Ed",09/23/1990'), date_orders={"": "day_first"})
    assert said(found, 4) == [
        (
            "refused",
            [
                (
                    "a.csv, row 4, column DOB: “09/23/1990”: there is no such month; dates here are day first. "
                    "Write it as 23/09/2026."
                )
            ],
        )
    ]


def test_one_slip_among_clear_dates_is_no_question():
    rows = [f'{number},"Roe{number}, Al",09/{number}/1990' for number in range(13, 23)]
    found = plan(text(HEADER, *rows, '99,"Poe, Ed",23/09/1990', GOOD))
    assert (found.questions, len(found.patients)) == ((), 11)
    assert said(found, 12) == [
        (
            "refused",
            [
                (
                    "a.csv, row 12, column DOB: “23/09/1990”: there is no such month; dates here are month first. "
                    "Write it as 09/23/2026."
                )
            ],
        )
    ]


# Record numbers and repeated rows.


def test_the_same_row_twice_is_imported_once():
    found = plan(text(HEADER, GOOD, GOOD))
    assert (people(found), said(found, 3)) == ([GIL], [("ignored", ["The same as row 2."])])


def test_a_number_with_two_people_is_refused_the_second_time():
    found = plan(text(HEADER, GOOD, '1,"Roe, Al",1/2/1980'))
    assert said(found, 3) == [
        (
            "refused",
            ["Row 2 has the same record number and says something else. Keep the right one of the two rows."],
        )
    ]


def test_numbers_as_spreadsheets_spoil_them():
    found = plan(text(HEADER, '="007","Good, Gil",1/2/1980', '\'0012,"Roe, Al",1/2/1980', '55.0,"Poe, Ed",1/2/1980'))
    assert [each.candidate.person.mrn for each in found.patients] == ["007", "0012", "55"]


# Workbooks.


def test_dates_of_a_workbook_as_dates_and_as_numbers():
    assert people(plan(book(PATIENT, GOOD_CELLS, ["2", "Roe, Al", 29222]))) == [GIL, ("Roe, Al", date(1980, 1, 2))]


def test_a_workbook_that_counts_from_1904():
    def change(made):
        made.epoch = CALENDAR_MAC_1904

    rows = (PATIENT, GOOD_CELLS, ["2", "Roe, Al", 29222 - 1462], ["3", "Poe, Ed", "27760"])
    assert [born for _, born in people(plan(book(*rows, change=change)))] == [date(1980, 1, 2)] * 3


def test_hidden_sheets_are_not_read():
    def change(made):
        made.create_sheet("Old").append(PATIENT)
        made["Old"].append(["9", "Old, Ann", "1/2/1980"])
        made["Old"].sheet_state = "hidden"

    assert people(plan(book(PATIENT, GOOD_CELLS, change=change))) == [GIL]


def test_cells_merged_downwards_count_for_every_row():
    def change(made):
        made.active.merge_cells("D2:D3")

    rows = ([*PATIENT, "Insurance"], [*GOOD_CELLS, "AETNA"], ["2", "Roe, Al", "1/2/1980"], ["3", "Poe, Ed", "1/2/1980"])
    found = plan(book(*rows, change=change))
    assert [each.candidate.insurance and each.candidate.insurance.payer for each in found.patients] == [
        "AETNA",
        "AETNA",
        None,
    ]


def test_cells_merged_over_a_blank_row_make_it_no_row():
    def change(made):
        made.active.merge_cells("D2:D4")

    rows = ([*PATIENT, "Insurance"], [*GOOD_CELLS, "AETNA"], [None], ["2", "Roe, Al", "1/2/1980"])
    found = plan(book(*rows, change=change))
    assert ([each.candidate.insurance.payer for each in found.patients], said(found, 3)) == (
        ["AETNA", "AETNA"],
        [("ignored", ["Ignored: blank row."])],
    )


def test_pictures_in_a_workbook_do_not_matter():
    name, content = book(PATIENT, GOOD_CELLS)
    kept = io.BytesIO(content)
    with zipfile.ZipFile(kept, "a") as more:
        more.writestr("xl/media/image1.png", b"<!DOCTYPE")
    assert people(plan((name, kept.getvalue()))) == [GIL]


def test_a_title_merged_across_is_no_header():
    def change(made):
        made.active.merge_cells("A1:C1")

    assert people(plan(book(["Patient roster", None, None], PATIENT, GOOD_CELLS, change=change))) == [GIL]


def with_cached(content, formula, value):
    """A workbook in which Excel has kept the value of a formula, as openpyxl never writes one."""
    before, after = io.BytesIO(content), io.BytesIO()
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(after, "w") as new:
        for part in old.infolist():
            written = old.read(part)
            if part.filename.startswith("xl/worksheets/sheet"):
                written = written.replace(
                    f"<f>{formula}</f><v></v>".encode(), f"<f>{formula}</f><v>{value}</v>".encode()
                ).replace(f"<f>{formula}</f><v />".encode(), f"<f>{formula}</f><v>{value}</v>".encode())
            new.writestr(part, written)
    return after.getvalue()


def test_formulas_count_as_the_value_that_excel_kept():
    name, content = book(PATIENT, ["1", "Good, Gil", "=29220+2"])
    assert people(plan((name, with_cached(content, "29220+2", "29222")))) == [GIL]


def test_a_formula_without_a_value_is_said():
    found = plan(book(PATIENT, GOOD_CELLS, ["2", "Roe, Al", "=29220+2"]))
    assert said(found, 3) == [
        (
            "refused",
            [f"a.xlsx, sheet Patients, row 3, column DOB: “=29220+2”: this is no date. {WRITE}"],
        )
    ]
    assert people(found) == [GIL]


def test_text_like_a_formula_is_kept_as_text_and_said():
    found = plan(text(HEADER, '2,"Roe, =HYPERLINK(x)",1/2/1980', GOOD))
    assert people(found)[1] == GIL
    found = plan(text("MRN,Last Name,First Name,DOB", "2,Roe,=cmd|x,1/2/1980"))
    assert (people(found)[0][0], said(found, 2)) == (
        "Roe, =cmd|x",
        [("new", ["First Name looks like a formula and is kept as text."])],
    )


def test_errors_of_excel_are_said_and_left_out():
    header = f"{HEADER},Phone,Insurance"
    found = plan(text(header, '2,"Roe, Al",1/2/1980,#REF!,AETNA', "3,#N/A,1/2/1980,,", f"{GOOD},,"))
    assert said(found, 2) == [
        (
            "new",
            ["a.csv, row 2, column Phone: Excel shows the error #REF!. Correct the formula, or enter it on the chart."],
        )
    ]
    assert [fate for fate, _ in said(found, 3)] == ["refused"]
    assert [label for label, _ in people(found)] == ["Roe, Al", "Good, Gil"]


def test_formatted_rows_far_below_are_no_rows():
    def change(made):
        made.active.cell(1_048_576, 1).number_format = "@"

    assert people(plan(book(PATIENT, GOOD_CELLS, change=change))) == [GIL]


# Contacts.


TYPES = "Write Phone, Video, In person, No answer, Left voicemail, No show, Message or Chart review."
MINUTES = "Give whole minutes from 1 to 1439, or hours and minutes like 1:05."


@pytest.mark.parametrize(
    ("row", "fate", "message"),
    [
        (
            "1,9/3/2026,9:00,Phone,twenty,Ken",
            "refused",
            f"a.csv, row 2, column Minutes: “twenty” is not a number of whole minutes. {MINUTES}",
        ),
        (
            "1,9/3/2026,25:00,Phone,20,Ken",
            "new",
            (
                "a.csv, row 2, column Start: “25:00”: there is no such hour; kept with day and minutes only. "
                "Write it as 14:05 or 2:05 PM."
            ),
        ),
        (
            "1,9/3/2027,9:00,Phone,20,Ken",
            "refused",
            "a.csv, row 2, column Date: “9/3/2027”: the date lies after 11/02/2026. Check the year.",
        ),
        (
            "1,9/3/2026,9:00,Carrier pigeon,20,Ken",
            "refused",
            f"a.csv, row 2, column Type: “Carrier pigeon” is not known. {TYPES}",
        ),
        (
            "7,9/3/2026,9:00,Phone,20,Ken",
            "refused",
            "No patient 7 is in the file or on record. Add the patient, or correct the number or name.",
        ),
        (
            ",9/3/2026,9:00,Phone,20,Ken",
            "refused",
            "a.csv, row 2, column MRN: the row names no patient. Fill in the record number.",
        ),
    ],
)
def test_contacts_that_are_wrong(row, fate, message):
    patients = "b.csv", f"{HEADER},Date Enrolled\n{GOOD},9/1/2026".encode()
    found = plan(patients, text(LOG, row, "1,9/4/2026,9:00,Phone,20,Ken"))
    rows = [(each["fate"], each["messages"]) for each in found.rows() if each["sheet"] == "a.csv"]
    assert rows == [(fate, [message]), ("new", [])]


def logged(header, row):
    patients = "b.csv", f"{HEADER},Date Enrolled\n{GOOD},9/1/2026".encode()
    found = plan(patients, text(header, row))
    rows = [(each["fate"], each["messages"]) for each in found.rows() if each["sheet"] == "a.csv"]
    return [(each.candidate.type, each.candidate.minutes) for each in found.contacts], rows


@pytest.mark.parametrize(
    ("row", "minutes", "messages"),
    [
        ("1,9/3/2026,9:00,9:25,Phone,,Ken", 25, []),
        ("1,9/3/2026,9:00,9:25,Phone,25,Ken", 25, []),
        ("1,9/3/2026,9:00,9:25,Phone,20,Ken", 20, ["09:00 to 09:25 are not 20 minutes: the minutes are taken."]),
        ("1,9/3/2026,,9:25,Phone,20,Ken", 20, []),
    ],
)
def test_an_end_makes_the_minutes(row, minutes, messages):
    contacts, rows = logged("MRN,Date,Start,End,Type,Minutes,Care Manager", row)
    assert ([each[1] for each in contacts], rows) == ([minutes], [("new", messages)])


def test_an_end_before_the_start_is_refused():
    _, rows = logged("MRN,Date,Start,End,Type,Care Manager", "1,9/3/2026,9:25,9:00,Phone,Ken")
    assert rows == [
        ("refused", ["a.csv, row 2, column End: 09:00 is not after the start, 09:25. Correct one of them."])
    ]


@pytest.mark.parametrize(
    ("kind", "mode", "activity", "by"),
    [
        ("In person", "Video", "treatment", "video"),
        ("Care coordination", "Phone", "coordination", "phone"),
        ("Session", "No answer", "outreach_attempt", "phone"),
        ("", "Video", "treatment", "video"),
        ("Chart review", "", "registry", "none"),
    ],
)
def test_kind_and_mode_in_columns_of_their_own(kind, mode, activity, by):
    contacts, _ = logged("MRN,Date,Type,Mode,Minutes,Care Manager", f"1,9/3/2026,{kind},{mode},20,Ken")
    assert [(each.activity, each.mode) for each, _ in contacts] == [(activity, by)]


def test_a_mode_that_is_not_known_is_left_out():
    contacts, rows = logged("MRN,Date,Type,Mode,Minutes,Care Manager", "1,9/3/2026,Phone,Pigeon,20,Ken")
    assert [(each.activity, each.mode) for each, _ in contacts] == [("treatment", "phone")]
    assert rows == [
        (
            "new",
            ["a.csv, row 2, column Mode: “Pigeon” is not known. Write Phone, Video, In person, Message or Letter."],
        )
    ]


# Files that are none.


def amplified():
    """A sheet whose XML makes one letter into gigabytes."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    xml = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "x">{entities}]><sst><si><t>&e9;</t></si></sst>'
    name, content = book(PATIENT, GOOD_CELLS)
    before, after = io.BytesIO(content), io.BytesIO()
    with zipfile.ZipFile(before) as old, zipfile.ZipFile(after, "w") as new:
        for part in old.infolist():
            new.writestr(part, xml if part.filename == "xl/worksheets/sheet1.xml" else old.read(part))
    return name, after.getvalue()


WEB_PAGE = "is a web page, not a spreadsheet, whatever its name says"
SAVE_AS = "Save it as an Excel workbook (.xlsx) or as CSV and choose it again."


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (("a.csv", b""), "a.csv is empty. Choose the file that holds the patients."),
        (("a.xls", b"<html><table>"), f"a.xls {WEB_PAGE}. {SAVE_AS}"),
        (("a.xls", b"\xef\xbb\xbf\n<!DOCTYPE html>"), f"a.xls {WEB_PAGE}. {SAVE_AS}"),
        (("a.xls", b'<?xml version="1.0"?><Workbook>'), f"a.xls is an XML file, not a spreadsheet. {SAVE_AS}"),
        (("a.docx", b"%PDF-1.7"), f"a.docx is a PDF, not a spreadsheet. {SAVE_AS}"),
        (amplified(), f"a.xlsx cannot be read as an Excel workbook. {SAVE_AS}"),
    ],
)
def test_files_that_are_none(file, sentence):
    with pytest.raises(WorkbookUnreadable) as caught:
        read_workbook(*file)
    assert str(caught.value) == sentence


def test_how_far_it_is_is_told():
    told = []
    lines = [HEADER, *(f'{number},"Roe, Al",1/2/1980' for number in range(600))]
    for name, content in (text(*lines), book(*([line] for line in lines))):
        read_workbook(name, content, progress=lambda done, total: told.append((done, total)))
    assert told == [(250, 600), (500, 600), (250, 601), (500, 601)]
