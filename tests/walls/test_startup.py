"""The product does not serve with a role that could bypass the wall."""

import os
from contextlib import contextmanager

import pytest
from django.db import connection, connections

from bhi.environment import database
from bhi.tenancy.startup import RoleCouldBypass, refuse_if_role_could_bypass, role_faults


@contextmanager
def default_as(**changes):
    """The application's alias with other settings, as after a mistake in DATABASE_URL."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(changes)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.mark.django_db(transaction=True)
def test_the_application_role_may_serve():
    assert role_faults() == []
    refuse_if_role_could_bypass()
    assert connection.connection is None


@pytest.mark.django_db(databases=["default", "owner", "maintenance"])
def test_the_other_roles_are_told_apart():
    assert role_faults("owner") == ["has BYPASSRLS", "owns tables"]
    assert role_faults("maintenance") == ["has BYPASSRLS"]


@pytest.mark.django_db(transaction=True)
def test_the_owner_may_not_serve():
    owner = connections["owner"].settings_dict
    with default_as(USER=owner["USER"], PASSWORD=owner["PASSWORD"]), pytest.raises(RoleCouldBypass) as refusal:
        refuse_if_role_could_bypass()
    assert str(refusal.value) == (
        "The database role bhi_owner has BYPASSRLS and owns tables: it could read every organization. "
        "DATABASE_URL must be the URL of bhi_app; manage.py create_roles makes it."
    )


@pytest.mark.django_db(transaction=True)
def test_an_administrator_may_not_serve():
    admin = database(os.environ["DATABASE_ADMIN_URL"])
    with default_as(USER=admin["USER"], PASSWORD=admin["PASSWORD"]), pytest.raises(RoleCouldBypass):
        refuse_if_role_could_bypass()


@pytest.mark.django_db(transaction=True)
def test_a_role_that_pretends_to_be_another_may_not_serve():
    admin = database(os.environ["DATABASE_ADMIN_URL"])
    with default_as(USER=admin["USER"], PASSWORD=admin["PASSWORD"], OPTIONS={"options": "-c role=bhi_app"}):
        assert role_faults() == ["is not the role that signed in"]


@pytest.mark.django_db(transaction=True)
def test_without_postgres_the_process_starts_and_says_so_later():
    with default_as(HOST="/no/such/folder"):
        refuse_if_role_could_bypass()
