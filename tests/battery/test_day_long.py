"""The machine of two people's days for as long as a night allows."""

import time
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.caseload.day_machine import machine_of
from tests.caseload.test_day_machine import QUICK

RUNS = 1000
STEPS = 60


@pytest.mark.django_db
def test_no_order_of_events_loses_a_second_in_a_thousand_runs(
    in_tenant: Any, membership: Any, now: Any, figure: Any
) -> None:
    machine = machine_of([membership("care_manager", name=name) for name in ("Kim Abara", "Lee Park")], now)
    began = time.monotonic()
    run_state_machine_as_test(machine, settings=settings(QUICK, max_examples=RUNS, stateful_step_count=STEPS))
    figure(f"two people's days: orders of up to {STEPS} events", RUNS, 0, time.monotonic() - began)
