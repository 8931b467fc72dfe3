"""Whatever the cells hold, an import answers with fates: it never stumbles, loses a row or repeats one."""

from datetime import date, datetime, time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from caseload.rules.imports.columns import fields
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.fates import plan_import
from caseload.rules.imports.known import Known
from caseload.rules.imports.reading import read_sheets
from caseload.rules.imports.sheets import Sheet
from tests.rules.caseload.imports.sheets_made import NORTH, ON

WRITTEN = (
    *("1", "02", "Doe, Jo", "9/3/2026", "1/1/80", "9:40", "9:40 AM", "Phone", "No show", "48", "-5", "2,000", "31"),
    *("Yes", "F33.1", "RPP", "Inactive", "Verbal", "Ken", "Ken Abara RN", "KA", "North", "", "=1+1", "total", "1:05"),
    *("46288", "x:y", ",", "1e999999999", "٣", "\x00"),
)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**7),
    st.decimals(-(10**6), 10**6, places=3),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.text(max_size=12),
    st.sampled_from(WRITTEN),
)


def sheet(kind, file):
    keys = list(fields(kind))
    header = tuple(fields(kind)[key].headers[0] for key in keys)
    rows = st.lists(st.tuples(*(CELLS for _ in keys)), max_size=4)
    return rows.map(lambda cells: Sheet(file, "", (header, *cells)))


@given(sheet("patients", "p.csv"), sheet("contacts", "c.csv"))
@settings(max_examples=60, deadline=None)
def test_every_row_has_one_fate(patients, contacts):
    reading = read_sheets((patients, contacts), on=ON, corrections=Corrections(defaults={"clinic": "North"}))
    plan = plan_import(reading, Known(clinics=(NORTH,)))
    assert [(fate.origin.sheet, fate.origin.row) for fate in plan.fates] == [
        (each.label, number) for each in (patients, contacts) for number in range(2, len(each.rows) + 1)
    ]
    assert len(plan.patients) == plan.count("patient", "new")
    assert len(plan.contacts) == plan.count("contact", "new") + plan.count("contact", "held")
    assert plan.digest() == plan_import(reading, Known(clinics=(NORTH,))).digest()


GOOD = (
    ("MRN", "Name", "DOB", "Date Enrolled", "Clinic", "Care Manager"),
    ("02908655", "SMITH, PAUL", date(1986, 7, 31), 46253, "North", "Ken Abara RN"),
    (Decimal(376194), "Miranda Weber", "1/16/03", "2026-03-27", "North", "Ken Abara RN"),
)
LOG = (
    ("ID", "Date of Contact", "Start Time", "Type of Contact", "Duration (min)", "BHCM"),
    (2908655, datetime(2026, 8, 19, 9, 40), None, "Telephone", "25 min", "Ken"),
    ("376194", 46253, Decimal("0.5"), "LVM", time(0, 5), "KA"),
    ("02908655", "8/20/26", "2:15 PM", "VIDEO", Decimal("22.0"), "Abara, Ken"),
)


def test_the_same_things_written_in_other_ways():
    sheets = (Sheet("t.xlsx", "Contacts", GOOD), Sheet("t.xlsx", "Patients", LOG))
    plan = plan_import(read_sheets(sheets, on=ON, corrections=Corrections()), Known(clinics=(NORTH,)))
    assert [fate.outcome for fate in plan.fates] == ["new"] * 5
    assert [(each.candidate.on, each.candidate.start, each.candidate.minutes) for each in plan.contacts] == [
        (date(2026, 8, 19), time(9, 40), 25),
        (date(2026, 8, 19), time(12), 5),
        (date(2026, 8, 20), time(14, 15), 22),
    ]
    assert [each.staff for each in plan.contacts] == ["new:Ken Abara RN"] * 3
    assert [each.patient for each in plan.contacts] == [plan.patients[number].key for number in (0, 1, 0)]
