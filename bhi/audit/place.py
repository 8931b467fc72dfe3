"""From where somebody acts, for the audit's rows: kept for the time of a request, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from bhi.accounts.sessions import fingerprint
from bhi.audit.shown import noting_whom

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Place:
    """An address, and the beginning of a session key's fingerprint: enough to tell two sessions apart."""

    ip: str | None = None
    session: str = ""


NOWHERE = Place()
_place: ContextVar[Place] = ContextVar("bhi_audit_place", default=NOWHERE)


def place() -> Place:
    """Where what happens now is asked from; nowhere in jobs and commands."""
    return _place.get()


@contextmanager
def acting_from(where: Place) -> Iterator[None]:
    """Within this, audit rows name `where`."""
    token = _place.set(where)
    try:
        yield
    finally:
        _place.reset(token)


class PlaceMiddleware:
    """Says from where a request comes, to the audit alone: neither the log nor a job hears of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.session.session_key
        ip = get_adapter(request).get_client_ip(request)
        with acting_from(Place(ip, fingerprint(key) if key else "")), noting_whom():
            return self.get_response(request)
