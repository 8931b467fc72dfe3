"""A charge as a practice keys it into its own system: which columns there are, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.x12.filed import FiledClaim, FiledLine, Person

Cell = str | int | Decimal | date | None
MOST_HEADING = 60


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of a claim with what stands around it. `expected` and its certainty are of the line; `claim_name` is the
    claim's in a batch.
    """

    claim: FiledClaim
    line: FiledLine
    mrn: str
    billing_npi: str
    expected: Decimal | None
    is_estimate: bool
    posted_number: str
    clinic_npi: str = ""
    claim_name: str = ""

    @property
    def holder(self) -> Person:
        return self.claim.insured.holder or self.claim.patient


@dataclass(frozen=True, slots=True)
class Column:
    """One column that a charge file may have: its key, what it holds in plain words, and its usual heading."""

    key: str
    label: str
    heading: str
    value: Callable[[SheetLine], Cell]
    is_usual: bool = True


class ColumnsWrong(ValueError):
    """Columns that make no file: the sentence says why; `key` names the one to mend, where it is one."""

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence)
        self.key = key


def _diagnosis(place: int) -> Callable[[SheetLine], Cell]:
    return lambda one: one.claim.diagnoses[place] if len(one.claim.diagnoses) > place else ""


def _each(one: SheetLine) -> Cell:
    return None if one.line.charge is None else one.line.charge / one.line.units


def _pointers(one: SheetLine) -> Cell:
    return "".join("ABCDEFGHIJKL"[place - 1] for place in one.line.pointers)


def _clinician(one: SheetLine) -> Cell:
    who = one.claim.clinician
    return ", ".join(part for part in (who.family_name, who.given_name) if part)


def _holder_name(one: SheetLine) -> Cell:
    return f"{one.holder.family_name}, {one.holder.given_name}"


def _expected_kind(one: SheetLine) -> Cell:
    if one.expected is None:
        return "not known"
    return "estimate" if one.is_estimate else "payer's fee"


COLUMNS: tuple[Column, ...] = (
    Column("mrn", "Record number", "Account", lambda one: one.mrn),
    Column("family_name", "Family name", "Last name", lambda one: one.claim.patient.family_name),
    Column("given_name", "Given name", "First name", lambda one: one.claim.patient.given_name),
    Column("birth_date", "Birth date", "DOB", lambda one: one.claim.patient.birth_date),
    Column("sex", "Sex", "Sex", lambda one: one.claim.patient.sex, is_usual=False),
    Column("service_on", "Day of service", "DOS", lambda one: one.claim.service_on),
    Column("code", "Procedure code", "CPT", lambda one: one.line.code),
    Column("modifiers", "Modifiers", "Modifiers", lambda one: " ".join(one.line.modifiers), is_usual=False),
    Column("units", "Units", "Units", lambda one: one.line.units),
    Column("charge_each", "Charge for one unit", "Charge each", _each, is_usual=False),
    Column("charge", "Charge for all units", "Charge", lambda one: one.line.charge),
    Column("diagnoses", "All diagnoses", "Diagnoses", lambda one: " ".join(one.claim.diagnoses), is_usual=False),
    Column("diagnosis_1", "First diagnosis", "Dx 1", _diagnosis(0)),
    Column("diagnosis_2", "Second diagnosis", "Dx 2", _diagnosis(1)),
    Column("diagnosis_3", "Third diagnosis", "Dx 3", _diagnosis(2)),
    Column("diagnosis_4", "Fourth diagnosis", "Dx 4", _diagnosis(3)),
    Column("pointers", "Diagnosis pointers", "Dx pointers", _pointers, is_usual=False),
    Column("place_of_service", "Place of service", "POS", lambda one: one.claim.place_of_service),
    Column("clinician", "Treating clinician", "Rendering", _clinician),
    Column("clinician_npi", "Clinician’s NPI", "Rendering NPI", lambda one: one.claim.clinician.npi),
    Column("billing_npi", "Practice’s NPI", "Billing NPI", lambda one: one.billing_npi, is_usual=False),
    Column("clinic", "Clinic", "Location", lambda one: one.claim.support.clinic),
    Column("clinic_npi", "Clinic’s NPI", "Clinic NPI", lambda one: one.clinic_npi, is_usual=False),
    Column("payer", "Payer", "Payer", lambda one: one.claim.insured.payer_name),
    Column("payer_identifier", "Payer id", "Payer ID", lambda one: one.claim.insured.payer_identifier, is_usual=False),
    Column("member_id", "Member id", "Member ID", lambda one: one.claim.insured.member_id),
    Column("group_number", "Group number", "Group", lambda one: one.claim.insured.group_number, is_usual=False),
    Column(
        "relationship",
        "Patient’s relationship",
        "Relationship",
        lambda one: one.claim.insured.relationship,
        is_usual=False,
    ),
    Column("holder", "Who holds the insurance", "Insured", _holder_name, is_usual=False),
    Column("authorization", "Prior authorization", "Prior auth", lambda one: one.claim.authorization, is_usual=False),
    Column("month", "Month of care", "Month", lambda one: one.claim.month, is_usual=False),
    Column("expected", "Expected amount", "Expected", lambda one: one.expected, is_usual=False),
    Column("expected_kind", "What it rests on", "Expected by", _expected_kind, is_usual=False),
    Column("claim", "Number of the claim in a batch", "Claim", lambda one: one.claim_name, is_usual=False),
    Column("posted_number", "Number in your system", "Charge number", lambda one: one.posted_number, is_usual=False),
)
BY_KEY: Mapping[str, Column] = {column.key: column for column in COLUMNS}
Chosen = tuple[tuple[str, str], ...]
USUAL: Chosen = tuple((column.key, column.heading) for column in COLUMNS if column.is_usual)
# Of a batch's table, where nobody chose columns: all that another system asks for.
OF_BATCH: Chosen = (
    *(("claim", "Claim"), ("mrn", "Record number"), ("family_name", "Last name"), ("given_name", "First name")),
    *(("birth_date", "Birth date"), ("sex", "Sex"), ("payer", "Payer"), ("payer_identifier", "Payer code")),
    *(("member_id", "Member id"), ("group_number", "Group number"), ("relationship", "Relationship")),
    *(("holder", "Insured"), ("authorization", "Prior authorization"), ("service_on", "Date of service")),
    *(("place_of_service", "Place of service"), ("code", "Code"), ("units", "Units"), ("charge", "Charge")),
    *(("diagnoses", "Diagnoses"), ("pointers", "Diagnosis pointers"), ("clinician", "Rendering clinician")),
    *(("clinician_npi", "Clinician NPI"), ("clinic", "Clinic"), ("clinic_npi", "Clinic NPI")),
    *(("expected", "Expected amount"), ("expected_kind", "Expected by")),
)


def checked(columns: Sequence[tuple[str, str]]) -> Chosen:
    """Columns with their headings, as a file can have them: an expected amount says what it rests on. Raises
    ColumnsWrong.
    """
    if not columns:
        raise ColumnsWrong("Choose at least one column.")
    seen: set[str] = set()
    chosen: list[tuple[str, str]] = []
    for key, typed in columns:
        heading = " ".join(typed.split()) or BY_KEY[key].heading if key in BY_KEY else ""
        if key not in BY_KEY or key in {known for known, _ in chosen}:
            raise ColumnsWrong("A column is not known or stands here twice.", key)
        if len(heading) > MOST_HEADING:
            raise ColumnsWrong(f"This heading is longer than {MOST_HEADING} characters. Shorten it.", key)
        if heading.casefold() in seen:
            raise ColumnsWrong(f"Two columns are headed {heading}. Give one of them another heading.", key)
        seen.add(heading.casefold())
        chosen.append((key, heading))
    keys = {key for key, _ in chosen}
    if "expected" in keys and "expected_kind" not in keys:
        sentence = f"Use {BY_KEY['expected_kind'].label} too, so that an estimate is not taken for a payer’s fee."
        raise ColumnsWrong(sentence, "expected_kind")
    return tuple(chosen)


def for_batch(chosen: Chosen | None) -> Chosen:
    """The columns of a batch's table: those of the charge file where somebody chose them, with the claim's number in
    the batch, by which it is found again, before them where it is not among them.
    """
    if chosen is None:
        return OF_BATCH
    if any(key == "claim" for key, _ in chosen):
        return chosen
    taken = {heading.casefold() for _, heading in chosen}
    free = (
        heading for heading in ("Claim", "Claim in batch", "Claim number in batch") if heading.casefold() not in taken
    )
    return (("claim", next(free, "Number of the claim in this batch")), *chosen)


def header(columns: Chosen) -> list[str]:
    """The headings, in order."""
    return [heading for _, heading in columns]


def cells(columns: Chosen, line: SheetLine) -> list[Cell]:
    """One row of the file."""
    return [BY_KEY[key].value(line) for key, _ in columns]
