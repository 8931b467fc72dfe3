"""Requests to amend a record: the list of what is due, and the page of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import page_number, seat
from registry.forms.rights import AnswerForm, DisagreeForm, ExtendForm
from registry.operations.amendments import answer_amendment, extend_amendment, keep_disagreement
from registry.operations.rights_errors import RightsRefused
from registry.queries.amendments import PAGE_ROWS, amendment_of, amendments_due, is_late
from registry.views.door import Asked, asked

FORMS: dict[str, Callable[..., forms.Form]] = {"answer": AnswerForm, "extend": ExtendForm, "disagree": DisagreeForm}
_SAID = {
    "answer": "Answered. Send the patient what you wrote.",
    "extend": "Thirty days more. Tell the patient why.",
    "disagree": "Kept. The statement goes with the record from now on.",
}


@requires(Permission.EXPORT_RECORD)
@require_safe
def amendments(request: HttpRequest, organization: str) -> HttpResponse:
    """What waits for an answer, the first due first."""
    by, at = seat(request), timezone.now()
    page = page_number(request)
    found = amendments_due(by.organization_id, page=page)
    record("amendments.viewed", by=by, at=at, shown=[row.patient_id for row in found.rows])
    here = reverse("amendments", args=[organization])
    context = {
        "rows": [(row, is_late(row, at.date())) for row in found.rows],
        "total": found.total,
        "shown": f"{found.first_row} to {found.first_row + len(found.rows) - 1}",
        "previous_url": f"{here}?page={page - 1}" if page > 1 else "",
        "next_url": f"{here}?page={page + 1}" if found.has_more else "",
        "is_cut": found.total > PAGE_ROWS,
        "today": at.date(),
    }
    return render(request, "registry/amendments.html", context)


@requires(Permission.EXPORT_RECORD)
@require_http_methods(["GET", "HEAD", "POST"])
def amendment(request: HttpRequest, organization: str, patient_id: UUID, request_id: UUID) -> HttpResponse:
    """One request: answered, given thirty days more, or with the patient's statement."""
    here = asked(request, patient_id)
    act = request.POST.get("act", "answer")
    if act not in FORMS:
        raise Http404
    typed = FORMS[act](request.POST) if here.is_post else None
    if typed is not None and typed.is_valid() and _save(here, request_id, act, typed):
        messages.success(request, _SAID[act])
        return redirect("amendment", organization, patient_id, request_id)
    try:
        found = amendment_of(here.by.organization_id, patient_id, request_id)
    except NotFound:
        raise Http404 from None
    today = here.door.today
    shown = {name: make(initial={"answered_on": today}, auto_id=f"{name}_%s") for name, make in FORMS.items()}
    if typed is not None:
        shown[act] = typed
    context = {"found": found, "forms": shown, "act": act if typed else "", "today": today}
    context["is_late"] = is_late(found, today)
    return here.page("amendment.viewed", "registry/amendment.html", context, status=422 if typed is not None else 200)


def _save(here: Asked, request_id: UUID, act: str, form: forms.Form) -> bool:
    who: dict[str, Any] = {"by": here.by, "at": here.at, "patient_id": here.door.patient.id, "request_id": request_id}
    try:
        _operation(here, act, form, who)
    except NotFound:
        raise Http404 from None
    except RightsRefused as refused:
        for name, fault in refused.faults.items():
            form.add_error(name if name in form.fields else None, fault)
    except DomainError as refused:
        form.add_error(None, str(refused))
    return form.is_valid()


def _operation(here: Asked, act: str, form: forms.Form, who: dict[str, Any]) -> None:
    typed = dict(form.cleaned_data)
    if act == "extend":
        extend_amendment(**who, **typed)
    elif act == "disagree":
        keep_disagreement(**who, **typed)
    else:
        typed["is_accepted"] = typed["is_accepted"] == "yes"
        answer_amendment(**who, **typed, today=here.door.today)
