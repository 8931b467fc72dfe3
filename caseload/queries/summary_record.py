"""Everything on record that a psychiatric review reads of one episode, in one statement."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.errors import NotFound
from caseload.queries.patient_record import PatientRecord, Row

# Each part is ordered as it is shown. `reviewed` is the day from which things count as done since the last review.
_RECORD = """
WITH reviewed AS (
  SELECT r.id, r."on" FROM caseload_casereview r
   WHERE r.organization_id = %(organization)s AND r.episode_id = %(episode)s AND r.voided_at IS NULL
   ORDER BY r."on" DESC, r.recorded_at DESC LIMIT 1)
SELECT 'episode', to_json(x) FROM (
  SELECT e.id, e.patient_id, e.clinic_id, e.program, e.status, e.enrolled_on, e.ended_on, e.care_manager_id,
         e.consultant_id, e.target_instruments, p.family_name, p.given_name, p.middle_name, p.preferred_name, p.mrn,
         p.birth_date, p.sex, p.gender, p.language, p.needs_interpreter, c.name AS clinic_name, c.time_zone,
         t.name AS clinician, t.credential, s.signals, s.response_state, s.last_contact_on, s.last_review_on
    FROM registry_episode e
    JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
    JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
    LEFT JOIN registry_treatingclinician t ON t.organization_id = e.organization_id AND t.id = e.treating_clinician_id
    LEFT JOIN caseload_episodestanding s ON s.organization_id = e.organization_id AND s.episode_id = e.id
   WHERE e.organization_id = %(organization)s AND e.id = %(episode)s AND e.voided_at IS NULL) AS x
UNION ALL
SELECT 'question', to_json(x) FROM (
  SELECT q.id, q.kind, q.text, q.asked_by_id, q.asked_on FROM caseload_reviewquestion q
   WHERE q.organization_id = %(organization)s AND q.episode_id = %(episode)s AND q.voided_at IS NULL
     AND q.answered_by_id IS NULL AND q.taken_back_because = ''
   ORDER BY q.asked_on, q.id) AS x
UNION ALL
SELECT 'contact_question', to_json(x) FROM (
  SELECT k.question AS text, k.by_id AS asked_by_id, k."on" AS asked_on FROM caseload_contact k
   WHERE k.organization_id = %(organization)s AND k.episode_id = %(episode)s AND k.voided_at IS NULL
     AND k.question <> '' AND k."on" >= coalesce((SELECT r."on" FROM reviewed r), '-infinity'::date)
     AND NOT EXISTS (SELECT FROM caseload_reviewquestion q
                      WHERE q.organization_id = k.organization_id AND q.from_contact_id = k.id)
   ORDER BY k."on" DESC, k.id DESC LIMIT 3) AS x
UNION ALL
SELECT 'assessment', to_json(x) FROM (
  SELECT a.instrument, a."on", a.total, a.item9, a.items, a.is_prorated, a.detail ->> 'tier' AS tier
    FROM registry_assessment a
   WHERE a.organization_id = %(organization)s AND a.patient_id = %(patient)s AND a.voided_at IS NULL
   ORDER BY a."on", a.recorded_at, a.id) AS x
UNION ALL
SELECT 'first', to_json(x) FROM (
  SELECT f.number, f."on", f.content FROM registry_initialassessment f
   WHERE f.organization_id = %(organization)s AND f.episode_id = %(episode)s AND f.voided_at IS NULL
   ORDER BY f.number DESC LIMIT 1) AS x
UNION ALL
SELECT 'plan', to_json(x) FROM (
  SELECT p.number, p."on", p.text, p.content, p.is_assumed FROM registry_careplan p
   WHERE p.organization_id = %(organization)s AND p.episode_id = %(episode)s AND p.voided_at IS NULL
   ORDER BY p.number NULLS FIRST, p."on", p.recorded_at, p.id) AS x
UNION ALL
SELECT 'safety_plan', to_json(x) FROM (
  SELECT p.number, p."on" FROM registry_safetyplan p
   WHERE p.organization_id = %(organization)s AND p.patient_id = %(patient)s AND p.voided_at IS NULL
   ORDER BY p.number DESC LIMIT 1) AS x
UNION ALL
SELECT 'risk', to_json(x) FROM (
  SELECT k.cause, k.opened_on, k.tier, k.assessed_on, k.recheck_on, k.closed_on FROM registry_riskcase k
   WHERE k.organization_id = %(organization)s AND k.patient_id = %(patient)s AND k.voided_at IS NULL
   ORDER BY k.opened_at DESC, k.id DESC LIMIT 1) AS x
UNION ALL
SELECT 'diagnosis', to_json(x) FROM (
  SELECT d.code, d.confirmed_on FROM registry_diagnosis d
   WHERE d.organization_id = %(organization)s AND d.episode_id = %(episode)s AND d.voided_at IS NULL
   ORDER BY d.rank, d.code) AS x
UNION ALL
SELECT 'change', to_json(x) FROM (
  SELECT t."on", t.text, t.from_recommendation_id FROM caseload_treatmentchange t
   WHERE t.organization_id = %(organization)s AND t.episode_id = %(episode)s AND t.voided_at IS NULL
   ORDER BY t."on", t.id) AS x
UNION ALL
SELECT 'carried_out', to_json(x) FROM (
  SELECT s."on", coalesce(nullif(s.text, ''), nullif(y.text, ''), y.kind) AS text
    FROM caseload_recommendationstep s
    JOIN caseload_recommendation y ON y.organization_id = s.organization_id AND y.id = s.recommendation_id
    JOIN caseload_casereview r ON r.organization_id = y.organization_id AND r.id = y.review_id
   WHERE s.organization_id = %(organization)s AND r.episode_id = %(episode)s AND s.voided_at IS NULL
     AND r.voided_at IS NULL AND s.state = 'carried_out' AND y.kind IN ('medication', 'psychosocial')
     AND NOT EXISTS (SELECT FROM caseload_treatmentchange t
                      WHERE t.organization_id = y.organization_id AND t.from_recommendation_id = y.id
                        AND t.voided_at IS NULL)
   ORDER BY s."on", s.id) AS x
UNION ALL
SELECT 'review', to_json(x) FROM (
  SELECT r.id, r."on", r.consultant_id, r.signed_as, r.question, r.impression,
         (SELECT json_agg(json_build_object(
                   'number', y.number, 'kind', y.kind, 'act', y.act, 'text', y.text, 'dose', y.dose,
                   'if_then', y.if_then, 'present_again', y.present_again, 'present_again_on', y.present_again_on,
                   'state', y.state, 'due_on', y.due_on,
                   'steps', (SELECT json_agg(json_build_array(s.state, s."on", s.text)
                                             ORDER BY s."on", s.recorded_at,
                     array_position(
                       '{proposed,sent,accepted,modified,declined,carried_out,told,closed}', s.state::text))
                               FROM caseload_recommendationstep s
                              WHERE s.organization_id = y.organization_id AND s.recommendation_id = y.id
                                AND s.voided_at IS NULL)) ORDER BY y.number)
            FROM caseload_recommendation y
           WHERE y.organization_id = r.organization_id AND y.review_id = r.id AND y.voided_at IS NULL) AS advice
    FROM caseload_casereview r JOIN reviewed v ON v.id = r.id
   WHERE r.organization_id = %(organization)s) AS x
UNION ALL
SELECT 'open_advice', to_json(x) FROM (
  SELECT r."on", y.number, y.kind, y.act, y.text, y.dose, y.if_then, y.present_again, y.present_again_on, y.state,
         y.due_on, (SELECT json_agg(json_build_array(s.state, s."on", s.text)
                             ORDER BY s."on", s.recorded_at,
                     array_position(
                       '{proposed,sent,accepted,modified,declined,carried_out,told,closed}', s.state::text))
                      FROM caseload_recommendationstep s
                     WHERE s.organization_id = y.organization_id AND s.recommendation_id = y.id
                       AND s.voided_at IS NULL) AS steps
    FROM caseload_recommendation y
    JOIN caseload_casereview r ON r.organization_id = y.organization_id AND r.id = y.review_id
   WHERE y.organization_id = %(organization)s AND r.episode_id = %(episode)s AND r.voided_at IS NULL
     AND y.voided_at IS NULL AND y.state <> 'closed' AND r.id NOT IN (SELECT v.id FROM reviewed v)
   ORDER BY r."on" DESC, y.number LIMIT 6) AS x
UNION ALL
SELECT 'reviews', to_json(x) FROM (
  SELECT count(*) AS many FROM caseload_casereview r
   WHERE r.organization_id = %(organization)s AND r.episode_id = %(episode)s AND r.voided_at IS NULL) AS x
UNION ALL
SELECT 'contact', to_json(x) FROM (
  SELECT k."on", k.activity, k.mode, k.outcome, k.parts, left(k.note, 240) AS note FROM caseload_contact k
   WHERE k.organization_id = %(organization)s AND k.episode_id = %(episode)s AND k.voided_at IS NULL
     AND k."on" >= coalesce((SELECT r."on" FROM reviewed r), '-infinity'::date)
   ORDER BY k."on" DESC, k.started_at DESC NULLS LAST, k.id DESC LIMIT 60) AS x
UNION ALL
SELECT 'relapse_plan', to_json(x) FROM (
  SELECT p.number, p."on" FROM registry_relapseplan p
   WHERE p.organization_id = %(organization)s AND p.episode_id = %(episode)s AND p.voided_at IS NULL
   ORDER BY p.number DESC LIMIT 1) AS x
"""


def summary_record(organization_id: UUID, episode_id: UUID) -> tuple[Row, PatientRecord]:
    """The episode, and its rows by kind. One statement. Raises NotFound."""
    values = {"organization": organization_id, "episode": episode_id}
    found: dict[str, list[Row]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_RECORD.replace("%(patient)s", _PATIENT), values)
        for kind, row in cursor.fetchall():
            found[kind].append(row)
    if not found["episode"]:
        raise NotFound
    episode = found["episode"][0]
    return episode, PatientRecord(found, ZoneInfo(episode["time_zone"]))


# The patient is known by the episode: scores and plans of the person belong to every episode.
_PATIENT = (
    "(SELECT e.patient_id FROM registry_episode e"
    " WHERE e.organization_id = %(organization)s AND e.id = %(episode)s AND e.voided_at IS NULL)"
)


def name_of(row: Row) -> str:
    """The patient's name as the record keeps it."""
    return " ".join(part for part in (row["given_name"], row["middle_name"], row["family_name"]) if part)


def sex_words(row: Row) -> Any:
    """What is known of sex and gender, as the page says it; empty where nothing is."""
    words = {"F": "female", "M": "male", "X": "X"}.get(row["sex"], "")
    return f"{words} ({row['gender']})" if words and row["gender"] else words or row["gender"]
