"""The fate of every row of an import, held against what the organization has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from caseload.rules.imports.candidates import Origin
from caseload.rules.imports.contact_fates import ContactsDecided, Subject, contact_key
from caseload.rules.imports.known import Known
from caseload.rules.imports.matching import PatientIndex
from caseload.rules.imports.overlaps import Stretch, held_because, overlap_count
from caseload.rules.imports.patient_fates import PatientsDecided
from caseload.rules.imports.people import Directory, directory, payers
from caseload.rules.imports.places import places
from caseload.rules.imports.plans import ContactPlan, Fate, ImportPlan, PatientPlan
from caseload.rules.imports.reading import Reading


def plan_import(reading: Reading, known: Known) -> ImportPlan:
    """Decide what becomes of every row. The same reading against the same record gives the same plan.

    With problems of columns, or a question about a clinic, nothing can be imported; the plan says what to settle.
    """
    recognition = reading.recognition
    found = places(known.clinics, {row.clinic for row in reading.patient_candidates()}, reading.corrections)
    questions = (*reading.questions, *found.questions)
    if recognition.problems or questions:
        return ImportPlan(
            clinics=found.new,
            problems=recognition.problems,
            questions=questions,
            remarks=recognition.remarks,
        )
    patients = PatientsDecided(
        index=PatientIndex(known.patients),
        places=found,
        staff=directory(known.staff, _staff_names(reading)),
        clinicians=directory(known.clinicians, {row.clinician for row in reading.patient_candidates()}),
        payers=payers(known.payers, {row.insurance.payer for row in reading.patient_candidates() if row.insurance}),
        corrections=reading.corrections,
        on=reading.on,
    )
    patients.decide(reading.patients)
    contacts = ContactsDecided(
        subjects=_subjects(patients, known),
        refused_patients=patients.refused,
        withheld=patients.withheld,
        staff=patients.staff,
        on_record={contact_key(contact.patient, contact): contact for contact in known.contacts},
    )
    contacts.decide(reading.contacts)
    return _whole(reading, known, patients, contacts)


def _staff_names(reading: Reading) -> set[str]:
    of_patients = {row.care_manager for row in reading.patient_candidates()}
    return of_patients | {row.care_manager for row in reading.contact_candidates()}


def _subjects(patients: PatientsDecided, known: Known) -> list[Subject]:
    """Everybody whom a contact can mean: the file's patients, and those on record whom it does not name."""
    clinics = {clinic.key: clinic for clinic in known.clinics}
    of_file = [
        Subject(plan.key, plan.candidate.person, plan.clinic, patients.known.get(plan.key), plan)
        for plan in patients.plans.values()
    ]
    others = [
        Subject(patient.key, patient.person, clinics[patient.clinic], patient)
        for patient in known.patients
        if patient.key not in patients.plans
    ]
    return of_file + others


def _whole(reading: Reading, known: Known, patients: PatientsDecided, contacts: ContactsDecided) -> ImportPlan:
    stretches = _stretches(known, contacts.plans)
    held = held_because(stretches)
    logged = _by_patient(contacts.plans)
    last_on_record = {contact.patient: contact.on for contact in sorted(known.contacts, key=lambda each: each.on)}
    plans = {
        key: _ended(plan, [each.candidate.on for each in logged.get(key, ())], last_on_record.get(key))
        for key, plan in patients.plans.items()
    }
    by_origin = {patients.origins[key]: plan for key, plan in plans.items()}
    return ImportPlan(
        fates=(
            *(_finished(fate, by_origin, logged) for fate in patients.fates),
            *(_held(fate, held) for fate in contacts.fates),
        ),
        patients=tuple(plans.values()),
        contacts=_with_held(contacts.plans, held),
        clinics=patients.places.new,
        staff=patients.staff.new,
        clinicians=patients.clinicians.new,
        payers=patients.payers.new,
        remarks=(*reading.recognition.remarks, *_assumptions(tuple(plans.values()))),
        overlaps=overlap_count(stretches),
        unenrolled=patients.unenrolled,
        doubtful_names=_doubtful_names(reading, patients),
    )


def _doubtful_names(reading: Reading, patients: PatientsDecided) -> tuple[tuple[str, str], ...]:
    """Names that nobody on record has, so that somebody is made for them, or that several could mean."""
    clinicians = {row.clinician for row in reading.patient_candidates()}
    made = (
        [("clinic", clinic.name) for clinic in patients.places.new],
        [("care_manager", name) for name in sorted(_staff_names(reading)) if _is_doubtful(name, patients.staff)],
        [("clinician", name) for name in sorted(clinicians) if _is_doubtful(name, patients.clinicians)],
        [("payer", payer.name) for payer in patients.payers.new],
    )
    return tuple(pair for pairs in made for pair in pairs)


def _is_doubtful(name: str, names: Directory) -> bool:
    meant = names.find(name) if name else ()
    return bool(name) and (len(meant) > 1 or any(each in names.new for each in meant))


def _assumptions(patients: Sequence[PatientPlan]) -> list[str]:
    """What the import takes to be so because no file says anything of it."""
    assumed = sum(plan.writes.is_care_plan_assumed for plan in patients)
    uncoded = sum(plan.writes.visit_on is not None for plan in patients)
    said = []
    if assumed:
        whose = "1 patient" if assumed == 1 else f"{assumed} patients"
        said.append(
            f"No care plan is named for {whose}: one is assumed since enrolment. Their months are flagged until "
            "somebody has seen the plan, and their claims wait for that."
        )
    if uncoded:
        visits = "1 initiating visit has" if uncoded == 1 else f"{uncoded} initiating visits have"
        said.append(f"{visits} a day but no code: it counts, and months that rest on it are flagged.")
    return said


def _by_patient(plans: Sequence[ContactPlan]) -> Mapping[str, Sequence[ContactPlan]]:
    groups: dict[str, list[ContactPlan]] = {}
    for plan in plans:
        groups.setdefault(plan.patient, []).append(plan)
    return groups


def _stretches(known: Known, plans: Sequence[ContactPlan]) -> list[Stretch]:
    """Clock time on record (but for what the file corrects) and in the file."""
    corrected = {plan.replaces for plan in plans if plan.replaces}
    on_record = [
        Stretch(span.key, span.staff, span.patient, span.starts_at, span.ends_at, "time on record", on_record=True)
        for span in known.spans
        if span.contact not in corrected
    ]
    new = [Stretch(plan.key, plan.staff, plan.patient, *plan.span, label=plan.key) for plan in plans if plan.span]
    return on_record + new


def _held(fate: Fate, held: Mapping[str, Stretch]) -> Fate:
    other = held.get(str(fate.origin))
    if other is None:
        return fate
    message = f"Held: overlaps {other.label} of the same person for another patient; counts nowhere until settled."
    return replace(fate, outcome="held", messages=(*fate.messages, message))


def _with_held(plans: Sequence[ContactPlan], held: Mapping[str, Stretch]) -> tuple[ContactPlan, ...]:
    others = {plan.key: held[plan.key].key if plan.key in held else "" for plan in plans}
    return tuple(replace(plan, held_with=others[plan.key]) for plan in plans)


def _ended(plan: PatientPlan, days: Sequence[date], last_on_record: date | None) -> PatientPlan:
    """A discharge without its day is dated by the last contact, in the file or on record, else by enrolment."""
    enrolment = plan.candidate.enrolment
    writes = plan.writes
    new = writes.episode
    if enrolment is None or enrolment.ended_on or "discharged" not in (writes.state, new.state if new else ""):
        return plan
    ended_on = max([*days, last_on_record or enrolment.enrolled_on, enrolment.enrolled_on])
    if new:
        return replace(plan, writes=replace(writes, episode=replace(new, ended_on=ended_on)))
    return replace(plan, writes=replace(writes, ended_on=ended_on))


def _finished(fate: Fate, plans: Mapping[Origin, PatientPlan], logged: Mapping[str, Sequence[ContactPlan]]) -> Fate:
    """The fate of a patient's row with what only the contacts could tell."""
    plan = plans.get(fate.origin)
    if plan is None:
        return fate
    said = [*_said_of_end(plan), *_said_of_consent(plan, logged.get(plan.key, ()))]
    return replace(fate, messages=(*fate.messages, *said))


def _said_of_end(plan: PatientPlan) -> list[str]:
    enrolment = plan.candidate.enrolment
    ended_on = plan.writes.episode.ended_on if plan.writes.episode else plan.writes.ended_on
    if enrolment is None or enrolment.ended_on or ended_on is None:
        return []
    day, reason = f"{ended_on:%m/%d/%Y}", enrolment.end_reason.replace("_", " ")
    return [f"Discharged without a date: the last contact, {day}, is taken; reason: {reason}."]


def _said_of_consent(plan: PatientPlan, contacts: Sequence[ContactPlan]) -> list[str]:
    new = plan.writes.episode
    if new is None:
        return []
    before = sum(
        contact.candidate.minutes or 0
        for contact in contacts
        if new.consent_on is None or contact.candidate.on < new.consent_on
    )
    return [f"{before} minutes do not count for want of a consent on their day."] if before else []
