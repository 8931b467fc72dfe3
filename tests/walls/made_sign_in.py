"""What the access matrix asks for of signing in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.mfa.models import Authenticator

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Membership
from tests.factories.going_live import SingleSignOnFactory
from tests.factories.tenancy import MembershipFactory


def colleague(seat: Membership) -> Mapping[str, Any]:
    """Somebody of the same organization who signs in."""
    return {"seat_id": MembershipFactory(organization=seat.organization).id}


def own_passkey(seat: Membership) -> Mapping[str, Any]:
    data = {"name": "Laptop", "credential": {}}
    return {"pk": Authenticator.objects.create(user=seat.user, type=Authenticator.Type.WEBAUTHN, data=data).pk}


def dead_link(seat: Membership) -> Mapping[str, Any]:
    return {"token": "x"}


def own_provider(seat: Membership) -> Mapping[str, Any]:
    """An organization that signs in by itself, by its short name."""
    with tenant(seat.organization):
        SingleSignOnFactory(organization=seat.organization)
    return {"slug": seat.organization.slug}


def no_provider(seat: Membership) -> Mapping[str, Any]:
    return {"slug": seat.organization.slug}
