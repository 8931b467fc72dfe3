"""What the caseload does when it hears of a stay: marks the minutes worked meanwhile, and plans the follow-up."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from bhi.audit.operations import record
from bhi.jobs.operations import announce
from caseload.models import FollowUp
from caseload.operations.contacts import draft_follow_up
from caseload.operations.standing import rebuild_standing
from caseload.rules.clock import local_date, month_of
from caseload.rules.facility_stays import follow_up_after, follow_up_words
from registry.models import Episode, Stay
from registry.operations.recording import Stamp, record_facts, void_facts

# An entry is in a stay when the day on which it began is: from the first day of a hospital or observation stay to the
# day before leaving. A mark that an import brought stays, as its file knew what we may not.
_MARK = """
UPDATE caseload_timeentry t SET is_facility_stay = x.is_in_stay
  FROM (SELECT t.id, t.day, EXISTS (
                 SELECT FROM registry_stay s
                  WHERE s.organization_id = %(organization)s AND s.patient_id = %(patient)s AND s.voided_at IS NULL
                    AND s.kind IN ('inpatient', 'observation') AND s.from_on <= t.day
                    AND (s.until_on IS NULL OR t.day < s.until_on)) AS is_in_stay
          FROM (SELECT t.id, coalesce(t."on", (lower(t.span) AT TIME ZONE c.time_zone)::date) AS day
                  FROM caseload_timeentry t
                  JOIN registry_episode e ON e.organization_id = t.organization_id AND e.id = t.episode_id
                  JOIN tenancy_clinic c ON c.organization_id = e.organization_id AND c.id = e.clinic_id
                 WHERE t.organization_id = %(organization)s AND t.patient_id = %(patient)s
                   AND t.voided_at IS NULL) AS t) AS x
 WHERE t.organization_id = %(organization)s AND t.id = x.id AND t.is_facility_stay <> x.is_in_stay
   AND (x.is_in_stay OR t.import_id IS NULL)
RETURNING t.id, t.episode_id, x.day
"""


@transaction.atomic
def follow_stay(*, organization_id: UUID, at: datetime, stay_id: UUID) -> tuple[UUID, ...]:
    """Bring marks and follow-up in line with a stay as it is now: recorded, ended or taken back. May run twice.

    Returns the entries whose mark changed. Raises MonthClosed where one lies in a closed month.
    """
    stay = Stay.objects.select_related("patient", "recorded_by", "voided_by").get(
        organization_id=organization_id, id=stay_id
    )
    open_ones = Episode.objects.live().filter(patient_id=stay.patient_id, ended_on__isnull=True)
    episode: Episode | None = open_ones.select_related("clinic").first()
    marked = mark_facility_minutes(organization_id=organization_id, at=at, patient_id=stay.patient_id)
    if episode is not None and stay.until_on is not None and _follow_up(stay, episode, stay.until_on, at=at):
        rebuild_standing(organization_id=organization_id, episode_ids=[episode.id], at=at)
    return marked


def mark_facility_minutes(*, organization_id: UUID, at: datetime, patient_id: UUID) -> tuple[UUID, ...]:
    """Mark a patient's minutes that were worked during a hospital stay, and unmark others. Returns what changed."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, {"organization": organization_id, "patient": patient_id})
        changed: list[tuple[UUID, UUID, date]] = cursor.fetchall()
    for episode_id in sorted({episode_id for _, episode_id, _ in changed}):
        months = sorted({month_of(day) for _, whose, day in changed if whose == episode_id})
        announce(
            "episode_changed",
            organization_id=organization_id,
            at=at,
            episode_id=episode_id,
            months=months,
            standing="rebuilt",
        )
    return tuple(sorted(entry_id for entry_id, _, _ in changed))


def _follow_up(stay: Stay, episode: Episode, left_on: date, *, at: datetime) -> bool:
    """Plan the follow-up once, or take it back with its stay. Whether anything changed."""
    purpose = follow_up_words(stay.kind, left_on)
    planned = FollowUp.objects.live().filter(episode=episode, purpose=purpose)
    if stay.voided_by is not None:
        open_ones = list(planned.filter(closed_on__isnull=True))
        void_facts(open_ones, stamp=Stamp(stay.voided_by, at), reason="The stay was taken back")
        return bool(open_ones)
    after = follow_up_after(stay.kind, left_on, local_date(at, ZoneInfo(episode.clinic.time_zone)))
    if after is None or planned.exists():
        return False
    stamp = Stamp(stay.recorded_by, at)
    follow_up = draft_follow_up(
        stamp, patient_id=stay.patient_id, episode_id=episode.id, due_on=after.due_on, purpose=after.purpose
    )
    record_facts([follow_up])
    record("follow_up.planned", by=stamp.by, at=at, patient_id=stay.patient_id, object_id=follow_up.id)
    return True
