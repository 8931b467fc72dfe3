"""What was refused inside an organization stays on record, although the request's transaction was taken back."""

import pytest

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from tests.factories.registry import PatientFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def denied(organization):
    """What is on record of refusals, as (patient, fields)."""

    def read():
        with tenant(organization):
            rows = AuditEvent.objects.filter(action="access.denied").order_by("id")
            return [(row.patient_id, row.fields) for row in rows]

    return read


def patient_of(organization):
    with tenant(organization):
        return PatientFactory(organization=organization)


def chart_of(patient_id):
    return f"/o/lakeside/patients/{patient_id}/"


def test_a_page_that_a_role_may_not_open_is_one_row_with_its_patient(client_for, organization, denied):
    patient = patient_of(organization)
    client = client_for("billing")
    assert client.get(chart_of(patient.id)).status_code == 403
    assert denied() == [(patient.id, ["not_permitted", "view_chart"])]
    with tenant(organization):
        row = AuditEvent.objects.get(action="access.denied")
        assert (row.by, row.ip, len(row.session), row.request_id is None) == (
            client.membership,
            "127.0.0.1",
            16,
            False,
        )


def test_of_what_is_foreign_or_absent_not_even_the_id_is_kept(client_for, organization, other_organization, denied):
    foreign = patient_of(other_organization)
    client = client_for("care_manager")
    for patient_id in (foreign.id, uuid7()):
        assert client.get(chart_of(patient_id)).status_code == 404
    assert denied() == [(None, ["not_found", "view_chart"])] * 2
    with tenant(other_organization):
        assert AuditEvent.objects.count() == 0


def test_an_address_that_is_no_page_and_a_page_that_was_shown_are_no_refusals(client_for, organization, denied):
    client = client_for("care_manager")
    assert client.get("/o/lakeside/no-such-page/").status_code == 404
    assert client.get(chart_of(patient_of(organization).id)).status_code == 200
    assert denied() == []


def test_a_stranger_leaves_no_row_in_an_organization_that_is_not_theirs(client_for, other_organization, denied):
    client = client_for("care_manager")
    assert client.get(f"/o/{other_organization.slug}/audit/").status_code == 404
    assert denied() == []
    with tenant(other_organization):
        assert AuditEvent.objects.count() == 0
