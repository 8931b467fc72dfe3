"""A claim in the order of the paper form for professionals (CMS-1500, version 02/12), for practices that key claims.

Numbers are those of the form's boxes; the words beside them are ours. Health centers and rural clinics key the
institutional form (UB-04) instead and find its fields after these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.x12.filed import Address, Biller, FiledClaim, Person

UNKNOWN = "not known"
_RELATIONSHIPS = {"self": "Self", "spouse": "Spouse", "child": "Child", "other": "Other"}
_KINDS = {"MB": "Medicare", "MC": "Medicaid", "CH": "TRICARE", "VA": "CHAMPVA"}
_LETTERS = "ABCDEFGHIJKL"
_FREQUENCIES = {"1": "Original", "7": "7, replaces the earlier claim", "8": "8, voids the earlier claim"}
# CMS, Medicare Benefit Policy Manual chapter 13: care management of health centers and rural clinics.
_REVENUE = {"fqhc": "0521 (free-standing clinic, FQHC)", "rhc": "0521 (free-standing clinic, RHC)"}
_BILL_TYPES = {"fqhc": "771", "rhc": "711"}


@dataclass(frozen=True, slots=True)
class Box:
    """One box of the form; `is_missing` where the form needs it and nobody said it."""

    number: str
    label: str
    value: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True)
class OtherPlan:
    """Another coverage of the patient on the day of service; `holder` is empty where the patient holds it."""

    payer: str
    member_id: str
    holder: str = ""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row of box 24."""

    service_on: str
    place: str
    code: str
    modifiers: str
    pointers: str
    charge: str
    units: str
    npi: str


@dataclass(frozen=True, slots=True)
class ClaimSheet:
    """The sheet: boxes up to 23, the rows of 24, boxes from 25 on, and what the institutional form asks besides."""

    above: tuple[Box, ...]
    rows: tuple[SheetRow, ...]
    below: tuple[Box, ...]
    institutional: tuple[Box, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What the form needs and nobody said."""
        return tuple(box.label for box in (*self.above, *self.below) if box.is_missing)


def claim_sheet(
    claim: FiledClaim,
    biller: Biller | None,
    *,
    account: str,
    is_institutional: bool = False,
    other: OtherPlan | None = None,
) -> ClaimSheet:
    """The claim as somebody keys it; `account` is the patient's record number, `other` the plan that pays next.

    What is not known says so.
    """
    return ClaimSheet(
        above=tuple(_above(claim, other)),
        rows=tuple(_rows(claim)),
        below=tuple(_below(claim, biller, account)),
        institutional=tuple(_institutional(claim)) if is_institutional else (),
    )


def _above(claim: FiledClaim, other: OtherPlan | None) -> Iterator[Box]:
    insured, patient = claim.insured, claim.patient
    holder = insured.holder or patient
    yield _box("", "Payer", insured.payer_name)
    yield _box("", "Payer’s address", _address(insured.payer_address), needed=False)
    yield _box("1", "Kind of insurance", _KINDS.get(insured.filing_code, "Group or other"))
    yield _box("1a", "Member id", insured.member_id)
    yield _box("2", "Patient", _name(patient))
    yield _box("3", "Birth date and sex", f"{_day(patient.birth_date)} {patient.sex}".strip())
    if patient.died_on is not None:
        yield _box("", "Died", _day(patient.died_on))
    yield _box("4", "Insured", _name(holder))
    yield _box("5", "Patient’s address", _address(patient.address))
    yield _box("6", "Patient is to the insured", _RELATIONSHIPS.get(insured.relationship, "Other"))
    yield _box("7", "Insured’s address", _address(holder.address), needed=insured.holder is not None)
    if other is not None:
        yield _box("9", "Other insured", other.holder or _name(patient))
        yield _box("9a", "Other policy or group number", other.member_id)
        yield _box("9d", "Other plan", other.payer)
    yield _box("10", "Because of work, car or other accident", "No")
    yield _box("11", "Group number", insured.group_number or "None", needed=False)
    yield _box("11a", "Insured’s birth date and sex", f"{_day(holder.birth_date)} {holder.sex}".strip())
    yield _box("11d", "Another health plan", "No other on record" if other is None else "Yes")
    yield _box("12, 13", "Signatures", "On file, where the practice has them")
    yield _box("21", "Diagnoses (ICD-10: 0)", _diagnoses(claim))
    yield _box("22", "Original or replacement", _resubmission(claim))
    yield _box("23", "Prior authorization", claim.authorization, needed=False)


def _rows(claim: FiledClaim) -> Iterator[SheetRow]:
    for line in claim.lines:
        yield SheetRow(
            service_on=_day(claim.service_on),
            place=claim.place_of_service,
            code=line.code,
            modifiers=" ".join(line.modifiers),
            pointers="".join(_LETTERS[place - 1] for place in line.pointers),
            charge=_dollars(line.charge),
            units=str(line.units),
            npi=claim.clinician.npi or UNKNOWN,
        )


def _below(claim: FiledClaim, biller: Biller | None, account: str) -> Iterator[Box]:
    clinician = claim.clinician
    kind = {"EI": "EIN", "SY": "SSN"}.get(biller.tax_id_kind, "") if biller else ""
    yield _box("25", "Tax id", f"{biller.tax_id} ({kind})" if biller else "")
    yield _box("26", "Patient’s account", account, needed=False)
    yield _box("27", "Accept assignment", "Yes")
    yield _box("28", "Total charge", "" if claim.charge is None else _dollars(claim.charge))
    yield _box("29", "Amount paid", "0.00")
    yield _box("31", "Treating clinician", f"{clinician.given_name} {clinician.family_name}".strip())
    yield _box("32", "Where", _where(claim))
    yield _box("32a", "Clinic’s NPI", claim.facility.npi if claim.facility else "", needed=False)
    yield _box("33", "Billing provider", f"{biller.full_name}, {_address(biller.address)}" if biller else "")
    yield _box("33a", "Billing NPI", biller.npi if biller else "")


def _institutional(claim: FiledClaim) -> Iterator[Box]:
    setting = claim.support.setting
    codes = " + ".join(f"{line.code} × {line.units}" for line in claim.lines)
    yield _box("FL 4", "Type of bill", _BILL_TYPES.get(setting, "by the kind of clinic"))
    yield _box("FL 6", "Statement covers", f"{_day(claim.service_on)} to {_day(claim.service_on)}")
    yield _box("FL 42", "Revenue code", _REVENUE.get(setting, "052x"))
    yield _box("FL 44, 46", "Codes and units", codes)
    yield _box("FL 67", "Principal diagnosis", claim.diagnoses[0] if claim.diagnoses else "")


def _box(number: str, label: str, value: str, *, needed: bool = True) -> Box:
    return Box(number, label, value or (UNKNOWN if needed else "—"), is_missing=needed and not value)


def _name(person: Person) -> str:
    return ", ".join(part for part in (person.family_name, person.given_name) if part)


def _address(address: Address) -> str:
    place = " ".join(part for part in (address.state, _zip(address.postal_code)) if part)
    return ", ".join(part for part in (address.whole_street, address.city, place) if part)


def _zip(digits: str) -> str:
    return f"{digits[:5]}-{digits[5:]}" if digits.isdigit() and len(digits) == 9 else digits


def _day(day: date | None) -> str:
    return "" if day is None else f"{day:%m/%d/%Y}"


def _dollars(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else f"{amount:.2f}"


def _diagnoses(claim: FiledClaim) -> str:
    return "  ".join(f"{_LETTERS[place]}. {code}" for place, code in enumerate(claim.diagnoses))


def _where(claim: FiledClaim) -> str:
    if claim.facility is None:
        return claim.support.clinic
    return ", ".join(part for part in (claim.facility.name, _address(claim.facility.address)) if part)


def _resubmission(claim: FiledClaim) -> str:
    words = _FREQUENCIES.get(claim.frequency, claim.frequency)
    return f"{words} ({claim.payer_claim_number})" if claim.payer_claim_number else words
