"""Importing a caseload in the browser: choose, look at every row's fate, correct, confirm, undo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.jobs.queries import JobProgress, job_progress
from billing.operations.imports import undo_unclaimed_import
from caseload.forms.imports import CorrectionsForm, UploadForm
from caseload.operations.imports import (
    ImportChanged,
    Upload,
    confirm_import,
    correct_import,
    preview_again,
    start_import,
)
from caseload.operations.read_workbook import WorkbookUnreadable
from caseload.queries.imports import ImportPage, clinic_names, import_page, imports

# The order of the tabs: what wants a look first.
FATES = (
    ("", "All"),
    ("refused", "Refused"),
    ("held", "Held"),
    ("changed", "Changed"),
    ("new", "New"),
    ("matched", "Matched"),
    ("ignored", "Ignored"),
)


@requires(Permission.IMPORT_CASELOAD)
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Earlier imports, and the form for a new one."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        files = [Upload(file.name or "file", file.read()) for file in form.cleaned_data["workbooks"]]
        try:
            run = start_import(by=_by(request), at=timezone.now(), files=files)
        except WorkbookUnreadable as fault:
            form.add_error("workbooks", str(fault))
        else:
            return redirect("import_run", organization, run.id)
    context = {"form": form, "imports": imports(_by(request).organization_id)}
    return render(request, "caseload/imports.html", context, status=422 if form.errors else 200)


@requires(Permission.IMPORT_CASELOAD)
@require_safe
def import_run(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """One import: the fate of every row, a page at a time."""
    fate, number = request.GET.get("fate", ""), request.GET.get("page", "")
    fate = fate if fate in dict(FATES) else ""
    page = _page(request, run_id, fate=fate, number=int(number) if number.isdecimal() else 1)
    record("import.viewed", by=_by(request), at=timezone.now(), object_id=run_id, count=len(page.rows))
    return render(request, "caseload/import_run.html", _context(request, page, fate))


@requires(Permission.IMPORT_CASELOAD)
@require_POST
def import_correct(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Read the files again with other choices."""
    page = _page(request, run_id)
    form = _form(page, request.POST)
    if not form.is_valid():
        return render(request, "caseload/import_run.html", {**_context(request, page, ""), "form": form}, status=422)
    by, at, chosen = _by(request), timezone.now(), form.corrections()
    return _done(
        request,
        run_id,
        lambda: correct_import(by=by, at=at, run_id=run_id, corrections=chosen),
        "Read again with your choices.",
    )


@requires(Permission.IMPORT_CASELOAD)
@require_POST
def import_confirm(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Carry out what the preview showed; where the record has changed since, show it anew."""
    by, at, digest = _by(request), timezone.now(), request.POST.get("digest", "")
    try:
        run = confirm_import(by=by, at=at, run_id=run_id, digest=digest)
    except ImportChanged as change:
        because = str(change)
        return _done(request, run_id, partial(preview_again, by=by, at=at, run_id=run_id, because=because), "")
    except NotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Imported." if run.state == "imported" else "The import has started.")
    return redirect("import_run", organization, run_id)


@requires(Permission.IMPORT_CASELOAD)
@require_POST
def import_undo(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Take an import back."""
    undo = partial(undo_unclaimed_import, by=_by(request), at=timezone.now(), run_id=run_id)
    return _done(request, run_id, undo, "The import was undone.")


def _done(request: HttpRequest, run_id: UUID, act: Callable[[], object], said: str) -> HttpResponse:
    """Do one thing to an import and go back to it, with what came of it."""
    try:
        act()
    except NotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        if said:
            messages.success(request, said)
    return redirect("import_run", request.resolver_match.kwargs["organization"], run_id)  # type: ignore[union-attr]


def _by(request: HttpRequest) -> Any:
    return request.membership  # type: ignore[attr-defined]


def _page(request: HttpRequest, run_id: UUID, *, fate: str = "", number: int = 1) -> ImportPage:
    try:
        return import_page(_by(request).organization_id, run_id, fate=fate, page=number)
    except NotFound:
        raise Http404 from None


def _form(page: ImportPage, data: Any = None) -> CorrectionsForm:
    summary = page.summary
    return CorrectionsForm(
        data,
        sheets=summary.get("columns", ()),
        clinics=summary.get("clinics_made", ()),
        options=page.options,
    )


def _context(request: HttpRequest, page: ImportPage, fate: str) -> dict[str, Any]:
    organization = request.resolver_match.kwargs["organization"]  # type: ignore[union-attr]
    here = reverse("import_run", args=[organization, page.run.id])
    tabs = [
        (word, page.counts.get(key, 0) if key else sum(page.counts.values()), f"{here}?fate={key}", key == fate)
        for key, word in FATES
        if not key or page.counts.get(key)
    ]
    counts = page.run
    return {
        "page": page,
        "sub": f"{', '.join(counts.files)} · {counts.state_label}",
        "tiles": _tiles(page, here),
        "import_words": _import_words(page),
        "held_title": _held_title(page),
        "made": _made(page.summary),
        "shown": f"Page {page.page} of {page.pages}",
        "form": _form(page),
        "tabs": tabs,
        "here": here,
        "clinics": clinic_names(_by(request).organization_id),
        "job": _job(request, page),
        "previous_url": f"{here}?fate={fate}&page={page.page - 1}" if page.page > 1 else "",
        "next_url": f"{here}?fate={fate}&page={page.page + 1}" if page.page < page.pages else "",
    }


def _held_title(page: ImportPage) -> str:
    overlapping, held = page.summary.get("overlapping", 0), page.run.contacts.get("held", 0)
    begin = "1 contact begins" if overlapping == 1 else f"{overlapping} contacts begin"
    return f"{begin} while the same person is with another patient; the time of {held} is held"


def _import_words(page: ImportPage) -> str:
    """What confirming would do, as its button says it; empty where it would do nothing."""
    patients, contacts = page.run.patients, page.run.contacts
    counts = (
        (patients.get("new", 0), "patient", "patients"),
        (page.run.new_contacts, "contact", "contacts"),
        (patients.get("changed", 0) + contacts.get("changed", 0), "change", "changes"),
    )
    words = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def _tiles(page: ImportPage, here: str) -> list[dict[str, Any]]:
    patients, contacts = page.run.patients, page.run.contacts
    known = f"{patients.get('changed', 0)} changed, {patients.get('matched', 0)} matched"
    held = contacts.get("held", 0)
    return [
        {"label": "New patients", "value": patients.get("new", 0), "detail": known},
        {
            "label": "New contacts",
            "value": page.run.new_contacts,
            "detail": f"{contacts.get('changed', 0)} changed, {contacts.get('matched', 0)} matched",
        },
        {
            "label": "Times held",
            "value": held,
            "detail": "overlap another patient's",
            "tone": "warning" if held else "",
            "url": f"{here}?fate=held" if held else "",
        },
        {
            "label": "Refused rows",
            "value": page.run.refused,
            "detail": "each with its reason",
            "tone": "danger" if page.run.refused else "",
            "url": f"{here}?fate=refused" if page.run.refused else "",
        },
    ]


def _made(summary: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """What the import makes besides patients: clinics, care managers, clinicians, payers."""
    clinics = [f"{clinic['name']} ({clinic['zone'] or 'time zone?'})" for clinic in summary.get("clinics_made", ())]
    parts = (
        ("Clinics", clinics),
        ("Care managers", summary.get("staff_made", [])),
        ("Treating clinicians", summary.get("clinicians_made", [])),
        ("Payers", summary.get("payers_made", [])),
    )
    return [(name, words) for name, words in parts if words]


def _job(request: HttpRequest, page: ImportPage) -> JobProgress | None:
    """How far the job is, for the person who started it."""
    if not page.is_working or page.job_id is None:
        return None
    try:
        return job_progress(page.job_id, owner=_by(request))
    except NotFound:
        return None
