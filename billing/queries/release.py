"""What becomes of months that bill: their release checks and what a coder decided, in one statement for any number."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from bhi.accounts.queries import people_of
from billing.queries.judging import MonthVerdict
from billing.rules.amounts import amount
from billing.rules.books import RuleBook, book_in_force, with_options
from billing.rules.credential_gaps import CredentialGap
from billing.rules.decisions import Decided, Release, code_units, lower_sets, settle
from billing.rules.findings import Line
from billing.rules.release import CodeUnits, ConsentNamed, CoverageAsked, LateEntries, ReleaseFacts
from billing.rules.verdicts import judge
from caseload.queries.minutes import minutes_of
from caseload.rules.clock import first_day, last_day

# One row per thing found: kind, episode, day, second day, two texts, number, is_yes, id, JSON, instant.
_FOUND = """
WITH months AS MATERIALIZED (
    SELECT e.id, e.organization_id, e.patient_id, e.clinic_id, e.care_manager_id, e.treating_clinician_id, c.time_zone,
           tstzrange(%(first)s::timestamp AT TIME ZONE c.time_zone,
                     (%(last)s::date + 1)::timestamp AT TIME ZONE c.time_zone) AS bounds
      FROM registry_episode e
      JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
     WHERE e.organization_id = %(organization)s AND e.id = ANY(%(episodes)s::uuid[])
), consulted AS MATERIALIZED (
    SELECT s.clinic_id, NULL::uuid AS care_manager_id, s."on"
      FROM caseload_reviewsession s
     WHERE s.organization_id = %(organization)s AND s.voided_at IS NULL AND s.state IN ('live', 'ended')
       AND s."on" BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT NULL, seat.membership_id, s."on"
      FROM caseload_reviewsession s
      JOIN caseload_sessionseat seat ON seat.organization_id = s.organization_id AND seat.session_id = s.id
     WHERE s.organization_id = %(organization)s AND s.voided_at IS NULL AND s.state IN ('live', 'ended')
       AND s."on" BETWEEN %(first)s AND %(last)s AND seat.is_present
    UNION ALL
    SELECT e.clinic_id, e.care_manager_id, f."on"
      FROM caseload_casereview f
      JOIN registry_episode e ON e.organization_id = f.organization_id AND e.id = f.episode_id
     WHERE f.organization_id = %(organization)s AND f.voided_at IS NULL AND f."on" BETWEEN %(first)s AND %(last)s
), by_clinic AS MATERIALIZED (
    SELECT clinic_id, max("on") AS "on" FROM consulted WHERE clinic_id IS NOT NULL GROUP BY 1
), by_manager AS MATERIALIZED (
    SELECT care_manager_id, max("on") AS "on" FROM consulted WHERE care_manager_id IS NOT NULL GROUP BY 1
)
SELECT 'mode', NULL::uuid, NULL::date, NULL::date, f.check_name, f.mode, NULL::int, NULL::bool, NULL::uuid,
       NULL::jsonb, NULL::timestamptz
  FROM billing_releasemode f
 WHERE f.organization_id = %(organization)s
UNION ALL
SELECT 'decision', m.id, f.look_again_on, NULL, f.kind, f.because, NULL, NULL, f.id,
       jsonb_build_object('lines', f.lines, 'checks', f.checks, 'by', f.recorded_by_id), f.recorded_at
  FROM months m
  JOIN billing_coderdecision f ON f.organization_id = m.organization_id AND f.episode_id = m.id
   AND f.month = %(first)s AND f.voided_at IS NULL
UNION ALL
SELECT 'reviewed', m.id, max(f."on"), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM months m
  JOIN registry_episode e ON e.organization_id = m.organization_id AND e.patient_id = m.patient_id
  JOIN caseload_casereview f ON f.organization_id = e.organization_id AND f.episode_id = e.id
   AND f.voided_at IS NULL AND f."on" <= %(last)s
 GROUP BY m.id
UNION ALL
SELECT 'consulted', m.id, greatest(c."on", p."on"), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM months m
  LEFT JOIN by_clinic c ON c.clinic_id = m.clinic_id
  LEFT JOIN by_manager p ON p.care_manager_id = m.care_manager_id
 WHERE c."on" IS NOT NULL OR p."on" IS NOT NULL
UNION ALL
SELECT 'treated', m.id, max(f."on"), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
  FROM months m
  JOIN caseload_contact f ON f.organization_id = m.organization_id AND f.episode_id = m.id
   AND f.voided_at IS NULL AND f.activity = 'treatment' AND f."on" BETWEEN %(first)s AND %(last)s
 GROUP BY m.id
UNION ALL
SELECT 'treated', m.id,
       max(coalesce(f."on", (lower(f.span * m.bounds) AT TIME ZONE m.time_zone)::date)), NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL
  FROM months m
  JOIN caseload_timeentry f ON f.organization_id = m.organization_id AND f.episode_id = m.id
   AND f.voided_at IS NULL AND NOT f.held AND f.activity = 'treatment'
   AND (f."on" BETWEEN %(first)s AND %(last)s OR f.span && m.bounds)
 GROUP BY m.id
UNION ALL
SELECT 'diagnosis', m.id, f.confirmed_on, NULL, f.code, NULL, f.rank, NULL, NULL, NULL, NULL
  FROM months m
  JOIN registry_diagnosis f ON f.organization_id = m.organization_id AND f.episode_id = m.id
   AND f.voided_at IS NULL AND (f.from_on IS NULL OR f.from_on <= %(last)s)
UNION ALL
SELECT 'unsigned', m.id, min(f."on"), NULL, NULL, NULL, count(*)::int, NULL, NULL, NULL, NULL
  FROM months m
  JOIN caseload_contact f ON f.organization_id = m.organization_id AND f.episode_id = m.id
   AND f.voided_at IS NULL AND f.import_id IS NULL AND f.note <> '' AND f."on" BETWEEN %(first)s AND %(last)s
 WHERE f.signed_as = ''
    OR (EXISTS (SELECT FROM caseload_supervision s
                 WHERE s.organization_id = f.organization_id AND s.supervised_id = f.by_id AND s.is_current
                   AND s.made_at <= f.recorded_at)
        AND NOT EXISTS (SELECT FROM caseload_cosignature s
                         WHERE s.organization_id = f.organization_id AND s.contact_id = f.id AND s.voided_at IS NULL))
 GROUP BY m.id
UNION ALL
SELECT 'late', l.id, (array_agg(l.worked_on ORDER BY l.made_on - l.worked_on DESC, l.worked_on))[1],
       (array_agg(l.made_on ORDER BY l.made_on - l.worked_on DESC, l.worked_on))[1],
       NULL, NULL, count(*)::int, NULL, NULL, NULL, NULL
  FROM (SELECT m.id, (f.recorded_at AT TIME ZONE m.time_zone)::date AS made_on,
               coalesce(f."on", ((upper(f.span) - interval '1 microsecond') AT TIME ZONE m.time_zone)::date)
                 AS worked_on
          FROM months m
          JOIN caseload_timeentry f ON f.organization_id = m.organization_id AND f.episode_id = m.id
           AND f.voided_at IS NULL AND NOT f.held AND f.import_id IS NULL AND f.activity <> 'scheduling'
           AND (f."on" BETWEEN %(first)s AND %(last)s OR f.span && m.bounds)) AS l
 WHERE l.made_on - l.worked_on > %(late)s
 GROUP BY l.id
UNION ALL
SELECT 'charged', m.id, NULL, NULL, f.code, NULL, NULL, NULL, NULL, NULL, NULL
  FROM months m
  JOIN billing_otherservice f ON f.organization_id = m.organization_id AND f.patient_id = m.patient_id
   AND f.voided_at IS NULL AND f.month = %(first)s AND f.is_by_billing_practitioner AND f.import_id IS NOT NULL
UNION ALL
SELECT 'coverage', m.id, f."on", c.from_on, f.source, NULL, c.rank, f.is_in_force, c.payer_id, NULL, f.recorded_at
  FROM months m
  JOIN registry_coveragecheck f ON f.organization_id = m.organization_id AND f.patient_id = m.patient_id
   AND f.voided_at IS NULL AND f."on" >= %(first)s
  JOIN registry_coverage c ON c.organization_id = f.organization_id AND c.id = f.coverage_id AND c.voided_at IS NULL
UNION ALL
(SELECT DISTINCT ON (m.id)
        'consent', m.id, (f.given_at AT TIME ZONE m.time_zone)::date, NULL, coalesce(named.name, ''),
        coalesce(treats.name, ''), f.is_time_known::int,
        named.id <> treats.id AND NOT EXISTS (
            SELECT FROM registry_consent later
             WHERE later.organization_id = f.organization_id AND later.patient_id = f.patient_id
               AND later.voided_at IS NULL AND later.service = 'bhi' AND later.given_at >= f.given_at
               AND later.treating_clinician_id = treats.id),
        NULL, NULL, NULL
   FROM months m
   JOIN registry_consent f ON f.organization_id = m.organization_id AND f.patient_id = m.patient_id
    AND f.voided_at IS NULL AND f.service = 'bhi' AND f.given_at < upper(m.bounds)
   LEFT JOIN registry_treatingclinician named
     ON named.organization_id = f.organization_id AND named.id = f.treating_clinician_id
   LEFT JOIN registry_treatingclinician treats
     ON treats.organization_id = m.organization_id AND treats.id = m.treating_clinician_id
  ORDER BY m.id, f.given_at DESC, f.id)
UNION ALL
SELECT 'credential', w.id, min(w.worked_on), NULL, gap.word, NULL, NULL, NULL, w.by_id, NULL, NULL
  FROM (SELECT DISTINCT m.id, f.by_id, f.role = 'care_manager' AS is_manager,
               coalesce(f."on", (lower(f.span * m.bounds) AT TIME ZONE m.time_zone)::date) AS worked_on
          FROM months m
          JOIN caseload_timeentry f ON f.organization_id = m.organization_id AND f.episode_id = m.id
           AND f.voided_at IS NULL AND NOT f.held AND f.role <> 'clerical' AND f.activity <> 'scheduling'
           AND (f."on" BETWEEN %(first)s AND %(last)s OR f.span && m.bounds)
         WHERE EXISTS (SELECT FROM accounts_seatcredential k
                        WHERE k.organization_id = %(organization)s AND k.voided_at IS NULL)) AS w
  CROSS JOIN LATERAL (
       SELECT k.kind AS word
         FROM (VALUES ('training'), ('license')) AS k (kind)
         LEFT JOIN accounts_seatcredential h
           ON h.organization_id = %(organization)s AND h.seat_id = w.by_id AND h.voided_at IS NULL AND h.kind = k.kind
        GROUP BY k.kind
       HAVING NOT coalesce(bool_or(h.from_on <= w.worked_on
                                   AND (h.until_on IS NULL OR h.until_on >= w.worked_on)), false)
          AND CASE k.kind WHEN 'training' THEN w.is_manager ELSE coalesce(bool_or(h.until_on < w.worked_on), false) END
       ) AS gap
 GROUP BY w.id, w.by_id, gap.word
"""
_LATE_DAYS = 7

CoverageKey = tuple[UUID, int, date | None]


@dataclass(slots=True)
class _Ground:
    """What was found for one episode's month."""

    reviewed_on: date | None = None
    consulted_on: date | None = None
    treated_on: date | None = None
    diagnoses: list[tuple[int, str, bool]] = field(default_factory=list)
    unsigned: int = 0
    unsigned_on: date | None = None
    late: LateEntries | None = None
    coverages: dict[CoverageKey, list[tuple[date, datetime, CoverageAsked]]] = field(default_factory=dict)
    consent: ConsentNamed | None = None
    credentials: list[tuple[UUID, date, str]] = field(default_factory=list)
    decision: Decided | None = None
    charged: set[str] = field(default_factory=set)


def releases(organization_id: UUID, month: str, judged: Iterable[MonthVerdict]) -> dict[UUID, Release]:
    """By episode, what becomes of each of these months that bills: its checks, its decision, what is asked.

    Months that bill nothing are not among them. One statement for any number, and another where some rest on minutes
    of facility stays.
    """
    billing = {one.month.episode.id: one for one in judged if one.bills and one.facts.month == month}
    if not billing:
        return {}
    modes, found = _read(organization_id, month, list(billing))
    without = _without_facility(organization_id, month, billing)
    names = _names(organization_id, found.values())
    return {
        id_: _release(one, modes, found.get(id_, _Ground()), without.get(id_), names) for id_, one in billing.items()
    }


def unit_amounts(judged: MonthVerdict) -> dict[str, Any]:
    """The national amounts of one unit of each code that the month reaches, None where unknown."""
    assert judged.verdict is not None
    book = _book(judged)
    return {one.code: amount(judged.facts, book, one.code, 1) for one in judged.verdict.considered}


def lower_of(judged: MonthVerdict) -> tuple[tuple[Line, ...], ...]:
    """What a coder may ask for instead of what a month supports; nothing where it bills nothing."""
    return lower_sets(judged.verdict, unit_amounts(judged)) if judged.bills and judged.verdict is not None else ()


def _read(organization_id: UUID, month: str, episode_ids: list[UUID]) -> tuple[dict[str, str], dict[UUID, _Ground]]:
    values: dict[str, Any] = {
        "organization": organization_id,
        "episodes": episode_ids,
        "first": first_day(month),
        "last": last_day(month),
        "late": _LATE_DAYS,
    }
    modes: dict[str, str] = {}
    found: dict[UUID, _Ground] = {}
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, values)
        for kind, episode_id, *row in cursor.fetchall():
            if kind == "mode":
                modes[row[2]] = row[3]
            else:
                _READERS[kind](found.setdefault(episode_id, _Ground()), *row)
    return modes, found


def _release(
    judged: MonthVerdict,
    modes: Mapping[str, str],
    ground: _Ground,
    without_facility: CodeUnits | None,
    names: Mapping[UUID, str],
) -> Release:
    assert judged.verdict is not None
    facts, amounts = _facts(judged, ground, without_facility, names), unit_amounts(judged)
    return settle(judged.verdict, facts, modes, ground.decision, amounts, frozenset(ground.charged))


def _names(organization_id: UUID, found: Iterable[_Ground]) -> dict[UUID, str]:
    """Whom a finding about credentials names; nobody is looked up where there is none."""
    if not any(ground.credentials for ground in found):
        return {}
    return {id_: seat.name for id_, seat in people_of(organization_id).items()}


def _facts(
    judged: MonthVerdict, ground: _Ground, without_facility: CodeUnits | None, names: Mapping[UUID, str]
) -> ReleaseFacts:
    assert judged.verdict is not None
    facts, last_on = judged.facts, last_day(judged.facts.month)
    prefixes = _book(judged).requirements.diagnosis_prefixes
    diagnoses = [one for one in sorted(ground.diagnoses) if one[1].upper().startswith(prefixes)]
    return ReleaseFacts(
        first_on=first_day(facts.month),
        last_on=last_on,
        asked=code_units(judged.verdict.lines),
        minutes=judged.verdict.minutes,
        reviewed_on=ground.reviewed_on,
        consulted_on=ground.consulted_on,
        treated_on=ground.treated_on,
        planned_on=max((on for on in facts.care_plans if on <= last_on), default=None),
        is_plan_assumed=bool(facts.assumed_care_plans),
        confirmed=tuple(code for _, code, is_confirmed in diagnoses if is_confirmed),
        unconfirmed=tuple(code for _, code, is_confirmed in diagnoses if not is_confirmed),
        unsigned=ground.unsigned,
        unsigned_on=ground.unsigned_on,
        late=ground.late,
        without_facility=without_facility,
        coverage=_coverage_asked(judged, ground),
        consent=ground.consent,
        credential_gaps=tuple(CredentialGap(names[by], on, kind) for by, on, kind in ground.credentials),
    )


def _coverage_asked(judged: MonthVerdict, ground: _Ground) -> CoverageAsked | None:
    """The last answer about the coverage that pays."""
    coverage = judged.month.coverage
    assert coverage is not None
    asked = ground.coverages.get((coverage.payer_id, coverage.rank, coverage.from_on), [])
    return max(asked, key=lambda one: one[:2])[2] if asked else None


def _without_facility(organization_id: UUID, month: str, billing: Mapping[UUID, MonthVerdict]) -> dict[UUID, CodeUnits]:
    """What months would support without the minutes of facility stays, where they have any that count."""
    staying = [id_ for id_, one in billing.items() if one.month.episode.has_facility_stay]
    if not staying:
        return {}
    minutes = minutes_of(organization_id, episode_ids=staying, without_facility=staying)
    found: dict[UUID, CodeUnits] = {}
    for id_ in staying:
        one = billing[id_]
        time = minutes.get((id_, first_day(month)), one.facts.time)
        if time == one.facts.time:
            continue
        facts = replace(one.facts, time=time)
        found[id_] = code_units(judge(facts, book_in_force(facts.payer, first_day(month))).lines)
    return found


def _book(judged: MonthVerdict) -> RuleBook:
    facts = judged.facts
    return with_options(book_in_force(facts.payer, first_day(facts.month)), facts.options)


def _decision(
    ground: _Ground, on: date | None, _d: None, kind: str, because: str, _n: None, _y: None, id_: UUID,
    told: str, at: datetime,
) -> None:  # fmt: skip
    said: dict[str, Any] = json.loads(told)
    lines = tuple((code, units) for code, units in said["lines"])
    ground.decision = Decided(kind, because, on, lines, tuple(said["checks"]), str(id_), said["by"], at)


def _reviewed(ground: _Ground, on: date, *_: Any) -> None:
    ground.reviewed_on = on


def _consulted(ground: _Ground, on: date, *_: Any) -> None:
    ground.consulted_on = on


def _treated(ground: _Ground, on: date, *_: Any) -> None:
    ground.treated_on = max(on, ground.treated_on or on)


def _diagnosis(ground: _Ground, confirmed_on: date | None, _d: None, code: str, _t: None, rank: int, *_: Any) -> None:
    ground.diagnoses.append((rank, code, confirmed_on is not None))


def _unsigned(ground: _Ground, on: date, _d: None, _t: None, _u: None, count: int, *_: Any) -> None:
    ground.unsigned, ground.unsigned_on = count, on


def _late(ground: _Ground, worked_on: date, made_on: date, _t: None, _u: None, count: int, *_: Any) -> None:
    ground.late = LateEntries(count, worked_on, made_on)


def _charged(ground: _Ground, _o: None, _d: None, code: str, *_: Any) -> None:
    ground.charged.add(code)


def _coverage(
    ground: _Ground, on: date, from_on: date | None, source: str, _t: None, rank: int, is_in_force: bool, payer: UUID,
    _j: None, at: datetime,
) -> None:  # fmt: skip
    asked = ground.coverages.setdefault((payer, rank, from_on), [])
    asked.append((on, at, CoverageAsked(on, source, is_in_force)))


def _consent(
    ground: _Ground, on: date, _d: None, names: str, clinician: str, is_time_known: int, is_of_another: bool | None,
    *_: Any,
) -> None:  # fmt: skip
    ground.consent = ConsentNamed(on, names, clinician, bool(is_of_another), bool(is_time_known))


def _credential(
    ground: _Ground, on: date, _d: None, kind: str, _t: None, _n: None, _y: None, by: UUID, *_: Any
) -> None:  # fmt: skip
    ground.credentials.append((by, on, kind))


_READERS: dict[str, Callable[..., None]] = {
    "decision": _decision,
    "reviewed": _reviewed,
    "consulted": _consulted,
    "treated": _treated,
    "diagnosis": _diagnosis,
    "unsigned": _unsigned,
    "late": _late,
    "charged": _charged,
    "coverage": _coverage,
    "consent": _consent,
    "credential": _credential,
}
