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
    *("is_last_in_month", "cocm_from", "cocm_until", "is_last_cocm"),
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
     AND (ends.on IS NULL OR ends.on >= %(first)s OR e.enrolled_on >= %(from_enrolled)s
          OR e.id IN (SELECT episode_id FROM outcomes_experienceasked
                       WHERE organization_id = %(organization)s AND voided_at IS NULL
                         AND answered_on BETWEEN %(first)s AND %(last)s))
)
"""

# Which program an episode was in from which day to which, up to the month's end, and the last stretch of collaborative
# care. Before the first period on record it was in the one that it names itself. A patient's last row of the month is
# the one enrolled last.
_PROGRAMS: Final = """
stretches AS MATERIALIZED (
  SELECT id, program, greatest(from_on, enrolled_on) AS from_on, coalesce(next_on - 1, until_on) AS to_on,
         next_on IS NULL AS is_final, lag(program) OVER (PARTITION BY id ORDER BY from_on) AS before
    FROM (SELECT s.id, s.enrolled_on, s.until_on, x.program, x.from_on,
                 lead(x.from_on) OVER (PARTITION BY s.id ORDER BY x.from_on) AS next_on
            FROM scope s
            JOIN (SELECT id, '-infinity'::date, program FROM scope
                   UNION ALL
                  SELECT episode_id, from_on, program FROM registry_programperiod
                   WHERE organization_id = %(organization)s AND voided_at IS NULL) AS x(id, from_on, program)
              ON x.id = s.id AND x.from_on <= s.until_on) AS periods
   WHERE next_on IS NULL OR next_on > enrolled_on
), cared AS MATERIALIZED (
  SELECT id, max(program) FILTER (WHERE is_final) AS program,
         max(from_on) FILTER (WHERE program = 'cocm' AND before IS DISTINCT FROM 'cocm') AS cocm_from,
         max(to_on) FILTER (WHERE program = 'cocm') AS cocm_to,
         coalesce(max(to_on) FILTER (WHERE program = 'cocm') >= %(first)s, false) AS is_cocm_in_month
    FROM stretches GROUP BY id
), running AS MATERIALIZED (
  SELECT s.id, c.program, c.cocm_from,
         CASE WHEN s.ended_on IS NOT NULL OR c.cocm_to < s.until_on THEN c.cocm_to END AS cocm_until,
         s.is_in_month AND 1 = row_number() OVER (
           PARTITION BY s.patient_id ORDER BY s.is_in_month DESC, s.enrolled_on DESC, s.id DESC) AS is_last_in_month,
         c.is_cocm_in_month AND 1 = row_number() OVER (
           PARTITION BY s.patient_id ORDER BY c.is_cocm_in_month DESC, s.enrolled_on DESC, s.id DESC) AS is_last_cocm
    FROM scope s
    JOIN cared c ON c.id = s.id
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
# makes an improvement and a response are T4 and T3 (caseload.rules.states). Those of one day stand as recorded. A total
# that was prorated is charted, and no score of a quality measure.
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
     AND x.voided_at IS NULL AND x.total IS NOT NULL AND NOT x.is_prorated
     AND x."on" BETWEEN s.enrolled_on AND s.until_on
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

# A review counts with something advised: words, or to go on as before, which says enough by itself. The first is
# that of collaborative care. A positive answer opens a case or, where one is open, is noted in it; what has a tier is a
# screener's.
_REVIEWS: Final = """
reviewed AS MATERIALIZED (
  SELECT s.id, max(x."on") AS last_on, count(*) FILTER (WHERE x."on" >= %(first)s) AS reviews,
         min(x."on") FILTER (WHERE x."on" BETWEEN c.cocm_from AND coalesce(c.cocm_until, s.until_on)) AS first_on
    FROM scope s
    JOIN running c ON c.id = s.id
    JOIN caseload_casereview x ON x.organization_id = %(organization)s AND x.episode_id = s.id AND x.voided_at IS NULL
     AND x."on" BETWEEN s.enrolled_on AND s.until_on
    JOIN (SELECT DISTINCT review_id FROM caseload_recommendation
           WHERE organization_id = %(organization)s AND voided_at IS NULL
             AND (kind = 'continue' OR btrim(text) <> '')) r ON r.review_id = x.id
   GROUP BY s.id
), cases AS MATERIALIZED (
  SELECT id, patient_id, cause, opened_on, assessed_on FROM registry_riskcase
   WHERE organization_id = %(organization)s AND voided_at IS NULL
), answers AS MATERIALIZED (
  SELECT id AS case_id, patient_id, opened_on AS "on", assessed_on FROM cases WHERE cause = 'item_9'
   UNION ALL
  SELECT x.id, x.patient_id, n."on", x.assessed_on
    FROM cases x
    JOIN registry_riskstep n ON n.organization_id = %(organization)s AND n.case_id = x.id AND n.voided_at IS NULL
     AND n.kind = 'note' AND n.key = ANY(%(raised)s)
    JOIN registry_assessment a ON a.organization_id = %(organization)s AND a.id = n.assessment_id
     AND coalesce(a.detail ->> 'tier', '') = ''
), alarmed AS MATERIALIZED (
  SELECT s.id, count(*) AS positives,
         count(*) FILTER (WHERE x."on" = x.assessed_on OR w.case_id IS NOT NULL) AS same_day
    FROM scope s
    JOIN answers x ON x.patient_id = s.patient_id AND x."on" BETWEEN s.grouped_on AND s.until_on
    LEFT JOIN (SELECT DISTINCT case_id, "on" FROM registry_riskstep
                WHERE organization_id = %(organization)s AND voided_at IS NULL
                  AND kind IN ('assessed', 'lowering_asked')) w ON w.case_id = x.case_id AND w."on" = x."on"
   GROUP BY s.id
)
"""

# Stays of 182 days before enrolment and from it on, in the month in which the last of those days passes. Where nobody
# of the clinic has a stay on record in those days, nobody writes them down: that is not none.
_SAID: Final = """
followed_up AS MATERIALIZED (
  SELECT DISTINCT w.clinic_id, w.enrolled_on
    FROM (SELECT DISTINCT clinic_id, enrolled_on FROM scope
           WHERE enrolled_on + 182 BETWEEN %(first)s AND %(last)s) w
    JOIN (SELECT DISTINCT p.clinic_id, x.from_on
            FROM registry_stay x
            JOIN registry_patient p ON p.organization_id = x.organization_id AND p.id = x.patient_id
           WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL) d
      ON d.clinic_id = w.clinic_id AND d.from_on BETWEEN w.enrolled_on - 182 AND w.enrolled_on + 181
), stayed AS MATERIALIZED (
  SELECT s.id, count(x.id) FILTER (WHERE x.is_ed AND x.from_on < s.enrolled_on) AS ed_before,
         count(x.id) FILTER (WHERE x.is_ed AND x.from_on >= s.enrolled_on) AS ed_after,
         count(x.id) FILTER (WHERE NOT x.is_ed AND x.from_on < s.enrolled_on) AS stays_before,
         count(x.id) FILTER (WHERE NOT x.is_ed AND x.from_on >= s.enrolled_on) AS stays_after
    FROM scope s
    JOIN followed_up f ON f.clinic_id = s.clinic_id AND f.enrolled_on = s.enrolled_on
    LEFT JOIN (SELECT id, patient_id, from_on, kind = 'emergency' AS is_ed FROM registry_stay
                WHERE organization_id = %(organization)s AND voided_at IS NULL) x
           ON x.patient_id = s.patient_id AND x.from_on BETWEEN s.enrolled_on - 182 AND s.enrolled_on + 181
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
WITH {_SCOPE}, {COVERING}, {_PROGRAMS}, {_CONTACTS}, {_SCORES}, {_REVIEWS}, {_SAID}, {WORK}, {PAPERS}, {MONEY}
SELECT {GROUPED}, running.program, {PERSON},
       s.id, s.consultant_id, s.enrolled_on, s.ended_on, s.end_reason, s.is_in_month,
       running.is_last_in_month, running.cocm_from, running.cocm_until, running.is_last_cocm,
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
  JOIN running ON running.id = s.id
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
