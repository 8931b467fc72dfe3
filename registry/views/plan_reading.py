"""Reading a document of numbered versions: the one in force, an earlier one, or two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse

from bhi.accounts.permissions import Permission
from registry.queries.plans import Version
from registry.rules.content import missing, shown
from registry.rules.versions import compared
from registry.views.door import Asked
from registry.views.plan_editing import Editing


def read(here: Asked, editing: Editing, **more: Any) -> HttpResponse:
    """The version in force, or the one whose number the address names."""
    versions = editing.versions(here.door)
    version = chosen(versions, here.request.GET.get("version", ""))
    context = {
        **about(here, editing, versions),
        "version": version,
        "is_in_force": version is not None and version is versions[0],
        **content(version, editing),
        **more,
    }
    return here.page(f"{editing.action}.viewed", f"registry/{editing.name}.html", context)


def compare(here: Asked, editing: Editing) -> HttpResponse:
    """Two versions side by side, by default the last two; the earlier on the left."""
    versions = editing.versions(here.door)
    asked = [here.request.GET.get(name, "") for name in ("from", "to")]
    pair = _pair([version for version in versions if version.number is not None], asked)
    parts = compared(pair[0].content, pair[1].content, editing.form.parts) if pair else ()
    context = {
        **about(here, editing, versions),
        "pair": pair,
        "differing": [part for part in parts if part.differs],
        "alike": [part.title for part in parts if part.fields and not part.differs],
    }
    return here.page(f"{editing.action}.compared", "registry/plan_compare.html", context)


def content(version: Version[Any] | None, editing: Editing) -> dict[str, Any]:
    """What a version says, part by part, and of what it says nothing."""
    if version is None:
        return {"parts": (), "missing": ()}
    said = [part for part in shown(version.content, editing.form.parts) if part.is_filled]
    return {"parts": said, "missing": missing(version.content, editing.form.parts)}


def chosen(versions: Sequence[Version[Any]], number: str) -> Version[Any] | None:
    """The version with a number, by default the one in force; 404 for a number that is none."""
    if not number:
        return versions[0] if versions else None
    for version in versions:
        if str(version.number) == number:
            return version
    raise Http404


def about(here: Asked, editing: Editing, versions: Sequence[Version[Any]]) -> dict[str, Any]:
    """What every page of a document shows around it."""
    return {
        "title": editing.title,
        "page": editing.name,
        "edit_page": f"{editing.name}_edit",
        "compare_page": f"{editing.name}_compare",
        "versions": versions,
        "numbered": [version for version in versions if version.number is not None],
        "may_edit": here.may(Permission.EDIT_PLAN) and editing.is_open(here.door),
    }


def _pair(versions: Sequence[Version[Any]], asked: Sequence[str]) -> tuple[Version[Any], Version[Any]] | None:
    if len(versions) < 2:
        return None
    by_number = {str(version.number): version for version in versions}
    left, right = (by_number.get(number) for number in asked)
    return left or versions[1], right or versions[0]
