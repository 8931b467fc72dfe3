"""Facts and numbers of random organizations, by Postgres and by plain Python: the same, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from bhi.tenancy.context import tenant
from tests.outcomes import second_path
from tests.outcomes.population import MONTHS, Population
from tests.outcomes.two_paths import TABLES, compared

SEED, PATIENTS = 6, 50


def test_both_paths_agree_on_every_row_and_number(in_tenant: Any, other_organization: Any) -> None:
    """Of two organizations, each beside the other."""
    Population(in_tenant, SEED, PATIENTS)
    with tenant(other_organization):
        Population(other_organization, SEED + 1, PATIENTS // 4)
        of_second = compared(other_organization, MONTHS[2:3])
    of_first = compared(in_tenant, MONTHS[1:4])
    assert of_first.differences == of_second.differences == []
    # It is no empty set that was compared: every measure counts somebody.
    assert of_first.uncounted == set()
    assert min(of_first.rows.values()) >= PATIENTS // 4


def test_a_difference_is_found(in_tenant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without birthdays a child of eleven is twelve, and in another band."""
    Population(in_tenant, SEED, PATIENTS // 4)
    monkeypatch.setattr(second_path, "years_between", lambda born, on: on.year - born.year)
    found = compared(in_tenant, MONTHS[:1])
    assert {place[2] for place in found.differences if place[0] in TABLES} == {"age"}
    assert {place[0] for place in found.differences} >= {"episode", "age_band"}
