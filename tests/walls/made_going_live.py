"""What the access matrix asks for of going live."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bhi.tenancy.models import Membership
from registry.operations.model_fit import keep_model_fit
from registry.rules.model_fit import Answers, Can, advise
from tests.factories.tenancy import NOW
from tests.walls.made import episode as made_episode

ANSWERS = Answers(
    care_manager_hours=40,
    is_trained=Can.YES,
    consultant_hours=Decimal(0),
    review=Can.NO,
    registry=Can.BUILD,
    clinician=Can.YES,
    billing=Can.YES,
    active=40,
    new_a_month=4,
    shares={"medicare_ffs": 60, "medicare_advantage": 0, "commercial": 40, "medicaid": 0, "none": 0},
)


def model_fit(seat: Membership) -> Mapping[str, Any]:
    """Advice that was given."""
    fit = keep_model_fit(by=seat, at=NOW, answers=ANSWERS, advice=advise(ANSWERS, {}), source="")
    return {"fit_id": fit.id}


def checked(seat: Membership) -> Mapping[str, Any]:
    """A clinic's month that is over, with somebody who was not reached in it."""
    episode = made_episode(seat)
    return {"clinic_id": episode.clinic_id, "month": "2026-02"}
