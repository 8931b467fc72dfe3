"""The lead's monthly check: a clinic's figures with their patients, signed once and frozen; and the pilot's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bhi.audit.models import AuditEvent
from bhi.errors import NotFound
from bhi.tenancy.context import tenant
from bhi.tenancy.models import Clinic
from caseload.models import MonthlyCheck, Recommendation
from caseload.operations.advice import close_advice
from caseload.operations.monthly_check import MonthNotOverYet, sign_check
from caseload.queries.monthly_check import CheckDue, CheckShown, ClinicChecks, checks_due, clinic_checks, monthly_check
from registry.models import Episode, PilotReview
from tests.factories.caseload import CaseReviewFactory, ContactFactory, RecommendationFactory
from tests.factories.going_live import SeatClinicFactory
from tests.factories.registry import AssessmentFactory, EpisodeFactory, PatientFactory, ProgramPeriodFactory
from tests.factories.tenancy import ClinicFactory
from tests.statements import own

pytestmark = pytest.mark.usefixtures("at_now")
FEBRUARY = "2026-02"


@pytest.fixture
def lead(in_tenant: Any, client_for: Callable[..., Any]) -> Client:
    client: Client = client_for("clinic_lead", name="Lee Lead", credential="LCSW")
    return client


def enrolled(clinic: Clinic, name: str, *, on: date = date(2026, 1, 5), contact_on: date | None = None) -> Episode:
    """Somebody enrolled; with a day, reached and scored on it."""
    where = {"organization": clinic.organization}
    patient = PatientFactory(**where, clinic=clinic, family_name=name, given_name="Ana")
    episode = EpisodeFactory(**where, patient=patient, clinic=clinic, enrolled_on=on)
    ProgramPeriodFactory(**where, episode=episode, from_on=on, program="cocm")
    if contact_on is not None:
        ContactFactory(**where, patient=patient, episode=episode, on=contact_on, activity="treatment")
        AssessmentFactory(**where, patient=patient, instrument="phq9", on=contact_on, total=9)
    return episode


def url(clinic: Clinic, month: str = FEBRUARY) -> str:
    return f"/o/lakeside/team/months/{clinic.id}/{month}/"


def test_each_figure_leads_to_its_patients(lead: Client, clinic: Clinic) -> None:
    enrolled(clinic, "Rivera", contact_on=date(2026, 2, 10))
    novak = enrolled(clinic, "Novak")
    page = lead.get(url(clinic))
    shown = page.context["figures"]
    figures = {figure.key: (figure.value, [name for _, name, _ in behind]) for figure, behind, _ in shown}
    assert figures["engagement"] == ("1 of 2, 50 %", ["Novak, Ana"])
    assert figures["completeness"][0] == "0 of 2, 0 %"
    assert f'href="/o/lakeside/patients/{novak.patient_id}/"' in page.text
    event = AuditEvent.objects.get(action="check.viewed")
    assert event.count == 2


def test_a_month_is_signed_once_and_stays_as_it_was(lead: Client, clinic: Clinic) -> None:
    enrolled(clinic, "Novak")
    typed = {"remark": "Calls were few over the holidays.", "task1": "Call Mondays", "owner1": "Lee Lead",
             "until1": "2026-03-20"}  # fmt: skip
    faulty = lead.post(url(clinic), {**typed, "owner1": ""})
    assert (faulty.status_code, "Choose whose task it is." in faulty.text) == (422, True)
    assert "Calls were few over the holidays." in faulty.text
    lost = lead.post(url(clinic), {"owner2": "Lee Lead"})
    assert (lost.status_code, "Write what is to be done." in lost.text) == (422, True)
    for _ in range(2):
        assert lead.post(url(clinic), typed).headers["Location"] == url(clinic)
    check = MonthlyCheck.objects.get()
    assert (check.signed_as, check.tasks, check.remark) == (
        "Lee Lead, LCSW", [["Call Mondays", "Lee Lead", "2026-03-20"]], "Calls were few over the holidays.",
    )  # fmt: skip
    enrolled(clinic, "Rivera", contact_on=date(2026, 2, 10))
    page = lead.get(url(clinic))
    assert page.context["figures"][0][0].value == "0 of 1, 0 %"
    assert [name for _, name, _ in page.context["figures"][0][1]] == ["Novak, Ana"]
    assert ("Signed by Lee Lead, LCSW" in page.text, "<h2>Look through and sign</h2>" in page.text) == (True, False)
    assert AuditEvent.objects.filter(action="check.signed").count() == 1


def test_who_signs_second_is_told_and_loses_nothing_typed(
    lead: Client, clinic: Clinic, client_for: Callable[..., Any]
) -> None:
    enrolled(clinic, "Novak")
    first = {"remark": "Calls were few.", "task1": "Call Mondays", "owner1": "Lee Lead", "until1": "2026-03-20"}
    assert lead.post(url(clinic), first).status_code == 302
    other = client_for("clinic_lead", name="Rae Lead", credential="RN")
    second = {"remark": "Scores were late.", "task1": "Score at each call", "owner1": "Rae Lead", "until1": ""}
    for client, typed in ((other, second), (lead, {**first, "remark": "Calls were many."})):
        told = client.post(url(clinic), typed)
        assert told.status_code == 422
        assert "Lee Lead, LCSW signed this month already" in told.text
        assert [told.context["form"][name].value() for name in typed] == list(typed.values())
        assert (f">{typed['remark']}</textarea>" in told.text.replace("\n", ""), typed["task1"] in told.text) == (
            True,
            True,
        )
    # Her own words again are one signature, and so is a form that is not filled in well.
    assert lead.post(url(clinic), first).status_code == 302
    unclear = other.post(url(clinic), {**second, "owner1": ""})
    assert (unclear.status_code, "Signed already" in unclear.text, "Not signed yet" in unclear.text) == (
        422,
        True,
        False,
    )
    check = MonthlyCheck.objects.get()
    assert (check.remark, check.tasks) == ("Calls were few.", [["Call Mondays", "Lee Lead", "2026-03-20"]])
    assert AuditEvent.objects.filter(action="check.signed").count() == 1


def test_who_looks_at_a_signed_month_is_on_record_with_whom_they_saw(
    lead: Client, in_tenant: Any, clinic: Clinic, client_for: Callable[..., Any]
) -> None:
    novak, rivera = enrolled(clinic, "Novak"), enrolled(clinic, "Rivera")
    assert lead.post(url(clinic), {"remark": ""}).status_code == 302
    elsewhere = ClinicFactory(organization=in_tenant, name="Westside")
    for one in (rivera, rivera.patient):
        one.clinic = elsewhere
        one.save(update_fields=["clinic"])
    limited = client_for("clinic_lead", name="Rae Lead")
    SeatClinicFactory(organization=in_tenant, seat=limited.membership, clinic=clinic)
    page = limited.get(url(clinic))
    assert (page.context["figures"][0][0].value, page.context["figures"][0][1]) == (
        "0 of 2, 0 %", [(novak.patient_id, "Novak, Ana", "")],
    )  # fmt: skip
    event = AuditEvent.objects.get(action="check.viewed", by_id=limited.membership.id)
    assert (event.count, event.shown) == (1, [novak.patient_id])


def test_what_was_late_at_the_end_of_the_month_stays_late_in_it(
    lead: Client, clinic: Clinic, by: Any, now: datetime
) -> None:
    """A recommendation closed on the third of March was overdue in February, whoever looks when."""
    novak, rivera = enrolled(clinic, "Novak"), enrolled(clinic, "Rivera")
    late, done = (proposed(episode, on=date(2026, 2, 20)) for episode in (novak, rivera))
    seen = monthly_check(clinic.organization_id, clinic.id, FEBRUARY, at=now)
    assert loops_of(seen) == ["Novak, Ana", "Rivera, Ana"]
    in_time = datetime(2026, 2, 25, 18, tzinfo=UTC)
    for row, at in ((late, now + timedelta(days=1)), (done, in_time)):
        close_advice(by=by, at=at, recommendation_id=row.id, reason="Discussed by phone", client_token=uuid4())
    later = now + timedelta(days=2)
    seen = monthly_check(clinic.organization_id, clinic.id, FEBRUARY, at=later)
    assert loops_of(seen) == ["Novak, Ana"]
    assert loops_of(monthly_check(clinic.organization_id, clinic.id, "2026-03", at=later)) == []


def proposed(episode: Episode, *, on: date) -> Recommendation:
    """A recommendation about medication that nobody sent."""
    where = {"organization": episode.organization}
    review = CaseReviewFactory(**where, episode=episode, patient=episode.patient, on=on)
    state = {"state": "proposed", "state_on": on, "due_on": on + timedelta(days=3)}
    made: Recommendation = RecommendationFactory(**where, review=review, kind="medication", text="Increase", **state)
    return made


def loops_of(shown: CheckShown) -> list[str]:
    """Who is behind the overdue recommendations."""
    (figure,) = [one for one in shown.figures if one.key == "loops"]
    return [one.name for one in figure.behind]


def test_a_month_that_runs_is_looked_at_and_not_signed(
    lead: Client, clinic: Clinic, by: Any, now: datetime, in_tenant: Any
) -> None:
    enrolled(clinic, "Novak")
    page = lead.get(url(clinic, "2026-03"))
    assert ("This month still runs" in page.text, "<h2>Look through and sign</h2>" in page.text) == (True, False)
    refused = lead.post(url(clinic, "2026-03"), {"remark": "Early"})
    assert refused.status_code == 422
    with pytest.raises(MonthNotOverYet):
        sign_check(by=by, at=now, clinic_id=clinic.id, month="2026-03", remark="")
    assert MonthlyCheck.objects.count() == 0


def test_absent_clinics_and_months_are_not_found(lead: Client, clinic: Clinic, by: Any, now: datetime) -> None:
    for path in (url(clinic, "2026-04"), url(clinic, "2026-13"), url(clinic, "nonsense")):
        assert lead.get(path).status_code == 404, path
    assert lead.get(f"/o/lakeside/team/months/{uuid4()}/{FEBRUARY}/").status_code == 404
    with pytest.raises(NotFound):
        sign_check(by=by, at=now, clinic_id=uuid4(), month=FEBRUARY, remark="")


def test_a_month_waits_from_the_fifth_of_the_next_until_it_is_signed(
    lead: Client, in_tenant: Any, clinic: Clinic, by: Any, now: datetime
) -> None:
    ClinicFactory(organization=in_tenant, name="Without patients")
    enrolled(clinic, "Novak")
    january = CheckDue(clinic.id, clinic.name, "2026-01")
    february = CheckDue(clinic.id, clinic.name, FEBRUARY)
    assert checks_due(in_tenant.id, at=now) == (january,)
    fifth = now + timedelta(days=3)
    assert checks_due(in_tenant.id, at=fifth) == (february,)
    assert clinic_checks(in_tenant.id, at=fifth) == (
        ClinicChecks(clinic.id, clinic.name, ((FEBRUARY, False), ("2026-01", False))),
    )
    assert "January at" in lead.get("/o/lakeside/today/").text
    sign_check(by=by, at=now, clinic_id=clinic.id, month="2026-01", remark="")
    assert "January at" not in lead.get("/o/lakeside/today/").text
    assert "signed" in lead.get("/o/lakeside/team/months/").text
    assert "/o/lakeside/team/months/" in lead.get("/o/lakeside/team/").text


def test_statements_are_as_many_for_many_patients(lead: Client, clinic: Clinic, captured: Callable[[str], int]) -> None:
    enrolled(clinic, "Novak")
    few = captured(url(clinic))
    for number in range(5):
        enrolled(clinic, f"Rivera {number}", contact_on=date(2026, 2, 10))
    assert captured(url(clinic)) == few <= 8


@pytest.fixture
def captured(lead: Client) -> Callable[[str], int]:
    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as found:
            lead.get(path)
        return len(own(found.captured_queries))

    return count


def test_another_organizations_patients_are_in_no_figure(
    in_tenant: Any, clinic: Clinic, now: datetime, other_organization: Any
) -> None:
    with tenant(other_organization):
        enrolled(ClinicFactory(organization=other_organization), "Stranger")
    assert monthly_check(in_tenant.id, clinic.id, FEBRUARY, at=now).figures[0].of == 0


# The pilot


def pilot(clinic: Clinic) -> str:
    return f"/o/lakeside/set-up/clinics/{clinic.id}/pilot/"


SAID = {"works": "Calls are made.", "mends": "Notes come late.", "changes": "Write them at once.", "go_on": "yes"}


def test_the_first_two_weeks_are_looked_back_on(lead: Client, clinic: Clinic) -> None:
    assert "Nobody is enrolled yet" in lead.get(pilot(clinic)).text
    assert lead.get(pilot(clinic).replace(str(clinic.id), str(uuid4()))).status_code == 404
    enrolled(clinic, "Novak", on=date(2026, 2, 10), contact_on=date(2026, 2, 12))
    page = lead.get(pilot(clinic))
    assert page.context["figures"][0].value == "1 of 1, 100 %"
    assert "Novak" not in page.text
    empty = lead.post(pilot(clinic), {"go_on": "yes"})
    assert (empty.status_code, "Write what works, or what does not." in empty.text) == (422, True)
    assert lead.post(pilot(clinic), {**SAID, "go_on": ""}).status_code == 422
    for _ in range(2):
        assert lead.post(pilot(clinic), SAID).headers["Location"] == pilot(clinic)
    review = PilotReview.objects.get()
    assert (review.go_on, review.figures["engagement"]["count"], review.mends) == (True, 1, "Notes come late.")
    assert "Notes come late." in lead.get(pilot(clinic)).text
    lead.post(pilot(clinic), {**SAID, "works": "More calls are made."})
    assert list(PilotReview.objects.order_by("id").values_list("works", "void_reason")) == [
        ("Calls are made.", "Reviewed again"), ("More calls are made.", ""),
    ]  # fmt: skip


def test_before_two_weeks_it_is_not_due(lead: Client, clinic: Clinic) -> None:
    enrolled(clinic, "Novak", on=date(2026, 2, 20))
    assert "Not due yet" in lead.get(pilot(clinic)).text
    assert lead.post(pilot(clinic), SAID).status_code == 422
    assert PilotReview.objects.count() == 0
