"""The isolation machine for as long as a night allows."""

import time
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.walls.test_isolation_machine import QUICK, machine

RUNS = 2000
STEPS = 40


@pytest.mark.django_db(transaction=True)
def test_no_order_of_events_shows_a_foreign_row_in_two_thousand_runs(figure: Any) -> None:
    began = time.monotonic()
    run_state_machine_as_test(machine(), settings=settings(QUICK, max_examples=RUNS, stateful_step_count=STEPS))
    figure(f"isolation machine: orders of up to {STEPS} events", RUNS, 0, time.monotonic() - began)
