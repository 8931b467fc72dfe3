"""Whether a payment was posted before, from whatever file."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from billing.models import Remittance, RemittanceClaim
from billing.rules.x12.identity import content_sha256, content_with_status
from billing.rules.x12.remittances import Payment


def same_payment(organization_id: UUID, payment: Payment) -> Remittance | None:
    """The payment as it was posted before: by payer, trace number, total and what it pays, and perhaps its day.

    Where a trace number and money are there, a payment is known without its day: one file of it may say when it was
    made, the next when it was paid. Elsewhere the day counts, but not one that only says when the file was made.
    """
    rows = Remittance.objects.filter(
        organization_id=organization_id,
        payer_identifier=payment.payer_identifier,
        trace_number=payment.trace_number,
        total=payment.total,
    ).select_related("file")
    if not (payment.trace_number and payment.total) and payment.paid_on is not None and not payment.is_day_made:
        rows = rows.filter(Q(paid_on=payment.paid_on) | Q(paid_on=None))
    contents = (content_sha256(payment), content_with_status(payment))
    return next((row for row in rows if row.content_sha256 in contents or _is_older(row, payment)), None)


def _is_older(row: Remittance, payment: Payment) -> bool:
    """Whether a payment posted before contents were hashed as they are now is the same.

    Before they were hashed at all: money by its trace number and day, else by claims. While they were hashed with the
    status of claims: money by what each claim was paid, and what was kept back.
    """
    if not row.content_sha256:
        is_of_day = bool(payment.trace_number and payment.total) and row.paid_on == payment.paid_on
        return is_of_day or _claims_in(row) == _claims_of(payment)
    return bool(payment.total) and _kept_in(row) == _kept_of(payment) and _claims_in(row) == _claims_of(payment)


def _claims_in(row: Remittance) -> list[tuple[str, Decimal, Decimal]]:
    claims = RemittanceClaim.objects.filter(organization_id=row.organization_id, remittance=row)
    rows = claims.values_list("control_number", "charge", "paid")
    return sorted((number.upper(), charge, paid) for number, charge, paid in rows)


def _claims_of(payment: Payment) -> list[tuple[str, Decimal, Decimal]]:
    return sorted((one.control.upper(), one.charge, one.paid) for one in payment.claims)


def _kept_in(row: Remittance) -> list[tuple[str, str, str]]:
    return sorted((one["reason"], one["reference"], one["amount"]) for one in row.provider_adjustments)


def _kept_of(payment: Payment) -> list[tuple[str, str, str]]:
    return sorted((one.reason, one.reference, str(one.amount)) for one in payment.provider_less)
