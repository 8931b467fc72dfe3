"""What keeps a claim from leaving: each fault by itself, with its field and where it is mended."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rules.x12.claim import (
    Address,
    Clinician,
    Fault,
    FiledLine,
    Support,
    Written,
    faults_in,
    faults_of,
    notes_of,
    written,
)
from billing.rules.x12.segments import Segment
from tests.rules.billing.x12_claims import (
    AETNA,
    BILLER,
    HEAD,
    HOLDER,
    JANE,
    MEDICARE,
    STREET,
    TAKER,
    claim,
    file,
    lines,
)


def words(found: tuple[Fault, ...]) -> list[tuple[str, str]]:
    return [(fault.word, fault.kind) for fault in found]


def head(**fields: Any) -> Any:
    return replace(HEAD, biller=replace(BILLER, **fields))


def line(**fields: Any) -> tuple[FiledLine, ...]:
    """The claim's lines, the first one changed."""
    first, second = lines("00007-00001-K7QX4M")
    return replace(first, **fields), second


def patient(**fields: Any) -> Any:
    return claim(patient=replace(JANE, **fields))


def at(**fields: Any) -> Any:
    return patient(address=replace(STREET, **fields))


def support(**fields: Any) -> Any:
    return claim(support=replace(claim().support, **fields))


SEPTEMBER: dict[str, Any] = {
    "month": "2026-09",
    "service_on": date(2026, 9, 30),
    "support": Support((("99492", 1), ("99494", 2)), date(2026, 9, 1)),
}


def test_a_code_of_a_later_release_leaves_with_a_note():
    later = replace(support(new_codes=("F33.99",)), diagnoses=("F33.99", "F41.1"))
    assert faults_of(file(later)) == ()
    assert notes_of(later) == (
        (
            "F33.99 is not in ICD-10-CM as known here (release April 2026, in force to Sep 30, 2026). "
            "Make sure that it is in force on the date of service."
        ),
    )
    within = claim(diagnoses=("F33.99", "F41.1"), **SEPTEMBER)
    within = replace(within, support=replace(within.support, new_codes=("F33.99",)))
    assert (notes_of(claim()), notes_of(within)) == ((), ())
    assert words(faults_of(file(within))) == [("diagnosis_unknown", "diagnoses")]


@pytest.mark.parametrize("slip", ["F33.7", "F33.77", "F41.99X"])
def test_a_slip_is_none_of_a_later_release_without_somebodys_word(slip: str):
    """After the release known here a code that it lacks may be new, or may be wrong: who recorded it has to say."""
    (fault,) = faults_of(file(claim(diagnoses=(slip, "F41.1"))))
    assert (fault.word, fault.kind, fault.object_id) == ("diagnosis_unknown", "diagnoses", "patient-1")
    assert fault.sentence == (
        f"{slip} is not a whole code of ICD-10-CM. "
        "Where it is newer than the release of April 2026, record it again as new."
    )
    assert notes_of(claim(diagnoses=(slip,))) == ()


def test_days_within_the_coverage_and_the_consent_are_right():
    last = date(2026, 10, 31)
    held = support(covered_from=last, covered_until=last, revoked_on=date(2026, 11, 1))
    assert faults_of(file(held)) == ()


def test_a_file_in_order_has_no_fault():
    assert faults_of(file(claim(), claim("00007-00002-K7QX4M", insured=AETNA))) == ()
    assert faults_of(file(claim(frequency="7", payer_claim_number="ICN1"))) == ()


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        (head(name=""), "biller_name"),
        (head(name="Клиника"), "biller_name"),
        (head(npi=""), "biller_npi_missing"),
        (head(npi="1234567890"), "biller_npi"),
        (head(npi="123456789"), "biller_npi"),
        (head(tax_id="84-123"), "biller_tax_id"),
        (head(taxonomy="207Q"), "taxonomy"),
        (head(address=replace(BILLER.address, postal_code="80202")), "biller_zip"),
        (head(address=replace(BILLER.address, state="CX")), "biller_state"),
        (head(address=replace(BILLER.address, street="")), "biller_address"),
        (head(address=replace(BILLER.address, city="D")), "biller_address"),
        (head(address=replace(BILLER.address, street="P.O. Box 5")), "biller_address"),
        (head(address=replace(BILLER.address, street="Post Office Box 5")), "biller_address"),
        (head(address=replace(BILLER.address, postal_code="802020000")), "biller_zip"),
        (head(tax_id_kind="SY"), "biller_tax_kind"),
        (head(given_name="Ян"), "biller_name"),
        (head(name="Maple " * 11), "too_long"),
        (head(given_name="Anna " * 8), "too_long"),
        (head(address=replace(BILLER.address, street="Main " * 12)), "too_long"),
        (head(address=replace(BILLER.address, street2="Suite " * 10)), "too_long"),
        (head(address=replace(BILLER.address, city="Saint " * 6)), "too_long"),
        (head(contact_name="Office " * 9), "too_long"),
        (head(submitter_name=""), "submitter_name"),
        (head(submitter_id=""), "submitter_id"),
        (head(contact_name=""), "contact"),
        (head(contact_phone="555 0100"), "contact"),
    ],
)
def test_who_files(changed: Any, word: str):
    (fault,) = faults_of(file(head=changed))
    assert (fault.word, fault.kind, fault.claim, fault.object_id) == (word, "provider", None, "")


@pytest.mark.parametrize("field", ["receiver_id", "application_id", "sender_id"])
def test_who_takes_it(field: str):
    found = faults_of(file(head=replace(HEAD, taker=replace(TAKER, **{field: ""}))))
    assert words(found) == [("receiver_id", "receiver")]


@pytest.mark.parametrize(
    ("changed", "word", "kind", "object_id"),
    [
        (claim(insured=replace(MEDICARE, filing_code="XX")), "filing_code", "route", "payer-1"),
        (claim(insured=replace(MEDICARE, payer_identifier="")), "payer_identifier", "route", "payer-1"),
        (claim(insured=replace(MEDICARE, member_id="")), "member_id", "coverage", "patient-1"),
        (claim(insured=replace(MEDICARE, member_id="1EG4TE5MK7")), "mbi", "coverage", "patient-1"),
        (claim(insured=replace(AETNA, takes_mbi=True)), "mbi", "coverage", "patient-1"),
        (claim(insured=replace(AETNA, relationship="cousin")), "relationship", "coverage", "patient-1"),
        (claim(insured=replace(AETNA, holder=replace(HOLDER, family_name=""))), "name", "coverage", "patient-1"),
        (
            claim(insured=replace(AETNA, holder=replace(HOLDER, address=Address("1 Elm", "Denver", "CO", "8")))),
            "postal_code",
            "coverage",
            "patient-1",
        ),
        (
            claim(insured=replace(AETNA, holder=replace(HOLDER, given_name="Ян"))),
            "name_letters",
            "coverage",
            "patient-1",
        ),
        (patient(given_name=""), "name", "patient", "patient-1"),
        (patient(given_name="~*"), "name", "patient", "patient-1"),
        (
            claim(insured=replace(MEDICARE, payer_address=Address("PO Box 9", "D", "CO", "80202"))),
            "address",
            "route",
            "payer-1",
        ),
        (at(city="D"), "address", "patient", "patient-1"),
        (patient(family_name="Доу"), "name_letters", "patient", "patient-1"),
        (patient(birth_date=None), "birth_date", "patient", "patient-1"),
        (patient(family_name="Doe-" * 16), "too_long", "patient", "patient-1"),
        (patient(given_name="Jane-" * 8), "too_long", "patient", "patient-1"),
        (at(street="Elm " * 15), "too_long", "patient", "patient-1"),
        (at(street2="Elm " * 15), "too_long", "patient", "patient-1"),
        (at(city="Saint " * 6), "too_long", "patient", "patient-1"),
        (
            claim(insured=replace(MEDICARE, payer_address=Address("PO Box 9", "Saint " * 6, "CO", "80202"))),
            "too_long",
            "route",
            "payer-1",
        ),
        (at(street=""), "address", "patient", "patient-1"),
        (at(city=""), "address", "patient", "patient-1"),
        (at(state="Colorado"), "state", "patient", "patient-1"),
        (at(postal_code="8020"), "postal_code", "patient", "patient-1"),
        (claim(place_of_service="98"), "place_of_service", "clinic", "clinic-1"),
        (claim(frequency="3"), "frequency", "claim", ""),
        (claim(frequency="7"), "payer_claim_number", "claim", ""),
        (claim(frequency="8"), "payer_claim_number", "claim", ""),
        (claim(diagnoses=("F33.99", "F41.1"), **SEPTEMBER), "diagnosis_unknown", "diagnoses", "patient-1"),
        (claim(diagnoses=("F9Z.1", "F41.1")), "diagnosis_unknown", "diagnoses", "patient-1"),
        (claim(diagnoses=("F33.12345", "F41.1")), "diagnosis_unknown", "diagnoses", "patient-1"),
        (claim(diagnoses=("F33", "F41.1")), "diagnosis_unknown", "diagnoses", "patient-1"),
        (claim(diagnoses=("Z63.0", "F41.1")), "diagnosis_first", "diagnoses", "patient-1"),
        (claim(diagnoses=("F33.1",) * 13), "diagnoses_many", "diagnoses", "patient-1"),
        (claim(clinician=Clinician()), "clinician_missing", "month", "episode-1"),
        (claim(clinician=Clinician("Rivera", "Ana", "")), "clinician_npi", "clinician", "clinician-1"),
        (claim(clinician=Clinician("Rivera", "Ana", "1245319598")), "clinician_npi", "clinician", "clinician-1"),
        (claim(clinician=Clinician("Rivera", "Ana " * 10, "1245319599")), "too_long", "clinician", "clinician-1"),
        (
            claim(clinician=Clinician("Rivera", "Ana", BILLER.npi)),
            "biller_is_person",
            "clinician",
            claim().ids.clinician,
        ),
        (claim(lines=line(modifiers=("25", "59", "GT", "95", "FQ"))), "modifiers", "month", "episode-1"),
        (claim(lines=line(modifiers=("2",))), "modifiers", "month", "episode-1"),
        (claim(lines=line(units=0)), "units", "month", "episode-1"),
        (claim(lines=line(charge=Decimal(0))), "charge", "fees", ""),
        (claim(lines=line(pointers=(3,))), "pointers", "diagnoses", "patient-1"),
        (claim(lines=line(pointers=())), "pointers", "diagnoses", "patient-1"),
        (claim(service_on=date(2026, 11, 30), month="2026-11"), "service_later", "month", "episode-1"),
        (claim(service_on=date(2026, 11, 1)), "service_month", "month", "episode-1"),
        (claim(support=Support((("99494", 2),), None)), "consent_missing", "consent", "patient-1"),
        (claim(support=Support((("99494", 2),), date(2026, 11, 1))), "consent_late", "consent", "patient-1"),
        (support(revoked_on=date(2026, 10, 31)), "consent_revoked", "consent", "patient-1"),
        (support(covered_from=date(2026, 11, 1)), "coverage_before", "coverage", "patient-1"),
        (support(covered_until=date(2026, 10, 30)), "coverage_after", "coverage", "patient-1"),
        (claim(support=Support((("99494", 1),), date(2026, 10, 1))), "units_unsupported", "month", "episode-1"),
        (
            claim(support=Support((("99494", 2),), date(2026, 10, 1), worked_before=True)),
            "first_month",
            "month",
            "episode-1",
        ),
        (
            claim(support=Support((("99494", 2),), date(2026, 10, 1), setting="rhc")),
            "institutional",
            "clinic",
            "clinic-1",
        ),
    ],
)
def test_a_claim(changed: Any, word: str, kind: str, object_id: str):
    (fault,) = faults_of(file(claim("00007-00002-K7QX4M"), changed))
    assert (fault.word, fault.kind, fault.object_id, fault.claim) == (word, kind, object_id, 1)
    assert fault.sentence.endswith(".")
    assert fault.field


def test_a_charge_that_nobody_set_down_is_not_written_as_nothing():
    (fault,) = faults_of(file(claim(lines=line(charge=None))))
    assert (fault.word, fault.field, fault.sentence) == (
        "charge",
        "Charge for 99492",
        "Nothing is set down as the charge for 99492.",
    )


def test_codes_that_do_not_stand_together():
    first, addon = lines("00007-00001-K7QX4M")
    twice = replace(first, code="99493", control_number="00007-00001-K7QX4M-3")
    assert words(faults_of(file(claim(lines=(first, addon, twice))))) == [("bases", "month")]
    alone = replace(first, code="99484")
    assert words(faults_of(file(claim(lines=(alone, addon))))) == [("addon_alone", "month")]
    unknown = replace(first, code="99999")
    assert words(faults_of(file(claim(lines=(unknown,))))) == [("code_unknown", "month")]


def test_a_month_without_a_diagnosis():
    assert words(faults_of(file(claim(diagnoses=())))) == [
        ("diagnosis_missing", "diagnoses"),
        ("pointers", "diagnoses"),
        ("pointers", "diagnoses"),
    ]


def broken(tag: str, place: int, text: str, qualifier: str = "") -> list[Written]:
    """The file in order, with one element of its first such segment written otherwise."""
    segments = written(file())
    found = next(
        number for number, one in enumerate(segments) if one.segment.tag == tag and qualifier in ("", one.segment.at(1))
    )
    one = segments[found]
    elements = list(one.segment.elements)
    elements[place - 1] = text
    segments[found] = replace(one, segment=Segment(tag, tuple(elements)))
    return segments


# What our writer never writes, whoever typed what: a slip in it is found before a clearinghouse finds it.
@pytest.mark.parametrize(
    ("segments", "word"),
    [
        (broken("ISA", 11, "U"), "repetition"),
        (broken("NM1", 3, "Maple Grove", "85"), "characters"),
        (broken("NM1", 8, "", "85"), "biller_npi_missing"),
        (broken("NM1", 4, "Jane", "IL"), "characters"),
        (broken("NM1", 8, "XV", "PR"), "payer_identifier"),
        (broken("HI", 1, "ABK:F33.1"), "diagnosis_dot"),
        (broken("HI", 2, "BF:F411"), "diagnosis_kind"),
        (broken("HI", 1, "BK:F331"), "diagnosis_kind"),
        (broken("CLM", 1, "A:B"), "control_number"),
        (broken("CLM", 1, "A" * 21), "control_number"),
        (broken("CLM", 2, "290"), "charge_sum"),
        (broken("CLM", 5, "11:B"), "place_of_service"),
        (broken("SV1", 1, "99492"), "code_unknown"),
        (broken("SV1", 2, "-170"), "charge"),
        (broken("SV1", 4, "1.5"), "units"),
        (broken("REF", 2, "00007-00001-K7QX4M-2", "6R"), "line_numbers"),
    ],
)
def test_what_is_written_otherwise(segments: list[Written], word: str):
    found = {fault.word for fault in faults_in(file(), segments)}
    assert word in found
    assert found <= {word, "charge_sum", "frequency"}
