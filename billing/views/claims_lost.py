"""Claims of a month that were lost: whose they are, behind the sums of what was left on the table."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.tenancy.sight import sees_all
from bhi.web.asked import seat
from billing.queries.calendar import month_title, page_zone
from billing.queries.claims_lost import claims_lost
from billing.queries.money_left import LOST
from caseload.rules.clock import local_date

MOST_SHOWN: Final = 500


@requires(Permission.WORK_DENIALS)
@require_safe
def claims_lost_page(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """By patient, why the claim was lost and what it would have brought."""
    by, now = seat(request), timezone.now()
    found = claims_lost(by.organization_id, month, on=local_date(now, page_zone(by.organization_id)))
    shown = found[:MOST_SHOWN]
    record("claims_lost.viewed", by=by, at=now, shown={one.patient_id for one in shown})
    context: dict[str, Any] = {
        "rows": [(one, LOST[one.why][0]) for one in shown],
        "total": len(found),
        "more": len(found) - len(shown),
        "is_part": not sees_all(),
        "month": month,
        "sub": month_title(month),
    }
    return render(request, "billing/claims_lost.html", context)
