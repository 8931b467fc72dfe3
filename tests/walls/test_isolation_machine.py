"""No order of events shows a foreign row; and the machine catches a `tenant()` that leaves something behind."""

from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bhi.tenancy.pool import SETTING
from tests.factories.tenancy import OrganizationFactory
from tests.walls.isolation_machine import IsolationMachine

QUICK = settings(
    max_examples=80,
    stateful_step_count=20,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def naive_tenant(organization_id):
    """Sets and never puts back: a released savepoint keeps the setting."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, str(organization_id)])
        yield


@contextmanager
def session_tenant(organization_id):
    """Sets for the session: what is rolled back or forgotten stays set."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, str(organization_id)])
        yield


def machine(open_tenant=None):
    organizations = [OrganizationFactory().id for _ in range(3)]
    own = {"organizations": organizations}
    if open_tenant is not None:
        own["open_tenant"] = staticmethod(open_tenant)
    return type("Machine", (IsolationMachine,), own)


@pytest.mark.django_db(transaction=True)
def test_no_order_of_events_shows_a_foreign_row():
    run_state_machine_as_test(machine(), settings=QUICK)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("wrong", [naive_tenant, session_tenant])
def test_a_wrong_tenant_is_caught(wrong):
    once = settings(QUICK, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(wrong), settings=once)
