"""After how many idle minutes the screens of an organization's people lock."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.forms.single_sign_on import IdleForm
from bhi.accounts.operations.screen_lock import set_idle_minutes
from bhi.accounts.permissions import Permission, requires
from bhi.accounts.queries.screen_lock import screen_lock_of
from bhi.web.asked import seat


@requires(Permission.SET_SIGN_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def screen_lock(request: HttpRequest, organization: str) -> HttpResponse:
    """Shorter than fifteen minutes, where an organization wants that."""
    by, row = seat(request), screen_lock_of(seat(request).organization_id)
    form = IdleForm(request.POST if request.method == "POST" else None, initial={"minutes": row and row.idle_minutes})
    if form.is_bound and form.is_valid():
        set_idle_minutes(by=by, at=timezone.now(), minutes=form.cleaned_data["minutes"])
        messages.success(request, "Kept. It holds from each person’s next step on.")
        return redirect("screen_lock", organization)
    return render(request, "account/screen_lock.html", {"form": form, "row": row}, status=422 if form.is_bound else 200)
