"""One entry of time by itself: what became of it, what it replaced and what replaced it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from bhi.accounts.queries import people_of
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.models import TimeEntry
from caseload.queries.entries import episode_time
from caseload.queries.time_shown import EntryShown, entries_shown, overlap_words
from caseload.queries.timers import split_of_entry
from caseload.rules.clock import local_date, month_of
from caseload.rules.timers import Split


@dataclass(frozen=True)
class EntryPage:
    """An entry with all that is known of it. `shown` is None for one that was taken back or corrected."""

    entry: TimeEntry
    patient_id: UUID
    patient_name: str
    mrn: str
    zone: ZoneInfo
    on: date
    month: str
    who: str
    recorded_by: str
    shown: EntryShown | None
    split: Split | None
    voided_by: str
    replaced_by: UUID | None
    earlier: tuple[TimeEntry, ...]

    @property
    def zone_name(self) -> str:
        return self.zone.key

    @property
    def starts_at(self) -> datetime | None:
        return self.entry.span.lower if self.entry.span is not None else None

    @property
    def ends_at(self) -> datetime | None:
        return self.entry.span.upper if self.entry.span is not None else None


def one_entry(entry_id: UUID, *, for_: Membership) -> EntryPage:
    """An entry of the seat's organization, live or not. Raises NotFound."""
    rows = TimeEntry.objects.filter(organization_id=for_.organization_id)
    entry = rows.filter(id=entry_id).select_related("patient", "episode__clinic", "by", "replaces").first()
    if entry is None:
        raise NotFound
    zone = ZoneInfo(entry.episode.clinic.time_zone)
    on = entry.on or local_date(entry.span.lower, zone)
    people = people_of(for_.organization_id)
    return EntryPage(
        entry=entry,
        patient_id=entry.patient_id,
        patient_name=entry.patient.name,
        mrn=entry.patient.mrn,
        zone=zone,
        on=on,
        month=month_of(on),
        who=str(people[entry.by_id]),
        recorded_by=str(people[entry.recorded_by_id]),
        shown=_shown(entry, month_of(on), people) if entry.is_live else None,
        split=split_of_entry(entry.id, for_.organization_id),
        voided_by=str(people[entry.voided_by_id]) if entry.voided_by_id else "",
        replaced_by=rows.filter(replaces_id=entry.id).values_list("id", flat=True).first(),
        earlier=(entry.replaces,) if entry.replaces is not None else (),
    )


def _shown(entry: TimeEntry, month: str, people: dict[UUID, Membership]) -> EntryShown:
    time = episode_time(entry.organization_id, entry.patient_id, entry.episode_id)
    overlaps = overlap_words([time], entry.organization_id) if entry.held else {}
    shown = entries_shown(time, month=month, people=people, overlaps=overlaps)
    return next(one for one in shown if one.id == entry.id)
