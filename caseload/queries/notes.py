"""One contact's note as it is read: whole, with its signature, what was added, and what its minutes do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef

from bhi.errors import NotFound
from bhi.tenancy.models import Membership, Role
from caseload.models import Addendum, Contact, CoSignature, FollowUp, Mode, Supervision
from caseload.queries.chart import score_words
from caseload.queries.patient_record import PatientRecord, instant, patient_record, time_on_record
from caseload.queries.time_shown import EntryShown, entries_shown, span_words
from caseload.rules.clock import local_date
from caseload.rules.notes import PARTS, NoteText, ehr_text

MOST_WAITING = 100


@dataclass(frozen=True)
class Signed:
    """Words with who signed them and when."""

    text: str
    signature: str


@dataclass(frozen=True)
class NoteShown:
    """A contact's note. `taken_back` says who took it back and why; `awaits` whose co-signature it waits for."""

    id: UUID
    patient_id: UUID
    patient_name: str
    mrn: str
    is_part_two: bool
    clinic_name: str
    zone: ZoneInfo
    today: date
    kind: str
    when: str
    outcome: str
    note: str
    parts: tuple[tuple[str, str], ...]
    question: str
    scores: tuple[str, ...]
    next_contact: str
    entries: tuple[EntryShown, ...]
    signature: str
    addenda: tuple[Signed, ...]
    co_signature: Signed | None
    awaits: str
    taken_back: Signed | None
    may_co_sign: bool
    may_take_back: bool

    @property
    def months(self) -> list[str]:
        """The months in which its minutes lie, as `2026-03`."""
        return sorted({f"{entry.on:%Y-%m}" for entry in self.entries})

    @property
    def ehr(self) -> str:
        """The note as plain text for another record."""
        minutes = "; ".join(f"{entry.seconds // 60} min" for entry in self.entries)
        return ehr_text(
            NoteText(
                patient=f"{self.patient_name}, record number {self.mrn}" if self.mrn else self.patient_name,
                on=self.when,
                kind=self.kind,
                signature=self.signature,
                note=self.note,
                scores=self.scores,
                parts=self.parts,
                question=self.question,
                next_contact=f"Next contact: {self.next_contact}" if self.next_contact else "",
                time=f"Time: {minutes}" if minutes else "",
                addenda=tuple((one.signature, one.text) for one in self.addenda),
                co_signature=self._co_signed,
            )
        )

    @property
    def _co_signed(self) -> str:
        one = self.co_signature
        return "" if one is None else f"{one.signature}: {one.text}" if one.text else one.signature


def note_shown(contact_id: UUID, *, for_: Membership, at: datetime, people: Mapping[UUID, Membership]) -> NoteShown:
    """A note of the seat's organization, one taken back included. At most six statements. Raises NotFound."""
    contact = _contact(contact_id, for_)
    zone = ZoneInfo(contact.episode.clinic.time_zone)
    record = patient_record(for_.organization_id, contact.patient_id, contact.episode_id, zone)
    signature = CoSignature.objects.live().filter(organization_id=for_.organization_id, contact=contact).first()
    supervision = _supervision(contact) if signature is None and contact.voided_at is None else None
    return NoteShown(
        id=contact.id,
        patient_id=contact.patient_id,
        patient_name=contact.patient.name,
        mrn=contact.patient.mrn,
        is_part_two=contact.patient.is_part_two,
        clinic_name=contact.episode.clinic.name,
        zone=zone,
        today=local_date(at, zone),
        kind=kind_words(contact),
        when=_when(contact, zone),
        outcome=contact.get_outcome_display() if contact.outcome else "",
        note=contact.note,
        parts=tuple((label, contact.parts[key]) for key, label in PARTS if contact.parts.get(key)),
        question=contact.question,
        scores=tuple(score_words(row) for row in record.of("assessment") if row["contact_id"] == str(contact.id)),
        next_contact=_next_contact(contact),
        entries=tuple(_entries(record, contact, people)),
        signature=_signature(contact, people, zone),
        addenda=tuple(_addenda(contact, zone)),
        co_signature=_co_signature(signature, zone),
        awaits=str(people[supervision.supervisor_id]) if supervision is not None else "",
        taken_back=_taken_back(contact, people, zone),
        may_co_sign=supervision is not None and supervision.supervisor_id == for_.id,
        may_take_back=contact.voided_at is None and _may_take_back(contact, for_),
    )


@dataclass(frozen=True)
class NoteWaiting:
    """A note that waits for a co-signature."""

    contact_id: UUID
    patient_id: UUID
    patient_name: str
    on: date
    kind: str
    signature: str


def notes_to_co_sign(for_: Membership) -> list[NoteWaiting]:
    """The notes with text that wait for this person's signature, the oldest first. One statement.

    Those recorded since the supervision began; at most a hundred are shown.
    """
    of = {"organization_id": for_.organization_id}
    supervised = Supervision.objects.filter(
        **of, supervised_id=OuterRef("by_id"), supervisor=for_, is_current=True, made_at__lte=OuterRef("recorded_at")
    )
    signed = CoSignature.objects.live().filter(**of, contact_id=OuterRef("id"))
    waiting = Contact.objects.live().filter(Exists(supervised), ~Exists(signed), **of).exclude(note="")
    rows = waiting.select_related("patient").order_by("recorded_at", "id")[:MOST_WAITING]
    return [
        NoteWaiting(row.id, row.patient_id, row.patient.name, row.on, kind_words(row), row.signed_as) for row in rows
    ]


@dataclass(frozen=True)
class Supervised:
    """Whose notes wait for whom."""

    supervised_id: UUID
    supervised: str
    supervisor: str


def supervisions(organization_id: UUID, people: Mapping[UUID, Membership]) -> list[Supervised]:
    """The supervisions that hold, by name."""
    rows = Supervision.objects.filter(organization_id=organization_id, is_current=True)
    found = [
        Supervised(row.supervised_id, str(people[row.supervised_id]), str(people[row.supervisor_id])) for row in rows
    ]
    return sorted(found, key=lambda one: one.supervised)


def kind_words(contact: Contact) -> str:
    """`Session with the patient, phone`."""
    mode = "" if contact.mode == Mode.NONE else f", {contact.get_mode_display().lower()}"
    return f"{contact.get_activity_display()}{mode}"


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """`Mar 2, 2026, 10:00 am`, on the clinic's clock."""
    local = at.astimezone(zone)
    return f"{_day(local.date())}, {local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"


def _day(on: date) -> str:
    return f"{on:%b} {on.day}, {on.year}"


def _contact(contact_id: UUID, for_: Membership) -> Contact:
    rows = Contact.objects.filter(organization_id=for_.organization_id, id=contact_id)
    contact: Contact | None = rows.select_related("patient", "episode__clinic", "episode__patient").first()
    if contact is None:
        raise NotFound
    return contact


def _supervision(contact: Contact) -> Supervision | None:
    """Whose signature the note waits for: a note without text waits for nobody's."""
    if not contact.note:
        return None
    of = {"organization_id": contact.organization_id, "supervised_id": contact.by_id}
    rows = Supervision.objects.filter(**of, is_current=True, made_at__lte=contact.recorded_at)
    found: Supervision | None = rows.first()
    return found


def _when(contact: Contact, zone: ZoneInfo) -> str:
    return _day(contact.on) if contact.started_at is None else moment_words(contact.started_at, zone)


def _next_contact(contact: Contact) -> str:
    planned = FollowUp.objects.filter(organization_id=contact.organization_id, from_contact=contact, voided_at=None)
    first = planned.order_by("recorded_at").first()
    if first is None:
        return ""
    return f"{_day(first.due_on)}, {first.purpose}" if first.purpose else _day(first.due_on)


def _entries(record: PatientRecord, contact: Contact, people: Mapping[UUID, Membership]) -> list[EntryShown]:
    time = time_on_record(record, contact.episode)
    own = [logged for logged in time.entries if logged.contact_id == contact.id]
    overlaps = {
        UUID(row["id"]): span_words((instant(row["held_from"]), instant(row["held_until"])), record.zone)
        for row in record.of("entry")
        if row["held_from"]
    }
    found: dict[UUID, EntryShown] = {}
    for month in sorted({month for logged in own for month in logged.months}):
        found |= {one.id: one for one in entries_shown(time, month=month, people=people, overlaps=overlaps)}
    return [found[logged.entry.id] for logged in own if isinstance(logged.entry.id, UUID)]


def _signature(contact: Contact, people: Mapping[UUID, Membership], zone: ZoneInfo) -> str:
    """Who signed and when; of a note brought by an import, who is said to have written it."""
    if contact.signed_as:
        return f"Signed by {contact.signed_as}, {moment_words(contact.recorded_at, zone)}"
    came = "imported" if contact.import_id is not None else "recorded"
    return f"By {people[contact.by_id]}, {came} {_day(local_date(contact.recorded_at, zone))}"


def _addenda(contact: Contact, zone: ZoneInfo) -> list[Signed]:
    rows = Addendum.objects.live().filter(organization_id=contact.organization_id, contact=contact)
    in_order = rows.order_by("recorded_at", "id")
    return [Signed(row.text, f"{row.signed_as}, {moment_words(row.recorded_at, zone)}") for row in in_order]


def _co_signature(signature: CoSignature | None, zone: ZoneInfo) -> Signed | None:
    if signature is None:
        return None
    said = f"Read and signed by {signature.signed_as}, {moment_words(signature.recorded_at, zone)}"
    return Signed(signature.remark, said)


def _taken_back(contact: Contact, people: Mapping[UUID, Membership], zone: ZoneInfo) -> Signed | None:
    if contact.voided_at is None or contact.voided_by_id is None:
        return None
    return Signed(contact.void_reason, f"{people[contact.voided_by_id]}, {moment_words(contact.voided_at, zone)}")


def _may_take_back(contact: Contact, for_: Membership) -> bool:
    return for_.id in (contact.by_id, contact.recorded_by_id) or Role.CLINIC_LEAD in for_.roles
