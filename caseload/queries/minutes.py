"""What logged time counts for, for any number of episodes and months, in one statement.

The same numbers as `caseload.rules.minutes.counted`, which is the reference and is compared with this on random
populations. Clock time is merged and cut as multiranges, so the cost is that of one range union per month and a
few cuts of the result; an entry is only sorted into its kind. Needs Postgres 15.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from string import Template
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.rules.minutes import Counted, MonthMinutes

# The kinds of entry, by what they could count for before dates and consents are looked at. The first four engage
# the patient or not: an attempt, a no-show and registry work do not.
KINDS = {"COCM": 1, "COCM_IDLE": 2, "BHI": 3, "BHI_IDLE": 4, "CCM": 5, "BILLED": 6, "NOTHING": 0}

# `days_…` are entries that know only their day: added up where the episode and one consent cover the whole day.
# Everything is worked out for one episode at a time (LATERAL), so that no estimate of row counts can mislead the
# planner; the last steps stand within one, so that it need not try them in every order. OFFSET 0 keeps it from
# working an expression out once per mention.
_MINUTES = Template("""
WITH reach AS MATERIALIZED (
  SELECT coalesce(%(first)s::date, date_trunc('month', least(found.starts - interval '1 day', found.day)))
           AS first,
         coalesce(%(last)s::date, date_trunc('month', greatest(found.ends + interval '1 day', found.last_day)))
           AS last
    FROM (SELECT min(lower(span)) AT TIME ZONE 'UTC', max(upper(span)) AT TIME ZONE 'UTC', min("on"), max("on")
            FROM caseload_timeentry
           WHERE %(first)s::date IS NULL AND organization_id = %(organization)s AND voided_at IS NULL
             AND (%(episodes)s::uuid[] IS NULL OR episode_id = ANY(%(episodes)s))) AS found(starts, ends, day, last_day)
), months AS MATERIALIZED (
  SELECT c.id AS clinic_id, m.month::date AS month, (m.month + interval '1 month')::date AS next_month,
         tstzrange(m.month AT TIME ZONE c.time_zone, (m.month + interval '1 month') AT TIME ZONE c.time_zone) AS bounds
    FROM tenancy_clinic c, reach, generate_series(reach.first, reach.last, interval '1 month') AS m(month)
   WHERE c.organization_id = %(organization)s
)
SELECT e.id AS episode_id, e.patient_id, g.month, e.time_zone, lower(m.bounds) AS starts_at, upper(m.bounds) AS ends_at,
       (floor(n.cocm) + d.cocm)::int AS cocm_seconds,
       (floor(n.bhi) + d.bhi)::int AS bhi_seconds,
       least((n.starts_at AT TIME ZONE e.time_zone)::date, d.first) AS first_on,
       n.is_engaged OR d.is_engaged AS is_engaged,
       (floor(n.cocm_if) + d.cocm_if)::int AS cocm_seconds_if,
       (floor(n.bhi_if) + d.bhi_if)::int AS bhi_seconds_if,
       least((n.starts_at_if AT TIME ZONE e.time_zone)::date, d.first_if) AS first_on_if,
       n.is_engaged_if OR d.is_engaged_if AS is_engaged_if,
       (floor(n.ccm) + d.ccm)::int AS ccm_seconds,
       (floor(extract(epoch FROM g.logged)) + d.logged)::int AS logged_seconds,
       (floor(extract(epoch FROM g.ccm_logged)) + d.ccm_logged)::int AS ccm_logged_seconds,
       floor(n.bhi_if) + d.bhi_if = 0 AND floor(n.bhi_endless) + d.bhi_endless > 0 AS is_only_after_end
  FROM (SELECT e.id, e.organization_id, e.patient_id, e.clinic_id, e.from_on, e.last_on, e.time_zone, e.is_facility_out,
               e.from_at, CASE WHEN e.until_at <= e.from_at THEN 'empty'
                               ELSE tstzrange(e.from_at, e.until_at) END AS open,
               coalesce(k.bhi, '{}') AS bhi_consents, coalesce(k.ccm, '{}') AS ccm_consents
          FROM (SELECT e.id, e.organization_id, e.patient_id, e.clinic_id, c.time_zone,
                       coalesce(e.referred_on, e.enrolled_on) AS from_on, least(e.ended_on, p.died_on) AS last_on,
                       coalesce(e.referred_on, e.enrolled_on)::timestamp AT TIME ZONE c.time_zone AS from_at,
                       (least(e.ended_on, p.died_on) + 1)::timestamp AT TIME ZONE c.time_zone AS until_at,
                       e.id = ANY(%(without_facility)s::uuid[]) AS is_facility_out
                  FROM registry_episode e
                  JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
                  JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
                 WHERE e.organization_id = %(organization)s AND e.voided_at IS NULL
                   AND (%(episodes)s::uuid[] IS NULL OR e.id = ANY(%(episodes)s))
                OFFSET 0) AS e
         CROSS JOIN LATERAL (
               SELECT range_agg(h.held) FILTER (WHERE h.service = 'bhi') AS bhi,
                      range_agg(h.held) FILTER (WHERE h.service = 'ccm') AS ccm
                 FROM (SELECT x.service,
                              CASE WHEN x.revoked_on IS NULL THEN tstzrange(x.given_at, NULL)
                                   WHEN x.revoked_on::timestamp AT TIME ZONE e.time_zone <= x.given_at THEN 'empty'
                                   ELSE tstzrange(x.given_at, x.revoked_on::timestamp AT TIME ZONE e.time_zone)
                              END AS held
                         FROM registry_consent x
                        WHERE x.organization_id = e.organization_id AND x.patient_id = e.patient_id
                          AND x.voided_at IS NULL) AS h) AS k
        OFFSET 0) AS e
 CROSS JOIN LATERAL (
       SELECT w.month,
              coalesce(range_agg(w.piece) FILTER (WHERE w.kind = $COCM), '{}') AS cocm,
              coalesce(range_agg(w.piece) FILTER (WHERE w.kind = $COCM_IDLE), '{}') AS cocm_idle,
              coalesce(range_agg(w.piece) FILTER (WHERE w.kind = $BHI), '{}') AS bhi,
              coalesce(range_agg(w.piece) FILTER (WHERE w.kind = $BHI_IDLE), '{}') AS bhi_idle,
              coalesce(range_agg(w.piece) FILTER (WHERE w.kind = $CCM), '{}') AS ccm,
              coalesce(range_agg(w.piece) FILTER (WHERE w.kind = $BILLED), '{}') AS billed,
              coalesce(sum(upper(w.piece) - lower(w.piece)) FILTER (WHERE NOT w.is_ccm), '0') AS logged,
              coalesce(sum(upper(w.piece) - lower(w.piece)) FILTER (WHERE w.is_ccm), '0') AS ccm_logged,
              array_agg(ROW(w."on", w.seconds, w.kind, w.is_ccm)) FILTER (WHERE w."on" IS NOT NULL) AS days
         FROM (SELECT m.month, t.span * m.bounds AS piece, t."on", t.seconds, t.kind, t.is_ccm
                 FROM (SELECT t.span, t."on", t.seconds, t.service = 'ccm' AS is_ccm,
                              CASE WHEN t.held THEN $NOTHING
                                   WHEN t.billed_as <> '' THEN $BILLED
                                   WHEN t.activity = 'scheduling' THEN $NOTHING
                                   WHEN t.is_facility_stay AND e.is_facility_out THEN $NOTHING
                                   WHEN t.role NOT IN ('care_manager', 'treating_clinician', 'clinical_staff')
                                   THEN $NOTHING
                                   WHEN t.service = 'ccm' THEN $CCM
                                   ELSE CASE WHEN t.service = 'cocm' AND t.role <> 'clinical_staff' THEN $COCM
                                             ELSE $BHI END
                                        + (t.activity IN ('outreach_attempt', 'no_show', 'registry'))::int
                              END AS kind
                         FROM caseload_timeentry t
                        WHERE t.organization_id = e.organization_id AND t.episode_id = e.id AND t.voided_at IS NULL
                       OFFSET 0) AS t
                CROSS JOIN LATERAL (
                      SELECT m.month, m.bounds FROM months m
                       WHERE m.clinic_id = e.clinic_id
                         AND (t.span && m.bounds OR t."on" >= m.month AND t."on" < m.next_month)
                      OFFSET 0) AS m
               OFFSET 0) AS w
        GROUP BY w.month) AS g
  JOIN months m ON m.clinic_id = e.clinic_id AND m.month = g.month
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(d.seconds) FILTER (WHERE NOT d.is_ccm), 0) AS logged,
              coalesce(sum(d.seconds) FILTER (WHERE d.is_ccm), 0) AS ccm_logged,
              coalesce(sum(d.seconds) FILTER (WHERE d.is_in AND d.kind IN ($COCM, $COCM_IDLE)), 0) AS cocm_if,
              coalesce(sum(d.seconds) FILTER (WHERE d.is_in AND d.kind BETWEEN $COCM AND $BHI_IDLE), 0) AS bhi_if,
              coalesce(bool_or(d.is_in AND d.kind IN ($COCM, $BHI)), false) AS is_engaged_if,
              min(d."on") FILTER (WHERE d.is_in AND d.kind BETWEEN $COCM AND $BHI_IDLE) AS first_if,
              coalesce(sum(d.seconds) FILTER (WHERE d.is_agreed AND d.kind IN ($COCM, $COCM_IDLE)), 0) AS cocm,
              coalesce(sum(d.seconds) FILTER (WHERE d.is_agreed AND d.kind BETWEEN $COCM AND $BHI_IDLE), 0) AS bhi,
              coalesce(bool_or(d.is_agreed AND d.kind IN ($COCM, $BHI)), false) AS is_engaged,
              min(d."on") FILTER (WHERE d.is_agreed AND d.kind BETWEEN $COCM AND $BHI_IDLE) AS first,
              coalesce(sum(d.seconds) FILTER (WHERE d.is_agreed AND d.kind = $CCM), 0) AS ccm,
              coalesce(sum(d.seconds) FILTER (WHERE d."on" >= e.from_on AND d.kind BETWEEN $COCM AND $BHI_IDLE), 0)
                AS bhi_endless
         FROM (SELECT d.*, d.is_in AND CASE WHEN d.is_ccm THEN e.ccm_consents ELSE e.bhi_consents END
                                       @> (d."on"::timestamp AT TIME ZONE e.time_zone) AS is_agreed
                 FROM (SELECT d.*, d."on" BETWEEN e.from_on AND coalesce(e.last_on, d."on") AS is_in
                         FROM unnest(g.days) AS d("on" date, seconds int, kind int, is_ccm bool)) AS d) AS d) AS d
 CROSS JOIN LATERAL (
       SELECT n.*, x.is_engaged, x.is_engaged_if, lower(x.bhi) AS starts_at, lower(x.bhi_if) AS starts_at_if
         FROM (
           SELECT tstzmultirange(e.open) AS open, g.bhi + g.bhi_idle AS more,
                  NOT (e.open @> m.bounds AND isempty(g.billed)) AS is_cut,
                  e.bhi_consents @> m.bounds AS is_agreed,
                  CASE WHEN isempty(g.cocm_idle) THEN g.cocm ELSE g.cocm + g.cocm_idle END AS cocm
           OFFSET 0) AS r
     CROSS JOIN LATERAL (
           SELECT CASE WHEN r.is_cut THEN r.cocm * r.open - g.billed ELSE r.cocm END AS cocm,
                  CASE WHEN isempty(r.more) THEN NULL
                       WHEN r.is_cut THEN (r.cocm + r.more) * r.open - g.billed
                       ELSE r.cocm + r.more END AS bhi,
                  CASE WHEN r.is_cut OR NOT r.is_agreed THEN (g.cocm + g.bhi) * r.open - g.billed END AS engaging,
                  CASE WHEN isempty(g.ccm) THEN NULL ELSE g.ccm * r.open * e.ccm_consents - g.billed END AS ccm
           OFFSET 0) AS u
     CROSS JOIN LATERAL (
           SELECT u.cocm AS cocm_if, coalesce(u.bhi, u.cocm) AS bhi_if,
                  CASE WHEN r.is_agreed THEN u.cocm ELSE u.cocm * e.bhi_consents END AS cocm,
                  CASE WHEN r.is_agreed THEN coalesce(u.bhi, u.cocm)
                       ELSE coalesce(u.bhi, u.cocm) * e.bhi_consents END AS bhi,
                  coalesce(NOT isempty(u.engaging), NOT (isempty(g.cocm) AND isempty(g.bhi))) AS is_engaged_if,
                  coalesce(NOT isempty(u.engaging * e.bhi_consents),
                           NOT (isempty(g.cocm) AND isempty(g.bhi))) AS is_engaged
           OFFSET 0) AS x
     CROSS JOIN LATERAL (
           SELECT y.cocm, CASE WHEN u.bhi IS NULL THEN y.cocm ELSE $length_of_bhi END AS bhi,
                  CASE WHEN r.is_agreed THEN y.cocm ELSE $length_of_cocm_if END AS cocm_if,
                  CASE WHEN u.bhi IS NULL AND r.is_agreed THEN y.cocm ELSE $length_of_bhi_if END AS bhi_if,
                  CASE WHEN u.ccm IS NULL THEN 0 ELSE $length_of_ccm END AS ccm,
                  CASE WHEN isempty(x.bhi_if) AND e.last_on IS NOT NULL
                       THEN $length_of_endless ELSE 0 END AS bhi_endless
             FROM (SELECT $length_of_cocm AS cocm OFFSET 0) AS y
           OFFSET 0) AS n
       OFFSET 0) AS n
""")


_LENGTH = Template(
    "coalesce((SELECT extract(epoch FROM sum(upper(r) - lower(r)))"
    " FROM (SELECT unnest($multirange) AS r OFFSET 0) AS pieces), 0)"
)


def _length_of(multirange: str) -> str:
    return _LENGTH.substitute(multirange=multirange)


MINUTES_SQL = _MINUTES.substitute(
    **{word: str(kind) for word, kind in KINDS.items()},
    **{f"length_of_{name}": _length_of(f"x.{name}") for name in ("cocm", "bhi", "cocm_if", "bhi_if")},
    length_of_ccm=_length_of("u.ccm - x.bhi"),
    length_of_endless=_length_of("(r.cocm + r.more) * tstzmultirange(tstzrange(e.from_at, NULL)) - g.billed"),
)

# The same without each month's zone and bounds, which take as long to read as the rest together.
_LENGTHS_SQL = f"""
SELECT episode_id, month, cocm_seconds, bhi_seconds, first_on, is_engaged,
       cocm_seconds_if, bhi_seconds_if, first_on_if, is_engaged_if,
       ccm_seconds, logged_seconds, ccm_logged_seconds, is_only_after_end
  FROM ({MINUTES_SQL}) AS m
"""  # noqa: S608 - the statement above


@dataclass(frozen=True)
class MonthOfEpisode:
    """One episode's month in its clinic's zone, and its minutes."""

    episode_id: UUID
    patient_id: UUID
    month: date
    time_zone: str
    starts_at: datetime
    ends_at: datetime
    minutes: MonthMinutes


def minutes_params(
    organization_id: UUID,
    *,
    episode_ids: Sequence[UUID] | None = None,
    months: tuple[date, date] | None = None,
    without_facility: Sequence[UUID] = (),
) -> Mapping[str, Any]:
    """The parameters of MINUTES_SQL, for those who put it into a statement of their own.

    `months` are the first days of the first and the last month, both included; None is every month with entries.
    `without_facility` names the episodes whose payer does not count time during a facility stay.
    """
    return {
        "organization": organization_id,
        "episodes": None if episode_ids is None else list(episode_ids),
        "first": months[0] if months else None,
        "last": months[1] if months else None,
        "without_facility": list(without_facility),
    }


def month_minutes(
    organization_id: UUID,
    *,
    episode_ids: Sequence[UUID] | None = None,
    months: tuple[date, date] | None = None,
    without_facility: Sequence[UUID] = (),
) -> list[MonthOfEpisode]:
    """Every month that has entries, of some episodes or all of the organization's. One statement."""
    params = minutes_params(organization_id, episode_ids=episode_ids, months=months, without_facility=without_facility)
    with connection.cursor() as cursor:
        cursor.execute(MINUTES_SQL, params)
        return [_month(row) for row in cursor.fetchall()]


def minutes_of(
    organization_id: UUID,
    *,
    episode_ids: Sequence[UUID] | None = None,
    months: tuple[date, date] | None = None,
    without_facility: Sequence[UUID] = (),
) -> dict[tuple[UUID, date], MonthMinutes]:
    """The minutes by episode and first day of the month; a month without entries is not there."""
    params = minutes_params(organization_id, episode_ids=episode_ids, months=months, without_facility=without_facility)
    with connection.cursor() as cursor:
        cursor.execute(_LENGTHS_SQL, params)
        return {(row[0], row[1]): _minutes(row[2:]) for row in cursor.fetchall()}


def _month(row: tuple[Any, ...]) -> MonthOfEpisode:
    episode_id, patient_id, month, time_zone, starts_at, ends_at = row[:6]
    return MonthOfEpisode(episode_id, patient_id, month, time_zone, starts_at, ends_at, _minutes(row[6:]))


def _minutes(row: tuple[Any, ...]) -> MonthMinutes:
    return MonthMinutes(
        counted=Counted(*row[:4]),
        if_consented=Counted(*row[4:8]),
        ccm_seconds=row[8],
        logged_seconds=row[9],
        ccm_logged_seconds=row[10],
        only_after_end=row[11],
    )
