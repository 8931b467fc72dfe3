"""Who treated in a closed month: told otherwise where the close kept the wrong clinician."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import seat
from billing.forms.closing import TreatedForm
from billing.operations.closing import correct_month
from billing.queries.calendar import month_title
from billing.queries.frozen import asking_row
from registry.queries.patients import clinicians_of


@requires(Permission.CLOSE_MONTH)
@require_http_methods(["GET", "HEAD", "POST"])
def month_clinician(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    """Correct a closed month in whose name it is billed. What was asked is taken back, and asked anew."""
    by, now = seat(request), timezone.now()
    try:
        row = asking_row(by.organization_id, month, episode_id)
    except NotFound:
        raise Http404 from None
    record("month.patient_viewed", by=by, at=now, patient_id=row.patient_id, object_id=episode_id)
    known = [(one.id, str(one)) for one in clinicians_of(by.organization_id) if one.id != row.clinician_id]
    form = TreatedForm(request.POST if request.method == "POST" else None, clinicians=known)
    back = reverse("month_row", args=[organization, month, episode_id])
    if form.is_bound and form.is_valid():
        values = {"clinician_id": form.cleaned_data["clinician"], "because": form.cleaned_data["because"]}
        try:
            correct_month(by=by, at=now, close_id=row.close_id, episode_id=episode_id, **values)
        except DomainError as fault:  # in the moment between: corrected already, or opened again
            messages.error(request, str(fault) or "The month is open again. Nothing was corrected.")
        else:
            messages.success(request, "Corrected: the month is billed in that clinician’s name.")
        return redirect(back)
    context = {
        "what": f"{row.patient.family_name}, {row.patient.given_name}, {month_title(month)}",
        "kept": str(row.clinician or ""),
        "back": back,
        "form": form,
        "has_others": bool(known),
    }
    return render(request, "billing/month_clinician.html", context, status=422 if form.is_bound else 200)
