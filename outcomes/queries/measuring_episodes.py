"""The facts of episodes in a month, each source added up once and joined.

Days are those of the clinic. An episode runs from enrolment to its end, a death or the month's last day, whichever
comes first; contacts, scores and reviews outside of it are not in its facts.
"""

from __future__ import annotations

from typing import Final

from outcomes.queries.measuring_groups import COVERED, COVERING, GROUP_COLUMNS, GROUPED, PERSON
from outcomes.queries.measuring_work import MONEY, PAPERS, WORK

EPISODE_COLUMNS: Final = (
    *GROUP_COLUMNS,
    *("episode_id", "consultant_id", "enrolled_on", "ended_on", "end_reason", "is_in_month"),
    *("contacts", "attempts", "scales", "first_contact_on", "last_contact_on", "contacts_in_28_days"),
    *("contact_from_day_60_on", "scale", "baseline", "baseline_on", "is_elevated", "improved_at", "response_at"),
    *("remission_below", "latest", "latest_on", "last_in_month", "at_16_weeks", "last_scored_on"),
    *("first_review_on", "last_review_on", "reviews", "positives", "positives_same_day", "seconds", "lacks"),
    *("ed_before", "ed_after", "stays_before", "stays_after", "said_reached", "said_heard", "said_recommend"),
    *("is_billed", "expected", "paid"),
)

# Who died has ended, whether or not somebody wrote the discharge.
_SCOPE: Final = """
scope AS MATERIALIZED (
  SELECT e.id, e.patient_id, e.clinic_id, e.care_manager_id, e.consultant_id, e.treating_clinician_id, e.program,
         e.enrolled_on, e.target_instruments, c.time_zone, p.birth_date, p.sex, p.language,
         CASE WHEN ends.on <= %(last)s THEN ends.on END AS ended_on,
         CASE WHEN ends.on <= %(last)s THEN CASE WHEN e.ended_on = ends.on THEN e.end_reason ELSE 'died' END
              ELSE '' END AS end_reason,
         least(ends.on, %(last)s) AS until_on,
         greatest(%(first)s::date, e.enrolled_on) AS grouped_on,
         coalesce(ends.on >= %(first)s, true) AS is_in_month
    FROM registry_episode e
    JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id AND p.voided_at IS NULL
    JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
   CROSS JOIN LATERAL (
         SELECT least(e.ended_on, CASE WHEN p.died_on >= e.enrolled_on THEN p.died_on END) AS on OFFSET 0) ends
   WHERE e.organization_id = %(organization)s AND e.voided_at IS NULL AND e.enrolled_on <= %(last)s
     AND (ends.on IS NULL OR ends.on >= %(first)s OR e.enrolled_on >= %(from_enrolled)s)
)
"""

# A day on which somebody worked with the patient, noted or only timed, is one contact (as in caseload.queries.courses).
_CONTACTS: Final = """
met AS MATERIALIZED (
  SELECT s.id, count(*) FILTER (WHERE w.on >= %(first)s) AS contacts, min(w.on) AS first_on, max(w.on) AS last_on,
         count(*) FILTER (WHERE w.on <= s.enrolled_on + 28) AS in_28_days,
         min(w.on) FILTER (WHERE w.on BETWEEN s.enrolled_on + 60 AND s.enrolled_on + 90) AS from_day_60_on
    FROM scope s
    JOIN (SELECT x.episode_id, x."on"
            FROM caseload_contact x
           WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL AND x.activity = 'treatment'
           UNION
          SELECT s.id, coalesce(x."on", (lower(x.span) AT TIME ZONE s.time_zone)::date)
            FROM scope s
            JOIN caseload_timeentry x ON x.organization_id = %(organization)s AND x.episode_id = s.id
           WHERE x.voided_at IS NULL AND x.activity = 'treatment') AS w("id", "on") ON w.id = s.id
     AND w.on BETWEEN s.enrolled_on AND s.until_on
   GROUP BY s.id
), tried AS MATERIALIZED (
  SELECT s.id, count(*) AS attempts
    FROM scope s
    JOIN caseload_contact x ON x.organization_id = %(organization)s AND x.episode_id = s.id AND x.voided_at IS NULL
     AND x.activity IN ('outreach_attempt', 'no_show')
     AND x."on" BETWEEN s.grouped_on AND s.until_on
   GROUP BY s.id
)
"""

# The first total from enrolment on is the baseline (T1). A scale counts as followed if it is usual or was chosen; the
# episode's own is the first whose baseline is elevated, else the first (caseload.rules.course.primary_track). What
# makes an improvement and a response are T4 and T3 (caseload.rules.states). Those of one day stand as recorded.
_SCORES: Final = """
tools(tool, scale, place, elevated_from, remission_below, improved_by, is_usual) AS MATERIALIZED (
  SELECT * FROM unnest(%(tools)s::text[], %(scales)s::text[], %(places)s::int[], %(elevated_from)s::int[],
                       %(remission_below)s::int[], %(improved_by)s::int[], %(usual)s::bool[])
), points AS MATERIALIZED (
  SELECT s.id, s.enrolled_on, t.scale, t.place, t.elevated_from, t.remission_below, t.improved_by, x.total,
         x."on", t.is_usual OR t.scale = ANY(s.target_instruments) AS is_followed,
         row_number() OVER (PARTITION BY s.id, t.scale ORDER BY x."on", x.recorded_at, x.id) AS nth,
         count(*) OVER (PARTITION BY s.id, t.scale) AS of
    FROM scope s
    JOIN registry_assessment x ON x.organization_id = %(organization)s AND x.patient_id = s.patient_id
     AND x.voided_at IS NULL AND x.total IS NOT NULL AND x."on" BETWEEN s.enrolled_on AND s.until_on
    JOIN tools t ON t.tool = x.instrument
), scored AS MATERIALIZED (
  SELECT id, count(*) FILTER (WHERE points.on >= %(first)s) AS scales, max(points.on) AS last_on
    FROM points GROUP BY id
), tracks AS MATERIALIZED (
  SELECT id, scale, place, elevated_from, remission_below, improved_by,
         min(total) FILTER (WHERE nth = 1) AS baseline,
         min(points.on) FILTER (WHERE nth = 1) AS baseline_on,
         min(total) FILTER (WHERE nth = of AND nth > 1) AS latest,
         min(points.on) FILTER (WHERE nth = of AND nth > 1) AS latest_on,
         min(total) FILTER (WHERE nth = of AND points.on >= %(first)s) AS last_in_month,
         (array_agg(total ORDER BY nth DESC)
            FILTER (WHERE nth > 1 AND points.on BETWEEN enrolled_on + 70 AND enrolled_on + 112))[1] AS at_16_weeks
    FROM points WHERE is_followed
   GROUP BY id, scale, place, elevated_from, remission_below, improved_by
), steered AS MATERIALIZED (
  SELECT DISTINCT ON (id) id, scale, baseline, baseline_on, baseline >= elevated_from AS is_elevated,
         CASE WHEN improved_by IS NOT NULL THEN baseline - improved_by
              ELSE greatest(baseline / 2, elevated_from - 1) END AS improved_at,
         baseline / 2 AS response_at, remission_below, latest, latest_on, last_in_month, at_16_weeks
    FROM tracks ORDER BY id, (baseline >= elevated_from) DESC, place
)
"""

# A review counts with something advised: words, or to go on as before, which says enough by itself.
_REVIEWS: Final = """
reviewed AS MATERIALIZED (
  SELECT s.id, min(x."on") AS first_on, max(x."on") AS last_on, count(*) FILTER (WHERE x."on" >= %(first)s) AS reviews
    FROM scope s
    JOIN caseload_casereview x ON x.organization_id = %(organization)s AND x.episode_id = s.id AND x.voided_at IS NULL
     AND x."on" BETWEEN s.enrolled_on AND s.until_on
    JOIN (SELECT DISTINCT review_id FROM caseload_recommendation
           WHERE organization_id = %(organization)s AND voided_at IS NULL
             AND (kind = 'continue' OR btrim(text) <> '')) r ON r.review_id = x.id
   GROUP BY s.id
), alarmed AS MATERIALIZED (
  SELECT s.id, count(*) AS positives,
         count(*) FILTER (WHERE x.opened_on IN (x.assessed_on, w.first_on)) AS same_day
    FROM scope s
    JOIN registry_riskcase x ON x.organization_id = %(organization)s AND x.patient_id = s.patient_id
     AND x.voided_at IS NULL AND x.cause = 'item_9' AND x.opened_on BETWEEN s.grouped_on AND s.until_on
    LEFT JOIN (SELECT case_id, min("on") AS first_on FROM registry_riskstep
                WHERE organization_id = %(organization)s AND voided_at IS NULL
                  AND kind IN ('assessed', 'lowering_asked')
                GROUP BY case_id) w ON w.case_id = x.id
   GROUP BY s.id
), running AS MATERIALIZED (
  SELECT DISTINCT ON (s.id) s.id, x.program
    FROM scope s
    JOIN registry_programperiod x ON x.organization_id = %(organization)s AND x.episode_id = s.id
     AND x.voided_at IS NULL AND x.from_on <= s.until_on
   ORDER BY s.id, x.from_on DESC
)
"""

# Stays of 182 days before enrolment and from it on, in the month in which the last of those days passes.
_SAID: Final = """
stayed AS MATERIALIZED (
  SELECT s.id, count(x.id) FILTER (WHERE x.is_ed AND x.from_on < s.enrolled_on) AS ed_before,
         count(x.id) FILTER (WHERE x.is_ed AND x.from_on >= s.enrolled_on) AS ed_after,
         count(x.id) FILTER (WHERE NOT x.is_ed AND x.from_on < s.enrolled_on) AS stays_before,
         count(x.id) FILTER (WHERE NOT x.is_ed AND x.from_on >= s.enrolled_on) AS stays_after
    FROM scope s
    LEFT JOIN (SELECT id, patient_id, from_on, kind = 'emergency' AS is_ed FROM registry_stay
                WHERE organization_id = %(organization)s AND voided_at IS NULL) x
           ON x.patient_id = s.patient_id AND x.from_on BETWEEN s.enrolled_on - 182 AND s.enrolled_on + 181
   WHERE s.enrolled_on + 182 BETWEEN %(first)s AND %(last)s
   GROUP BY s.id
), said AS MATERIALIZED (
  SELECT DISTINCT ON (x.episode_id) x.episode_id AS id, x.reached, x.heard, x.recommend
    FROM outcomes_experienceasked x
   WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL
     AND x.answered_on BETWEEN %(first)s AND %(last)s
   ORDER BY x.episode_id, x.answered_on DESC, x.answered_at DESC, x.id DESC
)
"""

EPISODE_SQL: Final = f"""
WITH {_SCOPE}, {COVERING}, {_CONTACTS}, {_SCORES}, {_REVIEWS}, {_SAID}, {WORK}, {PAPERS}, {MONEY}
SELECT {GROUPED}, coalesce(running.program, s.program), {PERSON},
       s.id, s.consultant_id, s.enrolled_on, s.ended_on, s.end_reason, s.is_in_month,
       coalesce(met.contacts, 0), coalesce(tried.attempts, 0), coalesce(scored.scales, 0),
       met.first_on, met.last_on, coalesce(met.in_28_days, 0), met.from_day_60_on,
       coalesce(steered.scale, ''), steered.baseline, steered.baseline_on, coalesce(steered.is_elevated, false),
       steered.improved_at, steered.response_at, steered.remission_below, steered.latest, steered.latest_on,
       steered.last_in_month, steered.at_16_weeks, scored.last_on,
       reviewed.first_on, reviewed.last_on, coalesce(reviewed.reviews, 0),
       coalesce(alarmed.positives, 0), coalesce(alarmed.same_day, 0), coalesce(worked.seconds, 0),
       CASE WHEN s.ended_on IS NULL THEN array_remove(ARRAY[
            CASE WHEN consented.id IS NULL THEN 'consent' END, CASE WHEN diagnosed.id IS NULL THEN 'diagnosis' END,
            CASE WHEN steered.id IS NULL THEN 'first score' END, CASE WHEN planned.id IS NULL THEN 'care plan' END,
            CASE WHEN followed.id IS NULL THEN 'next contact' END,
            CASE WHEN s.care_manager_id IS NULL THEN 'care manager' END,
            CASE WHEN s.treating_clinician_id IS NULL THEN 'clinician' END], NULL) ELSE '{{}}' END,
       stayed.ed_before, stayed.ed_after, stayed.stays_before, stayed.stays_after,
       said.reached, said.heard, said.recommend,
       CASE WHEN closed.clinic_id IS NOT NULL AND s.is_in_month THEN coalesce(asked.is_billed, false) END,
       CASE WHEN closed.clinic_id IS NOT NULL AND s.is_in_month
            THEN CASE WHEN asked.id IS NULL THEN 0 ELSE asked.expected END END,
       CASE WHEN closed.clinic_id IS NOT NULL AND s.is_in_month THEN answered.paid END
  FROM scope s
  {COVERED}
  LEFT JOIN running ON running.id = s.id
  LEFT JOIN met ON met.id = s.id
  LEFT JOIN tried ON tried.id = s.id
  LEFT JOIN scored ON scored.id = s.id
  LEFT JOIN steered ON steered.id = s.id
  LEFT JOIN reviewed ON reviewed.id = s.id
  LEFT JOIN alarmed ON alarmed.id = s.id
  LEFT JOIN worked ON worked.id = s.id
  LEFT JOIN consented ON consented.id = s.id
  LEFT JOIN diagnosed ON diagnosed.id = s.id
  LEFT JOIN planned ON planned.id = s.id
  LEFT JOIN followed ON followed.id = s.id
  LEFT JOIN stayed ON stayed.id = s.id
  LEFT JOIN said ON said.id = s.id
  LEFT JOIN closed ON closed.clinic_id = s.clinic_id
  LEFT JOIN asked ON asked.id = s.id
  LEFT JOIN answered ON answered.id = s.id
"""  # noqa: S608 - put together from constants
