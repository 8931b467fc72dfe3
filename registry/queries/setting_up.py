"""What is on record about the points of the checklist: people, clinics, payers, trainings and what was said."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Clinic, Membership, Role
from bhi.tenancy.sight import seeing_everything
from registry.models import (
    Episode,
    Payer,
    PayerCheck,
    PilotReview,
    Program,
    SetupAttestation,
    Training,
    TrainingKind,
)
from registry.queries.duty import reachable
from registry.rules.duty import Turn, uncovered
from registry.rules.setting_up import Found, Said, drill_found, payers_found, pilot_found, trained_found

Facts = Mapping[str, Found]
People = Mapping[UUID, Membership]


@dataclass(frozen=True)
class ClinicFacts:
    """A clinic with its program, and what is on record about its points."""

    id: UUID
    name: str
    program: str
    zone: ZoneInfo
    found: Facts

    def today(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    @property
    def program_name(self) -> str:
        return str(Program(self.program).label)


_CLINICS: Final = """
SELECT c.id, c.name, c.time_zone, coalesce(p.program, 'cocm') AS program, c.place_of_service,
       c.npi <> '' AS has_npi,
       '' NOT IN (c.address, c.city, c.state, c.postal_code) AS has_address,
       p.opens_at IS NOT NULL AS has_hours,
       EXISTS (SELECT FROM registry_clinicinstrument i WHERE i.organization_id = c.organization_id
                  AND i.clinic_id = c.id AND i.is_in_use) AS has_tools,
       coalesce(r.after_hours, '') <> '' AND coalesce(r.emergency_department, '') <> '' AS has_after_hours,
       (SELECT json_agg(json_build_array(t.member_id, t.weekday, t.begins_at, t.ends_at, t.rank))
          FROM registry_dutyturn t
         WHERE t.organization_id = c.organization_id AND t.clinic_id = c.id AND t.is_current) AS turns,
       (SELECT max(d.ended_at) FROM registry_riskdrill d
         WHERE d.organization_id = c.organization_id AND d.clinic_id = c.id) AS drilled_at,
       (SELECT min(e.enrolled_on) FROM registry_episode e
         WHERE e.organization_id = c.organization_id AND e.clinic_id = c.id AND e.voided_at IS NULL
           AND e.import_id IS NULL) AS first_enrolled_on,
       (SELECT count(*) FROM registry_episode e
         WHERE e.organization_id = c.organization_id AND e.clinic_id = c.id AND e.voided_at IS NULL
           AND e.ended_on IS NULL) AS enrolled,
       (SELECT max(v.on) FROM registry_pilotreview v
         WHERE v.organization_id = c.organization_id AND v.clinic_id = c.id AND v.voided_at IS NULL) AS piloted_on
  FROM tenancy_clinic c
  LEFT JOIN registry_clinicprotocol p ON p.organization_id = c.organization_id AND p.clinic_id = c.id
  LEFT JOIN registry_riskprotocol r ON r.organization_id = c.organization_id AND r.clinic_id = c.id
 WHERE c.organization_id = %(organization)s
 ORDER BY c.name, c.id
"""

_ORGANIZATION: Final = """
SELECT (SELECT count(*) FROM registry_treatingclinician t WHERE t.organization_id = %(organization)s) AS clinicians,
       (SELECT count(*) FROM registry_treatingclinician t
         WHERE t.organization_id = %(organization)s AND t.npi = '') AS without_npi,
       (SELECT count(*) FROM registry_consenttext x
         WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL) AS texts,
       (SELECT count(*) FROM registry_payer y
         WHERE y.organization_id = %(organization)s AND NOT y.is_self_pay) AS payers,
       (SELECT count(DISTINCT k.payer_id) FROM registry_payercheck k
          JOIN registry_payer y ON y.organization_id = k.organization_id AND y.id = k.payer_id
         WHERE k.organization_id = %(organization)s AND k.voided_at IS NULL AND NOT y.is_self_pay
           AND k.program = ANY(%(programs)s)) AS asked,
       (SELECT json_object_agg(g.member_id, g.due_on) FROM (
          SELECT n.member_id, max(n.due_on) AS due_on FROM registry_training n
           WHERE n.organization_id = %(organization)s AND n.voided_at IS NULL AND n.kind = 'risk_protocol'
           GROUP BY n.member_id) AS g) AS trained
"""


def clinic_facts(organization_id: UUID, people: People, *, at: datetime) -> tuple[ClinicFacts, ...]:
    """Every clinic by name with what the registry knows about its points. One statement."""
    able = reachable(dict(people))
    return tuple(_clinic(row, able, at) for row in _rows(_CLINICS, organization_id))


def organization_facts(organization_id: UUID, people: People, *, today: date, programs: Collection[str]) -> Facts:
    """What the registry knows about the organization's own points. One statement.

    `today` is the organization's day; `programs` are those that its clinics run: of another no payer need be asked.
    """
    row = _rows(_ORGANIZATION, organization_id, programs=list(programs))[0]
    trained = {UUID(member): date.fromisoformat(due) for member, due in (row["trained"] or {}).items()}
    able = [(seat.name, trained.get(seat.id)) for seat in reachable(dict(people)).values()]
    return {
        **_people(people.values()),
        "clinicians": _clinicians(row["clinicians"], row["without_npi"]),
        "consent": Found(row["texts"] > 0, "ours" if row["texts"] else "the starter text is used until then"),
        "payers": payers_found(row["asked"], row["payers"]),
        "trained": trained_found(able, today),
    }


def said_of(organization_id: UUID, people: People) -> Mapping[UUID | None, Mapping[str, Said]]:
    """What somebody said of points, by clinic; None is the organization. One statement."""
    found: dict[UUID | None, dict[str, Said]] = {}
    for row in SetupAttestation.objects.live().filter(organization_id=organization_id):
        said = Said(row.is_needed, row.on, people[row.recorded_by_id].name, row.note)
        found.setdefault(row.clinic_id, {})[row.item] = said
    return found


def clinic_of(organization_id: UUID, clinic_id: UUID | None) -> Clinic | None:
    """The clinic of a point; None for one of the organization. Raises NotFound."""
    if clinic_id is None:
        return None
    clinic = Clinic.objects.filter(organization_id=organization_id, id=clinic_id).first()
    if clinic is None:
        raise NotFound
    return clinic


def _people(seats: Collection[Membership]) -> dict[str, Found]:
    roles = {
        "care_manager": Role.CARE_MANAGER,
        "lead": Role.CLINIC_LEAD,
        "billing": Role.BILLING,
        "consultant": Role.PSYCHIATRIC_CONSULTANT,
    }
    at_work = [seat for seat in seats if seat.is_active and seat.user_id]
    names = {key: sorted(seat.name for seat in at_work if role.value in seat.roles) for key, role in roles.items()}
    return {key: Found(bool(found), ", ".join(found[:3])) for key, found in names.items()}


def _clinicians(count: int, without_npi: int) -> Found:
    if not count:
        return Found(is_done=False, detail="none yet")
    if without_npi:
        return Found(is_done=False, detail=f"{without_npi} of {count} without an NPI")
    return Found(is_done=True, detail=str(count))


def _clinic(row: Mapping[str, Any], able: Mapping[UUID, Membership], at: datetime) -> ClinicFacts:
    zone = ZoneInfo(row["time_zone"])
    today = at.astimezone(zone).date()
    drilled_on = row["drilled_at"].astimezone(zone).date() if row["drilled_at"] else None
    site = f"place of service {row['place_of_service']}" if row["has_npi"] else "NPI missing"
    enrolled = row["enrolled"]
    return ClinicFacts(
        row["id"],
        row["name"],
        row["program"],
        zone,
        {
            "site": Found(row["has_npi"], site),
            "address": Found(row["has_address"]),
            "hours": Found(row["has_hours"], "" if row["has_hours"] else "weekdays 8 to 5 until you say otherwise"),
            "tools": Found(row["has_tools"], "" if row["has_tools"] else "PHQ-9 and GAD-7 until you say otherwise"),
            "after_hours": Found(row["has_after_hours"]),
            "duty": _duty(row["turns"] or [], able),
            "drill": drill_found(drilled_on, today),
            "first_patient": Found(row["first_enrolled_on"] is not None or enrolled > 0, _enrolled(enrolled)),
            "pilot": pilot_found(row["first_enrolled_on"], row["piloted_on"], today),
        },
    )


def _enrolled(count: int) -> str:
    return f"{count:,} enrolled now" if count else ""


def _duty(turns: Collection[list[Any]], able: Mapping[UUID, Membership]) -> Found:
    held = [
        Turn(UUID(member), weekday, _clock(begins), _clock(ends), rank)
        for member, weekday, begins, ends, rank in turns
        if UUID(member) in able
    ]
    if not held:
        return Found(is_done=False, detail="nobody yet")
    gaps = len(tuple(uncovered(held)))
    return Found(not gaps, f"{gaps} time{'' if gaps == 1 else 's'} of the week without anybody" if gaps else "")


def _clock(text: str) -> Any:
    return datetime.strptime(text, "%H:%M:%S").time()  # noqa: DTZ007 -- a time of day has no zone


def _rows(statement: str, organization_id: UUID, **more: Any) -> list[dict[str, Any]]:
    """Counts and days, whole whoever asks: a lead of one clinic is not told that another has nobody."""
    with seeing_everything(), connection.cursor() as cursor:
        cursor.execute(statement, {"organization": organization_id, **more})
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@dataclass(frozen=True)
class TrainingShown:
    """Somebody's last training of a kind, and whether it is due again."""

    person: str
    kind: str
    on: date
    due_on: date
    by_whom: str
    is_due: bool


@dataclass(frozen=True)
class Trainings:
    """Every training on record, and who sees patients but was never trained on danger."""

    rows: tuple[TrainingShown, ...]
    never: tuple[str, ...]
    people: tuple[tuple[str, str], ...]


def trainings(organization_id: UUID, *, today: date) -> Trainings:
    """The latest training of each person and kind, those due first. Two statements."""
    seats = people_of(organization_id)
    rows = Training.objects.live().filter(organization_id=organization_id).order_by("-on", "-id")
    latest: dict[tuple[UUID, str], Training] = {}
    for row in rows:
        latest.setdefault((row.member_id, row.kind), row)
    shown = [
        TrainingShown(
            seats[row.member_id].name, row.get_kind_display(), row.on, row.due_on, row.by_whom, row.due_on <= today
        )
        for row in latest.values()
        if seats[row.member_id].is_active
    ]
    trained = {member for member, kind in latest if kind == TrainingKind.RISK_PROTOCOL}
    able = reachable(seats)
    never = sorted(seat.name for seat in able.values() if seat.id not in trained)
    people = sorted(((str(one.id), str(one)) for one in seats.values() if one.is_active and not one.is_system),
                    key=lambda pair: pair[1])  # fmt: skip
    return Trainings(tuple(sorted(shown, key=lambda one: (one.due_on, one.person))), tuple(never), tuple(people))


TRAINING_KINDS: Final = tuple((str(value), str(label)) for value, label in TrainingKind.choices)


@dataclass(frozen=True)
class CheckShown:
    """What a payer said about a program: on which day, whom one asked, and what they said."""

    program: str
    is_covered: bool
    on: date
    source: str
    note: str
    by: str


@dataclass(frozen=True)
class PayerAsked:
    """A payer with how many patients it covers, and what it said of each program, the latest."""

    id: UUID
    name: str
    patients: int
    checks: tuple[CheckShown, ...]


_PAYERS: Final = """
SELECT y.id, y.name, count(DISTINCT v.patient_id) AS patients
  FROM registry_payer y
  LEFT JOIN registry_coverage v ON v.organization_id = y.organization_id AND v.payer_id = y.id
       AND v.voided_at IS NULL
 WHERE y.organization_id = %(organization)s AND NOT y.is_self_pay
 GROUP BY y.id, y.name
 ORDER BY count(DISTINCT v.patient_id) DESC, y.name, y.id
"""


def payers_asked(organization_id: UUID) -> tuple[PayerAsked, ...]:
    """Every payer, those of most patients first, with what it said. Three statements."""
    people = people_of(organization_id)
    said: dict[UUID, dict[str, CheckShown]] = {}
    rows = PayerCheck.objects.live().filter(organization_id=organization_id).order_by("-on", "-id")
    for row in rows:
        label = str(Program(row.program).label)
        shown = CheckShown(label, row.is_covered, row.on, row.source, row.note, people[row.recorded_by_id].name)
        said.setdefault(row.payer_id, {}).setdefault(row.program, shown)
    found = _rows(_PAYERS, organization_id)
    return tuple(
        PayerAsked(row["id"], row["name"], row["patients"], tuple(said.get(row["id"], {}).values())) for row in found
    )


def payer_here(organization_id: UUID, payer_id: UUID) -> Payer:
    """A payer of the organization. Raises NotFound."""
    payer: Payer | None = Payer.objects.filter(organization_id=organization_id, id=payer_id).first()
    if payer is None:
        raise NotFound
    return payer


def pilot_review_of(clinic_id: UUID) -> PilotReview | None:
    """How the first two weeks of a clinic were judged; None while nobody did."""
    found: PilotReview | None = PilotReview.objects.live().filter(clinic_id=clinic_id).order_by("-on", "-id").first()
    return found


def first_enrolled_on(clinic_id: UUID) -> date | None:
    """The day on which a clinic's first patient was enrolled here, not brought by an import; None before."""
    rows = Episode.objects.live().filter(clinic_id=clinic_id, import_id__isnull=True)
    with seeing_everything():
        found: date | None = rows.order_by("enrolled_on").values_list("enrolled_on", flat=True).first()
    return found
