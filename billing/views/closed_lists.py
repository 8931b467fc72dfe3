"""A list from the practice's own system beside what was closed: the page and its file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.audit.operations import record
from bhi.errors import NotFound
from bhi.tenancy.models import Membership
from billing.forms.closed_lists import ListFilter
from billing.queries.closed_lists import CLOSED, ListedMonth, closed_comparison
from billing.queries.look_back import look_back
from billing.queries.month_page import words_of
from billing.rules.closed_list import Closed, Differs, ListFinding, What
from registry.queries.part_two import notice_of_file
from registry.rules.csv_text import csv_bytes

PAGE = 100
STRANGERS_SHOWN = 50
# Name, tone, what it means and what to do.
SAID = {
    ListFinding.DOUBLED: (
        "Doubled",
        "danger",
        "It stands there more often than closed. Void the second charge.",
    ),
    ListFinding.UNKNOWN: ("Not closed here", "danger", "Nothing closed asks for it. Find out why it was charged."),
    ListFinding.CHANGED: ("Changed", "warning", "It stands there other than closed. Correct the charge."),
    ListFinding.MISSING: ("Missing", "warning", "Closed, and not in the list. Post it."),
    ListFinding.AS_CLOSED: ("As closed", "good", "The list has what was closed."),
}
HEADER = (
    *("Finding", "Patient", "Record number", "Month", "In the list", "Closed", "Ticked as posted", "Left as 837P"),
    *("What differs", "What to do"),
)


def differs_words(row: ListedMonth) -> str:
    """What the list has other than was closed, each with both sides: `Dated Feb 27, 2026; closed for Feb 28, 2026.`"""
    return " ".join(_differs(one, row.keyed) for one in row.differs)


def _differs(one: Differs, closed: Closed) -> str:
    listed = ", ".join(_said(value) for value in one.listed)
    if one.what is What.DAY and closed.days is not None:
        first, last = closed.days
        wanted = _said(last) if first == last else f"a day up to {_said(last)}"
        return f"Dated {listed}; closed for {wanted}."
    if one.what is What.CLINICIAN:
        return f"Rendered by NPI {listed}; closed for NPI {closed.npi}."
    if one.what is What.CHARGE and closed.charge is not None:
        return f"Charged {listed}; closed for {_said(closed.charge)}."
    return "Other codes or units."


def _said(value: date | str | Decimal) -> str:
    if isinstance(value, date):
        return f"{value:%b %-d, %Y}"
    return f"${value:,.2f}" if isinstance(value, Decimal) else value


def beside_closed(request: HttpRequest, found: Any, context: dict[str, Any]) -> HttpResponse:
    """The page of a list that was compared with what was closed; the look-back's view has found it."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    shown = closed_comparison(found)
    finding, page = ListFilter(request.GET).values()
    months = shown.of(finding)
    pages = max(1, -(-len(months) // PAGE))
    page = min(page, pages)
    rows = months[(page - 1) * PAGE : page * PAGE]
    record("look_back.viewed", by=by, at=timezone.now(), object_id=found.id, shown=[one.patient_id for one in rows])
    chosen = finding.value if finding else ""
    context = context | {
        "found": found,
        "findings": [(one, SAID[one], shown.counts.get(one, 0)) for one in ListFinding],
        "finding": finding,
        "rows": [(one, SAID[one.finding], differs_words(one)) for one in rows],
        "matching": len(months),
        "shown_rows": f"{(page - 1) * PAGE + 1} to {(page - 1) * PAGE + len(rows)}",
        "is_cut": pages > 1,
        "previous_url": f"?finding={chosen}&page={page - 1}" if page > 1 else "",
        "next_url": f"?finding={chosen}&page={page + 1}" if page < pages else "",
        "strangers": shown.strangers[:STRANGERS_SHOWN],
        "stranger_count": len(shown.strangers),
        "may_open": Permission.VIEW_MONTHS in permissions_of(by.roles),
    }
    return render(request, "billing/closed_list.html", context)


@requires(Permission.LOOK_BACK)
@require_POST
def closed_list_file(request: HttpRequest, organization: str, look_back_id: UUID) -> HttpResponse:
    """Every month that was compared, as a table."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    try:
        found = look_back(by.organization_id, look_back_id)
    except NotFound:
        raise Http404 from None
    if found.state != "taken" or found.against != CLOSED:
        raise Http404
    shown = closed_comparison(found)
    seen = [one.patient_id for one in shown.months]
    record("look_back.exported", by=by, at=timezone.now(), object_id=found.id, shown=seen)
    rows = [
        (
            *(SAID[one.finding][0], one.patient_name, one.mrn, one.month),
            *(words_of(one.listed), words_of(one.closed)),
            "" if one.posted is None else one.posted or "yes",
            one.filed_in,
            differs_words(one),
            SAID[one.finding][2],
        )
        for one in shown.months
    ]
    return HttpResponse(
        csv_bytes(HEADER, rows, notice=notice_of_file(by.organization_id, seen)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="charges-compared.csv"'},
    )
