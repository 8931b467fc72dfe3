"""The file of a batch: as it was stored, or written again from its claims once the copy has expired."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from bhi.files.models import StoredFile
from bhi.files.operations import read
from bhi.sealing import SealBroken
from billing.models import Batch, BatchFormat, Claim
from billing.queries.kept_heads import kept_head
from billing.rules.canonical import Unreadable
from billing.rules.canonical import read as read_kept
from billing.rules.claims_file import ClaimRow, TableRows, claims_file, table_file
from billing.rules.x12.claim import ClaimFile, FiledClaim, write_837p


def batch_bytes(batch: Batch) -> bytes | None:
    """The bytes that left, the same each time; None where what was written again would be other bytes."""
    stored = batch.stored_file
    if bytes(stored.sealed):
        return read(stored)
    content = written_again(batch)
    return content if _is_what_left(batch, content) else None


def expired_batches(organization_id: UUID, *, purpose: str, at: datetime) -> Iterator[Batch]:
    """Batches whose copy is past its days and still there, one after the other: each copy may be large."""
    files = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose, expires_at__lte=at)
    rows = Batch.objects.filter(organization_id=organization_id, stored_file__in=files.exclude(sealed=b""))
    yield from rows.select_related("stored_file").defer("stored_file__sealed").order_by("number").iterator(50)


def can_be_written_again(batch: Batch) -> bool:
    """Whether what its claims keep gives the bytes that left, now. What cannot be read does not."""
    try:
        return _is_what_left(batch, written_again(batch))
    except (Unreadable, SealBroken, KeyError):
        return False


def _is_what_left(batch: Batch, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == str(batch.stored_file.sha256)


def written_again(batch: Batch) -> bytes:
    """The file of a batch from what its claims keep; empty where they keep nothing of it."""
    rows = Claim.objects.filter(organization_id=batch.organization_id, batch=batch).order_by("number")
    kept = [row for row in rows.only("organization_id", "content") if row.content]
    if not kept:
        return b""
    if batch.format == BatchFormat.CSV:
        return _table([one.content for one in kept])
    claims = tuple(read_kept(FiledClaim, one.content["claim"]) for one in kept)
    return write_837p(ClaimFile(kept_head(kept[0]), claims)).encode()


def _table(kept: Sequence[Mapping[str, Any]]) -> bytes:
    """A table in the columns that were chosen when it was made; of earlier batches, in those that all had."""
    if "table" in kept[0]:
        return table_file([read_kept(TableRows, content["table"]) for content in kept])
    return claims_file(read_kept(ClaimRow, row) for content in kept for row in content["rows"])
