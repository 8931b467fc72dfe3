"""Writing into a closed month all the same: kept, with the reason, and seen by billing as a change after the close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import connection, transaction

from bhi.tenancy.models import Clinic, Membership
from billing.models import LateChange, LateKind
from billing.queries.other_services import RestingMonth
from caseload.operations.facility_stays import follow_stay
from registry.models import Episode
from registry.operations.errors import ReasonMissing

T = TypeVar("T")
SETTING: Final = "app.late_because"

# What this person wrote or took back at this instant and lies in a month that is closed.
_CHANGES: Final = """
INSERT INTO billing_latechange (id, organization_id, close_id, episode_id, kind, object_id, because, at, by_id)
SELECT gen_random_uuid(), t.organization_id, m.id, t.episode_id, written.kind, t.id, %(because)s, %(at)s, %(by)s
  FROM caseload_timeentry t
  JOIN registry_episode e ON e.organization_id = t.organization_id AND e.id = t.episode_id
  JOIN billing_monthclose m ON m.organization_id = t.organization_id AND m.clinic_id = e.clinic_id
       AND m.reopened_at IS NULL
       AND CASE WHEN t.span IS NULL THEN t."on" >= m.month AND t."on" < m.month + interval '1 month'
                ELSE t.span && tstzrange(m.starts_at, m.ends_at) END
 CROSS JOIN LATERAL (
       SELECT 'added' AS kind WHERE t.recorded_at = %(at)s AND t.recorded_by_id = %(by)s AND t.replaces_id IS NULL
        UNION ALL
       SELECT 'corrected' WHERE t.recorded_at = %(at)s AND t.recorded_by_id = %(by)s AND t.replaces_id IS NOT NULL
        UNION ALL
       SELECT 'taken_back' WHERE t.voided_at = %(at)s AND t.voided_by_id = %(by)s) AS written
 WHERE t.organization_id = %(organization)s AND (t.recorded_at = %(at)s OR t.voided_at = %(at)s)
    ON CONFLICT DO NOTHING
"""

# Entries that a stay marked or unmarked, in months that are closed.
_MARKED: Final = """
INSERT INTO billing_latechange (id, organization_id, close_id, episode_id, kind, object_id, because, at, by_id)
SELECT gen_random_uuid(), t.organization_id, m.id, t.episode_id, 'corrected', t.id, %(because)s, %(at)s, %(by)s
  FROM caseload_timeentry t
  JOIN registry_episode e ON e.organization_id = t.organization_id AND e.id = t.episode_id
  JOIN billing_monthclose m ON m.organization_id = t.organization_id AND m.clinic_id = e.clinic_id
       AND m.reopened_at IS NULL
       AND CASE WHEN t.span IS NULL THEN t."on" >= m.month AND t."on" < m.month + interval '1 month'
                ELSE t.span && tstzrange(m.starts_at, m.ends_at) END
 WHERE t.organization_id = %(organization)s AND t.id = ANY(%(entries)s)
    ON CONFLICT DO NOTHING
"""
STAY: Final = "A hospital stay was recorded, changed or taken back."


@transaction.atomic
def write_late(*, by: Membership, at: datetime, because: str, write: Callable[[], T]) -> T:
    """Carry out a write that a closed month would refuse, and keep what it changed there, why and by whom.

    What was frozen stays as it is until billing corrects it. Raises ReasonMissing, and what `write` raises.
    """
    if not because.strip():
        raise ReasonMissing
    with saying_why(because):
        made = write()
    _wait_everywhere(by.organization_id)
    with connection.cursor() as cursor:
        cursor.execute(
            _CHANGES,
            {"organization": by.organization_id, "at": at, "by": by.id, "because": because.strip()[:300]},
        )
    return made


def keep_late(
    *,
    by: Membership,
    at: datetime,
    because: str,
    rests: Sequence[RestingMonth],
    kind: LateKind,
    object_id: UUID,
) -> None:
    """Keep for each closed month what of the papers that it rests on came late, and why."""
    late = [
        LateChange(
            organization_id=by.organization_id,
            close_id=rest.close_id,
            episode_id=rest.episode_id,
            kind=kind,
            object_id=object_id,
            because=because.strip()[:300],
            at=at,
            by=by,
        )
        for rest in rests
    ]
    LateChange.objects.bulk_create(late, ignore_conflicts=True)


@transaction.atomic
def follow_stay_late(*, by: Membership, at: datetime, stay_id: UUID) -> None:
    """Follow a stay that somebody tells of, also where it began in a month that is closed by now.

    What it marks there is kept as a change after the close: a payer who asks finds the stay, so billing has to see it.
    Raises what `follow_stay` raises but MonthClosed.
    """
    with saying_why(STAY):
        entries = follow_stay(organization_id=by.organization_id, at=at, stay_id=stay_id)
    if not entries:
        return
    _wait_everywhere(by.organization_id)
    given: dict[str, Any] = {"organization": by.organization_id, "at": at, "by": by.id, "because": STAY}
    with connection.cursor() as cursor:
        cursor.execute(_MARKED, {**given, "entries": list(entries)})


def share_months(clinic_ids: Iterable[UUID]) -> None:
    """Beside others, but never beside a close: who closes one of these clinics' months waits for us, or we for them
    (billing/0006).
    """
    with connection.cursor() as cursor:
        for clinic_id in sorted(set(clinic_ids)):
            cursor.execute(
                "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [f"months of clinic {clinic_id}"]
            )


def wait_for_closers(organization_id: UUID, patient_ids: Iterable[UUID]) -> None:
    """Like every writer of a month: what is written of these patients is in a close that begins now, or a change after
    it. To be called after people and patients are locked, as the triggers do, and before closes are read.
    """
    episodes = Episode.objects.live().filter(organization_id=organization_id, patient_id__in=list(patient_ids))
    share_months(episodes.values_list("clinic_id", flat=True))


def _wait_everywhere(organization_id: UUID) -> None:
    """What says why passes the triggers without waiting there, and may touch any clinic's months: a close that runs did
    not see it, and is there once we have waited.
    """
    share_months(Clinic.objects.filter(organization_id=organization_id).values_list("id", flat=True))


@contextmanager
def saying_why(because: str) -> Iterator[None]:
    """The triggers of closed months let pass what says why.

    The setting ends with the block, on an error with its savepoint.
    """
    _set(because.strip())
    yield
    _set("")


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, value])
