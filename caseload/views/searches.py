"""Finding a person from the top bar. What is searched for stands in no address and is kept nowhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.tenancy.models import Membership
from caseload.forms.searches import LONGEST_SEARCH, PersonSearchForm
from registry.queries.patients import MOST_FOUND, people_found


@requires(Permission.VIEW_CASELOAD)
@require_POST
def patient_search(request: HttpRequest, organization: str) -> HttpResponse:
    """Whoever is on record, enrolled or not, answered straight from what was sent."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    form = PersonSearchForm(request.POST, today=now.date())
    people = people_found(by.organization_id, form.searched) if form.is_valid() else ()
    record("patients.found", by=by, at=now, shown=[person.id for person in people])
    may = permissions_of(by.roles)
    context: dict[str, Any] = {
        "people": people,
        "text": form.text,
        "is_too_long": not form.is_valid(),
        "longest": LONGEST_SEARCH,
        "is_cut": len(people) == MOST_FOUND,
        "may_refer": Permission.REFER in may,
    }
    return render(request, "caseload/found.html", context)
