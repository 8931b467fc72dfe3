"""Everything that the sheets of one import say, before it is held against what is on record."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from caseload.rules.imports.candidates import ContactCandidate, Ignored, PatientCandidate, ReadRow
from caseload.rules.imports.contacts import read_contacts
from caseload.rules.imports.corrections import Corrections
from caseload.rules.imports.dates import questions
from caseload.rules.imports.patients import read_patients
from caseload.rules.imports.recognize import Recognition, recognize
from caseload.rules.imports.sheets import Sheet

PatientRow = ReadRow[PatientCandidate]
ContactRow = ReadRow[ContactCandidate]


@dataclass(frozen=True)
class Reading:
    """The rows of all sheets, in their order. Where `recognition` has problems there are none.

    `questions` have to be answered before anything is imported.
    """

    recognition: Recognition
    corrections: Corrections
    on: date
    patients: tuple[PatientRow | Ignored, ...] = ()
    contacts: tuple[ContactRow | Ignored, ...] = ()
    questions: tuple[str, ...] = ()

    def patient_candidates(self) -> Iterator[PatientCandidate]:
        return (row.candidate for row in self.patients if isinstance(row, ReadRow) and row.candidate)

    def contact_candidates(self) -> Iterator[ContactCandidate]:
        return (row.candidate for row in self.contacts if isinstance(row, ReadRow) and row.candidate)


def read_sheets(sheets: Sequence[Sheet], *, on: date, corrections: Corrections) -> Reading:
    """Recognize the sheets and read their rows; `on` is the day of the import.

    A sheet that lacks a required column stops everything: its rows would look like nobody's.
    """
    recognition = recognize(sheets, corrections)
    if recognition.problems:
        return Reading(recognition, corrections, on)
    patients = [
        row for table in recognition.of_kind("patients") for row in read_patients(table, on=on, corrections=corrections)
    ]
    contacts = [
        row for table in recognition.of_kind("contacts") for row in read_contacts(table, on=on, corrections=corrections)
    ]
    asked = questions(recognition.tables, corrections)
    return Reading(recognition, corrections, on, tuple(patients), tuple(contacts), asked)
