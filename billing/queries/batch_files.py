"""The file of a batch: as it was stored, or written again from its claims once the copy has expired."""

from __future__ import annotations

import hashlib

from bhi.files.operations import read
from billing.models import Batch, BatchFormat, Claim
from billing.queries.kept_heads import kept_head
from billing.rules.canonical import read as read_kept
from billing.rules.claims_file import ClaimRow, claims_file
from billing.rules.x12.claim import ClaimFile, FiledClaim, write_837p


def batch_bytes(batch: Batch) -> bytes | None:
    """The bytes that left, the same each time; None where what was written again would be other bytes."""
    stored = batch.stored_file
    if bytes(stored.sealed):
        return read(stored)
    content = written_again(batch)
    return content if hashlib.sha256(content).hexdigest() == stored.sha256 else None


def written_again(batch: Batch) -> bytes:
    """The file of a batch from what its claims keep; empty where they keep nothing of it."""
    rows = Claim.objects.filter(organization_id=batch.organization_id, batch=batch).order_by("number")
    kept = [row for row in rows.only("organization_id", "content") if row.content]
    if not kept:
        return b""
    if batch.format == BatchFormat.CSV:
        return claims_file(read_kept(ClaimRow, row) for one in kept for row in one.content["rows"])
    claims = tuple(read_kept(FiledClaim, one.content["claim"]) for one in kept)
    return write_837p(ClaimFile(kept_head(kept[0]), claims)).encode()
