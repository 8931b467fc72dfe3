"""Packets as they were made: which, of what, by whom; and whether a file or a hash is one of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bhi.errors import NotFound
from bhi.files.models import StoredFile
from bhi.jobs.models import Job, JobState
from billing.models import Batch, BillingProvider, Claim, Packet, PacketPart
from billing.queries.claims import is_seen_whole
from billing.queries.packet_month import People, packet_month
from billing.rules.packet import PacketContent, mark_of
from caseload.rules.clock import month_of

PURPOSE = "packet "
LOGO = "logo"
PAGE_ROWS = 50
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PacketRow:
    """A packet in a list. `made_at` is None while it is being made; `is_kept`: whether its files are still there.

    `month_count` months are printed, `months_made` of them so far. `tells_reasons`: what people wrote as reasons, too.
    `has_failed`: its job gave up, so that it is never made.
    """

    id: UUID
    batch_id: UUID | None
    batch_number: int | None
    episode_id: UUID | None
    patient_id: UUID | None
    patient_name: str
    month: str
    asked_at: datetime
    asked_by: str
    made_at: datetime | None
    content_sha256: str
    job_id: UUID | None
    is_kept: bool
    month_count: int
    months_made: int
    tells_reasons: bool
    has_failed: bool


@dataclass(frozen=True, slots=True)
class PacketPage:
    """A page of packets, the newest first."""

    rows: tuple[PacketRow, ...]
    total: int
    first_row: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Verified:
    """What is known of a file or a hash: the packets that it is, or whose mark it bears although it is none of them.

    `packets` are empty where this organization made nothing of the kind.
    """

    packets: tuple[PacketRow, ...] = ()
    is_file: bool = False
    is_altered: bool = False


def purpose_of(packet_id: UUID) -> str:
    """What the files of a packet are kept as."""
    return f"{PURPOSE}{packet_id.hex}"


def packet_rows(organization_id: UUID, *, at: datetime, page: int = 1) -> PacketPage:
    """Packets that were asked for, the newest first, cut to a page. Two statements."""
    start = (page - 1) * PAGE_ROWS
    rows = _rows(organization_id).order_by("-asked_at", "-id")
    found = [_row(row, at) for row in rows[start : start + PAGE_ROWS + 1]]
    return PacketPage(tuple(found[:PAGE_ROWS]), rows.count(), start + 1, len(found) > PAGE_ROWS)


def packet_row(organization_id: UUID, packet_id: UUID, *, at: datetime) -> PacketRow:
    """One packet. Raises NotFound, also where who looks may not see every patient of its batch."""
    row = _rows(organization_id).filter(id=packet_id).first()
    if row is None or (row.batch is not None and not is_seen_whole(row.batch)):
        raise NotFound
    return _row(row, at)


def packet_of_job(organization_id: UUID, job_id: UUID) -> Packet:
    """The packet of which a job makes a part. Raises NotFound."""
    row: Packet | None = _rows(organization_id).filter(job_id=job_id).first()
    if row is None:
        raise NotFound
    return row


def packet_files(organization_id: UUID, packet_id: UUID, *, at: datetime) -> list[StoredFile]:
    """A packet's parts in order, without their bytes; none once they have expired."""
    rows = StoredFile.objects.filter(organization_id=organization_id, purpose=purpose_of(packet_id), expires_at__gt=at)
    return list(rows.exclude(sealed=b"").defer("sealed").order_by("id"))


def packet_file(organization_id: UUID, packet_id: UUID, number: int, *, at: datetime) -> StoredFile:
    """One part of a packet, counted from 1. Raises NotFound."""
    parts = packet_files(organization_id, packet_id, at=at)
    if not 1 <= number <= len(parts):
        raise NotFound
    return parts[number - 1]


def parts_made(packet: Packet) -> list[PacketPart]:
    """The parts that are made so far, in order."""
    return list(PacketPart.objects.filter(organization_id=packet.organization_id, packet=packet).order_by("number"))


def content_of(packet: Packet, people: People, *, part: int, size: int) -> PacketContent:
    """What one part of a packet prints, read anew, `size` months to a part. Raises NotFound."""
    own, tells = packet.organization_id, packet.tells_reasons
    if packet.batch is None:
        assert packet.month is not None
        assert packet.episode_id is not None
        month = packet_month(own, month_of(packet.month), packet.episode_id, people, tells_reasons=tells)
        return PacketContent((month,), tells_reasons=tells)
    every = months_of(packet.batch)
    shown = every[(part - 1) * size : part * size]
    return PacketContent(
        months=tuple(packet_month(own, month, one, people, tells_reasons=tells) for month, one in shown),
        batch=packet.batch.number,
        part=part,
        parts=max(-(-len(every) // size), 1),
        tells_reasons=tells,
    )


def months_of(batch: Batch) -> list[tuple[str, UUID]]:
    """The patients' months that a batch asks for, each once, in its order."""
    rows = Claim.objects.filter(organization_id=batch.organization_id, batch=batch).order_by("number")
    pairs = ((month_of(month), one) for month, one in rows.values_list("month", "episode_id"))
    return list(dict.fromkeys(pairs))


def logo_of(organization_id: UUID) -> StoredFile | None:
    """The organization's logo, if it has one."""
    row = BillingProvider.objects.filter(organization_id=organization_id).select_related("logo").first()
    found: StoredFile | None = row.logo if row is not None else None
    return found


def verified_file(organization_id: UUID, content: bytes, *, at: datetime) -> Verified:
    """Whether a file is one of the organization's packets, byte for byte, or bears the mark of one."""
    digest = hashlib.sha256(content).hexdigest()
    files = StoredFile.objects.filter(
        organization_id=organization_id, purpose__startswith=PURPOSE, sha256=digest
    ).values_list("purpose", flat=True)
    found = _found(_rows(organization_id).filter(id__in=[_packet_id(one) for one in files]), at)
    if found:
        return Verified(found, is_file=True)
    mark = mark_of(content)
    if not mark:
        return Verified(is_file=True)
    named = _found(_hashed(organization_id, mark), at)
    return Verified(named, is_file=True, is_altered=bool(named))


def verified_hash(organization_id: UUID, typed: str, *, at: datetime) -> Verified:
    """Which packets a hash is of: as it is printed on the pages of a part, or of the whole packet, or of a file."""
    digest = "".join(typed.split()).lower()
    if not _HASH.fullmatch(digest):
        return Verified()
    return Verified(_found(_hashed(organization_id, digest), at))


def _hashed(organization_id: UUID, digest: str) -> QuerySet[Packet]:
    """Packets of which the whole or a part has this hash."""
    of = Q(content_sha256=digest) | Q(file_sha256=digest)
    parts = PacketPart.objects.filter(of, organization_id=organization_id)
    return _rows(organization_id).filter(of | Q(id__in=parts.values("packet_id")), made_at__isnull=False)


def _packet_id(purpose: str) -> UUID:
    return UUID(purpose.removeprefix(PURPOSE))


def _found(rows: Iterable[Packet], at: datetime) -> tuple[PacketRow, ...]:
    return tuple(sorted((_row(row, at) for row in rows), key=lambda row: row.asked_at, reverse=True))


def _rows(organization_id: UUID) -> QuerySet[Packet]:
    rows = Packet.objects.filter(organization_id=organization_id)
    parts = PacketPart.objects.filter(organization_id=organization_id, packet_id=OuterRef("id")).order_by()
    made = parts.values("packet_id").annotate(months=Sum("month_count")).values("months")
    dead = Job.objects.filter(organization_id=organization_id, id=OuterRef("job_id"), state=JobState.DEAD)
    rows = rows.annotate(months_made=Coalesce(Subquery(made), 0), has_failed=Exists(dead))
    return rows.select_related("batch", "episode__patient", "asked_by", "stored_file")


def _row(row: Any, at: datetime) -> PacketRow:
    patient = row.episode.patient if row.episode is not None else None
    file, first = row.stored_file, row.batch.month if row.batch is not None else row.month
    assert first is not None
    return PacketRow(
        id=row.id,
        batch_id=row.batch_id,
        batch_number=row.batch.number if row.batch is not None else None,
        episode_id=row.episode_id,
        patient_id=patient.id if patient is not None else None,
        patient_name=f"{patient.family_name}, {patient.given_name}" if patient is not None else "",
        month=month_of(first),
        asked_at=row.asked_at,
        asked_by=str(row.asked_by),
        made_at=row.made_at,
        content_sha256=row.content_sha256,
        job_id=row.job_id,
        is_kept=file is not None and file.expires_at is not None and file.expires_at > at,
        month_count=row.month_count,
        months_made=row.months_made,
        tells_reasons=row.tells_reasons,
        has_failed=row.made_at is None and row.has_failed,
    )
