"""The audit: what is written, what an admin sees of it, and in how many statements."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.audit.operations import record
from bhi.audit.place import Place, acting_from
from bhi.audit.queries import PAGE, Narrowed, audit_page
from bhi.audit.words import WORDS
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import NOW, ClinicFactory

ROOT = Path(__file__).resolve().parents[3]
AUDIT = "/o/lakeside/audit/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def dana(membership):
    return membership("care_manager", name="Dana Ortiz", credential="RN")


class TestRecord:
    def test_keeps_ids_and_names_of_fields(self, in_tenant, dana):
        patient, thing = uuid7(), uuid7()
        record(
            "contact.recorded", by=dana, at=NOW, patient_id=patient, object_id=thing, fields=["phq9", "note"], count=1
        )
        event = AuditEvent.objects.get()
        assert (event.at, event.by, event.action, event.patient_id, event.object_id) == (
            NOW,
            dana,
            "contact.recorded",
            patient,
            thing,
        )
        assert (event.fields, event.count, event.request_id) == (["note", "phq9"], 1, None)

    @pytest.mark.parametrize(
        ("action", "fields"),
        [("contact.recorded", ["Ken Abara"]), ("contact.recorded", ["16.0"]), ("saw Ken Abara", [])],
    )
    def test_refuses_what_looks_like_a_value(self, in_tenant, dana, action, fields):
        with pytest.raises(ValueError, match="never values"):
            record(action, by=dana, at=NOW, fields=fields)
        assert AuditEvent.objects.count() == 0

    def test_is_taken_back_with_what_it_tells_of(self, organization, dana):
        from django.db import transaction

        with tenant(organization), transaction.atomic():
            record("contact.recorded", by=dana, at=NOW)
            transaction.set_rollback(True)
        with tenant(organization):
            assert AuditEvent.objects.count() == 0


class TestPage:
    def _page(self, organization, **narrowed):
        if "patient_id" in narrowed:
            narrowed["patient_ids"] = frozenset({narrowed.pop("patient_id")})
        return audit_page(organization.id, Narrowed(**narrowed))

    def test_is_newest_first_by_patient_or_by_person(self, in_tenant, dana, membership):
        lee, patient, other = membership("psychiatric_consultant", name="Lee Chen"), uuid7(), uuid7()
        for by, who in ((dana, patient), (lee, patient), (dana, other)):
            record("chart.viewed", by=by, at=NOW, patient_id=who)
        by_patient, by_person = self._page(in_tenant, patient_id=patient), self._page(in_tenant, person_id=dana.id)
        assert {(row.person, row.patient_id) for row in by_patient.rows} == {
            ("Lee Chen", patient),
            ("Dana Ortiz, RN", patient),
        }
        assert {(row.person_id, row.patient_id) for row in by_person.rows} == {(dana.id, patient), (dana.id, other)}
        ids = [row.id for row in self._page(in_tenant).rows]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == 3
        assert self._page(in_tenant, patient_id=patient, person_id=lee.id).rows[0].words == "opened the chart"

    def test_goes_on_where_it_stopped_whatever_came_in_meanwhile(self, in_tenant, dana):
        for number in range(2 * PAGE + 1):
            record("chart.viewed", by=dana, at=NOW + timedelta(seconds=number))
        everything = [row.id for row in AuditEvent.objects.order_by("-id")]
        first = self._page(in_tenant)
        record("chart.viewed", by=dana, at=NOW)
        second = self._page(in_tenant, before=first.older_than)
        third = self._page(in_tenant, before=second.older_than)
        assert [row.id for page in (first, second, third) for row in page.rows] == everything
        assert [len(page.rows) for page in (first, second, third)] == [PAGE, PAGE, 1]
        assert third.older_than is None

    def test_a_full_last_page_has_no_older_one(self, in_tenant, dana):
        for _ in range(PAGE):
            record("chart.viewed", by=dana, at=NOW)
        assert self._page(in_tenant).older_than is None

    def test_another_organizations_person_or_patient_shows_nothing(
        self, organization, other_organization, dana, membership
    ):
        stranger, patient = membership(organization=other_organization), uuid7()
        with tenant(other_organization):
            record("chart.viewed", by=stranger, at=NOW, patient_id=patient)
        with tenant(organization):
            record("chart.viewed", by=dana, at=NOW)
            assert self._page(organization, person_id=stranger.id).rows == ()
            assert self._page(organization, patient_id=patient).rows == ()
            assert self._page(other_organization).rows == ()

    def test_an_unknown_action_shows_its_name(self, in_tenant, dana):
        record("something.new", by=dana, at=NOW)
        assert self._page(in_tenant).rows[0].words == "something.new"


class TestView:
    def test_shows_who_did_what_from_where_and_is_itself_an_event(self, client_for, organization, dana):
        with tenant(organization), acting_from(Place("192.0.2.7", "0123456789abcdef")):
            patient = PatientFactory(organization=organization).id
            record("contact.recorded", by=dana, at=NOW, patient_id=patient, fields=["note", "phq9"])
        admin = client_for("admin", name="Ruth Abbot")
        page = admin.get(AUDIT).content.decode()
        words = ("Dana Ortiz, RN", "logged a contact", "note, phq9", str(patient), "192.0.2.7", "session 012345")
        assert [word for word in words if word not in page] == []
        admin.post(AUDIT, {"patient": patient, "person": dana.id})
        with tenant(organization):
            seen = AuditEvent.objects.filter(by=admin.membership).order_by("id")
            assert [(event.action, event.patient_id, event.object_id) for event in seen] == [
                ("audit.viewed", None, None),
                ("audit.viewed", patient, dana.id),
            ]
            assert seen.filter(request_id__isnull=True).count() == 0

    @pytest.mark.parametrize(
        "asked",
        [
            {"patient": "Ken Abara"},
            {"person": "1"},
            {"older_than": "../.."},
            {"kind": "everything"},
            {"person": "' OR 1=1"},
            {"since": "yesterday"},
            {"since": "2026-03-02T08:00", "until": "2026-03-02T08:00"},
            {"since": "2026-03-08T02:30"},
        ],
    )
    def test_what_cannot_be_read_shows_nothing_rather_than_everything(self, client_for, organization, dana, asked):
        with tenant(organization):
            ClinicFactory(organization=organization)
            record("contact.recorded", by=dana, at=NOW)
        answer = client_for("admin").post(AUDIT, asked)
        assert answer.status_code == 422
        assert b"logged a contact" not in answer.content
        assert b"Nothing was looked up" in answer.content

    def test_takes_as_many_statements_for_fifty_rows_as_for_one(self, client_for, organization, dana):
        admin, counts = client_for("admin"), []
        for rows in (1, PAGE):
            with tenant(organization):
                for _ in range(rows):
                    record("chart.viewed", by=dana, at=NOW, patient_id=uuid7())
            with CaptureQueriesContext(
                connection,
            ) as statements:
                admin.get(AUDIT)
            counts.append(len(statements))
        assert counts[0] == counts[1]


def _actions() -> set[str]:
    """Every action that the code writes, told by name as the first argument of a call."""
    files = [
        path for app in ("bhi", "registry", "caseload", "billing", "outcomes") for path in (ROOT / app).rglob("*.py")
    ]
    calls = [node for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = [call for call in calls if getattr(call.func, "id", "") in ("record", "_tell", "_keep") and call.args]
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


def test_every_action_that_the_code_writes_has_words():
    actions = _actions()
    assert sorted(actions - set(WORDS)) == []
    assert "chart.viewed" in actions
