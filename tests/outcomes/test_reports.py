"""Reports: made of frozen months, once, the same again; every month; and who is told what."""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from pypdf import PdfReader

from bhi.accounts.permissions import GRANTS, Permission
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.models import Job
from bhi.tenancy.ids import uuid7
from outcomes.models import OutcomeReport, ReportReader
from outcomes.operations.measuring import MonthNotFrozen, freeze_month, measure_month
from outcomes.operations.reports import (
    MAKE,
    TELL,
    ReportWrong,
    ask_for_report,
    make_scheduled,
    set_schedule,
    stop_schedule,
    tell_reader,
)
from outcomes.queries.reports import asked_of, content_of, report_of, report_rows, schedule_rows
from outcomes.rules.report_files import fingerprint_of_content, report_csv
from outcomes.tasks import SCHEDULED, make_report, make_reports_of_month, tell_of_report
from tests.factories.outcomes import (
    MeasuredEpisodeFactory,
    MeasuredMonthFactory,
    MeasureTargetFactory,
    OutcomeSettingsFactory,
    ScreenedVisitFactory,
    ScreeningFileFactory,
    WorkShareFactory,
)
from tests.factories.registry import PayerFactory, system_seat
from tests.factories.tenancy import NOW, ClinicFactory, MembershipFactory, UserFactory

FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)
LATER = NOW + timedelta(days=40)


def frozen(organization: Any, month: date = MARCH, *, edition: int = 1, at: Any = NOW, **rows: int) -> Any:
    """A month with so many patients who had a contact and a score, and so many who had none."""
    because = "A score was missing." if edition > 1 else ""
    head = MeasuredMonthFactory(organization=organization, month=month, edition=edition, because=because)
    for kind, count in rows.items():
        seen = int(kind == "seen")
        for _ in range(count):
            MeasuredEpisodeFactory(organization=organization, measured=head, contacts=seen, scales=seen)
    head.frozen_at, head.frozen_by, head.fingerprint = at, system_seat(organization), "f" * 64
    head.save()
    return head


@pytest.fixture
def lead(in_tenant: Any) -> Any:
    return MembershipFactory(organization=in_tenant, roles=["clinic_lead"], user=UserFactory())


def asked(lead: Any, **fields: Any) -> OutcomeReport:
    usual: dict[str, Any] = {"kind": "board", "month": MARCH, "payer_id": None, "clinic_id": None}
    return ask_for_report(by=lead, at=NOW, **(usual | {"client_token": uuid4()} | fields))


def run(job: Job, handler: Any) -> None:
    from bhi.jobs.registry import Run

    handler(Run(job.id, job.organization_id, job.arguments, job.owner_id, NOW, lambda _done, _all: None))


def made(report: OutcomeReport) -> OutcomeReport:
    run(Job.objects.get(id=report.job_id), make_report)
    return report_of(report.organization_id, report.id)


def line(report: OutcomeReport, key: str) -> Any:
    return next(one for one in content_of(asked_of(report)).lines if one.key == key)


class TestMaking:
    def test_a_token_asks_once_and_a_second_run_makes_nothing_anew(self, lead: Any) -> None:
        frozen(lead.organization, seen=2)
        token = uuid4()
        report = asked(lead, client_token=token)
        assert asked(lead, client_token=token).id == report.id
        assert OutcomeReport.objects.count() == Job.objects.filter(kind=MAKE).count() == 1
        first = made(report)
        second = made(report)
        assert (first.pdf_id, first.csv_id, first.made_at) == (second.pdf_id, second.csv_id, second.made_at)

    def test_made_again_it_says_the_same(self, lead: Any) -> None:
        """After targets, shares of work, mask and months have changed, and the month has a further edition."""
        organization = lead.organization
        WorkShareFactory(organization=organization, fte=Decimal("0.50"), recorded_at=NOW)
        frozen(organization, FEBRUARY, seen=1)
        frozen(organization, seen=12, unseen=13)
        report = made(asked(lead))
        assert line(report, "caseload_per_fte").now.text == "50.0 per post"
        MeasureTargetFactory(
            organization=organization, measure="contact_and_score", from_month=FEBRUARY, recorded_at=LATER
        )
        WorkShareFactory(organization=organization, recorded_at=LATER, from_on=FEBRUARY)
        OutcomeSettingsFactory(organization=organization, mask_under=0)
        frozen(organization, FEBRUARY, edition=2, at=LATER, seen=9)
        frozen(organization, edition=2, at=LATER, seen=3)
        again = content_of(asked_of(report))
        assert report.csv is not None
        assert report_csv(again) == read(report.csv)
        assert fingerprint_of_content(again) == report.fingerprint

    def test_of_a_further_edition_it_says_that_and_the_older_one_is_marked(self, lead: Any) -> None:
        OutcomeSettingsFactory(organization=lead.organization, mask_under=0)
        frozen(lead.organization, seen=1, unseen=1)
        first = asked(lead)
        frozen(lead.organization, edition=2, at=LATER, seen=2, unseen=1)
        second = asked(lead)
        assert [line(one, "contact_and_score").now.text for one in (first, second)] == [
            "1 of 2, 50.0 %",
            "2 of 3, 66.7 %",
        ]
        rows, total = report_rows(lead.organization_id, clinics=None, page=1)
        assert total == 2
        assert {(row.edition, row.newer, row.because) for row in rows} == {
            (1, 2, ""),
            (2, None, "A score was missing."),
        }

    def test_an_open_month_has_none(self, lead: Any) -> None:
        MeasuredMonthFactory(organization=lead.organization, month=MARCH)
        with pytest.raises(MonthNotFrozen):
            asked(lead)

    @pytest.mark.parametrize("kind", ["payer", "poster"])
    def test_what_cannot_be_is_refused(self, lead: Any, kind: str) -> None:
        with pytest.raises(ReportWrong):
            asked(lead, kind=kind)

    def test_only_the_file_of_a_payer_is_of_one_and_of_one_of_ours(self, lead: Any, other_organization: Any) -> None:
        payer = PayerFactory(organization=lead.organization)
        with pytest.raises(ReportWrong):
            asked(lead, payer_id=payer.id)
        for of in ({"kind": "payer", "payer_id": uuid7()}, {"clinic_id": uuid7()}):
            with pytest.raises(NotFound):
                asked(lead, **of)

    def test_a_payers_file_is_of_its_patients(self, lead: Any) -> None:
        organization = lead.organization
        payer = PayerFactory(organization=organization, name="Evergreen")
        head = MeasuredMonthFactory(organization=organization, month=MARCH)
        for of in (payer, payer, None):
            MeasuredEpisodeFactory(organization=organization, measured=head, payer=of)
        OutcomeSettingsFactory(organization=organization, mask_under=0)
        head.frozen_at, head.frozen_by, head.fingerprint = NOW, lead, "f" * 64
        head.save()
        report = asked(lead, kind="payer", payer_id=payer.id)
        assert line(report, "enrolled").now.text == "2"
        assert content_of(asked_of(report)).heading.scope == "Evergreen"

    def test_a_states_set_counts_the_file_that_held_when_it_was_asked_for(self, lead: Any) -> None:
        """Of two clinics; a later file of one of them changes nothing in the report that was made."""
        organization = lead.organization
        OutcomeSettingsFactory(organization=organization, mask_under=0)
        one, other = ClinicFactory(organization=organization), ClinicFactory(organization=organization)
        frozen(organization, seen=1)
        old = self.screening(organization, one, NOW, is_replaced=True, screened=3, seen=4)
        self.screening(organization, other, NOW, screened=1, seen=1)
        report = asked(lead, kind="state")
        self.screening(organization, one, LATER, screened=9, seen=9)
        assert line(report, "nys_9").now.text == "4 of 5, 80.0 %"
        assert line(report, "nys_10").now.text == "4 of 4, 100.0 %"
        of_other = asked(lead, kind="state", clinic_id=other.id)
        assert line(of_other, "nys_9").now.text == "1 of 1, 100.0 %"
        assert [one.key for one in content_of(asked_of(of_other)).sections[-1].lines] == ["nys_9", "nys_10"]
        assert old.is_replaced

    def screening(
        self, organization: Any, clinic: Any, at: Any, *, screened: int, seen: int, is_replaced: bool = False
    ) -> Any:
        file = ScreeningFileFactory(
            organization=organization, clinic=clinic, month=MARCH, state="taken", taken_at=at, is_replaced=is_replaced
        )
        of: dict[str, Any] = {"screened_on": date(2026, 3, 9), "instrument": "phq9", "score": 10, "is_first": True}
        for number in range(seen):
            ScreenedVisitFactory(organization=organization, file=file, **(of if number < screened else {}))
        return file

    def test_a_report_of_one_clinic_or_payer_hides_what_would_tell_of_another(self, lead: Any) -> None:
        """Of 65 patients 60 are at A and with Evergreen, five elsewhere: less A, or Evergreen, the five are told."""
        organization = lead.organization
        a, b = ClinicFactory(organization=organization), ClinicFactory(organization=organization)
        payer = PayerFactory(organization=organization)
        head = MeasuredMonthFactory(organization=organization, month=MARCH)
        for clinic, of, count in ((a, payer, 13), (b, None, 2)):
            for _ in range(count):
                MeasuredEpisodeFactory(organization=organization, measured=head, payer=of, clinic=clinic)
        OutcomeSettingsFactory(organization=organization, mask_under=3)
        head.frozen_at, head.frozen_by, head.fingerprint = NOW, lead, "f" * 64
        head.save()
        reports = (
            asked(lead),
            asked(lead, clinic_id=a.id),
            asked(lead, kind="payer", payer_id=payer.id),
            asked(lead, kind="payer", payer_id=payer.id, clinic_id=a.id),
        )
        assert [line(one, "enrolled").now.text for one in reports] == ["15", "not shown", "not shown", "13"]
        OutcomeSettingsFactory._meta.model.objects.update(mask_under=2)
        assert line(asked(lead, clinic_id=a.id), "enrolled").now.text == "13"

    def test_its_pdf_is_for_screen_readers_and_says_which_content(self, lead: Any) -> None:
        frozen(lead.organization, FEBRUARY, seen=20)
        frozen(lead.organization, seen=20, unseen=20)
        report = made(asked(lead))
        assert report.pdf is not None
        pdf = PdfReader(io.BytesIO(read(report.pdf)))
        text = "".join(page.extract_text() for page in pdf.pages)
        assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"].value is True
        assert [
            words for words in (report.fingerprint, "20 of 40, 50.0 %", "Monthly board report") if words not in text
        ] == []

    def test_statements_do_not_grow_with_patients(self, lead: Any, django_assert_num_queries: Any) -> None:
        frozen(lead.organization, seen=1)
        few = asked_of(asked(lead))
        frozen(lead.organization, FEBRUARY, seen=9)
        many = asked_of(asked(lead, month=FEBRUARY))
        for one in (few, many):
            with django_assert_num_queries(11):
                content_of(one)


class TestEveryMonth:
    @pytest.fixture
    def schedule(self, lead: Any) -> Any:
        of = {"kind": "state", "payer_id": None, "clinic_id": None}
        return set_schedule(by=lead, at=NOW - timedelta(days=1), readers=[lead.id], **of)

    def test_freezing_a_month_has_it_made_and_its_readers_told_once(self, lead: Any, schedule: Any) -> None:
        organization, by = lead.organization, system_seat(lead.organization)
        measure_month(organization_id=organization.id, month=FEBRUARY, by=by, at=NOW)
        freeze_month(organization_id=organization.id, month=FEBRUARY, by=by, at=NOW, today=date(2026, 3, 15))
        (job,) = Job.objects.filter(kind=SCHEDULED)
        for _ in range(2):
            run(job, make_reports_of_month)
        (report,) = OutcomeReport.objects.all()
        (making,) = Job.objects.filter(kind=MAKE)
        for _ in range(2):
            run(making, make_report)
        (telling,) = Job.objects.filter(kind=TELL)
        run(telling, tell_of_report)
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([lead.user.email], "A report is ready")
        assert f"/o/lakeside/outcomes/reports/{report.id}/" in message.body

    def test_the_mail_holds_the_link_and_nothing_of_the_report(self, lead: Any, schedule: Any) -> None:
        clinic = ClinicFactory(organization=lead.organization, name="Quuxworth Clinic")
        report = OutcomeReport.objects.get(id=self.of_month(lead, schedule).id)
        assert tell_reader(organization_id=lead.organization_id, report_id=report.id, membership_id=lead.id, at=NOW)
        (message,) = mail.outbox
        rest = message.body.replace(str(report.id), "").replace(settings.ADDRESS, "")
        assert [character for character in rest if character.isdigit()] == []
        assert [word for word in (clinic.name, "March", "State", "%") if word in message.body + message.subject] == []
        assert message.attachments == []

    def of_month(self, lead: Any, schedule: Any) -> OutcomeReport:
        head = frozen(lead.organization, seen=1)
        by = system_seat(lead.organization)
        assert make_scheduled(organization_id=lead.organization_id, measured_id=head.id, by=by, at=NOW) == 1
        return OutcomeReport.objects.get()

    def test_who_left_or_may_not_any_more_is_not_told(self, lead: Any, schedule: Any) -> None:
        report = self.of_month(lead, schedule)
        of = {"organization_id": lead.organization_id, "report_id": report.id, "at": NOW}
        lead.roles = ["care_manager"]
        lead.save()
        assert tell_reader(membership_id=lead.id, **of) is False
        lead.roles, lead.is_active = ["clinic_lead"], False
        lead.save()
        assert tell_reader(membership_id=lead.id, **of) is False
        assert tell_reader(membership_id=uuid7(), **of) is False
        assert mail.outbox == []

    def test_an_open_month_and_an_unknown_one_make_nothing(self, lead: Any, schedule: Any) -> None:
        head = MeasuredMonthFactory(organization=lead.organization, month=MARCH)
        of = {"organization_id": lead.organization_id, "by": system_seat(lead.organization), "at": NOW}
        assert [make_scheduled(measured_id=id_, **of) for id_ in (head.id, uuid7())] == [0, 0]

    def test_months_that_were_frozen_before_it_was_set_are_not_made(self, lead: Any, schedule: Any) -> None:
        """Nor of one that was frozen as it was set. Other readers make it no younger."""
        of = {"organization_id": lead.organization_id, "by": system_seat(lead.organization), "at": LATER}
        earlier = frozen(lead.organization, FEBRUARY, at=NOW - timedelta(days=1), seen=1)
        assert make_scheduled(measured_id=earlier.id, **of) == 0
        set_schedule(by=lead, at=LATER, kind="state", payer_id=None, clinic_id=None, readers=[lead.id])
        assert make_scheduled(measured_id=frozen(lead.organization, seen=1).id, **of) == 1

    def test_months_that_were_due_before_it_was_set_are_not_made_of_the_first_night(
        self, lead: Any, schedule: Any
    ) -> None:
        """Set the day before the first night, which freezes a year. What is measured again is made."""
        of = {"organization_id": lead.organization_id, "by": system_seat(lead.organization), "at": NOW}
        year = [frozen(lead.organization, month, seen=1) for month in (date(2025, 12, 1), date(2026, 1, 1), FEBRUARY)]
        assert [make_scheduled(measured_id=head.id, **of) for head in year] == [0, 0, 1]
        again = frozen(lead.organization, date(2026, 1, 1), edition=2, seen=1)
        assert make_scheduled(measured_id=again.id, **of) == 1

    def test_stopped_it_is_made_no_more(self, lead: Any, schedule: Any) -> None:
        for _ in range(2):
            stop_schedule(by=lead, at=NOW, schedule_id=schedule.id)
        head = frozen(lead.organization, seen=1)
        of = {"organization_id": lead.organization_id, "by": system_seat(lead.organization), "at": NOW}
        assert make_scheduled(measured_id=head.id, **of) == 0
        assert schedule_rows(lead.organization_id) == ()
        with pytest.raises(NotFound):
            stop_schedule(by=lead, at=NOW, schedule_id=uuid7())

    def test_set_again_it_has_other_readers(self, lead: Any, schedule: Any) -> None:
        other = MembershipFactory(organization=lead.organization, roles=["admin"], user=UserFactory(), name="Ada")
        of = {"kind": "state", "payer_id": None, "clinic_id": None}
        assert set_schedule(by=lead, at=NOW, readers=[other.id], **of).id == schedule.id
        assert list(ReportReader.objects.values_list("membership_id", flat=True)) == [other.id]
        assert [row.readers for row in schedule_rows(lead.organization_id)] == [("Ada",)]

    @pytest.mark.parametrize("roles", [["care_manager"], ["billing"]])
    def test_readers_may_read_reports(self, lead: Any, roles: list[str]) -> None:
        other = MembershipFactory(organization=lead.organization, roles=roles, user=UserFactory())
        with pytest.raises(ReportWrong):
            set_schedule(by=lead, at=NOW, kind="state", payer_id=None, clinic_id=None, readers=[other.id])


def test_a_seat_of_one_clinic_sees_that_clinics_reports(lead: Any) -> None:
    clinic = ClinicFactory(organization=lead.organization)
    frozen(lead.organization, seen=1)
    own, whole = asked(lead, clinic_id=clinic.id), asked(lead)
    rows, total = report_rows(lead.organization_id, clinics=frozenset({clinic.id}), page=1)
    assert ([row.id for row in rows], total) == ([own.id], 1)
    with pytest.raises(NotFound):
        report_of(lead.organization_id, whole.id, clinics=frozenset({clinic.id}))


def test_who_may_have_reports_made_may_see_the_money_in_them() -> None:
    reporting = [may for may in GRANTS.values() if Permission.REPORT_OUTCOMES in may]
    assert len(reporting) == 2
    assert [may for may in reporting if Permission.VIEW_MONEY not in may] == []
