"""The organization's logo: choosing it, seeing it, doing without."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.files.operations import read
from bhi.tenancy.models import Membership
from billing.forms.packets import LogoForm
from billing.operations.logos import ProviderMissing, remove_logo, set_logo
from billing.queries.filing_settings import billing_provider
from billing.queries.packets import logo_of


@requires(Permission.SET_FILING)
@require_http_methods(["GET", "HEAD", "POST"])
def filing_logo(request: HttpRequest, organization: str) -> HttpResponse:
    """Choose the logo, or print without one."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    is_removing = request.method == "POST" and request.POST.get("do") == "remove"
    form = LogoForm(request.POST, request.FILES) if request.method == "POST" and not is_removing else LogoForm()
    try:
        if is_removing:
            remove_logo(by=by, at=timezone.now())
            messages.success(request, "Packets are printed without a logo now.")
            return redirect("filing_logo", organization)
        if form.is_bound and form.is_valid() and form.logo is not None:
            set_logo(by=by, at=timezone.now(), logo=form.logo)
            messages.success(request, "Saved. New packets show it.")
            return redirect("filing_logo", organization)
    except ProviderMissing as fault:
        form.add_error(None, str(fault)) if form.is_bound else messages.error(request, str(fault))
    context = {
        "form": form,
        "logo": logo_of(by.organization_id),
        "has_provider": billing_provider(by.organization_id) is not None,
    }
    return render(request, "billing/filing_logo.html", context, status=422 if form.errors else 200)


@requires(Permission.SET_FILING)
@require_safe
def filing_logo_picture(request: HttpRequest, organization: str) -> HttpResponse:
    """The logo as it was chosen."""
    logo = logo_of(request.organization.id)  # type: ignore[attr-defined]
    if logo is None:
        raise Http404
    return HttpResponse(read(logo), content_type=logo.media_type)
