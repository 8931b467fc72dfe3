"""Packets: asked for, made by a job, kept sealed for thirty days; their hashes are kept for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.files.operations import store
from bhi.jobs.operations import queue
from bhi.tenancy.models import Membership
from billing.models import Batch, Packet
from billing.queries.packets import PURPOSE, purpose_of
from caseload.rules.clock import first_day
from registry.models import Episode

KEPT_FOR = timedelta(days=30)
MAKE = "make_packet"


@transaction.atomic
def ask_for_month_packet(*, by: Membership, at: datetime, month: str, episode_id: UUID) -> Packet:
    """Have the packet of one patient's month made; who asks twice while it waits gets the same. Raises NotFound."""
    episode = Episode.objects.filter(organization_id=by.organization_id, id=episode_id).first()
    if episode is None:
        raise NotFound
    asked = Packet(organization_id=by.organization_id, episode=episode, month=first_day(month))
    packet = _asked(asked, f"{month} {episode_id} {by.id}", by=by, at=at)
    record("packet.asked", by=by, at=at, patient_id=episode.patient_id, object_id=packet.id)
    return packet


@transaction.atomic
def ask_for_batch_packet(*, by: Membership, at: datetime, batch_id: UUID) -> Packet:
    """Have the packet of a batch made; who asks twice while it waits gets the same. Raises NotFound."""
    batch = Batch.objects.filter(organization_id=by.organization_id, id=batch_id).first()
    if batch is None:
        raise NotFound
    packet = _asked(Packet(organization_id=by.organization_id, batch=batch), f"{batch_id} {by.id}", by=by, at=at)
    record("packet.asked", by=by, at=at, object_id=packet.id, count=batch.claim_count)
    return packet


@transaction.atomic
def keep_part(*, packet: Packet, content: bytes, at: datetime) -> StoredFile:
    """Keep one part of a packet that is being made, in the order of calls. Raises FileTooLarge."""
    return store(
        content,
        organization_id=packet.organization_id,
        purpose=purpose_of(packet.id),
        media_type="application/pdf",
        at=at,
        expires_at=at + KEPT_FOR,
    )


@transaction.atomic
def finish_packet(
    *, by: Membership, at: datetime, packet: Packet, parts: Sequence[StoredFile], content_sha256: str
) -> None:
    """Say that a packet is made: of which facts, and which file is its first."""
    packet.stored_file, packet.file_sha256 = parts[0], parts[0].sha256
    packet.content_sha256, packet.made_at = content_sha256, at
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
