"""Packets: asked for, made by a job, kept sealed for thirty days; their hashes are kept for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.models import Batch, Packet, PacketPart
from billing.queries.calendar import month_title, page_zone
from billing.queries.claims import is_seen_whole
from billing.queries.packets import PURPOSE, months_of, parts_made, purpose_of
from billing.queries.whom_shown import patients_in_batch
from billing.rules.packet import PacketContent, fingerprint, fingerprint_of
from caseload.rules.clock import first_day, local_date
from registry.models import Episode
from registry.operations.disclosures import disclose
from registry.operations.part_two import check_may_leave
from registry.operations.rights_errors import PartTwoRefused
from registry.queries.part_two import marked_among, refused_among
from registry.rules.part_two import Use

KEPT_FOR = timedelta(days=30)
MAKE = "make_packet"


class PacketNotWhole(DomainError):
    """A packet is evidence of all that it is called after: one that would leave a patient out is not made."""

    def __init__(self) -> None:
        super().__init__("Somebody in this batch is no longer open to whoever asked, so the packet cannot be whole.")


@transaction.atomic
def ask_for_month_packet(
    *, by: Membership, at: datetime, month: str, episode_id: UUID, tells_reasons: bool = False
) -> Packet:
    """Have the packet of one patient's month made; who asks twice while it waits gets the same. `tells_reasons`: with
    what people wrote as reasons, for who may see the chart. Raises NotFound, PartTwoRefused.
    """
    episode = Episode.objects.filter(organization_id=by.organization_id, id=episode_id).first()
    if episode is None:
        raise NotFound
    of = {"organization_id": by.organization_id, "tells_reasons": tells_reasons, "month_count": 1}
    on = local_date(at, page_zone(by.organization_id))
    check_may_leave(organization_id=by.organization_id, patient_id=episode.patient_id, use=Use.PAYMENT, on=on)
    asked = Packet(**of, episode=episode, month=first_day(month))
    packet = _asked(asked, f"{month} {episode_id} {by.id}", by=by, at=at)
    told = {"recipient": "Who asked for evidence of the month", "what": f"Packet of {month_title(month)}"}
    disclose(by=by, at=at, patient_id=episode.patient_id, on=on, use=Use.PAYMENT, object_id=packet.id, **told)
    record("packet.asked", by=by, at=at, patient_id=episode.patient_id, object_id=packet.id)
    return packet


@transaction.atomic
def ask_for_batch_packet(*, by: Membership, at: datetime, batch_id: UUID, tells_reasons: bool = False) -> Packet:
    """Have the packet of a batch made, part by part; who asks twice while it waits gets the same. `tells_reasons`:
    with what people wrote as reasons, for who may see the chart. Of each record under 42 CFR part 2 it is kept as a
    disclosure. Raises NotFound, PartTwoRefused.
    """
    batch = Batch.objects.filter(organization_id=by.organization_id, id=batch_id).first()
    if batch is None or not is_seen_whole(batch):
        raise NotFound
    of = {"organization_id": by.organization_id, "tells_reasons": tells_reasons, "month_count": len(months_of(batch))}
    seen = patients_in_batch(by.organization_id, batch_id)
    on = local_date(at, page_zone(by.organization_id))
    if refused_among(by.organization_id, seen, use=Use.PAYMENT, on=on):
        raise PartTwoRefused(Use.PAYMENT)
    packet = _asked(Packet(**of, batch=batch), f"{batch_id} {by.id}", by=by, at=at)
    told = {"recipient": "Who asked for evidence of the batch", "what": f"Packet of batch {batch.number}"}
    for one in marked_among(by.organization_id, seen):
        disclose(by=by, at=at, patient_id=one, on=on, use=Use.PAYMENT, object_id=packet.id, **told)
    record("packet.asked", by=by, at=at, object_id=packet.id, shown=seen)
    return packet


def check_is_whole(packet: Packet) -> None:
    """Before a part is laid out: whoever asked still sees all that was promised. Raises PacketNotWhole."""
    batch = packet.batch
    if batch is not None and not (is_seen_whole(batch) and len(months_of(batch)) == packet.month_count):
        raise PacketNotWhole


@transaction.atomic
def keep_part(*, by: Membership, at: datetime, packet: Packet, content: PacketContent, pdf: bytes) -> PacketPart:
    """Keep a part of a packet that is being made, and have the next one made; the last one makes it whole.

    Each part is a job of its own: however large a batch is, none runs long, and one that fails begins with its own
    part. Raises FileTooLarge, PacketNotWhole.
    """
    file = store(
        pdf,
        organization_id=packet.organization_id,
        purpose=purpose_of(packet.id),
        media_type="application/pdf",
        at=at,
        expires_at=at + KEPT_FOR,
    )
    part: PacketPart = PacketPart.objects.create(
        organization_id=packet.organization_id,
        packet=packet,
        number=content.part,
        month_count=len(content.months),
        stored_file=file,
        content_sha256=fingerprint(content),
        file_sha256=file.sha256,
    )
    if content.part < content.parts:
        key = f"{packet.id} {content.part + 1}"
        packet.job_id = queue(MAKE, organization_id=packet.organization_id, key=key, owner=by, at=at)
        packet.save(update_fields=["job_id"])
    else:
        _finish(packet, by=by, at=at)
    return part


def _finish(packet: Packet, *, by: Membership, at: datetime) -> None:
    """Say that it is made: of which facts, and which file is its first. Raises PacketNotWhole."""
    parts = parts_made(packet)
    if sum(part.month_count for part in parts) != packet.month_count:
        raise PacketNotWhole
    packet.stored_file_id, packet.file_sha256 = parts[0].stored_file_id, parts[0].file_sha256
    packet.content_sha256, packet.made_at = fingerprint_of([part.content_sha256 for part in parts]), at
    packet.save(update_fields=["stored_file", "file_sha256", "content_sha256", "made_at"])
    record("packet.made", by=by, at=at, object_id=packet.id, count=len(parts))


def discard_packets(*, organization_id: UUID, at: datetime) -> int:
    """Empty the files of packets whose days are over; hashes stay, so that they can still be verified. How many."""
    rows = StoredFile.objects.filter(organization_id=organization_id, purpose__startswith=PURPOSE, expires_at__lte=at)
    return rows.exclude(sealed=b"").update(sealed=b"")


def _asked(packet: Packet, key: str, *, by: Membership, at: datetime) -> Packet:
    """The queued job's lock makes two who ask at once take turns; the second finds what the first wrote."""
    job_id = queue(MAKE, organization_id=by.organization_id, key=key, owner=by, at=at)
    waiting: Packet | None = Packet.objects.filter(organization_id=by.organization_id, job_id=job_id).first()
    if waiting is not None:
        return waiting
    packet.asked_at, packet.asked_by, packet.job_id = at, by, job_id
    packet.save(force_insert=True)
    return packet
