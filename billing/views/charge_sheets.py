"""Charges of closed months for the practice's own system: to key, as a file, ticked as posted; and the claim sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.charge_sheets import SHOW, ColumnsForm, PostForm, ShowFilter
from billing.forms.payers import WithdrawForm
from billing.operations.charge_sheets import CannotPost, post_charges, set_charge_columns, take_back_posted
from billing.queries.calendar import month_title, neighbours, page_zone, present_month
from billing.queries.charge_sheets import (
    ChargeRow,
    ChargeSheet,
    charge_columns,
    charge_file,
    charge_row,
    charge_sheet,
    posted_of,
)
from billing.queries.filing_facts import biller_of
from billing.queries.filing_settings import billing_provider
from billing.queries.paper_sheets import first_others
from billing.rules.charge_sheet import ColumnsWrong
from billing.rules.claim_sheet import claim_sheet
from billing.rules.x12.filed import Biller
from caseload.rules.clock import local_date
from registry.rules.csv_text import csv_bytes
from registry.rules.part_two import NOTICE, Use, refused_words

PAGE = 100
ON_PAPER = 1000
GONE = (
    "A charge that you ticked is not listed any more: its month was opened or corrected meanwhile. The others stand "
    "below as you typed them; keep them again."
)
METHODS = ["GET", "HEAD", "POST"]


@requires(Permission.VIEW_CLAIMS)
@require_safe
def current_charges(request: HttpRequest, organization: str) -> HttpResponse:
    """The last month that can be over."""
    before, _ = neighbours(present_month(seat(request).organization_id, timezone.now()))
    return redirect("charges", organization, before)


@requires(Permission.VIEW_CLAIMS)
@require_safe
def charges(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """The charges of a closed month: what to key, and what was posted."""
    return _page(request, month)


@requires(Permission.MAKE_BATCH)
@require_POST
def charges_post(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """Tick charges as posted, with their numbers. What somebody else did meanwhile is said beside what was typed."""
    by, now = seat(request), timezone.now()
    sheet = charge_sheet(by.organization_id, month, at=now)
    form = PostForm(request.POST, episodes=[row.episode_id for row in sheet.rows if _is_sent(row, request)])
    if form.is_valid() and _is_gone(request, sheet):
        form.add_error(None, GONE)
    elif form.is_valid():
        try:
            kept = post_charges(by=by, at=now, month=month, numbers=form.numbers, on=form.cleaned_data["on"])
        except CannotPost as fault:
            form.say(str(fault), fault.episodes)
        except NotFound:
            raise Http404 from None
        else:
            messages.success(request, _posted_words(kept, now))
            return redirect(f"{reverse('charges', args=[organization, month])}?show=to_post")
    return _page(request, month, sheet=sheet, form=form, status=422)


def _is_gone(request: HttpRequest, sheet: ChargeSheet) -> bool:
    """Whether a charge was ticked or given a number that is not listed any more."""
    said = {name.partition("-")[2] for name in request.POST if _is_of_charge(name) and request.POST[name].strip()}
    return bool(said - {str(row.episode_id) for row in sheet.rows})


def _is_of_charge(name: str) -> bool:
    return name.startswith(("tick-", "number-"))


def _is_sent(row: ChargeRow, request: HttpRequest) -> bool:
    return f"number-{row.episode_id}" in request.POST


def _posted_words(kept: Sequence[Any], now: datetime) -> str:
    new = sum(one.recorded_at == now for one in kept)
    before = len(kept) - new
    words = [f"{new} {'charge is' if new == 1 else 'charges are'} posted."] if new else []
    if before:
        words.append(f"{before} {'was' if before == 1 else 'were'} saved as posted already.")
    return " ".join(words)


@requires(Permission.MAKE_BATCH)
@require_http_methods(METHODS)
def charge_post_back(request: HttpRequest, organization: str, month: str, posted_id: UUID) -> HttpResponse:
    """A charge was ticked by mistake."""
    by, now = seat(request), timezone.now()
    try:
        posted = posted_of(by.organization_id, month, posted_id)
    except NotFound:
        raise Http404 from None
    record("charge.opened", by=by, at=now, patient_id=posted.patient_id, object_id=posted.id)
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    back = reverse("charges", args=[organization, month])
    if form.is_bound and form.is_valid():
        try:
            take_back_posted(by=by, at=now, posted_id=posted.id, reason=form.cleaned_data["because"])
        except DomainError as fault:
            messages.info(request, str(fault))
        else:
            messages.success(request, "Taken back: the charge is to be posted again.")
        return redirect(back)
    context = {
        "what": f"{posted.patient.family_name}, {posted.patient.given_name}, {month_title(month)}",
        "number": posted.number,
        "back": back,
        "form": form,
    }
    return render(request, "billing/charge_post_back.html", context, status=422 if form.is_bound else 200)


@requires(Permission.MAKE_BATCH)
@require_POST
def charge_sheet_file(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """The charges as a table in the organization's own columns: all of the month, or those still to post."""
    by, now = seat(request), timezone.now()
    sheet = charge_sheet(by.organization_id, month, at=now)
    only_open = request.POST.get("show") == "to_post"
    leaving = tuple(row for row in sheet.rows if row.is_to_post or not (only_open or row.is_refused))
    wanted = ChargeSheet(leaving, sheet.still_open, sheet.to_correct, sheet.billing_npi)
    record("charge_sheet.exported", by=by, at=now, shown=[row.patient_id for row in leaving])
    header, cells = charge_file(charge_columns(by.organization_id), wanted)
    notice = NOTICE if any(row.is_part_two for row in leaving) else ""
    return HttpResponse(
        csv_bytes(header, cells, notice=notice),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="charges-{month}.csv"'},
    )


@requires(Permission.VIEW_CLAIMS)
@require_safe
def charges_print(request: HttpRequest, organization: str, month: str) -> HttpResponse:
    """The charges that are still to be posted, in the order in which a charge is keyed."""
    by, now = seat(request), timezone.now()
    sheet = charge_sheet(by.organization_id, month, at=now)
    rows = [row for row in sheet.rows if row.is_to_post]
    record("charge_sheet.printed", by=by, at=now, shown=[row.patient_id for row in rows])
    left = len(rows) - ON_PAPER
    context = {
        **_month(by, month, now),
        "rows": rows[:ON_PAPER],
        "is_part_two": any(row.is_part_two for row in rows[:ON_PAPER]),
        "sheet": sheet,
        "left_out": f"The first {ON_PAPER:,} charges; {left:,} more are in the CSV file." if left > 0 else "",
    }
    return render(request, "billing/charges_print.html", context)


@requires(Permission.VIEW_CLAIMS)
@require_safe
def cms_sheet(request: HttpRequest, organization: str, month: str, episode_id: UUID) -> HttpResponse:
    """One patient's claim in the order of the paper form, for practices that key claims."""
    by, now = seat(request), timezone.now()
    try:
        row = charge_row(by.organization_id, month, episode_id, at=now)
    except NotFound:
        raise Http404 from None
    if row.is_refused:
        messages.error(request, refused_words(Use.PAYMENT))
        return redirect("charges", organization, month)
    record("claim_sheet.viewed", by=by, at=now, patient_id=row.patient_id, object_id=episode_id)
    context = {
        **_month(by, month, now),
        "row": row,
        "paper": claim_sheet(
            row.claim,
            _biller(by),
            account=row.mrn,
            is_institutional=row.is_institutional,
            other=first_others(by.organization_id, [(row.patient_id, row.claim)]).get(row.patient_id),
        ),
    }
    return render(request, "billing/cms_sheet.html", context)


@requires(Permission.SET_FILING)
@require_http_methods(METHODS)
def charge_columns_page(request: HttpRequest, organization: str) -> HttpResponse:
    """Which columns the charge file has, in which order, under which headings."""
    by = seat(request)
    chosen = charge_columns(by.organization_id)
    form = ColumnsForm(request.POST if request.method == "POST" else None, chosen=chosen)
    if form.is_bound and form.is_valid():
        try:
            set_charge_columns(by=by, at=timezone.now(), columns=form.values)
        except ColumnsWrong as fault:
            form.take(fault)
        else:
            messages.success(request, "Saved. The next charge file and the next batch’s table have these columns.")
            return redirect("charge_columns", organization)
    context = {"form": form, "headings": [heading for _, heading in chosen]}
    return render(request, "billing/charge_columns.html", context, status=422 if form.errors else 200)


def _page(
    request: HttpRequest,
    month: str,
    *,
    sheet: ChargeSheet | None = None,
    form: PostForm | None = None,
    status: int = 200,
) -> HttpResponse:
    by, now = seat(request), timezone.now()
    sheet = sheet or charge_sheet(by.organization_id, month, at=now)
    show, page = ShowFilter(request.GET).values()
    # What was sent is shown whole, whatever became of a charge meanwhile.
    sent = set(form.episodes) if form else set()
    matching = [row for row in sheet.rows if (row.episode_id in sent if sent else _is_shown(row, show))]
    pages = 1 if sent else max(1, -(-len(matching) // PAGE))
    page = min(page, pages)
    rows = matching if sent else matching[(page - 1) * PAGE : page * PAGE]
    record("charge_sheet.viewed", by=by, at=now, shown=[row.patient_id for row in rows])
    day = _month(by, month, now)
    may_post = Permission.MAKE_BATCH in permissions_of(by.roles)
    form = form or PostForm(
        episodes=[row.episode_id for row in rows if row.is_to_post], initial={"on": day["today"]}, auto_id="id_%s"
    )
    context = {
        **day,
        "sheet": sheet,
        "form": form,
        "may_post": may_post,
        "is_part_two": any(row.is_part_two for row in rows),
        "has_open": bool(sent) or any(row.is_to_post for row in rows),
        "rows": [(row, form.fields_of(row.episode_id) if row.episode_id in form.episodes else None) for row in rows],
        "show": show,
        "shows": [(word, label, sum(_is_shown(row, word) for row in sheet.rows)) for word, label in SHOW],
        "matching": len(matching),
        "shown": f"{(page - 1) * PAGE + 1} to {(page - 1) * PAGE + len(rows)}",
        "is_cut": pages > 1,
        "previous_url": f"?show={show}&page={page - 1}" if page > 1 else "",
        "next_url": f"?show={show}&page={page + 1}" if page < pages else "",
    }
    return render(request, "billing/charges.html", context, status=status)


def _is_shown(row: ChargeRow, show: str) -> bool:
    if show == "to_post":
        return row.is_to_post
    return show == "all" or row.posted is not None


def _month(by: Membership, month: str, now: datetime) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    before, after = neighbours(month)
    return {
        "month": month,
        "title": month_title(month),
        "before": before,
        "after": after,
        "zone": zone.key,
        "today": local_date(now, zone),
    }


def _biller(by: Membership) -> Biller | None:
    provider = billing_provider(by.organization_id)
    return None if provider is None else biller_of(provider)
