"""What becomes of each row of a list of patients."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from caseload.rules.imports.candidates import Enrolment, Ignored, Origin, PatientCandidate, Person
from caseload.rules.imports.changes import changes, everything
from caseload.rules.imports.corrections import ASSUMED, ATTESTED, Corrections
from caseload.rules.imports.known import KnownClinic, KnownPatient
from caseload.rules.imports.matching import PatientIndex
from caseload.rules.imports.people import Directory, same_name
from caseload.rules.imports.places import Places
from caseload.rules.imports.plans import Fate, Outcome, PatientPlan, PatientWrites
from caseload.rules.imports.reading import PatientRow


@dataclass
class PatientsDecided:
    """Decides row by row; a row can depend on the ones before it."""

    index: PatientIndex
    places: Places
    staff: Directory
    clinicians: Directory
    payers: Directory
    corrections: Corrections
    fates: list[Fate] = field(default_factory=list)
    plans: dict[str, PatientPlan] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    refused: dict[str, Origin] = field(default_factory=dict)
    known: dict[str, KnownPatient] = field(default_factory=dict)
    _written: dict[tuple[str, str], PatientRow] = field(default_factory=dict)
    _people: dict[tuple[str, str, str], Origin] = field(default_factory=dict)

    def decide(self, rows: Sequence[PatientRow | Ignored]) -> None:
        for row in rows:
            fate = _ignored(row) if isinstance(row, Ignored) else self._decide(row)
            self.fates.append(fate)

    def _decide(self, row: PatientRow) -> Fate:
        if row.candidate is None:
            self.refused.setdefault(row.mrn, row.origin)
            return Fate(row.origin, "patient", "refused", row.label, row.remarks, (*row.faults, *row.losses))
        clinic = self.places.find(row.candidate.clinic)
        assert clinic is not None, "a clinic that cannot be found is a question, and nothing is decided"
        return self._repeated(row, row.candidate, clinic) or self._match(row, row.candidate, clinic)

    def _repeated(self, row: PatientRow, candidate: PatientCandidate, clinic: KnownClinic) -> Fate | None:
        """The fate of a row whose record number was there before: ignored if it says the same, else refused."""
        number = (clinic.key, candidate.person.mrn.casefold())
        first = self._written.setdefault(number, row)
        if first is row:
            return None
        if first.candidate == candidate:
            return Fate(row.origin, "patient", "ignored", row.label, (f"The same as row {first.origin.row}.",))
        return self._refuse(
            row,
            f"Row {first.origin.row} has the same record number and says something else. "
            "Keep the right one of the two rows.",
        )

    def _match(self, row: PatientRow, candidate: PatientCandidate, clinic: KnownClinic) -> Fate:
        match = self.index.match(candidate.person, clinic.key)
        if match.fault:
            return self._refuse(row, f"{match.fault[0].upper()}{match.fault[1:]}. Correct the row or the record.")
        key = match.patient.key if match.patient else f"row:{row.origin}"
        clinic = self._own_clinic(match.patient) or clinic
        if key in self.plans:
            return self._refuse(row, f"Row {self.origins[key].row} is the same patient. Keep one of the two rows.")
        messages = [*row.remarks, *filter(None, [match.remark, *self._namesake(row, candidate.person)])]
        writes, said = self._writes(candidate, match.patient)
        self.plans[key] = self._plan(key, candidate, clinic, match.patient, writes, messages)
        self.origins[key] = row.origin
        if match.patient:
            self.known[key] = match.patient
        outcome: Outcome = "new" if match.patient is None else "matched" if writes.is_empty else "changed"
        return Fate(row.origin, "patient", outcome, row.label, (*messages, *said), row.losses)

    def _own_clinic(self, patient: KnownPatient | None) -> KnownClinic | None:
        """A patient on record stays at the clinic on record; a move is made on the chart."""
        return next((clinic for clinic in self.places.known if patient and clinic.key == patient.clinic), None)

    def _plan(
        self,
        key: str,
        candidate: PatientCandidate,
        clinic: KnownClinic,
        patient: KnownPatient | None,
        writes: PatientWrites,
        messages: list[str],
    ) -> PatientPlan:
        payer = candidate.insurance and same_name(candidate.insurance.payer, (*self.payers.known, *self.payers.new))
        return PatientPlan(
            key=key,
            candidate=candidate,
            clinic=clinic,
            is_new=patient is None,
            care_manager=_only(self.staff, candidate.care_manager, messages),
            clinician=_only(self.clinicians, candidate.clinician, messages),
            payer=payer.key if payer else "",
            writes=writes,
        )

    def _writes(self, candidate: PatientCandidate, known: KnownPatient | None) -> tuple[PatientWrites, list[str]]:
        enrolment = candidate.enrolment
        if enrolment and enrolment.care_plan_on is None and self._takes_a_plan(enrolment, known):
            is_assumed = self.corrections.care_plans == ASSUMED
            enrolment = replace(enrolment, care_plan_on=enrolment.enrolled_on, is_care_plan_assumed=is_assumed)
            candidate = replace(candidate, enrolment=enrolment)
        return changes(candidate, known) if known else (everything(candidate), [])

    def _takes_a_plan(self, enrolment: Enrolment, known: KnownPatient | None) -> bool:
        """Whether a plan that no file names is taken to exist: assumed only for an enrolment that is new."""
        if self.corrections.care_plans == ASSUMED:
            return known is None or all(each.enrolled_on != enrolment.enrolled_on for each in known.episodes)
        return self.corrections.care_plans == ATTESTED

    def _namesake(self, row: PatientRow, person: Person) -> list[str]:
        """A remark when another row has this name and birth date under another record number."""
        who = (person.family.casefold(), person.given.casefold(), person.birth_on.isoformat())
        first = self._people.setdefault(who, row.origin)
        if first == row.origin:
            return []
        return [f"Row {first.row} has the same name and birth date: look whether it is the same person."]

    def _refuse(self, row: PatientRow, message: str) -> Fate:
        self.refused.setdefault(row.mrn, row.origin)
        return Fate(row.origin, "patient", "refused", row.label, (*row.remarks, message), row.losses)


def _ignored(row: Ignored) -> Fate:
    return Fate(row.origin, "row", "ignored", "", (f"Ignored: {row.reason}.",))


def _only(names: Directory, written: str, messages: list[str]) -> str:
    """The key of whom a name means; where it can mean several it is left open and said."""
    meant = names.find(written) if written else ()
    if len(meant) > 1:
        messages.append(f"{written} can mean {' or '.join(name.name for name in meant)}: left open.")
    return meant[0].key if len(meant) == 1 else ""
