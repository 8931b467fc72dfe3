"""Patients on record, as rows of a practice's list are held against them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from billing.rules.charge_files import Charge
from billing.rules.charge_patients import KnownPeople, KnownPerson
from registry.rules.identifiers import bare_mrn
from registry.rules.names import sort_name

# Whoever has one of the numbers, but for leading zeros, or one of the birth dates. What went into another record is
# found under that one, whose numbers it has left behind there.
_PEOPLE = """
SELECT p.id, p.family_name, p.given_name, p.birth_date,
       array_remove(array_append(array_agg(n.mrn) FILTER (WHERE n.id IS NOT NULL), p.mrn), '')
  FROM registry_patient p
  LEFT JOIN registry_recordnumber n
         ON n.organization_id = p.organization_id AND n.patient_id = p.id AND n.voided_at IS NULL
 WHERE p.organization_id = %(organization)s AND p.voided_at IS NULL AND p.merged_into_id IS NULL
   AND (ltrim(p.mrn, '0') = ANY(%(numbers)s) OR p.birth_date = ANY(%(births)s)
        OR p.id IN (SELECT o.patient_id FROM registry_recordnumber o
                     WHERE o.organization_id = %(organization)s AND o.voided_at IS NULL
                       AND ltrim(o.mrn, '0') = ANY(%(numbers)s)))
 GROUP BY p.id
"""


def people_of_charges(organization_id: UUID, charges: Sequence[Charge]) -> KnownPeople[UUID]:
    """Everybody on record whom one of the charges may mean, in one statement."""
    given: dict[str, Any] = {
        "organization": organization_id,
        "numbers": sorted({bare_mrn(charge.mrn) for charge in charges if charge.mrn}),
        "births": sorted({charge.birth_on for charge in charges if charge.birth_on}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, given)
        rows = cursor.fetchall()
    return KnownPeople(
        [
            KnownPerson(key, tuple(numbers), sort_name(family, given_name), birth_on)
            for key, family, given_name, birth_on, numbers in rows
        ]
    )
