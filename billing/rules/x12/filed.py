"""What a file of claims needs, as it is kept with each claim: everything that is written, nothing that is looked up.

Kept as canonical JSON, so that a file written again from what was kept has the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.x12.characters import plain_text

SELF = "self"
LONGEST_STREET = 55


@dataclass(frozen=True, slots=True)
class Address:
    """A street address in the United States; the postal code with its digits only. `street2` is what `street` has no
    room for, as `address_of` parts it; claims kept before it was parted have all of it in `street`.
    """

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    street2: str = ""

    @property
    def whole_street(self) -> str:
        return f"{self.street} {self.street2}".strip()


def address_of(street: str, city: str, state: str, postal_code: str) -> Address:
    """The address with its street on one line (N301), and on a second one (N302) whatever the first has no room for."""
    words = street.split()
    fitting = 0
    while fitting < len(words) and len(plain_text(" ".join(words[: fitting + 1]))) <= LONGEST_STREET:
        fitting += 1
    if fitting in (0, len(words)):
        return Address(street, city, state, postal_code)
    return Address(" ".join(words[:fitting]), city, state, postal_code, " ".join(words[fitting:]))


@dataclass(frozen=True, slots=True)
class Person:
    """A patient, or who holds the insurance."""

    family_name: str
    given_name: str
    birth_date: date | None
    sex: str
    address: Address = Address()
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class Facility:
    """Where the patient was seen, if that is not where the billing provider is: loop 2310C."""

    name: str
    npi: str
    address: Address


@dataclass(frozen=True, slots=True)
class Biller:
    """The billing provider, and who sends its files. With a given name it is a person who bills alone, and `name` is
    the family name; without one an organization.
    """

    name: str
    npi: str
    tax_id: str
    address: Address
    submitter_name: str
    submitter_id: str
    contact_name: str
    contact_phone: str
    taxonomy: str = ""
    tax_id_kind: str = "EI"
    given_name: str = ""

    @property
    def is_person(self) -> bool:
        return bool(self.given_name)

    @property
    def full_name(self) -> str:
        """As one would write it."""
        return f"{self.given_name} {self.name}".strip()

    def is_same_as(self, clinician: Clinician) -> bool:
        """Whether who bills is who treated: then the claim names them once."""
        return self.is_person and bool(self.npi) and self.npi == clinician.npi


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes the file: a clearinghouse or a payer, and by which identifiers it and the sender know each other."""

    name: str
    receiver_id: str
    application_id: str
    sender_id: str
    receiver_qualifier: str = "ZZ"
    sender_qualifier: str = "ZZ"


@dataclass(frozen=True, slots=True)
class FiledLine:
    """A code, its units and the charge of all of them. `pointers` are places in the claim's diagnoses, from 1."""

    code: str
    units: int
    charge: Decimal | None
    control_number: str
    pointers: tuple[int, ...] = (1,)
    modifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Insured:
    """The coverage that is asked: its payer, its number, and who holds it. `holder` is None where the patient does."""

    payer_name: str
    payer_identifier: str
    filing_code: str
    member_id: str
    group_number: str = ""
    relationship: str = SELF
    holder: Person | None = None
    takes_mbi: bool = False
    payer_address: Address = Address()


@dataclass(frozen=True, slots=True)
class Clinician:
    """Whose service it is: loop 2310B."""

    family_name: str = ""
    given_name: str = ""
    npi: str = ""


@dataclass(frozen=True, slots=True)
class Support:
    """What a claim rests on, as far as rules about the claim ask for it; all of it from the frozen month.

    `supported` are codes and units of the verdict; `consented_on` is the patient's consent to these programs, and
    `revoked_on` the day on which it was taken back; `worked_before` says whether an earlier month of the enrolment
    counts as the first one; `part_two` whether records under 42 CFR part 2 are in it, and a consent lets them leave:
    `allowed`, `refused`, or empty where there are none. The coverage that is asked held from `covered_from` until
    `covered_until`, as far as they are known. `new_codes` are diagnoses that somebody recorded as newer than the
    release of ICD-10-CM that is known here.
    """

    supported: tuple[tuple[str, int], ...] = ()
    consented_on: date | None = None
    worked_before: bool = False
    clinic: str = ""
    setting: str = "office"
    part_two: str = ""
    revoked_on: date | None = None
    covered_from: date | None = None
    covered_until: date | None = None
    new_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ids:
    """Whose pages mend what is wrong; never written to a file."""

    patient: str = ""
    episode: str = ""
    payer: str = ""
    clinician: str = ""
    clinic: str = ""


@dataclass(frozen=True, slots=True)
class FiledClaim:
    """One patient's month as it is asked of one payer: base and add-on codes together, dated one day.

    `authorization` is the number under which the payer agreed beforehand.
    """

    control_number: str
    month: str
    service_on: date
    patient: Person
    insured: Insured
    place_of_service: str
    diagnoses: tuple[str, ...]
    clinician: Clinician
    lines: tuple[FiledLine, ...]
    frequency: str = "1"
    payer_claim_number: str = ""
    support: Support = Support()
    ids: Ids = Ids()
    facility: Facility | None = None
    authorization: str = ""

    @property
    def charge(self) -> Decimal | None:
        """The sum of its lines; None where one is not known."""
        known = [line.charge for line in self.lines if line.charge is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(self.lines) else None


@dataclass(frozen=True, slots=True)
class FileHead:
    """What stands around the claims. `made_at` is the clock of the organization's first clinic, as HHMM."""

    made_on: date
    made_at: str
    batch_number: int
    interchange_number: int
    biller: Biller
    taker: Taker
    is_test: bool = True


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A file of claims: its head and at least one claim."""

    head: FileHead
    claims: tuple[FiledClaim, ...]
