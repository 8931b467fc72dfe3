"""Somebody stops working here: what they carried goes to colleagues first."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from bhi.accounts.operations.access import end_seat, seat_to_change
from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from billing.queries.end_of_work import Left, left_by


class WorkLeft(DomainError):
    """Something would lie with nobody. `left` is what."""

    def __init__(self, left: tuple[Left, ...]) -> None:
        super().__init__("Something would lie with nobody. Give it to colleagues first, or say why it cannot wait.")
        self.left = left


@transaction.atomic
def end_work(*, by: Membership, at: datetime, seat_id: UUID, today: date, reason: str = "") -> None:
    """The seat ends at once, if nothing is left with it, or for a `reason` that cannot wait: access is over first.

    Raises WorkLeft, LastAdmin, OwnSeat, NotFound.
    """
    seat = seat_to_change(by.organization_id, seat_id)
    left = left_by(by.organization_id, seat.id, today=today)
    if left and not reason.strip():
        raise WorkLeft(left)
    end_seat(by=by, at=at, seat_id=seat.id, forced_because=reason.strip() if left else "")
