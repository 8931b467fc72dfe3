"""The psychiatric consultant's queue, in two statements for any number of patients: who, and all about those shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from caseload.queries.review_queue_order import places
from caseload.rules.agenda import Candidate
from caseload.rules.review_queue import (
    EASED_DAYS,
    Asked,
    Assessed,
    LeftOver,
    Place,
    Reason,
    ReviewFacts,
    Standing,
    Waiting,
    deferred_until,
    is_not_improving,
    place,
    reasons_of,
    worst_of,
)
from caseload.rules.signal_evidence import Evidence

Stored = Mapping[str, Any]

# Everything about some open episodes; what a rule decides is not decided here.
_STATEMENT = """
WITH day AS MATERIALIZED (
  SELECT c.id AS clinic_id, c.name, (%(at)s::timestamptz AT TIME ZONE c.time_zone)::date AS today
    FROM tenancy_clinic c WHERE c.organization_id = %(organization)s
), episode AS MATERIALIZED (
  SELECT s.episode_id, s.patient_id, s.care_manager_id, s.sort_name, s.enrolled_on, s.last_review_on, s.signals::json,
         d.name AS clinic, d.today,
         coalesce((SELECT pp.program FROM registry_programperiod pp
                    WHERE pp.organization_id = s.organization_id AND pp.episode_id = s.episode_id
                      AND pp.voided_at IS NULL AND pp.from_on <= d.today ORDER BY pp.from_on DESC LIMIT 1),
                  e.program) AS program,
         (SELECT json_agg(json_build_array(q.kind, q.asked_on, q.text) ORDER BY q.asked_on, q.id)
            FROM caseload_reviewquestion q
           WHERE q.organization_id = s.organization_id AND q.episode_id = s.episode_id AND q.voided_at IS NULL
             AND q.answered_by_id IS NULL AND q.taken_back_because = '') AS questions,
         (SELECT json_agg(json_build_array(
                            r.number, r.state, CASE r.state WHEN 'declined' THEN r.state_on ELSE r.due_on END)
                          ORDER BY r.due_on, r.number)
            FROM caseload_casereview v
            JOIN caseload_recommendation r ON r.organization_id = v.organization_id AND r.review_id = v.id
           WHERE v.organization_id = s.organization_id AND v.episode_id = s.episode_id AND v.voided_at IS NULL
             AND r.voided_at IS NULL
             AND CASE r.state WHEN 'declined' THEN r.state_on >= s.last_review_on
                              WHEN 'closed' THEN FALSE ELSE r.due_on < d.today END) AS advice,
         (SELECT min(r.present_again_on)
            FROM caseload_casereview v
            JOIN caseload_recommendation r ON r.organization_id = v.organization_id AND r.review_id = v.id
           WHERE v.organization_id = s.organization_id AND v.episode_id = s.episode_id AND v.voided_at IS NULL
             AND r.voided_at IS NULL AND v."on" = s.last_review_on) AS present_again_on,
         (SELECT json_build_object('state', a.state, 'on', v."on", 'until', a.deferred_until,
                                   'because', a.deferred_because)
            FROM caseload_agendaitem a
            JOIN caseload_reviewsession v ON v.organization_id = a.organization_id AND v.id = a.session_id
           WHERE a.organization_id = s.organization_id AND a.episode_id = s.episode_id AND v.voided_at IS NULL
             AND a.state <> 'waiting' AND (s.last_review_on IS NULL OR s.last_review_on < v."on")
           ORDER BY v.planned_at DESC, v.id DESC LIMIT 1) AS left_over,
         (SELECT json_build_object('item', a.id, 'session', v.id, 'on', v."on")
            FROM caseload_agendaitem a
            JOIN caseload_reviewsession v ON v.organization_id = a.organization_id AND v.id = a.session_id
           WHERE a.organization_id = s.organization_id AND a.episode_id = s.episode_id AND v.voided_at IS NULL
             AND a.state = 'waiting' AND v.state IN ('planned', 'live')
           ORDER BY v.planned_at, v.id LIMIT 1) AS agenda,
         (SELECT CASE WHEN bool_and(x.assessed_on IS NOT NULL AND x.recheck_on > d.today)
                      THEN (array_agg(json_build_array(x.tier, x.assessed_on) ORDER BY x.assessed_on DESC))[1] END
            FROM registry_riskcase x
           WHERE x.organization_id = s.organization_id AND x.patient_id = s.patient_id AND x.voided_at IS NULL
             AND x.closed_on IS NULL) AS assessed,
         EXISTS (SELECT FROM caseload_treatmentchange t
                  WHERE t.organization_id = s.organization_id AND t.episode_id = s.episode_id AND t.voided_at IS NULL
                    AND t."on" BETWEEN d.today - %(eased)s AND d.today) AS is_eased,
         EXISTS (SELECT FROM caseload_reviewdraft x
                  WHERE x.organization_id = s.organization_id AND x.episode_id = s.episode_id) AS has_draft
    FROM caseload_episodestanding s
    JOIN registry_episode e ON e.organization_id = s.organization_id AND e.id = s.episode_id
    JOIN day d ON d.clinic_id = s.clinic_id
   WHERE s.organization_id = %(organization)s AND s.status <> 'discharged'
     AND s.episode_id = ANY(%(episodes)s::uuid[])
)
SELECT row_to_json(x)
  FROM (SELECT s.*, p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')) AS name, p.mrn
          FROM episode s
          JOIN registry_patient p ON p.organization_id = %(organization)s AND p.id = s.patient_id) AS x
"""


@dataclass(frozen=True)
class Population:
    """Whose patients: of these care managers, or everybody's."""

    care_manager_ids: frozenset[UUID] | None = None


EVERYBODY = Population()


@dataclass(frozen=True)
class OnAgenda:
    """Where a patient waits: an item of a planned or running session."""

    item_id: UUID
    session_id: UUID
    on: date


@dataclass(frozen=True)
class QueueRow:
    """A patient in the queue: why, the question, and what became of the last time.

    `number` is the place in the queue that was asked for, from 1; 0 for who waits in none.
    """

    episode_id: UUID
    patient_id: UUID
    name: str
    sort_name: str
    mrn: str
    clinic: str
    care_manager_id: UUID | None
    today: date
    facts: ReviewFacts
    reasons: tuple[Reason, ...]
    questions: tuple[str, ...] = ()
    deferred_because: str = ""
    deferred_until: date | None = None
    agenda: OnAgenda | None = None
    has_draft: bool = False
    number: int = 0

    @property
    def place(self) -> Place:
        return place(self.facts, self.reasons)

    @property
    def worst(self) -> str:
        return worst_of(self.reasons) if self.reasons else ""

    @property
    def candidate(self) -> Candidate:
        return Candidate(self.episode_id, is_not_improving(self.facts))


@dataclass(frozen=True)
class ReviewQueue:
    """Who is to be discussed, in order, and who was put off until a later day.

    `rows` may be the first of `total`; `beside` are the one asked for and who comes after, where they stand further on.
    """

    rows: tuple[QueueRow, ...] = ()
    deferred: tuple[QueueRow, ...] = field(default=())
    total: int = 0
    beside: tuple[QueueRow, ...] = ()


def review_queue(
    organization_id: UUID,
    population: Population = EVERYBODY,
    *,
    at: datetime,
    most: int | None = None,
    beside: UUID | None = None,
) -> ReviewQueue:
    """Everybody of a population whom something asks to be discussed, or the first `most` of them with whoever is
    `beside` and next. Two statements.
    """
    found = places(organization_id, population.care_manager_ids, at=at, most=most, beside=beside)
    rows = queue_rows_of(organization_id, [*found.numbers, *found.deferred], at=at)
    waiting = [rows[one] for one in found.deferred]
    placed = [replace(rows[one], number=number) for one, number in found.numbers.items()]
    placed.sort(key=lambda row: row.number)
    end = found.total if most is None else most
    return ReviewQueue(
        tuple(row for row in placed if row.number <= end),
        tuple(sorted(waiting, key=lambda row: (row.deferred_until, row.sort_name))),
        found.total,
        tuple(row for row in placed if row.number > end),
    )


def queue_rows_of(organization_id: UUID, episode_ids: Collection[UUID], *, at: datetime) -> dict[UUID, QueueRow]:
    """Open episodes by id as the queue has them, with or without a reason. One statement, none for nobody."""
    if not episode_ids:
        return {}
    values: dict[str, Any] = {
        "organization": organization_id,
        "at": at,
        "episodes": list(episode_ids),
        "eased": EASED_DAYS - 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, values)
        return {row.episode_id: row for row in (_row(stored) for (stored,) in cursor.fetchall())}


def _row(row: Stored) -> QueueRow:
    facts = _facts(row)
    reasons = reasons_of(facts)
    owner, left = row["care_manager_id"], row["left_over"] or {}
    return QueueRow(
        episode_id=UUID(row["episode_id"]),
        patient_id=UUID(row["patient_id"]),
        name=row["name"],
        sort_name=row["sort_name"],
        mrn=row["mrn"],
        clinic=row["clinic"],
        care_manager_id=UUID(owner) if owner else None,
        today=facts.today,
        facts=facts,
        reasons=reasons,
        questions=tuple(text for _, _, text in row["questions"] or ()),
        deferred_because=left.get("because") or "",
        deferred_until=deferred_until(facts, reasons),
        agenda=_agenda(row["agenda"]),
        has_draft=row["has_draft"],
    )


def _facts(row: Stored) -> ReviewFacts:
    today = date.fromisoformat(row["today"])
    return ReviewFacts(
        today=today,
        enrolled_on=date.fromisoformat(row["enrolled_on"]),
        is_cocm=row["program"] == "cocm",
        is_reviewed=row["last_review_on"] is not None,
        signals=tuple(_standing(one, row["is_eased"]) for one in row["signals"] if _stands(one, today)),
        questions=tuple(Asked(kind, date.fromisoformat(on)) for kind, on, _ in row["questions"] or ()),
        advice=tuple(Waiting(number, state, date.fromisoformat(on)) for number, state, on in row["advice"] or ()),
        present_again_on=_day(row["present_again_on"]),
        left_over=_left_over(row["left_over"]),
        assessed=Assessed(row["assessed"][0], date.fromisoformat(row["assessed"][1])) if row["assessed"] else None,
    )


def _stands(signal: Stored, today: date) -> bool:
    until = _day(signal["until"])
    return date.fromisoformat(signal["since"]) <= today and (until is None or today < until)


def _standing(signal: Stored, is_eased: bool) -> Standing:
    evidence = tuple(
        Evidence(what, date.fromisoformat(on), key, value) for what, on, key, value, *_ in signal["evidence"]
    )
    return Standing(signal["word"], date.fromisoformat(signal["since"]), evidence, is_eased)


def _left_over(stored: Stored | None) -> LeftOver | None:
    if stored is None or stored["state"] not in ("unfinished", "deferred"):
        return None
    return LeftOver(stored["state"], date.fromisoformat(stored["on"]), _day(stored["until"]))


def _agenda(stored: Stored | None) -> OnAgenda | None:
    if stored is None:
        return None
    return OnAgenda(UUID(stored["item"]), UUID(stored["session"]), date.fromisoformat(stored["on"]))


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None
