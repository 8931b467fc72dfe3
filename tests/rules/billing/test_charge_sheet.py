"""Columns of the charge file, and the claim in the order of the paper form."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rules.charge_sheet import (
    OF_BATCH,
    USUAL,
    ColumnsWrong,
    SheetLine,
    cells,
    checked,
    for_batch,
    header,
)
from billing.rules.claim_sheet import Box, claim_sheet
from billing.rules.x12.filed import Address, Biller, Clinician, FiledClaim, FiledLine, Insured, Person, Support

JO = Person("Abara", "Jo", date(1980, 5, 17), "F", Address("22 Elm St", "Denver", "CO", "80202"))
CHI = Person("Abara", "Chi", date(1979, 1, 2), "M", Address("22 Elm St", "Denver", "CO", "802021234"))
BILLER = Biller("Maple", "1234567893", "841234567", Address("1 Main", "Denver", "CO", "802021234"), "M", "ID", "X", "1")
CLAIM = FiledClaim(
    control_number="00007-00001-ABCDEF",
    month="2026-02",
    service_on=date(2026, 2, 28),
    patient=JO,
    insured=Insured("Aetna", "60054", "CI", "W12", group_number="G7", relationship="spouse", holder=CHI),
    place_of_service="11",
    diagnoses=("F32.1", "E11.9"),
    clinician=Clinician("Rivera", "Ana", "1245319599"),
    lines=(FiledLine("99492", 1, Decimal("170.00"), "1"), FiledLine("99494", 2, None, "2", (1, 2), ("25",))),
    support=Support(clinic="Lakeside"),
)


def values(boxes: tuple[Box, ...]) -> dict[str, str]:
    return {box.number: box.value for box in boxes if box.number}


def test_a_dependents_claim_names_the_holder_and_an_unknown_charge_stays_unknown():
    sheet = claim_sheet(CLAIM, BILLER, account="77")
    above, below = values(sheet.above), values(sheet.below)
    assert (above["1"], above["4"], above["6"]) == ("Group or other", "Abara, Chi", "Spouse")
    assert (above["7"], above["11"], above["11a"]) == ("22 Elm St, Denver, CO 80202-1234", "G7", "01/02/1979 M")
    assert (above["21"], above["22"]) == ("A. F32.1  B. E11.9", "Original")
    assert [(row.code, row.modifiers, row.pointers, row.charge) for row in sheet.rows] == [
        ("99492", "", "A", "170.00"),
        ("99494", "25", "AB", "not known"),
    ]
    assert (below["28"], below["33"]) == ("not known", "Maple, 1 Main, Denver, CO 80202-1234")
    assert (sheet.missing, sheet.institutional) == (("Total charge",), ())


def test_a_replacement_names_the_payers_number_and_what_nobody_said_is_missing():
    bare = replace(
        CLAIM, frequency="7", payer_claim_number="P99", clinician=Clinician(), patient=Person("A", "B", None, "")
    )
    sheet = claim_sheet(bare, None, account="")
    assert values(sheet.above)["22"] == "7, replaces the earlier claim (P99)"
    assert [row.npi for row in sheet.rows] == ["not known", "not known"]
    assert sheet.missing == (
        *("Birth date and sex", "Patient’s address", "Tax id", "Total charge", "Treating clinician"),
        *("Billing provider", "Billing NPI"),
    )


def test_an_institutional_setting_gets_its_fields():
    fqhc = replace(CLAIM, support=Support(clinic="Lake", setting="fqhc"), diagnoses=())
    fields = values(claim_sheet(fqhc, BILLER, account="77", is_institutional=True).institutional)
    assert (fields["FL 4"], fields["FL 44, 46"], fields["FL 67"]) == ("771", "99492 × 1 + 99494 × 2", "not known")
    other = replace(fqhc, support=Support(setting="hospital_outpatient"))
    fields = values(claim_sheet(other, BILLER, account="77", is_institutional=True).institutional)
    assert (fields["FL 4"], fields["FL 42"]) == ("by the kind of clinic", "052x")


@pytest.mark.parametrize(
    ("columns", "key", "sentence"),
    [
        ([], "", "Choose at least one column."),
        ([("shoe_size", "Shoe")], "shoe_size", "A column is not known or stands here twice."),
        ([("mrn", "A"), ("mrn", "B")], "mrn", "A column is not known or stands here twice."),
        ([("mrn", "x" * 61)], "mrn", "This heading is longer than 60 characters. Shorten it."),
        ([("mrn", "A"), ("code", " a ")], "code", "Two columns are headed a. Give one of them another heading."),
        (
            [("mrn", "A"), ("expected", "")],
            "expected_kind",
            "Use What it rests on too, so that an estimate is not taken for a payer’s fee.",
        ),
    ],
)
def test_columns_that_make_no_file_are_refused(columns: list[tuple[str, str]], key: str, sentence: str):
    with pytest.raises(ColumnsWrong) as refused:
        checked(columns)
    assert (refused.value.key, str(refused.value)) == (key, sentence)


def test_a_batchs_table_has_the_chosen_columns_and_always_the_claims_number():
    assert for_batch(None) == OF_BATCH == checked(OF_BATCH)
    assert for_batch((("mrn", "Account"), ("claim", "Ref"))) == (("mrn", "Account"), ("claim", "Ref"))
    assert for_batch((("mrn", "CLAIM"),)) == (("claim", "Claim in batch"), ("mrn", "CLAIM"))


def test_a_row_holds_what_its_columns_say():
    typed = [("mrn", ""), ("charge_each", "Each"), ("holder", "Insured"), ("expected_kind", ""), ("pointers", "P")]
    columns = checked(typed)
    assert header(columns) == ["Account", "Each", "Insured", "Expected by", "P"]
    lines = [SheetLine(CLAIM, line, "77", "", None, is_estimate=False, posted_number="") for line in CLAIM.lines]
    assert [cells(columns, line) for line in lines] == [
        ["77", Decimal("170.00"), "Abara, Chi", "not known", "A"],
        ["77", None, "Abara, Chi", "not known", "AB"],
    ]
    known = replace(lines[0], expected=Decimal(1))
    assert cells((("expected_kind", ""),), known) == ["payer's fee"]
    assert checked(USUAL) == USUAL
