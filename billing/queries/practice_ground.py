"""What a practice's file is held against: patients with their clinicians and days, and what stands already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.tenancy.models import Clinic
from billing.models import FrozenMonth, MonthClose, OtherService
from billing.queries.charge_patients import people_of_charges
from billing.rules.charge_files import ChargeFile
from billing.rules.practice import OnRecord, PracticePlan, plan_file
from billing.rules.practitioners import Clinician, Practitioners
from caseload.rules.clock import local_date, month_of
from registry.models import Appointment, Episode, InitiatingVisit, Patient, Referral, TreatingClinician


@dataclass
class _Gathered:
    """A patient's parts, as the statements give them."""

    clinic_id: UUID
    clinicians: set[UUID] = field(default_factory=set)
    visits: set[tuple[date, str]] = field(default_factory=set)
    services: set[tuple[str, str, bool]] = field(default_factory=set)
    appointments: dict[tuple[date, time | None], UUID] = field(default_factory=dict)
    with_whom: dict[UUID, str] = field(default_factory=dict)
    clinics: set[UUID] = field(default_factory=set)
    asked: dict[str, str] = field(default_factory=dict)


def practice_plan(organization_id: UUID, file: ChargeFile, *, people: dict[str, str], at: datetime) -> PracticePlan:
    """What the file would do now. A constant number of statements, whatever its length."""
    known = people_of_charges(organization_id, file.charges)
    keys = {found.key for charge in file.charges if (found := known.find(charge)).key is not None}
    records = _records(organization_id, {key for key in keys if key}, at=at)
    practitioners = practitioners_of(organization_id, people)
    return plan_file(file, find=known.find, records=records, practitioners=practitioners)


def practitioners_of(organization_id: UUID, people: dict[str, str]) -> Practitioners:
    """The organization's treating clinicians, and whom somebody said that names mean."""
    rows = TreatingClinician.objects.filter(organization_id=organization_id).order_by("sort_name", "id")
    return Practitioners([Clinician(row.id, str(row), row.npi) for row in rows], people)


def _records(organization_id: UUID, patient_ids: Collection[UUID], *, at: datetime) -> dict[UUID, OnRecord]:
    of = {"organization_id": organization_id}
    mine = {**of, "patient_id__in": list(patient_ids)}
    patients = Patient.objects.filter(**of, id__in=list(patient_ids)).values_list("id", "clinic_id")
    gathered = {key: _Gathered(clinic_id) for key, clinic_id in patients}
    for model in (Episode, Referral):
        rows = model.objects.live().filter(**mine).values_list("patient_id", "clinic_id", "treating_clinician_id")
        for key, clinic_id, clinician_id in rows:
            gathered[key].clinics.update({clinic_id} if model is Episode else ())
            gathered[key].clinicians.update({clinician_id} if clinician_id else ())
    for key, on, code in InitiatingVisit.objects.live().filter(**mine).values_list("patient_id", "on", "code"):
        gathered[key].visits.add((on, code))
    services = OtherService.objects.live().filter(**mine)
    for key, month, code, is_ours in services.values_list("patient_id", "month", "code", "is_by_billing_practitioner"):
        gathered[key].services.add((month_of(month), code, is_ours))
    for row in Appointment.objects.live().filter(**mine):
        gathered[row.patient_id].appointments[row.on, row.at] = row.id
        if row.import_id is not None:
            gathered[row.patient_id].with_whom[row.id] = row.with_whom
    _add_asked(gathered, organization_id)
    return _settled(gathered, organization_id, at)


def _add_asked(gathered: dict[UUID, _Gathered], organization_id: UUID) -> None:
    """What closed months were closed with, the last correction of each."""
    rows = FrozenMonth.objects.filter(
        organization_id=organization_id, patient_id__in=list(gathered), close__reopened_at__isnull=True
    )
    for key, month, lines in rows.order_by("number").values_list("patient_id", "month", "lines"):
        codes = [code for code, units, _ in lines if units > 0]
        gathered[key].asked[month_of(month)] = ", ".join(codes)


def _settled(gathered: dict[UUID, _Gathered], organization_id: UUID, at: datetime) -> dict[UUID, OnRecord]:
    zones = {clinic.id: ZoneInfo(clinic.time_zone) for clinic in Clinic.objects.filter(organization_id=organization_id)}
    closed: dict[UUID, set[str]] = defaultdict(set)
    closes = MonthClose.objects.filter(organization_id=organization_id, reopened_at__isnull=True)
    for clinic_id, month in closes.values_list("clinic_id", "month"):
        closed[clinic_id].add(month_of(month))
    return {
        key: OnRecord(
            today=local_date(at, zones[parts.clinic_id]),
            clinicians=frozenset(parts.clinicians),
            visits=frozenset(parts.visits),
            services=frozenset(parts.services),
            appointments=parts.appointments,
            with_whom=parts.with_whom,
            closed=_closed_at(parts.clinics, closed),
            asked=parts.asked,
        )
        for key, parts in gathered.items()
    }


def _closed_at(clinics: Iterable[UUID], closed: dict[UUID, set[str]]) -> frozenset[str]:
    return frozenset().union(*(closed[clinic_id] for clinic_id in clinics))
