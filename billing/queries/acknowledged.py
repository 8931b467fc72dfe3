"""What was acknowledged of claims, and of the files in which they left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Q

from billing.models import Acknowledgement
from billing.rules.acknowledged import Heard, counts

_FIELDS = (
    *("claim_id", "batch_id", "kind", "is_accepted", "said_on", "code", "detail", "payer_claim_number"),
    *("file_id", "file__received_at"),
)


def acknowledged(
    organization_id: UUID, claim_ids: Collection[UUID], batch_ids: Collection[UUID]
) -> tuple[Mapping[UUID, Heard], Mapping[UUID, Heard]]:
    """What counts of each claim, and of each batch as a whole. One statement."""
    of = Q(claim_id__in=list(claim_ids)) | Q(claim__isnull=True, batch_id__in=list(batch_ids))
    rows = Acknowledgement.objects.filter(of, organization_id=organization_id)
    of_claims: dict[UUID, list[Heard]] = {}
    of_batches: dict[UUID, list[Heard]] = {}
    ordered = rows.order_by("file__received_at", "file_id", "position").values(*_FIELDS)
    for order, (_, said) in enumerate(groupby(ordered, key=lambda row: row["file_id"])):
        for row in said:
            place = of_claims if row["claim_id"] else of_batches
            place.setdefault(row["claim_id"] or row["batch_id"], []).append(_heard(row, order))
    return _counting(of_claims), _counting(of_batches)


def _heard(row: Mapping[str, Any], order: int) -> Heard:
    faults: list[dict[str, str]] = row["detail"]
    codes = (str(row["code"]), *(fault.get("code", "") for fault in faults))
    return Heard(
        kind=str(row["kind"]),
        is_accepted=bool(row["is_accepted"]),
        on=row["said_on"] or row["file__received_at"].date(),
        order=order,
        codes=tuple(filter(None, codes)),
        payer_claim_number=str(row["payer_claim_number"]),
        said_on=row["said_on"],
    )


def _counting(heard: Mapping[UUID, list[Heard]]) -> Mapping[UUID, Heard]:
    found = {key: counts(said) for key, said in heard.items()}
    return {key: one for key, one in found.items() if one is not None}
