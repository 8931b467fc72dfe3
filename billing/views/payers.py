"""Payers: by which rules each pays, on whose word, and what other rules would change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.payers import BecauseForm, PayerFilter, PayerForm, RulesForm, WithdrawForm
from billing.operations.profile_trial import Effect, try_rules
from billing.operations.profiles import add_payer, confirm_rules, set_profile, withdraw_profile
from billing.queries.calendar import page_zone
from billing.queries.payer_pages import PAGE, PayerShown, Version, payer_list, payer_row, payer_shown
from caseload.rules.clock import local_date
from registry.operations.errors import AlreadyVoided


@requires(Permission.SET_PAYERS)
@require_safe
def payers(request: HttpRequest, organization: str) -> HttpResponse:
    """Every payer, whom it covers now, and by which rules it pays."""
    return _list_page(request, PayerForm())


@requires(Permission.SET_PAYERS)
@require_POST
def payer_new(request: HttpRequest, organization: str) -> HttpResponse:
    """One more payer."""
    form = PayerForm(request.POST)
    if form.is_valid():
        try:
            added = add_payer(by=seat(request), at=timezone.now(), name=form.cleaned_data["name"])
        except DomainError as fault:
            form.add_error("name", str(fault))
        else:
            messages.success(request, "Added. Its rules are assumed until somebody confirms them.")
            return redirect("payer", organization, added.id)
    return _list_page(request, form, status=422)


@requires(Permission.SET_PAYERS)
@require_safe
def payer(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """One payer and its rules in time order."""
    return _payer_page(request, payer_id)


@requires(Permission.SET_PAYERS)
@require_POST
def payer_confirm(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """Assumed rules are the payer's own: somebody read so."""
    _shown(request, payer_id)
    form = BecauseForm(request.POST)
    if not form.is_valid():
        return _payer_page(request, payer_id, confirming=form, status=422)
    try:
        by, now = seat(request), timezone.now()
        because = form.cleaned_data["because"]
        confirm_rules(by=by, at=now, payer_id=payer_id, on=_today(by, now), because=because)
    except DomainError as fault:
        messages.info(request, str(fault))
    else:
        messages.success(request, "Confirmed as they are. Months no longer say that the rules are assumed.")
    return redirect("payer", organization, payer_id)


@requires(Permission.SET_PAYERS)
@require_http_methods(["GET", "HEAD", "POST"])
def payer_withdraw(request: HttpRequest, organization: str, payer_id: UUID, profile_id: UUID) -> HttpResponse:
    """Wrong rules are taken back, once it was shown what that changes."""
    now, by = timezone.now(), seat(request)
    shown = _shown(request, payer_id)
    version = _version(shown, profile_id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if version.is_withdrawn or version.is_assumed:
        messages.info(request, "These rules are taken back already, or nobody set them.")
        return redirect("payer", organization, payer_id)
    if request.method == "POST" and form.is_valid():
        try:
            withdraw_profile(by=by, at=now, profile_id=profile_id, because=form.cleaned_data["because"])
        except AlreadyVoided:  # in the moment between, by somebody else
            messages.info(request, "Somebody took these rules back already.")
        else:
            messages.success(request, "Taken back. They stay on record with the reason.")
        return redirect("payer", organization, payer_id)

    def write() -> object:
        return withdraw_profile(by=by, at=now, profile_id=profile_id, because="Tried")

    effect = _tried(request, payer_id, version.from_on, now, write)
    context = {**_base(request, shown, now), "version": version, "form": form, "effect": effect}
    return render(request, "billing/payer_withdraw.html", context, status=422 if form.is_bound else 200)


@requires(Permission.SET_PAYERS)
@require_http_methods(["GET", "HEAD", "POST"])
def payer_rules(request: HttpRequest, organization: str, payer_id: UUID) -> HttpResponse:
    """Rules from a month on: chosen, tried, saved."""
    now = timezone.now()
    shown = _shown(request, payer_id)
    if shown.is_self_pay:
        raise Http404
    today = _today(seat(request), now)
    context = _base(request, shown, now)
    if request.method != "POST" or request.POST.get("act") == "family":
        so_far = request.POST if request.method == "POST" else None
        form = RulesForm(today=today, shown=shown.current, typed_so_far=so_far)
        return render(request, "billing/payer_rules.html", {**context, "form": form})
    form = RulesForm(request.POST, today=today)
    effect = None
    if form.is_valid():
        try:
            if request.POST.get("act") == "save" and form.was_looked_at:
                _set(request, form, payer_id, now)
                messages.success(request, "Saved.")
                return redirect("payer", organization, payer_id)
            effect = _tried(
                request, payer_id, form.cleaned_data["from_on"], now, lambda: _set(request, form, payer_id, now)
            )
        except DomainError as fault:
            form.add_error("from_on", str(fault))
    context |= {"form": form, "effect": effect, "looked": form.fingerprint if effect else ""}
    return render(request, "billing/payer_rules.html", context, status=422 if form.errors else 200)


def _set(request: HttpRequest, form: RulesForm, payer_id: UUID, at: datetime) -> object:
    by = seat(request)
    values = form.cleaned_data
    return set_profile(
        by=by,
        at=at,
        payer=payer_row(by.organization_id, payer_id),
        book=values["family"],
        from_on=values["from_on"],
        options=values["options"],
        notes=form.notes,
    )


def _tried(request: HttpRequest, payer_id: UUID, since: date, at: datetime, write: Callable[[], object]) -> Effect:
    by = seat(request)
    return try_rules(by=by, at=at, payer=payer_row(by.organization_id, payer_id), since=since, write=write)


def _today(by: Membership, at: datetime) -> date:
    return local_date(at, page_zone(by.organization_id))


def _shown(request: HttpRequest, payer_id: UUID) -> PayerShown:
    by = seat(request)
    try:
        return payer_shown(by.organization_id, payer_id, on=_today(by, timezone.now()))
    except NotFound:
        raise Http404 from None


def _version(shown: PayerShown, profile_id: UUID) -> Version:
    version = next((one for one in shown.versions if one.id == profile_id), None)
    if version is None:
        raise Http404
    return version


def _base(request: HttpRequest, shown: PayerShown, at: datetime) -> dict[str, Any]:
    zone = page_zone(seat(request).organization_id)
    may_see = Permission.VIEW_MONTHS in permissions_of(seat(request).roles)
    return {"shown": shown, "zone": zone.key, "today": local_date(at, zone), "may_see_months": may_see}


def _payer_page(
    request: HttpRequest, payer_id: UUID, *, confirming: BecauseForm | None = None, status: int = 200
) -> HttpResponse:
    shown = _shown(request, payer_id)
    covered = "1 patient covered now" if shown.patients == 1 else f"{shown.patients} patients covered now"
    sub = " · ".join(part for part in (shown.code, covered) if part)
    context = {**_base(request, shown, timezone.now()), "sub": sub, "confirming": confirming or BecauseForm()}
    return render(request, "billing/payer.html", context, status=status)


def _list_page(request: HttpRequest, form: PayerForm, *, status: int = 200) -> HttpResponse:
    now, by = timezone.now(), seat(request)
    zone = page_zone(by.organization_id)
    chosen = PayerFilter(request.GET).values()
    page = payer_list(by.organization_id, on=local_date(now, zone), **chosen)
    show = "&show=assumed" if chosen["only_assumed"] else ""
    context = {
        "page": page,
        "form": form,
        "zone": zone.key,
        "today": local_date(now, zone),
        "only_assumed": chosen["only_assumed"],
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"?page={page.page - 1}{show}" if page.page > 1 else "",
        "next_url": f"?page={page.page + 1}{show}" if page.page < page.pages else "",
        "is_cut": page.matching > PAGE,
    }
    return render(request, "billing/payers.html", context, status=status)
