"""Charge sheets and claim sheets as PDFs: asked for, made by a job, kept sealed for a day, then gone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import discard_made, keep_for_a_day
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.models import Batch
from billing.operations.errors import HoldsTakenBack
from billing.queries.claim_answers import is_spoilt
from billing.queries.paper_sheets import KINDS, MAKE, PDF, PURPOSE, WHOM, batch_asked, purpose_of
from billing.queries.part_two import refused_ids, refused_in_batch
from billing.queries.whom_shown import patients_in_batch
from registry.models import Episode
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import Use


@transaction.atomic
def ask_for_month_paper(*, by: Membership, at: datetime, month: str, kind: str, episode_id: UUID | None = None) -> UUID:
    """Have the sheets made of a month's charges that are still to post, or of one patient's month.

    Whom a month's sheets show is known when they are made: the audit of their download names them. Who asks twice
    while it waits gets the same. Returns the job's id. Raises NotFound for an unknown kind or episode, PartTwoRefused.
    """
    if kind not in KINDS:
        raise NotFound
    arguments: dict[str, Any] = {"kind": kind, "month": month}
    patient_id = None
    if episode_id is not None:
        patient_id = _patient(by.organization_id, episode_id)
        if refused_ids(by.organization_id, [patient_id], at=at):
            raise PartTwoRefused(Use.PAYMENT)
        arguments |= {"episode_id": episode_id, "patient_id": patient_id}
    record("paper.asked", by=by, at=at, patient_id=patient_id, object_id=episode_id)
    return _queued(f"{kind} {month} {episode_id or ''} {by.id}", arguments, by=by, at=at)


@transaction.atomic
def ask_for_batch_paper(*, by: Membership, at: datetime, batch_id: UUID, kind: str) -> UUID:
    """Have the sheets made of a batch that left as 837P: what its file may not ask for twice, paper may not either.
    Returns the job's id. Raises NotFound, HoldsTakenBack, PartTwoRefused.
    """
    if kind not in KINDS:
        raise NotFound
    batch_asked(by.organization_id, batch_id, kind)
    if is_spoilt(Batch.objects.get(organization_id=by.organization_id, id=batch_id)):
        raise HoldsTakenBack
    if refused_in_batch(by.organization_id, batch_id, at=at):
        raise PartTwoRefused(Use.PAYMENT)
    seen = patients_in_batch(by.organization_id, batch_id)
    record("paper.asked", by=by, at=at, object_id=batch_id, shown=seen)
    return _queued(f"{kind} {batch_id} {by.id}", {"kind": kind, "batch_id": batch_id}, by=by, at=at)


@transaction.atomic
def keep_paper(
    *, organization_id: UUID, job_id: UUID, parts: Sequence[tuple[bytes, frozenset[UUID]]], at: datetime
) -> list[StoredFile]:
    """Keep the parts of one making for a day, each with whom it shows, in place of what an earlier run of its job
    made. Raises FileTooLarge.
    """
    whom = json.dumps([sorted(map(str, seen)) for _, seen in parts]).encode()
    made = [(WHOM, whom), *((PDF, content) for content, _ in parts)]
    return keep_for_a_day(made, organization_id=organization_id, purpose=purpose_of(job_id), at=at)[1:]


def discard_paper(*, organization_id: UUID, at: datetime) -> int:
    """Delete the sheets whose day is over, and whom they showed. Returns how many files."""
    return discard_made(organization_id=organization_id, purposes=PURPOSE, at=at)


def _queued(key: str, arguments: dict[str, Any], *, by: Membership, at: datetime) -> UUID:
    return queue(MAKE, organization_id=by.organization_id, key=key, arguments=arguments, owner=by, at=at)


def _patient(organization_id: UUID, episode_id: UUID) -> UUID:
    found = Episode.objects.filter(organization_id=organization_id, id=episode_id).first()
    if found is None:
        raise NotFound
    patient_id: UUID = found.patient_id
    return patient_id
