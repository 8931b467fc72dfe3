"""Who files claims, by whom they go, how each payer is filed with, and what is still missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.errors import NotFound
from bhi.web.asked import seat
from billing.forms.filing_settings import ClinicAddressForm, ProviderForm, ReceiverForm, RouteForm, SettingForm
from billing.operations.filing_settings import (
    FilingWrong,
    add_receiver,
    set_billing_provider,
    set_clinic_address,
    set_receiver,
    set_route,
)
from billing.queries.calendar import page_zone
from billing.queries.filing_settings import (
    billing_provider,
    clinic_named,
    filing_ready,
    receiver_named,
    receivers,
    route_of,
)
from billing.queries.payer_pages import payer_row
from caseload.rules.clock import local_date

METHODS = ["GET", "HEAD", "POST"]


@dataclass(frozen=True)
class SettingPage:
    """What stands around a form of the settings: where it leads back to, and who changed it last."""

    title: str
    sub: str
    intro: str
    back: str
    back_label: str
    stored: Any = None


@requires(Permission.SET_FILING)
@require_safe
def filing(request: HttpRequest, organization: str) -> HttpResponse:
    """Whether claims can leave: what is set, and what is missing for which payer."""
    by = seat(request)
    zone = page_zone(by.organization_id)
    today = local_date(timezone.now(), zone)
    ready = filing_ready(by.organization_id, on=today)
    context = {
        "ready": ready,
        "steps": _steps(organization, ready, may_set_clinics=Permission.SET_PROTOCOLS in permissions_of(by.roles)),
        "today": today,
        "zone": zone.key,
    }
    return render(request, "billing/filing.html", context)


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def filing_provider(request: HttpRequest, organization: str) -> HttpResponse:
    """The billing provider: name, numbers, address, sender."""
    by = seat(request)
    stored = billing_provider(by.organization_id)
    form = ProviderForm(request.POST if request.method == "POST" else None, stored=stored)
    intro = "This is who asks payers for money. It stands on every claim, so take it from your payer enrolment."
    page = SettingPage(
        "Billing provider", "Who files your claims", intro, reverse("filing", args=[organization]), "Filing", stored
    )
    return _kept(
        request,
        form,
        page,
        lambda: set_billing_provider(by=by, at=timezone.now(), values=form.values),
    )


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def receiver_new(request: HttpRequest, organization: str) -> HttpResponse:
    """One more clearinghouse, or a payer that takes files itself."""
    by = seat(request)
    form = ReceiverForm(request.POST if request.method == "POST" else None, stored=None)
    page = SettingPage("Clearinghouse", "Who takes your files", _RECEIVER, _filing(organization), "Filing")
    return _kept(request, form, page, lambda: add_receiver(by=by, at=timezone.now(), values=form.values))


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def receiver(request: HttpRequest, organization: str, receiver_id: UUID) -> HttpResponse:
    """Change a clearinghouse, or put it out of use."""
    by = seat(request)
    stored = _found(lambda: receiver_named(by.organization_id, receiver_id))
    form = ReceiverForm(request.POST if request.method == "POST" else None, stored=stored)
    page = SettingPage("Clearinghouse", stored.name, _RECEIVER, _filing(organization), "Filing", stored)
    return _kept(
        request,
        form,
        page,
        lambda: set_receiver(by=by, at=timezone.now(), receiver_id=receiver_id, values=form.values),
    )


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def payer_route(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """How a payer is filed with: by whom, under which id, dated how and until when."""
    by = seat(request)
    payer = _found(lambda: payer_row(by.organization_id, payer_id))
    if payer.is_self_pay:
        raise Http404
    stored = route_of(by.organization_id, payer_id)
    form = RouteForm(
        request.POST if request.method == "POST" else None,
        stored=stored,
        receivers=receivers(by.organization_id),
        takes_mbi=payer.takes_mbi,
    )
    page = SettingPage("How it is filed with", payer.name, _ROUTE, _filing(organization), "Filing", stored)
    return _kept(
        request,
        form,
        page,
        lambda: set_route(by=by, at=timezone.now(), payer_id=payer_id, values=form.values),
    )


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def filing_clinic(request: HttpRequest, organization: str, clinic_id: UUID) -> HttpResponse:
    """Where a clinic sees patients, for claims that name another place than the billing provider's."""
    by = seat(request)
    stored = _found(lambda: clinic_named(by.organization_id, clinic_id))
    form = ClinicAddressForm(request.POST if request.method == "POST" else None, stored=stored)
    page = SettingPage("Where patients are seen", stored.name, _CLINIC, _filing(organization), "Filing")
    return _kept(
        request,
        form,
        page,
        lambda: set_clinic_address(by=by, at=timezone.now(), clinic_id=clinic_id, values=form.values),
    )


_CLINIC = (
    "Claims name this place where it is not the billing provider’s address. Leave all of it empty where it is the same."
)
_RECEIVER = "Your agreement with the clearinghouse names these ids. Copy them as they stand there."
_ROUTE = "The payer’s manual and your contract say these. What is empty shows as missing until it is known."


def _kept(request: HttpRequest, form: SettingForm, page: SettingPage, keep: Callable[[], object]) -> HttpResponse:
    """The page with its form; once it is right, what it says is kept."""
    if form.is_bound and form.is_valid():
        try:
            keep()
        except FilingWrong as fault:
            form.take(fault)
        except NotFound:
            raise Http404 from None
        else:
            messages.success(request, "Saved.")
            return redirect(page.back)
    zone = page_zone(seat(request).organization_id)
    context = {"form": form, "page": page, "zone": zone.key, "today": local_date(timezone.now(), zone)}
    return render(request, "billing/filing_form.html", context, status=422 if form.is_bound else 200)


def _steps(organization: str, ready: Any, *, may_set_clinics: bool) -> list[dict[str, Any]]:
    """What has to be there before a claim can leave, whoever pays."""
    in_use = [one for one in ready.receivers if one.is_in_use]
    unpriced = ", ".join(ready.unpriced)
    charge = f"Not known for {unpriced}" if unpriced else "" if ready.has_charges else "No code has a charge yet"
    clinicians = reverse("clinicians", args=[organization]) if may_set_clinics else ""
    missing = f"Missing for {ready.without_npi}" if ready.without_npi else ""
    return [
        _step("Billing provider", ready.provider is not None, "", reverse("filing_provider", args=[organization])),
        _step("A clearinghouse in use", bool(in_use), "", reverse("receiver_new", args=[organization])),
        _step("A charge for each code", not charge, charge, reverse("fees", args=[organization])),
        _step("Every treating clinician’s NPI", not ready.without_npi, missing, clinicians),
    ]


def _step(label: str, is_done: bool, detail: str, url: str) -> dict[str, Any]:
    return {"label": label, "is_done": is_done, "detail": detail, "url": url}


def _filing(organization: str) -> str:
    return reverse("filing", args=[organization])


def _found(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except NotFound:
        raise Http404 from None
