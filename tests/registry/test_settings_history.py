"""One page of who changed which setting: of every app, narrowed and cut into pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from billing.operations.decisions import set_release_modes
from registry.operations.clinic_sites import SiteValues, set_clinic_site
from registry.operations.duty import add_turns, end_turn
from registry.operations.protocols import set_protocol
from registry.queries.settings_history import TABLES, Narrowed, setting_versions
from registry.views.settings_history import ALL
from tests.factories.claims import ChargeFeeFactory
from tests.factories.program import ConsentTextFactory
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

URL = "/o/lakeside/settings/changes/"


@pytest.fixture
def admin(in_tenant: Any, client_for: Callable[..., Any]) -> Client:
    client: Client = client_for("admin", name="Ada Nowak")
    return client


def test_nothing_was_set_yet(admin: Client) -> None:
    assert "No change" in admin.get(URL).text


def test_a_limit_that_became_another_is_told_with_what_it_affects(
    admin: Client, clinic: Clinic, by: Any, now: datetime, membership: Callable[..., Any]
) -> None:
    set_protocol(by=by, at=now, clinic=clinic, first_attempt_days=2, opens_at=time(8), closes_at=time(17))
    lead = membership("clinic_lead", name="Lee Lead")
    set_protocol(by=lead, at=now + timedelta(days=3), clinic=clinic, first_attempt_days=1, program="bhi")
    first, second = reversed(admin.get(URL, {"setting": "protocol"}).context["rows"])
    assert (first.is_first, first.by, first.clinic) == (True, "Ken Abara", clinic.name)
    assert (second.by, second.at) == ("Lee Lead", now + timedelta(days=3))
    assert [(one.words, one.before, one.after) for one in second.changes] == [
        ("New patients begin in", "Collaborative Care (CoCM)", "General BHI"),
        ("First attempt, business days", "2", "1"),
    ]
    assert second.affects == (
        "In what new patients begin; who is enrolled stays as they are.",
        "When a referral that nobody called counts as late.",
    )
    assert admin.get(URL, {"person": str(lead.id)}).context["total"] == 1
    assert admin.get(URL, {"clinic": str(clinic.id), "setting": "protocol"}).context["total"] == 2
    assert admin.get(URL, {"setting": "duty"}).context["total"] == 0
    assert admin.get(URL, {"person": "nonsense"}).status_code == 404


def test_a_turn_of_duty_that_ended_is_told_of_whoever_ended_it(
    admin: Client, clinic: Clinic, by: Any, now: datetime, membership: Callable[..., Any], organization: Any
) -> None:
    lead = membership("clinic_lead", name="Lee Lead")
    made = add_turns(
        by=by, at=now, clinic_id=clinic.id, weekdays=[0], begins_at=time(8), ends_at=time(17), people=[by.id]
    )
    with tenant(organization, history={"membership": str(lead.id)}):
        end_turn(by=lead, at=now, clinic_id=clinic.id, turn_id=made[0].id)
    rows = admin.get(URL, {"setting": "duty"}).context["rows"]
    assert [(row.by, row.about) for row in rows] == [("Lee Lead", "Ken Abara"), ("Ken Abara", "Ken Abara")]
    assert [(one.words, one.before, one.after) for one in rows[0].changes] == [("In force", "yes", "no")]
    assert ("Weekday", "none", "Monday") in [(one.words, one.before, one.after) for one in rows[1].changes]


def test_facts_are_told_when_recorded_and_when_taken_back(
    admin: Client, in_tenant: Any, by: Any, now: datetime
) -> None:
    ConsentTextFactory(organization=in_tenant, number=1, recorded_by=by, recorded_at=now)
    ConsentTextFactory(
        organization=in_tenant, number=2, recorded_by=by, recorded_at=now + timedelta(hours=1),
        voided_at=now + timedelta(hours=2), voided_by=by,
    )  # fmt: skip
    rows = admin.get(URL, {"setting": "consent"}).context["rows"]
    assert [(row.is_first, row.is_taken_back, len(row.changes)) for row in rows] == [
        (False, True, 2), (True, False, 2), (True, False, 2),
    ]  # fmt: skip


def test_a_release_check_is_told_by_its_title(admin: Client, in_tenant: Any, by: Any, now: datetime) -> None:
    set_release_modes(by=by, at=now, modes={"review_old": "note"})
    (row,) = admin.get(URL, {"setting": "release"}).context["rows"]
    assert [(one.words, one.after) for one in row.changes] == [
        ("Check", "No psychiatric review in 60 days"), ("Does", "Only note it"),
    ]  # fmt: skip


def test_every_table_can_be_read(in_tenant: Any) -> None:
    for tables in ALL:
        found = setting_versions(in_tenant.id, tables, Narrowed())
        assert (found.rows, found.total) == ((), 0)
    keys = [table.key for tables in ALL for table in tables]
    assert len(keys) == len(set(keys))
    assert setting_versions(in_tenant.id, TABLES, Narrowed(key="nonsense")).total == 0


def test_another_organization_changed_nothing_here(
    admin: Client, other_organization: Any, membership: Callable[..., Any], now: datetime
) -> None:
    stranger = membership("admin", organization=other_organization)
    with tenant(other_organization):
        set_protocol(by=stranger, at=now, clinic=ClinicFactory(organization=other_organization), first_attempt_days=9)
    assert admin.get(URL).context["total"] == 0


def test_pages_are_cut_with_a_count_and_a_way_on(admin: Client, clinic: Clinic, by: Any, now: datetime) -> None:
    with CaptureQueriesContext(connection) as none:
        admin.get(URL)
    for number in range(61):
        set_protocol(by=by, at=now + timedelta(minutes=number), clinic=clinic, link_days=number + 1)
    with CaptureQueriesContext(connection) as many:
        first = admin.get(URL)
    assert (first.context["total"], first.context["shown"], first.context["previous_url"]) == (62, 50, "")
    second = admin.get(URL + first.context["next_url"])
    assert (second.context["shown"], second.context["next_url"]) == (12, "")
    assert {one.setting for one in first.context["rows"] + second.context["rows"]} == {
        "Program, limits and hours",
        "Clinic: what claims say",
    }
    assert len(own(none.captured_queries)) == len(own(many.captured_queries)) <= 8


def test_a_clinics_npi_and_place_are_told_in_the_organizations_time(
    admin: Client, clinic: Clinic, by: Any, now: datetime, membership: Callable[..., Any], organization: Any
) -> None:
    lead = membership("clinic_lead", name="Lee Lead")
    with tenant(organization, history={"membership": str(lead.id)}):
        set_clinic_site(
            by=lead, at=now, clinic_id=clinic.id, values=SiteValues("1234567893", "hospital_outpatient", "22")
        )
    page = admin.get(URL, {"setting": "clinic"})
    # The database's clock stands still in a test, so that both may come first.
    made, changed = sorted(page.context["rows"], key=lambda row: not row.is_first)
    assert (changed.by, changed.clinic, made.is_first) == ("Lee Lead", clinic.name, True)
    assert [(one.words, one.before, one.after) for one in changed.changes] == [
        ("NPI", "none", "1234567893"),
        ("Kind of site", "Office", "Hospital outpatient department"),
        ("Place of service", "11", "22"),
    ]
    assert "months that are closed keep what was set at the close" in changed.affects[0]
    assert f"Times are those of {clinic.time_zone}." in page.text
    with tenant(organization):
        Clinic.objects.filter(id=clinic.id).update(time_zone="Pacific/Kiritimati")
    told = changed.at.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert f"{told:%b} {told.day}, {told.year}, {told.hour % 12 or 12}:{told:%M}" in admin.get(URL).text


def test_amounts_have_two_decimals_and_days_are_said(admin: Client, in_tenant: Any, by: Any, now: datetime) -> None:
    ChargeFeeFactory(organization=in_tenant, code="99492", amount=Decimal("120.5"), recorded_by=by, recorded_at=now)
    (row,) = admin.get(URL, {"setting": "charge"}).context["rows"]
    told = {one.words: one.after for one in row.changes}
    assert told["Dollars"] == "120.50"
    assert told["From"].endswith(("2024", "2025", "2026"))
