"""Keeping files: sealed with AES-GCM, bound to their row and organization."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from bhi.errors import DomainError
from bhi.files.models import StoredFile
from bhi.sealing import SealBroken, seal, unseal
from bhi.tenancy.ids import uuid7

MOST_BYTES = 25 * 1024 * 1024


class FileTooLarge(DomainError):
    """More than 25 MB."""


class FileUnreadable(DomainError):
    """No key opens it: the row was altered, or its key was taken away."""


def store(
    content: bytes,
    *,
    organization_id: UUID,
    purpose: str,
    media_type: str,
    at: datetime,
    expires_at: datetime | None = None,
) -> StoredFile:
    """Seal and keep bytes. `FileTooLarge` above 25 MB."""
    if len(content) > MOST_BYTES:
        raise FileTooLarge("The file is larger than 25 MB. Split it and try again.")
    file_id = uuid7()
    sealed = seal(content, bound_to=bound_to(organization_id, file_id))
    return StoredFile.objects.create(
        id=file_id,
        organization_id=organization_id,
        purpose=purpose,
        media_type=media_type,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        sealed=sealed,
        stored_at=at,
        expires_at=expires_at,
    )


def read(file: StoredFile) -> bytes:
    """The bytes as they were stored. `FileUnreadable` if no key opens them or they are not the same."""
    try:
        return unseal(bytes(file.sealed), bound_to=bound_to(file.organization_id, file.id))
    except SealBroken:
        raise FileUnreadable("This file cannot be opened. Ask your administrator to check the file keys.") from None


def discard_expired(*, organization_id: UUID, purpose: str, at: datetime) -> int:
    """Empty the files of a purpose that have expired; their rows and fingerprints stay. How many there were."""
    rows = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose, expires_at__lte=at)
    return rows.exclude(sealed=b"").update(sealed=b"")


def bound_to(organization_id: UUID, file_id: UUID) -> str:
    """What the bytes of a file are bound to."""
    return f"{organization_id}|files_storedfile|{file_id}"
