"""The facts of referrals: those of the month two before, each with its first sixty days."""

from __future__ import annotations

from typing import Final

from outcomes.queries.measuring_groups import COVERED, COVERING, GROUP_COLUMNS, GROUPED, PERSON

REFERRAL_COLUMNS: Final = (
    *GROUP_COLUMNS,
    *("referral_id", "source", "referred_on", "first_attempt_on", "reached_on", "enrolled_on", "excluded"),
)

# What happened by the last day of the month, or by day 60 where that comes after: of somebody referred on December 31
# it is March 1. Who was enrolled was tried and reached by then, whether or not somebody wrote down how.
REFERRAL_SQL: Final = f"""
WITH scope AS MATERIALIZED (
  SELECT r.id, r.patient_id, r.clinic_id, r.assigned_to_id AS care_manager_id, r.source, r.referred_on, r.outcome,
         r.ended_on, c.time_zone, p.died_on, p.birth_date, p.sex, p.language,
         greatest(%(first)s::date, r.referred_on) AS grouped_on,
         greatest(%(last)s::date, r.referred_on + 60) AS until_on,
         e.id AS episode_id, e.program, e.enrolled_on
    FROM registry_referral r
    JOIN registry_patient p ON p.organization_id = r.organization_id AND p.id = r.patient_id AND p.voided_at IS NULL
    JOIN tenancy_clinic c ON c.organization_id = r.organization_id AND c.id = r.clinic_id
    LEFT JOIN registry_episode e ON e.organization_id = r.organization_id AND e.id = r.episode_id
          AND e.voided_at IS NULL AND e.enrolled_on <= greatest(%(last)s::date, r.referred_on + 60)
   WHERE r.organization_id = %(organization)s AND r.voided_at IS NULL
     AND r.referred_on BETWEEN %(cohort)s AND %(cohort_last)s
), {COVERING}, tried AS MATERIALIZED (
  SELECT s.id, min(w.on) AS first_on, min(w.on) FILTER (WHERE w.outcome = 'reached') AS reached_on
    FROM scope s
    JOIN (SELECT x.referral_id, x.outcome, (x.at AT TIME ZONE s.time_zone)::date AS on
            FROM scope s
            JOIN registry_referralattempt x ON x.organization_id = %(organization)s AND x.referral_id = s.id
           WHERE x.voided_at IS NULL) w ON w.referral_id = s.id AND w.on <= s.until_on
   GROUP BY s.id
), begun AS MATERIALIZED (
  SELECT DISTINCT ON (s.id) s.id, x.program
    FROM scope s
    JOIN registry_programperiod x ON x.organization_id = %(organization)s AND x.episode_id = s.episode_id
     AND x.voided_at IS NULL AND x.from_on <= s.enrolled_on
   ORDER BY s.id, x.from_on DESC
)
SELECT {GROUPED}, coalesce(begun.program, s.program, ''), {PERSON},
       s.id, s.source, s.referred_on, least(tried.first_on, s.enrolled_on),
       least(tried.reached_on, s.enrolled_on), s.enrolled_on,
       CASE WHEN s.outcome IN ('duplicate', 'ineligible') AND s.ended_on <= s.until_on THEN s.outcome
            WHEN s.enrolled_on IS NULL AND s.died_on <= s.referred_on + 60 THEN 'died' ELSE '' END
  FROM scope s
  {COVERED}
  LEFT JOIN tried ON tried.id = s.id
  LEFT JOIN begun ON begun.id = s.id
"""  # noqa: S608 - put together from constants
