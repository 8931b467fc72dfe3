"""The file of a batch: as it was stored, or written again from its claims once the copy has expired."""

from __future__ import annotations

import hashlib

from bhi.files.operations import read
from billing.models import Batch, Claim
from billing.rules.canonical import read as read_kept
from billing.rules.x12.claim import ClaimFile, FiledClaim, FileHead, write_837p


def batch_bytes(batch: Batch) -> bytes | None:
    """The bytes that left, the same each time; None where what was written again would be other bytes."""
    stored = batch.stored_file
    if bytes(stored.sealed):
        return read(stored)
    content = written_again(batch).encode()
    return content if hashlib.sha256(content).hexdigest() == stored.sha256 else None


def written_again(batch: Batch) -> str:
    """The text of an 837P batch from what its claims keep; empty where they keep nothing of it."""
    rows = Claim.objects.filter(organization_id=batch.organization_id, batch=batch).order_by("number")
    kept = [content for content in rows.values_list("content", flat=True) if content]
    if not kept:
        return ""
    claims = tuple(read_kept(FiledClaim, content["claim"]) for content in kept)
    return write_837p(ClaimFile(read_kept(FileHead, kept[0]["head"]), claims))
