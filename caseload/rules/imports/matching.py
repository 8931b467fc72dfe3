"""Which patient on record a row means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from caseload.rules.imports.candidates import PatientReference, Person
from caseload.rules.imports.known import KnownPatient
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name


@dataclass(frozen=True)
class Match:
    """The patient on record, or why it cannot be said which; neither is nobody. `remark` says how it was found."""

    patient: KnownPatient | None = None
    fault: str = ""
    remark: str = ""


def called(person: Person | PatientReference) -> str:
    """What names are compared by: last and first, without capitals, accents and hyphens."""
    return sort_name(person.family, person.given)


@dataclass(frozen=True)
class PatientIndex:
    """Patients on record, found by record number or by name and birth date."""

    patients: tuple[KnownPatient, ...]

    @cached_property
    def by_mrn(self) -> Mapping[str, Sequence[KnownPatient]]:
        return _grouped((bare_mrn(patient.person.mrn), patient) for patient in self.patients)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[KnownPatient]]:
        return _grouped((called(patient.person), patient) for patient in self.patients)

    def match(self, person: Person, clinic: str) -> Match:
        """Record number first (the clinic's own before another's), then last name, first name and birth date.

        A number on record for somebody whose name and birth date both differ is a fault, not a match.
        """
        numbered = self._numbered(person.mrn, clinic)
        for patient in numbered:
            if called(patient.person) == called(person) or patient.person.birth_on == person.birth_on:
                return Match(patient, remark=_number_remark(patient.person.mrn, person.mrn))
        if any(patient.clinic == clinic for patient in numbered):
            return Match(fault="the record number belongs to somebody with another name and birth date")
        return self._by_name_and_birth(person)

    def _numbered(self, mrn: str, clinic: str) -> list[KnownPatient]:
        same = self.by_mrn.get(bare_mrn(mrn), ())
        exact = [patient for patient in same if patient.person.mrn == mrn]
        found = exact or (list(same) if len(same) == 1 else [])
        return sorted(found, key=lambda patient: patient.clinic != clinic)

    def _by_name_and_birth(self, person: Person) -> Match:
        same = [
            patient
            for patient in self.by_name.get(called(person), ())
            if patient.person.birth_on == person.birth_on
            and (patient.person.sex == person.sex or "U" in (patient.person.sex, person.sex))
        ]
        if len(same) > 1:
            return Match(fault=f"{len(same)} patients on record have this name and birth date")
        if same:
            return Match(same[0], remark=f"Found by name and birth date; on record under {same[0].person.mrn}.")
        return Match()


def _number_remark(on_record: str, written: str) -> str:
    return "" if on_record == written else f"{written} is on record as {on_record}: leading zeros were lost."


def _grouped(pairs: Iterable[tuple[str, KnownPatient]]) -> dict[str, list[KnownPatient]]:
    groups: dict[str, list[KnownPatient]] = {}
    for key, patient in pairs:
        groups.setdefault(key, []).append(patient)
    return groups
