"""Settling a time that is held because it overlaps another patient's."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from caseload.forms.settling import TAKE_BACK, SettleForm
from caseload.forms.worktime import span_initial
from caseload.operations import replace_time, void_time
from caseload.queries.settling import HeldTime, held_time, held_times
from caseload.views.late import written


@requires(Permission.LOG_CONTACT)
@require_safe
def held_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Every time that waits to be settled."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    page = held_times(for_=by)
    record("time.held_viewed", by=by, at=timezone.now(), shown=[row.patient_id for row in page.rows])
    return render(request, "caseload/held_times.html", {"page": page})


@requires(Permission.LOG_CONTACT)
@require_http_methods(["GET", "HEAD", "POST"])
def time_settle(request: HttpRequest, organization: str, entry_id: UUID) -> HttpResponse:
    """Say when it really was, or take it back. A correction that still overlaps is held again, and said."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    held = _held(entry_id, by)
    if held is None:
        messages.info(request, "This time was settled already.")
        return redirect("held_times", organization)
    if request.method != "POST":
        return _page(request, held, _fresh(held, now), by=by, at=now, status=200)
    form = SettleForm(request.POST, zone=held.zone, now=now)
    words = _settle(form, held, by=by, at=now) if form.is_valid() else ""
    if not words:
        return _page(request, held, form, by=by, at=now, status=422)
    messages.success(request, words)
    return redirect("held_times", organization)


def _held(entry_id: UUID, by: Membership) -> HeldTime | None:
    try:
        return held_time(entry_id, for_=by)
    except NotFound:
        raise Http404 from None


def _fresh(held: HeldTime, now: datetime) -> SettleForm:
    span = held.entry.span
    assert span is not None
    return SettleForm(zone=held.zone, now=now, initial=span_initial(span.lower, span.upper, held.zone))


def _settle(form: SettleForm, held: HeldTime, *, by: Membership, at: datetime) -> str:
    """What was done, in words; empty when it was refused, with the reason at its field."""
    values = form.cleaned_data
    try:
        if values["how"] == TAKE_BACK:
            taken_back = partial(void_time, by=by, at=at, entry=held.entry, reason=values["reason"])
            written(form, taken_back, by=by, at=at)
            return "Taken back: its minutes count nowhere."
        assert form.time is not None
        correct = partial(
            replace_time,
            by=by,
            at=at,
            entry=held.entry,
            time=form.time,
            client_token=values["client_token"],
            reason=values["reason"],
        )
        corrected = written(form, correct, by=by, at=at)
    except DomainError as fault:
        form.add_error(form.field_of_refusal(fault), str(fault))
        return ""
    return "Corrected, but it still overlaps and is held." if corrected.held else "Corrected: it counts now."


def _page(
    request: HttpRequest, held: HeldTime, form: SettleForm, *, by: Membership, at: datetime, status: int
) -> HttpResponse:
    record("time.settle_opened", by=by, at=at, patient_id=held.patient_id, object_id=held.entry.id)
    context = {"held": held, "form": form, "sub": f"{held.mrn} · held time"}
    return render(request, "caseload/time_settle.html", context, status=status)
