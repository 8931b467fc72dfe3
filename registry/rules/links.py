"""The addresses of questionnaires: they open one organization's link, and say nothing that somebody could read.

A long one is followed, from a message or a printed code: the organization's id and 16 secret bytes. A short one is
typed on the clinic's tablet: 20 bits that narrow down the organization, then 40 secret bits; it is good for hours
only, and the patient's birth date is asked as well. Of both, only a hash of the secret part is stored.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

LONG_SECRET, SHORT_SECRET = 16, 5  # bytes
_HINT_LETTERS, _SECRET_LETTERS = 4, 8
# Crockford's: without the letters that are taken for others.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True, slots=True)
class Address:
    """What an address holds. A long one names its `organization_id`, a short one only a `hint` of it."""

    secret: bytes
    organization_id: UUID | None = None
    hint: str = ""

    @property
    def secret_sha256(self) -> bytes:
        """What is stored of the secret."""
        return sha256(self.secret).digest()

    def among(self, organization_ids: Iterable[UUID]) -> list[UUID]:
        """The organizations that it may belong to; one in a million others has the same hint."""
        if self.organization_id is not None:
            return [self.organization_id]
        return [one for one in organization_ids if _hint(one) == self.hint]


def secret_sha256(secret: bytes, *, is_short: bool) -> bytes:
    """What is stored of a link's secret, as its address carries it."""
    return sha256(secret[: SHORT_SECRET if is_short else LONG_SECRET]).digest()


def long_address(organization_id: UUID, secret: bytes) -> str:
    """43 letters for an address."""
    return urlsafe_b64encode(organization_id.bytes + secret[:LONG_SECRET]).decode("ascii").rstrip("=")


def short_address(organization_id: UUID, secret: bytes) -> str:
    """12 letters and digits to be typed."""
    return _hint(organization_id) + _lettered(int.from_bytes(secret[:SHORT_SECRET], "big"), _SECRET_LETTERS)


def spoken(short: str) -> str:
    """A short address in groups of four, as it is read out and typed."""
    return "-".join(short[place : place + 4] for place in range(0, len(short), 4))


def read_address(text: str) -> Address | None:
    """What was followed or typed; None for anything that is no address of ours."""
    return _read_long(text) if len(text) == 43 else _read_short(text)


def _read_long(text: str) -> Address | None:
    try:
        raw = urlsafe_b64decode(text + "=")
    except (NotBase64, ValueError):
        return None
    is_ours = len(raw) == 16 + LONG_SECRET and long_address(UUID(bytes=raw[:16]), raw[16:]) == text
    return Address(raw[16:], organization_id=UUID(bytes=raw[:16])) if is_ours else None


def _read_short(text: str) -> Address | None:
    typed = text[:40].upper().translate(_READ_AS)
    if len(typed) != _HINT_LETTERS + _SECRET_LETTERS or not set(typed) <= set(_LETTERS):
        return None
    number = 0
    for letter in typed[_HINT_LETTERS:]:
        number = number * 32 + _LETTERS.index(letter)
    return Address(number.to_bytes(SHORT_SECRET, "big"), hint=typed[:_HINT_LETTERS])


def _hint(organization_id: UUID) -> str:
    """From a hash: ids begin with the time at which they were made, and organizations are made in a row."""
    return _lettered(int.from_bytes(sha256(organization_id.bytes).digest()[:3], "big") >> 4, _HINT_LETTERS)


def _lettered(number: int, length: int) -> str:
    return "".join(_LETTERS[number >> 5 * place & 31] for place in reversed(range(length)))
