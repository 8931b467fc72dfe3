"""The one statement that reads what may ask for something today."""

from __future__ import annotations

from caseload.queries.outreach import IN_VAIN
from registry.queries.appointments import NEXT_VISIT

# Every part gives rows of one kind as JSON, so that one statement answers for episodes, referrals, notices, the people
# whom they are about, who is stood in for, and what comes next. What a rule decides is not decided here: the parts
# only leave out what no rule can find anything in.
STATEMENT = """
WITH clinic AS MATERIALIZED (
  SELECT c.id, c.name, c.time_zone, local.at::date AS today,
         (SELECT json_agg(json_build_array(x.instrument, x.is_in_use, x.early_days, x.later_days))
            FROM registry_clinicinstrument x
           WHERE x.organization_id = c.organization_id AND x.clinic_id = c.id) AS tools,
         (SELECT x.outreach FROM caseload_workprotocol x
           WHERE x.organization_id = c.organization_id AND x.clinic_id = c.id) AS outreach,
         date_trunc('month', local.at) AT TIME ZONE c.time_zone AS month_starts
    FROM tenancy_clinic c
   CROSS JOIN LATERAL (SELECT %(at)s::timestamptz AT TIME ZONE c.time_zone AS at) AS local
   WHERE c.organization_id = %(organization)s
   ORDER BY c.name, c.id
), day AS MATERIALIZED (
  SELECT c.id AS clinic_id, c.time_zone, c.today, c.month_starts FROM clinic c
   WHERE %(clinic)s::uuid IS NULL OR c.id = %(clinic)s::uuid
), cover AS MATERIALIZED (
  SELECT x.away_id, max(x.until_on) AS until_on
    FROM caseload_cover x
   WHERE x.organization_id = %(organization)s AND x.by_id = %(seat)s AND x.voided_at IS NULL
     AND (SELECT max(today) FROM clinic) BETWEEN x.from_on AND x.until_on
   GROUP BY x.away_id
), seat AS MATERIALIZED (
  SELECT %(seat)s::uuid AS id WHERE %(is_own)s
  UNION SELECT away_id FROM cover WHERE %(is_covered)s
), advice AS MATERIALIZED (
  SELECT v.episode_id,
         json_agg(json_build_array(x.kind, x.state, coalesce(x.state_on, v."on"), x.due_on,
                                   coalesce(nullif(x.text, ''), initcap(replace(x.kind, '_', ' '))))
                  ORDER BY x.due_on, x.number) AS advice
    FROM caseload_recommendation x
    JOIN caseload_casereview v ON v.organization_id = x.organization_id AND v.id = x.review_id
   WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL AND x.state <> 'closed'
     AND v.voided_at IS NULL
   GROUP BY v.episode_id
), open_episode AS MATERIALIZED (
  SELECT s.episode_id, s.patient_id, s.clinic_id, s.care_manager_id, s.status, s.enrolled_on, s.safety_from,
         s.overdue_from, s.last_contact_on, s.next_due_on, s.next_due_purpose, d.time_zone, d.today, d.month_starts,
         CASE WHEN s.next_due_on <= d.today THEN
           (SELECT json_build_object('id', x.id, 'assigned_to', x.assigned_to_id)
              FROM caseload_followup x
             WHERE x.organization_id = s.organization_id AND x.episode_id = s.episode_id AND x.voided_at IS NULL
               AND x.closed_on IS NULL
             ORDER BY x.due_on, x.id LIMIT 1) END AS follow_up
    FROM caseload_episodestanding s
    JOIN day d ON d.clinic_id = s.clinic_id
   WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
     AND (%(patient)s::uuid IS NULL OR s.patient_id = %(patient)s::uuid)
), episode AS MATERIALIZED (
  SELECT s.*,
         (SELECT min(coalesce(x."on", (lower(x.span) AT TIME ZONE s.time_zone)::date))
            FROM caseload_timeentry x
           WHERE x.organization_id = %(organization)s AND x.episode_id = s.episode_id AND x.voided_at IS NULL
             AND NOT x.held AND (lower(x.span) >= s.month_starts OR x."on" >= date_trunc('month', s.today))
         ) AS worked_from,
         (SELECT json_build_object('kind', x.kind, 'on', x.until_on)
            FROM registry_stay x
           WHERE x.organization_id = %(organization)s AND x.patient_id = s.patient_id AND x.voided_at IS NULL
             AND x.until_on BETWEEN s.today - %(stay_days)s AND s.today
           ORDER BY x.until_on DESC LIMIT 1) AS stay,
         (SELECT json_agg(json_build_array(asked."on", asked.words))
            FROM (SELECT x.check_on AS "on", 'Ask whether the patient was seen: ' || x."to" AS words
                    FROM caseload_externalreferral x
                   WHERE x.organization_id = %(organization)s AND x.episode_id = s.episode_id
                     AND x.voided_at IS NULL AND x.closed_on IS NULL AND x.check_on <= s.today
                  UNION ALL
                  SELECT x.due_on, 'The treating clinician has not answered a request'
                    FROM caseload_clinicianrequest x
                   WHERE x.organization_id = %(organization)s AND x.episode_id = s.episode_id
                     AND x.voided_at IS NULL AND x.answered_on IS NULL AND x.closed_because = ''
                     AND x.due_on <= s.today) AS asked) AS asked_again,
         CASE WHEN s.status <> 'on_hold' AND coalesce(s.last_contact_on, s.enrolled_on) < s.today THEN
           (SELECT lost."on"
              FROM (SELECT min(c."on") AS "on" FROM caseload_contact c
                     WHERE c.organization_id = %(organization)s AND c.episode_id = s.episode_id
                       AND $in_vain) AS lost
             WHERE lost."on" < s.today
               AND NOT EXISTS (SELECT FROM caseload_clinicianrequest x
                                WHERE x.organization_id = %(organization)s AND x.patient_id = s.patient_id
                                  AND x.episode_id = s.episode_id AND x.voided_at IS NULL
                                  AND x.asked_on >= lost."on")
               AND NOT EXISTS (SELECT FROM caseload_contact x
                                WHERE x.organization_id = %(organization)s AND x.episode_id = s.episode_id
                                  AND x.voided_at IS NULL AND x.activity = 'coordination'
                                  AND x."on" >= lost."on")) END AS lost_on,
         a.advice
    FROM open_episode s
    LEFT JOIN advice a ON a.episode_id = s.episode_id
   WHERE %(is_all)s OR s.care_manager_id IN (SELECT id FROM seat)
      OR (s.follow_up ->> 'assigned_to')::uuid IN (SELECT id FROM seat)
      OR (s.care_manager_id IS NULL AND s.safety_from <= s.today)
), due AS MATERIALIZED (
  SELECT s.*,
         CASE WHEN least(s.safety_from, s.overdue_from) <= s.today THEN
           (SELECT x.signals::json FROM caseload_episodestanding x
             WHERE x.organization_id = %(organization)s AND x.episode_id = s.episode_id) END AS signals,
         CASE WHEN s.overdue_from <= s.today THEN
           (SELECT json_object_agg(scored.instrument, scored."on")
              FROM (SELECT x.instrument, max(x."on") AS "on"
                      FROM registry_assessment x
                     WHERE x.organization_id = %(organization)s AND x.patient_id = s.patient_id
                       AND x.voided_at IS NULL AND x."on" >= s.enrolled_on
                       AND (x.total IS NOT NULL OR x.detail ->> 'tier' IS NOT NULL)
                     GROUP BY x.instrument) AS scored) END AS scored,
         CASE WHEN s.safety_from <= s.today THEN
           (SELECT json_agg(json_build_array(x."on", x.instrument, x.item9, x.detail ->> 'tier')
                            ORDER BY x."on", x.recorded_at, x.id)
              FROM registry_assessment x
             WHERE x.organization_id = %(organization)s AND x.patient_id = s.patient_id AND x.voided_at IS NULL
               AND (x.item9 IS NOT NULL OR x.detail ->> 'tier' IS NOT NULL)) END AS answers,
         CASE WHEN s.safety_from <= s.today THEN
           (SELECT max(x.closed_on) FROM registry_riskcase x
             WHERE x.organization_id = %(organization)s AND x.patient_id = s.patient_id
               AND x.voided_at IS NULL) END AS risk_closed_on,
         s.worked_from IS NOT NULL AND NOT EXISTS
           (SELECT FROM registry_consent x
             WHERE x.organization_id = %(organization)s AND x.patient_id = s.patient_id AND x.voided_at IS NULL
               AND x.service = 'bhi' AND (x.revoked_on IS NULL OR x.revoked_on > s.today)) AS is_unconsented,
         (SELECT json_agg(json_build_object('id', x.id, 'task', x.task, 'until_on', x.until_on, 'reason', x.reason,
                                            'by', x.recorded_by_id) ORDER BY x.recorded_at, x.id)
            FROM caseload_snooze x
           WHERE x.organization_id = %(organization)s AND x.episode_id = s.episode_id AND x.voided_at IS NULL
             AND x.until_on > s.today) AS snoozes,
         (SELECT json_agg(b.word ORDER BY b.since_on DESC, b.word)
            FROM caseload_signalbegan b
            JOIN caseload_episodestanding x ON x.organization_id = b.organization_id AND x.episode_id = b.episode_id
           WHERE b.organization_id = %(organization)s AND b.episode_id = s.episode_id
             AND b.since_on BETWEEN s.today - %(new_days)s AND s.today
             AND EXISTS (SELECT FROM jsonb_array_elements(x.signals) AS y
                          WHERE y ->> 'word' = b.word AND y ->> 'since' = to_char(b.since_on, 'YYYY-MM-DD')
                            AND coalesce(y ->> 'until', '9999') > to_char(s.today, 'YYYY-MM-DD'))) AS began
    FROM episode s
   WHERE least(s.safety_from, s.overdue_from, s.next_due_on) <= s.today
      OR s.worked_from IS NOT NULL OR s.stay IS NOT NULL OR s.asked_again IS NOT NULL OR s.lost_on IS NOT NULL
      OR s.advice IS NOT NULL
), referral AS MATERIALIZED (
  SELECT r.id, r.patient_id, r.clinic_id, r.assigned_to_id, r.state, r.due_on, r.urgency,
         (SELECT x.outcome = 'reached' FROM registry_referralattempt x
           WHERE x.organization_id = %(organization)s AND x.referral_id = r.id AND x.voided_at IS NULL
           ORDER BY x.at DESC, x.id DESC LIMIT 1) AS is_reached
    FROM registry_referral r
    JOIN day d ON d.clinic_id = r.clinic_id
   WHERE r.organization_id = %(organization)s AND r.voided_at IS NULL AND r.ended_on IS NULL AND r.due_on <= d.today
     AND (%(patient)s::uuid IS NULL OR r.patient_id = %(patient)s::uuid)
     AND (%(is_all)s OR r.assigned_to_id IS NULL OR r.assigned_to_id IN (SELECT id FROM seat))
), notice AS MATERIALIZED (
  SELECT n.id, n.patient_id, n.clinic_id, n.raised_at, n.acknowledged_at IS NOT NULL AS is_taken,
         s.episode_id, s.care_manager_id
    FROM registry_safetynotice n
    LEFT JOIN caseload_episodestanding s
      ON s.organization_id = n.organization_id AND s.patient_id = n.patient_id AND s.status <> 'discharged'
   WHERE n.organization_id = %(organization)s AND n.closed_at IS NULL AND n.clinic_id IN (SELECT clinic_id FROM day)
     AND (%(patient)s::uuid IS NULL OR n.patient_id = %(patient)s::uuid)
     AND (%(is_all)s OR s.care_manager_id IS NULL OR s.care_manager_id IN (SELECT id FROM seat))
), risk AS MATERIALIZED (
  SELECT c.patient_id, c.clinic_id, c.cause, c.concern, c.opened_on, c.tier, c.assessed_on, c.recheck_on, c.opened_at,
         s.episode_id, s.care_manager_id,
         c.assessed_on IS NOT NULL AND
         (SELECT x.kind = 'note' FROM registry_riskstep x
           WHERE x.organization_id = %(organization)s AND x.case_id = c.id AND x.voided_at IS NULL
             AND (x.kind = 'assessed' OR (x.kind = 'note' AND x.key = 'risen'))
           ORDER BY x.at DESC, x.id DESC LIMIT 1) IS TRUE AS is_risen,
         (SELECT json_agg(json_build_array(x.id, x.kind, x.at, x."on", x.by_id, x.key, x.tier))
            FROM registry_riskstep x
           WHERE x.organization_id = %(organization)s AND x.case_id = c.id AND x.voided_at IS NULL) AS taken,
         (SELECT x.steps FROM registry_riskprotocol x
           WHERE x.organization_id = %(organization)s AND x.clinic_id = c.clinic_id) AS own_steps
    FROM registry_riskcase c
    LEFT JOIN caseload_episodestanding s
      ON s.organization_id = c.organization_id AND s.patient_id = c.patient_id AND s.status <> 'discharged'
   WHERE c.organization_id = %(organization)s AND c.closed_at IS NULL AND c.voided_at IS NULL
     AND c.clinic_id IN (SELECT clinic_id FROM day)
     AND (%(patient)s::uuid IS NULL OR c.patient_id = %(patient)s::uuid)
     AND (%(is_all)s OR s.care_manager_id IS NULL OR s.care_manager_id IN (SELECT id FROM seat))
     AND EXISTS (SELECT FROM registry_patient x WHERE x.organization_id = %(organization)s
                    AND x.id = c.patient_id AND x.died_on IS NULL)
), wanted AS MATERIALIZED (
  SELECT patient_id FROM due UNION SELECT patient_id FROM referral UNION SELECT patient_id FROM notice
   UNION SELECT patient_id FROM risk
), patient AS (
  SELECT y.*
    FROM wanted w
   CROSS JOIN LATERAL (
         SELECT p.id, p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')) AS name,
                p.sort_name, p.mrn, p.birth_date, p.phone, p.phone_best_times, p.may_leave_voicemail, p.may_text,
                p.language, p.needs_interpreter, ($next_visit) AS in_clinic
           FROM registry_patient p
           JOIN clinic c ON c.id = p.clinic_id
          WHERE p.organization_id = %(organization)s AND p.id = w.patient_id AND p.voided_at IS NULL
            AND p.merged_into_id IS NULL
         OFFSET 0) AS y
), coming AS (
  SELECT s.next_due_on AS "on", count(*) AS patients
    FROM open_episode s
   WHERE s.next_due_on > s.today AND (%(is_all)s OR s.care_manager_id IN (SELECT id FROM seat))
   GROUP BY s.next_due_on ORDER BY s.next_due_on LIMIT 1
), handed AS (
  SELECT h.id, e.patient_id, p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')) AS name,
         h.given_by_id, h."on", h.note
    FROM caseload_handover h
    JOIN registry_episode e ON e.organization_id = h.organization_id AND e.id = h.episode_id
    JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
   WHERE h.organization_id = %(organization)s AND h.given_to_id = %(seat)s AND h.voided_at IS NULL
     AND h.seen_at IS NULL AND e.ended_on IS NULL AND e.care_manager_id = h.given_to_id
   ORDER BY h."on" DESC, p.sort_name, h.id
)
SELECT 'due', row_to_json(x) FROM due AS x
UNION ALL SELECT 'referral', row_to_json(x) FROM referral AS x
UNION ALL SELECT 'notice', row_to_json(x) FROM notice AS x
UNION ALL SELECT 'risk', row_to_json(x) FROM risk AS x
UNION ALL SELECT 'patient', row_to_json(x) FROM patient AS x
UNION ALL SELECT 'clinic', row_to_json(x) FROM clinic AS x
UNION ALL SELECT 'cover', row_to_json(x) FROM cover AS x
UNION ALL SELECT 'coming', row_to_json(x) FROM coming AS x
UNION ALL SELECT 'handed', row_to_json(x) FROM handed AS x
""".replace("$in_vain", IN_VAIN).replace("$next_visit", NEXT_VISIT)
