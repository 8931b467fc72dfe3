"""The statement that reads a page of the caseload list, put together from its parts."""

from __future__ import annotations

from string import Template

from caseload.queries.caseload_filter import CaseloadFilter
from caseload.queries.caseload_order import beyond, columns, groups, order_by

# All that match, with the keys to sort by. `status <> 'discharged'` is said as the indexes say it.
_ALL = Template("""
  SELECT s.episode_id, $columns
    FROM caseload_episodestanding s
   CROSS JOIN $today
   WHERE s.organization_id = %(organization)s AND $status $quick $narrowed
""")

# A group is read only where those before it leave room on the page.
_GROUP = Template("""$name AS MATERIALIZED (
  SELECT f.* FROM ($all AND $condition) AS f $beyond
   ORDER BY $order
   LIMIT %(limit)s - ($taken)
)""")

# A page beyond or before a row; without that row there is none.
_FROM_ROW = Template("from_row AS MATERIALIZED ($all AND s.episode_id = %(row)s::uuid), ")
_BEYOND_ROW = Template("CROSS JOIN from_row AS a WHERE ($beyond)")
_EARLIER = Template("(SELECT count(*) FROM page AS a, ($all) AS f WHERE a.place = 1 AND ($before))")

# What has to be looked up elsewhere is looked up once for every row that is shown or counted.
_NARROWED = Template("""narrowed AS MATERIALIZED (
  SELECT s.episode_id FROM caseload_episodestanding s CROSS JOIN $today
   WHERE s.organization_id = %(organization)s AND $status AND $slow
), """)
_AMONG_NARROWED = "AND s.episode_id IN (SELECT episode_id FROM narrowed)"

_PAGE = Template("""
WITH $narrowing $from_row $groups, page AS MATERIALIZED (
  SELECT f.*, row_number() OVER (ORDER BY $forwards) AS place FROM ($union) AS f
)
SELECT (SELECT count(*) FROM ($all) AS f) AS total,
       EXISTS (SELECT FROM caseload_episodestanding WHERE organization_id = %(organization)s) AS is_anybody,
       $earlier AS earlier,
       x.*
  FROM (SELECT) AS one
  LEFT JOIN LATERAL (
       SELECT y.*
         FROM page AS f
        CROSS JOIN LATERAL (
              SELECT s.episode_id, s.patient_id,
                     p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')), p.mrn,
                     s.clinic_id, s.care_manager_id, s.status, s.enrolled_on,
                     s.phq9_baseline, s.phq9_last, s.phq9_last_on, s.phq9_series::json,
                     s.gad7_baseline, s.gad7_last, s.gad7_last_on, s.gad7_series::json,
                     s.response_state, s.signals::json, s.last_contact_on, s.last_review_on, s.next_due_on,
                     s.next_due_purpose, e.program, e.ended_on, p.birth_date,
                     (SELECT json_agg(json_build_array(b.word, b.since_on)) FROM caseload_signalbegan b
                       WHERE b.organization_id = s.organization_id AND b.episode_id = s.episode_id
                         AND b.since_on >= %(new_from)s::date - 1),
                     CASE WHEN e.ended_on IS NULL THEN
                       (SELECT json_agg(json_build_array(v."on", v.at, v.with_whom)) FROM registry_appointment v
                         WHERE v.organization_id = s.organization_id AND v.patient_id = s.patient_id
                           AND v.voided_at IS NULL
                           AND v."on" BETWEEN %(today)s::date - 1 AND %(today)s::date + %(days_ahead)s) END,
                     CASE WHEN e.ended_on IS NULL THEN
                       (SELECT max(h."on") FROM caseload_handover h
                         WHERE h.organization_id = s.organization_id AND h.episode_id = s.episode_id
                           AND h.given_to_id = s.care_manager_id AND h.voided_at IS NULL AND h.seen_at IS NULL) END
                FROM caseload_episodestanding s
                JOIN registry_patient p ON p.organization_id = s.organization_id AND p.id = s.patient_id
                JOIN registry_episode e ON e.organization_id = s.organization_id AND e.id = s.episode_id
               WHERE s.organization_id = %(organization)s AND s.episode_id = f.episode_id
              OFFSET 0) AS y
        ORDER BY f.place) AS x ON true
""")

_COUNT = Template("(SELECT count(*) FROM $name)")
_EVERY = Template("SELECT * FROM $name")
_STATUS_OPEN = "s.status <> 'discharged'"
_STATUS_AMONG = "s.status = ANY(%(statuses)s)"
# Mostly it is the same day at every clinic: a constant, by which an index can be read.
_ONE_DAY = "(SELECT %(today)s::date AS today) AS t"
_DAYS = """LATERAL (SELECT d.today FROM unnest(%(clinics)s::uuid[], %(days)s::date[]) AS d(clinic_id, today)
                    WHERE d.clinic_id = s.clinic_id) AS t"""


def page_statement(chosen: CaseloadFilter, *, is_one_day: bool, is_from_row: bool, backwards: bool) -> str:
    """The rows of a page with how many match and how many stand before them.

    `is_one_day` says that it is `today` at every clinic, else `clinics` and `days` say which day it is where;
    `is_from_row` pages on from the episode `row`, `backwards` to what stands before it.
    """
    order = chosen.order
    where = {
        "today": _ONE_DAY if is_one_day else _DAYS,
        "status": _STATUS_OPEN if chosen.status == "open" else _STATUS_AMONG,
    }
    found = _ALL.substitute(
        where,
        columns=columns(order),
        quick=f"AND {chosen.quick}" if chosen.quick else "",
        narrowed=_AMONG_NARROWED if chosen.slow else "",
    )
    before = beyond(order, backwards=True)
    parts = _groups(order, found, is_from_row=is_from_row, backwards=backwards)
    return _PAGE.substitute(
        all=found,
        narrowing=_NARROWED.substitute(where, slow=chosen.slow) if chosen.slow else "",
        from_row=_FROM_ROW.substitute(all=found) if is_from_row else "",
        groups=", ".join(parts.values()),
        union=" UNION ALL ".join(_EVERY.substitute(name=name) for name in parts),
        earlier=_EARLIER.substitute(all=found, before=before) if is_from_row else "0",
        forwards=order_by(order, backwards=False),
    )


def _groups(order: str, found: str, *, is_from_row: bool, backwards: bool) -> dict[str, str]:
    """By name, the groups of an order in the turn in which they are read."""
    conditions = [(f"group{place}", condition) for place, condition in enumerate(groups(order))]
    parts: dict[str, str] = {}
    for name, condition in reversed(conditions) if backwards else conditions:
        parts[name] = _GROUP.substitute(
            name=name,
            all=found,
            condition=condition,
            beyond=_BEYOND_ROW.substitute(beyond=beyond(order, backwards=backwards)) if is_from_row else "",
            order=order_by(order, backwards=backwards, within_group=True),
            taken=" + ".join(["0", *(_COUNT.substitute(name=earlier) for earlier in parts)]),
        )
    return parts
