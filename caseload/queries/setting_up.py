"""What is on record about the points of the checklist that the work is about: slots, templates, imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import connection

from registry.rules.setting_up import Found

_STATEMENT: Final = """
SELECT (SELECT count(*) FROM caseload_notetemplate t
         WHERE t.organization_id = %(organization)s AND t.is_in_use) AS templates,
       (SELECT count(*) FROM caseload_importrun r
         WHERE r.organization_id = %(organization)s AND r.state = 'imported') AS imports,
       (SELECT json_object_agg(g.clinic_id, g.name) FROM (
          SELECT u.clinic_id, min(u.name) AS name FROM (
            SELECT s.clinic_id, s.name FROM caseload_reviewslot s
             WHERE s.organization_id = %(organization)s AND s.is_current
             UNION
            SELECT e.clinic_id, s.name
              FROM caseload_reviewslot s
              JOIN caseload_slotseat m ON m.organization_id = s.organization_id AND m.slot_id = s.id
              JOIN registry_episode e ON e.organization_id = s.organization_id
                   AND e.care_manager_id = m.membership_id AND e.ended_on IS NULL AND e.voided_at IS NULL
             WHERE s.organization_id = %(organization)s AND s.is_current) AS u
           GROUP BY u.clinic_id) AS g) AS slots
"""


def work_facts(organization_id: UUID) -> tuple[Mapping[str, Found], Mapping[UUID, Found]]:
    """The organization's own points, and by clinic whether it has a weekly review. One statement.

    A slot counts for the clinic whose time it stands in, and for those whose patients' care managers come to it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"organization": organization_id})
        row: Any = cursor.fetchone()
    templates, imports, slots = row
    found = {
        "templates": Found(templates > 0, f"{templates} in use" if templates else ""),
        "import": Found(imports > 0, f"{imports} done" if imports else ""),
    }
    return found, {UUID(clinic): Found(is_done=True, detail=name) for clinic, name in (slots or {}).items()}
