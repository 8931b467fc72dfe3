"""What the pages of a patient's details have in common: the door, a page with one form, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from bhi.accounts.permissions import Permission, permissions_of
from bhi.accounts.queries import people_of
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from caseload.queries.doors import PatientDoor, patient_door
from registry.forms.patients import ComparedForm
from registry.queries.patients import last_changed


@dataclass(frozen=True)
class Visit:
    """A request at one patient's door."""

    request: HttpRequest
    organization: str
    door: PatientDoor
    by: Membership
    at: datetime

    @property
    def is_post(self) -> bool:
        return self.request.method == "POST"

    @property
    def came_from(self) -> str:
        """The page of this organization to go back to from insurance and address; empty where none was named."""
        address = self.request.GET.get("back", "")
        is_ours = address.startswith(f"/o/{self.organization}/") and "\\" not in address
        return address if is_ours and url_has_allowed_host_and_scheme(address, allowed_hosts=None) else ""

    @property
    def is_for_claims(self) -> bool:
        """Whether one works on what claims carry: who may not open the person's page always does."""
        return "back" in self.request.GET or Permission.VIEW_CHART not in permissions_of(self.by.roles)

    def back(self, said: str, anchor: str = "") -> HttpResponse:
        """To the page that one came from, the person's or insurance and address, with what was done said."""
        messages.success(self.request, said)
        return redirect(details_url(self, anchor))


@dataclass(frozen=True)
class FormPage:
    """What stands around a form on its page."""

    title: str
    heading: str
    save: str = "Save"
    intro: str = ""
    anchor: str = ""
    is_danger: bool = False


def visit(request: HttpRequest, organization: str, patient_id: UUID) -> Visit:
    """Who comes to which patient; 404 for whoever is not there, or not in this organization."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    return Visit(request, organization, found(lambda: patient_door(patient_id, for_=by, at=now)), by, now)


def found(read: Callable[[], Any]) -> Any:
    """What a query reads; 404 where it is not there."""
    try:
        return read()
    except NotFound:
        raise Http404 from None


def details_url(seen: Visit, anchor: str = "") -> str:
    name = "patient_insurance" if seen.is_for_claims else "patient_details"
    url = reverse(name, args=[seen.organization, seen.door.patient.id])
    query = f"?{urlencode({'back': seen.came_from})}" if seen.is_for_claims and seen.came_from else ""
    return f"{url}{query}#{anchor}" if anchor else f"{url}{query}"


def form_page(seen: Visit, form: Any, page: FormPage, **more: Any) -> HttpResponse:
    """A page with one form; 422 where what was typed has to be corrected."""
    patient_id = seen.door.patient.id
    record("patient.edit_opened", by=seen.by, at=seen.at, patient_id=patient_id, object_id=patient_id)
    context = {
        "door": seen.door,
        "form": form,
        "page": page,
        "cancel_url": details_url(seen, page.anchor),
        "cancel_name": "Insurance and address" if seen.is_for_claims else "Person",
        "rows": getattr(form, "laid_out", None) or [[field] for field in form.visible_fields()],
        "hidden_was": getattr(form, "hidden_was", ()),
        "theirs": getattr(form, "theirs", ()),
        **more,
    }
    return render(seen.request, "registry/patient_form.html", context, status=422 if form.is_bound else 200)


def collision_page(
    seen: Visit, form: ComparedForm, page: FormPage, *, stored: dict[str, Any], crossed: tuple[str, ...], of: UUID
) -> HttpResponse:
    """Both versions of what two people changed, and who the other was; what was typed stands in the form."""
    changed = last_changed(seen.by.organization_id, of, patient_id=seen.door.patient.id)
    who = str(people_of(seen.by.organization_id)[changed[0]]) if changed else ""
    again = form.renewed(stored, crossed)
    return form_page(seen, again, page, changed_by=who, changed_at=changed[1] if changed else None)
