"""What the access matrix asks of outcomes: one maker per kind of object, each for the organization of a seat."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.utils import timezone

from bhi.files.operations import store
from bhi.tenancy.models import Membership
from outcomes.models import MeasuredMonth, ScreeningFile
from outcomes.operations.asking import ask_to_measure
from outcomes.operations.hours_sheets import ask_for_hours_sheet, keep_hours_sheet
from outcomes.rules.months import month_before
from outcomes.rules.report_files import HEADER
from registry.rules.csv_text import csv_bytes
from registry.rules.links import long_address, secret_sha256
from tests.factories.outcomes import (
    ExperienceAskedFactory,
    MeasuredEpisodeFactory,
    MeasuredMonthFactory,
    MeasureTargetFactory,
    OutcomeReportFactory,
    ReportScheduleFactory,
    ScreenedVisitFactory,
    ScreeningFileFactory,
)
from tests.factories.registry import (
    AssessmentFactory,
    DiagnosisFactory,
    InitiatingVisitFactory,
    TreatingClinicianFactory,
)
from tests.walls.made import episode

MEASURED: Final = date(2026, 2, 1)
FROZEN: Final = date(2026, 1, 1)
KEY: Final = "enrolled"


def measured_episode(seat: Membership) -> Any:
    """Somebody of this seat's caseload in a month that is measured."""
    head = MeasuredMonth.objects.filter(organization=seat.organization, month=MEASURED).first()
    head = head or MeasuredMonthFactory(organization=seat.organization, month=MEASURED)
    of = episode(seat)
    return MeasuredEpisodeFactory(
        organization=seat.organization, measured=head, episode=of, patient=of.patient, care_manager=seat
    )


def one_measure(seat: Membership) -> Mapping[str, Any]:
    """One of the product's own: the same for every organization. Somebody is behind it."""
    measured_episode(seat)
    return {"key": KEY}


def measured_months(seat: Membership) -> Mapping[str, Any]:
    measured_episode(seat)
    return {}


def measuring(seat: Membership) -> Mapping[str, Any]:
    """Asked for by the seat itself: the progress is for whoever asked."""
    return {"job_id": ask_to_measure(by=seat, at=timezone.now())}


def frozen_month(seat: Membership) -> Mapping[str, Any]:
    """A month that was frozen, which may be measured again."""
    head = MeasuredMonth.objects.filter(organization=seat.organization, month=FROZEN).first()
    if head is None:
        now, by = timezone.now(), seat
        MeasuredMonthFactory(
            organization=seat.organization, month=FROZEN, frozen_at=now, frozen_by=by, fingerprint="f" * 64
        )
    return {"month": f"{FROZEN:%Y-%m}"}


def outcome_report(seat: Membership) -> Mapping[str, Any]:
    """A report with its file."""
    frozen_month(seat)
    head = MeasuredMonth.objects.get(organization=seat.organization, month=FROZEN)
    at = timezone.now()
    content = store(
        report_of_nothing(),
        organization_id=seat.organization_id,
        purpose="outcome_report",
        media_type="text/csv",
        at=at,
    )
    made = OutcomeReportFactory(
        organization=seat.organization, measured=head, asked_at=at, made_at=at, csv=content, fingerprint="e" * 64
    )
    return {"report_id": made.id}


def report_of_nothing() -> bytes:
    return csv_bytes(HEADER, [])


def outcome_report_list(seat: Membership) -> Mapping[str, Any]:
    outcome_report(seat)
    return {}


def outcome_report_file(seat: Membership) -> Mapping[str, Any]:
    return {**outcome_report(seat), "form": "csv"}


def report_schedule(seat: Membership) -> Mapping[str, Any]:
    return {"schedule_id": ReportScheduleFactory(organization=seat.organization).id}


def outcome_target(seat: Membership) -> Mapping[str, Any]:
    return {"kind": "target", "fact_id": MeasureTargetFactory(organization=seat.organization).id}


def hours_asked(seat: Membership) -> Mapping[str, Any]:
    """Consultants' hours that the seat itself has made as a PDF."""
    return {"job_id": ask_for_hours_sheet(by=seat, at=timezone.now(), month=MEASURED)}


def hours_made(seat: Membership) -> Mapping[str, Any]:
    asked = hours_asked(seat)
    keep_hours_sheet(
        organization_id=seat.organization_id, job_id=asked["job_id"], content=b"%PDF-1.7", at=timezone.now()
    )
    return asked


def due_for_remission(seat: Membership) -> Mapping[str, Any]:
    """Somebody of this seat's caseload whose window of twelve months is open and holds no score."""
    of = episode(seat)
    index = timezone.now().date() - timedelta(days=365)
    clinician = TreatingClinicianFactory(organization=seat.organization)
    DiagnosisFactory(organization=seat.organization, episode=of, confirmed_on=index, confirmed_by=clinician)
    AssessmentFactory(organization=seat.organization, episode=of, on=index, total=16)
    InitiatingVisitFactory(organization=seat.organization, patient=of.patient, on=index)
    return {}


def screening_file(seat: Membership) -> Mapping[str, Any]:
    """A list of patients seen, with a positive screen of somebody in the program that nobody followed up."""
    month = month_before(timezone.now().date())
    of = episode(seat)
    file = ScreeningFileFactory(organization=seat.organization, clinic=of.patient.clinic, month=month)
    ScreeningFile.objects.filter(
        organization=seat.organization, clinic=file.clinic, month=month, state="taken", is_replaced=False
    ).update(is_replaced=True)
    file.state, file.taken_at = "taken", timezone.now()
    file.save()
    ScreenedVisitFactory(
        organization=seat.organization,
        file=file,
        patient=of.patient,
        seen_on=month,
        screened_on=month,
        instrument="phq9",
        score=14,
    )
    return {"file_id": file.id}


def screened(seat: Membership) -> Mapping[str, Any]:
    screening_file(seat)
    return {}


def experience_asked(seat: Membership) -> Mapping[str, Any]:
    """A patient who was asked the three questions long ago, and may be asked anew."""
    of = episode(seat)
    at = timezone.now() - timedelta(days=100)
    ExperienceAskedFactory(
        organization=seat.organization,
        patient=of.patient,
        episode=of,
        recorded_at=at,
        expires_at=at + timedelta(days=14),
    )
    return {"patient_id": of.patient.id}


def experience_address(seat: Membership) -> Mapping[str, Any]:
    """As a patient follows it."""
    of, at, secret = episode(seat), timezone.now(), bytes(range(16, 32))
    ExperienceAskedFactory(
        organization=seat.organization,
        patient=of.patient,
        episode=of,
        recorded_at=at,
        expires_at=at + timedelta(days=14),
        token_sha256=secret_sha256(secret, is_short=False),
    )
    return {"token": long_address(seat.organization.id, secret)}
