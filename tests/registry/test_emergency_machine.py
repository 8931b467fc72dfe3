"""No order of opening, closing, merging, restricting and leaving shows a record to somebody who may not see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from registry.operations import emergencies
from tests.factories.going_live import SeatClinicFactory
from tests.factories.tenancy import ClinicFactory
from tests.registry.emergency_machine import EmergencyMachine, machine_of

QUICK = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def machine(
    in_tenant: Any, organization: Any, clinic: Any, membership: Callable[..., Any], now: datetime
) -> type[EmergencyMachine]:
    north = ClinicFactory(organization=organization, name="North")
    membership("admin")
    membership(user=None, is_system=True, name="System")
    roles = {"lead": "clinic_lead", "everywhere": "care_manager", "north": "care_manager"}
    seats = {name: membership(role, name=name.title()) for name, role in roles.items()}
    SeatClinicFactory(organization=organization, seat=seats["north"], clinic=north)
    return machine_of(seats, {"south": clinic, "north": north}, now)


def test_no_order_of_events_shows_a_record_to_who_may_not_see_it(machine: type[EmergencyMachine]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)


def test_an_access_that_does_not_end_is_caught(
    machine: type[EmergencyMachine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine sees what a mistake would do: closing by hand that closes nothing."""
    monkeypatch.setattr(emergencies, "_locked", _never)
    once = settings(QUICK, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=once)


def _never(organization_id: Any, access_id: Any) -> Any:
    """The access, as one that keeps nothing."""
    access = emergencies.EmergencyAccess.objects.get(organization_id=organization_id, id=access_id)
    access.save = lambda **fields: None  # type: ignore[method-assign, assignment]
    return access
