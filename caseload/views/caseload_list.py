"""The caseload list: shown, narrowed, searched, printed, and as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_with
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.tenancy.models import Membership, Role
from caseload.forms.caseload_list import (
    WITH_DISCHARGED,
    Asked,
    SearchForm,
    ViewForm,
    asked,
    to_remember,
    to_save,
    view_asked_for,
)
from caseload.operations.saved_views import delete_view, save_view
from caseload.queries.caseload_filter import PROGRAMS, CaseloadFilter
from caseload.queries.caseload_list import CaseloadPage, caseload_page, caseload_rows
from caseload.queries.caseload_order import DEFAULT_ORDER, ORDERS
from caseload.queries.outreach import outreach_of
from caseload.queries.saved_views import ListChoices, list_choices
from caseload.rules.states import STATE_LABELS
from caseload.views.caseload_file import HEADER, file_lines
from caseload.views.caseload_lines import lines_of, paper_lines
from caseload.views.month_cells import month_cells
from registry.queries.part_two import notice_of_file
from registry.rules.csv_text import csv_bytes

MOST_ON_PAPER = 1_000
MOST_IN_FILE = 100_000
STATUS_CHOICES = (
    ("open", "Open"),
    ("active", "Active"),
    ("on_hold", "On hold"),
    ("relapse_prevention", "Relapse prevention"),
    ("discharged", "Discharged"),
    ("all", "All"),
)
FAMILY_CHOICES = (
    ("safety", "Safety"),
    ("course", "Course: stalled, worse, relapse"),
    ("review", "Case review due"),
    ("contact", "Contact overdue"),
    ("measure", "Score overdue"),
    ("length", "Long in program"),
)
ORDER_CHOICES = (
    ("attention", "Who needs me first"),
    ("due", "Next due"),
    ("-due", "Next due, latest first"),
    ("contact", "Longest since contact"),
    ("-contact", "Latest contact"),
    ("name", "Name"),
    ("-name", "Name, Z to A"),
    ("enrolled", "Longest in program"),
    ("-enrolled", "Newest in program"),
    ("phq9-change", "PHQ-9: most improved"),
    ("-phq9-change", "PHQ-9: least improved"),
    ("-phq9", "PHQ-9: highest"),
    ("gad7-change", "GAD-7: most improved"),
    ("-gad7-change", "GAD-7: least improved"),
    ("-gad7", "GAD-7: highest"),
)


@dataclass(frozen=True)
class Heading:
    """A column that sorts: where its heading leads, and how it sorts now. In a search it leads nowhere."""

    url: str
    direction: str


@dataclass(frozen=True)
class Listing:
    """A request for the list: by whom, on which clinics' days, and for whom."""

    request: HttpRequest
    by: Membership
    at: datetime
    choices: ListChoices
    question: Asked

    @property
    def chosen(self) -> CaseloadFilter:
        return self.question.chosen


@requires(Permission.VIEW_CASELOAD)
@require_http_methods(["GET", "HEAD", "POST"])
def caseload(request: HttpRequest, organization: str) -> HttpResponse:
    """Who is in the program and how they are doing, those who need somebody first. A POST searches in the list."""
    return _page(_listing(request, organization), organization)


@requires(Permission.VIEW_CASELOAD)
@require_POST
def caseload_view_save(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep the present filters under a name."""
    by: Membership = request.membership  # type: ignore[attr-defined]
    form = ViewForm(request.POST)
    if form.is_valid():
        choices = to_save(_filters(request, organization))
        try:
            save_view(by=by, at=timezone.now(), name=form.cleaned_data["name"], choices=choices)
        except DomainError as fault:
            form.add_error("name", str(fault))
        else:
            messages.success(request, "The view is saved. It stands above the list.")
            return redirect("caseload", organization)
    return _page(_listing(request, organization), organization, view_form=form, status=422)


@requires(Permission.VIEW_CASELOAD)
@require_POST
def caseload_view_delete(request: HttpRequest, organization: str, view_id: UUID) -> HttpResponse:
    """Forget one of one's own views."""
    try:
        delete_view(by=request.membership, at=timezone.now(), view_id=view_id)  # type: ignore[attr-defined]
    except NotFound:
        raise Http404 from None
    messages.success(request, "The view is deleted.")
    return redirect("caseload", organization)


@requires(Permission.EXPORT_CASELOAD)
@require_POST
def caseload_export(request: HttpRequest, organization: str) -> HttpResponse:
    """Everybody whom the list shows, on all its pages, as a file."""
    listing = _listing(request, organization)
    clinics = listing.choices.clinics
    _, rows = caseload_rows(listing.by.organization_id, listing.chosen, clinics=clinics, limit=MOST_IN_FILE)
    people = dict(people_with(listing.by.organization_id, Role.CARE_MANAGER))
    shown = [row.patient_id for row in rows]
    record("caseload.exported", by=listing.by, at=listing.at, shown=shown)
    name = f"caseload-{_latest(listing):%Y-%m-%d}.csv"
    return HttpResponse(
        csv_bytes(HEADER, file_lines(rows, people), notice=notice_of_file(listing.by.organization_id, shown)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@requires(Permission.VIEW_CASELOAD)
@require_http_methods(["GET", "HEAD", "POST"])
def caseload_print(request: HttpRequest, organization: str) -> HttpResponse:
    """Everybody whom the list shows, on one page for paper."""
    listing = _listing(request, organization)
    clinics = listing.choices.clinics
    total, rows = caseload_rows(listing.by.organization_id, listing.chosen, clinics=clinics, limit=MOST_ON_PAPER)
    record("caseload.printed", by=listing.by, at=listing.at, shown=[row.patient_id for row in rows])
    context = {
        "lines": paper_lines(rows, names_clinics=len(clinics) > 1),
        "sub": f"{_counted(total)} · {_narrowed_words(listing)}",
        "left_out": max(0, total - len(rows)),
        "today": _latest(listing),
    }
    return render(request, "caseload/caseload_print.html", context)


def _listing(request: HttpRequest, organization: str) -> Listing:
    """What is asked for; filters are remembered for the session, searches are not."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    choices = list_choices(by, now)
    given = request.GET.dict()
    view = next((view.choices for view in choices.views if view.id == view_asked_for(given)), None)
    filters = to_remember(given, _filters(request, organization)) if view is None else dict(view)
    _remember(request, organization, filters)
    form = SearchForm(request.POST)
    search = form.cleaned_data["q"] if form.is_valid() else ""
    typed = {name: request.POST[name] for name in ("after", "before") if name in request.POST}
    return Listing(request, by, now, choices, asked({**given, **typed}, filters, search))


def _page(listing: Listing, organization: str, *, view_form: ViewForm | None = None, status: int = 200) -> HttpResponse:
    by, chosen, choices, question = listing.by, listing.chosen, listing.choices, listing.question
    page = caseload_page(
        by.organization_id, chosen, clinics=choices.clinics, after=question.after, before=question.before
    )
    cells = month_cells(by.organization_id, page.rows)
    may_log = Permission.LOG_CONTACT in permissions_of(by.roles)
    record("caseload.viewed", by=by, at=listing.at, shown=[row.patient_id for row in page.rows])
    context = {
        "page": page,
        "lines": lines_of(
            page.rows,
            cells,
            organization,
            names_clinics=len(choices.clinics) > 1,
            may_log=may_log,
            outreach=outreach_of(by.organization_id, {row.episode_id: row.today for row in page.rows if row.is_open}),
            at=listing.at,
        ),
        "chosen": chosen,
        "headings": {name.replace("-", "_"): _heading(name, chosen) for name in ORDERS if name[0] != "-"},
        "is_default_order": chosen.order == DEFAULT_ORDER,
        "sub": _counted(page.total),
        "may_log": may_log,
        "view_form": view_form or ViewForm(),
        **_offered(listing),
        **_places(page, chosen),
    }
    return render(listing.request, "caseload/caseload.html", context, status=status)


def _offered(listing: Listing) -> dict[str, Any]:
    """What the list can be narrowed to, and what the seat may do with it."""
    choices, may = listing.choices, permissions_of(listing.by.roles)
    chosen = listing.chosen
    return {
        "clinics": [(clinic.id, clinic.name) for clinic in choices.clinics.values()],
        "care_managers": people_with(listing.by.organization_id, Role.CARE_MANAGER),
        "statuses": STATUS_CHOICES,
        "programs": PROGRAMS,
        "payers": choices.payers,
        "responses": tuple(STATE_LABELS.items()),
        "families": FAMILY_CHOICES,
        "orders": ORDER_CHOICES,
        "views": choices.views,
        "asks_ends": chosen.status in WITH_DISCHARGED,
        "has_more": bool(chosen.program or chosen.payer_id or chosen.response or chosen.family),
        "is_narrowed": chosen.is_narrowed or chosen.status != "open",
        "notices": choices.notices if Permission.HANDLE_SAFETY in may else 0,
        "may_import": Permission.IMPORT_CASELOAD in may,
        "may_export": Permission.EXPORT_CASELOAD in may,
        "may_enrol": Permission.ENROL in may,
    }


def _places(page: CaseloadPage, chosen: CaseloadFilter) -> Mapping[str, Any]:
    """Where the pages before and after are. Those of a search are asked for by a form: no address holds it."""
    shown = f"{page.first_row} to {page.first_row + len(page.rows) - 1}"
    if chosen.search:
        return {"shown": shown, "previous_before": page.previous_before, "next_after": page.next_after}
    return {
        "shown": shown,
        "previous_url": f"?before={page.previous_before}" if page.previous_before else "",
        "next_url": f"?after={page.next_after}" if page.next_after else "",
    }


def _key(organization: str) -> str:
    return f"caseload:{organization}"


def _filters(request: HttpRequest, organization: str) -> dict[str, str]:
    kept: dict[str, str] = request.session.get(_key(organization), {}).get("filters", {})
    return kept


def _remember(request: HttpRequest, organization: str, filters: dict[str, str]) -> None:
    """Written only when something is new: a session write is a statement."""
    if filters != _filters(request, organization):
        request.session[_key(organization)] = {"filters": filters}


def _heading(name: str, chosen: CaseloadFilter) -> Heading:
    """A click sorts by the column; on the column that is sorted by, it turns the order round."""
    turned = f"-{name}" if chosen.order == name and f"-{name}" in ORDERS else name
    direction = {name: "ascending", f"-{name}": "descending"}.get(chosen.order, "")
    return Heading("" if chosen.search else "?" + urlencode({"order": turned}), direction)


def _narrowed_words(listing: Listing) -> str:
    """Whom the paper holds, in words."""
    chosen, choices = listing.chosen, listing.choices
    people = dict(people_with(listing.by.organization_id, Role.CARE_MANAGER))
    words = [
        dict(STATUS_CHOICES)[chosen.status],
        next((clinic.name for clinic in choices.clinics.values() if clinic.id == chosen.clinic_id), ""),
        people.get(chosen.care_manager_id, "") if chosen.care_manager_id else "",
        dict(PROGRAMS).get(chosen.program, ""),
        dict(choices.payers).get(chosen.payer_id, "") if chosen.payer_id else "",
        STATE_LABELS.get(chosen.response, ""),
        dict(FAMILY_CHOICES).get(chosen.family, ""),
    ]
    return ", ".join(filter(None, words))


def _latest(listing: Listing) -> date:
    days = [clinic.today for clinic in listing.choices.clinics.values()]
    return max(days, default=listing.at.date())


def _counted(total: int) -> str:
    return "1 patient" if total == 1 else f"{total:,} patients"
