"""Caseload statistics: each care manager's month with what the caseload is made of, by name, never by result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from outcomes.queries.case_mix import CarriedNow, Caseloads, caseloads
from outcomes.rules.case_mix import CaseMix
from tests.billing.test_pages import text_of
from tests.factories.caseload import EpisodeStandingFactory
from tests.factories.going_live import SeatClinicFactory
from tests.factories.outcomes import MeasuredEpisodeFactory, MeasuredMonthFactory, WorkShareFactory

APRIL = datetime(2026, 4, 10, 17, 0, tzinfo=UTC)
URL = "/o/lakeside/outcomes/caseloads/"
JANUARY_5, MARCH_2 = date(2026, 1, 5), date(2026, 3, 2)
# Of 70 days or more with an elevated baseline: counted for improvement.
IMPROVED = {"is_elevated": True, "scale": "phq9", "baseline": 16, "improved_at": 9, "latest": 8, "last_in_month": 8}
NOT_YET = {**IMPROVED, "latest": 15, "last_in_month": 15}


@pytest.fixture(autouse=True)
def april(db: None) -> Iterator[None]:
    with time_machine.travel(APRIL, tick=False):
        yield


@pytest.fixture
def march(organization: Any) -> Any:
    with tenant(organization):
        return MeasuredMonthFactory(organization=organization, month=date(2026, 3, 1))


def row(march: Any, clinic: Any, seat: Any, on: date = JANUARY_5, **fields: Any) -> Any:
    return MeasuredEpisodeFactory(
        organization=march.organization, measured=march, patient__clinic=clinic, episode__clinic=clinic,
        episode__enrolled_on=on, enrolled_on=on, care_manager=seat, **fields,
    )  # fmt: skip


def shown(march: Any, names: dict[Any, str]) -> Caseloads:
    return caseloads(march.organization_id, march, names, at=APRIL)


def test_a_caseload_is_told_with_what_it_is_made_of(
    organization: Any, clinic: Any, march: Any, membership: Any
) -> None:
    ann, bo = membership("care_manager", name="Ann Roe"), membership("care_manager", name="Bo Lund")
    with tenant(organization):
        row(march, clinic, bo, **IMPROVED, contacts=3, is_medicaid=True, language="Spanish", latest_on=MARCH_2)
        row(march, clinic, bo, **{**NOT_YET, "baseline": 21}, contacts=2, language="English", latest_on=MARCH_2)
        row(march, clinic, bo, MARCH_2, scale="gad7", baseline=20)
        row(march, clinic, bo, MARCH_2, is_in_month=False, contacts=40)
        row(march, clinic, ann, MARCH_2, ended_on=date(2026, 3, 9), contacts=1, language="en")
        row(march, clinic, None, MARCH_2)
        WorkShareFactory(organization=organization, membership=bo, fte=Decimal("0.50"))
        found = shown(march, {ann.id: ann.name, bo.id: bo.name})
    assert [(one.name, one.mix.patients) for one in found.rows] == [("Nobody yet", 1), ("Ann Roe", 1), ("Bo Lund", 3)]
    of_bo, of_ann = found.rows[2], found.rows[1]
    # From January 5 to March 31 are 85 days, from March 2 29.
    assert of_bo.mix == CaseMix(
        patients=3, contacts=5, scored=2, baselines=37, severe=1, medicaid=1, spoken=2, not_english=1, days=199
    )
    assert of_ann.mix == CaseMix(patients=1, contacts=1, spoken=1, days=7)
    assert (of_bo.posts, of_bo.each, of_ann.posts, of_ann.each) == (Decimal("0.50"), Decimal("6.0"), None, None)
    assert (of_bo.numbers["improvement"].text, of_ann.numbers["improvement"].text) == ("1 of 2, 50.0 %", "n/a")
    assert found.all.mix == of_bo.mix + of_ann.mix + CaseMix(patients=1, days=29)
    # Of Ann nobody said how much of a post she works, so of all together it is not known either.
    assert (found.all.numbers["improvement"].text, found.all.posts, found.all.each) == ("1 of 2, 50.0 %", None, None)


def test_posts_of_all_are_known_where_they_are_of_each_who_carries(
    organization: Any, clinic: Any, march: Any, membership: Any
) -> None:
    ann, bo = membership("care_manager", name="Ann Roe"), membership("care_manager", name="Bo Lund")
    with tenant(organization):
        for seat in (ann, ann, bo):
            row(march, clinic, seat, MARCH_2)
        for seat, fte in ((ann, "1.00"), (bo, "0.50"), (membership("care_manager"), "0.50")):
            WorkShareFactory(organization=organization, membership=seat, fte=Decimal(fte))
        found = shown(march, {ann.id: ann.name, bo.id: bo.name})
    assert (found.all.posts, found.all.each) == (Decimal("2.00"), Decimal("1.5"))


def test_who_sees_some_clinics_only_gets_no_patients_for_a_post(
    organization: Any, clinic: Any, march: Any, membership: Any
) -> None:
    lead, ann = membership("clinic_lead"), membership("care_manager", name="Ann Roe")
    with tenant(organization):
        row(march, clinic, ann)
        WorkShareFactory(organization=organization, membership=ann, fte=Decimal("0.50"))
        SeatClinicFactory(organization=organization, seat=lead, clinic=clinic)
        whole = shown(march, {ann.id: ann.name})
        with looking_as(lead, APRIL):
            limited = shown(march, {ann.id: ann.name})
    assert [one.each for one in (*whole.rows, whole.all)] == [Decimal("2.0")] * 2
    assert [(one.mix.patients, one.posts, one.each) for one in (*limited.rows, limited.all)] == [
        (1, Decimal("0.50"), None)
    ] * 2


def test_what_is_overdue_is_that_of_now_by_the_clinics_day(
    organization: Any, clinic: Any, march: Any, membership: Any
) -> None:
    ann = membership("care_manager", name="Ann Roe")

    def open_patient(**fields: Any) -> None:
        EpisodeStandingFactory(organization=organization, care_manager=ann, clinic=clinic,
                               episode__clinic=clinic, **fields)  # fmt: skip

    with tenant(organization):
        open_patient(next_due_on=date(2026, 4, 9), overdue_from=date(2026, 4, 10))
        open_patient(next_due_on=date(2026, 4, 10), overdue_from=date(2026, 4, 11))
        open_patient()
        open_patient(status="discharged", next_due_on=date(2026, 4, 1))
        found = shown(march, {ann.id: ann.name})
    assert [(one.name, one.now) for one in found.rows] == [("Ann Roe", CarriedNow(3, 1, 1, 1))]
    assert found.rows[0].mix == CaseMix()


def test_who_carries_patients_without_the_role_is_named_too(
    organization: Any, clinic: Any, march: Any, membership: Any
) -> None:
    lead = membership("clinic_lead", name="Cy Moe")
    with tenant(organization):
        row(march, clinic, lead)
        assert [one.name for one in shown(march, {}).rows] == ["Cy Moe"]


def test_the_page_names_care_managers_and_no_patient(
    organization: Any, clinic: Any, march: Any, membership: Any, client_for: Any
) -> None:
    bo = membership("care_manager", name="Bo Lund")
    with tenant(organization):
        row(march, clinic, bo, **IMPROVED, latest_on=MARCH_2, patient__family_name="Quuxworth", is_medicaid=True)
        WorkShareFactory(organization=organization, membership=bo, fte=Decimal("0.50"))
    answer = client_for("clinic_lead").get(URL)
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Bo Lund 1 0.50 2.0 below 50 to 80 0.0" in words
    assert "Bo Lund 1 of 1, 100.0 % Few patients" in words
    assert "By name, not by result." in words
    assert "Quuxworth" not in words
    with tenant(organization):
        assert AuditEvent.objects.filter(action="outcomes.caseloads_viewed").count() == 1


def test_before_anything_is_measured_the_page_says_what_happens(
    organization: Any, clinic: Any, client_for: Any
) -> None:
    assert "Nothing is measured yet" in text_of(client_for("admin").get(URL))


def test_a_month_without_anybody_says_so(organization: Any, clinic: Any, march: Any, client_for: Any) -> None:
    assert "Nobody was enrolled in this month" in text_of(client_for("admin").get(URL))


def test_statements_do_not_grow_with_care_managers(
    organization: Any, clinic: Any, march: Any, membership: Any, client_for: Any
) -> None:
    lead = client_for("clinic_lead")

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert lead.get(URL).status_code == 200
        return len(found)

    statements()
    counts = []
    for _ in range(2):
        with tenant(organization):
            for _ in range(3):
                row(march, clinic, membership("care_manager"))
        counts.append(statements())
    assert counts[0] == counts[1]


def test_a_care_manager_does_not_see_others(organization: Any, clinic: Any, march: Any, client_for: Any) -> None:
    assert client_for("care_manager").get(URL).status_code == 403
