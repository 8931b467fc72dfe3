"""What the walls are tried with."""

from typing import Any

import pytest


@pytest.fixture
def seats(organization: Any, other_organization: Any) -> dict[str, Any]:
    """A seat by role; at the other organization a `stranger` who has every role there."""
    from tests.factories.tenancy import MembershipFactory
    from tests.walls.access import ROLES

    own = {role: MembershipFactory(organization=organization, roles=[role]) for role in ROLES}
    return {**own, "stranger": MembershipFactory(organization=other_organization, roles=list(ROLES))}
