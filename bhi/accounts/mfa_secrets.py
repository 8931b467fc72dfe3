"""The secrets of second factors, sealed to their person in the library's own JSON.

The library asks to seal a secret before it says whose it is, and to open one without saying it. So a fresh one is
sealed to this process until its row is saved, and one that was read carries in memory whose row it came from. What
the database holds opens for that person alone: moved into somebody else's row it is worth nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models.signals import post_init, post_save, pre_save

from bhi.sealing import TEXT_MARK, SealBroken, seal_text, unseal_text

# In memory alone; neither begins a text that the database holds.
FRESH: Final = "fresh:"
OF: Final = "of:"
_HERE: Final = f"mfa_authenticator|unsaved|{secrets.token_hex(16)}"


def place_of(user_id: UUID | str) -> str:
    """What a person's secrets are bound to."""
    return f"mfa_authenticator|data|{user_id}"


def seal_secret(text: str) -> str:
    """One that has no row yet."""
    return FRESH + seal_text(text, bound_to=_HERE)


def open_secret(text: str) -> str:
    """One that is fresh, or that a row holds. Raises SealBroken for another person's, and for one that stood open."""
    if text.startswith(FRESH):
        return unseal_text(text.removeprefix(FRESH), bound_to=_HERE)
    user_id, _, kept = text.removeprefix(OF).partition(":")
    return _opened(kept, user_id)


def kept_for(data: dict[str, Any], user_id: UUID) -> dict[str, Any]:
    """A factor's data as the database holds it: what is sealed to its person stays, the rest is sealed to them.

    Raises SealBroken for what was read from somebody else's.
    """
    return _each(data, lambda text: _kept(text, user_id))


def resealed(data: dict[str, Any], user_id: UUID | str) -> dict[str, Any]:
    """What the database holds, under the newest key. Raises SealBroken where no key opens it for this person."""
    return _each(data, lambda text: seal_text(_opened(text, user_id), bound_to=place_of(user_id)))


def secrets_of(data: dict[str, Any]) -> list[str]:
    """As they are kept: of an authenticator app, or of recovery codes in either of the library's forms."""
    return [data[name] for name in ("secret", "seed") if name in data] + list(data.get("migrated_codes") or [])


def connect() -> None:
    """Once, when the application is ready."""
    post_init.connect(_say_whose, sender=Authenticator, dispatch_uid="bhi.mfa.read")
    pre_save.connect(_seal, sender=Authenticator, dispatch_uid="bhi.mfa.seal")
    post_save.connect(_say_whose, sender=Authenticator, dispatch_uid="bhi.mfa.kept")


def _say_whose(instance: Authenticator, **kwargs: Any) -> None:
    if "data" in instance.__dict__:
        instance.data = _each(instance.data, lambda text: _named(text, instance.user_id))


def _seal(instance: Authenticator, **kwargs: Any) -> None:
    if "data" in instance.__dict__:
        instance.data = kept_for(instance.data, instance.user_id)


def _named(text: str, user_id: UUID) -> str:
    return text if text.startswith((FRESH, OF)) else f"{OF}{user_id}:{text}"


def _kept(text: str, user_id: UUID) -> str:
    bare = text.removeprefix(f"{OF}{user_id}:")
    if bare.startswith(OF):
        raise SealBroken("A second factor is its person's, and is not given to another one.")
    if bare.startswith(TEXT_MARK):
        return bare
    return seal_text(open_secret(bare) if bare.startswith(FRESH) else bare, bound_to=place_of(user_id))


def _opened(kept: str, user_id: UUID | str) -> str:
    if not kept.startswith(TEXT_MARK):
        raise SealBroken("This second factor stands open in the database, and so nobody knows who put it there.")
    return unseal_text(kept, bound_to=place_of(user_id))


def _each(data: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    kept = data | {name: change(data[name]) for name in ("secret", "seed") if name in data}
    if data.get("migrated_codes"):
        kept["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
    return kept
