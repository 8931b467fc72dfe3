"""Everything on record of one patient that the chart shows, in one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from caseload.queries.entries import EpisodeTime, LoggedEntry
from caseload.rules.clock import local_date
from caseload.rules.minutes import Circumstances, ConsentWindow, Entry
from registry.models import Episode

# Each part is ordered as it is shown. json carries dates and instants as text, which the readers below parse.
_RECORD = """
SELECT 'contact', x.id, to_json(x) FROM (
  SELECT id, by_id, "on", started_at, activity, mode, note, outcome, parts, question, recorded_at, signed_as
    FROM caseload_contact
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL
   ORDER BY "on" DESC, started_at DESC NULLS LAST, id DESC LIMIT %(limit)s) AS x
UNION ALL
SELECT 'assessment', x.id, to_json(x) FROM (
  SELECT a.id, a.contact_id, a.instrument, a."on", a.total, a.item9, a.is_prorated, a.is_by_patient,
         a.detail ->> 'tier' AS tier, a.replaces_id, w.total AS was
    FROM registry_assessment a
    LEFT JOIN registry_assessment w ON w.organization_id = a.organization_id AND w.id = a.replaces_id
   WHERE a.organization_id = %(organization)s AND a.patient_id = %(patient)s AND a.voided_at IS NULL
   ORDER BY a."on", a.recorded_at, a.id) AS x
UNION ALL
SELECT 'review', x.id, to_json(x) FROM (
  SELECT r.id, r."on", r.signed_as,
         (SELECT json_agg(json_build_array(y.kind, y.text) ORDER BY y.number)
                          FROM caseload_recommendation y
                         WHERE y.organization_id = r.organization_id AND y.review_id = r.id AND y.voided_at IS NULL)
         AS proposals
    FROM caseload_casereview r
   WHERE r.organization_id = %(organization)s AND r.patient_id = %(patient)s AND r.voided_at IS NULL
   ORDER BY r."on") AS x
UNION ALL
SELECT 'advice', x.id, to_json(x) FROM (
  SELECT y.id, y.kind, y.act, y.state, y.due_on, y.text, y.dose
    FROM caseload_recommendation y
    JOIN caseload_casereview r ON r.organization_id = y.organization_id AND r.id = y.review_id
   WHERE r.organization_id = %(organization)s AND r.patient_id = %(patient)s AND r.voided_at IS NULL
     AND y.voided_at IS NULL AND y.state <> 'closed'
   ORDER BY y.due_on, y.number, y.id) AS x
UNION ALL
SELECT 'plan', x.id, to_json(x) FROM (
  SELECT p.id, p.number, p."on", p.text, p.is_assumed, c.name AS signed_by, s."on" AS signed_on
    FROM registry_careplan p
    LEFT JOIN registry_plansignoff s
           ON s.organization_id = p.organization_id AND s.plan_id = p.id AND s.voided_at IS NULL
    LEFT JOIN registry_treatingclinician c
           ON c.organization_id = s.organization_id AND c.id = s.treating_clinician_id
   WHERE p.organization_id = %(organization)s AND p.episode_id = %(episode)s AND p.voided_at IS NULL
   ORDER BY p.number NULLS FIRST, p."on", p.recorded_at, p.id) AS x
UNION ALL
SELECT 'diagnosis', x.id, to_json(x) FROM (
  SELECT id, code, confirmed_on FROM registry_diagnosis
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s AND voided_at IS NULL
   ORDER BY rank, code) AS x
UNION ALL
SELECT 'consent', x.id, to_json(x) FROM (
  SELECT id, service, given_at, is_time_known, form, revoked_on, treating_clinician_id FROM registry_consent
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL
   ORDER BY given_at, id) AS x
UNION ALL
SELECT 'visit', x.id, to_json(x) FROM (
  SELECT id, "on", code, is_by_billing_practitioner FROM registry_initiatingvisit
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL ORDER BY "on", id) AS x
UNION ALL
SELECT 'coverage', x.id, to_json(x) FROM (
  SELECT k.id, p.name, p.is_self_pay, k.member_id FROM registry_coverage k
    JOIN registry_payer p ON p.organization_id = k.organization_id AND p.id = k.payer_id
   WHERE k.organization_id = %(organization)s AND k.patient_id = %(patient)s AND k.voided_at IS NULL
     AND k.until_on IS NULL
   ORDER BY k.rank) AS x
UNION ALL
SELECT 'entry', x.id, to_json(x) FROM (
  SELECT t.id, t.by_id, t.contact_id, t.role, t.activity, t.service, lower(t.span) AS starts_at,
         upper(t.span) AS ends_at, t."on", t.seconds, t.billed_as, t.is_facility_stay, t.held, t.held_with_id,
         lower(o.span) AS held_from, upper(o.span) AS held_until
    FROM caseload_timeentry t
    LEFT JOIN caseload_timeentry o ON o.organization_id = t.organization_id AND o.id = t.held_with_id
   WHERE t.organization_id = %(organization)s AND t.episode_id = %(episode)s AND t.voided_at IS NULL
   ORDER BY coalesce(t."on", lower(t.span)::date), lower(t.span) NULLS FIRST, t.recorded_at, t.id) AS x
UNION ALL
SELECT 'related', x.id, to_json(x) FROM (
  SELECT id, name, relation, phone, is_emergency_contact, represents_as, may_speak_about, until_on
    FROM registry_relatedperson
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL
   ORDER BY is_emergency_contact DESC, name, id) AS x
UNION ALL
SELECT 'appointment', x.id, to_json(x) FROM (
  SELECT id, "on", at, with_whom FROM registry_appointment
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL
   ORDER BY "on" DESC LIMIT 50) AS x
UNION ALL
SELECT 'stay', x.id, to_json(x) FROM (
  SELECT id, kind, facility, reason, from_on, until_on FROM registry_stay
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL
   ORDER BY from_on, id) AS x
UNION ALL
SELECT 'ended', x.id, to_json(x) FROM (
  SELECT e.id, e.program, e.enrolled_on, e.ended_on, e.end_reason, n.summary, n.way_back, n.in_spite_of, n.risk_accepted
    FROM registry_episode e
    LEFT JOIN registry_closingnote n
           ON n.organization_id = e.organization_id AND n.episode_id = e.id AND n.voided_at IS NULL
   WHERE e.organization_id = %(organization)s AND e.patient_id = %(patient)s AND e.voided_at IS NULL
     AND e.ended_on IS NOT NULL
   ORDER BY e.enrolled_on DESC, e.id DESC) AS x
UNION ALL
SELECT 'status', x.id, to_json(x) FROM (
  SELECT id, "on", status, reason, recorded_by_id FROM registry_statuschange
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s AND voided_at IS NULL
   ORDER BY "on", recorded_at, id) AS x
UNION ALL
SELECT 'handed', x.id, to_json(x) FROM (
  SELECT id, "to", sent_on, seen_on, confirmed_by FROM registry_handoff
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s AND voided_at IS NULL
   ORDER BY sent_on, id) AS x
UNION ALL
SELECT 'given', x.id, to_json(x) FROM (
  SELECT h.id, h.given_by_id, h."on", h.note
    FROM caseload_handover h
    JOIN registry_episode e ON e.organization_id = h.organization_id AND e.id = h.episode_id
   WHERE h.organization_id = %(organization)s AND h.episode_id = %(episode)s AND h.voided_at IS NULL
     AND h.seen_at IS NULL AND h.given_to_id = e.care_manager_id AND e.ended_on IS NULL
   ORDER BY h."on" DESC, h.id DESC) AS x
UNION ALL
SELECT 'first', x.id, to_json(x) FROM (
  SELECT id, number, "on" FROM registry_initialassessment
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s AND voided_at IS NULL
   ORDER BY number DESC LIMIT 1) AS x
UNION ALL
SELECT 'safety', x.id, to_json(x) FROM (
  SELECT id, number, "on", content FROM registry_safetyplan
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL
   ORDER BY number DESC LIMIT 1) AS x
UNION ALL
SELECT 'relapse', x.id, to_json(x) FROM (
  SELECT r.id, r.episode_id, r.number, r."on" FROM registry_relapseplan r
    JOIN registry_episode e ON e.organization_id = r.organization_id AND e.id = r.episode_id
   WHERE e.organization_id = %(organization)s AND e.patient_id = %(patient)s AND r.voided_at IS NULL
   ORDER BY e.enrolled_on, r.number) AS x
UNION ALL
SELECT 'notice', x.id, to_json(x) FROM (
  SELECT id, acknowledged_at FROM registry_safetynotice
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND closed_at IS NULL
   ORDER BY raised_at DESC LIMIT 1) AS x
UNION ALL
SELECT 'risk', x.id, to_json(x) FROM (
  SELECT id, cause, concern, opened_on, tier, assessed_on, recheck_on FROM registry_riskcase
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL AND closed_at IS NULL
   LIMIT 1) AS x
UNION ALL
SELECT 'referral', x.id, to_json(x) FROM (
  SELECT id, referred_on FROM registry_referral
   WHERE organization_id = %(organization)s AND patient_id = %(patient)s AND voided_at IS NULL AND ended_on IS NULL
   LIMIT 1) AS x
UNION ALL
SELECT 'question', x.id, to_json(x) FROM (
  SELECT id, kind, text, asked_on, asked_by_id FROM caseload_reviewquestion
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s AND voided_at IS NULL
     AND answered_by_id IS NULL AND taken_back_because = ''
   ORDER BY asked_on, recorded_at, id) AS x
UNION ALL
SELECT 'change', x.id, to_json(x) FROM (
  SELECT id, "on", "of", text FROM caseload_treatmentchange
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s AND voided_at IS NULL
   ORDER BY "on", recorded_at, id) AS x
UNION ALL
SELECT 'began', x.id, to_json(x) FROM (
  SELECT id, word, since_on FROM caseload_signalbegan
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s) AS x
UNION ALL
SELECT 'standing', x.id, to_json(x) FROM (
  SELECT id, signals, response_state, next_due_on, next_due_purpose, last_contact_on, last_review_on
    FROM caseload_episodestanding
   WHERE organization_id = %(organization)s AND episode_id = %(episode)s) AS x
"""

CONTACTS_SHOWN = 200
Row = Mapping[str, Any]


@dataclass(frozen=True)
class PatientRecord:
    """Rows by kind, as the statement gives them, and the zone in which its instants are told."""

    rows: Mapping[str, list[Row]]
    zone: ZoneInfo

    def of(self, kind: str) -> list[Row]:
        """The rows of a kind, in the order in which they are shown."""
        return self.rows.get(kind, [])


def patient_record(organization_id: UUID, patient_id: UUID, episode_id: UUID | None, zone: ZoneInfo) -> PatientRecord:
    """What is on record of a patient, and of one of their episodes. One statement."""
    values: dict[str, Any] = {
        "organization": organization_id,
        "patient": patient_id,
        "episode": episode_id,
        "limit": CONTACTS_SHOWN,
    }
    found: dict[str, list[Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, values)
        for kind, _, row in cursor.fetchall():
            found[kind].append(row)
    return PatientRecord(found, zone)


def time_on_record(record: PatientRecord, episode: Episode) -> EpisodeTime:
    """The episode's time and what decides whether it counts, as the time rules read it."""
    circumstances = Circumstances(
        zone=record.zone,
        episode_from=episode.referred_on or episode.enrolled_on,
        ended_on=episode.ended_on,
        died_on=episode.patient.died_on,
        consents=tuple(
            ConsentWindow(row["service"], instant(row["given_at"]), day(row["revoked_on"]))
            for row in record.of("consent")
        ),
    )
    entries = tuple(_logged(row, record.zone) for row in record.of("entry"))
    return EpisodeTime(episode.id, circumstances, entries)


def _logged(row: Row, zone: ZoneInfo) -> LoggedEntry:
    span = (instant(row["starts_at"]), instant(row["ends_at"])) if row["starts_at"] else None
    on = day(row["on"])
    first = local_date(span[0], zone) if span else on
    last = local_date(span[1] - timedelta(microseconds=1), zone) if span else on
    assert first is not None
    assert last is not None
    return LoggedEntry(
        entry=Entry(
            id=UUID(row["id"]),
            span=span,
            on=on,
            seconds=row["seconds"],
            role=row["role"],
            activity=row["activity"],
            service=row["service"],
            billed_as=row["billed_as"] or None,
            facility_stay=row["is_facility_stay"],
            held=row["held"],
        ),
        by_id=UUID(row["by_id"]),
        contact_id=UUID(row["contact_id"]) if row["contact_id"] else None,
        held_with_id=UUID(row["held_with_id"]) if row["held_with_id"] else None,
        first_on=first,
        last_on=last,
    )


def instant(text: str) -> datetime:
    """An instant as json has it."""
    return datetime.fromisoformat(text)


def day(text: str | None) -> Any:
    """A day as json has it, or None."""
    return datetime.fromisoformat(text).date() if text else None
