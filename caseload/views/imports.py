"""Importing a caseload in the browser: choose, look at every row's fate, correct, confirm, undo."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.audit.operations import record
from bhi.errors import DomainError, NotFound
from bhi.web.asked import page_number
from bhi.web.whole_sight import needs_whole_sight
from billing.operations.imports import undo_unclaimed_import
from caseload.forms.imports import UploadForm
from caseload.operations.imports import (
    ImportChanged,
    Upload,
    confirm_import,
    correct_import,
    preview_again,
    start_import,
)
from caseload.operations.read_workbook import WorkbookUnreadable
from caseload.queries.imports import imports
from caseload.views.import_page import FATES, WHOLE, by_of, context_of, corrections_form, done, page_of, refused_page


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_http_methods(["GET", "HEAD", "POST"])
def import_list(request: HttpRequest, organization: str) -> HttpResponse:
    """Earlier imports, and the form for a new one."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        files = [Upload(file.name or "file", file.read()) for file in form.cleaned_data["workbooks"]]
        try:
            run = start_import(by=by_of(request), at=timezone.now(), files=files)
        except WorkbookUnreadable as fault:
            form.add_error("workbooks", str(fault))
        else:
            return redirect("import_run", organization, run.id)
    context = {"form": form, "imports": imports(by_of(request).organization_id)}
    return render(request, "caseload/imports.html", context, status=422 if form.errors else 200)


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_safe
def import_run(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """One import: the fate of every row, a page at a time."""
    fate = request.GET.get("fate", "")
    fate = fate if fate in dict(FATES) else ""
    page = page_of(request, run_id, fate=fate, number=page_number(request))
    record("import.viewed", by=by_of(request), at=timezone.now(), object_id=run_id, count=len(page.rows))
    return render(request, "caseload/import_run.html", context_of(request, page, fate))


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_correct(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Read the files again with other choices."""
    page = page_of(request, run_id)
    form = corrections_form(page, request.POST)
    if not form.is_valid():
        return refused_page(request, page, form=form)
    by, at, chosen = by_of(request), timezone.now(), form.corrections()
    return done(
        request,
        run_id,
        lambda: correct_import(by=by, at=at, run_id=run_id, corrections=chosen),
        "Read again with your choices.",
    )


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_confirm(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Carry out what the preview showed; where the record has changed since, show it anew."""
    by, at, digest = by_of(request), timezone.now(), request.POST.get("digest", "")
    try:
        run = confirm_import(by=by, at=at, run_id=run_id, digest=digest)
    except ImportChanged as change:
        because = str(change)
        return done(request, run_id, partial(preview_again, by=by, at=at, run_id=run_id, because=because), "")
    except NotFound:
        raise Http404 from None
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Imported." if run.state == "imported" else "The import has started.")
    return redirect("import_run", organization, run_id)


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_undo(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Take an import back."""
    undo = partial(undo_unclaimed_import, by=by_of(request), at=timezone.now(), run_id=run_id)
    return done(request, run_id, undo, "The import was undone.")
