"""Rule books: which holds when, what a file must be, and what a payer profile may set otherwise."""

import hashlib
import shutil
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from billing.rules.books import (
    BookMisdefined,
    NoBookInForce,
    OptionOutOfBounds,
    UnknownOption,
    book_in_force,
    book_named,
    with_options,
)
from billing.rules.books.library import SHELF, library, load

MEDICARE = "medicare_ffs"


@pytest.mark.parametrize(
    ("on", "book"),
    [
        (date(2020, 1, 1), "medicare_ffs_2020"),
        (date(2020, 12, 31), "medicare_ffs_2020"),
        (date(2021, 1, 1), "medicare_ffs_2021"),
        (date(2024, 12, 31), "medicare_ffs_2021"),
        (date(2025, 1, 1), "medicare_ffs_2025"),
        (date(2025, 12, 31), "medicare_ffs_2025"),
        (date(2026, 1, 1), "medicare_ffs_2026"),
        (date(2026, 6, 30), "medicare_ffs_2026"),
        (date(2026, 7, 1), "medicare_ffs_2026_07"),
        (date(2028, 2, 1), "medicare_ffs_2026_07"),
    ],
)
def test_the_book_is_chosen_by_the_day(on, book):
    assert book_in_force(MEDICARE, on).id == book
    assert book_named(book) is book_in_force(MEDICARE, on)


@pytest.mark.parametrize(("family", "on"), [(MEDICARE, date(2019, 12, 31)), ("nobody", date(2026, 1, 1))])
def test_there_is_never_a_default_book(family, on):
    with pytest.raises(NoBookInForce, match=f"{family} holds on {on}"):
        book_in_force(family, on)


def test_an_unknown_book_is_refused():
    with pytest.raises(NoBookInForce, match="medicare_ffs_1999"):
        book_named("medicare_ffs_1999")


def test_codes_exist_from_their_book_on():
    firsts = {}
    for book in library()[MEDICARE]:
        for code in book.codes:
            firsts.setdefault(code, book.id)
    assert firsts == {
        **dict.fromkeys(
            ["99492", "99493", "99494", "99484", "G0512", "G0511", "99490", "99495", "99496"], "medicare_ffs_2020"
        ),
        "G2214": "medicare_ffs_2021",
        **dict.fromkeys(["G0556", "G0557", "G0558"], "medicare_ffs_2025"),
        **dict.fromkeys(["G0568", "G0569", "G0570"], "medicare_ffs_2026"),
        "G0678": "medicare_ffs_2026_07",
    }


def test_a_later_book_states_only_what_changed_and_cites_who_said_the_rest():
    book = book_in_force(MEDICARE, date(2026, 8, 1))
    assert book.cite("codes.99492.midpoint_minutes").book == "medicare_ffs_2020"
    assert book.cite("clinics.bhi_code").book == "medicare_ffs_2025"
    assert book.cite("clinics.cocm_code").book == "medicare_ffs_2026"
    assert book.cite("access.comanagement_limit").book == "medicare_ffs_2026_07"


def test_amounts_are_of_their_year_and_place_and_otherwise_unknown():
    book = book_in_force(MEDICARE, date(2026, 1, 1))
    assert book.payment[2026, "99492"].nonfacility == Decimal("160.32")
    assert book.payment[2026, "99492"].facility == Decimal("82.17")
    assert (book.payment[2025, "99492"].nonfacility, book.payment[2025, "99492"].facility) == (Decimal("145.24"), None)
    assert (2025, "G2214") not in book.payment
    assert {year for year, _ in book.payment} == {2025, 2026}


def test_every_value_of_every_book_has_a_source():
    citations = [book.cite(field) for books in library().values() for book in books for field in book.citations]
    assert all(citation.sources and citation.evidence in ("read", "derived", "recalled") for citation in citations)
    assert all(citation.confidence for citation in citations if citation.evidence == "recalled")


def test_the_defaults_of_medicare_are_those_of_the_stories():
    options = book_in_force(MEDICARE, date(2026, 10, 1)).options
    assert options.covers_g2214
    assert options.g2214_min == 16
    assert options.time_rule == "midpoint"
    assert options.addon_cap is None
    assert options.initial_month_policy == "first_calendar_month"
    assert options.initial_once_per == "episode"
    assert options.count_facility_minutes
    assert options.apcm_bh_route == "gcode"
    assert options.covers_99484
    assert options.fqhc_cocm_code == "by_date"
    assert options.scale_within == "month"
    assert options.extra_visit_codes == ()


def test_commercial_payers_are_read_carefully():
    book = book_in_force("commercial", date(2026, 10, 1))
    assert (book.id, "G2214" in book.codes, book.has_apcm_addons, book.access) == ("commercial_2021", True, False, None)
    assert (book.options.covers_g2214, book.options.addon_cap, book.options.count_facility_minutes) == (False, 2, False)
    assert book.payment == {}


def test_books_are_pinned():
    """A book in force is never edited. A new one is added with its hash; a correction is a new book."""
    pins = tomllib.loads((SHELF / "pins.toml").read_text())
    files = [path for path in SHELF.glob("*.toml") if path.stem not in ("pins", "sources")]
    assert {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == pins


def test_a_books_hash_covers_what_it_extends(tmp_path):
    shutil.copytree(SHELF, tmp_path / "books", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    oldest = tmp_path / "books" / "medicare_ffs_2020.toml"
    oldest.write_text(oldest.read_text().replace("midpoint_minutes = { value = 36", "midpoint_minutes = { value = 35"))
    for before, after in zip(library()[MEDICARE], load(tmp_path / "books")[MEDICARE], strict=True):
        assert before.id == after.id
        assert before.sha256 != after.sha256


def test_a_newcomer_adds_a_book_without_touching_python(tmp_path):
    """Section 6 of the house style: one file, with only what changed and its source."""
    shutil.copytree(SHELF, tmp_path / "books", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "books" / "medicare_ffs_2027.toml").write_text(
        'family = "medicare_ffs"\neffective = 2027-01-01\ntitle = "2027"\nextends = "medicare_ffs_2026_07"\n'
        '[sources.PFS27]\ntitle = "CY2027 final rule"\n'
        '[codes.99493]\nmidpoint_minutes = { value = 30, cite = ["PFS27"] }\n'
    )
    books = load(tmp_path / "books")[MEDICARE]
    assert [book.codes["99493"].midpoint_minutes for book in books[-2:]] == [31, 30]
    assert books[-1].cite("codes.99493.midpoint_minutes").sources[0].title == "CY2027 final rule"
    assert books[-1].codes["99493"].full_minutes == 60


BOOK = """
family = "medicare_ffs"
effective = 2027-01-01
title = "2027"
extends = "medicare_ffs_2026_07"
"""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BOOK + "speed = 1\n", "unknown field speed"),
        (BOOK + "[codes.99493]\nhalf = { value = 30, cite = ['S1'] }\n", "unknown field codes.99493.half"),
        (BOOK + "[runs]\nweeks = { value = 30, cite = ['S1'] }\n", "unknown field runs.weeks"),
        (
            BOOK + "[payment.2027.99493]\nmoon = { value = '1.00', cite = ['S1'] }\n",
            "unknown field payment.2027.99493.moon",
        ),
        (BOOK + "[runs]\ngap_months = 6\n", "runs.gap_months is written"),
        (BOOK + "[runs]\ngap_months = { cite = ['S1'] }\n", "runs.gap_months is written"),
        (BOOK + "[runs]\ngap_months = { value = 6, cite = ['S1'], who = 'me' }\n", "runs.gap_months is written"),
        (BOOK + "[runs]\ngap_months = { value = 6 }\n", "runs.gap_months has no source"),
        (BOOK + "[runs]\ngap_months = { value = 6, cite = [] }\n", "runs.gap_months has no source"),
        (BOOK + "[runs]\ngap_months = { value = 6, cite = ['S999'] }\n", "runs.gap_months has no source"),
        (BOOK + "[runs]\ngap_months = { value = 6, cite = ['S1'], evidence = 'felt' }\n", "evidence is read"),
        (BOOK + "[runs]\ngap_months = { value = 6, cite = ['R'], evidence = 'recalled' }\n", "evidence is read"),
        (BOOK + "[runs]\ngap_months = { value = 0, cite = ['S1'] }\n", "a whole number above 0"),
        (BOOK + "[runs]\ngap_months = { value = true, cite = ['S1'] }\n", "a whole number above 0"),
        (BOOK + "[runs]\ngap_months = { value = 6.5, cite = ['S1'] }\n", "a whole number above 0"),
        (BOOK + "[requirements]\nconsent = { value = false, cite = ['S1'] }\n", "only true"),
        (BOOK + "[requirements]\ncare_plan = { value = 'no', cite = ['S1'] }\n", "true or false"),
        (BOOK + "[requirements]\nvisit_codes = { value = '99214', cite = ['S1'] }\n", "a list of texts"),
        (BOOK + "[requirements]\nvisit_codes = { value = [99214], cite = ['S1'] }\n", "a text is expected"),
        (BOOK + "[clinics]\ncocm_code = { value = '', cite = ['S1'] }\n", "a text is expected"),
        (BOOK + "[codes.99493]\nsince = { value = '2027-01-01', cite = ['S1'] }\n", "a date is expected"),
        (BOOK + "[payment.2027.99493]\nfacility = { value = 90.1, cite = ['S1'] }\n", "dollars are written"),
        (BOOK + "[payment.2027.99493]\nfacility = { value = '90.1', cite = ['S1'] }\n", "dollars are written"),
        (BOOK + "[options]\ng2214_min = { value = 20, cite = ['S1'] }\n", "16 or 30"),
        (BOOK + "[options]\nspeed = { value = 20, cite = ['S1'] }\n", "unknown field options.speed"),
        (BOOK + "[codes.99493]\nlabel = ''\n", "a label is empty"),
        (BOOK + "[codes.99999]\nlabel = 'New'\n", "every code has a label and a date"),
        (BOOK + "[codes.99999]\nsince = { value = 2027-01-01, cite = ['S1'] }\n", "every code has a label and a date"),
        (BOOK + "[codes.99999]\nlabel = 'New'\nfull_minutes = { value = 9, cite = ['S1'] }\n", "codes.99999.since"),
        (BOOK + "[sources.X]\nurl = 'somewhere'\n", "X needs a title"),
        (BOOK + "[sources.X]\ntitle = 'X'\npage = 3\n", "X needs a title"),
        (BOOK.replace("effective = 2027-01-01", "effective = '2027'"), "effective is missing or wrong"),
        (BOOK.replace("title =", "# title ="), "title is missing or wrong"),
        (BOOK.replace('"medicare_ffs"', "7"), "family is missing or wrong"),
        (BOOK.replace("2026_07", "2019"), "extends medicare_ffs_2019, which is absent or not earlier"),
        (BOOK.replace("2026_07", "2027"), "extends medicare_ffs_2027, which is absent or not earlier"),
        (BOOK.replace("2027-01-01", "2026-01-02"), "extends medicare_ffs_2026_07, which is absent or not earlier"),
        (BOOK.replace("2027-01-01", "2026-07-01"), "are effective on the same day"),
        (BOOK.replace("extends", "# extends"), "says nothing of"),
        (BOOK.replace("extends", "# extends").replace("_ffs", "_advantage"), "says nothing of"),
    ],
)
def test_a_book_that_is_not_right_is_refused_at_load(tmp_path, text, fault):
    shutil.copytree(SHELF, tmp_path / "books", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "books" / "medicare_ffs_2027.toml").write_text(text)
    with pytest.raises(BookMisdefined, match=fault):
        load(tmp_path / "books")


OCTOBER: date = date(2026, 10, 1)


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("covers_g2214", [True, False], [1, "true", None]),
        ("g2214_min", [16, 30], [15, 31, 20, "16", True]),
        ("time_rule", ["midpoint", "full"], ["half", None]),
        ("addon_cap", [None, 0, 4, 99], [-1, 100, "4", True, 1.5]),
        ("initial_month_policy", ["first_calendar_month", "first_billable_month"], ["second", None]),
        ("initial_once_per", ["episode", "calendar_year"], ["year"]),
        ("count_facility_minutes", [True, False], [0]),
        ("apcm_bh_route", ["gcode", "cpt", "hold"], ["either"]),
        ("covers_99484", [True, False], ["no"]),
        ("fqhc_cocm_code", ["by_date", "G0512"], ["99492"]),
        ("scale_within", ["month", 1, 60, 3660], [0, -1, 3661, "year", True, 1.5]),
        ("extra_visit_codes", [(), ("99395", "G0439")], ["99395", ("993",), (99395,), ("99395 ",)]),
    ],
)
def test_payer_options_have_bounds(name, allowed, refused):
    book = book_in_force(MEDICARE, OCTOBER)
    for value in allowed:
        assert getattr(with_options(book, {name: value}).options, name) == value
    for value in refused:
        with pytest.raises(OptionOutOfBounds, match=name):
            with_options(book, {name: value})


def test_an_override_is_cited_as_the_profiles_and_leaves_the_book_alone():
    book = book_in_force(MEDICARE, OCTOBER)
    overridden = with_options(book, [("addon_cap", 4), ("extra_visit_codes", ["99395"])])
    assert overridden.cite("options.addon_cap").book == "payer_profile"
    assert overridden.cite("options.g2214_min").book == "medicare_ffs_2020"
    assert overridden.options.extra_visit_codes == ("99395",)
    assert (overridden.id, overridden.sha256) == (book.id, book.sha256)
    assert book.options.addon_cap is None
    assert with_options(book, {"extra_visit_codes": ["99395"], "addon_cap": 4}) is overridden


def test_an_unknown_option_is_refused_with_those_there_are():
    with pytest.raises(UnknownOption, match="speed: no such payer option; there are covers_g2214, "):
        with_options(book_in_force(MEDICARE, OCTOBER), {"speed": 3})


def test_books_are_data_and_the_loader_names_none():
    source = "".join(path.read_text() for path in Path(SHELF).glob("*.py"))
    assert "medicare" not in source
