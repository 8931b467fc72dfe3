"""A file of professional claims, 005010X222A1, written segment by segment.

Implementation guide 837 Health Care Claim: Professional (005010X222A1); place and use of each segment as two
validators accept them. One interchange, one group, one transaction set; one subscriber level a claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.x12.characters import identifier, plain_text
from billing.rules.x12.filed import (
    LONGEST_STREET,
    SELF,
    Address,
    Biller,
    ClaimFile,
    FiledClaim,
    FiledLine,
    FileHead,
    Person,
)
from billing.rules.x12.segments import Segment, render, segment
from registry.rules.names import read_person

VERSION = "005010X222A1"
SET_NUMBER = "0001"
# Individual relationship codes: of the patient to whoever holds the insurance.
RELATIONSHIPS = {"spouse": "01", "child": "19", "other": "G8"}
_GENDERS = ("F", "M")


@dataclass(frozen=True, slots=True)
class Written:
    """A segment and the claim that it speaks of, by its place in the file; None outside of claims."""

    segment: Segment
    claim: int | None = None


def write_837p(file: ClaimFile) -> str:
    """The text of the file. Equal files have equal texts. Faulty ones are written too: ask `faults_of` first."""
    return render(one.segment for one in written(file))


def written(file: ClaimFile) -> list[Written]:
    """The segments of a file in order, each with its claim."""
    body = [*_head(file.head), *_claims(file)]
    of_set = [Written(segment("ST", "837", SET_NUMBER, VERSION)), *body]
    count = len(of_set) + 1
    return [
        *_envelope(file.head),
        *of_set,
        Written(segment("SE", count, SET_NUMBER)),
        Written(segment("GE", 1, file.head.interchange_number)),
        Written(segment("IEA", 1, _nine(file.head.interchange_number))),
    ]


def _envelope(head: FileHead) -> Iterator[Written]:
    taker = head.taker
    made_on = _day(head.made_on)
    isa = segment(
        "ISA", "00", " " * 10, "00", " " * 10,
        taker.sender_qualifier, _padded(taker.sender_id), taker.receiver_qualifier, _padded(taker.receiver_id),
        made_on[2:], head.made_at, "^", "00501", _nine(head.interchange_number), "0", "T" if head.is_test else "P", ":",
    )  # fmt: skip
    yield Written(isa)
    sender, application = identifier(taker.sender_id), identifier(taker.application_id)
    yield Written(
        segment("GS", "HC", sender, application, made_on, head.made_at, head.interchange_number, "X", VERSION)
    )


def _head(head: FileHead) -> Iterator[Written]:
    biller, taker = head.biller, head.taker
    parts = [
        segment("BHT", "0019", "00", f"BATCH{head.batch_number:06d}", _day(head.made_on), head.made_at, "CH"),
        segment("NM1", "41", *_submitter(biller), "46", identifier(biller.submitter_id)),
        segment("PER", "IC", _name(biller.contact_name, 60), "TE", _digits(biller.contact_phone)),
        segment("NM1", "40", "2", _name(taker.name, 60), *[""] * 4, "46", identifier(taker.receiver_id)),
        segment("HL", 1, "", "20", 1),
        *([segment("PRV", "BI", "PXC", identifier(biller.taxonomy))] if biller.taxonomy else []),
        segment("NM1", "85", *_biller(biller), *_npi(biller.npi)),
        *_address(biller.address),
        segment("REF", biller.tax_id_kind, _digits(biller.tax_id)),
    ]
    yield from (Written(part) for part in parts)


def _biller(biller: Biller) -> tuple[str, ...]:
    """A person with both names, or an organization with its one (loop 2010AA)."""
    if biller.is_person:
        return "1", _name(biller.name, 60), _name(biller.given_name, 35), "", "", ""
    return "2", _name(biller.name, 60), *[""] * 4


def _submitter(biller: Biller) -> tuple[str, ...]:
    """The person who bills alone, where they send their files themselves; else an organization (loop 1000A)."""
    name = read_person(biller.submitter_name)
    named = plain_text(name.family), plain_text(name.given)
    if biller.is_person and named == (plain_text(biller.name), plain_text(biller.given_name)):
        return _biller(biller)
    return "2", _name(biller.submitter_name, 60), *[""] * 4


def _claims(file: ClaimFile) -> Iterator[Written]:
    level = 1
    for place, claim in enumerate(file.claims):
        of_claim = [*_subscriber(claim, level + 1), *_claim(claim, file.head.biller)]
        yield from (Written(part, place) for part in of_claim)
        level += 1 if claim.insured.holder is None else 2


# The statement that goes with each disclosure (42 CFR 2.32(a)(2)): short enough for a note of a claim.
PART_TWO_NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


def written_claim(claim: FiledClaim) -> list[Segment]:
    """What one claim says, as if it stood alone in a file."""
    return [*_subscriber(claim, 2), *_claim(claim)]


def _subscriber(claim: FiledClaim, level: int) -> Iterator[Segment]:
    insured, holder = claim.insured, claim.insured.holder
    is_self = holder is None
    yield segment("HL", level, 1, "22", 0 if is_self else 1)
    relationship = "18" if insured.relationship == SELF else ""
    yield segment("SBR", "P", relationship, identifier(insured.group_number), *[""] * 5, insured.filing_code)
    person = claim.patient if holder is None else holder
    if person.died_on is not None:
        yield segment("PAT", *[""] * 4, "D8", _day(person.died_on))
    yield segment("NM1", "IL", *_person(person), "MI", identifier(insured.member_id).replace(" ", ""))
    yield from _demography(person, is_needed=is_self)
    yield segment(
        "NM1", "PR", "2", _name(insured.payer_name, 60), *[""] * 4, "PI", identifier(insured.payer_identifier)
    )
    if insured.payer_address.street:
        yield from _address(insured.payer_address)
    if not is_self:
        yield segment("HL", level + 1, level, "23", 0)
        died_on = claim.patient.died_on
        death = ("", "", "", "D8", _day(died_on)) if died_on is not None else ()
        yield segment("PAT", RELATIONSHIPS.get(insured.relationship, ""), *death)
        yield segment("NM1", "QC", *_person(claim.patient))
        yield from _demography(claim.patient, is_needed=True)


def _demography(person: Person, *, is_needed: bool) -> Iterator[Segment]:
    """Address, birth date and sex: needed of the patient; of somebody else who holds the insurance, where known."""
    if is_needed or person.address.street:
        yield from _address(person.address)
    if is_needed or person.birth_date is not None:
        born = _day(person.birth_date) if person.birth_date else ""
        yield segment("DMG", "D8", born, person.sex if person.sex in _GENDERS else "U")


def _claim(claim: FiledClaim, biller: Biller | None = None) -> Iterator[Segment]:
    place = f"{claim.place_of_service}:B:{claim.frequency}"
    yield segment("CLM", claim.control_number, _amount(claim.charge), "", "", place, "Y", "A", "Y", "Y")
    if claim.authorization:
        yield segment("REF", "G1", identifier(claim.authorization))
    if claim.payer_claim_number:
        yield segment("REF", "F8", identifier(claim.payer_claim_number))
    if claim.support.part_two:
        yield segment("NTE", "ADD", plain_text(PART_TWO_NOTICE))
    codes = [code.replace(".", "") for code in claim.diagnoses]
    yield segment("HI", *(f"{'ABK' if first else 'ABF'}:{code}" for first, code in _firsts(codes)))
    clinician = claim.clinician
    if biller is None or not biller.is_same_as(clinician):
        family, given = _name(clinician.family_name, 60), _name(clinician.given_name, 35)
        yield segment("NM1", "82", "1", family, given, "", "", "", *_npi(clinician.npi))
    if claim.facility is not None:
        yield segment("NM1", "77", "2", _name(claim.facility.name, 60), *[""] * 4, *_npi(claim.facility.npi))
        yield from _address(claim.facility.address)
    for number, line in enumerate(claim.lines, start=1):
        yield from _line(claim, number, line)


def _firsts(codes: list[str]) -> Iterator[tuple[bool, str]]:
    return ((place == 0, code) for place, code in enumerate(codes))


def _line(claim: FiledClaim, number: int, line: FiledLine) -> Iterator[Segment]:
    yield segment("LX", number)
    procedure = ":".join(("HC", line.code, *line.modifiers))
    pointers = ":".join(str(pointer) for pointer in line.pointers)
    yield segment("SV1", procedure, _amount(line.charge), "UN", line.units, "", "", pointers)
    yield segment("DTP", "472", "D8", _day(claim.service_on))
    yield segment("REF", "6R", line.control_number)


def _person(person: Person) -> tuple[str, ...]:
    return "1", _name(person.family_name, 60), _name(person.given_name, 35), "", "", ""


def _address(address: Address) -> Iterator[Segment]:
    yield segment("N3", _name(address.street, LONGEST_STREET), _name(address.street2, LONGEST_STREET))
    yield segment("N4", _name(address.city, 30), address.state.upper(), _digits(address.postal_code))


def _npi(npi: str) -> tuple[str, ...]:
    """The qualifier and the number: neither without the other."""
    return ("XX", npi) if npi else ()


def _amount(amount: Decimal | None) -> str:
    """Digits and a point, without zeros that say nothing: 170, 120.5; empty where it is not known."""
    if amount is None:
        return ""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _name(text: str, longest: int) -> str:
    return plain_text(text)[:longest].rstrip()


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isascii() and character.isdigit())


def _padded(text: str) -> str:
    return identifier(text)[:15].ljust(15)


def _nine(number: int) -> str:
    return f"{number:09d}"


def _day(on: date) -> str:
    return f"{on:%Y%m%d}"
