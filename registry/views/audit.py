"""The audit, for admins: what was done, by whom and to whose record; and whom a person saw, for a notice of a breach.

An admin reads the audit without the right to open charts. So pages name a patient only to who may open charts; others
ask by record number. Names stand in the list that is made for a notice, which asks who one is and is itself recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, permissions_of, requires
from bhi.accounts.queries import people_of
from bhi.accounts.recent import requires_recent_sign_in
from bhi.audit.operations import record
from bhi.audit.queries import AuditPage, Narrowed, audit_page
from bhi.audit.seen import PAGE, SeenPage, Span, acts_counted, patients_seen
from bhi.errors import NotFound
from bhi.files.operations import read
from bhi.jobs.queries import JobProgress, job_progress
from bhi.tenancy.models import Membership
from bhi.web.asked import seat
from billing.queries.calendar import page_zone
from caseload.rules.clock import local_date
from registry.forms.audit import AuditForm, SeenForm
from registry.operations.who_saw import MAKE, MOST, ask_for_list
from registry.queries.who_saw import Named, list_file, names_of, patients_numbered, patients_on_record, span_asked

OFTEN = 12  # acts that are not folded away
STOP_POLLING = 286  # htmx stops asking


@requires(Permission.VIEW_AUDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: HttpRequest, organization: str) -> HttpResponse:
    """Fifty events, newest first. What they are narrowed to is posted, never in an address."""
    by, zone = seat(request), page_zone(seat(request).organization_id)
    form = AuditForm(request.POST if request.method == "POST" else None, zone=zone, people=_people(by))
    is_wrong = form.is_bound and not form.is_valid()
    asked = _narrowed(by, form.cleaned_data) if form.is_bound and not is_wrong else Narrowed()
    page = None if is_wrong else audit_page(by.organization_id, asked)
    whom = min(asked.patient_ids) if asked.patient_ids and len(asked.patient_ids) == 1 else None
    names = _names(by, _ids_of(page))
    record("audit.viewed", by=by, at=timezone.now(), patient_id=whom, object_id=asked.person_id, shown=names or None)
    context = {
        "form": form,
        "page": page,
        "asked": asked,
        "kept": _kept(form),
        "lines": _lines(page, names),
        "is_unknown_number": asked.patient_ids == frozenset(),
        **_clock(zone),
    }
    return render(request, "audit/audit.html", context, status=422 if is_wrong else 200)


@requires(Permission.VIEW_AUDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def seen(request: HttpRequest, organization: str) -> HttpResponse:
    """Whom one person saw between two instants, and what they did."""
    by, zone = seat(request), page_zone(seat(request).organization_id)
    form = SeenForm(request.POST if request.method == "POST" else None, zone=zone, people=_people(by))
    context: dict[str, Any] = {"form": form, "page": None, **_clock(zone)}
    if form.is_bound and form.is_valid():
        context |= _seen(by, form)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "audit/seen.html", context, status=status)


@requires(Permission.VIEW_AUDIT)
@requires_recent_sign_in
@require_POST
def ask_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Have the list made, with names and record numbers."""
    by, zone = seat(request), page_zone(seat(request).organization_id)
    form = SeenForm(request.POST, zone=zone, people=_people(by))
    if not form.is_valid():
        return render(request, "audit/seen.html", {"form": form, "page": None, **_clock(zone)}, status=422)
    job_id = ask_for_list(by=by, at=timezone.now(), span=_span(form))
    return redirect("audit_making", organization, job_id)


@requires(Permission.VIEW_AUDIT)
@require_safe
def making(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    """How far the list is, and where it is once it is made; asked again by the part itself every two seconds."""
    job = _job(seat(request), job_id)
    context = {
        "job": job,
        "poll_url": request.path,
        "result_url": reverse("audit_file", args=[organization, job_id]) if job.state == "done" else "",
        "result_label": "Download the list",
    }
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        status = STOP_POLLING if job.is_over else 200
        return render(request, "components/_job_progress.html", context, status=status)
    return render(request, "audit/seen_making.html", context)


@requires(Permission.VIEW_AUDIT)
@require_safe
def download(request: HttpRequest, organization: str, job_id: UUID) -> HttpResponse:
    """The list as a table, within its day; the audit names everybody on it."""
    by, at = seat(request), timezone.now()
    _job(by, job_id)
    try:
        file = list_file(by.organization_id, job_id, at=at)
    except NotFound:
        raise Http404 from None
    span = span_asked(by.organization_id, job_id)
    shown = [row.patient_id for row in patients_seen(by.organization_id, span, most=MOST).rows]
    record("audit.list_downloaded", by=by, at=at, object_id=span.person_id, shown=shown)
    return HttpResponse(
        read(file),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="seen-{job_id.hex[-8:]}.csv"'},
    )


def _people(by: Membership) -> list[tuple[UUID, str]]:
    return sorted(((id_, str(one)) for id_, one in people_of(by.organization_id).items()), key=lambda pair: pair[1])


def _clock(zone: ZoneInfo) -> dict[str, Any]:
    return {"zone": zone.key, "today": local_date(timezone.now(), zone)}


def _narrowed(by: Membership, given: Mapping[str, Any]) -> Narrowed:
    patients = patients_on_record(by.organization_id, given["patient"]) if given["patient"] else None
    if given["number"]:
        patients = patients_numbered(by.organization_id, given["number"].strip())
    return Narrowed(
        person_id=UUID(given["person"]) if given["person"] else None,
        patient_ids=patients,
        kind=given["kind"],
        since=given["since"],
        until=given["until"],
        before=given["older_than"],
    )


def _kept(form: AuditForm | SeenForm) -> list[tuple[str, str]]:
    """What was asked, to be asked again for another part of the answer."""
    if not form.is_bound:
        return []
    return [
        (name, form.data[name]) for name in form.fields if name not in ("older_than", "first") and form.data.get(name)
    ]


def _times(count: int) -> str:
    return "Once" if count == 1 else f"{count} times"


def _span(form: SeenForm) -> Span:
    given = form.cleaned_data
    return Span(UUID(given["person"]), given["since"], given["until"])


def _seen(by: Membership, form: SeenForm) -> dict[str, Any]:
    """A page of the patients, and the acts."""
    span, first = _span(form), form.cleaned_data["first"] or 0
    page = patients_seen(by.organization_id, span, first=first)
    acts = acts_counted(by.organization_id, span)
    names = _names(by, _ids_of(page))
    record("audit.seen_viewed", by=by, at=timezone.now(), object_id=span.person_id, shown=names or None)
    unnamed = sum(act.unnamed for act in acts)
    return {
        "page": page,
        "acts": acts,
        "often": acts[:OFTEN],
        "seldom": acts[OFTEN:],
        "kept": _kept(form),
        "unnamed": unnamed,
        "unnamed_words": f"{_times(unnamed)} a list, or a file before it was taken over, told only how many people it "
        "showed. Look at these in the audit.",
        "lines": _lines(page, names),
        "shown": f"{first + 1} to {first + len(page.rows)}",
        "previous": max(first - PAGE, 0) if first else None,
        "next": first + PAGE if first + PAGE < page.total else None,
    }


def _ids_of(page: AuditPage | SeenPage | None) -> set[UUID]:
    return {row.patient_id for row in page.rows if row.patient_id} if page else set()


def _lines(page: AuditPage | SeenPage | None, names: Mapping[UUID, Named]) -> list[tuple[Any, Named | None, str]]:
    """Each row with its patient's name, where that may be told, and else the end of the id: enough to tell apart."""
    rows: Iterable[Any] = page.rows if page else ()
    return [(row, names.get(row.patient_id), row.patient_id.hex[-6:] if row.patient_id else "") for row in rows]


def _names(by: Membership, patient_ids: Iterable[UUID]) -> Mapping[UUID, Named]:
    """By name for who may open charts; for nobody else."""
    if Permission.VIEW_CHART not in permissions_of(by.roles):
        return {}
    return names_of(by.organization_id, patient_ids)


def _job(by: Membership, job_id: UUID) -> JobProgress:
    try:
        job = job_progress(job_id, owner=by)
    except NotFound:
        raise Http404 from None
    if job.kind != MAKE:
        raise Http404
    return job
