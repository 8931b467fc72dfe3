"""Signing in at the organization's own provider, and where an admin sets it."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from bhi.accounts import openid
from bhi.accounts.forms.single_sign_on import SignOnForm, WhereForm
from bhi.accounts.operations.single_sign_on import SignOnWrong, set_single_sign_on
from bhi.accounts.permissions import Permission, public, requires
from bhi.accounts.queries.mail_domains import confirmed_domains
from bhi.accounts.queries.single_sign_on import (
    SignOn,
    people_signed_on,
    settings_of,
    sign_on_for,
    sign_on_of,
    slug_for,
)
from bhi.audit.operations import record
from bhi.web.asked import seat
from bhi.web.frame import EMPTY
from bhi.web.limits import is_over_limit

MOST_A_MINUTE = 60


@public
@require_http_methods(["GET", "HEAD", "POST"])
def sso(request: HttpRequest) -> HttpResponse:
    """By which organization somebody signs in."""
    form = WhereForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if is_over_limit(request, "sso", most=MOST_A_MINUTE):
            return render(request, "429.html", status=429)
        if slug := slug_for(form.cleaned_data["where"]):
            return redirect("sso_organization", slug)
        form.add_error("where", "No organization signs in here with this. Sign in with your password instead.")
    return render(request, "account/sso.html", {"frame": EMPTY, "form": form}, status=422 if form.is_bound else 200)


@public
@require_safe
def sso_organization(request: HttpRequest, slug: str) -> HttpResponse:
    """The last page of ours: where it goes from here."""
    sign_on = _sign_on(slug)
    address = reverse("sso_go", args=[slug])
    if after := _after(request):
        address = f"{address}?{urlencode({'next': after})}"
    return render(request, "account/sso_organization.html", {"frame": EMPTY, "sign_on": sign_on, "address": address})


@public
@transaction.non_atomic_requests
@require_safe
def sso_go(request: HttpRequest, slug: str) -> HttpResponse:
    """To the provider. Nothing waits in the database meanwhile."""
    if is_over_limit(request, "sso", most=MOST_A_MINUTE):
        return render(request, "429.html", status=429)
    return openid.go(request, _sign_on(slug), _after(request) or reverse("enter", args=[slug]))


@public
@transaction.non_atomic_requests
@require_safe
def sso_back(request: HttpRequest, slug: str) -> HttpResponse:
    """Back from it."""
    if is_over_limit(request, "sso", most=MOST_A_MINUTE):
        return render(request, "429.html", status=429)
    return openid.back(request, _sign_on(slug))


@requires(Permission.SET_SIGN_IN)
@require_http_methods(["GET", "HEAD", "POST"])
def single_sign_on(request: HttpRequest, organization: str) -> HttpResponse:
    """The organization's own provider."""
    by, now = seat(request), timezone.now()
    row = settings_of(by.organization_id)
    form = SignOnForm.of(row)
    if request.method == "POST":
        form = SignOnForm(request.POST, has_secret=bool(row and row.secret))
        if form.is_valid():
            try:
                set_single_sign_on(by=by, at=now, values=form.values)
            except SignOnWrong as wrong:
                for field, sentence in wrong.faults.items():
                    form.add_error(field, sentence)
            else:
                messages.success(request, "Kept.")
                return redirect("single_sign_on", organization)
    else:
        record("single_sign_on.viewed", by=by, at=now)
    context = {
        "form": form,
        "row": row,
        "domains": sorted(confirmed_domains(by.organization_id)),
        "people": people_signed_on(sign_on_for(row, by.organization)) if row else 0,
        "callback": request.build_absolute_uri(reverse("sso_back", args=[organization])),
        "door": request.build_absolute_uri(reverse("sso_organization", args=[organization])),
        "try_it": f"{reverse('sso_go', args=[organization])}?{urlencode({'next': request.path})}",
    }
    return render(request, "account/single_sign_on.html", context, status=422 if form.is_bound else 200)


def _sign_on(slug: str) -> SignOn:
    found = sign_on_of(slug)
    if found is None:
        raise Http404
    return found


def _after(request: HttpRequest) -> str:
    """Where the person was going, if that is here."""
    address = request.GET.get("next", "")
    return address if address and get_adapter(request).is_safe_url(address) else ""
