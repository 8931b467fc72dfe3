"""Packets: having one made, fetching it, and verifying one that somebody holds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.tenancy.sight import seeing_everything
from bhi.web.asked import page_number, seat
from billing.forms.packets import VerifyForm
from billing.operations.packets import KEPT_FOR, ask_for_batch_packet, ask_for_month_packet
from billing.queries.calendar import page_zone
from billing.queries.packets import (
    PAGE_ROWS,
    PacketRow,
    Verified,
    packet_file,
    packet_files,
    packet_row,
    packet_rows,
    verified_file,
    verified_hash,
)
from billing.queries.part_two import refused_ids
from billing.queries.whom_shown import patients_in_batch
from caseload.rules.clock import local_date
from registry.operations.rights_errors import PartTwoRefused
from registry.rules.part_two import Use, refused_words

STOP_POLLING = 286  # htmx stops asking


@requires(Permission.MAKE_PACKET)
@require_safe
def packets(request: HttpRequest, organization: str) -> HttpResponse:
    """The packets that were made, the newest first."""
    by, at = seat(request), timezone.now()
    page = packet_rows(by.organization_id, at=at, page=page_number(request))
    record("packets.viewed", by=by, at=at, shown=[row.patient_id for row in page.rows if row.patient_id])
    here = reverse("packets", args=[organization])
    current = (page.first_row - 1) // PAGE_ROWS + 1
    context = {
        "page": page,
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"{here}?page={current - 1}" if current > 1 else "",
        "next_url": f"{here}?page={current + 1}" if page.has_more else "",
        **_around(by, at),
    }
    return render(request, "billing/packets.html", context)


@requires(Permission.MAKE_PACKET)
@require_POST
def packet_month(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    """Have the packet of one patient's month made."""
    by = seat(request)
    try:
        made = ask_for_month_packet(
            by=by, at=timezone.now(), month=month, episode_id=episode_id, tells_reasons=_may_read_reasons(by)
        )
    except NotFound:
        raise Http404 from None
    except PartTwoRefused as refused:
        messages.error(request, str(refused))
        return redirect("month_row", organization, month, episode_id)
    return redirect("packet", organization, made.id)


@requires(Permission.MAKE_PACKET)
@require_POST
def packet_batch(request: HttpRequest, organization: str, batch_id: UUID) -> HttpResponse:
    """Have the packet of a whole batch made."""
    by = seat(request)
    try:
        made = ask_for_batch_packet(by=by, at=timezone.now(), batch_id=batch_id, tells_reasons=_may_read_reasons(by))
    except NotFound:
        raise Http404 from None
    except PartTwoRefused as refused:
        messages.error(request, str(refused))
        return redirect("batch", organization, batch_id)
    return redirect("packet", organization, made.id)


@requires(Permission.MAKE_PACKET)
@require_safe
def packet(request: HttpRequest, organization: str, packet_id: UUID) -> HttpResponse:
    """How far a packet is, and its files once it is made; asked again by the part itself every two seconds."""
    by, at = seat(request), timezone.now()
    row = _row(by, packet_id, at)
    job = _job(by, row)
    context: dict[str, Any] = {
        "packet": row,
        "job": job,
        "poll_url": request.path,
        "result_url": request.path if row.made_at else "",
        "result_label": "Open the packet",
        "files": packet_files(by.organization_id, packet_id, at=at) if row.made_at else [],
        "may_open": _may_open(by, row),
        "again_url": _again(organization, row),
        **_around(by, at),
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job is None or job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    record("packet.viewed", by=by, at=at, patient_id=row.patient_id, object_id=row.id)
    return render(request, "billing/packet.html", context)


@requires(Permission.MAKE_PACKET)
@require_safe
def packet_file_download(request: HttpRequest, organization: str, packet_id: UUID, part: int) -> HttpResponse:
    """One part of a packet, within its thirty days."""
    by, at = seat(request), timezone.now()
    row = _row(by, packet_id, at)
    if not _may_open(by, row):
        raise PermissionDenied
    try:
        file = packet_file(by.organization_id, packet_id, part, at=at)
    except NotFound:
        raise Http404 from None
    shown = _in_packet(by, row)
    told = [row.patient_id] if row.patient_id else shown or ()
    if refused_ids(by.organization_id, told, at=at):
        messages.error(request, refused_words(Use.PAYMENT))
        return redirect("packet", organization, packet_id)
    record("packet.downloaded", by=by, at=at, patient_id=row.patient_id, object_id=row.id, shown=shown)
    name = f"packet-{row.content_sha256[:8]}-{part}.pdf"
    return HttpResponse(
        read(file),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


@requires(Permission.MAKE_PACKET)
@require_http_methods(["GET", "HEAD", "POST"])
def packet_verify(request: HttpRequest, organization: str) -> HttpResponse:
    """Whether a file or a hash is one of ours, and unaltered."""
    by, at = seat(request), timezone.now()
    form = VerifyForm(request.POST, request.FILES) if request.method == "POST" else VerifyForm()
    found = _verified(by, form) if form.is_bound and form.is_valid() else None
    if found is not None:
        record("packet.verified", by=by, at=at, shown=[row.patient_id for row in found.packets if row.patient_id])
    status = 422 if form.errors else 200
    return render(
        request, "billing/packet_verify.html", {"form": form, "found": found, **_around(by, at)}, status=status
    )


def _verified(by: Membership, form: VerifyForm) -> Verified:
    file, at = form.cleaned_data["file"], timezone.now()
    if file is not None:
        return verified_file(by.organization_id, file.read(), at=at)
    return verified_hash(by.organization_id, form.cleaned_data["digest"], at=at)


def _row(by: Membership, packet_id: UUID, at: Any) -> PacketRow:
    try:
        return packet_row(by.organization_id, packet_id, at=at)
    except NotFound:
        raise Http404 from None


def _in_packet(by: Membership, row: PacketRow) -> frozenset[UUID] | None:
    """Whom a batch's packet shows: all of the batch, also whom this seat may not see by now, for they stand in it."""
    if row.batch_id is None:
        return None
    with seeing_everything():
        return patients_in_batch(by.organization_id, row.batch_id)


def _may_read_reasons(by: Membership) -> bool:
    """Reasons are people's own words: for those who may see the chart (45 CFR 164.502(b))."""
    return Permission.VIEW_CHART in permissions_of(by.roles)


def _may_open(by: Membership, row: PacketRow) -> bool:
    return not row.tells_reasons or _may_read_reasons(by)


def _job(by: Membership, row: PacketRow) -> JobProgress | None:
    """How far the making is, for whoever asked for it: over all parts, each of which has a job of its own."""
    if row.made_at is not None or row.job_id is None:
        return None
    try:
        job = job_progress(row.job_id, owner=by)
    except NotFound:
        return None
    if not row.months_made:
        return job
    state = "running" if job.state == "queued" else job.state
    return replace(job, state=state, done=row.months_made, total=row.month_count)


def _again(organization: str, row: PacketRow) -> str:
    if row.batch_id is not None:
        return reverse("packet_batch", args=[organization, row.batch_id])
    return reverse("packet_month", args=[organization, row.month, row.episode_id])


def _around(by: Membership, at: Any) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    return {"zone": zone.key, "today": local_date(at, zone), "kept_days": KEPT_FOR.days}
