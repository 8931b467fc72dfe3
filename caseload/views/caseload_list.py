"""The caseload list, and finding a patient in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_with
from bhi.audit.operations import record
from bhi.tenancy.models import Membership, Role
from caseload.forms.caseload_list import Asked, SearchForm, asked, to_remember
from caseload.queries.caseload_list import CaseloadPage, caseload_page, clinics_today
from caseload.queries.caseload_order import DEFAULT_ORDER, ORDERS
from caseload.views.caseload_lines import lines_of
from caseload.views.month_cells import month_cells

STATUS_CHOICES = (
    ("open", "Open"),
    ("active", "Active"),
    ("on_hold", "On hold"),
    ("relapse_prevention", "Relapse prevention"),
    ("discharged", "Discharged"),
    ("all", "All"),
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
    """A column that sorts: where its heading leads, and how it sorts now."""

    url: str
    direction: str


@requires(Permission.VIEW_CASELOAD)
@require_safe
def caseload(request: HttpRequest, organization: str) -> HttpResponse:
    """Who is in the program and how they are doing, those who need somebody first."""
    now = timezone.now()
    by: Membership = request.membership  # type: ignore[attr-defined]
    memory = _memory(request, organization)
    question = asked(request.GET.dict(), memory["filters"], memory["search"])
    _remember(request, organization, filters=to_remember(request.GET.dict(), memory["filters"]))
    clinics = clinics_today(by.organization_id, now)
    page = caseload_page(
        by.organization_id, question.chosen, clinics=clinics, after=question.after, before=question.before
    )
    cells = month_cells(by.organization_id, page.rows)
    record("caseload.viewed", by=by, at=now, count=len(page.rows))
    may = permissions_of(by.roles)
    context = {
        "page": page,
        "lines": lines_of(page.rows, cells, organization, names_clinics=len(clinics) > 1),
        "chosen": question.chosen,
        "clinics": [(clinic.id, clinic.name) for clinic in clinics.values()],
        "care_managers": people_with(by.organization_id, Role.CARE_MANAGER),
        "statuses": STATUS_CHOICES,
        "orders": ORDER_CHOICES,
        "headings": {name.replace("-", "_"): _heading(name, question) for name in ORDERS if name[0] != "-"},
        "is_default_order": question.chosen.order == DEFAULT_ORDER,
        "may_import": Permission.IMPORT_CASELOAD in may,
        "may_log": Permission.LOG_CONTACT in may,
        "sub": _sub(page),
        "shown": f"{page.first_row} to {page.first_row + len(page.rows) - 1}",
        "previous_url": f"?before={page.previous_before}" if page.previous_before else "",
        "next_url": f"?after={page.next_after}" if page.next_after else "",
    }
    return render(request, "caseload/caseload.html", context)


@requires(Permission.VIEW_CASELOAD)
@require_POST
def patient_search(request: HttpRequest, organization: str) -> HttpResponse:
    """Keep what is searched for in the session, so that no address holds it, and show the list."""
    form = SearchForm(request.POST)
    search = form.cleaned_data["q"] if form.is_valid() else ""
    filters = {name: value for name, value in _memory(request, organization)["filters"].items() if name == "order"}
    _remember(request, organization, search=search, filters=filters)
    return redirect("caseload", organization)


def _key(organization: str) -> str:
    return f"caseload:{organization}"


def _memory(request: HttpRequest, organization: str) -> dict[str, Any]:
    return {"filters": {}, "search": "", **request.session.get(_key(organization), {})}


def _remember(request: HttpRequest, organization: str, **news: Any) -> None:
    """Written only when something is new: a session write is a statement."""
    before = _memory(request, organization)
    if {**before, **news} != before:
        request.session[_key(organization)] = {**before, **news}


def _heading(name: str, question: Asked) -> Heading:
    """A click sorts by the column; on the column that is sorted by, it turns the order round."""
    order = question.chosen.order
    turned = f"-{name}" if order == name and f"-{name}" in ORDERS else name
    direction = {name: "ascending", f"-{name}": "descending"}.get(order, "")
    return Heading("?" + urlencode({"order": turned}), direction)


def _sub(page: CaseloadPage) -> str:
    return "1 patient" if page.total == 1 else f"{page.total:,} patients"
