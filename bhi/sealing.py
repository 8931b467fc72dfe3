"""Sealing what must not be read from a copy of the database: AES-GCM, bound to where it belongs.

What is sealed begins with a mark and the name of its key, so that `manage.py rotate_keys` finds what an older key
sealed. Keys come from BHI_FILE_KEYS, the newest first; the secret key is the last of them, and the only one where
none are set. Bound to organization, table, column and row: sealed bytes that are moved elsewhere do not open.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from bhi.errors import DomainError

MARK: Final = b"bhi1"
_NAME_BYTES: Final = 4
_NONCE_BYTES: Final = 12
# In text, where a column holds no bytes: a mark that no secret of a library begins with.
TEXT_MARK: Final = "sealed:"


class SealBroken(DomainError):
    """No key opens it: it was altered or moved, or its key was taken away."""


def place(organization_id: UUID, table: str, column: str, row_id: UUID) -> str:
    """What a value of a row is bound to."""
    return f"{organization_id}|{table}|{column}|{row_id}"


def seal(content: bytes, *, bound_to: str) -> bytes:
    """Seal with the newest key; never twice alike."""
    key, nonce = _keys()[0], secrets.token_bytes(_NONCE_BYTES)
    return prefix_of(key) + nonce + AESGCM(key).encrypt(nonce, content, bound_to.encode())


def unseal(sealed: bytes, *, bound_to: str) -> bytes:
    """What was sealed there. `SealBroken` if no key opens it.

    What was sealed before keys had names is a nonce and its body alone, and every key is tried.
    """
    for body, key in _tries(sealed):
        # ValueError: too short to hold even a nonce.
        with suppress(InvalidTag, ValueError):
            return AESGCM(key).decrypt(body[:_NONCE_BYTES], body[_NONCE_BYTES:], bound_to.encode())
    raise SealBroken("This cannot be opened. Ask your administrator to check the keys.")


def seal_text(text: str, *, bound_to: str) -> str:
    """For a column or JSON that holds text."""
    return TEXT_MARK + base64.urlsafe_b64encode(seal(text.encode(), bound_to=bound_to)).decode()


def unseal_text(text: str, *, bound_to: str) -> str:
    """Its text; what does not begin with the mark was never sealed and comes back as it is."""
    if not text.startswith(TEXT_MARK):
        return text
    return unseal(base64.urlsafe_b64decode(text.removeprefix(TEXT_MARK)), bound_to=bound_to).decode()


def is_newest(sealed: bytes | str) -> bool:
    """Whether the newest key sealed it."""
    if isinstance(sealed, bytes):
        return sealed.startswith(newest_prefix())
    raw = sealed.removeprefix(TEXT_MARK)
    return raw != sealed and base64.urlsafe_b64decode(raw).startswith(newest_prefix())


def newest_prefix() -> bytes:
    """With what everything begins that the newest key sealed."""
    return prefix_of(_keys()[0])


def prefix_of(key: bytes) -> bytes:
    """The mark and the key's name, from which nobody learns the key."""
    return MARK + hashlib.sha256(b"name of " + key).digest()[:_NAME_BYTES]


def _tries(sealed: bytes) -> Iterator[tuple[bytes, bytes]]:
    for key in _keys():
        prefix = prefix_of(key)
        if sealed.startswith(prefix):
            yield sealed[len(prefix) :], key
    for key in _keys():
        yield sealed, key


def _keys() -> list[bytes]:
    return [_derive(secret) for secret in (*settings.FILE_KEYS, settings.SECRET_KEY)]


@lru_cache(maxsize=16)
def _derive(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"bhi stored files").derive(secret.encode())


class _Opened(DeferredAttribute):
    """Opens the bytes of a row when they are first read; what is assigned is text."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = super().__get__(instance, cls) if self.field.attname not in instance.__dict__ else None
        value = instance.__dict__.get(self.field.attname, value)
        if not isinstance(value, bytes | memoryview):
            return value
        field = cast("SealedTextField", self.field)
        text = unseal(bytes(value), bound_to=field.place_in(instance)).decode() if value else ""
        instance.__dict__[field.memory] = (text, bytes(value))
        instance.__dict__[field.attname] = text
        return text

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text, sealed to its row: `row.field` reads and takes text; the database holds bytes and cannot search them.

    Written by saving rows (`save`, `create`, `bulk_create`); `update()` has no row to bind to and is refused text.
    Rows of history hold the bytes of the row that they tell of, and open them as it did.
    """

    descriptor_class = _Opened

    @property
    def memory(self) -> str:
        """Where an opened row keeps the bytes that its text came from: saving it unchanged changes no byte."""
        return f"_sealed_{self.attname}"

    def place_in(self, instance: Any) -> str:
        model = type(instance)
        table = getattr(model, "pgh_tracked_model", model)._meta.db_table
        return place(instance.organization_id, table, str(self.column), instance.id)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if not isinstance(value, str) or value == "":
            return value or b""
        text, sealed = model_instance.__dict__.get(self.memory, (None, b""))
        if text != value:
            sealed = seal(value.encode(), bound_to=self.place_in(model_instance))
            model_instance.__dict__[self.memory] = (value, sealed)
        return sealed

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if isinstance(value, str):
            raise TypeError(f"{self.name} is sealed to its row: save the row, or compare nothing with it.")
        return super().get_db_prep_value(value, connection, prepared)

    def get_default(self) -> Any:
        return ""
