"""The audit, for admins: per patient and per person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.forms import AuditFilter
from bhi.audit.operations import record
from bhi.audit.queries import audit_page


@requires(Permission.VIEW_AUDIT)
@require_safe
def audit(request: HttpRequest, organization: str) -> HttpResponse:
    chosen = AuditFilter(request.GET)
    narrowed = chosen.cleaned_data if chosen.is_valid() else {}
    member = request.membership  # type: ignore[attr-defined]
    page = audit_page(
        organization_id=member.organization_id,
        patient_id=narrowed.get("patient"),
        person_id=narrowed.get("person"),
        before=narrowed.get("before"),
    )
    record("audit.viewed", by=member, at=timezone.now(), patient_id=narrowed.get("patient"))
    return render(request, "audit/audit.html", {"page": page, "chosen": narrowed})
