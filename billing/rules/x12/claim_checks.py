"""What keeps one claim from leaving, as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache

from billing.rules.fee_files import our_codes
from billing.rules.filing import STATES, is_box
from billing.rules.x12.characters import is_cut, is_plain, is_written_whole
from billing.rules.x12.filed import Address, FiledClaim, FileHead, Person
from billing.rules.x12.found import POSTAL, Found, npi_sentence, whole_postal_fault
from billing.rules.x12.layout import CLAIM, Block, Loop
from billing.rules.x12.pointers import is_behavioral_service
from billing.rules.x12.segments import USUAL, Segment
from registry.rules.diagnoses import RELEASE, icd10, may_be_new
from registry.rules.identifiers import is_behavioral, mbi_fault, normal_icd10

LONGEST_CONTROL_NUMBER = 20
MOST_DIAGNOSES = 12
MOST_MODIFIERS = 4
SHORTEST_CITY = 2
FREQUENCIES = ("1", "7", "8")
FILING_CODES = frozenset({
    "11", "12", "13", "14", "15", "16", "17", "AM", "BL", "CH", "CI", "DS", "FI", "HM", "LM", "MA", "MB", "MC",
    "OF", "TV", "VA", "WC", "ZZ",
})  # fmt: skip
MEDICARE_PART_B = "MB"
PLACES = frozenset({
    "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15", "16", "17", "18",
    "19", "20", "21", "22", "23", "24", "25", "26", "27", "31", "32", "33", "34", "41", "42", "49", "50", "51",
    "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "65", "66", "71", "72", "81", "99",
})  # fmt: skip
_MODIFIER = re.compile(r"[A-Z0-9]{2}")
_SIGNS = {ord(sign): None for sign in USUAL.all}


def found_in(block: Block, claim: FiledClaim, head: FileHead) -> Iterator[Found]:
    """The faults of a written claim, in the order in which it is written."""
    yield from _characters(block, claim)
    yield from _subscriber(block, claim)
    yield from _people(block, claim)
    yield from _head(block)
    yield from _diagnoses(block.loop(CLAIM).first("HI"), claim)
    yield from _clinician(block, claim, head)
    yield from _facility(block, claim)
    for number, line in enumerate(block.lines, start=1):
        yield from _line(number, line, len(block.loop(CLAIM).first("HI").elements))
    yield from _sums(block)
    yield from _day(block, claim, head.made_on)


def _characters(block: Block, claim: FiledClaim) -> Iterator[Found]:
    if not all(is_plain("".join(one.elements).translate(_SIGNS)) for one in block.segments):
        sentence = "The claim holds small letters or signs that may not be sent."
        yield Found("characters", sentence, "Letters", "product")
    holder = claim.insured.holder
    people = [(claim.patient, "patient"), *([(holder, "coverage")] if holder else [])]
    for person, kind in people:
        if not all(is_written_whole(name) for name in (person.family_name, person.given_name)):
            sentence = "Part of the name has no Latin letters. Enter it as it stands on the insurance card."
            yield Found("name_letters", sentence, "Name", kind)


def _subscriber(block: Block, claim: FiledClaim) -> Iterator[Found]:
    level = block.loop("HL").first("SBR")
    if level.at(9) not in FILING_CODES:
        sentence = "Say what kind of insurance the payer is: Medicare Part B, Medicaid, commercial."
        yield Found("filing_code", sentence, "Kind of insurance", "route")
    number = block.loop("IL").first("NM1").at(9)
    wants_mbi = claim.insured.takes_mbi or level.at(9) == MEDICARE_PART_B
    if not number:
        yield Found("member_id", "The coverage has no member id.", "Member id", "coverage")
    elif wants_mbi and (fault := mbi_fault(number)):
        yield Found("mbi", fault, "Medicare number", "coverage")
    payer = block.loop("PR").first("NM1")
    if not payer.at(3) or payer.at(8) != "PI" or not payer.at(9):
        sentence = "Enter the payer’s identifier as the receiver lists it."
        yield Found("payer_identifier", sentence, "Payer’s identifier", "route")
    if block.loop("PR").has("N3"):
        yield from _address(block.loop("PR"), claim.insured.payer_address, "payer", "route")


def _people(block: Block, claim: FiledClaim) -> Iterator[Found]:
    if block.has("QC"):
        yield from _person(block.loop("QC"), claim.patient, "patient", is_needed=True)
        if not any(one.tag == "PAT" and one.at(1) for one in block.segments):
            sentence = "Say what the patient is to whoever holds the insurance."
            yield Found("relationship", sentence, "Relationship", "coverage")
    holder = claim.insured.holder or claim.patient
    kind = "patient" if claim.insured.holder is None else "coverage"
    yield from _person(block.loop("IL"), holder, kind, is_needed=claim.insured.holder is None)


def _person(loop: Loop, person: Person, kind: str, *, is_needed: bool) -> Iterator[Found]:
    """A name of nothing but signs that may not be sent leaves as none; of one in other letters `_characters` tells."""
    whose = "patient" if kind == "patient" else "person who holds the insurance"
    written = all(loop.first("NM1").at(place) for place in (3, 4))
    if not written and is_written_whole(person.family_name + person.given_name):
        yield Found("name", f"The {whose} needs a first and a last name.", "Name", kind)
    if any(is_cut(loop.first("NM1").at(place), name) for place, name in _names(person)):
        sentence = f"The {whose}’s name is longer than claims have room for: 60 signs, and 35 for the first name."
        yield Found("too_long", sentence, "Name", kind)
    if is_needed or loop.has("N3"):
        yield from _address(loop, person.address, whose, kind)
    if is_needed and not re.fullmatch(r"[0-9]{8}", loop.first("DMG").at(2)):
        yield Found("birth_date", f"The {whose} has no birth date.", "Birth date", kind)


def _names(person: Person) -> tuple[tuple[int, str], ...]:
    """The names of a person, each with its place in the segment."""
    return (3, person.family_name), (4, person.given_name)


def _address(loop: Loop, on_record: Address, whose: str, kind: str) -> Iterator[Found]:
    place = loop.first("N4")
    street = ((1, on_record.street), (2, on_record.street2))
    if any(is_cut(loop.first("N3").at(line), text) for line, text in street) or is_cut(place.at(1), on_record.city):
        sentence = f"The {whose}’s address is longer than claims have room for: two lines of 55 signs, a city of 30."
        yield Found("too_long", sentence, "Address", kind)
    if not loop.first("N3").at(1) or len(place.at(1)) < SHORTEST_CITY:
        yield Found("address", f"The {whose} needs a street and a city: the claim must carry them.", "Address", kind)
    if place.at(2) not in STATES:
        yield Found("state", f"Enter the {whose}’s state as two letters, such as CO.", "State", kind)
    if not POSTAL.fullmatch(place.at(3)):
        yield Found("postal_code", f"Enter the {whose}’s postal code with five or nine digits.", "Postal code", kind)


def _head(block: Block) -> Iterator[Found]:
    claim = block.loop(CLAIM)
    head = claim.first("CLM")
    number, service = head.at(1), head.parts(5)
    if not number or len(number) > LONGEST_CONTROL_NUMBER or USUAL.part in number:
        yield Found("control_number", "The claim’s control number cannot be sent.", "Control number", "product")
    if len(service) != 3 or service[0] not in PLACES:
        sentence = "The clinic’s place of service is not one that claims know, such as 11 for an office."
        yield Found("place_of_service", sentence, "Place of service", "clinic")
    frequency = service[2] if len(service) == 3 else ""
    if frequency not in FREQUENCIES:
        yield Found("frequency", "A claim is an original, a replacement or a void.", "Frequency", "claim")
    elif frequency != "1" and not claim.first("REF", "F8").at(2):
        sentence = "Enter the number under which the payer keeps the earlier claim: it stands on its answer."
        yield Found("payer_claim_number", sentence, "Payer’s claim number", "claim")


def _diagnoses(codes: Segment, claim: FiledClaim) -> Iterator[Found]:
    listed = [codes.parts(place) for place in range(1, len(codes.elements) + 1)]
    if not listed:
        yield Found("diagnosis_missing", "The month has no diagnosis.", "Diagnoses", "diagnoses")
        return
    kinds = [parts[0] for parts in listed]
    if kinds != ["ABK", *["ABF"] * (len(kinds) - 1)]:
        yield Found("diagnosis_kind", "Diagnoses of two code sets stand in one claim.", "Diagnoses", "product")
    names = [parts[1] if len(parts) > 1 else "" for parts in listed]
    if any("." in name for name in names):
        yield Found(
            "diagnosis_dot", "A diagnosis is written with its dot, which claims leave out.", "Diagnoses", "product"
        )
    elif unknown := [name for name in names if not (_is_whole(name) or _is_new(name, claim))]:
        sentence = f"{normal_icd10(unknown[0]) or unknown[0]} is not a whole code of ICD-10-CM."
        if may_be_new(unknown[0], icd10(), claim.service_on):
            sentence += f" Where it is newer than the release of {RELEASE.name}, record it again as new."
        yield Found("diagnosis_unknown", sentence, "Diagnoses", "diagnoses")
    elif is_behavioral_service(line.code for line in claim.lines) and not is_behavioral(names[0]):
        yield Found(
            "diagnosis_first", "A behavioral health diagnosis (F01 to F99) comes first.", "Diagnoses", "diagnoses"
        )
    if len(names) > MOST_DIAGNOSES:
        yield Found("diagnoses_many", "A claim carries twelve diagnoses at most.", "Diagnoses", "diagnoses")


@cache
def _is_whole(name: str) -> bool:
    found = icd10().find(normal_icd10(name)) if normal_icd10(name) else None
    return found is not None and found.is_whole


def _is_new(name: str, claim: FiledClaim) -> bool:
    """Whether a code that is not known here is one of a later release on the word of who recorded it."""
    return normal_icd10(name) in claim.support.new_codes and may_be_new(name, icd10(), claim.service_on)


def notes_of(claim: FiledClaim) -> tuple[str, ...]:
    """What keeps nothing from leaving and somebody should look at: codes that the release known here has not and that
    somebody recorded as new.
    """
    unknown = [code for code in claim.diagnoses if _is_new(code, claim)]
    until = f"{RELEASE.until_on:%b} {RELEASE.until_on.day}, {RELEASE.until_on.year}"
    return tuple(
        f"{code} is not in ICD-10-CM as known here (release {RELEASE.name}, in force to {until}). "
        "Make sure that it is in force on the date of service."
        for code in unknown
    )


def _clinician(block: Block, claim: FiledClaim, head: FileHead) -> Iterator[Found]:
    if head.biller.is_same_as(claim.clinician):
        return
    name = block.loop("82").first("NM1")
    if not name.at(3):
        sentence = "The enrolment names no treating clinician, in whose name the month is billed."
        yield Found("clinician_missing", sentence, "Treating clinician", "month")
    elif fault := npi_sentence("The treating clinician", name.at(9)):
        yield Found("clinician_npi", fault, "NPI", "clinician")
    elif name.at(9) == head.biller.npi:
        sentence = (
            "The billing provider and the treating clinician have one NPI. Enter the clinician’s own here; where one "
            "person bills alone, enter the given name in the settings of filing."
        )
        yield Found("biller_is_person", sentence, "NPI", "clinician")
    if any(
        is_cut(name.at(place), text)
        for place, text in ((3, claim.clinician.family_name), (4, claim.clinician.given_name))
    ):
        sentence = "The treating clinician’s name is longer than claims have room for: 60 signs, and 35 for the first."
        yield Found("too_long", sentence, "Name", "clinician")


def _facility(block: Block, claim: FiledClaim) -> Iterator[Found]:
    """Where the patient was seen, if that is told: a whole address with a street and nine digits, or none."""
    if claim.facility is None:
        return
    loop, address = block.loop("77"), claim.facility.address
    if not loop.first("NM1").at(3):
        yield Found("facility_name", "The clinic’s name has no Latin letters.", "Name of the clinic", "site")
    if loop.first("NM1").at(9) and (fault := npi_sentence("The clinic", loop.first("NM1").at(9))):
        yield Found("facility_npi", fault, "NPI of the clinic", "clinic")
    if is_cut(loop.first("NM1").at(3), claim.facility.name):
        yield Found("too_long", "The clinic’s name is longer than claims have room for: 60 signs.", "Name", "clinic")
    if is_box(address.street):
        sentence = "Claims need the street where the clinic sees patients, not a PO box."
        yield Found("facility_box", sentence, "Address", "site")
    yield from (one for one in _address(loop, address, "clinic", "site") if one.word != "postal_code")
    if fault := whole_postal_fault("The clinic", loop.first("N4").at(3)):
        yield Found("postal_code", fault, "Postal code", "site")


def _line(number: int, line: Loop, diagnoses: int) -> Iterator[Found]:
    service = line.first("SV1")
    kind, *rest = service.parts(1) or ("",)
    code, modifiers = (rest[0] if rest else ""), rest[1:]
    if kind != "HC" or code not in our_codes():
        yield Found(
            "code_unknown", f"Line {number}: {code or 'no code'} is not a code of this program.", "Code", "month"
        )
    if len(modifiers) > MOST_MODIFIERS or not all(_MODIFIER.fullmatch(one) for one in modifiers):
        sentence = f"Line {number}: a line carries four modifiers of two characters at most."
        yield Found("modifiers", sentence, "Modifiers", "month")
    if _number(service.at(2)) is None or (_number(service.at(2)) or 0) <= 0:
        yield Found("charge", f"Nothing is set down as the charge for {code}.", f"Charge for {code}", "fees")
    if not service.at(4).isdigit() or int(service.at(4)) == 0:
        yield Found("units", f"Line {number} has no units.", "Units", "month")
    pointers = service.parts(7)
    if not pointers or not all(one.isdigit() and 1 <= int(one) <= diagnoses for one in pointers):
        yield Found(
            "pointers", f"Line {number} points to a diagnosis that the claim does not carry.", "Diagnoses", "diagnoses"
        )


def _sums(block: Block) -> Iterator[Found]:
    charges = [_number(line.first("SV1").at(2)) for line in block.lines]
    total = _number(block.loop(CLAIM).first("CLM").at(2))
    if all(charge is not None for charge in charges) and total != sum(charge or 0 for charge in charges):
        yield Found("charge_sum", "The claim’s charge is not the sum of its lines.", "Charge", "product")
    numbers = [line.first("REF").at(2) for line in block.lines]
    if len(set(numbers)) != len(numbers) or not all(numbers):
        yield Found("line_numbers", "Two lines of the claim have one control number.", "Control number", "product")


def _day(block: Block, claim: FiledClaim, made_on: date) -> Iterator[Found]:
    days = {line.first("DTP").at(3) for line in block.lines}
    if len(days) > 1 or any(day > f"{made_on:%Y%m%d}" for day in days):
        sentence = "The date of service lies after the day on which the file is made."
        yield Found("service_later", sentence, "Date of service", "month")
    elif any(f"{day[:4]}-{day[4:6]}" != claim.month for day in days):
        yield Found("service_month", "The date of service lies outside of the month.", "Date of service", "month")


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
