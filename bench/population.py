# ruff: noqa: S608 -- every statement is put together from constants
"""Invented organizations of any size, written by a few statements.

Every care manager has fifty patients and slots of ten minutes from eight to four. Of twenty entries of a patient,
two know only their day, two are the treating clinician's, each at the same time as one of the care manager's, one
is a no-show and one is scheduling, which never counts; one entry in a hundred is voided. One patient in ten is in
General BHI, one in twenty-five consented in the middle of the first month, and one in fifty never did.

Rows lie in the order in which the days would have brought them: organizations and patients mixed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
from django.apps import apps
from django.db.models import Field, JSONField, Model
from psycopg.types.json import Jsonb

from bhi.tenancy.ids import SQL_UUID7

PATIENTS_PER_CARE_MANAGER = 50
_INSERT = re.compile(r"\s*INSERT INTO (?P<table>\w+) \((?P<columns>[^)]*)\)\s(?P<rows>.*)", re.DOTALL)


@dataclass(frozen=True)
class Size:
    """How many of what; `entries` per patient are spread over `months`, the last of which begins on `last_month`."""

    organizations: int
    patients: int
    entries: int
    months: int
    last_month: date
    with_charts: bool = False

    @property
    def rows(self) -> int:
        return self.organizations * self.patients * self.entries

    @property
    def values(self) -> dict[str, Any]:
        return {
            "organizations": self.organizations,
            "patients": self.patients,
            "entries": self.entries,
            "months": self.months,
            "last_month": self.last_month,
            "per_manager": PATIENTS_PER_CARE_MANAGER,
            "managers": -(-self.patients // PATIENTS_PER_CARE_MANAGER),
        }


# What the later statements refer to, kept for this connection.
_PEOPLE: tuple[str, ...] = (
    "DROP TABLE IF EXISTS bench_organization, bench_seat, bench_patient",
    f"""CREATE TEMP TABLE bench_organization AS
        SELECT {SQL_UUID7} AS id, {SQL_UUID7} AS clinic_id, {SQL_UUID7} AS system_id, {SQL_UUID7} AS payer_id,
               'bench-' || %(patients)s || '-' || n AS slug,
               CASE n %% 2 WHEN 0 THEN 'America/New_York' ELSE 'America/Chicago' END AS zone
          FROM generate_series(1, %(organizations)s) n""",
    f"""CREATE TEMP TABLE bench_seat AS
        SELECT {SQL_UUID7} AS id, o.id AS organization_id, role, n
          FROM bench_organization o, generate_series(0, %(managers)s - 1) n,
               unnest(ARRAY['care_manager', 'treating_clinician']) role""",
    f"""CREATE TEMP TABLE bench_patient AS
        SELECT {SQL_UUID7} AS id, {SQL_UUID7} AS episode_id, o.id AS organization_id, o.clinic_id, o.system_id,
               o.payer_id, o.zone, g.n, m.id AS care_manager_id, t.id AS clinician_id,
               CASE g.n %% 10 WHEN 9 THEN 'bhi' ELSE 'cocm' END AS program,
               (%(last_month)s::date - make_interval(months => %(months)s - 1))::date - 20 - g.n %% 120 AS enrolled_on
          FROM bench_organization o, generate_series(0, %(patients)s - 1) g(n), bench_seat m, bench_seat t
         WHERE m.organization_id = o.id AND m.role = 'care_manager' AND m.n = g.n / %(per_manager)s
           AND t.organization_id = o.id AND t.role = 'treating_clinician' AND t.n = g.n / %(per_manager)s""",
    "ANALYZE bench_organization, bench_seat, bench_patient",
    """INSERT INTO tenancy_organization (id, slug, name, created_at)
       SELECT id, slug, slug, now() FROM bench_organization""",
    """INSERT INTO tenancy_membership (id, organization_id, name, credential, roles, is_system, is_active)
       SELECT system_id, id, 'System', '', '{}', true, true FROM bench_organization
       UNION ALL SELECT id, organization_id, role || ' ' || n, '', ARRAY[role], false, true FROM bench_seat""",
    """INSERT INTO tenancy_clinic (id, organization_id, name, time_zone, setting, place_of_service, npi)
       SELECT clinic_id, id, 'Clinic', zone, 'office', '11', '' FROM bench_organization""",
    """INSERT INTO registry_payer (id, organization_id, name, payer_code, is_self_pay)
       SELECT payer_id, id, 'Medicare Part B', '', false FROM bench_organization""",
    """INSERT INTO registry_patient (id, organization_id, clinic_id, mrn, family_name, given_name, middle_name,
              sort_name, birth_date, sex, phone, language, email, address, city, state, postal_code,
              recorded_at, recorded_by_id, void_reason)
       SELECT id, organization_id, clinic_id, 'B' || n, 'Family' || n, 'Given', '', 'family' || n || ', given',
              '1960-01-01'::date + n, 'U', '', '', '', '', '', '', '', now(), system_id, '' FROM bench_patient""",
    """INSERT INTO registry_episode (id, organization_id, patient_id, clinic_id, program, status, referred_on,
              enrolled_on, end_reason, care_manager_id, recorded_at, recorded_by_id, void_reason)
       SELECT episode_id, organization_id, id, clinic_id, program, 'active', enrolled_on - 7,
              enrolled_on, '', care_manager_id, now(), system_id, '' FROM bench_patient""",
    f"""INSERT INTO registry_programperiod (id, organization_id, episode_id, from_on, program, recorded_at,
              recorded_by_id, void_reason)
       SELECT {SQL_UUID7}, organization_id, episode_id, enrolled_on, program, now(), system_id, ''
         FROM bench_patient""",
    f"""INSERT INTO registry_consent (id, organization_id, patient_id, service, given_at, is_time_known, form,
              recorded_at, recorded_by_id, void_reason)
       SELECT {SQL_UUID7}, organization_id, id, 'bhi',
              CASE n %% 25 WHEN 7
                   THEN (%(last_month)s::date - make_interval(months => %(months)s - 1) + interval '12 days')
                        AT TIME ZONE zone
                   ELSE enrolled_on::timestamp AT TIME ZONE zone END,
              true, 'verbal', now(), system_id, '' FROM bench_patient WHERE n %% 50 <> 11""",
    f"""INSERT INTO registry_initiatingvisit (id, organization_id, patient_id, "on", code, is_by_billing_practitioner,
              recorded_at, recorded_by_id, void_reason)
       SELECT {SQL_UUID7}, organization_id, id, enrolled_on - 10, '99214', true, now(), system_id, ''
         FROM bench_patient""",
    f"""INSERT INTO registry_diagnosis (id, organization_id, episode_id, code, rank, recorded_at, recorded_by_id,
              void_reason)
       SELECT {SQL_UUID7}, organization_id, episode_id, 'F33.1', 1, now(), system_id, '' FROM bench_patient""",
    f"""INSERT INTO registry_coverage (id, organization_id, patient_id, payer_id, member_id, rank, recorded_at,
              recorded_by_id, void_reason)
       SELECT {SQL_UUID7}, organization_id, id, payer_id, '1EG4TE5MK73', 1, now(), system_id, '' FROM bench_patient""",
    f"""INSERT INTO registry_assessment (id, organization_id, patient_id, episode_id, instrument, "on", total, item9,
              is_total_only, is_prorated, recorded_at, recorded_by_id, void_reason)
       SELECT {SQL_UUID7}, organization_id, id, episode_id, s.instrument, enrolled_on + 28 * k,
              greatest(0, 20 - k * (n %% 5)), CASE WHEN s.instrument = 'phq9' THEN (n %% 40 = 0)::int END,
              true, false, now(), system_id, ''
         FROM bench_patient, generate_series(0, 2) k, unnest(ARRAY['phq9', 'gad7']) s(instrument)
        WHERE s.instrument = 'phq9' OR n %% 2 = 0""",
)  # fmt: skip

# Entry k of a patient takes the care manager's slot number `place` of its month; the sixth of ten shares the slot of
# the fifth, which is the clinician's.
_ENTRIES = f"""
INSERT INTO caseload_timeentry (id, organization_id, patient_id, episode_id, by_id, role, activity, service, span,
       "on", seconds, billed_as, is_facility_stay, held, client_token, recorded_at, recorded_by_id, voided_at,
       voided_by_id, void_reason)
SELECT {SQL_UUID7}, organization_id, id, episode_id, by_id, role, activity, program,
       CASE WHEN NOT is_untimed
            THEN tstzrange(starts AT TIME ZONE zone, (starts + make_interval(secs => length)) AT TIME ZONE zone) END,
       CASE WHEN is_untimed THEN starts::date END, CASE WHEN is_untimed THEN length END,
       '', false, false, gen_random_uuid(), now(), system_id,
       CASE WHEN is_voided THEN now() END, CASE WHEN is_voided THEN system_id END, ''
  FROM (SELECT p.*, k, k %% 10 = 0 AS is_untimed, (p.n * 7 + k) %% 100 = 0 AS is_voided,
               CASE WHEN k %% 10 = 5 THEN clinician_id ELSE care_manager_id END AS by_id,
               CASE WHEN k %% 10 = 5 THEN 'treating_clinician' ELSE 'care_manager' END AS role,
               CASE k %% 20 WHEN 13 THEN 'scheduling' WHEN 17 THEN 'no_show' WHEN 4 THEN 'coordination'
                            ELSE 'treatment' END AS activity,
               240 + (k * 37 + p.n * 11) %% 300 AS length,
               month.first + make_interval(days => (place / 48)::int, hours => 8, mins => (place %% 48)::int * 10,
                                           secs => (k %% 10 = 5)::int * 45) AS starts
          FROM generate_series(1, %(entries)s) k
         CROSS JOIN bench_patient p
         CROSS JOIN LATERAL (SELECT (k - 1) * %(months)s / %(entries)s AS nth) AS m
         CROSS JOIN LATERAL (SELECT %(last_month)s::date - make_interval(months => %(months)s - 1 - m.nth) AS first)
                    AS month
         CROSS JOIN LATERAL (SELECT (k - 1 - (k %% 10 = 6)::int - m.nth * %(entries)s / %(months)s)
                                    * %(per_manager)s + p.n %% %(per_manager)s AS place) AS slot
         ORDER BY k, p.n, p.organization_id) AS entry
"""

_CHARTS: tuple[str, ...] = (
    f"""INSERT INTO caseload_contact (id, organization_id, patient_id, episode_id, by_id, "on", activity, mode, note,
              client_token, recorded_at, recorded_by_id, void_reason)
        SELECT {SQL_UUID7}, organization_id, id, episode_id, care_manager_id, enrolled_on + 7 * k, 'treatment', 'phone',
               'Behavioral activation.', gen_random_uuid(), now(), system_id, ''
          FROM generate_series(0, 5) k, bench_patient ORDER BY k, n""",
    f"""INSERT INTO caseload_followup (id, organization_id, patient_id, episode_id, due_on, purpose, recorded_at,
              recorded_by_id, void_reason)
        SELECT {SQL_UUID7}, organization_id, id, episode_id, %(last_month)s::date + n %% 40, 'Session and PHQ-9', now(),
               system_id, '' FROM bench_patient""",
    f"""INSERT INTO caseload_casereview (id, organization_id, patient_id, episode_id, "on", recorded_at,
              recorded_by_id, void_reason)
        SELECT {SQL_UUID7}, organization_id, id, episode_id, enrolled_on + 30, now(), system_id, ''
          FROM bench_patient WHERE n %% 3 = 0""",
)  # fmt: skip


def populate(connection: psycopg.Connection, size: Size) -> None:
    """Write it, and let Postgres look at what it has."""
    cursor = psycopg.ClientCursor(connection)  # CREATE TABLE AS takes no parameters from afar
    statements = (*_PEOPLE, _ENTRIES, *(_CHARTS if size.with_charts else ()))
    for statement in statements:
        completed, defaults = _completed(statement)
        cursor.execute(completed, {**size.values, **defaults})
    connection.execute("VACUUM ANALYZE")


def _completed(statement: str) -> tuple[str, dict[str, Any]]:
    """The statement with what its table has besides, at the model's defaults: a new column breaks no measurement."""
    found = _INSERT.match(statement)
    if found is None:
        return statement, {}
    named = {column.strip().strip('"') for column in found["columns"].split(",")}
    fields = [f for f in _model_of(found["table"])._meta.concrete_fields if _is_asked(f) and f.column not in named]
    defaults = {f"default_{field.column}": _plain(field) for field in fields}
    columns = ", ".join([found["columns"], *(f'"{field.column}"' for field in fields)])
    values = ", ".join(["x.*", *(f"%({name})s" for name in defaults)])
    return f"INSERT INTO {found['table']} ({columns}) SELECT {values} FROM ({found['rows']}) AS x", defaults


def _is_asked(field: Field[Any, Any]) -> bool:
    """Whether a statement must say something of it: what may be empty, and what Postgres fills in, it need not."""
    return not field.null and not field.has_db_default()


def _model_of(table: str) -> type[Model]:
    return next(model for model in apps.get_models() if model._meta.db_table == table)


def _plain(field: Field[Any, Any]) -> Any:
    default = field.get_default()
    return Jsonb(default) if isinstance(field, JSONField) else default
