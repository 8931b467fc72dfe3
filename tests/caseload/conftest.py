"""People, a patient and an episode, for tests of the caseload."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.pages import client

__all__ = ["client"]


@pytest.fixture
def by(membership: Callable[..., Any]) -> Any:
    """The care manager who does what a test does."""
    return membership("care_manager", name="Ken Abara", credential="RN")


@pytest.fixture
def enrolled(in_tenant: Any, clinic: Any, by: Any, now: datetime) -> Callable[..., Any]:
    """`enrolled("Rivera")`: a patient's episode with consent, through the registry's own operations."""
    from caseload.operations import rebuild_standing
    from registry.operations import add_patient, open_episode, record_consent

    counter = iter(range(1, 10_000))

    def make(family_name: str = "Rivera", *, consent: bool = True, **episode: Any) -> Any:
        number = next(counter)
        patient = add_patient(
            by=by, at=now, clinic=clinic, mrn=f"{number:06}", family_name=family_name, given_name="Ana",
            birth_date=date(1961, 5, 4),
        )  # fmt: skip
        values = {"enrolled_on": date(2026, 2, 2), "care_manager": by, **episode}
        made = open_episode(by=by, at=now, patient=patient, clinic=clinic, **values)
        if consent:
            record_consent(by=by, at=now, patient=patient, given_at=datetime.fromisoformat("2026-02-02T06:00+00:00"))
        rebuild_standing(organization_id=by.organization_id, episode_ids=[made.id], at=now)
        return made

    return make


@pytest.fixture
def log(by: Any, now: datetime) -> Callable[..., Any]:
    """`log(episode, minutes=20, ago=60)`: time that began so many minutes before now."""

    from caseload.operations import record_time
    from caseload.rules.worktime import WorkTime

    def make(episode: Any, *, minutes: int = 20, ago: int = 60, worked_by: Any = None, at: Any = None) -> Any:
        start = now - timedelta(minutes=ago)
        return record_time(
            by=by, at=at or now, episode_id=episode.id, time=WorkTime(span=(start, start + timedelta(minutes=minutes))),
            client_token=uuid4(), worked_by=worked_by,
        )  # fmt: skip

    return make
