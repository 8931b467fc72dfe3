"""Until when a denial can be set right: as its payer's days say, or, where another payer is to be asked, that one's."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, DateField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from billing.models import Denial, PayerRoute
from billing.rules.denials import REASONS, Step
from registry.models import Coverage, Payer


def _codes_of(step: Step) -> tuple[str, ...]:
    return tuple(code for code, reason in REASONS.items() if reason.step is step)


_OTHER_PAYER: Final = _codes_of(Step.OTHER_PAYER)
_CLOSE: Final = _codes_of(Step.CLOSE)


def dated(rows: QuerySet[Denial]) -> QuerySet[Denial]:
    """Denials with `last_day`, and with `next_payer_id` and `next_payer` where another payer is to be asked.

    There it is the last day on which that one takes a first claim: the payer of the patient's next coverage on the day
    of service, in the order in which they pay. It is looked up each time: a coverage is often recorded because of the
    denial. Where the payer has the claim already, a corrected claim's day. Elsewhere what stands in the denial. Empty
    where no such coverage, or nobody's days, are known.
    """
    on = OuterRef("claim__service_on")
    others = Coverage.objects.filter(
        Q(from_on__isnull=True) | Q(from_on__lte=on),
        Q(until_on__isnull=True) | Q(until_on__gte=on),
        ~Q(payer_id=OuterRef("claim__payer_id")),
        organization_id=OuterRef("organization_id"),
        patient_id=OuterRef("claim__patient_id"),
        voided_at__isnull=True,
        payer__is_self_pay=False,
    ).order_by("rank", F("from_on").desc(nulls_last=True), "id")
    named = Payer.objects.filter(organization_id=OuterRef("organization_id"), id=OuterRef("next_payer_id"))
    theirs, again = _service_and("next_payer_id", "filing_days"), _service_and("claim__payer_id", "corrected_days")
    return rows.annotate(
        next_payer_id=Case(When(reason__in=_OTHER_PAYER, then=Subquery(others.values("payer_id")[:1]))),
        next_payer=Subquery(named.values("name")[:1]),
        last_day=Coalesce(
            "due_on", Case(When(reason__in=_OTHER_PAYER, then=theirs), When(reason__in=_CLOSE, then=again))
        ),
    )


def _service_and(payer: str, days: str) -> ExpressionWrapper:
    """So many days of this payer after the day of service; null where nobody set them."""
    routes = PayerRoute.objects.filter(organization_id=OuterRef("organization_id"), payer_id=OuterRef(payer))
    return ExpressionWrapper(F("claim__service_on") + Subquery(routes.values(days)[:1]), output_field=DateField())
