"""Parts of a record that copies leave out, and the accounting of what left with a consent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from bhi.tenancy.context import tenant
from billing.operations.withholdings import void_withholding, withhold
from billing.queries.accounting import accounting_whole
from billing.queries.record_copy import record_copy
from billing.queries.record_exports import copy_asked
from billing.queries.withholdings import withholdings_of
from registry.operations.accountings import discard_accountings, keep_accounting
from registry.operations.rights_errors import RightsRefused
from registry.queries.accountings import accounting_file
from tests.factories.caseload import ContactFactory
from tests.factories.going_live import (
    DisclosureFactory,
    PartTwoConsentFactory,
    PartTwoMarkFactory,
    RecordExportFactory,
)
from tests.factories.registry import EpisodeFactory
from tests.factories.tenancy import NOW

ON = date(2026, 3, 2)
CHICAGO = ZoneInfo("America/Chicago")
SAYS: dict[str, Any] = {
    "parts": ["contacts"],
    "because": "endangers",
    "told": "Notes of two calls are left out.",
    "decided_by": "Dr. Ana Rivera",
    "licensed_as": "MD",
    "decided_on": ON,
    "reviewer": "Dr. Lee Quill",
    "today": ON,
}


@pytest.fixture
def episode(in_tenant: Any) -> Any:
    made = EpisodeFactory(organization=in_tenant)
    ContactFactory(organization=in_tenant, episode=made, note="Slept better.")
    return made


def test_a_copy_leaves_out_what_was_decided_and_says_so(by, episode):
    of: dict[str, Any] = {"by": by, "at": NOW, "patient_id": episode.patient_id, "client_token": uuid4()}
    made = withhold(**of, **SAYS)
    assert withhold(**of, **SAYS) == made
    export = RecordExportFactory(organization=episode.organization, patient=episode.patient)
    asked = copy_asked(episode.organization_id, export.id, at=NOW)
    copy = record_copy(episode.organization_id, episode.patient_id, without=asked.without)
    assert [table.table.name for table in copy.tables if table.table.name == "contacts"] == []
    assert asked.withheld[0] == "Left out of this copy: Contacts. Notes of two calls are left out."
    assert [word in " ".join(asked.withheld) for word in ("Dr. Ana Rivera, MD", "Dr. Lee Quill", "Secretary")] == [
        True,
        True,
        True,
    ]
    back = {"by": by, "at": NOW, "patient_id": episode.patient_id, "withholding_id": made.id}
    void_withholding(**back, reason="The danger is over.")
    assert withholdings_of(episode.organization_id, episode.patient_id) == ()
    assert copy_asked(episode.organization_id, export.id, at=NOW).without == frozenset()


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"parts": []}, ["parts"]),
        ({"parts": ["person"]}, ["parts"]),
        ({"told": " ", "decided_by": ""}, ["decided_by", "told"]),
        ({"decided_on": ON + timedelta(days=1)}, ["decided_on"]),
        ({"licensed_as": "", "reviewer": ""}, ["licensed_as", "reviewer"]),
        ({"reviewer": "dr. ana rivera "}, ["reviewer"]),
    ],
)
def test_what_a_decision_lacks_is_said_at_its_field(by, episode, typed, fields):
    with pytest.raises(RightsRefused) as refused:
        withhold(by=by, at=NOW, patient_id=episode.patient_id, client_token=uuid4(), **(SAYS | typed))
    assert sorted(refused.value.faults) == fields


def test_what_is_not_reviewed_needs_no_reviewer(by, episode):
    typed = SAYS | {"because": "confided", "licensed_as": "", "reviewer": ""}
    withhold(by=by, at=NOW, patient_id=episode.patient_id, client_token=uuid4(), **typed)
    ((_, kept),) = withholdings_of(episode.organization_id, episode.patient_id)
    assert (kept.because_words, kept.reviewer) == ("Told by somebody else in confidence, whom it would reveal", "")


def test_what_left_with_a_consent_is_accounted_for_where_the_record_is_covered(episode):
    of = {"organization": episode.organization, "patient": episode.patient}
    consent = PartTwoConsentFactory(**of)
    DisclosureFactory(**of, recipient="County", why="Report of a case")
    DisclosureFactory(**of, recipient="Dr. Quill", purpose="treatment", consent=consent)
    DisclosureFactory(**of, recipient="Too old", purpose="treatment", consent=consent, on=date(2023, 3, 1))

    def told() -> list[str]:
        rows = accounting_whole(episode.organization_id, episode.patient_id, asked_on=ON, zone=CHICAGO)
        return [row.recipient for row in rows]

    assert told() == ["County"]
    PartTwoMarkFactory(**of)
    assert told() == ["County", "Dr. Quill"]


def test_an_accounting_on_paper_is_kept_for_a_day(episode):
    of: dict[str, Any] = {"organization_id": episode.organization_id, "patient_id": episode.patient_id}
    kept = [keep_accounting(**of, content=content, at=NOW) for content in (b"%PDF-1", b"%PDF-2")]
    assert accounting_file(**of, at=NOW) == kept[1]
    later = NOW + timedelta(days=1)
    assert discard_accountings(organization_id=episode.organization_id, at=later) == 1


def test_the_page_leaves_something_out_and_asks_for_the_paper(client: Client, organization, now: datetime):
    with tenant(organization):
        patient = EpisodeFactory(organization=organization).patient
    root = f"/o/{organization.slug}/patients/{patient.id}/rights"
    typed = {name: value for name, value in SAYS.items() if name != "today"} | {"client_token": uuid4()}
    with time_machine.travel(now, tick=False):
        refused = client.post(f"{root}/withheld/new/", typed | {"reviewer": ""})
        assert (refused.status_code, "who reviews it if the patient asks." in refused.content.decode()) == (422, True)
        assert client.post(f"{root}/withheld/new/", typed).status_code == 302
        assert "Left out of this copy: Contacts." in client.get(f"{root}/").content.decode()
        with tenant(organization):
            ((withheld_id, _),) = withholdings_of(organization.id, patient.id)
        assert client.post(f"{root}/withheld/{withheld_id}/void/", {"reason": "It is over."}).status_code == 302
        assert "Left out of this copy" not in client.get(f"{root}/").content.decode()
        asked = client.post(f"{root}/accounting/pdf/")
        assert client.get(asked.headers["Location"]).status_code == 200
        assert client.get(f"{root}/accounting/pdf/file/").status_code == 404
