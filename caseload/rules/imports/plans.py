"""What an import will do: the fate of every row, and the writes behind it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from caseload.rules.imports.candidates import (
    ContactCandidate,
    Enrolment,
    Insurance,
    Origin,
    PatientCandidate,
)
from caseload.rules.imports.known import KnownClinic, KnownName
from caseload.rules.imports.sheets import Problem

Outcome = Literal["new", "matched", "changed", "held", "refused", "ignored", "asked"]
OUTCOMES: tuple[Outcome, ...] = ("new", "changed", "held", "matched", "refused", "ignored")
# More questions than this are asked once these are answered.
MOST_ASKED = 100


@dataclass(frozen=True)
class Question:
    """Whom a row means, which only a person can say: what speaks for it, and every answer with its words."""

    text: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Fate:
    """What becomes of one row. `held` is a new contact whose time counts nowhere until somebody settles it.

    `asked`: nothing, until the question is answered. A row of a patient that is not imported has none.
    """

    origin: Origin
    kind: Literal["patient", "contact", "row"]
    outcome: Outcome
    label: str
    messages: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    question: Question | None = None


@dataclass(frozen=True)
class NewReferral:
    """A referral from the list: since when, and what the list says of the reason."""

    on: date
    reason: str = ""


@dataclass(frozen=True)
class PatientWrites:
    """What is written for a patient. For a new one everything that was said, for a known one what is missing.

    `person` are fields to set; `episode` a new enrolment; `state`, `relapse_prevention_on`, `ended_on` and
    `end_reason` change the episode on record `episode_key`. `number` is the row's record number, where the patient
    is on record under another.
    """

    person: Mapping[str, str] = field(default_factory=dict)
    insurance: Insurance | None = None
    number: str = ""
    referral: NewReferral | None = None
    episode: Enrolment | None = None
    episode_key: str = ""
    state: str = ""
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

    @property
    def is_empty(self) -> bool:
        return self in (PatientWrites(), PatientWrites(episode_key=self.episode_key))


@dataclass(frozen=True)
class PatientPlan:
    """A patient whom the file names. `key` is that on record, or `row:…` for a new one. `clinic` is the patient's,
    `row_clinic` the one that the row names. `is_first_number`: the record had no number at this clinic, and takes it.

    Clinic, care manager, clinician and payer are keys on record, `new:…` for one that is made, or empty.
    """

    key: str
    candidate: PatientCandidate
    clinic: KnownClinic
    row_clinic: KnownClinic
    is_new: bool
    care_manager: str
    clinician: str
    payer: str
    writes: PatientWrites
    is_first_number: bool = False


@dataclass(frozen=True)
class ContactPlan:
    """A contact to be written. `span` is its clock time, None where only the day and minutes are known.

    `episode` is a key on record, or empty for the patient's new episode. `held_with` is the key of the contact
    plan or time entry that it overlaps. `replaces` is the contact on record that it corrects.
    """

    key: str
    candidate: ContactCandidate
    patient: str
    episode: str
    staff: str
    service: str
    span: tuple[datetime, datetime] | None
    held_with: str = ""
    replaces: str = ""


@dataclass(frozen=True)
class ImportPlan:
    """The whole import. `questions` and `problems` stop it; without them it can be carried out as it stands.

    `unenrolled` counts patients who have no date of enrolment and could be referred. `doubtful_names` are names of the
    file, each with its field, that nobody on record has or several have.
    """

    fates: tuple[Fate, ...] = ()
    patients: tuple[PatientPlan, ...] = ()
    contacts: tuple[ContactPlan, ...] = ()
    clinics: tuple[KnownClinic, ...] = ()
    staff: tuple[KnownName, ...] = ()
    clinicians: tuple[KnownName, ...] = ()
    payers: tuple[KnownName, ...] = ()
    problems: tuple[Problem, ...] = ()
    questions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    overlaps: int = 0
    unenrolled: int = 0
    doubtful_names: tuple[tuple[str, str], ...] = ()

    @property
    def can_be_imported(self) -> bool:
        return not self.problems and not self.questions

    @property
    def replaced(self) -> int:
        """How many records that were there before are changed rather than added to."""
        rewritten = sum(
            bool(
                each.writes.person
                or each.writes.state
                or each.is_first_number
                or (each.writes.insurance and not each.is_new)
            )
            for each in self.patients
        )
        return rewritten + sum(bool(each.replaces) for each in self.contacts)

    def count(self, kind: str, outcome: str) -> int:
        return sum(fate.kind == kind and fate.outcome == outcome for fate in self.fates)

    def summary(self) -> dict[str, Any]:
        """Counts and sentences, as plain JSON."""
        return {
            "patients": {outcome: self.count("patient", outcome) for outcome in OUTCOMES if outcome != "held"},
            "contacts": {outcome: self.count("contact", outcome) for outcome in OUTCOMES},
            "rows_ignored": self.count("row", "ignored"),
            "to_decide": self.count("patient", "asked"),
            "asked": self._asked(),
            "unenrolled": self.unenrolled,
            "doubtful_names": [list(pair) for pair in self.doubtful_names],
            "overlapping": self.overlaps,
            "clinics_made": [{"name": clinic.name, "zone": clinic.zone} for clinic in self.clinics],
            "staff_made": [_called(person) for person in self.staff],
            "clinicians_made": [_called(person) for person in self.clinicians],
            "payers_made": [payer.name for payer in self.payers],
            "problems": [problem.sentence for problem in self.problems],
            "questions": list(self.questions),
            "remarks": list(self.remarks),
        }

    def _asked(self) -> list[dict[str, Any]]:
        asked = [(fate, fate.question) for fate in self.fates if fate.question]
        return [
            {"row": str(fate.origin), "label": fate.label, "text": question.text, "choices": question.choices}
            for fate, question in asked[:MOST_ASKED]
        ]

    def rows(self) -> list[dict[str, Any]]:
        """The fate of every row, as plain JSON."""
        return [
            {
                "sheet": fate.origin.sheet,
                "row": fate.origin.row,
                "kind": fate.kind,
                "fate": fate.outcome,
                "label": fate.label,
                "messages": [*fate.messages, *(problem.sentence for problem in fate.problems)],
            }
            for fate in self.fates
        ]

    def digest(self) -> str:
        """A fingerprint of what is shown, so that nothing else is carried out than what was confirmed."""
        shown = json.dumps([self.summary(), self.rows()], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(shown.encode()).hexdigest()


def _called(person: KnownName) -> str:
    return f"{person.name}, {person.credential}" if person.credential else person.name
