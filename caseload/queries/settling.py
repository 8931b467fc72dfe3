"""A held time with the one that it overlaps, and the corrections that would settle it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import Activity, TimeEntry
from caseload.queries.time_shown import span_words
from caseload.rules.clock import local_date, occurrence
from caseload.rules.worktime import around

PAGE_ROWS = 100


@dataclass(frozen=True)
class Offer:
    """A correction in one click: its words and its clock time."""

    words: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo

    @property
    def on(self) -> date:
        return local_date(self.starts_at, self.zone)

    @property
    def starts_local(self) -> time:
        return self.starts_at.astimezone(self.zone).time()

    @property
    def ends_local(self) -> time:
        return self.ends_at.astimezone(self.zone).time()

    @property
    def ends_next_day(self) -> bool:
        return local_date(self.ends_at, self.zone) != self.on

    @property
    def starts_which(self) -> str:
        return occurrence(self.starts_at, self.zone)

    @property
    def ends_which(self) -> str:
        return occurrence(self.ends_at, self.zone)


@dataclass(frozen=True)
class HeldTime:
    """A held entry. `other_words` is when the same person's time with another patient was; nothing else of it."""

    entry: TimeEntry
    patient_id: UUID
    patient_name: str
    mrn: str
    zone: ZoneInfo
    on: date
    what: str
    who: str
    words: str
    other_words: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True)
class HeldRow:
    """A held entry in the list of all of them."""

    entry_id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    on: date
    words: str
    other_words: str
    minutes: int
    what: str
    who: str


@dataclass(frozen=True)
class HeldPage:
    """Up to a hundred held entries, the latest first; `total` counts them all."""

    rows: tuple[HeldRow, ...]
    total: int


def held_times(*, for_: Membership) -> HeldPage:
    """What waits to be settled in the seat's organization. Two statements."""
    held = TimeEntry.objects.live().filter(organization_id=for_.organization_id, held=True, span__isnull=False)
    related = held.select_related("patient", "episode__clinic", "by", "held_with")
    rows = tuple(_row(entry) for entry in related.order_by("-span", "id")[:PAGE_ROWS])
    return HeldPage(rows, held.count() if len(rows) == PAGE_ROWS else len(rows))


def _row(entry: TimeEntry) -> HeldRow:
    zone = ZoneInfo(entry.episode.clinic.time_zone)
    span = (entry.span.lower, entry.span.upper)
    other = _other_span(entry)
    return HeldRow(
        entry_id=entry.id,
        patient_id=entry.patient_id,
        patient_name=f"{entry.patient.family_name}, {entry.patient.given_name}",
        mrn=entry.patient.mrn,
        on=local_date(span[0], zone),
        words=span_words(span, zone),
        other_words=span_words(other, zone) if other else "",
        minutes=int((span[1] - span[0]).total_seconds()) // 60,
        what=Activity(entry.activity).label,
        who=entry.by.name,
    )


def held_time(entry_id: UUID, *, for_: Membership) -> HeldTime | None:
    """A held entry of the seat's organization; None when it waits no longer. Raises NotFound."""
    entries = TimeEntry.objects.filter(organization_id=for_.organization_id, id=entry_id, span__isnull=False)
    entry = entries.select_related("patient", "episode__clinic", "by", "held_with").first()
    if entry is None:
        raise NotFound
    if not (entry.held and entry.is_live):
        return None
    zone = ZoneInfo(entry.episode.clinic.time_zone)
    span = (entry.span.lower, entry.span.upper)
    other = _other_span(entry)
    return HeldTime(
        entry=entry,
        patient_id=entry.patient_id,
        patient_name=entry.patient.name,
        mrn=entry.patient.mrn,
        zone=zone,
        on=local_date(span[0], zone),
        what=Activity(entry.activity).label,
        who=entry.by.name,
        words=span_words(span, zone),
        other_words=span_words(other, zone) if other else "",
        offers=_offers(span, other, zone),
    )


def _other_span(entry: TimeEntry) -> tuple[datetime, datetime] | None:
    """The time that it overlaps, unless that was taken back meanwhile."""
    other = entry.held_with
    if other is None or other.span is None or not other.is_live:
        return None
    return other.span.lower, other.span.upper


def _offers(
    span: tuple[datetime, datetime], other: tuple[datetime, datetime] | None, zone: ZoneInfo
) -> tuple[Offer, ...]:
    if other is None:
        return (Offer("Count it: the other time was taken back", *span, zone),)
    before, after = around(span, other)
    offers = []
    if after is not None:
        offers.append(Offer(f"Start at {after[0].astimezone(zone):%H:%M} instead", *after, zone))
    if before is not None:
        offers.append(Offer(f"End at {before[1].astimezone(zone):%H:%M} instead", *before, zone))
    return tuple(offers)
