"""Which diagnoses the lines of a claim point to, family by family of codes."""

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.rules.books.library import library
from billing.rules.x12.claim import FiledLine, faults_of
from billing.rules.x12.pointers import is_chronic, pointers
from tests.rules.billing.x12_claims import claim, file

DIAGNOSES = ("F33.1", "E11.9", "F41.1", "I10", "Z63.0", "S72.001A", "R45.851")


@pytest.mark.parametrize(
    ("codes", "places"),
    [
        ("99484 99492 99493 99494 G2214 G0323 G0511 G0512 G0568 G0569 G0570", (1, 3)),
        ("99490 99439 99491 99437 99487 99489 99424 99425 99426 99427", (2, 4)),
        ("99495 99496", (2, 4, 5, 6)),
        ("G0556 G0557 G0558 G0678", (1, 2, 3, 4)),
    ],
)
def test_each_family_points_to_what_it_is_for(codes: str, places: tuple[int, ...]):
    assert {code: pointers(code, DIAGNOSES) for code in codes.split()} == dict.fromkeys(codes.split(), places)


def test_where_none_is_of_the_kind_a_line_points_to_all():
    assert pointers("99495", ("F33.1", "F41.1")) == (1, 2)
    assert pointers("99490", ("F33.1", "Z63.0")) == (1, 2)
    assert pointers("99492", ("E11.9",)) == (1,)
    assert pointers("99492", ()) == (1,)
    assert (is_chronic("U09.9"), is_chronic("Z63.0"), is_chronic("f33.1")) == (True, False, False)


def lines(*codes: str) -> tuple[FiledLine, ...]:
    return tuple(
        FiledLine(code, 1, Decimal("60.00"), f"00007-00001-K7QX4M-{place}", (1,))
        for place, code in enumerate(codes, start=1)
    )


def test_every_code_that_a_book_sells_may_leave():
    codes = {code for books in library().values() for book in books for code in book.codes}
    sold = {code: faults_of(file(claim(lines=lines(code), diagnoses=("F33.1", "E11.9")))) for code in codes}
    assert sold["99494"][0].word == "addon_alone"
    assert {code: found for code, found in sold.items() if found and code != "99494"} == {}


@pytest.mark.parametrize(
    ("diagnoses", "sentence"),
    [
        (("F33.1", "E11.9"), ""),
        (("E11.9", "I10"), ""),
        (("F33.1", "F41.1"), "99490 is for chronic conditions, and none is on record beside the behavioral ones."),
        (("Z63.0",), "99490 is for chronic conditions, and none is on record beside the behavioral ones."),
        (("E11.9",), "99490 is for two chronic conditions or more, and one is on record."),
        (("E11.9", "Z63.0"), "99490 is for two chronic conditions or more, and one is on record."),
    ],
)
def test_chronic_care_management_needs_its_conditions(diagnoses: tuple[str, ...], sentence: str):
    made = claim(lines=lines("99490"), diagnoses=diagnoses)
    assert [(one.word, one.sentence, one.object_id) for one in faults_of(file(made))] == (
        [("chronic_missing", sentence, "patient-1")] if sentence else []
    )


def test_a_behavioral_diagnosis_and_consent_stand_before_behavioral_services_only():
    without = replace(claim().support, consented_on=None)
    transitional = claim(lines=lines("99495"), diagnoses=("I10",), support=without)
    assert faults_of(file(transitional)) == ()
    behavioral = claim(lines=lines("99484"), diagnoses=("I10",), support=without)
    assert [one.word for one in faults_of(file(behavioral))] == ["diagnosis_first", "consent_missing"]
