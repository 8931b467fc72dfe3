"""What a person decides about an import: whom rows mean, what becomes of the unenrolled, how such files are read."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bhi.accounts.permissions import Permission, requires
from bhi.errors import NotFound
from bhi.web.whole_sight import needs_whole_sight
from caseload.forms.import_answers import FollowForm, MappingNameForm, UnenrolledForm
from caseload.operations.imports import (
    MappingNameTaken,
    answer_import,
    choose_unenrolled,
    delete_mapping,
    follow_mapping,
    rename_mapping,
    save_mapping,
)
from caseload.queries.import_mappings import mapping_door, mapping_names, mappings
from caseload.views.import_page import WHOLE, answers_form, by_of, done, page_of, refused_page


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_answer(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Say whom rows mean, or forget what was said."""
    page = page_of(request, run_id)
    act = partial(answer_import, by=by_of(request), at=timezone.now(), run_id=run_id)
    if "anew" in request.POST:
        return done(request, run_id, partial(act, answers={}, anew=True), "Your answers are forgotten.")
    form = answers_form(page, request.POST)
    if not form.is_valid():
        return refused_page(request, page, answers=form)
    said = partial(act, answers=form.answers(), others=form.cleaned_data["others"])
    return done(request, run_id, said, "Read again with your answers.")


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_unenrolled(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Make referrals of patients without a date of enrolment, or only keep them on record."""
    page = page_of(request, run_id)
    form = UnenrolledForm(request.POST)
    if not form.is_valid():
        return refused_page(request, page, unenrolled=form)
    chosen = form.cleaned_data["unenrolled"]
    act = partial(choose_unenrolled, by=by_of(request), at=timezone.now(), run_id=run_id, unenrolled=chosen)
    return done(request, run_id, act, "Read again with your choice.")


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_follow(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Read the files as a saved mapping says."""
    page = page_of(request, run_id)
    form = FollowForm(request.POST, mappings=mapping_names(by_of(request).organization_id))
    if not form.is_valid():
        return refused_page(request, page, follow=form)
    chosen = UUID(form.cleaned_data["mapping"])
    act = partial(follow_mapping, by=by_of(request), at=timezone.now(), run_id=run_id, mapping_id=chosen)
    return done(request, run_id, act, "Read as saved.")


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_mapping_save(request: HttpRequest, organization: str, run_id: UUID) -> HttpResponse:
    """Keep how these files are read, under a name."""
    page = page_of(request, run_id)
    form = MappingNameForm(request.POST)
    if not form.is_valid():
        return refused_page(request, page, mapping_name=form)
    name = form.cleaned_data["name"]
    act = partial(save_mapping, by=by_of(request), at=timezone.now(), run_id=run_id, name=name)
    return done(request, run_id, act, f"Saved as {name}. Files with the same headings are read like this from now on.")


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_safe
def import_mappings(request: HttpRequest, organization: str) -> HttpResponse:
    """Every saved mapping, to look at, rename or delete."""
    return render(request, "caseload/import_mappings.html", _listed(request))


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_mapping_rename(request: HttpRequest, organization: str, mapping_id: UUID) -> HttpResponse:
    """Another name for a mapping; a name that will not do stays in its field."""
    try:
        form = _renamed(request, mapping_id)
    except NotFound:
        raise Http404 from None
    if not form.errors:
        return redirect("import_mappings", organization)
    return render(request, "caseload/import_mappings.html", _listed(request, mapping_id, form), status=422)


@requires(Permission.IMPORT_CASELOAD)
@needs_whole_sight(WHOLE)
@require_POST
def import_mapping_delete(request: HttpRequest, organization: str, mapping_id: UUID) -> HttpResponse:
    """Forget a mapping."""
    try:
        delete_mapping(by=by_of(request), at=timezone.now(), mapping_id=mapping_id)
    except NotFound:
        raise Http404 from None
    messages.success(request, "Deleted. Imports that were read by it stay as they are.")
    return redirect("import_mappings", organization)


def _renamed(request: HttpRequest, mapping_id: UUID) -> MappingNameForm:
    """The form, with errors where nothing was renamed. Raises NotFound, whatever was typed."""
    mapping_door(by_of(request).organization_id, mapping_id)
    form = MappingNameForm(request.POST)
    if form.is_valid():
        try:
            rename_mapping(by=by_of(request), at=timezone.now(), mapping_id=mapping_id, name=form.cleaned_data["name"])
        except MappingNameTaken as refusal:
            form.add_error("name", str(refusal))
    return form


def _listed(
    request: HttpRequest, mapping_id: UUID | None = None, form: MappingNameForm | None = None
) -> dict[str, object]:
    """The mappings, each with its form; the one that was just typed keeps what was typed."""
    rows = [
        (
            row,
            form
            if form and row.id == mapping_id
            else MappingNameForm(initial={"name": row.name}, auto_id=f"{row.id}-%s"),
        )
        for row in mappings(by_of(request).organization_id)
    ]
    return {"rows": rows}
