"""A practice's list of charges and appointments, read row by row; what is not understood is named."""

from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rules.charge_columns import (
    ChargeChoices,
    ChoicesUnreadable,
    field_labels,
    read_choices,
    status_of,
    stored_choices,
)
from billing.rules.charge_files import Charge, ChargeFile, read_charges
from billing.rules.charge_patients import Found, KnownPeople, KnownPerson
from caseload.rules.imports.sheets import Sheet

ON = date(2026, 11, 22)
HEAD = ("MRN", "Patient Name", "DOB", "DOS", "CPT Code", "Units", "Paid", "Provider", "NPI", "Appt Status", "Time")


def sheet(*rows: tuple[object, ...], name: str = "", file: str = "charges.csv") -> Sheet:
    return Sheet(file, name, tuple(tuple(cell or None for cell in row) for row in rows))  # type: ignore[misc]


def read(*rows: tuple[object, ...], head: tuple[str, ...] = HEAD, **choices: object) -> ChargeFile:
    return read_charges([sheet(head, *rows)], on=ON, choices=ChargeChoices(**choices))  # type: ignore[arg-type]


def row(**cells: object) -> tuple[object, ...]:
    usual = {"MRN": "0012", "DOS": "11/03/2026", "CPT Code": "99213", "Provider": "Ana Rivera"}
    return tuple({**usual, **cells}.get(name, "") for name in HEAD)


def only(file: ChargeFile) -> Charge:
    (one,) = file.charges
    return one


def said(file: ChargeFile) -> list[str]:
    return [problem.sentence for row in file.rows for problem in (*row.faults, *row.losses)]


def test_a_row_says_who_when_what_and_by_whom() -> None:
    cells = {"Patient Name": "RIVERA, ANA", "DOB": "1/2/61", "DOS": "11/03/26", "CPT Code": "99213-25", "Units": "2"}
    more = {"Paid": "$1,044.96", "NPI": "1234567893", "Appt Status": "Completed", "Time": "9:40 AM"}
    assert only(read(row(**cells, **more))) == Charge(
        row=2,
        on=date(2026, 11, 3),
        mrn="0012",
        family="Rivera",
        given="Ana",
        birth_on=date(1961, 1, 2),
        at=time(9, 40),
        code="99213",
        units=2,
        paid=Decimal("1044.96"),
        practitioner="Ana Rivera",
        npi="1234567893",
        status="kept",
    )


def test_without_a_number_name_and_birth_date_name_a_patient() -> None:
    charge = only(read(row(MRN="", **{"Patient Name": "Müller, Jo", "DOB": "3/4/1970"})))
    assert (charge.mrn, charge.family, charge.given, charge.birth_on) == ("", "Müller", "Jo", date(1970, 3, 4))
    assert charge.label == "Müller, Jo"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("99213", "99213"),
        ("99213-25", "99213"),
        ("99213 25 95", "99213"),
        ("99213.0", "99213"),
        ("g0557", "G0557"),
        ("CPT 99490", "99490"),
        ("99490 - chronic care, 20 min", "99490"),
        ("0362T", "0362T"),
        ("", ""),
    ],
)
def test_a_code_stands_alone_or_before_its_modifiers_and_words(written: str, code: str) -> None:
    assert only(read(row(**{"CPT Code": written}))).code == code


@pytest.mark.parametrize(
    ("column", "written", "sentence"),
    [
        ("DOS", "", "there is no date. Fill it in, as 09/23/2026 or 2026-09-23."),
        ("DOS", "soon", "“soon”: this is no date. Write it as 09/23/2026 or 2026-09-23."),
        ("DOS", "1/1/2031", "“1/1/2031”: the date lies after 11/22/2028. Check the year."),
        ("CPT Code", "visit", "“VISIT” is no procedure code. Write its five characters, as 99213."),
        ("CPT Code", "99490, 99439", "“99490, 99439” names 2 codes. Write one code in each row."),
        ("Units", "1.5", "“1.5” is no whole number of units. Write 1, 2 or 3."),
    ],
)
def test_what_refuses_a_row_is_named_by_row_and_column(column: str, written: str, sentence: str) -> None:
    file = read(row(), row(**{column: written}))
    assert [fault.sentence for fault in file.faults] == [f"charges.csv, row 3, column {column}: {sentence}"]
    assert len(file.charges) == 1


@pytest.mark.parametrize(
    ("column", "written", "kept"),
    [
        ("Paid", "see note", {"paid": None}),
        ("Paid", "1" * 40, {"paid": None}),
        ("NPI", "12345", {"npi": ""}),
        ("Appt Status", "Weird", {"status": ""}),
        ("Time", "noonish", {"at": None}),
        ("DOB", "99/99/9999", {"birth_on": None}),
    ],
)
def test_a_value_that_is_not_understood_is_left_out_and_said(
    column: str, written: str, kept: dict[str, object]
) -> None:
    file = read(row(**{column: written}))
    assert {key: getattr(only(file), key) for key in kept} == kept
    assert [loss.column for loss in file.rows[0].losses] == [column]


def test_an_appointment_of_unknown_status_may_be_canceled_and_is_refused() -> None:
    file = read(row(**{"CPT Code": "", "Appt Status": "Weird"}))
    assert said(file) == [
        (
            "charges.csv, row 2, column Appt Status: “Weird” is no status that is known. "
            "Write Scheduled, Completed, No show or Canceled, or choose Not used for the column."
        )
    ]


@pytest.mark.parametrize(
    ("written", "status"),
    [
        ("", ""),
        ("No-Show", "missed"),
        ("Cancelled - by patient", "canceled"),
        ("Canceled (weather)", "canceled"),
        ("SCHEDULED", "planned"),
        ("Checked Out", "kept"),
        ("Nonsense", None),
    ],
)
def test_a_status_in_words(written: str, status: str | None) -> None:
    assert status_of(written) == status


@pytest.mark.parametrize(
    ("written", "paid"),
    [("0", "0.00"), ("144.96", "144.96"), ("$1,044.9", "1044.90"), ("(12.00)", "-12.00"), ("-$3", "-3.00")],
)
def test_an_amount_is_exact(written: str, paid: str) -> None:
    assert only(read(row(Paid=written))).paid == Decimal(paid)


def test_units_default_to_one_and_take_back_below_none() -> None:
    assert [charge.units for charge in read(row(), row(Units="3.0"), row(Units="-1")).charges] == [1, 3, -1]


def test_rows_that_are_none_are_counted() -> None:
    file = read(row(), ("",) * 11, HEAD, ("Totals", "", "", "", "", "12"), ("Printed by somebody",))
    assert (len(file.rows), file.ignored) == (1, 4)


def test_titles_above_the_headings_are_passed_over() -> None:
    file = read_charges([sheet(("Charges of October",), (), HEAD, row())], on=ON)
    assert only(file).row == 4


def test_of_two_columns_of_one_heading_the_first_is_read_and_the_other_said_to_be_unused() -> None:
    file = read(("12", "11/03/2026", "11/09/2026", "99213"), head=("MRN", "DOS", "DOS", "CPT"))
    assert only(file).on == date(2026, 11, 3)
    assert [column.position for column in file.unknown_columns] == [2]


def test_without_headings_nothing_is_read() -> None:
    file = read_charges([sheet(("12", "11/03/2026", "99213"))], on=ON)
    assert [problem.sentence for problem in file.problems] == [
        (
            "charges.csv: no row names columns of charges or appointments. "
            "Its first row needs headings, such as MRN, Date of Service, CPT Code and Provider."
        )
    ]
    assert not file.is_usable
    assert read_charges([], on=ON).problems[0].sheet == "The file"
    assert (file.charges, file.unknown_columns) == ((), ())


def test_missing_columns_are_named() -> None:
    file = read(("a", "b"), head=("CPT", "Provider"))
    assert [problem.fault for problem in file.problems] == [
        "no column is headed Record number or Patient name",
        "no column is headed Date of service or appointment",
    ]


def test_columns_can_be_chosen() -> None:
    head = ("Number", "Day of it", "Who", "What", "Else")
    file = read(
        ("12", "11/03/2026", "Ana Rivera", "99213", "x"),
        head=head,
        columns={0: "mrn", 1: "contact_on", 2: "practitioner", 3: "code", 4: "-"},
    )
    assert (only(file).mrn, only(file).code, only(file).practitioner) == ("12", "99213", "Ana Rivera")


def test_two_columns_chosen_for_one_thing_are_a_problem() -> None:
    file = read(row(), columns={3: "contact_on", 10: "contact_on"})
    assert [problem.fault for problem in file.problems] == [
        "DOS and Time are both chosen for Date of service or appointment"
    ]


def test_dates_that_look_day_first_are_asked_about_and_read_as_answered() -> None:
    rows = [row(DOS="23/10/2026"), row(DOS="11/03/2026")]
    asked = read(*rows)
    assert asked.questions == ("charges.csv: dates like 23/10/2026 look day first. Are they day first or month first?",)
    assert not asked.is_usable
    answered = read(*rows, date_order="day_first")
    assert [charge.on for charge in answered.charges] == [date(2026, 10, 23), date(2026, 3, 11)]
    assert answered.is_usable


def test_of_several_sheets_the_one_with_most_headings_is_read() -> None:
    notes = sheet(("Notes", "Date"), ("x", "11/03/2026"), name="Notes")
    assert only(read_charges([notes, sheet(HEAD, row(), name="Charges")], on=ON)).code == "99213"


def test_a_row_that_names_nobody_is_refused() -> None:
    assert said(read(row(MRN="", **{"Patient Name": "Only"}))) == [
        "charges.csv, row 2, column Patient Name: there is no first name. Write the name as LAST, FIRST M."
    ]
    assert said(read(row(MRN="", **{"Patient Name": "Doe, Jo"}))) == [
        "charges.csv, row 2, column DOB: there is no date. Fill it in, as 09/23/2026 or 2026-09-23."
    ]


def test_choices_are_stored_and_read_again() -> None:
    choices = ChargeChoices({0: "mrn", 3: "-"}, "day_first", {"drlee": "other"})
    assert read_choices(stored_choices(choices)) == choices
    assert read_choices({}) == ChargeChoices()
    with pytest.raises(ChoicesUnreadable, match="no field 'shoe'"):
        read_choices({"columns": {"0": "shoe"}})
    with pytest.raises(ChoicesUnreadable, match="not 'upwards'"):
        read_choices({"date_order": "upwards"})


def test_every_field_has_words() -> None:
    assert len(field_labels()) == len(set(field_labels().values())) == 14


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.one_of(st.none(), st.text(max_size=12), st.integers(), st.dates())] * 11), max_size=4))
def test_any_cells_give_a_charge_or_a_reason_for_every_row(cells: list[tuple[object, ...]]) -> None:
    file = read_charges([Sheet("any.csv", "", (HEAD, *cells))], on=ON)  # type: ignore[arg-type]
    assert len(file.rows) + file.ignored == (len(cells) if file.is_usable or file.questions else 0)
    assert all((row.charge is None) == bool(row.faults) for row in file.rows)


ANA = KnownPerson("ana", ("0012", "77"), "rivera, ana", date(1961, 1, 2))
BEN = KnownPerson("ben", ("12",), "okafor, ben", date(1970, 3, 4))
TWIN = KnownPerson("twin", ("0012",), "okafor, ben", date(1970, 3, 4))


@pytest.mark.parametrize(
    ("people", "who", "found"),
    [
        ((ANA,), {"mrn": "0012"}, Found("ana")),
        ((ANA,), {"mrn": "12"}, Found("ana")),
        ((ANA, BEN), {"mrn": "12"}, Found("ben")),
        ((ANA,), {"mrn": "77", "family": "Rivera", "given": "Ana Maria"}, Found("ana")),
        ((ANA,), {"mrn": "77", "family": "Smith", "given": "Ana", "birth_on": date(1961, 1, 2)}, Found("ana")),
        (
            (ANA,),
            {"mrn": "77", "family": "Smith", "given": "Jo", "birth_on": date(1990, 1, 2)},
            Found(fault="the record number belongs to somebody with another name and birth date"),
        ),
        ((ANA,), {"mrn": "99"}, Found()),
        ((ANA,), {"mrn": "99", "family": "Rivera", "given": "Ana", "birth_on": date(1961, 1, 2)}, Found("ana")),
        ((ANA,), {"family": "RIVERA", "given": "Ana", "birth_on": date(1961, 1, 2)}, Found("ana")),
        ((ANA,), {"family": "Rivera", "given": "Ana", "birth_on": date(1961, 1, 3)}, Found()),
        ((ANA, TWIN), {"mrn": "0012"}, Found(fault="more than one patient on record has this record number")),
        (
            (ANA, KnownPerson("brother", ("0012",), "rivera, ben", date(1961, 1, 2))),
            {"mrn": "0012", "family": "Rivera", "given": "Ana", "birth_on": date(1961, 1, 2)},
            Found("ana"),
        ),
        (
            (KnownPerson("zeros", ("012", "12"), "lee, sam", date(1980, 1, 1)),),
            {"mrn": "0012"},
            Found("zeros"),
        ),
        (
            (ANA, TWIN),
            {"mrn": "0012", "family": "Okafor", "given": "Ben", "birth_on": date(1970, 3, 4)},
            Found("twin"),
        ),
        (
            (BEN, TWIN),
            {"family": "Okafor", "given": "Ben", "birth_on": date(1970, 3, 4)},
            Found(fault="more than one patient on record has this name and birth date"),
        ),
    ],
)
def test_whom_a_row_means(people: tuple[KnownPerson[str], ...], who: dict[str, object], found: Found[str]) -> None:
    assert KnownPeople(people).find(Charge(2, ON, **who)) == found  # type: ignore[arg-type]
