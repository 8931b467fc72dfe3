"""What an import is held against, and what its pages show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import CharField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from caseload.models import CaseReview, Contact, ImportFile, ImportRow, ImportRun, ImportState, TimeEntry
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
    TreatingClinician,
)
from registry.rules.identifiers import bare_mrn

Row = TypeVar("Row")
ROWS_PER_PAGE = 100


def known_for(organization_id: UUID, reading: Reading) -> Known:
    """What the organization has that the rows could mean: a fixed number of statements, whatever the file's length."""
    clinics = {clinic.id: clinic for clinic in Clinic.objects.filter(organization_id=organization_id).order_by("name")}
    patients = list(_patients(organization_id, reading))
    ids = [patient.id for patient in patients]
    return Known(
        clinics=tuple(KnownClinic(str(each.id), each.name, each.time_zone) for each in clinics.values()),
        staff=_staff(organization_id),
        clinicians=_named(TreatingClinician.objects.filter(organization_id=organization_id)),
        payers=_named(Payer.objects.filter(organization_id=organization_id)),
        patients=_known_patients(organization_id, patients, ids),
        contacts=_contacts(organization_id, ids, reading, {each.id: clinics[each.clinic_id] for each in patients}),
        spans=_spans(organization_id, reading),
    )


def _patients(organization_id: UUID, reading: Reading) -> QuerySet[Patient]:
    """Everybody with a record number (leading zeros apart) or a family name that the file has."""
    people = [row.person for row in reading.patient_candidates()]
    named = [row.patient for row in reading.contact_candidates()]
    numbers = {bare_mrn(mrn) for mrn in [*(each.mrn for each in people), *(each.mrn for each in named)] if mrn}
    families = {family.lower() for family in [*(each.family for each in people), *(each.family for each in named)]}
    bare = Func(F("mrn"), Value("0"), function="ltrim", output_field=CharField())
    found = Patient.objects.live().filter(organization_id=organization_id)
    alike = Q(bare__in=numbers) | Q(family__in=families - {""})
    alike_ones: QuerySet[Patient] = found.annotate(bare=bare, family=Lower("family_name")).filter(alike)
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


@dataclass(frozen=True)
class ImportSummary:
    """One import in the list of imports."""

    id: UUID
    files: tuple[str, ...]
    state: str
    state_label: str
    created_at: datetime
    by: str
    patients: Mapping[str, int]
    contacts: Mapping[str, int]

    @property
    def new_contacts(self) -> int:
        """New contacts, those included whose time is held."""
        return self.contacts.get("new", 0) + self.contacts.get("held", 0)

    @property
    def refused(self) -> int:
        return self.patients.get("refused", 0) + self.contacts.get("refused", 0)


@dataclass(frozen=True)
class ImportPage:
    """One import with a page of its rows. `counts` are rows by kind and fate, for the tabs."""

    run: ImportSummary
    summary: Mapping[str, Any]
    options: Mapping[str, Any]
    job_id: UUID | None
    counts: Mapping[str, int]
    rows: tuple[ImportRow, ...]
    page: int
    pages: int
    is_working: bool
    can_be_imported: bool
    can_be_corrected: bool
    can_be_undone: bool


def imports(organization_id: UUID, *, limit: int = 50) -> list[ImportSummary]:
    """The last imports, the newest first. Three statements."""
    runs = list(ImportRun.objects.filter(organization_id=organization_id).order_by("-created_at", "-id")[:limit])
    return _summaries(organization_id, runs)


def import_page(organization_id: UUID, run_id: UUID, *, fate: str = "", page: int = 1) -> ImportPage:
    """One import with the rows of one fate. Raises NotFound."""
    run = import_run(organization_id, run_id)
    (summary,) = _summaries(organization_id, [run])
    of_run = ImportRow.objects.filter(organization_id=organization_id, run=run)
    counts: dict[str, int] = defaultdict(int)
    for one in of_run.values_list("fate", flat=True):
        counts[one] += 1
    total = counts[fate] if fate else sum(counts.values())
    pages = max(1, -(-total // ROWS_PER_PAGE))
    page = min(max(page, 1), pages)
    chosen = of_run.filter(fate=fate) if fate else of_run
    rows = chosen.order_by("position")[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
    stops = [*run.summary.get("problems", ()), *run.summary.get("questions", ())]
    return ImportPage(
        run=summary,
        summary=run.summary,
        options=run.options,
        job_id=run.job_id,
        counts=dict(counts),
        rows=tuple(rows),
        page=page,
        pages=pages,
        is_working=run.state in (ImportState.READING, ImportState.IMPORTING),
        can_be_imported=run.state == ImportState.PREVIEW and not stops and bool(counts),
        can_be_corrected=run.state in (ImportState.PREVIEW, ImportState.IMPORTING),
        can_be_undone=run.state == ImportState.IMPORTED,
    )


def import_run(organization_id: UUID, run_id: UUID) -> ImportRun:
    """The door to one import. Raises NotFound."""
    run = ImportRun.objects.filter(organization_id=organization_id, id=run_id).first()
    if run is None:
        raise NotFound
    return run


def all_rows(organization_id: UUID, run_id: UUID) -> list[dict[str, Any]]:
    """The fate of every row of an import, as plain JSON."""
    rows = ImportRow.objects.filter(organization_id=organization_id, run_id=run_id).order_by("position")
    names = ("sheet", "row_number", "kind", "fate", "label", "messages")
    return [
        {("row" if name == "row_number" else name): value for name, value in zip(names, row, strict=True)}
        for row in rows.values_list(*names)
    ]


def episodes_of_import(organization_id: UUID, run_id: UUID) -> dict[UUID, date]:
    """The live episodes that an import brought or added contacts to, each with the first day that it concerns."""
    of = {"organization_id": organization_id, "import_id": run_id}
    found: dict[UUID, date] = {}
    own = Episode.objects.live().filter(**of).values_list("id", "enrolled_on", "referred_on")
    for episode_id, enrolled_on, referred_on in own:
        found[episode_id] = referred_on or enrolled_on
    for episode_id, on in Contact.objects.live().filter(**of).values_list("episode_id", "on"):
        found[episode_id] = min(found.get(episode_id, on), on)
    return found


def is_importing(organization_id: UUID, run_id: UUID) -> bool:
    """Whether an import was confirmed and is waiting for its job."""
    found = ImportRun.objects.filter(organization_id=organization_id, id=run_id, state=ImportState.IMPORTING)
    return found.exists()


def clinic_names(organization_id: UUID) -> list[str]:
    """The organization's clinics by name, for choosing the one that a file does not say."""
    return list(Clinic.objects.filter(organization_id=organization_id).order_by("name").values_list("name", flat=True))


def _summaries(organization_id: UUID, runs: list[ImportRun]) -> list[ImportSummary]:
    people = people_of(organization_id)
    files = _grouped(
        ImportFile.objects.filter(organization_id=organization_id, run__in=runs)
        .order_by("position")
        .values_list("run_id", "name")
    )
    return [
        ImportSummary(
            id=run.id,
            files=tuple(files.get(run.id, ())),
            state=run.state,
            state_label=run.get_state_display(),
            created_at=run.created_at,
            by=people[run.by_id].name,
            patients=run.summary.get("patients", {}),
            contacts=run.summary.get("contacts", {}),
        )
        for run in runs
    ]
