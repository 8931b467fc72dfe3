"""Who is in the review queue and in which place, decided in the database: only those shown are read whole.

It says in SQL what caseload.rules.review_queue says of one patient, from the same table of ranks; a test holds them
together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.rules.review_queue import EASED_DAYS, RANK_OF, rank_of_signals

_RANKS = ("safety", "worsening", "question", "clinician", "advice", "stalling", "routine")

# Reasons are compared as numbers, rank before day; of the signals of one rank the first in the stored order counts.
_STATEMENT = """
WITH day AS MATERIALIZED (
  SELECT c.id AS clinic_id, (%(at)s::timestamptz AT TIME ZONE c.time_zone)::date AS today
    FROM tenancy_clinic c WHERE c.organization_id = %(organization)s
), open_episode AS NOT MATERIALIZED (
  SELECT s.episode_id, s.patient_id, s.sort_name, s.enrolled_on, s.last_review_on, s.signals, d.today
    FROM caseload_episodestanding s
    JOIN day d ON d.clinic_id = s.clinic_id
   WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
     AND (%(people)s::uuid[] IS NULL OR s.care_manager_id = ANY(%(people)s::uuid[]))
), asked AS MATERIALIZED (
  SELECT q.episode_id, min(CASE q.kind WHEN 'clinician' THEN %(clinician)s ELSE %(question)s END * 1000000
                           + (q.asked_on - date '1900-01-01')) AS reason
    FROM caseload_reviewquestion q
   WHERE q.organization_id = %(organization)s AND q.voided_at IS NULL AND q.answered_by_id IS NULL
     AND q.taken_back_because = ''
   GROUP BY q.episode_id
), advice AS MATERIALIZED (
  SELECT v.episode_id,
         min(CASE r.state WHEN 'declined' THEN r.state_on ELSE r.due_on END)
           FILTER (WHERE CASE r.state WHEN 'declined' THEN r.state_on >= s.last_review_on
                                      WHEN 'closed' THEN FALSE ELSE r.due_on < s.today END) AS waiting_on,
         min(r.present_again_on)
           FILTER (WHERE v."on" = s.last_review_on AND r.present_again_on IS NOT NULL) AS present_again_on
    FROM caseload_recommendation r
    JOIN caseload_casereview v ON v.organization_id = r.organization_id AND v.id = r.review_id
    JOIN open_episode s ON s.episode_id = v.episode_id
   WHERE r.organization_id = %(organization)s AND r.voided_at IS NULL AND v.voided_at IS NULL
     AND (r.state <> 'closed' OR r.present_again_on IS NOT NULL)
   GROUP BY v.episode_id
), left_over AS MATERIALIZED (
  SELECT DISTINCT ON (a.episode_id) a.episode_id, a.state, v."on", a.deferred_until
    FROM caseload_agendaitem a
    JOIN caseload_reviewsession v ON v.organization_id = a.organization_id AND v.id = a.session_id
    JOIN open_episode s ON s.episode_id = a.episode_id
   WHERE a.organization_id = %(organization)s AND v.voided_at IS NULL AND a.state <> 'waiting'
     AND (s.last_review_on IS NULL OR s.last_review_on < v."on")
   ORDER BY a.episode_id, v.planned_at DESC, v.id DESC
), in_danger AS MATERIALIZED (
  SELECT s.episode_id, bool_and(x.assessed_on IS NOT NULL AND x.recheck_on > s.today) AS is_assessed
    FROM registry_riskcase x
    JOIN open_episode s ON s.patient_id = x.patient_id
   WHERE x.organization_id = %(organization)s AND x.voided_at IS NULL AND x.closed_on IS NULL
   GROUP BY s.episode_id
), eased AS MATERIALIZED (
  SELECT DISTINCT s.episode_id
    FROM caseload_treatmentchange t
    JOIN open_episode s ON s.episode_id = t.episode_id
   WHERE t.organization_id = %(organization)s AND t.voided_at IS NULL
     AND t."on" BETWEEN s.today - %(eased)s AND s.today
), changing AS MATERIALIZED (
  SELECT DISTINCT e.id AS episode_id, e.program
    FROM registry_programperiod pp
    JOIN registry_episode e ON e.organization_id = pp.organization_id AND e.id = pp.episode_id
   WHERE pp.organization_id = %(organization)s AND pp.voided_at IS NULL AND pp.program <> e.program
), changed AS MATERIALIZED (
  SELECT e.episode_id,
         coalesce((SELECT pp.program FROM registry_programperiod pp
                    WHERE pp.organization_id = %(organization)s AND pp.episode_id = e.episode_id
                      AND pp.voided_at IS NULL AND pp.from_on <= s.today ORDER BY pp.from_on DESC LIMIT 1),
                  e.program) AS program
    FROM changing e
    JOIN open_episode s ON s.episode_id = e.episode_id
), known AS MATERIALIZED (
  SELECT s.episode_id, s.sort_name, s.today, l.state, l."on", l.deferred_until, r.is_assessed,
         least(a.reason,
               %(advice)s * 1000000 + (w.waiting_on - date '1900-01-01'),
               CASE WHEN w.present_again_on <= s.today
                    THEN %(routine)s * 1000000 + (w.present_again_on - date '1900-01-01') END,
               CASE WHEN coalesce(c.program, e.program) = 'cocm' AND s.last_review_on IS NULL
                    THEN %(routine)s * 1000000 + (s.enrolled_on - date '1900-01-01') END,
               CASE WHEN coalesce(c.program, e.program) = 'cocm' THEN
                 (SELECT min(ranked) / 1000000000 * 1000000 + min(ranked) %% 1000000
                    FROM ROWS FROM (jsonb_to_recordset(s.signals) AS (word text, since date, until date))
                         WITH ORDINALITY AS x (word, since, until, nth)
                   CROSS JOIN LATERAL (
                     SELECT CASE WHEN x.word = 'stalled' AND t.episode_id IS NOT NULL THEN %(stalling)s * 1000::bigint
                                 ELSE (CASE WHEN s.last_review_on IS NULL THEN %(unreviewed)s::jsonb
                                            ELSE %(ranks)s::jsonb END ->> x.word)::int * 1000 + x.nth END * 1000000
                            + (x.since - date '1900-01-01') AS ranked) AS y
                   WHERE x.since <= s.today AND (x.until IS NULL OR s.today < x.until)) END) AS reason
    FROM open_episode s
    JOIN registry_episode e ON e.organization_id = %(organization)s AND e.id = s.episode_id
    LEFT JOIN asked a ON a.episode_id = s.episode_id
    LEFT JOIN advice w ON w.episode_id = s.episode_id
    LEFT JOIN left_over l ON l.episode_id = s.episode_id
    LEFT JOIN in_danger r ON r.episode_id = s.episode_id
    LEFT JOIN eased t ON t.episode_id = s.episode_id
    LEFT JOIN changed c ON c.episode_id = s.episode_id
), placed AS MATERIALIZED (
  SELECT k.episode_id, k.sort_name,
         (k.state = 'deferred' AND k.deferred_until > k.today
          AND y.rank NOT IN (%(safety)s, %(worsening)s)) IS TRUE AS is_deferred,
         (((CASE k.state WHEN 'unfinished' THEN 0 ELSE 100 END + y.rank) * 2
           + (y.rank = %(safety)s AND k.is_assessed IS TRUE)::int) * 2
          + (k.state IS DISTINCT FROM 'deferred')::int)::bigint * 1000000 + y.day AS place
    FROM known k
   CROSS JOIN LATERAL (SELECT coalesce(k.reason, CASE k.state WHEN 'unfinished' THEN 0 ELSE %(routine)s END * 1000000
                                                 + (k."on" - date '1900-01-01')) AS reason) AS x
   CROSS JOIN LATERAL (SELECT x.reason / 1000000 AS rank, x.reason %% 1000000 AS day) AS y
   WHERE k.reason IS NOT NULL OR k.state = 'unfinished' OR (k.state = 'deferred' AND k.deferred_until IS NOT NULL)
), numbered AS MATERIALIZED (
  SELECT episode_id, row_number() OVER (ORDER BY place, sort_name, episode_id) AS number
    FROM placed WHERE NOT is_deferred
)
SELECT episode_id, number, (SELECT count(*) FROM numbered) FROM numbered
 WHERE %(most)s::int IS NULL OR number <= %(most)s::int
    OR number - (SELECT number FROM numbered WHERE episode_id = %(beside)s::uuid) BETWEEN 0 AND 1
 UNION ALL
SELECT episode_id, NULL, (SELECT count(*) FROM numbered) FROM placed WHERE is_deferred
"""


@dataclass(frozen=True)
class Places:
    """The places of those asked for, from 1, how many there are in all, and who was put off."""

    numbers: dict[UUID, int]
    total: int
    deferred: frozenset[UUID]


def places(
    organization_id: UUID,
    care_manager_ids: frozenset[UUID] | None,
    *,
    at: datetime,
    most: int | None = None,
    beside: UUID | None = None,
) -> Places:
    """The first `most` of the queue, or all, besides them `beside` and who comes after. One statement."""
    values: dict[str, Any] = {
        "organization": organization_id,
        "at": at,
        "people": None if care_manager_ids is None else list(care_manager_ids),
        "most": most,
        "beside": beside,
        "eased": EASED_DAYS - 1,
        "ranks": dumps(rank_of_signals(is_reviewed=True)),
        "unreviewed": dumps(rank_of_signals(is_reviewed=False)),
        **{kind: RANK_OF[kind] for kind in _RANKS},
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        rows = cursor.fetchall()
    numbers = {episode_id: number for episode_id, number, _ in rows if number is not None}
    return Places(numbers, rows[0][2] if rows else 0, frozenset(row[0] for row in rows if row[1] is None))
