"""Whom did somebody see, between two instants: on their own pages and in lists, and the list for a notice."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.audit.operations import record
from bhi.audit.queries import Narrowed, audit_page
from bhi.audit.seen import PAGE, Act, SeenPatient, Span, acts_counted, patients_seen
from bhi.files.models import StoredFile
from bhi.files.operations import read
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from bhi.tenancy.ids import uuid7
from registry.operations.who_saw import discard_lists
from tests.factories.going_live import RestrictionFactory
from tests.factories.program import RecordNumberFactory
from tests.factories.registry import PatientFactory
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

pytestmark = pytest.mark.django_db
SEEN = "/o/lakeside/audit/seen/"
AUDIT = "/o/lakeside/audit/"
EVENING = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # five in the afternoon in Chicago
AN_HOUR = timedelta(hours=1)
ASKED = {"since": "2026-03-02T17:00", "until": "2026-03-02T19:00"}


@pytest.fixture
def dana(membership):
    return membership("care_manager", name="Dana Ortiz")


@pytest.fixture
def evening(organization, dana, membership):
    """Dana opened one chart, was refused another, and stood before two lists; before and after were others."""
    with tenant(organization):
        clinic = ClinicFactory(organization=organization)
        names = (("Abara", "MRN-1"), ("Baker", "MRN-2"), ("Chen", "MRN-3"), ("Diaz", "MRN-4"))
        ken, bea, lee, ana = (
            PatientFactory(organization=organization, clinic=clinic, family_name=name, given_name="Ken", mrn=mrn)
            for name, mrn in names
        )
        other = membership("care_manager", name="Somebody else")
        did = [
            (EVENING - timedelta(seconds=1), "chart.viewed", dana, {"patient_id": ana.id}),
            (EVENING, "caseload.viewed", dana, {"shown": [ken.id, bea.id]}),
            (EVENING + timedelta(minutes=5), "chart.viewed", dana, {"patient_id": ken.id}),
            (EVENING + timedelta(minutes=6), "access.denied", dana, {"patient_id": lee.id}),
            (EVENING + timedelta(minutes=7), "chart.viewed", other, {"patient_id": ana.id}),
            (EVENING + timedelta(minutes=8), "caseload.exported", dana, {"shown": [ken.id]}),
            (EVENING + timedelta(minutes=9), "import.viewed", dana, {"count": 7}),
            (EVENING + 2 * AN_HOUR, "chart.viewed", dana, {"patient_id": ana.id}),
        ]
        for at, action, by, told in did:
            with time_machine.travel(at, tick=False):
                record(action, by=by, at=at, **told)
    return ken, bea, lee, ana


@pytest.fixture
def span(dana):
    return Span(dana.id, EVENING, EVENING + 2 * AN_HOUR)


def test_everybody_on_pages_and_lists_in_the_span_and_nobody_who_was_refused(organization, evening, span):
    ken, bea, _, _ = evening
    with tenant(organization):
        page = patients_seen(organization.id, span)
    assert page.total == 2
    assert page.rows == (
        SeenPatient(ken.id, EVENING, EVENING + timedelta(minutes=8), 1, 2),
        SeenPatient(bea.id, EVENING, EVENING, 0, 1),
    )


def test_acts_are_counted_and_lists_that_name_nobody_are_said(organization, evening, span):
    with tenant(organization):
        acts = acts_counted(organization.id, span)
    assert [(act.words, act.times, act.unnamed) for act in acts] == [
        ("was refused", 1, 0),
        ("exported the caseload", 1, 0),
        ("opened the caseload", 1, 0),
        ("opened the chart", 1, 0),
        ("looked through an import", 1, 1),
    ]
    assert acts[0] == Act("was refused", 1, EVENING + timedelta(minutes=6), EVENING + timedelta(minutes=6), 0)


def test_another_organizations_person_saw_nobody_here(organization, other_organization, evening, span):
    with tenant(other_organization):
        assert patients_seen(organization.id, span).rows == ()
        assert patients_seen(other_organization.id, span).rows == ()
        assert acts_counted(other_organization.id, span) == ()


def test_many_are_paged_and_counted(organization, dana, span):
    everybody = [uuid7() for _ in range(PAGE + 1)]
    with tenant(organization):
        with time_machine.travel(EVENING, tick=False):
            record("caseload.viewed", by=dana, at=EVENING, shown=everybody)
        first, second = patients_seen(organization.id, span), patients_seen(organization.id, span, first=PAGE)
    assert (len(first.rows), first.total, len(second.rows), second.total) == (PAGE, PAGE + 1, 1, PAGE + 1)
    assert {row.patient_id for row in (*first.rows, *second.rows)} == set(everybody)


class TestPage:
    def test_an_admin_sees_no_names_and_a_lead_who_is_admin_does(self, client_for, evening, dana, organization):
        plain = client_for("admin").post(SEEN, {"person": dana.id, **ASKED}).content.decode()
        assert ("2 patients" in plain, "Abara" in plain, "MRN-1" in plain) == (True, False, False)
        both = client_for("admin", "clinic_lead")
        named = both.post(SEEN, {"person": dana.id, **ASKED}).content.decode()
        assert ("Abara" in named, "MRN-1" in named, "Diaz" in named) == (True, True, False)
        with tenant(organization):
            rows = AuditEvent.objects.filter(action="audit.seen_viewed").order_by("id")
            assert [(row.object_id, row.shown) for row in rows] == [
                (dana.id, None),
                (dana.id, sorted(patient.id for patient in evening[:2])),
            ]

    def test_says_that_rows_of_a_file_are_counted_and_not_named(self, client_for, evening, dana):
        page = client_for("admin").post(SEEN, {"person": dana.id, **ASKED}).content.decode()
        assert "Once a list, or a file before it was taken over, told only how many" in page

    def test_nothing_in_the_span_says_so(self, client_for, evening, dana):
        asked = {"person": dana.id, "since": "2026-03-04T17:00", "until": "2026-03-04T19:00"}
        assert "Nothing is on record" in client_for("admin").post(SEEN, asked).content.decode()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"person": ""}, "This field is required"),
            ({"since": ""}, "This field is required"),
            ({"until": "2026-03-02T16:00"}, "later than the beginning"),
            ({"since": "2026-03-08T02:30"}, "couldn’t be interpreted in time zone"),
        ],
    )
    def test_a_fault_is_said_and_nothing_typed_is_lost(self, client_for, evening, dana, change, words):
        answer = client_for("admin").post(SEEN, {"person": dana.id, **ASKED, **change})
        assert answer.status_code == 422
        page = answer.content.decode()
        assert words in page
        assert ({**ASKED, **change}["until"] in page) is True


class TestList:
    def _asked(self, client, dana):
        return client.post(SEEN + "list/", {"person": dana.id, **ASKED})

    def test_is_made_by_a_job_named_in_the_audit_and_gone_after_a_day(self, client_for, evening, dana, organization):
        ken, bea, _, _ = evening
        admin = client_for("admin")
        answer = self._asked(admin, dana)
        with tenant(organization):
            job = Job.objects.get(kind="list_who_was_seen")
        assert answer.headers["Location"] == f"{SEEN}list/{job.id}/"
        assert "Listing whom somebody saw" in admin.get(answer.headers["Location"]).content.decode()
        assert admin.get(f"{SEEN}list/{job.id}/file/").status_code == 404
        run(organization_id=organization.id, job_id=job.id, at=job.queued_at)
        assert f"{SEEN}list/{job.id}/file/" in admin.get(f"{SEEN}list/{job.id}/").content.decode()
        file = admin.get(f"{SEEN}list/{job.id}/file/")
        assert file.content.decode("utf-8-sig").splitlines() == [
            "Record number,Patient,First seen (UTC),Last seen (UTC),Opened,In lists",
            'MRN-1,"Abara, Ken",2026-03-02 23:00:00,2026-03-02 23:08:00,1,2',
            'MRN-2,"Baker, Ken",2026-03-02 23:00:00,2026-03-02 23:00:00,0,1',
        ]
        assert "Abara" not in file.headers["Content-Disposition"]
        with tenant(organization):
            row = AuditEvent.objects.get(action="audit.list_downloaded")
            assert (row.object_id, row.shown) == (dana.id, sorted([ken.id, bea.id]))
            kept = StoredFile.objects.get()
            assert read(kept) == file.content
            assert discard_lists(organization_id=organization.id, at=kept.expires_at) == 1

    def test_is_another_admins_to_nobody(self, client_for, evening, dana, organization):
        self._asked(client_for("admin"), dana)
        with tenant(organization):
            job = Job.objects.get(kind="list_who_was_seen")
        run(organization_id=organization.id, job_id=job.id, at=job.queued_at)
        other = client_for("admin")
        assert other.get(f"{SEEN}list/{job.id}/").status_code == 404
        assert other.get(f"{SEEN}list/{job.id}/file/").status_code == 404

    @pytest.mark.usefixtures("watches_sessions")
    def test_asks_who_one_is_a_quarter_of_an_hour_after_that_was_proved(self, client_for, evening, dana, organization):
        with time_machine.travel(EVENING, tick=False) as clock:
            admin = client_for("admin")
            for _ in range(2):
                clock.shift(timedelta(minutes=8))
                admin.get(AUDIT)
            answer = self._asked(admin, dana)
        assert answer.status_code == 422
        with tenant(organization):
            assert Job.objects.filter(kind="list_who_was_seen").count() == 0


class TestEventsOfAPatient:
    def test_are_those_of_their_pages_and_of_the_lists_that_showed_them(self, organization, evening):
        ken = evening[0]
        with tenant(organization):
            page = audit_page(organization.id, Narrowed(patient_ids=frozenset({ken.id})))
        assert [row.words for row in page.rows] == [
            "exported the caseload",
            "opened the chart",
            "opened the caseload",
        ]

    def test_are_found_by_any_of_their_record_numbers(self, client_for, organization, evening):
        ken = evening[0]
        with tenant(organization):
            RecordNumberFactory(organization=organization, patient=ken, mrn="000-7")
        admin = client_for("admin")
        for number in ("MRN-1", " 000-7 "):
            page = admin.post(AUDIT, {"number": number}).content.decode()
            assert ("exported the caseload" in page, "looked through an import" in page) == (True, False)
        assert "Nobody has this record number" in admin.post(AUDIT, {"number": "MRN-99"}).content.decode()

    def test_a_restricted_record_is_found_by_its_numbers_and_told_to_an_admin_without_its_name(
        self, client_for, organization, evening, membership
    ):
        ken = evening[0]
        with tenant(organization):
            lead = membership("clinic_lead")
            RestrictionFactory(organization=organization, patient=ken, seats=[], recorded_by=lead)
            RecordNumberFactory(organization=organization, patient=ken, mrn="000-7")
        for roles in (["admin"], ["admin", "clinic_lead"]):
            for asked in ({"number": "MRN-1"}, {"number": "000-7"}, {"patient": ken.id}):
                page = client_for(*roles).post(AUDIT, asked).content.decode()
                assert ("exported the caseload" in page, "Abara" in page) == (True, False)
        with tenant(organization):
            rows = AuditEvent.objects.filter(action="audit.viewed")
            assert {(row.patient_id, tuple(row.shown or ())) for row in rows} == {(ken.id, ())}

    def test_who_is_not_on_record_is_not_asked_about(self, client_for, organization, other_organization, evening):
        with tenant(other_organization):
            elsewhere = PatientFactory(organization=other_organization)
        for given in (uuid7(), elsewhere.id):
            page = client_for("admin").post(AUDIT, {"patient": given})
            assert (page.status_code, "exported the caseload" in page.content.decode()) == (200, False)
        with tenant(organization):
            rows = AuditEvent.objects.filter(action="audit.viewed")
            assert [(row.patient_id, row.shown) for row in rows] == [(None, None)] * 2

    def test_can_be_narrowed_to_a_kind_and_a_time(self, organization, evening, dana):
        with tenant(organization):
            refused = audit_page(organization.id, Narrowed(kind="refused"))
            files = audit_page(organization.id, Narrowed(kind="files", since=EVENING, until=EVENING + AN_HOUR))
            none = audit_page(organization.id, Narrowed(kind="files", until=EVENING))
        assert [row.words for row in (*refused.rows, *files.rows, *none.rows)] == [
            "was refused",
            "exported the caseload",
        ]


def test_the_page_asks_as_often_for_many_as_for_few(client_for, evening, dana, organization):
    admin, taken = client_for("admin", "clinic_lead"), []
    for more in (0, 40):
        with tenant(organization), time_machine.travel(EVENING, tick=False):
            everybody = [PatientFactory(organization=organization).id for _ in range(more)]
            record("caseload.viewed", by=dana, at=EVENING, shown=everybody)
        with CaptureQueriesContext(connection) as queries:
            assert admin.post(SEEN, {"person": dana.id, **ASKED}).status_code == 200
        taken.append(len(own(queries.captured_queries)))
    assert taken[0] == taken[1] <= 8
