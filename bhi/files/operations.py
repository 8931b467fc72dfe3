"""Keeping files: sealed with AES-GCM, bound to their row and organization."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from bhi.errors import DomainError
from bhi.files.models import StoredFile
from bhi.tenancy.ids import uuid7

MOST_BYTES = 25 * 1024 * 1024
_NONCE_BYTES = 12


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
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(_keys()[0]).encrypt(nonce, content, _bound_to(organization_id, file_id))
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
    sealed = bytes(file.sealed)
    nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    for key in _keys():
        # ValueError: too short to hold even a nonce.
        with suppress(InvalidTag, ValueError):
            return AESGCM(key).decrypt(nonce, body, _bound_to(file.organization_id, file.id))
    raise FileUnreadable("This file cannot be opened. Ask your administrator to check the file keys.")


def discard_expired(*, organization_id: UUID, purpose: str, at: datetime) -> int:
    """Empty the files of a purpose that have expired; their rows and fingerprints stay. How many there were."""
    rows = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose, expires_at__lte=at)
    return rows.exclude(sealed=b"").update(sealed=b"")


def _keys() -> list[bytes]:
    """The newest key first; older ones still open what they sealed.

    The secret key is the last: it seals where no BHI_FILE_KEYS are set, and opens what it sealed before they were.
    """
    return [_derive(secret) for secret in (*settings.FILE_KEYS, settings.SECRET_KEY)]


def _derive(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bhi stored files").derive(secret.encode())


def _bound_to(organization_id: UUID, file_id: UUID) -> bytes:
    return f"{organization_id}|files_storedfile|{file_id}".encode()
