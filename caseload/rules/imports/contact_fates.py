"""What becomes of each row of a list of contacts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from caseload.rules.clock import is_ambiguous, is_nonexistent, local_instant
from caseload.rules.imports.candidates import ContactCandidate, Ignored, Origin, PatientReference, Person
from caseload.rules.imports.known import KnownClinic, KnownContact, KnownPatient
from caseload.rules.imports.matching import called
from caseload.rules.imports.people import Directory
from caseload.rules.imports.plans import ContactPlan, Fate, PatientPlan
from caseload.rules.imports.reading import ContactRow
from registry.rules.identifiers import bare_mrn

ContactKey = tuple[object, ...]


@dataclass(frozen=True)
class Subject:
    """Whose contact it is: a patient of the file, one on record, or both."""

    key: str
    person: Person
    clinic: KnownClinic
    known: KnownPatient | None = None
    plan: PatientPlan | None = None

    @property
    def care_manager(self) -> str:
        """The care manager's key, where the file or the record has one."""
        return (self.plan.care_manager if self.plan else "") or (self.known.care_manager if self.known else "")

    def episode_on(self, day: date) -> tuple[str, str] | None:
        """The episode's key (empty for the file's new one) and its program; None where the patient has none."""
        new = self.plan.writes.episode if self.plan else None
        if new and (self.known is None or not self.known.episodes or new.enrolled_on <= day):
            return "", new.program
        known = self.known.episode_on(day) if self.known else None
        return (known.key, known.program) if known else None


class Refused(Exception):
    """Why a contact is not imported."""


@dataclass
class ContactsDecided:
    """Decides row by row; whether a time is held is decided afterwards, over all of them."""

    subjects: Sequence[Subject]
    refused_patients: Mapping[str, Origin]
    withheld: Mapping[str, Origin]
    staff: Directory
    on_record: Mapping[ContactKey, KnownContact]
    fates: list[Fate] = field(default_factory=list)
    plans: list[ContactPlan] = field(default_factory=list)
    _written: dict[ContactKey, ContactRow] = field(default_factory=dict)

    def decide(self, rows: Sequence[ContactRow | Ignored]) -> None:
        for row in rows:
            if isinstance(row, Ignored):
                self.fates.append(Fate(row.origin, "row", "ignored", "", (f"Ignored: {row.reason}.",)))
            else:
                self.fates.append(self._decide(row))

    def _decide(self, row: ContactRow) -> Fate:
        if row.candidate is None:
            return Fate(row.origin, "contact", "refused", row.label, row.remarks, (*row.faults, *row.losses))
        try:
            return self._plan(row, row.candidate)
        except Refused as reason:
            return Fate(row.origin, "contact", "refused", row.label, (*row.remarks, str(reason)), row.losses)

    def _plan(self, row: ContactRow, candidate: ContactCandidate) -> Fate:
        subject = self._subject(candidate.patient)
        label = f"{subject.person.label}, {candidate.on:%m/%d/%Y}"
        episode = self._episode(subject, candidate)
        staff = self._staff(subject, candidate)
        span = _span(candidate, subject.clinic)
        key = contact_key(subject.key, candidate)
        repeated = self._repeated(row, key, label)
        if repeated:
            return repeated
        known = self.on_record.get(key)
        differing = _differences(candidate, known) if known else []
        if known and (known.is_corrected or not differing):
            said = ("Corrected on the chart since: not changed.",) if differing else ()
            return Fate(row.origin, "contact", "matched", label, (*row.remarks, *said), row.losses)
        self.plans.append(
            ContactPlan(
                key=str(row.origin),
                candidate=candidate,
                patient=subject.key,
                episode=episode[0],
                staff=staff,
                service=episode[1],
                span=span,
                replaces=known.key if known else "",
            )
        )
        messages = (*row.remarks, *_before_enrolment(subject, candidate), *differing)
        return Fate(row.origin, "contact", "changed" if known else "new", label, messages, row.losses)

    def _subject(self, patient: PatientReference) -> Subject:
        if patient.mrn in self.withheld:
            raise Refused(f"It is not settled whom the patient's own row means ({self.withheld[patient.mrn]}).")
        found = self._numbered(patient.mrn) if patient.mrn else self._named(patient)
        if len(found) == 1:
            return found[0]
        if found:
            raise Refused(f"{len(found)} patients are {patient.label}. Write the record number of the right one.")
        if patient.mrn in self.refused_patients:
            raise Refused(
                f"The patient's own row was refused ({self.refused_patients[patient.mrn]}). Correct that row."
            )
        raise Refused(
            f"No patient {patient.label} is in the file or on record. Add the patient, or correct the number or name."
        )

    def _numbered(self, mrn: str) -> Sequence[Subject]:
        same = self._by_mrn.get(bare_mrn(mrn), ())
        return [subject for subject in same if subject.person.mrn == mrn] or same

    def _named(self, patient: PatientReference) -> Sequence[Subject]:
        same = self._by_name.get(called(patient), ())
        born = patient.birth_on
        return [subject for subject in same if born is None or subject.person.birth_on == born]

    @cached_property
    def _by_mrn(self) -> Mapping[str, Sequence[Subject]]:
        groups: dict[str, list[Subject]] = {}
        for subject in self.subjects:
            groups.setdefault(bare_mrn(subject.person.mrn), []).append(subject)
        return groups

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Subject]]:
        groups: dict[str, list[Subject]] = {}
        for subject in self.subjects:
            groups.setdefault(called(subject.person), []).append(subject)
        return groups

    def _episode(self, subject: Subject, candidate: ContactCandidate) -> tuple[str, str]:
        if candidate.on < subject.person.birth_on:
            raise Refused("The contact lies before the patient's birth. Correct one of the two dates.")
        episode = subject.episode_on(candidate.on)
        if episode is None:
            raise Refused("The patient is not enrolled. Give the patient a date of enrolment.")
        return episode

    def _staff(self, subject: Subject, candidate: ContactCandidate) -> str:
        if not candidate.care_manager:
            if subject.care_manager:
                return subject.care_manager
            raise Refused("Nobody is named who did it. Fill in the care manager.")
        meant = self.staff.find(candidate.care_manager)
        if len(meant) > 1:
            names = " or ".join(name.name for name in meant)
            raise Refused(f"{candidate.care_manager} can mean {names}. Write the name in full.")
        return meant[0].key

    def _repeated(self, row: ContactRow, key: ContactKey, label: str) -> Fate | None:
        first = self._written.setdefault(key, row)
        if first is row:
            return None
        if first.candidate == row.candidate:
            return Fate(row.origin, "contact", "ignored", label, (f"The same as row {first.origin.row}.",))
        raise Refused(
            f"Row {first.origin.row} has the same patient, day and start and says something else. "
            "Keep the right one, or correct the start."
        )


def contact_key(patient: str, contact: ContactCandidate | KnownContact) -> ContactKey:
    """What makes two contacts the same: patient, day and start; without a start everything that was logged."""
    if contact.start is not None:
        return patient, contact.on, contact.start
    activity = contact.type.activity if isinstance(contact, ContactCandidate) else contact.activity
    mode = contact.type.mode if isinstance(contact, ContactCandidate) else contact.mode
    return patient, contact.on, activity, mode, contact.minutes


def _span(candidate: ContactCandidate, clinic: KnownClinic) -> tuple[datetime, datetime] | None:
    """The clock time of a contact in its clinic's zone; None where it has no start or no minutes."""
    if candidate.start is None or candidate.minutes is None:
        return None
    local = datetime.combine(candidate.on, candidate.start)
    zone = ZoneInfo(clinic.zone)
    if is_nonexistent(local, zone):
        raise Refused(f"{local:%m/%d/%Y %H:%M} does not exist: the clocks went forward. Correct the start.")
    if is_ambiguous(local, zone):
        raise Refused(f"{local:%m/%d/%Y %H:%M} came twice: the clocks went back. Leave the start blank.")
    starts_at = local_instant(local, zone)
    return starts_at, starts_at + timedelta(minutes=candidate.minutes)


def _differences(candidate: ContactCandidate, known: KnownContact) -> list[str]:
    pairs = {
        "minutes": (known.minutes, candidate.minutes),
        "type": ((known.activity, known.mode), (candidate.type.activity, candidate.type.mode)),
        "PHQ-9": (known.scores.phq9, candidate.scores.phq9),
        "item 9": (known.scores.item9, candidate.scores.item9),
        "GAD-7": (known.scores.gad7, candidate.scores.gad7),
    }
    return [
        f"Changed: {name}, {_said(before)} on record, {_said(after)} in the file."
        for name, (before, after) in pairs.items()
        if before != after
    ]


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return " by ".join(str(part).replace("_", " ") for part in value)
    return "none" if value is None else str(value)


def _before_enrolment(subject: Subject, candidate: ContactCandidate) -> list[str]:
    new = subject.plan.writes.episode if subject.plan else None
    if new and candidate.minutes and candidate.on < (new.referred_on or new.enrolled_on):
        return ["Before the enrolment: kept, but the time does not count."]
    return []
