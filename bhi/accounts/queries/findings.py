"""What a lead sees of people at a glance: credentials that are missing or end, and the quarter’s list that is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bhi.accounts.models import CredentialKind
from bhi.accounts.queries.access_reviews import quarter_words, review_due
from bhi.accounts.queries.credentials import Credential, credentials_by_seat
from bhi.accounts.queries.people import day_of, ending_of
from bhi.tenancy.models import Membership, Role


@dataclass(frozen=True)
class PeopleFindings:
    """Sentences about credentials by name of the person; the quarter that is not signed, or nothing."""

    credentials: tuple[str, ...]
    review_due: date | None

    @property
    def quarter(self) -> str:
        return quarter_words(self.review_due) if self.review_due else ""


def people_findings(organization_id: UUID, at: datetime) -> PeopleFindings:
    """Nothing is said of training where no credential is on record at all: they are kept elsewhere."""
    today, held = day_of(organization_id, at), credentials_by_seat(organization_id)
    seats = Membership.objects.filter(organization_id=organization_id, is_system=False, is_active=True)
    said: list[str] = []
    for seat in seats.order_by("name", "id") if held else ():
        said += _of_seat(seat, held.get(seat.id, ()), today)
    return PeopleFindings(tuple(said), review_due(organization_id, at))


def _of_seat(seat: Membership, held: tuple[Credential, ...], today: date) -> list[str]:
    found = [_ends(seat.name, one, today) for one in ending_of(held, today=today)]
    is_trained = any(
        one.kind == CredentialKind.TRAINING and one.from_on <= today and (one.until_on is None or today <= one.until_on)
        for one in held
    )
    if Role.CARE_MANAGER.value in seat.roles and not is_trained:
        found.append(f"{seat.name}: no behavioral health training on record.")
    return found


def _ends(name: str, one: Credential, today: date) -> str:
    assert one.until_on is not None  # ending_of gives only what ends
    verb = "ended" if one.until_on < today else "ends"
    return f"{name}: {one.name} {verb} {one.until_on:%b} {one.until_on.day}, {one.until_on:%Y}."
