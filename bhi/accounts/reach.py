"""Which organizations a session may open.

Who signs in at an organization's own identity provider was vouched for by that organization alone: whoever runs the
provider could sign in as anybody of theirs. So such a session opens that organization and no other, and changes
nothing by which the person signs in elsewhere. An organization that requires its provider is closed to every other
session, but for its admins, who have to come in when the provider is away.

Set for each request by ReachMiddleware and asked by `bhi.accounts.queries.seats`, the only door to seats.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from bhi.tenancy.models import Membership, Role

# In the session: the organizations at whose provider the person signed in; and that there was no other sign-in.
SIGNED_ON: Final = "bhi.signed_on"
ONLY_THERE: Final = "bhi.only_there"
AT: Final = "bhi.signed_on_at"  # the short name of the one that began the session
# Between coming back from a provider and the second step: what the session becomes.
COMING: Final = "bhi.coming"
# Its provider does not say when it asked the person: it opens no locked screen, and there is no use in asking it.
IS_SILENT: Final = "bhi.provider_is_silent"


@dataclass(frozen=True)
class Reach:
    """`signed_on`: at whose provider; `is_limited`: and nowhere else, so that it opens nothing else."""

    signed_on: frozenset[UUID] = frozenset()
    is_limited: bool = False

    def opens(self, seat: Membership) -> bool:
        """Whether the session may work at this seat."""
        if seat.organization_id in self.signed_on:
            return True
        return not self.is_limited and not self.must_sign_on(seat)

    def must_sign_on(self, seat: Membership) -> bool:
        """Whether the seat's organization wants its own provider of them, which they have not used."""
        is_required = seat.organization.requires_single_sign_on and Role.ADMIN not in seat.roles
        return is_required and seat.organization_id not in self.signed_on


_session: ContextVar[SessionBase | None] = ContextVar("session", default=None)


def present_reach() -> Reach | None:
    """Of the request that runs, read from its session when asked; None outside requests, where nothing is limited."""
    session = _session.get()
    return None if session is None else reach_of(session)


def reach_of(session: SessionBase) -> Reach:
    return Reach(frozenset(map(UUID, session.get(SIGNED_ON, []))), bool(session.get(ONLY_THERE)))


@contextmanager
def within(session: SessionBase | None) -> Iterator[None]:
    """What runs in here reaches as far as this session."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def sign_on(session: SessionBase, organization_id: UUID | str, *, only_there: bool) -> None:
    """The person signed in at this organization's provider; `only_there`: and that began the session."""
    known = [] if only_there else session.get(SIGNED_ON, [])
    session[SIGNED_ON] = sorted({*known, str(organization_id)})
    session[ONLY_THERE] = only_there or bool(session.get(ONLY_THERE))
