"""A connection that goes back to the pool carries nothing to the next request."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from bhi.tenancy.context import tenant
from bhi.tenancy.pool import ALSO, CLINICS, HIDDEN, SETTING, forget_tenant
from registry.models import Payer
from tests.factories.registry import PayerFactory

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def pooled(**options):
    """A second connection of Django's to the test database, through a pool of one."""
    settings = {
        **connection.settings_dict,
        "OPTIONS": {"pool": {"min_size": 1, "max_size": 1, "timeout": 5, **options}},
    }
    wrapper = DatabaseWrapper(settings, alias=connection.alias)
    try:
        yield wrapper
    finally:
        wrapper.close()
        wrapper.close_pool()


def ask(wrapper, sql, *parameters):
    with wrapper.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def borrow_twice(wrapper, organization_id):
    """Two requests on one connection, the first of which sets the organization for the whole session."""
    ((first,),) = ask(wrapper, "SELECT pg_backend_pid()")
    ask(wrapper, "SELECT set_config(%s, %s, false)", SETTING, str(organization_id))
    wrapper.close()
    ((second,),) = ask(wrapper, "SELECT pg_backend_pid()")
    return first == second, ask(wrapper, "SELECT name FROM registry_payer")


@pytest.mark.django_db(transaction=True)
def test_a_forgotten_session_setting_does_not_reach_the_next_request(organization):
    with tenant(organization):
        PayerFactory(organization=organization, name="Medicare")
    with pooled(reset=forget_tenant) as wrapper:
        assert borrow_twice(wrapper, organization.id) == (True, [])


@pytest.mark.django_db
@pytest.mark.parametrize(("options", "left"), [({"reset": forget_tenant}, ""), ({}, "{}")], ids=["reset", "without"])
def test_it_forgets_the_limits_of_a_seat_too(options, left):
    for name in (SETTING, CLINICS, ALSO, HIDDEN):
        with pooled(**options) as wrapper:
            ask(wrapper, "SELECT set_config(%s, '{}', false)", name)
            wrapper.close()
            assert ask(wrapper, "SELECT current_setting(%s, true)", name) == [(left,)]


@pytest.mark.django_db(transaction=True)
def test_without_the_reset_it_would(organization):
    """The proof that the test above can fail."""
    with tenant(organization):
        PayerFactory(organization=organization, name="Medicare")
    with pooled() as wrapper:
        assert borrow_twice(wrapper, organization.id) == (True, [("Medicare",)])


@pytest.mark.django_db(transaction=True)
def test_a_closed_connection_forgets_too(organization):
    with tenant(organization):
        PayerFactory(organization=organization, name="Medicare")
        assert Payer.objects.count() == 1
    connection.close()
    assert Payer.objects.count() == 0


SETTINGS = """
import json, bhi.settings as s
pool = s.DATABASES["default"]["OPTIONS"].get("pool")
print(json.dumps({"aliases": sorted(s.DATABASES), "reset": pool and pool["reset"].__name__,
                  "health": all(one["CONN_HEALTH_CHECKS"] for one in s.DATABASES.values()),
                  "atomic": [name for name, one in s.DATABASES.items() if one.get("ATOMIC_REQUESTS")]}))
"""


@pytest.mark.parametrize(
    ("process", "wanted"),
    [
        (
            "web",
            {"aliases": ["default", "maintenance"], "reset": "forget_tenant", "health": True, "atomic": ["default"]},
        ),
        ("", {"aliases": ["default", "maintenance", "owner"], "reset": None, "health": True, "atomic": ["default"]}),
    ],
)
def test_only_web_processes_pool_and_none_of_them_is_the_owner(process, wanted):
    done = subprocess.run(
        [sys.executable, "-c", SETTINGS],
        env={**os.environ, "BHI_PROCESS": process}, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == wanted
