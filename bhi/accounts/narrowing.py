"""What a seat may do here and now: what its roles allow, less what an app takes away where it has no use.

An app above subscribes in its `AppConfig.ready`, as it does with jobs: the ground knows no app. So a clinic that does
not run collaborative care sees no review pages, in the navigation and behind every address alike.
"""

from __future__ import annotations

from collections.abc import Callable

from bhi.accounts.permissions import Permission, permissions_of
from bhi.tenancy.models import Membership

# Of which permissions an app may take some, and the question that it answers within the seat's tenant.
Taken = Callable[[Membership], frozenset[Permission]]
_narrowings: dict[str, tuple[frozenset[Permission], Taken]] = {}
_KNOWN = "_taken_here"


def narrow(name: str, *, among: frozenset[Permission], taken: Taken) -> None:
    """Subscribe under a name: `taken` says which of `among` the seat has no use for. Asked once a request at most."""
    _narrowings[name] = (among, taken)


def permissions_here(seat: Membership) -> frozenset[Permission]:
    """Everything that a seat may do, where it is. Within its tenant."""
    allowed = permissions_of(seat.roles)
    return allowed - _taken(seat, allowed)


def may_here(seat: Membership, access: str) -> bool:
    """Whether a seat may do one thing; the question of an app is asked only where its answer matters."""
    allowed = permissions_of(seat.roles)
    if access not in allowed or not any(access in among for among, _ in _narrowings.values()):
        return access in allowed
    return access not in _taken(seat, allowed)


def _taken(seat: Membership, allowed: frozenset[Permission]) -> frozenset[Permission]:
    known: frozenset[Permission] | None = getattr(seat, _KNOWN, None)
    if known is None:
        asked = [taken(seat) for among, taken in _narrowings.values() if among & allowed]
        known = frozenset().union(*asked)
        setattr(seat, _KNOWN, known)
    return known
