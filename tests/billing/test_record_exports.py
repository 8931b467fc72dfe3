"""A patient's copy of the record: that nothing is missing in it, how it is made, kept, opened and given."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.apps import apps
from django.test import Client
from pypdf import PdfReader

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.models import Job
from bhi.jobs.operations import run
from bhi.tenancy.context import tenant
from billing.operations.record_exports import KEPT_FOR, ask_for_copy, discard_copies, give_copy
from billing.queries.record_copy import known_tables, path_to_patient, plain, record_copy, said, tables_of_patients
from billing.queries.record_exports import PAPER, STRUCTURED, export_file, exports_of
from billing.rules.record_copy import LEFT_OUT
from registry.models import Disclosure, RecordExport
from registry.operations.rights_errors import RightsRefused
from registry.queries.disclosures import accounting_of
from tests.factories.billing import ClaimFactory, ClaimLineFactory
from tests.factories.caseload import ContactFactory
from tests.factories.claims import AcknowledgementFactory
from tests.factories.everything import factory_of
from tests.factories.going_live import AmendmentRequestFactory, PartTwoMarkFactory
from tests.factories.registry import AssessmentFactory, EpisodeFactory, PatientFactory

ON = date(2026, 3, 2)
NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."


@pytest.fixture
def by(membership: Callable[..., Any]) -> Any:
    return membership("care_manager", name="Ken Abara", credential="RN")


@pytest.fixture
def patient(in_tenant: Any) -> Any:
    row = PatientFactory(organization=in_tenant, given_name="Ana", family_name="Rivera")
    of = EpisodeFactory(organization=in_tenant, patient=row)
    ContactFactory(organization=in_tenant, episode=of, on=date(2026, 2, 3), note="Slept better.")
    ContactFactory(organization=in_tenant, episode=of, on=date(2026, 3, 1), note="Walked to work.")
    AssessmentFactory(organization=in_tenant, patient=row, episode=of, items=[1, 2, 0, 1, None, 0, 1, 0, 0], on=ON)
    return row


@pytest.fixture
def ask(by: Any, now: datetime, patient: Any) -> Callable[..., Any]:
    def asked(**details: Any) -> Any:
        values = {"asked_on": ON, "asked_by": "The patient", "from_on": None, "until_on": None, "today": ON}
        return ask_for_copy(by=by, at=now, patient_id=patient.id, client_token=uuid4(), **(values | details))

    return asked


def make(organization: Any, export: Any, at: datetime) -> None:
    """As a worker would, outside the transaction that asked."""
    assert run(organization_id=organization.id, job_id=export.job_id, at=at) == "done"


def test_every_table_that_says_something_of_a_patient_is_given_or_left_out_with_a_reason():
    assert set(tables_of_patients()) == known_tables() | set(LEFT_OUT)


def test_every_table_of_the_copy_gives_the_patients_own_rows(in_tenant):
    """One row of each table, whosever: the copy of that patient has it."""
    factories, missing = factory_of(), []
    for label in sorted(known_tables()):
        row = factories[apps.get_model(label)](organization=in_tenant)
        found = apps.get_model(label)._default_manager.filter(id=row.id).values_list(path_to_patient(label), flat=True)
        whose = found.get()
        if whose is None:  # an answer that nobody matched yet is no patient's
            continue
        copy = record_copy(in_tenant.id, whose)
        rows = next(table.rows for table in copy.tables if table.table.label == label)
        if str(row.id) not in {one.values["id"] for one in rows}:
            missing.append(label)
    assert missing == []


def test_another_patients_rows_are_not_in_it(in_tenant, patient):
    other = PatientFactory(organization=in_tenant)
    assert [table.table.name for table in record_copy(in_tenant.id, other.id).tables if table.rows] == ["person"]


def test_claims_of_test_files_and_what_was_said_of_them_are_not_in_it(in_tenant, patient):
    kept = {}
    for is_test in (True, False):
        claim = ClaimFactory(organization=in_tenant, patient=patient, batch__is_test=is_test, is_superseded=is_test)
        line = ClaimLineFactory(organization=in_tenant, claim=claim)
        said = AcknowledgementFactory(organization=in_tenant, claim=claim, batch=claim.batch)
        kept = {"claims": [str(claim.id)], "claim_lines": [str(line.id)], "claim_answers": [str(said.id)]}
    told = {table.table.name: table.rows for table in record_copy(in_tenant.id, patient.id).tables}
    assert {name: [row.values["id"] for row in told[name]] for name in kept} == kept


@pytest.mark.parametrize(
    ("from_on", "until_on", "expected"),
    [
        (None, None, ["Slept better.", "Walked to work."]),
        (date(2026, 2, 4), None, ["Walked to work."]),
        (None, date(2026, 2, 28), ["Slept better."]),
        (date(2026, 2, 4), date(2026, 2, 28), []),
    ],
)
def test_a_span_of_days_is_kept_to(in_tenant, patient, from_on, until_on, expected):
    copy = record_copy(in_tenant.id, patient.id, from_on=from_on, until_on=until_on)
    rows = next(table.rows for table in copy.tables if table.table.name == "contacts")
    assert [row.values["note"] for row in rows] == expected


def test_scores_are_told_with_their_answers(in_tenant, patient):
    copy = record_copy(in_tenant.id, patient.id)
    row = next(table.rows for table in copy.tables if table.table.name == "scores")[0]
    answers = next(cell.words for cell in row.cells if cell.name == "items").splitlines()
    assert [line.rpartition(": ")[2] for line in answers] == ["1", "2", "0", "1", "not answered", "0", "1", "0", "0"]


def test_both_files_are_made_and_hold_the_record(organization, patient, ask, now):
    with tenant(organization):
        export = ask()
    make(organization, export, now)
    with tenant(organization):
        files = [export_file(organization.id, patient.id, export.id, kind, at=now) for kind in (PAPER, STRUCTURED)]
        paper, archive = PdfReader(io.BytesIO(read(files[0]))), zipfile.ZipFile(io.BytesIO(read(files[1])))
    text = "\n".join(page.extract_text() for page in paper.pages)
    told = json.loads(archive.read("record.json"))
    assert [word in text for word in ("Ana Rivera", "Slept better.", "Walked to work.", NOTICE)] == [True] * 3 + [False]
    assert [row["note"] for row in told["tables"]["contacts"]] == ["Slept better.", "Walked to work."]
    assert told["notices"] == []


def test_of_a_marked_record_every_file_carries_the_notice_and_statements(organization, patient, ask, now):
    with tenant(organization):
        PartTwoMarkFactory(organization=organization, patient=patient)
        AmendmentRequestFactory(
            organization=organization, patient=patient, is_accepted=False, basis="accurate", answer="It is right.",
            answered_on=ON, answered_by=ask().made_by, disagreement="I never took it.",
        )  # fmt: skip
        export = ask()
    make(organization, export, now)
    with tenant(organization):
        pdf, packed = (
            read(export_file(organization.id, patient.id, export.id, kind, at=now)) for kind in (PAPER, STRUCTURED)
        )
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert [NOTICE in page for page in pages] == [True] * len(pages)
    assert "I never took it." in pages[0]
    filled = [name for name in archive.namelist() if archive.read(name)]
    assert [name for name in filled if NOTICE not in archive.read(name).decode()] == []


def test_asking_twice_makes_one_and_says_when_it_is_due(by, now, patient, in_tenant):
    token = uuid4()
    asked = {"asked_on": ON, "asked_by": "The patient", "from_on": None, "until_on": None, "today": ON}
    made = [ask_for_copy(by=by, at=now, patient_id=patient.id, client_token=token, **asked) for _ in range(2)]
    assert (made[0].id, made[0].due_on) == (made[1].id, date(2026, 4, 1))
    assert Job.objects.filter(kind="make_record_copy").count() == 1


@pytest.mark.parametrize(
    ("changes", "fields"), [({"asked_by": " "}, ["asked_by"]), ({"asked_on": date(2026, 3, 3)}, ["asked_on"])]
)
def test_a_request_that_lacks_something_is_refused(ask, changes, fields):
    with pytest.raises(RightsRefused) as refused:
        ask(**changes)
    assert list(refused.value.faults) == fields


def test_given_is_a_disclosure_to_the_patient_once_and_in_no_accounting(organization, by, now, patient, ask):
    with tenant(organization):
        export = ask()
        give = {"by": by, "at": now, "patient_id": patient.id, "export_id": export.id, "today": ON}
        with pytest.raises(RightsRefused) as refused:
            give_copy(**give, given_on=ON)
    assert refused.value.faults == {"given_on": "The copy is not made yet. Wait for it, then give it."}
    make(organization, export, now)
    with tenant(organization):
        with pytest.raises(RightsRefused):
            give_copy(**give, given_on=ON - timedelta(days=1))
        give_copy(**give, given_on=ON)
        give_copy(**give, given_on=ON)
        told = Disclosure.objects.filter(patient=patient)
        assert [(one.purpose, one.recipient, one.object_id) for one in told] == [
            ("to_patient", "The patient", export.id)
        ]
        assert accounting_of(organization.id, patient.id, asked_on=ON) == ()
        with pytest.raises(NotFound):
            give_copy(**(give | {"export_id": uuid4()}), given_on=ON)


def test_files_are_gone_after_thirty_days_and_the_request_stays(organization, patient, ask, now):
    with tenant(organization):
        export = ask()
    make(organization, export, now)
    later = now + KEPT_FOR
    with tenant(organization):
        assert discard_copies(organization_id=organization.id, at=later) == 2
        with pytest.raises(NotFound):
            export_file(organization.id, patient.id, export.id, PAPER, at=later)
        shown = exports_of(organization.id, patient.id, at=later, today=later.date())
    assert [(one.is_made, one.kept_until, one.is_late) for one in shown] == [(True, None, False)]


def test_a_request_is_late_after_its_day_until_given(in_tenant, patient, ask, now):
    ask()
    shown = [exports_of(in_tenant.id, patient.id, at=now, today=day)[0] for day in (date(2026, 4, 1), date(2026, 4, 2))]
    assert [one.is_late for one in shown] == [False, True]


def test_pages_show_progress_then_the_files_and_audit_each_download(organization, by, now, patient):
    browser, here = Client(), f"/o/{organization.slug}/patients/{patient.id}/rights"
    browser.force_login(by.user)
    with time_machine.travel(now, tick=False):
        typed = {"client_token": uuid4(), "asked_on": now.date(), "asked_by": "Ana Rivera"}
        asked = browser.post(f"{here}/copies/new/", typed)
        with tenant(organization):
            export = RecordExport.objects.get()
        waiting = browser.get(asked["Location"]).content.decode()
        polled = browser.get(asked["Location"], headers={"HX-Request": "true"})
        make(organization, export, now)
        done = browser.get(asked["Location"], headers={"HX-Request": "true"})
        made = browser.get(asked["Location"]).content.decode()
        files = [browser.get(f"{here}/copies/{export.id}/{kind}/file/") for kind in (PAPER, STRUCTURED, "other")]
        too_early = browser.post(f"{here}/copies/{export.id}/given/", {"given_on": "2020-01-01"})
        given = browser.post(f"{here}/copies/{export.id}/given/", {"given_on": now.date()})
    assert ("Waiting to start" in waiting, polled.status_code, done["HX-Refresh"]) == (True, 200, "true")
    assert ("Download the PDF" in made, "Download the data file" in made) == (True, True)
    assert [(one.status_code, one.get("Content-Disposition")) for one in files] == [
        (200, 'attachment; filename="record.pdf"'),
        (200, 'attachment; filename="record.zip"'),
        (404, None),
    ]
    assert (too_early.status_code, given.status_code) == (422, 302)
    with tenant(organization):
        done = AuditEvent.objects.filter(patient_id=patient.id, action="record_copy.downloaded")
        assert done.count() == 2


def test_values_are_plain_in_the_file_and_said_on_paper(now):
    zone = ZoneInfo("America/Chicago")
    assert plain([Decimal("1.50"), ON, now, b"x", {"a": (1,)}]) == [
        "1.50", "2026-03-02", now.isoformat(), None, {"a": [1]},
    ]  # fmt: skip
    assert [said(one, zone) for one in (True, False, ON, ["a", "b"], 3)] == ["Yes", "No", "Mar 2, 2026", "a, b", "3"]
