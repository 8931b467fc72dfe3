"""Pages of platform staff: organizations and their admins. Nothing of a patient."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.errors import DomainRefused
from bhi.accounts.forms.people import AdminForm, OrganizationForm
from bhi.accounts.forms.single_sign_on import DomainForm
from bhi.accounts.models import User
from bhi.accounts.operations.mail_domains import confirm_domain, withdraw_domain
from bhi.accounts.operations.platform import begin_organization, invite_admin
from bhi.accounts.permissions import platform_staff
from bhi.accounts.queries.mail_domains import domain_rows
from bhi.accounts.queries.platform import OrganizationRow, organization_row, organizations_page
from bhi.errors import DomainError, NotFound
from bhi.tenancy.context import tenant
from bhi.web.asked import page_number

METHODS = ("GET", "HEAD", "POST")
_SENT = "The invitation to the admin is on its way."


@platform_staff
@require_safe
def platform(request: HttpRequest) -> HttpResponse:
    """Every organization."""
    return render(request, "platform/organizations.html", {"page": organizations_page(page=page_number(request))})


@platform_staff
@require_http_methods(METHODS)
def platform_new(request: HttpRequest) -> HttpResponse:
    """One more, with its first admin invited."""
    form = OrganizationForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = begin_organization(**form.cleaned_data, at=timezone.now(), staff=_staff(request))
        except DomainError as fault:
            form.add_error("slug", str(fault))
        else:
            messages.success(request, f"{form.cleaned_data['name']} is made. {_SENT}")
            return redirect("platform_organization", made.organization_id)
    return render(request, "platform/new.html", {"form": form}, status=422 if form.is_bound else 200)


@platform_staff
@require_http_methods(METHODS)
def platform_organization(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """One of them, and another admin where the only one left."""
    shown = _shown(organization_id)
    form = AdminForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            invite_admin(organization_id=shown.id, **form.cleaned_data, at=timezone.now(), staff=_staff(request))
        except DomainError as fault:
            form.add_error(None, str(fault))
        else:
            messages.success(request, _SENT)
            return redirect("platform_organization", shown.id)
    return _page(request, shown, form, DomainForm())


@platform_staff
@require_POST
def platform_domain(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    """A mail domain that was found to be theirs."""
    shown = _shown(organization_id)
    form = DomainForm(request.POST)
    if form.is_valid():
        try:
            confirm_domain(organization_id=shown.id, **form.cleaned_data, staff=_staff(request), at=timezone.now())
        except DomainRefused as fault:
            form.add_error("domain", str(fault))
        else:
            messages.success(request, "Confirmed. Their admins can enter it under single sign-on.")
            return redirect("platform_organization", shown.id)
    return _page(request, shown, AdminForm(), form)


@platform_staff
@require_POST
def platform_domain_withdraw(request: HttpRequest, organization_id: UUID, domain_id: UUID) -> HttpResponse:
    """It is theirs no more."""
    shown = _shown(organization_id)
    try:
        withdraw_domain(organization_id=shown.id, domain_id=domain_id, staff=_staff(request), at=timezone.now())
    except NotFound:
        raise Http404 from None
    messages.success(request, "Withdrawn. Nobody new comes in by an address there.")
    return redirect("platform_organization", shown.id)


def _shown(organization_id: UUID) -> OrganizationRow:
    try:
        return organization_row(organization_id)
    except NotFound:
        raise Http404 from None


def _page(request: HttpRequest, shown: OrganizationRow, form: AdminForm, domain_form: DomainForm) -> HttpResponse:
    with tenant(shown.id):
        domains = domain_rows(shown.id)
    context = {"form": form, "shown": shown, "domain_form": domain_form, "domains": domains}
    is_wrong = form.is_bound or domain_form.is_bound
    return render(request, "platform/organization.html", context, status=422 if is_wrong else 200)


def _staff(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # platform_staff lets nobody else in
    return request.user
