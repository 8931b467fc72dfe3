"""Where the patient was seen, the day on which they died, and whether a claim would say anything else by now."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.canonical import plain
from billing.rules.claim_sheet import claim_sheet
from billing.rules.x12.claim import (
    Address,
    Clinician,
    Facility,
    FiledClaim,
    Ids,
    Support,
    faults_of,
    says_otherwise,
    write_837p,
)
from tests.rules.billing.x12_claims import AETNA, BILLER, JANE, MEDICARE, STREET, claim, file, lines

ANNEX = Facility("Maple Grove Annex", "1003000126", Address("7 Oak Ave", "Aurora", "CO", "800101234"))
DIED = replace(JANE, died_on=date(2026, 10, 20))


def written(one: FiledClaim, *tags: str) -> list[str]:
    return [line for line in write_837p(file(one)).split("~\n") if line.startswith(tags)]


def test_the_clinic_stands_behind_the_clinician_with_its_address():
    text = write_837p(file(claim(facility=ANNEX))).split("~\n")
    start = text.index("NM1*82*1*RIVERA*ANA****XX*1245319599")
    assert text[start + 1 : start + 5] == [
        "NM1*77*2*MAPLE GROVE ANNEX*****XX*1003000126",
        "N3*7 OAK AVE",
        "N4*AURORA*CO*800101234",
        "LX*1",
    ]
    assert written(claim(facility=replace(ANNEX, npi="")), "NM1*77") == ["NM1*77*2*MAPLE GROVE ANNEX"]


def test_a_death_is_told_with_whoever_the_patient_is():
    assert written(claim(patient=DIED), "PAT", "HL*2", "SBR", "NM1*IL") == [
        "HL*2*1*22*0",
        "SBR*P*18*******MB",
        "PAT*****D8*20261020",
        "NM1*IL*1*DOE*JANE****MI*1EG4TE5MK73",
    ]
    assert written(claim(patient=DIED, insured=AETNA), "PAT") == ["PAT*19****D8*20261020"]
    assert written(claim(insured=AETNA), "PAT") == ["PAT*19"]


@pytest.mark.parametrize(
    ("facility", "found"),
    [
        (ANNEX, []),
        (replace(ANNEX, npi=""), []),
        (replace(ANNEX, npi="1003000127"), [("facility_npi", "clinic")]),
        (replace(ANNEX, name="診所"), [("facility_name", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, street="")), [("address", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, city="")), [("address", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, state="")), [("state", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, postal_code="801")), [("postal_code", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, postal_code="80010")), [("postal_code", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, postal_code="800100000")), [("postal_code", "site")]),
        (replace(ANNEX, address=replace(ANNEX.address, street="PO Box 7")), [("facility_box", "site")]),
        (replace(ANNEX, name="Annex " * 11), [("too_long", "clinic")]),
    ],
)
def test_a_half_filled_address_is_mended_at_the_clinic(facility: Facility, found: list[tuple[str, str]]):
    faults = faults_of(file(claim(facility=facility)))
    assert [(fault.word, fault.kind) for fault in faults] == found
    assert {fault.object_id for fault in faults} == ({"clinic-1"} if found else set())


def test_the_paper_form_says_where_and_that_the_patient_died():
    alone = replace(BILLER, name="Rivera", given_name="Ana")
    sheet = claim_sheet(claim(facility=ANNEX, patient=DIED, authorization="PA-77"), alone, account="77")
    boxes = {(box.number, box.label): box.value for box in (*sheet.above, *sheet.below)}
    assert (boxes["23", "Prior authorization"], boxes["33", "Billing provider"]) == (
        "PA-77",
        "Ana Rivera, 100 Main St, Denver, CO 80202-1234",
    )
    assert (boxes["32", "Where"], boxes["32a", "Clinic’s NPI"], boxes["", "Died"]) == (
        "Maple Grove Annex, 7 Oak Ave, Aurora, CO 80010-1234",
        "1003000126",
        "10/20/2026",
    )
    plainer = claim_sheet(claim(support=Support(clinic="Main")), BILLER, account="77")
    assert [box.value for box in plainer.below if box.number.startswith("32")] == ["Main", "—"]


OTHERWISE: dict[str, dict[str, Any]] = {
    "diagnosis": {"diagnoses": ("F33.2", "F41.1")},
    "clinician": {"clinician": Clinician("Stone", "Bo", "1003000126")},
    "the clinician's NPI": {"clinician": Clinician("Rivera", "Ana", "1003000126")},
    "member id": {"insured": replace(MEDICARE, member_id="1EG4TE5MK74")},
    "place of service": {"place_of_service": "10"},
    "street": {"patient": replace(JANE, address=replace(STREET, street="23 Elm St"))},
    "charge": {"lines": tuple(replace(one, charge=Decimal("99.00")) for one in lines("00007-00001-K7QX4M"))},
    "units": {"lines": tuple(replace(one, units=3) for one in lines("00007-00001-K7QX4M"))},
    "day": {"service_on": date(2026, 10, 30)},
    "clinic": {"facility": ANNEX},
    "death": {"patient": DIED},
    "authorization": {"authorization": "PA-77 1"},
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_claim_says_something_else(what: str):
    assert says_otherwise(plain(claim()), claim(**OTHERWISE[what])) is True


def test_how_it_is_numbered_and_what_nobody_reads_says_nothing_else():
    now = claim(
        "00009-00002-BBBBBB",
        lines=lines("00009-00002-BBBBBB"),
        frequency="7",
        payer_claim_number="ICN77",
        support=Support(clinic="Main"),
        ids=Ids("somebody"),
    )
    assert says_otherwise(plain(claim()), now) is False


def test_what_older_claims_were_kept_without_is_not_compared():
    kept: dict[str, Any] = plain(claim())
    del kept["facility"], kept["patient"]["died_on"], kept["authorization"]
    assert says_otherwise(kept, claim(facility=ANNEX, patient=DIED, authorization="PA-77")) is False
    assert says_otherwise(kept, claim(facility=ANNEX, diagnoses=("F33.2",))) is True
