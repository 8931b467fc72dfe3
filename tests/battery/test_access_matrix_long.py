"""The access matrix with every role that may not, and every role that looks for what is not its own."""

from functools import partial
from typing import Any

import pytest

from tests.walls.access import OF_AN_ORGANIZATION
from tests.walls.asking import PARTS, listed, part, seats_in, walked
from tests.walls.test_access_matrix import faults_of


@pytest.mark.parametrize("number", range(PARTS))
def test_every_role_is_answered_as_the_table_says(organization: Any, other_organization: Any, number: int) -> None:
    seats = seats_in(organization, other_organization)
    found = walked(part(OF_AN_ORGANIZATION, number), seats, partial(faults_of, whole=True))
    assert not found, listed(found)
