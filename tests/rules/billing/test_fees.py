"""National fee schedules: units times a factor, by year, place and clinician; unknown stays unknown."""

import hashlib
import shutil
import tomllib
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from billing.rules.amounts import amount
from billing.rules.books import book_in_force, book_named
from billing.rules.books.library import library
from billing.rules.facts import MonthFacts
from billing.rules.fees import FeesMisdefined, national_amount, schedules
from billing.rules.fees.schedule import SHELF, load

MEDICARE = "medicare_ffs"
OCTOBER = MonthFacts("2026-10", date(2026, 9, 1))


def test_there_is_a_schedule_for_three_years():
    assert [(one.id, one.year, len(one.units)) for one in schedules()] == [
        ("medicare_2024", 2024, 0),
        ("medicare_2025", 2025, 15),
        ("medicare_2026", 2026, 54),
    ]


@pytest.mark.parametrize(
    ("on", "standard", "qualifying"),
    [
        (date(2024, 1, 1), "32.7442", "32.7442"),
        (date(2024, 3, 8), "32.7442", "32.7442"),
        (date(2024, 3, 9), "33.2875", "33.2875"),
        (date(2024, 12, 31), "33.2875", "33.2875"),
        (date(2025, 6, 1), "32.3465", "32.3465"),
        (date(2026, 1, 1), "33.4009", "33.5675"),
        (date(2026, 12, 31), "33.4009", "33.5675"),
    ],
)
def test_the_factor_goes_by_the_day_and_the_clinician(on, standard, qualifying):
    (schedule,) = [one for one in schedules() if one.year == on.year]
    factor = schedule.conversion_on(on)
    assert (factor.standard, factor.qualifying) == (Decimal(standard), Decimal(qualifying))
    assert schedule.conversion_on(date(on.year - 1, 12, 31)) is None


@pytest.mark.parametrize(
    ("code", "conversion", "facility", "dollars"),
    [
        ("99492", "standard", False, "160.32"),
        ("99492", "standard", True, "82.17"),
        ("99492", "qualifying", False, "161.12"),
        ("99492", "qualifying", True, "82.58"),
        ("99494", "qualifying", False, "61.76"),
        ("G2214", "qualifying", True, "33.90"),
        ("G0323", "standard", False, "57.78"),
        ("G0323", "qualifying", True, "37.93"),
        ("99439", "standard", False, "50.44"),
        ("99496", "qualifying", False, "300.09"),
        ("G0558", "qualifying", True, "73.18"),
    ],
)
def test_amounts_of_2026(code, conversion, facility, dollars):
    assert national_amount(MEDICARE, code, date(2026, 10, 31), conversion, facility=facility) == Decimal(dollars)


@pytest.mark.parametrize(
    ("family", "code", "on", "facility"),
    [
        (MEDICARE, "99492", date(2024, 6, 30), False),
        (MEDICARE, "99492", date(2025, 6, 30), True),
        (MEDICARE, "G2214", date(2025, 6, 30), False),
        (MEDICARE, "G0323", date(2025, 6, 30), False),
        (MEDICARE, "99492", date(2023, 6, 30), False),
        (MEDICARE, "99492", date(2027, 1, 31), False),
        (MEDICARE, "G0678", date(2026, 8, 31), False),
        ("medicare_advantage", "99492", date(2026, 8, 31), False),
        ("commercial", "99492", date(2026, 8, 31), False),
    ],
)
def test_what_no_source_says_is_unknown(family, code, on, facility):
    assert national_amount(family, code, on, "standard", facility=facility) is None


def test_the_books_own_amounts_are_units_times_the_factor():
    """Except of the co-management review, which the model pays and no schedule knows."""
    book = book_in_force(MEDICARE, date(2026, 8, 1))
    expected = {}
    for year, code in book.payment:
        schedule = next(one for one in schedules() if one.year == year)
        if code != "G0678":
            units, factor = schedule.units[code], schedule.conversions[-1].standard
            expected[year, code] = [
                None if one is None else (one * factor).quantize(Decimal("0.01"), ROUND_HALF_UP)
                for one in (units.nonfacility, units.facility)
            ]
    paid = {key: [one.nonfacility, one.facility] for key, one in book.payment.items() if key[1] != "G0678"}
    assert paid == expected
    assert len(paid) == 21


@pytest.mark.parametrize(
    ("changes", "code", "units", "dollars"),
    [
        ({}, "99493", 1, "144.96"),
        ({}, "99494", 2, "122.92"),
        ({"conversion": "qualifying"}, "99494", 2, "123.52"),
        ({"place_of_service": "22"}, "99493", 1, "89.51"),
        ({"place_of_service": "22", "conversion": "qualifying"}, "99493", 1, "89.96"),
        ({"place_of_service": "22", "setting": "fqhc"}, "99493", 1, "144.96"),
        ({}, "G0678", 1, "30.00"),
        ({"conversion": "qualifying"}, "G0678", 2, "60.00"),
        ({"month": "2025-10"}, "99493", 1, "133.59"),
        ({"month": "2025-10", "place_of_service": "22"}, "99493", 1, None),
        ({"month": "2024-10"}, "99493", 1, None),
        ({"month": "2027-10"}, "99493", 1, None),
    ],
)
def test_a_month_is_paid_by_its_year_place_and_clinician(changes, code, units, dollars):
    facts = replace(OCTOBER, **changes)
    found = amount(facts, book_named("medicare_ffs_2026_07"), code, units)
    assert found == (None if dollars is None else Decimal(dollars))


@pytest.mark.parametrize(
    ("family", "month", "dollars"),
    [
        ("wi_medicaid", "2026-10", "146.05"),
        ("wi_medicaid", "2027-01", None),
        ("nc_medicaid", "2026-10", None),
        ("medicare_advantage", "2026-10", None),
        ("commercial", "2026-10", None),
    ],
)
def test_other_payers_pay_what_their_own_book_says_or_nobody_knows(family, month, dollars):
    book = book_in_force(family, date.fromisoformat(f"{month}-01"))
    found = amount(replace(OCTOBER, month=month, payer=family, conversion="qualifying"), book, "99492", 1)
    assert found == (None if dollars is None else Decimal(dollars))


def test_schedules_are_pinned():
    pins = tomllib.loads((SHELF / "pins.toml").read_text())
    files = [path for path in SHELF.glob("*.toml") if path.stem != "pins"]
    assert {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == pins
    assert {one.id: one.sha256 for one in schedules()} == pins


def test_every_number_has_a_source():
    said = [one for schedule in schedules() for factor in schedule.conversions for one in factor.citations]
    said += [units.citation for schedule in schedules() for units in schedule.units.values()]
    assert all(citation.sources for citation in said)
    assert len(said) == 2 + 1 + 2 + 15 + 54
    assert [units.citation.evidence for code, units in schedules()[1].units.items() if code in ("99439", "99492")] == [
        "derived",
        "recalled",
    ]


GOOD = """
families = ["medicare_ffs"]
year = 2027
title = "2027"
[[conversion]]
from_on = 2027-01-01
standard = { value = "33.0000", cite = ["S1"] }
[[units]]
cite = ["S1"]
codes = { 99492 = { nonfacility = "4.80" } }
"""


def test_a_newcomer_adds_a_year(tmp_path):
    shutil.copytree(SHELF, tmp_path / "fees", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "fees" / "medicare_2027.toml").write_text(GOOD)
    schedule = load(tmp_path / "fees")[-1]
    assert schedule.amount("99492", date(2027, 1, 1), "qualifying", facility=False) == Decimal("158.40")
    assert schedule.amount("99492", date(2027, 1, 1), "standard", facility=True) is None
    assert schedule.amount("99492", date(2026, 12, 31), "standard", facility=False) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD.replace("title", "name"), "a schedule has families"),
        ("speed = 1\n" + GOOD, "a schedule has families"),
        (GOOD.replace("year = 2027", "year = 2026"), "factors are in order of days, all of the year"),
        (
            GOOD + '[[conversion]]\nfrom_on = 2027-01-01\nstandard = { value = "33.0000", cite = ["S1"] }\n',
            "factors are in order of days",
        ),
        (GOOD.replace("standard =", "usual ="), "a factor has from_on, standard"),
        (GOOD.replace("standard =", "speed = 1\nstandard ="), "a factor has from_on, standard"),
        (GOOD.replace("33.0000", "33.0"), "conversion.2027-01-01.standard is not a number of the right form"),
        (GOOD.replace('"4.80"', "4.8"), "units.99492 is not a number of the right form"),
        (GOOD.replace("nonfacility", "moon"), "99492 has nonfacility, facility or both"),
        (GOOD.replace('{ nonfacility = "4.80" }', "{ }"), "99492 has nonfacility, facility or both"),
        (GOOD.replace("[[units]]", "[[units]]\nspeed = 1"), "units have cite"),
        (GOOD.replace('[[units]]\ncite = ["S1"]', "[[units]]"), "units.99492 has no source"),
        (GOOD.replace('cite = ["S1"] }', 'cite = ["S999"] }'), "has no source, or one that the list"),
        (GOOD.replace("2027", "2026"), "two schedules hold for one family and year"),
    ],
)
def test_a_schedule_that_is_not_right_is_refused(tmp_path, text, fault):
    shutil.copytree(SHELF, tmp_path / "fees", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "fees" / "medicare_2027.toml").write_text(text)
    name = "" if "two schedules" in fault else "medicare_2027: "
    with pytest.raises(FeesMisdefined, match=f"^{name}.*{fault}"):
        load(tmp_path / "fees")


def test_a_books_families_and_years_are_those_of_the_library():
    assert {family for schedule in schedules() for family in schedule.families} <= library().keys()
