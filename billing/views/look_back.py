"""What was billed before, beside what the records support: upload, how it is read, and the comparison."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.forms.look_back import FindingFilter, LookBackChoicesForm, LookBackUploadForm
from billing.operations.look_back import choose_look_back, discard_look_back, start_look_back, take_look_back
from billing.queries.calendar import month_title, page_zone
from billing.queries.claims import Expected
from billing.queries.closed_lists import CLOSED
from billing.queries.look_back import Group, Result, look_back, look_backs, refused_lines, result
from billing.queries.look_back_said import HEADER, SAID, file_lines
from billing.rules.look_back import Finding
from billing.templatetags.billing_words import counted
from billing.templatetags.look_back import money
from billing.views.closed_lists import beside_closed
from caseload.rules.clock import local_date, month_of
from registry.queries.choices import clinic_choices
from registry.queries.part_two import any_part_two, notice_of_file
from registry.rules.csv_text import csv_bytes

PAGE_ROWS = 100
ON_PAPER = 1000
STRANGERS_SHOWN = 50
REFUSED_SHOWN = 100


@requires(Permission.LOOK_BACK)
@require_http_methods(["GET", "HEAD", "POST"])
def look_back_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Earlier look-backs, and the form for a new one."""
    by, now = seat(request), timezone.now()
    is_sent = request.method == "POST"
    fresh = LookBackUploadForm.fresh(request.GET.get("against", ""))
    form = LookBackUploadForm(request.POST, request.FILES) if is_sent else fresh
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data.pop("file")
        try:
            found = start_look_back(by=by, at=now, name=file.name or "file", content=file.read(), **form.cleaned_data)
        except DomainError as fault:
            form.add_error("file", str(fault))
        else:
            return redirect("look_back", organization, found.id)
    context = {"form": form, "look_backs": look_backs(by.organization_id), **_day(by, now)}
    return render(request, "billing/look_backs.html", context, status=422 if form.errors else 200)


@requires(Permission.LOOK_BACK)
@require_safe
def look_back_page(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """One look-back: being read, to settle, or compared."""
    by, now = seat(request), timezone.now()
    found = _found(by, look_back_id)
    if found.state == "taken" and found.against == CLOSED:
        return beside_closed(request, found, {"span": _span(found), **_day(by, now)})
    if found.state == "taken":
        return _compared(request, found, now)
    return _preview(request, found, now)


@requires(Permission.LOOK_BACK)
@require_POST
def look_back_choose(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """Read the file again with other choices."""
    by, now = seat(request), timezone.now()
    found = _found(by, look_back_id)
    if found.state != "preview":
        messages.error(request, "This file is settled and cannot be read again. Upload it anew.")
        return redirect("look_back", organization, look_back_id)
    form = _choices_form(found, request.POST)
    if not form.is_valid():
        return _preview(request, found, now, form=form, status=422)
    choices = form.choices()
    return _done(
        request,
        look_back_id,
        lambda: choose_look_back(by=by, at=now, look_back_id=look_back_id, choices=choices),
        "Read again with your choices.",
    )


@requires(Permission.LOOK_BACK)
@require_POST
def look_back_take(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """Settle how the file was read, and compare."""
    by, now = seat(request), timezone.now()
    return _done(
        request, look_back_id, lambda: take_look_back(by=by, at=now, look_back_id=look_back_id), "The file is compared."
    )


@requires(Permission.LOOK_BACK)
@require_POST
def look_back_discard(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """Delete what the file brought."""
    by, now = seat(request), timezone.now()
    return _done(
        request,
        look_back_id,
        lambda: discard_look_back(by=by, at=now, look_back_id=look_back_id),
        "The look-back is discarded and its file deleted.",
    )


@requires(Permission.LOOK_BACK)
@require_safe
def look_back_print(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """Everything but what is in order, on one page for paper."""
    by, now = seat(request), timezone.now()
    found = _taken(by, look_back_id)
    shown, day = _result(by, found, now)
    seen = [one.patient_id for one in shown.months]
    record("look_back.printed", by=by, at=now, object_id=found.id, shown=seen)
    listed = [one for one in shown.months if one.finding is not Finding.AS_BILLED]
    context = {
        **_result_context(found, shown),
        **day,
        "groups": [
            (SAID[group.finding], [one for one in listed[:ON_PAPER] if one.finding is group.finding])
            for group in shown.groups
        ],
        "tiles": [{**tile, "url": ""} for tile in _tiles(shown)],
        "left_out_words": _left_out(len(listed)),
        "strangers": shown.strangers[:ON_PAPER],
        "is_part_two": any_part_two(by.organization_id, seen),
    }
    return render(request, "billing/look_back_print.html", context)


@requires(Permission.LOOK_BACK)
@require_POST
def look_back_download(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """Every month and every line that was compared, as a file."""
    by, now = seat(request), timezone.now()
    found = _taken(by, look_back_id)
    shown, day = _result(by, found, now)
    seen = [one.patient_id for one in shown.months]
    record("look_back.exported", by=by, at=now, object_id=found.id, shown=seen)
    return HttpResponse(
        csv_bytes(HEADER, file_lines(shown), notice=notice_of_file(by.organization_id, seen)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="look-back-{day["today"]:%Y-%m-%d}.csv"'},
    )


def _found(by: Membership, look_back_id: UUID) -> Any:
    try:
        return look_back(by.organization_id, look_back_id)
    except NotFound:
        raise Http404 from None


def _taken(by: Membership, look_back_id: UUID) -> Any:
    found = _found(by, look_back_id)
    if found.state != "taken" or found.against == CLOSED:
        raise Http404
    return found


def _day(by: Membership, now: datetime) -> dict[str, Any]:
    zone = page_zone(by.organization_id)
    return {"zone": zone.key, "today": local_date(now, zone)}


def _result(by: Membership, found: Any, now: datetime) -> tuple[Result, dict[str, Any]]:
    day = _day(by, now)
    return result(found, as_of=day["today"]), day


def _done(request: HttpRequest, look_back_id: UUID, act: Callable[[], object], said: str) -> HttpResponse:
    """Do one thing to a look-back and go back to it, with what came of it."""
    try:
        act()
    except NotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("look_back", request.resolver_match.kwargs["organization"], look_back_id)  # type: ignore[union-attr]


def _choices_form(found: Any, data: Any = None) -> LookBackChoicesForm:
    initial = {
        "clinic": found.choices.get("clinic", ""),
        "filing_months": found.filing_months,
        "first": found.choices.get("first", ""),
        "last": found.choices.get("last", ""),
    }
    return LookBackChoicesForm(
        data,
        columns=found.summary.get("columns", ()),
        date_order=found.choices.get("date_order", ""),
        asks_order=bool(found.summary.get("questions")),
        clinics=clinic_choices(found.organization_id),
        initial=initial,
    )


def _preview(
    request: HttpRequest,
    found: Any,
    now: datetime,
    *,
    form: LookBackChoicesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    by = seat(request)
    record("look_back.viewed", by=by, at=now, object_id=found.id, count=found.summary.get("lines", 0))
    is_waiting = found.state == "preview"
    context = {
        "found": found,
        "summary": found.summary,
        "job": _job(by, found),
        "form": (form or _choices_form(found)) if is_waiting else None,
        "refused": refused_lines(found.organization_id, found.id, limit=REFUSED_SHOWN) if is_waiting else [],
        "may_compare": is_waiting
        and not (found.summary["problems"] or found.summary["questions"])
        and found.first_month is not None,
        "span": _span(found),
        **_day(by, now),
    }
    return render(request, "billing/look_back.html", context, status=status)


def _compared(request: HttpRequest, found: Any, now: datetime) -> HttpResponse:
    by = seat(request)
    shown, day = _result(by, found, now)
    finding, page = FindingFilter(request.GET).values()
    months = shown.of(finding)
    pages = max(1, -(-len(months) // PAGE_ROWS))
    page = min(page, pages)
    first = (page - 1) * PAGE_ROWS
    rows = months[first : first + PAGE_ROWS]
    record("look_back.viewed", by=by, at=now, object_id=found.id, shown=[one.patient_id for one in rows])
    context = {
        **_result_context(found, shown),
        **day,
        "finding": finding,
        "said": SAID[finding] if finding else None,
        "rows": rows,
        "matching": len(months),
        "shown_rows": f"{first + 1} to {first + len(rows)}" if rows else "",
        "previous_url": _url(finding, page - 1) if page > 1 else "",
        "next_url": _url(finding, page + 1) if page < pages else "",
        "strangers": shown.strangers[:STRANGERS_SHOWN],
        "may_open": Permission.VIEW_MONTHS in permissions_of(by.roles),
        "names_finding": finding is None,
    }
    return render(request, "billing/look_back_result.html", context)


def _left_out(count: int) -> str:
    """What a page for paper does not hold; empty where it holds everything."""
    return (
        f"Only the first {ON_PAPER:,} of {count:,} months are on this page; the CSV file has all."
        if count > ON_PAPER
        else ""
    )


def _result_context(found: Any, shown: Result) -> dict[str, Any]:
    return {
        "found": found,
        "shown": shown,
        "span": _span(found),
        "sums": [(SAID[group.finding], group) for group in shown.groups],
        "tiles": _tiles(shown),
        "aside": sorted(found.summary.get("aside", {}).items(), key=lambda one: (-one[1], one[0])),
        "needs_compliance": any(SAID[group.finding].is_money_back for group in shown.groups) or bool(shown.strangers),
    }


def _tiles(shown: Result) -> list[dict[str, str]]:
    """What the first meeting asks first."""
    unsupported, missed, lower = map(shown.group, (Finding.UNSUPPORTED, Finding.MISSED, Finding.LOWER))
    as_billed = shown.group(Finding.AS_BILLED)
    return [
        _tile(unsupported, unsupported.paid, "paid", tone="danger"),
        _tile(missed, missed.difference, "estimate", tone="info"),
        _tile(lower, lower.difference, "estimate", tone="info"),
        {
            "label": SAID[Finding.AS_BILLED].name,
            "value": f"{as_billed.months} of {shown.billed_months}",
            "detail": "months with a line",
            "url": _url(Finding.AS_BILLED, 1) if as_billed.months else "",
        },
    ]


def _tile(group: Group, amount: Expected, kind: str, *, tone: str) -> dict[str, str]:
    label = SAID[group.finding].name
    if not group.months:
        return {"label": label, "value": "None"}
    unknown = f"; {amount.unknown} not known" if amount.unknown else ""
    is_unknown = bool(amount.unknown) and not amount.known
    return {
        "label": label,
        "value": "Not known" if is_unknown else money(amount.known),
        "detail": f"{kind}, {counted(group.months, 'month')}{unknown}",
        "tone": tone,
        "url": _url(group.finding, 1),
    }


def _url(finding: Finding | None, page: int) -> str:
    return f"?finding={finding.value if finding else ''}&page={page}#months"


def _span(found: Any) -> str:
    """`March 2026`; `March to October 2026`."""
    if found.first_month is None or found.last_month is None:
        return ""
    first, last = month_title(month_of(found.first_month)), month_title(month_of(found.last_month))
    return first if first == last else f"{first} to {last}"


def _job(by: Membership, found: Any) -> JobProgress | None:
    """How far the reading is, for the person who started it."""
    if found.state != "reading" or "job_id" not in found.summary:
        return None
    try:
        return job_progress(UUID(found.summary["job_id"]), owner=by)
    except NotFound:
        return None
