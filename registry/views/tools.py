"""Which tools a clinic uses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from registry.forms.tools import ToolsForm
from registry.operations.tools import ToolRefused, ToolsChanged, set_tools
from registry.queries.protocols import protocol_of
from registry.queries.tools import all_tools_of

# Going live counts a saved change or a word that it stays; saving without a change is neither.
_UNCHANGED = "Nothing was changed. If it is to stay as it is, say so under Going live."


@requires(Permission.SET_PROTOCOLS)
@require_http_methods(["GET", "HEAD", "POST"])
def clinic_tools(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """The table of all tools, and saving it. Faulty input comes back as typed."""
    now, by = timezone.now(), seat(request)
    try:
        clinic = protocol_of(clinic_id)
    except NotFound:
        raise Http404 from None
    form = ToolsForm(request.POST if request.method == "POST" else None, tools=all_tools_of(clinic_id))
    if request.method == "POST" and form.is_valid() and _save(request, form, clinic_id, by=by, at=now):
        return redirect("clinic_tools", organization, clinic_id)
    record("tools.viewed", by=by, at=now, object_id=clinic_id)
    context = {"form": form, "clinic": clinic, "rows": form.rows()}
    return render(request, "registry/clinic_tools.html", context, status=422 if request.method == "POST" else 200)


def _save(request: HttpRequest, form: ToolsForm, clinic_id: UUID, *, by: Membership, at: datetime) -> bool:
    try:
        changed = set_tools(by=by, at=at, clinic_id=clinic_id, choices=form.choices, seen=form.cleaned_data["seen"])
    except ToolRefused as fault:
        form.refuse(fault)
        return False
    except ToolsChanged as fault:
        form.add_error(None, str(fault))
        return False
    if changed:
        messages.success(request, "Tools saved.")
    else:
        messages.info(request, _UNCHANGED)
    return True
