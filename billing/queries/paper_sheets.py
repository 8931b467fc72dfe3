"""Charge sheets and claim sheets as PDFs: what stands on them, and the files that were made and have not expired."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import read
from bhi.jobs.models import Job
from bhi.tenancy.models import Membership
from billing.models import Batch, BatchFormat, Claim
from billing.queries.charge_sheets import ChargeRow, charge_row, charge_sheet
from billing.queries.filing_facts import biller_of
from billing.queries.filing_settings import billing_provider
from billing.queries.kept_heads import kept_head
from billing.queries.other_plans import other_plans
from billing.rules.canonical import read as read_kept
from billing.rules.claim_sheet import OtherPlan
from billing.rules.x12.filed import Biller, FiledClaim
from caseload.rules.clock import month_of
from registry.models import Episode

PURPOSE = "paper "
PDF = "application/pdf"
WHOM = "application/json"  # whom each part shows, kept sealed beside the parts
MAKE = "make_paper_sheets"
CHARGES = "charges"
FORMS = "forms"
KINDS = {CHARGES: "Charge sheet", FORMS: "Claim sheets"}


@dataclass(frozen=True, slots=True)
class PaperAsked:
    """What somebody asked to have as a PDF: `charges` (a list) or `forms` (a page for each claim).

    Of a month's charges that are still to post, of one patient's month, or of the claims of a batch.
    """

    kind: str
    month: str
    episode_id: UUID | None = None
    patient_id: UUID | None = None
    batch_id: UUID | None = None
    batch_number: int | None = None

    @property
    def title(self) -> str:
        return "Claim sheet" if self.kind == FORMS and self.episode_id else KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One claim on paper; `account` is the patient's record number."""

    patient_id: UUID
    claim: FiledClaim
    name: str
    account: str
    is_institutional: bool = False
    other: OtherPlan | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """The claims in the order of the page or of the batch, and who bills; None where nobody said who."""

    rows: tuple[PaperRow, ...]
    biller: Biller | None


def purpose_of(job_id: UUID) -> str:
    """What the files of one making are kept as."""
    return f"{PURPOSE}{job_id.hex}"


def paper_asked(job_id: UUID, *, owner: Membership) -> PaperAsked:
    """What the person's own job makes. Raises NotFound, also for the jobs of others and of other kinds."""
    job = Job.objects.filter(organization_id=owner.organization_id, id=job_id, owner=owner, kind=MAKE).first()
    if job is None:
        raise NotFound
    return asked_of(job.organization_id, job.arguments)


def asked_of(organization_id: UUID, arguments: dict[str, Any]) -> PaperAsked:
    """A job's arguments as what was asked. Raises NotFound for a batch or a patient that is not there for who looks."""
    if batch := arguments.get("batch_id"):
        return batch_asked(organization_id, UUID(batch), arguments["kind"])
    episode, patient = arguments.get("episode_id"), arguments.get("patient_id")
    if episode and not Episode.objects.filter(organization_id=organization_id, id=episode).exists():
        raise NotFound
    return PaperAsked(
        arguments["kind"],
        arguments["month"],
        episode_id=UUID(episode) if episode else None,
        patient_id=UUID(patient) if patient else None,
    )


def batch_asked(organization_id: UUID, batch_id: UUID, kind: str) -> PaperAsked:
    """The sheets of a batch that left as 837P: others keep no claim as it was asked. Raises NotFound."""
    rows = Batch.objects.filter(organization_id=organization_id, format=BatchFormat.X12)
    found = rows.filter(id=batch_id).values("month", "number").first()
    if found is None:
        raise NotFound
    return PaperAsked(kind, month_of(found["month"]), batch_id=batch_id, batch_number=found["number"])


def paper_of(organization_id: UUID, asked: PaperAsked, *, at: datetime) -> Paper:
    """What stands on the sheets: of a batch as it left, else as the closed month says. Raises NotFound."""
    if asked.batch_id is not None:
        return _of_batch(organization_id, asked.batch_id)
    provider = billing_provider(organization_id)
    biller = biller_of(provider) if provider else None
    if asked.episode_id is not None:
        rows = [charge_row(organization_id, asked.month, asked.episode_id, at=at)]
    else:
        rows = [row for row in charge_sheet(organization_id, asked.month, at=at).rows if row.is_to_post]
    others = first_others(organization_id, [(row.patient_id, row.claim) for row in rows])
    return Paper(tuple(_paper_row(row, others.get(row.patient_id)) for row in rows), biller)


def first_others(organization_id: UUID, claims: Iterable[tuple[UUID, FiledClaim]]) -> dict[UUID, OtherPlan]:
    """By patient, the plan that pays after the one that the claim asks. One statement."""
    asked = [(patient_id, claim.insured.payer_name, claim.service_on) for patient_id, claim in claims]
    return {one[0]: plans[0] for one, plans in other_plans(organization_id, asked).items()}


def paper_files(organization_id: UUID, job_id: UUID, *, at: datetime) -> list[StoredFile]:
    """The parts that a job made, in their order, without their bytes; none once they have expired."""
    return list(_kept(organization_id, job_id, at).filter(media_type=PDF).defer("sealed").order_by("id"))


def paper_file(organization_id: UUID, job_id: UUID, part: int, *, at: datetime) -> StoredFile:
    """One part, from 1. Raises NotFound."""
    files = paper_files(organization_id, job_id, at=at)
    if not 1 <= part <= len(files):
        raise NotFound
    return files[part - 1]


def patients_on_part(organization_id: UUID, job_id: UUID, part: int, *, at: datetime) -> frozenset[UUID]:
    """Whom one part shows, from 1, as it was made: the month may say otherwise by now. Raises NotFound."""
    file = _kept(organization_id, job_id, at).filter(media_type=WHOM).first()
    parts = json.loads(read(file)) if file is not None else []
    if not 1 <= part <= len(parts):
        raise NotFound
    return frozenset(UUID(one) for one in parts[part - 1])


def _kept(organization_id: UUID, job_id: UUID, at: datetime) -> QuerySet[StoredFile]:
    return StoredFile.objects.filter(organization_id=organization_id, purpose=purpose_of(job_id), expires_at__gt=at)


def _of_batch(organization_id: UUID, batch_id: UUID) -> Paper:
    rows = (
        Claim.objects.filter(organization_id=organization_id, batch_id=batch_id)
        .select_related("patient")
        .only("content", "organization_id", "patient__family_name", "patient__given_name", "patient__mrn")
        .order_by("number")
    )
    kept = [(row, read_kept(FiledClaim, row.content["claim"])) for row in rows if "claim" in row.content]
    biller = kept_head(kept[0][0]).biller if kept else None
    others = first_others(organization_id, [(row.patient_id, claim) for row, claim in kept])
    return Paper(tuple(_batch_row(row, claim, others.get(row.patient_id)) for row, claim in kept), biller)


def _batch_row(row: Claim, claim: FiledClaim, other: OtherPlan | None) -> PaperRow:
    patient = row.patient
    return PaperRow(row.patient_id, claim, f"{patient.family_name}, {patient.given_name}", patient.mrn, other=other)


def _paper_row(row: ChargeRow, other: OtherPlan | None) -> PaperRow:
    return PaperRow(row.patient_id, row.claim, row.patient_name, row.mrn, row.is_institutional, other)
