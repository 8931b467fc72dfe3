"""Who changed which setting, when, from what to what: read from the tables' own histories, in one statement an app.

Each app names its tables; a page merges what they give. Only columns that a table names are read, so that no secret
can slip into a page.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from bhi.accounts.queries import people_of
from bhi.tenancy.models import Clinic, Setting
from registry.models import OutsideHours, Payer, Program, TreatingClinician
from registry.queries.protocol_history import FIELD_WORDS
from registry.rules.protocols import WEEKDAY_NAMES
from registry.rules.settings_history import SettingTable

_EFFECTS: Final = {
    FIELD_WORDS["program"]: "In what new patients begin; who is enrolled stays as they are.",
    FIELD_WORDS["first_attempt_days"]: "When a referral that nobody called counts as late.",
    FIELD_WORDS["panel_limit"]: "How many open patients a care manager has before new ones wait.",
    FIELD_WORDS["interim_contact_days"]: "How often somebody who waits for a place is to be called.",
    FIELD_WORDS["open_weekdays"]: "Which days count as business days, and when links of patients are open.",
    FIELD_WORDS["opens_at"]: "When links of patients are open, and when somebody on duty is told.",
    FIELD_WORDS["closes_at"]: "When links of patients are open, and when somebody on duty is told.",
    FIELD_WORDS["outside_hours"]: "What happens to a questionnaire that a patient opens when the clinic is closed.",
    FIELD_WORDS["link_days"]: "How long a link sent to a patient from now on can be answered.",
    FIELD_WORDS["crisis_text"]: "What patients read at once after an answer about self-harm.",
    FIELD_WORDS["crisis_text_es"]: "What patients read at once after an answer about self-harm.",
    FIELD_WORDS["read_within"]: "What patients are told of when their answers are read.",
    FIELD_WORDS["read_within_es"]: "What patients are told of when their answers are read.",
}
WEEKDAYS: Final = {str(number): name for number, name in enumerate(WEEKDAY_NAMES)}

TABLES: Final = (
    SettingTable(
        "clinic", "Clinic: what claims say",
        "Claims and amounts of months that are still open; months that are closed keep what was set at the close.",
        "tenancy_clinic",
        {"name": "Name", "npi": "NPI", "setting": "Kind of site", "place_of_service": "Place of service",
         "time_zone": "Time zone", "address": "Street", "city": "City", "state": "State", "postal_code": "ZIP",
         "phone": "Phone"},
        at="", by="", is_stamped=False, clinic="id",
        said={"setting": {str(key): str(word) for key, word in Setting.choices}},
    ),
    SettingTable(
        "protocol", "Program, limits and hours",
        "In what new patients begin, when a referral is late, how many patients one person carries, and what patients "
        "are told.",
        "registry_clinicprotocol", FIELD_WORDS, clinic="clinic_id",
        said={"program": {str(key): str(word) for key, word in Program.choices}, "open_weekdays": WEEKDAYS,
              "outside_hours": {str(key): str(word) for key, word in OutsideHours.choices}},
        effects=_EFFECTS,
    ),
    SettingTable(
        "tools", "Questionnaires",
        "Which scores are asked for, how often, and when a score counts as overdue.",
        "registry_clinicinstrument",
        {"is_in_use": "In use", "early_days": "In the first weeks, every so many days",
         "later_days": "Later, every so many days", "is_sent_to_patients": "Sent to patients"},
        at="", by="", is_stamped=False, clinic="clinic_id", about="instrument",
    ),
    SettingTable(
        "risk", "Risk protocol",
        "What is asked of staff when somebody may be in danger, how soon, and whom they call after hours.",
        "registry_riskprotocol",
        {"after_hours": "After hours", "emergency_department": "Emergency department",
         "recheck_low_days": "Recheck at low, days", "recheck_moderate_days": "Recheck at moderate, days",
         "recheck_high_days": "Recheck at high, days", "supervisors": "May agree to lowering", "steps": "Steps"},
        clinic="clinic_id",
    ),
    SettingTable(
        "screen_lock", "Screen lock", "After how long a screen that nobody uses covers itself, from each person’s next "
        "step on.", "accounts_screenlock", {"idle_minutes": "Idle minutes"},
    ),
    SettingTable(
        "duty", "Duty rota", "Who is told at once of a positive answer about self-harm.", "registry_dutyturn",
        {"weekday": "Weekday", "begins_at": "From", "ends_at": "Until", "rank": "Place", "is_current": "In force"},
        at="made_at", by="made_by_id", is_stamped=False, clinic="clinic_id", about="member_id",
        said={"weekday": WEEKDAYS, "rank": {"1": "first", "2": "then"}},
    ),
    SettingTable(
        "consent", "Consent script", "The words in which patients are asked from then on.", "registry_consenttext",
        {"number": "Version", "language": "Language"}, at="recorded_at", by="recorded_by_id",
        ends=("voided_at", "voided_by_id"), has_history=False,
    ),
    SettingTable(
        "payer_asked", "What a payer said", "Whether its patients are counted on for these services.",
        "registry_payercheck", {"program": "Program", "is_covered": "Covered", "on": "Asked on", "source": "Source"},
        at="recorded_at", by="recorded_by_id", ends=("voided_at", "voided_by_id"), has_history=False, about="payer_id",
        said={"program": {str(key): str(word) for key, word in Program.choices}},
    ),
    SettingTable(
        "part_two", "42 CFR part 2",
        "Whether every record here is a substance use disorder program’s, and so needs a consent before it leaves.",
        "registry_parttwoprogram",
        {"program_name": "Program", "since_on": "Since", "questions_to": "Questions to"},
        at="recorded_at", by="recorded_by_id", ends=("voided_at", "voided_by_id"), has_history=False,
        clinic="clinic_id",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Narrowed:
    """What a page is narrowed to, and how many versions it reads."""

    clinic_id: UUID | None = None
    person_id: UUID | None = None
    key: str = ""
    most: int = 50


@dataclass(frozen=True)
class Version:
    """A setting as it became: when, by whom (empty: not known), of what; both rows as JSON gives them."""

    table: SettingTable
    at: datetime
    by_id: UUID | None
    clinic_id: UUID | None
    about: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class Versions:
    """The latest changes of an app's settings, and how many there are in all."""

    rows: tuple[Version, ...]
    total: int


def setting_versions(organization_id: UUID, tables: Sequence[SettingTable], narrowed: Narrowed) -> Versions:
    """Changes of these tables, the latest first. One statement; none where no table is asked for."""
    wanted = {table.key: table for table in tables if narrowed.key in ("", table.key)}
    if not wanted:
        return Versions((), 0)
    union = "\nUNION ALL\n".join(_versions_of(table) for table in wanted.values())
    statement = f"""
        SELECT kind, at, by_id, clinic_id, about, before, after, count(*) OVER () FROM ({union}) AS v
         WHERE at IS NOT NULL
           AND (%(clinic)s::uuid IS NULL OR clinic_id = %(clinic)s::uuid)
           AND (%(person)s::uuid IS NULL OR by_id = %(person)s::uuid)
         ORDER BY at DESC, kind, object DESC LIMIT %(most)s"""  # noqa: S608 -- of constants of this module's callers
    values = {
        "organization": organization_id, "clinic": narrowed.clinic_id, "person": narrowed.person_id,
        "most": narrowed.most,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    found = tuple(
        Version(wanted[kind], at, by_id, clinic_id, about or "", _row(before), _row(after))
        for kind, at, by_id, clinic_id, about, before, after, _ in rows
    )
    return Versions(found, rows[0][-1] if rows else 0)


def names_of(organization_id: UUID) -> dict[str, str]:
    """What ids in settings stand for: people, clinics, payers, clinicians. Four statements."""
    people = {str(key): seat.name for key, seat in people_of(organization_id).items()}
    clinics = _named(Clinic.objects.filter(organization_id=organization_id))
    payers = _named(Payer.objects.filter(organization_id=organization_id))
    return people | clinics | payers | _named(TreatingClinician.objects.filter(organization_id=organization_id))


def _named(rows: Any) -> dict[str, str]:
    return {str(id_): name for id_, name in rows.order_by().values_list("id", "name")}


def _row(value: Any) -> dict[str, Any] | None:
    loaded: dict[str, Any] | None = json.loads(value, parse_float=Decimal) if isinstance(value, str) else value
    return loaded


def _versions_of(table: SettingTable) -> str:
    """A statement that gives every version of a table's rows beside the one before it."""
    if table.ends is not None:
        return _facts_of(table)
    # An id of ours begins with the instant at which it was made, in milliseconds: for tables that keep none.
    made = "to_timestamp(('x' || substr(replace(object::text, '-', ''), 1, 12))::bit(48)::bigint / 1000.0)"
    stamp_at, stamp_by = (table.at and "stamped_at") or made, (table.by and "stamped_by") or "NULL::uuid"
    ended_at, ended_by = "lag(ended_at) OVER w", "lag(ended_by) OVER w"
    at = stamp_at if table.is_stamped else f"coalesce({ended_at}, {stamp_at})"
    by = stamp_by if table.is_stamped else f"CASE WHEN {ended_at} IS NULL THEN {stamp_by} ELSE {ended_by} END"
    columns = ", ".join([
        "organization_id", f"{table.clinic or 'NULL::uuid'} AS clinic_id", f"{table.about or 'NULL'}::text AS about",
        f"{table.at or 'NULL::timestamptz'} AS stamped_at", f"{table.by or 'NULL::uuid'} AS stamped_by",
        f"{_object(table)} AS data",
    ])  # fmt: skip
    return f"""
        SELECT '{table.key}' AS kind, object, {at} AS at, {by} AS by_id, clinic_id, about,
               lag(data) OVER w AS before, data AS after
          FROM (SELECT id AS object, NULL::bigint AS number, NULL::timestamptz AS ended_at, NULL::uuid AS ended_by,
                       {columns} FROM {table.table}
                 UNION ALL
                SELECT pgh_obj_id, pgh_id, pgh_created_at, (pgh_context->>'membership')::uuid,
                       {columns} FROM {table.table}_history) AS r
         WHERE organization_id = %(organization)s
        WINDOW w AS (PARTITION BY object ORDER BY number NULLS LAST)"""  # noqa: S608 -- of constants


def _facts_of(table: SettingTable) -> str:
    """Facts are never edited: each is set once, and perhaps taken back."""
    assert table.ends is not None
    ended_at, ended_by = table.ends
    clinic, about = table.clinic or "NULL::uuid", table.about or "NULL"
    where = f"FROM {table.table} WHERE organization_id = %(organization)s"
    return f"""
        SELECT '{table.key}' AS kind, id AS object, {table.at} AS at, {table.by} AS by_id, {clinic} AS clinic_id,
               {about}::text AS about, NULL::jsonb AS before, {_object(table)} AS after {where}
         UNION ALL
        SELECT '{table.key}', id, {ended_at}, {ended_by}, {clinic}, {about}::text, {_object(table)}, NULL::jsonb {where}
               AND {ended_at} IS NOT NULL"""


def _object(table: SettingTable) -> str:
    pairs = ", ".join(f"'{name}', \"{name}\"" for name in table.fields)
    return f"jsonb_build_object({pairs})"
