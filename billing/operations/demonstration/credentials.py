"""Who is licensed and trained, who is invited and away, and the last quarter's list of who may do what, signed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from bhi.accounts.models import CredentialKind
from bhi.accounts.operations.access_reviews import sign_access_review
from bhi.accounts.operations.credentials import CredentialValues, record_credential, record_leave
from bhi.accounts.operations.invitations import Invited, invite
from bhi.accounts.queries.access_reviews import quarter_of, review_of
from bhi.tenancy.models import Membership, Role
from billing.operations.demonstration.people import Staff

_TRAINING = "Behavioral health care management, 24 hours"
_SINCE = timedelta(days=3 * 365)
_LONG, _SOON = timedelta(days=500), timedelta(days=40)


def tell_people(staff: Staff, *, at: datetime, today: date) -> None:
    """Everything about the people who work in the demonstration; `today` is the organization's day."""
    nora, ben = staff.care_managers
    for seat, name, number, left in (
        (nora, "LCSW", "149-010231", _LONG),
        (ben, "RN", "041-377104", _SOON),
        (staff.lead, "LCSW", "149-004468", _LONG),
        (staff.consultant, "MD", "036-118820", _LONG),
        (staff.clinician, "MD", "036-120755", _LONG),
    ):
        _give(
            staff,
            seat,
            CredentialKind.LICENSE,
            name,
            at=at,
            from_on=today - _SINCE,
            until_on=today + left,
            number=number,
        )
    for seat in (nora, ben, staff.lead):
        _give(staff, seat, CredentialKind.TRAINING, _TRAINING, at=at, from_on=today - _SINCE)
    _give(staff, staff.consultant, CredentialKind.BOARD, "Psychiatry", at=at, from_on=today - _SINCE)
    away = today + timedelta(days=12)
    record_leave(by=staff.admin, at=at, seat_id=ben.id, from_on=away, until_on=away + timedelta(days=6))
    invite(
        by=staff.admin,
        at=at,
        invited=Invited(email="rosa.lind@demo.example", name="Rosa Lind", roles=(Role.CARE_MANAGER,), credential="RN"),
    )
    _sign_last_quarter(staff, at=at, today=today)


def _give(
    staff: Staff,
    seat: Membership,
    kind: CredentialKind,
    name: str,
    *,
    at: datetime,
    from_on: date,
    until_on: date | None = None,
    number: str = "",
) -> None:
    values = CredentialValues(
        kind=kind, name=name, from_on=from_on, until_on=until_on, number=number, state="IL" if number else ""
    )
    record_credential(by=staff.admin, at=at, seat_id=seat.id, values=values)


def _sign_last_quarter(staff: Staff, *, at: datetime, today: date) -> None:
    """Signed in the quarter before by the lead; this quarter's is due."""
    day = quarter_of(today) - timedelta(days=20)
    shown = review_of(staff.organization.id, quarter_of(day), today=day)
    sign_access_review(
        by=staff.lead,
        at=at - (today - day),
        today=day,
        chosen={line.seat: ("keep", "") for line in shown.lines},
        fingerprint=shown.fingerprint,
    )
