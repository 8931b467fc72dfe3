"""Time worked: written down once, held where a person would have been with two patients, corrected by replacement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from psycopg.types.range import Range

from bhi.audit.operations import record
from bhi.jobs.operations import announce
from bhi.tenancy.models import Membership
from caseload.models import Activity, Contact, TimeEntry
from caseload.operations.errors import DayFull, ImpossibleTime
from caseload.operations.standing import rebuild_standing
from caseload.queries.work import EpisodeAtWork, booked_by, episode_at_work, role_worked_in, was_in_stay
from caseload.rules.clock import local_date, month_of, short_day
from caseload.rules.worktime import Booked, WorkTime, day_is_full, fault_of, first_overlap
from registry.operations.errors import FormReused
from registry.operations.recording import Stamp, record_facts, stamped, void_facts


@dataclass(frozen=True)
class Work:
    """What was done in some time, apart from when. `service` None is the program of the day."""

    activity: str = Activity.TREATMENT
    role: str | None = None
    service: str | None = None
    billed_as: str = ""
    is_facility_stay: bool = False


TREATMENT = Work()


@transaction.atomic
def record_time(
    *,
    by: Membership,
    at: datetime,
    episode_id: UUID,
    time: WorkTime,
    client_token: UUID,
    work: Work = TREATMENT,
    worked_by: Membership | None = None,
    import_id: UUID | None = None,
) -> TimeEntry:
    """Time that `worked_by` (else `by`) spent on a patient, held when it overlaps their time for another patient.

    A second call with the same token returns the first entry. Raises ImpossibleTime, DayFull, FormReused, NotFound.
    """
    lock_people([by.id, (worked_by or by).id])
    stamp = Stamp(by, at, import_id)
    episode = episode_at_work(by.organization_id, episode_id, time=time, token=client_token)
    if episode.time_entry_id is not None:
        return _same_entry(episode, episode.time_entry_id)
    entry = timed(stamp, episode, time=time, work=work, worked_by=worked_by or by, client_token=client_token)
    record_facts([entry])
    record("time.recorded", by=by, at=at, patient_id=episode.patient_id, object_id=entry.id, fields=["time"])
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    announce_months(episode, months_touched(time, episode.zone), at=at)
    return entry


@transaction.atomic
def void_time(*, by: Membership, at: datetime, entry: TimeEntry, reason: str) -> None:
    """Take an entry back. What was held because of it stays held until somebody settles it.

    Raises ReasonMissing, AlreadyVoided, NotFound.
    """
    episode = episode_at_work(by.organization_id, entry.episode_id, time=time_of(entry), token=entry.client_token)
    void_facts([entry], stamp=Stamp(by, at), reason=reason)
    record("time.voided", by=by, at=at, patient_id=entry.patient_id, object_id=entry.id, fields=["void_reason"])
    rebuild_standing(organization_id=by.organization_id, episode_ids=[entry.episode_id], at=at)
    announce_months(episode, months_touched(time_of(entry), episode.zone), at=at)


@transaction.atomic
def replace_time(
    *, by: Membership, at: datetime, entry: TimeEntry, time: WorkTime, client_token: UUID, reason: str
) -> TimeEntry:
    """Correct when an entry was worked: it is voided, and another is recorded that says which it replaces.

    So a held entry is settled: shortened until it no longer overlaps, the new one counts.
    Raises ReasonMissing, AlreadyVoided, ImpossibleTime, DayFull, FormReused.
    """
    lock_people([entry.by_id])
    stamp = Stamp(by, at)
    episode = episode_at_work(by.organization_id, entry.episode_id, time=time, token=client_token)
    if episode.time_entry_id is not None:
        return _same_entry(episode, episode.time_entry_id)
    void_facts([entry], stamp=stamp, reason=reason)
    is_marked = entry.is_facility_stay and not was_in_stay(entry, episode.zone)
    work = Work(entry.activity, entry.role, entry.service, entry.billed_as, is_marked)
    corrected = timed(stamp, episode, time=time, work=work, worked_by=entry.by, client_token=client_token)
    corrected.contact_id, corrected.replaces = entry.contact_id, entry
    record_facts([corrected])
    record("time.replaced", by=by, at=at, patient_id=entry.patient_id, object_id=corrected.id, fields=["time"])
    rebuild_standing(organization_id=by.organization_id, episode_ids=[episode.id], at=at)
    months = {*months_touched(time, episode.zone), *months_touched(time_of(entry), episode.zone)}
    announce_months(episode, sorted(months), at=at)
    return corrected


def timed(
    stamp: Stamp,
    episode: EpisodeAtWork,
    *,
    time: WorkTime,
    work: Work,
    worked_by: Membership,
    client_token: UUID,
    contact: Contact | None = None,
) -> TimeEntry:
    """An entry checked against everything else that the person has on record, not yet stored.

    Call it with the person locked (`lock_people`). Raises ImpossibleTime, DayFull.
    """
    _refuse_impossible(time, episode, at=stamp.at)
    days = time.days(episode.zone)
    booked = booked_by(episode.organization_id, [worked_by.id], first=days[0], last=days[-1], zone=episode.zone)[
        worked_by.id
    ]
    overlap = first_overlap(time, episode.patient_id, booked)
    full = None if overlap else day_is_full(time, booked, episode.zone)
    if full is not None:
        raise DayFull(short_day(full))
    entry = draft_time(
        stamp,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        time=time,
        work=work,
        program=episode.program,
        worked_by=worked_by,
        client_token=client_token,
        contact=contact,
    )
    entry.is_facility_stay = work.is_facility_stay or episode.is_in_stay
    if overlap is not None:
        entry.held, entry.held_with_id = True, overlap.id
    return entry


def draft_time(
    stamp: Stamp,
    *,
    patient_id: UUID,
    episode_id: UUID,
    time: WorkTime,
    work: Work,
    program: str,
    worked_by: Membership,
    client_token: UUID,
    contact: Contact | None = None,
) -> TimeEntry:
    """An entry as it will be stored, unchecked: imports check theirs in bulk (`hold_overlaps`)."""
    return stamped(
        TimeEntry,
        stamp,
        patient_id=patient_id,
        episode_id=episode_id,
        contact=contact,
        by=worked_by,
        role=work.role or role_worked_in(worked_by.roles),
        activity=work.activity,
        service=work.service or program,
        span=Range(*time.span) if time.span is not None else None,
        on=time.on,
        seconds=time.seconds,
        billed_as=work.billed_as,
        is_facility_stay=work.is_facility_stay,
        client_token=client_token,
    )


def hold_overlaps(drafts: Sequence[TimeEntry], *, zone: ZoneInfo) -> list[TimeEntry]:
    """Hold every draft that overlaps its person's time for another patient, on record or in an earlier draft.

    Of two drafts the later in the sequence is held; a held one holds nobody else. Locks the people, so call it in
    the transaction that stores the drafts. Returns the held ones.
    """
    spans = [draft.span for draft in drafts if draft.span is not None]
    if not spans:
        return []
    organization_id = drafts[0].organization_id
    people = sorted({draft.by_id for draft in drafts})
    lock_people(people)
    booked = booked_by(
        organization_id,
        people,
        first=local_date(min(span.lower for span in spans), zone),
        last=local_date(max(span.upper for span in spans), zone),
        zone=zone,
    )
    ledgers = {person: _Ledger(entries) for person, entries in booked.items()}
    return [draft for draft in drafts if draft.span is not None and ledgers[draft.by_id].holds(draft)]


def lock_people(people: Iterable[UUID]) -> None:
    """One writer at a time for each person's day, until the transaction ends.

    Two entries written at once would otherwise not see each other, and the exclusion constraint would refuse the
    second, where it should be kept and held.
    """
    keys = sorted({str(person) for person in people})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('time:' || person, 0)) FROM unnest(%s::text[]) AS person",
            [keys],
        )


def months_touched(time: WorkTime, zone: ZoneInfo) -> list[str]:
    """The calendar months in which some part of the time lies."""
    return sorted({month_of(day) for day in time.days(zone)})


def time_of(entry: TimeEntry) -> WorkTime:
    """When a stored entry was worked."""
    span = (entry.span.lower, entry.span.upper) if entry.span is not None else None
    return WorkTime(span, entry.on, entry.seconds)


def announce_months(episode: EpisodeAtWork, months: Sequence[str], *, at: datetime) -> None:
    """Tell that these months of an episode may come out differently; its standing is rebuilt already."""
    announce(
        "episode_changed",
        organization_id=episode.organization_id,
        at=at,
        episode_id=episode.id,
        months=list(months),
        standing="rebuilt",
    )


class _Ledger:
    """One person's time in order of its start, for finding overlaps among thousands of entries."""

    def __init__(self, booked: Iterable[Booked]) -> None:
        self.by_day: dict[date, list[Booked]] = {}
        for entry in booked:
            self._add(entry)

    def holds(self, draft: TimeEntry) -> bool:
        """Mark a draft held when it overlaps; otherwise keep it in mind for those that come after it."""
        work = time_of(draft)
        assert work.span is not None
        near = [entry for day in _utc_days(work.span) for entry in self.by_day.get(day, ())]
        overlap = first_overlap(work, draft.patient_id, near)
        if overlap is None:
            self._add(Booked(draft.id, draft.patient_id, work.span))
            return False
        draft.held, draft.held_with_id = True, overlap.id
        return True

    def _add(self, entry: Booked) -> None:
        if entry.span is not None:
            for day in _utc_days(entry.span):
                self.by_day.setdefault(day, []).append(entry)


def _utc_days(span: tuple[datetime, datetime]) -> set[date]:
    return {span[0].astimezone(UTC).date(), (span[1] - timedelta(microseconds=1)).astimezone(UTC).date()}


def _refuse_impossible(time: WorkTime, episode: EpisodeAtWork, *, at: datetime) -> None:
    fault = fault_of(time, now=at, zone=episode.zone)
    if fault is not None:
        raise ImpossibleTime(fault.field, fault.sentence)
    if time.day(episode.zone) < episode.birth_date:
        field = "on" if time.span is None else "start"
        raise ImpossibleTime(field, "The day is before the patient's birth. Correct it.")


def _same_entry(episode: EpisodeAtWork, entry_id: UUID) -> TimeEntry:
    entry: TimeEntry = TimeEntry.objects.get(id=entry_id)
    if entry.episode_id != episode.id:
        raise FormReused
    return entry
