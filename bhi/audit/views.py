"""The audit, for admins: per patient and per person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.forms import AuditFilter
from bhi.audit.operations import record
from bhi.audit.queries import NOTHING, audit_page


@requires(Permission.VIEW_AUDIT)
@require_safe
def audit(request: HttpRequest, organization: str) -> HttpResponse:
    """Fifty events. A filter that cannot be read shows none, rather than everything."""
    member = request.membership  # type: ignore[attr-defined]
    asked = AuditFilter(request.GET)
    if not asked.is_valid():
        return render(request, "audit/audit.html", {"page": NOTHING, "is_unreadable": True}, status=400)
    chosen = asked.cleaned_data
    patient_id, person_id = chosen["patient"], chosen["person"]
    page = audit_page(
        organization_id=member.organization_id, patient_id=patient_id, person_id=person_id, before=chosen["before"]
    )
    record("audit.viewed", by=member, at=timezone.now(), patient_id=patient_id, object_id=person_id)
    return render(request, "audit/audit.html", {"page": page, "chosen": chosen})
