"""Carrying out an import plan: what it names is made or fetched, then every fact is stored in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.accounts.operations import add_member
from bhi.accounts.queries import people_of
from bhi.jobs.operations import announce
from bhi.tenancy.models import Clinic, Membership, Role
from caseload.models import Contact, FollowUp, RecommendationKind, TimeEntry
from caseload.operations.contacts import draft_contact, draft_follow_up
from caseload.operations.reviews import draft_review
from caseload.operations.standing import rebuild_standing
from caseload.operations.timekeeping import Work, draft_time
from caseload.rules.clock import day_start, local_instant
from caseload.rules.imports.candidates import Enrolment, Insurance
from caseload.rules.imports.known import KnownClinic, KnownName
from caseload.rules.imports.people import is_self_pay
from caseload.rules.imports.plans import ContactPlan, ImportPlan, PatientPlan
from caseload.rules.worktime import WorkTime
from registry.models import Assessment, Coverage, Episode, Fact, Patient, Payer, TreatingClinician
from registry.operations.drafts import (
    draft_assessment,
    draft_care_plan,
    draft_consent,
    draft_coverage,
    draft_diagnosis,
    draft_episode,
    draft_patient,
    draft_program_period,
    draft_visit,
)
from registry.operations.episodes import end_episode, start_relapse_prevention
from registry.operations.people import payer_named, treating_clinician_named
from registry.operations.recording import Stamp, record_facts, void_facts
from registry.rules.months import months_between
from registry.rules.names import read_person

Progress = Callable[[int, int], None]
_ATTESTED = "Stated at the import: a care plan has existed since this day and is kept elsewhere."
_ASSUMED = "Assumed at the import, whose file says nothing of care plans. Nobody has seen one yet."
_REPLACED = "Replaced by an import"


@dataclass
class _Named:
    """What the plan's keys stand for."""

    clinics: dict[str, Clinic] = field(default_factory=dict)
    staff: dict[str, Membership] = field(default_factory=dict)
    clinicians: dict[str, TreatingClinician] = field(default_factory=dict)
    payers: dict[str, Payer] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    episodes: dict[str, Episode] = field(default_factory=dict)
    new_episodes: dict[str, Episode] = field(default_factory=dict)

    def episode_of(self, plan: ContactPlan) -> Episode:
        return self.episodes[plan.episode] if plan.episode else self.new_episodes[plan.patient]


@dataclass
class _Drafts:
    """Facts by kind, in the order in which they can be stored."""

    facts: dict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kind: str, *facts: Fact) -> None:
        self.facts[kind].extend(facts)

    def record(self, progress: Progress) -> None:
        """What is referred to comes first; a held time comes after the one that it overlaps."""
        total, done = sum(map(len, self.facts.values())), 0
        for kind in ("patient", "episode", "dated", "contact", "time", "held", "score", "next"):
            _forget_plans()
            done += record_facts(self.facts[kind])
            progress(done, total)


def carry_out(plan: ImportPlan, *, stamp: Stamp, progress: Progress) -> list[UUID]:
    """Write everything that the plan decided, in the transaction of the caller. Returns the episodes touched.

    Raises what Postgres refuses: IntegrityError, or MonthClosed for a contact in a closed month.
    """
    named = _everything_named(plan, stamp)
    drafts = _Drafts()
    for patient_plan in plan.patients:
        _draft_patient(patient_plan, named, drafts, stamp)
    replaced = _void_replaced(plan.contacts, stamp)
    _draft_contacts(plan.contacts, named, drafts, stamp, replaced)
    drafts.record(progress)
    for patient_plan in plan.patients:
        _move_on(patient_plan, named, stamp)
    _close_follow_ups(drafts.facts["next"])
    touched = [*named.new_episodes.values(), *(named.episodes[key] for key in _touched(plan))]
    return _tell(touched, plan, named, stamp)


def allow_minutes() -> None:
    """A long import takes longer than a request may; its transaction gets limits of its own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', '10min', true), "
            "set_config('idle_in_transaction_session_timeout', '10min', true)"
        )


def _forget_plans() -> None:
    """Let Postgres plan the foreign keys' checks anew for each kind of fact.

    A plan made on this connection while the tables were small reads them from end to end for every row, which
    makes a first large import take hours.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")


# What the plan's keys stand for.


def _everything_named(plan: ImportPlan, stamp: Stamp) -> _Named:
    organization_id = stamp.by.organization_id
    named = _Named(
        clinics=_by_key(Clinic.objects.filter(organization_id=organization_id)),
        staff={str(key): seat for key, seat in people_of(organization_id).items()},
        clinicians=_by_key(TreatingClinician.objects.filter(organization_id=organization_id)),
        payers=_by_key(Payer.objects.filter(organization_id=organization_id)),
        patients=_patients_on_record(plan, organization_id),
        episodes=_episodes_on_record(plan, organization_id),
    )
    named.clinics |= {each.key: _make_clinic(each, stamp) for each in plan.clinics}
    named.staff |= {each.key: _make_seat(each, stamp) for each in plan.staff}
    named.clinicians |= {each.key: _make_clinician(each, stamp) for each in plan.clinicians}
    codes = _payer_codes(plan)
    named.payers |= {each.key: _make_payer(each, codes.get(each.key, ""), stamp) for each in plan.payers}
    return named


def _by_key(rows: Iterable[Any]) -> dict[str, Any]:
    return {str(row.id): row for row in rows}


def _patients_on_record(plan: ImportPlan, organization_id: UUID) -> dict[str, Patient]:
    keys = {each.key for each in plan.patients if not each.is_new}
    keys |= {each.patient for each in plan.contacts if not each.patient.startswith("row:")}
    return _by_key(Patient.objects.live().filter(organization_id=organization_id, id__in=keys))


def _episodes_on_record(plan: ImportPlan, organization_id: UUID) -> dict[str, Episode]:
    keys = {each.writes.episode_key for each in plan.patients} | {each.episode for each in plan.contacts}
    return _by_key(Episode.objects.live().filter(organization_id=organization_id, id__in=keys - {""}))


def _make_clinic(clinic: KnownClinic, stamp: Stamp) -> Clinic:
    made: Clinic = Clinic.objects.create(
        organization_id=stamp.by.organization_id, name=clinic.name[:200], time_zone=clinic.zone
    )
    return made


def _make_seat(person: KnownName, stamp: Stamp) -> Membership:
    """A seat without a user: somebody whose work is on record and who does not sign in."""
    return add_member(
        organization=stamp.by.organization,
        user=None,
        name=person.name[:200],
        credential=person.credential[:40],
        roles=[Role.CARE_MANAGER],
    )


def _make_clinician(person: KnownName, stamp: Stamp) -> TreatingClinician:
    name = read_person(person.name)
    return treating_clinician_named(
        by=stamp.by, family_name=name.family, given_name=name.given, credential=person.credential[:40]
    )


def _make_payer(payer: KnownName, code: str, stamp: Stamp) -> Payer:
    return payer_named(by=stamp.by, name=payer.name, payer_code=code, is_self_pay=is_self_pay(payer.name))


def _payer_codes(plan: ImportPlan) -> Mapping[str, str]:
    rows = ((each.payer, each.candidate.insurance) for each in plan.patients)
    return {key: insurance.payer_code for key, insurance in rows if insurance and insurance.payer_code}


# Patients.


def _draft_patient(plan: PatientPlan, named: _Named, drafts: _Drafts, stamp: Stamp) -> None:
    patient = _new_patient(plan, named, drafts, stamp) if plan.is_new else _updated(plan, named)
    if plan.writes.insurance:
        _draft_insurance(plan, plan.writes.insurance, patient, named, drafts, stamp)
    if plan.writes.episode:
        named.new_episodes[plan.key] = _draft_episode(plan, plan.writes.episode, patient, named, drafts, stamp)
    _draft_facts(plan, patient, named, drafts, stamp)


def _new_patient(plan: PatientPlan, named: _Named, drafts: _Drafts, stamp: Stamp) -> Patient:
    person = plan.candidate.person
    patient = draft_patient(
        stamp,
        clinic=named.clinics[plan.clinic.key],
        mrn=person.mrn,
        family_name=person.family,
        given_name=person.given,
        middle_name=person.middle,
        birth_date=person.birth_on,
        sex=person.sex,
        phone=person.phone,
        email=person.email,
        address=person.address,
        city=person.city,
        state=person.state,
        postal_code=person.postal_code,
        language=person.language,
    )
    named.patients[plan.key] = patient
    drafts.add("patient", patient)
    return patient


def _updated(plan: PatientPlan, named: _Named) -> Patient:
    """A patient on record with what the row says newly of how to reach them."""
    patient = named.patients[plan.key]
    columns = {("middle_name" if key == "middle" else key): value for key, value in plan.writes.person.items()}
    for column, value in columns.items():
        setattr(patient, column, value)
    if columns:
        patient.save(update_fields=list(columns))
    return patient


def _draft_insurance(
    plan: PatientPlan, insurance: Insurance, patient: Patient, named: _Named, drafts: _Drafts, stamp: Stamp
) -> None:
    """The first coverage. One on record is ended for another payer, and replaced for another number of the same."""
    payer = named.payers[plan.payer]
    from_on = None
    for old in (
        Coverage.objects.live().filter(patient=patient, rank=1, until_on__isnull=True) if not plan.is_new else ()
    ):
        if old.payer_id == payer.id:
            void_facts([old], stamp=stamp, reason=_REPLACED)
        else:
            from_on = stamp.at.date()
            Coverage.objects.filter(id=old.id).update(until_on=from_on)
    drafts.add(
        "dated", draft_coverage(stamp, patient=patient, payer=payer, member_id=insurance.member_id, from_on=from_on)
    )


def _draft_episode(
    plan: PatientPlan, enrolment: Enrolment, patient: Patient, named: _Named, drafts: _Drafts, stamp: Stamp
) -> Episode:
    episode = draft_episode(
        stamp,
        patient=patient,
        clinic=named.clinics[plan.clinic.key],
        enrolled_on=enrolment.enrolled_on,
        program=enrolment.program,
        referred_on=enrolment.referred_on,
        relapse_prevention_from=enrolment.relapse_prevention_on,
        ended_on=enrolment.ended_on,
        end_reason=enrolment.end_reason,
        care_manager=named.staff.get(plan.care_manager),
        treating_clinician=named.clinicians.get(plan.clinician),
    )
    if enrolment.state == "on_hold":
        episode.status = "on_hold"
    drafts.add("episode", episode)
    first = draft_program_period(stamp, episode=episode, program=enrolment.program, from_on=enrolment.enrolled_on)
    drafts.add("dated", first)
    return episode


def _draft_facts(plan: PatientPlan, patient: Patient, named: _Named, drafts: _Drafts, stamp: Stamp) -> None:
    """The dated facts of the patient's episode: the new one, else the one on record that the row is about."""
    writes = plan.writes
    episode = named.new_episodes.get(plan.key) or named.episodes.get(writes.episode_key)
    if writes.consent_on:
        drafts.add(
            "dated",
            draft_consent(
                stamp,
                patient=patient,
                given_at=day_start(writes.consent_on, ZoneInfo(plan.clinic.zone)),
                is_time_known=False,
                form=writes.consent_form,
                treating_clinician=named.clinicians.get(plan.clinician),
            ),
        )
    if writes.visit_on:
        drafts.add("dated", draft_visit(stamp, patient=patient, on=writes.visit_on))
    if episode is None:
        return
    for rank, code in enumerate(writes.diagnoses, start=1):
        drafts.add("dated", draft_diagnosis(stamp, episode=episode, code=code, rank=rank, from_on=episode.enrolled_on))
    if writes.care_plan_on:
        drafts.add("dated", _draft_care_plan(plan, writes.care_plan_on, episode, stamp))
    if writes.review_on:
        unknown = [(RecommendationKind.NOT_RECORDED, "")]
        review = draft_review(
            stamp,
            patient_id=patient.id,
            episode_id=episode.id,
            on=writes.review_on,
            recommendations=unknown,
        )
        drafts.add("dated", *review)


def _draft_care_plan(plan: PatientPlan, on: date, episode: Episode, stamp: Stamp) -> Fact:
    """The plan that the file names, or one that was attested or is assumed, and says so."""
    if plan.candidate.enrolment and plan.candidate.enrolment.care_plan_on:
        return draft_care_plan(stamp, episode=episode, on=on)
    is_assumed = plan.writes.is_care_plan_assumed
    text = _ASSUMED if is_assumed else _ATTESTED
    return draft_care_plan(stamp, episode=episode, on=on, text=text, is_assumed=is_assumed)


def _move_on(plan: PatientPlan, named: _Named, stamp: Stamp) -> None:
    """Bring an episode on record to the state that the row says."""
    writes = plan.writes
    if not writes.state:
        return
    episode = named.episodes[writes.episode_key]
    if writes.state == "discharged" and writes.ended_on:
        end_episode(by=stamp.by, at=stamp.at, episode=episode, on=writes.ended_on, reason=writes.end_reason)
    elif writes.relapse_prevention_on:
        start_relapse_prevention(by=stamp.by, at=stamp.at, episode=episode, on=writes.relapse_prevention_on)
    else:
        episode.status = writes.state
        episode.save(update_fields=["status"])


# Contacts.


def _void_replaced(plans: Sequence[ContactPlan], stamp: Stamp) -> dict[str, TimeEntry]:
    """Take back the contacts that the file corrects, with their time and scores; the time by contact key."""
    keys = [plan.replaces for plan in plans if plan.replaces]
    if not keys:
        return {}
    of = {"organization_id": stamp.by.organization_id}
    contacts = list(Contact.objects.live().filter(**of, id__in=keys))
    entries = list(TimeEntry.objects.live().filter(**of, contact_id__in=keys))
    scores = list(Assessment.objects.live().filter(**of, contact_id__in=keys))
    void_facts([*entries, *scores, *contacts], stamp=stamp, reason=_REPLACED)
    return {str(entry.contact_id): entry for entry in entries}


def _draft_contacts(
    plans: Sequence[ContactPlan],
    named: _Named,
    drafts: _Drafts,
    stamp: Stamp,
    replaced: Mapping[str, TimeEntry],
) -> None:
    entries: dict[str, TimeEntry] = {}
    last: dict[UUID, tuple[ContactPlan, Contact]] = {}
    for plan in plans:
        contact = _draft_contact(plan, named, drafts, stamp)
        if plan.candidate.minutes:
            entries[plan.key] = _draft_time(plan, contact, named, stamp, replaced)
        if contact.episode_id not in last or last[contact.episode_id][0].candidate.on <= plan.candidate.on:
            last[contact.episode_id] = (plan, contact)
    for plan in plans:
        if plan.key in entries:
            _hold(plan, entries, drafts)
    for plan, contact in last.values():
        _draft_next(plan, contact, named, drafts, stamp)


def _draft_contact(plan: ContactPlan, named: _Named, drafts: _Drafts, stamp: Stamp) -> Contact:
    row = plan.candidate
    patient, episode = named.patients[plan.patient], named.episode_of(plan)
    contact = draft_contact(
        stamp,
        patient_id=patient.id,
        episode_id=episode.id,
        worked_by=named.staff[plan.staff],
        on=row.on,
        started_at=_started_at(plan, patient, named),
        activity=row.type.activity,
        mode=row.type.mode,
        note=row.note,
        client_token=_token(stamp, plan.key, "contact"),
    )
    drafts.add("contact", contact)
    scales = (("phq9", row.scores.phq9, row.scores.item9), ("gad7", row.scores.gad7, None))
    for scale, total, item9 in scales:
        if total is not None:
            score = draft_assessment(
                stamp,
                patient=patient,
                episode=episode,
                instrument_key=scale,
                on=row.on,
                total=total,
                item9=item9,
                contact_id=contact.id,
            )
            drafts.add("score", score)
    return contact


def _started_at(plan: ContactPlan, patient: Patient, named: _Named) -> datetime | None:
    """The instant of the start, also where no minutes were logged; None where only the day is known."""
    if plan.span:
        return plan.span[0]
    if plan.candidate.start is None:
        return None
    clinic = next(each for each in named.clinics.values() if each.id == patient.clinic_id)
    return local_instant(datetime.combine(plan.candidate.on, plan.candidate.start), ZoneInfo(clinic.time_zone))


def _draft_time(
    plan: ContactPlan, contact: Contact, named: _Named, stamp: Stamp, replaced: Mapping[str, TimeEntry]
) -> TimeEntry:
    row = plan.candidate
    untimed = (None, None) if plan.span else (row.on, (row.minutes or 0) * 60)
    entry = draft_time(
        stamp,
        patient_id=contact.patient_id,
        episode_id=contact.episode_id,
        time=WorkTime(plan.span, *untimed),
        work=Work(activity=row.type.activity),
        program=plan.service,
        worked_by=named.staff[plan.staff],
        client_token=_token(stamp, plan.key, "time"),
        contact=contact,
    )
    entry.replaces = replaced.get(plan.replaces)
    return entry


def _hold(plan: ContactPlan, entries: Mapping[str, TimeEntry], drafts: _Drafts) -> None:
    entry = entries[plan.key]
    if not plan.held_with:
        drafts.add("time", entry)
        return
    other = entries.get(plan.held_with)
    entry.held, entry.held_with_id = True, other.id if other else UUID(plan.held_with)
    drafts.add("held", entry)


def _draft_next(plan: ContactPlan, contact: Contact, named: _Named, drafts: _Drafts, stamp: Stamp) -> None:
    """The next contact that the last row of an open episode announces."""
    if plan.candidate.next_on is None or named.episode_of(plan).ended_on is not None:
        return
    drafts.add(
        "next",
        draft_follow_up(
            stamp,
            patient_id=contact.patient_id,
            episode_id=contact.episode_id,
            due_on=plan.candidate.next_on,
            contact=contact,
        ),
    )


def _close_follow_ups(new: Sequence[Fact]) -> None:
    """What was due before is settled by the contact that sets a new date."""
    for fact in new:
        assert isinstance(fact, FollowUp)
        contact = fact.from_contact
        assert contact is not None
        older = FollowUp.objects.live().filter(episode_id=fact.episode_id, closed_on__isnull=True).exclude(id=fact.id)
        older.update(closed_on=contact.on, closed_by_contact=contact)


def _token(stamp: Stamp, key: str, what: str) -> UUID:
    """The same for the same row of the same import, so that it can never be stored twice."""
    assert stamp.import_id is not None
    return uuid5(stamp.import_id, f"{what} {key}")


# Telling.


def _touched(plan: ImportPlan) -> set[str]:
    """The episodes on record whose facts, state or contacts change."""
    of_patients = {each.writes.episode_key for each in plan.patients if not each.writes.is_empty}
    return (of_patients | {each.episode for each in plan.contacts}) - {""}


def _tell(episodes: Sequence[Episode], plan: ImportPlan, named: _Named, stamp: Stamp) -> list[UUID]:
    first: dict[UUID, date] = {episode.id: episode.referred_on or episode.enrolled_on for episode in episodes}
    for each in plan.contacts:
        episode_id = named.episode_of(each).id
        first[episode_id] = min(first[episode_id], each.candidate.on)
    rebuild_standing(organization_id=stamp.by.organization_id, episode_ids=list(first), at=stamp.at)
    announce_rebuilt(first, stamp=stamp)
    return list(first)


def announce_rebuilt(episodes: Mapping[UUID, date], *, stamp: Stamp) -> None:
    """Tell that the months of these episodes from a day on may come out differently; standings are rebuilt already."""
    for episode_id, since in episodes.items():
        announce(
            "episode_changed",
            organization_id=stamp.by.organization_id,
            at=stamp.at,
            episode_id=episode_id,
            months=months_between(since, stamp.at.date()),
            standing="rebuilt",
        )
