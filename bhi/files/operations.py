"""Keeping files: sealed with AES-GCM, bound to their row and organization."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from bhi.errors import DomainError
from bhi.files.models import StoredFile
from bhi.sealing import SealBroken, seal, unseal
from bhi.tenancy.ids import uuid7

MOST_BYTES = 25 * 1024 * 1024
A_DAY: Final = timedelta(days=1)


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


@transaction.atomic
def keep_for_a_day(
    parts: Iterable[tuple[str, bytes]], *, organization_id: UUID, purpose: str, at: datetime
) -> list[StoredFile]:
    """Keep what was made for one purpose, each part a media type and its bytes, in place of an earlier making.

    A day is enough to open what somebody just asked for. Raises FileTooLarge: the earlier making stays then.
    """
    StoredFile.objects.filter(organization_id=organization_id, purpose=purpose).delete()
    return [
        store(
            content,
            organization_id=organization_id,
            purpose=purpose,
            media_type=media_type,
            at=at,
            expires_at=at + A_DAY,
        )
        for media_type, content in parts
    ]


def discard_made(*, organization_id: UUID, purposes: str, at: datetime) -> int:
    """Delete the files whose purpose begins so and whose day is over. Returns how many."""
    made = StoredFile.objects.filter(organization_id=organization_id, purpose__startswith=purposes, expires_at__lte=at)
    return made.delete()[0]


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


def discard(file: StoredFile) -> None:
    """Empty a file; its row and fingerprint stay."""
    file.sealed = b""
    file.save(update_fields=["sealed"])


def bound_to(organization_id: UUID, file_id: UUID) -> str:
    """What the bytes of a file are bound to."""
    return f"{organization_id}|files_storedfile|{file_id}"
