"""What a row says, typed, with nothing looked up yet."""

from dataclasses import dataclass
from datetime import date, time
from typing import Generic, TypeVar

from caseload.rules.imports.sheets import Problem
from caseload.rules.imports.words import ContactType


@dataclass(frozen=True)
class Origin:
    """Where a row stands: the sheet as sentences call it, and its number as the file shows it, from 1."""

    sheet: str
    row: int

    def __str__(self) -> str:
        return f"{self.sheet}, row {self.row}"


@dataclass(frozen=True)
class Person:
    """Who it is. Empty texts were not said; `sex` is F, M, X or U."""

    mrn: str
    family: str
    given: str
    birth_on: date
    middle: str = ""
    sex: str = "U"
    phone: str = ""
    email: str = ""
    address: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    language: str = ""

    @property
    def label(self) -> str:
        return f"{self.family}, {self.given}"


@dataclass(frozen=True)
class Insurance:
    """Who pays, as written."""

    payer: str
    payer_code: str = ""
    member_id: str = ""


@dataclass(frozen=True)
class Enrolment:
    """The episode that a row tells of. `state` is an episode's status; `end_reason` is empty unless discharged.

    A discharge without its day has `ended_on` None: the day of the last contact is taken for it. An empty
    `consent_form` was not said, an empty `program` neither: then it is the clinic's.
    """

    state: str
    program: str
    enrolled_on: date
    referred_on: date | None = None
    relapse_prevention_on: date | None = None
    ended_on: date | None = None
    end_reason: str = ""
    consent_on: date | None = None
    consent_form: str = ""
    diagnoses: tuple[str, ...] = ()
    review_on: date | None = None
    visit_on: date | None = None
    care_plan_on: date | None = None
    is_care_plan_assumed: bool = False


@dataclass(frozen=True)
class Unenrolled:
    """Somebody who is not enrolled yet, and could be referred: since when, and for which problems, as written."""

    referred_on: date | None = None
    problems: str = ""


@dataclass(frozen=True)
class PatientCandidate:
    """A row of a list of patients. Clinic, care manager and clinician are as written."""

    person: Person
    clinic: str = ""
    care_manager: str = ""
    clinician: str = ""
    insurance: Insurance | None = None
    enrolment: Enrolment | None = None
    unenrolled: Unenrolled | None = None

    @property
    def label(self) -> str:
        return self.person.label


@dataclass(frozen=True)
class PatientReference:
    """How a row of contacts names its patient: by record number, or by name and perhaps birth date."""

    mrn: str = ""
    family: str = ""
    given: str = ""
    birth_on: date | None = None

    @property
    def label(self) -> str:
        return self.mrn or f"{self.family}, {self.given}"


@dataclass(frozen=True)
class Scores:
    """Totals as written; `item9` is the PHQ-9's ninth answer."""

    phq9: int | None = None
    item9: int | None = None
    gad7: int | None = None


@dataclass(frozen=True)
class ContactCandidate:
    """A row of a list of contacts. `minutes` is None where nothing is to be logged."""

    patient: PatientReference
    on: date
    start: time | None
    type: ContactType
    minutes: int | None
    care_manager: str
    scores: Scores
    note: str = ""
    next_on: date | None = None

    @property
    def label(self) -> str:
        return f"{self.patient.label}, {self.on:%m/%d/%Y}"


Candidate = TypeVar("Candidate", PatientCandidate, ContactCandidate)


@dataclass(frozen=True)
class ReadRow(Generic[Candidate]):
    """A row that was read. `faults` refuse it, and `candidate` is then None; `losses` kept it without a value.

    `mrn` is the record number also of a refused row, so that its contacts can say what is wrong.
    """

    origin: Origin
    label: str
    candidate: Candidate | None
    faults: tuple[Problem, ...] = ()
    losses: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    mrn: str = ""


@dataclass(frozen=True)
class Ignored:
    """A row that is none: blank, a totals line, a repeated header, a remark below the table."""

    origin: Origin
    reason: str
