"""What was acknowledged of claims, and of the files in which they left."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Q

from billing.models import Acknowledgement
from billing.rules.acknowledged import Heard, counts

_FIELDS = (
    *(
        "claim_id",
        "claim__batch_id",
        "batch_id",
        "kind",
        "is_accepted",
        "said_on",
        "code",
        "detail",
        "payer_claim_number",
    ),
    *("file_id", "file__received_at"),
)


def acknowledged(
    organization_id: UUID, claim_ids: Collection[UUID], batch_ids: Collection[UUID]
) -> tuple[Mapping[UUID, Heard], Mapping[UUID, Heard]]:
    """What counts of each claim, and of each batch as a whole. One statement."""
    of = Q(claim_id__in=list(claim_ids)) | Q(claim__isnull=True, batch_id__in=list(batch_ids))
    of_claims: dict[UUID, list[Heard]] = {}
    of_batches: dict[UUID, list[Heard]] = {}
    for row, heard in _said(organization_id, of):
        place = of_claims if row["claim_id"] else of_batches
        place.setdefault(row["claim_id"] or row["batch_id"], []).append(heard)
    return _counting(of_claims), _counting(of_batches)


def acknowledged_in(
    organization_id: UUID, batch_ids: Collection[UUID]
) -> tuple[Mapping[UUID, Heard], Mapping[UUID, list[Heard]]]:
    """Of each batch what counts of it as a whole, and what counts of each of its claims. One statement."""
    ids = list(batch_ids)
    of = Q(claim__isnull=True, batch_id__in=ids) | Q(claim__batch_id__in=ids)
    of_claims: dict[UUID, list[Heard]] = {}
    of_batches: dict[UUID, list[Heard]] = {}
    batch_of: dict[UUID, UUID] = {}
    for row, heard in _said(organization_id, of):
        if row["claim_id"]:
            of_claims.setdefault(row["claim_id"], []).append(heard)
            batch_of[row["claim_id"]] = row["claim__batch_id"]
        else:
            of_batches.setdefault(row["batch_id"], []).append(heard)
    claims: dict[UUID, list[Heard]] = {}
    for claim_id, one in _counting(of_claims).items():
        claims.setdefault(batch_of[claim_id], []).append(one)
    return _counting(of_batches), claims


def _said(organization_id: UUID, of: Q) -> Iterator[tuple[Mapping[str, Any], Heard]]:
    """Every acknowledgement of these, file by file as they were read."""
    rows = Acknowledgement.objects.filter(of, organization_id=organization_id)
    ordered = rows.order_by("file__received_at", "file_id", "position").values(*_FIELDS)
    for order, (_, said) in enumerate(groupby(ordered, key=lambda row: row["file_id"])):
        for row in said:
            yield row, _heard(row, order)


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
