"""What an organization sets for its measures: targets, what is hidden, shares of work, rates, kinds of coverage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bhi.accounts.narrowing import permissions_here
from bhi.accounts.permissions import Permission, requires
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import cut, page_number, seat
from billing.queries.calendar import page_zone
from outcomes.forms.settings import BackForm, GeneralForm, PayerClassesForm, SeatForm, Takes, TargetForm
from outcomes.operations.settings import (
    TAKE_BACK,
    SettingWrong,
    set_consultant_rate,
    set_outcome_settings,
    set_payer_classes,
    set_target,
    set_work_share,
)
from outcomes.queries.settings import (
    SeatRow,
    payer_class_rows,
    rate_rows,
    said_of,
    settings_shown,
    share_rows,
    target_rows,
)

METHODS = ["GET", "HEAD", "POST"]
PAYERS_A_PAGE = 50
PAGES = {"target": "outcome_targets", "share": "work_shares", "rate": "consultant_rates"}


@requires(Permission.SET_OUTCOMES)
@require_http_methods(METHODS)
def outcome_settings(request: HttpRequest, organization: str) -> HttpResponse:
    """What is hidden, when a month is frozen, and the ways to the rest."""
    by = seat(request)
    shown = settings_shown(by.organization_id)
    initial = {name: getattr(shown, name) for name in GeneralForm.base_fields}
    form = GeneralForm(request.POST if request.method == "POST" else None, initial=initial)
    if _kept(form, lambda: _set_general(by, form)):
        messages.success(request, "Saved.")
        return redirect("outcome_settings", organization)
    if form.errors:
        shown = settings_shown(by.organization_id)
    seen_at = shown.changed_at.isoformat() if shown.changed_at else ""
    context = {"form": form, "shown": shown, "seen_at": seen_at, **_around(by)}
    return render(request, "outcomes/settings.html", context, status=422 if form.errors else 200)


@requires(Permission.SET_OUTCOMES)
@require_http_methods(METHODS)
def outcome_targets(request: HttpRequest, organization: str) -> HttpResponse:
    """Each measure's target, of its source and of the organization itself."""
    by = seat(request)
    around = _around(by)
    rows = target_rows(by.organization_id, around["today"])
    initial = {"from_month": around["today"].replace(day=1), "key": request.GET.get("measure", "")}
    data = request.POST if request.method == "POST" else None
    form = TargetForm(data, initial=initial, measures=[(row.key, row.title) for row in rows])
    if _kept(form, lambda: _set_target(by, form)):
        messages.success(request, "Saved.")
        return redirect("outcome_targets", organization)
    context = {"form": form, "rows": rows, **around}
    return render(request, "outcomes/settings_targets.html", context, status=422 if form.errors else 200)


@requires(Permission.SET_OUTCOMES)
@require_http_methods(METHODS)
def work_shares(request: HttpRequest, organization: str) -> HttpResponse:
    """How much of a full-time post each care manager works for the program."""
    said = {
        "kind": "share",
        "title": "Shares of work",
        "about": "Patients per full-time care manager, and the capacity calculator, go by these.",
        "nobody": "No care manager yet. Invite one under People.",
    }
    asked = {
        "amount_label": "Share of a full-time post",
        "amount_help": "1 is full time, 0.5 half, 0 from when somebody stops.",
    }
    return _seats(request, organization, share_rows, _set_share, said=said, asked=asked)


@requires(Permission.SET_OUTCOMES)
@require_http_methods(METHODS)
def consultant_rates(request: HttpRequest, organization: str) -> HttpResponse:
    """What an hour of each psychiatric consultant costs: for who may see money."""
    _check_money(seat(request))
    said = {
        "kind": "rate",
        "title": "Consultants’ hourly rates",
        "about": "The sheet of consultants’ hours multiplies by these. Without one an amount is not known.",
        "nobody": "No psychiatric consultant yet. Invite one under People.",
    }
    asked = {"amount_label": "Dollars an hour", "amount_help": "As the contract says, such as 210.00."}
    return _seats(request, organization, rate_rows, _set_rate, said=said, asked=asked)


@requires(Permission.SET_OUTCOMES)
@require_http_methods(METHODS)
def payer_classes(request: HttpRequest, organization: str) -> HttpResponse:
    """What kind of coverage each payer is."""
    by = seat(request)
    around = _around(by)
    page = cut(payer_class_rows(by.organization_id, around["today"]), page_number(request), PAYERS_A_PAGE)
    form = PayerClassesForm(request.POST if request.method == "POST" else None, rows=page.rows)
    if form.is_bound and form.is_valid():
        changed = set_payer_classes(by=by, at=timezone.now(), said=form.said)
        messages.success(request, "Saved." if changed else "Nothing changed.")
        return redirect("payer_classes", organization)
    context = {"form": form, "page": page, **around}
    return render(request, "outcomes/settings_payers.html", context, status=422 if form.errors else 200)


@requires(Permission.SET_OUTCOMES)
@require_http_methods(METHODS)
def outcome_setting_back(request: HttpRequest, organization: str, kind: str, fact_id: UUID) -> HttpResponse:
    """A target, a share of work or a rate that was wrong is taken back."""
    by = seat(request)
    if kind not in PAGES:
        raise Http404
    if kind == "rate":
        _check_money(by)
    found = said_of(by.organization_id, kind, fact_id)
    if found is None:
        raise Http404
    form = BackForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            TAKE_BACK[kind](by=by, at=timezone.now(), fact_id=fact_id, reason=form.cleaned_data["because"])
        except DomainError as fault:
            messages.info(request, str(fault))
        else:
            messages.success(request, "Taken back. It stays on record with the reason.")
        return redirect(PAGES[kind], organization)
    of, said = found
    context = {"form": form, "of": of, "said": said, "kind": kind, "back": PAGES[kind], **_around(by)}
    return render(request, "outcomes/settings_back.html", context, status=422 if form.errors else 200)


def _seats(
    request: HttpRequest,
    organization: str,
    rows_of: Callable[[UUID, date], tuple[SeatRow, ...]],
    keep: Callable[[Membership, SeatForm], object],
    *,
    said: dict[str, str],
    asked: dict[str, str],
) -> HttpResponse:
    """The page of a number that seats have from days on: its rows, and the form for another."""
    by = seat(request)
    around = _around(by)
    rows = rows_of(by.organization_id, around["today"])
    data = request.POST if request.method == "POST" else None
    form = SeatForm(data, people=[(str(row.id), row.name) for row in rows], **asked)
    if _kept(form, lambda: keep(by, form)):
        messages.success(request, "Saved.")
        return redirect(PAGES[said["kind"]], organization)
    context = {**around, **said, "form": form, "rows": rows}
    return render(request, "outcomes/settings_seats.html", context, status=422 if form.errors else 200)


def _set_general(by: Membership, form: GeneralForm) -> object:
    return set_outcome_settings(by=by, at=timezone.now(), seen_at=form.seen_at, **form.cleaned_data)


def _set_target(by: Membership, form: TargetForm) -> object:
    typed = form.cleaned_data
    return set_target(
        by=by, at=timezone.now(), key=typed["key"], target=typed["amount"], from_month=typed["from_month"]
    )


def _set_share(by: Membership, form: SeatForm) -> object:
    typed = form.cleaned_data
    return set_work_share(
        by=by, at=timezone.now(), membership_id=typed["membership"], from_on=typed["from_on"], fte=typed["amount"]
    )


def _set_rate(by: Membership, form: SeatForm) -> object:
    typed = form.cleaned_data
    return set_consultant_rate(
        by=by, at=timezone.now(), membership_id=typed["membership"], from_on=typed["from_on"], hourly=typed["amount"]
    )


def _kept(form: Any, keep: Callable[[], object]) -> bool:
    """Whether what was typed was kept; else the form says what to mend."""
    if not (form.is_bound and form.is_valid()):
        return False
    assert isinstance(form, Takes)
    try:
        keep()
    except SettingWrong as fault:
        form.take(fault)
        return False
    except NotFound:
        raise Http404 from None
    return True


def _check_money(by: Membership) -> None:
    if Permission.VIEW_MONEY not in permissions_here(by):
        raise PermissionDenied


def _around(by: Membership) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    return {"zone": zone.key, "today": timezone.now().astimezone(zone).date()}
