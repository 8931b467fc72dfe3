"""Which program a clinic runs, who is in the other one, and who has no use for psychiatric reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.accounts.permissions import Permission
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership
from registry.models import ClinicProtocol, Program
from registry.rules.programs import CONSULTANT_WORDS, consent_words

REVIEWING: Final = frozenset({Permission.JOIN_REVIEW, Permission.SIGN_REVIEW, Permission.SET_SLOTS})
PAGE: Final = 100

_RUNS_COCM: Final = """
SELECT count(*) = 0 OR bool_or(coalesce(p.program, 'cocm') <> 'bhi'
         OR EXISTS (SELECT FROM registry_episode e WHERE e.organization_id = c.organization_id
                       AND e.clinic_id = c.id AND e.program = 'cocm' AND e.ended_on IS NULL AND e.voided_at IS NULL))
  FROM tenancy_clinic c
  LEFT JOIN registry_clinicprotocol p ON p.organization_id = c.organization_id AND p.clinic_id = c.id
 WHERE c.organization_id = %(organization)s
   AND (c.id IN (SELECT s.clinic_id FROM accounts_seatclinic s
                  WHERE s.organization_id = %(organization)s AND s.seat_id = %(seat)s AND s.ended_at IS NULL)
        OR NOT EXISTS (SELECT FROM accounts_seatclinic s
                        WHERE s.organization_id = %(organization)s AND s.seat_id = %(seat)s AND s.ended_at IS NULL))
"""


def without_review(seat: Membership) -> frozenset[Permission]:
    """What a seat has no use for: reviews, where every clinic of it runs General BHI. One statement.

    A clinic that switched keeps its reviews until nobody of it is left in collaborative care.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RUNS_COCM, {"organization": seat.organization_id, "seat": seat.id})
        (runs_cocm,) = cursor.fetchone()
    return frozenset() if runs_cocm else REVIEWING


def program_of(organization_id: UUID, clinic_id: UUID) -> str:
    """The program in which new patients of a clinic begin. One statement."""
    rows = ClinicProtocol.objects.filter(organization_id=organization_id, clinic_id=clinic_id)
    return rows.values_list("program", flat=True).first() or Program.COCM.value


def programs_of(organization_id: UUID) -> dict[UUID, str]:
    """The program of each clinic that chose one. One statement."""
    return dict(ClinicProtocol.objects.filter(organization_id=organization_id).values_list("clinic_id", "program"))


@dataclass(frozen=True)
class Movable:
    """An open patient of the other program. `consent` says what the consent on record covers."""

    episode_id: UUID
    patient_id: UUID
    name: str
    enrolled_on: date
    since: date
    consent: str
    is_consented: bool


@dataclass(frozen=True)
class ClinicPrograms:
    """A clinic with the program it runs, and who is still in the other: `total`, of whom `rows` are shown."""

    clinic: Clinic
    program: str
    other: str
    total: int
    rows: tuple[Movable, ...]
    today: date

    @property
    def program_name(self) -> str:
        return str(Program(self.program).label)

    @property
    def other_name(self) -> str:
        return str(Program(self.other).label)


_OTHERS: Final = """
SELECT e.id, e.patient_id, p.family_name || ', ' || p.given_name AS name, e.enrolled_on,
       coalesce((SELECT max(x.from_on) FROM registry_programperiod x
                  WHERE x.organization_id = e.organization_id AND x.episode_id = e.id AND x.voided_at IS NULL),
                e.enrolled_on) AS since,
       k.given_on, t.text, t.number, k.id IS NOT NULL AS has_consent, count(*) OVER () AS total
  FROM registry_episode e
  JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
  LEFT JOIN LATERAL (
    SELECT c.id, (c.given_at AT TIME ZONE %(zone)s)::date AS given_on, c.script_id FROM registry_consent c
     WHERE c.organization_id = e.organization_id AND c.patient_id = e.patient_id AND c.voided_at IS NULL
       AND c.revoked_on IS NULL AND c.service = 'bhi'
     ORDER BY c.given_at DESC LIMIT 1) AS k ON TRUE
  LEFT JOIN registry_consenttext t ON t.organization_id = e.organization_id AND t.id = k.script_id
 WHERE e.organization_id = %(organization)s AND e.clinic_id = %(clinic)s AND e.voided_at IS NULL
   AND e.ended_on IS NULL AND e.program <> %(program)s
 ORDER BY p.sort_name, e.id
 LIMIT %(page)s
"""


def clinic_programs(organization_id: UUID, clinic_id: UUID, *, at: datetime) -> ClinicPrograms:
    """A clinic's program, and the first hundred of those who are in the other one. Three statements. Raises NotFound.

    They are few after a move: what was moved leaves the list, so the next hundred come up.
    """
    clinic = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    program = program_of(organization_id, clinic_id)
    values: dict[str, Any] = {"organization": organization_id, "clinic": clinic_id, "program": program, "page": PAGE,
              "zone": clinic.time_zone}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, values)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    other = Program.BHI.value if program == Program.COCM else Program.COCM.value
    found = tuple(_movable(row, program) for row in rows)
    today = at.astimezone(ZoneInfo(clinic.time_zone)).date()
    return ClinicPrograms(clinic, program, other, rows[0]["total"] if rows else 0, found, today)


def _movable(row: dict[str, Any], to: str) -> Movable:
    mentions = row["text"] is None or any(word in row["text"].casefold() for word in CONSULTANT_WORDS)
    words, is_enough = consent_words(row["given_on"], to=to, mentions_consultant=mentions)
    return Movable(row["id"], row["patient_id"], row["name"], row["enrolled_on"], row["since"], words, is_enough)
