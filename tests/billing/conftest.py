"""An organization at work."""

from typing import Any

import pytest


@pytest.fixture
def lakeside(in_tenant: Any, clinic: Any) -> Any:
    """The test's body runs in its tenant."""
    from tests.billing.people import program

    return program(in_tenant, clinic)
