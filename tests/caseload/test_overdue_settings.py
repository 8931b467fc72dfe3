"""A clinic says itself from when a contact or a score is overdue."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from html import unescape
from typing import Any

import pytest

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.jobs.registry import Run
from caseload import tasks
from caseload.models import EpisodeStanding, WorkProtocol
from caseload.operations import rebuild_standing
from caseload.queries.today import Scope, work_due, worklist
from tests.factories.caseload import ContactFactory
from tests.factories.registry import AssessmentFactory
from tests.factories.tenancy import ClinicFactory

pytestmark = pytest.mark.usefixtures("at_now")

USUAL = {"seen": "", "idle_minutes": "20", "idle_minutes_in_call": "60", "cap_minutes": "90"}
STEPS = {"day_1": "0", "mode_1": "phone", "day_2": "30", "mode_2": "review"}


def said(page: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def run_queued(organization: Any, at: datetime) -> int:
    """Do what was queued, as a worker would; how many jobs."""
    due = list(Job.objects.filter(state="queued", kind="rebuild_clinic"))
    for job in due:
        tasks.rebuild_clinic(Run(job.id, organization.id, job.arguments, None, at, lambda done, total: None))
    return len(due)


def test_a_clinics_own_days_decide_who_is_overdue(
    client_for: Callable[..., Any], clinic: Any, enrolled: Callable[..., Any], by: Any, now: datetime, in_tenant: Any
) -> None:
    here, elsewhere = enrolled("Here"), enrolled("Elsewhere")
    other = ClinicFactory(organization=in_tenant)
    type(elsewhere).objects.filter(id=elsewhere.id).update(clinic=other)
    for made in (here, elsewhere):
        AssessmentFactory(organization=in_tenant, episode=made, on=date(2026, 2, 20))
        ContactFactory(organization=in_tenant, episode=made, by=by, on=date(2026, 2, 13))
    rebuild_standing(organization_id=in_tenant.id, episode_ids=[here.id, elsewhere.id], at=now)
    lead, url = client_for("clinic_lead"), f"/o/lakeside/settings/clinics/{clinic.id}/work/"
    assert lead.post(url, USUAL | STEPS | {"contact_days": "14"}).status_code == 302
    assert WorkProtocol.objects.get().contact_days == 14
    assert "contact_days" in AuditEvent.objects.get(action="work_protocol.set").fields
    assert 'name="contact_days" value="14"' in lead.get(url).text
    assert run_queued(in_tenant, now) == 1
    stood = {row.episode_id: {one["word"] for one in row.signals if one["since"] <= "2026-03-02"} for row in
             EpisodeStanding.objects.all()}  # fmt: skip
    assert stood == {here.id: {"contact_overdue", "entered_late"}, elsewhere.id: {"entered_late"}}
    [row] = worklist(work_due(by.organization_id, Scope(by.id), at=now), {}).rows
    assert (row.patient.person.name, row.first.words) == ("Here, Ana", "Not reached for 17 days")


def test_other_settings_work_nothing_out_again(
    client_for: Callable[..., Any], clinic: Any, in_tenant: Any, now: datetime
) -> None:
    lead, url = client_for("clinic_lead"), f"/o/lakeside/settings/clinics/{clinic.id}/work/"
    lead.post(url, USUAL | STEPS | {"measure_days": "21"})
    seen = WorkProtocol.objects.get().changed_at.isoformat()
    assert Job.objects.filter(kind="rebuild_clinic").update(state="done") == 1
    lead.post(url, USUAL | STEPS | {"measure_days": "21", "seen": seen, "cap_minutes": "95"})
    assert WorkProtocol.objects.get().cap_minutes == 95
    assert not Job.objects.filter(kind="rebuild_clinic", state="queued").exists()


def test_days_that_cannot_stand_are_said_at_their_place(
    client_for: Callable[..., Any], clinic: Any, in_tenant: Any
) -> None:
    lead, url = client_for("clinic_lead"), f"/o/lakeside/settings/clinics/{clinic.id}/work/"
    page = lead.post(url, USUAL | STEPS | {"contact_days": "5", "measure_days": "x"})
    assert page.status_code == 422
    assert "This is a whole number of days from 7 to 90, or empty for the usual." in said(page)
    assert "This is a whole number of days from 14 to 90, or empty for the usual." in said(page)
    page = lead.post(url, USUAL | STEPS | {"contact_days": "40", "contact_lapsed_days": "40"})
    assert "A contact lapses after it is overdue. Enter more than 40 days." in said(page)
    assert not WorkProtocol.objects.exists()
