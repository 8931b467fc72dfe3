"""What a seat carries in a role or at a clinic that is to be taken from it: nobody's patients are to be lost from view.

An app above subscribes in its `AppConfig.ready`, as it does with jobs: the ground knows no patients.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from bhi.tenancy.models import Membership

# The seat, the roles that go, and the clinics that remain (None: all of them); sentences about what would be lost.
Carried = Callable[[Membership, frozenset[str], frozenset[UUID] | None], list[str]]
_sources: dict[str, Carried] = {}


def carries(name: str, source: Carried) -> None:
    """Subscribe under a name."""
    _sources[name] = source


def carried_by(seat: Membership, *, roles_lost: frozenset[str], clinics: frozenset[UUID] | None) -> list[str]:
    """What is to be given to colleagues first; nothing where the change may be made. Within the seat's tenant."""
    return [sentence for source in _sources.values() for sentence in source(seat, roles_lost, clinics)]
