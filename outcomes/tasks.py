"""What workers do for outcomes. Each handler makes one call and can run twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of, system_membership
from bhi.jobs.registry import Run, Work, handles, nightly, repeats, subscribe
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import sight_of
from bhi.web.pdf import Picture, pdf_of
from billing.queries.calendar import page_zone
from caseload.rules.clock import local_date
from outcomes.operations.asking import MEASURE
from outcomes.operations.experience import ASK_DUE, ask_due, deliver_experience_link
from outcomes.operations.experience import SEND as SEND_EXPERIENCE
from outcomes.operations.hours_sheets import discard_hours_sheets, keep_hours_sheet
from outcomes.operations.measuring import measure_months
from outcomes.operations.reports import MAKE, TELL, keep_report, make_scheduled, tell_reader
from outcomes.operations.screening import READ_JOB as READ_SCREENING
from outcomes.operations.screening import TAKE_JOB as TAKE_SCREENING
from outcomes.operations.screening import (
    discard_old_screening_files,
    match_screened,
    read_screening_file,
    take_screening_file,
)
from outcomes.queries.consultant_hours import hours_sheet
from outcomes.queries.hours_sheets import MAKE as MAKE_HOURS
from outcomes.queries.measured import earliest_day
from outcomes.queries.reports import asked_of, content_of, report_of
from outcomes.rules.charts import trend
from outcomes.rules.measure import Kind
from outcomes.rules.measures import measure as measure_of
from outcomes.rules.report_files import fingerprint_of_content, report_csv
from outcomes.rules.reports import ReportContent, Trend

SCHEDULED = "make_scheduled_reports"
KEEP_SCREENING = "keep_screening"
DISCARD_HOURS = "discard_hours_sheets"


def register() -> None:
    """Called once, when Django starts."""
    handles(MEASURE, measure, label="Measuring the months")
    repeats(MEASURE, nightly)
    handles(MAKE, make_report, label="Making the report")
    handles(SCHEDULED, make_reports_of_month, label="Making the month's reports")
    subscribe("month_frozen", SCHEDULED, work_of_frozen_month)
    handles(TELL, tell_of_report, label="Telling of a report")
    handles(SEND_EXPERIENCE, send_experience, label="Sending a link")
    handles(ASK_DUE, ask_everybody_due, label="Asking everybody who is due", as_owner=True)
    handles(READ_SCREENING, read_long_screening, label="Reading the list of patients seen")
    handles(TAKE_SCREENING, take_long_screening, label="Taking the list of patients seen over")
    handles(KEEP_SCREENING, keep_screening)
    repeats(KEEP_SCREENING, nightly)
    handles(MAKE_HOURS, make_hours, label="Making the consultants’ hours")
    handles(DISCARD_HOURS, discard_made_hours)
    repeats(DISCARD_HOURS, nightly)


def measure(run: Run) -> None:
    measure_months(
        organization_id=run.organization_id,
        by=system_membership(run.organization_id),
        at=run.at,
        today=earliest_day(run.organization_id, run.at),
        progress=run.progress,
    )


def work_of_frozen_month(ids: Mapping[str, Any]) -> Iterable[Work]:
    """The reports of an edition that was frozen."""
    yield Work(key=str(ids["measured_id"]), arguments={"measured_id": str(ids["measured_id"])})


def make_reports_of_month(run: Run) -> None:
    make_scheduled(
        organization_id=run.organization_id,
        measured_id=UUID(run.arguments["measured_id"]),
        by=system_membership(run.organization_id),
        at=run.at,
    )


def make_report(run: Run) -> None:
    """Count a report from its frozen month and keep its files. A second run finds them made, and makes nothing."""
    report = report_of(run.organization_id, UUID(run.arguments["report_id"]))
    if report.made_at is not None:
        return
    content = content_of(asked_of(report))
    schedule = run.arguments["schedule_id"]
    keep_report(
        organization_id=run.organization_id,
        report_id=report.id,
        schedule_id=UUID(schedule) if schedule else None,
        pdf=report_paper(content, organization_id=run.organization_id, at=run.at),
        csv=report_csv(content),
        fingerprint=fingerprint_of_content(content),
        by=report.asked_by,
        at=run.at,
    )


def report_paper(content: ReportContent, *, organization_id: UUID, at: datetime) -> bytes:
    """A report as a PDF, its charts as pictures with words. Raises PdfImpossible."""
    on: date = local_date(at, page_zone(organization_id))
    charts = {f"trend-{number}": picture for number, picture in enumerate(map(_chart, content.trends), 1) if picture}
    shown = [
        (f"picture:trend-{number}", one) for number, one in enumerate(content.trends, 1) if f"trend-{number}" in charts
    ]
    context = {"content": content, "hash": fingerprint_of_content(content), "on": on, "charts": shown}
    return pdf_of("pdf/outcomes_report.html", context, style="pdf/outcomes.css", pictures=charts, is_tagged=True)


def _chart(one: Trend) -> Picture | None:
    highest = 100 if measure_of(one.key).kind is Kind.SHARE else None
    drawn = trend(
        [(month, figure.value) for month, figure in one.points],
        target=one.target,
        highest=None if highest is None else Decimal(highest),
    )
    if drawn is None:
        return None
    svg = render_to_string("pdf/outcomes_trend.svg", {"drawing": drawn.drawings[0]})
    return Picture("image/svg+xml", svg.encode())


def tell_of_report(run: Run) -> None:
    tell_reader(
        organization_id=run.organization_id,
        report_id=UUID(run.arguments["report_id"]),
        membership_id=UUID(run.arguments["membership_id"]),
        at=run.at,
    )


def make_hours(run: Run) -> None:
    """Make the sheet of a month for its owner. A second run makes it anew in place of the first."""
    people = people_of(run.organization_id)
    owner = people[run.owner_id] if run.owner_id else system_membership(run.organization_id)
    month = date.fromisoformat(run.arguments["month"])
    content = hours_paper(owner, month, at=run.at)
    keep_hours_sheet(organization_id=run.organization_id, job_id=run.job_id, content=content, at=run.at)


def hours_paper(owner: Membership, month: date, *, at: datetime) -> bytes:
    """The sheet as a PDF: for the clinics of its owner, with amounts if they may see money. Raises PdfImpossible."""
    context = {
        "organization": owner.organization.name,
        "sheet": hours_sheet(owner.organization_id, month, clinics=sight_of(owner, at).clinics),
        "sees_money": Permission.VIEW_MONEY in permissions_of(owner.roles),
        "on": local_date(at, page_zone(owner.organization_id)),
        "made_by": str(owner),
    }
    return pdf_of("pdf/consultant_hours.html", context, style="pdf/sheets.css", is_tagged=True)


def discard_made_hours(run: Run) -> None:
    """Every night: consultants' hours whose day is over."""
    discard_hours_sheets(organization_id=run.organization_id, at=run.at)


def read_long_screening(run: Run) -> None:
    """Read a list of patients seen that was too long for a page."""
    by = people_of(run.organization_id)[UUID(run.arguments["by_id"])]
    read_screening_file(by=by, at=run.at, file_id=UUID(run.arguments["file_id"]), progress=run.progress)


def take_long_screening(run: Run) -> None:
    """Take over a list that was confirmed; a second run finds it taken."""
    by, file_id = people_of(run.organization_id)[UUID(run.arguments["by_id"])], UUID(run.arguments["file_id"])
    take_screening_file(by=by, at=run.at, file_id=file_id, in_background=False, progress=run.progress)


def keep_screening(run: Run) -> None:
    """Every night: who has joined the program since, and files of more than thirty days ago."""
    by = system_membership(run.organization_id)
    match_screened(by=by, at=run.at)
    discard_old_screening_files(by=by, at=run.at)


def send_experience(run: Run) -> None:
    """E-mail one link; what is over by now does not go out."""
    asked_id = UUID(run.arguments["asked_id"])
    deliver_experience_link(organization_id=run.organization_id, asked_id=asked_id, at=run.at)


def ask_everybody_due(run: Run) -> None:
    """In the name of whoever pressed it: the patients whom they see, if they may still ask when it runs."""
    by = people_of(run.organization_id).get(run.owner_id) if run.owner_id else None
    if by is not None and by.is_active and Permission.ASK_EXPERIENCE in permissions_of(by.roles):
        ask_due(by=by, at=run.at, on=earliest_day(run.organization_id, run.at))
