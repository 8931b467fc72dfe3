"""Closing a clinic's month: what to see to before, what was frozen, and what changed since."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.closing import BecauseForm, CloseForm, ExceptionForm
from billing.operations.closed_sites import take_site
from billing.operations.closing import ask_to_reopen, close_month, correct_month, note_exception, reopen_month
from billing.queries.calendar import month_title
from billing.queries.close_exceptions import ExceptionShown
from billing.queries.closing import ClinicMonth, clinic_month
from billing.queries.unseen import exceptions_unseen
from billing.queries.whom_shown import episodes_of
from billing.views.unseen import more_words
from caseload.rules.clock import local_date
from registry.queries.who_saw import patients_of_episodes

ROWS = 100
MOST_DIGITS = 6


@requires(Permission.CLOSE_MONTH)
@require_http_methods(["GET", "HEAD", "POST"])
def month_close(request: HttpRequest, organization: str, month: str, clinic_id: UUID) -> HttpResponse:
    """What is open, and closing; once closed, what was frozen and what changed since."""
    now, by = timezone.now(), seat(request)
    shown = _shown(by, month, clinic_id)
    if request.method != "POST":
        return _page(request, shown, month, at=now, close=CloseForm.fresh())
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            values = form.cleaned_data
            close_month(
                by=by,
                at=now,
                clinic_id=clinic_id,
                month=month,
                note=values["note"],
                client_token=values["client_token"],
            )
        except DomainError as fault:
            form.add_error("note", str(fault))
        else:
            messages.success(request, f"{month_title(month)} is closed at {shown.clinic}.")
            return redirect("month_close", organization, month, clinic_id)
    return _page(request, _shown(by, month, clinic_id), month, at=now, close=form, status=422)


@requires(Permission.CLOSE_MONTH)
@require_POST
def month_exception(request: HttpRequest, organization: str, month: str, clinic_id: UUID) -> HttpResponse:
    """Who sees to an exception, and what came of it."""
    now, by = timezone.now(), seat(request)
    shown = _shown(by, month, clinic_id)
    form = ExceptionForm(request.POST, people=_people(by))
    if form.is_valid():
        values = form.cleaned_data
        try:
            note_exception(
                by=by,
                at=now,
                clinic_id=clinic_id,
                month=month,
                key=form.key,
                owner_id=values["owner"],
                note=values["note"],
                is_settled=values["is_settled"],
            )
        except NotFound:
            raise Http404 from None
        except DomainError as fault:
            form.add_error("note", str(fault))
        else:
            messages.success(request, "Noted.")
            return redirect("month_close", organization, month, clinic_id)
    return _page(request, shown, month, at=now, close=CloseForm.fresh(), noting=form, status=422)


@requires(Permission.CLOSE_MONTH)
@require_POST
def month_correct(request: HttpRequest, organization: str, month: str, clinic_id: UUID) -> HttpResponse:
    """Take back what a patient's closed month asked for, and ask for what it comes to now."""
    now, by = timezone.now(), seat(request)
    shown = _shown(by, month, clinic_id)
    form = BecauseForm(request.POST)
    if shown.close is None:
        raise Http404
    held = {one.episode_id for one in shown.held}
    if form.is_valid() and form.cleaned_data["episode"] in held | {one.episode_id for one in shown.changed}:
        try:
            correct_month(
                by=by,
                at=now,
                close_id=shown.close.id,
                episode_id=form.cleaned_data["episode"],
                because=form.cleaned_data["because"],
                is_release=form.cleaned_data["episode"] in held,
            )
        except DomainError as fault:  # in the moment between: corrected already, or opened again
            messages.error(request, str(fault) or "The month is open again. Nothing was corrected.")
        else:
            messages.success(request, "Corrected: what was asked is taken back, and asked anew.")
        return redirect("month_close", organization, month, clinic_id)
    return _page(request, shown, month, at=now, close=CloseForm.fresh(), because=form, status=422)


@requires(Permission.CLOSE_MONTH)
@require_POST
def month_reopen(request: HttpRequest, organization: str, month: str, clinic_id: UUID) -> HttpResponse:
    """Ask for a month to be opened again; then, by somebody else, open it."""
    now, by = timezone.now(), seat(request)
    shown = _shown(by, month, clinic_id)
    if shown.close is None:
        raise Http404
    form = BecauseForm(request.POST)
    try:
        if shown.close.asked_at is not None:
            reopen_month(by=by, at=now, close_id=shown.close.id)
            said = f"{month_title(month)} is open again at {shown.clinic}. What was frozen is kept."
        elif form.is_valid():
            ask_to_reopen(by=by, at=now, close_id=shown.close.id, because=form.cleaned_data["because"])
            said = "Asked. Somebody else with this permission has to agree."
        else:
            return _page(request, shown, month, at=now, close=CloseForm.fresh(), reopening=form, status=422)
    except DomainError as fault:
        messages.error(request, str(fault))
        return redirect("month_close", organization, month, clinic_id)
    messages.success(request, said)
    return redirect("month_close", organization, month, clinic_id)


@requires(Permission.CLOSE_MONTH)
@require_POST
def month_site(request: HttpRequest, organization: str, month: str, clinic_id: UUID) -> HttpResponse:
    """Let the claims of a closed month say what is set of the clinic by now."""
    now, by = timezone.now(), seat(request)
    shown = _shown(by, month, clinic_id)
    if shown.close is None:
        raise Http404
    form = BecauseForm(request.POST, auto_id="site_%s")
    if not form.is_valid():
        return _page(request, shown, month, at=now, close=CloseForm.fresh(), site=form, status=422)
    try:
        take_site(by=by, at=now, close_id=shown.close.id, because=form.cleaned_data["because"])
    except DomainError as fault:
        messages.error(request, str(fault) or "The month is open again. Nothing was changed.")
    else:
        messages.success(request, "Claims of this month say of the clinic what is set now. Correct those that left.")
    return redirect("month_close", organization, month, clinic_id)


def _shown(by: Membership, month: str, clinic_id: UUID) -> ClinicMonth:
    try:
        return clinic_month(by.organization_id, month, clinic_id)
    except NotFound:
        raise Http404 from None


def _people(by: Membership) -> list[tuple[UUID, str]]:
    return sorted(((id_, str(seat)) for id_, seat in people_of(by.organization_id).items()), key=lambda one: one[1])


def _page(
    request: HttpRequest,
    shown: ClinicMonth,
    month: str,
    *,
    at: datetime,
    close: CloseForm,
    noting: ExceptionForm | None = None,
    because: BecauseForm | None = None,
    reopening: BecauseForm | None = None,
    site: BecauseForm | None = None,
    status: int = 200,
) -> HttpResponse:
    by = seat(request)
    seen = patients_of_episodes(by.organization_id, episodes_of([shown]))
    record("month.close_viewed", by=by, at=at, object_id=shown.clinic_id, shown=seen)
    people = _people(by)
    todo = sorted(shown.exceptions, key=lambda one: one.is_settled)
    start = _start(request, todo, noting)
    context: dict[str, Any] = {
        "shown": shown,
        "month": month,
        "title": month_title(month),
        "is_over": at >= shown.ends_at,
        "today": local_date(at, shown.zone),
        "zone": shown.zone.key,
        "form": close,
        "rows": [(one, _form_of(one, noting, people)) for one in todo[start : start + ROWS]],
        "shown_rows": f"{start + 1} to {min(start + ROWS, len(todo))}",
        "previous_url": f"?start={max(0, start - ROWS)}#exceptions" if start else "",
        "next_url": f"?start={start + ROWS}#exceptions" if start + ROWS < len(todo) else "",
        "changed": shown.changed[:ROWS],
        "held": shown.held[:ROWS],
        "because": because or BecauseForm(),
        "reopening": reopening or BecauseForm(),
        "site": site or BecauseForm(auto_id="site_%s"),
        "is_mine": shown.close is not None and shown.close.asked_by_id == by.id,
        "bills": sum(row.bills for row in shown.rows),
        "beyond": beyond_words(by.organization_id, month, [shown], at=at),
    }
    return render(request, "billing/month_close.html", context, status=status)


def beyond_words(organization_id: UUID, month: str, shown: list[ClinicMonth], *, at: datetime) -> str:
    """How many open exceptions who looks may not see, and who can look; empty where there is none."""
    count = sum(exceptions_unseen(organization_id, month, shown).values())
    return more_words(count, "open exception", organization_id, Permission.CLOSE_MONTH, at=at)


def _start(request: HttpRequest, todo: list[ExceptionShown], noting: ExceptionForm | None) -> int:
    """From which exception on: as asked for, or so that the form that was sent is on the page."""
    if noting is not None:
        sent = next((place for place, one in enumerate(todo) if _is_of(one, noting)), 0)
        return sent - sent % ROWS
    text = request.GET.get("start", "")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else 0
    return start if start < len(todo) else 0


def _is_of(one: ExceptionShown, noting: ExceptionForm) -> bool:
    return noting.is_bound and noting.cleaned_data.get("kind") == one.kind and noting.key == one.key


def _form_of(one: ExceptionShown, noting: ExceptionForm | None, people: list[tuple[UUID, str]]) -> ExceptionForm:
    """The row's form: as it was sent, or as it was noted."""
    if noting is not None and _is_of(one, noting):
        return noting
    values = {
        "kind": one.kind,
        "episode": one.episode_id,
        "about": one.about,
        "owner": one.owner_id,
        "note": one.note,
        "is_settled": one.is_settled,
    }
    return ExceptionForm(initial=values, people=people, auto_id=False)
