"""Who may be the same person: the database finds the few worth comparing, the rule says why they look alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from string import Template
from typing import Any
from uuid import UUID

from django.db import connection

from registry.rules.duplicates import ALIKE, Someone, phone_digits, resemblance
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

MOST_ALIKE = 8
MOST_PAIRS = 50

# Names are folded already, so that likeness is of what is sorted by. All of an organization are compared, as no index
# of trigrams can begin with the organization; ten thousand take about a tenth of a second.
_ALIKE = Template("""
SELECT p.id FROM registry_patient p
 WHERE $live AND (%(exclude)s::uuid IS NULL OR p.id <> %(exclude)s)
   AND (p.birth_date = %(born)s OR similarity(p.sort_name, %(name)s) >= %(alike)s
        OR $phone = ANY(%(phones)s) OR $second_phone = ANY(%(phones)s)
        OR (%(mrn)s <> '' AND ltrim(p.mrn, '0') = %(mrn)s))
 ORDER BY p.birth_date = %(born)s DESC, similarity(p.sort_name, %(name)s) DESC, p.id
 LIMIT 200
""")

# Of one name, only those whose birth dates can be a slip apart: few digits differ, or day and month are exchanged.
_PAIRS = Template("""
WITH person AS MATERIALIZED (
  SELECT p.id, p.sort_name, p.birth_date, to_char(p.birth_date, 'YYYYMMDD') AS born, ltrim(p.mrn, '0') AS mrn
    FROM registry_patient p
   WHERE $live
), phone AS MATERIALIZED (
  SELECT p.id, p.sort_name, p.birth_date, x.phone
    FROM registry_patient p
   CROSS JOIN LATERAL (SELECT $phone UNION SELECT $second_phone) AS x(phone)
   WHERE $live AND x.phone IS NOT NULL
), pair AS (
  SELECT a.id, b.id AS other FROM person a JOIN person b ON a.birth_date = b.birth_date AND a.id < b.id
   WHERE similarity(a.sort_name, b.sort_name) >= %(alike)s OR (a.mrn <> '' AND a.mrn = b.mrn)
   UNION
  SELECT a.id, b.id FROM person a JOIN person b ON a.sort_name = b.sort_name AND a.id < b.id
   WHERE (SELECT count(*) FROM generate_series(1, 8) AS n WHERE substr(a.born, n, 1) <> substr(b.born, n, 1)) <= 2
      OR a.born = left(b.born, 4) || right(b.born, 2) || substr(b.born, 5, 2)
   UNION
  SELECT a.id, b.id FROM phone a JOIN phone b ON a.phone = b.phone AND a.id < b.id
   WHERE a.birth_date = b.birth_date OR similarity(a.sort_name, b.sort_name) >= %(alike)s
   UNION
  SELECT a.id, b.id FROM person a JOIN person b ON a.mrn = b.mrn AND a.mrn <> '' AND a.id < b.id
   WHERE similarity(a.sort_name, b.sort_name) >= %(alike)s
)
SELECT pair.id, pair.other FROM pair
 WHERE NOT EXISTS (SELECT FROM registry_notthesame n
                    WHERE n.organization_id = %(organization)s AND n.voided_at IS NULL
                      AND (n.patient_id = pair.id AND n.other_id = pair.other
                           OR n.patient_id = pair.other AND n.other_id = pair.id))
 ORDER BY pair.id, pair.other LIMIT 2000
""")

_PEOPLE = """
SELECT p.id, p.family_name, p.given_name, p.middle_name, p.birth_date, p.phone, p.second_phone, p.mrn, c.name,
       (SELECT e.ended_on IS NULL FROM registry_episode e
         WHERE e.organization_id = p.organization_id AND e.patient_id = p.id AND e.voided_at IS NULL
         ORDER BY e.ended_on IS NULL DESC LIMIT 1),
       EXISTS (SELECT FROM registry_referral r
                WHERE r.organization_id = p.organization_id AND r.patient_id = p.id AND r.voided_at IS NULL
                  AND r.ended_on IS NULL)
  FROM registry_patient p
  JOIN tenancy_clinic c ON c.organization_id = p.organization_id AND c.id = p.clinic_id
 WHERE p.organization_id = %(organization)s AND p.id = ANY(%(ids)s)
"""

# What the statements above have in common.
_PARTS = {
    "live": "p.organization_id = %(organization)s AND p.voided_at IS NULL AND p.merged_into_id IS NULL",
    "phone": "substring(regexp_replace(p.phone, '\\D', '', 'g') FROM '.{7}$')",
    "second_phone": "substring(regexp_replace(p.second_phone, '\\D', '', 'g') FROM '.{7}$')",
}
_ALIKE_SQL = _ALIKE.substitute(_PARTS)
_PAIRS_SQL = _PAIRS.substitute(_PARTS)


@dataclass(frozen=True)
class Known:
    """A person on record as a suggestion shows them."""

    id: UUID
    name: str
    birth_date: date
    phone: str
    mrn: str
    clinic: str
    status: str


@dataclass(frozen=True)
class Alike:
    """Somebody on record who resembles somebody else, and why."""

    person: Known
    points: int
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        return ", ".join(self.reasons)


@dataclass(frozen=True)
class Pair:
    """Two records that may be one person."""

    one: Known
    other: Known
    points: int
    reasons: tuple[str, ...]

    @property
    def why(self) -> str:
        return ", ".join(self.reasons)


@dataclass(frozen=True)
class Pairs:
    """The strongest suggestions and how many there are in all."""

    rows: tuple[Pair, ...]
    total: int


def alike(
    organization_id: UUID,
    *,
    family_name: str,
    given_name: str,
    birth_date: date,
    phone: str = "",
    mrn: str = "",
    exclude: UUID | None = None,
) -> tuple[Alike, ...]:
    """People on record who may be this one, the most alike first, at most eight. Two statements.

    `exclude` is the record that is being looked at itself. Merged and voided records are left out.
    """
    me = Someone(family_name, given_name, birth_date, phones=(phone,), mrn=mrn)
    values = {
        "organization": organization_id,
        "exclude": exclude,
        "born": birth_date,
        "name": sort_name(family_name, given_name),
        "alike": ALIKE / 100,
        "phones": [phone_digits(phone)] if phone_digits(phone) else [],
        "mrn": bare_mrn(mrn),
    }
    ids = [row[0] for row in _all(_ALIKE_SQL, values)]
    people = _people(organization_id, ids)
    found = [
        Alike(known, like.points, like.reasons)
        for person_id in ids
        if (row := people.get(person_id)) and (like := resemblance(me, row[0])) and (known := row[1])
    ]
    return tuple(sorted(found, key=lambda one: -one.points)[:MOST_ALIKE])


def alike_pairs(organization_id: UUID) -> Pairs:
    """Pairs of an organization that nobody has told apart, the most alike first. Two statements."""
    pairs = _all(_PAIRS_SQL, {"organization": organization_id, "alike": ALIKE / 100})
    people = _people(organization_id, {one for pair in pairs for one in pair})
    compared = ((people[one], people[other]) for one, other in pairs)
    found = [
        Pair(one[1], other[1], like.points, like.reasons)
        for one, other in compared
        if (like := resemblance(one[0], other[0]))
    ]
    found.sort(key=lambda pair: (-pair.points, pair.one.name))
    return Pairs(tuple(found[:MOST_PAIRS]), len(found))


def _people(organization_id: UUID, ids: Iterable[UUID]) -> Mapping[UUID, tuple[Someone, Known]]:
    rows = _all(_PEOPLE, {"organization": organization_id, "ids": list(ids)})
    return {row[0]: (_someone(row), _known(row)) for row in rows}


def _someone(row: tuple[Any, ...]) -> Someone:
    _, family, given, middle, born, phone, second_phone, mrn = row[:8]
    return Someone(family, given, born, middle, (phone, second_phone), mrn)


def _known(row: tuple[Any, ...]) -> Known:
    person_id, family, given, middle, born, phone, _, mrn, clinic, is_enrolled, is_referred = row
    name = f"{family}, {' '.join(filter(None, (given, middle)))}"
    return Known(person_id, name, born, phone, mrn, clinic, program_status(is_enrolled, is_referred))


def program_status(is_enrolled: bool | None, is_referred: bool) -> str:
    """Where a person stands with the program, in a word. `is_enrolled` None: never was."""
    if is_enrolled:
        return "Enrolled"
    if is_referred:
        return "Referred"
    return "Not enrolled" if is_enrolled is None else "Discharged"


def _all(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
