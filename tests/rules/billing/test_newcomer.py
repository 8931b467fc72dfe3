"""A newcomer brings the rules of 2027: one file, no Python."""

import hashlib
import shutil
import tomllib
from datetime import date

from billing.rules.books.library import SHELF, library, load
from billing.rules.handbook import changes, changes_text, document
from billing.rules.verdicts import judge, judge_in_order
from tests.rules.billing.test_timeline import month

NEXT_YEAR = """# What the final rule of 2027 changed.
family = "medicare_ffs"
effective = 2027-01-01
title = "Medicare fee-for-service 2027: shorter later months"
extends = "medicare_ffs_2026_07"

[sources.PFS27]
title = "CY2027 Physician Fee Schedule final rule"

[codes.99493]
midpoint_minutes = { value = 26, cite = ["PFS27"] }

[options]
addon_cap = { value = 2, cite = ["PFS27"] }

[payment.2027.99493]
nonfacility = { value = "150.00", cite = ["PFS27"] }
"""


def shelf(tmp_path):
    shutil.copytree(SHELF, tmp_path / "books", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (tmp_path / "books" / "medicare_ffs_2027.toml").write_text(NEXT_YEAR)
    return load(tmp_path / "books")


def lines(facts, books):
    verdict = judge(
        facts, next(book for book in reversed(books) if book.effective <= date.fromisoformat(f"{facts.month}-01"))
    )
    return [(line.code, line.units, line.amount and str(line.amount)) for line in verdict.lines]


def test_a_month_of_2027_is_judged_by_it_and_one_of_2026_as_before(tmp_path):
    books = shelf(tmp_path)["medicare_ffs"]
    assert lines(month("2027-01", 26), books) == [("99493", 1, "150.00")]
    assert lines(month("2026-12", 26), books) == [("G2214", 1, "60.79")]
    assert lines(month("2027-01", 300), books) == [("99493", 1, "150.00"), ("99494", 2, None)]
    citation = judge(month("2027-01", 26), books[-1]).lines[0].citations[0]
    assert (citation.book, citation.sources[0].title) == (
        "medicare_ffs_2027",
        "CY2027 Physician Fee Schedule final rule",
    )


def test_months_in_order_change_books_with_the_year(tmp_path):
    books = shelf(tmp_path)["medicare_ffs"]

    def in_force(family, on):
        return next(book for book in reversed(books) if book.effective <= on)

    verdicts = judge_in_order([month("2026-12", 28), month("2027-01", 28)], in_force)
    assert [(verdict.book_id, verdict.lines[0].code) for verdict in verdicts] == [
        ("medicare_ffs_2026_07", "G2214"),
        ("medicare_ffs_2027", "99493"),
    ]


def test_it_is_compared_in_english(tmp_path):
    books = shelf(tmp_path)["medicare_ffs"]
    said = [change.words for change in changes(books[-2], books[-1])]
    assert said[:3] == [
        "99493 (CoCM, later month), enough by the midpoint rule: 26 minutes, was 31 minutes. [PFS27]",
        "Most units of 99494 a month: 2, was No limit. [PFS27]",
        (
            "99493 pays $150.00 outside a facility, not known inside in 2027; "
            "it was $144.96 outside a facility, $89.51 inside in 2026. [PFS27]"
        ),
    ]
    assert said[3].startswith("What 99484, 99490, 99492, 99494, ")
    assert "- PFS27: CY2027 Physician Fee Schedule final rule" in changes_text(books[-2], books[-1])


def test_it_is_documented(tmp_path):
    page = document(shelf(tmp_path))
    assert "| 2027-01-01 | `medicare_ffs_2027` | Medicare fee-for-service 2027: shorter later months |" in page
    assert "| 99493 | CoCM, later month | 60 minutes, 26 by the midpoint rule | 2018-01-01 |" in page
    assert "- PFS27: CY2027 Physician Fee Schedule final rule" in page
    assert page != document()


def test_the_books_in_force_keep_their_hashes(tmp_path):
    before = {book.id: book.sha256 for books in library().values() for book in books}
    after = {book.id: book.sha256 for books in shelf(tmp_path).values() for book in books}
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"medicare_ffs_2027"}


def test_the_pins_ask_for_its_hash(tmp_path):
    shelf(tmp_path)
    pins = tomllib.loads((SHELF / "pins.toml").read_text())
    files = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "books").glob("*.toml")}
    assert set(files) - set(pins) == {"medicare_ffs_2027", "sources", "pins"}
