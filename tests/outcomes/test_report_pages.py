"""The pages of reports, months as measured and settings of outcomes."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bhi.audit.models import AuditEvent
from bhi.jobs.models import Job
from bhi.tenancy.context import tenant
from outcomes.models import (
    ConsultantRate,
    MeasuredEpisode,
    MeasuredMonth,
    MeasureTarget,
    OutcomeReport,
    OutcomeSettings,
    PayerClassed,
    ReportSchedule,
    WorkShare,
)
from outcomes.queries.targets import targets_of
from outcomes.tasks import make_report
from tests.factories.going_live import RestrictionFactory, SeatClinicFactory
from tests.factories.outcomes import MeasuredMonthFactory, MeasureTargetFactory, OutcomeSettingsFactory
from tests.factories.registry import PayerFactory
from tests.factories.tenancy import NOW, ClinicFactory, UserFactory
from tests.outcomes.test_reports import MARCH, frozen, run

HERE = "/o/lakeside/outcomes/"
pytestmark = pytest.mark.usefixtures("at_now")


@pytest.fixture
def lead(client_for: Any) -> Any:
    return client_for("clinic_lead", user=UserFactory(), name="Lena Ortiz")


@pytest.fixture
def march(lead: Any, clinic: Any) -> Any:
    with tenant(lead.membership.organization):
        return frozen(lead.membership.organization, seen=12, unseen=13)


def typed(**fields: Any) -> dict[str, Any]:
    usual = {"kind": "board", "month": "2026-03-01", "payer": "", "clinic": "", "client_token": str(uuid4())}
    return usual | fields


def finish(lead: Any) -> OutcomeReport:
    with tenant(lead.membership.organization):
        report = OutcomeReport.objects.get()
        run(Job.objects.get(id=report.job_id), make_report)
        return OutcomeReport.objects.get()


def seen_at(page: Any) -> str:
    """What the page of settings, or its answer, keeps of when those were set that it shows."""
    answer = page if hasattr(page, "content") else page.get(f"{HERE}settings/")
    return re.findall(r'name="seen_at" value="([^"]*)"', answer.content.decode())[0]


def own(lead: Any, model: Any) -> list[Any]:
    with tenant(lead.membership.organization):
        return list(model.objects.order_by("id"))


class TestReports:
    def test_the_empty_list_says_what_to_do(self, lead: Any, clinic: Any) -> None:
        page = lead.get(f"{HERE}reports/").content.decode()
        assert [words for words in ("No report yet", f"{HERE}reports/new/") if words not in page] == []

    def test_from_asking_to_the_files(self, lead: Any, march: Any) -> None:
        answer = lead.post(f"{HERE}reports/new/", typed())
        (report,) = own(lead, OutcomeReport)
        assert answer.url == f"{HERE}reports/{report.id}/"
        assert "Being made" in lead.get(answer.url).content.decode()
        made = finish(lead)
        page = lead.get(answer.url).content.decode()
        missing = [words for words in (made.fingerprint, "12 of 25, 48.0 %", "Edition") if words not in page]
        assert missing == []
        files = {form: lead.get(f"{HERE}reports/{report.id}/{form}/") for form in ("pdf", "csv")}
        assert {form: (file.status_code, file["Content-Disposition"]) for form, file in files.items()} == {
            form: (200, f'attachment; filename="board-report-2026-03-edition-1.{form}"') for form in files
        }
        assert lead.get(f"{HERE}reports/{report.id}/doc/").status_code == 404
        with tenant(lead.membership.organization):
            actions = AuditEvent.objects.filter(object_id=report.id).order_by("id").values_list("action", flat=True)
            assert list(actions) == [
                *("outcome_report.asked", "outcome_report.viewed", "outcome_report.made", "outcome_report.viewed"),
                *("outcome_report.downloaded", "outcome_report.downloaded"),
            ]

    def test_twice_sent_it_is_one(self, lead: Any, march: Any) -> None:
        form = typed()
        assert lead.post(f"{HERE}reports/new/", form).url == lead.post(f"{HERE}reports/new/", form).url
        assert len(own(lead, OutcomeReport)) == 1

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"kind": "payer"}, "Choose the payer."),
            ({"month": "2026-05-01"}, "This month is not frozen yet."),
            ({"month": "1999-01-01"}, "Choose a month from the list."),
            ({"kind": ""}, "Choose a report."),
        ],
    )
    def test_faults_are_named_and_nothing_typed_is_lost(
        self, lead: Any, march: Any, fields: dict[str, str], words: str
    ) -> None:
        with tenant(lead.membership.organization):
            MeasuredMonthFactory(organization=lead.membership.organization, month=date(2026, 5, 1))
            clinic = ClinicFactory(organization=lead.membership.organization, name="Second")
        answer = lead.post(f"{HERE}reports/new/", typed(clinic=str(clinic.id), **fields))
        page = answer.content.decode()
        assert (answer.status_code, words in page, f'<option value="{clinic.id}" selected>' in page) == (
            422,
            True,
            True,
        )
        assert own(lead, OutcomeReport) == []

    def test_a_payer_is_for_its_file_only(self, lead: Any, march: Any) -> None:
        with tenant(lead.membership.organization):
            payer = PayerFactory(organization=lead.membership.organization)
        answer = lead.post(f"{HERE}reports/new/", typed(payer=str(payer.id)))
        assert (answer.status_code, "leave “Every payer”" in answer.content.decode()) == (422, True)

    def test_an_open_month_is_previewed_as_not_final_and_nothing_is_kept(self, lead: Any, march: Any) -> None:
        with tenant(lead.membership.organization):
            MeasuredMonthFactory(organization=lead.membership.organization, month=date(2026, 4, 1))
        answer = lead.post(f"{HERE}reports/preview/", typed(month="2026-04-01"))
        assert (answer.status_code, "Not final" in answer.content.decode()) == (200, True)
        final = lead.post(f"{HERE}reports/preview/", typed()).content.decode()
        assert ("Not final" in final, "12 of 25, 48.0 %" in final) == (False, True)
        assert own(lead, OutcomeReport) == []

    def test_a_preview_counts_what_the_report_will_whoever_asks(self, lead: Any, client_for: Any, march: Any) -> None:
        """A seat of one clinic sees its own patients; the report of that clinic counts also who is kept to others."""
        organization = lead.membership.organization
        with tenant(organization):
            clinic = MeasuredEpisode.objects.first().clinic
            SeatClinicFactory(organization=organization, seat=lead.membership, clinic=clinic)
            kept = MeasuredEpisode.objects.filter(clinic=clinic).first()
            RestrictionFactory(
                organization=organization, patient=kept.patient, seats=[], recorded_by=client_for("admin").membership
            )
            OutcomeSettingsFactory(organization=organization, mask_under=0)
        page = lead.post(f"{HERE}reports/preview/", typed(clinic=str(clinic.id))).content.decode()
        assert re.findall(r"Enrolled patients</th><td>([^<]+)</td>", page) == ["1"]

    def test_an_older_edition_stays_and_says_that_there_is_a_newer_one(self, lead: Any, march: Any) -> None:
        lead.post(f"{HERE}reports/new/", typed())
        made = finish(lead)
        with tenant(lead.membership.organization):
            frozen(lead.membership.organization, edition=2, seen=1)
        assert "A newer edition is there" in lead.get(f"{HERE}reports/").content.decode()
        page = lead.get(f"{HERE}reports/{made.id}/").content.decode()
        assert ("A newer edition is there" in page, "12 of 25, 48.0 %" in page) == (True, True)
        assert lead.get(f"{HERE}reports/{made.id}/csv/").status_code == 200

    def test_a_page_of_reports_takes_as_many_statements_for_many(self, lead: Any, march: Any) -> None:
        counts = []
        for _ in range(2):
            lead.post(f"{HERE}reports/new/", typed())
            with CaptureQueriesContext(connection) as asked:
                lead.get(f"{HERE}reports/")
            counts.append(len(asked))
        assert counts[0] == counts[1]

    def test_one_is_made_every_month_until_it_is_stopped(self, lead: Any, march: Any) -> None:
        seat = str(lead.membership.id)
        form = {"kind": "state", "payer": "", "clinic": "", "readers": [seat]}
        assert lead.post(f"{HERE}reports/monthly/", form | {"readers": []}).status_code == 422
        assert lead.post(f"{HERE}reports/monthly/", form).status_code == 302
        (schedule,) = own(lead, ReportSchedule)
        assert "Lena Ortiz" in lead.get(f"{HERE}reports/monthly/").content.decode()
        lead.post(f"{HERE}reports/monthly/{schedule.id}/stop/")
        assert [row.is_current for row in own(lead, ReportSchedule)] == [False]


class TestMonths:
    def test_a_frozen_month_is_measured_again_with_a_reason(self, lead: Any, march: Any) -> None:
        assert "Frozen" in lead.get(f"{HERE}months/").content.decode()
        assert "Measure it again" in lead.get(f"{HERE}months/2026-03/").content.decode()
        assert lead.post(f"{HERE}months/2026-03/again/", {"because": " "}).status_code == 422
        assert lead.post(f"{HERE}months/2026-03/again/", {"because": "A score was missing."}).status_code == 302
        page = lead.get(f"{HERE}months/2026-03/").content.decode()
        assert ("A score was missing." in page, "Measure it again" in page) == (True, False)
        lead.post(f"{HERE}months/2026-03/again/", {"because": "Once more."})
        told = [(row.edition, row.because, row.frozen_at is None) for row in own(lead, MeasuredMonth)]
        assert told == [(1, "", False), (2, "A score was missing.", True)]

    @pytest.mark.parametrize("month", ["2026-02", "2026-13", "march"])
    def test_a_month_that_is_not_there_is_not_found(self, lead: Any, march: Any, month: str) -> None:
        assert lead.get(f"{HERE}months/{month}/").status_code == 404


class TestSettings:
    def test_the_usual_ones_hold_until_somebody_changes_them(self, lead: Any, clinic: Any) -> None:
        assert "Nobody changed these yet" in lead.get(f"{HERE}settings/").content.decode()
        form = {"mask_under": "5", "freeze_day": "20", "productive_percent": "75"}
        for _ in range(2):
            assert lead.post(f"{HERE}settings/", form).status_code == 302
        (row,) = own(lead, OutcomeSettings)
        assert (row.mask_under, row.freeze_day, row.productive_percent) == (5, 20, 75)
        with tenant(lead.membership.organization):
            assert AuditEvent.objects.filter(action="outcome_settings.set").count() == 1

    @pytest.mark.parametrize("field", ["mask_under", "freeze_day", "productive_percent"])
    def test_what_cannot_be_is_said_at_its_field(self, lead: Any, clinic: Any, field: str) -> None:
        form = {"mask_under": "11", "freeze_day": "15", "productive_percent": "80"} | {field: "900"}
        answer = lead.post(f"{HERE}settings/", form)
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])
        assert own(lead, OutcomeSettings) == []

    def test_what_another_set_meanwhile_is_not_put_back_unseen(self, lead: Any, client_for: Any, clinic: Any) -> None:
        place = f"{HERE}settings/"
        shown = seen_at(lead)
        first = {"mask_under": "20", "freeze_day": "15", "productive_percent": "80"}
        second = {"mask_under": "11", "freeze_day": "15", "productive_percent": "70"}
        assert client_for("admin", name="Ada Quist").post(place, first | {"seen_at": shown}).status_code == 302
        answer = lead.post(place, second | {"seen_at": shown})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Ada Quist changed these while you had them open. Now counts under 20 are hidden" in page
        assert 'value="70"' in page
        assert own(lead, OutcomeSettings)[0].mask_under == 20
        assert lead.post(place, second | {"seen_at": "yesterday"}).status_code == 422
        assert lead.post(place, second | {"seen_at": seen_at(answer)}).status_code == 302
        assert own(lead, OutcomeSettings)[0].productive_percent == 70

    def test_a_payer_whom_another_changed_meanwhile_is_left_as_it_is(
        self, lead: Any, client_for: Any, clinic: Any
    ) -> None:
        place = f"{HERE}settings/payers/"
        with tenant(lead.membership.organization):
            one, other = (PayerFactory(organization=lead.membership.organization, name=name) for name in "AB")
        page = lead.get(place)
        shown = {name: page.context["form"].fields[name].initial for name in page.context["form"].fields}
        form = shown | {f"initial-{name}": value for name, value in shown.items()}
        admin = client_for("admin")
        assert admin.post(place, form | {f"class-{one.id}": "medicaid"}).status_code == 302
        assert lead.post(place, form | {f"class-{other.id}": "medicare"}).status_code == 302
        said = {row.payer_id: row.payer_class for row in own(lead, PayerClassed)}
        assert said == {one.id: "medicaid", other.id: "medicare"}
        answer = lead.post(place, form | {f"class-{one.id}": "other"})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "Somebody else changed this to Medicaid meanwhile. Save again to have yours." in page
        again = dict(re.findall(r'<input type="hidden" name="(initial-[^"]+)" value="([^"]+)"', page))
        assert again == {f"initial-class-{one.id}": "medicaid", f"initial-class-{other.id}": shown[f"class-{other.id}"]}
        assert lead.post(place, form | again | {f"class-{one.id}": "other"}).status_code == 302
        said = {row.payer_id: row.payer_class for row in own(lead, PayerClassed)}
        assert said == {one.id: "other", other.id: "medicare"}

    def test_a_target_of_ones_own_goes_before_the_sources_until_it_is_taken_back(self, lead: Any, clinic: Any) -> None:
        form = {"key": "contact_and_score", "amount": "70", "from_month": "2026-03"}
        for target in ("70", "72.5"):
            assert lead.post(f"{HERE}settings/targets/", form | {"amount": target}).status_code == 302
        organization = lead.membership.organization
        key, february = "contact_and_score", date(2026, 2, 1)
        with tenant(organization):
            found = targets_of(organization.id, [february, MARCH, date(2026, 9, 1)])
            assert [found[month, key] for month in (february, MARCH, date(2026, 9, 1))] == [80, 72.5, 72.5]
            before, now = MeasureTarget.objects.order_by("id")
            assert (before.void_reason, now.is_live) == ("Replaced by another amount from the same day.", True)
        back = f"{HERE}settings/target/{now.id}/back/"
        assert lead.post(back, {"because": ""}).status_code == 422
        assert lead.post(back, {"because": "Typed wrong."}).status_code == 302
        assert lead.get(back).status_code == 404
        with tenant(organization):
            assert targets_of(organization.id, [MARCH])[MARCH, key] == 80

    @pytest.mark.parametrize(
        ("target", "key"), [("101", "contact_and_score"), ("abc", "contact_and_score"), ("5", "nys_1")]
    )
    def test_targets_that_cannot_be(self, lead: Any, clinic: Any, target: str, key: str) -> None:
        answer = lead.post(f"{HERE}settings/targets/", {"key": key, "amount": target, "from_month": "2026-03"})
        assert answer.status_code == 422
        assert own(lead, MeasureTarget) == []

    @pytest.mark.parametrize(
        ("place", "role", "model", "column", "wrong"),
        [
            ("shares", "care_manager", WorkShare, "fte", "1.5"),
            ("rates", "psychiatric_consultant", ConsultantRate, "hourly", "-1"),
        ],
    )
    def test_amounts_of_people(
        self, lead: Any, clinic: Any, membership: Any, place: str, role: str, model: Any, column: str, wrong: str
    ) -> None:
        seat = membership(role, name="Ken Abara")
        form = {"membership": str(seat.id), "amount": "0.50", "from_on": "2026-03-02"}
        assert lead.post(f"{HERE}settings/{place}/", form | {"amount": wrong}).status_code == 422
        for _ in range(2):
            assert lead.post(f"{HERE}settings/{place}/", form).status_code == 302
        (row,) = own(lead, model)
        assert (row.membership_id, getattr(row, column), row.from_on) == (seat.id, Decimal("0.50"), date(2026, 3, 2))
        assert "0.50" in lead.get(f"{HERE}settings/{place}/").content.decode()
        kind = place.removesuffix("s")
        assert lead.post(f"{HERE}settings/{kind}/{row.id}/back/", {"because": "Wrong."}).status_code == 302
        assert [one.void_reason for one in own(lead, model)] == ["Wrong."]

    def test_a_payers_class_is_said_only_where_it_was_changed(self, lead: Any, clinic: Any) -> None:
        with tenant(lead.membership.organization):
            one = PayerFactory(organization=lead.membership.organization, name="Evergreen")
            other = PayerFactory(organization=lead.membership.organization, name="State Medicaid")
        form = {f"class-{one.id}": "other", f"class-{other.id}": "medicaid"}
        for _ in range(2):
            assert lead.post(f"{HERE}settings/payers/", form).status_code == 302
        assert [(row.payer_id, row.payer_class) for row in own(lead, PayerClassed)] == [(one.id, "other")]
        assert lead.post(f"{HERE}settings/payers/", form | {f"class-{one.id}": "none"}).status_code == 422

    def test_what_is_of_another_organization_is_not_there(self, lead: Any, other_organization: Any) -> None:
        with tenant(other_organization):
            target = MeasureTargetFactory(organization=other_organization, recorded_at=NOW)
        assert lead.get(f"{HERE}settings/target/{target.id}/back/").status_code == 404
        assert lead.get(f"{HERE}settings/poem/{target.id}/back/").status_code == 404


def test_what_was_set_stands_in_the_history_of_settings(lead: Any, clinic: Any, membership: Any) -> None:
    seat = membership("care_manager", name="Ken Abara")
    lead.post(f"{HERE}settings/", {"mask_under": "5", "freeze_day": "20", "productive_percent": "75"})
    again = {"mask_under": "7", "freeze_day": "20", "productive_percent": "75", "seen_at": seen_at(lead)}
    lead.post(f"{HERE}settings/", again)
    lead.post(f"{HERE}settings/targets/", {"key": "remission", "amount": "33", "from_month": "2026-03"})
    lead.post(f"{HERE}settings/shares/", {"membership": str(seat.id), "amount": "0.50", "from_on": "2026-03-02"})
    page = lead.get(reverse("settings_history", args=["lakeside"])).content.decode()
    told = (
        "Measures: months and reports",
        "Counts hidden under",
        "In remission this month",
        "33.00",
        "Ken Abara",
        "0.50",
    )
    assert [words for words in told if words not in page] == []


@pytest.mark.parametrize(
    "place", ["reports/", "reports/new/", "reports/monthly/", "months/", "months/2026-03/", "settings/"]
)
def test_a_page_takes_eight_statements_of_its_own_at_most(lead: Any, march: Any, place: str) -> None:
    assert own_statements(lead, lambda: lead.get(f"{HERE}{place}")) <= 8


@pytest.mark.parametrize("place", ["targets/", "shares/", "rates/", "payers/"])
def test_so_does_a_page_of_settings(lead: Any, march: Any, place: str) -> None:
    assert own_statements(lead, lambda: lead.get(f"{HERE}settings/{place}")) <= 8


def test_so_does_a_report(lead: Any, march: Any) -> None:
    place = lead.post(f"{HERE}reports/new/", typed()).url
    finish(lead)
    assert own_statements(lead, lambda: lead.get(place)) <= 8


def own_statements(lead: Any, ask: Any) -> int:
    """Beyond those of the frame, which a page of nothing takes too, and those of the audit."""
    with CaptureQueriesContext(connection) as frame:
        lead.get(reverse("measured_months", args=["lakeside"]) + "?page=9")
    with CaptureQueriesContext(connection) as asked:
        assert ask().status_code == 200
    of_months = 3
    return sum("audit_" not in one["sql"] for one in asked) - (len(frame) - of_months)


@pytest.mark.parametrize("kind", ["board", "state"])
def test_a_preview_takes_as_few_and_no_more_for_more_patients(lead: Any, march: Any, kind: str) -> None:
    with tenant(lead.membership.organization):
        frozen(lead.membership.organization, date(2026, 4, 1), seen=1)
    counts = [
        own_statements(lead, lambda month=month: lead.post(f"{HERE}reports/preview/", typed(kind=kind, month=month)))
        for month in ("2026-03-01", "2026-04-01")
    ]
    assert counts[0] == counts[1] <= 8
