"""Editing a document of numbered versions: what the first assessment and the plans have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from bhi.errors import DomainError
from bhi.tenancy.models import Membership
from caseload.queries.doors import PatientDoor
from registry.forms.content import ContentForm, Differing
from registry.operations.plan_errors import EditedMeanwhile
from registry.operations.versions import Kept
from registry.queries.plans import Version
from registry.rules.versions import Change, Merged, compared, merged
from registry.views.door import Asked

Save = Callable[[PatientDoor, ContentForm, Membership, datetime], Kept[Any]]


@dataclass(frozen=True)
class Start:
    """What a first version begins with, and why."""

    content: Any = None
    note: str = ""


@dataclass(frozen=True)
class Editing:
    """In what the pages of one kind of document differ."""

    name: str  # in audit actions and URL names: care_plan
    title: str
    form: type[ContentForm]
    versions: Callable[[PatientDoor], tuple[Version[Any], ...]]
    save: Save
    is_open: Callable[[PatientDoor], bool]
    start: Callable[[PatientDoor], Start] = field(default=lambda door: Start())
    beside: Callable[[PatientDoor], Mapping[str, Any]] = field(default=lambda door: {})
    audit: str = ""

    @property
    def action(self) -> str:
        """The first word of its audit actions."""
        return self.audit or self.name


def version_in_episode(record_version: Callable[..., Kept[Any]]) -> Save:
    """What keeps a version with an operation that dates it and hangs it on the episode."""

    def save(door: PatientDoor, form: ContentForm, by: Membership, at: datetime) -> Kept[Any]:
        assert door.episode is not None
        values = form.cleaned_data
        return record_version(
            by=by,
            at=at,
            episode=door.episode,
            based_on=values["based_on"],
            on=values["on"],
            content=form.content,
            today=door.today,
        )

    return save


@dataclass(frozen=True)
class Meanwhile:
    """What somebody else saved while a form was open, and where it differs from what was typed."""

    version: Version[Any]
    differing: Sequence[Differing]


def edit(here: Asked, editing: Editing) -> HttpResponse:
    """The form; saving it; another row in it; or, when somebody was faster, both versions."""
    if not editing.is_open(here.door):
        return _page(here, editing, None, status=409 if here.is_post else 200)
    if not here.is_post:
        return _page(here, editing, *_fresh(here, editing))
    if "add_row" in here.request.POST:
        return _with_a_row(here, editing)
    form = editing.form(here.request.POST, **_days(here))
    kept = _save(here, editing, form) if form.is_valid() else None
    if isinstance(kept, EditedMeanwhile):
        return _both(here, editing, form)
    if kept is None:
        return _page(here, editing, form, status=422)
    words = f"{editing.title} saved." if kept.was_new else "This version was saved already."
    messages.success(here.request, words)
    return redirect(editing.name, here.by.organization.slug, here.door.patient.id)


def _days(here: Asked) -> dict[str, Any]:
    return {"today": here.door.today, "born_on": here.door.patient.birth_date}


def _fresh(here: Asked, editing: Editing) -> tuple[ContentForm, str]:
    """A form with the version in force, or with what a first one begins with; and why it begins so."""
    versions = editing.versions(here.door)
    if not versions:
        start = editing.start(here.door)
        return editing.form(content=start.content, **_days(here)), start.note
    latest = versions[0]
    return editing.form(content=latest.content, based_on=latest.number or 0, **_days(here)), ""


def _save(here: Asked, editing: Editing, form: ContentForm) -> Kept[Any] | EditedMeanwhile | None:
    """What was kept; None with the refusal said above the form; or that somebody else was faster."""
    try:
        return editing.save(here.door, form, here.by, here.at)
    except EditedMeanwhile as fault:
        return fault
    except DomainError as fault:
        form.add_error(None, str(fault))
        return None


def _with_a_row(here: Asked, editing: Editing) -> HttpResponse:
    """The form as typed with one row more; with htmx only those rows."""
    name = here.request.POST["add_row"]
    posted: QueryDict = here.request.POST
    typed = {key: posted[key] for key in posted if key not in {"add_row", "csrfmiddlewaretoken"}}
    form = editing.form(typed=typed, add_row_to=name, **_days(here))
    if name in form.row_counts and here.request.headers.get("HX-Target") == f"rows-{name}":
        return render(here.request, "registry/_plan_rows.html", {"rows": form.rows_shown(name)})
    return _page(here, editing, form)


def _both(here: Asked, editing: Editing, form: ContentForm) -> HttpResponse:
    """The form with both edits put together, based on the version that was saved meanwhile, and what differs."""
    versions = editing.versions(here.door)
    if not versions:  # what the form was based on was taken back
        form.add_error(None, str(EditedMeanwhile()))
        return _page(here, editing, form, status=422)
    theirs, mine = versions[0], form.content
    bases = [one.content for one in versions if (one.number or 0) == form.cleaned_data["based_on"]]
    base = bases[0] if bases else editing.start(here.door).content or editing.form.document()
    union = merged(base, theirs.content, mine)
    again = editing.form(content=union.content, based_on=theirs.number or 0, on=form.cleaned_data["on"], **_days(here))
    again.is_dirty = True
    again.differing = [
        Differing(part.key, one, _fate(one.name, union, again))
        for part in compared(theirs.content, mine, editing.form.parts)
        for one in part.fields
        if one.change is not Change.SAME
    ]
    meanwhile = Meanwhile(theirs, again.differing)
    return _page(here, editing, again, status=422, meanwhile=meanwhile)


def _fate(name: str, union: Merged[Any], form: ContentForm) -> str:
    """What the form does with a field in which two versions differ."""
    if name in union.taken:
        return "You left this as it was, so the form takes over theirs."
    if name not in union.both:
        return "Only you changed this. The form keeps yours."
    if name in form.row_counts:
        return "Both of you changed this. The form has the rows of both; clear those that should go."
    return "Both of you changed this. The form keeps yours; take over from theirs what is missing."


def _page(
    here: Asked,
    editing: Editing,
    form: ContentForm | None,
    note: str = "",
    *,
    status: int = 200,
    meanwhile: Meanwhile | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "note": note,
        "meanwhile": meanwhile,
        "title": editing.title,
        "page": editing.name,
        "edit_page": f"{editing.name}_edit",
        **(editing.beside(here.door) if form is not None else {}),
    }
    return here.page(f"{editing.action}.opened", f"registry/{editing.name}_edit.html", context, status=status)
