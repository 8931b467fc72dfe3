"""How a clinic works: its own row, or what holds where it has none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.errors import NotFound
from bhi.tenancy.models import Clinic
from registry.models import ClinicProtocol, OutsideHours, Program
from registry.rules import protocols as default
from registry.rules.protocols import clock_words, is_open_at, weekday_words


@dataclass(frozen=True)
class Protocol:
    """A clinic's limits and hours, every one of them filled in. `changed_at` is None where nobody ever set any."""

    clinic_id: UUID
    clinic_name: str
    zone: ZoneInfo
    program: str = Program.COCM.value
    first_attempt_days: int = default.FIRST_ATTEMPT_DAYS
    panel_limit: int | None = None
    interim_contact_days: int = default.INTERIM_CONTACT_DAYS
    open_weekdays: tuple[int, ...] = default.WEEKDAYS
    opens_at: time = default.OPENS_AT
    closes_at: time = default.CLOSES_AT
    outside_hours: str = OutsideHours.CLOSED.value
    crisis_text: str = default.CRISIS_TEXT
    crisis_text_es: str = default.CRISIS_TEXT_ES
    read_within: str = default.READ_WITHIN
    read_within_es: str = default.READ_WITHIN_ES
    link_days: int = default.LINK_DAYS
    changed_at: datetime | None = None

    def is_open_at(self, at: datetime) -> bool:
        """Whether the clinic is open at an instant."""
        local = at.astimezone(self.zone)
        return is_open_at(local, weekdays=self.open_weekdays, opens_at=self.opens_at, closes_at=self.closes_at)

    @property
    def hours(self) -> str:
        """Its hours in words: `Monday to Friday, 8:00 am to 5:00 pm`."""
        days = weekday_words(self.open_weekdays)
        return f"{days[:1].upper()}{days[1:]}, {clock_words(self.opens_at)} to {clock_words(self.closes_at)}"


def protocol_of(clinic_id: UUID) -> Protocol:
    """How a clinic works. One statement, two where it never set anything. Raises NotFound for no clinic of ours."""
    row = ClinicProtocol.objects.select_related("clinic").filter(clinic_id=clinic_id).first()
    if row is not None:
        return protocol_from(row.clinic, row)
    clinic = Clinic.objects.filter(id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return protocol_from(clinic, None)


def protocols_of(organization_id: UUID) -> dict[UUID, Protocol]:
    """How each clinic works, by the clinics' names. Two statements."""
    rows = {row.clinic_id: row for row in ClinicProtocol.objects.filter(organization_id=organization_id)}
    clinics = Clinic.objects.filter(organization_id=organization_id).order_by("name", "id")
    return {clinic.id: protocol_from(clinic, rows.get(clinic.id)) for clinic in clinics}


def protocol_from(clinic: Clinic, row: ClinicProtocol | None) -> Protocol:
    """What a clinic set, completed by what holds where it set nothing."""
    zone = ZoneInfo(clinic.time_zone)
    if row is None:
        return Protocol(clinic.id, clinic.name, zone)
    return Protocol(
        clinic_id=clinic.id,
        clinic_name=clinic.name,
        zone=zone,
        program=row.program,
        first_attempt_days=row.first_attempt_days,
        panel_limit=row.panel_limit,
        interim_contact_days=row.interim_contact_days,
        open_weekdays=tuple(row.open_weekdays) or default.WEEKDAYS,
        opens_at=row.opens_at or default.OPENS_AT,
        closes_at=row.closes_at or default.CLOSES_AT,
        outside_hours=row.outside_hours,
        crisis_text=row.crisis_text or default.CRISIS_TEXT,
        crisis_text_es=row.crisis_text_es or default.CRISIS_TEXT_ES,
        read_within=row.read_within or default.READ_WITHIN,
        read_within_es=row.read_within_es or default.READ_WITHIN_ES,
        link_days=row.link_days,
        changed_at=row.changed_at,
    )
