"""The address of an invitation: which organization's, and a secret of which only a fingerprint is stored.

The secret is made of the invitation's id by our key, so that a job can send it and nothing has to keep it.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from uuid import UUID

from django.urls import reverse
from django.utils.crypto import salted_hmac

_SECRET = 16  # bytes
_LETTERS = 43


def secret_of(invitation_id: UUID) -> bytes:
    """The secret of an invitation."""
    return salted_hmac("accounts.invitation", str(invitation_id), algorithm="sha256").digest()[:_SECRET]


def fingerprint_of(secret: bytes) -> str:
    """What is stored of a secret."""
    return sha256(secret).hexdigest()


def invitation_path(organization_id: UUID, invitation_id: UUID) -> str:
    """Where an invitation is taken up."""
    raw = organization_id.bytes + secret_of(invitation_id)
    return reverse("invited", args=[urlsafe_b64encode(raw).decode("ascii").rstrip("=")])


def read_token(token: str) -> tuple[UUID, str] | None:
    """The organization and the fingerprint that an address stands for; None where it is none of ours."""
    if len(token) != _LETTERS:
        return None
    try:
        raw = urlsafe_b64decode(token + "=")
    except (NotBase64, ValueError):
        return None
    if len(raw) != 16 + _SECRET or urlsafe_b64encode(raw).decode("ascii").rstrip("=") != token:
        return None
    return UUID(bytes=raw[:16]), fingerprint_of(raw[16:])
