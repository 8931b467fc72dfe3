"""Payments that records do not support any more: brought up, looked into, given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.jobs.operations import queue
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from billing.models import Refund, RefundState
from billing.operations.batches import lock_claims
from billing.operations.claim_work_errors import (
    InvestigationOutOfOrder,
    RefundAmountMissing,
    RefundClosed,
    RefundSaysHow,
)
from billing.queries.refunds import Unsupported, known_causes, settled_or_open, unsupported_payments
from billing.rules.refunds import refund_clock
from caseload.rules.clock import local_date

FIND: Final = "find_refunds"
# So many are looked at again while others wait: well under a second.
MOST_AT_ONCE: Final = 200
CLOSING = (RefundState.CORRECTED, RefundState.REFUNDED, RefundState.NOT_OWED)


@dataclass(frozen=True, slots=True)
class Investigation:
    """Since when related claims are looked into, until when they were (None: they still are), what was found, and
    who sees to it.
    """

    from_on: date | None
    until_on: date | None = None
    related: str = ""
    owner_id: UUID | None = None


@transaction.atomic
def find_refunds(*, by: Membership, at: datetime) -> list[Refund]:
    """Put every paid claim on the list whose month the records would not ask for so any more: identified today.

    What is on the list stays as it is; what was given back is settled, and what somebody closed otherwise comes up
    again only for another cause. A second call changes nothing. Returns the new ones.

    Comparing years of claims takes long, so nobody is kept waiting for it: the claims are locked only to look once
    more at what was found. Where that is much, the rest is left to a job of its own.
    """
    own = by.organization_id
    found = _unlisted(own, unsupported_payments(own))
    if not found:
        return []
    lock_claims(own)
    again = unsupported_payments(own, [one.claim.id for one in found[:MOST_AT_ONCE]])
    new = [_identified(one, by=by, at=at) for one in _unlisted(own, again)]
    Refund.objects.bulk_create(new, batch_size=500)
    if new:
        record("refunds.found", by=by, at=at, count=len(new))
    if len(found) > MOST_AT_ONCE:
        queue(FIND, organization_id=own, key="rest", at=at)
    return new


@transaction.atomic
def look_for_refunds(*, by: Membership, at: datetime) -> UUID:
    """Have a job look now, not only at night. Returns the job's id; one that is queued already is enough."""
    return queue(FIND, organization_id=by.organization_id, key="now", at=at, owner=by)


@transaction.atomic
def investigate_refund(
    *, by: Membership, at: datetime, on: date, refund_id: UUID, investigation: Investigation
) -> Refund:
    """Keep how far the search for related claims is, and move the last day by it. `on` is the day at the clinic.

    Raises InvestigationOutOfOrder when a day lies before the identification, after today or before the beginning;
    RefundClosed, NotFound.
    """
    refund = _open(refund_id, by.organization_id)
    if investigation.owner_id is not None and investigation.owner_id not in people_of(by.organization_id):
        raise NotFound
    earliest = refund.identified_on
    for day in (investigation.from_on, investigation.until_on):
        if day is not None and not earliest <= day <= on:
            raise InvestigationOutOfOrder(earliest, on)
        earliest = day or earliest
    if investigation.until_on is not None and investigation.from_on is None:
        raise InvestigationOutOfOrder(refund.identified_on, on)
    refund.investigation_from, refund.investigation_until = investigation.from_on, investigation.until_on
    refund.related, refund.owner_id = investigation.related.strip(), investigation.owner_id
    is_going_on = investigation.from_on is not None and investigation.until_on is None
    refund.state = RefundState.INVESTIGATING if is_going_on else RefundState.IDENTIFIED
    clock = refund_clock(refund.identified_on, investigation.from_on, investigation.until_on)
    refund.due_on, refund.changed_at, refund.changed_by = clock.due_on, at, by
    fields = ["investigation_from", "investigation_until", "related", "owner"]
    refund.save(update_fields=[*fields, "state", "due_on", "changed_at", "changed_by"])
    record("refund.worked", by=by, at=at, patient_id=refund.claim.patient_id, object_id=refund.id, fields=fields)
    return refund


@transaction.atomic
def close_refund(
    *, by: Membership, at: datetime, on: date, refund_id: UUID, state: str, amount: Decimal | None, note: str
) -> Refund:
    """Close it: a corrected claim was sent, the money went back, or nothing is owed; with a note either way.

    Raises RefundSaysHow without one, RefundAmountMissing when money went back and no amount is given, RefundClosed,
    NotFound.
    """
    refund = _open(refund_id, by.organization_id)
    if not note.strip() or state not in CLOSING:
        raise RefundSaysHow
    if state == RefundState.REFUNDED and (amount is None or amount <= 0):
        raise RefundAmountMissing
    refund.state, refund.closing_note, refund.closed_on = state, note.strip(), on
    refund.amount = None if state == RefundState.NOT_OWED else amount
    refund.changed_at, refund.changed_by = at, by
    fields = ["state", "amount", "closing_note"]
    refund.save(update_fields=[*fields, "closed_on", "changed_at", "changed_by"])
    record("refund.closed", by=by, at=at, patient_id=refund.claim.patient_id, object_id=refund.id, fields=fields)
    return refund


def _unlisted(organization_id: UUID, found: Sequence[Unsupported]) -> list[Unsupported]:
    """Those that are not on the list, nor settled, nor closed for the same cause."""
    listed = settled_or_open(organization_id)
    unlisted = [one for one in found if one.claim.id not in listed]
    closed = known_causes(organization_id, [one.claim.id for one in unlisted])
    return [one for one in unlisted if one.why not in closed.get(one.claim.id, ())]


def _identified(one: Unsupported, *, by: Membership, at: datetime) -> Refund:
    on = local_date(at, one.claim.zone)
    return Refund(
        id=uuid7(),
        organization_id=by.organization_id,
        claim_id=one.claim.id,
        why=one.why,
        identified_on=on,
        due_on=refund_clock(on).due_on,
        changed_at=at,
        changed_by=by,
    )


def _open(refund_id: UUID, organization_id: UUID) -> Refund:
    rows = Refund.objects.select_for_update(of=("self",)).select_related("claim")
    refund = rows.filter(organization_id=organization_id, id=refund_id).first()
    if refund is None:
        raise NotFound
    if refund.closed_on is not None:
        raise RefundClosed
    return refund
