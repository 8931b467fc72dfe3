"""Which patient on record a row means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from caseload.rules.imports.candidates import PatientReference, Person
from caseload.rules.imports.corrections import NEW, SAME, SKIP
from caseload.rules.imports.known import KnownPatient
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

# More people of one name are not told apart in a list of choices.
_MOST_CHOICES = 5


@dataclass(frozen=True)
class Match:
    """The patient on record, or why it cannot be said which; neither is nobody. `remark` says how it was found.

    `near` are patients who may be meant, and `why` what speaks for it: somebody has to say. `can_be_new`: it may also
    be somebody who is not on record; otherwise the record number is taken.
    """

    patient: KnownPatient | None = None
    fault: str = ""
    remark: str = ""
    near: tuple[KnownPatient, ...] = ()
    why: str = ""
    can_be_new: bool = True

    def decided(self, answer: str) -> "Match | None":
        """The match once somebody has said who is meant; None where the answer is none of the choices."""
        if answer == NEW and self.can_be_new:
            return Match()
        found = [patient for patient in self.near if answer == SAME + patient.key]
        return replace(self, patient=found[0], near=(), why="") if found else None

    def choices(self) -> tuple[tuple[str, str], ...]:
        """Every answer with its words."""
        same = tuple((SAME + patient.key, f"The same as {described(patient)}") for patient in self.near)
        new = ((NEW, "Somebody else, who is new"),) if self.can_be_new else ()
        return (*same, *new, (SKIP, "Leave the row out"))


def called(person: Person | PatientReference) -> str:
    """What names are compared by: last and first, without capitals, accents and hyphens."""
    return sort_name(person.family, person.given)


def described(patient: KnownPatient) -> str:
    """A patient on record as a question names one."""
    person = patient.person
    return f"{person.label}, born {person.birth_on:%m/%d/%Y}, {_number_of(person)}"


def _number_of(person: Person) -> str:
    return f"record number {person.mrn}" if person.mrn else "without a record number"


@dataclass(frozen=True)
class PatientIndex:
    """Patients on record, found by record number or by name and birth date."""

    patients: tuple[KnownPatient, ...]

    @cached_property
    def by_number(self) -> Mapping[str, Sequence[KnownPatient]]:
        return _grouped((bare_mrn(number), patient) for patient in self.patients for _, number in patient.all_numbers)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[KnownPatient]]:
        return _grouped((called(patient.person), patient) for patient in self.patients)

    def match(self, person: Person, clinic: str) -> Match:
        """Record number first (the clinic's own before another's), then name, birth date and sex.

        A number on record counts for whoever has also the name and the birth date. Where one of them differs, somebody
        has to say; where both do, the number belongs to another, which is a fault at the same clinic and means nothing
        at others. A name alone asks too.
        """
        numbered = self._numbered(person.mrn, clinic)
        sure = next((patient for patient in numbered if _is_same(patient.person, person)), None)
        if sure:
            return Match(sure, remark=_number_remark(sure, person.mrn))
        is_taken = any((clinic, person.mrn) in patient.all_numbers for patient in numbered)
        near = tuple(patient for patient in numbered if _is_near(patient.person, person))
        if near:
            return Match(near=near[:_MOST_CHOICES], why=_why(near[0].person, person), can_be_new=not is_taken)
        if is_taken:
            return Match(fault="the record number belongs to somebody with another name and birth date")
        return self._by_name(person)

    def _numbered(self, mrn: str, clinic: str) -> list[KnownPatient]:
        """Who has the number; where nobody has exactly that one, the only one who has it but for leading zeros."""
        same = list(self.by_number.get(bare_mrn(mrn), ()))
        exact = [patient for patient in same if any(number == mrn for _, number in patient.all_numbers)]
        found = exact or (same if len(same) == 1 else [])
        return sorted(found, key=lambda patient: (clinic, mrn) not in patient.all_numbers)

    def _by_name(self, person: Person) -> Match:
        namesakes = [patient for patient in self.by_name.get(called(person), ()) if _may_be(patient.person, person)]
        same = [patient for patient in namesakes if patient.person.birth_on == person.birth_on]
        sure = [patient for patient in same if not _sexes_differ(patient.person, person)]
        if len(sure) > 1:
            why = f"{len(sure)} patients on record have this name and birth date"
            return Match(near=tuple(sure[:_MOST_CHOICES]), why=why)
        if sure:
            number = sure[0].person.mrn
            found = f"on record under {number}" if number else "on record without a record number"
            return Match(sure[0], remark=f"Found by name and birth date; {found}.")
        near = tuple(same or namesakes)[:_MOST_CHOICES]
        return Match(near=near, why=_why(near[0].person, person)) if near else Match()


def _is_same(on_record: Person, row: Person) -> bool:
    """The same birth date and name; further first names may be missing on one side."""
    first = sort_name(on_record.family, on_record.given.partition(" ")[0])
    names = called(on_record) == called(row) or first == sort_name(row.family, row.given.partition(" ")[0])
    return names and on_record.birth_on == row.birth_on


def _is_near(on_record: Person, row: Person) -> bool:
    return called(on_record) == called(row) or on_record.birth_on == row.birth_on


def _may_be(on_record: Person, row: Person) -> bool:
    """Whether a namesake may be meant: not with another birth date and another sex."""
    return on_record.birth_on == row.birth_on or not _sexes_differ(on_record, row)


def _sexes_differ(on_record: Person, row: Person) -> bool:
    return on_record.sex != row.sex and "U" not in (on_record.sex, row.sex)


def _why(on_record: Person, row: Person) -> str:
    """What the row and the record have in common, and what not."""
    parts = {
        "record number": bare_mrn(on_record.mrn) == bare_mrn(row.mrn),
        "name": called(on_record) == called(row),
        "birth date": on_record.birth_on == row.birth_on,
        "sex": not _sexes_differ(on_record, row),
    }
    same = " and ".join(part for part, is_same in parts.items() if is_same and part != "sex")
    other = " and ".join(part for part, is_same in parts.items() if not is_same)
    return f"The same {same}, but another {other}"


def _number_remark(patient: KnownPatient, written: str) -> str:
    numbers = [number for _, number in patient.all_numbers]
    if written in numbers:
        return ""
    on_record = next(number for number in numbers if bare_mrn(number) == bare_mrn(written))
    return f"{written} is on record as {on_record}: leading zeros were lost."


def _grouped(pairs: Iterable[tuple[str, KnownPatient]]) -> dict[str, list[KnownPatient]]:
    groups: dict[str, list[KnownPatient]] = {}
    for key, patient in pairs:
        if patient not in groups.setdefault(key, []):
            groups[key].append(patient)
    return groups
