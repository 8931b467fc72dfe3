"""No order of timers, switches, corrections and voids puts anybody with two patients at once or loses a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.caseload.day_machine import DayMachine, machine_of

QUICK = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def machine(in_tenant: Any, by: Any, membership: Callable[..., Any], now: datetime) -> type[DayMachine]:
    return machine_of([by, membership("care_manager", name="Lee Park", credential="LCSW")], now)


def test_no_order_of_events_overlaps_patients_or_loses_a_second(machine: type[DayMachine]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)


def test_an_entry_that_is_never_held_is_caught(machine: type[DayMachine], monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine sees what the rule would miss: the constraint of the database, or the model, objects."""
    monkeypatch.setattr("caseload.operations.timekeeping.first_overlap", lambda *known: None)
    once = settings(QUICK, max_examples=40, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)
    with pytest.raises(Exception, match=r"caseload_timeentry_no_overlap|Known"):
        run_state_machine_as_test(machine, settings=once)
