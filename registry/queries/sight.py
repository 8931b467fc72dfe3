"""Which patients a seat may see: those of its clinics, without those whose record is kept to others.

Given to bhi.tenancy.sight, which has Postgres obey it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from bhi.tenancy.models import Membership
from bhi.tenancy.sight import Opened, Sight
from registry.rules.limits import minutes_left

# A restriction of a record that was merged into another limits the one that goes on, and that of this one what was
# merged into it, which still has a name. Restrictions and open emergency accesses go along with a merge, and back.
# Whoever restricted a record sees it. An enrolment or referral at a clinic makes a patient one of that clinic's,
# whichever their home is.
_LIMITS: Final = """
WITH RECURSIVE kept (patient_id) AS (
    SELECT r.patient_id FROM registry_restriction r
     WHERE r.organization_id = %(organization)s AND r.voided_at IS NULL
       AND r.recorded_by_id <> %(seat)s AND NOT r.seats @> ARRAY[%(seat)s::uuid]
    UNION
    SELECT other.patient_id FROM kept CROSS JOIN LATERAL (
        SELECT p.merged_into_id FROM registry_patient p
         WHERE p.organization_id = %(organization)s AND p.id = kept.patient_id AND p.merged_into_id IS NOT NULL
        UNION ALL
        SELECT m.merged_id FROM registry_patientmerge m
         WHERE m.organization_id = %(organization)s AND m.kept_id = kept.patient_id AND m.undone_at IS NULL
    ) AS other (patient_id)
)
SELECT (SELECT array_agg(c.clinic_id) FROM accounts_seatclinic c
         WHERE c.organization_id = %(organization)s AND c.seat_id = %(seat)s AND c.ended_at IS NULL),
       (SELECT array_agg(patient_id) FROM kept),
       (SELECT jsonb_agg(jsonb_build_array(a.id, a.patient_id, a.until) ORDER BY a.until DESC)
          FROM registry_emergencyaccess a
         WHERE a.organization_id = %(organization)s AND a.by_id = %(seat)s AND a.ended_at IS NULL
           AND a.begun_at <= %(at)s AND a.until > %(at)s)
"""
_BESIDES: Final = """
SELECT x.patient_id FROM (
    SELECT patient_id, organization_id FROM registry_episode
     WHERE organization_id = %(organization)s AND voided_at IS NULL AND clinic_id = ANY(%(clinics)s)
    UNION
    SELECT patient_id, organization_id FROM registry_referral
     WHERE organization_id = %(organization)s AND voided_at IS NULL AND clinic_id = ANY(%(clinics)s)
) AS x JOIN registry_patient p ON p.organization_id = x.organization_id AND p.id = x.patient_id
 WHERE NOT p.clinic_id = ANY(%(clinics)s)
"""


def sight_of_seat(seat: Membership, at: datetime) -> Sight:
    """The limits of a seat at an instant. One statement, and another for a seat of some clinics only."""
    asked: dict[str, Any] = {"organization": seat.organization_id, "seat": seat.id, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_LIMITS, asked)
        clinics, kept, opened = cursor.fetchone()
        if not (clinics or kept):
            return Sight()
        besides: list[UUID] = []
        if clinics:
            cursor.execute(_BESIDES, asked | {"clinics": clinics})
            besides = [patient_id for (patient_id,) in cursor.fetchall()]
    accesses = tuple(
        Opened(UUID(access_id), UUID(patient_id), until, minutes_left(until, at))
        for access_id, patient_id, until in (
            (one, of, datetime.fromisoformat(text)) for one, of, text in json.loads(opened or "[]")
        )
    )
    seen = frozenset(access.patient_id for access in accesses)
    return Sight(
        clinics=frozenset(clinics) if clinics else None,
        also=frozenset(besides) | seen,
        hidden=frozenset(kept or ()) - seen,
        opened=accesses,
    )
