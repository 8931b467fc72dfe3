"""Reports: what one says, counted from its frozen month; which were made, and who gets one every month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership, Organization
from outcomes.models import MeasuredMonth, OutcomeReport, ReportReader, ReportSchedule
from outcomes.queries.measured import measured_month
from outcomes.queries.numbers import EVERYBODY, Only, numbers_of
from outcomes.queries.posts import full_time_posts
from outcomes.queries.settings import settings_shown
from outcomes.queries.targets import targets_of
from outcomes.rules.figures import Beside
from outcomes.rules.measure import Kind
from outcomes.rules.measures import measure
from outcomes.rules.numbers import Number
from outcomes.rules.reports import (
    STATE,
    TITLES,
    Counted,
    Heading,
    ReportContent,
    clinic_keys,
    keys_of,
    past_months,
    report_content,
    trend_months,
)
from outcomes.rules.screening import PHQ9, POSITIVE_FROM, SCREENED, YIELD, Share

PURPOSE = "outcome_report"
# Of each clinic the file of the month that held at an instant. What was found out later about who was followed up is
# not asked, so that the shares stay.
_SCREENING = """
WITH held AS (
  SELECT DISTINCT ON (clinic_id) id, clinic_id, month FROM outcomes_screeningfile
   WHERE organization_id = %(organization)s AND month = %(month)s AND state = 'taken'
     AND (%(known_at)s::timestamptz IS NULL OR taken_at <= %(known_at)s)
   ORDER BY clinic_id, taken_at DESC, id DESC
)
SELECT clinic_id, count(*),
       count(*) FILTER (WHERE screened_on >= (seen_on - interval '12 months')::date AND screened_on < next_month),
       count(*) FILTER (WHERE is_yield), count(*) FILTER (WHERE is_yield AND score >= %(positive)s)
  FROM (SELECT h.clinic_id, v.seen_on, v.screened_on, v.score, (h.month + interval '1 month')::date AS next_month,
               v.is_first AND v.instrument = 'phq9' AND v.screened_on >= h.month
               AND v.screened_on < (h.month + interval '1 month')::date AS is_yield
          FROM held h JOIN outcomes_screenedvisit v
            ON v.organization_id = %(organization)s AND v.file_id = h.id) AS seen
 GROUP BY clinic_id
"""
PAGE = 50
Report = OutcomeReport
ByMonth = dict[date, dict[str, Number]]
ByGroup = dict[date, dict[UUID | None, dict[str, Number]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for: of which month as measured, of whom, hiding how much, and as it was known when."""

    kind: str
    measured: MeasuredMonth
    only: Only
    scope: str
    mask_under: int
    known_at: datetime | None
    organization: str = ""

    @property
    def is_preview(self) -> bool:
        """Whether nothing of it is kept: then it has neither charts nor clinics, no earlier months, and
        nothing that rests on shares of work.
        """
        return self.known_at is None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report in a list; `newer` is the month's newest edition, where that is another one."""

    id: UUID
    title: str
    kind: str
    scope: str
    clinic_id: UUID | None
    month: date
    edition: int
    newer: int | None
    asked_at: datetime
    asked_by: str
    asked_by_id: UUID
    made_at: datetime | None
    mask_under: int
    fingerprint: str
    facts: str
    definitions: str
    because: str
    job_id: UUID | None


@dataclass(frozen=True, slots=True)
class ScheduleRow:
    """A report that is made every month, and who is told."""

    id: UUID
    title: str
    scope: str
    changed_at: datetime
    changed_by: str
    readers: tuple[str, ...]


def asked_of(report: OutcomeReport) -> Asked:
    """What a stored report was asked for."""
    return Asked(
        kind=report.kind,
        measured=report.measured,
        only=Only(clinic_id=report.clinic_id, payer_id=report.payer_id),
        scope=_scope(report),
        mask_under=report.mask_under,
        known_at=report.asked_at,
    )


def preview_asked(
    organization: Organization, kind: str, heads: Mapping[date, MeasuredMonth], month: date, *, only: Only, scope: str
) -> Asked:
    """The same of a month as it stands now, frozen or not. `heads` are the newest editions of all months that were
    measured, `scope` the payer's and the clinic's names. One statement. Raises NotFound for a month that was not.
    """
    if month not in heads:
        raise NotFound
    under = settings_shown(organization.id).mask_under
    return Asked(kind, heads[month], only, scope, under, None, organization.name)


def content_of(asked: Asked) -> ReportContent:
    """What a report says. From a frozen month it says the same whenever it is counted: it compares with editions that
    were frozen by then, and goes by targets and shares of work as they were on record when it was asked for.

    Whoever asks lifts the limits of sight. The same number of statements for any number of patients.
    """
    organization_id, month = asked.measured.organization_id, asked.measured.month
    further = () if asked.is_preview else (*past_months(asked.kind, month), *trend_months(asked.kind, month))
    editions = _editions(asked, {month, *further})
    is_whole = asked.only == EVERYBODY and not asked.is_preview
    has_staff = asked.kind == STATE and is_whole
    keys = keys_of(asked.kind, month, is_whole=is_whole)
    by_clinic = clinic_keys(asked.kind, month, is_whole=is_whole)
    counted = Counted(
        by_month=_by_month(asked, editions, keys),
        by_clinic=_by_clinic(asked.measured, keys) if by_clinic else {},
        clinic_names=_clinic_names(organization_id) if by_clinic else {},
        targets=_targets(asked),
        screening=_screening(asked) if asked.kind == STATE else {},
        posts=full_time_posts(organization_id, [month], known_at=asked.known_at)[month] if has_staff else None,
        clinic=asked.only.clinic_id,
        beside=_beside(asked, editions, keys),
    )
    return report_content(
        _heading(asked), {one.month: one.edition for one in editions}, counted, keys=keys, by_clinic=by_clinic
    )


def report_of(organization_id: UUID, report_id: UUID, *, clinics: frozenset[UUID] | None = None) -> OutcomeReport:
    """A report with its month and files. A seat of some clinics sees theirs only. Raises NotFound."""
    rows = _reports(organization_id, clinics).select_related("pdf", "csv")
    found: OutcomeReport | None = rows.filter(id=report_id).first()
    if found is None:
        raise NotFound
    return found


def report_row(organization_id: UUID, report: OutcomeReport) -> ReportRow:
    """A report as pages show it. One statement."""
    newest = measured_month(organization_id, report.measured.month)
    return _row(report, newest.edition if newest and newest.frozen_at else report.measured.edition)


def report_rows(
    organization_id: UUID, *, clinics: frozenset[UUID] | None, page: int
) -> tuple[tuple[ReportRow, ...], int]:
    """A page of reports, the newest first, and how many there are. Three statements."""
    rows = _reports(organization_id, clinics)
    shown = list(rows.order_by("-asked_at", "-id")[(page - 1) * PAGE : page * PAGE])
    newest = _newest_frozen(organization_id, {report.measured.month for report in shown})
    return tuple(_row(report, newest.get(report.measured.month, 0)) for report in shown), rows.count()


def frozen_months(organization_id: UUID) -> list[date]:
    """Months of which a report can be made, the newest first. One statement."""
    rows = MeasuredMonth.objects.filter(organization_id=organization_id, frozen_at__isnull=False)
    return list(rows.values_list("month", flat=True).distinct().order_by("-month"))


def newest_frozen(organization_id: UUID, month: date) -> MeasuredMonth | None:
    """The newest frozen edition of a month. One statement."""
    rows = MeasuredMonth.objects.filter(organization_id=organization_id, month=month, frozen_at__isnull=False)
    found: MeasuredMonth | None = rows.order_by("-edition").first()
    return found


def schedule_rows(organization_id: UUID) -> tuple[ScheduleRow, ...]:
    """What is made every month, and for whom. Three statements."""
    people = people_of(organization_id)
    readers: dict[UUID, list[str]] = {}
    for schedule_id, seat in ReportReader.objects.filter(organization_id=organization_id).values_list(
        "schedule_id", "membership_id"
    ):
        readers.setdefault(schedule_id, []).append(people[seat].name)
    rows = ReportSchedule.objects.filter(organization_id=organization_id, is_current=True)
    return tuple(
        ScheduleRow(
            id=row.id,
            title=TITLES[row.kind],
            scope=_scope(row),
            changed_at=row.changed_at,
            changed_by=people[row.changed_by_id].name,
            readers=tuple(sorted(readers.get(row.id, ()))),
        )
        for row in rows.select_related("payer", "clinic").order_by("kind", "payer__name", "clinic__name", "id")
    )


def schedule_of(organization_id: UUID, schedule_id: UUID) -> ScheduleRow:
    """One of them. Raises NotFound."""
    found = [row for row in schedule_rows(organization_id) if row.id == schedule_id]
    if not found:
        raise NotFound
    return found[0]


def reader_choices(organization_id: UUID) -> list[tuple[str, str]]:
    """Who may read reports at present, by name."""
    seats = [seat for seat in people_of(organization_id).values() if may_read(seat)]
    return [(str(seat.id), seat.name) for seat in sorted(seats, key=lambda seat: (seat.name, seat.id))]


def may_read(seat: Membership) -> bool:
    """Whether a seat is at work, is somebody's, and may read reports."""
    return bool(seat.is_active and seat.user_id and Permission.REPORT_OUTCOMES in permissions_of(seat.roles))


def _heading(asked: Asked) -> Heading:
    measured = asked.measured
    return Heading(
        kind=asked.kind,
        organization=asked.organization or Organization.objects.get(id=measured.organization_id).name,
        scope=asked.scope,
        month=measured.month,
        edition=measured.edition,
        because=measured.because,
        is_final=measured.frozen_at is not None,
        definitions=measured.definitions,
        facts=measured.fingerprint,
        mask_under=asked.mask_under,
    )


def _editions(asked: Asked, months: set[date]) -> list[MeasuredMonth]:
    """The month itself, and of each other the newest edition that was frozen when it was. At most one statement."""
    measured = asked.measured
    if not months - {measured.month}:
        return [measured]
    rows = MeasuredMonth.objects.filter(organization_id=measured.organization_id, month__in=months - {measured.month})
    newest = {row.month: row for row in rows.filter(frozen_at__lte=measured.frozen_at).order_by("month", "edition")}
    return [*newest.values(), measured]


def _by_month(asked: Asked, editions: Sequence[MeasuredMonth], keys: Sequence[str]) -> ByMonth:
    organization_id = asked.measured.organization_id
    found: ByMonth = {one.month: {} for one in editions}
    counted = numbers_of(organization_id, editions, keys=keys, only=asked.only, known_at=asked.known_at)
    for (month, _, key), number in counted.items():
        found[month][key] = number
    return found


def _targets(asked: Asked) -> dict[str, Decimal]:
    month = asked.measured.month
    found = targets_of(asked.measured.organization_id, [month], known_at=asked.known_at)
    return {key: target for (_, key), target in found.items()}


def _screening(asked: Asked) -> dict[UUID, dict[str, Share]]:
    """New York's numbers 9 and 10 by clinic, of the files as they held when the report was asked for. One statement."""
    given: dict[str, Any] = {
        "organization": asked.measured.organization_id,
        "month": asked.measured.month,
        "known_at": asked.known_at,
        "positive": POSITIVE_FROM[PHQ9],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SCREENING, given)
        rows = cursor.fetchall()
    return {
        clinic: {SCREENED: Share(screened, seen), YIELD: Share(positive, first)}
        for clinic, seen, screened, first, positive in rows
    }


def _by_group(
    organization_id: UUID, editions: Sequence[MeasuredMonth], keys: Sequence[str], by: str, only: Only = EVERYBODY
) -> ByGroup:
    """All measures of a report by clinic or payer, so that what is hidden is the same in each report."""
    found: ByGroup = {one.month: {} for one in editions}
    asked = [key for key in keys if measure(key).kind is not Kind.PER_POST]
    for (month, group, key), number in numbers_of(organization_id, editions, keys=asked, by=by, only=only).items():
        assert group is None or isinstance(group, UUID)
        found[month].setdefault(group, {})[key] = number
    return found


def _by_clinic(measured: MeasuredMonth, keys: Sequence[str]) -> dict[UUID, dict[str, Number]]:
    found = _by_group(measured.organization_id, [measured], keys, "clinic")[measured.month]
    return {clinic: numbers for clinic, numbers in found.items() if clinic is not None}


def _beside(asked: Asked, editions: Sequence[MeasuredMonth], keys: Sequence[str]) -> tuple[Beside, ...]:
    """Of a report of one clinic, all clinics; of one payer, all payers. At most three statements for each."""
    organization_id, only = asked.measured.organization_id, asked.only
    found = []
    if only.clinic_id:
        every = _by_group(organization_id, editions, keys, "clinic", replace(only, clinic_id=None))
        found.append(Beside(only.clinic_id, every))
    if only.payer_id:
        every = _by_group(organization_id, editions, keys, "payer", replace(only, payer_id=None))
        found.append(Beside(only.payer_id, every))
    return tuple(found)


def _clinic_names(organization_id: UUID) -> Mapping[UUID, str]:
    return dict(Clinic.objects.filter(organization_id=organization_id).values_list("id", "name").order_by())


def _newest_frozen(organization_id: UUID, months: set[date]) -> dict[date, int]:
    rows = MeasuredMonth.objects.filter(organization_id=organization_id, month__in=months, frozen_at__isnull=False)
    return dict(rows.order_by("edition").values_list("month", "edition"))


def _reports(organization_id: UUID, clinics: frozenset[UUID] | None) -> QuerySet[OutcomeReport]:
    rows = OutcomeReport.objects.filter(organization_id=organization_id)
    seen = Q() if clinics is None else Q(clinic_id__in=clinics)
    return rows.filter(seen).select_related("measured", "payer", "clinic", "asked_by")


def _row(report: OutcomeReport, newest: int) -> ReportRow:
    measured = report.measured
    return ReportRow(
        id=report.id,
        title=TITLES[report.kind],
        kind=report.kind,
        scope=_scope(report),
        clinic_id=report.clinic_id,
        month=measured.month,
        edition=measured.edition,
        newer=newest if newest > measured.edition else None,
        asked_at=report.asked_at,
        asked_by="Every month" if report.asked_by.is_system else report.asked_by.name,
        asked_by_id=report.asked_by_id,
        made_at=report.made_at,
        mask_under=report.mask_under,
        fingerprint=report.fingerprint,
        facts=measured.fingerprint,
        definitions=measured.definitions,
        because=measured.because,
        job_id=report.job_id,
    )


def _scope(of: OutcomeReport | ReportSchedule) -> str:
    """The payer's and the clinic's names; empty for everybody."""
    return ", ".join(one.name for one in (of.payer, of.clinic) if one is not None)
