"""What becomes of each row of a practice's file."""

from dataclasses import replace
from datetime import date, time, timedelta
from uuid import UUID

import pytest

from billing.rules.charge_files import Charge, ChargeFile, ChargeRow
from billing.rules.charge_patients import Found
from billing.rules.practice import (
    FATES,
    OnRecord,
    PracticePlan,
    RowFate,
    plan_file,
    program_codes,
    service_codes,
    visit_codes,
)
from billing.rules.practitioners import NOBODY, OTHER, Clinician, Named, Practitioners, key_of
from caseload.rules.imports.recognize import Column, Table
from caseload.rules.imports.sheets import Problem, Sheet

TODAY = date(2026, 11, 22)
OCTOBER = date(2026, 10, 6)
ANA, BEN, PATIENT, OURS = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
CLINICIANS = [Clinician(ANA, "Ana Rivera", "1234567893"), Clinician(BEN, "Ben Lee")]
RECORD = OnRecord(TODAY, clinicians=frozenset({ANA}))
USUAL = Charge(2, OCTOBER, mrn="12", code="99213", practitioner="Ana Rivera")


def plan(*charges: Charge, record: OnRecord = RECORD, found: Found[UUID] | None = None, **said: str) -> PracticePlan:
    file = ChargeFile(None, tuple(ChargeRow(charge.row, charge) for charge in charges))
    return plan_file(
        file,
        find=lambda charge: found or Found(PATIENT),
        records={PATIENT: record},
        practitioners=Practitioners(CLINICIANS, said),
    )


def fate(record: OnRecord = RECORD, found: Found[UUID] | None = None, **cells: object) -> RowFate:
    (row,) = plan(replace(USUAL, **cells), record=record, found=found).rows  # type: ignore[arg-type]
    return row


AHEAD = TODAY + timedelta(days=3)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, ("visit", True, False, True)),
        ({"practitioner": "Ben Lee"}, ("visit", True, False, False)),
        ({"code": "99495"}, ("service", True, True, True)),
        ({"code": "99490"}, ("service", False, True, True)),
        ({"code": "99490", "practitioner": "Ben Lee"}, ("service", False, True, False)),
        ({"code": "G0557"}, ("service", False, True, True)),
        ({"code": "90834", "practitioner": "Cleo Park"}, ("service", False, True, False)),
        ({"code": "90791"}, ("service", True, True, True)),
        ({"code": "99484", "practitioner": "Cleo Park"}, ("service", False, True, False)),
        ({"code": "99493"}, ("own", False, False, True)),
        ({"code": "36415"}, ("not_needed", False, False, False)),
        ({"code": "", "on": AHEAD}, ("appointment", False, False, False)),
        ({"code": "99213", "on": AHEAD, "status": "planned"}, ("appointment", False, False, False)),
        ({"code": "99213", "on": AHEAD, "status": "kept"}, ("faulty", False, False, False)),
        ({"code": "", "on": TODAY}, ("appointment", False, False, False)),
        ({"code": ""}, ("past", False, False, False)),
        ({"status": "canceled"}, ("canceled", False, False, False)),
        ({"status": "missed", "code": ""}, ("canceled", False, False, False)),
        ({"units": -1}, ("canceled", False, False, False)),
        ({"units": 0}, ("canceled", False, False, False)),
        ({"practitioner": ""}, ("faulty", False, False, False)),
    ],
)
def test_the_fate_of_a_row(cells: dict[str, object], expected: tuple[object, ...]) -> None:
    row = fate(**cells)  # type: ignore[arg-type]
    assert (row.fate, row.is_visit, row.is_service, row.is_by_billing) == expected
    assert row.patient == PATIENT


def test_of_nobody_of_ours_nothing_is_kept() -> None:
    assert fate(found=Found()) == RowFate(2, "unknown")
    assert fate(found=Found(OURS)) == RowFate(2, "unknown")


def test_a_doubtful_patient_is_to_correct() -> None:
    doubt = "more than one patient on record has this record number"
    assert fate(found=Found(fault=doubt)) == RowFate(
        2, "faulty", messages=("More than one patient on record has this record number.",)
    )


def test_a_row_that_could_not_be_read_says_why() -> None:
    problem = Problem("charges.csv", 7, "DOS", "there is no date", "Fill it in.")
    file = ChargeFile(None, (ChargeRow(7, None, faults=(problem,)), ChargeRow(8, USUAL, losses=(problem,))))
    rows = plan_file(
        file, find=lambda _: Found(PATIENT), records={PATIENT: RECORD}, practitioners=Practitioners(CLINICIANS, {})
    ).rows
    assert rows[0] == RowFate(7, "faulty", messages=("DOS: there is no date. Fill it in.",))
    assert rows[1].messages[0] == "DOS: there is no date. Fill it in."


@pytest.mark.parametrize(
    ("cells", "record"),
    [
        ({}, replace(RECORD, visits=frozenset({(OCTOBER, "99213")}))),
        ({"code": "99490"}, replace(RECORD, services=frozenset({("2026-10", "99490", True)}))),
        ({"code": "", "on": AHEAD}, replace(RECORD, appointments={(AHEAD, None): OURS})),
    ],
)
def test_what_stands_already_changes_nothing(cells: dict[str, object], record: OnRecord) -> None:
    row = fate(record=record, **cells)  # type: ignore[arg-type]
    assert (row.fate, row.is_visit, row.is_service) == ("known", False, False)


def test_of_transitional_care_only_what_is_missing_is_recorded() -> None:
    row = fate(replace(RECORD, visits=frozenset({(OCTOBER, "99495")})), code="99495")
    assert (row.fate, row.is_visit, row.is_service) == ("service", False, True)
    row = fate(replace(RECORD, services=frozenset({("2026-10", "99495", True)})), code="99495")
    assert (row.fate, row.is_visit, row.is_service) == ("visit", True, False)


def test_a_row_written_twice_is_recorded_once() -> None:
    rows = plan(
        USUAL,
        replace(USUAL, row=3),
        replace(USUAL, row=4, code="99490"),
        replace(USUAL, row=5, code="99490", on=OCTOBER + timedelta(days=9)),
        replace(USUAL, row=6, code="", on=AHEAD, at=time(10, 20)),
        replace(USUAL, row=7, code="", on=AHEAD, at=time(10, 20)),
    ).rows
    assert [row.fate for row in rows] == ["visit", "known", "service", "known", "appointment", "known"]


@pytest.mark.parametrize("at", [time(10, 20), None])
def test_a_canceled_appointment_on_record_is_taken_back_once(at: time | None) -> None:
    record = replace(RECORD, appointments={(AHEAD, time(10, 20)): OURS})
    canceled = replace(USUAL, on=AHEAD, at=at, code="", status="canceled")
    rows = plan(canceled, replace(canceled, row=3), record=record).rows
    assert [(row.fate, row.takes_back) for row in rows] == [("canceled", (OURS,)), ("canceled", ())]


def test_a_canceled_appointment_of_another_hour_or_of_before_takes_nothing_back() -> None:
    record = replace(RECORD, appointments={(AHEAD, time(9)): OURS, (OCTOBER, None): OURS})
    assert fate(record, on=AHEAD, at=time(10, 20), code="", status="canceled").takes_back == ()
    assert fate(record, code="", status="canceled").takes_back == ()


def moved(**with_whom: str) -> OnRecord:
    ids = {"old": UUID(int=11), "other": UUID(int=12), "by_hand": UUID(int=13)}
    days = {"old": AHEAD - timedelta(days=1), "other": AHEAD - timedelta(days=2), "by_hand": AHEAD}
    return replace(
        RECORD,
        appointments={(days[name], time(9)): ids[name] for name in ids},
        with_whom={ids[name]: who for name, who in with_whom.items()},
    )


def test_an_appointment_that_was_moved_is_taken_back_by_the_one_it_was_moved_to() -> None:
    record = moved(old="Ana Rivera", other="Ben Lee")
    coming = replace(USUAL, code="", on=AHEAD, at=time(15))
    another = replace(coming, on=TODAY, practitioner="Cleo Park")
    rows = plan(another, coming, replace(coming, at=time(16)), record=record).rows
    assert [row.takes_back for row in rows] == [(), (UUID(int=11),), ()]
    assert rows[1].messages == ("The one on Nov 24 is no longer listed and is taken back.",)
    assert [row.with_whom for row in rows] == ["Cleo Park", "Ana Rivera", "Ana Rivera"]


def test_an_appointment_on_a_day_that_the_file_does_not_reach_stays() -> None:
    record = moved(old="Ana Rivera", other="Ana Rivera")
    assert fate(record, code="", on=AHEAD, at=time(15)).takes_back == ()


def test_what_stands_in_columns_of_people_is_not_quoted() -> None:
    table = Table(Sheet("a.csv", "", ()), "contacts", 1, (Column(0, "DOB", "birth_on"), Column(1, "DOS", "contact_on")))
    faults = tuple(Problem("a.csv", 2, name, "“13/45/1950”: this is no date", "Mend it.") for name in ("DOB", "DOS"))
    file = ChargeFile(table, (ChargeRow(2, None, faults=faults),))
    (row,) = plan_file(file, find=lambda _: Found(), records={}, practitioners=Practitioners(CLINICIANS, {})).rows
    assert row.messages == (
        "DOB: what it says: this is no date. Mend it.",
        "DOS: “13/45/1950”: this is no date. Mend it.",
    )


def test_what_lies_in_a_closed_month_is_taken_as_a_change_after_the_close_and_says_so() -> None:
    record = replace(RECORD, closed=frozenset({"2026-10"}), asked={"2026-10": "99493"})
    assert fate(record, code="99490", practitioner="Ben Lee").messages == (
        "A service of the month by another practitioner of the practice.",
        "October 2026 is closed: it is kept as a change after the close, which billing sees.",
    )
    assert fate(record, code="99493").messages == (
        "Charged by the practice itself. October 2026 was closed here with 99493.",
    )
    assert fate(replace(record, asked={}), code="99493").messages == (
        "Charged by the practice itself. October 2026 was closed here with nothing.",
    )
    assert fate(code="99493").messages == ("Charged by the practice itself. October 2026 is not closed here yet.",)


def test_a_plan_counts_in_the_order_of_what_wants_a_look_and_says_how_much_it_writes() -> None:
    record = replace(RECORD, appointments={(AHEAD, None): OURS})
    made = plan(
        USUAL,
        replace(USUAL, row=3, practitioner=""),
        replace(USUAL, row=4, on=AHEAD, code="", status="canceled"),
        record=record,
    )
    assert (made.counts, made.writes) == ({"faulty": 1, "visit": 1, "canceled": 1}, 2)
    assert list(made.counts) == [key for key in FATES if key in made.counts]


def test_the_fingerprint_is_that_of_what_would_be_written() -> None:
    assert plan(USUAL).digest() == plan(USUAL).digest()
    assert plan(USUAL).digest() != plan(replace(USUAL, practitioner="Ben Lee")).digest()


def test_the_codes_of_the_program_decide_as_services_too() -> None:
    assert program_codes() <= service_codes()
    assert {"99495", "99496", "90791", "90792"} == visit_codes() & service_codes()


def charge(name: str = "", npi: str = "") -> Charge:
    return replace(USUAL, practitioner=name, npi=npi)


@pytest.mark.parametrize(
    ("name", "npi", "meant"),
    [
        ("Ana Rivera", "", str(ANA)),
        ("RIVERA, ANA MD", "", str(ANA)),
        ("Dr. Rivera", "", str(ANA)),
        ("Rivera, A", "", str(ANA)),
        ("Bea Rivera", "", OTHER),
        ("whoever", "1234567893", str(ANA)),
        ("Ana Rivera", "1000000004", OTHER),
        ("Ben Lee", "1000000004", str(BEN)),
        ("Cleo Park", "", OTHER),
        ("", "", ""),
    ],
)
def test_who_is_meant(name: str, npi: str, meant: str) -> None:
    assert Practitioners(CLINICIANS, {}).meant(charge(name, npi)) == meant


def test_a_name_that_fits_two_has_to_be_answered() -> None:
    two = [*CLINICIANS, Clinician(OURS, "Alma Rivera")]
    assert Practitioners(two, {}).meant(charge("Dr. Rivera")) == ""
    assert Practitioners(two, {}).meant(charge("Ana Rivera")) == str(ANA)
    assert Practitioners(two, {"drrivera": str(OURS)}).meant(charge("Dr. Rivera")) == str(OURS)
    assert Practitioners(two, {"drrivera": OTHER}).meant(charge("Dr. Rivera")) == OTHER
    assert Practitioners(two, {"drrivera": str(PATIENT)}).meant(charge("Dr. Rivera")) == ""


def test_everybody_whom_a_file_names_stands_once_the_doubtful_first() -> None:
    named = Practitioners(CLINICIANS, {}).named(
        [charge("Ana Rivera"), charge(), charge("Cleo Park"), charge("Cleo Park")]
    )
    assert named == (
        Named(NOBODY, "Rows that name nobody", 1, ""),
        Named("cleopark", "Cleo Park", 2, OTHER),
        Named("anarivera", "Ana Rivera", 1, str(ANA)),
    )
    assert key_of(charge("x", "1234567893")) == "1234567893"
