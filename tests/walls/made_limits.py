"""What the access matrix asks for of emergency access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bhi.tenancy.models import Membership
from tests.factories.going_live import EmergencyAccessFactory
from tests.walls.made import episode


def opened_by_seat(seat: Membership) -> Mapping[str, Any]:
    return {
        "access_id": EmergencyAccessFactory(organization=seat.organization, patient=episode(seat).patient, by=seat).id
    }


def opened_by_another(seat: Membership) -> Mapping[str, Any]:
    """It is over, and nobody has looked at it."""
    return {"access_id": EmergencyAccessFactory(organization=seat.organization, patient=episode(seat).patient).id}


def emergency_list(seat: Membership) -> Mapping[str, Any]:
    opened_by_another(seat)
    return {}
