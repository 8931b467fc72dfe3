"""The screen of everybody who is not improving."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from caseload.operations import rebuild_standing
from caseload.operations.reviews import record_review
from caseload.queries.caseload_list import clinics_today
from caseload.queries.not_improving import Narrowed, narrowed, not_improving, not_improving_part
from caseload.rules.not_improving import share_of
from registry.models import Episode
from tests.factories.registry import AssessmentFactory
from tests.factories.reviews import TreatmentChangeFactory
from tests.factories.tenancy import ClinicFactory

pytestmark = pytest.mark.usefixtures("at_now")

TODAY = date(2026, 3, 2)
ENROLLED = date(2025, 11, 24)  # fourteen weeks


@pytest.fixture
def scored(enrolled: Callable[..., Any], organization: Any, by: Any, now: datetime) -> Callable[..., Any]:
    """A patient with a PHQ-9 at enrolment and some at so many days after it."""

    def make(
        name: str, *scores: tuple[int, int], reviewed: int | None = None, at_clinic: Any = None, **episode: Any
    ) -> Any:
        made = enrolled(name, **{"enrolled_on": ENROLLED, **episode})
        if at_clinic is not None:
            Episode.objects.filter(id=made.id).update(clinic=at_clinic)
        for after, total in scores:
            on = ENROLLED + timedelta(days=after)
            of = {"organization": organization, "patient": made.patient, "episode": made}
            AssessmentFactory(**of, instrument="phq9", on=on, total=total, item9=0)
        if reviewed is not None:
            on = ENROLLED + timedelta(days=reviewed)
            record_review(by=by, at=now, episode_id=made.id, on=on, recommendations=[("continue", "")])
        rebuild_standing(organization_id=organization.id, episode_ids=[made.id], at=now)
        return made

    return make


@pytest.fixture
def people(scored: Callable[..., Any], organization: Any, other_clinic: Any) -> dict[str, Any]:
    found = {
        "stalled": scored("Abara", (0, 16), (42, 16), (84, 16), reviewed=30),
        "reviewed": scored("Chen", (0, 18), (84, 17), reviewed=97),
        "better": scored("Diaz", (0, 16), (84, 6)),
        "new": scored("Ellis", (0, 16), enrolled_on=date(2026, 2, 16)),
        "bhi": scored("Fox", (0, 15), (84, 14), program="bhi", at_clinic=other_clinic),
    }
    TreatmentChangeFactory(organization=organization, episode=found["stalled"], on=date(2026, 1, 5), text="Sertraline")
    TreatmentChangeFactory(organization=organization, episode=found["stalled"], on=date(2026, 2, 9), text="To 100 mg")
    return found


@pytest.fixture
def other_clinic(organization: Any) -> Any:
    return ClinicFactory(organization=organization, name="Eastside", time_zone="America/New_York")


@pytest.fixture
def url(organization: Any) -> Callable[..., str]:
    return lambda path="": f"/o/{organization.slug}/not-improving/{path}"


def rows_of(organization: Any, now: datetime) -> list[Any]:
    return not_improving(organization.id, clinics_today(organization.id, now))


def names(rows: list[Any]) -> list[str]:
    return [row.name for row in rows]


def test_only_who_does_not_improve_is_here(people: Any, organization: Any, in_tenant: Any, now: datetime) -> None:
    rows = {row.name.split(",")[0]: row for row in rows_of(organization, now)}
    assert sorted(rows) == ["Abara", "Chen", "Fox"]
    abara = rows["Abara"]
    assert (abara.signal.word, abara.since, abara.weeks) == ("stalled", ENROLLED + timedelta(days=56), 14)
    assert (abara.phq9.baseline, abara.phq9.last, abara.phq9.series) == (16, 16, (16, 16, 16))
    assert (abara.changed_on, abara.changed) == (date(2026, 2, 9), "To 100 mg")
    assert (abara.is_reviewed, abara.last_review_on) == (False, date(2025, 12, 24))
    assert (rows["Chen"].is_reviewed, rows["Chen"].changed_on) == (True, None)
    assert (rows["Fox"].is_cocm, rows["Fox"].clinic) == (False, "Eastside")


def test_it_is_narrowed_and_ordered(people: Any, organization: Any, in_tenant: Any, now: datetime, by: Any) -> None:
    rows = rows_of(organization, now)
    of = {row.name.split(",")[0]: row for row in rows}
    assert names(narrowed(rows, Narrowed(is_unreviewed=True))) == [of["Abara"].name]
    assert names(narrowed(rows, Narrowed(clinic_id=of["Fox"].clinic_id))) == [of["Fox"].name]
    assert len(narrowed(rows, Narrowed(care_manager_id=by.id))) == 3
    assert names(narrowed(rows, Narrowed(order="unreviewed")))[0] == of["Abara"].name
    assert names(narrowed(rows, Narrowed(order="name"))) == sorted(names(rows))
    days = [row.since for row in narrowed(rows, Narrowed())]
    assert days == sorted(days)


def test_a_part_is_what_stands_there_among_all(
    people: Any, organization: Any, in_tenant: Any, now: datetime, by: Any
) -> None:
    clinics, rows = clinics_today(organization.id, now), rows_of(organization, now)
    chen = next(row for row in rows if row.name.startswith("Chen"))
    asked = [Narrowed(order=order) for order in ("longest", "unreviewed", "name")]
    asked += [Narrowed(clinic_id=chen.clinic_id), Narrowed(care_manager_id=by.id), Narrowed(is_unreviewed=True)]
    for narrowed_to in asked:
        expected = narrowed(rows, narrowed_to)
        parts = [not_improving_part(organization.id, clinics, narrowed_to, first=first, most=2) for first in (0, 2, 4)]
        assert [row for part in parts for row in part.rows] == expected
        assert {part.found for part in parts} == {len(expected)}
        assert {share_of(part.counted) for part in parts} == {share_of([row.counted for row in rows])}
    assert not_improving_part(organization.id, clinics, Narrowed(clinic_id=uuid4())).found == 0


def test_pages_lead_to_each_other_and_to_the_one_for_paper(
    people: Any, client: Client, url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caseload.views.not_improving.PAGE_ROWS", 2)
    first, last = client.get(url()).text, client.get(url() + "?from=2").text
    assert ("?from=2" in first, "1 to 2 of 3" in first, "data-print" in first) == (True, True, False)
    assert ("?from=0" in last, "3 to 3 of 3" in last) == (True, True)
    on_one = client.get(url() + "?all=1").text
    assert ("data-print" in on_one, "All on one page" in on_one) == (True, False)
    assert [on_one.count("row-link"), client.get(url() + "?from=x").text.count("row-link")] == [3, 2]


def test_the_page_counts_and_keeps_its_filters(people: Any, client: Client, url: Any) -> None:
    answer = client.get(url())
    said = " ".join(unescape(answer.text).split())
    assert answer.status_code == 200
    assert '<p class="tile-value">1 of 2</p>' in answer.text
    assert "3 of 3" in said
    assert "General BHI" in said
    assert client.post(url("narrow/"), {"unreviewed": "on", "order": "name", "clinic": "nonsense"}).url == url()
    narrowed_to = client.get(url()).text
    assert ("Abara" in narrowed_to, "Chen" in narrowed_to) == (True, False)
    assert AuditEvent.objects.filter(action="not_improving.viewed", count=1).count() == 1


def test_the_file_holds_what_the_screen_shows(people: Any, client: Client, url: Any) -> None:
    client.post(url("narrow/"), {"order": "name"})
    answer = client.post(url("file/"))
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0].split(",")[0] for row in rows[1:]] == ["Abara", "Chen", "Fox"]
    assert (rows[1][6], rows[1][-1], rows[3][-1]) == ("Stalled", "no", "")
    assert 'filename="not-improving-2026-03-02.csv"' in answer.headers["Content-Disposition"]


def test_who_may_not_export_gets_no_file(people: Any, client_for: Any, url: Any) -> None:
    client = client_for("psychiatric_consultant")
    assert "CSV" not in client.get(url()).text
    assert client.post(url("file/")).status_code == 403
    assert client_for("treating_clinician").get(url()).status_code == 403


def test_nobody_is_said_in_words(client: Client, url: Any) -> None:
    assert "Everybody is improving, or it is too early to tell" in client.get(url()).text


def test_statements_do_not_grow_with_patients(scored: Any, client: Client, url: Any) -> None:
    def asked() -> int:
        client.get(url())
        with CaptureQueriesContext(connection) as found:
            client.get(url())
        return len(found)

    scored("Abara", (0, 16), (84, 16))
    before = asked()
    for name in ("Chen", "Diaz", "Fox", "Gray"):
        scored(name, (0, 16), (84, 16))
    assert asked() == before


def test_another_organization_s_patients_are_not_here(
    people: Any, in_tenant: Any, other_organization: Any, organization: Any, now: datetime
) -> None:
    assert not_improving(other_organization.id, clinics_today(organization.id, now)) == []
