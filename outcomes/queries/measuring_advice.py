"""The facts of recommendations: those whose first fourteen days ended in the month, and how far their loop had come."""

from __future__ import annotations

from typing import Final

from outcomes.queries.measuring_groups import COVERED, COVERING, GROUP_COLUMNS, GROUPED, PERSON

ADVICE_COLUMNS: Final = (
    *GROUP_COLUMNS,
    *("recommendation_id", "episode_id", "consultant_id", "kind", "proposed_on"),
    *("decided_on", "decision", "told_on", "closed_on"),
)

# To go on as before, and what an import brought without its words, ask nobody for anything. Each state is taken once,
# so that there is one decision at most.
ADVICE_SQL: Final = f"""
WITH scope AS MATERIALIZED (
  SELECT r.id, r.kind, v."on" AS proposed_on, e.patient_id, e.clinic_id, e.care_manager_id, e.id AS episode_id,
         v.consultant_id, e.program, least(%(last)s::date, e.ended_on) AS program_on, p.birth_date, p.sex, p.language,
         greatest(%(first)s::date, v."on") AS grouped_on
    FROM caseload_casereview v
    JOIN caseload_recommendation r ON r.organization_id = v.organization_id AND r.review_id = v.id
    JOIN registry_episode e ON e.organization_id = v.organization_id AND e.id = v.episode_id AND e.voided_at IS NULL
    JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id AND p.voided_at IS NULL
   WHERE v.organization_id = %(organization)s AND v.voided_at IS NULL AND r.voided_at IS NULL
     AND v."on" BETWEEN %(first)s::date - 14 AND %(last)s::date - 14
     AND r.kind NOT IN ('continue', 'not_recorded') AND btrim(r.text) <> ''
), {COVERING}, taken AS MATERIALIZED (
  SELECT s.id,
         min(x."on") FILTER (WHERE x.state IN ('accepted', 'modified', 'declined')) AS decided_on,
         min(x.state) FILTER (WHERE x.state IN ('accepted', 'modified', 'declined')) AS decision,
         min(x."on") FILTER (WHERE x.state = 'told') AS told_on,
         min(x."on") FILTER (WHERE x.state = 'closed') AS closed_on
    FROM scope s
    JOIN caseload_recommendationstep x ON x.organization_id = %(organization)s AND x.recommendation_id = s.id
     AND x.voided_at IS NULL AND x."on" <= %(last)s
   GROUP BY s.id
), running AS MATERIALIZED (
  SELECT DISTINCT ON (s.id) s.id, x.program
    FROM scope s
    JOIN registry_programperiod x ON x.organization_id = %(organization)s AND x.episode_id = s.episode_id
     AND x.voided_at IS NULL AND x.from_on <= s.program_on
   ORDER BY s.id, x.from_on DESC
)
SELECT {GROUPED}, coalesce(running.program, s.program), {PERSON},
       s.id, s.episode_id, s.consultant_id, s.kind, s.proposed_on,
       taken.decided_on, coalesce(taken.decision, ''), taken.told_on, taken.closed_on
  FROM scope s
  {COVERED}
  LEFT JOIN taken ON taken.id = s.id
  LEFT JOIN running ON running.id = s.id
"""  # noqa: S608 - put together from constants
