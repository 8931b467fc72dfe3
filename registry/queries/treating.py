"""Who treated in an episode at an earlier time: what is on record now says only who treats today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from registry.models import TreatingClinician

# The history keeps what each change left behind. The first of those versions that was left after the instant was on
# record at it; where it named nobody, whoever was named first since was only written down late.
_THEN = """
    SELECT e.id, coalesce(
           (SELECT h.treating_clinician_id FROM registry_episode_history h
             WHERE h.organization_id = e.organization_id AND h.pgh_obj_id = e.id
               AND h.pgh_created_at >= asked.until AND h.treating_clinician_id IS NOT NULL
             ORDER BY h.pgh_id LIMIT 1), e.treating_clinician_id)
      FROM unnest(%(ids)s::uuid[], %(until)s::timestamptz[]) AS asked(id, until)
      JOIN registry_episode e ON e.organization_id = %(organization)s AND e.id = asked.id
"""


def treating_before(organization_id: UUID, until: Mapping[UUID, datetime]) -> dict[UUID, UUID]:
    """By episode, the treating clinician on record right before an instant; who was named first afterwards, where
    nobody was. Episodes without any are left out. One statement.
    """
    if not until:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_THEN, {"organization": organization_id, "ids": list(until), "until": list(until.values())})
        return {id_: clinician_id for id_, clinician_id in cursor.fetchall() if clinician_id is not None}


def clinicians_named(organization_id: UUID, ids: set[UUID]) -> dict[UUID, TreatingClinician]:
    """Treating clinicians by id. One statement, none for nobody."""
    if not ids:
        return {}
    rows = TreatingClinician.objects.filter(organization_id=organization_id, id__in=sorted(ids))
    return {row.id: row for row in rows}
