"""One Today of somebody who works in several organizations."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import signed_in
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from caseload.queries.today_everywhere import OneToday, merged, todays_of
from caseload.views.today import MOST_MONTHS, PAGE_ROWS, first_place, months_due, patients_words, places
from caseload.views.today_lines import line_of


@signed_in
@require_safe
def today_everywhere(request: HttpRequest) -> HttpResponse:
    """What is due everywhere, the most harmful to miss first; each organization's audit tells of its own rows."""
    now = timezone.now()
    user_id: UUID = request.user.pk  # type: ignore[assignment]  # nobody comes here without signing in
    todays = todays_of(user_id, at=now, months=months_due)
    rows = merged(todays)
    first = first_place(request.GET.get("from", ""), len(rows))
    shown = rows[first : first + PAGE_ROWS]
    for today in todays:
        with tenant(today.membership.organization_id), looking_as(today.membership, now, is_nested=True):
            own = [row.patient.patient_id for of, row in shown if of is today]
            record("today.viewed", by=today.membership, at=now, shown=own)
    people = {today.slug: people_of(today.membership.organization_id) for today in todays}
    context = {
        "todays": todays,
        "rows": [
            (of, row.patient.clinic.name, line_of(row, of.slug, of.membership, people[of.slug], names_clinics=False))
            for of, row in shown
        ],
        "sub": _sub(todays),
        "has_months": all(today.with_minutes <= MOST_MONTHS for today in todays),
        **places(first, len(rows)),
    }
    return render(request, "caseload/today_everywhere.html", context)


def _sub(todays: tuple[OneToday, ...]) -> str:
    total = sum(today.total for today in todays)
    return patients_words(total, sum(today.worklist.safety for today in todays)) if total else ""
