"""A patient's other services, earlier months and ACCESS alignment: what is known besides our own work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, MonthClosed, NotFound
from bhi.tenancy.models import Membership
from billing.forms.other_services import AlignmentForm, EarlierMonthForm, LateForm, PageForm, ServiceForm
from billing.operations.other_services import (
    set_access_alignment,
    tell_of_earlier_month,
    tell_of_service,
    void_service,
)
from billing.queries.calendar import month_title
from billing.queries.other_services import PAGE, ServicesShown, service_of, services_shown
from billing.rules.other_codes import codes_known
from billing.rules.payer_options import book_for
from billing.rules.payers import MEDICARE
from caseload.queries.doors import PatientDoor, patient_door
from caseload.rules.clock import month_of
from registry.forms.consents import ReasonForm


@dataclass(frozen=True)
class Asked:
    """A request behind one patient's door."""

    request: HttpRequest
    organization: str
    by: Membership
    at: datetime
    door: PatientDoor

    def back(self, said: str) -> HttpResponse:
        messages.success(self.request, said)
        return redirect("patient_services", self.organization, self.door.patient.id)


@requires(Permission.RECORD_SERVICES)
@require_http_methods(["GET", "HEAD", "POST"])
def patient_services(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """What is known, and telling of another service."""
    it = _asked(request, organization, patient_id)
    if request.method != "POST":
        return _page(it)
    form = ServiceForm(request.POST)

    def write() -> object:
        values = form.cleaned_data
        return tell_of_service(
            by=it.by,
            at=it.at,
            patient=it.door.patient,
            values=form.values,
            client_token=values["client_token"],
            is_one_more=values["is_one_more"],
            late=form.late,
        )

    if form.is_valid() and _done(form, "code", write):
        return it.back("Recorded.")
    return _page(it, service=form, status=422)


@requires(Permission.RECORD_SERVICES)
@require_POST
def earlier_month(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """Telling of a month of collaborative care before our records."""
    it = _asked(request, organization, patient_id)
    form = EarlierMonthForm(request.POST, prefix="earlier")

    def write() -> object:
        values = form.cleaned_data
        return tell_of_earlier_month(
            by=it.by, at=it.at, patient=it.door.patient, month=values["month"], code=values["code"], late=form.late
        )

    if form.is_valid() and _done(form, "month", write):
        return it.back("Recorded.")
    return _page(it, earlier=form, status=422)


@requires(Permission.RECORD_SERVICES)
@require_POST
def access_alignment(request: HttpRequest, organization: str, patient_id: UUID) -> HttpResponse:
    """How the patient stands to the ACCESS model."""
    it = _asked(request, organization, patient_id)
    form = AlignmentForm(request.POST, prefix="access")

    def write() -> object:
        return set_access_alignment(
            by=it.by, at=it.at, patient=it.door.patient, is_participant=form.is_participant, reason=form.late
        )

    if form.is_valid() and _done(form, "late_because", write):
        return it.back("Recorded.")
    return _page(it, alignment=form, status=422)


@requires(Permission.RECORD_SERVICES)
@require_http_methods(["GET", "HEAD", "POST"])
def service_void(request: HttpRequest, organization: str, patient_id: UUID, service_id: UUID) -> HttpResponse:
    """Taking back what was not so."""
    it = _asked(request, organization, patient_id)
    try:
        service = service_of(it.by.organization_id, patient_id, service_id)
    except NotFound:
        raise Http404 from None
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            void_service(by=it.by, at=it.at, service=service, reason=form.cleaned_data["reason"])
        except DomainError as fault:
            form.add_error("reason", str(fault))
        else:
            return it.back("Taken back. It stays on record with the reason.")
    _viewed(it)
    what = f"{service.code or 'earlier month'} of {month_title(month_of(service.month))}"
    context = {"door": it.door, "form": form, "what": what, "sub": _sub(it.door)}
    return render(request, "billing/service_void.html", context, status=422 if form.is_bound else 200)


def _asked(request: HttpRequest, organization: str, patient_id: UUID) -> Asked:
    by: Membership = request.membership  # type: ignore[attr-defined]
    at = timezone.now()
    try:
        return Asked(request, organization, by, at, patient_door(patient_id, for_=by, at=at))
    except NotFound:
        raise Http404 from None


def _done(form: LateForm, field: str, write: Callable[[], object]) -> bool:
    """Whether it was written; a refusal is shown at its field."""
    try:
        write()
    except MonthClosed as fault:
        form.add_error("late_because", str(fault))
    except DomainError as fault:
        form.add_error(field, str(fault))
    return form.is_valid()


def _viewed(it: Asked) -> None:
    patient_id = it.door.patient.id
    record("other_services.viewed", by=it.by, at=it.at, patient_id=patient_id, object_id=patient_id)


def _sub(door: PatientDoor) -> str:
    return " · ".join(part for part in (door.patient.mrn, door.clinic_name) if part)


def _page(
    it: Asked,
    *,
    service: ServiceForm | None = None,
    earlier: EarlierMonthForm | None = None,
    alignment: AlignmentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    page, month = PageForm(it.request.GET).values()
    book = book_for(MEDICARE, it.door.today)
    shown = services_shown(it.by.organization_id, it.door.patient.id, book, page=page)
    _viewed(it)
    may = permissions_of(it.by.roles)
    context: dict[str, Any] = {
        "door": it.door,
        "sub": _sub(it.door),
        "shown": shown,
        "range": f"{shown.first_row} to {shown.first_row + len(shown.rows) - 1}",
        "is_cut": shown.total > PAGE,
        "previous_url": f"?page={shown.page - 1}" if shown.page > 1 else "",
        "next_url": f"?page={shown.page + 1}" if shown.page < shown.pages else "",
        "codes": codes_known(book),
        "service": service or ServiceForm.fresh(month or month_of(it.door.today)),
        "earlier": earlier or EarlierMonthForm(prefix="earlier"),
        "alignment": alignment or _alignment(shown),
        "may_chart": Permission.VIEW_CHART in may,
        "may_see_months": Permission.VIEW_MONTHS in may,
        "zone": it.door.zone.key,
    }
    return render(it.request, "billing/other_services.html", context, status=status)


def _alignment(shown: ServicesShown) -> AlignmentForm:
    standing = shown.alignment
    aligned = "none" if standing is None else "participant" if standing.is_participant else "outside"
    return AlignmentForm(prefix="access", initial={"aligned": aligned})
