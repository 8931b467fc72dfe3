"""ICD-10-CM searched by code and by words; the table is the one that ships."""

from __future__ import annotations

from datetime import date

import pytest

from registry.rules.diagnoses import RELEASE, CodeTable, icd10, why_unusable

TABLE = icd10()
SMALL = CodeTable(
    "\n".join((
        "E03\t+\tOther hypothyroidism\t",
        "E03.9\t\tHypothyroidism, unspecified\t",
        "F32\t+\tDepressive episode\t",
        "F32.A\t\tDepression, unspecified\tDepression NOS; Depressive disorder NOS",
        "F33\t+\tMajor depressive disorder, recurrent\t",
        "F33.1\t\tMajor depressive disorder, recurrent, moderate\t",
        "F33.4\t+\tMajor depressive disorder, recurrent, in remission\t",
        "F33.42\t\tMajor depressive disorder, recurrent, in full remission\t",
        "F53.0\t\tPostpartum depression\t",
        "O99\t+\tOther maternal diseases\t",
        "O99.34\t+\tOther mental disorders complicating pregnancy\t",
        "O99.345\t\tOther mental disorders complicating the puerperium, such as depression\t",
    ))
)  # fmt: skip


def codes(table: CodeTable, words: str) -> list[str]:
    return [one.code for one in table.search(words)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("F33", ["F33.1", "F33.42"]),
        ("f33.1", ["F33.1"]),
        ("F331", ["F33.1"]),
        ("e03", ["E03.9"]),
        ("recurrent depressive", ["F33.1", "F33.42"]),
        ("moderate recurrent", ["F33.1"]),
        ("MODERATE", ["F33.1"]),
        # Behavioral ones first, then what primary care treats most, then the shorter title.
        ("depression", ["F32.A", "F33.1", "F33.42", "F53.0", "O99.345"]),
        ("Depression NOS", ["F32.A"]),
        ("hypothyroid", ["E03.9"]),
        ("thyroidism", []),
        ("nothing of the kind", []),
        ("f", []),
        ("  ", []),
        ("a b", []),
    ],
)
def test_search(typed: str, found: list[str]) -> None:
    assert codes(SMALL, typed) == found


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gad", "F41.1"),
        ("adjustment anxiety", "F43.22"),
        ("panic", "F41.0"),
        ("F11.20", "F11.20"),
        ("moderate opioid use disorder", "F11.20"),
        ("bipolar ii", "F31.81"),
        ("autism spectrum", "F84.0"),
    ],
)
def test_what_people_type_leads_to_the_code(typed: str, first: str) -> None:
    assert codes(TABLE, typed)[0] == first


def test_ptsd_is_found_by_its_letters() -> None:
    assert sorted(codes(TABLE, "ptsd")) == ["F43.10", "F43.11", "F43.12"]


def test_no_more_than_asked_for_and_no_category_among_them() -> None:
    found = TABLE.search("disorder", most=10)
    assert len(found) == 10
    assert {one.is_whole and one.is_behavioral for one in found} == {True}


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("F33.1", ""),
        ("f331", ""),
        ("F33", "F33 needs one more digit: choose one of those below it."),
        ("F33.4", "F33.4 needs one more digit: choose one of those below it."),
        ("O99", "O99 needs 3 more digits: choose one of those below it."),
        ("F99.99", "F99.99 is not a code of ICD-10-CM, release April 2026. Search by words."),
        ("depression", "A diagnosis is an ICD-10-CM code such as F33.1."),
        ("", "A diagnosis is an ICD-10-CM code such as F33.1."),
    ],
)
def test_why_a_code_cannot_be_recorded(code: str, sentence: str) -> None:
    assert why_unusable(code, SMALL) == sentence


def test_a_code_of_the_small_table_by_itself() -> None:
    found = SMALL.find("F32.A")
    assert found is not None
    assert (found.title, found.is_whole, found.other_names) == (
        "Depression, unspecified",
        True,
        ("Depression NOS", "Depressive disorder NOS"),
    )
    assert SMALL.find("F32.9") is None
    assert [one.code for one in SMALL.lines()][:2] == ["E03", "E03.9"]


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (date(2026, 3, 31), False),
        (date(2026, 4, 1), True),
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
    ],
)
def test_the_release_holds_from_april_to_september(day: date, holds: bool) -> None:
    assert RELEASE.holds_on(day) is holds
