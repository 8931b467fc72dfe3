"""The isolation machine for as long as a night allows."""

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.walls.test_isolation_machine import QUICK, machine


@pytest.mark.django_db(transaction=True)
def test_no_order_of_events_shows_a_foreign_row_in_two_thousand_runs():
    run_state_machine_as_test(machine(), settings=settings(QUICK, max_examples=2000, stateful_step_count=40))
