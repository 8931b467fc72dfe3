"""What holds months back, what a coder decides about them, and how checks are set."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.release import ModesForm, ReleaseSeveralForm, WhyForm
from billing.operations.decisions import (
    Deciding,
    decide_month,
    release_months,
    set_release_modes,
    take_back_decision,
)
from billing.operations.errors import LookAgainMissing, NotLower
from billing.queries.calendar import month_title, page_zone
from billing.queries.release_pages import HeldMonths, checks_set, held_months, modes_before
from billing.rules.decisions import BILL_LOWER, DO_NOT_BILL, HOLD, RELEASE
from billing.rules.release import CHECKS_BY_WORD
from billing.views.month_rows import decision_form, detail_of, row_page
from caseload.rules.clock import local_date
from registry.queries.who_saw import patients_of_episodes

SAID = {
    HOLD: "Held. It is not claimed before somebody decides again.",
    RELEASE: "Released: it may be claimed.",
    BILL_LOWER: "Kept: it bills lower.",
    DO_NOT_BILL: "Kept: it is not billed.",
}
FIELDS: dict[type[DomainError], str] = {LookAgainMissing: "look_again_on", NotLower: "lines"}


@requires(Permission.DECIDE_MONTH)
@require_POST
def month_decide(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    """Hold, release, bill lower or do not bill one patient's month."""
    now, by = timezone.now(), seat(request)
    detail = detail_of(by, month, episode_id)
    form = decision_form(detail, request.POST)
    if form.is_valid():
        values = form.cleaned_data
        decision = Deciding(
            kind=values["kind"],
            because=values["because"],
            look_again_on=values["look_again_on"],
            lines=form.chosen_lines,
            checks=tuple(values["checks"]),
        )
        try:
            decide_month(by=by, at=now, episode_id=episode_id, month=month, decision=decision)
        except DomainError as fault:
            form.add_error(_field(fault, form), str(fault))
        else:
            messages.success(request, SAID[values["kind"]])
            return redirect("month_row", organization, month, episode_id)
    return row_page(request, detail, month, at=now, decision=form, status=422)


@requires(Permission.DECIDE_MONTH)
@require_POST
def month_decision_back(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    """Take back the decision that stands."""
    now, by = timezone.now(), seat(request)
    detail = detail_of(by, month, episode_id)
    form = WhyForm(request.POST)
    if form.is_valid():
        try:
            take_back_decision(by=by, at=now, episode_id=episode_id, month=month, because=form.cleaned_data["because"])
        except DomainError as fault:
            form.add_error("because", str(fault))
        else:
            messages.success(request, "Taken back: the month stands as if nothing had been decided.")
            return redirect("month_row", organization, month, episode_id)
    return row_page(request, detail, month, at=now, back=form, status=422)


@requires(Permission.DECIDE_MONTH)
@require_http_methods(["GET", "HEAD", "POST"])
def months_held(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """The months that are held back, and releasing several that one check holds."""
    now, by = timezone.now(), seat(request)
    word = request.POST.get("check") or request.GET.get("check", "")
    today = local_date(now, page_zone(by.organization_id))
    shown = _held(by, month, word, request.GET.get("start", ""), today)
    count = shown.chosen.count if shown.chosen else 0
    if request.method != "POST":
        form = ReleaseSeveralForm(held=count, check=word)
        return _held_page(request, shown, month, at=now, today=today, form=form)
    form = ReleaseSeveralForm(request.POST, held=count, check=word)
    if form.is_valid():
        try:
            released, waiting = release_months(
                by=by,
                at=now,
                month=month,
                check=form.cleaned_data["check"],
                because=form.cleaned_data["because"],
                episode_ids=form.episode_ids,
            )
        except NotFound:
            raise Http404 from None
        except DomainError as fault:
            form.add_error("because", str(fault))
        else:
            more = f" {waiting} of them still wait for something else." if waiting else ""
            messages.success(request, f"Released {released} {'month' if released == 1 else 'months'}.{more}")
            return redirect("months_held", organization, month)
    return _held_page(request, shown, month, at=now, today=today, form=form, status=422)


@requires(Permission.SET_RELEASE)
@require_http_methods(["GET", "HEAD", "POST"])
def release_settings(request: HttpRequest, organization: str) -> HttpResponse:
    """Which checks hold a month, and which are only noted."""
    now, by = timezone.now(), seat(request)
    shown = checks_set(by.organization_id)
    modes = {one.check.word: one.mode for one in shown}
    form = ModesForm(request.POST if request.method == "POST" else None, modes=modes)
    if request.method == "POST" and form.is_valid():
        changed = set_release_modes(by=by, at=now, modes=form.cleaned_data)
        said = ", ".join(CHECKS_BY_WORD[word].title for word in changed)
        messages.success(request, f"Kept. Changed: {said}." if changed else "Nothing was changed.")
        return redirect("release_settings", organization)
    zone = page_zone(by.organization_id)
    context = {
        "rows": [(one, form[one.check.word]) for one in shown],
        "form": form,
        "before": modes_before(by.organization_id),
        "may_months": Permission.VIEW_MONTHS in permissions_of(by.roles),
        "may_clinics": Permission.SET_PROTOCOLS in permissions_of(by.roles),
        "zone": zone.key,
        "today": local_date(now, zone),
    }
    return render(request, "billing/release_settings.html", context, status=422 if form.errors else 200)


def _field(fault: DomainError, form: Any) -> str:
    field = FIELDS.get(type(fault), "because")
    return field if field in form.fields else "because"


def _held(by: Membership, month: str, word: str, start: str, on: date) -> HeldMonths:
    return held_months(
        by.organization_id, month, on=on, word=word, start=int(start) if start.isascii() and start.isdigit() else 0
    )


def _held_page(
    request: HttpRequest,
    shown: HeldMonths,
    month: str,
    *,
    at: datetime,
    today: date,
    form: ReleaseSeveralForm,
    status: int = 200,
) -> HttpResponse:
    by = seat(request)
    seen = patients_of_episodes(by.organization_id, (row.episode_id for row in shown.rows))
    record("held_months.viewed", by=by, at=at, shown=seen)
    chosen = shown.chosen
    query = f"check={chosen.word}&" if chosen else ""
    context = {
        "shown": shown,
        "month": month,
        "title": month_title(month),
        "rows": [
            (row, row.release and row.release.is_overdue(today), str(row.episode_id) in form.ticked)
            for row in shown.rows
        ],
        "form": form,
        "check": CHECKS_BY_WORD.get(chosen.word) if chosen else None,
        "today": today,
        "range": f"{shown.first_row} to {shown.first_row + len(shown.rows) - 1}",
        "previous_url": f"?{query}start={shown.previous}" if shown.previous is not None else "",
        "next_url": f"?{query}start={shown.next}" if shown.next is not None else "",
    }
    return render(request, "billing/months_held.html", context, status=status)
