"""Facts and numbers of large random organizations, by Postgres and by plain Python."""

import time
from typing import Any

import pytest

from tests.outcomes.population import MONTHS, Population
from tests.outcomes.two_paths import compared

PATIENTS = 400


@pytest.mark.parametrize("seed", range(5))
def test_both_paths_agree_on_a_large_organization(in_tenant: Any, seed: int, figure: Any) -> None:
    began = time.monotonic()
    Population(in_tenant, seed, PATIENTS)
    found = compared(in_tenant, MONTHS)
    took = time.monotonic() - began
    rows = sum(found.rows.values())
    figure(f"measured rows by two paths, organization {seed + 1}", rows, len(found.differences), took)
    assert found.differences == []
    assert found.uncounted == set()
    assert found.numbers > 10_000
