"""One queue of a consultant who works for several organizations."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import signed_in
from bhi.audit.operations import record
from bhi.tenancy.context import tenant
from bhi.tenancy.sight import looking_as
from caseload.queries.reviews_everywhere import merged, queues_of

MOST_ROWS = 60


@signed_in
@require_safe
def reviews_everywhere(request: HttpRequest) -> HttpResponse:
    """Who is to be discussed everywhere, the worst first; each organization's audit tells of its own."""
    now = timezone.now()
    user_id: UUID = request.user.pk  # type: ignore[assignment]  # nobody comes here without signing in
    queues = queues_of(user_id, at=now, most=MOST_ROWS)
    for queue in queues:
        with tenant(queue.membership.organization_id), looking_as(queue.membership, now, is_nested=True):
            record("review_queue.viewed", by=queue.membership, at=now, shown=[row.patient_id for row in queue.rows])
    context = {"queues": queues, "rows": merged(queues)}
    return render(request, "caseload/reviews_everywhere.html", context)
