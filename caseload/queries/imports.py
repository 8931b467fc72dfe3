"""What the pages of imports show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from caseload.models import CaseReview, Contact, ImportFile, ImportRow, ImportRun, ImportState
from registry.models import CarePlan, Consent, Coverage, Diagnosis, Episode, InitiatingVisit

ROWS_PER_PAGE = 100


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
    is_discarded: bool


def imports(organization_id: UUID, *, limit: int = 50) -> list[ImportSummary]:
    """The last imports, the newest first. Three statements."""
    runs = list(ImportRun.objects.filter(organization_id=organization_id).order_by("-created_at", "-id")[:limit])
    return _summaries(organization_id, runs)


def import_page(organization_id: UUID, run_id: UUID, *, fate: str = "", page: int = 1) -> ImportPage:
    """One import with the rows of one fate. Raises NotFound."""
    run = import_run(organization_id, run_id)
    (summary,) = _summaries(organization_id, [run])
    of_run = ImportRow.objects.filter(organization_id=organization_id, run=run)
    counts = dict(of_run.order_by("fate").values_list("fate").annotate(rows=Count("id")))
    total = counts.get(fate, 0) if fate else sum(counts.values())
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
        counts=counts,
        rows=tuple(rows),
        page=page,
        pages=pages,
        is_working=run.state in (ImportState.READING, ImportState.IMPORTING),
        can_be_imported=run.state == ImportState.PREVIEW and not stops and bool(counts),
        can_be_corrected=run.state in (ImportState.PREVIEW, ImportState.IMPORTING),
        is_discarded=run.state == ImportState.DISCARDED,
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
    """The live episodes that rest on what an import brought, each with the first day that may come out differently.

    Its own, those whose course it added to, and all of a patient to whom it added what counts for every episode.
    """
    of = {"organization_id": organization_id, "import_id": run_id}
    rests = Q(import_id=run_id)
    for of_course in (Contact, CaseReview, CarePlan, Diagnosis):
        rests |= Q(id__in=of_course.objects.live().filter(**of).values("episode_id"))
    for of_patient in (Consent, InitiatingVisit, Coverage):
        rests |= Q(patient_id__in=of_patient.objects.live().filter(**of).values("patient_id"))
    episodes = Episode.objects.live().filter(rests, organization_id=organization_id)
    found = {
        episode_id: referred_on or enrolled_on
        for episode_id, enrolled_on, referred_on in episodes.values_list("id", "enrolled_on", "referred_on")
    }
    for episode_id, on in Contact.objects.live().filter(**of).values_list("episode_id", "on"):
        found[episode_id] = min(found[episode_id], on)
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
    files: dict[UUID, list[str]] = defaultdict(list)
    kept = ImportFile.objects.filter(organization_id=organization_id, run__in=runs).order_by("position")
    for run_id, name in kept.values_list("run_id", "name"):
        files[run_id].append(name)
    return [
        ImportSummary(
            id=run.id,
            files=tuple(files.get(run.id) or run.summary.get("files", ())),
            state=run.state,
            state_label=run.get_state_display(),
            created_at=run.created_at,
            by=people[run.by_id].name,
            patients=run.summary.get("patients", {}),
            contacts=run.summary.get("contacts", {}),
        )
        for run in runs
    ]
