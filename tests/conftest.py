"""What every test stands on. Tests with a database run as bhi_app, behind the wall, like the product."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import django
import pytest
from django.conf import settings as django_settings

from bhi.local.places import Places
from bhi.local.servers import supply

# Before settings are read: servers where none are named, and development's plain http.
supply(Places(Path(__file__).resolve().parents[1]), os.environ)
os.environ["BHI_DEBUG"] = "1"
os.environ.pop("BHI_PROCESS", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "bhi.settings"
# Set up here: named in pyproject, settings would be read before this file could start servers; and conftest files of
# named folders import models before pytest-django would set Django up.
django.setup()
ALIASES = tuple(django_settings.DATABASES)
RULES = Path(__file__).parent / "rules"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The journeys come first: they are walked by one process, and the other takes over what is left meanwhile.

    In the middle, where the other process begins, is what needs no database while the first one makes the template.
    """
    journeys = [item for item in items if item.get_closest_marker("journey")]
    bare = [item for item in items if item.path.is_relative_to(RULES)]
    apart = {*journeys, *bare}
    others = [item for item in items if item not in apart]
    half = max(0, len(items) // 2 - len(journeys))
    items[:] = [*journeys, *others[:half], *bare, *others[half:]]


@pytest.fixture(scope="session", autouse=True)
def quick_passwords(django_test_environment: None) -> None:
    """Argon2 is slow on purpose; nothing here tests its slowness."""
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def unwatched_sessions(django_test_environment: None) -> None:
    """Tests move through months in one session; those of locked screens ask for `watches_sessions`."""
    django_settings.WATCHES_SESSIONS = False


@pytest.fixture
def watches_sessions(settings: Any) -> None:
    """Screens lock, sessions end, and files and settings ask who it is, as in the product."""
    settings.WATCHES_SESSIONS = True


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Rate limits count in the cache: no test may use up another's."""
    from django.core.cache import cache

    yield
    cache.clear()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Replaces pytest-django's: a copy of the migrated template, used by all aliases each in its role."""
    from django.db import connections
    from django.test import TransactionTestCase

    from tests import databases

    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    with django_db_blocker.unblock(), databases.test_database(worker) as name:
        for alias in ALIASES:
            connections[alias].close()
            connections[alias].settings_dict["NAME"] = name
        patch = pytest.MonkeyPatch()
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: databases.empty_tables(name))
        yield
        patch.undo()
        connections.close_all()


@pytest.fixture
def elsewhere(django_db_setup: None, django_db_blocker: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The owner's alias on a migrated database of its own."""
    from django.db import connections

    from tests import databases

    worker = getattr(request.config, "workerinput", {}).get("workerid", "main")
    owner = connections["owner"]
    own = owner.settings_dict["NAME"]
    with (
        django_db_blocker.unblock(),
        databases.scratch_copy(f"{databases.PREFIX}_{os.getpid()}_{worker}_elsewhere") as name,
    ):
        owner.close()
        owner.settings_dict["NAME"] = name
        try:
            yield owner
        finally:
            owner.close()
            owner.settings_dict["NAME"] = own


@pytest.fixture
def now() -> datetime:
    """A Monday morning in Chicago."""
    from tests.factories.tenancy import NOW

    return NOW


@pytest.fixture
def at_now(now: datetime) -> Iterator[None]:
    """The clock stands at `now` for what reads it: pages do, operations are told."""
    import time_machine

    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def organization(db: None) -> Any:
    from tests.factories.tenancy import OrganizationFactory

    return OrganizationFactory(slug="lakeside", name="Lakeside Family Medicine")


@pytest.fixture
def other_organization(db: None) -> Any:
    """A second tenant, of which the first must never see a row."""
    from tests.factories.tenancy import OrganizationFactory

    return OrganizationFactory(slug="ridgeway", name="Ridgeway Health")


@pytest.fixture
def clinic(organization: Any) -> Any:
    from bhi.tenancy.context import tenant
    from tests.factories.tenancy import ClinicFactory

    with tenant(organization):
        return ClinicFactory(organization=organization)


@pytest.fixture
def in_tenant(organization: Any) -> Iterator[Any]:
    """The test's body runs as the organization, as an operation called by a page would."""
    from bhi.tenancy.context import tenant

    with tenant(organization):
        yield organization


@pytest.fixture
def membership(organization: Any) -> Callable[..., Any]:
    """`membership("billing")`: a seat with these roles, by default in `organization`."""
    from tests.factories.tenancy import MembershipFactory

    def make(*roles: str, **fields: Any) -> Any:
        return MembershipFactory(roles=list(roles), **{"organization": organization, **fields})

    return make


@pytest.fixture
def client_for(membership: Callable[..., Any]) -> Callable[..., Any]:
    """`client_for("billing")`: a signed-in test client; `.membership` is its seat."""
    from django.test import Client

    def make(*roles: str, **fields: Any) -> Any:
        client = Client()
        client.membership = membership(*roles, **fields)
        client.force_login(client.membership.user)
        return client

    return make
