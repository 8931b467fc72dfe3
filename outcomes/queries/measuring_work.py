"""Work, papers and money of a month's episodes: parts of the statement of measuring_episodes."""

from __future__ import annotations

from typing import Final

# Seconds as logged, of an entry across a month's end the part in the month; held ones count nowhere, and chronic care
# management is another program's.
WORK: Final = """
zones AS MATERIALIZED (
  SELECT time_zone, tstzrange(%(first)s::timestamp AT TIME ZONE time_zone,
                              %(next)s::timestamp AT TIME ZONE time_zone) AS bounds
    FROM (SELECT DISTINCT time_zone FROM scope) z
), worked AS MATERIALIZED (
  SELECT s.id, floor(sum(coalesce(x.seconds,
                                  extract(epoch FROM upper(x.span * z.bounds) - lower(x.span * z.bounds)))))::int
                 AS seconds
    FROM scope s
    JOIN zones z ON z.time_zone = s.time_zone
    JOIN caseload_timeentry x ON x.organization_id = %(organization)s AND x.episode_id = s.id
     AND x.voided_at IS NULL AND NOT x.held AND x.service <> 'ccm'
     AND (x.span && z.bounds OR x."on" BETWEEN %(first)s AND %(last)s)
   GROUP BY s.id
)
"""

# What was on record by the month's last day. Nobody writes down since when a next contact is planned: it is known from
# the contact that planned it, else from the day on which it was recorded; one that was imported, from enrolment on.
PAPERS: Final = """
still AS MATERIALIZED (
  SELECT id, patient_id, time_zone FROM scope WHERE ended_on IS NULL
), consented AS MATERIALIZED (
  SELECT DISTINCT s.id
    FROM still s
    JOIN registry_consent x ON x.organization_id = %(organization)s AND x.patient_id = s.patient_id
     AND x.voided_at IS NULL AND x.service = 'bhi' AND (x.given_at AT TIME ZONE s.time_zone)::date <= %(last)s
     AND (x.revoked_on IS NULL OR x.revoked_on > %(last)s)
), diagnosed AS MATERIALIZED (
  SELECT DISTINCT s.id
    FROM still s
    JOIN registry_diagnosis x ON x.organization_id = %(organization)s AND x.episode_id = s.id
     AND x.voided_at IS NULL AND (x.from_on IS NULL OR x.from_on <= %(last)s)
), planned AS MATERIALIZED (
  SELECT DISTINCT s.id
    FROM still s
    JOIN registry_careplan x ON x.organization_id = %(organization)s AND x.episode_id = s.id
     AND x.voided_at IS NULL AND NOT x.is_assumed AND x."on" <= %(last)s
), followed AS MATERIALIZED (
  SELECT DISTINCT s.id
    FROM still s
    JOIN caseload_followup x ON x.organization_id = %(organization)s AND x.episode_id = s.id
     AND x.voided_at IS NULL AND (x.closed_on IS NULL OR x.closed_on > %(last)s)
    LEFT JOIN caseload_contact c ON c.organization_id = x.organization_id AND c.id = x.from_contact_id
   WHERE x.import_id IS NOT NULL
      OR coalesce(c."on", (x.recorded_at AT TIME ZONE s.time_zone)::date) <= %(last)s
)
"""

# The last frozen row of each episode's closed month, and what payers paid on its claims, reversals with their sign.
# Nothing paid is known of claims that nobody answered. Claims of test files were never asked of anybody.
MONEY: Final = """
closed AS MATERIALIZED (
  SELECT id, clinic_id FROM billing_monthclose
   WHERE organization_id = %(organization)s AND month = %(first)s AND reopened_at IS NULL
), frozen AS MATERIALIZED (
  SELECT DISTINCT ON (x.episode_id) x.episode_id AS id, x.lines
    FROM billing_frozenmonth x
    JOIN closed ON closed.id = x.close_id
   WHERE x.organization_id = %(organization)s
   ORDER BY x.episode_id, x.number DESC
), asked AS MATERIALIZED (
  SELECT f.id, coalesce(bool_or(line.units > 0), false) AS is_billed,
         CASE WHEN count(*) FILTER (WHERE line.units > 0 AND line.amount IS NULL) = 0
              THEN coalesce(sum(line.amount) FILTER (WHERE line.units > 0), 0) END AS expected
    FROM frozen f
    LEFT JOIN LATERAL (
         SELECT (one ->> 1)::int AS units, (one ->> 2)::numeric AS amount FROM jsonb_array_elements(f.lines) AS one
         ) AS line ON true
   GROUP BY f.id
), answered AS MATERIALIZED (
  SELECT c.episode_id AS id, sum(x.paid) AS paid
    FROM billing_claim c
    JOIN billing_batch b ON b.organization_id = c.organization_id AND b.id = c.batch_id AND NOT b.is_test
    JOIN billing_remittanceclaim x ON x.organization_id = c.organization_id AND x.claim_id = c.id
     AND x.set_aside_because = ''
   WHERE c.organization_id = %(organization)s AND c.month = %(first)s
   GROUP BY c.episode_id
)
"""
