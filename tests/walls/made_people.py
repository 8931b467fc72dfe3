"""What the access matrix asks for about people: seats, invitations, credentials, leave, signed reviews."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from bhi.accounts.links import fingerprint_of, invitation_path, secret_of
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from bhi.tenancy.models import Membership
from tests.factories.going_live import (
    AccessReviewFactory,
    ConfirmedDomainFactory,
    InvitationFactory,
    SeatCredentialFactory,
    SeatLeaveFactory,
)
from tests.factories.tenancy import NOW, MembershipFactory


def coworker(seat: Membership) -> Mapping[str, Any]:
    return {"seat_id": MembershipFactory(organization=seat.organization, roles=["billing"]).id}


def _invitation(seat: Membership) -> Any:
    at, key = timezone.now(), uuid7()
    return InvitationFactory(
        id=key,
        organization=seat.organization,
        invited_by=seat,
        invited_at=at,
        expires_at=at + timedelta(days=7),
        token_sha256=fingerprint_of(secret_of(key)),
    )


def invitation(seat: Membership) -> Mapping[str, Any]:
    return {"invitation_id": _invitation(seat).id}


def invited_token(seat: Membership) -> Mapping[str, Any]:
    made = _invitation(seat)
    return {"token": invitation_path(made.organization_id, made.id).split("/")[-2]}


def credential(seat: Membership) -> Mapping[str, Any]:
    made = SeatCredentialFactory(organization=seat.organization)
    return {"seat_id": made.seat_id, "credential_id": made.id}


def leave(seat: Membership) -> Mapping[str, Any]:
    made = SeatLeaveFactory(organization=seat.organization, from_on=date(2026, 1, 5))
    return {"seat_id": made.seat_id, "leave_id": made.id}


def signed_access_review(seat: Membership) -> Mapping[str, Any]:
    made = AccessReviewFactory(
        organization=seat.organization, signed_at=timezone.now(), signed_by=seat, signed_as=str(seat)
    )
    return {"quarter": made.quarter.isoformat()}


def platform_person(seat: Membership) -> Mapping[str, Any]:
    """Outside organizations: whoever asks is platform staff."""
    assert seat.user is not None
    seat.user.is_platform_staff = True
    seat.user.save(update_fields=["is_platform_staff"])
    return {}


def platform_organization(seat: Membership) -> Mapping[str, Any]:
    return {**platform_person(seat), "organization_id": seat.organization_id}


def platform_domain(seat: Membership) -> Mapping[str, Any]:
    """One that was withdrawn: nothing is left to do with it."""
    with tenant(seat.organization_id):
        row = ConfirmedDomainFactory(organization=seat.organization, withdrawn_at=NOW)
    return {**platform_organization(seat), "domain_id": row.id}
