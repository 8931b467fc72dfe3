"""Review slots, the sessions made of them, and one session with its agenda, people and open patients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import SessionState
from caseload.queries.review_queue import Population
from caseload.rules.review_queue import KIND_OF
from caseload.rules.review_sessions import WEEKDAYS, Spell

Stored = Mapping[str, Any]
_STATES = {"waiting": "Waiting", "reviewed": "Reviewed", "deferred": "Put off", "unfinished": "Not reached"}
PAST_SESSIONS = 20

_SLOTS = """
SELECT s.id, s.name, s.clinic_id, c.name, s.consultant_id, s.weekday, s.begins_at, s.minutes, s.places,
       s.kept_for_stalled, s.changed_at,
       (SELECT array_agg(x.membership_id ORDER BY x.id) FROM caseload_slotseat x
         WHERE x.organization_id = s.organization_id AND x.slot_id = s.id)
  FROM caseload_reviewslot s
  JOIN tenancy_clinic c ON c.organization_id = s.organization_id AND c.id = s.clinic_id
 WHERE s.organization_id = %(organization)s AND s.is_current
 ORDER BY s.weekday, s.begins_at, s.id
"""

_SESSIONS = """
SELECT v.id, coalesce(t.name, 'Session'), v."on", v.planned_at, c.time_zone, v.consultant_id, v.state, v.closed_because,
       count(a.id), count(a.id) FILTER (WHERE a.state = 'reviewed'),
       count(a.id) FILTER (WHERE a.state = 'unfinished'), count(a.id) FILTER (WHERE a.state = 'deferred')
  FROM caseload_reviewsession v
  JOIN tenancy_clinic c ON c.organization_id = v.organization_id AND c.id = v.clinic_id
  LEFT JOIN caseload_reviewslot t ON t.organization_id = v.organization_id AND t.id = v.slot_id
  LEFT JOIN caseload_agendaitem a ON a.organization_id = v.organization_id AND a.session_id = v.id
 WHERE v.organization_id = %(organization)s AND v.voided_at IS NULL AND (v.state IN ('planned', 'live')) = %(is_open)s
 GROUP BY v.id, t.name, c.time_zone
 ORDER BY CASE WHEN %(is_open)s THEN v.planned_at END, v.planned_at DESC, v.id
 LIMIT %(most)s
"""

_SESSION = """
SELECT json_build_object(
  'id', v.id, 'name', coalesce(t.name, 'Session'), 'clinic', c.name, 'zone', c.time_zone, 'on', v."on",
  'consultant', v.consultant_id, 'planned_at', v.planned_at, 'minutes', v.planned_minutes, 'places', v.places,
  'kept', v.kept_for_stalled, 'state', v.state, 'began_at', v.began_at, 'ended_at', v.ended_at,
  'because', v.closed_because,
  'seats', (SELECT json_agg(json_build_array(x.membership_id, x.is_present) ORDER BY x.id) FROM caseload_sessionseat x
             WHERE x.organization_id = v.organization_id AND x.session_id = v.id),
  'spells', (SELECT json_agg(json_build_array(x.id, x.item_id, x.began_at, x.ended_at) ORDER BY x.began_at, x.id)
               FROM caseload_openspell x WHERE x.organization_id = v.organization_id AND x.session_id = v.id),
  'items', (SELECT json_agg(json_build_object(
              'id', a.id, 'episode_id', a.episode_id, 'patient_id', e.patient_id, 'place', a.place,
              'reason', a.reason, 'is_kept', a.is_kept, 'is_by_hand', a.added_by_id IS NOT NULL, 'state', a.state,
              'because', a.deferred_because, 'until', a.deferred_until, 'review_id', a.review_id,
              'care_manager_id', e.care_manager_id, 'mrn', p.mrn,
              'name', p.family_name || ', ' || concat_ws(' ', p.given_name, nullif(p.middle_name, '')),
              'draft', d.number, 'is_read', d.read_at IS NOT NULL) ORDER BY a.place, a.id)
              FROM caseload_agendaitem a
              JOIN registry_episode e ON e.organization_id = a.organization_id AND e.id = a.episode_id
              JOIN registry_patient p ON p.organization_id = e.organization_id AND p.id = e.patient_id
              LEFT JOIN caseload_reviewdraft d ON d.organization_id = a.organization_id AND d.episode_id = a.episode_id
             WHERE a.organization_id = v.organization_id AND a.session_id = v.id))
  FROM caseload_reviewsession v
  JOIN tenancy_clinic c ON c.organization_id = v.organization_id AND c.id = v.clinic_id
  LEFT JOIN caseload_reviewslot t ON t.organization_id = v.organization_id AND t.id = v.slot_id
 WHERE v.organization_id = %(organization)s AND v.id = %(session)s AND v.voided_at IS NULL
"""


@dataclass(frozen=True)
class SlotShown:
    """A standing slot. `care_manager_ids` are who comes; their patients are its population."""

    id: UUID
    name: str
    clinic_id: UUID
    clinic: str
    consultant_id: UUID
    weekday: int
    begins_at: time
    minutes: int
    places: int
    kept_for_stalled: int
    changed_at: datetime
    care_manager_ids: tuple[UUID, ...]

    @property
    def day_name(self) -> str:
        return WEEKDAYS[self.weekday]

    @property
    def clock_words(self) -> str:
        """`2:00 pm`, local to the clinic."""
        return f"{self.begins_at.hour % 12 or 12}:{self.begins_at:%M} {'am' if self.begins_at.hour < 12 else 'pm'}"

    @property
    def population(self) -> Population:
        return Population(frozenset(self.care_manager_ids))


@dataclass(frozen=True)
class SessionListed:
    """A session in a list, with how many patients became what."""

    id: UUID
    name: str
    on: date
    planned_at: datetime
    zone: str
    consultant_id: UUID
    state: str
    closed_because: str
    patients: int
    reviewed: int
    unfinished: int
    deferred: int

    @property
    def state_label(self) -> str:
        return str(SessionState(self.state).label)

    @property
    def is_live(self) -> bool:
        return self.state == SessionState.LIVE


@dataclass(frozen=True)
class ItemShown:
    """A patient on the agenda. `draft` is the number of the review being written, 0 where there is none."""

    id: UUID
    episode_id: UUID
    patient_id: UUID
    name: str
    mrn: str
    place: int
    reason: str
    is_kept: bool
    is_by_hand: bool
    state: str
    deferred_because: str
    deferred_until: date | None
    review_id: UUID | None
    care_manager_id: UUID | None
    draft: int = 0
    is_read: bool = False

    @property
    def state_label(self) -> str:
        return _STATES[self.state]

    @property
    def is_waiting(self) -> bool:
        return self.state == "waiting"

    @property
    def is_deferred(self) -> bool:
        return self.state == "deferred"

    @property
    def reason_label(self) -> str:
        return KIND_OF[self.reason].label if self.reason in KIND_OF else "Added by hand"


@dataclass(frozen=True)
class SpellShown:
    """A patient lay open; `ended_at` None: lies open."""

    id: UUID
    item: ItemShown
    began_at: datetime
    ended_at: datetime | None

    def until(self, now: datetime) -> Spell:
        """The spell as it would be posted now."""
        return Spell(self.id, self.began_at, self.ended_at or max(now, self.began_at))


@dataclass(frozen=True)
class SessionShown:
    """One session. `seats` are everybody who belongs to it, and whether they are there."""

    id: UUID
    name: str
    clinic: str
    zone: ZoneInfo
    on: date
    consultant_id: UUID
    planned_at: datetime
    planned_minutes: int
    places: int
    kept_for_stalled: int
    state: str
    began_at: datetime | None
    ended_at: datetime | None
    closed_because: str
    seats: tuple[tuple[UUID, bool], ...]
    items: tuple[ItemShown, ...]
    spells: tuple[SpellShown, ...]

    @property
    def zone_name(self) -> str:
        return self.zone.key

    @property
    def patient_ids(self) -> list[UUID]:
        """Whom the agenda shows."""
        return [item.patient_id for item in self.items]

    @property
    def is_planned(self) -> bool:
        return self.state == SessionState.PLANNED

    @property
    def is_live(self) -> bool:
        return self.state == SessionState.LIVE

    @property
    def is_ended(self) -> bool:
        return self.state == SessionState.ENDED

    @property
    def state_label(self) -> str:
        return str(SessionState(self.state).label)

    @property
    def open_spell(self) -> SpellShown | None:
        return next((spell for spell in self.spells if spell.ended_at is None), None)

    @property
    def open_item(self) -> ItemShown | None:
        spell = self.open_spell
        return spell.item if spell else None

    @property
    def done(self) -> int:
        """How many were reviewed or put off."""
        return sum(item.state in ("reviewed", "deferred") for item in self.items)

    @property
    def present_ids(self) -> frozenset[UUID]:
        return frozenset(seat for seat, is_present in self.seats if is_present)

    def next_after(self, item: ItemShown | None) -> ItemShown | None:
        """Whose turn it is then: the next who waits, from the beginning again after the last."""
        place = item.place if item else 0
        waiting = [one for one in self.items if one.is_waiting and (item is None or one.id != item.id)]
        return min(waiting, key=lambda one: (one.place < place, one.place), default=None)

    @property
    def version(self) -> str:
        """A short word that is another one once anything changed that those in the session see."""
        opened = self.open_item
        seen = [(str(one.id), one.place, one.state) for one in self.items]
        draft = opened.draft if opened else 0
        spell = self.open_spell
        said = repr((self.state, str(spell.id) if spell else "", draft, seen, sorted(map(str, self.present_ids))))
        return sha256(said.encode()).hexdigest()[:16]


def slots_of(organization_id: UUID) -> tuple[SlotShown, ...]:
    """The standing slots, in the order of the week. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SLOTS, {"organization": organization_id})
        return tuple(SlotShown(*(*row[:-1], tuple(row[-1] or ()))) for row in cursor.fetchall())


def sessions_of(organization_id: UUID, *, is_open: bool) -> tuple[SessionListed, ...]:
    """Planned and running sessions, the next first; or those that are over, the last first. One statement."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "organization": organization_id,
            "is_open": is_open,
            "most": 50 if is_open else PAST_SESSIONS,
        }
        cursor.execute(_SESSIONS, values)
        return tuple(SessionListed(*row) for row in cursor.fetchall())


def session_shown(organization_id: UUID, session_id: UUID) -> SessionShown:
    """A session with everything of it. One statement. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute(_SESSION, {"organization": organization_id, "session": session_id})
        found = cursor.fetchone()
    if found is None:
        raise NotFound
    row: Stored = found[0]
    items = tuple(map(_item, row["items"] or ()))
    by_id = {item.id: item for item in items}
    return SessionShown(
        id=UUID(row["id"]),
        name=row["name"],
        clinic=row["clinic"],
        zone=ZoneInfo(row["zone"]),
        on=date.fromisoformat(row["on"]),
        consultant_id=UUID(row["consultant"]),
        planned_at=datetime.fromisoformat(row["planned_at"]),
        planned_minutes=row["minutes"],
        places=row["places"],
        kept_for_stalled=row["kept"],
        state=row["state"],
        began_at=_instant(row["began_at"]),
        ended_at=_instant(row["ended_at"]),
        closed_because=row["because"],
        seats=tuple((UUID(seat), is_present) for seat, is_present in row["seats"] or ()),
        items=items,
        spells=tuple(
            SpellShown(UUID(spell), by_id[UUID(item)], datetime.fromisoformat(began), _instant(ended))
            for spell, item, began, ended in row["spells"] or ()
        ),
    )


def names_of(seat_ids: tuple[UUID, ...], people: Mapping[UUID, Membership]) -> str:
    """`Ken Abara, Noor Haddad`."""
    return ", ".join(people[one].name for one in seat_ids if one in people)


def _item(row: Stored) -> ItemShown:
    return ItemShown(
        id=UUID(row["id"]),
        episode_id=UUID(row["episode_id"]),
        patient_id=UUID(row["patient_id"]),
        name=row["name"],
        mrn=row["mrn"],
        place=row["place"],
        reason=row["reason"],
        is_kept=row["is_kept"],
        is_by_hand=row["is_by_hand"],
        state=row["state"],
        deferred_because=row["because"],
        deferred_until=date.fromisoformat(row["until"]) if row["until"] else None,
        review_id=UUID(row["review_id"]) if row["review_id"] else None,
        care_manager_id=UUID(row["care_manager_id"]) if row["care_manager_id"] else None,
        draft=row["draft"] or 0,
        is_read=row["is_read"],
    )


def _instant(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None
