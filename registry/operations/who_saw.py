"""The list of whom somebody saw, by name: asked for by who looks into a breach, kept sealed for a day, then gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.audit.seen import SeenPatient, Span, patients_seen
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import discard_made, keep_for_a_day
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from registry.queries.who_saw import PURPOSE, Named, names_of, purpose_of
from registry.rules.csv_text import Cell, csv_bytes

MAKE: Final = "list_who_was_seen"
MOST: Final = 1_000_000
HEADER: Final = ("Record number", "Patient", "First seen (UTC)", "Last seen (UTC)", "Opened", "In lists")


@transaction.atomic
def ask_for_list(*, by: Membership, at: datetime, span: Span) -> UUID:
    """Queue the making of the list for who asks. Returns the job's id. Raises NotFound for a person of elsewhere."""
    if not Membership.objects.filter(organization_id=by.organization_id, id=span.person_id).exists():
        raise NotFound
    record("audit.list_asked", by=by, at=at, object_id=span.person_id)
    since, until = span.since.isoformat(), span.until.isoformat()
    return queue(
        MAKE,
        organization_id=by.organization_id,
        key=f"{by.id} {span.person_id} {since} {until}",
        arguments={"person_id": span.person_id, "since": since, "until": until},
        owner=by,
        at=at,
    )


@transaction.atomic
def keep_list(*, organization_id: UUID, job_id: UUID, span: Span, at: datetime) -> StoredFile:
    """Make the list and keep it for a day. Only names and record numbers: what it takes to tell the people. Made
    anew by a second run. Raises FileTooLarge.
    """
    rows = patients_seen(organization_id, span, most=MOST).rows
    names = names_of(organization_id, (row.patient_id for row in rows))
    lines = [_line(row, names.get(row.patient_id, Named("not on record", ""))) for row in rows]
    made = [("text/csv", csv_bytes(HEADER, lines))]
    return keep_for_a_day(made, organization_id=organization_id, purpose=purpose_of(job_id), at=at)[0]


def _line(row: SeenPatient, named: Named) -> Sequence[Cell]:
    first, last = (f"{instant:%Y-%m-%d %H:%M:%S}" for instant in (row.first_at, row.last_at))
    return (named.mrn, named.name, first, last, row.opened, row.listed)


def discard_lists(*, organization_id: UUID, at: datetime) -> int:
    """Delete the lists whose day is over. Returns how many."""
    return discard_made(organization_id=organization_id, purposes=PURPOSE, at=at)
