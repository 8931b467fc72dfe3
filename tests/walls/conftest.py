"""What the walls are tried with."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.walls.probes import TwoTenants


@pytest.fixture
def seats(organization: Any, other_organization: Any) -> dict[str, Any]:
    """A seat by role; at the other organization a `stranger` who has every role there."""
    from tests.walls.asking import seats_in

    return seats_in(organization, other_organization)


@pytest.fixture(scope="session")
def scratch(django_db_setup: None, django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[TwoTenants]:
    """A database to break: two organizations with a row of everything, and the administrator's connection to it.

    Shared: whoever changes it does so in a transaction that is taken back.
    """
    from django.db import connection

    from tests import databases
    from tests.factories.everything import fill
    from tests.factories.tenancy import OrganizationFactory

    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with django_db_blocker.unblock(), databases.scratch_copy(f"bhi_test_{os.getpid()}_{worker}_scratch") as name:
        own = connection.settings_dict["NAME"]
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            organizations = [OrganizationFactory(), OrganizationFactory()]
            for organization in organizations:
                fill(organization)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
        with psycopg.connect(databases.admin_url(), dbname=name, autocommit=True) as admin:
            yield TwoTenants(admin, organizations[0].id, organizations[1].id)
