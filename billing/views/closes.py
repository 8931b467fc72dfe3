"""Every clinic's month on one page: what is open where, and closing those that are over."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from billing.forms.closing import CloseAllForm
from billing.operations.closing import ClinicClosed, close_months
from billing.queries.calendar import month_title
from billing.queries.closes import late_changes, months_open_again
from billing.queries.closing import ClinicMonth, clinic_months
from billing.queries.whom_shown import episodes_of
from billing.views.closing import beyond_words
from caseload.rules.clock import local_date
from registry.queries.who_saw import patients_of_episodes

MOST_PAGES = 10_000
SHOWN = 100  # months that changed since; the rest on each clinic's page


@requires(Permission.CLOSE_MONTH)
@require_http_methods(["GET", "HEAD", "POST"])
def months_close(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """Each clinic with what is open there; those chosen are closed in one action, each for itself."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    shown = clinic_months(by.organization_id, month)
    may_close = [one.clinic_id for one in shown if one.close is None and now >= one.ends_at]
    if request.method != "POST":
        return _page(request, shown, month, at=now, form=CloseAllForm.fresh(may_close))
    form = CloseAllForm(request.POST, clinics=[one.clinic_id for one in shown])
    if form.is_valid():
        found = close_months(
            by=by,
            at=now,
            month=month,
            clinic_ids=form.cleaned_data["clinics"],
            note=form.cleaned_data["note"],
            client_token=form.cleaned_data["client_token"],
        )
        if any(one.close for one in found):
            _say(request, found, month)
            return redirect("months_close", organization, month)
        for one in found:
            form.add_error(None, f"{one.clinic}: {one.refusal}")
    return _page(request, shown, month, at=now, form=form, status=422)


@requires(Permission.CLOSE_MONTH)
@require_safe
def late_changes_list(request: HttpRequest, organization: str) -> HttpResponse:
    """What came after a close at any clinic, and what no correction took in yet."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    is_all, number = request.GET.get("show") == "all", _page_number(request)
    page = late_changes(by.organization_id, is_all=is_all, page=number)
    seen = patients_of_episodes(by.organization_id, (row.episode_id for row in page.rows))
    record("month.late_viewed", by=by, at=now, shown=seen)
    shown = "&show=all" if is_all else ""
    context = {
        "page": page,
        "is_all": is_all,
        "open_again": months_open_again(by.organization_id),
        "today": now.date(),
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"?page={number - 1}{shown}" if number > 1 else "",
        "next_url": f"?page={number + 1}{shown}" if page.has_more else "",
    }
    return render(request, "billing/late_changes.html", context)


def _page_number(request: HttpRequest) -> int:
    """The page asked for; the first where it is none."""
    asked = request.GET.get("page", "")
    return int(asked) if asked.isascii() and asked.isdigit() and 0 < int(asked) < MOST_PAGES else 1


def _say(request: HttpRequest, found: list[ClinicClosed], month: str) -> None:
    names = ", ".join(one.clinic for one in found if one.close)
    messages.success(request, f"{month_title(month)} is closed at {names}.")
    for one in found:
        if one.close is None:
            messages.error(request, f"Not closed at {one.clinic}: {one.refusal}")


def _page(
    request: HttpRequest,
    shown: list[ClinicMonth],
    month: str,
    *,
    at: datetime,
    form: CloseAllForm,
    status: int = 200,
) -> HttpResponse:
    by: Membership = request.membership  # type: ignore[attr-defined]
    seen = patients_of_episodes(by.organization_id, episodes_of(shown))
    record("month.closes_viewed", by=by, at=at, shown=seen)
    chosen = form.chosen()
    changed = [(one.clinic_id, one.clinic, change) for one in shown for change in one.changed]
    rows = [(one, at >= one.ends_at, one.clinic_id in chosen, local_date(at, one.zone)) for one in shown]
    context = {
        "month": month,
        "title": month_title(month),
        "rows": rows,
        "form": form,
        "may_close": any(is_over and one.close is None for one, is_over, *_ in rows),
        "may_file": Permission.MAKE_BATCH in permissions_of(by.roles) and any(one.close for one in shown),
        "patients": sum(len(one.rows) for one in shown),
        "bills": sum(one.close.billing if one.close else one.billing for one in shown),
        "exceptions": sum(one.open_exceptions for one in shown),
        "changed": changed[:SHOWN],
        "changed_count": len(changed),
        "beyond": beyond_words(by.organization_id, month, shown, at=at),
    }
    return render(request, "billing/months_close.html", context, status=status)
