"""Tests run as the role that the product runs as."""

import pytest
from django.db import DatabaseError, connection, transaction

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from bhi.tenancy.startup import role_faults
from tests.factories.tenancy import ClinicFactory


def test_tests_run_as_the_application(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("bhi_app", "bhi_app")
    assert role_faults() == []


def test_a_clinic_is_seen_in_its_organization_only(organization, other_organization, clinic):
    with tenant(organization):
        assert [row.id for row in Clinic.objects.all()] == [clinic.id]
    with tenant(other_organization):
        assert list(Clinic.objects.all()) == []
    assert list(Clinic.objects.all()) == []


def test_a_row_of_another_organization_cannot_be_made(organization, other_organization):
    with tenant(organization), pytest.raises(DatabaseError), transaction.atomic():
        ClinicFactory(organization=other_organization)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_transactional_tests_begin_empty(turn, organization, clinic):
    with tenant(organization):
        assert Clinic.objects.count() == 1
