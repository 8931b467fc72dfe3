"""What the access matrix asks of outcomes: one maker per kind of object, each for the organization of a seat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.utils import timezone

from bhi.tenancy.models import Membership
from outcomes.models import MeasuredMonth
from outcomes.operations.asking import ask_to_measure
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory
from tests.walls.made import episode

MEASURED: Final = date(2026, 2, 1)
KEY: Final = "enrolled"


def measured_episode(seat: Membership) -> Any:
    """Somebody of this seat's caseload in a month that is measured."""
    head = MeasuredMonth.objects.filter(organization=seat.organization, month=MEASURED).first()
    head = head or MeasuredMonthFactory(organization=seat.organization, month=MEASURED)
    of = episode(seat)
    return MeasuredEpisodeFactory(
        organization=seat.organization, measured=head, episode=of, patient=of.patient, care_manager=seat
    )


def one_measure(seat: Membership) -> Mapping[str, Any]:
    """One of the product's own: the same for every organization. Somebody is behind it."""
    measured_episode(seat)
    return {"key": KEY}


def measured_months(seat: Membership) -> Mapping[str, Any]:
    measured_episode(seat)
    return {}


def measuring(seat: Membership) -> Mapping[str, Any]:
    """Asked for by the seat itself: the progress is for whoever asked."""
    return {"job_id": ask_to_measure(by=seat, at=timezone.now())}
