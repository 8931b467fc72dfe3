"""People, for tests of the registry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest


@pytest.fixture
def by(membership: Callable[..., Any]) -> Any:
    """The care manager who does what a test does."""
    return membership("care_manager", name="Ken Abara", credential="RN")


@pytest.fixture
def person(in_tenant: Any, clinic: Any, by: Any, now: datetime) -> Callable[..., Any]:
    """`person("Rivera", "Ana")`: somebody on record, through the registry's own operation."""
    from registry.operations import add_patient

    counter = iter(range(1, 10_000))

    def make(family_name: str = "Rivera", given_name: str = "Ana", **details: Any) -> Any:
        values = {"clinic": clinic, "mrn": f"{next(counter):06}", "birth_date": date(1961, 5, 4), **details}
        return add_patient(by=by, at=now, family_name=family_name, given_name=given_name, **values)

    return make
