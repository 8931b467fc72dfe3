"""Payments that records do not support any more: brought up, put on the list, looked into, given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from billing.models import Claim, Refund, RefundState
from billing.operations.batches import lock_claims
from billing.operations.claim_work_errors import (
    CorrectionNotSent,
    InvestigationOutOfOrder,
    KnownDayWrong,
    RefundAmountMissing,
    RefundAmountTooMuch,
    RefundClosed,
    RefundListed,
    RefundSaysHow,
)
from billing.queries.overpayments import Unsupported, unsupported_payments
from billing.queries.received import last_received_on, payments_in_order
from billing.queries.refunds import ClosedRefund, closed_refunds, has_left_corrected, open_claims
from billing.rules.refunds import is_settled, is_within_look_back, most_held, refund_clock, still_owed
from caseload.rules.clock import local_date

FIND: Final = "find_refunds"
# So many are looked at again while others wait: well under a second.
MOST_AT_ONCE: Final = 200
CLOSING = (RefundState.CORRECTED, RefundState.REFUNDED, RefundState.NOT_OWED)


@dataclass(frozen=True, slots=True)
class Investigation:
    """Since when related claims are looked into, until when they were (None: they still are), what was found, and
    who sees to it. `known_on`: since when the payment is known, where somebody knew before it was found.
    """

    from_on: date | None
    until_on: date | None = None
    related: str = ""
    owner_id: UUID | None = None
    known_on: date | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a refund ends: corrected, refunded or not owed, with a note. `reference`: of a correction keyed elsewhere."""

    state: str
    note: str
    amount: Decimal | None = None
    reference: str = ""


@transaction.atomic
def find_refunds(*, by: Membership, at: datetime) -> list[Refund]:
    """Put every payment on the list that its record does not support any more, or that came above what is due.

    Identified today; where somebody told the payer of a correction or an end before, on that day, and only once the
    payer had its time to answer. What is on the list stays as it is; what went back settles no more than its amount,
    and what somebody closed comes up again only for another cause or for more. A second call changes nothing. Returns
    the new ones.

    Comparing years of claims takes long, so nobody is kept waiting for it: the claims are locked only to look once
    more at what was found. Where that is much, the rest is left to a job of its own.
    """
    own = by.organization_id
    found = _unlisted(own, unsupported_payments(own), at)
    if not found:
        return []
    lock_claims(own)
    again = unsupported_payments(own, [one.claim.id for one, _ in found[:MOST_AT_ONCE]])
    new = [_identified(one, closed, by=by, at=at) for one, closed in _unlisted(own, again, at)]
    Refund.objects.bulk_create(new, batch_size=500)
    if new:
        record("refunds.found", by=by, at=at, count=len(new))
    if len(found) > MOST_AT_ONCE:
        queue(FIND, organization_id=own, key="rest", at=at)
    return new


@transaction.atomic
def add_refund(*, by: Membership, at: datetime, on: date, claim_id: UUID, why: str, known_on: date) -> Refund:
    """Put a payment on the list that somebody knows of, from the day on which it was known. `on` is the day at the
    clinic.

    Its sixty days run from `known_on`, unless it came more than six years before that. Raises RefundSaysHow without a
    reason, KnownDayWrong when the day lies before the service or after today, RefundListed, NotFound, also of a test.
    """
    lock_claims(by.organization_id)
    rows = Claim.objects.filter(organization_id=by.organization_id, id=claim_id, batch__is_test=False)
    claim = rows.defer("facts", "verdict", "content").first()
    if claim is None:
        raise NotFound
    if not why.strip():
        raise RefundSaysHow
    if not claim.service_on <= known_on <= on:
        raise KnownDayWrong(claim.service_on, on)
    if open_claims(by.organization_id, [claim_id]):
        raise RefundListed
    received_on = last_received_on(by.organization_id, claim_id)
    counts = received_on is None or is_within_look_back(received_on, known_on)
    refund: Refund = Refund.objects.create(
        organization_id=by.organization_id,
        claim=claim,
        why=why.strip(),
        is_by_hand=True,
        identified_on=known_on,
        due_on=refund_clock(known_on).due_on if counts else None,
        changed_at=at,
        changed_by=by,
    )
    record("refund.added", by=by, at=at, patient_id=claim.patient_id, object_id=refund.id)
    return refund


@transaction.atomic
def look_for_refunds(*, by: Membership, at: datetime) -> UUID:
    """Have a job look now, not only at night. Returns the job's id; one that is queued already is enough."""
    return queue(FIND, organization_id=by.organization_id, key="now", at=at, owner=by)


@transaction.atomic
def investigate_refund(
    *, by: Membership, at: datetime, on: date, refund_id: UUID, investigation: Investigation
) -> Refund:
    """Keep since when it is known and how far the search for related claims is, and move the last day by both. `on` is
    the day at the clinic.

    Raises KnownDayWrong when the payment would be known later than it was found, or before its service;
    InvestigationOutOfOrder when a day of the search lies before that, after today or before the beginning;
    RefundClosed, NotFound.
    """
    refund = _open(refund_id, by.organization_id)
    if investigation.owner_id is not None and investigation.owner_id not in people_of(by.organization_id):
        raise NotFound
    known_on = investigation.known_on or refund.identified_on
    if known_on != refund.identified_on and not refund.claim.service_on <= known_on <= refund.identified_on:
        raise KnownDayWrong(refund.claim.service_on, refund.identified_on)
    _check_order(known_on, investigation, on)
    refund.identified_on = known_on
    refund.investigation_from, refund.investigation_until = investigation.from_on, investigation.until_on
    refund.related, refund.owner_id = investigation.related.strip(), investigation.owner_id
    is_going_on = investigation.from_on is not None and investigation.until_on is None
    refund.state = RefundState.INVESTIGATING if is_going_on else RefundState.IDENTIFIED
    clock = refund_clock(known_on, investigation.from_on, investigation.until_on)
    refund.due_on = clock.due_on if _counts(refund) else None
    refund.changed_at, refund.changed_by = at, by
    fields = ["identified_on", "investigation_from", "investigation_until", "related", "owner"]
    refund.save(update_fields=[*fields, "state", "due_on", "changed_at", "changed_by"])
    record("refund.worked", by=by, at=at, patient_id=refund.claim.patient_id, object_id=refund.id, fields=fields)
    return refund


@transaction.atomic
def close_refund(*, by: Membership, at: datetime, on: date, refund_id: UUID, ending: Ending) -> Refund:
    """Close it: a corrected claim was sent, the money went back, or nothing is owed; with a note either way.

    Raises RefundSaysHow without one, CorrectionNotSent when no corrected claim left and no reference is given,
    RefundAmountMissing when money went back and no amount above 0 is given, RefundAmountTooMuch when the claim never
    held as much, RefundClosed, NotFound.
    """
    refund = _open(refund_id, by.organization_id)
    if not ending.note.strip() or ending.state not in CLOSING:
        raise RefundSaysHow
    amount, reference = _ends_with(refund, ending)
    refund.state, refund.closing_note, refund.closed_on = ending.state, ending.note.strip(), on
    refund.amount, refund.reference, refund.changed_at, refund.changed_by = amount, reference, at, by
    refund.shown_why, refund.shown_owed = _shown(refund)
    fields = ["state", "amount", "reference", "closing_note"]
    refund.save(update_fields=[*fields, "shown_why", "shown_owed", "closed_on", "changed_at", "changed_by"])
    record("refund.closed", by=by, at=at, patient_id=refund.claim.patient_id, object_id=refund.id, fields=fields)
    return refund


def _check_order(known_on: date, investigation: Investigation, on: date) -> None:
    """Raises InvestigationOutOfOrder."""
    earliest = known_on
    for day in (investigation.from_on, investigation.until_on):
        if day is not None and not earliest <= day <= on:
            raise InvestigationOutOfOrder(earliest, on)
        earliest = day or earliest
    if investigation.until_on is not None and investigation.from_on is None:
        raise InvestigationOutOfOrder(known_on, on)


def _ends_with(refund: Refund, ending: Ending) -> tuple[Decimal | None, str]:
    """Which amount went back, and under which reference, where either is a matter of how it ends."""
    if ending.state == RefundState.NOT_OWED:
        return None, ""
    reference = ending.reference.strip() if ending.state == RefundState.CORRECTED else ""
    if ending.state == RefundState.CORRECTED and not reference and not has_left_corrected(refund.claim):
        raise CorrectionNotSent
    is_missing = ending.amount is None and ending.state == RefundState.REFUNDED
    if is_missing or (ending.amount is not None and ending.amount <= 0):
        raise RefundAmountMissing
    payments = payments_in_order(refund.organization_id, refund.claim_id)
    closed = closed_refunds(refund.organization_id, [refund.claim_id]).get(refund.claim_id, [])
    most = still_owed(most_held(payments), [replace(one.closed, taken_since=Decimal(0)) for one in closed])
    # Where no payment was ever read, nobody knows how much it was.
    if payments and ending.amount is not None and most is not None and ending.amount > most:
        raise RefundAmountTooMuch(most)
    return ending.amount, reference


def _shown(refund: Refund) -> tuple[str, Decimal | None]:
    """What the comparison finds of the payment when somebody says that nothing is owed: nothing is owed for that, too,
    whatever the reason for which it was put on the list.
    """
    if refund.state != RefundState.NOT_OWED:
        return "", None
    found = next(iter(unsupported_payments(refund.organization_id, [refund.claim_id])), None)
    return (found.why, found.owed) if found is not None else ("", None)


def _counts(refund: Refund) -> bool:
    """Whether its days count: what came longer ago than the years that are looked back is not to be reported."""
    received_on = last_received_on(refund.organization_id, refund.claim_id)
    return received_on is None or is_within_look_back(received_on, refund.identified_on)


def _unlisted(
    organization_id: UUID, found: Sequence[Unsupported], at: datetime
) -> list[tuple[Unsupported, list[ClosedRefund]]]:
    """Those that wait for no payer, are not on the list, and were not settled before; each with what was closed of it.

    A refund that ended with a correction holds whatever is found now, for the payer may answer all of it; once that had
    its time to take the money back, it settles nothing.
    """
    found = [one for one in found if not one.is_waiting(local_date(at, one.claim.zone))]
    listed = open_claims(organization_id, [one.claim.id for one in found])
    unlisted = [one for one in found if one.claim.id not in listed]
    closed = closed_refunds(organization_id, [one.claim.id for one in unlisted])
    left = []
    for one in unlisted:
        before, on = closed.get(one.claim.id, []), local_date(at, one.claim.zone)
        settling = [two for two in before if two.settles(on)]
        is_corrected = any(two.state == RefundState.CORRECTED for two in settling)
        if not is_corrected and not is_settled(one.why, one.owed, [two.closed for two in settling]):
            left.append((one, before))
    return left


def _identified(one: Unsupported, closed: Sequence[ClosedRefund], *, by: Membership, at: datetime) -> Refund:
    corrected = [before.identified_on for before in closed if before.state == RefundState.CORRECTED]
    on = one.known_on(local_date(at, one.claim.zone), corrected)
    return Refund(
        id=uuid7(),
        organization_id=by.organization_id,
        claim_id=one.claim.id,
        why=one.why,
        owed=still_owed(one.owed, [before.closed for before in closed]),
        identified_on=on,
        due_on=refund_clock(on).due_on if is_within_look_back(one.claim.received_on, on) else None,
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
