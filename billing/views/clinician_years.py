"""Rates: which treating clinicians are qualifying participants, by year."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.tenancy.models import Membership
from billing.forms.clinician_years import RatesForm
from billing.forms.payers import PayerFilter
from billing.operations.clinician_years import set_qualifying
from billing.queries.calendar import page_zone
from billing.queries.clinician_years import PAGE, clinician_rates
from caseload.rules.clock import local_date


@requires(Permission.SET_PAYERS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinician_years(request: HttpRequest, organization: str) -> HttpResponse:
    """Last year, this one and the next, for every treating clinician."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    now = timezone.now()
    this_year = local_date(now, page_zone(by.organization_id)).year
    years = (this_year - 1, this_year, this_year + 1)
    page = clinician_rates(by.organization_id, years, page=PayerFilter(request.GET).values()["page"])
    form = RatesForm(request.POST if request.method == "POST" else None, page=page)
    if form.is_bound and form.is_valid():
        changed = set_qualifying(by=by, at=now, said=form.said)
        messages.success(request, "Saved." if changed else "Nothing was changed.")
        return redirect(request.get_full_path())
    context = {
        "form": form,
        "page": page,
        "years": years,
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "is_cut": page.total > PAGE,
        "previous_url": f"?page={page.page - 1}" if page.page > 1 else "",
        "next_url": f"?page={page.page + 1}" if page.page < page.pages else "",
    }
    return render(request, "billing/clinician_years.html", context, status=422 if form.errors else 200)
