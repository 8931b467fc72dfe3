"""What becomes of each row of a list of patients."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from caseload.rules.imports.candidates import Enrolment, Ignored, Origin, PatientCandidate, Person
from caseload.rules.imports.changes import changes, everything
from caseload.rules.imports.corrections import ASSUMED, ATTESTED, REFERRED, SKIP, Corrections
from caseload.rules.imports.known import KnownClinic, KnownPatient
from caseload.rules.imports.matching import Match, PatientIndex, described
from caseload.rules.imports.people import Directory, same_name
from caseload.rules.imports.places import Places
from caseload.rules.imports.plans import Fate, NewReferral, Outcome, PatientPlan, PatientWrites, Question
from caseload.rules.imports.reading import PatientRow


@dataclass
class PatientsDecided:
    """Decides row by row; a row can depend on the ones before it.

    `refused` are record numbers of rows that were refused, by which contacts say why they are; `withheld` those of
    rows of which it is not known whom they mean, so that their contacts may not go to whoever has the number.
    """

    index: PatientIndex
    places: Places
    staff: Directory
    clinicians: Directory
    payers: Directory
    corrections: Corrections
    on: date
    fates: list[Fate] = field(default_factory=list)
    plans: dict[str, PatientPlan] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    refused: dict[str, Origin] = field(default_factory=dict)
    withheld: dict[str, Origin] = field(default_factory=dict)
    unenrolled: int = 0
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
        candidate = _in_program(row.candidate, clinic)
        return self._repeated(row, candidate, clinic) or self._match(row, candidate, clinic)

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
        match = self._decided(row, candidate, clinic)
        if isinstance(match, Fate):
            return match
        key = match.patient.key if match.patient else f"row:{row.origin}"
        if key in self.plans:
            return self._refuse(row, f"Row {self.origins[key].row} is the same patient. Keep one of the two rows.")
        return self._planned(row, candidate, clinic, match, key)

    def _decided(self, row: PatientRow, candidate: PatientCandidate, clinic: KnownClinic) -> Match | Fate:
        """Whom the row means, by the record or by somebody's answer; or the fate of a row that means nobody."""
        match = self.index.match(candidate.person, clinic.key)
        if match.fault:
            self.withheld.setdefault(row.mrn, row.origin)
            return self._refuse(row, f"{match.fault[0].upper()}{match.fault[1:]}. Correct the row or the record.")
        if not match.near:
            return match
        answer = self.corrections.answer(str(row.origin))
        decided = match.decided(answer)
        if decided is None:
            self.withheld.setdefault(row.mrn, row.origin)
        if answer == SKIP:
            return Fate(row.origin, "patient", "ignored", row.label, ("Left out, as you chose.",))
        return decided or _asked(row, match)

    def _planned(
        self, row: PatientRow, candidate: PatientCandidate, row_clinic: KnownClinic, match: Match, key: str
    ) -> Fate:
        clinic = self._own_clinic(match.patient) or row_clinic
        messages = [*row.remarks, *filter(None, [match.remark, *self._namesake(row, candidate.person)])]
        writes, said = self._writes(candidate, match.patient)
        plan = self._plan(key, candidate, clinic, row_clinic, match.patient, writes, messages)
        self.plans[key] = plan
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
        row_clinic: KnownClinic,
        patient: KnownPatient | None,
        writes: PatientWrites,
        messages: list[str],
    ) -> PatientPlan:
        payer = candidate.insurance and same_name(candidate.insurance.payer, (*self.payers.known, *self.payers.new))
        return PatientPlan(
            key=key,
            candidate=candidate,
            clinic=clinic,
            row_clinic=row_clinic,
            is_new=patient is None,
            care_manager=_only(self.staff, candidate.care_manager, messages),
            clinician=_only(self.clinicians, candidate.clinician, messages),
            payer=payer.key if payer else "",
            writes=writes,
            is_first_number=patient is not None and not patient.person.mrn and clinic == row_clinic,
        )

    def _writes(self, candidate: PatientCandidate, known: KnownPatient | None) -> tuple[PatientWrites, list[str]]:
        enrolment = candidate.enrolment
        if enrolment and enrolment.care_plan_on is None and self._takes_a_plan(enrolment, known):
            is_assumed = self.corrections.care_plans == ASSUMED
            enrolment = replace(enrolment, care_plan_on=enrolment.enrolled_on, is_care_plan_assumed=is_assumed)
            candidate = replace(candidate, enrolment=enrolment)
        writes, said = changes(candidate, known) if known else (everything(candidate), [])
        referral = self._referral(candidate, known)
        if referral:
            said = [*said, f"Becomes a referral of {referral.on:%m/%d/%Y}."]
        return replace(writes, referral=referral), said

    def _referral(self, candidate: PatientCandidate, known: KnownPatient | None) -> NewReferral | None:
        """The referral of somebody who is neither enrolled nor referred, where such rows are to become referrals."""
        waiting = candidate.unenrolled
        if waiting is None or (known and (known.is_enrolled or not known.can_be_referred)):
            return None
        self.unenrolled += 1
        if self.corrections.unenrolled != REFERRED:
            return None
        return NewReferral(waiting.referred_on or self.on, waiting.problems and f"On the list: {waiting.problems}")

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


def _in_program(candidate: PatientCandidate, clinic: KnownClinic) -> PatientCandidate:
    """Who is enrolled in no program by name begins in the clinic's."""
    enrolment = candidate.enrolment
    if enrolment is None or enrolment.program:
        return candidate
    return replace(candidate, enrolment=replace(enrolment, program=clinic.program))


def _asked(row: PatientRow, match: Match) -> Fate:
    """A row that waits for somebody to say whom it means."""
    known = "; ".join(described(patient) for patient in match.near)
    question = Question(f"{match.why}. On record: {known}.", match.choices())
    text = f"{question.text} Say above who it is; until then the row is not imported."
    return Fate(row.origin, "patient", "asked", row.label, (*row.remarks, text), row.losses, question)


def _ignored(row: Ignored) -> Fate:
    return Fate(row.origin, "row", "ignored", "", (f"Ignored: {row.reason}.",))


def _only(names: Directory, written: str, messages: list[str]) -> str:
    """The key of whom a name means; where it can mean several it is left open and said."""
    meant = names.find(written) if written else ()
    if len(meant) > 1:
        messages.append(f"{written} can mean {' or '.join(name.name for name in meant)}: left open.")
    return meant[0].key if len(meant) == 1 else ""
