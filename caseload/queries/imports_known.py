"""What an import is held against: everything on record that its rows could mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import CharField, F, Func, Q, QuerySet, Value

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Clinic
from caseload.models import CaseReview, Contact, TimeEntry
from caseload.rules.imports.candidates import Insurance, Person, Scores
from caseload.rules.imports.known import (
    Known,
    KnownClinic,
    KnownContact,
    KnownEpisode,
    KnownName,
    KnownPatient,
    KnownSpan,
)
from caseload.rules.imports.reading import Reading
from registry.models import (
    Assessment,
    CarePlan,
    Consent,
    Coverage,
    Diagnosis,
    Episode,
    InitiatingVisit,
    Patient,
    Payer,
    RecordNumber,
    Referral,
    TreatingClinician,
)
from registry.queries.programs import programs_of
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

Row = TypeVar("Row")


def known_for(organization_id: UUID, reading: Reading) -> Known:
    """What the organization has that the rows could mean: a fixed number of statements, whatever the file's length."""
    programs = programs_of(organization_id)
    clinics = {clinic.id: clinic for clinic in Clinic.objects.filter(organization_id=organization_id).order_by("name")}
    patients = list(_patients(organization_id, reading))
    ids = [patient.id for patient in patients]
    return Known(
        clinics=tuple(
            KnownClinic(str(each.id), each.name, each.time_zone, programs.get(each.id, "cocm"))
            for each in clinics.values()
        ),
        staff=_staff(organization_id),
        clinicians=_named(TreatingClinician.objects.filter(organization_id=organization_id)),
        payers=_named(Payer.objects.filter(organization_id=organization_id)),
        patients=_known_patients(organization_id, patients, ids),
        contacts=_contacts(organization_id, ids, reading, {each.id: clinics[each.clinic_id] for each in patients}),
        spans=_spans(organization_id, reading),
    )


def _patients(organization_id: UUID, reading: Reading) -> QuerySet[Patient]:
    """Everybody with a record number (leading zeros apart, also another clinic's) or a family name of the file."""
    people = [row.person for row in reading.patient_candidates()]
    named = [row.patient for row in reading.contact_candidates()]
    numbers = {bare_mrn(mrn) for mrn in [*(each.mrn for each in people), *(each.mrn for each in named)]} - {""}
    written = {each.family for each in people} | {each.family for each in named}
    families = {sort_name(family, "") for family in written} - {""}
    bare = Func(F("mrn"), Value("0"), function="ltrim", output_field=CharField())
    of_organization = {"organization_id": organization_id}
    elsewhere = RecordNumber.objects.live().filter(**of_organization).annotate(bare=bare).filter(bare__in=numbers)
    found = Patient.objects.live().filter(**of_organization)
    family = Func(F("sort_name"), Value(","), Value(1), function="split_part", output_field=CharField())
    alike = Q(bare__in=numbers) | Q(family__in=families) | Q(id__in=elsewhere.values("patient_id"))
    alike_ones: QuerySet[Patient] = found.annotate(bare=bare, family=family).filter(alike)
    return alike_ones.order_by("id")


def _staff(organization_id: UUID) -> tuple[KnownName, ...]:
    return tuple(
        KnownName(str(seat.id), seat.name, seat.credential, frozenset(seat.roles))
        for seat in sorted(people_of(organization_id).values(), key=lambda seat: (seat.name, seat.id))
        if not seat.is_system
    )


def _named(rows: QuerySet[Any]) -> tuple[KnownName, ...]:
    return tuple(
        KnownName(str(row.id), row.name, getattr(row, "credential", "")) for row in rows.order_by("name", "id")
    )


def _known_patients(organization_id: UUID, patients: list[Patient], ids: list[UUID]) -> tuple[KnownPatient, ...]:
    episodes = _episodes(organization_id, ids)
    consents = _days(Consent, organization_id, ids, _consent_day)
    visits = _days(InitiatingVisit, organization_id, ids, lambda visit: visit.on)
    insurance = _insurance(organization_id, ids)
    of = {"organization_id": organization_id, "patient_id__in": ids}
    numbers = _grouped(
        (patient_id, (str(clinic_id), mrn))
        for patient_id, clinic_id, mrn in RecordNumber.objects.live()
        .filter(**of)
        .values_list("patient_id", "clinic_id", "mrn")
    )
    referred = Referral.objects.live().filter(**of, ended_on__isnull=True)
    waiting = set(referred.values_list("patient_id", flat=True))
    return tuple(
        KnownPatient(
            key=str(patient.id),
            clinic=str(patient.clinic_id),
            person=_person(patient),
            insurance=insurance.get(patient.id),
            episodes=tuple(_episode(episode, facts) for episode, facts in episodes.get(patient.id, ())),
            consents=frozenset(consents.get(patient.id, ())),
            visits=frozenset(visits.get(patient.id, ())),
            care_manager=_care_manager(episodes.get(patient.id, ())),
            numbers=frozenset(numbers.get(patient.id, ())),
            can_be_referred=patient.id not in waiting and patient.died_on is None,
        )
        for patient in patients
    )


def _person(patient: Patient) -> Person:
    return Person(
        mrn=patient.mrn,
        family=patient.family_name,
        given=patient.given_name,
        birth_on=patient.birth_date,
        middle=patient.middle_name,
        sex=patient.sex,
        phone=patient.phone,
        email=patient.email,
        address=patient.address,
        city=patient.city,
        state=patient.state,
        postal_code=patient.postal_code,
        language=patient.language,
    )


EpisodeFacts = Mapping[str, frozenset[Any]]


def _episodes(organization_id: UUID, ids: list[UUID]) -> dict[UUID, list[tuple[Episode, EpisodeFacts]]]:
    found = list(
        Episode.objects.live()
        .filter(organization_id=organization_id, patient_id__in=ids)
        .order_by("patient_id", "enrolled_on")
    )
    of = {"organization_id": organization_id, "episode_id__in": [episode.id for episode in found]}
    diagnoses = _grouped(Diagnosis.objects.live().filter(**of).values_list("episode_id", "code"))
    reviews = _grouped(CaseReview.objects.live().filter(**of).values_list("episode_id", "on"))
    plans = _grouped(CarePlan.objects.live().filter(**of).values_list("episode_id", "on"))
    facts = {"diagnoses": diagnoses, "reviews": reviews, "care_plans": plans}
    return _grouped(
        (episode.patient_id, (episode, {name: frozenset(rows.get(episode.id, ())) for name, rows in facts.items()}))
        for episode in found
    )


def _episode(episode: Episode, facts: EpisodeFacts) -> KnownEpisode:
    return KnownEpisode(
        key=str(episode.id),
        program=episode.program,
        state=episode.status,
        enrolled_on=episode.enrolled_on,
        ended_on=episode.ended_on,
        relapse_prevention_on=episode.relapse_prevention_from,
        **facts,
    )


def _care_manager(episodes: Iterable[tuple[Episode, EpisodeFacts]]) -> str:
    last = [episode.care_manager_id for episode, _ in episodes if episode.care_manager_id]
    return str(last[-1]) if last else ""


def _days(model: Any, organization_id: UUID, ids: list[UUID], day_of: Any) -> dict[UUID, list[date]]:
    rows = model.objects.live().filter(organization_id=organization_id, patient_id__in=ids)
    return _grouped((row.patient_id, day_of(row)) for row in rows.select_related("patient__clinic"))


def _consent_day(consent: Consent) -> date:
    return consent.given_at.astimezone(ZoneInfo(consent.patient.clinic.time_zone)).date()


def _insurance(organization_id: UUID, ids: list[UUID]) -> dict[UUID, Insurance]:
    rows = Coverage.objects.live().filter(
        organization_id=organization_id, patient_id__in=ids, rank=1, until_on__isnull=True
    )
    return {
        row.patient_id: Insurance(row.payer.name, row.payer.payer_code, row.member_id)
        for row in rows.select_related("payer")
    }


def _contacts(
    organization_id: UUID, ids: list[UUID], reading: Reading, clinics: Mapping[UUID, Clinic]
) -> tuple[KnownContact, ...]:
    """Live contacts of these patients on the days that the file has, with their minutes and scores."""
    days = [row.on for row in reading.contact_candidates()]
    if not days or not ids:
        return ()
    found = list(
        Contact.objects.live()
        .filter(organization_id=organization_id, patient_id__in=ids, on__gte=min(days), on__lte=max(days))
        .order_by("id")
    )
    of = {"organization_id": organization_id, "contact_id__in": [contact.id for contact in found]}
    entries = _grouped((entry.contact_id, entry) for entry in TimeEntry.objects.live().filter(**of))
    scores = _grouped((score.contact_id, score) for score in Assessment.objects.live().filter(**of))
    return tuple(
        _known_contact(
            contact,
            ZoneInfo(clinics[contact.patient_id].time_zone),
            entries.get(contact.id, []),
            scores.get(contact.id, []),
        )
        for contact in found
    )


def _known_contact(
    contact: Contact, zone: ZoneInfo, entries: list[TimeEntry], scores: list[Assessment]
) -> KnownContact:
    by_scale = {score.instrument: score for score in scores}
    phq9, gad7 = by_scale.get("phq9", Assessment()), by_scale.get("gad7", Assessment())
    return KnownContact(
        key=str(contact.id),
        patient=str(contact.patient_id),
        on=contact.on,
        start=contact.started_at.astimezone(zone).time() if contact.started_at else None,
        activity=contact.activity,
        mode=contact.mode,
        minutes=sum(_minutes(entry) for entry in entries) or None,
        scores=Scores(phq9.total, phq9.item9, gad7.total),
        is_corrected=any(entry.replaces_id and entry.import_id is None for entry in entries),
    )


def _minutes(entry: TimeEntry) -> int:
    if entry.span is None:
        return (entry.seconds or 0) // 60
    minutes: int = (entry.span.upper - entry.span.lower) // timedelta(minutes=1)
    return minutes


def _spans(organization_id: UUID, reading: Reading) -> tuple[KnownSpan, ...]:
    """Clock time on record that new time could overlap: neither held nor voided, on the days that the file has."""
    days = [row.on for row in reading.contact_candidates() if row.start]
    if not days:
        return ()
    first = datetime.combine(min(days), time(), ZoneInfo("UTC")) - timedelta(days=2)
    last = datetime.combine(max(days), time(), ZoneInfo("UTC")) + timedelta(days=3)
    rows = TimeEntry.objects.live().filter(organization_id=organization_id, held=False, span__overlap=(first, last))
    return tuple(
        KnownSpan(
            key=str(row.id),
            contact=str(row.contact_id or ""),
            staff=str(row.by_id),
            patient=str(row.patient_id),
            starts_at=row.span.lower,
            ends_at=row.span.upper,
        )
        for row in rows.order_by("id")
    )


def _grouped(pairs: Iterable[tuple[UUID, Row]]) -> dict[UUID, list[Row]]:
    groups: dict[UUID, list[Row]] = defaultdict(list)
    for key, row in pairs:
        groups[key].append(row)
    return groups
