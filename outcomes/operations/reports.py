"""Reports of frozen months: asked for, made by a job, kept; made every month, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid5

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse

from bhi.accounts.queries import email_of, people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.files.operations import store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Clinic, Membership, Organization
from bhi.tenancy.sight import sight_of
from outcomes.models import MeasuredMonth, OutcomeReport, ReportKind, ReportReader, ReportSchedule
from outcomes.operations.measuring import MonthNotFrozen
from outcomes.operations.settings import lock_settings
from outcomes.queries.measured import freeze_day_of
from outcomes.queries.reports import PURPOSE, may_read, newest_frozen
from outcomes.queries.settings import settings_shown
from outcomes.rules.months import freezes_on
from registry.models import Payer

MAKE: Final = "make_outcome_report"
TELL: Final = "tell_of_outcome_report"
SUBJECT: Final = "A report is ready"
BODY: Final = """\
A report that is made every month is ready:

{address}

You get this because you are one of its readers.
"""


class ReportWrong(DomainError):
    """A report that cannot be. `field` is the one to mend."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


@transaction.atomic
def ask_for_report(
    *,
    by: Membership,
    at: datetime,
    kind: str,
    month: date,
    payer_id: UUID | None,
    clinic_id: UUID | None,
    client_token: UUID,
) -> OutcomeReport:
    """Have a report made of a month's newest frozen edition, hiding what is set at present. A token asks once.

    `month` is its first day. Raises MonthNotFrozen, ReportWrong, NotFound.
    """
    _check(by.organization_id, kind, payer_id, clinic_id)
    measured = newest_frozen(by.organization_id, month)
    if measured is None:
        raise MonthNotFrozen(month)
    report, is_new = _asked(measured, kind, payer_id, clinic_id, client_token, by=by, at=at)
    if is_new:
        record("outcome_report.asked", by=by, at=at, object_id=report.id)
        _queue_making(report, None, by=by, at=at)
    return report


@transaction.atomic
def make_scheduled(*, organization_id: UUID, measured_id: UUID, by: Membership, at: datetime) -> int:
    """Have made what is made every month, of one frozen edition. Run twice it asks once. Returns how many are new.

    What was set up after the month was frozen, or was to be, begins with the next one: the first night of an
    organization freezes a year's months at once, and nobody is told of all of them.
    """
    measured = MeasuredMonth.objects.filter(organization_id=organization_id, id=measured_id).first()
    if measured is None or measured.frozen_at is None:
        return 0
    count = 0
    for schedule in _schedules_of(measured):
        token = uuid5(schedule.id, str(measured_id))
        report, is_new = _asked(measured, schedule.kind, schedule.payer_id, schedule.clinic_id, token, by=by, at=at)
        if is_new:
            record("outcome_report.asked", by=by, at=at, object_id=report.id)
            _queue_making(report, schedule.id, by=by, at=at)
            count += 1
    return count


def _schedules_of(measured: MeasuredMonth) -> list[ReportSchedule]:
    """What was set up before the month was frozen; and, of a first edition, by the day on which it was due to be."""
    current = ReportSchedule.objects.filter(organization_id=measured.organization_id, is_current=True)
    rows = list(current.filter(changed_at__lt=measured.frozen_at).order_by("id"))
    due = freezes_on(measured.month, freeze_day_of(measured.organization_id))
    return [row for row in rows if measured.edition > 1 or row.changed_at.date() <= due]


@transaction.atomic
def keep_report(
    *, organization_id: UUID, report_id: UUID, schedule_id: UUID | None, pdf: bytes, csv: bytes, fingerprint: str,
    by: Membership, at: datetime,
) -> bool:  # fmt: skip
    """Keep the files of a report for good, and have the readers of its schedule told. False where it was made before:
    then nothing changes and nobody is told again. Raises FileTooLarge.
    """
    rows = OutcomeReport.objects.filter(organization_id=organization_id, id=report_id, made_at__isnull=True)
    report: OutcomeReport | None = rows.select_for_update(of=("self",)).first()
    if report is None:
        return False
    of = {"organization_id": organization_id, "purpose": PURPOSE, "at": at}
    report.pdf = store(pdf, media_type="application/pdf", **of)  # type: ignore[arg-type]
    report.csv = store(csv, media_type="text/csv", **of)  # type: ignore[arg-type]
    report.fingerprint, report.made_at = fingerprint, at
    report.save(update_fields=["pdf", "csv", "fingerprint", "made_at"])
    record("outcome_report.made", by=by, at=at, object_id=report.id)
    readers = ReportReader.objects.filter(organization_id=organization_id, schedule_id=schedule_id).order_by("id")
    for seat_id in readers.values_list("membership_id", flat=True) if schedule_id else ():
        queue(
            TELL,
            organization_id=organization_id,
            key=f"{report.id}:{seat_id}",
            at=at,
            arguments={"report_id": report.id, "membership_id": seat_id},
        )
    return True


def tell_reader(*, organization_id: UUID, report_id: UUID, membership_id: UUID, at: datetime) -> bool:
    """Send one reader a link to a report, and nothing that it says. Who left, or may not open it by now, gets none."""
    report = OutcomeReport.objects.filter(organization_id=organization_id, id=report_id).first()
    seat = people_of(organization_id).get(membership_id)
    to = email_of(organization_id, membership_id)
    if report is None or seat is None or not to or not may_read(seat):
        return False
    clinics = sight_of(seat, at).clinics
    if clinics is not None and report.clinic_id not in clinics:
        return False
    slug = Organization.objects.get(id=organization_id).slug
    address = settings.ADDRESS + reverse("outcome_report", args=[slug, report.id])
    send_mail(SUBJECT, BODY.format(address=address), None, [to])
    return True


@transaction.atomic
def set_schedule(
    *,
    by: Membership,
    at: datetime,
    kind: str,
    payer_id: UUID | None,
    clinic_id: UUID | None,
    readers: Sequence[UUID],
) -> ReportSchedule:
    """Have a report made whenever a month is frozen, and tell these seats. Of what is made already, the readers change.

    Raises ReportWrong, NotFound.
    """
    _check(by.organization_id, kind, payer_id, clinic_id)
    people = people_of(by.organization_id)
    wanted = set(readers)
    if not wanted or any(seat not in people or not may_read(people[seat]) for seat in wanted):
        raise ReportWrong("readers", "Choose at least one person who may read reports.")
    of = {"organization_id": by.organization_id, "kind": kind, "payer_id": payer_id, "clinic_id": clinic_id}
    lock_settings(by)
    row: ReportSchedule | None = ReportSchedule.objects.filter(**of, is_current=True).first()
    row = row or ReportSchedule.objects.create(**of, changed_at=at, changed_by=by)
    ReportReader.objects.filter(organization_id=by.organization_id, schedule=row).exclude(
        membership_id__in=wanted
    ).delete()
    for seat in sorted(wanted):
        ReportReader.objects.get_or_create(organization_id=by.organization_id, schedule=row, membership_id=seat)
    record("report_schedule.set", by=by, at=at, object_id=row.id, fields=["readers"], count=len(wanted))
    return row


@transaction.atomic
def stop_schedule(*, by: Membership, at: datetime, schedule_id: UUID) -> None:
    """Make it no longer. Reports that were made stay. Stopped already, nothing changes. Raises NotFound."""
    rows = ReportSchedule.objects.filter(organization_id=by.organization_id, id=schedule_id)
    row: ReportSchedule | None = rows.select_for_update(of=("self",)).first()
    if row is None:
        raise NotFound
    if row.is_current:
        row.is_current, row.changed_at, row.changed_by = False, at, by
        row.save(update_fields=["is_current", "changed_at", "changed_by"])
        record("report_schedule.stopped", by=by, at=at, object_id=row.id)


def _asked(
    measured: MeasuredMonth, kind: str, payer_id: UUID | None, clinic_id: UUID | None, token: UUID, *, by: Membership,
    at: datetime,
) -> tuple[OutcomeReport, bool]:  # fmt: skip
    return OutcomeReport.objects.get_or_create(
        organization_id=measured.organization_id,
        client_token=token,
        defaults={
            "measured": measured,
            "kind": kind,
            "payer_id": payer_id,
            "clinic_id": clinic_id,
            "mask_under": settings_shown(measured.organization_id).mask_under,
            "asked_at": at,
            "asked_by": by,
        },
    )


def _queue_making(report: OutcomeReport, schedule_id: UUID | None, *, by: Membership, at: datetime) -> None:
    report.job_id = queue(
        MAKE,
        organization_id=report.organization_id,
        key=str(report.id),
        arguments={"report_id": report.id, "schedule_id": schedule_id},
        owner=None if by.is_system else by,
        at=at,
    )
    report.save(update_fields=["job_id"])


def _check(organization_id: UUID, kind: str, payer_id: UUID | None, clinic_id: UUID | None) -> None:
    if kind not in ReportKind.values:
        raise ReportWrong("kind", "Choose a report.")
    if (kind == ReportKind.PAYER) != (payer_id is not None):
        raise ReportWrong(
            "payer", "Choose the payer." if payer_id is None else "Only the payer quality file is of one payer."
        )
    for model, object_id in ((Payer, payer_id), (Clinic, clinic_id)):
        rows = model.objects.filter(organization_id=organization_id)
        if object_id is not None and not rows.filter(id=object_id).exists():
            raise NotFound
