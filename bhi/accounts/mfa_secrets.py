"""The secrets of second factors, sealed in the library's own JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bhi.sealing import seal_text, unseal_text

# The library asks to seal a secret before it says whose it is, so it is bound to the table alone.
PLACE: Final = "mfa_authenticator|data"


def seal_secret(text: str) -> str:
    return seal_text(text, bound_to=PLACE)


def open_secret(text: str) -> str:
    """Also one that was kept before secrets were sealed."""
    return unseal_text(text, bound_to=PLACE)


def sealed(data: dict[str, Any]) -> dict[str, Any]:
    """A factor's data with its secrets under the newest key."""
    return _each(data, lambda text: seal_secret(open_secret(text)))


def opened(data: dict[str, Any]) -> dict[str, Any]:
    """As it was before secrets were sealed."""
    return _each(data, open_secret)


def secrets_of(data: dict[str, Any]) -> list[str]:
    """As they are kept: of an authenticator app, or of recovery codes in either of the library's forms."""
    return [data[name] for name in ("secret", "seed") if name in data] + list(data.get("migrated_codes") or [])


def _each(data: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    kept = data | {name: change(data[name]) for name in ("secret", "seed") if name in data}
    if data.get("migrated_codes"):
        kept["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
    return kept
