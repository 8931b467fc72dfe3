"""Somebody stops working here. It reads all three apps: here, as billing may read the others."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries.people import day_of
from bhi.accounts.queries.seat_page import seat_page
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import seat as asking_seat
from billing.forms.end_of_work import EndOfWorkForm
from billing.operations.end_of_work import end_work
from billing.queries.end_of_work import left_by


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def end_of_work(request: HttpRequest, organization: str, seat_id: UUID) -> HttpResponse:
    """What is left with them, by count, and the button."""
    by, at = asking_seat(request), timezone.now()
    today = day_of(by.organization_id, at)
    try:
        shown = seat_page(by.organization_id, seat_id, today=today)
    except NotFound:
        raise Http404 from None
    if not shown.is_active:
        return redirect("seat", organization, seat_id)
    left = left_by(by.organization_id, seat_id, today=today)
    form = EndOfWorkForm(request.POST if request.method == "POST" else None, has_left=bool(left))
    if form.is_bound and form.is_valid():
        try:
            end_work(by=by, at=at, seat_id=seat_id, today=today, reason=form.cleaned_data["reason"])
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, f"{shown.name} has no access any more. Admins and leads are told by e-mail.")
            return redirect("seat", organization, seat_id)
    record("seat.end_opened", by=by, at=at, object_id=shown.id)
    may = permissions_of(by.roles)
    context = {"form": form, "shown": shown, "left": [(one, one.permission in may) for one in left], "today": today}
    return render(request, "people/end_of_work.html", context, status=422 if form.is_bound else 200)
