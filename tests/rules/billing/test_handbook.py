"""The rule books in English: what changed, one book, and the page with everything."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from billing.rules.books import book_named, with_options
from billing.rules.books.library import SHELF, library, load
from billing.rules.handbook import book_text, changes, changes_text, document
from billing.rules.handbook.prices import prices
from billing.rules.words import FLAGS, GAPS

ROOT = Path(__file__).parents[3]


def words(before: str, after: str) -> list[str]:
    return [change.words for change in changes(book_named(before), book_named(after))]


def test_a_code_that_begins_says_its_minutes_and_who_says_so():
    assert words("medicare_ffs_2020", "medicare_ffs_2021") == [
        "G2214 (CoCM, first 30 minutes) begins: 30 minutes, 16 by the midpoint rule. [S19, S15, S14; derived, 0.6]"
    ]


def test_a_year_changes_codes_rules_the_factor_and_the_amounts():
    said = words("medicare_ffs_2025", "medicare_ffs_2026")
    assert len(said) == 20
    assert said[0] == "G0568 (APCM add-on: CoCM, first calendar month) begins: no minutes of its own. [S10, S1]"
    assert said[3:7] == [
        "CoCM at an FQHC or RHC: the usual codes, was G0512. [S8, S1]",
        "The APCM add-ons need the base by the same practitioner: yes. [S10, S11]",
        ("A relative value unit pays $33.4009 ($33.5675 for qualifying APM participants), was $32.3465. [S1, S56b]"),
        (
            "99484 pays $57.45 outside a facility, $38.75 inside in 2026; it was $53.05 outside a facility, "
            "not known inside in 2025. [S1]"
        ),
    ]
    assert said[-1] == "G2214 pays $60.79 outside a facility, $33.73 inside in 2026. [S1]"


def test_before_2025_the_first_factor_is_said_without_a_former_one():
    said = words("medicare_ffs_2021", "medicare_ffs_2025")
    assert "A relative value unit pays $32.3465. [S56]" in said
    assert "99492 pays $145.24 outside a facility, not known inside in 2025. [S33; derived, 0.85]" in said


def test_what_the_later_book_does_not_say_is_said_to_be_gone():
    assert words("medicare_ffs_2026_07", "medicare_ffs_2026") == [
        "G0678 (ACCESS co-management review) is no longer known. [S21]",
        "A participant of the ACCESS model bills nothing else for its patients: no longer said. [S22]",
        "Co-management review of the ACCESS model: no longer said. [S21, S1]",
        "Most co-management reviews: no longer said. [S21]",
        "Within so many months: no longer said. [S21]",
        "What G0678 pays in 2026 is not known. [S21, S1]",
    ]


def test_a_payer_says_in_what_it_differs():
    assert words("commercial_2021", "michigan_2022_05") == [
        "Pays G2214: Yes, was No. [S67, S16]",
        "Minutes for G2214: 30 minutes (full time), was 16 minutes (midpoint passed). [S43, S16; derived, 0.6]",
        "How often 99492 may be billed: Once in a calendar year, was Once in each course of care. [S16]",
        "Settings: FQHCs and RHCs may not use G2214, and use G0512 for non-commercial members. [S67]",
        f"Authorization: {book_named('michigan_2022_05').notes['authorization']} [S16]",
        "Months of treatment after which authorization is needed: 12. [S16]",
        "Cost share: Employer groups choose benefit and cost share; check before the work. [S67]",
    ]
    assert words("nc_medicaid_2022_12", "nc_medicaid_2024_07") == ["Most units of 99494 a month: 4, was 2. [S6]"]
    assert words("nc_medicaid_2022_03", "nc_medicaid_2022_12") == [
        "G0512 (CoCM at an FQHC or RHC), in force since: 2022-12-01, was 2018-01-01. [S27]",
        "G0512 (CoCM at an FQHC or RHC), full time: 60 minutes, was 70 minutes. [S27]",
        "CoCM at an FQHC or RHC: G0512, was the usual codes. [S27]",
    ]


def test_a_book_does_not_change_from_itself():
    assert words("commercial_2021", "commercial_2021") == []
    assert changes_text(book_named("commercial_2021"), book_named("commercial_2021")).endswith("\n\nNothing changed.")


def test_a_label_that_changed_is_said(tmp_path):
    books = shelf_with(tmp_path, '[codes.99492]\nlabel = "CoCM, month one"\n')
    change, *_ = changes(books[-2], books[-1])
    assert change.sentence == "99492 (CoCM, first calendar month) is now called CoCM, month one."


def test_an_override_of_a_profile_is_said_with_the_profile_as_its_source():
    book = book_named("commercial_2021")
    (change,) = changes(book, with_options(book, {"addon_cap": None}))
    assert change.words == "Most units of 99494 a month: No limit, was 2. [payer_profile]"


def test_one_book_is_shown_with_everything_that_it_extends():
    text = book_text(book_named("nc_medicaid_2024_07"))
    assert text.startswith(
        "# nc_medicaid_2024_07\n\nNC Medicaid from July 2024: up to four units of 99494 a month. "
        "In force from 2024-07-01; sha256 "
    )
    assert "| G0512 | CoCM at an FQHC or RHC | 60 minutes in the first month, 60 in later ones | 2022-12-01 |" in text
    assert "| 99495 | Transitional care, visit within 14 days | no minutes of its own | 2013-01-01 |" in text
    assert "| Most units of 99494 a month | 4 | S6 |" in text
    assert "| Who bills | Billed by the primary care clinician; not by the care manager" in text
    assert "National amounts" not in text
    assert "| 99493 | $141.61 | not known | S14 |" in book_text(book_named("wi_medicaid_2026_09"))


def test_prices_are_of_the_books_first_year():
    assert prices(book_named("commercial_2021")) == {}
    assert sorted(prices(book_named("medicare_ffs_2025"))) == sorted(
        ["99484", "99490", "99492", "99493", "99494", "99495", "99496"]
    )


def test_the_page_is_fresh():
    """After a change of a book: `manage.py rules docs`."""
    assert (ROOT / "docs" / "rules.md").read_text() == document()


def test_the_page_tells_every_book_option_gap_flag_and_source():
    page = document()
    for books in library().values():
        for book in books:
            assert page.count(f"### {book.id}\n") == 1
            assert page.count(f"| {book.effective} | `{book.id}` | {book.title} |") == 1
    assert page.count("\n### Medicare fee-for-service: everything that holds now\n") == 1
    for word in (*GAPS, *FLAGS):
        assert f"| {word} |" in page
    cited = set(re.findall(r"\b(S\d+[abc]?)\b", page.split("\n## Sources\n")[0]))
    listed = set(re.findall(r"^- (S\d+[abc]?):", page.split("\n## Sources\n")[1], re.MULTILINE))
    assert cited == listed


def test_what_is_open_and_what_is_not_held_is_said():
    page = document()
    assert page.split("## What is not settled")[1].split("## Not held")[0].count("?") == 10
    assert "| New York Medicaid | It pays a monthly case rate" in page
    assert "| G0323 as a line of ours |" in page


def shelf_with(tmp_path: Path, text: str):
    """The family's books with one more of 2027 in a shelf of its own."""
    shutil.copytree(SHELF, tmp_path / "books", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    head = 'family = "medicare_ffs"\neffective = 2027-01-01\ntitle = "2027"\nextends = "medicare_ffs_2026_07"\n'
    (tmp_path / "books" / "medicare_ffs_2027.toml").write_text(head + text)
    return load(tmp_path / "books")["medicare_ffs"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[clinics]\nbhi_code = { value = "G0511", cite = ["S1"] }\n',
            "General BHI at an FQHC or RHC: G0511, was 99484.",
        ),
        (
            '[apcm]\nexcludes = { value = [], cite = ["S1"] }\n',
            "Dropped beside the same practitioner's APCM: none, was 99490, 99495, 99496.",
        ),
        (
            '[codes.G0568]\nmidpoint_minutes = { value = 36, cite = ["S1"] }\n',
            "G0568 (APCM add-on: CoCM, first calendar month), enough by the midpoint rule: 36 minutes.",
        ),
        (
            '[requirements]\ncase_review = { value = false, cite = ["S1"] }\n',
            "For CoCM, a psychiatric review since enrolment: no, was yes.",
        ),
    ],
)
def test_every_kind_of_field_is_said(tmp_path, text, sentence):
    books = shelf_with(tmp_path, text)
    assert [one.sentence for one in changes(books[-2], books[-1]) if "pay" not in one.sentence] == [sentence]
    assert books[-1].effective == date(2027, 1, 1)
