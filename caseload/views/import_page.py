"""The page of one import, as several requests show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from bhi.errors import DomainError, NotFound
from bhi.jobs.queries import JobProgress, job_progress
from caseload.forms.import_answers import AnswersForm, FollowForm, MappingNameForm, UnenrolledForm
from caseload.forms.imports import CorrectionsForm
from caseload.queries.import_mappings import mapping_names
from caseload.queries.imports import ImportPage, clinic_names, import_page

# The order of the tabs: what wants a look first.
FATES = (
    ("", "All"),
    ("asked", "To decide"),
    ("refused", "Refused"),
    ("held", "Held"),
    ("changed", "Changed"),
    ("new", "New"),
    ("matched", "Matched"),
    ("ignored", "Ignored"),
)


# What only who may see every patient does: needs_whole_sight.
WHOLE = "Imports touch"


def by_of(request: HttpRequest) -> Any:
    return request.membership  # type: ignore[attr-defined]


def page_of(request: HttpRequest, run_id: UUID, *, fate: str = "", number: int = 1) -> ImportPage:
    """The import, or the 404 that foreign and absent ones share."""
    try:
        return import_page(by_of(request).organization_id, run_id, fate=fate, page=number)
    except NotFound:
        raise Http404 from None


def done(request: HttpRequest, run_id: UUID, act: Callable[[], object], said: str) -> HttpResponse:
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


def refused_page(request: HttpRequest, page: ImportPage, **forms: Any) -> HttpResponse:
    """The page with a form as it was typed, and what is wrong with it."""
    return render(request, "caseload/import_run.html", {**context_of(request, page, ""), **forms}, status=422)


def corrections_form(page: ImportPage, data: Any = None) -> CorrectionsForm:
    return CorrectionsForm(data, summary=page.summary, options=page.options)


def answers_form(page: ImportPage, data: Any = None) -> AnswersForm:
    return AnswersForm(data, asked=page.summary.get("asked", ()), others=page.options.get("others", ""))


def context_of(request: HttpRequest, page: ImportPage, fate: str) -> dict[str, Any]:
    """Everything that the page of an import shows."""
    organization = request.resolver_match.kwargs["organization"]  # type: ignore[union-attr]
    here = reverse("import_run", args=[organization, page.run.id])
    tabs = [
        (word, page.counts.get(key, 0) if key else sum(page.counts.values()), f"{here}?fate={key}", key == fate)
        for key, word in FATES
        if not key or page.counts.get(key)
    ]
    return {
        "page": page,
        "sub": f"{', '.join(page.run.files)} · {page.run.state_label}",
        "tiles": _tiles(page, here),
        "import_words": _import_words(page),
        "held_title": _held_title(page),
        "made": _made(page.summary),
        "shown": f"Page {page.page} of {page.pages}",
        "tabs": tabs,
        "here": here,
        "job": _job(request, page),
        "previous_url": f"{here}?fate={fate}&page={page.page - 1}" if page.page > 1 else "",
        "next_url": f"{here}?fate={fate}&page={page.page + 1}" if page.page < page.pages else "",
        **_choices(request, page),
    }


def _choices(request: HttpRequest, page: ImportPage) -> dict[str, Any]:
    """The forms of an import that waits; of any other it needs none."""
    if not page.can_be_corrected:
        return {"form": corrections_form(page)}
    organization_id = by_of(request).organization_id
    names = mapping_names(organization_id)
    return {
        "form": corrections_form(page),
        "answers": answers_form(page),
        "to_decide_title": _to_decide_title(page),
        "unenrolled": UnenrolledForm(initial={"unenrolled": page.options.get("unenrolled", "record")}),
        "unenrolled_title": _unenrolled_title(page),
        "words_title": _words_title(page),
        "mapping_name": MappingNameForm(initial={"name": _followed(page)}),
        "follow": FollowForm(mappings=names) if names else None,
        "clinics": clinic_names(organization_id),
    }


def _followed(page: ImportPage) -> str:
    """The saved mapping by which the files are read, where there is one."""
    return next((sheet["followed"] for sheet in page.summary.get("columns", ()) if sheet.get("followed")), "")


def _to_decide_title(page: ImportPage) -> str:
    count = page.summary.get("to_decide", 0)
    return "1 row may mean somebody on record" if count == 1 else f"{count} rows may mean somebody on record"


def _words_title(page: ImportPage) -> str:
    unknown = [word["written"] for word in page.summary.get("words", ()) if not word["meant"]]
    few = ", ".join(f"“{word}”" for word in unknown[:3])
    return f"Not understood: {few}{f' and {len(unknown) - 3} more' if unknown[3:] else ''}" if unknown else ""


def _unenrolled_title(page: ImportPage) -> str:
    count = page.summary.get("unenrolled", 0)
    return "1 patient has no date of enrolment" if count == 1 else f"{count} patients have no date of enrolment"


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
    to_decide = page.counts.get("asked", 0)
    asked = {"label": "To decide", "value": to_decide, "detail": "may mean somebody on record", "tone": "warning"}
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
        *([{**asked, "url": f"{here}?fate=asked"}] if to_decide else []),
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
        return job_progress(page.job_id, owner=by_of(request))
    except NotFound:
        return None
